package detectors

import (
	"slices"
	"strings"
	"testing"
)

// Every page is one that can be opened, and is about a kind that is not listed as unread as well.
func TestPages(t *testing.T) {
	for _, s := range pages {
		if !strings.HasPrefix(s.page, "https://") || s.kinds == "" {
			t.Errorf("%q says %q of %q", s.page, s.traits, s.kinds)
		}
		for _, id := range strings.Fields(s.kinds) {
			if slices.Contains(sought, id) {
				t.Errorf("%s is listed as sought in vain, and %s was read", id, s.page)
			}
		}
	}
}

// What is said of a kind twice, of no kind or in no word of ours does not pass.
func TestReadRefuses(t *testing.T) {
	before := pages
	defer func() { pages = before }()
	for _, bad := range [][]said{
		{{"https://example.com/", "no-such-kind", "scoped"}},
		{{"https://example.com/", "figma-token", "scooped"}},
		{{"https://example.com/", "figma-token", "scoped"}, {"https://example.com/2", "figma-token", "-scoped"}},
		{{"https://example.com/", "figma-token", "scoped"}, {"https://example.com/2", "figma-token", ""}},
	} {
		pages = bad
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%v passes", bad)
				}
			}()
			read([]Detector{{ID: "figma-token"}})
		}()
	}
}
