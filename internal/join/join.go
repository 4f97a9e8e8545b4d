// Package join puts what providers say beside what was found: credentials on one side, inventories on the other. It works by
// keys alone, from surest to least sure: the provider's own id, a hash of the value, the part of it that a listing shows, and
// last the account or person it belongs to.
//
// It goes both ways. A credential gets the records that are about it; a row gets the credential that holds it, or none; and
// where a listing is whole, a credential that should stand in it and does not is told.
//
// What is not certain is not joined: a part of a value that two rows of a listing show, or two credentials have, joins nothing
// and becomes a note. It never judges and never prints a value; keyed sums are all it sees of one.
package join

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sprawl/finding"
	"sprawl/internal/identity"
	"sprawl/inventory"
)

// Result is what came of a join. Slices are in an order that depends on the input alone.
type Result struct {
	// Records are of each credential, by its id: exact ones first.
	Records map[string][]finding.Record
	// Rows are the credentials and third parties that inventories list, one for each, whether or not some code holds it.
	Rows []finding.InventoryRow
	// Principals are the users, service accounts and applications that inventories list.
	Principals []finding.InventoryRow
	// References are the secrets and variables that systems list by name. Which of them a pipeline uses is for the caller to
	// find out.
	References []inventory.Row
	// Ties say that the value of a listed reference is a found credential.
	Ties []Tie
	// Unlisted are credentials that a whole listing of their kind and account does not hold.
	Unlisted []Unlisted
	Notes    []Note
}

// Tie is a reference whose value was found.
type Tie struct {
	Credential string // id
	Reference  int    // index in Result.References
}

// Unlisted is a credential that its provider's administrator does not know of: deleted there, or made elsewhere.
type Unlisted struct {
	Credential string // id
	System     string
	Source     string // the inventory's name
	AsOf       time.Time
	Why        string
}

// Note is why something was not joined, or only in part.
type Note struct {
	Credential string // id, "" where it's about an inventory
	Source     string // the inventory's name
	Msg        string
}

// Join joins. keys is what made the inventories' sums. The credentials are read, not changed; Apply puts the records into them.
func Join(cs []finding.Credential, invs []*inventory.Inventory, keys *identity.Keys) Result {
	j := &joiner{cs: cs, keys: keys, index: map[inventory.Key][]int32{}, refs: map[int32]int{}}
	j.res.Records = map[string][]finding.Record{}
	for i, inv := range invs {
		for n := range inv.Rows {
			j.rows = append(j.rows, row{&inv.Rows[n], inv, int32(i)})
		}
	}
	for i := range j.rows {
		for _, k := range j.rows[i].Keys {
			j.index[k] = append(j.index[k], int32(i))
		}
		if j.rows[i].Class == inventory.Reference {
			j.refs[int32(i)] = len(j.res.References)
			j.res.References = append(j.res.References, *j.rows[i].Row)
		}
	}
	j.gather()
	j.shapesOf()
	for i := range j.found {
		j.sure(i)
	}
	for i := range j.found {
		j.probable(i)
	}
	for i := range j.found {
		j.parents(i)
		j.records(i)
	}
	j.res.Rows = j.listed(func(r *row) bool { return r.Class == inventory.Credential || r.Class == inventory.ThirdParty }, false)
	j.res.Principals = j.listed(func(r *row) bool { return r.Class == inventory.Principal }, true)
	j.unlisted(invs)
	slices.SortFunc(j.res.Notes, func(a, b Note) int {
		return cmp.Or(cmp.Compare(a.Credential, b.Credential), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Msg, b.Msg))
	})
	j.res.Notes = slices.Compact(j.res.Notes)
	return j.res
}

// Apply puts the records of a result into the credentials.
func Apply(cs []finding.Credential, res Result) {
	for i := range cs {
		cs[i].Records = append(cs[i].Records, res.Records[cs[i].ID]...)
	}
}

type row struct {
	*inventory.Row
	inv  *inventory.Inventory
	file int32 // index of inv
}

// found is one credential on its way through the join.
type found struct {
	c       *finding.Credential
	sure    []inventory.Key // of itself: ids and hashes
	maybe   []inventory.Key // of itself: parts of the value
	parents []inventory.Key
	rows    map[int32]finding.Match
	files   map[int32]bool // inventories with a sure row of class Credential
}

type joiner struct {
	cs    []finding.Credential
	keys  *identity.Keys
	rows  []row
	index map[inventory.Key][]int32
	refs  map[int32]int
	found []found
	// claimed are rows that a credential is surely joined with, by row.
	claimed map[int32]int
	// holders are the credentials that have a part of a value.
	holders map[inventory.Key][]int
	shapes  map[int32]map[string]shape // by file
	res     Result
}

// fits says whether a row can be about the credential's kind.
func (r *row) fits(c *finding.Credential) bool {
	return len(r.Kinds) == 0 || slices.Contains(r.Kinds, c.Kind) || slices.ContainsFunc(c.Aliases, func(a string) bool { return slices.Contains(r.Kinds, a) })
}

// own is whether a row is about a credential itself, not about who holds it.
func (r *row) own() bool { return r.Class != inventory.Principal && r.Class != inventory.Account }

