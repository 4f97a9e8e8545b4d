package pipeline

import (
	stdctx "context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"

	"sprawl/finding"
	"sprawl/internal/environ"
)

// Inventory is what the pipelines of one repository use.
type Inventory struct {
	References []finding.Reference // merged by system, scope and name; sorted; without conditions
	Models     []*Model            // by path; Notes in them say what was not understood
	Files      map[string]int      // files read, by system

	spans    map[string][]EnvSpan
	literals map[string][]Literal
	override func(path string) []finding.Environment
}

// Bounds of one repository.
const (
	maxFiles = 200_000
	maxChain = 10 // nesting of calls; GitHub allows fewer
)

// bounds of following calls: readings of a file in the light of a caller, and the bytes that they come to.
type bounds struct{ calls, bytes int }

var bounded = bounds{calls: 5_000, bytes: 16 << 20}

// Options of Collect.
type Options struct {
	Place finding.Location // copied to each location: source, target, state, refs
	// Owner is who owns the repository on its forge ("acme" of github.com/acme/shop), "" if not known: actions of the same owner
	// are then nobody else's code.
	Owner string
	// Override is the user's word on the environments of a path; it decides before everything else where it returns any. nil
	// means that there is none.
	Override func(path string) []finding.Environment
}

// Collect reads every file that a reader recognises and resolves what they say of each other. Paths are slash paths from the top of the repository; bytes need be valid
// only until the next pair. files may be ranged over a second time, for what the first pass found to be included.
//
// Trouble with one file is a note in its model. The error is the context's.
func Collect(ctx stdctx.Context, o Options, files iter.Seq2[string, []byte]) (*Inventory, error) {
	return collect(ctx, o, files, bounded)
}

func collect(ctx stdctx.Context, o Options, files iter.Seq2[string, []byte], most bounds) (*Inventory, error) {
	c := &collector{models: map[string]*Model{}, most: most}
	n := 0
	for p, data := range files {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("read pipelines of %s: %w", o.Place.Target, err)
		}
		if n++; n > maxFiles {
			break
		}
		if Recognises(p) == "" {
			continue
		}
		m, _ := Read(p, data) // the error stands in the model's notes
		if m == nil {
			continue
		}
		c.keep(m)
	}
	c.gitlabIncluded(ctx, files)
	c.gitlab()
	c.azureFound(ctx, files)
	c.follow(ctx, githubSystem)
	c.follow(ctx, azureSystem)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read pipelines of %s: %w", o.Place.Target, err)
	}
	return c.inventory(o), nil
}

// Included lists the files that pipelines of a repository include or call and that no path gives away. files is as for Collect.
func Included(ctx stdctx.Context, files iter.Seq2[string, []byte]) map[string]bool {
	c := &collector{models: map[string]*Model{}, most: bounded}
	known := map[string]bool{}
	for p, data := range files {
		if system := Recognises(p); ctx.Err() == nil && (system == GitLab || system == Azure) {
			if m, _ := Read(p, data); m != nil {
				known[p] = true
				c.keep(m)
			}
		}
	}
	out := map[string]bool{}
	if len(known) == 0 {
		return out
	}
	c.gitlabIncluded(ctx, files)
	c.azureFound(ctx, files)
	for p := range c.models {
		if !known[p] {
			out[p] = true
		}
	}
	return out
}

type collector struct {
	models map[string]*Model
	most   bounds
	called []*Model // readings in the light of a caller
}

// keep holds on to the text of files that others may call, and lets go of the rest.
func (c *collector) keep(m *Model) {
	switch m.System {
	case GitHub, GitLab, Azure:
		m.text.data = bytesClone(m.text.data)
	default:
		m.text = nil
	}
	c.models[m.Path] = m
}

// follow reads what the files of a system call, once for each thing that is handed over.
func (c *collector) follow(ctx stdctx.Context, s system) {
	type reading struct {
		call
		depth int
	}
	target := func(to string) *Model {
		for _, p := range []string{to, path.Join(to, "action.yml"), path.Join(to, "action.yaml")} {
			if m := c.models[p]; m != nil && m.System == s.name {
				return m
			}
		}
		return nil
	}
	paths := slices.DeleteFunc(slices.Sorted(maps.Keys(c.models)), func(p string) bool { return c.models[p].System != s.name })
	if s.name == Azure { // a template has no word of its own for what it is
		for _, p := range paths {
			for _, k := range c.models[p].calls {
				if m := target(k.to); m != nil && m.Path != p {
					m.alone = true
				}
			}
		}
	}
	var todo []reading
	for _, p := range paths {
		if m := c.models[p]; !m.alone {
			for _, k := range m.calls {
				todo = append(todo, reading{k, 1})
			}
		}
	}
	called := map[string]bool{}
	seen := map[string]bool{}
	bytes := 0
	for i := 0; i < len(todo) && ctx.Err() == nil; i++ {
		k := todo[i]
		m := target(k.to)
		if m == nil {
			continue
		}
		called[m.Path] = true
		key := m.Path + "\x00" + fmt.Sprint(k.in)
		if seen[key] || k.depth > maxChain {
			continue
		}
		seen[key] = true
		if bytes += len(m.text.data); i >= c.most.calls || bytes > c.most.bytes {
			m.Notes = append(m.Notes, Note{Text: "called too often: not every call was followed"})
			break
		}
		again, _ := read(s, m.text, &k.in)
		c.called = append(c.called, again)
		for _, next := range again.calls {
			if len(todo) <= c.most.calls { // one more than are read, so that it shows
				todo = append(todo, reading{next, k.depth + 1})
			}
		}
	}
	for p := range called {
		m := c.models[p]
		if m.alone {
			// Every use of it is known with its caller: on its own it says less, and not for sure.
			m.References = nil
			continue
		}
		var on []string
		for _, j := range m.Jobs {
			on = appendNew(on, j.Triggers...)
		}
		own := handed{triggers: slices.DeleteFunc(sorted(on), func(t string) bool { return t == "workflow_call" }), inherit: true}
		again, _ := read(s, m.text, &own)
		c.models[p] = again
	}
}

