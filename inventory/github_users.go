package inventory

// githubUsers is the answer of the listings of users and members. suspended_at stands in a server's answer alone.
func githubUsers() listing {
	return listing{
		Name: "github-users", Title: "GitHub users and members", System: "github",
		Command: "gh api --paginate '/orgs/ORG/members?per_page=100' > members.json (/users/LOGIN for one; /users on a server)", Permission: "members:read of the organisation",
		Docs:  githubREST + "orgs/members#list-organization-members",
		Joins: "login of an owner or creator (parent)", Decides: "whether the account is a person's, still a member, suspended",
		Signs:    []string{"[].login [].type [].site_admin", "login type site_admin", "[].login [].suspended_at"},
		Mappings: []Mapping{githubUser("[]"), githubUser("")},
	}
}

func githubUser(rows string) Mapping {
	return Mapping{
		Rows: rows, If: "login", Class: Principal, Key: "login",
		Facts: []Take{
			{From: "login", To: "user"}, {From: "name", To: "name"}, {From: "type", To: "user_type", As: is("user", "human", "bot", "service", "organization", "service")},
			{From: "created_at", To: "principal_created", As: when}, {From: "suspended_at", To: "suspended", As: when}, {From: "email", To: "email", As: lower},
			{From: "site_admin", To: "access", As: is("true", "admin")},
		},
		Keys: []Take{{From: "login", To: "github.user", As: lower}, {From: "email", To: "person.email", As: lower}},
		Finish: func(o Object, r *Row, _ Meta) error {
			// An answer without the field says nothing of it: listings of members leave it out.
			if _, ok := o.m["suspended_at"]; r.Fact("suspended") != "" {
				r.give("user_status", "suspended")
			} else if ok {
				r.give("user_status", "active")
			}
			return nil
		},
	}
}
