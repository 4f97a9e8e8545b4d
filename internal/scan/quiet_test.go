package scan

import (
	"strings"
	"testing"

	"sprawl/internal/decode"
)

// TestQuiet holds that a text counts as quiet only byte for byte, is charged for each time, and is looked at again where the
// budget may not last.
func TestQuiet(t *testing.T) {
	var q quiet
	b := decode.NewBudget(decode.Limits{MaxBytes: 100})
	text := []byte("two literals put together")
	if q.holds(text, b) {
		t.Error("an empty one holds a text")
	}
	q.add(text, decode.Load{Bytes: 40})
	if other := []byte("two literals put together!"); q.holds(other, b) || q.holds(nil, b) {
		t.Error("it holds a text that was not added")
	}
	for i, want := range []bool{true, true, false} {
		if got := q.holds(text, b); got != want {
			t.Errorf("time %d: %v", i+1, got)
		}
	}
	if b.Left() != 20 {
		t.Errorf("%d bytes are left", b.Left())
	}
	long := []byte(strings.Repeat("x", quietBytes+1))
	q.add(long, decode.Load{})
	if q.holds(long, b) {
		t.Error("it keeps texts of any length")
	}
}
