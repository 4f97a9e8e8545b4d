package inventory

// gitlabUsers is the answer of the listings of users and members.
func gitlabUsers() listing {
	return listing{
		Name: "gitlab-users", Title: "GitLab users and members", System: "gitlab",
		Command: "glab api --paginate '/users?per_page=100' > users.json (/groups/ID/members/all)", Permission: "read_api of an administrator (state and e-mail address of everybody)",
		Docs:  gitlabAPI + "users/",
		Joins: "user id of a token, e-mail address of an owner (parent)", Decides: "whether the account is a person's, active, blocked",
		Signs: []string{"[].username [].state [].web_url", "[].username [].state"},
		Mappings: []Mapping{{
			Rows: "[]", If: "username", Class: Principal, Key: "id",
			Facts: []Take{
				{From: "username", To: "user_name"}, {From: "name", To: "name"},
				{From: "state", To: "user_status", As: is("active", "active", "blocked", "suspended", "ldap_blocked", "suspended", "blocked_pending_approval", "suspended", "banned", "suspended", "deactivated", "suspended")},
				{From: "bot", To: "user_type", As: is("true", "service", "false", "human")}, {From: "created_at", To: "principal_created", As: when}, {From: "is_admin", To: "access", As: is("true", "admin")},
			},
			Keys: []Take{{From: "id", To: "gitlab.user"}, {From: "email|public_email", To: "person.email", As: lower}, {From: "username", To: "gitlab.user_name", As: lower}},
		}},
	}
}
