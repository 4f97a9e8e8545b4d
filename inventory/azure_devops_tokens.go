package inventory

import (
	"strings"
)

// azureDevOpsTokens is the answer of tokenadmin/personalaccesstokens and of tokens/pats.
func azureDevOpsTokens() listing {
	m := Mapping{
		Class: Credential, Kinds: []string{"azure-devops-token"}, If: "authorizationId", Key: "authorizationId",
		Facts: []Take{
			{From: "displayName", To: "name"}, {From: "validFrom", To: "created", As: when}, {From: "validTo", To: "expires", As: expiry},
			{From: "userId", To: "user"}, {From: "isValid", To: "status", As: is("true", "active", "false", "revoked")}, {From: "'human'", To: "user_type"},
		},
		Keys: []Take{{From: "authorizationId", To: "azure.devops_token"}}, Parents: []Take{{From: "userId", To: "azure.devops_user"}},
		Finish: func(o Object, r *Row, _ Meta) error {
			sum := ""
			for s := range strings.FieldsSeq(o.Text("scope")) {
				r.give("scope", s)
				switch {
				case s == "app_token":
					sum = "admin"
				case strings.HasSuffix(s, "_manage") || strings.HasSuffix(s, "_write") || strings.HasSuffix(s, "_full") || strings.HasSuffix(s, "_execute"):
					sum = moreAccess(sum, "write")
				default:
					sum = moreAccess(sum, "read")
				}
			}
			r.give("access", sum)
			return nil
		},
	}
	a, b, c := m, m, m
	a.Rows, b.Rows, c.Rows = "value[]", "patTokens[]", "[]"
	return listing{
		Name: "azure-devops-tokens", Title: "Azure DevOps personal access tokens", System: "azure-devops",
		Command:    "az rest --resource 499b84ac-1321-427f-aa17-267ca6975798 --method get --url 'https://vssps.dev.azure.com/ORG/_apis/tokenadmin/personalaccesstokens/SUBJECT?api-version=7.1-preview.1' > pats.json",
		Permission: "Project Collection Administrators (vso.tokenadministration for an application)",
		Docs:       "https://learn.microsoft.com/en-us/rest/api/azure/devops/tokenadmin/personal-access-tokens/list",
		Joins:      "none without introspection: the listing shows no part of the value", Decides: "age, end and scopes of the tokens of a person",
		Signs: []string{"value[].authorizationId", "patTokens[].authorizationId", "[].authorizationId [].validTo"}, Mappings: []Mapping{a, b, c},
	}
}
