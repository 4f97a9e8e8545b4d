package pack

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	gobuild "go/build"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

var benchRepo = flag.String("bench.repo", "", "objects folder to run benchmarks on, in place of one made of Go's sources")

// goHistory is a repository of some of Go's sources, edited over many versions, packed as git gc does.
func goHistory(b *testing.B, versions int) *repo {
	b.Helper()
	r := newRepo(b, "--bare")
	type file struct {
		name  string
		lines []string
	}
	var files []file
	src := filepath.Join(gobuild.Default.GOROOT, "src")
	for _, dir := range []string{"net", "crypto", "go", "encoding"} {
		filepath.WalkDir(filepath.Join(src, dir), func(p string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(p, ".go") {
				return nil
			}
			text, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			rel, _ := filepath.Rel(src, p)
			files = append(files, file{filepath.ToSlash(rel), strings.SplitAfter(string(text), "\n")})
			return nil
		})
	}
	if len(files) < 500 {
		b.Skip("no Go sources at GOROOT")
	}
	var in bytes.Buffer
	rnd := rand.New(rand.NewPCG(5, 6))
	for v := range versions {
		fmt.Fprintf(&in, "commit refs/heads/main\nmark :%d\ncommitter A <a@example.com> %d +0000\ndata 1\nv\n", v+1, 1700000000+v)
		if v > 0 {
			fmt.Fprintf(&in, "from :%d\n", v)
		}
		for i := range files {
			f := &files[i]
			if v > 0 {
				if rnd.IntN(10) > 0 {
					continue
				}
				for range 1 + rnd.IntN(4) {
					at := rnd.IntN(len(f.lines))
					f.lines[at] = fmt.Sprintf("\tv%d := %d\n", v, rnd.Uint32()) + f.lines[at]
				}
			}
			text := strings.Join(f.lines, "")
			fmt.Fprintf(&in, "M 644 inline %s\ndata %d\n%s\n", f.name, len(text), text)
		}
	}
	r.gitIn(in.String(), "fast-import", "--quiet")
	r.git("repack", "-q", "-adf", "--depth=50", "--window=10")
	return r
}

// BenchmarkStore hands out every blob of a packed history, with git cat-file beside it, and reads trees and commits at random.
func BenchmarkStore(b *testing.B) {
	dir := *benchRepo
	if dir == "" {
		dir = goHistory(b, 60).objects()
	}
	total := func(o Options, workers int) int64 {
		s, err := Open(dir, o)
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		var n atomic.Int64
		err = s.Walk(context.Background(), workers, Of(Blob), func(t Trouble) { b.Error(t.Err) }, func(_ int, o *Object) error {
			n.Add(int64(len(o.Bytes)))
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		return n.Load()
	}
	size := total(Options{}, 1)
	for _, o := range []struct {
		name string
		Options
		workers int
	}{{"map/1", Options{}, 1}, {"map/2", Options{}, 2}, {"readat/1", Options{NoMap: true}, 1}, {"verify/1", Options{Verify: true}, 1}} {
		b.Run(o.name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				total(o.Options, o.workers)
			}
		})
	}
	b.Run("read", func(b *testing.B) { benchRead(b, dir) })
	b.Run("git-cat-file", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			c := exec.Command("git", "cat-file", "--batch-all-objects", "--unordered", "--buffer", "--batch")
			c.Env = append(gitEnv(b.TempDir()), "GIT_DIR="+filepath.Dir(dir))
			c.Stdout = io.Discard
			if err := c.Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// benchRead reads trees and commits at random.
func benchRead(b *testing.B, dir string) {
	s, err := Open(dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var ids []ID
	s.Walk(context.Background(), 1, Of(Commit, Tree), nil, func(_ int, o *Object) error { ids = append(ids, o.ID); return nil })
	rnd := rand.New(rand.NewPCG(8, 9))
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		_, c, err := s.Read(ids[rnd.IntN(len(ids))], buf)
		if err != nil {
			b.Fatal(err)
		}
		buf = c
	}
}
