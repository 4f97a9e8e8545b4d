package risk

import (
	"testing"
	"time"

	"sprawl/finding"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func at(path string, st finding.State) finding.Sighting {
	return finding.Sighting{Where: finding.Location{Path: path, State: st}}
}

func TestSeverity(t *testing.T) {
	live := []finding.Sighting{at("deploy/app.env", finding.StateHead)}
	past := []finding.Fact{{Field: "expires", Value: "2025-01-01T00:00:00Z", Source: "offline"}}
	ahead := []finding.Fact{{Field: "expires", Value: "2027-01-01T00:00:00Z", Source: "offline"}}
	for _, c := range []struct {
		name string
		c    finding.Credential
		base finding.Severity
		want finding.Severity
	}{
		{"the kind decides", finding.Credential{Tier: finding.TierShaped, Redacted: "*", Sightings: live}, "", finding.SevHigh},
		{"gone from HEAD is no less", finding.Credential{Tier: finding.TierShaped, Redacted: "*", Sightings: []finding.Sighting{at("a", finding.StateHistory)}}, "", finding.SevHigh},
		{"refuted", finding.Credential{Tier: finding.TierShaped, Proof: finding.ProofRefuted, Redacted: "*", Sightings: live}, "", finding.SevLow},
		{"generic", finding.Credential{Tier: finding.TierGeneric, Redacted: "*", Sightings: live}, "", finding.SevMedium},
		{"generic of a low kind", finding.Credential{Tier: finding.TierGeneric, Redacted: "*", Sightings: live}, finding.SevLow, finding.SevLow},
		{"test data", finding.Credential{Tier: finding.TierShaped, Redacted: "*", Sightings: []finding.Sighting{at("pkg/testdata/x", finding.StateHead)}}, "", finding.SevMedium},
		{"proven test data", finding.Credential{Tier: finding.TierProven, Proof: finding.ProofProven, Redacted: "*", Sightings: []finding.Sighting{at("pkg/testdata/x", finding.StateHead)}}, "", finding.SevHigh},
		{"one place outside tests", finding.Credential{Tier: finding.TierShaped, Redacted: "*", Sightings: append(live, at("test/x", finding.StateHead))}, "", finding.SevHigh},
		{"expired", finding.Credential{Tier: finding.TierProven, Redacted: "*", Sightings: live, Facts: past}, "", finding.SevInfo},
		{"not yet expired", finding.Credential{Tier: finding.TierProven, Redacted: "*", Sightings: live, Facts: ahead}, "", finding.SevHigh},
		{"public half", finding.Credential{Tier: finding.TierShaped, Ident: "id", Sightings: live}, "", finding.SevInfo},
	} {
		if got := Severity(c.c, c.base, Limits{}, now); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestTestPath(t *testing.T) {
	for path, want := range map[string]bool{
		"test/a.go": true, "a_test.go": true, "src/Tests/A.cs": true, "docs/x.md": true, "spec/a.rb": true,
		"contest/a.go": false, "latest.yaml": false, "src/protest.c": false, "app/attestation.go": false, "": false, "inspection/spectrum.py": false,
	} {
		if testPath(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
}

// No evidence must not read as "no".
func TestEmbeddedWithoutPlaces(t *testing.T) {
	c := finding.Credential{Sightings: []finding.Sighting{at("", finding.StateInventory)}}
	Judge(&c, "", Limits{}, now)
	if v := c.Conditions[6]; v.ID != "embedded" || v.Verdict != finding.VerdictCannotTell || len(v.Settle) == 0 {
		t.Errorf("verdict %s", v.Verdict)
	}
}
