// Package runner runs the steps of a composite action as GitHub's runner does: it reads action.yml, evaluates conditions and
// expressions, writes the event, gives each step its GITHUB_OUTPUT, GITHUB_ENV, GITHUB_PATH and GITHUB_STEP_SUMMARY, runs scripts
// with the shell they name, and keeps of their workflow commands what GitHub would show.
//
// It fetches nothing: a step that uses another action calls a function of the test's. It is for tests, and knows of the
// workflow language what actions of this repository use; anything else fails the test.
package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"
)

// shown is how many annotations of a level GitHub shows for a step.
const shown = 10

// maxSummary is how many bytes of a step's summary GitHub takes; a longer one fails its upload.
const maxSummary = 1 << 20

// timeout is for one step.
const timeout = 5 * time.Minute

type step struct {
	Name, ID, If, Shell, Uses, Run string
	ContinueOnError                bool `yaml:"continue-on-error"`
	Env, With                      map[string]string
}

type definition struct {
	Inputs map[string]struct {
		Default  string
		Required bool
	}
	Outputs map[string]struct{ Value string }
	Runs    struct {
		Using string
		Steps []step
	}
}

// Job is what a workflow gives to the action, on a runner of its own.
type Job struct {
	Action    string            // folder with action.yml
	Workspace string            // the checkout
	Event     string            // name
	Payload   any               // becomes the event's JSON, and github.event
	GitHub    map[string]string // more of the github context: repository, sha, ref, token
	Inputs    map[string]string
	Env       map[string]string // of the machine, beside PATH and HOME
	// Uses are the other actions by name without the reference, as owner/name. An error fails the step.
	Uses map[string]func(with map[string]string) (outputs map[string]string, err error)
}

// Step is what became of a step.
type Step struct {
	Name, ID string
	Outcome  string // success, failure, skipped
	Log      string // what it wrote, commands left out
	Outputs  map[string]string
}

// Annotation is a workflow command as GitHub keeps it.
type Annotation struct{ Level, File, Line, EndLine, Col, EndColumn, Title, Message string }

// Result is what a job shows.
type Result struct {
	Failed      bool
	Steps       []Step
	Outputs     map[string]string
	Annotations []Annotation // at most ten of a level and step
	Dropped     int          // annotations beyond that
	Summary     string
	Temp        string // the runner's temporary folder
}

// Step returns the step of an id or name, and fails the test where there is none.
func (r *Result) Step(t testing.TB, id string) Step {
	t.Helper()
	for _, s := range r.Steps {
		if s.ID == id || s.Name == id {
			return s
		}
	}
	t.Fatalf("no step %q", id)
	return Step{}
}

// Log is what all steps wrote, for a failing test.
func (r *Result) Log() string {
	var b strings.Builder
	for _, s := range r.Steps {
		fmt.Fprintf(&b, "== %s: %s\n%s", s.Name, s.Outcome, s.Log)
	}
	return b.String()
}

type state struct {
	t      testing.TB
	job    Job
	scope  scope
	env    map[string]string
	result *Result
	failed bool
}

