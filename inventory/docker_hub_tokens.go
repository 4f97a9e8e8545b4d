package inventory

import (
	"strings"
)

// dockerHubTokens is the answer of GET /v2/access-tokens and /v2/orgs/NAME/access-tokens.
func dockerHubTokens() listing {
	return listing{
		Name: "docker-hub-tokens", Title: "Docker Hub access tokens", System: "docker-hub",
		Command: "curl -H \"Authorization: Bearer $DOCKER_JWT\" 'https://hub.docker.com/v2/orgs/ORG/access-tokens?page_size=100' > tokens.json", Permission: "owner of the organisation; one's own for /v2/access-tokens",
		Docs:  "https://docs.docker.com/reference/api/hub/latest/",
		Joins: "none without introspection: the value is masked whole", Decides: "age, last use, end, scopes, who made it",
		Signs: []string{"results[].token_label", "results[].uuid results[].generated_by results[].is_active", "results[].label results[].last_used_at"}, Mappings: []Mapping{{
			Rows: "results[]", Class: Credential, Kinds: []string{"docker-personal-token", "docker-organisation-token"}, Key: "uuid|id",
			Facts: []Take{
				{From: "token_label|label", To: "name"}, {From: "created_at", To: "created", As: when}, {From: "last_used|last_used_at", To: "last_used", As: used}, {From: "expires_at", To: "expires", As: expiry},
				{From: "is_active", To: "status", As: activeIf}, {From: "scopes[]", To: "scope"}, {From: "created_by", To: "creator"}, {From: "generated_by", To: "origin"},
			},
			Keys: []Take{{From: "uuid|id", To: "docker.key_id"}}, Parents: []Take{{From: "created_by", To: "docker.user"}},
			Finish: func(_ Object, r *Row, _ Meta) error {
				sum := ""
				for _, f := range r.Record.Facts {
					if f.Field != "scope" {
						continue
					}
					switch {
					case strings.HasSuffix(f.Value, ":admin"):
						sum = moreAccess(sum, "admin")
					case strings.HasSuffix(f.Value, ":write") || strings.HasSuffix(f.Value, "-push") || strings.HasSuffix(f.Value, "-edit"):
						sum = moreAccess(sum, "write")
					default:
						sum = moreAccess(sum, "read")
					}
				}
				r.give("access", sum)
				return nil
			},
		}},
	}
}
