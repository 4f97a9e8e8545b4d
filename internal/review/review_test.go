package review

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sprawl/finding"
	"sprawl/internal/testkit/prism"
)

type object = map[string]any

// forge is a GitHub that remembers. Where it has a Prism, every request goes there first: what GitHub's own description of its
// API does not allow fails the test, and answers are the description's examples with what is remembered written over.
type forge struct {
	t     testing.TB
	prism string

	mu       sync.Mutex
	files    []object
	comments []object
	runs     []object
	writes   []string
	app      bool           // the token is a workflow's, which may not ask who it is
	noLines  bool           // refuses comments on lines
	deny     map[string]int // status by "METHOD last-part-of-path"
	next     float64
}

func (f *forge) start() *Client {
	s := httptest.NewServer(f)
	f.t.Cleanup(s.Close)
	c, err := New(s.URL, "not-a-token", nil)
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

func (f *forge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		f.t.Error(err)
	}
	if r.Header.Get("Authorization") != "Bearer not-a-token" {
		f.t.Errorf("%s %s: authorization %q", r.Method, r.URL.Path, r.Header.Get("Authorization"))
	}
	example := f.ask(r, sent)
	var in object
	if len(sent) > 0 {
		if err := json.Unmarshal(sent, &in); err != nil {
			f.t.Error(err)
		}
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	last := parts[len(parts)-1]
	if status := f.deny[r.Method+" "+last]; status > 0 {
		w.Header().Set("Retry-After", "60")
		f.answer(w, status, object{"message": "Resource not accessible by integration", "documentation_url": "https://docs.github.com/rest"})
		return
	}
	if r.Method != http.MethodGet {
		f.writes = append(f.writes, r.Method+" "+last)
	}
	id, _ := strconv.ParseFloat(last, 64)
	switch {
	case last == "user" && f.app:
		f.answer(w, http.StatusForbidden, object{"message": "Resource not accessible by integration"})
	case last == "user":
		f.answer(w, http.StatusOK, over(example, object{"login": "octocat"}))
	case last == "files":
		f.page(w, r, f.files, example)
	case last == "comments" && r.Method == http.MethodGet:
		f.page(w, r, f.comments, example)
	case last == "comments" && f.noLines && in["line"] != nil:
		f.answer(w, http.StatusUnprocessableEntity, object{"message": "Validation Failed"})
	case last == "comments":
		f.answer(w, http.StatusCreated, f.add(&f.comments, example, in, "octocat"))
	case parts[len(parts)-2] == "comments":
		f.answer(w, http.StatusOK, f.change(f.comments, id, example, in))
	case last == "check-runs" && r.Method == http.MethodGet:
		var runs []any
		for _, run := range f.runs {
			if run["head_sha"] == parts[len(parts)-2] && (r.URL.Query().Get("check_name") == "" || run["name"] == r.URL.Query().Get("check_name")) {
				runs = append(runs, over(first(example, "check_runs"), run))
			}
		}
		f.answer(w, http.StatusOK, object{"total_count": len(runs), "check_runs": runs})
	case last == "check-runs":
		f.answer(w, http.StatusCreated, f.add(&f.runs, example, in, ""))
	case parts[len(parts)-2] == "check-runs":
		f.answer(w, http.StatusOK, f.change(f.runs, id, example, in))
	default:
		f.t.Errorf("%s %s is not known here", r.Method, r.URL.Path)
		f.answer(w, http.StatusNotFound, object{"message": "Not Found"})
	}
}

// ask lets Prism check a request, and returns the example it answers with.
func (f *forge) ask(r *http.Request, sent []byte) any {
	if f.prism == "" {
		return nil
	}
	req, err := http.NewRequestWithContext(r.Context(), r.Method, f.prism+r.URL.RequestURI(), bytes.NewReader(sent))
	if err != nil {
		f.t.Error(err)
		return nil
	}
	req.Header = r.Header.Clone()
	// go-github asks for previews that GitHub has long made the rule and its description no longer lists.
	req.Header.Set("Accept", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Error(err)
		return nil
	}
	defer res.Body.Close()
	if v := res.Header.Get("sl-violations"); v != "" || res.StatusCode >= 300 {
		f.t.Errorf("%s %s: GitHub's description does not allow it: %s %s\n%s", r.Method, r.URL.Path, res.Status, v, sent)
		return nil
	}
	var example any
	if err := json.NewDecoder(res.Body).Decode(&example); err != nil {
		f.t.Error(err)
	}
	return example
}

func (f *forge) add(to *[]object, example any, in object, author string) object {
	f.next++
	in["id"] = f.next
	if author != "" {
		in["user"] = object{"login": author, "type": "User"}
	}
	*to = append(*to, in)
	return over(example, in)
}

func (f *forge) change(in []object, id float64, example any, with object) object {
	for _, o := range in {
		if o["id"] == id {
			for k, v := range with {
				o[k] = v
			}
			return over(example, o)
		}
	}
	f.t.Errorf("nothing with id %v", id)
	return nil
}

// page answers two of a list at a time, as a client must be ready for.
func (f *forge) page(w http.ResponseWriter, r *http.Request, list []object, example any) {
	n, _ := strconv.Atoi(r.URL.Query().Get("page"))
	from := max(n-1, 0) * 2
	to := min(from+2, len(list))
	if to < len(list) {
		q := r.URL.Query()
		q.Set("page", strconv.Itoa(max(n, 1)+1))
		w.Header().Set("Link", fmt.Sprintf("<http://%s%s?%s>; rel=\"next\"", r.Host, r.URL.Path, q.Encode()))
	}
	out := []any{}
	for _, o := range list[min(from, to):to] {
		out = append(out, over(first(example, ""), o))
	}
	f.answer(w, http.StatusOK, out)
}

func (f *forge) answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		f.t.Error(err)
	}
}

