package policy

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// The edits work on lines: the YAML reader says where an entry begins, and only lines of that entry are written or dropped.
// What comes out is parsed again and must say what was asked for and nothing else; a file written in a way that the line rules
// do not cover therefore ends in an error, never in a damaged file.

// starter is the file that SetSalt makes of nothing.
const starter = `# What this repository has decided about the credentials that sprawl finds in it. It holds no secret and is
# meant to be committed. Entries are keyed by the salt: do not change it while they stand.
salt: %s
`

// SetSalt returns the file with a salt: a new file where data is empty, one more line where it has none. A file that has
// another salt is an error, because the entries under it would lose their meaning.
func SetSalt(data, salt []byte) ([]byte, error) {
	if len(salt) < MinSalt || len(salt) > MaxSalt {
		return nil, fmt.Errorf("set the salt of %s: %d bytes, not %d to %d", File, len(salt), MinSalt, MaxSalt)
	}
	text := saltEncoding.EncodeToString(salt)
	if len(data) == 0 {
		return fmt.Appendf(nil, starter, text), nil
	}
	e, err := edit(data)
	if err != nil {
		return nil, err
	}
	switch {
	case bytes.Equal(e.was.Salt, salt):
		return data, nil
	case e.was.Salt != nil:
		return nil, fmt.Errorf("set the salt of %s: it has one that its entries rest on", File)
	}
	e.want.Salt = salt
	e.appendSection("salt: " + text)
	return e.finish()
}

// SetBaseline returns the file with exactly these entries, match to kind, as its baseline: one line each, sorted among the
// lines that stand. Lines of entries that stay are not touched, nor are comments.
func SetBaseline(data []byte, entries map[string]string) ([]byte, error) {
	e, err := edit(data)
	if err != nil {
		return nil, err
	}
	add := map[string]entry{}
	for match, kind := range entries {
		if !ValidMatch(match) {
			return nil, fmt.Errorf("set the baseline of %s: %w", File, errMatch)
		}
		if !validKind(kind) {
			return nil, fmt.Errorf("set the baseline of %s: %q is not a kind", File, kind)
		}
		if was, ok := e.was.Baseline[match]; !ok || was != kind {
			add[match] = entry{strings.TrimRight(match+": "+kind, " ")}
		}
	}
	if maps.Equal(e.was.Baseline, entries) {
		return data, nil
	}
	e.want.Baseline = entries
	if err := e.section("baseline", add, func(match string) bool { _, ok := entries[match]; return !ok }); err != nil {
		return nil, err
	}
	return e.finish()
}

// PruneBaseline returns the file without the baseline entries that keep refuses, and their matches, sorted.
func PruneBaseline(data []byte, keep func(match string) bool) (out []byte, removed []string, err error) {
	p, err := Parse(data, File)
	if err != nil {
		return nil, nil, err
	}
	left := maps.Clone(p.Baseline)
	for match := range p.Baseline {
		if !keep(match) {
			removed = append(removed, match)
			delete(left, match)
		}
	}
	if len(removed) == 0 {
		return data, nil, nil
	}
	slices.Sort(removed)
	out, err = SetBaseline(data, left)
	if err != nil {
		return nil, nil, err
	}
	return out, removed, nil
}

// AddMark returns the file with the mark, in the place of an earlier one for the same match.
func AddMark(data []byte, match string, m Mark) ([]byte, error) {
	if !ValidMatch(match) {
		return nil, fmt.Errorf("mark in %s: %w", File, errMatch)
	}
	lines := entry{match + ":", "  as: " + string(m.As)}
	for _, x := range []struct{ key, value string }{{"reason", m.Reason}, {"by", m.By}} {
		if x.value == "" {
			continue
		}
		if !utf8.ValidString(x.value) || len(x.value) > maxText {
			return nil, fmt.Errorf("mark in %s: the %s is not UTF-8 or longer than %d bytes", File, x.key, maxText)
		}
		lines = append(lines, "  "+x.key+": "+scalar(x.value))
	}
	if !m.On.IsZero() {
		y, mo, d := m.On.Date()
		m.On = time.Date(y, mo, d, 0, 0, 0, 0, time.UTC)
		lines = append(lines, "  on: "+m.On.Format(time.DateOnly))
	}
	e, err := edit(data)
	if err != nil {
		return nil, err
	}
	if was, ok := e.was.Marks[match]; ok && was == m {
		return data, nil
	}
	e.want.Marks = maps.Clone(e.was.Marks)
	if e.want.Marks == nil {
		e.want.Marks = map[string]Mark{}
	}
	e.want.Marks[match] = m
	if err := e.section("marks", map[string]entry{match: lines}, func(string) bool { return false }); err != nil {
		return nil, err
	}
	return e.finish()
}

