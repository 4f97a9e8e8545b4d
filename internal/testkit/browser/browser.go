// Package browser drives a real Chromium through playwright-core, for tests of what people look at. A test gives a module of
// JavaScript steps and gets what the steps return.
//
// It never reaches the network: the browser resolves no name, and every request that a page makes is counted. It is for tests,
// and needs node, chromium and the node modules that `make deps` puts into the user's cache folder.
package browser

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

//go:embed driver.mjs
var driver []byte

// timeout is for one run of steps, with room for a machine that does other work.
const timeout = 3 * time.Minute

// Run calls the default export of the module steps, a path, as steps({page, newPage, axe, requests, input}), and decodes what
// it returns into out:
//
//	page      a fresh page, of which dialogs, errors and policy violations fail the run
//	newPage   makes one more, with playwright's options of a context
//	axe       (page) => the serious and critical violations that axe-core sees, in words
//	requests  the addresses asked for so far but file: and those a server at input.origin has
//	input     the value given here
//
// Where a program is missing the test is skipped with the name of it, and fails with SPRAWL_REQUIRE=1.
func Run(t testing.TB, steps string, input, out any) {
	t.Helper()
	node, chromium, modules := find(t)
	dir := t.TempDir()
	main := filepath.Join(dir, "driver.mjs")
	if err := os.WriteFile(main, driver, 0o600); err != nil {
		t.Fatal(err)
	}
	steps, err := filepath.Abs(steps)
	if err != nil {
		t.Fatal(err)
	}
	given, err := json.Marshal(map[string]any{
		"steps": steps, "modules": modules, "chromium": chromium, "profile": filepath.Join(dir, "profile"), "input": input,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), timeout)
	defer stop()
	cmd := exec.CommandContext(ctx, node, main)
	cmd.WaitDelay = 5 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(given), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("browser: %v\n%s", err, stderr.Bytes())
	}
	if err := json.Unmarshal(stdout.Bytes(), out); err != nil {
		t.Fatalf("browser: %v in %s", err, stdout.Bytes())
	}
}

// find looks for what is needed, and ends the test where something is not there.
func find(t testing.TB) (node, chromium, modules string) {
	t.Helper()
	missing := func(what string) {
		t.Helper()
		if os.Getenv("SPRAWL_REQUIRE") == "1" {
			t.Fatalf("no %s, and SPRAWL_REQUIRE=1 asks for it: make deps", what)
		}
		t.Skipf("no %s: make deps installs it", what)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		missing("node")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if chromium, err = exec.LookPath(name); err == nil {
			break
		}
	}
	if chromium == "" {
		missing("chromium")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	modules = filepath.Join(cache, "sprawl", "browser", "node_modules")
	for _, m := range []string{"playwright-core", "axe-core"} {
		if _, err := os.Stat(filepath.Join(modules, m)); err != nil {
			missing("node module " + m + " in " + modules)
		}
	}
	return node, chromium, modules
}
