package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"sprawl/internal/testkit/repo"
	"sprawl/internal/testkit/runner"
)

const repositoryRoot = "../.."

const policySalt = "salt: ce5dqmrvgaydcmzugu3donzygq\n"

// origin is a repository as it is on GitHub: main with a credential that is there already, and a topic branch that brings some.
func origin(t *testing.T) *repo.Repo {
	t.Helper()
	r := repo.New(t)
	r.Git("config", "uploadpack.allowAnySHA1InWant", "true") // as GitHub has it
	r.Write("old.env", "GH_TOKEN="+token(1)+"\n")
	r.Write("README", "a\n")
	r.Write(".sprawl.yaml", policySalt) // so that ids are the same in every run
	r.Commit("base")
	r.Branch("topic")
	r.Write("new.env", "# added\nGH_TOKEN="+token(2)+"\n")
	r.Write("gone.env", "GH_TOKEN="+token(3)+"\n")
	r.Commit("add two")
	r.Remove("gone.env")
	r.Commit("remove one")
	r.Switch("main")
	r.Write("README", "b\n")
	r.Commit("main goes on")
	return r
}

// checkout is what actions/checkout leaves of a ref: a detached or a named branch, with the remote's branches as deep as asked.
func checkout(t *testing.T, r *repo.Repo, ref, branch string, depth int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "work")
	c := repo.NewIn(t, dir)
	c.Git("remote", "add", "origin", "file://"+r.Dir)
	args := []string{"fetch", "-q", "--no-tags"}
	if depth > 0 {
		args = append(args, fmt.Sprintf("--depth=%d", depth), "origin", "+"+ref+":refs/remotes/origin/"+branch)
	} else {
		args = append(args, "origin", "+refs/heads/*:refs/remotes/origin/*", "+"+ref+":refs/remotes/origin/"+branch)
	}
	c.Git(args...)
	c.Git("checkout", "-q", "--detach", "refs/remotes/origin/"+branch)
	return dir
}

// pull makes the merge commit that GitHub makes, and the event of a pull request of topic into main.
func pull(r *repo.Repo, from string) (job runner.Job) {
	base, head := r.ID("main"), r.ID("topic")
	r.Git("switch", "-q", "--detach", "main")
	merge := r.Merge("topic", "Merge topic into main")
	r.Git("update-ref", "refs/pull/7/merge", merge)
	r.Switch("main")
	type object = map[string]any
	return runner.Job{
		Event:  "pull_request",
		GitHub: map[string]string{"repository": "acme/app", "sha": merge, "ref": "refs/pull/7/merge", "token": "not-a-token"},
		Payload: object{
			"number": 7, "repository": object{"full_name": "acme/app", "default_branch": "main"},
			"pull_request": object{
				"number": 7, "commits": 2,
				"base": object{"sha": base, "repo": object{"full_name": "acme/app"}},
				"head": object{"sha": head, "repo": object{"full_name": from}},
			},
		},
	}
}

func push(r *repo.Repo, branch, before string, forced bool) runner.Job {
	type object = map[string]any
	return runner.Job{
		Event:  "push",
		GitHub: map[string]string{"repository": "acme/app", "sha": r.ID(branch), "ref": "refs/heads/" + branch, "token": "not-a-token"},
		Payload: object{
			"ref": "refs/heads/" + branch, "before": before, "after": r.ID(branch), "forced": forced, "deleted": false,
			"repository": object{"full_name": "acme/app", "default_branch": "main"},
		},
	}
}

// act runs action.yml for a job with the program of this test.
func act(t *testing.T, job runner.Job, inputs map[string]string) *runner.Result {
	t.Helper()
	var err error
	if job.Action, err = filepath.Abs(repositoryRoot); err != nil {
		t.Fatal(err)
	}
	exe, err := exec.LookPath("sprawl")
	if err != nil {
		t.Fatal(err)
	}
	job.Inputs = map[string]string{"binary": exe}
	for k, v := range inputs {
		job.Inputs[k] = v
	}
	if job.Uses == nil {
		job.Uses = map[string]func(map[string]string) (map[string]string, error){}
	}
	return runner.Run(t, job)
}

