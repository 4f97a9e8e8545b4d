package inventory

import (
	"slices"

	"sprawl/finding"
)

// awsTrails is the answer of DescribeTrails, and of GetTrailStatus with the trail's ARN put beside it: what of an account is logged.
// A trail that stands there may have been stopped, so that both together say that calls are logged.
func awsTrails() listing {
	return listing{
		Name: "aws-cloudtrail-trails", Title: "AWS CloudTrail trails", System: "aws-cloudtrail",
		Command: "(aws cloudtrail describe-trails; for t in $(aws cloudtrail describe-trails --query 'trailList[].TrailARN' --output text); do " +
			"aws cloudtrail get-trail-status --name \"$t\" --output json | jq --arg arn \"$t\" '{TrailARN: $arn, IsLogging}'; done) > trails.json",
		Permission: "cloudtrail:DescribeTrails, cloudtrail:GetTrailStatus",
		Docs:       "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html",
		Joins:      "account (parent)", Decides: "whether calls made with the account's keys are logged, in every region or one",
		Signs: []string{"trailList[].TrailARN", "trailList[].S3BucketName", "TrailARN IsLogging"},
		End:   awsRunningTrails,
		Mappings: []Mapping{{
			Rows: "trailList[]", Class: Account, Key: "TrailARN",
			Facts: []Take{
				{From: "Name", To: "trail"},
				{From: "IsMultiRegionTrail", To: "logging_regions", As: is("true", "all", "false", "one")},
				{From: "IsOrganizationTrail", To: "logging_organisation", As: is("true", "yes", "false", "no")},
				{From: "LogFileValidationEnabled", To: "log_validation", As: is("true", "on", "false", "off")},
			},
			Finish: func(o Object, r *Row, _ Meta) error {
				// A trail that logs one region alone misses IAM and STS unless that is us-east-1, and every other region.
				if o.Text("IsMultiRegionTrail") == "true" && o.Text("IncludeGlobalServiceEvents") == "true" {
					r.give("logging_of", "all")
				} else {
					r.give("logging_of", "part")
				}
				account := arnAccount(r.Record.Key)
				r.give("account", account)
				r.Keys = append(r.Keys, Key{"aws.account", account}, Key{"aws.trail", r.Record.Key})
				return nil
			},
		}, {
			Rows: "", If: "IsLogging", Class: "status", Key: "TrailARN",
			Facts: []Take{{From: "IsLogging", To: "running", As: is("true", "yes", "false", "no")}},
		}},
	}
}

// awsRunningTrails puts the state of a trail beside what it takes, and drops the rows that only told the state.
func awsRunningTrails(l *loading) {
	running := map[string]string{}
	for i := range l.inv.Rows {
		if r := &l.inv.Rows[i]; r.Class == "status" {
			running[r.Record.Key] = r.Fact("running")
		}
	}
	l.inv.Rows = slices.DeleteFunc(l.inv.Rows, func(r Row) bool { return r.Class == "status" })
	for i := range l.inv.Rows {
		r := &l.inv.Rows[i]
		logging := ""
		switch state := running[r.Record.Key]; {
		case state == "no":
			logging = "stopped"
		case r.Fact("logging_of") == "part":
			logging = "partial"
		case state == "yes":
			logging = "on"
		default:
			logging = "configured"
		}
		r.Record.Facts = slices.DeleteFunc(r.Record.Facts, func(f finding.Fact) bool { return f.Field == "logging_of" })
		r.Record.Facts = append(r.Record.Facts, finding.Fact{Field: "logging", Value: logging, Source: l.source, AsOf: l.meta.AsOf})
	}
}
