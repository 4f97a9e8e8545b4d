package inventory

import "errors"

// githubTeams is the answers of GET /orgs/ORG/teams/TEAM/repos, each with the team that was asked about.
func githubTeams() listing {
	return listing{
		Name: "github-teams", Title: "GitHub teams and their repositories", System: "github",
		Command:    "for t in $(gh api --paginate /orgs/ORG/teams --jq '.[].slug'); do gh api --paginate \"/orgs/ORG/teams/$t/repos\" --jq \"{team: \\\"$t\\\", repositories: .}\"; done > teams.json",
		Permission: "members: read of the organisation (read:org of a member)",
		Docs:       githubREST + "teams/teams#list-team-repositories",
		Joins:      "repository (parent)", Decides: "whom to ask about what is found in a repository whose origin is on GitHub: the teams that can administer or maintain it",
		Signs: []string{"team repositories[].full_name repositories[].permissions"},
		Mappings: []Mapping{{
			Each: "repositories[]", Class: Account, Facts: []Take{
				{From: "full_name", To: "repository"}, {From: "^.team", To: "repository_team"}, {From: "role_name", To: "repository_role", As: lower},
			},
			Keys: []Take{{From: "full_name", To: "github.repository"}},
			Finish: func(o Object, r *Row, _ Meta) error {
				team, repo := r.Fact("repository_team"), r.Fact("repository")
				if team == "" || repo == "" {
					return errors.New("names no team and repository")
				}
				r.Record.Key = repo + "@" + team
				// role_name may be a role of the organisation's own; permissions are what it comes to.
				for _, p := range []string{"admin", "maintain", "push", "triage", "pull"} {
					if o.Text("permissions."+p) == "true" {
						r.give("repository_permission", p)
						break
					}
				}
				return nil
			},
		}},
	}
}
