package inventory

import (
	"errors"
	"net/url"
	"strings"
)

// githubWebhooks is the answer of the listings of webhooks of a repository or organisation: who is told of what happens.
func githubWebhooks() listing {
	return listing{
		Name: "github-webhooks", Title: "GitHub webhooks", System: "github",
		Command: "gh api --paginate /orgs/ORG/hooks > hooks.json (/repos/OWNER/REPO/hooks for a repository's)", Permission: "admin:org_hook, or webhooks:read of the repository",
		Docs:  githubREST + "orgs/webhooks",
		Joins: "none: a third party's access; by host with the policy's integrations", Decides: "which hosts are told what, over TLS that is checked or not, with a secret or none",
		Signs: []string{"[].config.url [].events"},
		Mappings: []Mapping{{
			Rows: "[]", If: "config.url", Class: ThirdParty, Key: "url|id",
			Facts: []Take{
				{From: "config.url", To: "integration", As: hostOf}, {From: "config.url", To: "host", As: hostOf}, {From: "events[]", To: "event"}, {From: "created_at", To: "created", As: when},
				{From: "updated_at", To: "updated", As: when}, {From: "active", To: "status", As: activeIf}, {From: "config.insecure_ssl", To: "tls", As: is("0", "checked", "1", "not checked")},
			},
			Finish: func(o Object, r *Row, m Meta) error {
				target := githubRepo(o.Text("url"))
				if _, rest, ok := strings.Cut(o.Text("url"), "/orgs/"); ok {
					target, _, _ = strings.Cut(rest, "/")
				}
				if target == "" {
					target = m.Scope
				}
				r.give("target", target)
				if o.Text("config.secret") != "" {
					r.give("signed", "yes") // the API prints stars in its place
				}
				return nil
			},
		}},
	}
}

// hostOf is the host of a URL: what stands behind it may hold a secret of the receiver's.
func hostOf(v any) (string, error) {
	s, err := asText(v)
	if err != nil || s == "" {
		return "", err
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return "", errors.New("is not a URL")
	}
	return strings.ToLower(u.Hostname()), nil
}
