package inventory

// slackUsers is the answer of users.list.
func slackUsers() listing {
	return listing{
		Name: "slack-users", Title: "Slack users", System: "slack",
		Command: "curl -H \"Authorization: Bearer $SLACK_TOKEN\" 'https://slack.com/api/users.list?limit=200' > slack-users.json", Permission: "users:read, users:read.email",
		Docs:  "https://docs.slack.dev/reference/methods/users.list",
		Joins: "e-mail address of an owner, user id inside a user token (parent)", Decides: "whether the account is a person's, still there",
		Signs: []string{"members[].is_bot", "members[].profile.email"}, Mappings: []Mapping{{
			Rows: "members[]", Class: Principal, Key: "id",
			Facts: []Take{
				{From: "name", To: "user_name"}, {From: "profile.real_name", To: "name"}, {From: "deleted", To: "user_status", As: is("true", "deleted", "false", "active")}, {From: "is_bot", To: "user_type", As: is("true", "service", "false", "human")},
				{From: "is_admin", To: "access", As: is("true", "admin")},
			},
			Keys: []Take{{From: "id", To: "slack.user"}, {From: "profile.email", To: "person.email", As: lower}},
		}},
	}
}