// uploads stands in for github/codeql-action/upload-sarif: it refuses what GitHub refuses.
func uploads(t *testing.T, got *string, permitted bool) map[string]func(map[string]string) (map[string]string, error) {
	return map[string]func(map[string]string) (map[string]string, error){
		"github/codeql-action/upload-sarif": func(with map[string]string) (map[string]string, error) {
			if !permitted {
				return nil, errors.New("Resource not accessible by integration")
			}
			*got = with["sarif_file"]
			acceptSARIF(t, *got)
			return nil, nil
		},
	}
}

// acceptSARIF fails the test where code scanning would refuse a file, or drop part of it.
func acceptSARIF(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.NewCompiler().Compile("../../report/testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Error(err)
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(data)
	_ = z.Close()
	if zipped.Len() > 10_000_000 {
		t.Errorf("%d bytes compressed", zipped.Len())
	}
}

// What differs from run to run: the day, and how old a thing was on it. What is said of conditions and fixes changes with their
// texts, which have tests of their own.
var volatile = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`at least \d+ (days|hours) old`), "at least N days old"},
	{regexp.MustCompile(`As of \d{4}-\d\d-\d\d`), "As of TODAY"},
	{regexp.MustCompile("(?m)^- (cannot be told: |`[a-z-]+` \\().*\n"), ""},
	{regexp.MustCompile(`(?s)### Conditions\n.*?\n\n`), ""},
	{regexp.MustCompile(`(\| \d+ \| \d+ \| \d+ \| \d+ \| \d+ \| \d+ \| \d+ \| \d+ \| \d+ \|) \d+ \|`), "$1 N |"},
	{regexp.MustCompile(`, [0-9.]+ (bytes|KB|MB)\.`), ", N bytes."},
}

// jobView is what somebody sees of a job.
func jobView(t *testing.T, r *runner.Result) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "failed: %v, exit code %s\n", r.Failed, r.Outputs["exit-code"])
	for _, s := range r.Steps {
		fmt.Fprintf(&b, "step %s: %s\n", s.Name, s.Outcome)
	}
	for _, a := range r.Annotations {
		at := a.File
		if a.Line != "" {
			at += ":" + a.Line
		}
		if a.Col != "" {
			at += ":" + a.Col + "-" + a.EndColumn
		}
		fmt.Fprintf(&b, "\n[%s] %s (%s)\n  %s\n", a.Level, a.Title, at, strings.ReplaceAll(a.Message, "\n", "\n  "))
	}
	fmt.Fprintf(&b, "\ndropped annotations: %d\n\nsummary:\n%s\nsarif:\n", r.Dropped, r.Summary)
	if file := r.Outputs["sarif"]; file != "" {
		acceptSARIF(t, file)
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Runs []struct {
				Results []struct {
					RuleID    string `json:"ruleId"`
					Level     string `json:"level"`
					Locations []struct {
						Physical any `json:"physicalLocation"`
					} `json:"locations"`
					Fingerprints map[string]string `json:"partialFingerprints"`
				}
				Invocations any
			}
		}
		if err := json.Unmarshal(data, &doc); err != nil {
			t.Fatal(err)
		}
		for _, res := range doc.Runs[0].Results {
			one, err := json.Marshal(res)
			if err != nil {
				t.Fatal(err)
			}
			b.Write(append(one, '\n'))
		}
		how, err := json.Marshal(doc.Runs[0].Invocations)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(how, '\n'))
	}
	out := b.String()
	for _, v := range volatile {
		out = v.what.ReplaceAllString(out, v.with)
	}
	return out
}

func goldenAction(t *testing.T, name string, r *runner.Result) {
	t.Helper()
	for _, s := range r.Steps {
		for i := range uint64(60) {
			if strings.Contains(s.Log+r.Summary, token(i)) {
				t.Errorf("step %s shows a secret", s.Name)
			}
		}
	}
	file := filepath.Join("testdata", "action", name+".golden")
	got := jobView(t, r)
	if *redraw {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got; go test ./cmd/sprawl -run TestAction -update):\n%s\n%s", file, d, r.Log())
	}
}

