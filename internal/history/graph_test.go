package history

import (
	"cmp"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"sprawl/finding"
)

// graph is a repository in memory, written as text, one line a commit or ref:
//
//	c2 < c1 : dir/a=S b=T    a commit, its parents, its whole tree: path=word, the word standing for a blob
//	c2 < c1 @5 : …           with a date of its own; otherwise each commit is a second later than the line before
//	ref refs/heads/main c2   a ref
//	tag v1 c2                an annotated tag object named v1, to be used like a commit in ref lines
//	loose c2                 an id for Options.Loose
//	shallow c2               an edge of a shallow clone
//	lost c2                  an object that the repository does not hold; also a word for its blob, tree:PATH@c2 for a tree
type graph struct {
	size    int
	objects map[ID]object
	order   []ID // trees, as they were made
	ids     map[string]ID
	names   map[string]string // hexadecimal id of a commit to its name
	files   map[string]map[string]string
	parents map[string][]string
	when    map[string]int64
	opts    Options
	clock   int64
}

type object struct {
	typ     string
	content []byte
}

const firstSecond = 1_600_000_000

func newGraph(size int) *graph {
	return &graph{
		size: size, objects: map[ID]object{}, ids: map[string]ID{}, names: map[string]string{},
		files: map[string]map[string]string{}, parents: map[string][]string{}, when: map[string]int64{},
		opts: Options{HashSize: size}, clock: firstSecond,
	}
}

func parseGraph(t testing.TB, text string) *graph {
	t.Helper()
	g := newGraph(20)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		word := strings.Fields(line)
		switch {
		case len(word) == 0:
		case word[0] == "ref":
			g.ref(word[1], word[2])
		case word[0] == "tag":
			g.ids[word[1]] = g.put(TypeTag, fmt.Appendf(nil, "object %s\ntype commit\ntag %s\n\n", g.ids[word[2]].Hex(g.size), word[1]))
		case word[0] == "loose":
			g.opts.Loose = append(g.opts.Loose, g.ids[word[1]])
		case word[0] == "shallow":
			g.opts.Shallow = append(g.opts.Shallow, g.ids[word[1]])
		case word[0] == "lost":
			id, ok := g.ids[word[1]]
			if !ok {
				t.Fatalf("no object %s", word[1])
			}
			delete(g.objects, id)
		default:
			head, tree, ok := strings.Cut(line, ":")
			if !ok {
				t.Fatalf("bad line %q", line)
			}
			name, up, _ := strings.Cut(head, "<")
			var parents []string
			at := int64(0)
			for _, p := range strings.Fields(up) {
				if n, ok := strings.CutPrefix(p, "@"); ok {
					fmt.Sscan(n, &at)
				} else {
					parents = append(parents, p)
				}
			}
			name, n, _ := strings.Cut(strings.TrimSpace(name), "@")
			if n != "" {
				fmt.Sscan(n, &at)
			}
			files := map[string]string{}
			for _, f := range strings.Fields(tree) {
				path, word, _ := strings.Cut(f, "=")
				files[path] = word
			}
			g.commit(strings.TrimSpace(name), parents, files, at)
		}
	}
	return g
}

func (g *graph) put(typ string, content []byte) ID {
	var id ID
	whole := append(fmt.Appendf(nil, "%s %d\x00", typ, len(content)), content...)
	if g.size == 32 {
		id = sha256.Sum256(whole)
	} else {
		sum := sha1.Sum(whole)
		copy(id[:], sum[:])
	}
	if _, ok := g.objects[id]; !ok && typ == TypeTree {
		g.order = append(g.order, id)
	}
	g.objects[id] = object{typ, content}
	return id
}

func (g *graph) blob(word string) ID {
	id := g.put(TypeBlob, []byte(word))
	if old, ok := g.ids[word]; ok && old != id {
		panic("the word " + word + " names a commit too")
	}
	g.ids[word] = id
	return id
}

