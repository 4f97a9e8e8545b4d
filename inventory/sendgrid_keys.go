package inventory

// sendgridKeys is the answer of GET /v3/api_keys: names and ids, no dates.
func sendgridKeys() listing {
	return listing{
		Name: "sendgrid-keys", Title: "SendGrid API keys", System: "sendgrid",
		Command: "curl -H \"Authorization: Bearer $SENDGRID_KEY\" https://api.sendgrid.com/v3/api_keys > keys.json", Permission: "api_keys.read",
		Docs:  "https://www.twilio.com/docs/sendgrid/api-reference/api-keys/retrieve-all-api-keys-belonging-to-the-authenticated-user",
		Joins: "id inside the key (exact)", Decides: "whether the key still exists",
		Lists: []string{"sendgrid-api-key"},
		Signs: []string{"result[].api_key_id"}, Mappings: []Mapping{{
			Rows: "result[]", Class: Credential, Kinds: []string{"sendgrid-api-key"}, Key: "api_key_id",
			Facts: []Take{{From: "name", To: "name"}, {From: "scopes[]", To: "scope"}, {From: "'active'", To: "status"}},
			Keys:  []Take{{From: "api_key_id", To: "sendgrid.key_id"}},
		}},
	}
}
