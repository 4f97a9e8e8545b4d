package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sprawl/finding"
	"sprawl/internal/policy"
	"sprawl/internal/risk"
)

func (a *app) policyCommand() *cobra.Command {
	c := &cobra.Command{Use: "policy", Short: "The file in which decisions stand"}
	var asOf string
	check := &cobra.Command{
		Use:   "check [FILE|TARGET]",
		Short: "Check a policy file, and what in it no longer holds",
		Long: `Check a ` + policyName + `: exit 2 with line and column if it cannot be used, exit 1 if an exception in it has ended, was approved by
its owner or is too long, or if the review of a third party is due; exit 0 otherwise. Nothing is scanned.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.policyCheck(c.Context(), args, asOf) },
	}
	check.Flags().StringVar(&asOf, "as-of", "", "judge as of this time (RFC 3339 or YYYY-MM-DD) instead of now")
	c.AddCommand(check)
	return group(c)
}

func (a *app) policyCheck(ctx context.Context, args []string, asOf string) error {
	now, err := parseAsOf(asOf)
	if err != nil {
		return err
	}
	if now.IsZero() {
		now = a.now()
	}
	name := "."
	if len(args) > 0 {
		name = args[0]
	}
	var l loadedPolicy
	if st, serr := os.Stat(name); serr == nil && !st.IsDir() {
		l, err = readPolicy(name, true)
	} else {
		var t target
		if t, err = a.openTarget(ctx, name, true, scanFlags{maxFile: 50 << 20}); err != nil {
			return err
		}
		l, err = a.loadPolicy(ctx, []target{t}, scanFlags{})
	}
	if err != nil {
		return err
	}
	if l.path == "" {
		return usage("sprawl init writes one", "%s has no %s", name, policyName)
	}
	p := l.policy
	stale := stale(p, now)
	var b strings.Builder
	for _, s := range stale {
		fmt.Fprintf(&b, "%s: %s\n", l.path, clean(s))
	}
	fmt.Fprintf(&b, "%s: can be used: %d in the baseline, %s, %s, %s, %s, %s, %s, %s\n", l.path, len(p.Baseline), plural(len(p.Marks), "mark"),
		plural(len(p.Exceptions), "exception"), plural(len(p.Environments), "environment"), plural(len(p.Owners), "owner"),
		plural(len(p.Integrations), "integration"), plural(len(p.Escalation), "escalation"), plural(len(p.Thresholds), "threshold"))
	if _, err := fmt.Fprint(a.stdout, b.String()); err != nil {
		return err
	}
	if len(stale) > 0 {
		return outcome(exitFindings)
	}
	return nil
}

// stale lists what a policy says that no longer holds, whatever a scan would find.
func stale(p *policy.Policy, now time.Time) []string {
	l := limits(p)
	var out []string
	for match, e := range p.Exceptions {
		c := finding.Credential{Exception: &finding.Exception{Owner: e.Owner, Approver: e.Approver, Created: e.Created, Until: e.Until, Recertified: e.Recertified}}
		if why := risk.Lapse(&c, l, now); why != "" {
			out = append(out, "exception "+match+" of "+e.Owner+" does not hold: "+why)
		}
	}
	for _, i := range l.Integrations {
		if why := l.Review(i.Vendor, now); why != "" {
			out = append(out, "integration: "+why)
		}
	}
	slices.Sort(out)
	return out
}
