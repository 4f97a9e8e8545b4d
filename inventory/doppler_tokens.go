package inventory

// dopplerTokens is the answer of GET /v3/configs/config/tokens.
func dopplerTokens() listing {
	return listing{
		Name: "doppler-tokens", Title: "Doppler service tokens", System: "doppler",
		Command: "doppler configs tokens --project PROJECT --config CONFIG --json > tokens.json", Permission: "read access to the config",
		Docs:  "https://docs.doppler.com/reference/service_tokens-list",
		Joins: "none without introspection: the listing shows no part of the value", Decides: "age, end, project, environment, access",
		Signs: []string{"tokens[].slug tokens[].config", "[].slug [].config [].environment"}, Mappings: []Mapping{
			dopplerToken("tokens[]"), dopplerToken("[]"),
		},
	}
}

func dopplerToken(rows string) Mapping {
	return Mapping{
		Rows: rows, If: "slug", Class: Credential, Kinds: []string{"doppler-service-token"}, Key: "slug",
		Facts: []Take{
			{From: "name", To: "name"}, {From: "created_at", To: "created", As: when}, {From: "expires_at", To: "expires", As: expiry}, {From: "last_seen_at", To: "last_used", As: used},
			{From: "project", To: "project"}, {From: "environment", To: "environment"}, {From: "config", To: "target"}, {From: "access", To: "access", As: is("read", "narrow", "read/write", "narrow")}, {From: "'active'", To: "status"},
		},
		Keys: []Take{{From: "slug", To: "doppler.key_id"}}, Parents: []Take{{From: "project", To: "doppler.project"}},
	}
}
