package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"sprawl/finding"
)

// dueDays is how long before its end an exception is to be looked at again.
const dueDays = 30

// TakenRisk is an exception in words that are safe to show. Dates are days or "".
type TakenRisk struct {
	ID, Short, Kind, Title, Severity, Owner, By, Reason, Created, Until, Recertified, Requires, Where, Holds string
	State                                                                                                    string // whether it holds, in words
	Renew                                                                                                    string // the command that does, where it is due
	Href                                                                                                     string // where the credential is, "" if on no page
}

// NewTakenRisk says how an exception stands as of a time; false for a credential without one.
func NewTakenRisk(c *finding.Credential, asOf time.Time) (TakenRisk, bool) {
	e, d := c.Exception, c.Decision
	covers := d != nil && d.Kind == "exception"
	if e == nil {
		if !covers {
			return TakenRisk{}, false
		}
		e = &finding.Exception{Approver: d.By, Reason: d.Reason, Until: d.Until}
	}
	t := TakenRisk{
		ID: Visible(c.ID), Short: Visible(finding.ShortID(c.ID)), Kind: Visible(c.Kind), Title: Visible(cmp.Or(c.Title, c.Kind)), Severity: string(c.Severity),
		Owner: Visible(e.Owner), By: Visible(e.Approver), Reason: Visible(e.Reason), Created: dayOrNone(e.Created), Until: dayOrNone(e.Until),
		Recertified: dayOrNone(e.Recertified), Requires: Visible(strings.Join(e.Requires, ", ")), Where: Visible(e.Where),
	}
	var holds []string
	for _, k := range c.Conditions {
		if k.Verdict == finding.VerdictYes {
			holds = append(holds, k.ID)
		}
	}
	t.Holds = Visible(strings.Join(holds, ", "))
	left := int(e.Until.Sub(asOf) / (24 * time.Hour))
	due := true
	switch {
	case covers && (e.Until.IsZero() || left > dueDays):
		t.State, due = "holds", false
	case covers:
		t.State = "ends in " + count(int64(max(left, 0)), "day", "days")
	case d != nil:
		t.State, due = "overtaken: "+Visible(strings.TrimSpace(d.Kind+" "+d.Value)), false
	case !e.Until.IsZero() && e.Until.Before(asOf):
		t.State = "ended"
	default:
		t.State = "lapsed: what it requires is not so"
	}
	if due {
		t.Renew = fmt.Sprintf("sprawl recertify %s --approver NAME --until YYYY-MM-DD", t.Short)
	}
	return t, true
}
