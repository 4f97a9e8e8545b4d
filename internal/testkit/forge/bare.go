package forge

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	gitobject "github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/go-git/go-git/v5/storage/memory"
)

// step is what a repository's clock advances by with each commit.
const step = 7 * time.Hour

// bare is a repository while it is built: in memory, and then one pack.
type bare struct {
	now     time.Time
	files   map[string]string // path to content, as of the next commit
	modules map[string]plumbing.Hash
	store   *memory.Storage
	ids     []plumbing.Hash // of all new objects, in the order in which they were made
	refs    map[string]plumbing.Hash
}

func newBare(now time.Time) *bare {
	return &bare{now: now, files: map[string]string{}, modules: map[string]plumbing.Hash{}, store: memory.NewStorage(), refs: map[string]plumbing.Hash{}}
}

// add takes an object in, once.
func (b *bare) add(o interface {
	Encode(plumbing.EncodedObject) error
}) (plumbing.Hash, error) {
	e := b.store.NewEncodedObject()
	if err := o.Encode(e); err != nil {
		return plumbing.ZeroHash, err
	}
	return b.put(e)
}

func (b *bare) put(e plumbing.EncodedObject) (plumbing.Hash, error) {
	id := e.Hash()
	if b.store.HasEncodedObject(id) != nil {
		b.ids = append(b.ids, id)
	}
	_, err := b.store.SetEncodedObject(e)
	return id, err
}

func (b *bare) blob(content string) (plumbing.Hash, error) {
	e := b.store.NewEncodedObject()
	e.SetType(plumbing.BlobObject)
	w, err := e.Writer()
	if err != nil {
		return plumbing.ZeroHash, err
	}
	if _, err := io.WriteString(w, content); err != nil {
		return plumbing.ZeroHash, err
	}
	return b.put(e)
}

// tree is what the files make of the folder below a prefix, which is "" or ends in a slash.
func (b *bare) tree(prefix string) (plumbing.Hash, error) {
	paths := slices.Concat(slices.Collect(maps.Keys(b.files)), slices.Collect(maps.Keys(b.modules)))
	slices.Sort(paths) // so that objects are made in the same order each time
	t := gitobject.Tree{}
	for _, path := range paths {
		rest, ok := strings.CutPrefix(path, prefix)
		name, _, deep := strings.Cut(rest, "/")
		if !ok || deep && len(t.Entries) > 0 && t.Entries[len(t.Entries)-1].Name == name {
			continue
		}
		e, err := b.entry(prefix+name, deep)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		e.Name = name
		t.Entries = append(t.Entries, e)
	}
	slices.SortFunc(t.Entries, func(x, y gitobject.TreeEntry) int { return cmp.Compare(sortKey(x), sortKey(y)) })
	return b.add(&t)
}

// entry is what stands at a path.
func (b *bare) entry(path string, folder bool) (gitobject.TreeEntry, error) {
	if folder {
		id, err := b.tree(path + "/")
		return gitobject.TreeEntry{Mode: filemode.Dir, Hash: id}, err
	}
	if id, ok := b.modules[path]; ok {
		return gitobject.TreeEntry{Mode: filemode.Submodule, Hash: id}, nil
	}
	id, err := b.blob(b.files[path])
	return gitobject.TreeEntry{Mode: filemode.Regular, Hash: id}, err
}

// sortKey is how git orders entries: a folder as if its name ended in a slash.
func sortKey(e gitobject.TreeEntry) string {
	if e.Mode == filemode.Dir {
		return e.Name + "/"
	}
	return e.Name
}

var authors = []gitobject.Signature{
	{Name: "Ada Author", Email: "ada@acme.example"}, {Name: "Grace Builder", Email: "grace@acme.example"}, {Name: "Jörg Größe", Email: "joerg@acme.example"}, {Name: "ci-bot", Email: "bot@acme.example"},
}

// commit records the files, and advances the clock.
func (b *bare) commit(message string, parents ...plumbing.Hash) (plumbing.Hash, error) {
	tree, err := b.tree("")
	if err != nil {
		return plumbing.ZeroHash, err
	}
	by := authors[int(b.now.Unix()/int64(step/time.Second))%len(authors)]
	by.When = b.now
	b.now = b.now.Add(step)
	return b.add(&gitobject.Commit{Author: by, Committer: by, Message: message + "\n", TreeHash: tree, ParentHashes: parents})
}

// tag makes an annotated tag, or with "" a plain one.
func (b *bare) tag(name, message string, at plumbing.Hash) error {
	if message != "" {
		by := authors[0]
		by.When = b.now
		id, err := b.add(&gitobject.Tag{Name: name, Tagger: by, Message: message + "\n", TargetType: plumbing.CommitObject, Target: at})
		if err != nil {
			return err
		}
		at = id
	}
	b.refs["refs/tags/"+name] = at
	return nil
}

// write makes the folder, or adds to it, without the objects that leave is true of. Refs are written anew.
func (b *bare) write(dir string, leave func(plumbing.Hash) bool) error {
	const mode = 0o750
	for _, d := range []string{"objects/pack", "refs"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.FromSlash(d)), mode); err != nil {
			return err
		}
	}
	var packed strings.Builder
	packed.WriteString("# pack-refs with: sorted\n")
	names := make([]string, 0, len(b.refs))
	for name := range b.refs {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&packed, "%s %s\n", b.refs[name], name)
	}
	if err := b.pack(dir, leave); err != nil {
		return err
	}
	for _, f := range []struct{ name, content string }{
		{"HEAD", "ref: refs/heads/main\n"}, {"config", "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"}, {"packed-refs", packed.String()},
	} {
		if err := os.WriteFile(filepath.Join(dir, f.name), []byte(f.content), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// pack writes the objects, as deltas where that pays, with an index beside.
func (b *bare) pack(dir string, leave func(plumbing.Hash) bool) error {
	const window = 10
	ids := slices.Clone(b.ids)
	if leave != nil {
		ids = slices.DeleteFunc(ids, leave)
	}
	if len(ids) == 0 {
		return nil
	}
	w, err := filesystem.NewStorage(osfs.New(dir), cache.NewObjectLRUDefault()).PackfileWriter()
	if err != nil {
		return err
	}
	if _, err := packfile.NewEncoder(w, b.store, false).Encode(ids, window); err != nil {
		return cmp.Or(err, w.Close())
	}
	return w.Close()
}
