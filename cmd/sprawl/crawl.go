package main

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sprawl/finding"
	"sprawl/internal/crawl"
	"sprawl/internal/gitexec"
	"sprawl/internal/identity"
	"sprawl/internal/mirror"
	"sprawl/internal/policy"
	"sprawl/internal/store"
	"sprawl/sources/github"
	"sprawl/sources/image"
)

// waitUnsaid is how long a host is left alone that asks for it and does not say for how long.
const waitUnsaid = time.Minute

// claimed is how many targets a process has for each one that it fetches or scans: while that goes on, the next one's host is asked. More
// would be taken from other processes. glances is how many are asked at a time whether they hold anything new: that is waiting for others.
const (
	claimed = 2
	glances = 16
)

// workFlags are shared by everything that works on the targets of a crawl.
type workFlags struct {
	scan    scanFlags
	db      dbFlags
	mirrors mirrorFlags
	hub     hubFlags
	targets int // at a time
	perHost int
	timeout time.Duration
	rescue  time.Duration
	grace   time.Duration
	metrics string
}

func (f *workFlags) add(c *cobra.Command) {
	f.db.add(c)
	f.mirrors.add(c)
	f.hub.addServer(c)
	f.scan.image.add(c)
	p := c.Flags()
	p.StringVar(&f.scan.policy, "policy", "", "the organisation's policy; what a repository's own "+policyName+" hides counts within its repositories: section alone")
	p.IntVar(&f.targets, "workers", defaultWorkers(), "how many targets are fetched and scanned at a time; more are asked whether they hold anything new")
	p.IntVar(&f.perHost, "per-host", 0, "how many targets of one host are in hand at a time; 0 for what --workers allows")
	p.IntVar(&f.scan.archiveDepth, "archive-depth", 2, "how many archives inside each other are opened; 0 opens none")
	p.IntVar(&f.scan.decodeDepth, "decode-depth", 5, "how many layers of encoding are undone; 0 decodes nothing")
	p.Int64Var(&f.scan.maxFile, "max-file", 50<<20, "bytes up to which a file is matched whole; larger ones are matched in overlapping windows")
	p.DurationVar(&f.timeout, "target-timeout", 2*time.Hour, "how long one target may take")
	p.DurationVar(&f.rescue, "rescue-after", time.Minute, "without a sign of life for so long, what a process had in hand is given to another")
	p.DurationVar(&f.grace, "grace", 20*time.Second, "what targets in hand get to end by themselves when the process is asked to stop; the rest goes back to the queue")
	p.StringVar(&f.metrics, "metrics", "", "serve /metrics, /healthz and /readyz at this address, as in 127.0.0.1:9464")
	f.scan.workers = 1
}

// crawlFlags are those of the process at the head of a crawl.
type crawlFlags struct {
	work        workFlags
	filter      hubFilter
	report      reportFlags
	inventories []string
	ask         liveFlags
	status      bool
	since       string
	keep        int // days
}

func (a *app) crawlCommand() *cobra.Command {
	var f crawlFlags
	c := &cobra.Command{
		Use:   "crawl TARGET…",
		Short: "Scan everything an organisation has, night after night",
		Long: `Scan everything an organisation has, and keep what was seen in a store: the next night looks only at what is new, and tells what
changed. A TARGET is one of

  github:ORGANISATION  every repository of an organisation or user, with --packages its container images as well
  list:FILE            a target a line: the URL of a repository, or image:REGISTRY/REPOSITORY
  image:REGISTRY/      every repository and tag of a registry; a pattern (image:registry.example/team/*) takes some

A crawl that was stopped, or killed, goes on where it was when the same targets are named again. Several processes share the work of
one crawl through a PostgreSQL database: this one at its head, the others as sprawl worker.

It needs the organisation's key (sprawl key new), which makes ids that hold from night to night. No secret value is stored.`,
		Example: `  sprawl crawl github:acme --db acme.db
  sprawl crawl github:acme list:others.txt --db postgres://scanner@db.internal/sprawl --policy org.yaml --live aws
  sprawl crawl --status --db acme.db
  sprawl report --db acme.db --since last --format html -o night.html`,
		RunE: func(c *cobra.Command, args []string) error {
			if f.status {
				return a.crawlStatus(c.Context(), f.work.db)
			}
			return a.crawl(c.Context(), args, &f)
		},
	}
	f.work.add(c)
	f.filter.add(c)
	f.ask.addListings(c)
	p := c.Flags()
	p.StringArrayVar(&f.inventories, "inventory", nil, inventoryHelp)
	p.BoolVar(&f.status, "status", false, "show how far the newest crawl has come, and end")
	p.IntVar(&f.keep, "keep", 400, "for how many days runs and changes are kept; what is open is always kept")
	p.StringVarP(&f.report.format, "format", "f", "", "write a report of everything that is open in this format: "+formatNames()+"; without it, a summary of the night")
	p.StringVarP(&f.report.output, "output", "o", "", "write the report to this file instead of standard output")
	p.StringArrayVar(&f.report.also, "also", nil, "write one more report, as FORMAT=FILE (may be repeated)")
	p.StringVar(&f.since, "since", "last", "what the report compares with, in formats that tell what changed: last (the run before), a run's number, a date, or none")
	p.StringVar(&f.report.failOn, "fail-on", "policy", "exit 1 for what is open at or above this severity, whatever its tier: critical, high, medium, low, info, none; policy asks the policy; new for what this run has found or reopened, by the policy")
	p.StringVar(&f.report.onIncomplete, "on-incomplete", "fail", "when something was not read: fail (exit 3) or warn")
	return c
}

