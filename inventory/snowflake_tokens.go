package inventory

// snowflakeTokens is the answer of SHOW USER PROGRAMMATIC ACCESS TOKENS and of ACCOUNT_USAGE.CREDENTIALS, as JSON or as a table.
func snowflakeTokens() listing {
	return listing{
		Name: "snowflake-tokens", Title: "Snowflake programmatic access tokens", System: "snowflake",
		Command: "snow sql -q 'SHOW USER PROGRAMMATIC ACCESS TOKENS FOR USER NAME' --format json > tokens.json", Permission: "MODIFY PROGRAMMATIC AUTHENTICATION METHODS on the user, or ACCOUNTADMIN",
		Docs:  "https://docs.snowflake.com/en/sql-reference/sql/show-user-programmatic-access-tokens",
		Joins: "user (parent)", Decides: "age, end, role restriction, whether it is active",
		Signs: []string{"[].role_restriction", "user_name role_restriction"}, Mappings: []Mapping{
			snowflakeToken("[]"), snowflakeToken(Table),
		},
	}
}

func snowflakeToken(rows string) Mapping {
	return Mapping{
		Rows: rows, If: "user_name", Class: Credential, Kinds: []string{"snowflake-token"}, Key: "name",
		Facts: []Take{
			{From: "name", To: "name"}, {From: "user_name", To: "user"}, {From: "role_restriction", To: "role"}, {From: "created_on", To: "created", As: when}, {From: "expires_at", To: "expires", As: expiry}, {From: "created_by", To: "creator"},
			{From: "status", To: "status", As: is("active", "active", "expired", "expired", "disabled", "inactive")}, {From: "comment", To: "description"},
		},
		Parents: []Take{{From: "user_name", To: "snowflake.user"}},
		Finish: func(o Object, r *Row, _ Meta) error {
			r.Record.Key = o.Text("user_name") + "/" + o.Text("name")
			return nil
		},
	}
}
