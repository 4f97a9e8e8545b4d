// Package unpack opens containers.
package unpack

import (
	"context"
	"io"

	"sprawl/finding"
)

// Limits bound the unpacking of one container.
type Limits struct {
	MaxBytes      int64 // unpacked bytes of all entries, nested ones included
	MaxRatio      int   // unpacked : packed
	MaxEntries    int
	MaxDepth      int   // containers inside each other; 1 opens the outermost only
	MaxEntryBytes int64 // unpacked bytes of one entry
}

// Default are the limits of a scan.
func Default() Limits {
	return Limits{MaxBytes: 512 << 20, MaxRatio: 200, MaxEntries: 50_000, MaxDepth: 2, MaxEntryBytes: 50 << 20}
}

// Budget is what is left of the Limits.
type Budget struct{ lim Limits }

// NewBudget starts a budget for one container.
func NewBudget(l Limits) *Budget { return &Budget{lim: l} }

// Entry is one member.
type Entry struct {
	Path  string         // slash path inside its container, cleaned; a label, never a place on disk
	Bytes []byte         // valid during the call
	Size  int64          // unpacked
	Step  finding.Step   // of its own container, Entry set
	Outer []finding.Step // of the containers around that one, outermost first
}

// Kind names the format that head begins with, or "".
func Kind(head []byte) string { return "" }

// Opens reports whether Walk reads the kind.
func Opens(kind string) bool { return false }

// Walk unpacks data.
func Walk(ctx context.Context, name string, data []byte, lim *Budget, entry func(Entry) error, skip func(finding.Skip)) error {
	return nil
}

// WalkAt is Walk over a container that is not in memory.
func WalkAt(ctx context.Context, name string, r io.ReaderAt, size int64, lim *Budget, entry func(Entry) error, skip func(finding.Skip)) error {
	return nil
}
