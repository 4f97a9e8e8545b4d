package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// startPages says what is there before a page's first command. Each command of a page runs in order, in one folder.
var startPages = map[string]string{
	"developer.md": `
repository .
mkdir config/prod
plant config/prod/app.env one 'GH_TOKEN=%s\n'
commit .
`,
	"security-team.md": `
repository shop
mkdir shop/deploy/prod
plant shop/deploy/prod/app.env one 'GH_TOKEN=%s\n'
commit shop
repository billing
mkdir billing/deploy/staging
plant billing/deploy/staging/app.env one 'GH_TOKEN=%s\n'
commit billing
`,
	"maintainer.md": `
repository .
plant old.env one 'GH_TOKEN=%s\n'
commit .
exec git checkout -q -b feature
plant new.env two 'GH_TOKEN=%s\n'
commit .
`,
	"auditor.md": `
repository .
mkdir config/prod
plant config/prod/app.env one 'GH_TOKEN=%s\n'
commit .
`,
}

// TestStartPages runs the commands of docs/start: a block fenced as sh is a script that must end with the exit code of its
// fence ("exit=1"), or with 0.
func TestStartPages(t *testing.T) {
	pages, err := filepath.Glob("../../docs/start/*.md")
	if err != nil || len(pages) != len(startPages) {
		t.Fatalf("%d pages, %d setups: %v", len(pages), len(startPages), err)
	}
	dir := t.TempDir()
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(page)
		var script, files strings.Builder
		script.WriteString("[windows] skip 'the commands are for a POSIX shell'\nmkdir work\ncd work\n")
		script.WriteString(strings.TrimPrefix(startPages[name], "\n"))
		// Blocks share variables as a reader's shell does: each is appended to what the ones before it exported.
		for i, b := range fences(string(text)) {
			fmt.Fprintf(&script, "block %d ../block%d.sh\n", b.exit, i)
			fmt.Fprintf(&files, "-- block%d.sh --\n%s", i, b.text)
		}
		if err := os.WriteFile(filepath.Join(dir, strings.TrimSuffix(name, ".md")+".txtar"), []byte(script.String()+files.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir: dir, Setup: scriptEnv,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"plant": plantCommand, "repository": repositoryCommand, "commit": commitCommand, "block": blockCommand,
		},
	})
}

type fence struct {
	text string
	exit int
}

func fences(page string) []fence {
	var all []fence
	var open *fence
	for line := range strings.Lines(page) {
		switch {
		case open == nil && strings.HasPrefix(line, "```sh"):
			open = &fence{}
			if _, code, ok := strings.Cut(line, "exit="); ok {
				open.exit = int(code[0] - '0')
			}
		case open != nil && strings.HasPrefix(line, "```"):
			all = append(all, *open)
			open = nil
		case open != nil:
			open.text += line
		}
	}
	return all
}

func repositoryCommand(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.MkdirAll(ts.MkAbs(args[0]), 0o755))
	ts.Check(ts.Exec("git", "-C", ts.MkAbs(args[0]), "init", "-q", "-b", "main"))
}

func commitCommand(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Exec("git", "-C", ts.MkAbs(args[0]), "add", "-A"))
	ts.Check(ts.Exec("git", "-C", ts.MkAbs(args[0]), "commit", "-q", "-m", "work"))
}

// blockCommand is "block EXIT FILE": it runs a block in sh, and keeps what it exported for the next.
func blockCommand(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[1])
	ts.Logf("%s", text)
	const keep = ". ../exported\n"
	if _, err := os.Stat(ts.MkAbs("../exported")); err == nil {
		text = keep + text
	}
	var exports strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "export ") {
			exports.WriteString(line)
		}
	}
	if exports.Len() > 0 {
		ts.Check(writeFile(ts.MkAbs("../exported"), exports.String()))
	}
	err := ts.Exec("sh", "-euc", text)
	code := 0
	if err != nil {
		code = -1
		if _, after, ok := strings.Cut(err.Error(), "exit status "); ok {
			_, _ = fmt.Sscan(after, &code)
		}
	}
	if want := args[0]; fmt.Sprint(code) != want {
		ts.Fatalf("exit %d, want %s, of:\n%s", code, want, text)
	}
}
