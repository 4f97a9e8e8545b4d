package detectors_test

import "testing"

// TestPiecesOfJWKs reads a key's private member where its object was cut off, and no public one.
func TestPiecesOfJWKs(t *testing.T) {
	d := row(t, "jwk-private-key")
	const value = "abcdefghijklmnopqrstuvwx"
	for text, want := range map[string]bool{
		"\"kty\": \"RSA\",\n\"use\": \"sig\",\n\"d\": \"" + value + "\"": true,
		"\"kty\": \"oct\",\n\"k\": \"" + value + "\"":                    true,
		"\"kty\": \"oct\",\n\"d\": \"" + value + "\"":                    false,
		"\"kty\": \"RSA\",\n\"n\": \"" + value + "\"":                    false,
		"\"kty\": \"RSA\",\n\"d\": \"<key>\"":                            false,
	} {
		if _, ok := parse(d, text); ok != want {
			t.Errorf("found %t, want %t: %s", ok, want, text)
		}
	}
}