// AddException returns the file with the exception, in the place of an earlier one for the same match.
func AddException(data []byte, match string, x Exception) ([]byte, error) {
	if !ValidMatch(match) {
		return nil, fmt.Errorf("accept in %s: %w", File, errMatch)
	}
	lines := entry{match + ":"}
	for _, w := range []struct{ key, value string }{{"owner", x.Owner}, {"approver", x.Approver}, {"reason", x.Reason}} {
		if strings.TrimSpace(w.value) == "" {
			return nil, fmt.Errorf("accept in %s: an exception needs its %s", File, w.key)
		}
		if !utf8.ValidString(w.value) || len(w.value) > maxText {
			return nil, fmt.Errorf("accept in %s: the %s is not UTF-8 or longer than %d bytes", File, w.key, maxText)
		}
		lines = append(lines, "  "+w.key+": "+scalar(w.value))
	}
	for _, d := range []struct {
		key string
		on  *time.Time
	}{{"created", &x.Created}, {"until", &x.Until}, {"recertified", &x.Recertified}} {
		if d.on.IsZero() && d.key == "recertified" {
			continue
		}
		y, mo, day := d.on.Date()
		*d.on = time.Date(y, mo, day, 0, 0, 0, 0, time.UTC)
		lines = append(lines, "  "+d.key+": "+d.on.Format(time.DateOnly))
	}
	if len(x.Requires) > 0 {
		words := make([]string, len(x.Requires))
		for i, r := range x.Requires {
			if !slices.Contains(Requirements(), r) {
				return nil, fmt.Errorf("accept in %s: %q cannot be required", File, r)
			}
			words[i] = string(r)
		}
		lines = append(lines, "  requires: ["+strings.Join(words, ", ")+"]")
	}
	e, err := edit(data)
	if err != nil {
		return nil, err
	}
	e.want.Exceptions = maps.Clone(e.was.Exceptions)
	if e.want.Exceptions == nil {
		e.want.Exceptions = map[string]Exception{}
	}
	e.want.Exceptions[match] = x
	if err := e.section("exceptions", map[string]entry{match: lines}, func(string) bool { return false }); err != nil {
		return nil, err
	}
	return e.finish()
}

var errMatch = errors.New("not a match")

// entry is the lines of one entry, the first one beginning with its key; without indentation of the whole or line breaks.
type entry []string

// editor collects edits of one file: lines to leave out and lines to put in front of a line.
type editor struct {
	*file
	was, want *Policy
	eol       string
	drop      map[int]bool
	before    map[int][]string // len(lines) stands for the end
}

func edit(data []byte) (*editor, error) {
	f, err := open(data, File)
	if err != nil {
		return nil, err
	}
	p, err := f.policy()
	if err != nil {
		return nil, err
	}
	// The last start is that of what follows the last line break: a line only if there is something.
	if last := len(f.lines) - 1; f.lines[last] == len(f.data) {
		f.lines = f.lines[:last]
	}
	if f.root != nil {
		if f.root.Style&yaml.FlowStyle != 0 || f.root.Content[0].Column != 1 {
			return nil, f.fail(f.root, "write each key on a line of its own, in the first column", "not a file that can be edited")
		}
	}
	want := *p
	e := &editor{file: f, was: p, want: &want, eol: "\n", drop: map[int]bool{}, before: map[int][]string{}}
	if bytes.Contains(f.data, []byte("\r\n")) {
		e.eol = "\r\n"
	}
	return e, nil
}

