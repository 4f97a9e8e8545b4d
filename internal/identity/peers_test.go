package identity

import (
	"testing"

	"sprawl/finding"
)

// The hash is that of FIPS 180's example.
func TestPeerHash(t *testing.T) {
	if got := PeerHash(finding.NewSecret([]byte("abc"))); got != "a9993e364706816aba3e25717850c26c9cd0d89d" {
		t.Error(got)
	}
}
