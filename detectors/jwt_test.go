package detectors

import (
	"math/rand/v2"
	"testing"
)

// TestJWTSegments holds that a token in compact form has three segments, whatever punctuation follows it.
func TestJWTSegments(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 7))
	token := makeJWT(r, map[string]any{"iss": "https://id.internal/", "iat": 1700000000})
	for rest, want := range map[string]int{"": len(token), ". Next": len(token), ".json": len(token), "." + string(draw(r, Base64URL, minSignature)): -1} {
		if got := jwtEnd(append(append([]byte(nil), token...), rest...), 0); got != want {
			t.Errorf("with %d bytes behind it, a token ends at %d, want %d", len(rest), got, want)
		}
	}
}
