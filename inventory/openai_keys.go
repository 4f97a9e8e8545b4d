package inventory

// openAIKeys is the answer of GET /v1/organization/admin_api_keys and /v1/organization/projects/ID/api_keys.
func openAIKeys() listing {
	return listing{
		Name: "openai-keys", Title: "OpenAI API keys", System: "openai",
		Command: "curl -H \"Authorization: Bearer $OPENAI_ADMIN_KEY\" 'https://api.openai.com/v1/organization/projects/PROJECT/api_keys?limit=100' > keys.json (organization/admin_api_keys for administrators')", Permission: "api.management.read (an admin key)",
		Docs:  "https://platform.openai.com/docs/api-reference/project-api-keys/list",
		Joins: "the ends that redacted_value shows (probable)", Decides: "age, last use, owner, project",
		Signs: []string{"data[].redacted_value"}, Mappings: []Mapping{{
			Rows: "data[]", If: "redacted_value", Class: Credential, Kinds: []string{"openai-api-key", "openai-project-key", "openai-service-account-key", "openai-admin-key"}, Key: "id",
			Facts: []Take{
				{From: "name", To: "name"}, {From: "created_at", To: "created", As: when}, {From: "last_used_at", To: "last_used", As: used}, {From: "expires_at", To: "expires", As: expiry},
				{From: "owner.user.email|owner.service_account.name|owner.name|owner.user.name", To: "user", As: lower}, {From: "owner.type", To: "user_type", As: is("user", "human", "service_account", "service")}, {From: "'active'", To: "status"},
				{From: "owner_project_access|owner.role|owner.user.role|owner.service_account.role", To: "role"},
			},
			Keys:    []Take{{From: "id", To: "openai.key_id"}, {From: "redacted_value", To: "ends"}},
			Parents: []Take{{From: "owner.user.email", To: "person.email", As: lower}},
			Finish: func(o Object, r *Row, m Meta) error {
				r.give("project", m.Scope)
				if o.Text("object") == "organization.admin_api_key" {
					r.give("access", "admin")
				}
				return nil
			},
		}},
	}
}
