package compare

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func name(v []byte) string {
	h := sha256.Sum256(v)
	return "n-" + hex.EncodeToString(h[:4])
}

// Values are made up of pieces and stand for nothing.
var (
	one   = strings.Repeat("q7", 6) + "one"
	two   = strings.Repeat("k2", 6) + "two"
	three = strings.Repeat("z9", 6) + "three"
)

func names(v []byte) []string { return []string{name(v)} }

func TestRead(t *testing.T) {
	for _, tt := range []struct {
		what, data string
		want       []Theirs
	}{
		{"gitleaks", `[{"RuleID":"r","Secret":"` + one + `","Match":"x","File":"a\\b.env","StartLine":3,"Commit":"c1"},{"RuleID":"r","Secret":"REDACTED","File":"c","StartLine":1}]`,
			[]Theirs{{Tool: "gitleaks", Rule: "r", Names: []string{name([]byte(one))}, Path: "a/b.env", Commit: "c1", Line: 3}, {Tool: "gitleaks", Rule: "r", Path: "c", Line: 1}}},
		{"trufflehog", `{"SourceMetadata":{"Data":{"Git":{"commit":"c1","file":"a.py","line":7}}},"DetectorName":"AWS","Verified":true,"Raw":"` + one + `","RawV2":"` + one + two + `"}` + "\n" +
			`{"SourceMetadata":{"Data":{"Filesystem":{"file":"./b.py","line":1}}},"DetectorName":"X","Raw":"` + three + `"}`,
			[]Theirs{{Tool: "trufflehog", Rule: "AWS", Names: []string{name([]byte(one)), name([]byte(two)), name([]byte(one + two))}, Path: "a.py", Commit: "c1", Line: 7, Live: true},
				{Tool: "trufflehog", Rule: "X", Names: []string{name([]byte(three))}, Path: "b.py", Line: 1}}},
		{"kingfisher", `{"findings":[{"rule":{"name":"n","id":"kf.1"},"finding":{"snippet":"` + one + `","line":4,"path":"x","validation":{"status":"Active Credential"},"git_metadata":{"commit":{"id":"c2"},"file":{"path":"src/a","line":4}}}}],"metadata":{}}`,
			[]Theirs{{Tool: "kingfisher", Rule: "kf.1", Names: []string{name([]byte(one))}, Path: "src/a", Commit: "c2", Line: 4, Live: true}}},
		{"kingfisher, JSONL", `{"rule":{"id":"kf.1"},"finding":{"snippet":"` + two + `","line":4,"path":"x","validation":{"status":""},"git_metadata":null}}
{"findings":1,"scan_duration":0.5,"kingfisher":{}}
{"audit":{"schema":"kingfisher.repository-audit.v1","repositories":[]}}`,
			[]Theirs{{Tool: "kingfisher", Rule: "kf.1", Names: []string{name([]byte(two))}, Path: "x", Line: 4}}},
		{"kingfisher, older", `[{"id":"kf.1","matches":[{"rule":{"id":"kf.1"},"finding":{"snippet":"` + two + `","line":4,"path":"x/","git_metadata":null}}]}]`,
			[]Theirs{{Tool: "kingfisher", Rule: "kf.1", Names: []string{name([]byte(two))}, Path: "x", Line: 4}}},
		{"detect-secrets", `{"version":"1","results":{"b":[{"type":"T","hashed_secret":"AB","line_number":2,"is_secret":false}],"a":[{"type":"T","hashed_secret":"cd","line_number":1}]}}`,
			[]Theirs{{Tool: "detect-secrets", Rule: "T", SHA1: "cd", Path: "a", Line: 1}, {Tool: "detect-secrets", Rule: "T", SHA1: "ab", Path: "b", Line: 2, Ignored: true}}},
		{"nothing found", `[]`, nil},
	} {
		got, err := Read([]byte(tt.data), names)
		if err != nil {
			t.Errorf("%s: %v", tt.what, err)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s: %s", tt.what, d)
		}
		for _, x := range got {
			if s := strings.Join(x.Names, " ") + x.Rule + x.Path; strings.Contains(s, one) || strings.Contains(s, two) {
				t.Errorf("%s: a value is kept", tt.what)
			}
		}
	}
	for _, data := range []string{`{"a":1}`, `[1]`, `3`, `"x"`, `[{"matches":[3]}]`} {
		if _, err := Read([]byte(data), names); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %v", data, err)
		}
	}
	if _, err := Read([]byte(`[{"Secret":"`+one), names); err == nil || strings.Contains(err.Error(), one) {
		t.Errorf("%v", err)
	}
}

func TestCompare(t *testing.T) {
	ours := []Ours{
		{ID: "c-1", Name: name([]byte(one)), Places: []Place{{Path: "a.py", Line: 3}}, Proven: true},
		{ID: "c-2", Name: name([]byte(two)), SHA1: "ab", Places: []Place{{Path: "b.py", Line: 5, EndLine: 7}}, Prod: "path"},
		{ID: "c-3", Name: name([]byte(three)), Places: []Place{{Path: "c.py", Line: 1}}, Proven: true},
		{ID: "c-4", Name: "n-4", Places: []Place{{Path: "d.py", Line: 1}}},
	}
	theirs := []Theirs{
		{Rule: "value", Names: []string{"n-x", name([]byte(one))}, Path: "elsewhere", Line: 99},
		{Rule: "place", Path: "work/repo/b.py", Line: 6},
		{Rule: "hash", SHA1: "ab", Ignored: true},
		{Rule: "new", Names: []string{"n-y"}, Path: "z.py", Line: 9},
		{Rule: "new", Names: []string{"n-y"}, Path: "y.py", Line: 2},
		{Rule: "near", Path: "c.py", Line: 2},
	}
	ignored := []Theirs{{Rule: "tag", Names: []string{name([]byte(three))}, Ignored: true}, {Rule: "tag", Names: []string{"n-4"}, Ignored: true}}
	r := Compare(ours, theirs, ignored)
	var got []string
	for _, p := range r.Both {
		got = append(got, "both "+p.Ours.ID+" "+p.Theirs[0].Rule)
	}
	for _, o := range r.Ours {
		got = append(got, "ours "+o.ID)
	}
	for _, x := range r.Theirs {
		got = append(got, "theirs "+x.Rule+" "+x.Place())
	}
	for _, p := range r.Ignored {
		got = append(got, "ignored "+p.Ours.ID+" "+p.Theirs[0].Rule)
	}
	want := []string{"both c-1 value", "both c-2 place", "ours c-3", "ours c-4", "theirs near c.py:2", "theirs new y.py:2", "ignored c-2 hash", "ignored c-3 tag"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// FuzzRead feeds hostile reports.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`[{"RuleID":"r","Secret":"` + one + `","File":"a"}]`))
	f.Add([]byte(`{"DetectorName":"A","Raw":"` + one + `","SourceMetadata":{"Data":{"Git":{}}}}`))
	f.Add([]byte(`{"findings":[{"matches":[{"rule":{},"finding":{}}]}]}`))
	f.Fuzz(func(_ *testing.T, data []byte) {
		ts, _ := Read(data, names)
		Compare([]Ours{{ID: "c", Places: []Place{{Path: "a", Line: 1}}}}, ts, ts)
	})
}
