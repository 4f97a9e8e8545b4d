package inventory

import (
	"slices"

	"sprawl/finding"
)

// entraUsers is the answer of Graph's users: who still has an account.
func entraUsers() listing {
	var ms []Mapping
	for _, rows := range []string{"value[]", "[]"} {
		ms = append(ms, Mapping{
			Rows: rows, If: "userPrincipalName", Class: Principal, Key: "id|userPrincipalName",
			Facts: []Take{
				{From: "userPrincipalName", To: "user", As: lower}, {From: "displayName", To: "name"}, {From: "department", To: "team"},
				{From: "accountEnabled", To: "user_status", As: is("true", "active", "false", "suspended")},
				{From: "deletedDateTime", To: "deleted", As: when}, {From: "employeeLeaveDateTime", To: "left", As: when},
				{From: "createdDateTime", To: "principal_created", As: when}, {From: "'human'", To: "user_type"},
			},
			Keys: []Take{{From: "mail", To: "person.email", As: lower}, {From: "userPrincipalName", To: "person.email", As: lower}, {From: "id", To: "azure.user"}},
			Finish: func(o Object, r *Row, _ Meta) error {
				if r.Fact("deleted") != "" {
					r.Record.Facts = slices.DeleteFunc(r.Record.Facts, func(f finding.Fact) bool { return f.Field == "user_status" })
					r.give("user_status", "deleted")
				}
				return nil
			},
		})
	}
	return listing{
		Name: "entra-users", Title: "Entra users", System: "entra",
		Command:    "az rest --method get --url 'https://graph.microsoft.com/v1.0/users?$select=id,userPrincipalName,mail,displayName,department,accountEnabled,createdDateTime,employeeLeaveDateTime' > users.json",
		Permission: "User.Read.All (Graph)", Docs: graph + "user",
		Joins: "e-mail address of an owner or creator (parent)", Decides: "whether the owner still has an account",
		Signs: []string{"value[].userPrincipalName value[].accountEnabled", "[].userPrincipalName [].accountEnabled", "value[].userPrincipalName", "[].userPrincipalName"}, Mappings: ms,
	}
}