// Each case is one job that GitHub would start, with what it shows as a golden file.
func TestAction(t *testing.T) {
	t.Run("pull-request", func(t *testing.T) {
		r := origin(t)
		job := pull(r, "acme/app")
		job.Workspace = checkout(t, r, "refs/pull/7/merge", "pull/7/merge", 0)
		uploaded := ""
		job.Uses = uploads(t, &uploaded, true)
		res := act(t, job, map[string]string{"upload-sarif": "true"})
		if uploaded == "" || uploaded != res.Outputs["sarif"] {
			t.Errorf("uploaded %q of %q", uploaded, res.Outputs["sarif"])
		}
		goldenAction(t, "pull-request", res)
	})
	t.Run("fork", func(t *testing.T) {
		r := origin(t)
		job := pull(r, "mallory/app")
		job.Workspace = checkout(t, r, "refs/pull/7/merge", "pull/7/merge", 0)
		uploaded := ""
		job.Uses = uploads(t, &uploaded, false)
		goldenAction(t, "fork", act(t, job, map[string]string{"upload-sarif": "true"}))
		if uploaded != "" {
			t.Error("a fork's token cannot upload")
		}
	})
	t.Run("shallow", func(t *testing.T) {
		r := origin(t)
		job := pull(r, "acme/app")
		job.Workspace = checkout(t, r, "refs/pull/7/merge", "pull/7/merge", 1)
		goldenAction(t, "shallow-left", act(t, job, map[string]string{"deepen": "false"}))
		goldenAction(t, "shallow", act(t, job, nil))
	})
	t.Run("no-permissions", func(t *testing.T) {
		r := origin(t)
		job := pull(r, "acme/app")
		job.Workspace = checkout(t, r, "refs/pull/7/merge", "pull/7/merge", 0)
		uploaded := ""
		job.Uses = uploads(t, &uploaded, false)
		goldenAction(t, "no-permissions", act(t, job, map[string]string{"upload-sarif": "true"}))
	})
	t.Run("push", func(t *testing.T) {
		r := origin(t)
		before := r.ID("main")
		r.Write("src/pushed.py", "import os\nTOKEN = \""+token(4)+"\"\n")
		r.Commit("push")
		job := push(r, "main", before, false)
		job.Workspace = checkout(t, r, "refs/heads/main", "main", 0)
		goldenAction(t, "push", act(t, job, map[string]string{"upload-sarif": "true"}))
	})
	t.Run("push-merge", func(t *testing.T) { // an evil merge: what neither parent has
		r := origin(t)
		before := r.ID("main")
		r.EvilMerge("topic", "merge", map[string]string{"evil.env": "GH_TOKEN=" + token(5) + "\n"})
		job := push(r, "main", before, false)
		job.Workspace = checkout(t, r, "refs/heads/main", "main", 0)
		goldenAction(t, "push-merge", act(t, job, nil))
	})
	t.Run("force-push", func(t *testing.T) {
		r := origin(t)
		job := push(r, "topic", strings.Repeat("7", 40), true)
		job.Workspace = checkout(t, r, "refs/heads/topic", "topic", 0)
		goldenAction(t, "force-push", act(t, job, nil))
	})
	t.Run("first-push", func(t *testing.T) {
		r := origin(t)
		job := push(r, "topic", strings.Repeat("0", 40), false)
		job.Workspace = checkout(t, r, "refs/heads/topic", "topic", 0)
		res := act(t, job, nil)
		if got := paths(res); got != "gone.env new.env" {
			t.Errorf("annotated %s\n%s", got, res.Log())
		}
		r.Git("branch", "-D", "topic")
		r.Git("branch", "copy", "main") // a branch that brings nothing
		job = push(r, "copy", strings.Repeat("0", 40), false)
		job.Workspace = checkout(t, r, "refs/heads/copy", "copy", 0)
		if res := act(t, job, nil); res.Failed || len(res.Annotations) > 0 {
			t.Errorf("a branch without commits of its own:\n%s", res.Log())
		}
	})
	t.Run("forty", func(t *testing.T) {
		r := origin(t)
		r.Switch("topic")
		for i := range uint64(40) {
			r.Write(fmt.Sprintf("many/%02d.env", i), "GH_TOKEN="+token(10+i)+"\n")
		}
		r.Commit("forty")
		r.Switch("main")
		job := pull(r, "acme/app")
		job.Workspace = checkout(t, r, "refs/pull/7/merge", "pull/7/merge", 0)
		res := act(t, job, nil)
		if res.Dropped > 0 {
			t.Errorf("GitHub drops %d annotations", res.Dropped)
		}
		goldenAction(t, "forty", res)
	})
	t.Run("policy", func(t *testing.T) {
		r := origin(t)
		r.Switch("topic")
		r.Write(".sprawl.yaml", policySalt+"exclude: ['**/*.env', '*.env']\n")
		r.Write("new.env", "# sprawl:allow trust me\nGH_TOKEN="+token(2)+"\n")
		r.Write(".github/workflows/ci.yml", "on: pull_request_target\npermissions: write-all\njobs: {}\n")
		r.Commit("switch it off")
		r.Switch("main")
		job := pull(r, "acme/app")
		job.Workspace = checkout(t, r, "refs/pull/7/merge", "pull/7/merge", 0)
		goldenAction(t, "policy", act(t, job, nil))
	})
	t.Run("clean", func(t *testing.T) {
		r := origin(t)
		before := r.ID("main")
		r.Write("README", "c\n")
		r.Commit("harmless")
		job := push(r, "main", before, false)
		job.Workspace = checkout(t, r, "refs/heads/main", "main", 0)
		goldenAction(t, "clean", act(t, job, nil))
	})
	t.Run("merge-group", func(t *testing.T) {
		r := origin(t)
		job := pull(r, "acme/app")
		type object = map[string]any
		job.Event, job.Payload = "merge_group", object{"merge_group": object{"base_sha": r.ID("main"), "head_sha": r.ID("refs/pull/7/merge")}}
		job.Workspace = checkout(t, r, "refs/pull/7/merge", "queue", 0)
		if res := act(t, job, nil); paths(res) != "gone.env new.env" {
			t.Errorf("annotated %s\n%s", paths(res), res.Log())
		}
	})
	t.Run("schedule", func(t *testing.T) {
		r := origin(t)
		job := runner.Job{Event: "schedule", Payload: map[string]any{"schedule": "0 3 * * *"}, GitHub: map[string]string{"repository": "acme/app", "sha": r.ID("main")}}
		job.Workspace = checkout(t, r, "refs/heads/main", "main", 0)
		uploaded := ""
		job.Uses = uploads(t, &uploaded, true)
		res := act(t, job, map[string]string{"upload-sarif": "true"})
		if got := paths(res); got != "gone.env new.env old.env" || uploaded == "" {
			t.Errorf("annotated %s, uploaded %q\n%s", got, uploaded, res.Log())
		}
	})
	t.Run("wrong", func(t *testing.T) {
		r := origin(t)
		job := push(r, "main", r.ID("main~1"), false)
		job.Workspace = checkout(t, r, "refs/heads/main", "main", 0)
		for input, value := range map[string]string{"scan": "some", "fail-on": "often", "target": "nowhere", "policy": "none.yaml"} {
			if res := act(t, job, map[string]string{input: value}); !res.Failed {
				t.Errorf("%s: %s is accepted:\n%s", input, value, res.Log())
			}
		}
	})
}

