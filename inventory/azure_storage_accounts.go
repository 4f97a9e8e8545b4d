package inventory

import (
	"strings"
)

// azureStorageAccounts is what "az storage account list" and show print.
func azureStorageAccounts() listing {
	m := Mapping{
		Class: Principal, If: "keyCreationTime", Key: "id",
		Facts: []Take{
			{From: "name", To: "account"}, {From: "creationTime", To: "principal_created", As: when}, {From: "'service'", To: "user_type"},
			{From: "allowSharedKeyAccess", To: "shared_key_access", As: is("true", "on", "false", "off")},
			{From: "keyCreationTime.key1", To: "key1_rotated", As: when}, {From: "keyCreationTime.key2", To: "key2_rotated", As: when},
			{From: "keyPolicy.keyExpirationPeriodInDays", To: "key_period_days"},
			{From: "publicNetworkAccess", To: "public_network", As: is("enabled", "on", "disabled", "off")},
			{From: "'admin'", To: "access"},
		},
		Finish: func(o Object, r *Row, _ Meta) error {
			r.labels(o, "tags")
			r.Keys = append(r.Keys, Key{"azure.storage_account", o.Text("name")})
			if strings.EqualFold(o.Text("networkRuleSet.defaultAction|networkAcls.defaultAction"), "deny") || strings.EqualFold(o.Text("publicNetworkAccess"), "disabled") {
				r.give("restriction", "network rules")
			} else if o.Text("networkRuleSet.defaultAction|networkAcls.defaultAction") != "" {
				r.give("restriction", "none")
			}
			if p := strings.Split(r.Record.Key, "/"); len(p) > 2 && p[1] == "subscriptions" {
				r.give("project", p[2])
				r.belongs("azure.project", p[2])
			}
			return nil
		},
	}
	list, one := m, m
	list.Rows, one.Rows = "[]", ""
	return listing{
		Name: "azure-storage-accounts", Title: "Azure storage accounts", System: "azure-storage",
		Command: "az storage account list > storage-accounts.json", Permission: "Microsoft.Storage/storageAccounts/read (Reader)",
		Docs:  "https://learn.microsoft.com/en-us/rest/api/storagerp/storage-accounts/list",
		Joins: "name of the account (parent)", Decides: "when each of the two keys was made, whether keys may be used at all, network rules, tags",
		Signs: []string{"[].keyCreationTime", "keyCreationTime primaryEndpoints"}, Mappings: []Mapping{list, one},
	}
}
