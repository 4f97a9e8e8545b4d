package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sprawl/finding"
	"sprawl/internal/decode"
	"sprawl/internal/identity"
	"sprawl/internal/match"
	"sprawl/internal/migrate"
	"sprawl/internal/policy"
	"sprawl/internal/scan"
	"sprawl/internal/unpack"
	"sprawl/sources"
	"sprawl/sources/files"
	"sprawl/sources/git"
)

// lookup finds the credentials that other tools' decisions are about.
type lookup struct {
	run    *run
	res    *result
	byID   map[string]*finding.Credential
	byHash map[string]*finding.Credential // by SHA-1 of the value
	texts  map[string][]finding.Sighting  // of a file at a commit, by both
}

// importDecisions scans the run's target and writes what was decided of what it holds.
func (a *app) importDecisions(ctx context.Context, r *run, decided []decidedFile, i importFlags, data []byte) ([]byte, error) {
	if r.policy.policy.Salt == nil {
		return nil, usage("sprawl init writes it", "%s has no %s with a salt to keep decisions in", r.targets[0].name, policyName)
	}
	res, err := r.do(ctx)
	if err != nil {
		return nil, err
	}
	l := newLookup(r, res)
	if i.tags {
		decided = append(decided, decidedFile{"inline tags", "inline tags", l.tagged()})
	}
	base := maps.Clone(r.policy.policy.Baseline)
	if base == nil {
		base = map[string]string{}
	}
	day := r.asOf.UTC().Truncate(24 * 3600e9)
	for _, d := range decided {
		var unresolved, telling []string
		var marks []string
		found, added := 0, 0
		for _, e := range d.entries {
			hits, why := l.find(ctx, e)
			if len(hits) == 0 {
				unresolved = append(unresolved, e.Source+": "+why)
				continue
			}
			found++
			for _, s := range hits {
				kind, m := "", res.keys.Match(s)
				if c := l.byID[res.keys.ID(s)]; c != nil {
					kind = c.Kind
					if s := tells(c); s != "" {
						telling = append(telling, finding.ShortID(c.ID)+" "+c.Kind+" ("+e.Source+"): "+s)
					}
				}
				if _, ok := r.policy.policy.Marks[m]; ok || slices.Contains(marks, m) {
					continue
				}
				if i.as == "baseline" && !e.False {
					if _, ok := base[m]; !ok {
						base[m], added = kind, added+1
					}
					continue
				}
				marks, added = append(marks, m), added+1
				if data, err = policy.AddMark(data, m, policy.Mark{As: policy.FalsePositive, Reason: "decided in " + e.Tool + " (" + filepath.Base(d.name) + ")", On: day}); err != nil {
					return nil, usage("mend the file by hand", "%w", err)
				}
			}
		}
		if err := a.reportDecided(d, found, added, unresolved, telling); err != nil {
			return nil, err
		}
	}
	out, err := policy.SetBaseline(data, base)
	if err != nil {
		return nil, usage("mend the file by hand", "%w", err)
	}
	return out, nil
}

func (a *app) reportDecided(d decidedFile, found, added int, unresolved, telling []string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s): %d of %d entries are about something that is found here; %d entries written\n", clean(d.name), d.format, found, len(d.entries), added)
	for _, x := range []struct {
		head  string
		lines []string
	}{{"look again", telling}, {"not resolved", unresolved}} {
		slices.Sort(x.lines)
		for _, line := range slices.Compact(x.lines) {
			fmt.Fprintf(&b, "  %s: %s\n", x.head, clean(line))
		}
	}
	_, err := fmt.Fprint(a.stdout, b.String())
	return err
}

// tells says why a decision to look away deserves a second look; "" if nothing speaks against it.
func tells(c *finding.Credential) string {
	var why []string
	if c.Proof == finding.ProofProven {
		why = append(why, "proven")
	}
	for _, e := range c.Environments {
		if e.Class == finding.EnvProd {
			why = append(why, "production ("+e.Why+")")
			break
		}
	}
	return strings.Join(why, ", ")
}

func newLookup(r *run, res *result) *lookup {
	l := &lookup{run: r, res: res, byID: map[string]*finding.Credential{}, byHash: map[string]*finding.Credential{}, texts: map[string][]finding.Sighting{}}
	for i := range res.found.Credentials {
		c := &res.found.Credentials[i]
		p := c.Sightings[0].Part(finding.RoleSecret)
		if p == nil {
			continue
		}
		l.byID[c.ID] = c
		l.byHash[identity.PeerHash(p.Secret)] = c
	}
	return l
}

