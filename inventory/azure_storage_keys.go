package inventory

import (
	"strings"
)

// azureStorageKeys is what "az storage account keys list" prints: the keys themselves, which are summed and dropped.
func azureStorageKeys() listing {
	m := Mapping{
		Class: Credential, Kinds: []string{"azure-storage-key", "azure-annotated-key", "azure-shared-access-key"}, If: "keyName",
		Facts: []Take{
			{From: "keyName", To: "name"}, {From: "creationTime", To: "rotated", As: when},
			{From: "permissions", To: "access", As: is("full", "admin", "read", "read")}, {From: "'active'", To: "status"},
		},
		Keys: []Take{{From: "value", To: "value"}},
		Finish: func(o Object, r *Row, m Meta) error {
			r.Record.Key = strings.Trim(m.Scope+"/"+o.Text("keyName"), "/")
			if m.Scope != "" {
				r.give("account", m.Scope)
				r.belongs("azure.storage_account", m.Scope)
			}
			return nil
		},
	}
	bare, wrapped := m, m
	bare.Rows, wrapped.Rows = "[]", "keys[]"
	return listing{
		Name: "azure-storage-keys", Title: "Azure storage account keys", System: "azure-storage",
		Command:    "az storage account keys list --account-name ACCOUNT > storage-keys.json (holds the keys: remove it when done)",
		Permission: "Microsoft.Storage/storageAccounts/listkeys/action (Storage Account Key Operator Service Role; read-only in effect, not in name)",
		Docs:       "https://learn.microsoft.com/en-us/rest/api/storagerp/storage-accounts/list-keys",
		Joins:      "value (exact)", Decides: "whether the key is one of the account's two, which, and when it was made",
		Lists: []string{"azure-storage-key"}, Within: []string{"azure.storage_account"},
		Signs: []string{"[].keyName [].permissions", "keys[].keyName keys[].permissions"}, Mappings: []Mapping{bare, wrapped},
	}
}