// TestActionReview comments through the API where the token allows it. The scan never sees the token.
func TestActionReview(t *testing.T) {
	r := origin(t)
	job := pull(r, "acme/app")
	job.Workspace = checkout(t, r, "refs/pull/7/merge", "pull/7/merge", 0)
	head := r.ID("topic")
	status := http.StatusCreated
	var got []string
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if a := q.Header.Get("Authorization"); a != "Bearer not-a-token" {
			t.Errorf("authorization %q", a)
		}
		w.Header().Set("Content-Type", "application/json")
		last := path.Base(q.URL.Path)
		switch {
		case last == "user":
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"message":"Resource not accessible by integration"}`)
		case q.Method == http.MethodPost:
			var in struct{ Path, CommitID, HeadSHA, Name string }
			body, _ := io.ReadAll(q.Body)
			for i := range uint64(60) {
				if bytes.Contains(body, []byte(token(i))) {
					t.Errorf("%s sends a secret", q.URL.Path)
				}
			}
			_ = json.Unmarshal(bytes.ReplaceAll(bytes.ReplaceAll(body, []byte("commit_id"), []byte("CommitID")), []byte("head_sha"), []byte("HeadSHA")), &in)
			got = append(got, strings.TrimPrefix(q.URL.Path, "/repos/acme/app/")+" "+in.Path+in.Name+" "+in.CommitID+in.HeadSHA)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"id":1}`)
		case last == "files":
			_, _ = io.WriteString(w, `[{"filename":"new.env","patch":"@@ -0,0 +1,2 @@\n+# added\n+x"}]`)
		case last == "comments":
			_, _ = io.WriteString(w, `[]`)
		default:
			_, _ = io.WriteString(w, `{"total_count":0,"check_runs":[]}`)
		}
	}))
	defer api.Close()
	job.GitHub["api_url"] = api.URL
	res := act(t, job, map[string]string{"review": "true"})
	want := []string{"pulls/7/comments new.env " + head, "check-runs sprawl " + head}
	if !slices.Equal(got, want) || !strings.Contains(res.Step(t, "review").Log, "1 new, 0 updated, 0 resolved, 0 as they were; 1 credentials without one; check run: failure") {
		t.Errorf("sent %q, want %q\n%s", got, want, res.Log())
	}
	status = http.StatusForbidden
	res = act(t, job, map[string]string{"review": "true"})
	last := res.Annotations[len(res.Annotations)-1]
	if res.Outputs["exit-code"] != "1" || res.Step(t, "review").Outcome != "failure" || !strings.Contains(last.Message, "pull-requests: write and checks: write") {
		t.Errorf("%+v\n%s", last, res.Log())
	}
}

