package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sprawl/finding"
	"sprawl/internal/risk"
	"sprawl/inventory"
)

func (a *app) settleCommand() *cobra.Command {
	var f scanFlags
	var format string
	c := &cobra.Command{
		Use:   "settle [TARGET…]",
		Short: "The fewest read-only exports that would decide what cannot be told",
		Long: `Scan, and list the read-only exports that would decide the verdicts that cannot be told, the one that decides most first: with the
command that makes each and the least permission it takes. How many it decides is an upper bound: what it will say is not known.
Nothing is called; an administrator runs them and hands over the files.`,
		RunE: func(c *cobra.Command, args []string) error { return a.settle(c.Context(), args, f, format) },
	}
	f.add(c)
	f.addAsOf(c)
	c.Flags().StringVarP(&format, "format", "f", "text", "text or json")
	return c
}

// settlement is the JSON of settle.
type settlement struct {
	Asked   int              `json:"cannot_tell"`
	Decided int              `json:"decided"`
	Exports []settlementNeed `json:"exports"`
	Other   []settlementStep `json:"other"`
}

type settlementNeed struct {
	ID         string `json:"id"`
	Title      string `json:"title"`
	Command    string `json:"command"`
	Permission string `json:"permission"`
	Decides    int    `json:"decides"`
}

type settlementStep struct {
	What    string `json:"what"`
	Decides int    `json:"decides"`
}

func (a *app) settle(ctx context.Context, args []string, f scanFlags, format string) error {
	if format != "text" && format != "json" {
		return usage("use text or json", "unknown value %q of --format", format)
	}
	r, err := a.newRun(ctx, "settle", args, f)
	if err != nil {
		return err
	}
	res, err := r.do(ctx)
	if err != nil {
		return err
	}
	// A baseline judges nothing, and an exception may rest on what is asked for here.
	open := slices.DeleteFunc(slices.Clone(res.found.Credentials), func(c finding.Credential) bool { return c.Decision != nil && c.Decision.Kind == "mark" })
	needs, asked, left := risk.Settle(open)
	s := settlement{Asked: asked, Decided: asked - left, Exports: []settlementNeed{}, Other: []settlementStep{}}
	for _, n := range needs {
		x := settlementNeed{ID: n.Export.ID, Title: n.Export.Title, Decides: n.Decides}
		if f, ok := inventory.Named(n.Export.ID); ok {
			x.Command, x.Permission = f.Command, f.Permission
		}
		s.Exports = append(s.Exports, x)
	}
	other := risk.OtherSteps(open)
	for _, what := range slices.Sorted(maps.Keys(other)) {
		s.Other = append(s.Other, settlementStep{what, other[what]})
	}
	slices.SortStableFunc(s.Other, func(a, b settlementStep) int { return cmp.Compare(b.Decides, a.Decides) })
	if format == "json" {
		e := json.NewEncoder(a.stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(s)
	}
	var b strings.Builder
	switch {
	case asked == 0:
		b.WriteString("nothing is left that cannot be told\n")
	case len(needs) == 0:
		fmt.Fprintf(&b, "no export decides any of %d verdicts that cannot be told\n", asked)
	default:
		fmt.Fprintf(&b, "%s would decide up to %d of %d verdicts that cannot be told\n", plural(len(needs), "export"), s.Decided, asked)
	}
	for i, n := range s.Exports {
		fmt.Fprintf(&b, "\n%d  %s: %d\n   run    %s\n   needs  %s\n", i+1, n.Title, n.Decides, n.Command, n.Permission)
	}
	if len(s.Other) > 0 {
		fmt.Fprintf(&b, "\n%d no export decides:\n", left)
		for _, o := range s.Other {
			fmt.Fprintf(&b, "  %5d  %s\n", o.Decides, o.What)
		}
	}
	if len(needs) > 0 {
		b.WriteString("\nnext: run the first, then: sprawl scan --inventory FILE\n")
	}
	_, err = fmt.Fprint(a.stdout, b.String())
	return err
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
