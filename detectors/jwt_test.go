package detectors

import (
	"bytes"
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

// TestBrokenJWT holds that a token whose header went wrong is still reported, as one that does not hold.
func TestBrokenJWT(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 8))
	token := makeJWT(r, map[string]any{"iss": "https://id.internal/", "iat": 1700000000})
	broken := append([]byte(nil), token...)
	copy(broken[8:], "____") // the colon behind "alg" is gone
	sample := append(append([]byte(nil), broken[:bytes.LastIndexByte(broken, '.')+1]...), sampleSignature...)
	for name, x := range map[string]struct {
		v    []byte
		want bool
	}{"sound": {token, false}, "broken": {broken, true}, "jwt.io's": {sample, false}, "no claims": {bytes.Replace(broken, []byte(".ey"), []byte(".xx"), 1), false}} {
		if got := brokenJWT(x.v); got != x.want {
			t.Errorf("%s: broken is %v", name, got)
		}
	}
}
