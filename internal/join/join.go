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
	j.listed()
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

// sure joins by ids and hashes, and goes on with the ids of what it meets: a hash in an audit log leads to the token's id and that
// to the listing of grants. What is good in one cluster alone comes last: a value may have told by then which of them it is.
func (j *joiner) sure(i int) {
	f := &j.found[i]
	for _, here := range []bool{false, true} {
		for _, k := range f.sure {
			if local(k) == here {
				j.follow(i, k, k.Match(), -1)
			}
		}
	}
}

// local reports whether a key names something within one cluster: another cluster has a secret of that name too.
func local(k inventory.Key) bool { return strings.HasPrefix(k.Form, "kubernetes.") }

// here leaves those of the rows with a local key that stand in one export: file, or, where that is -1, the only one, or the one in
// which the credential is known by something else.
func (j *joiner) here(f *found, k inventory.Key, rows []int32, file int32) []int32 {
	files := map[int32]bool{}
	for _, n := range rows {
		files[j.rows[n].file] = true
	}
	switch {
	case file >= 0:
		files = map[int32]bool{file: true}
	case len(files) > 1:
		names := map[string]bool{}
		for at := range files {
			for _, n := range rows {
				if j.rows[n].file == at {
					names[j.rows[n].inv.Name] = true
				}
			}
			if !f.in(j, at) {
				delete(files, at)
			}
		}
		if len(files) == 0 {
			j.note(f.c.ID, strings.Join(slices.Sorted(maps.Keys(names)), ", "), "each has a "+noun(k.Form)+" of this name: which of them it is cannot be told")
		}
	}
	return slices.DeleteFunc(rows, func(n int32) bool { return !files[j.rows[n].file] })
}

// follow goes from a key to its rows and on to what these are known by. from is the export in which the key stands, -1 for one of
// the credential itself.
func (j *joiner) follow(i int, start inventory.Key, m finding.Match, from int32) {
	f := &j.found[i]
	type step struct {
		key  inventory.Key
		m    finding.Match
		file int32 // where the key stands, -1 for one of the credential itself
	}
	for queue := []step{{start, m, from}}; len(queue) > 0; {
		s := queue[0]
		queue = queue[1:]
		var rows []int32
		for _, n := range j.index[s.key] {
			if r := &j.rows[n]; r.own() && r.fits(f.c) {
				rows = append(rows, n)
			}
		}
		if local(s.key) {
			rows = j.here(f, s.key, rows, s.file)
		}
		for _, n := range rows {
			r := &j.rows[n]
			if had, ok := f.rows[n]; ok && rank(had) <= rank(s.m) {
				continue
			}
			f.rows[n] = s.m
			if s.m != finding.MatchSuffix {
				if r.Class == inventory.Credential {
					j.claimed[n] = i
					f.files[r.file] = true
				}
			}
			for _, k := range r.Keys {
				if k != s.key && k.Match() == finding.MatchExact && k.Form != "value" {
					queue = append(queue, step{k, s.m, r.file})
				}
			}
		}
	}
}

// probable joins by a part of the value: one row of the listing shows it, and one credential has it.
func (j *joiner) probable(i int) {
	f := &j.found[i]
	for _, k := range f.maybe {
		byFile := map[int32][]int32{}
		for _, n := range j.index[k] {
			r := &j.rows[n]
			if at, taken := j.claimed[n]; taken && at != i || !r.own() || !r.fits(f.c) || f.files[r.file] || conflict(f, r.Row) {
				continue
			}
			byFile[r.file] = append(byFile[r.file], n)
		}
		for _, file := range slices.Sorted(maps.Keys(byFile)) {
			rows := byFile[file]
			inv := j.rows[rows[0]].inv
			if n := j.distinct(rows); n > 1 {
				j.note(f.c.ID, inv.Name, fmt.Sprintf("%d rows show the same %s: which of them it is cannot be told", n, part(k.Form)))
				continue
			}
			if n := j.rivals(k, rows[0]); n > 1 {
				j.note(f.c.ID, inv.Name, fmt.Sprintf("%d found credentials have the %s that %s shows: which of them it is cannot be told", n, part(k.Form), where(&j.rows[rows[0]])))
				continue
			}
			for _, n := range rows {
				j.probably(i, n)
			}
		}
	}
}

// probably adds a row by a part, and what its own ids lead to.
func (j *joiner) probably(i int, n int32) {
	f := &j.found[i]
	if _, ok := f.rows[n]; !ok {
		f.rows[n] = finding.MatchSuffix
	}
	for _, k := range j.rows[n].Keys {
		if k.Match() == finding.MatchExact && k.Form != "value" {
			j.follow(i, k, finding.MatchSuffix, j.rows[n].file)
		}
	}
}

