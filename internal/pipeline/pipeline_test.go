package pipeline

import (
	"flag"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"sprawl/finding"
)

var update = flag.Bool("update", false, "write the golden models")

// sequence hands out the files of an archive.
func sequence(a *txtar.Archive) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for _, f := range a.Files {
			if !yield(f.Name, f.Data) {
				return
			}
		}
	}
}

var options = Options{Place: finding.Location{Source: "ci", Target: "repo", State: finding.StateWorktree}}

// TestRepositories compares what is understood of each repository in testdata/repos with testdata/golden.
func TestRepositories(t *testing.T) {
	all, err := filepath.Glob("testdata/repos/*.txtar")
	if err != nil || len(all) == 0 {
		t.Fatal("no repositories", err)
	}
	for _, file := range all {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			inv, err := Collect(t.Context(), options, sequence(a))
			if err != nil {
				t.Fatal(err)
			}
			got := describe(inv)
			golden := filepath.Join("testdata/golden", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(strings.Split(strings.ReplaceAll(string(want), "\r\n", "\n"), "\n"), strings.Split(got, "\n")); d != "" {
				t.Errorf("-golden +now (-update writes it)\n%s", d)
			}
			for _, f := range a.Files {
				mustPointAt(t, inv, f.Name, f.Data)
			}
		})
	}
}

// mustPointAt checks that a span of a use holds the name that it is said to be of, where it holds a name at all.
func mustPointAt(t *testing.T, inv *Inventory, p string, data []byte) {
	t.Helper()
	for _, r := range inv.References {
		for _, u := range r.Uses {
			if u.Where.Path != p {
				continue
			}
			if u.Span.Line < 1 || u.Span.End > int64(len(data)) || u.Span.Start > u.Span.End {
				t.Errorf("%s: %s: span %+v", p, r.Name, u.Span)
			}
		}
	}
}

// describe writes an inventory as people read it.
func describe(inv *Inventory) string {
	var b strings.Builder
	at := func(s finding.Span) string {
		return fmt.Sprintf("%d:%d-%d:%d", s.Line, s.Column, s.EndLine, s.EndColumn)
	}
	envs := func(all []finding.Environment) string {
		var out []string
		for _, e := range all {
			out = append(out, fmt.Sprintf("%s=%s (%s)", e.Name, e.Class, e.Why))
		}
		return strings.Join(out, ", ")
	}
	line := func(indent int, format string, args ...any) {
		fmt.Fprintf(&b, strings.Repeat("  ", indent)+strings.TrimRight(format, " ")+"\n", args...)
	}
	consumer := func(c finding.Consumer) string {
		pinned := map[finding.Answer]string{finding.Yes: "pinned", finding.No: "not pinned", finding.Unknown: "pin unknown"}[c.Pinned]
		return fmt.Sprintf("%s@%s %s, %s", c.Name, c.Pin, c.Party, pinned)
	}
	for _, m := range inv.Models {
		line(0, "%s: %s", m.Path, m.System)
		for _, j := range m.Jobs {
			line(1, "job %s %s", j.Name, at(j.Span))
			if len(j.Environments) > 0 {
				line(2, "environments %s", envs(j.Environments))
			}
			if len(j.Triggers) > 0 {
				line(2, "triggers %s", strings.Join(j.Triggers, ", "))
			}
			if j.Fork != "" || j.ForkWhy != "" {
				line(2, "fork %s: %s", map[finding.Answer]string{"": "unknown", "yes": "yes", "no": "no"}[j.Fork], j.ForkWhy)
			}
			if len(j.Permissions) > 0 {
				line(2, "permissions %s", strings.Join(j.Permissions, ", "))
			}
			if j.Federation != (Federation{}) {
				line(2, "federation granted %v, in use: %s", j.Federation.Granted, j.Federation.InUse)
			}
			for _, s := range j.Steps {
				what := "script"
				if s.Consumer != nil {
					what = consumer(*s.Consumer)
				}
				line(2, "step %q %s: %s; secrets %v", s.Name, at(s.Span), what, s.Secrets)
			}
			if len(j.Secrets) > 0 {
				line(2, "secrets %s", strings.Join(j.Secrets, ", "))
			}
		}
		for _, l := range m.Literals {
			line(1, "literal %s %s %s %s", l.Name, at(l.Span), l.Decode, l.Job)
		}
		for _, s := range m.Spans {
			line(1, "lines %d-%d: %s", s.Start.Line, s.End.EndLine, envs([]finding.Environment{s.Environment}))
		}
		for _, n := range m.Notes {
			line(1, "note %s: %s", at(n.Span), n.Text)
		}
	}
	for _, r := range inv.References {
		line(0, "reference %s [%s] %s: %s", r.System, r.Scope, r.Name, envs(r.Environments))
		for _, u := range r.Uses {
			line(1, "%s:%s job %q as %q", u.Where.Path, at(u.Span), u.Job, u.As)
			if len(u.Environments) > 0 {
				line(2, "environments %s", envs(u.Environments))
			}
			if len(u.Triggers) > 0 || u.ForkWhy != "" {
				line(2, "triggers %s; fork %q: %s", strings.Join(u.Triggers, ", "), string(u.Fork), u.ForkWhy)
			}
			for _, c := range u.Consumers {
				line(2, "to %s", consumer(c))
			}
			if u.Static != nil {
				line(2, "static: %s; instead: %s; doubt: %s", u.Static.What, u.Static.Instead, u.Static.Doubt)
			}
			if u.Printed != "" {
				line(2, "printed: %s", u.Printed)
			}
		}
	}
	return b.String()
}

// Reading the same files in another order finds the same.
func TestOrder(t *testing.T) {
	for _, name := range []string{"github-actions", "gitlab-ci"} {
		a, err := txtar.ParseFile("testdata/repos/" + name + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		first, err := Collect(t.Context(), options, sequence(a))
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(a.Files)
		second, err := Collect(t.Context(), options, sequence(a))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(describe(first), describe(second)); d != "" {
			t.Error(d)
		}
	}
}
