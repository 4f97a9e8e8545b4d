package scan

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sprawl/detectors"
	"sprawl/internal/decode"
	"sprawl/internal/match"
	"sprawl/internal/unpack"
	"sprawl/sources"
)

// BenchmarkFamily scans fifty versions of one file, each of which has one line more than the one before it, with what they share
// matched once and with each matched from its start.
func BenchmarkFamily(b *testing.B) {
	set, err := match.Compile(detectors.All())
	if err != nil {
		b.Fatal(err)
	}
	var text []byte
	for i := range 500 {
		text = fmt.Appendf(text, "\tif err := client.Do(ctx, \"POST\", \"/v%d/tokens\", request{Name: name, Key: key}); err != nil {\n\t\treturn fmt.Errorf(\"call %%s: %%w\", name, err)\n\t}\n", i)
	}
	f := family{{ID: "0", Bytes: text, Size: int64(len(text)), Derived: true}}
	size := int64(len(text))
	for i := 1; i < 50; i++ {
		at := i*700 + strings.IndexByte(string(text[i*700:]), '\n') + 1
		line := fmt.Appendf(nil, "\tlog.Printf(\"step %d\")\n", i)
		next := slices.Concat(text[:at], line, text[at:])
		f = append(f, sources.Blob{ID: fmt.Sprint(i), Bytes: next, Size: int64(len(next)), Derived: true, Delta: &sources.Delta{
			Base: fmt.Sprint(i - 1), BaseSize: int64(len(text)),
			Runs: []sources.Run{{Len: int64(at)}, {Target: int64(at + len(line)), Base: int64(at), Len: int64(len(text) - at)}}}})
		text = next
		size += int64(len(next))
	}
	for _, noInherit := range []bool{false, true} {
		b.Run(map[bool]string{false: "inherit", true: "start"}[noInherit], func(b *testing.B) {
			o := Options{Set: set, Workers: 1, DecodeDepth: 5, ArchiveDepth: 2, Decode: decode.Default(), Unpack: unpack.Default(), NoInherit: noInherit}
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Run(context.Background(), f, &sources.Ledger{}, o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
