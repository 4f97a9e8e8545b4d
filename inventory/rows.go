package inventory

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"sprawl/finding"
)

// object makes the rows of one object.
func (l *loading) object(o Object, ms []Mapping) {
	if o.m == nil {
		l.trouble(l.number, "is empty")
		return
	}
	any := false
	for i := range ms {
		m := &ms[i]
		if m.Each == "" {
			if o.holds(m.If) {
				any = true
				l.row(o, m)
			}
			continue
		}
		if len(o.All(strings.TrimSuffix(m.Each, "[]"))) > 0 {
			any = true
		}
		for _, e := range o.Objects(m.Each) {
			if e.holds(m.If) {
				l.row(e, m)
			}
		}
	}
	if !any {
		l.trouble(l.number, "has none of the fields of %s", l.Name)
	}
}

// row makes one row and adds it.
func (l *loading) row(o Object, m *Mapping) {
	r := Row{Class: m.Class, Kinds: m.Kinds, Number: l.number}
	r.Record = finding.Record{System: m.System, Source: l.meta.Name + ":" + strconv.Itoa(l.number), AsOf: l.meta.AsOf}
	if r.Record.System == "" {
		r.Record.System = l.System
	}
	if m.Key != "" {
		r.Record.Key = cutText(o.Text(m.Key))
		if r.Record.Key == "" {
			l.trouble(l.number, "has no %s", m.Key)
			return
		}
	}
	for i := range m.Facts {
		l.facts(o, &m.Facts[i], &r)
	}
	for i := range m.Keys {
		r.Keys = append(r.Keys, l.keys(o, &m.Keys[i])...)
	}
	for i := range m.Parents {
		r.Parents = append(r.Parents, l.keys(o, &m.Parents[i])...)
	}
	if m.Name != "" {
		r.Name = cutText(o.Text(m.Name))
		if r.Name == "" {
			l.trouble(l.number, "has no %s", m.Name)
			return
		}
		r.Scope, r.Environment = l.meta.Scope, l.meta.Environment
		if s := o.Text(m.Scope); m.Scope != "" && s != "" {
			r.Scope = cutText(s)
		}
		if s := o.Text(m.Environment); m.Environment != "" && s != "" {
			r.Environment = cutText(s)
		}
	}
	if m.Finish != nil {
		switch err := m.Finish(o, &r, l.meta); {
		case errors.Is(err, errSkip):
			return
		case err != nil:
			l.trouble(l.number, "%v", err)
			return
		}
		kept := r.Record.Facts[:0]
		for _, f := range r.Record.Facts {
			if f.Source == "" { // Finish gave it
				if !l.timely(f.Field, f.Value) {
					continue
				}
				f.Source, f.AsOf = l.source, l.meta.AsOf
			}
			kept = append(kept, f)
		}
		r.Record.Facts = kept
	}
	l.add(r)
}

// errSkip drops a row without a word: it's of no interest.
var errSkip = errors.New("skip")

func (l *loading) facts(o Object, t *Take, r *Row) {
	for _, v := range o.All(t.From) {
		as := t.As
		if as == nil {
			as = asText
		}
		s, err := as(v)
		if err != nil {
			l.trouble(l.number, "%s %v", t.From, err)
			continue
		}
		if s == "" || len(r.Record.Facts) >= maxFacts {
			continue
		}
		if !l.timely(t.To, s) {
			continue
		}
		r.Record.Facts = append(r.Record.Facts, finding.Fact{Field: t.To, Value: cutText(s), Source: l.source, AsOf: l.meta.AsOf})
	}
}

// past are the fields that say what has happened.
var past = map[string]bool{"created": true, "rotated": true, "issued": true, "last_used": true, "principal_created": true, "first_used": true}

// timely says whether a time may stand. One that lies behind now is left out, since every age made of it would be wrong.
func (l *loading) timely(field, value string) bool {
	if !past[field] || value == "never" {
		return true
	}
	t, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return true
	}
	if !l.meta.Now.IsZero() && t.After(l.meta.Now.Add(skew)) {
		l.trouble(l.number, "%s lies in the future (%s) and was left out: a clock is wrong", field, value)
		return false
	}
	if !l.meta.AsOf.IsZero() && t.After(l.meta.AsOf.Add(skew)) && !l.late {
		l.late = true
		l.trouble(l.number, "%s is later than the export itself (%s): is the date of the export right, and its clock?", field, l.meta.AsOf.UTC().Format(time.RFC3339))
	}
	return true
}

// keys makes the keys of one Take. What is of the secret is summed here and goes no further.
func (l *loading) keys(o Object, t *Take) []Key {
	var out []Key
	for _, v := range o.All(t.From) {
		if len(out) >= maxFacts {
			break
		}
		as := t.As
		if as == nil {
			as = asText
		}
		s, err := as(v)
		if err != nil {
			l.trouble(l.number, "%s %v", t.From, err)
			continue
		}
		if s == "" {
			continue
		}
		form := t.To
		if form == "ends" {
			var ok bool
			if form, s, ok = ends(s); !ok {
				l.trouble(l.number, "%s does not show the ends of a value", t.From)
				continue
			}
		}
		if k, ok := l.meta.key(form, s); ok {
			out = append(out, k)
		}
	}
	return out
}

// key makes a Key, of a secret only where there is a Sum.
func (m Meta) key(form, value string) (Key, bool) {
	switch {
	case value == "":
		return Key{}, false
	case strings.Contains(form, "."):
		return Key{form, cutText(value)}, true
	case m.Sum == nil:
		return Key{}, false
	}
	return Key{form, m.Sum(form, []byte(value))}, true
}

// give adds facts in Finish.
func (r *Row) give(field string, values ...string) {
	for _, v := range values {
		if v != "" && len(r.Record.Facts) < maxFacts {
			r.Record.Facts = append(r.Record.Facts, finding.Fact{Field: field, Value: cutText(v)})
		}
	}
}

// belongs adds a parent in Finish.
func (r *Row) belongs(form, value string) {
	if value != "" {
		r.Parents = append(r.Parents, Key{form, cutText(value)})
	}
}

// cutText bounds a text, at the start of a character, and takes line breaks and other control characters out of it.
func cutText(s string) string {
	if len(s) > maxText {
		n := maxText
		for n > 0 && s[n]&0xC0 == 0x80 {
			n--
		}
		s = s[:n] + "…"
	}
	if strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7F }) < 0 {
		return strings.Clone(s)
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F {
			return ' '
		}
		return r
	}, s)
}
