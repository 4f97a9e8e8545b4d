package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"sprawl/finding"
)

// rotation is how long an owner's credentials take from the day they are first seen in code to the day they are rotated, by
// the dates of inventories. What no inventory dates is unknown, never "in time".
type rotation struct {
	open, overdue, unknown int
	days                   []int // from first seen to rotated, of those that were rotated since
	waiting                []int // since first seen, of those that an inventory says were not
}

// rotations is by owner.
type rotations map[string]*rotation

func (r rotations) add(c *finding.Credential, asOf time.Time, overdue bool) {
	name := cmp.Or(c.Owner.Name, "nobody")
	if r[name] == nil && len(r) >= namesKept {
		name = others
	}
	if r[name] == nil {
		r[name] = &rotation{}
	}
	o := r[name]
	o.open++
	if overdue {
		o.overdue++
	}
	rotated, dated := rotatedAt(c)
	switch age := ageDays(c, asOf); {
	case age < 0 || !dated:
		o.unknown++
	case rotated.After(c.FirstSeen):
		o.days = append(o.days, int(rotated.Sub(c.FirstSeen)/(24*time.Hour)))
	default:
		o.waiting = append(o.waiting, age)
	}
}

// rotatedAt is when a credential was last rotated: the zero time where a source that dates it knows of no rotation. dated is
// false where no source dates it.
func rotatedAt(c *finding.Credential) (at time.Time, dated bool) {
	look := func(facts []finding.Fact) {
		for _, f := range facts {
			switch f.Field {
			case "rotated", "last_rotated":
				dated = true
				if t, err := time.Parse(time.RFC3339, f.Value); err == nil && t.After(at) {
					at = t
				}
			case "created":
				dated = true
			}
		}
	}
	for _, r := range c.Records {
		look(r.Facts)
	}
	return at, dated
}

// rotationRow is an owner's rotation in words. Days are "" where none is known.
type rotationRow struct {
	Owner                                    string
	Open, Overdue, Rotated, Waiting, Unknown int
	Median, Longest, Oldest                  string
	Gone                                     int    // since an earlier report
	Stood                                    string // median days for which they had stood
}

func (r rotations) rows(c *changes) []rotationRow {
	names := slices.Collect(maps.Keys(r))
	if c != nil {
		for name, o := range c.owners {
			if o.gone > 0 && r[name] == nil {
				names = append(names, name)
			}
		}
	}
	var all []rotationRow
	for _, name := range names {
		o := r[name]
		if o == nil {
			o = &rotation{}
		}
		row := rotationRow{
			Owner: Visible(name), Open: o.open, Overdue: o.overdue, Rotated: len(o.days), Waiting: len(o.waiting), Unknown: o.unknown,
		}
		if m, ok := middle(o.days); ok {
			row.Median, row.Longest = fmt.Sprint(m), fmt.Sprint(slices.Max(o.days))
		}
		if len(o.waiting) > 0 {
			row.Oldest = fmt.Sprint(slices.Max(o.waiting))
		}
		if c != nil {
			if g := c.owners[Visible(name)]; g != nil && g.gone > 0 {
				row.Gone = g.gone
				if m, ok := middle(g.stood); ok {
					row.Stood = fmt.Sprint(m)
				}
			}
		}
		all = append(all, row)
	}
	slices.SortFunc(all, func(a, b rotationRow) int {
		return cmp.Or(cmp.Compare(b.Overdue, a.Overdue), cmp.Compare(b.Open, a.Open), cmp.Compare(a.Owner, b.Owner))
	})
	return all
}
