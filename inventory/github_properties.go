package inventory

// githubProperties is the answer of GET /orgs/ORG/properties/values: what an organisation has written down of its repositories.
func githubProperties() listing {
	return listing{
		Name: "github-repository-properties", Title: "GitHub repository custom properties", System: "github",
		Command:    "gh api --paginate /orgs/ORG/properties/values > properties.json",
		Permission: "custom properties: read of the organisation (read:org of a member)",
		Docs:       githubREST + "orgs/custom-properties#list-custom-property-values-for-organization-repositories",
		Joins:      "repository (parent)", Decides: "owner of what is found in a repository whose origin is on GitHub, by properties such as owner and team; environment of its deploy keys",
		Signs: []string{"[].repository_full_name [].properties"},
		Mappings: []Mapping{{
			Rows: "[]", Class: Account, Key: "repository_full_name", Facts: []Take{{From: "repository_full_name", To: "repository"}},
			Keys: []Take{{From: "repository_full_name", To: "github.repository"}},
			Finish: func(o Object, r *Row, _ Meta) error {
				for _, p := range o.Objects("properties[]") {
					// A property of several choices has a list.
					for _, v := range append(p.Texts("value"), p.Texts("value[]")...) {
						r.label(p.Text("property_name"), v)
					}
				}
				return nil
			},
		}},
	}
}
