package risk

import (
	"cmp"
	"slices"
	"strings"

	"sprawl/finding"
)

// Export is something read-only that a provider's administrator can hand over, and what it would decide. ID is the name of its
// format among the inventories, which know the command that makes it and the permission that takes.
type Export struct {
	ID, Title string
	Providers []string // of the credentials that it is about; none means all that have no export of their own
	Kinds     []string // of those that it lists, as in a Threshold; none means all of the providers'
	Decides   []string // condition ids
}

// About reports whether the export would hold a credential, by its kind.
func (e Export) About(c *finding.Credential) bool {
	return c.Provider != "" && slices.Contains(e.Providers, c.Provider) && (Threshold{Kinds: e.Kinds}).covers(c.Kind)
}

// Sets of conditions that kinds of listing decide.
var (
	life  = []string{"long-lived", "outlives-task"}
	owned = append([]string{"unattributed", "persistent-identity"}, life...)
	wide  = append([]string{"over-scoped", "unconstrained"}, owned...)
)

// Exports lists what can be asked for; the order breaks ties.
func Exports() []Export { return slices.Clone(exports) }

var exports = []Export{
	{"aws-access-keys", "AWS: access keys of every user", []string{"aws"}, []string{"aws-access-key"}, []string{"long-lived", "outlives-task", "shared-identity"}},
	{"aws-account-authorization", "AWS: users with their tags, groups and policies", []string{"aws"}, []string{"aws-access-key"},
		[]string{"over-scoped", "unattributed", "persistent-identity", "unconstrained"}},
	{"aws-credential-report", "AWS: credential report", []string{"aws"}, []string{"aws-access-key"}, []string{"outlives-task", "shared-identity", "human-in-automation"}},
	{"aws-cloudtrail-trails", "AWS: trails", []string{"aws"}, nil, []string{"poorly-logged"}},
	{"aws-cloudtrail-events", "AWS: events of the key", []string{"aws"}, []string{"aws-access-key"}, []string{"shared", "cross-environment"}},
	{"gcp-service-account-keys", "Google Cloud: keys of service accounts", []string{"gcp"}, []string{"gcp-service-account-key"}, []string{"long-lived", "outlives-task", "shared-identity"}},
	{"gcp-iam-policy", "Google Cloud: IAM policy with its audit configuration", []string{"gcp"}, []string{"gcp-service-account-key"}, []string{"over-scoped", "poorly-logged"}},
	{"gcp-key-activity", "Google Cloud: last use of keys", []string{"gcp"}, []string{"gcp-service-account-key"}, []string{"outlives-task"}},
	{"gcp-api-keys", "Google Cloud: API keys with their restrictions", []string{"gcp"}, []string{"gcp-api-key", "gcp-gemini-key"}, []string{"unconstrained", "long-lived"}},
	{"gcp-audit-log", "Google Cloud: audit log", []string{"gcp"}, []string{"gcp-service-account-key"}, []string{"shared", "cross-environment"}},
	{"entra-applications", "Microsoft Entra: applications with their secrets and owners", []string{"azure"}, []string{"azure-client-secret*"}, append([]string{"shared-identity"}, owned...)},
	{"entra-sign-ins", "Microsoft Entra: sign-ins of applications", []string{"azure"}, []string{"azure-client-secret*"}, []string{"outlives-task"}},
	{"azure-diagnostic-settings", "Azure: diagnostic settings", []string{"azure"}, nil, []string{"poorly-logged"}},
	{"azure-storage-accounts", "Azure: storage accounts with the age of their keys", []string{"azure"}, []string{"azure-storage-key"}, []string{"long-lived", "unconstrained"}},
	{"github-personal-access-tokens", "GitHub: fine-grained tokens of the organisation", []string{"github"}, []string{"github-fine-grained-token"}, owned},
	{"github-credential-authorizations", "GitHub: credentials authorised for single sign-on", []string{"github"}, []string{"github-personal-access-token"}, []string{"over-scoped", "outlives-task"}},
	{"github-audit-log", "GitHub: audit log with token hashes", []string{"github"}, nil, []string{"outlives-task", "shared", "poorly-logged", "over-scoped"}},
	{"gitlab-access-tokens", "GitLab: access tokens", []string{"gitlab"}, []string{"gitlab-personal-access-token", "gitlab-token"}, append([]string{"over-scoped"}, owned...)},
	{"kubernetes", "Kubernetes: service accounts, secrets and bindings", []string{"kubernetes"}, []string{"kubernetes-service-account-token"}, append([]string{"over-scoped"}, owned...)},
	{"vault-accessors", "Vault: token accessors", []string{"hashicorp"}, []string{"vault-service-token", "vault-batch-token"}, wide},
	{"slack-integrations", "Slack: integrations", []string{"slack"}, []string{"slack-app-token"}, []string{"over-scoped", "third-party-unreviewed", "unattributed"}},
	{"datadog-keys", "Datadog: keys", []string{"datadog"}, []string{"datadog-api-key", "datadog-application-key"}, wide},
	{"cloudflare-tokens", "Cloudflare: tokens", []string{"cloudflare"}, []string{"cloudflare-api-token", "cloudflare-account-token", "cloudflare-user-token"}, wide},
	{"openai-keys", "OpenAI: keys", []string{"openai"}, []string{"openai-*"}, wide},
	{"anthropic-keys", "Anthropic: keys", []string{"anthropic"}, []string{"anthropic-api-key", "anthropic-admin-key"}, wide},
	{"docker-hub-tokens", "Docker Hub: tokens", []string{"docker"}, []string{"docker-personal-token", "docker-organisation-token"}, wide},
	{"jfrog-tokens", "JFrog: tokens", []string{"jfrog"}, []string{"jfrog-access-token", "jfrog-reference-token"}, wide},
	{"databricks-tokens", "Databricks: tokens", []string{"databricks"}, []string{"databricks-token"}, wide},
	{"terraform-cloud-tokens", "Terraform Cloud: tokens", []string{"hashicorp"}, []string{"terraform-cloud-token"}, wide},
	{"okta-tokens", "Okta: tokens", []string{"okta"}, []string{"okta-token"}, wide},
	{"tailscale-keys", "Tailscale: keys", []string{"tailscale"}, nil, wide},
	{"sendgrid-keys", "SendGrid: keys", []string{"sendgrid"}, []string{"sendgrid-api-key"}, []string{"over-scoped", "outlives-task"}},
	{"twilio-keys", "Twilio: keys", []string{"twilio"}, []string{"twilio-api-key"}, life},
	{"npm-tokens", "npm: tokens", []string{"npm"}, []string{"npm-*"}, wide},
	{"sentry-tokens", "Sentry: tokens", []string{"sentry"}, []string{"sentry-*"}, wide},
	{"elastic-api-keys", "Elastic: API keys", []string{"elastic"}, []string{"elastic-api-key"}, wide},
	{"mongodb-atlas-keys", "MongoDB Atlas: keys", []string{"mongodb"}, []string{"mongodb-atlas-api-key"}, []string{"over-scoped"}},
	{"grafana-tokens", "Grafana: tokens of service accounts", []string{"grafana"}, []string{"grafana-service-account-token"}, life},
	{"doppler-tokens", "Doppler: tokens", []string{"doppler"}, []string{"doppler-service-token"}, wide},
	{"snowflake-tokens", "Snowflake: tokens", []string{"snowflake"}, []string{"snowflake-token"}, wide},
	{"csv", "a list of your own: a CSV with key id, created, expires, last_used, status, access, owner, principal_keys, logging", nil, nil,
		append([]string{"shared-identity", "poorly-logged"}, wide...)},
}

