package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sprawl/finding"
)

func TestLocate(t *testing.T) {
	deep := strings.Repeat("d/", 200) + "f"
	for _, tc := range []struct {
		name, graph string
		want        []string // of the blob S
	}{
		{"at head", `
			c1 : a=x
			c2 < c1 : a=x k=S
			c3 < c2 : a=y k=S
			ref refs/heads/main c3
			ref HEAD c3`,
			[]string{"k head +c2 [main]"}},
		{"detached head", `
			c1 : k=S
			c2 < c1 : k=S
			ref refs/heads/main c1
			ref HEAD c2`,
			[]string{"k head +c1 [HEAD main]"}},
		{"deleted later", `
			c1 : a=x dir/k=S
			c2 < c1 : a=x dir/k=T
			c3 < c2 : a=x
			ref refs/heads/main c3`,
			[]string{"dir/k history +c1 -c2 [main]"}},
		{"on another branch", `
			c1 : a=x
			c2 < c1 : a=x k=S
			c3 < c1 : a=y
			ref refs/heads/main c3
			ref refs/remotes/origin/dev c2
			ref refs/remotes/origin/HEAD c3`,
			[]string{"k head +c2 [origin/dev]"}},
		{"removed on main, still on a branch", `
			c1 : k=S
			c2 < c1 : a=x
			c3 < c1 : k=S a=y
			ref refs/heads/main c2
			ref refs/heads/old c3`,
			[]string{"k head +c1 [old]"}},
		{"tag only", `
			c1 : a=x
			c2 < c1 : k=S
			ref refs/heads/main c1
			tag v1 c2
			tag v1signed v1
			ref refs/tags/v1 v1signed`,
			[]string{"k tag +c2 [v1]"}},
		{"behind a tag", `
			c1 : a=x
			c2 < c1 : k=S
			c3 < c2 : a=x
			ref refs/heads/main c1
			ref refs/tags/v1 c3`,
			[]string{"k tag +c2 -c3 [v1]"}},
		{"in history, held by a tag", `
			c1 : k=S
			c2 < c1 : a=x
			ref refs/heads/main c2
			ref refs/tags/v1 c1`,
			[]string{"k history +c1 -c2 [v1]"}},
		{"pull request", `
			c1 : a=x
			c2 < c1 : k=S
			ref refs/heads/main c1
			ref refs/pull/7/head c2`,
			[]string{"k history +c2 [pull/7/head]"}},
		{"stash", `
			c1 : a=x
			index < c1 : a=x
			untracked : u=S
			wip < c1 index untracked : a=x k=S
			ref refs/heads/main c1
			ref refs/stash wip
			ref stash@{0} wip`,
			[]string{"k stash +wip [stash]", "u stash +untracked [stash]"}},
		{"older stash", `
			c1 : a=x
			i1 < c1 : k=S
			w1 < c1 i1 : k=S
			i2 < c1 : a=x
			w2 < c1 i2 : a=y
			ref refs/heads/main c1
			ref refs/stash w2
			ref stash@{0} w2
			ref stash@{1} w1`,
			[]string{"k stash +i1 [stash@{1}]"}},
		{"note", `
			c1 : a=x
			n1 : ab/cd=S
			ref refs/heads/main c1
			ref refs/notes/commits n1`,
			[]string{"ab/cd note +n1 [notes/commits]"}},
		{"merge only", `
			c1 : a=x
			l < c1 : a=x l=x
			r < c1 : a=x r=x
			m < l r : a=x l=x r=x k=S
			end < m : a=x
			ref refs/heads/main end`,
			[]string{"k merge +m -end [main]"}},
		{"evil merge, still there", `
			c1 : k=x
			l < c1 : k=l
			r < c1 : k=r
			m < l r : k=S
			ref refs/heads/main m`,
			[]string{"k head +m [main]"}},
		{"merge brings a branch's file", `
			c1 : a=x
			l < c1 : a=y
			r < c1 : a=x k=S
			m < l r : a=y k=S
			end < m : a=y
			ref refs/heads/main end`,
			[]string{"k history +r -end [main]"}},
		{"dropped by a merge", `
			c1 : a=x
			l < c1 : a=y
			r < c1 : a=x k=S
			m < l r : a=y
			end < m : a=y b=x
			ref refs/heads/main end`,
			[]string{"k history +r -m [main]"}},
		{"removed, and a stale branch merged afterwards", `
			c1 : k=S
			l < c1 : a=x
			r < c1 : k=S b=x
			m < l r : a=x b=x
			ref refs/heads/main m`,
			[]string{"k history +c1 -l [main]"}},
		{"cherry-picked", `
			c1 : a=x
			one < c1 : k=S
			two < c1 : a=y
			pick < two : k=S a=y
			end1 < one : a=x
			end2 < pick : a=y
			ref refs/heads/main end1
			ref refs/heads/dev end2`,
			[]string{"k history +one -end2 [dev main]"}},
		{"rename", `
			c1 : old/k=S
			c2 < c1 : new/k=S
			c3 < c2 : new/key=S
			ref refs/heads/main c3`,
			[]string{"new/key head +c1 [main] was old/k new/k"}},
		{"rename, then deleted", `
			c1 : k=S
			c2 < c1 : l=S
			c3 < c2 : a=x
			ref refs/heads/main c3`,
			[]string{"l history +c1 -c3 [main] was k"}},
		{"rename and re-add", `
			c1 : k=S
			c2 < c1 : l=S
			c3 < c2 : l=S k=S
			ref refs/heads/main c3`,
			[]string{"k head +c1 [main]", "l head +c1 [main] was k"}},
		{"renamed and back", `
			c1 : k=S
			c2 < c1 : l=S
			c3 < c2 : k=S
			c4 < c3 : a=x
			ref refs/heads/main c4`,
			[]string{"k history +c1 -c4 [main] was l"}},
		{"renamed while a tag holds the old path", `
			c1 : k=S
			c2 < c1 : l=S
			ref refs/heads/main c2
			ref refs/tags/v1 c1`,
			[]string{"l head +c1 [main v1] was k"}},
		{"directory renamed", `
			c1 : d/a=S d/b=S
			c2 < c1 : e/a=S e/b=S
			ref refs/heads/main c2`,
			[]string{"e/a head +c1 [main] was d/a", "e/b head +c1 [main] was d/b"}},
		{"copy is no rename", `
			c1 : k=S
			c2 < c1 : k=S l=S
			ref refs/heads/main c2`,
			[]string{"k head +c1 [main]", "l head +c2 [main]"}},
		{"criss-cross", `
			c1 : a=x
			l1 < c1 : k=S
			r1 < c1 : a=y
			l2 < l1 r1 : k=S a=y
			r2 < r1 l1 : a=y k=S
			l3 < l2 r2 : a=z
			r3 < r2 l2 : a=y k=S
			end < l3 r3 : a=z
			ref refs/heads/main end`,
			[]string{"k history +l1 -l3 [main]"}},
		{"octopus", `
			c1 : a=x
			p < c1 : a=x p=y
			q < c1 : a=x q=S
			r < c1 : a=x r=x
			m < p q r : a=x p=y q=S r=x m=S
			ref refs/heads/main m`,
			[]string{"m head +m [main]", "q head +q [main]"}},
		{"shallow edge", `
			c1 : a=x
			c2 < c1 : k=S
			c3 < c2 : k=S
			c4 < c3 : a=x
			shallow c3
			lost c2
			ref refs/heads/main c4`,
			[]string{"k history +c3 -c4 [main]"}},
		{"dangling", `
			c1 : a=x
			c2 < c1 : k=S
			c3 < c2 : a=y
			ref refs/heads/main c1
			loose c2
			loose c3`,
			[]string{"k dangling +c2 -c3"}},
		{"dangling tip", `
			c1 : a=x
			c2 < c1 : k=S
			ref refs/heads/main c1
			loose c2`,
			[]string{"k dangling +c2"}},
		{"amended", `
			c1 : a=x
			c2 < c1 : k=S
			c3 < c1 : k=S a=y
			ref refs/heads/main c3
			loose c2`,
			[]string{"k head +c3 [main]"}},
		{"in no tree", `
			c1 : a=x
			ref refs/heads/main c1`,
			[]string{"- dangling"}},
		{"in a tree that nothing names", `
			c1 : a=x
			c2 : k=S
			ref refs/heads/main c1`,
			[]string{"- dangling"}},
		{"gone and back", `
			c1 : k=S
			c2 < c1 : a=x
			c3 < c2 : k=S
			ref refs/heads/main c3`,
			[]string{"k head +c1 [main]"}},
		{"gone, back and gone", `
			c1 : k=S
			c2 < c1 : a=x
			c3 < c2 : k=S
			c4 < c3 : a=x
			ref refs/heads/main c4`,
			[]string{"k history +c1 -c4 [main]"}},
		{"two paths", `
			c1 : d/k=S e/k=S
			c2 < c1 : d/k=S
			ref refs/heads/main c2`,
			[]string{"d/k head +c1 [main]", "e/k history +c1 -c2 [main]"}},
		{"file becomes directory", `
			c1 : k=S
			c2 < c1 : k/k=S
			c3 < c2 : k.d=S k/k=S
			ref refs/heads/main c3`,
			[]string{"k.d head +c3 [main]", "k/k head +c1 [main] was k"}},
		{"200 directories deep", `
			c1 : a=x
			c2 < c1 : ` + deep + `=S
			ref refs/heads/main c2`,
			[]string{deep + " head +c2 [main]"}},
		{"beside a submodule", `
			c1 : m=submodule k=S
			ref refs/heads/main c1`,
			[]string{"k head +c1 [main]"}},
		{"dates that run backwards", `
			c1 @9 : k=S
			c2 < c1 @5 : k=S a=x
			c3 < c2 @1 : a=x
			ref refs/heads/main c3`,
			[]string{"k history +c1 -c3 [main]"}},
		{"ref to a tree and to a blob", `
			c1 : a=x
			c2 : d/k=S
			ref refs/heads/main c1
			ref refs/tags/tree tree:@c2
			ref refs/tags/key S`,
			[]string{"- tag [key]", "d/k tag [tree]"}},
		{"lost commit", `
			c1 : k=S
			c2 < c1 : k=S
			c3 < c2 : k=S
			lost c2
			ref refs/heads/main c3`,
			[]string{"k head +c3 [main]"}},
		{"lost root tree changes nothing", `
			c1 : k=S
			c2 < c1 : k=S a=y
			c3 < c2 : k=S
			lost tree:@c2
			ref refs/heads/main c3`,
			[]string{"k head +c1 [main]"}},
		{"lost directory", `
			c1 : d/a=x e/k=S
			lost tree:d/@c1
			ref refs/heads/main c1`,
			[]string{"e/k head +c1 [main]"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := parseGraph(t, tc.graph)
			// A blob of another word is asked for as well, so that skeletons hold more than what is looked for.
			for name, objects := range map[string]Objects{"read": g, "scanned": scanned{g}} {
				if diff := cmp.Diff(tc.want, g.locate(t, objects, "x", "S")["S"]); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
				if diff := cmp.Diff(tc.want, g.locate(t, objects, "S")["S"]); diff != "" {
					t.Errorf("%s, alone (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

// collect runs Locate to its end.
func collect(t testing.TB, objects Objects, o Options, l limits, ids ...string) (where map[string][]finding.Location, troubles []error) {
	t.Helper()
	where = map[string][]finding.Location{}
	o.Trouble = func(_ ID, err error) { troubles = append(troubles, err) }
	for located, err := range locate(t.Context(), objects, o, ids, l) {
		if err != nil {
			t.Fatal(err)
		}
		where[located.ID] = located.Where
	}
	return where, troubles
}

func TestTrouble(t *testing.T) {
	g := parseGraph(t, `
		c1 : a=x
		c2 < c1 : d/k=S e/f=x
		c3 < c2 : d/k=S e/f=y
		bad : z=S
		lost c1
		lost tree:e/@c3
		ref refs/heads/main c3
		ref refs/heads/nowhere nothing`)
	id := g.ids["S"].Hex(20)
	want := []error{errLost, errLost, errLost} // the ref's, the parent's, the directory's
	for _, objects := range []Objects{g, scanned{g}} {
		where, got := collect(t, objects, g.opts, defaultLimits, id)
		if len(got) != len(want) {
			t.Fatalf("troubles %v, want %d", got, len(want))
		}
		for i, err := range got {
			if !errors.Is(err, want[i]) {
				t.Errorf("trouble %d: %v", i, err)
			}
		}
		if len(where[id]) != 1 || where[id][0].State != finding.StateHead {
			t.Errorf("locations %v", where[id])
		}
	}
}

func TestMalformedTreeIsReadUpToTheDamage(t *testing.T) {
	g := parseGraph(t, `c1 : a=S z=S`)
	var entry []byte
	s := g.ids["S"]
	entry = fmt.Appendf(entry, "100644 a\x00%s", s[:20])
	broken := g.put(TypeTree, append(entry, "100644 z\x00short"...))
	c := g.put(TypeCommit, fmt.Appendf(nil, "tree %s\nauthor x\n\n", broken.Hex(20)))
	g.opts.Refs = []Ref{{Name: "refs/heads/main", ID: c, Kind: Branch}}
	for _, objects := range []Objects{g, scanned{g}} {
		where, troubles := collect(t, objects, g.opts, defaultLimits, s.Hex(20))
		if len(troubles) != 1 || !errors.Is(troubles[0], ErrMalformed) {
			t.Errorf("troubles %v", troubles)
		}
		if l := where[s.Hex(20)]; len(l) != 1 || l[0].Path != "a" || l[0].State != finding.StateHead {
			t.Errorf("locations %v", l)
		}
	}
}

// A store that nobody checked against its ids can hold what no hash allows.
func TestCycles(t *testing.T) {
	g := newGraph(20)
	s := g.blob("S")
	a, b := ID{1}, ID{2}
	g.objects[a] = object{TypeTree, fmt.Appendf(nil, "40000 b\x00%s100644 k\x00%s", b[:20], s[:20])}
	g.objects[b] = object{TypeTree, fmt.Appendf(nil, "40000 a\x00%s", a[:20])}
	g.order = []ID{a, b}
	c, d := ID{3}, ID{4}
	g.objects[c] = object{TypeCommit, fmt.Appendf(nil, "tree %s\nparent %s\n", a.Hex(20), d.Hex(20))}
	g.objects[d] = object{TypeCommit, fmt.Appendf(nil, "tree %s\nparent %s\n", a.Hex(20), c.Hex(20))}
	tag := ID{5}
	g.objects[tag] = object{TypeTag, fmt.Appendf(nil, "object %s\n", tag.Hex(20))}
	g.opts.Refs = []Ref{{"refs/heads/main", c, Branch}, {"refs/tags/t", tag, Tag}}
	for _, objects := range []Objects{g, scanned{g}} {
		where, troubles := collect(t, objects, g.opts, defaultLimits, s.Hex(20))
		if len(troubles) != 4 {
			t.Errorf("troubles %v", troubles)
		}
		if l := where[s.Hex(20)]; len(l) != 1 || l[0].Path != "k" || l[0].State != finding.StateHead {
			t.Errorf("locations %v", l)
		}
	}
}

// bomb nests directories of ten entries, all the same: 10^levels paths in a few hundred bytes.
func bomb(g *graph, word string, levels int) ID {
	s := g.blob(word)
	content := fmt.Appendf(nil, "100644 k\x00%s", s[:20])
	for range levels {
		id := g.put(TypeTree, content)
		content = nil
		for i := range 10 {
			content = fmt.Appendf(content, "40000 %d\x00%s", i, id[:20])
		}
	}
	root := g.put(TypeTree, content)
	return g.put(TypeCommit, fmt.Appendf(nil, "tree %s\n", root.Hex(20)))
}

func TestBomb(t *testing.T) {
	g := parseGraph(t, `
		c1 : key=T
		ref refs/heads/main c1`)
	g.opts.Refs = append(g.opts.Refs, Ref{"refs/heads/bomb", bomb(g, "S", 40), Branch})
	l := limits{steps: 100_000, places: 3000, nodes: 5000, perBlob: 1000}
	s, other := g.ids["S"].Hex(20), g.ids["T"].Hex(20)
	where, troubles := collect(t, g, g.opts, l, s, other)
	if len(where[s]) == 0 || len(where[s]) > l.perBlob {
		t.Errorf("%d places", len(where[s]))
	}
	if len(troubles) == 0 || !errors.Is(troubles[0], ErrLimit) {
		t.Errorf("troubles %v", troubles)
	}
	again, _ := collect(t, scanned{g}, g.opts, l, s, other)
	if diff := cmp.Diff(where, again); diff != "" {
		t.Errorf("what a limit cuts depends on the order of reading:\n%s", diff)
	}
}

func TestTooDeep(t *testing.T) {
	g := newGraph(20)
	s := g.blob("S")
	content := fmt.Appendf(nil, "100644 k\x00%s", s[:20])
	for range 3 * maxDepth {
		id := g.put(TypeTree, content)
		content = fmt.Appendf(nil, "100644 a\x00%s40000 d\x00%s", s[:20], id[:20])
	}
	c := g.put(TypeCommit, fmt.Appendf(nil, "tree %s\n", g.put(TypeTree, content).Hex(20)))
	g.opts.Refs = []Ref{{"refs/heads/main", c, Branch}}
	where, troubles := collect(t, scanned{g}, g.opts, defaultLimits, s.Hex(20))
	if n := len(where[s.Hex(20)]); n < maxDepth/2 || n > maxDepth {
		t.Errorf("%d places", n)
	}
	if len(troubles) == 0 || !errors.Is(troubles[0], ErrLimit) {
		t.Errorf("troubles %v", troubles)
	}
}

func TestManyParents(t *testing.T) {
	g := newGraph(20)
	var parents []string
	for i := range maxParents + 10 {
		parents = append(parents, fmt.Sprint("p", i))
		g.commit(parents[i], nil, map[string]string{"k": "S", fmt.Sprint("f", i): "x"}, 0)
	}
	g.commit("m", parents, map[string]string{"a": "x"}, 0)
	g.ref("refs/heads/main", "m")
	where, troubles := collect(t, g, g.opts, defaultLimits, g.ids["S"].Hex(20))
	if len(troubles) != 1 || !errors.Is(troubles[0], ErrLimit) {
		t.Errorf("troubles %v", troubles)
	}
	if got := g.text(where[g.ids["S"].Hex(20)][0]); got != "k history +p0 -m [main]" {
		t.Error(got)
	}
}

func TestChangeFields(t *testing.T) {
	g := newGraph(32)
	g.opts.Mailmap = []byte("Real Name <real@example.com> <author@example.com>\n")
	g.commit("c1", nil, map[string]string{"k": "S"}, 7)
	g.ref("refs/heads/main", "c1")
	id := g.ids["S"].Hex(32)
	where, _ := collect(t, g, g.opts, defaultLimits, id, "not an id", id)
	want := map[string][]finding.Location{
		id: {{
			Path: "k", State: finding.StateHead, Refs: []string{"main"},
			Added: &finding.Change{
				Commit: g.ids["c1"].Hex(32), Author: "Real Name <real@example.com>", When: time.Unix(firstSecond+7, 0).UTC(),
			},
		}},
		"not an id": {{State: finding.StateDangling}},
	}
	if diff := cmp.Diff(want, where); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestManyRefs(t *testing.T) {
	g := newGraph(20)
	g.commit("c0", nil, map[string]string{"k": "S", "gone": "T"}, 0)
	for i := 1; i < 300; i++ {
		g.commit(fmt.Sprint("c", i), []string{fmt.Sprint("c", i-1)}, map[string]string{"k": "S", "n": fmt.Sprint(i)}, 0)
		g.ref(fmt.Sprintf("refs/tags/v%03d", i), fmt.Sprint("c", i))
	}
	g.ref("refs/heads/zz", "c299")
	g.ref("refs/heads/main", "c200")
	want := []string{"main"}
	for i := 1; i <= MaxRefs-2; i++ {
		want = append(want, fmt.Sprintf("v%03d", i))
	}
	want = append(want, "zz")
	where, _ := collect(t, g, g.opts, defaultLimits, g.ids["S"].Hex(20), g.ids["T"].Hex(20))
	if diff := cmp.Diff(want, where[g.ids["S"].Hex(20)][0].Refs); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"main", "zz"}, where[g.ids["T"].Hex(20)][0].Refs); diff != "" {
		t.Error(diff)
	}
}

func TestCancelled(t *testing.T) {
	g := parseGraph(t, `
		c1 : k=S
		ref refs/heads/main c1`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var errs []error
	for _, err := range Locate(ctx, scanned{g}, g.opts, []string{g.ids["S"].Hex(20)}) {
		errs = append(errs, err)
	}
	if len(errs) != 1 || !errors.Is(errs[0], context.Canceled) {
		t.Errorf("errors %v", errs)
	}
}

func TestOrderFollowsIDs(t *testing.T) {
	g := parseGraph(t, `
		c1 : a=S b=T c=U
		ref refs/heads/main c1`)
	ids := []string{g.ids["U"].Hex(20), g.ids["S"].Hex(20), g.ids["T"].Hex(20)}
	var got []string
	for l := range Locate(t.Context(), g, g.opts, append(ids, ids...)) {
		got = append(got, l.ID)
	}
	if !slices.Equal(got, ids) {
		t.Errorf("got %v", got)
	}
}
