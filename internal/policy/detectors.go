package policy

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
)

// Bounds of the detectors section.
const (
	maxDetectors = 5000
	maxPattern   = 16 << 10 // bytes of a regular expression or of a vector's pieces together
)

// Position is where something stands in the file, both from 1, Column in bytes. It is zero for rows that come from no file.
type Position struct{ Line, Column int }

// Text is a string of the file and where it stands, for those who find out later that it cannot be used.
type Text struct {
	Value string
	At    Position
}

// Detector is a user's row of the table of kinds, raw: what the fields mean beyond their syntax is decided where rows are
// compiled (internal/rules). It is found by any of Forms, Named or Pattern; one of them at least is there.
type Detector struct {
	ID              Text
	Provider, Title string
	Severity        finding.Severity // "" if not given
	Forms           []Text           // tokens with a literal of their own, as in "acme_[a-z0-9]{32}"
	Public          []Text           // forms of a public half: an id that stands close to the secret
	PairLines       int              // how far from it, in lines; 0 for the default
	PairRequired    bool             // a secret without its public half is none
	Near            []string         // words of which one must stand before a token of Forms
	Named           []NamedValue
	Pattern         *Pattern
	MinEntropy      float64 // of Forms and Pattern, bits a byte; 0 if not given
	Paths           []string
	Traits          finding.Traits
	Rotate, Revoke  string
	Docs, Format    string

	// Positive are texts in which the row must find something, Negative texts in which it must not; both have at least one.
	Positive, Negative []Text
}

// NamedValue is a value that is known by the name it is given.
type NamedValue struct {
	At                   Position
	Keywords, Names, Not []string
	Value                Text // a form, no literal needed
	MinEntropy           float64
	Near                 int // bytes; 0 for the default, negative where an assignment is required
}

// Pattern is a regular expression (RE2) that is tried where one of its keywords stands.
type Pattern struct {
	Regexp   Text
	Keywords []string // literals, in either case; empty where the expression has one that every match holds
	Secret   string   // number or name of the group that is the secret; "" for the first that took part, else all of the match
	ID       string   // of the group that is the public half; "" if there is none
	Not      []Text   // expressions: a secret that one of them matches is none
	Must     []Text   // expressions that every secret matches
}

func (f *file) detectors(n *yaml.Node) ([]Detector, error) {
	seen := map[string]int{}
	if n.Kind == yaml.SequenceNode && len(n.Content) > maxDetectors {
		return nil, f.fail(n, "leave out what nobody looks for", "more than %d detectors", maxDetectors)
	}
	return rules(f, n, "detectors", func(n *yaml.Node) (Detector, error) {
		d, err := f.detector(n)
		if err != nil {
			return d, err
		}
		if line, dup := seen[d.ID.Value]; dup {
			return d, f.at(d.ID.At.Line, 1, "give one of the two another", "this id already stands in line %d", line)
		}
		seen[d.ID.Value] = d.ID.At.Line
		return d, nil
	})
}

