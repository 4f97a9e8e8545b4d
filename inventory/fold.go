package inventory

import (
	"slices"
	"strconv"
)

// add keeps a row, unless it was there before.
func (l *loading) add(r Row) {
	r.Keys, r.Parents = distinct(r.Keys), distinct(r.Parents)
	id := rowID{r.Class, r.Record.System + "\x00" + r.Record.Key}
	if l.Fold && r.Class == Event {
		if i, ok := l.fold[id.key]; ok {
			foldRow(&l.inv.Rows[i], &r)
			return
		}
		l.fold[id.key] = len(l.inv.Rows)
		l.inv.Rows = append(l.inv.Rows, r)
		return
	}
	// What a reference belongs to may stand behind it: endDocument looks for repeated ones.
	if r.Record.Key != "" && r.Class != Reference {
		if n, ok := l.first[id]; ok {
			l.trouble(r.Number, "repeats row %d and was left out", n)
			return
		}
		l.first[id] = r.Number
	}
	l.inv.Rows = append(l.inv.Rows, r)
}

// distinct leaves the first of equal keys, and none that says nothing.
func distinct(keys []Key) []Key {
	out := keys[:0]
	for _, k := range keys {
		if k.Value != "" && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// foldRow adds one event to those before it: the latest use, and the distinct values of every other field, up to a bound.
func foldRow(to, r *Row) {
	for _, f := range r.Record.Facts {
		same, n := -1, 0
		for i := range to.Record.Facts {
			g := &to.Record.Facts[i]
			if g.Field != f.Field {
				continue
			}
			n++
			if g.Value == f.Value || past[f.Field] || f.Field == "events" {
				same = i
				break
			}
		}
		switch {
		case same >= 0 && f.Field == "events":
			a, _ := strconv.Atoi(to.Record.Facts[same].Value)
			b, _ := strconv.Atoi(f.Value)
			to.Record.Facts[same].Value = strconv.Itoa(a + b)
		case same >= 0 && f.Field == "first_used":
			to.Record.Facts[same].Value = min(to.Record.Facts[same].Value, f.Value)
		case same >= 0 && past[f.Field]:
			to.Record.Facts[same].Value = max(to.Record.Facts[same].Value, f.Value)
		case same < 0 && n < maxFold:
			to.Record.Facts = append(to.Record.Facts, f)
		}
	}
	for _, k := range r.Keys {
		if len(to.Keys) < maxFold && !slices.Contains(to.Keys, k) {
			to.Keys = append(to.Keys, k)
		}
	}
	for _, k := range r.Parents {
		if len(to.Parents) < maxFold && !slices.Contains(to.Parents, k) {
			to.Parents = append(to.Parents, k)
		}
	}
}
