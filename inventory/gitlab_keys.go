package inventory

// gitlabKeys is the answer of the listings of deploy keys and SSH keys.
func gitlabKeys() listing {
	return listing{
		Name: "gitlab-ssh-keys", Title: "GitLab deploy keys and SSH keys", System: "gitlab",
		Command: "glab api --paginate /projects/ID/deploy_keys > deploy-keys.json (/deploy_keys, /users/ID/keys, /groups/ID/manage/ssh_keys)", Permission: "read_api",
		Docs:  gitlabAPI + "deploy_keys/",
		Joins: "SHA-256 fingerprint (exact)", Decides: "where the key is accepted, whether it may write, its end and last use",
		Signs: []string{"[].fingerprint_sha256", "[].key [].can_push", "[].key [].usage_type", "[].projects_with_write_access"},
		Mappings: []Mapping{{
			Rows: "[]", Class: Credential, Key: "id",
			Facts: []Take{
				{From: "title", To: "name"}, {From: "created_at", To: "created", As: when}, {From: "expires_at", To: "expires", As: expiry}, {From: "last_used_at", To: "last_used", As: used},
				{From: "can_push", To: "access", As: is("true", "write", "false", "narrow")}, {From: "projects_with_write_access[].path_with_namespace", To: "target"},
				{From: "projects_with_readonly_access[].path_with_namespace", To: "target"}, {From: "user.username|user_id", To: "user"},
			},
			Keys:    []Take{{From: "fingerprint_sha256", To: "ssh.fingerprint", As: fingerprintText}, {From: "key", To: "ssh.fingerprint", As: sshFingerprint}},
			Parents: []Take{{From: "user_id|user.id", To: "gitlab.user"}},
		}},
	}
}
