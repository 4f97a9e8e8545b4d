package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"sprawl/finding"
	"sprawl/internal/correlate"
	"sprawl/internal/crawl"
	"sprawl/internal/gitexec"
	"sprawl/internal/identity"
	"sprawl/internal/match"
	"sprawl/internal/mirror"
	"sprawl/internal/policy"
	"sprawl/internal/scan"
	"sprawl/internal/store"
	"sprawl/sources"
	"sprawl/sources/git"
	"sprawl/sources/github"
	"sprawl/sources/image"
)

// formDecision is the form of a join by which the organisation's policy finds a stored credential: of how the policy names it.
const formDecision = "decision"

// night scans the targets of a crawl, one at a time or many: what a target holds is what a scan of it alone finds, under the
// organisation's policy and key.
type night struct {
	run     run // what every target's run has in common
	set     *match.Set
	keys    *identity.Keys
	org     []byte // the organisation's key
	rules   string
	mirrors *mirror.Mirrors
	git     *gitexec.Git
	images  image.Options
	logins  logins
	slots   chan struct{}     // targets that are fetched or scanned; nil for any number
	timeout time.Duration     // of one of them; 0 for none
	entries map[string]string // how the policy names what it has decided of, by the join that finds it
}

// logins are how git is let in, by host.
type logins map[string]login

// login hands out what git goes by at one host.
type login interface {
	Token(ctx context.Context) (string, error)
	Renew(ctx context.Context, refused string) (string, error)
}

// newNight compiles the table of kinds once for all targets.
func (a *app) newNight(r *run, key []byte, images image.Options) (*night, error) {
	set, err := match.Compile(a.kinds(r.policy))
	if err != nil {
		return nil, fmt.Errorf("detectors: %w", err)
	}
	n := &night{run: *r, set: set, org: key, keys: identity.New(key, r.policy.policy.Salt, nil), images: images, entries: map[string]string{}, logins: logins{}}
	if n.rules, err = n.ruled(); err != nil {
		return nil, err
	}
	p := r.policy.policy
	for _, m := range slices.Concat(slices.Collect(maps.Keys(p.Baseline)), slices.Collect(maps.Keys(p.Marks)), slices.Collect(maps.Keys(p.Exceptions))) {
		n.entries[n.keys.Sum(formDecision, []byte(m))] = m
	}
	return n, nil
}

// ruled names all that what is kept of a target depends on. Decisions, thresholds and the register of third parties are not in it:
// they are applied anew each night.
func (n *night) ruled() (string, error) {
	p := n.run.policy.policy
	doc, err := json.Marshal([]any{p.Salt, p.Environments, p.Owners, p.HasWeak()})
	if err != nil {
		return "", fmt.Errorf("policy: %w", err)
	}
	sum := sha256.Sum256(doc)
	return fmt.Sprintf("%s %s policy %s decode %d archive %d whole %d platforms %q", version, n.set.Hash(), hex.EncodeToString(sum[:8]),
		n.run.decodeDepth, n.run.archiveDepth, n.run.maxFile, n.images.Platforms), nil
}

// Scan implements crawl.Scanner.
func (n *night) Scan(ctx context.Context, t store.Target, was store.Scanned) (crawl.Result, error) {
	if was.Rules != n.rules {
		was = store.Scanned{Rules: n.rules}
	}
	was.At = n.run.app.now()
	look := n.repository
	if t.Kind == store.Image {
		look = n.image
	}
	out, err := look(ctx, t, was)
	var gone *crawl.Gone
	if errors.As(err, &gone) {
		err = n.vanished(ctx, t, gone)
	}
	return out, err
}

// Same implements crawl.Glancer: where a remote's refs, or a registry's tags, are as they were, nothing is new.
func (n *night) Same(ctx context.Context, t store.Target, was store.Scanned) (bool, error) {
	if was.Rules != n.rules {
		return false, nil
	}
	if t.Kind == store.Image {
		print, err := image.Print(ctx, t.URL, n.images)
		return print == was.Print, err
	}
	var remote mirror.Remote
	_, err := n.let(ctx, t.Host, func(a mirror.Auth) (err error) {
		remote, err = n.mirrors.Remote(ctx, t.URL, a)
		return err
	})
	var gone *crawl.Gone
	if errors.As(err, &gone) {
		return false, nil // its job tells
	}
	return err == nil && remote.Print != "" && remote.Print == was.Refs, err
}

