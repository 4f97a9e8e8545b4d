package inventory

import (
	"strings"
)

// gcpKeyActivity is the answer of Policy Analyzer's activities:query.
func gcpKeyActivity() listing {
	m := Mapping{
		Class: Event, If: "activityType", Key: "fullResourceName|activity.serviceAccountKey.fullResourceName|activity.serviceAccount.fullResourceName",
		Facts: []Take{
			{From: "activity.lastAuthenticatedTime", To: "last_used", As: used},
			{From: "observationPeriod.startTime", To: "observed_since", As: when},
			{From: "observationPeriod.endTime", To: "observed_until", As: when},
		},
		Finish: func(o Object, r *Row, _ Meta) error {
			p := strings.Split(r.Record.Key, "/")
			for i := 0; i+1 < len(p); i++ {
				switch p[i] {
				case "keys":
					r.Keys = append(r.Keys, Key{"gcp.key_id", p[i+1]})
				case "serviceAccounts":
					r.give("user", p[i+1])
					r.belongs("gcp.email", p[i+1])
				}
			}
			if len(r.Keys) == 0 {
				r.Keys = append(r.Keys, r.Parents...)
			}
			if r.Fact("last_used") == "" {
				r.give("last_used_before", r.Fact("observed_since")) // not within the period that was looked at
			}
			return nil
		},
	}
	bare, wrapped := m, m
	bare.Rows, wrapped.Rows = "[]", "activities[]"
	return listing{
		Name: "gcp-key-activity", Title: "Google Cloud service account key activity", System: "gcp-activity",
		Command:    "gcloud policy-intelligence query-activity --activity-type=serviceAccountKeyLastAuthentication --project=PROJECT --format=json > key-activity.json",
		Permission: "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query (roles/policyanalyzer.activityAnalysisViewer)",
		Docs:       "https://cloud.google.com/policy-intelligence/docs/service-account-usage-tools",
		Joins:      "private_key_id (exact)", Decides: "last use",
		Signs:    []string{"[].activityType", "activities[].activityType"},
		Mappings: []Mapping{bare, wrapped},
	}
}
