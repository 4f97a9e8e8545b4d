package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sprawl/internal/testkit/planted"
)

// TestNothingIsEverPrinted runs every command, format and log level over planted tokens and searches all output, and every
// file that was written, for them, plain and encoded.
func TestNothingIsEverPrinted(t *testing.T) {
	r, plants := planted.Build(t)
	// What a configuration mistake could print: a token in a path, in a policy, in arguments.
	extra := planted.Token(1001)
	plants = append(plants, planted.Plant{Place: "a broken policy", Value: extra})
	broken := filepath.Join(t.TempDir(), "policy.yaml")
	planted.WriteFile(t, broken, "salt: "+extra+"\nmarks: ["+extra+"]\n")
	// A key of the organisation is a secret too.
	keyFile := filepath.Join(t.TempDir(), "key")

	var outputs []struct{ what, text string }
	see := func(what, text string) {
		outputs = append(outputs, struct{ what, text string }{what, text})
	}
	out := filepath.Join(t.TempDir(), "report")
	var commands [][]string
	for _, level := range []string{"debug", "info", "warn", "error"} {
		for _, format := range []string{"text", "json", "jsonl", "sarif"} {
			commands = append(commands, []string{"scan", r.Dir, "--format", format, "--log-level", level})
		}
	}
	commands = append(commands,
		[]string{"scan", r.Dir, "--all", "--skipped", "--color", "always"},
		[]string{"scan", r.Dir, "--format", "jsonl", "-o", out},
		[]string{"scan", "dir:" + r.Dir, "--all"},
		[]string{"scan", r.Dir, "--staged"},
		[]string{"scan", r.Dir, "--range", "HEAD~1..HEAD", "--all"},
		[]string{"scan", r.Dir, "--range", extra + "..HEAD"},
		[]string{"scan", r.Dir, "--policy", broken},
		[]string{"init", r.Dir},
		[]string{"scan", r.Dir, "--format", "jsonl"},
		[]string{"baseline", "prune", r.Dir},
		[]string{"key", "new", "-o", keyFile},
		[]string{"explain", "github-pat"},
		[]string{"detectors", "list"},
		[]string{"version"},
	)
	for _, args := range commands {
		c := sprawl(t, args)
		see(strings.Join(args[:min(len(args), 2)], " ")+" stdout", c.stdout)
		see(strings.Join(args[:min(len(args), 2)], " ")+" stderr", c.stderr)
	}
	for _, id := range ids(t, r.Dir) {
		c := sprawl(t, []string{"show", id, r.Dir})
		see("show", c.stdout+c.stderr)
		c = sprawl(t, []string{"mark", id, "resolved", "--reason", "revoked", r.Dir})
		see("mark", c.stdout+c.stderr)
	}
	for _, f := range []string{out, filepath.Join(r.Dir, ".sprawl.yaml")} {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		see(filepath.Base(f), string(b))
	}
	total := 0
	for _, o := range outputs {
		total += len(o.text)
		low := strings.ToLower(o.text)
		for _, p := range plants {
			for i, form := range planted.Forms(p.Value) {
				// The revision that an operator typed may be repeated to them; a stored secret never.
				if strings.Contains(low, strings.ToLower(form)) && !(p.Value == extra && strings.Contains(o.what, "scan")) {
					t.Errorf("%s: the token of %s in form %d", o.what, p.Place, i)
				}
			}
		}
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range outputs {
		if strings.Contains(o.text, strings.TrimSpace(string(key))) {
			t.Errorf("%s: the organisation's key", o.what)
		}
	}
	if total < 100_000 {
		t.Errorf("%d bytes of output in all: the commands did not run", total)
	}
}

func ids(t *testing.T, dir string) []string {
	t.Helper()
	found, _ := sprawl(t, []string{"scan", dir, "--format", "jsonl"}).lines(t)
	var out []string
	for _, f := range found[:min(3, len(found))] {
		out = append(out, f.ID[:10])
	}
	if len(out) == 0 {
		t.Fatal("nothing found")
	}
	return out
}