// tree writes the directory that has these files and returns its id.
func (g *graph) tree(files map[string]string, label string) ID {
	type item struct {
		mode, name string
		id         ID
	}
	var items []item
	dirs := map[string]map[string]string{}
	for path, word := range files {
		if dir, rest, ok := strings.Cut(path, "/"); ok {
			if dirs[dir] == nil {
				dirs[dir] = map[string]string{}
			}
			dirs[dir][rest] = word
		} else if word == "submodule" {
			items = append(items, item{"160000", path, g.blob("elsewhere")})
		} else {
			items = append(items, item{"100644", path, g.blob(word)})
		}
	}
	for dir, f := range dirs {
		items = append(items, item{"40000", dir, g.tree(f, strings.Replace(label, "@", dir+"/@", 1))})
	}
	key := func(i item) string {
		if i.mode == "40000" {
			return i.name + "/"
		}
		return i.name
	}
	slices.SortFunc(items, func(a, b item) int { return cmp.Compare(key(a), key(b)) })
	var content []byte
	for _, i := range items {
		content = fmt.Appendf(content, "%s %s\x00%s", i.mode, i.name, i.id[:g.size])
	}
	id := g.put(TypeTree, content)
	g.ids[label] = id
	return id
}

func (g *graph) commit(name string, parents []string, files map[string]string, at int64) {
	g.clock++
	if at == 0 {
		at = g.clock - firstSecond
	}
	g.parents[name], g.files[name], g.when[name] = parents, files, at
	b := fmt.Appendf(nil, "tree %s\n", g.tree(files, "tree:@"+name).Hex(g.size))
	for _, p := range parents {
		b = fmt.Appendf(b, "parent %s\n", g.ids[p].Hex(g.size))
	}
	b = fmt.Appendf(b, "author A U Thor <author@example.com> %d +0200\ncommitter C O Mitter <c@example.com> %d +0200\n\n%s\n",
		firstSecond, firstSecond+at, name)
	id := g.put(TypeCommit, b)
	g.ids[name] = id
	g.names[id.Hex(g.size)] = name
}

func (g *graph) ref(full, to string) {
	g.opts.Refs = append(g.opts.Refs, Ref{Name: full, ID: g.ids[to], Kind: KindOf(full)})
}

var errLost = errors.New("no such object")

func (g *graph) Read(id ID) (string, []byte, error) {
	o, ok := g.objects[id]
	if !ok {
		return "", nil, errLost
	}
	return o.typ, o.content, nil
}

// scanned is a graph that hands out its trees from several goroutines, in the order of their ids.
type scanned struct{ *graph }

func (s scanned) Trees(_ context.Context, visit func(ID, []byte) error) error {
	order := slices.Clone(s.order)
	slices.SortFunc(order, func(a, b ID) int { return cmp.Compare(a.Hex(32), b.Hex(32)) })
	var wg sync.WaitGroup
	errs := make([]error, 3)
	for w := range errs {
		wg.Go(func() {
			for i := w; i < len(order) && errs[w] == nil; i += len(errs) {
				if o, ok := s.objects[order[i]]; ok {
					errs[w] = visit(order[i], slices.Clone(o.content))
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// locate returns the locations of the words' blobs as text.
func (g *graph) locate(t testing.TB, objects Objects, words ...string) map[string][]string {
	t.Helper()
	var ids []string
	word := map[string]string{}
	for _, w := range words {
		id := g.blobID(w).Hex(g.size)
		ids = append(ids, id)
		word[id] = w
	}
	got := map[string][]string{}
	for l, err := range Locate(t.Context(), objects, g.opts, ids) {
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range l.Where {
			got[word[l.ID]] = append(got[word[l.ID]], g.text(w))
		}
	}
	return got
}

func (g *graph) blobID(word string) ID {
	if id, ok := g.ids[word]; ok {
		return id
	}
	return g.blob(word)
}

// text writes a location as "path state +added -gone [refs] was paths".
func (g *graph) text(l finding.Location) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", cmp.Or(l.Path, "-"), l.State)
	if l.Added != nil {
		fmt.Fprintf(&b, " +%s", g.names[l.Added.Commit])
	}
	if l.Gone != nil {
		fmt.Fprintf(&b, " -%s", g.names[l.Gone.Commit])
	}
	if len(l.Refs) > 0 {
		fmt.Fprintf(&b, " %v", l.Refs)
	}
	if len(l.Was) > 0 {
		fmt.Fprintf(&b, " was %s", strings.Join(l.Was, " "))
	}
	return b.String()
}
