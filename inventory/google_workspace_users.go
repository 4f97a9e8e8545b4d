package inventory

// googleUsers is the answer of Directory API's users.list.
func googleUsers() listing {
	return listing{
		Name: "google-users", Title: "Google Workspace users", System: "google-workspace",
		Command: "curl -H \"Authorization: Bearer $TOKEN\" 'https://admin.googleapis.com/admin/directory/v1/users?customer=my_customer&maxResults=500' > users.json", Permission: "admin.directory.user.readonly",
		Docs:  "https://developers.google.com/workspace/admin/directory/reference/rest/v1/users",
		Joins: "e-mail address of an owner or creator (parent)", Decides: "whether the owner still has an account",
		Signs: []string{"users[].primaryEmail"}, Mappings: []Mapping{{
			Rows: "users[]", Class: Principal, Key: "primaryEmail",
			Facts: []Take{
				{From: "primaryEmail", To: "user", As: lower}, {From: "name.fullName", To: "name"}, {From: "creationTime", To: "principal_created", As: when}, {From: "organizations[].department", To: "team"}, {From: "'human'", To: "user_type"}, {From: "isAdmin", To: "access", As: is("true", "admin")},
			},
			Keys: []Take{{From: "primaryEmail", To: "person.email", As: lower}, {From: "aliases[]", To: "person.email", As: lower}},
			Finish: func(o Object, r *Row, _ Meta) error {
				switch {
				case o.Text("deletionTime") != "":
					r.give("user_status", "deleted")
				case o.Text("suspended") == "true" || o.Text("archived") == "true":
					r.give("user_status", "suspended")
				default:
					r.give("user_status", "active")
				}
				return nil
			},
		}},
	}
}