// Run runs the action's steps.
func Run(t testing.TB, job Job) *Result {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(job.Action, "action.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var def definition
	if err := yaml.Unmarshal(data, &def); err != nil {
		t.Fatalf("action.yml: %v", err)
	}
	if def.Runs.Using != "composite" {
		t.Fatalf("action.yml: using %q", def.Runs.Using)
	}
	s := &state{t: t, job: job, result: &Result{Outputs: map[string]string{}, Temp: t.TempDir()}}
	s.prepare(def)
	for _, st := range def.Runs.Steps {
		s.step(st)
	}
	for name, o := range def.Outputs {
		s.result.Outputs[name] = s.expand(o.Value)
	}
	s.result.Failed = s.failed
	return s.result
}

func (s *state) prepare(def definition) {
	event := filepath.Join(s.result.Temp, "event.json")
	payload, err := json.Marshal(s.job.Payload)
	if err != nil {
		s.t.Fatal(err)
	}
	s.write(event, string(payload))
	var parsed any
	if err := json.Unmarshal(payload, &parsed); err != nil {
		s.t.Fatal(err)
	}
	gh := map[string]any{
		"action_path": s.job.Action, "event_name": s.job.Event, "event": parsed, "workspace": s.job.Workspace,
		"token": "", "action_ref": "v1", "server_url": "https://github.com",
	}
	s.env = map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": os.Getenv("HOME"), "CI": "true", "GITHUB_ACTIONS": "true", "RUNNER_TEMP": s.result.Temp,
		"RUNNER_OS": "Linux", "RUNNER_ARCH": "X64", "GITHUB_EVENT_NAME": s.job.Event, "GITHUB_EVENT_PATH": event,
		"GITHUB_WORKSPACE": s.job.Workspace, "GITHUB_SERVER_URL": "https://github.com",
	}
	for k, v := range s.job.GitHub {
		gh[k] = v
		if k != "token" { // a runner gives the token to nobody who does not ask for it
			s.env["GITHUB_"+strings.ToUpper(k)] = v
		}
	}
	maps.Copy(s.env, s.job.Env)
	s.scope = scope{
		"github": gh, "runner": map[string]any{"os": "Linux", "arch": "X64", "temp": s.result.Temp},
		"inputs": map[string]any{}, "steps": map[string]any{},
	}
	inputs := map[string]any{}
	for name, in := range def.Inputs {
		inputs[name] = s.expand(in.Default)
	}
	for name, v := range s.job.Inputs {
		if _, ok := def.Inputs[name]; !ok {
			s.t.Fatalf("the action has no input %q", name)
		}
		inputs[name] = v
	}
	s.scope["inputs"] = inputs
}

func (s *state) step(st step) {
	s.t.Helper()
	out := Step{Name: st.Name, ID: st.ID, Outcome: "skipped", Outputs: map[string]string{}}
	conclusion := "skipped"
	if s.wanted(st.If) {
		err := s.do(st, &out)
		out.Outcome, conclusion = "success", "success"
		if err != nil {
			out.Outcome, conclusion = "failure", "failure"
			out.Log += err.Error() + "\n"
			if st.ContinueOnError {
				conclusion = "success"
			} else {
				s.failed = true
			}
		}
	}
	if st.ID != "" {
		outputs := map[string]any{}
		for k, v := range out.Outputs {
			outputs[k] = v
		}
		s.scope["steps"].(map[string]any)[st.ID] = map[string]any{"outputs": outputs, "outcome": out.Outcome, "conclusion": conclusion}
	}
	s.result.Steps = append(s.result.Steps, out)
}

// wanted evaluates a condition; one without a status function holds only while nothing has failed.
func (s *state) wanted(cond string) bool {
	cond = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(cond), "${{"), "}}")
	if !regexp.MustCompile(`\b(always|failure|success|cancelled)\(`).MatchString(cond) && s.failed {
		return false
	}
	if cond == "" {
		return true
	}
	v, err := evaluate(cond, s.scope, s.failed)
	if err != nil {
		s.t.Fatalf("if: %s: %v", cond, err)
	}
	return truthy(v)
}

var expression = regexp.MustCompile(`\$\{\{(.*?)\}\}`)

func (s *state) expand(text string) string {
	return expression.ReplaceAllStringFunc(text, func(m string) string {
		v, err := evaluate(expression.FindStringSubmatch(m)[1], s.scope, s.failed)
		if err != nil {
			s.t.Fatalf("%s: %v", m, err)
		}
		return words(v)
	})
}

