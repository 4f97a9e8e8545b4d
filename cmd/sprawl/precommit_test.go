package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"sprawl/internal/testkit/program"
)

// TestPreCommit runs the pre-commit framework against this repository, by path, in repositories that commit and push for real.
// The scripts find the framework's hooks at $HOOKS with revision $REV; $GOCACHE and $GOMODCACHE are this machine's, so that
// nothing is fetched.
func TestPreCommit(t *testing.T) {
	exe := program.Find(t, "pre-commit")
	source := copySource(t)
	rev := strings.TrimSpace(output(t, source, "git", "rev-parse", "HEAD"))
	goEnv := map[string]string{}
	for _, k := range []string{"GOCACHE", "GOMODCACHE", "GOROOT"} {
		goEnv[k] = strings.TrimSpace(output(t, ".", "go", "env", k))
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/precommit",
		Setup: func(e *testscript.Env) error {
			for k, v := range goEnv {
				e.Setenv(k, v)
			}
			e.Setenv("GOPROXY", "off")
			e.Setenv("GOFLAGS", "-mod=mod -trimpath") // and what "make release-check" compiled is not compiled again
			e.Setenv("CGO_ENABLED", "0")
			e.Setenv("GOTOOLCHAIN", "local")
			e.Setenv("HOOKS", source)
			e.Setenv("REV", rev)
			e.Setenv("PRE_COMMIT_HOME", filepath.Join(e.WorkDir, ".cache"))
			e.Setenv("PRE_COMMIT_COLOR", "never")
			e.Setenv("PATH", e.Getenv("PATH")+string(os.PathListSeparator)+filepath.Dir(exe))
			return scriptEnv(e)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"plant":      plantCommand,
			"precommits": preCommitCommand,
		},
	})
}

// preCommitCommand writes a configuration with these hooks of this repository and installs it for commits and pushes.
func preCommitCommand(ts *testscript.TestScript, neg bool, ids []string) {
	if neg || len(ids) == 0 {
		ts.Fatalf("usage: precommits HOOK...")
	}
	text := "repos:\n  - repo: " + ts.Getenv("HOOKS") + "\n    rev: " + ts.Getenv("REV") + "\n    hooks:\n"
	for _, id := range ids {
		text += "      - id: " + id + "\n"
	}
	ts.Check(writeFile(ts.MkAbs(".pre-commit-config.yaml"), text))
	ts.Check(ts.Exec("git", "add", ".pre-commit-config.yaml"))
	ts.Check(ts.Exec("pre-commit", "install", "--hook-type", "pre-commit", "--hook-type", "pre-push"))
}

// copySource commits the files of this repository, as they are now, into a repository of their own.
func copySource(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name := range strings.SplitSeq(output(t, repositoryRoot, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"), "\x00") {
		if name == "" || strings.HasSuffix(name, "_test.go") || strings.Contains(name, "testdata/") && !strings.HasPrefix(name, "internal/testkit/") { // whose files are built in
			continue
		}
		from, to := filepath.Join(repositoryRoot, name), filepath.Join(dir, name)
		data, err := os.ReadFile(from)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"-c", "user.name=Ada", "-c", "user.email=ada@example.test", "commit", "-q", "-m", "copy"}} {
		output(t, dir, "git", args...)
	}
	return dir
}

func output(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return string(out)
}
