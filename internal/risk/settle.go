package risk

import (
	"cmp"
	"slices"
	"strings"

	"sprawl/finding"
)

// Export is something read-only that a provider's administrator can hand over, and what it would decide.
type Export struct {
	ID, Title  string
	Command    string // exactly as typed, or where to click
	Permission string // the least that allows it
	Providers  []string
	Decides    []string // condition ids
}

var (
	whole   = []string{"long-lived", "over-scoped", "outlives-task", "unattributed", "unconstrained"}
	listing = []string{"long-lived", "outlives-task"}
)

// Exports lists what can be asked for. Order breaks ties: the smaller permission first.
func Exports() []Export { return slices.Clone(exports) }

var exports = []Export{
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
	{"aws-access-keys", "AWS: access keys of every user, and the credential report",
		"aws iam generate-credential-report && aws iam get-credential-report --query Content --output text | base64 -d > report.csv; for u in $(aws iam list-users --query 'Users[].UserName' --output text); do aws iam list-access-keys --user-name $u; done > keys.json",
		"iam:GenerateCredentialReport, iam:GetCredentialReport, iam:ListUsers, iam:ListAccessKeys", []string{"aws"},
		[]string{"long-lived", "outlives-task", "shared-identity"}},
	{"aws-authorization", "AWS: users, groups, roles and policies", "aws iam get-account-authorization-details > authorization.json",
		"iam:GetAccountAuthorizationDetails", []string{"aws"}, []string{"over-scoped", "unattributed", "persistent-identity", "unconstrained"}},
	{"aws-trails", "AWS: trails and their event selectors",
		"aws cloudtrail describe-trails > trails.json; aws cloudtrail get-event-selectors --trail-name NAME > selectors.json",
		"cloudtrail:DescribeTrails, cloudtrail:GetEventSelectors", []string{"aws"}, []string{"poorly-logged"}},
	{"aws-events", "AWS: CloudTrail events of the key", "aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue=ID > events.json",
		"cloudtrail:LookupEvents", []string{"aws"}, []string{"shared", "cross-environment"}},
	{"gcp-keys", "Google Cloud: keys of every service account",
		"gcloud iam service-accounts keys list --iam-account EMAIL --managed-by user --format json > keys.json",
		"roles/iam.serviceAccountViewer", []string{"gcp"}, []string{"long-lived", "outlives-task", "shared-identity"}},
	{"gcp-api-keys", "Google Cloud: API keys with their restrictions", "gcloud services api-keys list --format json > api-keys.json",
		"roles/serviceusage.apiKeysViewer", []string{"gcp"}, []string{"long-lived", "unconstrained", "over-scoped"}},
	{"gcp-policy", "Google Cloud: IAM policy of the project, with its audit configuration", "gcloud projects get-iam-policy PROJECT --format json > policy.json",
		"resourcemanager.projects.getIamPolicy", []string{"gcp"}, []string{"over-scoped", "poorly-logged"}},
	{"entra-applications", "Microsoft Entra: secrets of applications and their owners",
		"az rest --url 'https://graph.microsoft.com/v1.0/applications?$select=appId,displayName,passwordCredentials,keyCredentials&$expand=owners' > applications.json",
		"Application.Read.All", []string{"azure"}, []string{"long-lived", "unattributed", "shared-identity", "persistent-identity"}},
	{"azure-storage", "Azure: storage accounts with the age of their keys", "az storage account list > storage.json", "Reader", []string{"azure"},
		[]string{"long-lived", "unconstrained"}},
	{"github-tokens", "GitHub: fine-grained tokens of the organisation", "gh api --paginate /orgs/ORG/personal-access-tokens > tokens.json",
		"organisation: Personal access tokens (read)", []string{"github"}, []string{"long-lived", "over-scoped", "outlives-task", "unattributed"}},
	{"github-authorizations", "GitHub: credentials authorised for single sign-on", "gh api --paginate /orgs/ORG/credential-authorizations > authorizations.json",
		"organisation: Administration (read)", []string{"github"}, listing},
	{"github-audit", "GitHub: audit log, with token hashes", "gh api --paginate '/orgs/ORG/audit-log?include=all' > audit.json",
		"read:audit_log", []string{"github"}, []string{"outlives-task", "shared", "poorly-logged"}},
	{"gitlab-tokens", "GitLab: access tokens", "glab api --paginate /personal_access_tokens > tokens.json",
		"administrator, scope read_api", []string{"gitlab"}, []string{"long-lived", "over-scoped", "outlives-task", "unattributed"}},
	{"kubernetes-accounts", "Kubernetes: service accounts and the names of secrets", "kubectl get serviceaccounts,secrets -A -o json > accounts.json",
		"get and list on serviceaccounts and secrets", []string{"kubernetes"}, listing},
	{"vault-accessors", "Vault: token accessors", "vault list -format=json auth/token/accessors > accessors.json",
		"list on auth/token/accessors", []string{"vault"}, whole},
	{"provider-listing", "the provider's own list of its keys, as its API returns it", "see: sprawl explain KIND", "read access to the organisation's keys",
		[]string{"slack", "stripe", "datadog", "cloudflare", "openai", "anthropic", "docker", "jfrog", "databricks", "terraform", "hashicorp", "okta", "tailscale", "sendgrid", "twilio"}, whole},
	{"own-list", "a list of your own: a CSV with key id or SHA-256, created, expires, last_used, status, owner", "sprawl scan --inventory list.csv",
		"none", nil, whole},
}

