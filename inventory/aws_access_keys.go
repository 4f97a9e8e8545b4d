package inventory

// awsAccessKeys is the answer of ListAccessKeys, for one user or several one after the other.
func awsAccessKeys() listing {
	return listing{
		Name: "aws-access-keys", Title: "AWS access keys of IAM users", System: "aws-iam",
		Command:    "for u in $(aws iam list-users --query 'Users[].UserName' --output text); do aws iam list-access-keys --user-name \"$u\"; done > access-keys.json",
		Permission: "iam:ListUsers, iam:ListAccessKeys",
		Docs:       iamAPI + "API_ListAccessKeys.html",
		Joins:      "access key id (exact); with aws-credential-report also the slot, by user and time of creation",
		Decides:    "whether the key exists, is active, and how old it is",
		Lists:      []string{"aws-access-key"},
		Within:     []string{"aws.user"},
		One:        []string{"aws.account"},
		Signs:      []string{"AccessKeyMetadata[].AccessKeyId", "[].AccessKeyMetadata[].AccessKeyId"},
		Mappings: []Mapping{
			awsKeyMapping("AccessKeyMetadata[]"), awsKeyMapping("[].AccessKeyMetadata[]"),
		},
	}
}

func awsKeyMapping(rows string) Mapping {
	return Mapping{
		Rows: rows, Class: Credential, Kinds: []string{"aws-access-key"}, Key: "AccessKeyId",
		Facts: []Take{
			{From: "UserName", To: "user"},
			{From: "Status", To: "status", As: is("active", "active", "inactive", "inactive", "expired", "expired")},
			{From: "CreateDate", To: "created", As: when},
		},
		Keys: []Take{{From: "AccessKeyId", To: "aws.key_id"}},
		Finish: func(o Object, r *Row, m Meta) error {
			user := o.Text("UserName")
			account := awsAccount(r.Record.Key)
			if account == "" {
				account = m.Scope
			}
			if user == "" {
				return nil
			}
			if account == "" {
				r.belongs("aws.user_name", user)
				return nil
			}
			r.give("account", account)
			r.belongs("aws.user", awsUser(account, user))
			r.belongs("aws.account", account)
			if made, err := when(o.Text("CreateDate")); err == nil && made != "" {
				r.Keys = append(r.Keys, Key{"aws.slot", awsSlot(account, user, made)})
			}
			return nil
		},
	}
}
