package detectors

import (
	"fmt"
	"strings"

	"sprawl/finding"
)

// said is what one page says of some kinds of the tables.
type said struct {
	page   string
	kinds  string // ids
	traits string // words of traitWords; a minus before one is a no; "" if it says none of them
}

// better is what a page says better than a table's row does; "" keeps what stands in the row.
type better struct {
	kinds                        string
	docs, rotate, revoke, format string
}

// traitWords are the traits as said names them.
var traitWords = map[string]func(*Traits) *finding.Trait{
	"expires":    func(t *Traits) *finding.Trait { return &t.Expires },
	"scoped":     func(t *Traits) *finding.Trait { return &t.Scoped },
	"last-used":  func(t *Traits) *finding.Trait { return &t.LastUsed },
	"overlap":    func(t *Traits) *finding.Trait { return &t.Overlap },
	"rotate-api": func(t *Traits) *finding.Trait { return &t.RotateAPI },
	"restricted": func(t *Traits) *finding.Trait { return &t.Restricted },
	"human":      func(t *Traits) *finding.Trait { return &t.HumanIssued },
}

// read adds to rows of the tables what the pages of their providers say. It panics on what
// is no kind, no trait, or said twice: pages are part of the program.
func read(rows []Detector) []Detector {
	at := make(map[string]int, len(rows))
	for i := range rows {
		at[rows[i].ID] = i
	}
	row := func(id string) *Detector {
		i, ok := at[id]
		if !ok {
			panic(fmt.Sprintf("a page about %q, which is no kind", id))
		}
		return &rows[i]
	}
	for _, s := range pages {
		for _, id := range strings.Fields(s.kinds) {
			d := row(id)
			if s.traits == "" {
				d.Silent = s.page
			}
			for _, w := range strings.Fields(s.traits) {
				name, isNo := strings.CutPrefix(w, "-")
				of, ok := traitWords[name]
				if !ok {
					panic(fmt.Sprintf("%s: %q is no trait", id, name))
				}
				t := of(&d.Traits)
				if t.Value != finding.Unknown {
					panic(fmt.Sprintf("%s: %s is said twice", id, name))
				}
				if *t = yes(s.page); isNo {
					*t = no(s.page)
				}
			}
		}
	}
	for i := range rows {
		if d := &rows[i]; d.Silent != "" && d.Traits != (Traits{}) {
			panic(fmt.Sprintf("%s: %s says nothing, and another page does", d.ID, d.Silent))
		}
	}
	for _, b := range betterWords {
		for _, id := range strings.Fields(b.kinds) {
			d := row(id)
			for _, x := range []struct {
				to  *string
				now string
			}{{&d.Docs, b.docs}, {&d.Rotate, b.rotate}, {&d.Revoke, b.revoke}, {&d.Format, b.format}} {
				if x.now != "" {
					*x.to = x.now
				}
			}
		}
	}
	return rows
}
