package scan

import (
	"fmt"
	"strings"
	"testing"

	"sprawl/detectors"
	"sprawl/internal/decode"
	"sprawl/internal/match"
	"sprawl/internal/unpack"
	"sprawl/sources"
)

// TestSteadyState holds that a worker that has seen a family of texts allocates nothing for the next: neither for those matched
// from their start nor for those derived from another.
func TestSteadyState(t *testing.T) {
	set, err := match.Compile(detectors.All())
	if err != nil {
		t.Fatal(err)
	}
	var base strings.Builder
	for i := range 400 {
		fmt.Fprintf(&base, "func step%d(token string) error { return call(ctx, \"/v1/items\", %d) } // see the key of github\n", i, i)
	}
	text := base.String()
	at := strings.Index(text, "func step200")
	next := text[:at] + "// password and secret are read elsewhere\n" + text[at:]
	const mark = len("// password and secret are read elsewhere\n")
	blobs := []sources.Blob{
		{ID: "a", Bytes: []byte(text), Size: int64(len(text)), Derived: true},
		{ID: "b", Bytes: []byte(next), Size: int64(len(next)), Delta: &sources.Delta{Base: "a", BaseSize: int64(len(text)), Runs: []sources.Run{
			{Len: int64(at)}, {Target: int64(at + mark), Base: int64(at), Len: int64(len(text) - at)}}}},
		{ID: "c", Bytes: []byte(text[:at]), Size: int64(at)},
	}
	e := newExaminer(Options{Set: set, DecodeDepth: 5, ArchiveDepth: 2, Decode: decode.Default(), Unpack: unpack.Default()}, &sources.Ledger{}, "test:")
	family := func() {
		for _, b := range blobs {
			if err := e.blob(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
	}
	family()
	if len(e.held) > 0 {
		t.Fatal("the texts hold something")
	}
	if n := testing.AllocsPerRun(10, family); n > 0 {
		t.Errorf("%v allocations for three texts", n)
	}
}
