package detectors

import (
	"slices"
	"testing"
)

// A kind that is listed as unread is a kind.
func TestUnread(t *testing.T) {
	all := All()
	for _, id := range unread {
		if !slices.ContainsFunc(all, func(d Detector) bool { return d.ID == id }) {
			t.Errorf("%s is no kind", id)
		}
	}
	if !slices.IsSorted(unread) {
		t.Error("the list is not sorted")
	}
}
