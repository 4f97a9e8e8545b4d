package correlate_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/correlate"
	"sprawl/internal/identity"
)

var correlatedAsOf = time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)

func correlated(ss []finding.Sighting) correlate.Result {
	return correlate.Correlate(correlate.Input{
		Sightings: ss, Keys: identity.New(bytes.Repeat([]byte{7}, identity.KeySize), nil, nil), Kind: func(string) *detectors.Detector { return nil },
		AsOf: correlatedAsOf,
	})
}

// seen is a sighting of a pair, or with secret "" of its public half alone.
func seen(path string, state finding.State, ident, secret string, line int) finding.Sighting {
	s := finding.Sighting{Kind: "aws-access-key", Provider: "aws", Tier: finding.TierShaped, Ident: ident, Where: finding.Location{Source: "git", Target: "r", Path: path, State: state}}
	public := finding.Part{Role: finding.RoleID, Secret: finding.NewSecret([]byte(ident)), Span: finding.Span{Line: line, Column: 1, EndLine: line, EndColumn: 9}}
	if secret == "" {
		s.Parts = []finding.Part{public}
		return s
	}
	s.Masked = "********"
	s.Parts = []finding.Part{{Role: finding.RoleSecret, Secret: finding.NewSecret([]byte(secret)), Span: finding.Span{Line: line + 1, Column: 1, EndLine: line + 1, EndColumn: 9}}, public}
	return s
}

func places(c finding.Credential) (out []string) {
	for i := range c.Sightings {
		s := &c.Sightings[i]
		half := " pair"
		if s.Part(finding.RoleSecret) == nil {
			half = " id"
		}
		out = append(out, s.Where.Path+" "+string(s.Where.State)+half)
	}
	slices.Sort(out)
	return out
}

// A public half belongs to the one pair that has it, is a place of its own where its secret is not, and never takes the place
// of the pair.
func TestPublicHalves(t *testing.T) {
	const id, other = "PUBLIC-ONE", "PUBLIC-TWO"
	for _, c := range []struct {
		name string
		ss   []finding.Sighting
		want [][]string // by credential
	}{
		{"beside its secret", []finding.Sighting{seen("a.env", finding.StateHead, id, "", 1), seen("a.env", finding.StateHead, id, "one secret value", 1)}, [][]string{{"a.env head pair"}}},
		{"elsewhere", []finding.Sighting{seen("a.env", finding.StateHead, id, "one secret value", 1), seen("b.md", finding.StateHead, id, "", 4)}, [][]string{{"a.env head pair", "b.md head id"}}},
		{"where the secret was", []finding.Sighting{seen("a.env", finding.StateHistory, id, "one secret value", 1), seen("a.env", finding.StateHead, id, "", 1)},
			[][]string{{"a.env head id", "a.env history pair"}}},
		{"alone", []finding.Sighting{seen("b.md", finding.StateHead, id, "", 4)}, [][]string{{"b.md head id"}}},
		{"of two secrets", []finding.Sighting{
			seen("a.env", finding.StateHead, id, "one secret value", 1), seen("b.env", finding.StateHead, id, "another secret value", 1), seen("c.md", finding.StateHead, id, "", 4),
		}, [][]string{{"a.env head pair"}, {"b.env head pair"}, {"c.md head id"}}},
		{"two pairs in a file", []finding.Sighting{
			seen("a.env", finding.StateHead, id, "one secret value", 1), seen("a.env", finding.StateHead, other, "another secret value", 5),
		}, [][]string{{"a.env head pair"}, {"a.env head pair"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got [][]string
			for _, k := range correlated(c.ss).Credentials {
				got = append(got, places(k))
				if slices.ContainsFunc(k.Sightings, func(s finding.Sighting) bool { return s.Part(finding.RoleSecret) != nil }) && k.Sightings[0].Part(finding.RoleSecret) == nil {
					t.Errorf("the first place has no secret: %v", places(k))
				}
				if len(k.Sightings) > 0 && (k.Redacted == "") != (k.Sightings[0].Part(finding.RoleSecret) == nil && len(k.Sightings) == 1) {
					t.Errorf("redacted %q of %v", k.Redacted, places(k))
				}
			}
			slices.SortFunc(got, slices.Compare)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The order in which sightings come changes nothing.
func TestOrderChangesNothing(t *testing.T) {
	w := makeWorld(20)
	w.sightings = append(w.sightings, seen("a.env", finding.StateHead, "PUBLIC", "a secret", 1), seen("a.env", finding.StateHead, "PUBLIC", "", 1), seen("z.md", finding.StateHead, "PUBLIC", "", 1))
	want := correlated(w.sightings)
	r := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		r.Shuffle(len(w.sightings), func(i, k int) { w.sightings[i], w.sightings[k] = w.sightings[k], w.sightings[i] })
		got := correlated(w.sightings)
		secrets := cmp.Comparer(func(a, b finding.Secret) bool { return bytes.Equal(a.Reveal(), b.Reveal()) })
		if diff := cmp.Diff(want, got, secrets, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%d characters of difference", len(diff))
		}
	}
}

// TestOrderOfTies: credentials that nothing else tells apart stand by place, whatever their ids are, which another key makes others.
func TestOrderOfTies(t *testing.T) {
	ss := []finding.Sighting{seen("b", finding.StateHead, "AKIA"+"1", "one", 1), seen("a", finding.StateHead, "AKIA"+"2", "two", 12), seen("a", finding.StateHead, "AKIA"+"3", "three", 3), seen("c", finding.StateHead, "AKIA"+"4", "four", 1)}
	for key := range byte(8) {
		r := correlate.Correlate(correlate.Input{
			Sightings: slices.Clone(ss), Keys: identity.New(bytes.Repeat([]byte{key}, identity.KeySize), nil, nil), Kind: func(string) *detectors.Detector { return nil }, AsOf: correlatedAsOf,
		})
		var got []string
		for _, c := range r.Credentials {
			s := c.Sightings[0]
			got = append(got, fmt.Sprint(s.Where.Path, s.Parts[0].Span.Line))
		}
		if want := []string{"a4", "a13", "b2", "c2"}; !slices.Equal(got, want) {
			t.Errorf("key %d: %v", key, got)
		}
	}
}
