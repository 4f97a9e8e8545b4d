package detectors

import (
	"bytes"
	"crypto/ecdh"
	"encoding/base64"
	"math/rand/v2"

	"sprawl/finding"
)

const (
	rfcVAPID  = "https://www.rfc-editor.org/rfc/rfc8292"
	vapidKeys = "https://pkg.go.dev/github.com/AbdullahDiaa/govapid" // shows both lengths
)

// Lengths of both keys in URL-safe base64: a scalar of P-256, and an uncompressed point.
const (
	vapidPrivate = 43
	vapidPublic  = 87
)

// vapidReach is how far from the word both keys are looked for.
const vapidReach = 512

// vapid is the key pair by which a web server tells push services who it is. Anybody makes one: what is known of it is the pair.
func vapid() []Detector {
	return []Detector{{
		ID: "vapid-private-key", Title: "VAPID private key of a Web Push sender",
		Structures: []Structure{{Anchors: []string{"vapid"}, Fold: true, Reach: Local(2 * vapidReach), Parse: parseVAPID}},
		Sample: func(r *rand.Rand) []byte {
			d := make([]byte, 32)
			for i := range d {
				d[i] = byte(r.IntN(255))
			}
			k, err := ecdh.P256().NewPrivateKey(d)
			if err != nil {
				panic(err) // one of 2^32
			}
			e := base64.RawURLEncoding
			return []byte("VAPID_PUBLIC=" + e.EncodeToString(k.PublicKey().Bytes()) + "\nVAPID_PRIVATE=" + e.EncodeToString(d))
		},
		Rotate: "make a new pair and have every browser subscribe again: each is bound to the public key it was given",
		Revoke: "stop using the pair; subscriptions made with it stay good for whoever has the private key until they are dropped",
		Docs:   rfcVAPID, Format: vapidKeys,
	}}
}

// parseVAPID looks around the word for a private key and the public one that belongs to it. A private key alone is 43 letters and
// digits, as much else is: without the other half it is left to its name.
func parseVAPID(b []byte, at int) []Found {
	const most = 8 // of each, that are tried
	from, to := max(0, at-vapidReach), min(len(b), at+vapidReach)
	var private, public [][2]int
	for i := from; i < to; {
		if !Base64URL.Has(b[i]) {
			i++
			continue
		}
		e := i
		for e < to && Base64URL.Has(b[e]) {
			e++
		}
		switch n := e - i; {
		case i == from && from > 0 || e == to && to < len(b): // cut off
		case n == vapidPrivate && len(private) < most:
			private = append(private, [2]int{i, e})
		case n == vapidPublic && b[i] == 'B' && len(public) < most:
			public = append(public, [2]int{i, e})
		}
		i = e
	}
	if len(public) == 0 {
		return nil
	}
	var out []Found
	for _, p := range private {
		d, err := base64.RawURLEncoding.DecodeString(string(b[p[0]:p[1]]))
		if err != nil {
			continue
		}
		k, err := ecdh.P256().NewPrivateKey(d)
		if err != nil {
			continue
		}
		point := []byte(base64.RawURLEncoding.EncodeToString(k.PublicKey().Bytes()))
		for _, q := range public {
			if bytes.Equal(b[q[0]:q[1]], point) {
				out = append(out, Found{Parts: []FoundPart{{finding.RoleSecret, p[0], p[1]}, {finding.RoleID, q[0], q[1]}},
					Start: min(p[0], q[0]), End: max(p[1], q[1]), Proof: finding.ProofProven})
				break
			}
		}
	}
	return out
}
