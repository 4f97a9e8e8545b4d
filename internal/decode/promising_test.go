package decode

import (
	"encoding/base64"
	"math/rand/v2"
	"testing"
)

// TestPromising holds the short cut against what it stands for.
func TestPromising(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	starts := [][]byte{nil, gzipMagic, zipMagic, {0x78, 0x9c}, {0x78, 0x01}, {0xff, 0xfe}, {0xfe, 0xff}, {'a', 0, 'b', 0}, {0xc3, 0xa9}}
	for range 200000 {
		var raw [6]byte
		for i := range raw {
			if raw[i] = byte(r.Uint32()); r.IntN(3) > 0 {
				raw[i] &= 0x7f
			}
		}
		copy(raw[:], starts[r.IntN(len(starts))])
		if enc := base64.StdEncoding.EncodeToString(raw[:]); promising([]byte(enc)) != worthwhile(raw[:], 50) {
			t.Fatalf("%x: %v", raw, worthwhile(raw[:], 50))
		}
	}
}
