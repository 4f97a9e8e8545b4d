package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sprawl/finding"
	"sprawl/internal/correlate"
	"sprawl/internal/environ"
	"sprawl/internal/identity"
	"sprawl/internal/pipeline"
	"sprawl/internal/policy"
	"sprawl/internal/risk"
	"sprawl/inventory"
	"sprawl/sources"
	"sprawl/sources/files"
	"sprawl/sources/git"
)

// tree is configuration as it stands: the files of a folder, or of the tip of a branch.
type tree struct {
	place finding.Location // of every file, but for the path
	owner string           // who owns it on its forge, "" if not known
	hub   string           // its name on GitHub, "acme/shop", "" if it's not known to be there
	// walk hands out the files that a pipeline reader recognises. It may be called again.
	walk func(ctx context.Context, visit func(path string, data []byte) bool) error
	// read returns one file; fs.ErrNotExist where there is none.
	read func(ctx context.Context, path string) ([]byte, error)
}

func recognised(path string) bool { return pipeline.Recognises(path) != "" }

// gitTree is the tip of a branch; rev "" means the default branch. Its functions are called from one goroutine.
func gitTree(src *git.Source, rev string) *tree {
	t := &tree{owner: src.Owner(), hub: onGitHub(src.Origin()), place: finding.Location{Source: "git", Target: strings.TrimPrefix(src.Name(), "git:"), State: finding.StateHead}}
	if rev != "" {
		t.place.Refs = []string{rev}
	}
	// A clone knows which branch of its origin is the default; its own HEAD is whatever somebody works on.
	at := func(do func(rev string) error) error {
		if rev != "" {
			return do(rev)
		}
		const origin = "refs/remotes/origin/HEAD"
		err := do(origin)
		if rev = origin; errors.Is(err, git.ErrRevision) {
			rev = "HEAD"
			return do(rev)
		}
		return err
	}
	t.walk = func(ctx context.Context, visit func(string, []byte) bool) error {
		return at(func(rev string) error { return src.Tree(ctx, rev, recognised, visit) })
	}
	t.read = func(ctx context.Context, path string) (data []byte, err error) {
		err = at(func(rev string) error {
			data, err = src.File(ctx, rev, path)
			return err
		})
		return data, err
	}
	return t
}

// onGitHub is the name of a repository whose origin is GitHub, a GitHub Enterprise Server or an alias of ssh that says so; "" for
// others, since a name means another repository elsewhere.
func onGitHub(host, name string) string {
	if strings.Count(name, "/") == 1 && (strings.Contains(host, "github") || strings.HasSuffix(host, ".ghe.com")) {
		return name
	}
	return ""
}

// dirTree is a folder. What keeps a file from being read is for the scan's own walk to tell.
func dirTree(root string, o files.Options) *tree {
	o.Want = recognised
	return &tree{
		place: finding.Location{Source: "dir", Target: root, State: finding.StateWorktree},
		walk: func(ctx context.Context, visit func(string, []byte) bool) error {
			err := files.Dir(root, o).Walk(ctx, 1, &sources.Ledger{}, func(_ int, b sources.Blob) error {
				if b.Offset > 0 || b.Size > int64(len(b.Bytes)) || visit(b.ID, b.Bytes) {
					return nil
				}
				return errEnough
			})
			if errors.Is(err, errEnough) {
				return nil
			}
			return err
		},
		read: func(_ context.Context, path string) ([]byte, error) { return readBelow(root, path) },
	}
}

