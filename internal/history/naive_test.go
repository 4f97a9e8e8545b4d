package history

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"sprawl/finding"
)

// naive answers by the words of Locate's comment, one whole tree a commit and one whole history a ref.
type naive struct {
	g       *graph
	order   []string // commits that anything reaches, in history order
	at      map[string]int
	class   map[string]class
	reached []map[string]bool // by ref, in the order of preference
	refs    []Ref
	tips    map[class][]string
}

func newNaive(g *graph) *naive {
	n := &naive{g: g, at: map[string]int{}, class: map[string]class{}, tips: map[class][]string{}}
	n.refs = slices.Clone(g.opts.Refs)
	slices.SortFunc(n.refs, func(a, b Ref) int {
		return cmp.Or(cmp.Compare(a.Kind.class(), b.Kind.class()), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	all := map[string]bool{}
	for _, r := range n.refs {
		set := n.ancestors(g.names[r.ID.Hex(g.size)])
		n.reached = append(n.reached, set)
		k := r.Kind.class()
		n.tips[k] = append(n.tips[k], g.names[r.ID.Hex(g.size)])
		for c := range set {
			if old, ok := n.class[c]; !ok || k < old {
				n.class[c] = k
			}
			all[c] = true
		}
	}
	for _, id := range g.opts.Loose {
		for c := range n.ancestors(g.names[id.Hex(g.size)]) {
			if _, ok := n.class[c]; !ok {
				n.class[c] = byNothing
			}
			all[c] = true
		}
	}
	for _, id := range g.opts.Loose {
		c := g.names[id.Hex(g.size)]
		child := false
		for d := range all {
			child = child || slices.Contains(n.parents(d), c)
		}
		if !child {
			n.tips[byNothing] = append(n.tips[byNothing], c)
		}
	}
	for len(n.order) < len(all) {
		best := ""
		for c := range all {
			_, done := n.at[c]
			for _, p := range n.parents(c) {
				_, ok := n.at[p]
				done = done || !ok
			}
			if done {
				continue
			}
			hex := func(c string) string { return g.ids[c].Hex(g.size) }
			if best == "" || cmp.Or(cmp.Compare(g.when[c], g.when[best]), cmp.Compare(hex(c), hex(best))) < 0 {
				best = c
			}
		}
		n.at[best] = len(n.order)
		n.order = append(n.order, best)
	}
	return n
}

func (n *naive) parents(c string) []string {
	if slices.Contains(n.g.opts.Shallow, n.g.ids[c]) {
		return nil
	}
	return n.g.parents[c]
}

func (n *naive) ancestors(c string) map[string]bool {
	set := map[string]bool{}
	todo := []string{c}
	for len(todo) > 0 {
		c, todo = todo[0], todo[1:]
		if !set[c] {
			set[c] = true
			todo = append(todo, n.parents(c)...)
		}
	}
	return set
}

// life is what became of the word at a path; commits are positions in history order, -1 for none.
type life struct {
	path                            string
	class                           class
	added, born, strict, weak, left int
	to, from, leftTo                string // paths
	standing                        bool
	births                          []int
	tipRefs                         map[int]bool
}

func (n *naive) locate(word string) []string {
	paths := map[string]bool{}
	for _, c := range n.order {
		for p, w := range n.g.files[c] {
			if w == word {
				paths[p] = true
			}
		}
	}
	sorted := []string{}
	for p := range paths {
		sorted = append(sorted, p)
	}
	slices.SortFunc(sorted, func(a, b string) int { return slices.Compare(strings.Split(a, "/"), strings.Split(b, "/")) })

	born, strict, weak := map[string][]string{}, map[string][]string{}, map[string][]string{} // paths by commit
	for _, c := range n.order {
		for _, p := range sorted {
			have := 0
			for _, q := range n.parents(c) {
				if n.g.files[q][p] == word {
					have++
				}
			}
			here := n.g.files[c][p] == word
			switch {
			case here && have == 0:
				born[c] = append(born[c], p)
			case !here && have > 0 && have == len(n.parents(c)):
				strict[c] = append(strict[c], p)
			case !here && have > 0:
				weak[c] = append(weak[c], p)
			}
		}
	}
	lives := map[string]*life{}
	for _, p := range sorted {
		l := &life{path: p, class: byNothing, added: -1, born: -1, strict: -1, weak: -1, left: -1, tipRefs: map[int]bool{}}
		lives[p] = l
		for _, c := range n.order {
			if n.g.files[c][p] == word {
				l.class = min(l.class, n.class[c])
			}
		}
	}
	for i, c := range n.order {
		moved := map[string]string{}
		used := map[string]bool{}
		base := func(p string) string { return p[strings.LastIndexByte(p, '/')+1:] }
		for _, sameName := range []bool{true, false} {
			for _, b := range born[c] {
				for _, s := range strict[c] {
					if moved[b] == "" && !used[s] && (!sameName || base(b) == base(s)) {
						moved[b], used[s] = s, true
					}
				}
			}
		}
		to := map[string]string{}
		for b, s := range moved {
			to[s] = b
		}
		for _, p := range born[c] {
			l := lives[p]
			if n.class[c] != l.class {
				continue
			}
			if l.added < 0 {
				l.added = i
			}
			l.born = i
			l.births = append(l.births, i)
			if l.from == "" {
				l.from = moved[p]
			}
		}
		for _, p := range strict[c] {
			if l := lives[p]; n.class[c] == l.class {
				// A move that only a lesser commit makes leads to a place that never was this one's next.
				l.strict, l.to = i, to[p]
			}
		}
		for _, p := range weak[c] {
			if l := lives[p]; n.class[c] == l.class {
				l.weak = i
			}
		}
	}
	for p, l := range lives {
		for k, tips := range n.tips {
			for _, c := range tips {
				if n.g.files[c][p] == word && k == l.class {
					l.standing = true
				}
			}
		}
		l.standing = l.standing || l.class == byStash
		for r, ref := range n.refs {
			if n.g.files[n.g.names[ref.ID.Hex(n.g.size)]][p] == word && !n.alias(ref) {
				l.tipRefs[r] = true
			}
		}
		if !l.standing {
			l.left, l.leftTo = l.strict, l.to
			if l.strict < l.born && l.weak > l.strict {
				l.left, l.leftTo = l.weak, ""
			}
			if l.strict < 0 {
				l.left, l.leftTo = l.weak, ""
			}
		}
	}
	byLeft := []*life{}
	for _, p := range sorted {
		if lives[p].left >= 0 {
			byLeft = append(byLeft, lives[p])
		}
	}
	slices.SortStableFunc(byLeft, func(a, b *life) int { return cmp.Compare(a.left, b.left) })
	folded := map[string]bool{}
	for _, l := range byLeft {
		if l.leftTo == "" || lives[l.leftTo].from != l.path {
			continue
		}
		if to := lives[l.leftTo]; to.standing || to.left < 0 || to.left > l.left {
			folded[l.path] = true
			for r := range l.tipRefs {
				to.tipRefs[r] = true
			}
		}
	}
	var out []finding.Location
	for _, p := range sorted {
		if !folded[p] {
			out = append(out, n.location(lives, p))
		}
	}
	slices.SortFunc(out, func(a, b finding.Location) int {
		return cmp.Or(cmp.Compare(liveness(a.State), liveness(b.State)), cmp.Compare(a.Path, b.Path))
	})
	if len(out) == 0 {
		out = []finding.Location{{State: finding.StateDangling}}
	}
	var text []string
	for _, l := range out {
		text = append(text, n.g.text(l))
	}
	return text
}

func (n *naive) alias(r Ref) bool {
	if r.Name == "stash@{0}" {
		return slices.ContainsFunc(n.refs, func(o Ref) bool { return o.ID == r.ID && o.Kind == Stash && o.Name != r.Name })
	}
	if r.Name != "HEAD" && !strings.HasSuffix(r.Name, "/HEAD") {
		return false
	}
	return slices.ContainsFunc(n.refs, func(o Ref) bool {
		return o.ID == r.ID && (o.Kind == Branch || o.Kind == Remote) && !strings.HasSuffix(o.Name, "/HEAD")
	})
}

func (n *naive) location(lives map[string]*life, p string) finding.Location {
	l := lives[p]
	loc := finding.Location{Path: p}
	added := l.added
	for q := l.from; q != "" && q != p && !slices.Contains(loc.Was, q); q = lives[q].from {
		loc.Was = append(loc.Was, q)
		added = min(added, lives[q].added)
	}
	slices.Reverse(loc.Was)
	change := func(i int) *finding.Change {
		if i < 0 {
			return nil
		}
		return &finding.Change{Commit: n.g.ids[n.order[i]].Hex(n.g.size)}
	}
	loc.Added, loc.Gone = change(added), change(l.left)
	loc.State = map[class]finding.State{
		byBranch: finding.StateHistory, byOther: finding.StateHistory, byTag: finding.StateTag, byStash: finding.StateStash,
		byNote: finding.StateNote, byNothing: finding.StateDangling,
	}[l.class]
	if loc.State == finding.StateHistory && len(n.parents(n.order[l.added])) > 1 && l.from == "" {
		loc.State = finding.StateMerge
	}
	if l.class == byBranch && l.standing {
		loc.State = finding.StateHead
	}
	names := []string{}
	for r, ref := range n.refs {
		k := ref.Kind.class()
		if l.tipRefs[r] && (k <= byTag || k == l.class) && len(names) < MaxRefs {
			names = append(names, shortName(ref.Name))
		}
	}
	if len(names) == 0 {
		for r, ref := range n.refs {
			reaches := slices.ContainsFunc(l.births, func(i int) bool { return n.reached[r][n.order[i]] })
			if reaches && ref.Kind.class() == l.class && !n.alias(ref) && len(names) < MaxRefs {
				names = append(names, shortName(ref.Name))
			}
		}
	}
	slices.Sort(names)
	loc.Refs = slices.Compact(names)
	return loc
}

// randomGraph makes a history that merges, renames, reverts and drops at random.
func randomGraph(r *rand.Rand) *graph {
	g := newGraph(20)
	names := []string{"a", "b", "d/a", "d/b", "d/e/a", "f/a", "f/e/c"}
	words := []string{"S", "T", "U", "V"}
	n := 3 + r.IntN(30)
	commit := func(i int) string { return fmt.Sprint("c", i) }
	for i := range n {
		var parents []string
		files := map[string]string{}
		if i > 0 && r.IntN(20) > 0 {
			for range 1 + r.IntN(2)*r.IntN(3) {
				if p := commit(max(0, i-1-r.IntN(5))); !slices.Contains(parents, p) {
					parents = append(parents, p)
				}
			}
			for _, p := range parents {
				if len(parents) == 1 || r.IntN(4) > 0 {
					for path, w := range g.files[p] {
						files[path] = w
					}
				}
			}
		}
		for range r.IntN(3) {
			path := names[r.IntN(len(names))]
			switch r.IntN(4) {
			case 0:
				delete(files, path)
			case 1:
				files[path] = words[r.IntN(len(words))]
			default:
				to := names[r.IntN(len(names))]
				if w, ok := files[path]; ok && to != path {
					files[to] = w
					if r.IntN(3) > 0 {
						delete(files, path)
					}
				}
			}
		}
		files["z/"+fmt.Sprint(r.IntN(3))] = fmt.Sprint("w", r.IntN(5))
		g.commit(commit(i), parents, files, int64(1+r.IntN(40)))
	}
	any := func() string { return commit(r.IntN(n)) }
	g.ref("refs/heads/main", commit(n-1-r.IntN(2)))
	for i := range r.IntN(3) {
		g.ref(fmt.Sprint("refs/heads/b", i), any())
		g.ref(fmt.Sprint("refs/tags/t", i), any())
	}
	for _, full := range []string{
		"HEAD", "refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/pull/1/head", "refs/notes/n", "refs/stash", "stash@{0}", "stash@{1}",
	} {
		if r.IntN(4) == 0 {
			g.ref(full, any())
		}
	}
	for i := range 40 * r.IntN(2) * r.IntN(2) {
		g.ref(fmt.Sprint("refs/tags/v", i), any())
	}
	for range r.IntN(3) {
		g.opts.Loose = append(g.opts.Loose, g.ids[any()])
	}
	if r.IntN(5) == 0 {
		g.opts.Shallow = []ID{g.ids[any()]}
	}
	return g
}

func TestAgainstNaive(t *testing.T) {
	rounds := 1500
	if testing.Short() {
		rounds = 400
	}
	for seed := range uint64(rounds) {
		g := randomGraph(rand.New(rand.NewPCG(seed, 1)))
		n := newNaive(g)
		words := []string{"S", "T", "U", "V"}
		got := g.locate(t, g, words...)
		if seed%4 == 0 {
			if diff := gocmp.Diff(got, g.locate(t, scanned{g}, words...)); diff != "" {
				t.Fatalf("seed %d: read one by one and scanned differ:\n%s", seed, diff)
			}
		}
		for _, w := range words {
			if diff := gocmp.Diff(n.locate(w), got[w]); diff != "" {
				var b strings.Builder
				for _, c := range n.order {
					fmt.Fprintln(&b, c, "<", n.parents(c), n.class[c], g.files[c])
				}
				for _, r := range n.refs {
					fmt.Fprintln(&b, r.Name, g.names[r.ID.Hex(20)])
				}
				t.Fatalf("seed %d, %s (-want +got):\n%s\n%s", seed, w, diff, b.String())
			}
		}
	}
}
