package inventory

import (
	"strings"
)

// cloudflareTokens is the answer of GET /user/tokens and /accounts/ID/tokens.
func cloudflareTokens() listing {
	return listing{
		Name: "cloudflare-tokens", Title: "Cloudflare API tokens", System: "cloudflare",
		Command: "curl -H \"Authorization: Bearer $CF_TOKEN\" 'https://api.cloudflare.com/client/v4/accounts/ACCOUNT/tokens?per_page=50' > tokens.json", Permission: "Account API Tokens: Read (User: API Tokens: Read)",
		Docs:  "https://developers.cloudflare.com/api/resources/accounts/subresources/tokens/methods/list/",
		Joins: "token id (exact, where introspection told it)", Decides: "age, last use, end, permissions, address restriction",
		Signs: []string{"result[].issued_on", "result[].policies result[].modified_on"}, Mappings: []Mapping{{
			Rows: "result[]", If: "status", Class: Credential, Kinds: []string{"cloudflare-api-token", "cloudflare-account-token", "cloudflare-user-token"}, Key: "id",
			Facts: []Take{
				{From: "name", To: "name"}, {From: "issued_on", To: "created", As: when}, {From: "modified_on", To: "updated", As: when}, {From: "last_used_on", To: "last_used", As: used}, {From: "expires_on", To: "expires", As: expiry},
				{From: "not_before", To: "not_before", As: when}, {From: "status", To: "status", As: is("active", "active", "disabled", "inactive", "expired", "expired")}, {From: "policies[].permission_groups[].name", To: "permissions"},
				{From: "creator_email_at_creation|creator_email", To: "creator", As: lower},
			},
			Keys: []Take{{From: "id", To: "cloudflare.key_id"}}, Parents: []Take{{From: "creator_email_at_creation|creator_email", To: "person.email", As: lower}},
			Finish: func(o Object, r *Row, _ Meta) error {
				if len(o.All("condition.request_ip.in[]"))+len(o.All("condition.request.ip.in[]")) > 0 {
					r.give("restriction", "addresses")
				} else {
					r.give("restriction", "none")
				}
				sum := ""
				for _, f := range r.Record.Facts {
					if f.Field != "permissions" {
						continue
					}
					switch p := f.Value; {
					case strings.Contains(p, "API Tokens") && !strings.HasSuffix(p, "Read"):
						sum = moreAccess(sum, "admin") // can make itself another token
					case strings.HasSuffix(p, "Read"):
						sum = moreAccess(sum, "read")
					default:
						sum = moreAccess(sum, "write")
					}
				}
				everywhere := false
				for _, v := range o.All("policies[].resources") {
					if m, ok := v.(map[string]any); ok {
						for k := range m {
							everywhere = everywhere || strings.HasSuffix(k, ".*")
						}
					}
				}
				if !everywhere && sum == "write" {
					sum = "narrow"
				}
				r.give("access", sum)
				return nil
			},
		}},
	}
}
