package detectors

import (
	"math/rand/v2"
	"testing"
)

// TestGoogleClient reads a client's secret, as it was before it had a prefix, behind the client's id.
func TestGoogleClient(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 7))
	id := string(draw(r, Digits, 12)) + "-" + string(draw(r, LowerNum, 32)) + googleClients
	secret := "Aa0" + string(draw(r, Base62, 21))
	at := len(id) - len(googleClients)
	for rest, found := range map[string]bool{
		"\n\n" + secret + "\n": true, " / " + secret: true, "\",\n  \"" + secret + "\"": true, ":" + secret: true,
		secret: false, "\n" + secret + "x": false, "\n" + secret[:23]: false, "\n" + secret + ".apps": false, " and then " + secret: false, "": false,
		"\naaaaaaaaaaaaaaaaaaaaaaaa": false,
	} {
		got := parseGoogleClient([]byte(id+rest), at)
		if (len(got) == 1) != found {
			t.Errorf("with %d bytes behind the id: %d found", len(rest), len(got))
		}
		if len(got) == 1 && (got[0].Start != 0 || got[0].Parts[1].End != len(id)) {
			t.Errorf("found [%d,%d)", got[0].Start, got[0].End)
		}
	}
}
