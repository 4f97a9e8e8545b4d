package policy

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// edits: the words M1 to M4 stand for matches. run is what happens to the file.
var edits = []struct {
	name, data, want string
	run              func([]byte) ([]byte, error)
}{
	{"a baseline in a new file", "", "baseline:\n  M1: aws-access-key\n  M2: github-pat\n", set("M2", "github-pat", "M1", "aws-access-key")},
	{"behind other sections", "# mine\nexclude:\n- a # why\n", "# mine\nexclude:\n- a # why\n\nbaseline:\n  M1: a\n", set("M1", "a")},
	{"without a last line break", "exclude: [a]", "exclude: [a]\n\nbaseline:\n  M1: a\n", set("M1", "a")},
	{"in front of a document end", "exclude: [a]\n...\n", "exclude: [a]\n\nbaseline:\n  M1: a\n...\n", set("M1", "a")},
	{"into an empty section", "baseline: # seen before\nexclude: [a]\n", "baseline: # seen before\n  M1: a\nexclude: [a]\n", set("M1", "a")},
	{"into braces", "baseline: {} # none yet\n", "baseline: # none yet\n  M1: a\n", set("M1", "a")},
	{"out of braces", "baseline: {M2: b, M1: a}\nexclude: []\n", "baseline:\n  M1: a\n  M2: b\n  M3: c\nexclude: []\n", set("M1", "a", "M2", "b", "M3", "c")},
	{"sorted among others", "baseline:\n  # first\n  M1: a   # one\n\n  # third\n  M3: c\n# end\nexclude: []\n",
		"baseline:\n  # first\n  M1: a   # one\n  M2: b\n\n  # third\n  M3: c\n  M4: d\n# end\nexclude: []\n", set("M1", "a", "M2", "b", "M3", "c", "M4", "d")},
	{"in front of the first", "baseline:\n    M2: b\n", "baseline:\n    M1: a\n    M2: b\n", set("M1", "a", "M2", "b")},
	{"unsorted stays", "baseline:\n  M3: c\n  M1: a\n", "baseline:\n  M2: b\n  M3: c\n  M1: a\n", set("M1", "a", "M2", "b", "M3", "c")},
	{"another kind", "baseline:\n  M1: a  # note\n  M2: b\n", "baseline:\n  M1: z  # note\n  M2: b\n", set("M1", "z", "M2", "b")},
	{"no kind", "baseline:\n  M1: a\n", "baseline:\n  M1:\n", set("M1", "")},
	{"removed", "baseline:\n  M1: a\n  # about two\n  M2: b\n  M3: c # three\n", "baseline:\n  # about two\n  M3: c # three\n", set("M3", "c")},
	{"all removed", saltLine + "baseline:\n  M1: a\n", saltLine + "baseline:\n", set()},
	{"all removed from braces", "baseline: {M1: a}\n", "baseline:\n", set()},
	{"nothing to do", "baseline: {'M1': \"a\"}", "baseline: {'M1': \"a\"}", set("M1", "a")},
	{"CRLF", "baseline:\r\n  M1: a\r\n", "baseline:\r\n  M1: a\r\n  M2: b\r\n", set("M1", "a", "M2", "b")},
	{"CRLF, another kind", "baseline:\r\n  M1: a # x\r\n", "baseline:\r\n  M1: b # x\r\n", set("M1", "b")},
	{"byte order mark", "\xEF\xBB\xBFbaseline:\n  M1: a\n", "\xEF\xBB\xBFbaseline:\n  M1: a\n  M2: b\n", set("M1", "a", "M2", "b")},
	{"prune", "baseline:\n  M1: a\n  M2: b\n  M3: c\n", "baseline:\n  M2: b\n", func(d []byte) ([]byte, error) {
		out, removed, err := PruneBaseline(d, func(m string) bool { return m == match(2) })
		if err == nil && strings.Join(removed, " ") != match(1)+" "+match(3) {
			panic("removed something else")
		}
		return out, err
	}},
	{"a mark", saltLine + "# end\n", saltLine + "# end\n\nmarks:\n  M1:\n    as: false-positive\n    reason: \"50% of: it\"\n    by: A N Other\n    on: 2026-03-31\n",
		mark("M1", Mark{FalsePositive, "50% of: it", "A N Other", day("2026-03-31").Add(7 * time.Hour)})},
	{"a mark among others", "marks:\n  M1: {as: resolved} # flow\n  M3:\n    as: resolved\n    reason: |\n      # no comment\n\n      x\n  # four\n  M4: {as: resolved}\n",
		"marks:\n  M1: {as: resolved} # flow\n  M2:\n    as: resolved\n  M3:\n    as: resolved\n    reason: |\n      # no comment\n\n      x\n  # four\n  M4: {as: resolved}\n",
		mark("M2", Mark{As: Resolved})},
	{"a mark changed", "marks:\n  M1: {as: resolved}\n  M3:\n    as: resolved\n    reason: |\n      # no comment\n\n      x\n\n  # four\n  M4: {as: resolved}\n",
		"marks:\n  M1: {as: resolved}\n  M3:\n    as: false-positive\n    reason: \"yes\"\n\n  # four\n  M4: {as: resolved}\n",
		mark("M3", Mark{As: FalsePositive, Reason: "yes"})},
	{"a salt in a new file", "", strings.Replace(starter, "salt: %s\n", saltLine, 1), salted},
	{"a salt in a file", "exclude: [a]\n", "exclude: [a]\n\n" + saltLine, salted},
	{"a salt that stands", "# c\n" + saltLine, "# c\n" + saltLine, salted},
}

