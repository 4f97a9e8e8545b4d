package forge

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"golang.org/x/sync/errgroup"

	"sprawl/detectors"
	"sprawl/internal/vectors"
)

// Special are repositories that are not as others are. Each is named for what it is.
const (
	Empty       = "special-empty"        // no commit
	Truncated   = "special-truncated"    // its pack ends half-way
	MissingBlob = "special-missing-blob" // a blob that its last commit has is not there
	Submodule   = "special-submodule"    // mentions another repository, that nobody has
	OddNames    = "special-odd-names"    // paths that are no UTF-8
)

// State is where in a repository's refs a credential stands.
type State string

// States of a plant.
const (
	AtHead  State = "head"    // in the last commit of the default branch
	History State = "history" // taken out again
	Branch  State = "branch"  // on another branch alone
	Tagged  State = "tag"     // in what a tag alone holds
)

// Plant is one credential in one place.
type Plant struct {
	Repository string // its name
	Path       string
	Kind       string // id of the row of the table of kinds
	Value      string
	State      State
	Commit     string // that brought it in
}

// Generated is a folder of repositories and the truth about them.
type Generated struct {
	Dir          string
	Repositories []Repository // the ordinary ones first, ready for Server.Add
	Plants       []Plant      // in all but those that cannot be read, in their order
	Broken       []Plant      // in those: of them nobody can be asked to find them

	seed  uint64
	kinds []detectors.Detector
	more  uint64
}

// Generate makes n small bare repositories below dir, an absolute path, no two of them alike, and five special ones. Two in five hold
// credentials, and some of those stand in several. The same seed makes the same repositories to the byte.
func Generate(dir string, n int, seed uint64) (*Generated, error) {
	g := &Generated{Dir: dir, seed: seed, kinds: plantable()}
	shared := make([]Plant, max(2, n/50))
	r := g.random(0)
	for i := range shared {
		shared[i] = g.value(r)
	}
	if err := g.ordinary(n, shared); err != nil {
		return nil, err
	}
	for i, s := range []struct {
		name   string
		broken bool
		build  func(name string, r *rand.Rand) ([]Plant, error)
	}{{Empty, false, g.empty}, {Truncated, true, g.truncated}, {MissingBlob, true, g.missing}, {Submodule, false, g.submodule}, {OddNames, false, g.odd}} {
		plants, err := s.build(s.name, g.random(uint64(n+i)+1))
		if err != nil {
			return nil, fmt.Errorf("make %s: %w", s.name, err)
		}
		if s.broken {
			g.Broken = append(g.Broken, plants...)
		} else {
			g.Plants = append(g.Plants, plants...)
		}
		r, err := g.sized(Repository{Name: s.name})
		if err != nil {
			return nil, err
		}
		g.Repositories = append(g.Repositories, r)
	}
	return g, nil
}

func (g *Generated) random(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(g.seed, stream)) }

// plantable are the kinds whose values are found wherever they stand, and proven.
func plantable() []detectors.Detector {
	return slices.DeleteFunc(slices.Clone(detectors.All()), func(d detectors.Detector) bool {
		if d.Sample == nil {
			return true
		}
		const line = 100
		v := vectors.Make(d, rand.New(rand.NewPCG(1, 1)))[0]
		return !v.Checked || v.Whole || v.Name != "" || v.Near != "" || len(v.Text) > line
	})
}

// value is a credential without a place.
func (g *Generated) value(r *rand.Rand) Plant {
	d := g.kinds[r.IntN(len(g.kinds))]
	return Plant{Kind: d.ID, Value: string(d.Sample(r))}
}

func (g *Generated) path(name string) string { return filepath.Join(g.Dir, name+".git") }

// sized is a repository with the size that it has on disk.
func (g *Generated) sized(r Repository) (Repository, error) {
	var size int64
	err := filepath.Walk(g.path(r.Name), func(_ string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		return err
	})
	r.Dir, r.SizeKB = r.Name+".git", size>>10
	return r, err
}

// places are where people put credentials: a path and how it is written there.
var places = []struct{ path, form string }{
	{"deploy/prod/app.env", "LOG_LEVEL=info\nAPP_TOKEN=%s\nPORT=8080\n"}, {"deploy/staging/values.yaml", "replicas: 2\nauth:\n  token: %s\n"},
	{"config/settings.toml", "[client]\ntoken = \"%s\"\nretries = 3\n"}, {"scripts/release.sh", "#!/bin/sh\nset -e\nexport TOKEN='%s'\nmake release\n"},
	{".github/workflows/ci.yml", "on: push\njobs:\n  build:\n    env:\n      TOKEN: %s\n    steps: []\n"}, {"src/client.py", "import os\n\nTOKEN = \"%s\"\nTIMEOUT = 30\n"},
	{"docker/Dockerfile", "FROM scratch\nENV TOKEN=%s\n"}, {"test/fixtures/login.json", "{\"user\": \"ada\", \"token\": \"%s\"}\n"},
}

// ordinary makes the repositories that are nothing special, some at a time: each has a source of randomness of its own.
func (g *Generated) ordinary(n int, shared []Plant) error {
	const atOnce = 4
	repos, plants := make([]Repository, n), make([][]Plant, n)
	var all errgroup.Group
	all.SetLimit(atOnce)
	for i := range n {
		all.Go(func() error {
			var err error
			if repos[i], plants[i], err = g.usual(i, shared); err != nil {
				return fmt.Errorf("make repository %d: %w", i, err)
			}
			return nil
		})
	}
	err := all.Wait()
	g.Repositories, g.Plants = repos, slices.Concat(plants...)
	return err
}

