package pullrequest

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	one   = "1111111111111111111111111111111111111111"
	two   = "2222222222222222222222222222222222222222"
	three = "3333333333333333333333333333333333333333"
	null  = "0000000000000000000000000000000000000000"
)

func TestReadEvent(t *testing.T) {
	for _, tt := range []struct {
		name, payload string
		want          Event
		fork          bool
		fails         string
	}{
		{
			name:    "pull_request",
			payload: `{"number":7,"repository":{"full_name":"acme/app","default_branch":"main"},"pull_request":{"number":7,"commits":3,"base":{"sha":"` + one + `","repo":{"full_name":"acme/app"}},"head":{"sha":"` + two + `","repo":{"full_name":"Acme/app"}}}}`,
			want:    Event{Name: "pull_request", Base: one, Head: two, Sha: three, Number: 7, Commits: 3, Repository: "acme/app", HeadRepo: "Acme/app", Default: "main"},
		},
		{
			name:    "pull_request",
			payload: `{"number":7,"repository":{"full_name":"acme/app"},"pull_request":{"base":{"sha":"` + one + `"},"head":{"sha":"` + two + `","repo":null}}}`,
			want:    Event{Name: "pull_request", Base: one, Head: two, Sha: three, Number: 7, Repository: "acme/app"},
			fork:    true,
		},
		{
			name:    "push",
			payload: `{"ref":"refs/heads/x","before":"` + null + `","after":"` + two + `","forced":true,"repository":{"full_name":"acme/app","default_branch":"main"}}`,
			want:    Event{Name: "push", Head: two, Sha: three, Ref: "refs/heads/x", Forced: true, Repository: "acme/app", Default: "main"},
		},
		{
			name:    "merge_group",
			payload: `{"merge_group":{"base_sha":"` + one + `","head_sha":"` + two + `"}}`,
			want:    Event{Name: "merge_group", Base: one, Head: two, Sha: three},
		},
		{name: "push", payload: `{"before":"` + one + `","after":"` + null + `","deleted":true}`, fails: "a branch was deleted"},
		{name: "schedule", payload: `{"schedule":"0 0 * * *"}`, fails: "no change: schedule"},
		{name: "x\x1b[31m\n::error::", payload: `{}`, fails: "x??31m???error??"},
		{name: "push", payload: `{"before":"--upload-pack=x","after":"` + two + `"}`, fails: "something else than its id"},
		{name: "push", payload: `{"before":`, fails: "not JSON"},
		{name: "push", payload: `{"before":1}`, fails: "GitHub's form"},
		{name: "pull_request", payload: `{"pull_request":{}}`, fails: "names no commit"},
	} {
		got, err := ReadEvent(tt.name, three, []byte(tt.payload))
		if tt.fails != "" {
			if err == nil || !strings.Contains(err.Error(), tt.fails) {
				t.Errorf("%s: error %v, want %q", tt.payload, err, tt.fails)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.payload, err)
			continue
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s:\n%s", tt.payload, d)
		}
		if got.Fork() != tt.fork {
			t.Errorf("%s: fork %v", tt.payload, got.Fork())
		}
	}
	if _, err := ReadEvent("x", "", []byte("{}")); !errors.Is(err, ErrNoChange) {
		t.Errorf("an event without a change: %v", err)
	}
}

const gate = `on: pull_request
permissions:
  contents: read
jobs:
  a:
    steps:
      - uses: acme/sprawl@v1
`

