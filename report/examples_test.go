package report

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"sprawl/internal/testkit/organisation"
)

// examples are the reports in docs/examples, of an organisation that does not exist: a report of a real one would publish
// its leaks. `go test ./report -run TestExamples -update` writes them.
var examples = []struct {
	file, format string
	o            Options
}{
	{"report.html", "html", Options{}},
	{"report.txt", "text", Options{}},
	{"by-owner.txt", "text", Options{Group: "owner"}},
	{"report.md", "markdown", Options{}},
	{"credentials.csv", "csv", Options{}},
	{"places.csv", "csv-places", Options{}},
	{"compliance.html", "compliance-html", Options{}},
	{"compliance.md", "compliance-markdown", Options{}},
	{"compliance.csv", "compliance-csv", Options{}},
}

const exampleFolder = "../docs/examples"

func exampleOrganisation() run { return made(organisation.New(2026, 60, 300)) }

func TestExamples(t *testing.T) {
	for _, e := range examples {
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
