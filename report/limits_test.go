package report

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"sprawl/finding"
)

// Thirty thousand findings fit into what GitHub takes and keeps (docs.github.com, "SARIF results exceed one or more limits" and
// "SARIF support for code scanning"): nothing is refused, nothing is dropped silently, and what is cut is the least.
func TestSARIFThirtyThousand(t *testing.T) {
	const findings, kinds = 30_000, 300
	var items []finding.Item
	for i := range findings {
		sev := finding.Severities()[i*5/findings] // worst first, as a report comes
		c := sampleSmall(i+1, sev, finding.StateHead)
		c.Kind = fmt.Sprintf("kind-%03d", i%kinds)
		if i%100 == 0 { // one value in more files than are kept
			for n := range 120 {
				s := c.Sightings[0]
				s.Where.State = finding.StateHistory
				s.Parts = append([]finding.Part{}, s.Parts...)
				s.Parts[0].Span.Line += n
				c.Sightings = append(c.Sightings, s)
			}
		}
		items = append(items, finding.Item{Credential: c})
	}
	out := rendered(t, "sarif", Options{Root: "/src"}, run{sampleHeader(), items, summarise(items)})
	validate(t, compile(t, sarif21Schema, ""), out)

	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(out); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Runs []struct {
			Results []sarifResult
			Tool    struct {
				Driver     struct{ Rules []sarifRule }
				Extensions []any
			}
			Invocations []sarifInvocation
		}
	}
	if err := json.Unmarshal(out, &doc); err != nil {
		t.Fatal(err)
	}
	atMost := func(what string, got, limit int) {
		t.Helper()
		if got > limit {
			t.Errorf("%d %s, GitHub's limit is %d", got, what, limit)
		}
	}
	atMost("bytes compressed", zipped.Len(), 10_000_000)
	atMost("runs", len(doc.Runs), 20)
	r := doc.Runs[0]
	atMost("results that are kept", len(r.Results), 5000)
	atMost("rules", len(r.Tool.Driver.Rules), 25_000)
	atMost("tool extensions", len(r.Tool.Extensions), 100)
	for _, rule := range r.Tool.Driver.Rules {
		atMost("tags of a rule that are kept", len(rule.Properties.Tags), 10)
		atMost("characters of a rule's id", len(rule.ID), 255)
		atMost("characters of a rule's description", len(rule.FullDescription.Text), 1024)
	}
	if len(r.Results) != 5000 {
		t.Errorf("%d results, 5000 are kept", len(r.Results))
	}
	rank := 0
	for _, res := range r.Results {
		atMost("locations of a result that are kept", len(res.Locations), 100)
		atMost("related locations", len(res.Related), 1000)
		if n := res.Properties.Severity.Rank(); n < rank {
			t.Fatalf("%s after something less severe", res.Properties.Severity)
		} else {
			rank = n
		}
		if res.RuleIndex >= len(r.Tool.Driver.Rules) || r.Tool.Driver.Rules[res.RuleIndex].ID != res.RuleID {
			t.Fatalf("rule %s is not at %d", res.RuleID, res.RuleIndex)
		}
	}
	if first, last := r.Results[0].Properties.Severity, r.Results[4999].Properties.Severity; first != finding.SevCritical || last != finding.SevCritical {
		t.Errorf("from %s to %s, and there are 6000 critical ones", first, last)
	}
	cut := r.Invocations[0].Execution[0]
	if cut.Descriptor.ID != "results-cut" || !strings.HasPrefix(cut.Message.Text, "25000 ") {
		t.Errorf("what was cut is told as %+v", cut)
	}
	t.Logf("%d bytes, %d compressed, %d results, %d rules", len(out), zipped.Len(), len(r.Results), len(r.Tool.Driver.Rules))
}
