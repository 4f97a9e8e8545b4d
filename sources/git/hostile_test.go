package git

import (
	"strings"
	"testing"

	"sprawl/finding"
	"sprawl/internal/testkit/repo"
)

// Whatever a repository plants, no mode runs it, and nobody is called. That the traps would spring is proved beside them, in
// internal/testkit/repo.
func TestHostileRepository(t *testing.T) {
	g := findGit(t)
	for _, promisor := range []bool{false, true} {
		h := repo.Plant(t, promisor)
		for _, c := range []struct {
			name  string
			o     Options
			moved bool
			bare  bool // named by its git directory
		}{
			{name: "whole", o: Options{Git: g}},
			{name: "whole, git directory", o: Options{Git: g}, bare: true},
			{name: "whole by cat-file", o: Options{Git: g}, moved: true},
			{name: "whole without git", o: Options{}},
			{name: "staged", o: Options{Git: g, Mode: Staged}},
			{name: "staged by cat-file", o: Options{Git: g, Mode: Staged}, moved: true},
			{name: "range", o: Options{Git: g, Mode: Range, Base: h.Base, Head: "main"}},
			{name: "range by cat-file", o: Options{Git: g, Mode: Range, Base: h.Base, Head: "main"}, moved: true},
			{name: "range without git", o: Options{Mode: Range, Base: h.Base, Head: "main"}},
		} {
			path := h.Dir
			if c.bare {
				path = h.GitDir
			}
			s, err := New(t.Context(), path, c.o)
			if err != nil {
				if c.o.Git == nil && promisor {
					continue // go-git does not open partial clones, and says so
				}
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			s.moved = c.moved
			got, err := tryWalk(t.Context(), s)
			if err != nil {
				t.Errorf("promisor %v: %s: %v", promisor, c.name, err)
			}
			if len(got.blobs) == 0 {
				t.Errorf("promisor %v: %s: nothing was scanned", promisor, c.name)
			}
			// Without a partial clone only a walk that asks for the object by name knows of it.
			if c.o.Mode == Range || c.o.Mode == Whole && promisor {
				m := got.skips(finding.ReasonMissing)
				if len(m) != 1 || m[0].Object != h.Missing {
					t.Errorf("promisor %v: %s: missing %+v", promisor, c.name, got.cover.Skips)
				}
			}
			if c.o.Mode == Staged {
				same(t, "staged", got.contents()[1:], []string{"staged\n"})
				if sub := got.skips(finding.ReasonSubmodule); len(sub) != 1 {
					t.Errorf("%s: a submodule hides itself: %+v", c.name, got.cover.Skips)
				}
			}
			for _, err := range s.Locate(t.Context(), got.ids()) {
				if err != nil {
					t.Errorf("promisor %v: %s: locate: %v", promisor, c.name, err)
					break
				}
			}
			if _, err := s.File(t.Context(), "HEAD", "a.txt"); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			if _, err := s.File(t.Context(), "HEAD", "lost.txt"); err == nil {
				t.Errorf("%s: the missing object was found", c.name)
			}
			if sprung := h.Sprung(); len(sprung) > 0 {
				t.Fatalf("promisor %v: %s: %s", promisor, c.name, strings.Join(sprung, ", "))
			}
		}
	}
}
