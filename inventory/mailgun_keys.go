package inventory

import "strings"

// mailgunKeys is the answer of GET /v1/keys.
func mailgunKeys() listing {
	return listing{
		Name: "mailgun-keys", Title: "Mailgun keys", System: "mailgun",
		Command: "curl -u \"api:$MAILGUN_KEY\" https://api.mailgun.net/v1/keys > keys.json", Permission: "an admin key",
		Docs:  "https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/keys",
		Joins: "key id, which is the end of a key of the form hex-8-8 (probable)", Decides: "age, end, role, who asked for it",
		Signs: []string{"items[].is_disabled", "items[].requestor"}, Mappings: []Mapping{{
			Rows: "items[]", If: "role|is_disabled", Class: Credential, Kinds: []string{"mailgun-api-key", "mailgun-signing-key", "mailgun-public-key"}, Key: "id",
			Facts: []Take{
				{From: "description", To: "name"}, {From: "created_at", To: "created", As: when}, {From: "updated_at", To: "updated", As: when}, {From: "expires_at", To: "expires", As: expiry}, {From: "is_disabled", To: "status", As: inactiveIf},
				{From: "role", To: "role"}, {From: "role", To: "access", As: is("admin", "admin", "developer", "write", "support", "read", "analyst", "read", "sending", "narrow", "basic", "narrow")}, {From: "requestor", To: "creator", As: lower}, {From: "user_name", To: "user"}, {From: "domain_name", To: "target"},
			},
			Keys: []Take{{From: "id", To: "mailgun.key_id"}, {From: "id", To: "last:17", As: mailgunTail}, {From: "secret", To: "value"}}, Parents: []Take{{From: "requestor", To: "person.email", As: lower}},
		}},
	}
}

// mailgunTail is an id of the form "1a2b3c4d-5e6f7a8b", which is what keys of the newer form end with.
func mailgunTail(v any) (string, error) {
	s, err := asText(v)
	if err != nil || len(s) != 17 || s[8] != '-' || strings.Trim(s, "0123456789abcdef-") != "" {
		return "", err
	}
	return s, nil
}