// distinct counts the credentials that rows of one listing are about.
func (j *joiner) distinct(rows []int32) int {
	seen := map[string]bool{}
	for _, n := range rows {
		seen[j.rows[n].Record.Key] = true
	}
	return len(seen)
}

// rivals counts the credentials that could be a row by a part of their value.
func (j *joiner) rivals(k inventory.Key, n int32) int {
	r, count := &j.rows[n], 0
	for _, i := range j.holders[k] {
		f := &j.found[i]
		if r.fits(f.c) && !f.files[r.file] && !conflict(f, r.Row) {
			count++
		}
	}
	return count
}

// conflict reports whether a row belongs to another account, project or user than the credential says it does itself.
func conflict(f *found, r *inventory.Row) bool {
	for _, p := range f.parents {
		same, other := false, false
		for _, q := range r.Parents {
			if p.Form == q.Form {
				same = same || p.Value == q.Value
				other = other || p.Value != q.Value
			}
		}
		if other && !same {
			return true
		}
	}
	return false
}

// in reports whether a credential is joined with a row of an export that is about itself.
func (f *found) in(j *joiner, file int32) bool {
	for n, m := range f.rows {
		if m != finding.MatchParent && j.rows[n].file == file {
			return true
		}
	}
	return false
}

// maxParents is how far up accounts are followed: key, user, account, organisation, and one to spare.
const maxParents = 5

// parents joins with what the credential belongs to.
func (j *joiner) parents(i int) {
	f := &j.found[i]
	up := slices.Clone(f.parents)
	for _, n := range slices.Sorted(maps.Keys(f.rows)) {
		up = append(up, j.rows[n].Parents...)
	}
	seen := map[inventory.Key]bool{}
	for range maxParents {
		var next []inventory.Key
		for _, k := range up {
			if seen[k] {
				continue
			}
			seen[k] = true
			var above []int32
			for _, n := range j.index[k] {
				if r := &j.rows[n]; !r.own() || r.Class == inventory.Event {
					above = append(above, n)
				}
			}
			if local(k) {
				above = j.here(f, k, above, -1)
			}
			byFile := map[int32][]int32{}
			for _, n := range above {
				byFile[j.rows[n].file] = append(byFile[j.rows[n].file], n)
			}
			for _, file := range slices.Sorted(maps.Keys(byFile)) {
				rows := byFile[file]
				if j.rows[rows[0]].Class == inventory.Principal && j.distinct(rows) > 1 {
					j.note(f.c.ID, j.rows[rows[0]].inv.Name, fmt.Sprintf("%d rows go by the name of its %s: which of them holds it cannot be told", j.distinct(rows), noun(k.Form)))
					continue
				}
				for _, n := range rows {
					if _, ok := f.rows[n]; !ok {
						f.rows[n] = finding.MatchParent
						next = append(next, j.rows[n].Parents...)
					}
				}
			}
		}
		if len(next) == 0 {
			return
		}
		up = next
	}
}

