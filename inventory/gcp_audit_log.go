package inventory

import (
	"errors"
	"strings"
)

// gcpAuditLog is what "gcloud logging read" prints of Cloud Audit Logs, folded to one row a key or account.
func gcpAuditLog() listing {
	m := Mapping{
		Class: Event, If: "protoPayload.authenticationInfo",
		Finish: func(o Object, r *Row, _ Meta) error {
			email, key := o.Text("protoPayload.authenticationInfo.principalEmail"), tailOf(o.Text("protoPayload.authenticationInfo.serviceAccountKeyName"))
			if !strings.HasSuffix(email, "gserviceaccount.com") {
				return errSkip
			}
			at, err := when(o.Text("timestamp"))
			if err != nil || at == "" {
				return errors.New("timestamp is not a time")
			}
			if key != "" {
				r.Record.Key = key
				r.Keys = append(r.Keys, Key{"gcp.key_id", cutText(key)})
				r.belongs("gcp.email", email)
			} else {
				r.Record.Key = email
				r.Keys = append(r.Keys, Key{"gcp.email", cutText(email)})
			}
			r.give("events", "1")
			r.give("last_used", at)
			r.give("first_used", at)
			r.give("user", email)
			addr := o.Text("protoPayload.requestMetadata.callerIp")
			r.give("address", addr)
			r.give("network", networkClass(addr))
			agent, _, _ := strings.Cut(o.Text("protoPayload.requestMetadata.callerSuppliedUserAgent"), " ")
			r.give("agent", agent)
			r.give("service", o.Text("protoPayload.serviceName"))
			r.give("target", o.Text("protoPayload.resourceName"))
			r.give("project", o.Text("resource.labels.project_id"))
			return nil
		},
	}
	list, lines := m, m
	list.Rows, lines.Rows = "[]", ""
	return listing{
		Name: "gcp-audit-log", Title: "Google Cloud audit log", System: "gcp-audit",
		Command:    "gcloud logging read 'protoPayload.authenticationInfo.serviceAccountKeyName:\"KEY_ID\"' --freshness=90d --format=json > audit-log.json",
		Permission: "logging.logEntries.list (roles/logging.viewer; roles/logging.privateLogViewer for data access)",
		Docs:       "https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog",
		Joins:      "private_key_id (exact), address of the account (parent)", Decides: "who calls, from where, which resources, when last",
		Signs:    []string{"[].protoPayload.authenticationInfo", "protoPayload.authenticationInfo"},
		Mappings: []Mapping{list, lines}, Fold: true,
	}
}
