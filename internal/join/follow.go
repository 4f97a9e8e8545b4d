package join

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sprawl/finding"
	"sprawl/inventory"
)

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
