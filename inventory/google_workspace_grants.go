package inventory

// googleGrants is the answer of Directory API's tokens.list: what applications may do in a person's name.
func googleGrants() listing {
	return listing{
		Name: "google-oauth-grants", Title: "Google Workspace OAuth grants", System: "google-workspace",
		Command: "curl -H \"Authorization: Bearer $TOKEN\" 'https://admin.googleapis.com/admin/directory/v1/users/USER/tokens' > grants.json", Permission: "admin.directory.user.security",
		Docs:  "https://developers.google.com/workspace/admin/directory/reference/rest/v1/tokens",
		Joins: "none: a third party's access; by client id with the policy's integrations", Decides: "which applications hold access, how much, given by whom",
		Signs: []string{"items[].clientId items[].displayText", "items[].kind=admin#directory#token"}, Mappings: []Mapping{{
			Rows: "items[]", If: "clientId", Class: ThirdParty,
			Facts: []Take{{From: "displayText|clientId", To: "integration"}, {From: "clientId", To: "client"}, {From: "scopes[]", To: "scope"}, {From: "userKey", To: "user"}, {From: "nativeApp", To: "native", As: is("true", "yes")}},
			Finish: func(o Object, r *Row, _ Meta) error {
				r.Record.Key = o.Text("userKey") + "/" + o.Text("clientId")
				r.Keys = append(r.Keys, Key{"google.grant", r.Record.Key})
				return nil
			},
		}},
	}
}
