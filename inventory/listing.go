package inventory

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// listing is a format as data: signs by which it is recognised and mappings by which it is read. Every format is one.
type listing struct {
	Name, Title, System                       string
	Command, Permission, Docs, Joins, Decides string
	Lists                                     []string

	// Signs are alternatives: each is the paths or columns that must have been seen, separated by spaces; see Head.has.
	Signs    []string
	Mappings []Mapping
	// Columns are the documented columns of a table; another one is told.
	Columns string
	// Prepare, if set, makes mappings that depend on what the caller knows.
	Prepare func(Meta) ([]Mapping, error)
	// Read, if set, reads what is neither JSON nor a table.
	Read  func(r io.Reader, l *loading) error
	Sniff func(*Head) bool
	// Within are forms: the values that rows' parents have of them are what the export lists the credentials of.
	Within []string
	// One are forms of which an export has one value; several are told.
	One []string
	// Fold joins rows of one Record.Key to one: events.
	Fold bool
	// End sees all rows.
	End func(l *loading)
}

func (d listing) format() Format {
	f := Format{
		Name: d.Name, Title: d.Title, System: d.System, Command: d.Command, Permission: d.Permission, Docs: d.Docs,
		Joins: d.Joins, Decides: d.Decides, Lists: d.Lists, Load: d.load, Sniff: d.Sniff,
	}
	if f.Sniff == nil {
		f.Sniff = func(h *Head) bool { return slices.ContainsFunc(d.Signs, h.has) }
	}
	return f
}

// Bounds on what one row may become.
const (
	maxFacts    = 120
	maxText     = 400 // bytes of a fact
	maxTroubles = 50  // told a file; the rest are counted
	maxFold     = 32  // values of one field of a folded row
)

// skew is how far two clocks may differ before it's worth telling.
const skew = 5 * time.Minute

// loading is an export being read.
type loading struct {
	listing
	meta     Meta
	inv      *Inventory
	troubles []Trouble
	more     int // troubles beyond maxTroubles
	number   int // of the object being read
	first    map[rowID]int
	fold     map[string]int // Record.Key to index in inv.Rows
	envelope map[string]string
	document int // index in inv.Rows of the first row of the document being read
	late     bool
	source   string
}

type rowID struct {
	class Class
	key   string
}

func (l *loading) trouble(row int, format string, args ...any) {
	if len(l.troubles) >= maxTroubles {
		l.more++
		return
	}
	l.troubles = append(l.troubles, Trouble{l.meta.Name, row, fmt.Sprintf(format, args...)})
}

func (d listing) load(ctx context.Context, r io.Reader, m Meta) (*Inventory, []Trouble, error) {
	l := &loading{
		listing: d, meta: m, first: map[rowID]int{}, fold: map[string]int{}, envelope: map[string]string{},
		inv:    &Inventory{Format: d.Name, System: d.System, Name: m.Name, AsOf: m.AsOf},
		source: "inventory:" + m.Name,
	}
	if d.Prepare != nil {
		ms, err := d.Prepare(m)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", m.Name, err)
		}
		l.Mappings = ms
	}
	var err error
	r = plain(r)
	switch tables := func(m Mapping) bool { return m.Rows == Table }; {
	case d.Read != nil:
		err = d.Read(r, l)
	case !slices.ContainsFunc(l.Mappings, tables):
		err = l.readJSON(ctx, r)
	default:
		// Some are printed as either.
		br := bufio.NewReaderSize(r, 64<<10)
		r = br
		if table := !beginsJSON(br); table || !slices.ContainsFunc(l.Mappings, func(m Mapping) bool { return !tables(m) }) {
			l.Mappings = slices.DeleteFunc(slices.Clone(l.Mappings), func(m Mapping) bool { return !tables(m) })
			err = l.readTable(ctx, r)
		} else {
			l.Mappings = slices.DeleteFunc(slices.Clone(l.Mappings), tables)
			err = l.readJSON(ctx, r)
		}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: read as %s: %w", m.Name, d.Name, err)
	}
	if d.End != nil {
		d.End(l)
	}
	l.finish()
	return l.inv, l.troubles, nil
}

// finish says what the export covers and closes the list of troubles.
func (l *loading) finish() {
	within := map[Key]bool{}
	one := map[string]map[string]bool{}
	for i := range l.inv.Rows {
		r := &l.inv.Rows[i]
		for _, k := range slices.Concat(r.Parents, r.Keys) {
			if slices.Contains(l.listing.Within, k.Form) {
				within[k] = true
			}
			if slices.Contains(l.One, k.Form) {
				if one[k.Form] == nil {
					one[k.Form] = map[string]bool{}
				}
				one[k.Form][k.Value] = true
			}
		}
	}
	for k := range within {
		l.inv.Within = append(l.inv.Within, k)
	}
	slices.SortFunc(l.inv.Within, func(a, b Key) int { return strings.Compare(a.Form+"\x00"+a.Value, b.Form+"\x00"+b.Value) })
	if len(l.inv.Rows) == 0 {
		l.trouble(0, "no row could be used")
		if l.number > 0 && l.inv.Partial == "" {
			l.inv.Partial = "none of its rows could be used"
		}
	}
	if l.inv.Partial == "" {
		l.inv.Lists = l.listing.Lists
	} else {
		l.trouble(0, "%s: what is not in it may still exist", l.inv.Partial)
	}
	if now := l.meta.Now; !now.IsZero() && l.meta.AsOf.After(now.Add(skew)) {
		l.trouble(0, "the export is of %s, which lies in the future: its date or this clock is wrong", l.meta.AsOf.UTC().Format(time.RFC3339))
	}
	for _, form := range slices.Sorted(maps.Keys(one)) {
		if n := len(one[form]); n > 1 {
			_, what, _ := strings.Cut(form, ".")
			l.trouble(0, "rows of %d %s stand in one file: each is kept with its own", n, strings.TrimSuffix(what, "y")+map[bool]string{true: "ies", false: "s"}[strings.HasSuffix(what, "y")])
		}
	}
	if l.more > 0 {
		l.troubles = append(l.troubles, Trouble{l.meta.Name, 0, fmt.Sprintf("%d more troubles are not listed", l.more)})
	}
}
