package match

import (
	"bytes"
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sprawl/detectors"
)

// sourceText is up to 16 MiB of the Go distribution's own source.
func sourceText(b *testing.B) [][]byte {
	b.Helper()
	root := filepath.Join(build.Default.GOROOT, "src")
	var out [][]byte
	total := 0
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, ".go") {
			return err
		}
		if total > 16<<20 {
			return fs.SkipAll
		}
		text, err := os.ReadFile(p)
		out = append(out, text)
		total += len(text)
		return err
	})
	if err != nil || total == 0 {
		b.Skip("the Go distribution's source is not at hand")
	}
	return out
}

func BenchmarkPrefilter(b *testing.B) {
	set, err := Compile(detectors.All())
	if err != nil {
		b.Fatal(err)
	}
	text := bytes.Join(sourceText(b), nil)
	b.SetBytes(int64(len(text)))
	hits := 0
	for b.Loop() {
		for p := set.filter.next(text, 0); p >= 0; p = set.filter.next(text, p+1) {
			hits++
		}
	}
	b.ReportMetric(float64(hits)/float64(b.N)/float64(len(text))*1024, "hits/KiB")
}

func BenchmarkMatch(b *testing.B) {
	set, err := Compile(detectors.All())
	if err != nil {
		b.Fatal(err)
	}
	texts := sourceText(b)
	n := 0
	for _, t := range texts {
		n += len(t)
	}
	m := set.NewMatcher()
	b.SetBytes(int64(n))
	b.ReportAllocs()
	found := 0
	for b.Loop() {
		for _, t := range texts {
			found += len(m.Match(t))
		}
	}
	b.ReportMetric(float64(found)/float64(b.N), "found")
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile(detectors.All()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTable(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		detectors.All()
	}
}
