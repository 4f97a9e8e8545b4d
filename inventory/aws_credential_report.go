package inventory

import (
	"errors"
	"strconv"
	"strings"
)

// awsCredentialReport is the table of GenerateCredentialReport. It names users and two slots for keys each, and no key: alone
// it is joined by the user, with list-access-keys by the slot.
func awsCredentialReport() listing {
	slot := func(n string) Mapping {
		return Mapping{
			Rows: Table, If: "access_key_" + n + "_last_rotated", Class: Credential, Kinds: []string{"aws-access-key"},
			Facts: []Take{
				{From: "user", To: "user"},
				{From: "access_key_" + n + "_active", To: "status", As: activeIf},
				{From: "access_key_" + n + "_last_rotated", To: "rotated", As: when},
				{From: "access_key_" + n + "_last_used_date", To: "last_used", As: used},
				{From: "access_key_" + n + "_last_used_service", To: "service", As: word},
				{From: "access_key_" + n + "_last_used_region", To: "region", As: word},
			},
			Finish: func(o Object, r *Row, _ Meta) error {
				made, err := when(o.Text("access_key_" + n + "_last_rotated"))
				if err != nil || made == "" {
					return errSkip
				}
				account, user := arnAccount(o.Text("arn")), o.Text("user")
				r.Record.Key = o.Text("arn") + "#" + n
				r.give("account", account)
				r.Keys = append(r.Keys, Key{"aws.slot", awsSlot(account, user, made)})
				r.belongs("aws.user", awsUser(account, user))
				r.belongs("aws.account", account)
				return nil
			},
		}
	}
	return listing{
		Name: "aws-credential-report", Title: "AWS IAM credential report", System: "aws-credential-report",
		Command:    "aws iam generate-credential-report && aws iam get-credential-report --query Content --output text | base64 -d > credential-report.csv",
		Permission: "iam:GenerateCredentialReport, iam:GetCredentialReport",
		Docs:       "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html",
		Joins:      "user (parent); with aws-access-keys the slot (exact)",
		Decides:    "last use, last rotation, whether the user is a person with a console password; a slot only together with aws-access-keys",
		Signs:      []string{"user arn access_key_1_active access_key_1_last_rotated"},
		One:        []string{"aws.account"},
		Columns: "user arn user_creation_time password_enabled password_last_used password_last_changed password_next_rotation mfa_active " +
			"access_key_1_active access_key_1_last_rotated access_key_1_last_used_date access_key_1_last_used_region access_key_1_last_used_service " +
			"access_key_2_active access_key_2_last_rotated access_key_2_last_used_date access_key_2_last_used_region access_key_2_last_used_service " +
			"cert_1_active cert_1_last_rotated cert_2_active cert_2_last_rotated",
		Mappings: []Mapping{
			{
				Rows: Table, Class: Principal, Key: "arn",
				Facts: []Take{
					{From: "user", To: "user"},
					{From: "user_creation_time", To: "principal_created", As: when},
					{From: "password_enabled", To: "user_type", As: is("true", "human")},
				},
				Finish: func(o Object, r *Row, _ Meta) error {
					account, user := arnAccount(o.Text("arn")), o.Text("user")
					if account == "" {
						return errors.New("arn is not one")
					}
					keys, told := 0, true
					for _, n := range []string{"1", "2"} {
						switch strings.ToLower(o.Text("access_key_" + n + "_active")) {
						case "true":
							keys++
						case "false":
						default:
							told = false // the other slot may hold a key
						}
					}
					if user == "<root_account>" {
						r.give("access", "admin")
						r.give("user_type", "human")
					}
					r.give("account", account)
					if told {
						r.give("principal_keys", strconv.Itoa(keys))
					}
					r.Keys = append(r.Keys, Key{"aws.user", awsUser(account, user)}, Key{"aws.user_name", user})
					r.belongs("aws.account", account)
					return nil
				},
			},
			slot("1"), slot("2"),
		},
	}
}

// word is a text that is no placeholder for one.
func word(v any) (string, error) {
	s, err := asText(v)
	switch strings.ToLower(s) {
	case "n/a", "no_information", "not_supported", "none":
		return "", err
	}
	return s, err
}
