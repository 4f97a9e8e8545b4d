package inventory

// awsUsers is the answer of ListUsers. Tags stand in it only where a user was asked for alone (GetUser).
func awsUsers() listing {
	m := Mapping{
		Class: Principal, Key: "Arn",
		Facts: []Take{
			{From: "UserName", To: "user"},
			{From: "CreateDate", To: "principal_created", As: when},
			{From: "PasswordLastUsed", To: "user_type", As: func(any) (string, error) { return "human", nil }},
		},
		Finish: finishAWSUser,
	}
	list, one := m, m
	list.Rows, one.Rows = "Users[]", "User"
	return listing{
		Name: "aws-users", Title: "AWS IAM users", System: "aws-iam",
		Command:    "for u in $(aws iam list-users --query 'Users[].UserName' --output text); do aws iam get-user --user-name \"$u\"; done > users.json",
		Permission: "iam:ListUsers, iam:GetUser",
		Docs:       iamAPI + "API_GetUser.html",
		Joins:      "user (parent)",
		Decides:    "owner, team and environment by tags; whether the user has signed in with a password",
		Signs:      []string{"Users[].UserId", "User.UserId"},
		One:        []string{"aws.account"},
		Mappings:   []Mapping{list, one},
	}
}

func finishAWSUser(o Object, r *Row, _ Meta) error {
	account, user := arnAccount(r.Record.Key), o.Text("UserName")
	r.give("account", account)
	r.labels(o, "Tags")
	r.Keys = append(r.Keys, Key{"aws.user", awsUser(account, user)}, Key{"aws.user_name", user})
	r.belongs("aws.account", account)
	return nil
}