func (s *state) do(st step, out *Step) error {
	if st.Uses != "" {
		name, _, _ := strings.Cut(st.Uses, "@")
		f, ok := s.job.Uses[name]
		if !ok {
			s.t.Fatalf("step %q uses %s, which this job does not have", st.Name, name)
		}
		with := map[string]string{}
		for k, v := range st.With {
			with[k] = s.expand(v)
		}
		outputs, err := f(with)
		maps.Copy(out.Outputs, outputs)
		return err
	}
	if st.Shell != "bash" {
		s.t.Fatalf("step %q: shell %q", st.Name, st.Shell)
	}
	if strings.Contains(st.Run, "${{") {
		s.t.Fatalf("step %q: an expression in a script is an injection", st.Name)
	}
	dir := s.t.TempDir()
	files := map[string]string{}
	for _, name := range []string{"GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"} {
		files[name] = filepath.Join(dir, name)
		s.write(files[name], "")
	}
	script := filepath.Join(dir, "script.sh")
	s.write(script, st.Run)
	ctx, stop := context.WithTimeout(s.t.Context(), timeout)
	defer stop()
	cmd := exec.CommandContext(ctx, "bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script)
	cmd.WaitDelay = 5 * time.Second
	cmd.Dir = s.job.Workspace
	env := maps.Clone(s.env)
	maps.Copy(env, files)
	for k, v := range st.Env {
		env[k] = s.expand(v)
	}
	for _, k := range slices.Sorted(maps.Keys(env)) {
		cmd.Env = append(cmd.Env, k+"="+env[k])
	}
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatalf("step %q: %v", st.Name, err)
	}
	s.commands(log.String(), out)
	maps.Copy(out.Outputs, s.pairs(files["GITHUB_OUTPUT"]))
	maps.Copy(s.env, s.pairs(files["GITHUB_ENV"]))
	for l := range strings.Lines(s.read(files["GITHUB_PATH"])) {
		s.env["PATH"] = strings.TrimSpace(l) + string(os.PathListSeparator) + s.env["PATH"]
	}
	summary := s.read(files["GITHUB_STEP_SUMMARY"])
	if len(summary) > maxSummary {
		return fmt.Errorf("a summary of %d bytes: GitHub takes %d", len(summary), maxSummary)
	}
	s.result.Summary += summary
	if err != nil {
		return fmt.Errorf("Process completed with exit code %d.", exit.ExitCode()) //nolint:revive,staticcheck // the runner's own words
	}
	return nil
}

// pairs reads a file of NAME=VALUE lines.
func (s *state) pairs(file string) map[string]string {
	out := map[string]string{}
	for l := range strings.Lines(s.read(file)) {
		k, v, ok := strings.Cut(strings.TrimRight(l, "\n"), "=")
		if !ok || strings.HasSuffix(k, "<<") {
			s.t.Fatalf("%s: %q is not NAME=VALUE", filepath.Base(file), l)
		}
		out[k] = v
	}
	return out
}

var command = regexp.MustCompile(`^::(error|warning|notice)(?: ([^:]*))?::(.*)$`)

// commands takes the workflow commands out of a log.
func (s *state) commands(log string, out *Step) {
	count := map[string]int{}
	for l := range strings.Lines(log) {
		m := command.FindStringSubmatch(strings.TrimRight(l, "\r\n"))
		if m == nil {
			if strings.HasPrefix(strings.TrimSpace(l), "::") || strings.Contains(l, "##[") {
				s.t.Errorf("step %q writes what a runner may take for a command: %q", out.Name, l)
			}
			out.Log += l
			continue
		}
		count[m[1]]++
		if count[m[1]] > shown {
			s.result.Dropped++
			continue
		}
		a := Annotation{Level: m[1], Message: decode(m[3])}
		for _, p := range strings.Split(m[2], ",") {
			k, v, _ := strings.Cut(p, "=")
			v = strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%").Replace(v)
			switch k {
			case "file":
				a.File = v
			case "line":
				a.Line = v
			case "endLine":
				a.EndLine = v
			case "col":
				a.Col = v
			case "endColumn":
				a.EndColumn = v
			case "title":
				a.Title = v
			default:
				s.t.Errorf("step %q: annotation with %q", out.Name, p)
			}
		}
		s.result.Annotations = append(s.result.Annotations, a)
	}
}

func decode(v string) string {
	return strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%").Replace(v)
}

func (s *state) write(path, text string) {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *state) read(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}