var matches = strings.NewReplacer("M1", match(1), "M2", match(2), "M3", match(3), "M4", match(4))

func set(pairs ...string) func([]byte) ([]byte, error) {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[matches.Replace(pairs[i])] = pairs[i+1]
	}
	return func(d []byte) ([]byte, error) { return SetBaseline(d, m) }
}

func mark(m string, v Mark) func([]byte) ([]byte, error) {
	return func(d []byte) ([]byte, error) { return AddMark(d, matches.Replace(m), v) }
}

func salted(d []byte) ([]byte, error) { return SetSalt(d, testSalt) }

func TestEdits(t *testing.T) {
	for _, tt := range edits {
		t.Run(tt.name, func(t *testing.T) {
			data := []byte(matches.Replace(tt.data))
			before := bytes.Clone(data)
			got, err := tt.run(data)
			if err != nil {
				t.Fatal(err)
			}
			if want := matches.Replace(tt.want); string(got) != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if !bytes.Equal(data, before) {
				t.Error("the input was written to")
			}
			if tt.name == "prune" {
				return
			}
			if again, err := tt.run(got); err != nil || !bytes.Equal(again, got) {
				t.Errorf("a second time: %v\n%s", err, again)
			}
		})
	}
}

func TestEditErrors(t *testing.T) {
	for _, tt := range []struct {
		name, data, want string
		run              func([]byte) ([]byte, error)
	}{
		{"unreadable file", "a: [", "not valid YAML", set("M1", "a")},
		{"file in braces", "{baseline: {}}", "not a file that can be edited; write each key on a line of its own", set("M1", "a")},
		{"indented file", "  exclude: []\n", "not a file that can be edited", set("M1", "a")},
		{"marks in braces", "marks: {M1: {as: resolved}}\n", "not a section that can be edited", mark("M2", Mark{As: Resolved})},
		{"explicit key", "baseline:\n  ? M1\n  : a\n", "not a section that can be edited", set("M2", "a")},
		{"an entry over two lines", "baseline:\n  M1: \"a\\\nb\"\n  M2: a\n", "edit .sprawl.yaml: ", set("M1", "c", "M2", "a")},
		{"bad match", "", "not a match", mark("M9", Mark{As: Resolved})},
		{"bad mark", "", "not one of the known words", mark("M1", Mark{As: "fine"})},
		{"bad kind", "", "is not a kind", set("M1", "A b")},
		{"another salt", "salt: " + saltEncoding.EncodeToString([]byte("another salt here")) + "\n", "its entries rest on", salted},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.run([]byte(matches.Replace(tt.data)))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

// TestScalar reads back what a person may write into a reason.
func TestScalar(t *testing.T) {
	for _, s := range []string{"plain words", "null", "Yes", "~", "1.5", "2026-01-01", "a: b", "a #b", "#", "- x", "{", "'", `"`, "ä\u2028é",
		"two\nlines\n", "\ttab", " lead", "trail ", "*x", "&x", "!x", "%", "@", "`", "a\\b", "\x01", "=", "<<"} {
		out, err := AddMark(nil, match(1), Mark{As: Resolved, Reason: s})
		if err != nil {
			t.Errorf("%q: %v", s, err)
			continue
		}
		p, err := Parse(out, File)
		if err != nil || p.Marks[match(1)].Reason != s {
			t.Errorf("%q became %q, %v", s, p.Marks[match(1)].Reason, err)
		}
	}
}

func TestAddException(t *testing.T) {
	x := Exception{Owner: "payments", Approver: "security", Reason: "old: till", Created: day("2026-01-01"), Until: day("2026-06-30"),
		Requires: []Requirement{RequireReadOnly, RequireLogged}}
	data, err := AddException([]byte(saltLine+"# kept\n"), match(1), x)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), "# kept\n") || !strings.Contains(string(data), "  requires: [read-only, logged]\n") {
		t.Errorf("%s", data)
	}
	again := x
	again.Recertified, again.Until = day("2026-06-01"), day("2026-12-31")
	if data, err = AddException(data, match(1), again); err != nil {
		t.Fatal(err)
	}
	p, err := Parse(data, File)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Exceptions[match(1)]; len(p.Exceptions) != 1 || !got.Recertified.Equal(again.Recertified) || !got.Until.Equal(again.Until) || got.Reason != x.Reason {
		t.Errorf("%+v", p.Exceptions)
	}
	for _, bad := range []Exception{{}, {Owner: "a", Approver: "b", Reason: " "}, {Owner: "a", Approver: "b", Reason: "c", Created: x.Until, Until: x.Created},
		{Owner: "a", Approver: "b", Reason: "c", Created: x.Created, Until: x.Until, Requires: []Requirement{"luck"}}} {
		if _, err := AddException(data, match(2), bad); err == nil {
			t.Errorf("accepted: %+v", bad)
		}
	}
}
