package inventory

// terraformCloudTokens is the answer of GET /users/ID/authentication-tokens, /teams/ID/authentication-tokens and /organizations/NAME/team-tokens.
func terraformCloudTokens() listing {
	return listing{
		Name: "terraform-cloud-tokens", Title: "Terraform Cloud tokens", System: "terraform-cloud",
		Command: "curl -H \"Authorization: Bearer $TFE_TOKEN\" 'https://app.terraform.io/api/v2/organizations/ORG/team-tokens?page[size]=100' > tokens.json", Permission: "owner of the organisation; one's own for a user",
		Docs:  "https://developer.hashicorp.com/terraform/cloud-docs/api-docs/team-tokens",
		Joins: "none without introspection: the listing shows no part of the value", Decides: "age, last use, end, who made it",
		Signs: []string{"data[].type=authentication-tokens", "data.type=authentication-tokens"}, Mappings: []Mapping{
			terraformToken("data[]"), terraformToken("data"),
		},
	}
}

func terraformToken(rows string) Mapping {
	return Mapping{
		Rows: rows, If: "type=authentication-tokens", Class: Credential, Kinds: []string{"terraform-cloud-token"}, Key: "id",
		Facts: []Take{
			{From: "attributes.description", To: "name"}, {From: "attributes.created-at", To: "created", As: when}, {From: "attributes.last-used-at", To: "last_used", As: used}, {From: "attributes.expired-at", To: "expires", As: expiry},
			{From: "relationships.created-by.data.id", To: "creator"}, {From: "relationships.team.data.id", To: "team"}, {From: "'active'", To: "status"},
		},
		// The value stands in the answer that makes a token alone.
		Keys:    []Take{{From: "id", To: "hashicorp.key_id"}, {From: "attributes.token", To: "value"}},
		Parents: []Take{{From: "relationships.created-by.data.id", To: "hashicorp.user"}},
	}
}
