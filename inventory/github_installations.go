package inventory

// githubInstallations is the answer of GET /orgs/ORG/installations: GitHub Apps with access.
func githubInstallations() listing {
	m := Mapping{
		Class: ThirdParty, If: "app_slug", Key: "id",
		Facts: []Take{
			{From: "app_slug", To: "integration"}, {From: "account.login", To: "organisation"}, {From: "created_at", To: "created", As: when}, {From: "updated_at", To: "updated", As: when},
			{From: "suspended_at", To: "suspended", As: when}, {From: "repository_selection", To: "repositories"}, {From: "events[]", To: "event"},
		},
		Keys: []Take{{From: "id", To: "github.installation"}}, Parents: []Take{{From: "account.login", To: "github.organisation", As: lower}},
		Finish: func(o Object, r *Row, _ Meta) error {
			if r.Fact("suspended") != "" {
				r.give("status", "inactive")
			} else {
				r.give("status", "active")
			}
			githubPermissions(r, o, "permissions")
			return nil
		},
	}
	wrapped, bare := m, m
	wrapped.Rows, bare.Rows = "installations[]", "[]"
	return listing{
		Name: "github-app-installations", Title: "GitHub App installations", System: "github",
		Command: "gh api --paginate /orgs/ORG/installations > installations.json", Permission: "read:org of an organisation owner",
		Docs:  githubREST + "orgs/orgs#list-app-installations-for-an-organization",
		Joins: "none: a third party's access; by app_slug with the policy's integrations", Decides: "which vendors hold access, how much, to which repositories",
		One:   []string{"github.organisation"},
		Signs: []string{"installations[].app_slug", "[].app_slug [].permissions"}, Mappings: []Mapping{wrapped, bare},
	}
}