func (c *collector) inventory(o Options) *Inventory {
	inv := &Inventory{Files: map[string]int{}, spans: map[string][]EnvSpan{}, literals: map[string][]Literal{}, override: o.Override}
	merged := map[[3]string]*finding.Reference{}
	outputs := map[string]bool{}
	for _, m := range c.models {
		maps.Copy(outputs, m.outputs)
	}
	add := func(m *Model) {
		for _, r := range m.References {
			if r.System == Azure && r.Scope == "" && outputs[r.Name[strings.LastIndexByte(r.Name, '.')+1:]] {
				continue // STEP.NAME, or NAME: a script sets it
			}
			k := [3]string{r.System, r.Scope, r.Name}
			to := merged[k]
			if to == nil {
				to = &finding.Reference{System: r.System, Scope: r.Scope, Name: r.Name, ID: referenceID(o.Place.Target, r)}
				merged[k] = to
			}
			for _, u := range r.Uses {
				p := u.Where.Path
				u.Where = o.Place
				u.Where.Path = p
				u.Consumers = owned(u.Consumers, o.Owner)
				if o.Override != nil {
					if e := o.Override(p); len(e) > 0 {
						u.Environments = environ.Merge(e)
					}
				}
				to.Uses = append(to.Uses, u)
			}
		}
		for _, l := range m.Literals {
			for i := range l.Uses {
				u := &l.Uses[i]
				u.Where = o.Place
				u.Where.Path = m.Path
				u.Consumers = owned(u.Consumers, o.Owner)
			}
			if len(l.Uses) > 0 {
				inv.literals[m.Path] = append(inv.literals[m.Path], l)
			}
		}
		inv.spans[m.Path] = append(inv.spans[m.Path], m.Spans...)
	}
	for _, p := range slices.Sorted(maps.Keys(c.models)) {
		m := c.models[p]
		inv.Models = append(inv.Models, m)
		inv.Files[m.System]++
		add(m)
	}
	for _, m := range c.called {
		add(m)
	}
	for _, r := range merged {
		settle(r)
		inv.References = append(inv.References, *r)
	}
	slices.SortFunc(inv.References, compareReferences)
	return inv
}

// Declared says to which environments a line of a file belongs by what the file itself declares; nil where it declares nothing.
func (inv *Inventory) Declared(p string, line int) []finding.Environment {
	var declared []finding.Environment
	for _, s := range inv.spans[p] {
		if s.Start.Line <= line && line <= s.End.EndLine {
			declared = append(declared, s.Environment)
		}
	}
	return environ.Merge(declared)
}

// Uses says what pipelines do with the value that is written out at a line of a file, under a name: which job gets it, what
// starts that, whose code sees it. Nil where nothing is known.
func (inv *Inventory) Uses(p string, line int, name string) []finding.Use {
	var out []finding.Use
	for _, l := range inv.literals[p] {
		if l.Span.Line == line && (name == "" || l.Name == name) {
			out = append(out, l.Uses...)
		}
	}
	return out
}

// owned marks what the owner of the repository has elsewhere.
func owned(all []finding.Consumer, owner string) []finding.Consumer {
	out := slices.Clone(all)
	for i := range out {
		if o, _, ok := strings.Cut(out[i].Name, "/"); ok && out[i].Party == finding.PartyThird && owner != "" && strings.EqualFold(o, owner) {
			out[i].Party = finding.PartyOwn
		}
	}
	return out
}

// Environments says to which environments a value at a line of a path belongs: the user's word, else what the file declares for the line, else what
// its name, its folders and the name of the value say. It may be asked about any path; nil means unknown.
func (inv *Inventory) Environments(p string, line int, name string) []finding.Environment {
	if inv.override != nil {
		if e := inv.override(p); len(e) > 0 {
			return environ.Merge(e)
		}
	}
	if declared := inv.Declared(p, line); len(declared) > 0 {
		return declared
	}
	return environ.Classify(environ.Path(p), environ.Key(name))
}

func bytesClone(b []byte) []byte { return append([]byte(nil), b...) }

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// referenceID needs no key: everything in it is in the open.
func referenceID(target string, r finding.Reference) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{"reference", target, r.System, r.Scope, r.Name}, "\x00")))
	return "r-" + idEncoding.EncodeToString(sum[:16])
}