// TestActionBuilds builds the program as the action does where none is installed, and takes it from the cache the next time.
func TestActionBuilds(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program once more")
	}
	r := origin(t)
	job := push(r, "topic", r.ID("main"), false)
	job.Workspace = checkout(t, r, "refs/heads/topic", "topic", 0)
	key, stored := "", ""
	job.Uses = map[string]func(map[string]string) (map[string]string, error){
		"actions/setup-go": func(with map[string]string) (map[string]string, error) {
			if _, err := os.Stat(with["go-version-file"]); err != nil {
				t.Error(err)
			}
			return nil, nil
		},
		"actions/cache": func(with map[string]string) (map[string]string, error) {
			if stored == "" || key != with["key"] {
				key = with["key"]
				return map[string]string{"cache-hit": "false"}, nil
			}
			if err := os.CopyFS(with["path"], os.DirFS(stored)); err != nil {
				return nil, err
			}
			return map[string]string{"cache-hit": "true"}, nil
		},
	}
	first := act(t, job, map[string]string{"binary": ""})
	if got := paths(first); got != "gone.env new.env" || first.Step(t, "Build").Outcome != "success" {
		t.Fatalf("annotated %s\n%s", got, first.Log())
	}
	stored = filepath.Join(first.Temp, "sprawl", "bin")
	second := act(t, job, map[string]string{"binary": ""})
	if got := paths(second); got != "gone.env new.env" || second.Step(t, "Build").Outcome != "skipped" || second.Step(t, "Set up Go").Outcome != "skipped" {
		t.Errorf("annotated %s\n%s", got, second.Log())
	}
}

// paths are the files with annotations, each once.
func paths(r *runner.Result) string {
	var out []string
	for _, a := range r.Annotations {
		if a.File != "" {
			out = append(out, a.File)
		}
	}
	return strings.Join(sortedOnce(out), " ")
}

func sortedOnce(in []string) []string {
	slices.Sort(in)
	return slices.Compact(in)
}