// first is the first element of an example's list; what answers leave out stays the example's.
func first(example any, key string) any {
	if m, ok := example.(object); ok && key != "" {
		example = m[key]
	}
	if l, ok := example.([]any); ok && len(l) > 0 {
		return l[0]
	}
	return nil
}

func over(example any, with object) object {
	out := object{}
	if m, ok := example.(object); ok {
		for k, v := range m {
			if k != "in_reply_to_id" { // the example is a reply
				out[k] = v
			}
		}
	}
	for k, v := range with {
		out[k] = v
	}
	return out
}

// live are the comments and runs in short, for comparisons.
func (f *forge) live() (out []string) {
	for _, c := range f.comments {
		state := "open"
		if body := fmt.Sprint(c["body"]); strings.HasPrefix(body, "**Resolved**") {
			state = "resolved"
		} else if keyOf(body) == "" {
			state = "foreign"
		}
		at := fmt.Sprint(c["path"])
		if c["line"] != nil {
			at += fmt.Sprint(":", c["line"])
		}
		if c["subject_type"] != nil {
			at += fmt.Sprint(" ", c["subject_type"])
		}
		out = append(out, state+" "+at)
	}
	for _, r := range f.runs {
		title := r["output"].(object)["title"]
		out = append(out, fmt.Sprintf("run %.4s %s: %s", r["head_sha"], r["conclusion"], title))
	}
	return out
}

const (
	head1 = "1111111111111111111111111111111111111111"
	head2 = "2222222222222222222222222222222222222222"
	head3 = "3333333333333333333333333333333333333333"
)

func credential(id, path string, line int, state finding.State) Finding {
	return Finding{
		ID: id, Kind: "acme-token", Title: "Acme token", Severity: finding.SevHigh, Redacted: "acme_****", Why: "its checksum holds",
		Fix: []string{"revoke it"}, Locations: []Location{{Path: path, Line: line, EndLine: line, State: state}},
	}
}

func reportOf(fs ...Finding) *Report {
	r := &Report{Scope: finding.KeyRepository, Complete: true, Findings: fs}
	for _, f := range fs {
		if f.Decision == nil {
			r.Failing++
		}
	}
	return r
}

const patch = "@@ -1,2 +1,3 @@\n a\n+b\n c\n@@ -10 +11,2 @@ func x\n-d\n+e\n+f\n\\ No newline at end of file"

func publish(t *testing.T, c *Client, head string, r *Report) Outcome {
	t.Helper()
	out, err := c.Publish(t.Context(), Target{"acme", "app", 7, head}, r)
	if err != nil {
		t.Error(err)
	}
	return out
}