// vanished says what it means that a target is not there. What somebody has written down should be there, and may be hidden from us; of
// what a provider has just listed, the provider is asked again.
func (n *night) vanished(ctx context.Context, t store.Target, gone *crawl.Gone) error {
	if strings.HasPrefix(t.Root, "list:") {
		return &crawl.Refused{Reason: "not-found", Detail: gone.Why + "; take it off the list, or see that it is shown to whoever crawls"}
	}
	hub, ok := n.logins[t.Host].(*github.Client)
	if !ok || t.Kind != store.Repository {
		return gone
	}
	switch r, err := hub.Repository(ctx, t.Repository); {
	case errors.Is(err, github.ErrNotFound):
		return gone
	case err != nil:
		return limited(err)
	case t.Key != hubKey(hub, r.ID):
		return gone // another one has its name
	}
	return &crawl.Refused{Reason: "auth", Detail: gone.Why + "; it is listed, and git is not let in"}
}

// repository fetches what is new and looks at it. Where the remote's refs are as they were, nothing is fetched.
func (n *night) repository(ctx context.Context, t store.Target, was store.Scanned) (crawl.Result, error) {
	log := n.run.app.log.With("target", t.Name)
	var remote mirror.Remote
	auth, err := n.let(ctx, t.Host, func(a mirror.Auth) (err error) {
		remote, err = n.mirrors.Remote(ctx, t.URL, a)
		return err
	})
	if err != nil {
		return crawl.Result{}, err
	}
	if was.Complete && remote.Print != "" && remote.Print == was.Refs {
		return crawl.Result{Scanned: was}, nil
	}
	was.Refs = remote.Print
	if remote.Empty {
		was.Complete, was.Print, was.Seen, was.Objects = true, "", nil, 0
		return crawl.Result{Scan: &store.Scan{Scanned: was, Coverage: finding.Coverage{Targets: []finding.TargetCoverage{
			{Source: "git", Target: t.URL, Notes: []string{"the repository is empty"}}}}}}, nil
	}
	ctx, done, err := n.slot(ctx)
	if err != nil {
		return crawl.Result{}, err
	}
	defer done()
	log.Debug("fetch")
	m, err := n.mirrors.Fetch(ctx, t.URL, auth, remote)
	if err != nil {
		return crawl.Result{}, unreached(err)
	}
	defer func() {
		if err := m.Close(); err != nil {
			log.Warn("the mirror could not be given back", "why", err)
		}
	}()
	out, err := n.mirrored(ctx, log, t, m.Path, was)
	if errors.Is(err, errDamaged) {
		m.Discard()
	}
	if err == nil && out.Scan != nil {
		out.Scan.Fetched = m.Bytes
		out.Counts.Fetched = m.Bytes
	}
	return out, err
}

// slot waits for its turn to fetch and scan; the time that this may take begins then. done gives the turn to another.
func (n *night) slot(ctx context.Context) (_ context.Context, done func(), err error) {
	if n.slots == nil {
		return ctx, func() {}, nil
	}
	select {
	case n.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx, nil, ctx.Err()
	}
	stop := func() {}
	if n.timeout > 0 {
		ctx, stop = context.WithTimeout(ctx, n.timeout)
	}
	return ctx, func() { stop(); <-n.slots }, nil
}

// errDamaged says that a copy cannot be read although it was just fetched.
var errDamaged = errors.New("the copy is damaged")

