package inventory

import (
	"errors"
	"strings"
)

// githubAuditLog is an organisation's or enterprise's audit log with token data, as the API answers and as the web page exports it,
// folded to one row a token. hashed_token is the SHA-256 of the token in base64.
func githubAuditLog() listing {
	m := Mapping{Class: Event, If: "hashed_token", Finish: finishGitHubEvent}
	other := Mapping{Class: Event, If: "action", Finish: func(o Object, _ *Row, _ Meta) error { return errSkip }}
	a, b, c, d := m, other, m, other
	a.Rows, b.Rows, c.Rows, d.Rows = "[]", "[]", "", ""
	return listing{
		Name: "github-audit-log", Title: "GitHub audit log", System: "github-audit",
		Command:    "gh api --paginate '/orgs/ORG/audit-log?include=all&per_page=100' > audit-log.json",
		Permission: "read:audit_log (Enterprise Cloud)",
		Docs:       "https://docs.github.com/en/organizations/keeping-your-organization-secure/managing-security-settings-for-your-organization/identifying-audit-log-events-performed-by-an-access-token",
		Joins:      "hash of the token (hash); from there by token id to github-personal-access-tokens",
		Decides:    "last use, who uses it, from which address, on which repositories, its scopes",
		Signs:      []string{"[].hashed_token", "hashed_token", "[].action [].@timestamp", "action @timestamp", "[].action [].actor [].created_at", "action actor created_at"},
		Mappings:   []Mapping{a, b, c, d},
		Fold:       true,
	}
}

func finishGitHubEvent(o Object, r *Row, m Meta) error {
	hash, err := digest(o.Text("hashed_token"))
	if err != nil || hash == "" {
		return errors.New("hashed_token is not a SHA-256")
	}
	at, err := when(o.Text("@timestamp|created_at"))
	if err != nil || at == "" {
		return errors.New("@timestamp is not a time")
	}
	k, ok := m.key("sha256", hash)
	if !ok {
		return errSkip
	}
	// The hash itself is no more than the token's name, and with the token at hand anybody can make it; the log's own id of
	// the token is shown instead where there is one.
	r.Record.Key = k.Value
	r.Keys = append(r.Keys, k)
	if id := o.Text("token_id"); id != "" && id != "0" {
		r.Record.Key = cutText(id)
		r.Keys = append(r.Keys, Key{"github.token", cutText(id)})
	}
	r.Kinds = githubTokenKinds
	if strings.Contains(strings.ToLower(o.Text("programmatic_access_type")), "key") {
		r.Kinds = nil
	}
	actor := o.Text("actor")
	r.give("events", "1")
	r.give("last_used", at)
	r.give("first_used", at)
	r.give("user", actor)
	r.give("type", o.Text("programmatic_access_type"))
	r.give("caller", actor)
	r.give("address", o.Text("actor_ip"))
	r.give("network", networkClass(o.Text("actor_ip")))
	agent, _, _ := strings.Cut(o.Text("user_agent"), " ")
	r.give("agent", agent)
	r.give("target", o.Text("repo|repository"))
	r.give("action", o.Text("action"))
	r.give("organisation", o.Text("org"))
	if s := o.Text("token_scopes"); s != "" {
		scopes := strings.FieldsFunc(s, func(c rune) bool { return c == ',' || c == ' ' })
		r.give("scope", scopes...)
		r.give("access", githubAccess(scopes))
	}
	if b := o.Text("actor_is_bot"); b == "true" {
		r.give("user_type", "service")
	}
	r.belongs("github.user", strings.ToLower(actor))
	return nil
}