func (f *file) detector(n *yaml.Node) (Detector, error) {
	var d Detector
	id := func(to *Text) func(*yaml.Node) error {
		return func(n *yaml.Node) (err error) {
			to.At = f.position(n)
			to.Value, err = f.kind(n)
			if err == nil && to.Value == "" {
				err = f.fail(n, "write it as in `acme-api-key`", "an id is empty")
			}
			return err
		}
	}
	err := f.mapping(n, "a detector", []field{
		{key: "id", need: true, read: id(&d.ID)},
		{key: "title", need: true, read: f.readText(&d.Title, "a title")},
		{key: "provider", read: func(n *yaml.Node) error {
			var t Text
			err := id(&t)(n)
			d.Provider = t.Value
			return err
		}},
		{key: "severity", read: func(n *yaml.Node) (err error) { d.Severity, err = oneOf(f, n, finding.Severities()); return err }},
		{key: "forms", read: f.readTexts(&d.Forms, "forms", false)},
		{key: "public", read: f.readTexts(&d.Public, "public", false)},
		{key: "pair", read: func(n *yaml.Node) error { return f.pair(n, &d) }},
		{key: "near", read: func(n *yaml.Node) (err error) { d.Near, err = f.words(n, "near", false); return err }},
		{key: "named", read: func(n *yaml.Node) (err error) { d.Named, err = rules(f, n, "named", f.namedValue); return err }},
		{key: "pattern", read: func(n *yaml.Node) (err error) { d.Pattern, err = f.pattern(n); return err }},
		{key: "min-entropy", read: f.readEntropy(&d.MinEntropy)},
		{key: "paths", read: func(n *yaml.Node) (err error) { d.Paths, err = f.words(n, "paths", true); return err }},
		{key: "traits", read: func(n *yaml.Node) error { return f.traits(n, &d.Traits) }},
		{key: "rotate", read: f.readText(&d.Rotate, "how to rotate")},
		{key: "revoke", read: f.readText(&d.Revoke, "how to revoke")},
		{key: "docs", read: f.readText(&d.Docs, "a page")},
		{key: "format", read: f.readText(&d.Format, "where the format is confirmed")},
		{key: "positive", need: true, read: f.readTexts(&d.Positive, "positive", true)},
		{key: "negative", need: true, read: f.readTexts(&d.Negative, "negative", true)},
	})
	switch {
	case err != nil:
	case len(d.Forms) == 0 && len(d.Named) == 0 && d.Pattern == nil:
		err = f.fail(n, "add forms, named or a pattern", "a detector that nothing is found by")
	case len(d.Positive) == 0 || len(d.Negative) == 0:
		err = f.fail(n, "add a text that it must find and one that it must not", "a detector without vectors")
	}
	return d, err
}

func (f *file) pair(n *yaml.Node, d *Detector) error {
	return f.mapping(n, "a pair", []field{
		{key: "lines", read: func(n *yaml.Node) error {
			k, err := strconv.Atoi(n.Value)
			if n.Kind != yaml.ScalarNode || err != nil || k < 1 || k > 100 {
				return f.fail(n, "write 1 to 100", "not a number of lines")
			}
			d.PairLines = k
			return nil
		}},
		{key: "require", read: func(n *yaml.Node) (err error) { d.PairRequired, err = f.flag(n); return err }},
	})
}

func (f *file) namedValue(n *yaml.Node) (NamedValue, error) {
	v := NamedValue{At: f.position(n)}
	words := func(to *[]string, what string) func(*yaml.Node) error {
		return func(n *yaml.Node) (err error) { *to, err = f.words(n, what, false); return err }
	}
	return v, f.mapping(n, "a named value", []field{
		{key: "keywords", need: true, read: words(&v.Keywords, "keywords")},
		{key: "names", read: words(&v.Names, "names")},
		{key: "not", read: words(&v.Not, "not")},
		{key: "value", need: true, read: func(n *yaml.Node) (err error) { v.Value, err = f.long(n, "a form"); return err }},
		{key: "min-entropy", read: f.readEntropy(&v.MinEntropy)},
		{key: "near", read: func(n *yaml.Node) error {
			k, err := strconv.Atoi(n.Value)
			if n.Kind != yaml.ScalarNode || err != nil || k < -1 {
				return f.fail(n, "write a number of bytes, or -1 where only an assignment counts", "not a distance")
			}
			v.Near = k
			return nil
		}},
	})
}

func (f *file) pattern(n *yaml.Node) (*Pattern, error) {
	var p Pattern
	return &p, f.mapping(n, "a pattern", []field{
		{key: "regexp", need: true, read: func(n *yaml.Node) (err error) { p.Regexp, err = f.long(n, "a regular expression"); return err }},
		{key: "keywords", read: func(n *yaml.Node) (err error) { p.Keywords, err = f.words(n, "keywords", false); return err }},
		{key: "secret", read: f.readText(&p.Secret, "a group")},
		{key: "id", read: f.readText(&p.ID, "a group")},
		{key: "not", read: f.readTexts(&p.Not, "not", false)},
		{key: "must", read: f.readTexts(&p.Must, "must", false)},
	})
}