func (a *app) workerCommand() *cobra.Command {
	var f workFlags
	c := &cobra.Command{
		Use:   "worker",
		Short: "Share the work of crawls through their database",
		Long: `Scan the targets of whatever crawl is under way in a PostgreSQL database, until the process is stopped: SIGTERM lets targets in hand
end within --grace and gives the rest back. Key, policy and credentials are given as to the sprawl crawl at its head.`,
		Example: `  sprawl worker --db postgres://scanner@db.internal/sprawl --policy org.yaml --metrics 127.0.0.1:9464`,
		Args:    noArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.worker(c.Context(), &f) },
	}
	f.add(c)
	return c
}

// site is an open store with what it takes to work on its targets.
type site struct {
	store *store.Store
	night *night
	close func()
}

// open opens a store and prepares for its targets. Nothing is fetched.
func (a *app) openSite(ctx context.Context, command string, f *workFlags) (_ *site, err error) {
	key, err := a.orgKey()
	if err != nil {
		return nil, err
	}
	if key == nil {
		return nil, usage("sprawl key new makes one; set it as SPRAWL_KEY", "%s: there is no organisation key, and ids would not hold from one night to the next", command)
	}
	r, err := a.checkRun(command, f.scan)
	if err != nil {
		return nil, err
	}
	if f.targets < 1 || f.targets > 256 || f.perHost < 0 {
		return nil, usage("leave them out for one target a processor", "--workers goes from 1 to 256, --per-host from 0 on")
	}
	r.policy = loadedPolicy{policy: policy.New(nil)}
	if f.scan.policy != "" && f.scan.policy != "none" {
		if r.policy, err = readPolicy(f.scan.policy, true); err != nil {
			return nil, err
		}
	}
	i := f.scan.image
	n, err := a.newNight(r, key, image.Options{Platforms: i.platforms, Base: i.base, Insecure: i.insecure, Referrers: i.referrers, Keychain: image.Logins()})
	if err != nil {
		return nil, err
	}
	if n.git, err = gitexec.Find(ctx, a.environ); err != nil {
		a.log.Info("no git executable", "why", err)
		n.git = nil
	}
	if n.mirrors, err = a.openMirrors(n.git, f.mirrors); err != nil {
		return nil, err
	}
	st, err := a.openStore(ctx, f.db, identity.New(key, nil, nil).KeyID(), false)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = st.Close()
		}
	}()
	if err = crawl.Migrate(ctx, st); err != nil {
		return nil, storeFailure(st.String(), err)
	}
	return &site{store: st, night: n, close: func() { _ = st.Close() }}, nil
}

