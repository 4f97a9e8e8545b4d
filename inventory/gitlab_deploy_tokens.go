package inventory

// gitlabDeployTokens is the answer of the listings of deploy tokens.
func gitlabDeployTokens() listing {
	return listing{
		Name: "gitlab-deploy-tokens", Title: "GitLab deploy tokens", System: "gitlab",
		Command: "glab api --paginate /projects/ID/deploy_tokens > deploy-tokens.json (/groups/ID/deploy_tokens, /deploy_tokens)", Permission: "read_api of a maintainer or administrator",
		Docs:  gitlabAPI + "deploy_tokens/",
		Joins: "user name beside the token (parent)", Decides: "end, scopes, whether it is revoked",
		Signs: []string{"[].username [].scopes [].revoked [].expires_at ![].user_id"},
		Mappings: []Mapping{{
			Rows: "[]", If: "username", Class: Credential, Kinds: []string{"gitlab-deploy-token"}, Key: "id",
			Facts: []Take{
				{From: "name", To: "name"}, {From: "username", To: "user"}, {From: "expires_at", To: "expires", As: expiry}, {From: "scopes[]", To: "scope"},
				{From: "revoked", To: "status", As: revokedIf}, {From: "expired", To: "status", As: expiredIf}, {From: "'service'", To: "user_type"}, {From: "'narrow'", To: "access"},
			},
			Keys: []Take{{From: "id", To: "gitlab.deploy_token"}}, Parents: []Take{{From: "username", To: "gitlab.deploy_user"}},
			Finish: func(_ Object, r *Row, _ Meta) error {
				if r.Fact("status") == "" {
					r.give("status", "active")
				}
				return nil
			},
		}},
	}
}
