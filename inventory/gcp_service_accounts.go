package inventory

// gcpServiceAccounts is the answer of serviceAccounts.list.
func gcpServiceAccounts() listing {
	m := Mapping{
		Class: Principal, Key: "email",
		Facts: []Take{
			{From: "email", To: "user"}, {From: "displayName", To: "name"}, {From: "description", To: "description"},
			{From: "projectId", To: "project"}, {From: "'service'", To: "user_type"},
			{From: "disabled", To: "user_status", As: is("true", "suspended")},
		},
		Keys:    []Take{{From: "email", To: "gcp.email"}, {From: "uniqueId", To: "gcp.user"}},
		Parents: []Take{{From: "projectId", To: "gcp.project"}},
		Finish: func(o Object, r *Row, _ Meta) error {
			if r.Fact("user_status") == "" {
				r.give("user_status", "active")
			}
			return nil
		},
	}
	bare, wrapped := m, m
	bare.Rows, wrapped.Rows = "[]", "accounts[]"
	return listing{
		Name: "gcp-service-accounts", Title: "Google Cloud service accounts", System: "gcp-iam",
		Command: "gcloud iam service-accounts list --format=json > service-accounts.json", Permission: "iam.serviceAccounts.list (roles/iam.serviceAccountViewer)",
		Docs:  "https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts",
		Joins: "address of the account (parent)", Decides: "whether the account is disabled, what it is said to be for",
		One:      []string{"gcp.project"},
		Signs:    []string{"[].email [].uniqueId [].projectId", "accounts[].uniqueId"},
		Mappings: []Mapping{bare, wrapped},
	}
}
