package correlate_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	diff "github.com/google/go-cmp/cmp"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/correlate"
	"sprawl/internal/identity"
)

// TestMerge correlates each target by itself, forgets every secret, and merges: what comes out is what comes of all targets at once.
func TestMerge(t *testing.T) {
	w := makeWorld(40)
	elsewhere := seen("z.md", finding.StateHead, "PUBLIC", "", 1)
	elsewhere.Where.Target = "acme/r7"
	w.sightings = append(w.sightings, seen("a.env", finding.StateHead, "PUBLIC", "a secret", 1), elsewhere)
	by := map[string][]finding.Sighting{}
	for _, s := range w.sightings {
		by[s.Where.Target] = append(by[s.Where.Target], s)
	}
	var parts []finding.Credential
	for _, ss := range by {
		doc, err := json.Marshal(correlated(ss).Credentials)
		if err != nil {
			t.Fatal(err)
		}
		var back []finding.Credential
		if err := json.Unmarshal(doc, &back); err != nil {
			t.Fatal(err)
		}
		parts = append(parts, back...)
	}
	want := correlated(w.sightings).Credentials
	merge := func() []finding.Credential {
		return correlate.Merge(correlate.Input{
			Keys: identity.New(bytes.Repeat([]byte{7}, identity.KeySize), nil, nil), Kind: func(string) *detectors.Detector { return nil }, AsOf: correlatedAsOf,
		}, parts).Credentials
	}
	got := merge()
	r := rand.New(rand.NewPCG(3, 4))
	r.Shuffle(len(parts), func(i, k int) { parts[i], parts[k] = parts[k], parts[i] })
	if again := merge(); !reflect.DeepEqual(got, again) {
		t.Error("the order of targets changes what comes out")
	}
	if len(parts) <= len(want) {
		t.Fatalf("%d parts of %d credentials: nothing to merge", len(parts), len(want))
	}
	for i := range want {
		a, b := plain(t, want[i]), plain(t, got[i])
		if a != b {
			t.Fatal(diff.Diff(a, b))
		}
	}
	for i := range got {
		for k := range got[i].Sightings {
			for _, p := range got[i].Sightings[k].Parts {
				if !p.Secret.IsZero() {
					t.Fatal("a secret has come back")
				}
			}
		}
	}
}

// plain is a credential as text, but for which of several places an environment names as the one it was seen at.
func plain(t *testing.T, c finding.Credential) string {
	t.Helper()
	c.Sightings = slices.Clone(c.Sightings)
	for i := range c.Sightings {
		parts := slices.Clone(c.Sightings[i].Parts)
		for k := range parts {
			parts[k].Secret = finding.Secret{}
		}
		c.Sightings[i].Parts = parts
	}
	c.Environments = slices.Clone(c.Environments)
	for i := range c.Environments {
		c.Environments[i].Why = ""
	}
	slices.SortFunc(c.Environments, func(a, b finding.Environment) int { return cmp.Compare(a.Name, b.Name) })
	c.Conditions = slices.Clone(c.Conditions)
	for i := range c.Conditions {
		if c.Conditions[i].ID == "cross-environment" {
			c.Conditions[i].Evidence, c.Conditions[i].Why = nil, ""
		}
	}
	doc, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

// TestClaims has two targets decide of one credential in every way.
func TestClaims(t *testing.T) {
	a, b := seen("a.env", finding.StateHead, "PUBLIC", "a secret", 1), seen("b.env", finding.StateHead, "PUBLIC", "a secret", 1)
	b.Where.Target = "other"
	mark := &finding.Decision{Kind: "mark", Value: "false-positive", Reason: "a test"}
	baseline := &finding.Decision{Kind: "baseline"}
	for _, tt := range []struct {
		name   string
		a, b   *finding.Decision
		honour bool
		want   string
	}{
		{"nobody", nil, nil, true, ""},
		{"one of two", mark, nil, true, ""},
		{"both", mark, mark, true, "mark a test; decided in other"},
		{"both, and it does not count", mark, mark, false, ""},
		{"one that counts and one that does not", mark, baseline, true, ""},
	} {
		var parts []finding.Credential
		for i, s := range []finding.Sighting{a, b} {
			c := correlated([]finding.Sighting{s}).Credentials[0]
			c.Decision = []*finding.Decision{tt.a, tt.b}[i]
			parts = append(parts, c)
		}
		in := correlate.Input{
			Keys: identity.New(bytes.Repeat([]byte{7}, identity.KeySize), nil, nil), Kind: func(string) *detectors.Detector { return nil }, AsOf: correlatedAsOf,
			Honours: func(d *finding.Decision, _ finding.Severity) bool { return tt.honour && d.Kind == "mark" },
		}
		got := ""
		if d := correlate.Merge(in, parts).Credentials[0].Decision; d != nil {
			got = d.Kind + " " + d.Reason
		}
		if got != tt.want {
			t.Errorf("%s: %q, not %q", tt.name, got, tt.want)
		}
	}
}
