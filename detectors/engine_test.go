package detectors_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/match"
	"sprawl/internal/vectors"
)

// binary are the kinds that are a whole file.
var binary = []string{"java-keystore", "pkcs12-file"}

// checksummed are the kinds whose last bytes are proven by a checksum, not by a structure that any ending would fit.
func checksummed(d detectors.Detector) bool {
	switch d.Provider {
	case "github", "gitlab", "age", "npm", "nats":
		return true
	}
	return false
}

// TestEngine places the vectors of every row in texts and has the engine find them as that kind: alone, with text around, on
// both sides of what readers use as block size, twice in a row, and in every syntax. Near misses are never proven.
func TestEngine(t *testing.T) {
	all := detectors.All()
	set, err := match.Compile(all)
	if err != nil {
		t.Fatal(err)
	}
	m := set.NewMatcher()
	filler := strings.Repeat("the quick brown fox jumps over the lazy dog\n", 2000)
	for _, d := range all {
		t.Run(d.ID, func(t *testing.T) {
			r := rand.New(rand.NewPCG(5, 6))
			for n, v := range vectors.Make(d, r) {
				for _, x := range texts(d, v, filler) {
					if !found(set, m, x.text, pathFor(d), d.ID, v.Text) {
						t.Errorf("vector %d is not found: %s", n, x.name)
						break
					}
				}
				for _, x := range vectors.Mutations(v, r) {
					for _, s := range sightings(set, m, bare(v, x.Text), pathFor(d)) {
						if s.Kind == d.ID && s.Proof == finding.ProofProven && (x.Name != "changed end" || checksummed(d)) {
							t.Errorf("vector %d is proven although it has a %s", n, x.Name)
						}
					}
				}
			}
		})
	}
}

type placed struct{ name, text string }

// bare is a vector as it stands alone: a value that needs a name gets one.
func bare(v vectors.Vector, text string) string {
	if v.Near != "" {
		text = v.Near + ": " + text
	}
	if v.Name != "" {
		text = v.Name + " = \"" + text + "\""
	}
	return text
}

func texts(d detectors.Detector, v vectors.Vector, filler string) []placed {
	b := bare(v, v.Text)
	out := []placed{{"alone", b}}
	if slices.Contains(binary, d.ID) {
		return out
	}
	out = append(out, placed{"start", b + "\n" + filler[:440]}, placed{"middle", filler[:440] + b + "\n" + filler[:440]}, placed{"end", filler[:440] + b})
	for _, edge := range []int{64<<10 - len(b) - 1, 64<<10 - len(b)/2, 64 << 10} {
		at := max(0, edge)
		at -= at % 44 // a line of the filler
		pad := strings.Repeat("#", max(0, edge)-at)
		if pad != "" {
			pad = pad[:len(pad)-1] + "\n"
		}
		out = append(out, placed{fmt.Sprint("at ", edge), filler[:at] + pad + b + "\n" + filler[:88]})
	}
	if v.Whole {
		return out
	}
	name := v.Name
	if name == "" {
		name = "my_value"
	}
	for _, s := range vectors.Syntaxes(name, v.Text) {
		text := s.Text
		if v.Near != "" {
			text = "# " + v.Near + "\n" + text
		}
		out = append(out, placed{s.Name, text})
	}
	return out
}

// pathFor is a path at which the row applies.
func pathFor(d detectors.Detector) string {
	if len(d.Paths) == 0 {
		return "src/settings.txt"
	}
	return strings.ReplaceAll(strings.TrimPrefix(d.Paths[0], "**/"), "*", "x")
}

func sightings(set *match.Set, m *match.Matcher, text, path string) []finding.Sighting {
	cs := slices.Clone(m.Match([]byte(text)))
	for i := range cs {
		for j := range cs[i].Parts {
			p := &cs[i].Parts[j]
			line := 1 + strings.Count(text[:p.Start], "\n")
			p.Span = finding.Span{Line: line, EndLine: line + strings.Count(text[p.Start:p.End], "\n"), Start: int64(p.Start), End: int64(p.End)}
		}
	}
	return set.Resolve(cs, path)
}

// found reports whether a sighting of the kind, or one that has it as an alias, holds the vector or a part of it.
func found(set *match.Set, m *match.Matcher, text, path, kind, value string) bool {
	for _, s := range sightings(set, m, text, path) {
		if s.Kind != kind && !slices.Contains(s.Aliases, kind) {
			continue
		}
		for _, p := range s.Parts {
			if strings.Contains(value, string(p.Secret.Reveal())) {
				return true
			}
		}
	}
	return false
}
