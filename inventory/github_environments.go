package inventory

// githubEnvironments is the answer of GET /repos/OWNER/REPO/environments.
func githubEnvironments() listing {
	return listing{
		Name: "github-environments", Title: "GitHub deployment environments", System: "github-actions",
		Command: "gh api --paginate /repos/OWNER/REPO/environments > environments.json", Permission: "actions:read of the repository",
		Docs:  githubREST + "deployments/environments",
		Joins: "repository (parent)", Decides: "which environments exist, who must approve, which branches may deploy",
		Signs: []string{"environments[].protection_rules", "environments[].html_url environments[].name"},
		Mappings: []Mapping{{
			Rows: "environments[]", Class: Account, Key: "url|id|name",
			Facts: []Take{
				{From: "name", To: "environment"}, {From: "created_at", To: "created", As: when}, {From: "protection_rules[].type", To: "protection"},
			},
			Finish: func(o Object, r *Row, m Meta) error {
				repo := githubRepo(o.Text("url|html_url"))
				if repo == "" {
					repo = m.Scope
				}
				if len(o.All("deployment_branch_policy.protected_branches")) > 0 {
					r.give("protection", "branch_policy")
				}
				r.give("repository", repo)
				if repo != "" {
					r.Keys = append(r.Keys, Key{"github.environment", repo + "@" + o.Text("name")})
				}
				return nil
			},
		}},
	}
}
