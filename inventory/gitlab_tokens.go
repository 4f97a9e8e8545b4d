package inventory

import (
	"strings"
	"time"
)

const gitlabAPI = "https://docs.gitlab.com/api/"

// gitlabTokens is the answer of the listings of personal, group and project access tokens, of an administrator's and a group's. It
// shows no part of the value: a token is joined by the id that introspection tells, a routable one by the person or project inside
// it.
func gitlabTokens() listing {
	return listing{
		Name: "gitlab-access-tokens", Title: "GitLab access tokens", System: "gitlab",
		Command:    "glab api --paginate '/personal_access_tokens?per_page=100' > tokens.json (/groups/ID/manage/personal_access_tokens on gitlab.com; /projects/ID/access_tokens, /groups/ID/access_tokens)",
		Permission: "read_api of an administrator, or of the group's or project's owner",
		Docs:       gitlabAPI + "personal_access_tokens/",
		Joins:      "token id (exact, where introspection told it)", Decides: "age, end, last use, scopes, whether it is revoked",
		Signs:    []string{"[].scopes [].revoked [].user_id", "[].scopes [].revoked [].last_used_at", "id scopes revoked user_id last_used_at"},
		Mappings: []Mapping{gitlabToken("[]"), gitlabToken("")},
	}
}

func gitlabToken(rows string) Mapping {
	return Mapping{
		Rows: rows, If: "scopes", Class: Credential, Kinds: []string{"gitlab-personal-access-token", "gitlab-token"}, Key: "id",
		Facts: []Take{
			{From: "name", To: "name"}, {From: "description", To: "description"}, {From: "created_at", To: "created", As: when}, {From: "last_used_at", To: "last_used", As: used},
			{From: "expires_at", To: "expires", As: expiry}, {From: "scopes[]", To: "scope"}, {From: "user_id", To: "user"}, {From: "updated_at", To: "updated", As: when},
		},
		Keys: []Take{{From: "id", To: "gitlab.key_id"}}, Parents: []Take{{From: "user_id", To: "gitlab.user"}},
		Finish: func(o Object, r *Row, m Meta) error {
			end, _ := time.Parse(time.RFC3339, r.Fact("expires"))
			switch {
			case o.Text("revoked") == "true":
				r.give("status", "revoked")
			case !end.IsZero() && !m.Now.IsZero() && end.Before(m.Now):
				r.give("status", "expired")
			case o.Text("active") == "false":
				r.give("status", "inactive")
			default:
				r.give("status", "active")
			}
			r.give("access", gitlabAccess(o.Texts("scopes[]")))
			// Tokens of projects and groups have a level and belong to a bot.
			if l := o.Text("access_level"); l != "" {
				r.give("role", map[string]string{"10": "guest", "15": "planner", "20": "reporter", "30": "developer", "40": "maintainer", "50": "owner"}[l])
				r.give("user_type", "service")
			}
			return nil
		},
	}
}

// gitlabAccess says how much scopes allow (https://docs.gitlab.com/user/profile/personal_access_tokens/#personal-access-token-scopes).
func gitlabAccess(scopes []string) string {
	sum := ""
	for _, s := range scopes {
		switch {
		case s == "sudo" || s == "admin_mode":
			sum = moreAccess(sum, "admin")
		case s == "api" || strings.HasPrefix(s, "write_") || s == "create_runner" || s == "manage_runner" || s == "k8s_proxy":
			sum = moreAccess(sum, "write")
		case s == "read_api":
			sum = moreAccess(sum, "read")
		default:
			sum = moreAccess(sum, "narrow")
		}
	}
	return sum
}
