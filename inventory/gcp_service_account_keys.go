package inventory

import (
	"errors"
	"strings"
)

// gcpServiceAccountKeys is the answer of serviceAccounts.keys.list; its names end with the private_key_id of the key file.
func gcpServiceAccountKeys() listing {
	m := Mapping{
		Class: Credential, Kinds: []string{"gcp-service-account-key"}, Key: "name",
		If: "validAfterTime",
		Facts: []Take{
			{From: "validAfterTime", To: "created", As: when},
			{From: "validBeforeTime", To: "expires", As: expiry},
			{From: "keyOrigin", To: "origin", As: is("user_provided", "user", "google_provided", "provider")},
			{From: "disabled", To: "disabled", As: is("true", "true")},
		},
		Finish: func(o Object, r *Row, _ Meta) error {
			// Keys that Google holds never leave it.
			if o.Text("keyType") == "SYSTEM_MANAGED" {
				return errSkip
			}
			if o.Text("disabled") == "true" {
				r.give("status", "inactive")
			} else {
				r.give("status", "active")
			}
			p := strings.Split(r.Record.Key, "/")
			if len(p) != 6 || p[0] != "projects" || p[2] != "serviceAccounts" || p[4] != "keys" {
				return errors.New("name is not that of a service account's key")
			}
			r.give("user", p[3])
			r.Keys = append(r.Keys, Key{"gcp.key_id", p[5]})
			r.belongs("gcp.email", p[3])
			if project := gcpProject(p[3]); project != "" {
				r.give("project", project)
				r.belongs("gcp.project", project)
			}
			return nil
		},
	}
	bare, wrapped := m, m
	bare.Rows, wrapped.Rows = "[]", "keys[]"
	return listing{
		Name: "gcp-service-account-keys", Title: "Google Cloud service account keys", System: "gcp-iam",
		Command:    "for a in $(gcloud iam service-accounts list --format='value(email)'); do gcloud iam service-accounts keys list --iam-account $a --managed-by=user --format=json; done > keys.json",
		Permission: "iam.serviceAccounts.list, iam.serviceAccountKeys.list (roles/iam.serviceAccountViewer)",
		Docs:       "https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys",
		Joins:      "private_key_id (exact)", Decides: "whether the key exists and is enabled, how old it is, when it ends",
		Lists: []string{"gcp-service-account-key"}, Within: []string{"gcp.email"}, One: []string{"gcp.project"},
		Signs:    []string{"[].validAfterTime [].keyType", "keys[].validAfterTime", "[].validAfterTime [].name"},
		Mappings: []Mapping{bare, wrapped},
	}
}

// gcpProject is the project in a service account's address, "" where the address is one that Google made.
func gcpProject(email string) string {
	_, domain, _ := strings.Cut(email, "@")
	p, ok := strings.CutSuffix(domain, ".iam.gserviceaccount.com")
	if !ok {
		return ""
	}
	return p
}
