package detectors

import (
	"math/rand/v2"
	"testing"

	"sprawl/finding"
)

// TestElasticSum holds that a key is proven by its checksum, and that one without is not refuted.
func TestElasticSum(t *testing.T) {
	key := elasticSample(rand.New(rand.NewPCG(3, 7)))
	if got := elasticProof(Match{Secret: key}); got != finding.ProofProven {
		t.Errorf("a key with its checksum is %s", got)
	}
	other := append([]byte(elasticPrefix), draw(rand.New(rand.NewPCG(4, 7)), Base64, 80)...)
	for _, v := range [][]byte{other, []byte(elasticPrefix), nil} {
		if got := elasticProof(Match{Secret: v}); got != finding.ProofNone {
			t.Errorf("a value of %d bytes without a checksum is %s", len(v), got)
		}
	}
}
