package inventory

// githubCredentialAuthorizations is the answer of GET /orgs/ORG/credential-authorizations: the tokens and keys that people have
// authorised for single sign-on.
func githubCredentialAuthorizations() listing {
	return listing{
		Name: "github-credential-authorizations", Title: "GitHub credentials authorised for single sign-on", System: "github",
		Command:    "gh api --paginate '/orgs/ORG/credential-authorizations?per_page=100' > credential-authorizations.json",
		Permission: "read:org of an organisation owner (Enterprise Cloud, SAML)",
		Docs:       githubREST + "orgs/orgs#list-saml-sso-authorizations-for-an-organization",
		Joins:      "last eight characters (probable); fingerprint of an SSH key (exact)",
		Decides:    "who holds the token, its scopes, last use and end",
		Signs:      []string{"[].credential_id [].credential_type"},
		Mappings: []Mapping{{
			Rows: "[]", Class: Credential, Key: "credential_id",
			Facts: []Take{
				{From: "login", To: "user"}, {From: "credential_type", To: "type"}, {From: "scopes[]", To: "scope"},
				{From: "credential_authorized_at", To: "issued", As: when}, {From: "credential_accessed_at", To: "last_used", As: used},
				{From: "authorized_credential_expires_at", To: "expires", As: expiry},
				{From: "authorized_credential_note|authorized_credential_title", To: "name"}, {From: "'active'", To: "status"}, {From: "'human'", To: "user_type"},
			},
			Keys: []Take{
				{From: "token_last_eight", To: "last:8"}, {From: "fingerprint", To: "ssh.fingerprint", As: fingerprintText},
				{From: "authorized_credential_id", To: "github.authorization"},
			},
			Parents: []Take{{From: "login", To: "github.user", As: lower}},
			Finish: func(o Object, r *Row, _ Meta) error {
				if o.Text("token_last_eight") != "" {
					r.Kinds = githubTokenKinds
				}
				if len(o.All("scopes")) > 0 {
					r.give("access", githubAccess(o.Texts("scopes[]")))
				}
				return nil
			},
		}},
	}
}
