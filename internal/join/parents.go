package join

import (
	"fmt"
	"maps"
	"slices"

	"sprawl/finding"
	"sprawl/inventory"
)

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