// readBelow reads a small file below a folder, through no link that leads out of it.
func readBelow(root, path string) ([]byte, error) {
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	st, err := r.Stat(filepath.FromSlash(path))
	switch {
	case err != nil:
		return nil, err
	case !st.Mode().IsRegular() || st.Size() > policy.MaxSize:
		return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	return r.ReadFile(filepath.FromSlash(path))
}

// errEnough ends a walk whose visitor wants no more.
var errEnough = errors.New("enough")

// pipelines is what the configuration of a run's targets says.
type pipelines struct {
	by      map[string][]*pipeline.Inventory // by target, as locations name it: one a branch
	hubs    map[string]string                // names on GitHub, by target
	notices []finding.Notice
}

// readPipelines understands the configuration of every target that has a tree. What it cannot read it searches as text, and a
// notice says so; what it cannot reach is in the ledger.
func readPipelines(ctx context.Context, ts []target, p *policy.Policy, keys *identity.Keys, led *sources.Ledger) (pipelines, error) {
	out := pipelines{by: map[string][]*pipeline.Inventory{}, hubs: map[string]string{}}
	override := func(path string) []finding.Environment {
		for _, e := range p.Environments {
			if !e.Whole() && e.Covers(policy.Subject{Path: path}) {
				return environ.Classify(environ.Override(e.Name, e.Class, "environments: in the policy"))
			}
		}
		return nil
	}
	for _, t := range ts {
		for _, tip := range t.tips {
			var walkErr error
			inv, err := pipeline.Collect(ctx, pipeline.Options{Place: tip.place, Owner: tip.owner, Override: override}, func(yield func(string, []byte) bool) {
				if err := tip.walk(ctx, yield); err != nil {
					walkErr = err
				}
			})
			if err != nil {
				return out, err
			}
			if walkErr != nil {
				if ctx.Err() != nil {
					return out, ctx.Err()
				}
				led.Skip(finding.Skip{Target: t.name, Reason: finding.ReasonUnreadable, Detail: "pipelines: " + walkErr.Error()})
			}
			out.add(tip.place, inv, keys)
			out.hubs[tip.place.Target] = tip.hub
		}
	}
	return out, nil
}

func (ps *pipelines) add(place finding.Location, inv *pipeline.Inventory, keys *identity.Keys) {
	ps.by[place.Target] = append(ps.by[place.Target], inv)
	var unread []string
	for _, m := range inv.Models {
		if n, ok := m.Trouble(); ok {
			at := m.Path
			if n.Span.Line > 0 {
				at += fmt.Sprintf(":%d", n.Span.Line)
			}
			unread = append(unread, at+": "+n.Text)
		}
	}
	if len(unread) > 0 {
		const shown = 3
		more := ""
		if n := len(unread) - shown; n > 0 {
			more = fmt.Sprintf("; and %d more", n)
			unread = unread[:shown]
		}
		text := strings.Join(unread, "; ") + more
		ps.notices = append(ps.notices, finding.Notice{
			ID: keys.NoticeID("pipeline", place.Target, strings.Join(place.Refs, " "), text), Kind: "pipeline", Severity: finding.SevInfo,
			Message: "pipeline configuration not understood in full: " + text,
		})
	}
}

// inform lets the pipelines speak of values that stand in their files, and says which repositories they are.
func (ps *pipelines) inform(in *correlate.Input) {
	if len(ps.by) == 0 {
		return
	}
	in.Origin = func(target string) string { return ps.hubs[target] }
	current := func(w *finding.Location) []*pipeline.Inventory {
		if w.Path == "" || w.State != finding.StateHead && w.State != finding.StateWorktree {
			return nil // lines of an older version are other lines
		}
		return ps.by[w.Target]
	}
	in.Declared = func(w *finding.Location, line int, _ string) (out []finding.Environment) {
		for _, inv := range current(w) {
			out = append(out, inv.Declared(w.Path, line)...)
		}
		return environ.Merge(out)
	}
	in.Uses = func(w *finding.Location, line int, name string) (out []finding.Use) {
		for _, inv := range current(w) {
			out = append(out, inv.Uses(w.Path, line, name)...)
		}
		return out
	}
}

// references are the secrets that pipelines name; see judgedReferences.
func (ps *pipelines) references(listed []inventory.Row) (reported []finding.Reference, all int) {
	return judgedReferences(ps.named(), listed)
}

// named are the secrets that pipelines name, by target, not judged.
func (ps *pipelines) named() map[string][]finding.Reference {
	out := map[string][]finding.Reference{}
	for target, invs := range ps.by {
		out[target] = []finding.Reference{}
		for _, inv := range invs {
			out[target] = append(out[target], inv.References...)
		}
	}
	return out
}

// judgedReferences joins the secrets that the pipelines of targets name with what providers list, and judges them: those worth a
// line, and how many there are in all.
func judgedReferences(by map[string][]finding.Reference, listed []inventory.Row) (reported []finding.Reference, all int) {
	byRepo := map[string][]pipeline.Listed{}
	var wide, every []pipeline.Listed
	for i := range listed {
		l := pipeline.Listed{System: listed[i].Record.System, Name: listed[i].Name, Scope: scopeOf(&listed[i])}
		every = append(every, l)
		if repo := path.Base(listed[i].Scope); strings.Contains(listed[i].Scope, "/") {
			byRepo[repo] = append(byRepo[repo], l)
		} else {
			wide = append(wide, l)
		}
	}
	var refs []finding.Reference
	for target, named := range by {
		here := every
		if len(by) > 1 {
			here = slices.Concat(wide, byRepo[strings.TrimSuffix(path.Base(filepath.ToSlash(target)), ".git")])
		}
		refs = append(refs, pipeline.Resolve(here, named)...)
	}
	if len(by) > 0 {
		refs = append(refs, pipeline.Unused(every, refs)...)
	}
	for i := range refs {
		risk.JudgeReference(&refs[i])
		if risk.Reported(refs[i]) {
			reported = append(reported, refs[i])
		}
	}
	slices.SortFunc(reported, func(a, b finding.Reference) int {
		return cmp.Or(cmp.Compare(holds(b), holds(a)), cmp.Compare(a.System, b.System), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return reported, len(refs)
}

// holds counts the conditions of a reference that hold.
func holds(r finding.Reference) (n int) {
	for _, c := range r.Conditions {
		if c.Verdict == finding.VerdictYes {
			n++
		}
	}
	return n
}

// scopeOf is where a listed secret can be used, as references say it; "" where nobody said.
func scopeOf(r *inventory.Row) string {
	switch {
	case r.Environment != "" && r.Environment != "*":
		return "environment " + r.Environment
	case strings.Contains(r.Scope, "/"):
		return "repository"
	case r.Scope != "":
		return "organisation"
	}
	return ""
}
