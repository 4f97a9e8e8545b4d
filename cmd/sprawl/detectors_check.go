package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sprawl/detectors"
	"sprawl/internal/conformance"
	"sprawl/internal/policy"
	"sprawl/internal/rules"
)

func (a *app) detectorsCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Hold every built-in kind to the same demands",
		Long: `Make vectors of every built-in kind and look for each alone, at the start, in the middle, at the end, across the edges of
blocks, back to back and in every syntax of an assignment; make near misses and see that none is proven; and see that every row
says how its credential is rotated and revoked, where its provider documents it, which traits it has and where its form is
confirmed. Exit 1 if a row fails.`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return a.detectorsCheck() },
	}
}

func (a *app) detectorsCheck() error {
	res, err := conformance.Check(a.table())
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, f := range res.Failures {
		fmt.Fprintf(&b, "%s: %s\n", f.Kind, f.What)
	}
	share := func(n int) string { return fmt.Sprintf("%d (%.1f %%)", n, 100*float64(n)/float64(max(1, res.Rows))) }
	fmt.Fprintf(&b, "%d kinds: %d vectors in %d texts, %d near misses, %d failures\n", res.Rows, res.Vectors, res.Places, res.Misses, len(res.Failures))
	for _, s := range conformance.Sources() {
		if n := res.Confirmed[s]; n > 0 {
			fmt.Fprintf(&b, "form confirmed by %s: %s\n", s, share(n))
		}
	}
	fmt.Fprintf(&b, "at least one trait known: %s; a page was read and says none: %s; pages were looked for in vain: %s\n", share(res.Traits), share(res.Silent), share(res.Sought))
	if _, err := fmt.Fprint(a.stdout, b.String()); err != nil {
		return err
	}
	if len(res.Failures) > 0 {
		return outcome(exitFindings)
	}
	return nil
}

func (a *app) detectorsTestCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "test FILE",
		Short: "Try the kinds of a policy file on their own texts",
		Long: `Compile the rows under detectors: of a policy file and try each on its positive and negative texts, then on vectors made of its
forms, in every place and syntax. What cannot be used, or does not do what its texts say, is listed with line and column and
exits 2. What is found only in some places is said and is no mistake.`,
		Args: exactArgs(1, "name a "+policyName),
		RunE: func(_ *cobra.Command, args []string) error { return a.detectorsTest(args[0]) },
	}
}

func (a *app) detectorsTest(file string) error {
	data, err := os.ReadFile(file) //nolint:gosec // the file the operator named
	if err != nil {
		return usage("name a file that can be read", "%w", err)
	}
	p, err := policy.Parse(data, file)
	if err != nil {
		return usage("mend the file", "%w", err)
	}
	rows, bad := rules.Compile(p.Detectors, a.table())
	more, err := rules.Try(rows, p.Detectors)
	if err != nil {
		return err
	}
	bad = append(bad, more...)
	slices.SortStableFunc(bad, func(x, y *rules.Problem) int {
		return cmp.Or(cmp.Compare(x.At.Line, y.At.Line), cmp.Compare(x.At.Column, y.At.Column))
	})
	var b strings.Builder
	failed := map[string]bool{}
	for _, x := range bad {
		failed[x.Row] = true
		fmt.Fprintf(&b, "%s:%d:%d: %s\n", file, x.At.Line, x.At.Column, clean(x.Error()))
	}
	sound := slices.DeleteFunc(slices.Clone(rows), func(d detectors.Detector) bool { return failed[d.ID] })
	for i := range sound {
		sound[i].Format = "user" // what a built-in row must say is their own affair
	}
	res, err := conformance.Check(sound)
	if err != nil {
		return err
	}
	for _, f := range res.Failures {
		fmt.Fprintf(&b, "note: %s: %s\n", f.Kind, f.What)
	}
	fmt.Fprintf(&b, "%s: %d of %d rows are sound; %d vectors in %d texts\n", file, len(sound), len(p.Detectors), res.Vectors, res.Places)
	if _, err := fmt.Fprint(a.stdout, b.String()); err != nil {
		return err
	}
	if len(bad) > 0 {
		return &failure{code: exitUsage, err: errors.New("some rows cannot be used"), hint: "the lines above say where and why"}
	}
	return nil
}
