package inventory

// elasticKeys is the answer of GET /_security/api_key.
func elasticKeys() listing {
	return listing{
		Name: "elastic-api-keys", Title: "Elasticsearch API keys", System: "elastic",
		Command: "curl -u USER 'https://HOST:9200/_security/api_key?with_profile_uid=true' > api-keys.json", Permission: "read_security, manage_api_key",
		Docs:  "https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-security-get-api-key",
		Joins: "key id inside the encoded key (exact)", Decides: "whether the key is valid, its age, end, owner",
		Lists: []string{"elastic-api-key"},
		Signs: []string{"api_keys[].invalidated", "api_keys[].id api_keys[].creation"}, Mappings: []Mapping{{
			Rows: "api_keys[]", Class: Credential, Kinds: []string{"elastic-api-key"}, Key: "id",
			Facts: []Take{
				{From: "name", To: "name"}, {From: "creation", To: "created", As: when}, {From: "expiration", To: "expires", As: expiry}, {From: "invalidated", To: "status", As: is("true", "revoked", "false", "active")}, {From: "username", To: "user"}, {From: "realm", To: "realm"},
			},
			Keys: []Take{{From: "id", To: "elastic.key_id"}}, Parents: []Take{{From: "username", To: "elastic.user"}},
			Finish: func(o Object, r *Row, _ Meta) error {
				if r.Fact("expires") == "" {
					r.give("expires", "never") // left out of keys without an end
				}
				if m := o.All("role_descriptors"); len(m) == 1 {
					if d, ok := m[0].(map[string]any); ok && len(d) == 0 {
						r.give("role", "all of its owner's")
					}
				}
				r.labels(o, "metadata")
				return nil
			},
		}},
	}
}