// steps that are no export: what a scan or a policy decides.
var steps = map[string][]string{
	"embedded":               {"a scan of the repositories and images that use it"},
	"cross-environment":      {"environments: in the policy, for the places that say nothing"},
	"shared":                 {"a scan of the other repositories and images"},
	"human-in-automation":    {"a scan of the repositories whose pipelines use it"},
	"static-where-federated": {"a scan of the repositories whose pipelines use it"},
	"unpinned-consumer":      {"a scan of the repositories whose pipelines use it"},
	"fork-reachable":         {"a scan of the repositories whose pipelines use it"},
	"printed":                {"a scan of the repositories whose pipelines use it"},
	"unattributed":           {"owners: in the policy"},
	"persistent-identity":    {"owners: in the policy"},
	"unrotatable":            {"the provider's page about the kind"},
	"third-party-unreviewed": {"integrations: in the policy, and a list of what was issued to third parties"},
	"exception-lapsed":       {"sprawl accept, if the risk is taken on purpose"},
}

// settles lists what would decide a condition of a credential, exports by title first. A provider's own export comes before
// the general ones, which are for what none of its own can tell; one that has told all it knows of the credential is left out.
func settles(c *finding.Credential, l Limits, id string) []string {
	var out []string
	own := false
	for _, e := range exports {
		switch {
		case !slices.Contains(e.Decides, id):
		case e.About(c):
			if !l.told(c, e.ID) {
				out, own = append(out, e.Title), true
			}
		case len(e.Providers) == 0 && !own:
			out = append(out, e.Title)
		}
	}
	return append(out, steps[id]...)
}

// told reports whether a record of the credential came from an export of the format.
func (l Limits) told(c *finding.Credential, format string) bool {
	return slices.ContainsFunc(c.Records, func(r finding.Record) bool {
		i := strings.LastIndexByte(r.Source, ':')
		return i >= 0 && l.Exports[r.Source[:i]] == format
	})
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
	// A list that somebody has to write comes after those that a command makes.
	byHand := func(n Need) int {
		if len(n.Export.Providers) == 0 {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(needs, func(a, b Need) int {
		return cmp.Or(cmp.Compare(byHand(a), byHand(b)), cmp.Compare(b.Decides, a.Decides))
	})
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