func (n *night) mirrored(ctx context.Context, log *slog.Logger, t store.Target, path string, was store.Scanned) (crawl.Result, error) {
	log.Debug("scan")
	src, err := git.New(ctx, path, git.Options{Git: n.git, MaxObject: n.run.maxFile, URL: t.URL, Dir: path})
	if err != nil {
		return crawl.Result{}, fmt.Errorf("%w: %w", errDamaged, err)
	}
	src.Again(git.Seen{Print: was.Print, Complete: was.Complete, Objects: was.Objects, IDs: was.Seen})
	one := sourceTarget(src, "")
	one.name, one.root = t.Name, ""
	s, held, whole, err := n.examine(ctx, one)
	if err != nil {
		return crawl.Result{}, err
	}
	seen, ok := src.Seen()
	switch {
	case !ok || !whole:
		was.Print, was.Complete, was.Objects, was.Seen, was.Refs = "", false, 0, nil, ""
	case was.Complete && seen.Print == was.Print:
		return crawl.Result{Scanned: was}, nil // the refs have moved back and forth
	default:
		seen = src.Without(seen, held)
		was.Print, was.Complete, was.Objects, was.Seen = seen.Print, seen.Complete, seen.Objects, seen.IDs
	}
	s.Scanned = was
	return crawl.Result{Scan: s, Counts: store.Counts{Scanned: s.Coverage.Bytes}}, nil
}

// image looks at every tag of a repository of images, unless each is as it was.
func (n *night) image(ctx context.Context, t store.Target, was store.Scanned) (crawl.Result, error) {
	print, err := image.Print(ctx, t.URL, n.images)
	if err != nil {
		return crawl.Result{}, unreached(err)
	}
	if was.Complete && was.Print == print {
		return crawl.Result{Scanned: was}, nil
	}
	ctx, done, err := n.slot(ctx)
	if err != nil {
		return crawl.Result{}, err
	}
	defer done()
	src, err := image.Registry(t.URL, n.images)
	if err != nil {
		return crawl.Result{}, unreached(err)
	}
	s, _, whole, err := n.examine(ctx, target{name: t.Name, source: src})
	if err != nil {
		return crawl.Result{}, unreached(err)
	}
	was.Print, was.Complete = print, whole && s.Coverage.Complete()
	s.Scanned = was
	return crawl.Result{Scan: s, Counts: store.Counts{Scanned: s.Coverage.Bytes}}, nil
}

// examine scans and correlates one target. held are the objects that hold something; whole is false where a matcher failed.
func (n *night) examine(ctx context.Context, t target) (_ *store.Scan, held []string, whole bool, err error) {
	r := n.run
	r.targets, r.asOf = []target{t}, n.run.app.now()
	led := &sources.Ledger{}
	var broken atomic.Bool
	o := r.options(n.set, func() { broken.Store(true) })
	o.Held = func(ids []string) { held = ids }
	sightings, err := scan.Run(ctx, t.source, led, o)
	if err != nil {
		return nil, nil, false, err
	}
	scan.MaskKnown(sightings)
	in, pipes, err := r.input(ctx, sightings, n.set, n.keys, led)
	if err != nil {
		return nil, nil, false, err
	}
	s := &store.Scan{}
	own, err := n.own(ctx, t)
	if err != nil {
		s.Notices = append(s.Notices, finding.Notice{ID: n.keys.NoticeID("policy", t.name), Kind: "policy", Severity: finding.SevInfo,
			Message: t.name + ": its own policy cannot be read: " + err.Error()})
	}
	// Exclusions and decisions of the organisation are applied when all targets are brought together.
	in.Excluded, in.Exception = nil, nil
	in.Decide = own.decide
	found := correlate.Correlate(in)
	for i := range found.Credentials {
		n.keep(&found.Credentials[i])
	}
	s.Suppressed = own.suppressed(found.Credentials)
	s.Credentials, s.Notices = found.Credentials, slices.Concat(s.Notices, found.Notices, pipes.notices)
	for _, refs := range pipes.named() {
		s.References = append(s.References, refs...)
	}
	s.Coverage = led.Coverage()
	s.Elapsed = r.app.now().Sub(r.asOf)
	return s, held, !broken.Load(), nil
}

// keep has a credential remember how inventories and the organisation's policy will find it once its value is gone.
func (n *night) keep(c *finding.Credential) {
	weak := n.run.policy.policy.HasWeak()
	for i := range c.Sightings {
		p := c.Sightings[i].Part(finding.RoleSecret)
		if p == nil {
			continue
		}
		joins := n.keys.Forms(p.Secret, identity.StoredForms()...)
		if m := entryOf(c, n.keys, weak); m != "" {
			joins = append(joins, finding.Join{Form: formDecision, Sum: n.keys.Sum(formDecision, []byte(m))})
		}
		c.Sightings[i].Joins = joins
		return // one place speaks for all
	}
}

