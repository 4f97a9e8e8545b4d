package inventory

import (
	"errors"
	"strings"
)

// awsAccountAliases is the answer of ListAccountAliases, which does not say of which account it is: the command adds it, or the user.
func awsAccountAliases() listing {
	return listing{
		Name: "aws-account-aliases", Title: "AWS account aliases", System: "aws-iam",
		Command:    "aws iam list-account-aliases | jq --arg a \"$(aws sts get-caller-identity --query Account --output text)\" '. + {Account: $a}' > aliases.json (or without jq, and scope=ACCOUNT)",
		Permission: "iam:ListAccountAliases",
		Docs:       iamAPI + "API_ListAccountAliases.html",
		Joins:      "account (parent)", Decides: "which environment the account is, by its alias",
		Signs: []string{"AccountAliases"},
		Mappings: []Mapping{{
			Class: Account, If: "AccountAliases", Facts: []Take{{From: "AccountAliases[]", To: "account_name"}},
			Finish: func(o Object, r *Row, m Meta) error {
				account := o.Text("Account")
				if account == "" {
					account = m.Scope
				}
				if len(account) != 12 || strings.Trim(account, "0123456789") != "" {
					return errors.New("does not say of which account it is: say so with scope=ACCOUNT")
				}
				r.Record.Key = account
				r.give("account", account)
				r.Keys = append(r.Keys, Key{"aws.account", account})
				return nil
			},
		}},
	}
}
