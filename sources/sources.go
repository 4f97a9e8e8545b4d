// Package sources says what a scan walks: a Source hands out Blobs, a Locator says afterwards where the few interesting ones
// are, a Ledger keeps what was seen and what was not. The kinds of source are in sub-packages.
//
// It never matches, never judges, and never runs anything of what it walks.
package sources

import (
	"context"
	"iter"

	"sprawl/finding"
)

// Source walks one target once.
//
// visit is called from at most workers goroutines, each with its own worker number from 0 to workers-1. A blob's bytes are
// valid during the call only. A base is visited before what derives from it, by the same worker. Trouble with one blob goes
// to the ledger; the error that Walk returns ends the walk: the target could not be read at all, the context ended, or visit
// failed. Walk returns after the last visit has returned.
type Source interface {
	// Name is "git:PATH" and the like; it never carries credentials.
	Name() string
	Walk(ctx context.Context, workers int, led *Ledger, visit func(worker int, b Blob) error) error
}

// Blob is a stretch of bytes to be matched as a whole: a file, a git object, a message, a ref name.
type Blob struct {
	ID      string             // unique within the source; a git blob's object id in hex
	Bytes   []byte             // valid during visit only; nobody writes to it
	Offset  int64              // where Bytes begin in a larger blob that is handed out in windows; 0 otherwise
	Size    int64              // of the whole blob
	Line    int                // lines before Bytes: 0 unless Offset > 0
	Delta   *Delta             // how it derives from a blob visited before, nil if it doesn't or that isn't known
	Derived bool               // blobs visited later may name it as the Base of their Delta
	Where   []finding.Location // its places, if they are known now; else the Source is a Locator
	Name    string             // what the ledger calls it while Where is empty: a path, or ""
}

// Delta says which runs of a blob's bytes are copies of its base's. Runs are sorted by Target, do not overlap, and adjacent
// runs that continue each other are merged.
type Delta struct {
	Base     string
	BaseSize int64
	Runs     []Run
}

// Run is a copied stretch: Len bytes at Target stand at Base in the base.
type Run struct{ Target, Base, Len int64 }

// Located is one blob and its places, at least one.
type Located struct {
	ID    string
	Where []finding.Location
}

// Locator says, after the walk, where blobs are. A blob with no place that can be found still gets one location, with the
// state that fits (dangling) and no path. The second value of the sequence is an error that ends it.
type Locator interface {
	Locate(ctx context.Context, ids []string) iter.Seq2[Located, error]
}