// ownPolicy is what a target has decided for itself.
type ownPolicy struct {
	policy *policy.Policy
	keys   *identity.Keys
	night  *night
}

// own reads the policy at the tip of a target's default branch. A target without one has decided nothing.
func (n *night) own(ctx context.Context, t target) (ownPolicy, error) {
	o := ownPolicy{policy: policy.New(nil), keys: n.keys, night: n}
	for _, tip := range t.tips {
		data, err := tip.read(ctx, policyName)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, git.ErrRevision) {
			continue
		}
		if err != nil {
			return o, err
		}
		p, err := policy.Parse(bytes.Clone(data), policyName)
		if err != nil {
			return o, err
		}
		o.policy, o.keys = p, identity.New(n.org, p.Salt, nil)
		return o, nil
	}
	return o, nil
}

func (o ownPolicy) decide(c *finding.Credential) *finding.Decision {
	m := entryOf(c, o.keys, o.policy.HasWeak())
	if m == "" {
		return nil
	}
	return decision(o.policy, m, o.night.run.app.now())
}

// suppressed counts what the target's policy and its comments would hide.
func (o ownPolicy) suppressed(cs []finding.Credential) store.Suppressed {
	var s store.Suppressed
	for i := range cs {
		c := &cs[i]
		if d := c.Decision; d != nil {
			switch d.Kind {
			case "baseline":
				s.Baseline++
			case "mark":
				s.Marks++
			case "exception":
				s.Exceptions++
			case "inline":
				s.Inline++
			}
		}
		for k := range c.Sightings {
			if p := c.Sightings[k].Where.Path; p != "" && o.policy.Excludes(p) {
				s.Excluded++
			}
		}
	}
	return s
}

// let asks with the credential of a host, and once more with another where it is refused and there is another to be had.
func (n *night) let(ctx context.Context, host string, ask func(mirror.Auth) error) (mirror.Auth, error) {
	l := n.logins[host]
	if l == nil {
		return mirror.Auth{}, unreached(ask(mirror.Auth{}))
	}
	token, err := l.Token(ctx)
	if err != nil {
		return mirror.Auth{}, unreached(err)
	}
	a := mirror.Auth{Token: token}
	err = ask(a)
	var e *mirror.Error
	if errors.As(err, &e) && e.Kind == mirror.Denied {
		if a.Token, err = l.Renew(ctx, token); err == nil {
			err = ask(a)
		}
	}
	return a, unreached(err)
}

// unreached says of an error what the crawl is to do about it.
func unreached(err error) error {
	if err == nil {
		return nil
	}
	var m *mirror.Error
	var i *image.Error
	switch {
	case errors.As(err, &m):
		switch m.Kind {
		case mirror.NotFound:
			return &crawl.Gone{Why: m.Error()}
		case mirror.Limited:
			return &crawl.Later{After: cmp.Or(m.After, waitUnsaid), Why: m.Error()}
		case mirror.Denied:
			return &crawl.Refused{Reason: "auth", Detail: m.Error()}
		case mirror.Refused:
			return &crawl.Refused{Reason: "refused", Detail: m.Error()}
		case mirror.Corrupt:
			return &crawl.Refused{Reason: "corrupt", Detail: m.Error()}
		}
	case errors.As(err, &i):
		switch {
		case errors.Is(err, image.ErrNotFound), errors.Is(err, image.ErrEmpty):
			return &crawl.Gone{Why: i.Error()}
		case errors.Is(err, image.ErrRateLimited):
			return &crawl.Later{After: waitUnsaid, Why: i.Error()}
		case errors.Is(err, image.ErrCredentials):
			return &crawl.Refused{Reason: "auth", Detail: i.Error()}
		case errors.Is(err, image.ErrReference), errors.Is(err, image.ErrPlainHTTP), errors.Is(err, image.ErrPlatform), errors.Is(err, image.ErrUnsupported):
			return &crawl.Refused{Reason: "refused", Detail: i.Error()}
		}
	default:
		return limited(err)
	}
	return err
}

// nameOf is how a target's places name it.
func nameOf(t store.Target) string { return strings.TrimPrefix(t.Name, "git:") }
