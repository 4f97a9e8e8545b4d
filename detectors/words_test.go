package detectors

import "testing"

func TestWords(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{Token(Lit("acx_"), Chars(Base62, 36)).Words(), `"acx_", 36 letters or digits`},
		{Shape{Pieces: []Piece{LitFold("acme"), Range(Hex, 0, 4), Range(Of("a-cx-z0-9.=-"), 2, 3)}, NeedName: []string{"acme", "acm"}}.Words(),
			`"acme" in either case, up to 4 hexadecimal digits, 2 to 3 of [.0-9=a-cx-z-]; close behind acme or acm`},
		{Named{Keywords: []string{"acme"}, Names: []string{"key", "token", "secret"}, Not: []string{"public"}, Value: []Shape{Token(Chars(Hex, 32)), Token(Chars(Digits, 8))}}.Words(),
			`32 hexadecimal digits or 8 digits under a name with acme and key, token or secret, without public`},
		{Structure{Anchors: []string{"a1", "b2", "c3", "d4", "e5", "f6"}}.Words(), `parsed where "a1", "b2", "c3", "d4" or 2 more stands`},
		{Token(Lit("acme-token-of-many-words-"), Chars(Digits, 1)).Words(), `"acme-token-of-ma" …, 1 digits`},
		{Of("\x00- ~").Words(), `of [\x00-\x20~]`},
	} {
		if tt.got != tt.want {
			t.Errorf("got  %s\nwant %s", tt.got, tt.want)
		}
	}
}