// appendSection puts lines behind everything else, a blank line before them.
func (e *editor) appendSection(lines ...string) {
	at := len(e.lines)
	for i, start := range e.lines {
		// A document may end before the file does; a block scalar's lines are never this far left.
		if rest, ok := bytes.CutPrefix(e.data[start:], []byte("...")); ok && (len(rest) == 0 || rest[0] <= ' ') {
			at = i
			break
		}
	}
	if at > 0 && !e.blank(at-1) {
		lines = append([]string{""}, lines...)
	}
	e.before[at] = append(e.before[at], lines...)
}

// section edits one section keyed by match: what drop names goes, what add holds comes, in the place of an entry that has the
// same key or where it sorts.
func (e *editor) section(name string, add map[string]entry, drop func(match string) bool) error {
	keys := slices.Sorted(maps.Keys(add))
	key, value, end := e.find(name)
	if key == nil {
		if len(keys) > 0 {
			lines := []string{name + ":"}
			for _, k := range keys {
				lines = append(lines, indented("  ", add[k])...)
			}
			e.appendSection(lines...)
		}
		return nil
	}
	if value.Kind != yaml.MappingNode || value.Style&yaml.FlowStyle != 0 || len(value.Content) == 0 {
		return e.rewrite(name, key, value, end, add, drop)
	}
	first := value.Content[0]
	indent := string(e.line(first.Line - 1)[:max(first.Column-1, 0)])
	if strings.Trim(indent, " ") != "" || first.Line == key.Line {
		return e.fail(first, "write each entry on lines of its own", "not a section that can be edited")
	}
	// Where each entry begins and ends; what follows the end of one, up to the next, is comments.
	type extent struct {
		match      string
		start, end int
	}
	var have []extent
	stands := map[string]bool{}
	for i := 0; i < len(value.Content); i += 2 {
		next := end
		if i+2 < len(value.Content) {
			next = value.Content[i+2].Line - 1
		}
		x := extent{match: value.Content[i].Value, start: value.Content[i].Line - 1}
		x.end = x.start + 1
		for j := x.end; j < next; j++ {
			if !e.blank(j) && e.indent(j) > len(indent) {
				x.end = j + 1
			}
		}
		have = append(have, x)
		stands[x.match] = true
	}
	i := 0
	for _, k := range keys {
		if stands[k] {
			continue
		}
		for i < len(have) && have[i].match < k {
			i++
		}
		at := have[0].start
		if i > 0 {
			at = have[i-1].end
		}
		e.before[at] = append(e.before[at], indented(indent, add[k])...)
	}
	for _, x := range have {
		lines, replaced := add[x.match]
		if !replaced && !drop(x.match) {
			continue
		}
		for j := x.start; j < x.end; j++ {
			e.drop[j] = true
		}
		if replaced {
			lines = slices.Clone(lines)
			if x.end == x.start+1 && len(lines) == 1 {
				lines[0] += e.comment(x.start)
			}
			e.before[x.start] = append(e.before[x.start], indented(indent, lines)...)
		}
	}
	return nil
}

// rewrite makes a block of a section that is empty or written in braces.
func (e *editor) rewrite(name string, key, value *yaml.Node, end int, add map[string]entry, drop func(string) bool) error {
	if name != "baseline" && len(value.Content) > 0 {
		return e.fail(value, "write each entry on lines of its own", "not a section that can be edited")
	}
	all := maps.Clone(add)
	for match, kind := range e.was.Baseline {
		if _, ok := all[match]; !ok && len(value.Content) > 0 && !drop(match) {
			all[match] = entry{strings.TrimRight(match+": "+kind, " ")}
		}
	}
	if len(all) == 0 && len(value.Content) == 0 {
		return nil
	}
	at := key.Line - 1
	head := name + ":"
	if len(value.Content) == 0 {
		head += e.comment(at)
		end = at + 1
	}
	for i := at; i < end; i++ {
		e.drop[i] = true
	}
	e.before[at] = append(e.before[at], head)
	for _, k := range slices.Sorted(maps.Keys(all)) {
		e.before[at] = append(e.before[at], indented("  ", all[k])...)
	}
	return nil
}

