package inventory

// githubSecretScanning is the answer of GET /orgs/ORG/secret-scanning/alerts. It holds the secrets, which are summed and dropped;
// hide_secret=true leaves them out, and with them the join.
func githubSecretScanning() listing {
	return listing{
		Name: "github-secret-scanning", Title: "GitHub secret scanning alerts", System: "github-secret-scanning",
		Command:    "gh api --paginate '/orgs/ORG/secret-scanning/alerts?per_page=100' > alerts.json (holds the secrets: remove it when done)",
		Permission: "secret_scanning_alerts:read, security manager of the organisation",
		Docs:       githubREST + "secret-scanning/secret-scanning",
		Joins:      "value (exact)", Decides: "whether GitHub found it valid, public, or in several repositories; whether an alert was closed, and why",
		Signs: []string{"[].secret_type [].state", "[].secret_type_display_name"},
		Mappings: []Mapping{{
			Rows: "[]", Class: Credential, Key: "html_url|url|number",
			Facts: []Take{
				{From: "secret_type_display_name|secret_type", To: "type"}, {From: "created_at", To: "reported", As: when},
				{From: "validity", To: "status", As: is("active", "active", "inactive", "inactive")}, {From: "state", To: "alert"}, {From: "resolution", To: "resolution"},
				{From: "publicly_leaked", To: "public_leak", As: is("true", "yes", "false", "no")}, {From: "multi_repo", To: "multi_repo", As: is("true", "yes", "false", "no")},
				{From: "repository.full_name", To: "repository"}, {From: "assigned_to.login", To: "assignee"}, {From: "push_protection_bypassed_by.login", To: "bypassed_by"},
			},
			Keys: []Take{{From: "secret", To: "value"}},
		}},
	}
}
