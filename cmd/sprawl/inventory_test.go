package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"sprawl/internal/identity"
	testexports "sprawl/internal/testkit/exports"
)

// renderCommand fills templates with generated values, the same ones in every script: "render FILE TEMPLATE". TEMPLATE is a file
// of the script, or the fixture of a format: "render keys.json aws-access-keys". The values that were made so far are kept in the
// file "secrets", one a line, for a script to look for.
func renderCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: render FILE TEMPLATE")
	}
	text, err := os.ReadFile(ts.MkAbs(args[1]))
	if err != nil {
		files, _ := filepath.Glob(filepath.Join(fixtureDir, args[1]+".*"))
		if len(files) != 1 {
			ts.Fatalf("%s is neither a file nor the fixture of a format", args[1])
		}
		text, err = os.ReadFile(files[0])
	}
	ts.Check(err)
	s := testexports.New(identity.New(bytes.Repeat([]byte{7}, identity.KeySize), nil, nil))
	out, err := s.Render(string(text))
	ts.Check(err)
	ts.Check(writeFile(ts.MkAbs(args[0]), string(out)))
	known, _ := os.ReadFile(filepath.Join(ts.Getenv("WORK"), "secrets"))
	lines := strings.Fields(string(known))
	for v := range maps.Values(s.Secrets()) {
		if !strings.Contains(v, "\n") && !slices.Contains(lines, v) {
			lines = append(lines, v)
		}
	}
	ts.Check(writeFile(filepath.Join(ts.Getenv("WORK"), "secrets"), strings.Join(lines, "\n")+"\n"))
}

// fixtureDir holds the exports of every format. Tests begin in their package's folder, scripts elsewhere.
var fixtureDir = func() string {
	dir, err := filepath.Abs("../../inventory/testdata")
	if err != nil {
		panic(err)
	}
	return dir
}()
