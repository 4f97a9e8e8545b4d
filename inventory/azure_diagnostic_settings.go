package inventory

import (
	"slices"
	"strings"
)

// azureDiagnostics is the answer of diagnosticSettings, of Entra (microsoft.aadiam) and of a resource: which logs go somewhere.
func azureDiagnostics() listing {
	m := Mapping{
		Class: Account, If: "logs|properties.logs", Key: "id|name",
		Finish: func(o Object, r *Row, m Meta) error {
			on := map[string]bool{}
			for _, l := range o.Objects("properties.logs[]|logs[]") {
				if l.Text("enabled") == "true" {
					on[strings.ToLower(l.Text("category|categoryGroup"))] = true
					r.give("logging_category", l.Text("category|categoryGroup"))
				}
			}
			for _, to := range o.Texts("properties.workspaceId|workspaceId") {
				r.give("logging_target", to)
			}
			r.give("logging_target", o.Texts("properties.storageAccountId|storageAccountId")...)
			r.give("logging_target", o.Texts("properties.eventHubAuthorizationRuleId|eventHubAuthorizationRuleId")...)
			// A resource's setting stands below the resource; Entra's stands below no subscription and is the tenant's. The use of a
			// secret is in the sign-ins of service principals, that of a storage key in reads and writes.
			id := strings.ToLower(o.Text("id"))
			var need []string
			if _, name, ok := strings.Cut(id, "/microsoft.storage/storageaccounts/"); ok {
				name, _, _ = strings.Cut(name, "/")
				r.Keys = append(r.Keys, Key{"azure.storage_account", name})
				r.Class = Principal
				need = []string{"storageread", "storagewrite"}
			} else if strings.Contains(id, "microsoft.aadiam") {
				r.give("system", "entra")
				if m.Scope != "" {
					r.Keys = append(r.Keys, Key{"azure.organisation", m.Scope})
				}
				need = []string{"serviceprincipalsigninlogs"}
			}
			missing := slices.ContainsFunc(need, func(c string) bool { return !on[c] && !on["alllogs"] })
			switch {
			case len(on) == 0:
				r.give("logging", "off")
			case len(need) > 0 && !missing:
				r.give("logging", "on")
			default:
				r.give("logging", "partial")
			}
			return nil
		},
	}
	var ms []Mapping
	for _, rows := range []string{"value[]", "[]"} {
		x := m
		x.Rows = rows
		ms = append(ms, x)
	}
	return listing{
		Name: "azure-diagnostic-settings", Title: "Azure and Entra diagnostic settings", System: "azure-monitor",
		Command:    "az rest --method get --url 'https://management.azure.com/providers/microsoft.aadiam/diagnosticSettings?api-version=2017-04-01' > diagnostics.json (az monitor diagnostic-settings list --resource ID for a resource)",
		Permission: "microsoft.aadiam/diagnosticSettings/read (Security Reader); Microsoft.Insights/diagnosticSettings/read for a resource",
		Docs:       "https://learn.microsoft.com/en-us/rest/api/monitor/diagnostic-settings/list",
		Joins:      "storage account (parent); tenant (parent, where the caller names it)", Decides: "whether sign-ins of service principals and calls to a resource are logged",
		Signs: []string{"value[].properties.logs", "[].logs[].category", "[].properties.logs"}, Mappings: ms,
	}
}