// traits is a mapping from trait to {value, source}.
func (f *file) traits(n *yaml.Node, to *finding.Traits) error {
	var fields []field
	for _, t := range traitsOf(to) {
		fields = append(fields, field{key: t.name, read: func(n *yaml.Node) error {
			return f.mapping(n, "a trait", []field{
				{key: "value", need: true, read: func(n *yaml.Node) (err error) {
					t.trait.Value, err = oneOf(f, n, []finding.Answer{finding.Yes, finding.No})
					return err
				}},
				{key: "source", need: true, read: f.readText(&t.trait.Source, "a page")},
			})
		}})
	}
	return f.mapping(n, "traits", fields)
}

type namedTrait struct {
	name  string
	trait *finding.Trait
}

func traitsOf(t *finding.Traits) []namedTrait {
	return []namedTrait{{"expires", &t.Expires}, {"scoped", &t.Scoped}, {"last-used", &t.LastUsed}, {"overlap", &t.Overlap},
		{"rotate-api", &t.RotateAPI}, {"restricted", &t.Restricted}, {"human-issued", &t.HumanIssued}}
}

// readTexts reads a list of texts. With pieces an entry may be a list, whose words joined are the text: so that no file holds
// what looks like a credential.
func (f *file) readTexts(to *[]Text, what string, pieces bool) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		if null(n) {
			return nil
		}
		if n.Kind != yaml.SequenceNode {
			return f.fail(n, "write one `- text` line for each", "%s is a list", what)
		}
		for _, item := range n.Content {
			t, err := f.vector(item, what, pieces)
			if err != nil {
				return err
			}
			*to = append(*to, t)
		}
		return nil
	}
}

func (f *file) vector(n *yaml.Node, what string, pieces bool) (Text, error) {
	if n.Kind != yaml.SequenceNode || !pieces {
		return f.long(n, "an entry of "+what)
	}
	var b strings.Builder
	for _, item := range n.Content {
		if item.Kind != yaml.ScalarNode || null(item) {
			return Text{}, f.fail(item, "write the pieces of one text", "a piece of a vector is one value, not a list or mapping")
		}
		b.WriteString(item.Value)
	}
	if b.Len() == 0 || b.Len() > maxPattern {
		return Text{}, f.fail(n, "", "a vector is empty or longer than %d bytes", maxPattern)
	}
	return Text{b.String(), f.position(n)}, nil
}

// long is a text that may be longer than a reason.
func (f *file) long(n *yaml.Node, what string) (Text, error) {
	switch {
	case n.Kind != yaml.ScalarNode:
		return Text{}, f.fail(n, "", "%s is one value, not a list or mapping", what)
	case null(n) || n.Value == "":
		return Text{}, f.fail(n, "", "%s is empty", what)
	case len(n.Value) > maxPattern:
		return Text{}, f.fail(n, "", "%s is longer than %d bytes", what, maxPattern)
	}
	return Text{n.Value, f.position(n)}, nil
}

func (f *file) readEntropy(to *float64) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		x, err := strconv.ParseFloat(n.Value, 64)
		if n.Kind != yaml.ScalarNode || err != nil || !(x >= 0 && x <= 8) {
			return f.fail(n, "write bits a byte, as in 3.5", "not an entropy")
		}
		*to = x
		return nil
	}
}

func (f *file) position(n *yaml.Node) Position {
	e := f.at(n.Line, n.Column, "", "")
	return Position{e.Line, e.Column}
}

