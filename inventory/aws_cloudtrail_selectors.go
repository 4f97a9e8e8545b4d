package inventory

import (
	"slices"
)

// awsSelectors is the answer of GetEventSelectors: which events a trail takes.
func awsSelectors() listing {
	return listing{
		Name: "aws-cloudtrail-selectors", Title: "AWS CloudTrail event selectors", System: "aws-cloudtrail",
		Command:    "aws cloudtrail get-event-selectors --trail-name NAME > selectors.json",
		Permission: "cloudtrail:GetEventSelectors",
		Docs:       "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetEventSelectors.html",
		Joins:      "account (parent)", Decides: "whether reading and data access are logged, or management calls alone",
		Signs: []string{"TrailARN EventSelectors", "TrailARN AdvancedEventSelectors"},
		Mappings: []Mapping{{
			Rows: "", If: "TrailARN", Class: Account, Key: "TrailARN",
			Facts: []Take{
				{From: "EventSelectors[].DataResources[].Type", To: "logging_data"},
				{From: "EventSelectors[].ReadWriteType", To: "logging_calls", As: lower},
				{From: "EventSelectors[].ExcludeManagementEventSources[]", To: "logging_excludes"},
			},
			Finish: func(o Object, r *Row, _ Meta) error {
				management := slices.Contains(o.Texts("EventSelectors[].IncludeManagementEvents"), "true")
				for _, a := range o.Objects("AdvancedEventSelectors[]") {
					for _, f := range a.Objects("FieldSelectors[]") {
						switch f.Text("Field") {
						case "eventCategory":
							management = management || slices.Contains(f.Texts("Equals[]"), "Management")
						case "resources.type":
							r.give("logging_data", f.Texts("Equals[]")...)
						case "readOnly":
							for _, is := range f.Texts("Equals[]") {
								r.give("logging_calls", map[string]string{"true": "readonly", "false": "writeonly"}[is])
							}
						}
					}
				}
				if management {
					r.give("logging_management", "on")
				} else {
					r.give("logging_management", "off")
				}
				account := arnAccount(r.Record.Key)
				r.give("account", account)
				r.Keys = append(r.Keys, Key{"aws.account", account}, Key{"aws.trail", r.Record.Key})
				return nil
			},
		}},
	}
}
