package inventory

// awsTrails is the answer of DescribeTrails and of GetTrailStatus: what of an account is logged.
func awsTrails() listing {
	return listing{
		Name: "aws-cloudtrail-trails", Title: "AWS CloudTrail trails", System: "aws-cloudtrail",
		Command: "aws cloudtrail describe-trails > trails.json", Permission: "cloudtrail:DescribeTrails",
		Docs:  "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html",
		Joins: "account (parent)", Decides: "whether calls made with the account's keys are logged, in every region or one",
		Signs: []string{"trailList[].TrailARN", "trailList[].S3BucketName"},
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
				if o.Text("IsMultiRegionTrail") == "true" && o.Text("IncludeGlobalServiceEvents") != "false" {
					r.give("logging", "on")
				} else {
					r.give("logging", "partial")
				}
				account := arnAccount(r.Record.Key)
				r.give("account", account)
				r.Keys = append(r.Keys, Key{"aws.account", account}, Key{"aws.trail", r.Record.Key})
				return nil
			},
		}},
	}
}
