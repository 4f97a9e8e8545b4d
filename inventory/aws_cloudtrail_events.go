package inventory

import (
	"errors"
	"net/netip"
	"strings"
)

// awsEvents is CloudTrail's own log files (Records) and the answer of LookupEvents, folded to one row an access key.
func awsEvents() listing {
	m := Mapping{
		Class: Event, Finish: finishTrailEvent,
	}
	files, lookup, lines := m, m, m
	files.Rows, files.If = "Records[]", "eventVersion"
	lookup.Rows, lookup.If = "Events[]", "CloudTrailEvent"
	lines.Rows, lines.If = "", "eventVersion"
	lookup.Finish = func(o Object, r *Row, m Meta) error {
		e, err := decode([]byte(o.Text("CloudTrailEvent")))
		if err != nil {
			return errors.New("CloudTrailEvent is malformed")
		}
		return finishTrailEvent(e, r, m)
	}
	return listing{
		Name: "aws-cloudtrail-events", Title: "AWS CloudTrail events", System: "aws-cloudtrail",
		Command:    "aws cloudtrail lookup-events --lookup-attributes AttributeKey=AccessKeyId,AttributeValue=KEY_ID > events.json, or the log files of a trail's bucket",
		Permission: "cloudtrail:LookupEvents, or s3:GetObject on the trail's bucket",
		Docs:       "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html",
		Joins:      "access key id (exact)",
		Decides:    "who calls with the key, from which kind of address, for which services and resources, and when last",
		Signs:      []string{"Records[].eventVersion", "Events[].CloudTrailEvent", "eventVersion userIdentity.type"},
		Mappings:   []Mapping{files, lookup, lines},
		Fold:       true,
	}
}

func finishTrailEvent(o Object, r *Row, _ Meta) error {
	id := o.Text("userIdentity.accessKeyId")
	if id == "" {
		return errSkip
	}
	// A temporary key is a new one every hour; what stands behind it is the role or the user.
	if !strings.HasPrefix(id, "AKIA") {
		return errSkip
	}
	r.Record.Key = id
	r.Keys = append(r.Keys, Key{"aws.key_id", cutText(id)})
	account, user := o.Text("userIdentity.accountId"), o.Text("userIdentity.userName")
	at, err := when(o.Text("eventTime"))
	if err != nil || at == "" {
		return errors.New("eventTime is not a time")
	}
	r.give("events", "1")
	r.give("last_used", at)
	r.give("first_used", at)
	r.give("caller", o.Text("userIdentity.arn"))
	r.give("network", networkClass(o.Text("sourceIPAddress")))
	r.give("address", o.Text("sourceIPAddress"))
	agent, _, _ := strings.Cut(o.Text("userAgent"), " ")
	r.give("agent", agent)
	r.give("service", o.Text("eventSource"))
	r.give("region", o.Text("awsRegion"))
	r.give("target", o.Texts("resources[].ARN")...)
	if b := o.Text("requestParameters.bucketName"); b != "" && len(o.All("resources[].ARN")) == 0 {
		r.give("target", "arn:aws:s3:::"+b)
	}
	if c := o.Text("errorCode"); c != "" {
		r.give("refused", c)
	}
	r.give("account", account)
	if account != "" && user != "" {
		r.belongs("aws.user", awsUser(account, user))
	}
	r.belongs("aws.account", account)
	return nil
}

// networkClass says what kind of address a caller had: private, public, or the provider's own service.
func networkClass(addr string) string {
	a, err := netip.ParseAddr(addr)
	switch {
	case addr == "":
		return ""
	case err != nil:
		return "service"
	case a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast():
		return "private"
	}
	return "public"
}
