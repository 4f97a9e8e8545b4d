package inventory

import (
	"slices"

	"sprawl/finding"
)

// slackIntegrations is the answer of admin.apps.approved.list and of team.integrationLogs: applications with access to a workspace.
func slackIntegrations() listing {
	return listing{
		Name: "slack-integrations", Title: "Slack applications and integrations", System: "slack",
		Command: "curl -H \"Authorization: Bearer $SLACK_ADMIN\" 'https://slack.com/api/admin.apps.approved.list?limit=1000' > slack-apps.json (team.integrationLogs outside Enterprise Grid)", Permission: "admin.apps:read (Enterprise Grid), or admin for team.integrationLogs",
		Docs:  "https://docs.slack.dev/reference/methods/admin.apps.approved.list",
		Joins: "app id inside an app-level token (exact)", Decides: "which applications hold access, their scopes, who let them in",
		Signs: []string{"approved_apps[].app.id", "logs[].change_type logs[].app_id", "logs[].service_id"}, Mappings: []Mapping{
			{
				Rows: "approved_apps[]", Class: ThirdParty, Key: "app.id",
				Facts: []Take{
					{From: "app.name", To: "integration"}, {From: "scopes[].name", To: "scope"}, {From: "scopes[].name", To: "token_type"}, {From: "date_updated", To: "reviewed", As: when},
					{From: "last_resolved_by.actor_id", To: "creator"}, {From: "app.is_app_directory_approved", To: "published", As: is("true", "yes", "false", "no")},
				},
				Keys: []Take{{From: "app.id", To: "slack.application"}},
				Finish: func(o Object, r *Row, _ Meta) error {
					r.Record.Facts = slices.DeleteFunc(r.Record.Facts, func(f finding.Fact) bool { return f.Field == "token_type" })
					return nil
				},
			},
			{
				Rows: "logs[]", If: "change_type", Class: ThirdParty, Key: "app_id|service_id",
				Facts: []Take{
					{From: "app_type|service_type", To: "integration"}, {From: "scope", To: "scope"}, {From: "date", To: "created", As: when}, {From: "user_name|user_id", To: "creator"},
					{From: "change_type", To: "status", As: is("added", "active", "enabled", "active", "updated", "active", "disabled", "inactive", "removed", "revoked", "expanded", "active")}, {From: "channel", To: "target"},
				},
				Keys: []Take{{From: "app_id", To: "slack.application"}},
			},
		},
	}
}
