package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sprawl/finding"
	"sprawl/internal/compare"
	"sprawl/internal/identity"
	"sprawl/internal/migrate"
)

func (a *app) compareCommand() *cobra.Command {
	var f scanFlags
	target := "."
	c := &cobra.Command{
		Use:   "compare REPORT…",
		Short: "Put another scanner's report beside a scan",
		Long: `Scan a target and put the reports of other scanners beside what is found: both, ours alone, theirs alone, and what they
were told to ignore although it is proven or in production. A REPORT is one of gitleaks, trufflehog, kingfisher (JSON or JSONL) or
detect-secrets (its baseline); a .gitleaksignore or a kingfisher baseline says what was to be ignored, as inline tags do.
Values in reports are hashed while they are read; none is printed.`,
		Example: `  gitleaks git --report-format json --report-path gl.json; sprawl compare gl.json .gitleaksignore`,
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return a.compare(c.Context(), args, target, f) },
	}
	f.add(c)
	c.Flags().StringVar(&target, "target", ".", "what the reports are about")
	return c
}

func (a *app) compare(ctx context.Context, args []string, target string, f scanFlags) error {
	files := make([][]byte, len(args))
	for i, name := range args {
		data, err := os.ReadFile(name) //nolint:gosec // the files the operator named
		if err != nil {
			return usage("name a report that can be read", "%w", err)
		}
		files[i] = data
	}
	r, err := a.newRun(ctx, "compare", []string{target}, f)
	if err != nil {
		return err
	}
	res, err := r.do(ctx)
	if err != nil {
		return err
	}
	var sharing identity.Sharing
	for i := range res.found.Credentials {
		c := &res.found.Credentials[i]
		for j := range c.Sightings {
			if j > 0 && c.Sightings[j].Ident == c.Sightings[j-1].Ident {
				continue // the same value
			}
			for _, p := range c.Sightings[j].Parts {
				if p.Role == finding.RoleSecret || p.Role == finding.RoleID {
					sharing.Add(c.ID, p.Secret)
				}
			}
		}
	}
	names := func(v []byte) []string {
		return append([]string{res.keys.ID(finding.NewSecret(v))}, sharing.Names(v)...)
	}
	look := newLookup(r, res)
	var theirs, ignored []compare.Theirs
	for i, data := range files {
		decided, isList := ignoreList(args[i], data)
		if !isList {
			ts, err := compare.Read(data, names)
			if err != nil {
				return usage("write the report as JSON", "%s: %w", args[i], err)
			}
			theirs = append(theirs, ts...)
			continue
		}
		for _, e := range decided {
			ignored = append(ignored, look.told(ctx, e))
		}
	}
	for _, e := range look.tagged() {
		ignored = append(ignored, look.told(ctx, e))
	}
	ours := look.ours()
	return a.reportCompared(compare.Compare(ours, theirs, ignored), len(theirs))
}

// ignoreList reads a file that says what was to be ignored and reports nothing.
func ignoreList(name string, data []byte) ([]migrate.Decided, bool) {
	f, err := migrate.Read(name, data)
	if err != nil || f.Rules != nil || strings.HasPrefix(f.Format, "detect-secrets") || f.Format == "gitleaks baseline" {
		return nil, false
	}
	return f.Decided, true
}

// told is a decision as something of another tool's that was to be ignored.
func (l *lookup) told(ctx context.Context, e migrate.Decided) compare.Theirs {
	t := compare.Theirs{Tool: e.Tool, Rule: e.Rule, Path: e.Path, Line: e.Line, Commit: e.Commit, Ignored: true}
	hits, _ := l.find(ctx, e)
	for _, s := range hits {
		t.Names = append(t.Names, l.res.keys.ID(s))
	}
	if e.Commit != "" {
		t.Line = 0 // of that commit, not of the one that stands
	}
	return t
}

func (l *lookup) ours() []compare.Ours {
	var out []compare.Ours
	for i := range l.res.found.Credentials {
		c := &l.res.found.Credentials[i]
		o := compare.Ours{ID: c.ID, Kind: c.Kind, Name: c.ID, Proven: c.Proof == finding.ProofProven}
		if p := c.Sightings[0].Part(finding.RoleSecret); p != nil {
			o.SHA1 = identity.PeerHash(p.Secret)
		}
		for _, e := range c.Environments {
			if e.Class == finding.EnvProd {
				o.Prod = e.Why
				break
			}
		}
		for j := range c.Sightings {
			s := &c.Sightings[j]
			for k := range s.Parts {
				p := compare.Place{Path: s.Where.Path, Line: s.Parts[k].Span.Line, EndLine: s.Parts[k].Span.EndLine}
				if s.Where.Added != nil {
					p.Commit = s.Where.Added.Commit
				}
				if !slices.Contains(o.Places, p) {
					o.Places = append(o.Places, p)
				}
			}
		}
		out = append(out, o)
	}
	return out
}

func (a *app) reportCompared(r compare.Result, findings int) error {
	var b strings.Builder
	own := func(o *compare.Ours) string {
		at := ""
		if len(o.Places) > 0 {
			at = "  " + o.Places[0].String()
			if n := len(o.Places) - 1; n > 0 {
				at += fmt.Sprintf(" (+%d)", n)
			}
		}
		return finding.ShortID(o.ID) + "  " + o.Kind + at
	}
	rules := func(ts []*compare.Theirs) string {
		var out []string
		for _, t := range ts {
			if s := strings.TrimSuffix(t.Tool+" "+t.Rule, " "); !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
		return strings.Join(out, ", ")
	}
	for _, x := range []struct {
		head string
		n    int
		line func(int) string
	}{
		{"ignored there, and proven or in production", len(r.Ignored), func(i int) string {
			why := "proven"
			switch o := r.Ignored[i].Ours; {
			case o.Proven && o.Prod != "":
				why = "proven, production (" + o.Prod + ")"
			case o.Prod != "":
				why = "production (" + o.Prod + ")"
			}
			return own(r.Ignored[i].Ours) + ": " + why + "; told by " + rules(r.Ignored[i].Theirs)
		}},
		{"theirs alone", len(r.Theirs), func(i int) string {
			t := &r.Theirs[i]
			s := rules([]*compare.Theirs{t}) + "  " + t.Place()
			if t.Live {
				s += "  live by its word"
			}
			return s
		}},
		{"ours alone", len(r.Ours), func(i int) string { return own(r.Ours[i]) }},
		{"both", len(r.Both), func(i int) string { return own(r.Both[i].Ours) + "  " + rules(r.Both[i].Theirs) }},
	} {
		if x.n == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s: %d\n", x.head, x.n)
		for i := range x.n {
			fmt.Fprintf(&b, "  %s\n", clean(x.line(i)))
		}
	}
	fmt.Fprintf(&b, "%d findings of theirs, %d credentials of ours: %d both, %d ours alone, %d theirs alone, %d ignored there and proven or in production\n",
		findings, len(r.Both)+len(r.Ours), len(r.Both), len(r.Ours), len(r.Theirs), len(r.Ignored))
	if len(r.Theirs) > 0 {
		b.WriteString("next: look at what only they found; if it is a credential, a row under detectors: finds it here too\n")
	}
	_, err := fmt.Fprint(a.stdout, b.String())
	return err
}
