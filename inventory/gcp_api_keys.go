package inventory

import (
	"strings"
)

// gcpAPIKeys is the answer of API Keys' list. It shows no part of the value; keyString, which GetKeyString returns and which
// people put beside it, is summed.
func gcpAPIKeys() listing {
	m := Mapping{
		Class: Credential, Kinds: []string{"gcp-api-key", "gcp-gemini-key"}, Key: "uid|name",
		Facts: []Take{
			{From: "displayName", To: "name"}, {From: "createTime", To: "created", As: when},
			{From: "deleteTime", To: "status", As: func(any) (string, error) { return "revoked", nil }},
			{From: "serviceAccountEmail", To: "user"},
			{From: "restrictions.apiTargets[].service", To: "scope"},
		},
		Keys: []Take{{From: "keyString", To: "value"}, {From: "uid", To: "gcp.api_key"}},
		Finish: func(o Object, r *Row, _ Meta) error {
			if r.Fact("status") == "" {
				r.give("status", "active")
			}
			bound := false
			for _, k := range []string{"browserKeyRestrictions", "serverKeyRestrictions", "androidKeyRestrictions", "iosKeyRestrictions"} {
				if len(o.All("restrictions."+k)) > 0 {
					bound = true
					r.give("restriction", strings.TrimSuffix(k, "KeyRestrictions"))
				}
			}
			if !bound {
				r.give("restriction", "none")
			}
			if len(o.All("restrictions.apiTargets[]")) == 0 {
				r.give("access", "admin") // every API that the project has enabled
			} else {
				r.give("access", "narrow")
			}
			if p := strings.Split(o.Text("name"), "/"); len(p) > 1 && p[0] == "projects" {
				r.give("project", p[1])
				r.belongs("gcp.project", p[1])
			}
			return nil
		},
	}
	bare, wrapped := m, m
	bare.Rows, wrapped.Rows = "[]", "keys[]"
	return listing{
		Name: "gcp-api-keys", Title: "Google Cloud API keys", System: "gcp-api-keys",
		Command:    "gcloud services api-keys list --format=json > api-keys.json",
		Permission: "apikeys.keys.list (roles/serviceusage.apiKeysViewer)",
		Docs:       "https://cloud.google.com/api-keys/docs/reference/rest/v2/projects.locations.keys",
		Joins:      "value, where keyString was added from 'gcloud services api-keys get-key-string' (exact); else none", Decides: "restriction to APIs, hosts, addresses and apps; age",
		One:      []string{"gcp.project"},
		Signs:    []string{"[].uid [].createTime [].etag !email", "[].uid [].createTime [].displayName", "keys[].uid keys[].createTime", "[].restrictions.apiTargets", "[].keyString"},
		Mappings: []Mapping{bare, wrapped},
	}
}