// usual makes a repository of a few commits, branches and tags.
func (g *Generated) usual(i int, shared []Plant) (Repository, []Plant, error) {
	r := g.random(uint64(i) + 1)
	name := fmt.Sprintf("%s-%s-%04d", services[r.IntN(len(services))], parts[r.IntN(len(parts))], i)
	h := g.history(name, r)
	const share, common = 0.4, 0.3
	if r.Float64() < share {
		for range 1 + r.IntN(3) {
			p := g.value(r)
			if r.Float64() < common {
				p = shared[r.IntN(len(shared))]
			}
			p.State = []State{AtHead, AtHead, History, Branch, Tagged}[r.IntN(5)]
			h.plants = append(h.plants, p)
		}
	}
	if err := h.make(); err != nil {
		return Repository{}, nil, err
	}
	if err := h.b.write(g.path(name), nil); err != nil {
		return Repository{}, nil, err
	}
	repo, err := g.sized(Repository{
		Name: name, Visibility: []string{"private", "private", "internal", "public"}[r.IntN(4)], Archived: r.IntN(12) == 0, Fork: r.IntN(15) == 0,
		Topics: []string{parts[r.IntN(len(parts))]}, Created: start.Add(time.Duration(i) * time.Hour), Pushed: h.b.now,
	})
	return repo, h.plants, err
}

// Commit adds a commit to a repository's default branch: files by path, "" takes one away.
func (g *Generated) Commit(name, message string, files map[string]string) (string, error) {
	b, head, err := open(g.path(name))
	if err != nil {
		return "", fmt.Errorf("open %s: %w", name, err)
	}
	for path, content := range files {
		if content == "" {
			delete(b.files, path)
		} else {
			b.files[path] = content
		}
	}
	id, err := b.commit(message, head)
	if err != nil {
		return "", err
	}
	b.refs["refs/heads/main"] = id
	return id.String(), b.write(g.path(name), nil)
}

// Plant commits a credential that nobody has seen before, and adds it to the truth.
func (g *Generated) Plant(name string) (Plant, error) {
	const streams = 1 << 32 // beyond those of Generate
	g.more++
	r := g.random(streams + g.more)
	p := g.value(r)
	p.Repository, p.State, p.Path = name, AtHead, fmt.Sprintf("deploy/late-%d.env", g.more)
	var err error
	if p.Commit, err = g.Commit(name, "Deploy", map[string]string{p.Path: "APP_TOKEN=" + p.Value + "\n"}); err != nil {
		return Plant{}, err
	}
	g.Plants = append(g.Plants, p)
	return p, nil
}

// Remove takes a credential out of the last commit again; in the history it stays.
func (g *Generated) Remove(p Plant) error {
	i := slices.Index(g.Plants, p)
	if i < 0 || p.State != AtHead {
		return errors.New("no such credential in a last commit")
	}
	_, err := g.Commit(p.Repository, "Take the token out", map[string]string{p.Path: ""})
	g.Plants[i].State = History
	return err
}

func (g *Generated) empty(name string, _ *rand.Rand) ([]Plant, error) {
	return nil, newBare(start).write(g.path(name), nil)
}

// one makes a repository with one credential at its head, after change has had its way with the files.
func (g *Generated) one(name string, r *rand.Rand, change func(b *bare)) (*history, error) {
	h := g.history(name, r)
	p := g.value(r)
	p.State = AtHead
	h.plants = []Plant{p}
	change(h.b)
	return h, h.make()
}

func (g *Generated) truncated(name string, r *rand.Rand) ([]Plant, error) {
	h, err := g.one(name, r, func(*bare) {})
	if err != nil {
		return nil, err
	}
	if err := h.b.write(g.path(name), nil); err != nil {
		return nil, err
	}
	packs, err := filepath.Glob(filepath.Join(g.path(name), "objects", "pack", "*.pack"))
	if err != nil || len(packs) != 1 {
		return nil, errors.Join(err, errors.New("not one pack"))
	}
	st, err := os.Stat(packs[0])
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(packs[0], 0o600); err != nil {
		return nil, err
	}
	return h.plants, os.Truncate(packs[0], st.Size()/2)
}

func (g *Generated) missing(name string, r *rand.Rand) ([]Plant, error) {
	h, err := g.one(name, r, func(b *bare) { b.files["lost.txt"] = "lost in " + name + "\n" })
	if err != nil {
		return nil, err
	}
	lost := plumbing.ComputeHash(plumbing.BlobObject, []byte(h.b.files["lost.txt"]))
	return h.plants, h.b.write(g.path(name), func(id plumbing.Hash) bool { return id == lost })
}

func (g *Generated) submodule(name string, r *rand.Rand) ([]Plant, error) {
	h, err := g.one(name, r, func(b *bare) {
		b.files[".gitmodules"] = "[submodule \"vendor/lib\"]\n\tpath = vendor/lib\n\turl = https://git.acme.example/lib.git\n"
		b.modules["vendor/lib"] = plumbing.ComputeHash(plumbing.CommitObject, []byte("a commit elsewhere"))
	})
	if err != nil {
		return nil, err
	}
	return h.plants, h.b.write(g.path(name), nil)
}

func (g *Generated) odd(name string, r *rand.Rand) ([]Plant, error) {
	p := g.value(r)
	p.Repository, p.State, p.Path = name, AtHead, "gr\xf6\xdfe/schl\xfcssel.env"
	h, err := g.one(name, r, func(b *bare) {
		b.files[p.Path] = "TOKEN=" + p.Value + "\n"
		b.files["new\nline/tab\t.txt"] = "odd\n"
	})
	if err != nil {
		return nil, err
	}
	p.Commit = h.first.String()
	return append(h.plants, p), h.b.write(g.path(name), nil)
}
