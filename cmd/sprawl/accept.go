package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sprawl/finding"
	"sprawl/internal/policy"
	"sprawl/internal/risk"
)

// acceptFlags are of accept and recertify.
type acceptFlags struct {
	owner, approver, reason, until string
	require                        []string
}

func (a *app) acceptCommand() *cobra.Command {
	var f scanFlags
	var x acceptFlags
	c := &cobra.Command{
		Use:   "accept ID --owner NAME --approver NAME --reason WHY --until DAY [TARGET]",
		Short: "Take the risk of a finding on purpose, for a time",
		Long: `Record in ` + policyName + ` that a risk is taken on purpose: by whom, approved by whom, why, and until when. The finding is not
reported until then. An exception may require something (` + requirements() + `);
it lapses when evidence contradicts that.`,
		Example: `  sprawl accept c-7q2mw4ka --owner payments --approver security --reason 'telemetry only, moved in Q3' --until 2026-09-30 --require read-only --require logged`,
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			return a.accept(c.Context(), args[0], x, args[1:], f)
		},
	}
	f.add(c)
	f.addAsOf(c)
	p := c.Flags()
	p.StringVar(&x.owner, "owner", "", "who takes the risk (required)")
	p.StringVar(&x.approver, "approver", "", "who approved it, and is somebody else (required)")
	p.StringVar(&x.reason, "reason", "", "why, in words (required)")
	p.StringVar(&x.until, "until", "", "the last day it holds, YYYY-MM-DD (required)")
	p.StringArrayVar(&x.require, "require", nil, "what it rests on: "+requirements()+" (may be repeated)")
	return c
}

// addAsOf adds the flag that sets the clock.
func (f *scanFlags) addAsOf(c *cobra.Command) {
	c.Flags().StringVar(&f.asOf, "as-of", "", "judge as of this time (RFC 3339 or YYYY-MM-DD) instead of now")
}

func requirements() string {
	var s []string
	for _, r := range policy.Requirements() {
		s = append(s, string(r))
	}
	return strings.Join(s, ", ")
}

func (a *app) recertifyCommand() *cobra.Command {
	var f scanFlags
	var x acceptFlags
	c := &cobra.Command{
		Use:   "recertify ID --approver NAME --until DAY [TARGET]",
		Short: "Confirm an exception after looking again, and give it a new end",
		Args:  cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			return a.recertify(c.Context(), args[0], x, args[1:], f)
		},
	}
	f.add(c)
	f.addAsOf(c)
	c.Flags().StringVar(&x.approver, "approver", "", "who looked again (required)")
	c.Flags().StringVar(&x.until, "until", "", "the last day it holds, YYYY-MM-DD (required)")
	c.Flags().StringVar(&x.reason, "reason", "", "a new reason, if it is another one")
	return c
}

func (a *app) accept(ctx context.Context, id string, x acceptFlags, args []string, f scanFlags) error {
	for _, v := range []struct{ flag, value string }{{"owner", x.owner}, {"approver", x.approver}, {"reason", x.reason}, {"until", x.until}} {
		if strings.TrimSpace(v.value) == "" {
			return usage("whoever reads it next year will ask", "an exception needs --%s", v.flag)
		}
	}
	e := policy.Exception{Owner: x.owner, Approver: x.approver, Reason: x.reason}
	for _, r := range x.require {
		e.Requires = append(e.Requires, policy.Requirement(r))
	}
	return a.except(ctx, "accept", id, x.until, args, f, func(*policy.Exception) (policy.Exception, error) { return e, nil })
}

func (a *app) recertify(ctx context.Context, id string, x acceptFlags, args []string, f scanFlags) error {
	if strings.TrimSpace(x.approver) == "" || strings.TrimSpace(x.until) == "" {
		return usage("recertify says who looked again and for how long that is good", "recertify needs --approver and --until")
	}
	return a.except(ctx, "recertify", id, x.until, args, f, func(had *policy.Exception) (policy.Exception, error) {
		if had == nil {
			return policy.Exception{}, usage("sprawl accept records one", "%s has no exception to recertify", id)
		}
		e := *had
		e.Approver = x.approver
		if x.reason != "" {
			e.Reason = x.reason
		}
		return e, nil
	})
}

// except finds the credential, checks that the exception would hold today, and writes it.
func (a *app) except(ctx context.Context, command, id, until string, args []string, f scanFlags, make func(*policy.Exception) (policy.Exception, error)) error {
	end, err := time.Parse(time.DateOnly, until)
	if err != nil {
		return usage("write it as 2026-09-30", "--until %q is not a day", until)
	}
	r, res, c, err := a.findOne(ctx, command, id, args, f)
	if err != nil {
		return err
	}
	p := c.Sightings[0].Part(finding.RoleSecret)
	if p == nil {
		return usage(command+" the credential it belongs to", "%s is a public half", finding.ShortID(c.ID))
	}
	if r.policy.path == "" || r.policy.policy.Salt == nil {
		return usage("sprawl init writes it", "%s has no %s to keep an exception in", r.targets[0].name, policyName)
	}
	match := res.keys.Match(p.Secret)
	var had *policy.Exception
	if e, ok := r.policy.policy.Exceptions[match]; ok {
		had = &e
	}
	e, err := make(had)
	if err != nil {
		return err
	}
	today := r.asOf.UTC().Truncate(24 * time.Hour)
	e.Until = end
	if had == nil || command == "accept" {
		e.Created = today
	} else {
		e.Recertified = today
	}
	c.Exception = &finding.Exception{Owner: e.Owner, Approver: e.Approver, Reason: e.Reason, Created: e.Created, Until: e.Until, Recertified: e.Recertified}
	for _, q := range e.Requires {
		c.Exception.Requires = append(c.Exception.Requires, string(q))
	}
	if why := risk.Lapse(&c, limits(r.policy.policy), r.asOf); why != "" {
		return usage("sprawl explain exception-lapsed says what an exception takes", "such an exception would not hold: %s", why)
	}
	data, err := policy.AddException(r.policy.data, match, e)
	if err != nil {
		return usage("mend the file by hand, or give what is missing", "%w", err)
	}
	if err := replaceFile(r.policy.path, data); err != nil {
		return err
	}
	word := map[string]string{"accept": "accepted", "recertify": "recertified"}[command]
	_, err = fmt.Fprintf(a.stdout, "%s: %s (%s, %d places) %s until %s\nnext: commit it; the review of that change is the approval's evidence\n",
		r.policy.path, finding.ShortID(c.ID), c.Kind, len(c.Sightings), word, until)
	return err
}
