package inventory

// githubTokens is the answer of GET /orgs/ORG/personal-access-tokens: the fine-grained tokens that may reach the organisation. It
// shows no part of the value; the audit log, which has both the hash and token_id, leads to it.
func githubTokens() listing {
	return listing{
		Name: "github-personal-access-tokens", Title: "GitHub fine-grained tokens with access to an organisation", System: "github",
		Command:    "gh api --paginate '/orgs/ORG/personal-access-tokens?per_page=100' > personal-access-tokens.json (with a GitHub App's token)",
		Permission: "organization_personal_access_tokens:read of a GitHub App",
		Docs:       githubREST + "orgs/personal-access-tokens#list-fine-grained-personal-access-tokens-with-access-to-organization-resources",
		Joins:      "token id (hash, through github-audit-log)", Decides: "who holds the token, what it may do, where, last use and end",
		Signs: []string{"[].token_id [].access_granted_at", "[].token_expires_at [].owner.login"},
		Mappings: []Mapping{{
			Rows: "[]", Class: Credential, Kinds: []string{"github-fine-grained-token"}, Key: "token_id|id",
			Facts: []Take{
				{From: "owner.login", To: "user"}, {From: "token_name", To: "name"}, {From: "access_granted_at", To: "issued", As: when},
				{From: "token_expires_at", To: "expires", As: expiry}, {From: "token_last_used_at", To: "last_used", As: used},
				{From: "token_expired", To: "status", As: is("true", "expired", "false", "active")}, {From: "repository_selection", To: "repositories"}, {From: "'human'", To: "user_type"},
			},
			Keys:    []Take{{From: "token_id", To: "github.token"}},
			Parents: []Take{{From: "owner.login", To: "github.user", As: lower}},
			Finish:  func(o Object, r *Row, _ Meta) error { githubPermissions(r, o, "permissions"); return nil },
		}},
	}
}
