package inventory

import (
	"strconv"
	"strings"
	"time"
)

// oktaTokens is the answer of GET /api/v1/api-tokens.
func oktaTokens() listing {
	return listing{
		Name: "okta-tokens", Title: "Okta API tokens", System: "okta",
		Command: "curl -H \"Authorization: SSWS $OKTA_TOKEN\" https://ORG.okta.com/api/v1/api-tokens > tokens.json", Permission: "okta.apiTokens.read",
		Docs:  "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApiToken/",
		Joins: "none without introspection: the listing shows no part of the value", Decides: "age, end, whose it is, address restriction",
		Signs: []string{"[].tokenWindow", "[].clientName [].userId"}, Mappings: []Mapping{{
			Rows: "[]", Class: Credential, Kinds: []string{"okta-token"}, Key: "id",
			Facts: []Take{
				{From: "name", To: "name"}, {From: "created", To: "created", As: when}, {From: "expiresAt", To: "expires", As: expiry}, {From: "userId", To: "user"}, {From: "clientName", To: "caller"},
				{From: "network.connection", To: "restriction", As: is("anywhere", "none", "zone", "network zones")}, {From: "'active'", To: "status"},
			},
			Keys: []Take{{From: "id", To: "okta.key_id"}}, Parents: []Take{{From: "userId", To: "okta.user"}},
			Finish: func(o Object, r *Row, _ Meta) error {
				// expiresAt moves on with every use: a token lives as long as it is used once in its window.
				r.give("renewable_without_end", "yes")
				end, _, _ := readTime(o.Text("expiresAt"))
				made, _, _ := readTime(o.Text("created"))
				days, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(o.Text("tokenWindow"), "P"), "D"))
				if used := end.AddDate(0, 0, -days); err == nil && days > 0 && !end.IsZero() && used.After(made.Add(time.Minute)) {
					r.give("last_used", used.Format(time.RFC3339))
				}
				return nil
			},
		}},
	}
}