// lifetime is a pull request over four pushes.
func lifetime(t *testing.T, f *forge) {
	f.files = []object{{"filename": "a.env", "patch": patch}, {"filename": "b.env", "patch": "@@ -0,0 +1 @@\n+x"}, {"filename": "big.json"}}
	c := f.start()
	one, two := credential("c-one", "a.env", 2, "head"), credential("c-two", "a.env", 7, "head")
	three, gone := credential("c-three", "big.json", 9000, "head"), credential("c-gone", "gone.env", 1, "history")
	check := func(what string, got, want Outcome, live ...string) {
		t.Helper()
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: -want +got\n%s", what, d)
		}
		if d := cmp.Diff(live, f.live()); d != "" {
			t.Errorf("%s: -want +got\n%s", what, d)
		}
	}
	f.comments = append(f.comments, object{"id": 900.0, "path": "a.env", "line": 1.0, "body": "what is this?", "user": object{"login": "ada", "type": "User"}})
	const foreign = "foreign a.env:1"

	// The first push: on its line, on the file where the line is not part of the change, nowhere for what only history holds.
	check("created", publish(t, c, head1, reportOf(one, two, three, gone)), Outcome{Created: 3, Uncommented: 1, Conclusion: "failure"},
		foreign, "open a.env:2", "open a.env file", "open big.json file", "run 1111 failure: 4 credentials")

	// The same commit again: nothing but the check run is written.
	f.writes = nil
	check("again", publish(t, c, head1, reportOf(one, two, three, gone)), Outcome{Kept: 3, Uncommented: 1, Conclusion: "failure"},
		foreign, "open a.env:2", "open a.env file", "open big.json file", "run 1111 failure: 4 credentials")
	if !slices.Equal(f.writes, []string{"PATCH 1"}) && !slices.Equal(f.writes, []string{"PATCH 4"}) {
		t.Errorf("written: %q", f.writes)
	}

	// The next push: one has moved on to a second place, one was accepted, one is gone, one is new.
	one.Locations = append(one.Locations, Location{Path: "b.env", Line: 1, EndLine: 1, State: "head"})
	two.Decision = &struct {
		Kind  string `json:"kind"`
		Value string `json:"value"`
		By    string `json:"by"`
	}{Kind: "mark", Value: "false-positive", By: "ada"}
	four := credential("c-four", "b.env", 1, "head")
	check("updated", publish(t, c, head2, reportOf(one, two, four)), Outcome{Created: 1, Updated: 1, Resolved: 2, Conclusion: "failure"},
		foreign, "open a.env:2", "resolved a.env file", "resolved big.json file", "open b.env:1", "run 1111 failure: 4 credentials", "run 2222 failure: 2 credentials")

	// Half a report resolves nothing.
	half := reportOf()
	half.Complete = false
	check("incomplete", publish(t, c, head3, half), Outcome{Conclusion: "action_required"},
		foreign, "open a.env:2", "resolved a.env file", "resolved big.json file", "open b.env:1", "run 1111 failure: 4 credentials", "run 2222 failure: 2 credentials",
		"run 3333 action_required: Incomplete: not everything that was asked for was read")

	// All gone, and one back.
	check("back", publish(t, c, head3, reportOf(three)), Outcome{Updated: 1, Resolved: 2, Conclusion: "failure"},
		foreign, "resolved a.env:2", "resolved a.env file", "open big.json file", "resolved b.env:1", "run 1111 failure: 4 credentials", "run 2222 failure: 2 credentials",
		"run 3333 failure: 1 credential")
	check("clean", publish(t, c, head3, reportOf()), Outcome{Resolved: 1, Conclusion: "success"},
		foreign, "resolved a.env:2", "resolved a.env file", "resolved big.json file", "resolved b.env:1", "run 1111 failure: 4 credentials", "run 2222 failure: 2 credentials",
		"run 3333 success: No new credential")
}

func TestPublish(t *testing.T) { lifetime(t, &forge{t: t}) }

// TestPublishByDescription is TestPublish with every request checked against GitHub's own description of its API, by Prism.
func TestPublishByDescription(t *testing.T) {
	lifetime(t, &forge{t: t, prism: prism.Start(t, filepath.Join("testdata", "github-openapi.json"))})
}

// Without a salt ids last for one run: comments are found by kind and file.
func TestPublishWithoutSalt(t *testing.T) {
	f := &forge{t: t, files: []object{{"filename": "a.env", "patch": patch}}, app: true}
	c := f.start()
	report := func(ids ...string) *Report {
		r := reportOf(credential(ids[0], "a.env", 1, "head"), credential(ids[1], "a.env", 2, "head"))
		r.Scope = finding.KeyRun
		return r
	}
	publish(t, c, head1, report("c-a", "c-b"))
	for _, m := range f.comments {
		m["user"] = object{"login": "github-actions[bot]", "type": "Bot"}
	}
	if out := publish(t, c, head2, report("c-x", "c-y")); out.Created > 0 || out.Kept != 2 {
		t.Errorf("%+v: %q", out, f.live())
	}
	if body := fmt.Sprint(f.comments[0]["body"]); strings.Contains(body, "sprawl show") {
		t.Errorf("an id that nobody can look up is shown: %s", body)
	}
}

