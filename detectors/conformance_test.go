package detectors_test

import (
	"testing"

	"sprawl/detectors"
	"sprawl/internal/conformance"
)

// TestConformance holds the table to what `sprawl detectors check` demands of it: every vector of every row is found wherever
// it stands and however it is written down, near misses are not proven, and every row says what its reader needs.
func TestConformance(t *testing.T) {
	rows := detectors.All()
	res, err := conformance.Check(rows)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range res.Failures {
		t.Errorf("%s: %s", f.Kind, f.What)
	}
	if res.Rows != len(rows) || res.Vectors < res.Rows || res.Places < 20*res.Rows || res.Misses < res.Rows {
		t.Errorf("%d rows, %d vectors, %d places, %d near misses: too few to have looked", res.Rows, res.Vectors, res.Places, res.Misses)
	}
}

// checksummed are the kinds whose last bytes are proven by a checksum, not by a structure that any ending would fit.
func checksummed(d detectors.Detector) bool {
	switch d.Provider {
	case "github", "gitlab", "age", "npm", "nats":
		return true
	}
	return false
}
