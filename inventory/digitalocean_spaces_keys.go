package inventory

// digitalOceanKeys is the answer of GET /v2/spaces/keys.
func digitalOceanKeys() listing {
	return listing{
		Name: "digitalocean-spaces-keys", Title: "DigitalOcean Spaces keys", System: "digitalocean",
		Command: "doctl spaces keys list -o json > keys.json", Permission: "spaces_key:read",
		Docs:  "https://docs.digitalocean.com/reference/api/digitalocean/#tag/Spaces-Keys",
		Joins: "access key (exact)", Decides: "whether the key exists, its age and grants",
		Lists: []string{"digitalocean-spaces-key"},
		Signs: []string{"keys[].access_key", "[].access_key [].grants"}, Mappings: []Mapping{
			spacesKey("keys[]"), spacesKey("[]"),
		},
	}
}

func spacesKey(rows string) Mapping {
	return Mapping{
		Rows: rows, If: "access_key", Class: Credential, Kinds: []string{"digitalocean-spaces-key"}, Key: "access_key",
		Facts: []Take{
			{From: "name", To: "name"}, {From: "created_at", To: "created", As: when}, {From: "grants[].permission", To: "permissions"}, {From: "grants[].bucket", To: "target"},
			{From: "grants[].permission", To: "access", As: is("fullaccess", "admin", "readwrite", "narrow", "read", "narrow")}, {From: "'active'", To: "status"},
		},
		Keys: []Take{{From: "access_key", To: "digitalocean.key_id"}},
	}
}