func TestWorkflow(t *testing.T) {
	for _, tt := range []struct {
		name          string
		before, after string
		want          []string // "kind line: part of the message"
	}{
		{"the same", gate, gate, nil},
		{"a comment", gate, gate + "# x\n", nil},
		{"write", gate, strings.Replace(gate, "contents: read", "contents: write", 1), []string{KindPermissions + " 3: contents: write"}},
		{"all", gate, strings.Replace(gate, "\n  contents: read", " write-all", 1), []string{KindPermissions + " 2: all scopes: write"}},
		{"a job", gate, strings.Replace(gate, "    steps", "    permissions: {id-token: write}\n    steps", 1), []string{KindPermissions + " 6: job a the permissions id-token: write"}},
		{"less", strings.Replace(gate, "contents: read", "contents: write", 1), gate, nil},
		{"none", gate, strings.Replace(gate, "permissions:\n  contents: read\n", "", 1), []string{KindPermissions + " 1: takes the permissions block away"}},
		{"trigger", gate, strings.Replace(gate, "on: pull_request\n", "on: [push, pull_request_target]\n", 1), []string{KindTrigger + " 1: pull_request_target"}},
		{"gate gone", gate, strings.Replace(gate, "acme/sprawl@v1", "acme/other@v1", 1), []string{KindGate + " 1: no longer runs"}},
		{"removed", gate, "", []string{KindGate + " 0: removes"}},
		{"broken", gate, "a: [", []string{KindGate + " 1: cannot be read"}},
		{"new", "", strings.Replace(gate, "contents: read", "contents: write", 1), []string{KindPermissions + " 3: contents: write"}},
		{"new and modest", "", gate, nil},
		{"alias", gate, "x: &p {contents: write}\n" + strings.Replace(gate, "\n  contents: read", " *p", 1), []string{KindPermissions + " 1: contents: write"}},
	} {
		f := File{Path: Workflows + "/w.yml"}
		if tt.before != "" {
			f.Before = [][]byte{[]byte(tt.before)}
		}
		if tt.after != "" {
			f.After = []byte(tt.after)
		}
		check(t, tt.name, Workflow(f), tt.want)
	}
}

func check(t *testing.T, name string, got []Rule, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: got %+v, want %q", name, got, want)
		return
	}
	for i, w := range want {
		head, text, _ := strings.Cut(w, ": ")
		kind, line, _ := strings.Cut(head, " ")
		if got[i].Kind != kind || line != string(rune('0'+got[i].Line)) || !strings.Contains(got[i].Message, text) {
			t.Errorf("%s: got %+v, want %q", name, got[i], w)
		}
	}
}

func TestPolicy(t *testing.T) {
	base := "exclude: ['docs/**']\n"
	for _, tt := range []struct {
		name          string
		before, after string
		want          []string
	}{
		{"new", "", "exclude: ['vendor/**']\n", []string{KindPolicy + " 1: other excluded paths"}},
		{"thresholds", base, base + "fail-on: {proven: never}\n", []string{KindPolicy + " 1: other thresholds"}},
		{"removed", base, "", []string{KindPolicy + " 0: removes the policy"}},
		{"broken", base, "exclude: [", []string{KindPolicy + " 1: cannot be read"}},
		{"untouched", base, base, nil},
	} {
		f := File{Path: ".sprawl.yaml"}
		if tt.before != "" {
			f.Before = [][]byte{[]byte(tt.before)}
		}
		if tt.after != "" {
			f.After = []byte(tt.after)
		}
		check(t, tt.name, Policy(f), tt.want)
	}
}

func FuzzReadEvent(f *testing.F) {
	f.Add("push", []byte(`{"before":"`+one+`","after":"`+two+`","ref":"refs/heads/x"}`))
	f.Add("pull_request", []byte(`{"pull_request":{"base":{"sha":"`+one+`"},"head":{"sha":"`+two+`"}}}`))
	f.Fuzz(func(t *testing.T, name string, payload []byte) {
		e, err := ReadEvent(name, one, payload)
		if err != nil {
			return
		}
		for _, id := range []string{e.Base, e.Head} {
			if id != "" && !objectID(id) {
				t.Errorf("%q is no object id", id)
			}
		}
	})
}

func FuzzWorkflow(f *testing.F) {
	f.Add([]byte(gate), []byte("on: [push]\njobs: {a: {steps: [{run: sprawl scan}]}}\n"))
	f.Add([]byte("a: &a [*a]\n"), []byte("permissions: &p\n  <<: *p\n"))
	f.Fuzz(func(_ *testing.T, before, after []byte) {
		Workflow(File{Path: "w.yml", Before: [][]byte{before}, After: after})
	})
}
