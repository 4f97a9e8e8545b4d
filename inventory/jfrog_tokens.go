package inventory

import (
	"strings"
)

// jfrogTokens is the answer of GET /access/api/v1/tokens.
func jfrogTokens() listing {
	return listing{
		Name: "jfrog-tokens", Title: "JFrog access tokens", System: "jfrog",
		Command: "curl -H \"Authorization: Bearer $JFROG_ADMIN\" 'https://HOST/access/api/v1/tokens' > tokens.json", Permission: "an administrator's token; others see their own",
		Docs:  "https://jfrog.com/help/r/jfrog-rest-apis/get-tokens",
		Joins: "token id inside an access token (exact); a reference token has none", Decides: "age, end, subject, whether it can be refreshed",
		Signs: []string{"tokens[].token_id"}, Mappings: []Mapping{{
			Rows: "tokens[]", Class: Credential, Kinds: []string{"jfrog-access-token", "jfrog-reference-token"}, Key: "token_id",
			Facts: []Take{
				{From: "subject", To: "user", As: tail}, {From: "issued_at", To: "created", As: when}, {From: "expiry", To: "expires", As: expiry}, {From: "last_used", To: "last_used", As: used}, {From: "description", To: "name"},
				{From: "scope", To: "scope"}, {From: "refreshable", To: "renewable_without_end", As: is("true", "yes")}, {From: "'active'", To: "status"},
			},
			Keys: []Take{{From: "token_id", To: "jfrog.key_id"}}, Parents: []Take{{From: "subject", To: "jfrog.subject"}},
			Finish: func(o Object, r *Row, _ Meta) error {
				if r.Fact("expires") == "" {
					r.give("expires", "never") // the field is left out of tokens without an end
				}
				// What the groups of another scope may do, the scope does not say.
				if strings.Contains(o.Text("scope"), "applied-permissions/admin") {
					r.give("access", "admin")
				}
				return nil
			},
		}},
	}
}
