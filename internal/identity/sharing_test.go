package identity

import (
	"slices"
	"strings"
	"testing"

	"sprawl/finding"
)

// What shares eight bytes and more with one of ours, as the whole of one of both, is called by its name.
func TestSharing(t *testing.T) {
	one, two := strings.Repeat("q7", 6)+"one", strings.Repeat("k2", 6)+"two" // pieces that stand for nothing
	var s Sharing
	s.Add("short", finding.NewSecret([]byte("abc")))
	s.Add("one", finding.NewSecret([]byte(one)))
	s.Add("two", finding.NewSecret([]byte(two)))
	long := strings.Repeat("0123456789", 300)
	s.Add("long", finding.NewSecret([]byte(long)))
	for v, want := range map[string][]string{
		one: {"one"}, one[:14]: {"one"}, one[2:15]: {"one"}, "url://" + one + "@host": {"one"}, one + "," + two: {"one", "two"},
		one[:7]: nil, one[:14] + "!": nil, "abc": nil, "": nil, long: {"long"}, long[5:2000]: {"long"}, long[:14] + "x": nil,
	} {
		if got := s.Names([]byte(v)); !slices.Equal(got, want) {
			t.Errorf("%d bytes: %q, want %q", len(v), got, want)
		}
	}
}
