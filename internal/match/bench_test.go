package match

import (
	"go/build"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"sprawl/detectors"
)

// benchText is how much source text the benchmarks read, in bytes.
const benchText = 300 << 20

// sourceText is source text of the Go distribution, and behind it of the modules that were downloaded.
var sourceText = sync.OnceValue(func() [][]byte {
	cache := os.Getenv("GOMODCACHE")
	if cache == "" {
		cache = filepath.Join(build.Default.GOPATH, "pkg", "mod")
	}
	var out [][]byte
	total := 0
	for _, root := range []string{filepath.Join(build.Default.GOROOT, "src"), cache} {
		_ = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
			switch {
			case err != nil || d.IsDir() || total >= benchText:
				return nil // what cannot be read is not needed
			case !slices.Contains([]string{".go", ".c", ".h", ".md", ".js", ".ts", ".py", ".json", ".yaml", ".yml"}, filepath.Ext(p)):
				return nil
			}
			text, err := os.ReadFile(p)
			if err == nil {
				out = append(out, text)
				total += len(text)
			}
			return nil
		})
	}
	return out
})

func texts(b *testing.B) (all [][]byte, size int) {
	b.Helper()
	all = sourceText()
	for _, t := range all {
		size += len(t)
	}
	if size < benchText {
		b.Logf("%d MiB of source text are at hand, not %d", size>>20, benchText>>20)
	}
	if size == 0 {
		b.Skip("the Go distribution's source is not at hand")
	}
	return all, size
}

// BenchmarkBitmap is the first step of the prefilter, and BenchmarkPrefilter both: what is left is looked at one by one.
func BenchmarkBitmap(b *testing.B)    { prefilter(b, false) }
func BenchmarkPrefilter(b *testing.B) { prefilter(b, true) }

func prefilter(b *testing.B, both bool) {
	set, err := Compile(detectors.All())
	if err != nil {
		b.Fatal(err)
	}
	all, n := texts(b)
	b.SetBytes(int64(n))
	hits := 0
	var out places
	var sifted sifted
	for b.Loop() {
		for _, text := range all {
			for p := 0; p < len(text); {
				k, next := set.filter.find(text, p, &out)
				if both {
					hits += len(set.filter.sift(text, p, out[:k], &sifted))
				} else {
					for _, x := range out[:k] {
						hits += bits.OnesCount8(uint8(x))
					}
				}
				p = next
			}
		}
	}
	b.ReportMetric(float64(hits)/float64(b.N)/float64(n)*1024, "hits/KiB")
}

func BenchmarkMatch(b *testing.B) {
	set, err := Compile(detectors.All())
	if err != nil {
		b.Fatal(err)
	}
	all, n := texts(b)
	m := set.NewMatcher()
	b.SetBytes(int64(n))
	b.ReportAllocs()
	found := 0
	for b.Loop() {
		for _, t := range all {
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
