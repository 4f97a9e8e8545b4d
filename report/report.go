// Package report renders what a scan found. A Format is a handler of a stream: Begin, any number of Items, End.
//
// It reads finding types only and never reveals a secret: masked text, snippets and ids arrive ready. Text from scanned
// repositories (paths, authors, messages, names) is hostile: each format escapes or strips control bytes by its own rules.
package report

import (
	"fmt"
	"io"
	"strings"

	"sprawl/finding"
)

// Options are what a terminal or a flag decides; the zero value is plain text 100 columns wide.
type Options struct {
	Color   bool   // ANSI colours
	Links   bool   // OSC 8 hyperlinks
	Width   int    // columns; 0 means 100
	All     bool   // every credential as a full block
	Skipped bool   // list every skip
	Group   string // one-line credentials under headings, by one of Groupings; "" as they come
	// OmitDecided leaves out credentials that a decision covers, for receivers that do not know suppressions (SARIF).
	OmitDecided bool
	// Earlier makes the formats that Compares names tell what changed since that report; nil for no comparison.
	Earlier *Earlier
	Root    string // directory that relative paths are relative to, for SARIF's uriBaseId; "" leaves it out
}

// Reporter receives one run. The calls come from one goroutine: Begin once, Item in report order (worst first), End once.
// An error is that of the writer.
type Reporter interface {
	Begin(finding.Header) error
	Item(finding.Item) error
	End(finding.Summary) error
}

// Format is a named way to render.
type Format struct {
	Name string
	New  func(io.Writer, Options) Reporter
}

// Formats lists them all.
func Formats() []Format {
	return []Format{
		{"text", newText},
		{"json", newJSON},
		{"jsonl", newJSONL},
		{"sarif", newSARIF},
		{"github", newGitHub},
		{"gitlab", newGitLab},
		{"codequality", newCodeQuality},
		{"html", newHTML},
		{"markdown", newMarkdown},
		{"csv", newCSV},
		{"csv-places", newCSVPlaces},
		{"compliance-html", newComplianceHTML},
		{"compliance-markdown", newComplianceMarkdown},
		{"compliance-csv", newComplianceCSV},
	}
}

// Find returns the format of a name; the error lists those there are.
func Find(name string) (Format, error) {
	var names []string
	for _, f := range Formats() {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return Format{}, fmt.Errorf("unknown format %q: use one of %s", name, strings.Join(names, ", "))
}