// Whoever copies a marker into a comment of their own gets neither edited nor believed.
func TestPublishForeignMarker(t *testing.T) {
	f := &forge{t: t, files: []object{{"filename": "a.env", "patch": patch}}}
	f.comments = []object{{"id": 900.0, "path": "a.env", "body": "lgtm\n<!-- sprawl:c-one -->", "user": object{"login": "mallory", "type": "User"}}}
	for _, app := range []bool{false, true} {
		f.app = app
		out := publish(t, f.start(), head1, reportOf(credential("c-one", "a.env", 2, "head")))
		if f.comments[0]["body"] != "lgtm\n<!-- sprawl:c-one -->" || out.Created != 1 {
			t.Errorf("%+v, %v", out, f.comments[0]["body"])
		}
		f.comments = f.comments[:1]
	}
}

// What may not be done is said by its permission, and the rest is done.
func TestPublishDenied(t *testing.T) {
	for deny, want := range map[string]string{
		"POST comments":   "pull-requests: write): GitHub answered 403: Resource not accessible by integration",
		"POST check-runs": "checks: write): GitHub answered 403",
		"GET comments":    "pull-requests: write",
	} {
		f := &forge{t: t, files: []object{{"filename": "a.env", "patch": patch}}, deny: map[string]int{deny: 403}}
		out, err := f.start().Publish(t.Context(), Target{"acme", "app", 7, head1}, reportOf(credential("c-one", "a.env", 2, "head")))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", deny, err)
		}
		if deny == "POST comments" && out.Conclusion != "failure" || deny == "POST check-runs" && out.Created != 1 {
			t.Errorf("%s: %+v", deny, out)
		}
	}
	f := &forge{t: t, deny: map[string]int{"GET user": 429}}
	if _, err := f.start().Publish(t.Context(), Target{"acme", "app", 7, head1}, reportOf()); err == nil || !strings.Contains(err.Error(), "rate limit") {
		t.Errorf("429: %v", err)
	}
}

// What GitHub does not take on a line goes to the file, and what it does not take there is counted.
func TestPublishRefusedPlace(t *testing.T) {
	f := &forge{t: t, files: []object{{"filename": "a.env", "patch": patch}}, noLines: true}
	if out := publish(t, f.start(), head1, reportOf(credential("c-one", "a.env", 2, "head"))); out.Created != 1 || !slices.Contains(f.live(), "open a.env file") {
		t.Errorf("%+v: %q", out, f.live())
	}
	f = &forge{t: t, files: []object{{"filename": "a.env", "patch": patch}}, deny: map[string]int{"POST comments": 422}}
	if out := publish(t, f.start(), head1, reportOf(credential("c-one", "a.env", 2, "head"))); out.Created != 0 || out.Uncommented != 1 || out.Conclusion != "failure" {
		t.Errorf("%+v: %q", out, f.live())
	}
}

// A value over several lines is commented on all of them, if one hunk shows them all.
func TestSpot(t *testing.T) {
	files := map[string]lines{"a.env": patchLines(patch)}
	for _, tt := range []struct {
		from, to int
		line     bool
	}{{1, 3, true}, {2, 2, true}, {3, 11, false}, {11, 12, true}, {12, 13, false}, {0, 0, false}} {
		f := credential("c-one", "a.env", tt.from, "head")
		f.Locations[0].EndLine = tt.to
		here, line := spot(&f, files)
		if here == nil || line != tt.line {
			t.Errorf("%+v: %v, %v", tt, here, line)
		}
		if n := fresh(Target{Head: head1}, here, line, "x"); line && (n.GetLine() != tt.to || (n.StartLine != nil) != (tt.to > tt.from)) {
			t.Errorf("%+v: %v", tt, n)
		}
	}
}

func TestPublishMany(t *testing.T) {
	f := &forge{t: t, files: []object{{"filename": "a.env", "patch": patch}}}
	var fs []Finding
	for i := range 100 {
		fs = append(fs, credential(fmt.Sprintf("c-%d", i), "a.env", 2, "head"))
	}
	c := f.start()
	if out := publish(t, c, head1, reportOf(fs...)); out.Created != maxComments || out.Uncommented != 100-maxComments {
		t.Errorf("%+v", out)
	}
	summary := fmt.Sprint(f.runs[0]["output"].(object)["summary"])
	if !strings.Contains(summary, "and 60 more") || !strings.Contains(summary, "70 credentials without a comment") {
		t.Error(summary)
	}
	// A commit that is in no pull request.
	f.writes = nil
	out, err := c.Publish(t.Context(), Target{Owner: "acme", Repository: "app", Head: head2}, reportOf(fs[0]))
	if err != nil || !slices.Equal(f.writes, []string{"POST check-runs"}) || out.Conclusion != "failure" {
		t.Errorf("%+v, %v, %q", out, err, f.writes)
	}
}

