package conformance

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"sprawl/detectors"
	"sprawl/finding"
)

func row(id string) detectors.Detector {
	return detectors.Detector{ID: id, Provider: "acme", Title: "t", Rotate: "r", Revoke: "r", Docs: "https://acme.test", Format: "corpus", Sought: true,
		Shapes: []detectors.Shape{detectors.Token(detectors.Lit("acx_"), detectors.Chars(detectors.Base62, 30))}}
}

// Each demand is met by a sound row and missed by one that lacks it.
func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name string
		mend func(*detectors.Detector)
		want string // of a failure; "" for none
	}{
		{"sound", func(*detectors.Detector) {}, ""},
		{"no docs", func(d *detectors.Detector) { d.Docs = "" }, "no page of its provider"},
		{"no traits", func(d *detectors.Detector) { d.Sought = false }, "no trait"},
		{"traits, sought in vain", func(d *detectors.Detector) { d.Traits.Expires.Value = finding.Yes }, "it says that no page was found"},
		{"read, and sought in vain", func(d *detectors.Detector) { d.Silent = "https://acme.test" }, "it says that no page was found"},
		{"a silent page", func(d *detectors.Detector) { d.Silent, d.Sought = "https://acme.test", false }, ""},
		{"a silent page and traits", func(d *detectors.Detector) {
			d.Silent, d.Sought = "https://acme.test", false
			d.Traits.Expires.Value = finding.Yes
		}, "a page is silent"},
		{"no traits and no provider", func(d *detectors.Detector) { d.Sought, d.Provider = false, "" }, ""},
		{"no format", func(d *detectors.Detector) { d.Format = "" }, "nothing says where its form is confirmed"},
		{"no rotate", func(d *detectors.Detector) { d.Rotate = "" }, "title, rotate or revoke is missing"},
		{"user", func(d *detectors.Detector) { d.Format, d.Docs, d.Sought = "user", "", false }, ""},
		{"never found", func(d *detectors.Detector) { d.Shapes[0].NeedName = []string{"nowhere"}; d.Shapes[0].MinEntropy = 7 }, "alone: 0 of 1 found"},
		{"proves all", func(d *detectors.Detector) {
			d.Provider = "github"
			d.Check = func(detectors.Match) finding.Proof { return finding.ProofProven }
			d.Sample = func(r *rand.Rand) []byte {
				b := []byte("acx_")
				for range 30 {
					b = append(b, "q7w8e9r2t5y6u3i4"[r.IntN(16)])
				}
				return b
			}
		}, "is proven although it has a changed end"},
		{"no sample", func(d *detectors.Detector) {
			d.Shapes = nil
			d.Structures = []detectors.Structure{{Anchors: []string{"acme"}, Parse: func([]byte, int) []detectors.Found { return nil }}}
		}, "no vector can be made of it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := row("acme-key")
			tt.mend(&d)
			res, err := Check([]detectors.Detector{d})
			if err != nil {
				t.Fatal(err)
			}
			if tt.want == "" {
				if len(res.Failures) > 0 {
					t.Error(res.Failures)
				}
				return
			}
			if !slices.ContainsFunc(res.Failures, func(f Failure) bool { return strings.Contains(f.What, tt.want) }) {
				t.Errorf("failures are %v, want %q", res.Failures, tt.want)
			}
		})
	}
}

func TestCounts(t *testing.T) {
	a, b := row("a-key"), row("b-key")
	a.Shapes[0].Pieces[0].Lit, b.Shapes[0].Pieces[0].Lit = "acy_", "acz_"
	a.Format, b.Format = "https://acme.test/sdk", "undocumented"
	a.Sought, a.Traits.Scoped = false, finding.Trait{Value: finding.Yes, Source: "https://acme.test"}
	res, err := Check([]detectors.Detector{a, b})
	if err != nil || len(res.Failures) > 0 {
		t.Fatal(err, res.Failures)
	}
	if res.Rows != 2 || res.Traits != 1 || res.Confirmed[Page] != 1 || res.Confirmed[None] != 1 || res.Vectors != 2 || res.Places < 60 {
		t.Errorf("%+v", res)
	}
}
