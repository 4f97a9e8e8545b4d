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

// takenRisk is an exception in words that are safe to show. Dates are days or "".
type takenRisk struct {
	ID, Short, Kind, Title, Severity, Owner, By, Reason, Created, Until, Recertified, Requires, Where, Holds string
	State                                                                                                    string // whether it holds, in words
	Renew                                                                                                    string // the command that does, where it is due
	Link                                                                                                     bool   // whether the credential is on the same page
}

// newTakenRisk is false for a credential without an exception.
func newTakenRisk(c *finding.Credential, asOf time.Time) (takenRisk, bool) {
	e, d := c.Exception, c.Decision
	covers := d != nil && d.Kind == "exception"
	if e == nil {
		if !covers {
			return takenRisk{}, false
		}
		e = &finding.Exception{Approver: d.By, Reason: d.Reason, Until: d.Until}
	}
	t := takenRisk{
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
