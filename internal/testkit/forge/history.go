package forge

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	gitobject "github.com/go-git/go-git/v5/plumbing/object"
)

// start is when the account's first repository was made.
var start = time.Date(2021, time.March, 1, 9, 0, 0, 0, time.UTC)

var (
	services = []string{"payments", "ledger", "checkout", "identity", "search", "catalogue", "shipping", "reports", "billing", "support", "fraud", "media", "pricing", "notify"}
	parts    = []string{"api", "web", "worker", "infra", "docs", "charts", "client", "jobs", "tools", "mobile"}
	words    = strings.Fields(`account amount answer batch branch buffer build cache change channel check client close cluster column commit config count create cursor customer
		date default delay deploy detail device driver entry error event export field file filter flag format frame group handle header history host image import index input invoice
		item job label layer length level limit line list local log mail manager map market match member memory merge message method mode model module month name network node
		note number object offer offset order output owner package page parent parse path payment period place plan pool port price print process product profile project query
		queue range rate reader record region release report request reset result retry return role root route rule run sample schema scope search section select sender series
		server session setting shape shift signal size source split stage start state status step store stream string sum switch system table target task team test text thread
		time title total trace track tree type unit update user value vendor version view volume wait walk week window worker write year zone`)
)

// history is how an ordinary repository comes to be.
type history struct {
	b      *bare
	name   string
	r      *rand.Rand
	plants []Plant
	first  plumbing.Hash
}

func (g *Generated) history(name string, r *rand.Rand) *history {
	return &history{b: newBare(start.Add(time.Duration(r.IntN(1000*24)) * time.Hour)), name: name, r: r}
}

// make commits a start, changes to it, a branch and tags, and the plants where they belong.
func (h *history) make() error {
	files := 3 + h.r.IntN(10)
	h.b.files["README.md"] = "# " + h.name + "\n\n" + h.text(10)
	for i := range files {
		h.b.files[fmt.Sprintf("src/%s/%s_%d.txt", words[h.r.IntN(len(words))], words[h.r.IntN(len(words))], i)] = h.text(h.lines())
	}
	at, err := h.b.commit("Start " + h.name)
	h.first = at
	if err != nil {
		return err
	}
	branch := at
	for range 1 + h.r.IntN(6) {
		h.edit()
		if at, err = h.b.commit("Change "+words[h.r.IntN(len(words))], at); err != nil {
			return err
		}
	}
	for i := range h.plants {
		if at, branch, err = h.plant(i, at, branch); err != nil {
			return err
		}
	}
	h.b.refs["refs/heads/main"] = at
	if branch != h.first {
		h.b.refs["refs/heads/feature/"+words[h.r.IntN(len(words))]] = branch
	}
	return errors.Join(h.b.tag("v1.0.0", "First release of "+h.name, h.first), h.b.tag("v1.1.0", "", at))
}

// plant commits one, and returns where main and the branch are then.
func (h *history) plant(i int, main, branch plumbing.Hash) (plumbing.Hash, plumbing.Hash, error) {
	p := &h.plants[i]
	p.Repository = h.name
	place := places[h.r.IntN(len(places))]
	p.Path = strings.Replace(place.path, "/", fmt.Sprintf("/%d-", i), 1)
	h.b.files[p.Path] = fmt.Sprintf(place.form, p.Value)
	on := main
	if p.State == Branch {
		on = branch
	}
	id, err := h.b.commit("Configure "+words[h.r.IntN(len(words))], on)
	p.Commit = id.String()
	if p.State != AtHead {
		delete(h.b.files, p.Path)
	}
	switch {
	case err != nil || p.State == AtHead:
		main = id
	case p.State == History:
		main, err = h.b.commit("Clean up", id)
	case p.State == Branch:
		branch = id
	case p.State == Tagged:
		err = h.b.tag(fmt.Sprintf("rc-%d", i), "", id)
	}
	return main, branch, err
}

// edit changes a line of one file and appends to another, as people do.
func (h *history) edit() {
	var paths []string
	for p := range h.b.files {
		if strings.HasPrefix(p, "src/") {
			paths = append(paths, p)
		}
	}
	if len(paths) == 0 {
		return
	}
	slices.Sort(paths)
	p := paths[h.r.IntN(len(paths))]
	lines := strings.SplitAfter(h.b.files[p], "\n")
	lines[h.r.IntN(len(lines))] = h.text(1)
	h.b.files[p] = strings.Join(lines, "") + h.text(1)
}

// lines is the length of a file: most are short, a few long.
func (h *history) lines() int {
	n := 5 + h.r.IntN(60)
	if h.r.IntN(100) == 0 {
		n *= 100
	}
	return n
}

// text is so many lines of words.
func (h *history) text(lines int) string {
	var b strings.Builder
	for range lines {
		for i := range 4 + h.r.IntN(8) {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(words[h.r.IntN(len(words))])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// open reads the files of a repository's default branch, for another commit on top of it.
func open(dir string) (*bare, plumbing.Hash, error) {
	r, err := gogit.PlainOpen(dir)
	if err != nil {
		return nil, plumbing.ZeroHash, err
	}
	head, err := r.Head()
	if err != nil {
		return nil, plumbing.ZeroHash, err
	}
	commit, err := r.CommitObject(head.Hash())
	if err != nil {
		return nil, plumbing.ZeroHash, err
	}
	b := newBare(commit.Committer.When.Add(step).UTC())
	refs, err := r.References()
	if err != nil {
		return nil, plumbing.ZeroHash, err
	}
	err = refs.ForEach(func(ref *plumbing.Reference) error {
		if ref.Type() == plumbing.HashReference {
			b.refs[ref.Name().String()] = ref.Hash()
		}
		return nil
	})
	tree, treeErr := commit.Tree()
	if err = errors.Join(err, treeErr); err != nil {
		return nil, plumbing.ZeroHash, err
	}
	return b, head.Hash(), b.take(r, tree, "")
}

// take reads what a tree holds.
func (b *bare) take(r *gogit.Repository, t *gitobject.Tree, prefix string) error {
	for _, e := range t.Entries {
		var err error
		switch path := prefix + e.Name; e.Mode {
		case filemode.Submodule:
			b.modules[path] = e.Hash
		case filemode.Dir:
			var sub *gitobject.Tree
			if sub, err = r.TreeObject(e.Hash); err == nil {
				err = b.take(r, sub, path+"/")
			}
		default:
			b.files[path], err = blobOf(r, e.Hash)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func blobOf(r *gogit.Repository, id plumbing.Hash) (string, error) {
	blob, err := r.BlobObject(id)
	if err != nil {
		return "", err
	}
	rd, err := blob.Reader()
	if err != nil {
		return "", err
	}
	content, err := io.ReadAll(rd)
	return string(content), errors.Join(err, rd.Close())
}
