package runner

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEvaluate(t *testing.T) {
	sc := scope{"inputs": map[string]any{"a": "x", "fail-on": ""}, "github": map[string]any{"event": map[string]any{"number": 7.0}}, "steps": map[string]any{}}
	for text, want := range map[string]string{
		"inputs.a == 'X'":                    "true",
		"inputs.fail-on":                     "",
		"inputs.fail-on || 'it''s'":          "it's",
		"inputs.a != 'x' || !inputs.a":       "false",
		"github.event.number":                "7",
		"github.event.pull_request.number":   "",
		"steps.x.outputs.y == ''":            "true",
		"(inputs.a == 'x') && steps.x.y":     "",
		"always() && !failure()":             "true",
		"inputs.a == 'x' && 'yes' || 'no'":   "yes",
		"github.event.number && (success())": "true",
	} {
		v, err := evaluate(text, sc, false)
		if err != nil || words(v) != want {
			t.Errorf("%s: %q, %v; want %q", text, words(v), err, want)
		}
	}
	for _, text := range []string{"inputs.a ==", "(inputs.a", "what.a", "inputs.a inputs.a", "hashFiles('x')", "inputs.a ~ 1", "nothing()"} {
		if v, err := evaluate(text, sc, false); err == nil {
			t.Errorf("%s: %v without an error", text, v)
		}
	}
}

const action = `
inputs:
  word: {default: "${{ github.event_name }}"}
outputs:
  out: {value: "${{ steps.one.outputs.v }}"}
runs:
  using: composite
  steps:
    - id: one
      shell: bash
      env: {WORD: "${{ inputs.word }}"}
      run: |
        for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "::warning file=a%2Cb,line=$i,title=t::x%0Ay%25"; done
        echo plain
        echo "v=$WORD" >> "$GITHUB_OUTPUT"
        echo "MORE=1" >> "$GITHUB_ENV"
        echo "$RUNNER_TEMP" >> "$GITHUB_PATH"
        echo "# s" >> "$GITHUB_STEP_SUMMARY"
    - {id: soft, continue-on-error: true, uses: a/b/c@1, with: {x: "${{ steps.one.outputs.v }}!"}}
    - {id: seen, shell: bash, if: steps.soft.outcome == 'failure', run: 'echo "$MORE ${PATH%%:*} ${GITHUB_TOKEN:-none}"'}
    - {id: hard, shell: bash, run: exit 3}
    - {id: not, shell: bash, run: echo never}
    - {id: last, if: always(), shell: bash, run: echo done}
`

func TestRun(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "action.yml"), []byte(action), 0o600); err != nil {
		t.Fatal(err)
	}
	given := ""
	r := Run(t, Job{
		Action: dir, Workspace: dir, Event: "push", Payload: map[string]any{"a": 1}, GitHub: map[string]string{"token": "t", "sha": "s"},
		Uses: map[string]func(map[string]string) (map[string]string, error){
			"a/b/c": func(with map[string]string) (map[string]string, error) {
				given = with["x"]
				return nil, errors.New("no")
			},
		},
	})
	if given != "push!" || r.Outputs["out"] != "push" || r.Summary != "# s\n" || !r.Failed {
		t.Errorf("given %q, %+v", given, r)
	}
	if len(r.Annotations) != 10 || r.Dropped != 2 || r.Annotations[0] != (Annotation{Level: "warning", File: "a,b", Line: "1", Title: "t", Message: "x\ny%"}) {
		t.Errorf("%d annotations, %d dropped: %+v", len(r.Annotations), r.Dropped, r.Annotations[0])
	}
	for id, want := range map[string]string{"one": "success", "soft": "failure", "seen": "success", "hard": "failure", "not": "skipped", "last": "success"} {
		if got := r.Step(t, id).Outcome; got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	if got := r.Step(t, "seen").Log; got != "1 "+r.Temp+" none\n" {
		t.Errorf("seen: %q", got)
	}
	if got := r.Step(t, "hard").Log; !strings.Contains(got, "exit code 3") {
		t.Errorf("hard: %q", got)
	}
}