// find returns the values that an entry is about, or why there is none.
func (l *lookup) find(ctx context.Context, e migrate.Decided) (values []finding.Secret, why string) {
	switch {
	case e.HasValue:
		if l.byID[l.res.keys.ID(e.Value)] != nil {
			return []finding.Secret{e.Value}, ""
		}
		// Its idea of the value may be longer or shorter than ours: the place decides.
		if vs, _ := l.place(ctx, e); len(vs) > 0 {
			return vs, ""
		}
		return nil, "its value is not found here"
	case e.SHA1 != "":
		if c := l.byHash[e.SHA1]; c != nil {
			return []finding.Secret{c.Sightings[0].Part(finding.RoleSecret).Secret}, ""
		}
		return nil, "no value that is found here has this hash"
	}
	return l.place(ctx, e)
}

// place reads the file an entry names, at the commit it names, and returns what stands in its line.
func (l *lookup) place(ctx context.Context, e migrate.Decided) (values []finding.Secret, why string) {
	if e.Path == "" || e.Line == 0 {
		return nil, "it names no file and line"
	}
	ss, why := l.sightings(ctx, e.Commit, e.Path)
	for p := e.Path; why != "" && e.Commit == ""; {
		// Tools put the folder before a path that they were started with.
		_, rest, ok := strings.Cut(strings.TrimPrefix(p, "/"), "/")
		if !ok {
			break
		}
		p = rest
		if more, none := l.sightings(ctx, "", p); none == "" {
			ss, why = more, ""
		}
	}
	if why != "" {
		return nil, why
	}
	for i := range ss {
		p := ss[i].Part(finding.RoleSecret)
		if p == nil || e.Line < p.Span.Line || e.Line > p.Span.EndLine {
			continue
		}
		values = append(values, p.Secret)
	}
	if len(values) == 0 {
		return nil, "nothing is found in that line"
	}
	return values, ""
}

// sightings scans one file, once.
func (l *lookup) sightings(ctx context.Context, commit, path string) ([]finding.Sighting, string) {
	key := commit + ":" + path
	if ss, ok := l.texts[key]; ok {
		return ss, ""
	}
	t := &l.run.targets[0]
	var text []byte
	var err error
	src, isGit := t.source.(*git.Source)
	switch {
	case commit != "" && !isGit:
		return nil, "it names a commit, and the target is no repository"
	case commit != "":
		text, err = src.File(ctx, commit, path)
	case t.root != "" && filepath.IsLocal(filepath.FromSlash(path)):
		text, err = os.ReadFile(filepath.Join(t.root, filepath.FromSlash(path)))
	default:
		return nil, "its file lies outside of the target"
	}
	if err != nil {
		return nil, "there is no such file or commit"
	}
	set, err := match.Compile(l.run.app.kinds(l.run.policy))
	if err != nil {
		return nil, "the table of kinds does not compile"
	}
	ss, err := scan.Run(ctx, files.Stdin(bytes.NewReader(text)), &sources.Ledger{}, scan.Options{
		Set: set, Workers: 1, DecodeDepth: l.run.decodeDepth, ArchiveDepth: l.run.archiveDepth, Decode: decode.Default(), Unpack: unpack.Default(),
	})
	if err != nil {
		return nil, "the file could not be read"
	}
	l.texts[key] = ss
	return ss, ""
}

// tagged lists the places that stand now and beside which another tool was told to look away.
func (l *lookup) tagged() []migrate.Decided {
	root := l.run.targets[0].root
	if root == "" {
		return nil
	}
	lines := map[string][][]byte{}
	var out []migrate.Decided
	for i := range l.res.found.Credentials {
		for _, s := range l.res.found.Credentials[i].Sightings {
			p := s.Part(finding.RoleSecret)
			name := filepath.FromSlash(s.Where.Path)
			if p == nil || s.Where.Path == "" || s.Where.State != finding.StateHead && s.Where.State != finding.StateWorktree || !filepath.IsLocal(name) {
				continue
			}
			if _, ok := lines[name]; !ok {
				text, err := os.ReadFile(filepath.Join(root, name)) //nolint:gosec // a file of the target
				if err != nil {
					text = nil
				}
				lines[name] = bytes.Split(text, []byte("\n"))
			}
			tool, tag, ok := migrate.Tag(lines[name], p.Span.Line)
			if !ok {
				continue
			}
			out = append(out, migrate.Decided{Tool: tool, Path: s.Where.Path, Line: p.Span.Line, Value: p.Secret, HasValue: true,
				Source: fmt.Sprintf("%s:%d (%s)", s.Where.Path, p.Span.Line, tag)})
		}
	}
	return out
}
