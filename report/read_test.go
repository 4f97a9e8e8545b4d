package report

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sprawl/finding"
	"sprawl/internal/testkit/organisation"
)

// recorded is a report read back into items.
type recorded struct{ run }

func (r *recorded) Begin(h finding.Header) error { r.header = h; return nil }
func (r *recorded) Item(it finding.Item) error   { r.items = append(r.items, it); return nil }
func (r *recorded) End(s finding.Summary) error  { r.summary = s; return nil }

// again is a run written as a format and read back.
func again(t testing.TB, format string, r run) run {
	t.Helper()
	var got recorded
	if err := Read(bytes.NewReader(rendered(t, format, Options{}, r)), &got); err != nil {
		t.Fatal(err)
	}
	return got.run
}

// What is read from a report renders as the run that wrote it does.
func TestReadAgain(t *testing.T) {
	for _, r := range []run{sampleFull(), sampleClean(), sampleIncomplete(), made(organisation.New(6, 40, 200))} {
		for _, it := range r.items {
			if c := it.Credential; c != nil {
				if c.Proof == "" {
					c.Proof = finding.ProofNone
				}
				for i := range c.Sightings { // what JSON says once of a credential
					c.Sightings[i].Masked, c.Sightings[i].Why = c.Redacted, c.Why
				}
			}
		}
		for _, format := range []string{"jsonl", "json"} {
			back := again(t, format, r)
			for _, f := range Formats() {
				want, got := rendered(t, f.Name, Options{All: true, Skipped: true}, r), rendered(t, f.Name, Options{All: true, Skipped: true}, back)
				if strings.HasSuffix(f.Name, "html") {
					want, got = readable(t, want), readable(t, got)
				}
				if d := cmp.Diff(string(want), string(got)); d != "" {
					t.Errorf("%s from %s: -run +read\n%s", f.Name, format, d)
				}
			}
		}
	}
}

// A report of hostile text is read, and stays text.
func TestReadHostile(t *testing.T) {
	back := again(t, "jsonl", sampleHostile())
	for _, f := range Formats() {
		if out := rendered(t, f.Name, Options{All: true}, back); bytes.ContainsRune(out, 0x1b) || bytes.Contains(out, []byte("<script>alert")) && strings.HasSuffix(f.Name, "html") {
			t.Errorf("%s: hostile text got through", f.Name)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	full := string(rendered(t, "jsonl", Options{}, sampleFull()))
	lines := slices.Collect(strings.Lines(full))
	document := string(rendered(t, "json", Options{}, sampleFull()))
	for name, text := range map[string]string{
		"empty":           "",
		"another file":    "{}\n",
		"not JSON":        "critical[github-pat]: …",
		"no last line":    strings.Join(lines[:len(lines)-1], ""),
		"no first line":   strings.Join(lines[1:], ""),
		"half a line":     full[:len(full)/2],
		"two reports":     full + full,
		"two headers":     lines[0] + full,
		"another schema":  strings.ReplaceAll(full, `"sprawl/1"`, `"sprawl/2"`),
		"half a document": document[:len(document)/2],
		"no list":         `{"schema":"sprawl/1","findings":{}}`,
		"severity":        strings.Replace(full, `"severity":"high"`, `"severity":"high | x"`, 1),
		"verdict":         strings.Replace(full, `"verdict":"yes"`, `"verdict":"<b>"`, 1),
		"state":           strings.Replace(full, `"state":"head"`, `"state":"a b"`, 1),
		"tier":            strings.Replace(full, `"tier":"shaped"`, `"tier":"sure"`, 1),
		"command":         strings.Replace(full, `"command":"scan"`, `"command":"scan; x"`, 1),
		"reason":          strings.Replace(full, `"reason":"submodule"`, `"reason":"**"`, 1),
		"complete":        strings.Replace(full, `"complete":true`, `"complete":false`, 1),
	} {
		if err := Read(strings.NewReader(text), &recorded{}); err == nil {
			t.Errorf("%s: read", name)
		}
	}
	if err := Read(strings.NewReader(full), newReporter(t, "html", &failing{100})); !errors.Is(err, errFull) {
		t.Errorf("a full disk: %v", err)
	}
}

// newReporter is a format's reporter.
func newReporter(t testing.TB, format string, w *failing) Reporter {
	t.Helper()
	f, err := Find(format)
	if err != nil {
		t.Fatal(err)
	}
	return f.New(w, Options{})
}

func FuzzRead(f *testing.F) {
	for _, format := range []string{"jsonl", "json"} {
		f.Add(rendered(f, format, Options{}, sampleFull()))
		f.Add(rendered(f, format, Options{}, sampleHostile()))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var got recorded
		if Read(bytes.NewReader(b), &got) != nil {
			return
		}
		for _, format := range []string{"text", "markdown", "csv", "jsonl"} {
			rendered(t, format, Options{All: true}, got.run)
		}
	})
}
