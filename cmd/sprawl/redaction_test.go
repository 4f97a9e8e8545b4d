package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sprawl/internal/testkit/planted"
	"sprawl/report"
)

// TestNothingIsEverPrinted runs every command, format and log level over planted tokens and searches all output, and every
// file that was written, for them, plain and encoded. Inventories hold some of the tokens in plaintext.
func TestNothingIsEverPrinted(t *testing.T) {
	r, plants := planted.Build(t)
	inventories, foreign, unfound := plaintextInventories(t, plants)
	plants = append(plants, unfound...)
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
	salted := filepath.Join(t.TempDir(), "salted")
	var commands [][]string
	for _, level := range []string{"debug", "info", "warn", "error"} {
		for _, format := range []string{"text", "json", "jsonl", "sarif"} {
			commands = append(commands, []string{"scan", r.Dir, "--format", format, "--log-level", level})
		}
	}
	for _, f := range report.Formats() {
		commands = append(commands, append([]string{"scan", r.Dir, "--format", f.Name}, inventories...))
	}
	for _, format := range []string{"text", "csv", "json"} {
		commands = append(commands, append([]string{"inventory", r.Dir, "--format", format}, inventories...))
	}
	for _, format := range []string{"text", "json"} {
		commands = append(commands, append([]string{"settle", r.Dir, "--format", format, "--log-level", "debug"}, inventories...))
	}
	for _, f := range foreign {
		commands = append(commands, []string{"scan", r.Dir, "--inventory", f, "--log-level", "debug"}, []string{"inventory", r.Dir, "--inventory", f})
	}
	commands = append(commands,
		[]string{"policy", "check", broken},
		[]string{"policy", "check", r.Dir},
		[]string{"scan", r.Dir, "--all", "--skipped", "--color", "always"},
		[]string{"scan", r.Dir, "--format", "jsonl", "-o", out},
		[]string{"scan", "dir:" + r.Dir, "--all"},
		[]string{"scan", r.Dir, "--staged"},
		[]string{"scan", r.Dir, "--range", "HEAD~1..HEAD", "--all"},
		[]string{"scan", r.Dir, "--range", extra + "..HEAD"},
		[]string{"scan", r.Dir, "--policy", broken},
		[]string{"init", r.Dir},
		[]string{"scan", r.Dir, "--format", "jsonl"},
		[]string{"scan", r.Dir, "--format", "json", "-o", salted},
		[]string{"report", salted, "--since", salted},
		[]string{"report", salted, "--since", salted, "--format", "csv"},
		[]string{"baseline", "prune", r.Dir},
		[]string{"key", "new", "-o", keyFile},
		[]string{"explain", "github-pat"},
		[]string{"explain", "long-lived"},
		[]string{"policy", "check", r.Dir},
		[]string{"detectors", "list"},
		[]string{"version"},
	)
	for _, f := range report.Formats() {
		commands = append(commands, []string{"report", out, "--format", f.Name}, []string{"report", salted, "--format", f.Name})
	}
	for _, args := range commands {
		c := sprawl(t, args)
		if args[0] == "report" && c.code != exitClean {
			t.Errorf("%q: %s", args, c.stderr)
		}
		if c.code == exitUsage && strings.HasSuffix(args[len(args)-1], inventories[len(inventories)-1]) {
			t.Errorf("%s with inventories: %s", args[0], c.stderr)
		}
		see(strings.Join(args[:min(len(args), 2)], " ")+" stdout", c.stdout)
		see(strings.Join(args[:min(len(args), 2)], " ")+" stderr", c.stderr)
	}
	for _, id := range ids(t, r.Dir) {
		for _, args := range [][]string{
			append([]string{"show", id, r.Dir}, inventories...),
			append([]string{"accept", id, r.Dir, "--owner", "payments", "--approver", "security", "--reason", "moves", "--until", "2026-03-31", "--require", "logged"}, inventories...),
			{"recertify", id, r.Dir, "--approver", "audit", "--until", "2026-06-30"},
			{"scan", r.Dir, "--format", "text", "--as-of", "2026-07-01"},
			{"policy", "check", r.Dir, "--as-of", "2026-07-01"},
		} {
			c := sprawl(t, args)
			if c.code == exitUsage {
				t.Errorf("%s: %s", args[0], c.stderr)
			}
			see(args[0], c.stdout+c.stderr)
		}
		c := sprawl(t, []string{"mark", id, "resolved", "--reason", "revoked", r.Dir})
		see("mark", c.stdout+c.stderr)
	}
	for _, f := range []string{out, salted, filepath.Join(r.Dir, ".sprawl.yaml")} {
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

// plaintextInventories writes exports that hold tokens: some that are found in the repository, one that is not. foreign are files
// that no format takes, or that end in the middle; their tokens must not come back in an error.
func plaintextInventories(t *testing.T, plants []planted.Plant) (flags, foreign []string, unfound []planted.Plant) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		p := filepath.Join(dir, name)
		planted.WriteFile(t, p, text)
		return p
	}
	fresh := func() string {
		v := planted.Token(uint64(2000 + len(unfound)))
		unfound = append(unfound, planted.Plant{Place: fmt.Sprintf("inventory %d", len(unfound)), Value: v})
		return v
	}
	b64 := base64.StdEncoding.EncodeToString
	own := "Kind,Secret,Who\n"
	for _, p := range plants[:6] {
		own += "github-personal-access-token," + p.Value + ",payments\n"
	}
	own += "github-personal-access-token," + fresh() + ",nobody\nshort," + fresh() + "\n"
	alerts := fmt.Sprintf(`[{"number": 1, "state": "open", "secret_type": "github_personal_access_token", "secret": %q, "created_at": "2025-01-01T00:00:00Z", "html_url": "https://github.com/acme/web/security/secret-scanning/1"},
 {"number": "x", "state": 7, "secret_type": "github_personal_access_token", "secret": %q, "created_at": %q}]`, plants[0].Value, fresh(), fresh())
	secret := fresh()
	kubernetes := fmt.Sprintf(`{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
 "metadata": {"name": "db", "namespace": "shop", "creationTimestamp": "2024-01-01T00:00:00Z",
  "annotations": {"kubectl.kubernetes.io/last-applied-configuration": %q}},
 "data": {"token": %q}, "stringData": {"token": %q}}]}`, `{"stringData":{"token":"`+secret+`"}}`, b64([]byte(secret)), fresh())
	variables := fmt.Sprintf(`[{"variable_type": "env_var", "key": "TOKEN", "value": %q, "protected": true, "masked": false, "environment_scope": "*"}]`, fresh())
	for _, f := range []string{
		write("own.csv", own) + ",format=csv,column.kind=Kind,column.value=Secret,column.owner=Who",
		write("alerts.json", alerts), write("kubernetes.json", kubernetes), write("variables.json", variables),
	} {
		flags = append(flags, "--inventory", f)
	}
	foreign = []string{
		write("foreign.json", `{"hello": "`+fresh()+`"}`), write("foreign.csv", fresh()+","+fresh()+"\n"+fresh()+",1\n"),
		write("cut.json", `[{"number": 1, "state": "open", "secret_type": "x", "secret": "`+fresh()), write("text", fresh()),
		write("noise", "\x00\xff"+fresh()),
	}
	return flags, foreign, unfound
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
