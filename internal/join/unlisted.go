package join

import (
	"slices"
	"strings"

	"sprawl/finding"
	"sprawl/inventory"
)

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
