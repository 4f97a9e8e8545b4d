package main

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sprawl/internal/crawl"
	"sprawl/internal/live"
	"sprawl/internal/store"
	"sprawl/sources/github"
)

// hubFlags say how GitHub is asked.
type hubFlags struct {
	base, registry    string
	app, installation int64
	keyFile           string
	owner             string
}

// addServer adds the flags of whoever asks: GH_TOKEN, else GITHUB_TOKEN, where no App is named.
func (f *hubFlags) addServer(c *cobra.Command) {
	p := c.Flags()
	p.StringVar(&f.base, "github", "", "GitHub Enterprise Server, as https://ghe.example; without it github.com (the token is GH_TOKEN, else GITHUB_TOKEN)")
	p.StringVar(&f.registry, "github-registry", "", "where its container images are, if not where GitHub says")
	p.Int64Var(&f.app, "github-app", 0, "the id of a GitHub App to ask as, instead of with a token")
	p.Int64Var(&f.installation, "github-installation", 0, "the App's installation; without it the one at the organisation")
	p.StringVar(&f.keyFile, "github-app-key", "", "the file with the App's private key (PEM)")
	p.StringVar(&f.owner, "github-app-owner", "", "whose installation it is, where a worker has no target to tell (sprawl worker)")
}

// hubFilter says which repositories are crawled.
type hubFilter struct {
	archived, forks    string
	visibility, topics []string
	include, exclude   []string
	packages           bool
}

func (f *hubFilter) add(c *cobra.Command) {
	p := c.Flags()
	p.StringVar(&f.archived, "archived", "take", "archived repositories: take, leave or only")
	p.StringVar(&f.forks, "forks", "take", "forks: take, leave or only")
	p.StringSliceVar(&f.visibility, "visibility", nil, "only repositories that are public, private or internal (may be repeated)")
	p.StringSliceVar(&f.topics, "topic", nil, "only repositories with one of these topics (may be repeated)")
	p.StringArrayVar(&f.include, "include", nil, "only repositories with such a name, as in shop-* or acme/shop-* (may be repeated)")
	p.StringArrayVar(&f.exclude, "exclude", nil, "no repositories with such a name (may be repeated)")
	p.BoolVar(&f.packages, "packages", false, "the container images of the organisation as well (the token needs read:packages)")
}

func (f *hubFilter) filter(a *app) (github.Filter, error) {
	out := github.Filter{Visibility: f.visibility, Topics: f.topics, Include: f.include, Exclude: f.exclude}
	out.Skipped = func(r github.Repository, why string) {
		a.log.Info("left out", "repository", clean(r.FullName), "why", why)
	}
	for _, x := range []struct {
		flag, value string
		to          *github.Choice
	}{{"--archived", f.archived, &out.Archived}, {"--forks", f.forks, &out.Forks}} {
		choice, ok := map[string]github.Choice{"take": github.Take, "leave": github.Leave, "only": github.Only}[x.value]
		if !ok {
			return out, usage("use take, leave or only", "unknown value %q of %s", x.value, x.flag)
		}
		*x.to = choice
	}
	for _, v := range f.visibility {
		if v != "public" && v != "private" && v != "internal" {
			return out, usage("use public, private or internal", "unknown value %q of --visibility", v)
		}
	}
	return out, nil
}

// hub makes a client of GitHub; nil where there is nothing to ask with.
func (a *app) hub(f *hubFlags, owner string, st *store.Store) (*github.Client, error) {
	const patience = 2 * time.Minute
	o := github.Options{
		Base: f.base, Registry: f.registry, Token: cmp.Or(a.getenv("GH_TOKEN"), a.getenv("GITHUB_TOKEN")), Now: a.now, Wait: pause,
		Patience: patience, Timeout: time.Minute, Tries: 5, MaxBody: 64 << 20, Seed: uint64(a.now().UnixNano()), Proxy: live.ProxyFrom(a.getenv),
	}
	if st != nil {
		o.Cache = answers{st}
	}
	switch {
	case f.app != 0:
		if f.keyFile == "" {
			return nil, usage("give --github-app-key FILE", "--github-app needs the App's private key")
		}
		o.Token = ""
		o.App = &github.App{ID: f.app, Installation: f.installation, Owner: owner, KeyFile: f.keyFile}
	case o.Token == "":
		return nil, nil //nolint:nilnil // nobody to ask as
	}
	c, err := github.New(o)
	if err != nil {
		return nil, usage("docs/crawl.md says how GitHub is asked", "%w", err)
	}
	return c, nil
}

func (a *app) githubList(owner string, f *crawlFlags, st *store.Store, n *night) (crawl.Lister, error) {
	if strings.ContainsAny(owner, "/*") {
		return nil, usage("give github:ORGANISATION; --include NAME takes single repositories", "github:%s is no organisation or user", owner)
	}
	filter, err := f.filter.filter(a)
	if err != nil {
		return nil, err
	}
	c, err := a.hub(&f.work.hub, owner, st)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, usage("set GH_TOKEN, or give --github-app and --github-app-key", "github:%s: nothing to ask GitHub with", owner)
	}
	root := "github:" + strings.ToLower(owner)
	if f.work.hub.base != "" {
		root = "github:" + c.Host() + "/" + strings.ToLower(owner)
	}
	n.logins[c.GitHost()] = c
	return &githubList{client: c, owner: owner, root: root, filter: filter, images: f.filter.packages, store: st}, nil
}

// workerLogins lets a worker in where the crawl's head is: it lists nothing, so that it need not have anything to ask with.
func (a *app) workerLogins(f *workFlags, n *night) ([]*github.Client, error) {
	c, err := a.hub(&f.hub, f.hub.owner, nil)
	if err != nil || c == nil {
		return nil, err
	}
	n.logins[c.GitHost()] = c
	return []*github.Client{c}, nil
}

// answers keeps lists in a store. Where that fails, the list is asked for anew.
type answers struct{ store *store.Store }

func (k answers) Get(ctx context.Context, key string) (etag string, body []byte, ok bool, err error) {
	err = k.store.View(ctx, func(tx *store.Tx) (err error) {
		etag, body, ok, err = tx.CachedAnswer(key)
		return err
	})
	return etag, body, ok, err
}

func (k answers) Put(ctx context.Context, key, etag string, body []byte) error {
	return k.store.Update(ctx, func(tx *store.Tx) error { return tx.PutAnswer(key, etag, body) })
}

// spent adds what GitHub was asked to a run's counts.
func spent(ctx context.Context, st *store.Store, run int64, hold func(*store.Tx) error, clients []*github.Client) error {
	var c store.Counts
	for _, x := range clients {
		b := x.Budget()
		c.Calls += b.Calls
		c.Spared += b.Spared
	}
	return st.Update(ctx, func(tx *store.Tx) error { return errors.Join(hold(tx), tx.AddCounts(run, c)) })
}