// steps that are no export: what a scan or a policy decides.
var steps = map[string][]string{
	"embedded":               {"a scan of the repositories and images that use it"},
	"cross-environment":      {"environments: in the policy, for the places that say nothing"},
	"shared":                 {"a scan of the other repositories and images"},
	"human-in-automation":    {"a scan of the pipelines (ci:)"},
	"static-where-federated": {"a scan of the pipelines (ci:)"},
	"unpinned-consumer":      {"a scan of the pipelines (ci:)"},
	"fork-reachable":         {"a scan of the pipelines (ci:)"},
	"printed":                {"a scan of the pipelines (ci:)"},
	"unattributed":           {"owners: in the policy"},
	"persistent-identity":    {"owners: in the policy"},
	"unrotatable":            {"the provider's page about the kind"},
	"third-party-unreviewed": {"integrations: in the policy, and a list of what was issued to third parties"},
	"exception-lapsed":       {"sprawl accept, if the risk is taken on purpose"},
}

// settles lists what would decide a condition of a credential, exports by title first. A provider's own export comes before
// the general ones.
func settles(c *finding.Credential, id string) []string {
	var out []string
	own := false
	for _, e := range exports {
		switch {
		case !slices.Contains(e.Decides, id):
		case slices.Contains(e.Providers, c.Provider) && c.Provider != "":
			out, own = append(out, e.Title), true
		case len(e.Providers) == 0 && !own:
			out = append(out, e.Title)
		}
	}
	return append(out, steps[id]...)
}

// Need is one export and what it would decide.
type Need struct {
	Export  Export
	Decides int // verdicts that nothing before it decides
}

// Settle chooses the fewest exports that would decide what cannot be told: each time the one that decides most of what is
// left. asked is how many verdicts cannot be told, open how many no export would decide.
func Settle(cs []finding.Credential) (needs []Need, asked, open int) {
	type question struct{ credential, condition int }
	titles := map[string]Export{}
	for _, e := range exports {
		titles[e.Title] = e
	}
	by := map[string][]question{}
	for i := range cs {
		for j, v := range cs[i].Conditions {
			if v.Verdict != finding.VerdictCannotTell {
				continue
			}
			asked++
			for _, s := range v.Settle {
				if _, ok := titles[s]; ok {
					by[s] = append(by[s], question{i, j})
				}
			}
		}
	}
	order := []string{}
	for _, e := range exports {
		if len(by[e.Title]) > 0 {
			order = append(order, e.Title)
		}
	}
	done := map[question]bool{}
	for {
		best, most := "", 0
		for _, t := range order {
			n := 0
			for _, q := range by[t] {
				if !done[q] {
					n++
				}
			}
			if n > most {
				best, most = t, n
			}
		}
		if most == 0 {
			break
		}
		for _, q := range by[best] {
			done[q] = true
		}
		needs = append(needs, Need{titles[best], most})
	}
	slices.SortStableFunc(needs, func(a, b Need) int { return cmp.Compare(b.Decides, a.Decides) })
	return needs, asked, asked - len(done)
}

// OtherSteps counts what no export decides, by the step that would.
func OtherSteps(cs []finding.Credential) map[string]int {
	out := map[string]int{}
	titles := map[string]bool{}
	for _, e := range exports {
		titles[e.Title] = true
	}
	for i := range cs {
		for _, v := range cs[i].Conditions {
			if v.Verdict != finding.VerdictCannotTell || slices.ContainsFunc(v.Settle, func(s string) bool { return titles[s] }) {
				continue
			}
			what := "nothing that is known"
			if len(v.Settle) > 0 {
				what = v.Settle[0]
			}
			out[strings.TrimSpace(what)]++
		}
	}
	return out
}
