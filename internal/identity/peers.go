package identity

import (
	"crypto/sha1" //nolint:gosec // not ours to choose
	"encoding/hex"

	"sprawl/finding"
)

// PeerHash is the name that detect-secrets gives a value in its baselines: the plain SHA-1, in lower-case hexadecimal. Whoever has
// it can try guesses, so it is for comparing with such a baseline in memory, never for writing down.
func PeerHash(s finding.Secret) string {
	h := sha1.Sum(s.Reveal()) //nolint:gosec // not ours to choose
	return hex.EncodeToString(h[:])
}