// crawler makes what works on the targets of a site.
func (a *app) crawler(s *site, f *workFlags, events func(crawl.Event)) (crawl.Options, error) {
	nonce := make([]byte, 8)
	if _, err := io.ReadFull(a.random, nonce); err != nil {
		return crawl.Options{}, fmt.Errorf("read randomness: %w", err)
	}
	s.night.slots, s.night.timeout = make(chan struct{}, f.targets), f.timeout
	return crawl.Options{
		Store: s.store, Scanner: s.night, Workers: claimed * f.targets, PerHost: cmp.Or(f.perHost, claimed*f.targets), Glances: cmp.Or(f.perHost, glances),
		JobTimeout: (claimed + 1) * f.timeout, RescueAfter: f.rescue, Heartbeat: min(f.rescue/4, 5*time.Second),
		Grace: f.grace, Log: a.log, Events: events, Now: a.now, Process: hex.EncodeToString(nonce), Version: version, RuleSet: s.night.set.Hash(),
	}, nil
}

func (a *app) crawl(ctx context.Context, args []string, f *crawlFlags) error {
	if len(args) == 0 {
		return usage("sprawl crawl github:ORGANISATION", "name what is to be crawled")
	}
	also, err := parseAlso(f.report.also)
	if err != nil {
		return err
	}
	if err := f.checkReport(); err != nil {
		return err
	}
	if err := a.checkWebhook(); err != nil {
		return err
	}
	shows, err := exports(f.inventories)
	if err != nil {
		return err
	}
	ask, err := a.newAsking(f.ask, false)
	if err != nil {
		return err
	}
	s, err := a.openSite(ctx, "crawl", &f.work)
	if err != nil {
		return err
	}
	defer s.close()
	fails, err := s.night.run.policy.fails(cmp.Or(map[string]string{"new": "policy"}[f.report.failOn], f.report.failOn))
	if err != nil {
		return err
	}
	var lists []crawl.Lister
	var clients []*github.Client
	for _, arg := range slices.Compact(slices.Sorted(slices.Values(args))) {
		l, err := a.lister(arg, f, s.store, s.night)
		if err != nil {
			return err
		}
		lists = append(lists, l)
		if g, ok := l.(*githubList); ok {
			clients = append(clients, g.client)
		}
	}
	watch, err := a.watch(ctx, s, &f.work, clients)
	if err != nil {
		return err
	}
	defer watch.stop()
	o, err := a.crawler(s, &f.work, watch.event)
	if err != nil {
		return err
	}
	o.Listers = lists
	o.Finish = func(ctx context.Context, r store.Run, hold func(*store.Tx) error) (*finding.Summary, error) {
		if err := spent(ctx, s.store, r.ID, hold, clients); err != nil {
			return nil, err
		}
		return s.night.judge(ctx, r, hold, s.store, shows, ask)
	}
	c, err := crawl.New(o)
	if err != nil {
		return err
	}
	defer a.paceHeap(false)()
	r, err := c.Run(ctx)
	watch.stop()
	var busy *crawl.Busy
	switch {
	case errors.As(err, &busy):
		return usage("wait for it, or watch it with sprawl crawl --status", "%w", err)
	case errors.Is(err, crawl.ErrDeposed):
		return incomplete("it goes on there: sprawl crawl --status", "run %d: %w", r.ID, err)
	case err != nil && ctx.Err() != nil:
		return a.interrupted(r)
	case err != nil:
		return storeFailure(s.store.String(), err)
	}
	return a.night(ctx, s, r, f, also, fails)
}

// interrupted says that a crawl can go on.
func (a *app) interrupted(r store.Run) error {
	a.complain(fmt.Errorf("interrupted; run %d is not finished", r.ID), "name the same targets again: it goes on where it was")
	return outcome(exitInterrupted)
}

// night tells how a run went: to the webhook, as a summary or a report, and by the exit code.
func (a *app) night(ctx context.Context, s *site, r store.Run, f *crawlFlags, also []extra, fails func(finding.Credential) bool) error {
	told := a.notify(ctx, s.store, r)
	if err := s.store.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Retain(a.now(), retention(f.keep))
		return err
	}); err != nil {
		return storeFailure(s.store.String(), err)
	}
	if _, err := s.night.mirrors.Evict(); err != nil {
		a.log.Warn("mirrors", "why", err)
	}
	past, err := a.openPast(ctx, s.store, r.ID, time.Time{})
	if err != nil {
		return err
	}
	if f.report.failOn == "new" {
		fails = past.newly(fails)
	}
	past.judge(f.report.failOn, fails)
	if f.report.format == "" {
		err = a.write(f.report.output, func(w io.Writer) error { return past.brief(w) })
	} else {
		err = a.writePast(ctx, s.store, past, f.report, f.since)
	}
	for _, x := range also {
		if err == nil {
			err = a.writePast(ctx, s.store, past, reportFlags{format: x.format.Name, output: x.file}, f.since)
		}
	}
	if err != nil {
		return err
	}
	v := verdict(past.summary, f.report.onIncomplete)
	if told != nil && v != nil {
		a.log.Error("not told", "why", told)
		return v
	}
	return cmp.Or(told, v)
}

