package correlate

import (
	"strings"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/risk"
)

// fixes lists what to do, the best first: do without the key where evidence shows that a short-lived identity is to be had,
// replace it with old and new valid at once, bind it, and in the end revoke it.
func fixes(d *detectors.Detector, c *finding.Credential) []string {
	out := []string{}
	if d == nil {
		return out
	}
	fill := func(s string) string {
		if c.Ident != "" {
			s = strings.ReplaceAll(s, "{ident}", c.Ident)
		}
		if u := value(c, "user"); u != "" && c.Provider == "aws" && plainWord(u) {
			s = strings.ReplaceAll(s, "--user-name USER", "--user-name "+u)
		}
		return s
	}
	if risk.Verdict(c, "static-where-federated") == finding.VerdictYes {
		instead := risk.Federated(c.Kind)
		for _, u := range c.Uses {
			if u.Static != nil && u.Static.Doubt == "" {
				instead = u.Static.Instead
				break
			}
		}
		line := "do without: " + instead
		if cmd := federate[c.Kind]; cmd != "" {
			line += ": " + fill(cmd)
		}
		out = append(out, line)
	}
	if d.Rotate != "" {
		line := "rotate: " + fill(d.Rotate)
		if d.Traits.Overlap.Value == finding.No {
			line += " (the old one ends at once: plan an outage)"
		}
		out = append(out, line)
	}
	if cmd := restrict[c.Kind]; cmd != "" && (risk.Verdict(c, "over-scoped") == finding.VerdictYes || risk.Verdict(c, "unconstrained") == finding.VerdictYes) {
		out = append(out, "restrict: "+fill(cmd))
	}
	if d.Revoke != "" && d.Revoke != d.Rotate {
		out = append(out, "revoke: "+fill(d.Revoke))
	}
	return out
}

// plainWord reports whether a name can stand in a command line as it is.
func plainWord(s string) bool {
	return s != "" && s[0] != '-' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+=,.@_-") == ""
}

// federate is how the other side is told to trust a pipeline, by kind.
var federate = map[string]string{
	// https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
	"aws-access-key": "aws iam create-open-id-connect-provider --url https://token.actions.githubusercontent.com --client-id-list sts.amazonaws.com, then a role whose trust policy names the repository and environment",
	// https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines
	"gcp-service-account-key": "gcloud iam workload-identity-pools create POOL --location global, then gcloud iam workload-identity-pools providers create-oidc",
	// https://learn.microsoft.com/en-us/entra/workload-id/workload-identity-federation-create-trust
	"azure-client-secret":     "az ad app federated-credential create --id APP --parameters credential.json",
	"azure-client-secret-old": "az ad app federated-credential create --id APP --parameters credential.json",
	"pypi-api-token":          "https://docs.pypi.org/trusted-publishers/adding-a-publisher/",
	"npm-access-token":        "https://docs.npmjs.com/trusted-publishers",
}

// restrict is how a key of a kind is bound while it cannot be done without.
var restrict = map[string]string{
	"aws-access-key":               "aws iam put-user-policy --user-name USER with aws:SourceIp, or detach what aws iam get-service-last-accessed-details shows as unused",
	"gcp-api-key":                  "gcloud services api-keys update KEY --api-target=service=SERVICE --allowed-ips=ADDRESSES",
	"gcp-service-account-key":      "gcloud projects remove-iam-policy-binding PROJECT --member serviceAccount:EMAIL --role ROLE for roles that gcloud recommender lists as unused",
	"azure-storage-key":            "az storage account update --name NAME --allow-shared-key-access false, and use Entra roles",
	"npm-access-token":             "npm token create --cidr=ADDRESSES with the packages it needs",
	"stripe-secret-key":            "make a restricted key with the permissions it needs: https://docs.stripe.com/keys/restricted-api-keys",
	"github-personal-access-token": "replace it by a fine-grained token or an application with the repositories and permissions it needs",
}