// records writes down what a credential was joined with.
func (j *joiner) records(i int) {
	f := &j.found[i]
	var out []finding.Record
	slots := map[string]bool{}
	for _, n := range slices.Sorted(maps.Keys(f.rows)) {
		r := &j.rows[n]
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

// listed makes one InventoryRow of each credential or third party that is listed, from all rows that share an id.
func (j *joiner) listed() {
	parent := make([]int32, len(j.rows))
	for i := range parent {
		parent[i] = int32(i)
	}
	root := func(i int32) int32 {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	counts := func(r *row) bool {
		return r.Class == inventory.Credential || r.Class == inventory.ThirdParty
	}
	type name struct {
		inventory.Key
		file int32 // of a key that is good in one export
	}
	first := map[name]int32{}
	for i := range j.rows {
		r := &j.rows[i]
		if !counts(r) {
			continue
		}
		for _, k := range r.Keys {
			if k.Match() != finding.MatchExact || k.Form == "value" {
				continue
			}
			w := name{k, -1}
			if local(k) {
				w.file = r.file
			}
			if at, ok := first[w]; ok {
				a, b := root(at), root(int32(i))
				parent[max(a, b)] = min(a, b)
			} else {
				first[w] = int32(i)
			}
		}
	}
	holder := map[int32]string{}
	for i := range j.found {
		for n, m := range j.found[i].rows {
			if m == finding.MatchParent || !counts(&j.rows[n]) {
				continue
			}
			if had := holder[root(n)]; had == "" || j.found[i].c.ID < had {
				holder[root(n)] = j.found[i].c.ID
			}
		}
	}
	groups := map[int32][]*row{}
	var order []int32
	for i := range j.rows {
		if r := &j.rows[i]; counts(r) {
			g := root(int32(i))
			if groups[g] == nil {
				order = append(order, g)
			}
			groups[g] = append(groups[g], r)
		}
	}
	for _, g := range order {
		rows := groups[g]
		// The row that goes by the provider's id gives the group its name, whichever export was read first.
		slices.SortStableFunc(rows, func(a, b *row) int {
			return cmp.Or(cmp.Compare(unnamed(a), unnamed(b)), cmp.Compare(a.Record.System, b.Record.System), cmp.Compare(a.Record.Key, b.Record.Key), cmp.Compare(a.Record.Source, b.Record.Source))
		})
		rec := rows[0].Record
		rec.Facts, rec.Match = slices.Clone(rec.Facts), ""
		for _, r := range rows[1:] {
			for _, f := range r.Record.Facts {
				if !slices.Contains(rec.Facts, f) {
					rec.Facts = append(rec.Facts, f)
				}
			}
		}
		key := rec.Key
		if key == "" {
			key = rec.Source
		}
		j.res.Rows = append(j.res.Rows, finding.InventoryRow{ID: j.keys.InventoryID(rec.System, key), Record: rec, Found: holder[g]})
	}
}

// unnamed is 0 for a row that goes by an id that its provider has given the credential, else 1.
func unnamed(r *row) int {
	if slices.ContainsFunc(r.Keys, func(k inventory.Key) bool { return strings.HasSuffix(k.Form, ".key_id") && k.Value == r.Record.Key }) {
		return 0
	}
	return 1
}

// unlisted finds the credentials that should stand in a listing.
func (j *joiner) unlisted(invs []*inventory.Inventory) {
	accounts := wholeAccounts(invs)
	for i := range j.found {
		f := &j.found[i]
		held := map[int32]bool{}
		own := f.parents
		for n, m := range f.rows {
			if m != finding.MatchParent && j.rows[n].Class == inventory.Credential {
				held[j.rows[n].file] = true
			}
		}
		if len(held) > 0 {
			continue
		}
		for at, inv := range invs {
			if !slices.Contains(inv.Lists, f.c.Kind) || j.undecided(f, int32(at)) {
				continue
			}
			within := ""
			for _, p := range own {
				if slices.Contains(inv.Within, p) || accounts[inv][p] {
					within = noun(p.Form) + " " + p.Value
					break
				}
			}
			if within == "" {
				if len(inv.Within) == 0 {
					j.note(f.c.ID, inv.Name, "the listing does not hold it: it was deleted, or is of an account that is not listed here, and neither says which")
				}
				continue
			}
			if !f.c.LastSeen.IsZero() && !inv.AsOf.IsZero() && inv.AsOf.Before(f.c.FirstSeen) {
				j.note(f.c.ID, inv.Name, "the export is older than the first place that holds it: whether it is listed now cannot be told")
				continue
			}
			j.res.Unlisted = append(j.res.Unlisted, Unlisted{
				Credential: f.c.ID, System: inv.System, Source: inv.Name, AsOf: inv.AsOf,
				Why: "a whole listing of " + within + " does not hold it: it was deleted there, or never was of it",
			})
		}
	}
}

// undecided reports whether the listing could hold the credential without showing it: the credential has no key of a form that
// the listing's rows have, or one that is ambiguous in it.
func (j *joiner) undecided(f *found, file int32) bool {
	forms := map[string]bool{}
	for _, k := range f.sure {
		forms[k.Form] = true
	}
	for _, k := range f.maybe {
		for _, n := range j.index[k] {
			if j.rows[n].file == file {
				return true // shown, and not joined
			}
		}
		forms[k.Form] = true
	}
	comparable := false
	for _, s := range j.shapes[file] {
		if !s.example.fits(f.c) {
			continue
		}
		if !slices.ContainsFunc(s.forms, func(form string) bool { return forms[form] }) {
			return true
		}
		comparable = true
	}
	return !comparable
}

// shape is what the rows of a listing have in common as far as a comparison goes: their kinds and the forms of their keys.
type shape struct {
	example *row
	forms   []string
}

// shapesOf gathers the shapes of each file's credentials: a handful, however many rows there are.
func (j *joiner) shapesOf() {
	j.shapes = map[int32]map[string]shape{}
	for i := range j.rows {
		r := &j.rows[i]
		if r.Class != inventory.Credential {
			continue
		}
		var forms []string
		for _, k := range r.Keys {
			forms = append(forms, k.Form)
		}
		slices.Sort(forms)
		forms = slices.Compact(forms)
		name := strings.Join(r.Kinds, " ") + "\x00" + strings.Join(forms, " ")
		if j.shapes[r.file] == nil {
			j.shapes[r.file] = map[string]shape{}
		}
		j.shapes[r.file][name] = shape{r, forms}
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
