package inventory

import (
	"fmt"
)

// sentryTokens is the answer of GET /api/0/organizations/SLUG/org-auth-tokens/.
func sentryTokens() listing {
	return listing{
		Name: "sentry-tokens", Title: "Sentry organisation tokens", System: "sentry",
		Command: "curl -H \"Authorization: Bearer $SENTRY_TOKEN\" 'https://sentry.io/api/0/organizations/SLUG/org-auth-tokens/' > tokens.json", Permission: "org:read",
		Docs:  "https://github.com/getsentry/sentry/blob/master/src/sentry/api/serializers/models/orgauthtoken.py",
		Joins: "last four characters (probable)", Decides: "age, last use, scopes",
		Signs: []string{"[].tokenLastCharacters"}, Mappings: []Mapping{{
			Rows: "[]", If: "tokenLastCharacters", Class: Credential, Kinds: []string{"sentry-organisation-token", "sentry-user-token", "sentry-integration-token", "sentry-token"}, Key: "id",
			Facts: []Take{
				{From: "name", To: "name"}, {From: "dateCreated", To: "created", As: when}, {From: "dateLastUsed", To: "last_used", As: used}, {From: "scopes[]", To: "scope"}, {From: "'active'", To: "status"},
			},
			Keys: []Take{{From: "id", To: "sentry.key_id"}},
			Finish: func(o Object, r *Row, m Meta) error {
				last := o.Text("tokenLastCharacters")
				if n := len(last); n >= 3 && n <= 8 {
					if k, ok := m.key(fmt.Sprintf("last:%d", n), last); ok {
						r.Keys = append(r.Keys, k)
					}
				}
				return nil
			},
		}},
	}
}
