package decode

import (
	"bytes"
	"go/build"
	"os"
	"path/filepath"
	"testing"
)

// goSource is a few megabytes of plain text: the standard library.
func goSource(tb testing.TB) []byte {
	tb.Helper()
	var all bytes.Buffer
	names, err := filepath.Glob(filepath.Join(build.Default.GOROOT, "src", "net", "http", "*.go"))
	if err != nil || len(names) == 0 {
		tb.Skip("no Go source beside the toolchain")
	}
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			tb.Fatal(err)
		}
		all.Write(b)
	}
	return all.Bytes()
}

func BenchmarkPlainText(b *testing.B) {
	src := goSource(b)
	d, lim := New(), NewBudget(Default())
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	pieces := 0
	for b.Loop() {
		lim.Reset(Default())
		d.Pieces(src, lim, func(Piece) { pieces++ })
	}
	b.ReportMetric(float64(pieces)/float64(b.N), "pieces")
	b.ReportMetric(float64(d.work)/float64(b.N)/float64(len(src)), "work/B")
}

// BenchmarkByteLoop is what looking at every byte once costs.
func BenchmarkByteLoop(b *testing.B) {
	src := goSource(b)
	b.SetBytes(int64(len(src)))
	var n int
	for b.Loop() {
		for _, c := range src {
			if class[c]&inRun != 0 {
				n++
			}
		}
	}
}
