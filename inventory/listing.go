package inventory

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"sprawl/finding"
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

// beginsJSON looks at what comes next and leaves it there.
func beginsJSON(r *bufio.Reader) bool {
	b, _ := r.Peek(512)
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) > 0 && (b[0] == '{' || b[0] == '[')
}

func (l *loading) readJSON(ctx context.Context, r io.Reader) error {
	byPath := map[string][]Mapping{}
	rows := map[string]bool{}
	for _, m := range l.Mappings {
		byPath[m.Rows] = append(byPath[m.Rows], m)
		rows[m.Rows] = true
	}
	w := jsonWalker{r: bufio.NewReaderSize(r, 64<<10), rows: rows}
	w.row = func(path string, raw []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		l.number++
		o, err := decode(raw)
		if err != nil {
			l.trouble(l.number, "malformed: %v", err)
			return nil
		}
		l.object(o, byPath[path])
		return nil
	}
	w.large = func(string) {
		l.number++
		l.trouble(l.number, "longer than %d MiB and skipped", maxRow>>20)
	}
	w.plain = func(path string, raw []byte) {
		if path == "" {
			return
		}
		var v any
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if d.Decode(&v) == nil {
			if s, _ := asText(v); s != "" && len(l.envelope) < 100 {
				l.envelope[path] = s
			}
		}
	}
	w.end = l.endDocument
	err := w.documents()
	if err == nil && l.number == 0 && !w.held {
		return fmt.Errorf("%w: nothing in it stands where its rows would", ErrForeign)
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		if l.number == 0 && !w.held {
			return fmt.Errorf("%w: it is cut off before its first row", ErrForeign)
		}
		l.inv.Partial = "the file is cut off"
		l.endDocument()
		err = nil
	case errors.Is(err, errShape) || errors.Is(err, errDeep):
		if l.number == 0 {
			return fmt.Errorf("%w: %w", ErrForeign, err)
		}
		l.inv.Partial = "the file is damaged behind row " + strconv.Itoa(l.number)
		l.endDocument()
		err = nil
	}
	return err
}

// decode reads one object; numbers keep their digits, since ids are longer than a float64 is exact.
func decode(raw []byte) (Object, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return Object{}, errors.New("not JSON")
	}
	if m, ok := v.(map[string]any); ok {
		return Object{m: m}, nil
	}
	return Object{m: map[string]any{"value": v}}, nil
}

// Signs in what surrounds the rows that there are more of them. A page that says of itself that it is the last is none.
var (
	moreIf = []string{
		"IsTruncated", "NextToken", "Marker", "nextToken", "next", "nextLink", "@odata.nextLink", "odata.nextLink", "nextPageToken", "next_page",
		"next_page_token", "nextPageUri", "next_page_uri", "has_more", "links.next", "metadata.continue", "meta.pagination.next-page", "response_metadata.next_cursor",
		"next_cursor", "pages.next", "meta.next", "meta.links.next",
	}
	scopeIn       = []string{"repository", "repository.full_name", "project", "project.path_with_namespace", "group", "organization", "account", "namespace", "scope"}
	environmentIn = []string{"environment", "environment.name"}
)

// endDocument applies what stood around the rows of a document.
func (l *loading) endDocument() {
	document := min(l.document, len(l.inv.Rows))
	rows := l.inv.Rows[document:]
	pick := func(paths []string) string {
		for _, p := range paths {
			if s := l.envelope[p]; s != "" && s != "null" {
				return s
			}
		}
		return ""
	}
	scope, env := pick(scopeIn), pick(environmentIn)
	for i := range rows {
		r := &rows[i]
		if r.Scope == "" && r.Class == Reference {
			r.Scope = scope
		}
		if r.Environment == "" && r.Class == Reference {
			r.Environment = env
		}
	}
	rows = slices.DeleteFunc(rows, func(r Row) bool {
		if r.Class != Reference {
			return false
		}
		id := rowID{r.Class, strings.Join([]string{r.Record.System, r.Record.Key, r.Scope, r.Environment}, "\x00")}
		n, ok := l.first[id]
		if ok {
			l.trouble(r.Number, "repeats row %d and was left out", n)
		} else {
			l.first[id] = r.Number
		}
		return ok
	})
	l.inv.Rows = l.inv.Rows[:document+len(rows)]
	goesOn := false
	for _, p := range moreIf {
		s := l.envelope[p]
		goesOn = goesOn || s != "" && s != "false" && s != "null" && s != "0"
	}
	// The last of several pages that stand in one file says that there is none behind it.
	switch {
	case strings.HasPrefix(l.inv.Partial, "the file"):
	case goesOn:
		l.inv.Partial = "the listing goes on behind its last page"
	default:
		l.inv.Partial = ""
	}
	if n, err := strconv.Atoi(pick([]string{"total_count", "result_info.total_count", "totalCount"})); err == nil && n > l.number && l.inv.Partial == "" {
		l.inv.Partial = fmt.Sprintf("the listing says it has %d rows and %d are here", n, l.number)
	}
	clear(l.envelope)
	l.document = len(l.inv.Rows)
}

func (l *loading) readTable(ctx context.Context, r io.Reader) error {
	t, err := newTableReader(r)
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w: the file is empty", ErrForeign)
	case errors.Is(err, errLarge) || errors.Is(err, errShape):
		return fmt.Errorf("%w: %w", ErrForeign, err)
	case err != nil:
		return err
	}
	if l.Columns != "" {
		known := map[string]bool{}
		for c := range strings.FieldsSeq(l.Columns) {
			known[c] = true
		}
		// Without its header a table begins with a row, and what stands in it is not for telling.
		if !slices.ContainsFunc(t.columns, func(c string) bool { return known[c] }) {
			return fmt.Errorf("%w: its first line names none of the columns", ErrForeign)
		}
		have := map[string]bool{}
		for _, c := range t.columns {
			have[c] = true
			if !known[c] {
				l.trouble(0, "column %q is not known and was left out", cutText(c))
			}
		}
		for c := range strings.FieldsSeq(l.Columns) {
			if !have[c] {
				l.trouble(0, "column %q is missing: what it would tell stays unknown", c)
			}
		}
	}
	for _, c := range slices.Sorted(maps.Keys(l.meta.Columns)) {
		if l.Prepare != nil && !slices.Contains(t.columns, columnName(c)) {
			l.trouble(0, "column %q is missing: what it would tell stays unknown", cutText(c))
		}
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		m, err := t.next()
		if errors.Is(err, io.EOF) {
			if t.short {
				l.inv.Partial = "the file is cut off"
			}
			return nil
		}
		l.number++
		switch {
		case errors.Is(err, errLarge):
			l.trouble(l.number, "longer than %d MiB and skipped: is a quote not closed?", maxRow>>20)
			continue
		case errors.Is(err, errWidth):
			l.trouble(l.number, "%v", err)
			if len(m) == 0 {
				continue
			}
		case errors.Is(err, errShape):
			l.trouble(l.number, "malformed")
			continue
		case err != nil:
			return err
		}
		l.object(Object{m: m}, l.Mappings)
	}
}

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

// distinct leaves the first of equal keys.
func distinct(keys []Key) []Key {
	out := keys[:0]
	for _, k := range keys {
		if !slices.Contains(out, k) {
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
