package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sprawl/finding"
)

func (a *app) showCommand() *cobra.Command {
	var f scanFlags
	c := &cobra.Command{
		Use:   "show ID [TARGET]",
		Short: "Show one credential in full: every place, verdict, record and step",
		Long: `Show one credential in full, whatever was decided of it: every place, what providers say of it, and each verdict with what it rests
on, or with what would decide it.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			_, res, cred, err := a.findOne(c.Context(), "show", args[0], args[1:], f)
			if err != nil {
				return err
			}
			decided := cred.Decision
			cred.Decision = nil // a report leaves out what is decided
			res.found.Credentials, res.found.Notices, res.found.Inventory, res.references, res.namedReferences = []finding.Credential{cred}, nil, nil, nil, 0
			if err := a.text(res, res.summarise("none", func(finding.Credential) bool { return false }), true); err != nil {
				return err
			}
			_, err = fmt.Fprint(a.stdout, "\n"+verdicts(&cred, decided))
			return err
		},
	}
	f.add(c)
	f.addAsOf(c)
	return c
}

// verdicts lists all that a credential was judged to be, and by what.
func verdicts(c *finding.Credential, d *finding.Decision) string {
	var b strings.Builder
	line := func(indent int, format string, args ...any) {
		b.WriteString(strings.Repeat(" ", indent) + clean(fmt.Sprintf(format, args...)) + "\n")
	}
	if d != nil {
		line(0, "decided   %s", decisionLine(d))
	}
	if e := c.Exception; e != nil {
		text := "until " + e.Until.Format(time.DateOnly) + ", owner " + e.Owner + ", approver " + e.Approver + ": " + e.Reason
		if len(e.Requires) > 0 {
			text += " (requires " + strings.Join(e.Requires, ", ") + ")"
		}
		line(0, "exception %s", text)
	}
	if o := c.Owner; o.Name != "" || len(o.Candidates) > 0 {
		name := o.Name
		if name == "" {
			name = "none"
		}
		line(0, "owner     %s; named: %s; asked: %s", name, strings.Join(o.Candidates, ", "), strings.Join(o.Tried, ", "))
	}
	for _, r := range c.Records {
		line(0, "record    %s %s, by %s match, %s", r.System, r.Key, r.Match, r.Source)
		for _, f := range r.Facts {
			line(12, "%s %s", strings.ReplaceAll(f.Field, "_", " "), f.Value)
		}
	}
	for _, v := range c.Conditions {
		mark := map[finding.Verdict]string{finding.VerdictYes: "yes", finding.VerdictNo: "no"}[v.Verdict]
		if mark == "" {
			mark = "?"
		}
		bound := ""
		if v.Bound != "" && v.Bound != "exact" {
			bound = " (" + v.Bound + ")"
		}
		line(0, "%-3s %-22s  %s%s", mark, v.ID, v.Why, bound)
		for _, e := range v.Evidence {
			line(8, "%s", e)
		}
		if t := v.Threshold; t != nil && v.Verdict != finding.VerdictCannotTell {
			line(8, "limit: %s, %s", t.Value, strings.TrimSpace(t.Source+" "+t.Version))
		}
		if len(v.Settle) > 0 {
			line(8, "would decide it: %s", strings.Join(v.Settle, "; "))
		}
	}
	return b.String()
}

func decisionLine(d *finding.Decision) string {
	s := strings.TrimSpace(d.Kind + " " + d.Value)
	if !d.Until.IsZero() {
		s += " until " + d.Until.Format(time.DateOnly)
	}
	if d.By != "" {
		s += " by " + d.By
	}
	if d.Reason != "" {
		s += ": " + d.Reason
	}
	return s
}
