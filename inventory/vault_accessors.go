package inventory

// vaultAccessors is the answer of auth/token/lookup-accessor, one for each accessor that "vault list auth/token/accessors" names.
func vaultAccessors() listing {
	m := Mapping{
		If: "accessor", Class: Credential, Kinds: []string{"vault-service-token", "vault-batch-token"}, Key: "accessor",
		Facts: []Take{
			{From: "display_name", To: "name"}, {From: "issue_time|creation_time", To: "created", As: when}, {From: "expire_time", To: "expires", As: expiry},
			{From: "policies[]", To: "policy"}, {From: "identity_policies[]", To: "policy"}, {From: "entity_id", To: "user"}, {From: "path", To: "role"}, {From: "type", To: "type"},
			{From: "period", To: "renewable_without_end", As: func(v any) (string, error) {
				if s, err := asText(v); err != nil || s == "" || s == "0" {
					return "", err
				}
				return "yes", nil
			}},
			{From: "orphan", To: "orphan", As: is("true", "yes")}, {From: "'active'", To: "status"},
		},
		Keys: []Take{{From: "accessor", To: "hashicorp.key_id"}}, Parents: []Take{{From: "entity_id", To: "hashicorp.user"}},
		Finish: func(o Object, r *Row, _ Meta) error {
			for _, p := range o.Texts("policies[]") {
				if p == "root" {
					r.give("access", "admin")
				}
			}
			// Vault never prints a token where it is listed by its accessor; "vault token lookup" prints it as id.
			return nil
		},
	}
	one, list, lines := m, m, m
	one.Rows, list.Rows, lines.Rows = "data", "[].data", "[]"
	return listing{
		Name: "vault-accessors", Title: "Vault token accessors", System: "vault",
		Command:    "for a in $(vault list -format=json auth/token/accessors | jq -r '.[]'); do vault token lookup -accessor -format=json $a; done > accessors.json",
		Permission: "list (sudo) on auth/token/accessors, update on auth/token/lookup-accessor",
		Docs:       "https://developer.hashicorp.com/vault/api-docs/auth/token#lookup-a-token-accessor",
		Joins:      "accessor (exact, where introspection told it)", Decides: "age, end, policies, whether it can be renewed without end",
		Signs: []string{"data.accessor data.policies", "[].data.accessor", "[].accessor [].policies"}, Mappings: []Mapping{one, list, lines},
	}
}
