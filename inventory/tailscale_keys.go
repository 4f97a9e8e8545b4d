package inventory

// tailscaleKeys is the answer of GET /api/v2/tailnet/-/keys?all=true.
func tailscaleKeys() listing {
	return listing{
		Name: "tailscale-keys", Title: "Tailscale keys", System: "tailscale",
		Command: "curl -u \"$TS_API_KEY:\" 'https://api.tailscale.com/api/v2/tailnet/-/keys?all=true' > keys.json", Permission: "auth_keys:read, oauth_keys:read, api_access_tokens:read",
		Docs:  "https://tailscale.com/api#tag/keys",
		Joins: "key id inside the key (exact)", Decides: "whether the key is valid, its age and end, tags",
		Lists: []string{"tailscale-api-key", "tailscale-auth-key", "tailscale-oauth-secret"},
		Signs: []string{"keys[].id keys[].capabilities", "keys[].id keys[].keyType", "keys[].id keys[].expires"}, Mappings: []Mapping{{
			Rows: "keys[]", Class: Credential, Kinds: []string{"tailscale-api-key", "tailscale-auth-key", "tailscale-oauth-secret", "tailscale-other-key"}, Key: "id",
			Facts: []Take{
				{From: "description", To: "name"}, {From: "created", To: "created", As: when}, {From: "expires", To: "expires", As: expiry}, {From: "keyType", To: "type"}, {From: "userId", To: "user"}, {From: "scopes[]", To: "scope"},
				{From: "capabilities.devices.create.tags[]|tags[]", To: "role"}, {From: "capabilities.devices.create.reusable", To: "reusable", As: is("true", "yes", "false", "no")},
			},
			Keys: []Take{{From: "id", To: "tailscale.key_id"}}, Parents: []Take{{From: "userId", To: "tailscale.user"}},
			Finish: func(o Object, r *Row, _ Meta) error {
				switch revoked, _ := when(o.Text("revoked")); {
				case revoked != "":
					r.give("status", "revoked")
				case o.Text("invalid") == "true":
					r.give("status", "expired")
				default:
					r.give("status", "active")
				}
				return nil
			},
		}},
	}
}
