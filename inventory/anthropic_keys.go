package inventory

// anthropicKeys is the answer of GET /v1/organizations/api_keys.
func anthropicKeys() listing {
	return listing{
		Name: "anthropic-keys", Title: "Anthropic API keys", System: "anthropic",
		Command: "curl -H \"x-api-key: $ANTHROPIC_ADMIN_KEY\" -H 'anthropic-version: 2023-06-01' 'https://api.anthropic.com/v1/organizations/api_keys?limit=1000' > keys.json", Permission: "an admin key",
		Docs:  "https://platform.claude.com/docs/en/api/admin/api_keys/list",
		Joins: "the ends that partial_key_hint shows (probable)", Decides: "whether the key is active, its age, end and workspace",
		Lists: []string{"anthropic-api-key"},
		Signs: []string{"data[].partial_key_hint"}, Mappings: []Mapping{{
			Rows: "data[]", If: "partial_key_hint", Class: Credential, Kinds: []string{"anthropic-api-key", "anthropic-admin-key"}, Key: "id",
			Facts: []Take{
				{From: "name", To: "name"}, {From: "created_at", To: "created", As: when}, {From: "expires_at", To: "expires", As: expiry}, {From: "status", To: "status", As: is("active", "active", "inactive", "inactive", "archived", "revoked", "expired", "expired")},
				{From: "workspace_id", To: "project"}, {From: "created_by.id", To: "creator"}, {From: "created_by.type", To: "user_type", As: is("user", "human", "service_account", "service")},
			},
			Keys:    []Take{{From: "id", To: "anthropic.key_id"}, {From: "partial_key_hint", To: "ends"}},
			Parents: []Take{{From: "created_by.id", To: "anthropic.user"}},
		}},
	}
}
