package git

import (
	"testing"

	"sprawl/internal/testkit/accept"
	"sprawl/sources"
)

// Every mode keeps the contract of a source, whoever reads the objects.
func TestContract(t *testing.T) {
	g := findGit(t)
	r := everywhere(t)
	r.Pack()
	r.Write("staged.txt", "staged\n")
	r.Add()
	for _, c := range []struct {
		name  string
		o     Options
		moved bool
	}{
		{"whole", Options{Git: g}, false},
		{"whole by cat-file", Options{Git: g}, true},
		{"staged", Options{Git: g, Mode: Staged}, false},
		{"range", Options{Git: g, Mode: Range, Base: "main~1", Head: "feature/x"}, false},
		{"range by cat-file", Options{Git: g, Mode: Range, Base: "main~1", Head: "feature/x"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			open := func() *Source {
				s := open(t, r.Dir, c.o)
				s.moved = c.moved
				return s
			}
			want := accept.Blobs{}
			for id, b := range walkAll(t, open()).blobs {
				want[id] = []byte(b)
			}
			accept.Source(t, func() sources.Source { return open() }, want)
		})
	}
}

// A clone that left blobs out, read by a git that may not fetch them.
func TestPartialCloneByCatFile(t *testing.T) {
	g := findGit(t)
	r := everywhere(t)
	c := r.Clone("--no-checkout", "--filter=blob:none")
	for _, keepConfig := range []bool{true, false} {
		if !keepConfig {
			for _, key := range []string{"remote.origin.promisor", "remote.origin.partialclonefilter"} {
				c.Git("config", "--unset-all", key)
			}
		}
		for _, moved := range []bool{false, true} {
			s := open(t, c.Dir, Options{Git: g})
			s.moved = moved
			got := walkAll(t, s)
			if len(got.contents()) != 0 || !got.cover.Targets[0].Partial || got.cover.Complete() || got.cover.Skipped["missing"] == 0 || got.cover.Skipped["corrupt"] != 0 {
				t.Errorf("configuration %v, cat-file %v: %d blobs, %+v", keepConfig, moved, len(got.contents()), got.cover.Skipped)
			}
			s = open(t, c.Dir, Options{Git: g, Mode: Range, Base: "HEAD~1", Head: "origin/feature/x"})
			s.moved = moved
			got = walkAll(t, s)
			if got.cover.Skipped["missing"] != 2 || got.cover.Skipped["corrupt"] != 0 {
				t.Errorf("range: configuration %v, cat-file %v: %+v", keepConfig, moved, got.cover.Skips)
			}
		}
	}
}