// AddDetectors returns the file with rows added at the end of its detectors. Rows whose id stands there already are left out
// and their ids returned.
func AddDetectors(data []byte, rows []Detector) (out []byte, there []string, err error) {
	e, err := edit(data)
	if err != nil {
		return nil, nil, err
	}
	have := map[string]bool{}
	for _, d := range e.was.Detectors {
		have[d.ID.Value] = true
	}
	want := slices.Clone(e.was.Detectors)
	var lines []string
	for _, d := range rows {
		if have[d.ID.Value] {
			there = append(there, d.ID.Value)
			continue
		}
		have[d.ID.Value] = true
		l, err := d.lines()
		if err != nil {
			return nil, nil, err
		}
		lines = append(lines, l...)
		want = append(want, d)
	}
	if len(lines) == 0 {
		return data, there, nil
	}
	e.want.Detectors = want
	key, value, end := e.find("detectors")
	switch {
	case key == nil:
		e.appendSection(append([]string{"detectors:"}, indented("  ", lines)...)...)
	case len(value.Content) == 0:
		for i := key.Line - 1; i < max(end, key.Line); i++ {
			e.drop[i] = true
		}
		e.before[key.Line-1] = append([]string{"detectors:"}, indented("  ", lines)...)
	case value.Style&yaml.FlowStyle != 0:
		return nil, nil, e.fail(value, "write each entry on lines of its own", "not a section that can be edited")
	default:
		// The last line that is not a comment at the left edge ends the section, even where items stand there too.
		end = e.sectionEnd(key.Line)
		indent := strings.Repeat(" ", max(value.Column-1, 0))
		e.before[end] = append(e.before[end], indented(indent, lines)...)
	}
	out, err = e.finish()
	return out, there, err
}

// sectionEnd is the line at which the section whose key stands in line begin is followed by another, blank lines and comments
// before that left to what follows.
func (e *editor) sectionEnd(begin int) int {
	end := len(e.lines)
	for i := 0; i < len(e.root.Content); i += 2 {
		if at := e.root.Content[i].Line; at > begin {
			end = min(end, at-1)
		}
	}
	for end > begin && (e.blank(end-1) || strings.HasPrefix(string(e.line(end-1)), "#") || strings.HasPrefix(string(e.line(end-1)), "...")) {
		end--
	}
	return end
}

// lines writes a row as an item of a list.
func (d *Detector) lines() ([]string, error) {
	var b []string
	var bad error
	put := func(indent, key, v string) {
		if v == "" {
			return
		}
		if !utf8.ValidString(v) || len(v) > maxPattern {
			bad = fmt.Errorf("write detector %s: its %s is not UTF-8 or too long", d.ID.Value, key)
		}
		b = append(b, indent+key+": "+quote(v))
	}
	list := func(indent, key string, vs []string) {
		if len(vs) == 0 {
			return
		}
		q := make([]string, len(vs))
		for i, v := range vs {
			q[i] = quote(v)
		}
		b = append(b, indent+key+": ["+strings.Join(q, ", ")+"]")
	}
	number := func(indent, key string, x float64) {
		if x != 0 {
			b = append(b, indent+key+": "+strconv.FormatFloat(x, 'g', -1, 64))
		}
	}
	values := func(ts []Text) []string {
		out := make([]string, len(ts))
		for i, t := range ts {
			out[i] = t.Value
		}
		return out
	}
	b = append(b, "- id: "+d.ID.Value)
	put("  ", "title", d.Title)
	put("  ", "provider", d.Provider)
	put("  ", "severity", string(d.Severity))
	list("  ", "forms", values(d.Forms))
	list("  ", "public", values(d.Public))
	if d.PairLines != 0 || d.PairRequired {
		b = append(b, "  pair: {lines: "+strconv.Itoa(cmp.Or(d.PairLines, 8))+", require: "+strconv.FormatBool(d.PairRequired)+"}")
	}
	list("  ", "near", d.Near)
	if len(d.Named) > 0 {
		b = append(b, "  named:")
	}
	for _, v := range d.Named {
		b = append(b, "    - value: "+quote(v.Value.Value))
		list("      ", "keywords", v.Keywords)
		list("      ", "names", v.Names)
		list("      ", "not", v.Not)
		number("      ", "min-entropy", v.MinEntropy)
		if v.Near != 0 {
			b = append(b, "      near: "+strconv.Itoa(v.Near))
		}
	}
	if p := d.Pattern; p != nil {
		b = append(b, "  pattern:")
		put("    ", "regexp", p.Regexp.Value)
		list("    ", "keywords", p.Keywords)
		put("    ", "secret", p.Secret)
		put("    ", "id", p.ID)
		list("    ", "not", values(p.Not))
		list("    ", "must", values(p.Must))
	}
	number("  ", "min-entropy", d.MinEntropy)
	list("  ", "paths", d.Paths)
	first := true
	for _, t := range traitsOf(&d.Traits) {
		if t.trait.Value == finding.Unknown {
			continue
		}
		if first {
			b = append(b, "  traits:")
			first = false
		}
		b = append(b, "    "+t.name+": {value: "+string(t.trait.Value)+", source: "+quote(t.trait.Source)+"}")
	}
	for _, x := range []struct{ key, v string }{{"rotate", d.Rotate}, {"revoke", d.Revoke}, {"docs", d.Docs}, {"format", d.Format}} {
		put("  ", x.key, x.v)
	}
	for _, x := range []struct {
		key string
		ts  []Text
	}{{"positive", d.Positive}, {"negative", d.Negative}} {
		b = append(b, "  "+x.key+":")
		for _, t := range x.ts {
			q := make([]string, 0, len(t.Value)/pieceLen+1)
			for _, p := range split(t.Value) {
				q = append(q, quote(p))
			}
			b = append(b, "    - ["+strings.Join(q, ", ")+"]")
		}
	}
	return b, bad
}

