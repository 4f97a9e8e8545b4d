package detectors

import (
	"slices"
	"testing"
)

// A kind that is listed as sought in vain is a kind, and no row is left unread.
func TestSought(t *testing.T) {
	all := All()
	for _, id := range sought {
		if !slices.ContainsFunc(all, func(d Detector) bool { return d.ID == id }) {
			t.Errorf("%s is no kind", id)
		}
	}
	if !slices.IsSorted(sought) {
		t.Error("the list is not sorted")
	}
	for i := range all {
		if d := &all[i]; d.Provider != "" && d.Traits == (Traits{}) && d.Silent == "" && !d.Sought {
			t.Errorf("%s: nobody has looked for a page about it", d.ID)
		}
	}
}