// What stands in a repository is shown and never markup, and does not end the comment's marker early.
func TestBodyHostile(t *testing.T) {
	f := credential("c-one", "a\n<!-- sprawl:c-two -->|`x`.env", 1, "head")
	f.Title, f.Why = "<img src=x> @acme/all #1", "<!-- sprawl:c-two -->\n[x](javascript:y)"
	f.Fix = []string{"<script>`", strings.Repeat("x", 100_000)}
	f.Locations = append(f.Locations, f.Locations[0], Location{Path: "b"})
	got := body(reportOf(f), &f, f.ID, &f.Locations[2])
	if keyOf(got) != "c-one" || strings.Count(got, "<!--") != 2 || len(got) > 65_536 {
		t.Errorf("key %q of %d bytes:\n%.2000s", keyOf(got), len(got), got)
	}
	for _, bad := range []string{"<img", "<script", "@acme", "](java"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q stands in it:\n%.2000s", bad, got)
		}
	}
	r := reportOf(f)
	r.Notices = []Notice{{Kind: "x", Message: "<img>"}}
	if _, _, s := verdict(r, []*Finding{&f}, 0); strings.Contains(s, "<img") {
		t.Error(s)
	}
}

func TestPatchLines(t *testing.T) {
	want := lines{1: true, 2: true, 3: true, 11: true, 12: true}
	if d := cmp.Diff(want, patchLines(patch)); d != "" {
		t.Error(d)
	}
	for _, p := range []string{"", "@@", "@@ -1 +", "@@ -1 +x,y @@\n+a", "+++ b\n+x", "@@ -1 +1,99999999999999999999 @@\n+x"} {
		if got := patchLines(p); len(got) > 0 {
			t.Errorf("%q: %v", p, got)
		}
	}
}

func FuzzPatchLines(f *testing.F) {
	f.Add(patch)
	f.Add("@@ -1,2 +9223372036854775807,3 @@\n+a\n+b")
	f.Fuzz(func(t *testing.T, p string) {
		if got := patchLines(p); len(got) > strings.Count(p, "\n")+1 {
			t.Errorf("%d lines of %d", len(got), strings.Count(p, "\n")+1)
		}
	})
}

func TestRead(t *testing.T) {
	const header = `{"type":"header","schema":"sprawl/1","key_scope":"repository","as_of":"2026-01-02T03:04:05Z"}` + "\n"
	const summary = `{"type":"summary","schema":"sprawl/1","complete":true,"failing":1}` + "\n"
	r, err := Read(strings.NewReader(header + `{"type":"finding","schema":"sprawl/1","id":"c-1","decision":null,"locations":[{"path":"a","line":3,"layer":null}]}` + "\n" +
		`{"type":"reference","schema":"sprawl/1"}` + "\n" + `{"type":"notice","schema":"sprawl/1","message":"m"}` + "\n" + summary))
	if err != nil || len(r.Findings) != 1 || r.Findings[0].Locations[0].Line != 3 || len(r.Notices) != 1 || !r.Complete || r.Failing != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	for name, in := range map[string]string{
		"empty": "", "cut": header, "no header": summary, "two": header + summary + header + summary, "other": `{"type":"header"}`, "text": "no credentials found",
	} {
		if _, err := Read(strings.NewReader(in)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestNew(t *testing.T) {
	for _, api := range []string{"http://api.github.com", "ftp://x", "", "https://a:b@api.github.com", "http://127.0.0.1.evil.example"} {
		if _, err := New(api, "x", nil); err == nil {
			t.Errorf("%s is accepted", api)
		}
	}
	if _, err := New("https://ghe.example/api/v3", "x", nil); err != nil {
		t.Error(err)
	}
	if _, err := New("https://api.github.com", "", nil); err == nil {
		t.Error("no token is accepted")
	}
	// A redirect does not carry the token away.
	away := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer away.Close()
	s := httptest.NewServer(http.RedirectHandler(away.URL, http.StatusTemporaryRedirect))
	defer s.Close()
	c, err := New(s.URL, "x", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Publish(t.Context(), Target{"acme", "app", 7, head1}, reportOf()); err == nil {
		t.Error("a redirect is no answer")
	}
}