// pieceLen is the longest piece a vector is written in: no rule that is worth anything takes so few bytes for a credential.
const pieceLen = 7

// split cuts a text into pieces at the borders of characters.
func split(s string) []string {
	var out []string
	for len(s) > pieceLen {
		n := pieceLen
		for n > 1 && !utf8.RuneStart(s[n]) {
			n--
		}
		out = append(out, s[:n])
		s = s[n:]
	}
	return append(out, s)
}

// quote writes s so that any YAML reader takes it for this string: in single quotes where it holds backslashes alone to be
// read, in double quotes otherwise.
func quote(s string) string {
	if p := scalar(s); p == s && !strings.Contains(s, ",") {
		return p
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		var b strings.Builder
		b.WriteByte('"')
		for _, r := range s {
			switch {
			case r == '"' || r == '\\':
				b.WriteByte('\\')
				b.WriteRune(r)
			case r == '\n':
				b.WriteString(`\n`)
			case r == '\t':
				b.WriteString(`\t`)
			case r == '\r':
				b.WriteString(`\r`)
			case r < ' ' || r == 0x7F:
				fmt.Fprintf(&b, `\x%02x`, r)
			case r > '~' && r <= 0xFFFF:
				fmt.Fprintf(&b, `\u%04x`, r)
			case r > 0xFFFF:
				fmt.Fprintf(&b, `\U%08x`, r)
			default:
				b.WriteRune(r)
			}
		}
		b.WriteByte('"')
		return b.String()
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// sameDetectors compares rows wherever they stand.
func sameDetectors(a, b []Detector) bool {
	return slices.EqualFunc(a, b, func(x, y Detector) bool { return reflect.DeepEqual(x.placeless(), y.placeless()) })
}

// placeless is the row without positions, and with nothing where a list is empty.
func (d Detector) placeless() Detector {
	texts := func(ts []Text) []Text {
		var out []Text
		for _, t := range ts {
			out = append(out, Text{Value: t.Value})
		}
		return out
	}
	words := func(ws []string) []string { return append([]string(nil), ws...) }
	d.ID.At = Position{}
	d.Forms, d.Public, d.Positive, d.Negative = texts(d.Forms), texts(d.Public), texts(d.Positive), texts(d.Negative)
	d.Near, d.Paths = words(d.Near), words(d.Paths)
	var named []NamedValue
	for _, v := range d.Named {
		v.At, v.Value.At = Position{}, Position{}
		v.Keywords, v.Names, v.Not = words(v.Keywords), words(v.Names), words(v.Not)
		named = append(named, v)
	}
	d.Named = named
	if d.Pattern != nil {
		p := *d.Pattern
		p.Regexp.At, p.Not, p.Must, p.Keywords = Position{}, texts(p.Not), texts(p.Must), words(p.Keywords)
		d.Pattern = &p
	}
	return d
}
