package git

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"sprawl/finding"
	"sprawl/internal/testkit/repo"
	"sprawl/sources"
)

func locate(t testing.TB, s *Source, ids ...string) map[string][]finding.Location {
	t.Helper()
	got := map[string][]finding.Location{}
	for l, err := range s.Locate(t.Context(), ids) {
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := got[l.ID]; twice || len(l.Where) == 0 {
			t.Errorf("%s: located twice, or nowhere", l.ID)
		}
		got[l.ID] = l.Where
	}
	return got
}

func TestLocateWhole(t *testing.T) {
	g := findGit(t)
	r := everywhere(t)
	r.Write(".mailmap", "Robert <robert@example.com> <bob@example.com>\n")
	r.Commit("mailmap")
	r.Switch(r.ID("HEAD"))
	r.Write("t.txt", "only a tag holds it\n")
	r.Commit("tagged")
	r.Tag("only", "")
	r.Switch("main")
	blob := func(content string) string { return r.GitInput(content, "hash-object", "--stdin") }
	want := []struct {
		content string
		state   finding.State
		path    string
	}{
		{"at head\n", finding.StateHead, "a.txt"},
		{"deep\n", finding.StateHead, "sub/deep/b.txt"},
		{"gone later\n", finding.StateHistory, "gone.txt"},
		{"on a branch\n", finding.StateHead, "f.txt"},
		{"on a deleted branch\n", finding.StateDangling, "d.txt"},
		{"nobody names me\n", finding.StateDangling, ""},
		{"a note\n", finding.StateNote, ""},
		{"stashed once\n", finding.StateStash, "a.txt"},
		{"stashed twice\n", finding.StateStash, "a.txt"},
		{"only a tag holds it\n", finding.StateTag, "t.txt"},
	}
	for _, walked := range []bool{true, false} {
		for _, moved := range []bool{false, true} {
			t.Run(fmt.Sprintf("walked %v, cat-file %v", walked, moved), func(t *testing.T) {
				s := open(t, r.Dir, Options{Git: g})
				s.moved = moved
				if walked {
					walkAll(t, s)
				}
				var ids []string
				for _, w := range want {
					ids = append(ids, blob(w.content))
				}
				got := locate(t, s, ids...)
				for _, w := range want {
					where := got[blob(w.content)]
					if !slices.ContainsFunc(where, func(l finding.Location) bool {
						return l.State == w.state && (w.path == "" || l.Path == w.path) && l.Source == "git" && l.Target == r.Dir
					}) {
						t.Errorf("%q: got %+v", w.content, where)
					}
				}
				gone := got[blob("gone later\n")][0]
				if gone.Added == nil || gone.Gone == nil || gone.Gone.Author != "Robert <robert@example.com>" {
					t.Errorf("added %+v, gone %+v", gone.Added, gone.Gone)
				}
			})
		}
	}
}

// What Walk says at once, Locate says too.
func TestLocateAgreesWithWalk(t *testing.T) {
	g := findGit(t)
	r := everywhere(t)
	r.Write("staged", "staged\n")
	r.Add()
	for _, mode := range []Mode{Whole, Staged} {
		s := open(t, r.Dir, Options{Git: g, Mode: mode})
		got := walkAll(t, s)
		for id, where := range locate(t, s, got.ids()...) {
			if preset := got.where[id]; len(preset) > 0 && fmt.Sprint(preset[0].State, preset[0].Path, preset[0].Refs, preset[0].Added == nil) !=
				fmt.Sprint(where[0].State, where[0].Path, where[0].Refs, where[0].Added == nil) {
				t.Errorf("%s: walk %+v, locate %+v", id, preset, where)
			}
		}
	}
	s := open(t, r.Dir, Options{Git: g})
	for id, where := range locate(t, s, "commit:none", "tag:"+r.ID("HEAD:a.txt"), "ref:refs/heads/x", "?") {
		if len(where) != 1 {
			t.Errorf("%s: %+v", id, where)
		}
	}
}

func TestLocateRange(t *testing.T) {
	g := findGit(t)
	r := repo.New(t)
	r.Write("old", "old\n")
	r.Commit("one")
	r.Branch("pr")
	r.Write("dir/new", "new\n")
	added := r.As(repo.Bob).Commit("two")
	r.Write("passing", "passing\n")
	r.Commit("three")
	r.Remove("passing")
	removed := r.Commit("four")
	s := open(t, r.Dir, Options{Git: g, Mode: Range, Base: "main", Head: "pr"})
	got := walkAll(t, s)
	where := locate(t, s, got.ids()...)
	id := r.ID("HEAD:dir/new")
	if w := where[id]; len(w) != 1 || w[0].Path != "dir/new" || w[0].State != finding.StateHead || w[0].Added == nil ||
		w[0].Added.Commit != added || w[0].Added.Author != "Bob Example <bob@example.com>" || !slices.Contains(w[0].Refs, "pr") {
		t.Errorf("new: %+v", w)
	}
	if w := where[r.ID("HEAD~1:passing")]; len(w) != 1 || w[0].State != finding.StateHistory || w[0].Gone == nil || w[0].Gone.Commit != removed {
		t.Errorf("passing: %+v", w)
	}
	if len(where) != len(got.blobs) {
		t.Errorf("%d places for %d blobs", len(where), len(got.blobs))
	}
}

func TestLocateEndsEarly(t *testing.T) {
	r := everywhere(t)
	s := open(t, r.Dir, Options{})
	ids := walkAll(t, s).ids()
	for _, err := range s.Locate(t.Context(), ids) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	n := 0
	for _, err := range s.Locate(t.Context(), ids) {
		if n++; n == len(ids) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var led sources.Ledger
	if err := s.Walk(t.Context(), 0, &led, func(int, sources.Blob) error { return nil }); err != nil && !errors.Is(err, ErrEmpty) {
		t.Error(err)
	}
}
