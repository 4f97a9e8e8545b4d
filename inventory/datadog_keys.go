package inventory

import "strings"

// datadogKeys is the answer of GET /api/v2/api_keys and /api/v2/application_keys, with the users they include.
func datadogKeys() listing {
	return listing{
		Name: "datadog-keys", Title: "Datadog API and application keys", System: "datadog",
		Command: "curl -H \"DD-API-KEY: $DD_API_KEY\" -H \"DD-APPLICATION-KEY: $DD_APP_KEY\" 'https://api.datadoghq.com/api/v2/api_keys?page[size]=100&include=created_by' > api-keys.json (application_keys?include=owned_by)", Permission: "api_keys_read, org_app_keys_read",
		Docs:  "https://docs.datadoghq.com/api/latest/key-management/",
		Joins: "last four characters (probable)", Decides: "age, last use, scopes, who made it",
		Lists: []string{"datadog-api-key", "datadog-application-key"},
		Signs: []string{"data[].type=api_keys", "data[].type=application_keys", "data[].attributes.last4"}, Mappings: []Mapping{{
			Rows: "data[]", If: "type=api_keys", Class: Credential, Kinds: []string{"datadog-api-key"}, Key: "id",
			Facts: []Take{
				{From: "attributes.name", To: "name"}, {From: "attributes.created_at", To: "created", As: when}, {From: "attributes.date_last_used", To: "last_used", As: used},
				{From: "'active'", To: "status"},
			},
			Keys:    []Take{{From: "id", To: "datadog.key_id"}, {From: "attributes.last4", To: "last:4"}, {From: "attributes.key", To: "value"}},
			Parents: []Take{{From: "relationships.created_by.data.id|relationships.owned_by.data.id", To: "datadog.user"}},
		}, {
			Rows: "data[]", If: "type=application_keys", Class: Credential, Kinds: []string{"datadog-application-key"}, Key: "id",
			Facts: []Take{
				{From: "attributes.name", To: "name"}, {From: "attributes.created_at", To: "created", As: when}, {From: "attributes.last_used_at", To: "last_used", As: used}, {From: "attributes.scopes[]", To: "scope"},
				{From: "'active'", To: "status"},
			},
			Keys:    []Take{{From: "id", To: "datadog.key_id"}, {From: "attributes.last4", To: "last:4"}, {From: "attributes.key", To: "value"}},
			Parents: []Take{{From: "relationships.created_by.data.id|relationships.owned_by.data.id", To: "datadog.user"}},
			Finish: func(o Object, r *Row, _ Meta) error {
				scopes := o.Texts("attributes.scopes[]")
				if len(o.All("attributes.scopes")) > 0 && len(scopes) == 0 {
					r.give("access", "admin") // all that its owner may do
					return nil
				}
				sum := ""
				for _, s := range scopes {
					switch {
					case s == "org_management" || s == "user_access_manage" || s == "api_keys_write" || s == "org_app_keys_write":
						sum = moreAccess(sum, "admin") // can make itself or others more
					case strings.HasSuffix(s, "_read"):
						sum = moreAccess(sum, "read")
					default:
						sum = moreAccess(sum, "write")
					}
				}
				r.give("access", sum)
				return nil
			},
		}, {
			Rows: "included[]", If: "type=users", Class: Principal, Key: "id",
			Facts: []Take{
				{From: "attributes.email", To: "email", As: lower}, {From: "attributes.name", To: "name"}, {From: "attributes.disabled", To: "user_status", As: is("true", "suspended", "false", "active")}, {From: "attributes.service_account", To: "user_type", As: is("true", "service", "false", "human")},
			},
			Keys: []Take{{From: "id", To: "datadog.user"}, {From: "attributes.email", To: "person.email", As: lower}},
		}},
	}
}
