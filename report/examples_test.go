package report

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"sprawl/internal/testkit/organisation"
)

// examples are the reports in docs/examples, of an organisation that does not exist: a report of a real one would publish
// its leaks. `go test ./report -run 'TestExamples|TestScreenshots' -update` writes them, pictures and all.
var examples = []struct {
	file, format string
	o            Options
	since        bool // what changed in 30 days
}{
	{"report.html", "html", Options{}, false},
	{"report.txt", "text", Options{}, false},
	{"by-owner.txt", "text", Options{Group: "owner"}, false},
	{"report.md", "markdown", Options{}, false},
	{"credentials.csv", "csv", Options{}, false},
	{"places.csv", "csv-places", Options{}, false},
	{"compliance.html", "compliance-html", Options{}, false},
	{"compliance.md", "compliance-markdown", Options{}, false},
	{"what-changed.html", "html", Options{}, true},
	{"what-changed.md", "markdown", Options{}, true},
	{"what-changed.txt", "text", Options{Width: 100}, true},
	{"compliance.csv", "compliance-csv", Options{}, false},
}

const exampleFolder = "../docs/examples"

func exampleOrganisation() run { return made(organisation.New(2026, 60, 300)) }

func TestExamples(t *testing.T) {
	for _, e := range examples {
		if e.since {
			e.o.Earlier = earlier(t, made(organisation.Before(organisation.New(2026, 60, 300), 30)))
		}
		got := rendered(t, e.format, e.o, exampleOrganisation())
		file := filepath.Join(exampleFolder, e.file)
		if *update {
			if err := os.MkdirAll(exampleFolder, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Ext(file) == ".html" {
			got, want = readable(t, got), readable(t, want)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("docs/examples/%s is not what the format makes: go test ./report -run TestExamples -update", e.file)
		}
	}
}