// find is the nodes of a top-level key and the line after its last.
func (e *editor) find(name string) (key, value *yaml.Node, end int) {
	if e.root == nil {
		return nil, nil, 0
	}
	for i := 0; i+1 < len(e.root.Content); i += 2 {
		if e.root.Content[i].Value != name {
			continue
		}
		end = len(e.lines)
		if i+2 < len(e.root.Content) {
			end = e.root.Content[i+2].Line - 1
		}
		key, value = e.root.Content[i], e.root.Content[i+1]
		for end > key.Line && (e.blank(end-1) || e.indent(end-1) == 0) {
			end--
		}
		return key, value, end
	}
	return nil, nil, 0
}

func (e *editor) blank(i int) bool { return len(bytes.TrimSpace(e.line(i))) == 0 }

func (e *editor) indent(i int) int {
	text := e.line(i)
	return len(text) - len(bytes.TrimLeft(text, " "))
}

// comment is what a line of one `key: word` ends with, from the blanks before the # on.
func (e *editor) comment(i int) string {
	text := strings.TrimRight(string(e.line(i)), "\r\n")
	at := strings.Index(text, " #")
	if at < 0 {
		return ""
	}
	return text[len(strings.TrimRight(text[:at], " ")):]
}

func indented(by string, lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = by + l
	}
	return out
}

// finish puts the file together and makes sure that it says what was wanted.
func (e *editor) finish() ([]byte, error) {
	var out bytes.Buffer
	if e.bom {
		out.Write(bom)
	}
	add := func(lines []string) {
		for _, l := range lines {
			if b := out.Bytes(); len(b) > 0 && b[len(b)-1] != '\n' && b[len(b)-1] != '\r' && !bytes.Equal(b, bom) {
				out.WriteString(e.eol)
			}
			out.WriteString(l + e.eol)
		}
	}
	for i := range e.lines {
		add(e.before[i])
		if !e.drop[i] {
			out.Write(e.line(i))
		}
	}
	add(e.before[len(e.lines)])
	got, err := Parse(out.Bytes(), File)
	if err != nil {
		return nil, fmt.Errorf("edit %s: the result would not be readable: %w", File, err)
	}
	if !same(got, e.want) {
		return nil, fmt.Errorf("edit %s: it is written in a way that cannot be edited safely: put each entry on a line of its own", File)
	}
	return out.Bytes(), nil
}

// same reports whether two policies say the same, wherever it stands.
func same(a, b *Policy) bool {
	return bytes.Equal(a.Salt, b.Salt) && maps.Equal(a.FailOn, b.FailOn) && slices.Equal(a.Exclude, b.Exclude) &&
		maps.Equal(a.Baseline, b.Baseline) && maps.Equal(a.Marks, b.Marks) &&
		maps.EqualFunc(a.Exceptions, b.Exceptions, func(x, y Exception) bool { return reflect.DeepEqual(x, y) }) &&
		reflect.DeepEqual(a.Environments, b.Environments) && reflect.DeepEqual(a.Owners, b.Owners) &&
		reflect.DeepEqual(a.Integrations, b.Integrations) && reflect.DeepEqual(a.Escalation, b.Escalation) &&
		reflect.DeepEqual(a.Thresholds, b.Thresholds) && sameDetectors(a.Detectors, b.Detectors)
}

// scalar writes s so that any YAML reader takes it for this string.
func scalar(s string) string {
	plain := s != "" && strings.Trim(s, " ") == s
	for i, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		plain = plain && (letter || i > 0 && (c >= '0' && c <= '9' || strings.IndexByte(" .,;_/@+-()", c) >= 0))
	}
	switch strings.ToLower(s) {
	case "true", "false", "yes", "no", "on", "off", "y", "n", "null":
		plain = false
	}
	if plain {
		return s
	}
	return strconv.Quote(s)
}
