package git

import (
	"slices"
	"strings"
	"testing"

	"sprawl/finding"
	"sprawl/internal/testkit/repo"
)

// A second walk hands out what is new and nothing else, remembers what a first one would, and finds the same places, however the
// store has been packed in between.
func TestSince(t *testing.T) {
	g := findGit(t)
	for _, c := range []struct {
		name    string
		between func(r *repo.Repo)
		after   func(r *repo.Repo)
	}{
		{"loose", func(*repo.Repo) {}, func(*repo.Repo) {}},
		{"a second pack", func(r *repo.Repo) { r.Pack() }, func(r *repo.Repo) { r.Git("repack", "-q", "-d") }},
		{"repacked", func(r *repo.Repo) { r.Pack() }, func(r *repo.Repo) { r.Pack() }},
		{"some are gone", func(*repo.Repo) {}, func(r *repo.Repo) {
			r.Git("reflog", "expire", "--expire=now", "--all")
			r.Git("gc", "-q", "--prune=now")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := everywhere(t)
			c.between(r)
			first := open(t, r.Dir, Options{Git: g})
			if first.Since(Seen{}) {
				t.Error("an empty state holds everything")
			}
			walkAll(t, first)
			state, ok := first.Seen()
			if !ok || !state.Complete {
				t.Fatalf("remembered %v, complete %v", ok, state.Complete)
			}
			known := stored(r)
			r.Write("big.txt", strings.Repeat("a line of text that fills the file\n", 400)+"and two\nmore\n")
			r.Write("sub/new/c.txt", "new\n")
			r.Rename("sub/deep/b.txt", "sub/deep/moved.txt")
			r.Commit("more")
			r.Tag("v2", "more notes")
			c.after(r)

			second, whole := open(t, r.Dir, Options{Git: g}), open(t, r.Dir, Options{Git: g})
			if second.Since(state) {
				t.Fatal("nothing is new")
			}
			whole.Since(Seen{})
			got, all := walkAll(t, second), walkAll(t, whole)
			want := slices.DeleteFunc(all.ids(), func(id string) bool {
				_, found := slices.BinarySearch(known, id)
				return found && !strings.HasPrefix(id, "ref:") // names are cheap, and handed out each time
			})
			same(t, "handed out", got.ids(), want)
			if got.cover.Seen != all.cover.Seen || got.cover.Reused+int64(len(want)) != all.cover.Seen {
				t.Errorf("%d seen, %d of them known, %d new; %d in all", got.cover.Seen, got.cover.Reused, len(want), all.cover.Seen)
			}
			next, _ := second.Seen()
			if fresh, _ := whole.Seen(); next.Print != fresh.Print || next.Objects != fresh.Objects || !slices.Equal(next.IDs, fresh.IDs) || !next.Complete {
				t.Errorf("remembered %d objects (%d bytes of ids), want %d (%d)", next.Objects, len(next.IDs), fresh.Objects, len(fresh.IDs))
			}
			var blobs []string
			for _, id := range want {
				if isHex(id) {
					blobs = append(blobs, id)
				}
			}
			if len(blobs) != 2 {
				t.Errorf("%d new blobs, want 2", len(blobs))
			}
			same(t, "places", places(t, second, blobs), places(t, whole, blobs))
		})
	}
}

func places(t *testing.T, s *Source, ids []string) (all []string) {
	t.Helper()
	for l, err := range s.Locate(t.Context(), ids) {
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range l.Where {
			all = append(all, strings.Join(append([]string{l.ID, w.Path, string(w.State), w.Added.Commit, w.Added.Author}, w.Refs...), " "))
		}
	}
	slices.Sort(all)
	return all
}

// What is said to be unchanged is left out by the next walk, even if something comes in between the two: who asks then does not
// look. The walk after that one looks.
func TestSinceNothingNew(t *testing.T) {
	r := repo.New(t)
	r.Write("a.txt", "one\n")
	r.Commit("one")
	first := open(t, r.Dir, Options{})
	first.Since(Seen{})
	walkAll(t, first)
	state, _ := first.Seen()
	s := open(t, r.Dir, Options{})
	if !s.Since(state) {
		t.Fatal("something is new")
	}
	r.Write("b.txt", "two\n")
	r.Commit("two")
	got := walkAll(t, s)
	same(t, "handed out", got.ids(), nil)
	if got.cover.Reused != state.Objects || len(got.skips(finding.ReasonNothing)) > 0 {
		t.Errorf("%d known, want %d; %v", got.cover.Reused, state.Objects, got.cover.Skips)
	}
	if kept, ok := s.Seen(); !ok || kept.Print != state.Print {
		t.Error("what was not looked at is remembered as seen")
	}
	if again := walkAll(t, s); !slices.Contains(again.contents(), "two\n") {
		t.Error("a further walk leaves out what is new")
	}
}
