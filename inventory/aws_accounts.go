package inventory

// awsAccounts is the answer of Organizations' ListAccounts.
func awsAccounts() listing {
	return listing{
		Name: "aws-accounts", Title: "AWS accounts of an organization", System: "aws-organizations",
		Command: "aws organizations list-accounts > accounts.json", Permission: "organizations:ListAccounts",
		Docs:  "https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html",
		Joins: "account (parent)", Decides: "which environment the account is, by its name; whether it is suspended",
		Signs: []string{"Accounts[].JoinedMethod", "Accounts[].Arn"},
		Mappings: []Mapping{{
			Rows: "Accounts[]", Class: Account, Key: "Id",
			Facts: []Take{
				{From: "Name", To: "account_name"}, {From: "Id", To: "account"},
				{From: "Email", To: "account_email", As: lower},
				{From: "Status|State", To: "account_status", As: lower},
			},
			Keys:   []Take{{From: "Id", To: "aws.account"}},
			Finish: func(o Object, r *Row, _ Meta) error { r.labels(o, "Tags"); return nil },
		}},
	}
}
