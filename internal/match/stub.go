package match

import (
	"sprawl/detectors"
	"sprawl/finding"
)

type filter struct{}
type shape struct{ role finding.Role }
type structure struct {
	det int32
	row *detectors.Structure
}
type named struct {
	det    int32
	row    *detectors.Named
	near   int
	values []shape
}
type word struct{ rows []int32 }

func (w *word) add(i int32) { w.rows = append(w.rows, i) }

const (
	minAnchor   = 3
	minKeyword  = 3
	defaultNear = 40
	maxNear     = 256
)

func compileShape(int32, *detectors.Shape) (shape, error) { return shape{}, nil }
func (s *shape) anchor() error                            { return nil }
func (s *shape) wholeToken()                              {}
func (s *Set) word(string) *word                          { return &word{} }
func (s *Set) addGenericWords()                           {}
func (s *Set) buildFilter() *filter                       { return &filter{} }
func (s *Set) measureReach() int                          { return 4096 }
func validGlob(string) bool                               { return true }

// Reach is how many bytes on either side of a candidate may have decided it, structures left out.
func (s *Set) Reach() int { return s.reach }

// Matcher runs a Set over texts. It holds scratch memory and serves one goroutine.
type Matcher struct{ set *Set }

// NewMatcher makes one for the calling goroutine.
func (s *Set) NewMatcher() *Matcher { return &Matcher{s} }

// Match returns what was found in b, in order; the slice is valid until the next call.
func (m *Matcher) Match(b []byte) []Candidate { return nil }

// Resolve weighs the candidates of one blob against each other and the path.
func (s *Set) Resolve(cs []Candidate, path string) []finding.Sighting { return nil }

// Mask hides a value: its first keep bytes and its last 4 show if at least 24 random bytes stay hidden, else it is 8 stars.
func Mask(value []byte, keep int) string { return "********" }