// gather makes the keys of the credentials: of the secret only those forms that some row of its kind shows.
func (j *joiner) gather() {
	byKind := map[string]map[string]bool{}
	for i := range j.rows {
		r := &j.rows[i]
		for _, k := range r.Keys {
			if strings.Contains(k.Form, ".") {
				continue
			}
			kinds := r.Kinds
			if len(kinds) == 0 {
				kinds = []string{""}
			}
			for _, kind := range kinds {
				if byKind[kind] == nil {
					byKind[kind] = map[string]bool{}
				}
				byKind[kind][k.Form] = true
			}
		}
	}
	forms := func(c *finding.Credential) []string {
		set := map[string]bool{}
		maps.Copy(set, byKind[""])
		maps.Copy(set, byKind[c.Kind])
		for _, a := range c.Aliases {
			maps.Copy(set, byKind[a])
		}
		return slices.Sorted(maps.Keys(set))
	}
	j.claimed, j.holders = map[int32]int{}, map[inventory.Key][]int{}
	j.found = make([]found, len(j.cs))
	for i := range j.cs {
		c := &j.cs[i]
		f := &j.found[i]
		f.c, f.rows, f.files = c, map[int32]finding.Match{}, map[int32]bool{}
		f.sure, f.parents = ids(c)
		for _, s := range j.sums(c, forms(c)) {
			k := inventory.Key{Form: s.Form, Value: s.Sum}
			if k.Match() == finding.MatchSuffix {
				f.maybe = append(f.maybe, k)
				j.holders[k] = append(j.holders[k], i)
			} else {
				f.sure = append(f.sure, k)
			}
		}
	}
}

// sums are the forms of a credential's secret half: made from the value where it is at hand, else as they were made when it was.
func (j *joiner) sums(c *finding.Credential, forms []string) []finding.Join {
	if len(forms) == 0 {
		return nil
	}
	var stored []finding.Join
	for i := range c.Sightings {
		s := &c.Sightings[i]
		if p := s.Part(finding.RoleSecret); p != nil && !p.Secret.IsZero() {
			return j.keys.Forms(p.Secret, forms...)
		}
		stored = append(stored, s.Joins...)
	}
	slices.SortFunc(stored, func(a, b finding.Join) int { return cmp.Or(cmp.Compare(a.Form, b.Form), cmp.Compare(a.Sum, b.Sum)) })
	return slices.Compact(stored)
}

func rank(m finding.Match) int {
	return slices.Index([]finding.Match{finding.MatchExact, finding.MatchHash, finding.MatchSuffix, finding.MatchParent}, m)
}

// records writes down what a credential was joined with.
func (j *joiner) records(i int) {
	f := &j.found[i]
	var out []finding.Record
	slots := map[string]bool{}
	newest := j.newest(f)
	for _, n := range slices.Sorted(maps.Keys(f.rows)) {
		r := &j.rows[n]
		if r.Record.AsOf.Before(newest[subject(r)]) {
			continue
		}
		rec := r.Record
		rec.Match = f.rows[n]
		out = append(out, rec)
		if at, ok := j.refs[n]; ok {
			j.res.Ties = append(j.res.Ties, Tie{f.c.ID, at})
		}
		if r.Class == inventory.Principal && r.Fact("principal_keys") != "" {
			slots[r.inv.Name+"\x00"+r.Record.Key] = true
		}
		if old := f.c.FirstSeen; !old.IsZero() && rec.Match != finding.MatchParent && !rec.AsOf.IsZero() && rec.AsOf.Before(old) {
			j.note(f.c.ID, r.inv.Name, "the export is older than the first place that holds it: what has happened since is not in it")
		}
	}
	j.ambiguousSlot(f, slots)
	if len(out) == 0 {
		return
	}
	slices.SortStableFunc(out, func(a, b finding.Record) int {
		return cmp.Or(cmp.Compare(rank(a.Match), rank(b.Match)), cmp.Compare(a.System, b.System), cmp.Compare(a.Key, b.Key))
	})
	j.res.Records[f.c.ID] = out
}

// named is what two exports of one format both speak of.
type named struct {
	format, system, key string
	class               inventory.Class
}

func subject(r *row) named { return named{r.inv.Format, r.Record.System, r.Record.Key, r.Class} }

// newest is when each thing that a credential was joined with was last exported. What an older export of the same says of it is not
// so any more; events are of their own times.
func (j *joiner) newest(f *found) map[named]time.Time {
	out := map[named]time.Time{}
	for n := range f.rows {
		r := &j.rows[n]
		if k := subject(r); r.Class != inventory.Event && r.Record.Key != "" && r.Record.AsOf.After(out[k]) {
			out[k] = r.Record.AsOf
		}
	}
	return out
}

// ambiguousSlot says where a credential report was joined by its user alone: it has two slots for keys and names neither key.
func (j *joiner) ambiguousSlot(f *found, users map[string]bool) {
	if len(users) == 0 {
		return
	}
	for n, m := range f.rows {
		if r := &j.rows[n]; m != finding.MatchParent && r.Class == inventory.Credential && r.Record.System == "aws-credential-report" {
			return
		}
	}
	for u := range users {
		source, _, _ := strings.Cut(u, "\x00")
		j.note(f.c.ID, source, "matched by user, slot ambiguous: the report names no access key; aws iam list-access-keys --user-name USER tells which slot it is")
	}
}

func (j *joiner) note(credential, source, msg string) {
	j.res.Notes = append(j.res.Notes, Note{credential, source, msg})
}

func where(r *row) string { return "row " + fmt.Sprint(r.Number) }

// part is a form in words.
func part(form string) string {
	kind, arg, _ := strings.Cut(form, ":")
	switch kind {
	case "last", "first":
		return kind + " " + arg + " characters"
	case "ends":
		return "two ends"
	}
	return form
}

// noun is the last word of a form with a dot.
func noun(form string) string {
	_, s, _ := strings.Cut(form, ".")
	return strings.ReplaceAll(s, "_", " ")
}
