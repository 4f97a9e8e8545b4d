package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"sprawl/finding"
	"sprawl/internal/gitexec"
	"sprawl/internal/identity"
	"sprawl/internal/pullrequest"
	"sprawl/sources/git"
)

// deepenings are how many commits behind base and head are fetched, one after the other, until both meet; 0 is all.
var deepenings = []int{50, 500, 0}

// change is what --pr scans.
type change struct {
	base, head string
	not        []string // where there is no base: what the remote has beside it
	pushed     bool     // nothing new is possible: a branch made of commits that are there
	note       string   // what was decided about base or head that a reader should know
}

// readEvent finds the change in the environment of a GitHub Actions step.
func (a *app) readEvent() (pullrequest.Event, error) {
	path := a.getenv("GITHUB_EVENT_PATH")
	if path == "" {
		return pullrequest.Event{}, usage("elsewhere than in GitHub Actions, say which commits: --pr --range BASE..HEAD",
			"--pr: there is no event (GITHUB_EVENT_PATH is not set)")
	}
	f, err := os.Open(path) //nolint:gosec // the runner's own file
	if err != nil {
		return pullrequest.Event{}, incomplete("", "read the event: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, pullrequest.MaxPayload+1))
	if err != nil {
		return pullrequest.Event{}, incomplete("", "read the event: %w", err)
	}
	e, err := pullrequest.ReadEvent(a.getenv("GITHUB_EVENT_NAME"), a.getenv("GITHUB_SHA"), data)
	switch {
	case errors.Is(err, pullrequest.ErrNoChange):
		return e, usage("run sprawl scan without --pr on such events, or on pull_request and push only", "%w", err)
	case err != nil:
		return e, incomplete("", "%w", err)
	}
	return e, nil
}

// changeOf finds the two ends of an event's change in the clone that is there, and fetches what is missing if deepen allows it.
func (a *app) changeOf(ctx context.Context, dir string, e pullrequest.Event, deepen bool) (change, error) {
	repo, err := a.gitRepo(ctx, dir)
	if err != nil {
		return change{}, err
	}
	fetched := error(nil)
	steps := []int{-1}
	if deepen {
		steps = append(steps, deepenings...)
	}
	var c change
	for _, depth := range steps {
		if depth >= 0 {
			ids := []string{e.Head}
			if e.Base != "" {
				ids = append(ids, e.Base)
			}
			if depth > 0 && e.Commits > 0 && depth < 500 {
				depth = max(depth, e.Commits+1)
			}
			if fetched = repo.Fetch(ctx, a.environ, "origin", depth, ids); fetched != nil {
				if ctx.Err() != nil {
					return c, ctx.Err()
				}
				a.log.Warn("fetch what the clone lacks", "error", fetched)
				break
			}
		}
		var whole bool
		if c, whole, err = a.locateChange(ctx, repo, e); err == nil && whole {
			return c, nil
		}
	}
	if err != nil {
		var f *failure
		if errors.As(err, &f) && deepen && fetched != nil {
			f.hint = "check out with fetch-depth: 0; fetching failed: " + fetched.Error()
		}
		return c, err
	}
	return c, nil // two trees to compare: the source says what it could not see
}

// locateChange finds the ends in what is there. whole says that base and head have a commit in common and nothing in between was
// left out of the clone.
func (a *app) locateChange(ctx context.Context, repo *gitexec.Repo, e pullrequest.Event) (c change, whole bool, err error) {
	has := func(rev string) string {
		out, err := repo.Run(ctx, "rev-parse", "--verify", "--quiet", rev+"^{commit}")
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(out))
	}
	at := has("HEAD")
	parents := ""
	if at != "" {
		// As the commit says, not as a shallow clone has it.
		out, err := repo.Run(ctx, "cat-file", "commit", at)
		if err == nil {
			for l := range strings.Lines(string(out)) {
				if p, ok := strings.CutPrefix(l, "parent "); ok {
					parents += strings.TrimSpace(p) + " "
				} else if l == "\n" {
					break
				}
			}
		}
	}
	p := strings.Fields(parents)
	c.base = e.Base
	switch {
	case len(p) == 2 && p[1] == e.Head:
		// The merge commit that GitHub made of a pull request: its first parent is the base it was made on, which may be later
		// than the one that the event names.
		c.head, c.base = at, p[0]
	case at != "" && at == e.Head:
		c.head = at
	default:
		// Something else is checked out: the base, in a workflow on pull_request_target.
		c.head = e.Head
	}
	const hint = "check out with fetch-depth: 0, or allow --deepen"
	if has(c.head) == "" {
		return c, false, &failure{exitIncomplete, fmt.Errorf("the change's commit %.12s is not in this clone", c.head), hint}
	}
	if c.base != "" && has(c.base) == "" {
		switch {
		case e.Number == 0 && e.Forced:
			c.note = "the commits that a forced push replaced are not in this clone: what no other branch holds counts as new"
			c.base = ""
		case c.base != e.Base && e.Base != "" && has(e.Base) != "":
			c.base = e.Base
		default:
			return c, false, &failure{exitIncomplete, fmt.Errorf("the base commit %.12s is not in this clone: without it nothing can be told from what was there before", c.base), hint}
		}
	}
	if c.base == "" {
		// A branch's first push, or a forced one: what the remote's other branches hold was there before.
		own := "refs/remotes/origin/" + strings.TrimPrefix(e.Ref, "refs/heads/")
		out, err := repo.Run(ctx, "for-each-ref", "--format=%(refname) %(objectname)", "refs/remotes/origin/")
		if err != nil {
			return c, false, incomplete("", "list the branches of the remote: %w", err)
		}
		for l := range strings.Lines(string(out)) {
			w := strings.Fields(l)
			if len(w) != 2 || w[0] == own || w[0] == "refs/remotes/origin/HEAD" {
				continue
			}
			trunk := w[0] == "refs/remotes/origin/"+e.Default
			// Two branches that a push made at once point to the same commit, and neither was there before the other.
			if trunk || w[1] != c.head {
				c.not = append(c.not, w[1])
			}
			if trunk && w[1] != c.head {
				c.base = w[1]
			}
		}
	}
	if c.base == "" {
		return c, true, nil
	}
	if _, err := repo.Run(ctx, "merge-base", c.base, c.head); err != nil {
		return c, false, nil
	}
	// Where a clone was cut inside the range, rev-list ends at the cut, whose commit still names its parents.
	shallow, err := repo.Run(ctx, "rev-parse", "--is-shallow-repository")
	if err != nil || strings.TrimSpace(string(shallow)) != "true" {
		return c, err == nil, nil
	}
	out, err := repo.Run(ctx, "rev-list", "--max-parents=0", c.base+".."+c.head)
	return c, err == nil && len(strings.TrimSpace(string(out))) == 0, nil
}

// openChange opens what --pr scans.
func (a *app) openChange(ctx context.Context, path string, f scanFlags) (target, error) {
	var c change
	if f.span != "" {
		var ok bool
		if c.base, c.head, ok = strings.Cut(f.span, ".."); !ok || c.base == "" || c.head == "" || strings.HasPrefix(c.head, ".") {
			return target{}, usage("write it as origin/main..HEAD", "--range %q is not BASE..HEAD", f.span)
		}
	} else {
		e, err := a.readEvent()
		if err != nil {
			return target{}, err
		}
		if c, err = a.changeOf(ctx, path, e, f.deepen); err != nil {
			return target{}, err
		}
		c.pushed = e.Number == 0
	}
	policyRev := c.base
	if policyRev == "" && len(c.not) > 0 {
		policyRev = c.not[0]
	}
	if policyRev == "" {
		policyRev = c.head // the first push of all: there is no other policy
	}
	o, err := a.gitOptions(ctx, f)
	if err != nil {
		return target{}, err
	}
	o.Mode, o.Base, o.Head, o.Not = git.Range, c.base, c.head, c.not
	src, err := git.New(ctx, path, o)
	if err != nil {
		return target{}, gitFailure(err)
	}
	t := sourceTarget(src, policyRev)
	t.pushed = c.pushed
	t.changes = func(ctx context.Context, keys *identity.Keys) ([]finding.Notice, error) {
		ns, err := ruleNotices(ctx, src, src.Name(), keys)
		if c.note != "" {
			ns = append(ns, finding.Notice{ID: keys.NoticeID("base-unknown", c.note), Kind: "base-unknown", Severity: finding.SevLow, Message: c.note})
		}
		return ns, err
	}
	return t, nil
}

// ruleNotices says what a change does to the policy and to workflows. What cannot be read is in the ledger of the walk.
func ruleNotices(ctx context.Context, src *git.Source, name string, keys *identity.Keys) ([]finding.Notice, error) {
	read := func(path string) (f pullrequest.File, err error) {
		f.Path = path
		if f.Before, err = src.Versions(ctx, git.AtBase, path); err != nil {
			return f, err
		}
		after, err := src.Versions(ctx, git.AtHead, path)
		if err == nil && len(after) > 0 {
			f.After = append([]byte{}, after[0]...)
		}
		return f, err
	}
	var rules []pullrequest.Rule
	f, err := read(policyName)
	if err == nil {
		rules = append(rules, pullrequest.Policy(f)...)
	}
	paths := map[string]bool{}
	for _, side := range []git.Side{git.AtBase, git.AtHead} {
		found, ferr := src.Files(ctx, side, pullrequest.Workflows)
		err = errors.Join(err, ferr)
		for _, p := range found {
			if paths[p] || !strings.HasSuffix(p, ".yml") && !strings.HasSuffix(p, ".yaml") {
				continue
			}
			paths[p] = true
			f, ferr := read(p)
			if err = errors.Join(err, ferr); ferr == nil {
				rules = append(rules, pullrequest.Workflow(f)...)
			}
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, incomplete("run git fsck there", "compare the rules before and after the change: %w", err)
	}
	var out []finding.Notice
	for _, r := range rules {
		out = append(out, finding.Notice{
			ID: keys.NoticeID(r.Kind, r.Path, r.Message), Kind: r.Kind, Severity: r.Severity, Message: "the change " + r.Message,
			Where: &finding.Location{Source: "git", Target: strings.TrimPrefix(name, "git:"), Path: r.Path, State: finding.StateHead},
			Span:  finding.Span{Line: r.Line, EndLine: r.Line},
		})
	}
	return out, nil
}
