package inventory

// grafanaTokens is the answer of GET /api/serviceaccounts/ID/tokens.
func grafanaTokens() listing {
	return listing{
		Name: "grafana-tokens", Title: "Grafana service account tokens", System: "grafana",
		Command: "curl -H \"Authorization: Bearer $GRAFANA_TOKEN\" https://HOST/api/serviceaccounts/ID/tokens > tokens.json", Permission: "serviceaccounts:read",
		Docs:  "https://grafana.com/docs/grafana/latest/developer-resources/api-reference/http-api/serviceaccount/",
		Joins: "none without introspection: the listing shows no part of the value", Decides: "age, last use, end, whether it is revoked",
		Signs: []string{"[].secondsUntilExpiration", "[].hasExpired"}, Mappings: []Mapping{{
			Rows: "[]", Class: Credential, Kinds: []string{"grafana-service-account-token"}, Key: "id",
			Facts: []Take{
				{From: "name", To: "name"}, {From: "created", To: "created", As: when}, {From: "expiration", To: "expires", As: expiry}, {From: "lastUsedAt", To: "last_used", As: used}, {From: "'service'", To: "user_type"},
			},
			Keys: []Take{{From: "id", To: "grafana.key_id"}},
			Finish: func(o Object, r *Row, m Meta) error {
				switch {
				case o.Text("isRevoked") == "true":
					r.give("status", "revoked")
				case o.Text("hasExpired") == "true":
					r.give("status", "expired")
				default:
					r.give("status", "active")
				}
				r.give("user", m.Scope)
				return nil
			},
		}},
	}
}
