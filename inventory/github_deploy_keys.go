package inventory

// githubKeys is the answer of the listings of deploy keys and of people's SSH keys: public keys, whose private halves are what is
// found.
func githubKeys() listing {
	return listing{
		Name: "github-ssh-keys", Title: "GitHub deploy keys and SSH keys", System: "github",
		Command:    "gh api --paginate /repos/OWNER/REPO/keys > deploy-keys.json (/user/keys or /users/USER/keys for a person's)",
		Permission: "administration:read of the repository; read:public_key for one's own",
		Docs:       githubREST + "deploy-keys/deploy-keys",
		Joins:      "SHA-256 fingerprint (exact)", Decides: "where the key is accepted, whether it may write, who added it, last use",
		Signs: []string{"[].key [].read_only ![].fingerprint_sha256", "[].key [].id ![].token ![].fingerprint_sha256 ![].can_push ![].usage_type", "[].key [].title ![].fingerprint_sha256 ![].can_push ![].usage_type"},
		One:   []string{"github.repository"},
		Mappings: []Mapping{{
			Rows: "[]", If: "key", Class: Credential, Key: "id",
			Facts: []Take{
				{From: "title", To: "name"}, {From: "created_at", To: "created", As: when}, {From: "last_used", To: "last_used", As: used},
				{From: "added_by", To: "creator"}, {From: "enabled", To: "status", As: activeIf}, {From: "read_only", To: "access", As: is("true", "narrow", "false", "write")},
				{From: "key", To: "fingerprint", As: sshFingerprint},
			},
			Keys: []Take{{From: "key", To: "ssh.fingerprint", As: sshFingerprint}}, Parents: []Take{{From: "added_by", To: "github.user", As: lower}},
			Finish: func(o Object, r *Row, m Meta) error {
				repo := githubRepo(o.Text("url"))
				if repo == "" {
					repo = m.Scope
				}
				r.give("target", repo)
				r.belongs("github.repository", repo)
				return nil
			},
		}},
	}
}
