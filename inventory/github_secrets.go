package inventory

import (
	"strings"
)

// githubSecrets is the answer of the listings of Actions secrets, of a repository, an environment or an organisation: names and
// when each was last set, never a value.
func githubSecrets() listing {
	return listing{
		Name: "github-actions-secrets", Title: "GitHub Actions secrets", System: "github-actions",
		Command:    "gh api --paginate /repos/OWNER/REPO/actions/secrets --jq '{repository: \"OWNER/REPO\", secrets}' > secrets.json (and environment: \"NAME\" for /repos/OWNER/REPO/environments/NAME/secrets; organization: \"ORG\" for /orgs/ORG/actions/secrets)",
		Permission: "secrets:read of the repository, organization_secrets:read of the organisation",
		Docs:       githubREST + "actions/secrets",
		Joins:      "name, scope and environment, with what workflows use", Decides: "whether a used secret is set, where, and when it was last changed",
		Signs: []string{"secrets[].name secrets[].updated_at"},
		Mappings: []Mapping{{
			Rows: "secrets[]", Class: Reference, Key: "name", Name: "name",
			Facts: []Take{
				{From: "name", To: "name"}, {From: "created_at", To: "created", As: when}, {From: "updated_at", To: "rotated", As: when}, {From: "visibility", To: "visibility"},
			},
			Finish: func(o Object, r *Row, _ Meta) error {
				// Only an organisation's answer has this link, and it names it.
				if _, rest, ok := strings.Cut(o.Text("selected_repositories_url"), "/orgs/"); ok {
					r.Scope, _, _ = strings.Cut(rest, "/")
				}
				return nil
			},
		}},
	}
}
