package inventory

import (
	"fmt"
	"strings"
)

// npmTokens is the answer of GET /-/npm/v1/tokens and of "npm token list --json".
func npmTokens() listing {
	return listing{
		Name: "npm-tokens", Title: "npm access tokens", System: "npm",
		Command: "npm token list --json > tokens.json", Permission: "one's own account",
		Docs:  "https://docs.npmjs.com/cli/v11/commands/npm-token",
		Joins: "the first characters of the token (probable)", Decides: "age, end, whether it may write, address restriction",
		Signs: []string{"objects[].token objects[].key", "[].token [].key [].readonly", "[].token [].key [].created"}, Mappings: []Mapping{
			npmToken("objects[]"), npmToken("[]"),
		},
	}
}

func npmToken(rows string) Mapping {
	return Mapping{
		Rows: rows, If: "key", Class: Credential, Kinds: []string{"npm-access-token", "npm-legacy-token", "npm-registry-credential"}, Key: "key",
		Facts: []Take{
			{From: "name|token_name", To: "name"}, {From: "created", To: "created", As: when}, {From: "expires|expiry|expires_at", To: "expires", As: expiry}, {From: "last_used|accessed", To: "last_used", As: used},
			{From: "readonly", To: "access", As: is("true", "read", "false", "write")}, {From: "automation", To: "user_type", As: is("true", "service")}, {From: "cidr_whitelist[]", To: "restriction"}, {From: "'active'", To: "status"},
		},
		Finish: func(o Object, r *Row, m Meta) error {
			// Shown is a prefix, "npm_ab" or the first of a UUID, or the two ends.
			shown := o.Text("token")
			if form, d, ok := ends(shown); ok {
				if k, ok := m.key(form, d); ok {
					r.Keys = append(r.Keys, k)
				}
			} else if n := len(shown); n >= 6 && n <= 16 && !strings.ContainsAny(shown, ".*") {
				if k, ok := m.key(fmt.Sprintf("first:%d", n), shown); ok {
					r.Keys = append(r.Keys, k)
				}
			}
			return nil
		},
	}
}
