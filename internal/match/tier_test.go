package match

import (
	"strings"
	"testing"

	"sprawl/detectors"
	"sprawl/finding"
)

// tierRows are kinds whose tier depends on more than their form: a loose alphabet, a public half of low severity beside one of
// high, a prefix.
func tierRows() []detectors.Detector {
	named := func(role finding.Role, words, names string, value detectors.Piece) []detectors.Named {
		return []detectors.Named{{Keywords: strings.Fields(words), Names: strings.Fields(names), Loose: true,
			Value: []detectors.Shape{{Role: role, Pieces: []detectors.Piece{value}}}}}
	}
	hex32, digits := detectors.Chars(detectors.Hex, 32), detectors.Chars(detectors.Digits, 16)
	return []detectors.Detector{
		{ID: "quux-key", Provider: "quux", Title: "Quux key", Named: named("", "quux", "key token", hex32)},
		{ID: "frobnic-id", Provider: "frobnic", Title: "Frobnic id", Severity: finding.SevLow, Named: named(finding.RoleID, "frobnic", "id", digits)},
		{ID: "zorbix-id", Provider: "zorbix", Title: "Zorbix id", Named: named(finding.RoleID, "zorbix", "id", digits)},
		{ID: "widget-token", Provider: "widget", Title: "Widget token", Shapes: []detectors.Shape{detectors.Token(detectors.Lit("wdg"+"t_"), detectors.Chars(detectors.Base62, 32))}},
		{ID: "whistle-hook", Provider: "whistle", Title: "Whistle webhook", Shapes: []detectors.Shape{{Pieces: []detectors.Piece{detectors.Lit("whistle.internal/hook/v"), detectors.Chars(detectors.Digits, 1), detectors.Lit("/"), detectors.Chars(detectors.Hex, 32)}, Left: detectors.Letters}}},
		{ID: "gadget-token", Provider: "gadget", Title: "Gadget token", Shapes: []detectors.Shape{detectors.Token(detectors.Lit("gdg"+"t_"), detectors.Range(detectors.Base62, 24, 40))}},
	}
}

// TestTiers holds each reason for which what has the form of its kind counts for less, beside a twin that counts in full.
func TestTiers(t *testing.T) {
	s, err := Compile(tierRows())
	if err != nil {
		t.Fatal(err)
	}
	hex, alnum, digits := draw(seeded(51), "0123456789abcdef", 32), draw(seeded(52), base62, 32), "4081726359402617"
	token, fixed, hook := "gdg"+"t_"+alnum, "wdg"+"t_"+alnum, "https://whistle.internal/hook/v2/"
	for _, x := range []struct {
		name, full, less string
		want             finding.Tier // of the first; the second is generic
	}{
		{"the alphabet", "quux_key = " + hex, "quux_key = " + alnum, finding.TierNamed},
		{"the public half alone", "zorbix_id = " + digits, "frobnic_id = " + digits, finding.TierNamed},
		{"the account", "quux_key = " + hex + "\nmail = robot@mail.internal", "quux_key = " + hex + "\nmail = robot@example.com", finding.TierNamed},
		{"typed by turns", token, "gdg" + "t_" + "a1b2c3d4e5f6a7b8c9d0e1f2", finding.TierShaped},
		{"a word of tests", fixed, fixed[:21] + "test" + "Test" + fixed[29:], finding.TierShaped},
		{"a word behind it", fixed + "\n", fixed + "extra", finding.TierShaped},
		{"a word behind a sign", fixed + ".old", fixed + "_old" + "er", finding.TierShaped},
		{"a group again and again in an address", hook + hex, hook + strings.Repeat("abcd"+"1234", 4), finding.TierShaped},
		{"a held key", token, token[:20] + strings.Repeat("z", 10), finding.TierShaped},
	} {
		t.Run(x.name, func(t *testing.T) {
			for text, want := range map[string]finding.Tier{x.full: x.want, x.less: finding.TierGeneric} {
				got := sightings(t, s, text+"\n", "")
				if len(got) != 1 || got[0].Tier != want {
					t.Errorf("%d sightings of %q, want one of tier %s", len(got), text[:8], want)
				}
			}
		})
	}
}

// TestNoWordBehind has what goes on behind a token and is no word: then that is another token.
func TestNoWordBehind(t *testing.T) {
	s, err := Compile(tierRows())
	if err != nil {
		t.Fatal(err)
	}
	fixed := "wdg" + "t_" + draw(seeded(52), base62, 32)
	for _, tail := range []string{"a", "abc", "Extra", "extra9", "extralong" + "words", "extra-", "__extra"} {
		if got := sightings(t, s, fixed+tail+"\n", ""); len(got) > 0 {
			t.Errorf("found before %q", tail)
		}
	}
}

// TestPieces holds that a piece of a longer value is not taken for a value.
func TestPieces(t *testing.T) {
	s, err := Compile(tierRows())
	if err != nil {
		t.Fatal(err)
	}
	hex, rest := draw(seeded(53), "0123456789abcdef", 32), draw(seeded(54), base62, 24)
	token := "gdg" + "t_" + draw(seeded(55), base62, 32)
	for text, want := range map[string]bool{
		token + "-" + rest:                false,
		token + "-production":             true,
		"quux key: " + hex:                true,
		"quux key: robot&20250325&" + hex: false,
	} {
		found := false
		for _, x := range sightings(t, s, text+"\n", "") {
			found = found || x.Kind == "quux-key" || x.Kind == "gadget-token"
		}
		if found != want {
			t.Errorf("a value in %q was found: %t, want %t", text[:8], found, want)
		}
	}
}

// TestURLStanding holds what a password of a URL counts for: at the machine itself it opens nothing elsewhere, and one that says
// what it is was chosen by hand.
func TestURLStanding(t *testing.T) {
	s, err := Compile(detectors.All())
	if err != nil {
		t.Fatal(err)
	}
	v := draw(seeded(56), base62, 16)
	for _, x := range []struct {
		user, password, host string
		want                 finding.Tier
	}{
		{"robot", v, "db.internal", finding.TierShaped},
		{"robot", v, "127.0.0.1", finding.TierGeneric},
		{"robot", "7pass" + v[:8], "db.internal", finding.TierGeneric},
		{"robot", strings.Repeat("abcd"+"1234", 4), "db.internal", finding.TierGeneric},
		{"root", "ro" + "ot", "10.0.0.5", finding.TierGeneric},
	} {
		got := sightings(t, s, "url: mongodb://"+x.user+":"+x.password+"@"+x.host+"/shop\n", "")
		if len(got) != 1 || got[0].Tier != x.want {
			t.Errorf("at %s: %d sightings, want one of tier %s", x.host, len(got), x.want)
		}
	}
	for _, at := range []string{"ro" + "ot@localhost", "ro" + "ot@db", "ro" + "ot@db.local", "ro" + "ot@db.example.com"} {
		user, _, _ := strings.Cut(at, "@")
		if got := sightings(t, s, "url: mongodb://"+user+":"+at+"/shop\n", ""); len(got) > 0 {
			t.Errorf("the name of a user is a password: %s", at)
		}
	}
}
