package inventory

// entraSignIns is the answer of Graph's (beta) appCredentialSignInActivities and servicePrincipalSignInActivities.
func entraSignIns() listing {
	var ms []Mapping
	for _, rows := range []string{"value[]", "[]"} {
		ms = append(ms, Mapping{
			Rows: rows, If: "keyId", Class: Event, Key: "keyId",
			Facts: []Take{
				{From: "signInActivity.lastSignInDateTime", To: "last_used", As: used}, {From: "expirationDateTime|expirationDate", To: "expires", As: expiry},
				{From: "createdDateTime", To: "created", As: when}, {From: "resourceId", To: "target"}, {From: "appId", To: "user"}, {From: "credentialOrigin", To: "origin", As: lower},
			},
			Keys: []Take{{From: "keyId", To: "azure.key_id"}}, Parents: []Take{{From: "appId", To: "azure.application"}},
		}, Mapping{
			Rows: rows, If: "lastSignInActivity", Class: Event, Key: "appId",
			Facts: []Take{
				{From: "applicationAuthenticationClientSignInActivity.lastSignInDateTime", To: "last_used", As: used},
				{From: "lastSignInActivity.lastSignInDateTime", To: "principal_last_used", As: used}, {From: "appId", To: "user"},
			},
			Keys: []Take{{From: "appId", To: "azure.application"}},
		})
	}
	return listing{
		Name: "entra-sign-ins", Title: "Entra sign-in activity of applications", System: "entra",
		Command:    "az rest --method get --url 'https://graph.microsoft.com/beta/reports/appCredentialSignInActivities' > sign-ins.json (or servicePrincipalSignInActivities)",
		Permission: "AuditLog.Read.All (Graph)",
		Docs:       graph + "appcredentialsigninactivity?view=graph-rest-beta",
		Joins:      "key id (exact, through entra-applications); application id (parent)", Decides: "last use of a secret and of an application",
		Signs:    []string{"value[].signInActivity value[].keyId", "[].signInActivity [].keyId", "value[].lastSignInActivity value[].appId", "[].lastSignInActivity [].appId"},
		Mappings: ms,
	}
}