func (f *crawlFlags) checkReport() error {
	if f.report.onIncomplete != "fail" && f.report.onIncomplete != "warn" {
		return usage("use fail or warn", "unknown value %q of --on-incomplete", f.report.onIncomplete)
	}
	return nil
}

func (a *app) worker(ctx context.Context, f *workFlags) error {
	s, err := a.openSite(ctx, "worker", f)
	if err != nil {
		return err
	}
	defer s.close()
	clients, err := a.workerLogins(f, s.night)
	if err != nil {
		return err
	}
	watch, err := a.watch(ctx, s, f, clients)
	if err != nil {
		return err
	}
	defer watch.stop()
	o, err := a.crawler(s, f, watch.event)
	if err != nil {
		return err
	}
	c, err := crawl.New(o)
	if err != nil {
		return err
	}
	defer a.paceHeap(false)()
	if err := c.Work(ctx); err != nil && ctx.Err() == nil {
		return storeFailure(s.store.String(), err)
	}
	if _, err := s.night.mirrors.Evict(); err != nil {
		a.log.Warn("mirrors", "why", err)
	}
	return nil
}

// mirrorFlags say where copies of remote repositories are kept.
type mirrorFlags struct {
	dir    string
	budget int64
}

func (f *mirrorFlags) add(c *cobra.Command) {
	p := c.Flags()
	p.StringVar(&f.dir, "mirrors", "", "folder for copies of remote repositories, kept from scan to scan (default: sprawl/mirrors in the user's cache folder)")
	p.Int64Var(&f.budget, "mirror-budget", 0, "bytes that the copies may take; the ones not used for longest go first; 0 for any number")
}

func (a *app) openMirrors(exe *gitexec.Git, f mirrorFlags) (*mirror.Mirrors, error) {
	dir := f.dir
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, usage("name one with --mirrors", "there is no cache folder for mirrors: %w", err)
		}
		dir = mirror.Default(cache)
	}
	m, err := mirror.Open(dir, mirror.Options{Git: exe, Environ: a.environ, Budget: f.budget, Now: a.now, Log: a.log})
	if err != nil {
		return nil, incomplete("name a folder of your own with --mirrors", "%w", err)
	}
	return m, nil
}

// dbFlags say where a store is.
type dbFlags struct{ location string }

func (f *dbFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.location, "db", "", "the store: a file, or postgres://USER@HOST/DATABASE, whose password is taken from PGPASSWORD or ~/.pgpass (default: $SPRAWL_DB, else "+defaultStore+" in the current folder)")
}

// defaultStore is where a store is that nobody names.
const defaultStore = "sprawl.db"

func (f *dbFlags) of(a *app) string { return cmp.Or(f.location, a.getenv("SPRAWL_DB"), defaultStore) }

// openStore opens a store; one that is only read has to be there.
func (a *app) openStore(ctx context.Context, f dbFlags, keyID string, readOnly bool) (*store.Store, error) {
	at := f.of(a)
	if readOnly && !strings.Contains(at, "://") {
		if _, err := os.Stat(at); err != nil {
			return nil, usage("sprawl crawl TARGET… --db FILE makes one", "store %s: %w", filepath.ToSlash(at), errors.Unwrap(err))
		}
	}
	st, err := store.Open(ctx, at, store.Options{KeyID: keyID, ReadOnly: readOnly, Now: a.now})
	if err != nil {
		return nil, storeFailure(at, err)
	}
	return st, nil
}

// storeFailure gives errors of a store their exit code: one of another key or a newer version is usage, one out of reach incomplete.
func storeFailure(at string, err error) error {
	var f *failure
	switch {
	case errors.As(err, &f), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, store.ErrKey):
		return usage("use the key it was made with, or another store", "%w", err)
	case errors.Is(err, store.ErrNewer):
		return usage("use the newer sprawl that has written it", "%w", err)
	}
	return incomplete("see that it can be reached and written, and that there is room; what was done is kept", "store %s: %w", withoutUserinfo(at), err)
}
