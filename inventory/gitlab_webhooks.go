package inventory

import (
	"maps"
	"slices"
	"strings"
)

// gitlabWebhooks is the answer of the listings of webhooks of a project, group or instance.
func gitlabWebhooks() listing {
	return listing{
		Name: "gitlab-webhooks", Title: "GitLab webhooks", System: "gitlab",
		Command: "glab api --paginate /projects/ID/hooks > hooks.json (/groups/ID/hooks, /hooks)", Permission: "read_api of a maintainer, owner or administrator",
		Docs:  gitlabAPI + "project_webhooks/",
		Joins: "none: a third party's access; by host with the policy's integrations", Decides: "which hosts are told what, over TLS that is checked or not",
		Signs: []string{"[].enable_ssl_verification", "[].push_events [].url"},
		Mappings: []Mapping{{
			Rows: "[]", If: "url", Class: ThirdParty, Key: "id",
			Facts: []Take{
				{From: "url", To: "integration", As: hostOf}, {From: "url", To: "host", As: hostOf}, {From: "created_at", To: "created", As: when},
				{From: "enable_ssl_verification", To: "tls", As: is("true", "checked", "false", "not checked")}, {From: "alert_status", To: "status", As: is("executable", "active", "disabled", "inactive")},
				{From: "project_id|group_id", To: "target"},
			},
			Finish: func(o Object, r *Row, _ Meta) error {
				for _, k := range slices.Sorted(maps.Keys(o.m)) {
					if e, ok := strings.CutSuffix(k, "_events"); ok && o.Text(k) == "true" {
						r.give("event", e)
					}
				}
				return nil
			},
		}},
	}
}
