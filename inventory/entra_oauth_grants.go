package inventory

import (
	"strings"
)

// entraGrants is the answer of Graph's oauth2PermissionGrants: what applications may do in people's names.
func entraGrants() listing {
	var ms []Mapping
	for _, rows := range []string{"value[]", "[]"} {
		ms = append(ms, Mapping{
			Rows: rows, If: "consentType", Class: ThirdParty, Key: "id",
			Facts: []Take{
				{From: "clientDisplayName|clientId", To: "integration"}, {From: "consentType", To: "consent", As: is("allprincipals", "everybody", "principal", "one person")},
				{From: "principalId", To: "user"}, {From: "resourceDisplayName|resourceId", To: "target"}, {From: "expiryTime", To: "expires", As: expiry},
			},
			Keys: []Take{{From: "id", To: "entra.grant"}},
			Finish: func(o Object, r *Row, _ Meta) error {
				sum := ""
				for s := range strings.FieldsSeq(o.Text("scope")) {
					r.give("scope", s)
					switch l := strings.ToLower(s); {
					case strings.Contains(l, "fullcontrol") || strings.HasPrefix(l, "directory.accessasuser") || strings.HasPrefix(l, "rolemanagement.readwrite"):
						sum = moreAccess(sum, "admin")
					case strings.HasSuffix(l, ".all") && strings.Contains(l, "write"):
						sum = moreAccess(sum, "write")
					case strings.HasSuffix(l, ".all"):
						sum = moreAccess(sum, "read")
					default:
						sum = moreAccess(sum, "narrow")
					}
				}
				r.give("access", sum)
				return nil
			},
		})
	}
	return listing{
		Name: "entra-oauth-grants", Title: "Entra delegated permission grants", System: "entra",
		Command:    "az rest --method get --url 'https://graph.microsoft.com/v1.0/oauth2PermissionGrants' > grants.json",
		Permission: "DelegatedPermissionGrant.Read.All or Directory.Read.All (Graph)",
		Docs:       graph + "oauth2permissiongrant",
		Joins:      "none: a third party's access", Decides: "which applications hold access, and how much",
		Signs: []string{"value[].consentType", "[].consentType [].clientId"}, Mappings: ms,
	}
}
