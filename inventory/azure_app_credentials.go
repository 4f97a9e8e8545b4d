package inventory

import (
	"strings"
)

const graph = "https://learn.microsoft.com/en-us/graph/api/resources/"

// entraApplications is the answer of Graph's applications and servicePrincipals, with the secrets and certificates of each.
func entraApplications() listing {
	var ms []Mapping
	for _, rows := range []string{"value[]", "[]"} {
		ms = append(ms,
			Mapping{
				Rows: rows, If: "appId", Class: Principal, Key: "appId",
				Facts: []Take{
					{From: "displayName", To: "name"}, {From: "createdDateTime", To: "principal_created", As: when}, {From: "'service'", To: "user_type"},
					{From: "accountEnabled", To: "user_status", As: is("true", "active", "false", "suspended")},
					{From: "notes|description", To: "description"},
					{From: "owners[].userPrincipalName|owners[].mail", To: "owner", As: lower},
					{From: "appOwnerOrganizationId", To: "organisation"},
				},
				Keys:    []Take{{From: "appId", To: "azure.application"}},
				Parents: []Take{{From: "owners[].userPrincipalName|owners[].mail", To: "person.email", As: lower}},
				Finish:  func(o Object, r *Row, _ Meta) error { r.tagWords(o, "tags[]"); return nil },
			},
			entraSecret(rows, "passwordCredentials[]", "^.appId", "^.displayName"),
			entraCertificate(rows, "keyCredentials[]", "^.appId", "^.displayName"),
		)
	}
	return listing{
		Name: "entra-applications", Title: "Entra applications and their credentials", System: "entra",
		Command:    "az rest --method get --url 'https://graph.microsoft.com/v1.0/applications?$select=id,appId,displayName,createdDateTime,passwordCredentials,keyCredentials,notes,tags&$expand=owners' > applications.json",
		Permission: "Application.Read.All (Graph, delegated or application)",
		Docs:       graph + "application",
		Joins:      "key id (exact, where introspection told it); first three characters of the secret (probable); application id (parent)",
		Decides:    "whether the secret exists, its age and end, the application's owners",
		Lists:      []string{"azure-client-secret", "azure-client-secret-old"}, Within: []string{"azure.application"},
		Signs:    []string{"value[].appId value[].passwordCredentials", "[].appId [].passwordCredentials", "value[].passwordCredentials[].keyId"},
		Mappings: ms,
	}
}

// entraSecrets is what "az ad app credential list" prints of one application, which it does not name.
func entraSecrets() listing {
	m := entraSecret("[]", "", "", "")
	m.If = "hint"
	return listing{
		Name: "entra-app-secrets", Title: "Entra application secrets of one application", System: "entra",
		Command:    "az ad app credential list --id APP_ID > secrets.json",
		Permission: "Application.Read.All (Graph), or owner of the application",
		Docs:       graph + "passwordcredential",
		Joins:      "first three characters of the secret (probable)", Decides: "whether the secret exists, its age and end",
		Signs:    []string{"[].hint [].keyId [].endDateTime"},
		Mappings: []Mapping{m},
	}
}

// entraSecret maps a passwordCredential. hint is "the first three characters of the password". An application that Entra shows
// no hint for is joined by its application alone.
func entraSecret(rows, each, app, name string) Mapping {
	return Mapping{
		Rows: rows, Each: each, Class: Credential, Kinds: []string{"azure-client-secret", "azure-client-secret-old"}, Key: "keyId",
		Facts: []Take{
			{From: "displayName", To: "name"},
			{From: "startDateTime", To: "created", As: when},
			{From: "endDateTime", To: "expires", As: expiry},
		},
		Keys: []Take{{From: "keyId", To: "azure.key_id"}, {From: "hint", To: "first:3"}},
		Finish: func(o Object, r *Row, m Meta) error {
			id := o.Text(app)
			if app == "" {
				id = m.Scope
			}
			if h := o.Text("hint"); h != "" && len(h) != 3 {
				r.Keys = r.Keys[:1]
			}
			r.give("user", id)
			if name != "" {
				r.give("application_name", o.Text(name))
			}
			r.belongs("azure.application", id)
			return nil
		},
	}
}

func entraCertificate(rows, each, app, name string) Mapping {
	return Mapping{
		Rows: rows, Each: each, Class: Credential, Kinds: []string{"private-key", "pkcs12-file"}, Key: "keyId",
		Facts: []Take{
			{From: "displayName", To: "subject"}, {From: "type", To: "type"}, {From: "usage", To: "scope"},
			{From: "startDateTime", To: "created", As: when}, {From: "endDateTime", To: "expires", As: expiry},
		},
		Keys: []Take{{From: "keyId", To: "azure.key_id"}, {From: "customKeyIdentifier", To: "x509.thumbprint", As: lower}},
		Finish: func(o Object, r *Row, _ Meta) error {
			r.give("user", o.Text(app))
			r.give("application_name", o.Text(name))
			r.belongs("azure.application", o.Text(app))
			return nil
		},
	}
}

// tagWords reads tags that are one text each: "env:prod", "owner=team-a".
func (r *Row) tagWords(o Object, path string) {
	for _, s := range o.Texts(path) {
		if i := strings.IndexAny(s, ":="); i > 0 {
			r.labels(Object{m: map[string]any{"t": map[string]any{strings.TrimSpace(s[:i]): s[i+1:]}}}, "t")
		}
	}
}
