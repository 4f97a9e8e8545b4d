package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"sprawl/detectors"
	"sprawl/internal/identity"
	"sprawl/internal/testkit/postgres"
)

func TestMain(m *testing.M) {
	testscript.Main(withServers{m}, map[string]func(){"sprawl": main})
}

// withServers runs the tests with a database server that they share, which only those that ask for it start.
type withServers struct{ *testing.M }

func (s withServers) Run() int { return postgres.Main(s.M) }

func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "testdata/script",
		Setup: scriptEnv,
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"plant":  plantCommand,
			"event":  eventCommand,
			"render": renderCommand,
		},
	})
}

// scriptEnv fixes authors and dates, so that object ids in scripts are constants. HOME is the script's own folder.
func scriptEnv(e *testscript.Env) error {
	for _, v := range []string{
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.test",
		"GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.test", "GIT_AUTHOR_DATE=2024-03-01T12:00:00Z",
		"GIT_COMMITTER_DATE=2024-03-01T12:00:00Z", "HOME=" + e.WorkDir, "XDG_CONFIG_HOME=" + e.WorkDir + "/config",
	} {
		k, val, _ := strings.Cut(v, "=")
		e.Setenv(k, val)
	}
	return nil
}

// plantCommand writes a token with a valid checksum into a file: plant FILE SEED FORMAT, where FORMAT has one %s. \n in it is
// a line break.
func plantCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: plant FILE SEED FORMAT")
	}
	seed := uint64(0)
	for _, c := range args[1] {
		seed = seed*131 + uint64(c)
	}
	text := strings.ReplaceAll(strings.ReplaceAll(args[2], `\n`, "\n"), "%s", token(seed))
	ts.Check(writeFile(ts.MkAbs(args[0]), text))
}

// console is one in-process run of the program.
type console struct {
	code           int
	stdout, stderr string
}

type option func(*app)

func withEnv(env map[string]string) option {
	return func(a *app) {
		old := a.getenv
		a.getenv = func(k string) string {
			if v, ok := env[k]; ok {
				return v
			}
			return old(k)
		}
	}
}

func withTable(ds []detectors.Detector) option {
	return func(a *app) { a.table = func() []detectors.Detector { return ds } }
}

// testKey is the organisation's key of tests in which ids must be known.
var testKey = bytes.Repeat([]byte{0x42}, identity.KeySize)

func withKey() option { return withEnv(map[string]string{"SPRAWL_KEY": identity.FormatKey(testKey)}) }

func sprawl(t *testing.T, args []string, opts ...option) console {
	t.Helper()
	var stdout, stderr bytes.Buffer
	seed := [32]byte{1}
	a := &app{
		stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr,
		getenv:  func(string) string { return "" },
		environ: []string{"PATH=" + testPath()},
		now:     func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
		random:  rand.NewChaCha8(seed), configDir: func() (string, error) { return t.TempDir(), nil },
		table: detectors.All,
	}
	for _, o := range opts {
		o(a)
	}
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Minute)
	defer stop()
	code := a.run(ctx, args)
	return console{code, stdout.String(), stderr.String()}
}

// lines parses a jsonl report.
func (c console) lines(t *testing.T) (findings []wireFinding, summary wireSummary) {
	t.Helper()
	for l := range strings.Lines(c.stdout) {
		var kind struct{ Type string }
		if err := json.Unmarshal([]byte(l), &kind); err != nil {
			t.Fatalf("not JSON: %v\n%s\nstderr: %s", err, l, c.stderr)
		}
		var err error
		switch kind.Type {
		case "finding":
			var f wireFinding
			err = json.Unmarshal([]byte(l), &f)
			findings = append(findings, f)
		case "summary":
			err = json.Unmarshal([]byte(l), &summary)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if summary.Type == "" {
		t.Fatalf("no summary; exit %d, stderr: %s", c.code, c.stderr)
	}
	return findings, summary
}

// wireFinding and wireSummary are the parts of the contract that these tests read.
type wireFinding struct {
	ID, Kind, Tier, Severity, Redacted, Proof string
	Decision                                  *struct{ Kind, Value, Reason string }
	Locations                                 []struct {
		Source, Target, Path, State, Commit string
		Line, Column                        int
		Decode                              []struct{ Name, Entry string }
		Refs                                []string
	}
}

type wireSummary struct {
	Type     string
	Complete bool
}
