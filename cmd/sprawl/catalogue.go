package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"sprawl/detectors"
	"sprawl/docs/conditions"
	"sprawl/finding"
	"sprawl/internal/risk"
)

func (a *app) detectorsCommand() *cobra.Command {
	c := &cobra.Command{Use: "detectors", Short: "The kinds of credential that are looked for"}
	introspect := false
	list := &cobra.Command{
		Use:   "list",
		Short: "List every kind",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			all := a.table()
			slices.SortFunc(all, func(x, y detectors.Detector) int { return cmp.Compare(x.ID, y.ID) })
			if introspect {
				return a.introspections(all)
			}
			w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			for _, d := range all {
				_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", d.ID, d.Title, how(d), d.Docs)
			}
			return w.Flush()
		},
	}
	list.Flags().BoolVar(&introspect, "introspect", false, "list the kinds that --introspect takes: where a credential would go, what asking does, what it tells")
	c.AddCommand(list, a.detectorsCheckCommand(), a.detectorsTestCommand())
	return group(c)
}

// how says in a few words by what a kind is known.
func how(d detectors.Detector) string {
	var by []string
	if len(d.Shapes) > 0 {
		by = append(by, "its form")
	}
	if len(d.Structures) > 0 {
		by = append(by, "a parsed structure")
	}
	if len(d.Named) > 0 {
		by = append(by, "the name it is given")
	}
	s := strings.Join(by, ", ")
	if d.Check != nil {
		s += " (checked)"
	}
	return s
}

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain KIND|CONDITION",
		Short: "What a kind of credential is and how it is rotated, or what a condition means",
		Args:  exactArgs(1, "sprawl detectors list shows the kinds"),
		RunE: func(_ *cobra.Command, args []string) error {
			for _, d := range a.table() {
				if d.ID == args[0] || slices.Contains(d.Was, args[0]) {
					return a.explainKind(d)
				}
			}
			if l, err := readPolicy(policyName, false); err == nil {
				for _, d := range l.rows {
					if d.ID == args[0] {
						return a.explainKind(d)
					}
				}
			}
			for _, c := range risk.Conditions() {
				if c.ID == args[0] {
					return a.explainCondition(c)
				}
			}
			return usage("sprawl detectors list shows the kinds", "no kind or condition %q", args[0])
		},
	}
}

func (a *app) explainCondition(c risk.Condition) error {
	page, err := conditions.Pages.ReadFile(c.ID + ".md")
	if err != nil {
		return fmt.Errorf("the page of %s: %w", c.ID, err)
	}
	_, err = fmt.Fprintf(a.stdout, "%s\n## References\n\n%s\n", page, strings.Join(c.Refs, ", "))
	return err
}

func (a *app) explainKind(d detectors.Detector) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", d.ID, d.Title)
	row := func(name, v string) {
		if v != "" {
			fmt.Fprintf(&b, "  %-9s %s\n", name, v)
		}
	}
	row("provider", d.Provider)
	row("known by", how(d))
	row("rotate", d.Rotate)
	row("revoke", d.Revoke)
	for _, t := range []struct {
		q string
		t finding.Trait
	}{
		{"is issued with an expiry", d.Traits.Expires}, {"can be scoped", d.Traits.Scoped}, {"provider shows last use", d.Traits.LastUsed},
		{"two may overlap", d.Traits.Overlap}, {"can be rotated by API", d.Traits.RotateAPI}, {"can be bound to hosts", d.Traits.Restricted},
		{"belongs to a person", d.Traits.HumanIssued},
	} {
		answer := string(t.t.Value)
		if t.t.Value == finding.Unknown {
			answer = "not known"
		}
		if t.t.Source != "" {
			answer += "  (" + t.t.Source + ")"
		}
		fmt.Fprintf(&b, "  %-25s %s\n", t.q, answer)
	}
	if d.Silent != "" {
		row("read", d.Silent+" says none of these")
	}
	if d.Sought {
		row("read", "no page that says how it is made or used was found")
	}
	row("format", d.Format)
	row("docs", d.Docs)
	_, err := fmt.Fprint(a.stdout, b.String())
	return err
}

func mostArgs(n int, hint string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > n {
			return usage(hint, "%q is one too many", args[n])
		}
		return nil
	}
}

func exactArgs(n int, hint string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return usage(hint, "usage: sprawl %s", c.Use)
		}
		return nil
	}
}
