package inventory

// oktaUsers is the answer of GET /api/v1/users.
func oktaUsers() listing {
	return listing{
		Name: "okta-users", Title: "Okta users", System: "okta",
		Command: "curl -H \"Authorization: SSWS $OKTA_TOKEN\" 'https://ORG.okta.com/api/v1/users?limit=200' > users.json", Permission: "okta.users.read",
		Docs:  "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/",
		Joins: "e-mail address or id of an owner or creator (parent)", Decides: "whether the owner still has an account",
		Signs: []string{"[].profile.login [].status"}, Mappings: []Mapping{{
			Rows: "[]", If: "profile.login", Class: Principal, Key: "id",
			Facts: []Take{
				{From: "profile.login", To: "user", As: lower}, {From: "profile.displayName", To: "name"}, {From: "profile.department", To: "team"}, {From: "created", To: "principal_created", As: when}, {From: "statusChanged", To: "status_changed", As: when},
				{From: "status", To: "user_status", As: is("active", "active", "provisioned", "active", "staged", "active", "recovery", "active", "password_expired", "active", "locked_out", "active", "suspended", "suspended", "deprovisioned", "deleted")}, {From: "'human'", To: "user_type"},
			},
			Keys: []Take{{From: "id", To: "okta.user"}, {From: "profile.email", To: "person.email", As: lower}, {From: "profile.login", To: "person.email", As: lower}},
		}},
	}
}
