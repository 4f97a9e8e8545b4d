package join

import (
	"cmp"
	"slices"
	"strings"

	"sprawl/finding"
	"sprawl/inventory"
)

// listed makes one row of each thing that inventories list and counts says is one, from all rows that share an id. A row is held by
// the credential that was joined with it, for principals also by one that belongs to it.
func (j *joiner) listed(counts func(*row) bool, principals bool) []finding.InventoryRow {
	var out []finding.InventoryRow
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
			if m == finding.MatchParent && !principals || !counts(&j.rows[n]) {
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
			return cmp.Or(cmp.Compare(unnamed(a), unnamed(b)), cmp.Compare(a.Record.System, b.Record.System), cmp.Compare(a.Record.Key, b.Record.Key), b.Record.AsOf.Compare(a.Record.AsOf), cmp.Compare(a.Record.Source, b.Record.Source))
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
		row := finding.InventoryRow{ID: j.keys.InventoryID(rec.System, key), Record: rec, Found: holder[g]}
		if kinds := rows[0].Kinds; len(kinds) == 1 {
			row.Kind = kinds[0]
		}
		out = append(out, row)
	}
	return out
}

// unnamed is 0 for a row that goes by an id that its provider has given the credential, else 1.
func unnamed(r *row) int {
	if slices.ContainsFunc(r.Keys, func(k inventory.Key) bool { return strings.HasSuffix(k.Form, ".key_id") && k.Value == r.Record.Key }) {
		return 0
	}
	return 1
}
