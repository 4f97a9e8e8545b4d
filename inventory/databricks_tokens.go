package inventory

// databricksTokens is the answer of GET /api/2.0/token-management/tokens.
func databricksTokens() listing {
	return listing{
		Name: "databricks-tokens", Title: "Databricks tokens", System: "databricks",
		Command: "databricks token-management list -o json > tokens.json", Permission: "workspace administrator",
		Docs:  "https://docs.databricks.com/api/workspace/tokenmanagement/list",
		Joins: "none without introspection: the listing shows no part of the value", Decides: "age, last use, end, who made it",
		Signs: []string{"token_infos[].token_id", "[].token_id [].created_by_username"}, Mappings: []Mapping{
			databricksToken("token_infos[]"), databricksToken("[]"),
		},
	}
}

func databricksToken(rows string) Mapping {
	return Mapping{
		Rows: rows, If: "creation_time", Class: Credential, Kinds: []string{"databricks-token"}, Key: "token_id",
		Facts: []Take{
			{From: "comment", To: "name"}, {From: "creation_time", To: "created", As: when}, {From: "expiry_time", To: "expires", As: expiry}, {From: "last_used_day", To: "last_used", As: used},
			{From: "created_by_username", To: "creator", As: lower}, {From: "scopes[]", To: "scope"}, {From: "'active'", To: "status"}, {From: "workspace_id", To: "account"},
		},
		Keys: []Take{{From: "token_id", To: "databricks.key_id"}}, Parents: []Take{{From: "created_by_username", To: "person.email", As: lower}},
	}
}
