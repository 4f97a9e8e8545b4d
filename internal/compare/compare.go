// Package compare puts the report of another scanner beside ours: which credentials both found, which only one of them, and
// which they were told to ignore although they are proven or in production.
//
// The reports of gitleaks, trufflehog and kingfisher hold values. Each is named by a function of the caller's while its line is
// read, and not kept: what leaves this package are names, rules and places.
package compare

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Theirs is one finding of another scanner.
type Theirs struct {
	Tool, Rule   string
	Names        []string // of its value, and of ours that share much with it; empty where the report shows none
	SHA1         string   // of its value, where the report has that alone
	Path, Commit string   // slash path
	Line         int      // 0 where the report does not say
	Live         bool     // it says that the provider took it
	Ignored      bool     // somebody told it to look away
}

// Place is how a finding is shown: "path:line".
func (t Theirs) Place() string { return t.Path + line(t.Line) }

// Ours is one of our credentials, as far as it matters here.
type Ours struct {
	ID, Kind string
	Name     string // of its value, made as Theirs.Names are
	SHA1     string
	Places   []Place
	Proven   bool
	Prod     string // why it is in production; "" if nothing says so
}

// Place is where a credential stands.
type Place struct {
	Path, Commit  string
	Line, EndLine int
}

func (p Place) String() string { return p.Path + line(p.Line) }

func line(n int) string {
	if n == 0 {
		return ""
	}
	return ":" + strconv.Itoa(n)
}

// Pair is a credential that both found.
type Pair struct {
	Ours   *Ours
	Theirs []*Theirs
}

// Result is how two reports differ.
type Result struct {
	Both   []Pair   // in our order
	Ours   []*Ours  // ours alone
	Theirs []Theirs // theirs alone: one for each value and, where there is none to tell by, for each place; by place
	// Ignored are ours that they were told to ignore, and that are proven or in production.
	Ignored []Pair
}

// Compare matches by value where a report has one, by its hash, or by place: the same line of the same file, since tools differ
// in where a value begins and ends. ignored is what they were told to ignore beside what their reports say of it.
func Compare(ours []Ours, theirs, ignored []Theirs) Result {
	byName, bySHA1 := map[string]*Ours{}, map[string]*Ours{}
	byPath := map[string][]*Ours{}
	for i := range ours {
		o := &ours[i]
		byName[o.Name], bySHA1[o.SHA1] = o, o
		for _, p := range o.Places {
			if list := byPath[p.Path]; len(list) == 0 || list[len(list)-1] != o {
				byPath[p.Path] = append(list, o)
			}
		}
	}
	delete(byName, "")
	delete(bySHA1, "")
	found := map[*Ours][]*Theirs{}
	var alone []*Theirs
	for i := range theirs {
		t := &theirs[i]
		hits := match(t, byName, bySHA1, byPath)
		for _, o := range hits {
			found[o] = append(found[o], t)
		}
		if len(hits) == 0 {
			alone = append(alone, t)
		}
	}
	told := map[*Ours][]*Theirs{}
	for _, list := range [][]Theirs{theirs, ignored} {
		for i := range list {
			if t := &list[i]; t.Ignored {
				for _, o := range match(t, byName, bySHA1, byPath) {
					told[o] = append(told[o], t)
				}
			}
		}
	}
	var r Result
	for i := range ours {
		o := &ours[i]
		if ts := told[o]; len(ts) > 0 && (o.Proven || o.Prod != "") {
			r.Ignored = append(r.Ignored, Pair{o, ts})
		}
		ts, ok := found[o]
		if !ok {
			r.Ours = append(r.Ours, o)
			continue
		}
		r.Both = append(r.Both, Pair{o, ts})
	}
	r.Theirs = folded(alone)
	return r
}

func match(t *Theirs, byName, bySHA1 map[string]*Ours, byPath map[string][]*Ours) []*Ours {
	var hits []*Ours
	for _, n := range t.Names {
		if o := byName[n]; o != nil && !slices.Contains(hits, o) {
			hits = append(hits, o)
		}
	}
	if len(hits) > 0 {
		return hits
	}
	if o := bySHA1[t.SHA1]; o != nil {
		return []*Ours{o}
	}
	if t.Path == "" || t.Line == 0 {
		return nil
	}
	for _, name := range spellings(t.Path) {
		for _, o := range byPath[name] {
			if slices.ContainsFunc(o.Places, func(p Place) bool {
				return p.Path == name && t.Line >= p.Line && t.Line <= max(p.Line, p.EndLine)
			}) && !slices.Contains(hits, o) {
				hits = append(hits, o)
			}
		}
		if len(hits) > 0 {
			break
		}
	}
	return hits
}

// spellings are the ways a path may be meant: tools put the folder they were started with before it.
func spellings(p string) []string {
	const most = 6
	out := []string{p}
	for len(out) < most {
		_, rest, ok := strings.Cut(strings.TrimPrefix(p, "/"), "/")
		if !ok {
			break
		}
		out = append(out, rest)
		p = rest
	}
	return out
}

// folded keeps one finding for each value, that of its first place.
func folded(list []*Theirs) []Theirs {
	slices.SortStableFunc(list, func(a, b *Theirs) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), strings.Compare(a.Rule, b.Rule))
	})
	seen := map[string]int{}
	var out []Theirs
	for _, t := range list {
		key := t.Place() + " " + t.Rule
		switch {
		case len(t.Names) > 0:
			key = t.Names[0]
		case t.SHA1 != "":
			key = t.SHA1
		}
		if i, ok := seen[key]; ok {
			out[i].Ignored = out[i].Ignored || t.Ignored
			out[i].Live = out[i].Live || t.Live
			continue
		}
		seen[key] = len(out)
		out = append(out, *t)
	}
	return out
}

// slashed is a path as we write it.
func slashed(p string) string {
	if p == "" {
		return ""
	}
	return strings.TrimPrefix(path.Clean(strings.ReplaceAll(p, `\`, "/")), "./")
}
