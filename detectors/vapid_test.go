package detectors

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestVAPID holds that a private key is found beside the public one that belongs to it, and beside no other.
func TestVAPID(t *testing.T) {
	r := rand.New(rand.NewPCG(82, 92))
	sample := vapid()[0].Sample
	a, b := sample(r), sample(r)
	lines := func(x []byte) (public, private []byte) {
		public, private, _ = bytes.Cut(x, []byte("\n"))
		return public, private
	}
	pub, priv := lines(a)
	other, _ := lines(b)
	text := func(x ...[]byte) []byte { return bytes.Join(x, []byte("\n")) }
	for name, x := range map[string]struct {
		text  []byte
		found int
	}{
		"the pair": {text(pub, priv), 1}, "the other way round": {text(priv, pub), 1}, "beside another": {text(other, pub, priv), 1},
		"not its own": {text(other, priv), 0}, "alone": {text(priv), 0}, "far away": {text(pub, bytes.Repeat([]byte(" \n"), vapidReach), priv), 0},
		"longer": {text(pub, append(priv[:len(priv):len(priv)], 'x')), 0},
	} {
		if got := parseVAPID(x.text, 0); len(got) != x.found {
			t.Errorf("%s: %d found, want %d", name, len(got), x.found)
		}
	}
}
