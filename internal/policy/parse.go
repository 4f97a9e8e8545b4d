package policy

import (
	"bytes"
	"encoding/base32"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"sprawl/finding"
)

// saltEncoding is how a salt stands in the file.
var saltEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Parse reads a policy. name is for errors only. Every error is an *Error; the first one found is returned. Nil or empty data,
// or a file of comments, is the zero Policy.
func Parse(data []byte, name string) (*Policy, error) {
	f, err := open(data, name)
	if err != nil {
		return nil, err
	}
	return f.policy()
}

// file is the text of a policy and the nodes in it. Its methods return *Error as error.
type file struct {
	name  string
	data  []byte // without a byte order mark
	bom   bool
	lines []int      // where each line begins
	root  *yaml.Node // the mapping, nil for an empty file
}

var (
	bom       = []byte("\xEF\xBB\xBF")
	conflicts = []string{"<<<<<<<", "|||||||", "=======", ">>>>>>>"}
)

func open(data []byte, name string) (*file, error) {
	f := &file{name: name}
	if len(data) > MaxSize {
		return nil, f.at(0, 0, "prune the baseline", "larger than %d MiB", MaxSize>>20)
	}
	f.data, f.bom = bytes.CutPrefix(data, bom)
	f.lines = lineStarts(f.data)
	if err := f.checkText(); err != nil {
		return nil, err
	}
	loader, err := yaml.NewLoader(bytes.NewReader(f.data), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	if err != nil {
		return nil, f.syntax(err)
	}
	var doc, second yaml.Node
	if err := loader.Load(&doc); errors.Is(err, io.EOF) {
		return f, nil
	} else if err != nil {
		return nil, f.syntax(err)
	}
	if err := loader.Load(&second); err == nil {
		return nil, f.fail(&second, "keep one", "a second YAML document")
	} else if !errors.Is(err, io.EOF) {
		return nil, f.syntax(err)
	}
	if len(doc.Content) != 1 || null(doc.Content[0]) {
		return f, nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, f.fail(root, "begin with a key such as `salt:`", "a policy is a mapping")
	}
	if err := f.checkNodes(root); err != nil {
		return nil, err
	}
	f.root = root
	return f, nil
}

// lineStarts splits as YAML does: at LF, CR LF, CR, NEL, LS and PS.
func lineStarts(data []byte) []int {
	starts := []int{0}
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '\n':
		case '\r':
			if i+1 < len(data) && data[i+1] == '\n' {
				i++
			}
		case 0xC2:
			if i+1 >= len(data) || data[i+1] != 0x85 {
				continue
			}
			i++
		case 0xE2:
			if i+2 >= len(data) || data[i+1] != 0x80 || data[i+2]&^1 != 0xA8 {
				continue
			}
			i += 2
		default:
			continue
		}
		starts = append(starts, i+1)
	}
	return starts
}

// line is line i from 0, with its line break.
func (f *file) line(i int) []byte {
	if i+1 < len(f.lines) {
		return f.data[f.lines[i]:f.lines[i+1]]
	}
	return f.data[f.lines[i]:]
}

// checkText refuses what is not to reach the YAML reader, which would guess at UTF-16 and build nodes without a limit.
func (f *file) checkText() error {
	tokens := len(f.lines)
	for i := range f.lines {
		text := f.line(i)
		for _, marker := range conflicts {
			// Git writes seven characters and then a blank or nothing.
			if rest, ok := strings.CutPrefix(string(text[:min(len(text), 8)]), marker); ok && strings.TrimSpace(rest) == "" {
				return f.at(i+1, 1, "keep the lines of both sides, each once, and remove the markers",
					"a merge conflict stands unresolved here")
			}
		}
		for j, c := range text {
			switch {
			case c < ' ' && c != '\t' && c != '\n' && c != '\r', c == 0x7F:
				return f.at(i+1, utf8.RuneCount(text[:j])+1, "", "a control character")
			case strings.IndexByte(",[]{}", c) >= 0:
				tokens++
			case strings.IndexByte("-?:", c) >= 0 && (j+1 == len(text) || text[j+1] <= ' '):
				tokens++
			}
		}
		if !utf8.Valid(text) {
			return f.at(i+1, 1, "save the file as UTF-8", "not UTF-8")
		}
		if tokens > maxTokens {
			return f.at(i+1, 1, "prune the baseline", "too many entries")
		}
	}
	return nil
}

// checkNodes refuses, anywhere in the file, what a policy has no use for and what hides meaning from its readers.
func (f *file) checkNodes(n *yaml.Node) error {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return f.fail(n, "write the value out where it is needed", "anchors and aliases are not allowed in a policy")
	case n.Style&yaml.TaggedStyle != 0:
		return f.fail(n, "remove the tag", "tags are not allowed in a policy")
	case n.Kind != yaml.MappingNode:
		for _, c := range n.Content {
			if err := f.checkNodes(c); err != nil {
				return err
			}
		}
		return nil
	}
	seen := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind == yaml.AliasNode {
			return f.checkNodes(key)
		}
		if key.Kind != yaml.ScalarNode {
			return f.fail(key, "", "a key must be a word")
		}
		if key.Value == "<<" {
			return f.fail(key, "write the values out where they are needed", "merge keys are not allowed in a policy")
		}
		if first, dup := seen[key.Value]; dup {
			return f.fail(key, "remove one of the two", "this key already stands in line %d", first)
		}
		seen[key.Value] = key.Line
		if err := f.checkNodes(key); err != nil {
			return err
		}
		if err := f.checkNodes(value); err != nil {
			return err
		}
	}
	return nil
}

// field is one known key of a mapping.
type field struct {
	key  string
	need bool
	read func(*yaml.Node) error
}

// policy reads the sections.
func (f *file) policy() (*Policy, error) {
	p := &Policy{}
	if f.root == nil {
		return p, nil
	}
	err := f.mapping(f.root, "a policy", []field{
		{key: "salt", read: func(n *yaml.Node) (err error) { p.Salt, err = f.salt(n); return err }},
		{key: "fail-on", read: func(n *yaml.Node) (err error) { p.FailOn, err = f.failOn(n); return err }},
		{key: "exclude", read: func(n *yaml.Node) (err error) { p.Exclude, err = f.exclude(n); return err }},
		{key: "baseline", read: func(n *yaml.Node) (err error) { p.Baseline, err = entries(f, n, f.kind); return err }},
		{key: "marks", read: func(n *yaml.Node) (err error) { p.Marks, err = entries(f, n, f.mark); return err }},
		{key: "exceptions", read: func(n *yaml.Node) (err error) { p.Exceptions, err = entries(f, n, f.exception); return err }},
		{key: "environments", read: func(n *yaml.Node) (err error) { p.Environments, err = f.environments(n); return err }},
		{key: "owners", read: func(n *yaml.Node) (err error) { p.Owners, err = f.owners(n); return err }},
		{key: "integrations", read: func(n *yaml.Node) (err error) { p.Integrations, err = f.integrations(n); return err }},
		{key: "escalation", read: func(n *yaml.Node) (err error) { p.Escalation, err = f.escalation(n); return err }},
		{key: "thresholds", read: func(n *yaml.Node) (err error) { p.Thresholds, err = f.thresholds(n); return err }},
		{key: "repositories", read: func(n *yaml.Node) (err error) { p.Repositories, err = f.repositories(n); return err }},
		{key: "detectors", read: func(n *yaml.Node) (err error) { p.Detectors, err = f.detectors(n); return err }},
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// mapping reads the fields of n, which what names in an error.
func (f *file) mapping(n *yaml.Node, what string, fields []field) error {
	if n.Kind != yaml.MappingNode {
		return f.fail(n, "write `key: value` lines", "%s is a mapping", what)
	}
	var have []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := slices.IndexFunc(fields, func(x field) bool { return x.key == key.Value })
		if at < 0 {
			return f.unknownKey(key, what, fields)
		}
		have = append(have, key.Value)
		if err := fields[at].read(value); err != nil {
			return err
		}
	}
	for _, x := range fields {
		if x.need && !slices.Contains(have, x.key) {
			return f.fail(n, "", "%s needs `%s`", what, x.key)
		}
	}
	return nil
}

func (f *file) unknownKey(key *yaml.Node, what string, fields []field) error {
	known := make([]string, len(fields))
	plain := strings.NewReplacer("_", "", "-", "")
	for i, x := range fields {
		known[i] = x.key
		if strings.EqualFold(plain.Replace(key.Value), plain.Replace(x.key)) {
			return f.fail(key, "write `"+x.key+"`", "unknown key in %s", what)
		}
	}
	return f.fail(key, "known are "+strings.Join(known, ", "), "unknown key in %s", what)
}

// entries reads a section keyed by match.
func entries[T any](f *file, n *yaml.Node, read func(*yaml.Node) (T, error)) (map[string]T, error) {
	if null(n) {
		return nil, nil
	}
	if n.Kind != yaml.MappingNode {
		return nil, f.fail(n, "write one `m-…: …` line for each", "the section is a mapping from match to entry")
	}
	m := make(map[string]T, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if !ValidMatch(key.Value) {
			return nil, f.fail(key, "`sprawl mark` and `sprawl init` write them",
				"not a match: m- or g- and %d characters of a-z and 2-7", matchLen)
		}
		v, err := read(value)
		if err != nil {
			return nil, err
		}
		m[key.Value] = v
	}
	return m, nil
}

func (f *file) salt(n *yaml.Node) ([]byte, error) {
	const hint = "`sprawl init` makes one"
	s, err := f.text(n, "salt")
	if err != nil {
		return nil, err
	}
	salt, err := saltEncoding.DecodeString(strings.ToLower(strings.TrimRight(s, "=")))
	if err != nil || strings.ContainsAny(s, "\r\n") { // the decoder skips line breaks
		return nil, f.fail(n, hint, "the salt is not base32")
	}
	if len(salt) < MinSalt || len(salt) > MaxSalt {
		return nil, f.fail(n, hint, "the salt has %d bytes, not %d to %d", len(salt), MinSalt, MaxSalt)
	}
	return salt, nil
}

func (f *file) failOn(n *yaml.Node) (map[finding.Tier]finding.Severity, error) {
	return severities(f, n, "fail-on", finding.Tiers()...)
}

func (f *file) repositories(n *yaml.Node) (map[string]finding.Severity, error) {
	return severities(f, n, "repositories", "baseline", "marks", "exceptions", "inline")
}

// severities is a mapping from some of the keys to a severity, or never.
func severities[K ~string](f *file, n *yaml.Node, what string, keys ...K) (map[K]finding.Severity, error) {
	if null(n) {
		return nil, nil
	}
	m := map[K]finding.Severity{}
	var fields []field
	for _, k := range keys {
		fields = append(fields, field{key: string(k), read: func(n *yaml.Node) (err error) {
			m[k], err = oneOf(f, n, append(finding.Severities(), Never))
			return err
		}})
	}
	return m, f.mapping(n, what, fields)
}

func (f *file) exclude(n *yaml.Node) ([]string, error) {
	if null(n) {
		return nil, nil
	}
	if n.Kind != yaml.SequenceNode {
		return nil, f.fail(n, "write one `- glob` line for each", "exclude is a list of path globs")
	}
	var globs []string
	for _, item := range n.Content {
		glob, err := f.text(item, "a glob")
		if err != nil {
			return nil, err
		}
		switch {
		case strings.Contains(glob, "\\"):
			return nil, f.fail(item, "write / between folders", "a glob with a backslash")
		case !doublestar.ValidatePattern(glob):
			return nil, f.fail(item, "check brackets and braces", "not a valid glob")
		case strings.HasPrefix(glob, "/"), strings.HasSuffix(glob, "/"), strings.HasPrefix(glob, "./"):
			return nil, f.fail(item, "write it as in `docs/examples`", "a glob is relative to the root and has no slash at its ends")
		case strings.Trim(glob, "*/") == "":
			return nil, f.fail(item, "name the folders", "this glob would exclude everything")
		}
		globs = append(globs, glob)
	}
	return globs, nil
}

func (f *file) kind(n *yaml.Node) (string, error) {
	if null(n) {
		return "", nil
	}
	if n.Kind != yaml.ScalarNode || n.Value == "" || !validKind(n.Value) {
		return "", f.fail(n, "write it as in `aws-access-key`", "not a kind: lower-case words joined by hyphens")
	}
	return n.Value, nil
}

func (f *file) mark(n *yaml.Node) (Mark, error) {
	var m Mark
	return m, f.mapping(n, "a mark", []field{
		{key: "as", need: true, read: func(n *yaml.Node) (err error) {
			m.As, err = oneOf(f, n, []Verdict{FalsePositive, Resolved})
			return err
		}},
		{key: "reason", read: f.readText(&m.Reason, "a reason")},
		{key: "by", read: f.readText(&m.By, "a name")},
		{key: "on", read: f.readDay(&m.On)},
	})
}

func (f *file) exception(n *yaml.Node) (Exception, error) {
	var e Exception
	err := f.mapping(n, "an exception", []field{
		{key: "owner", need: true, read: f.readText(&e.Owner, "an owner")},
		{key: "approver", need: true, read: f.readText(&e.Approver, "an approver")},
		{key: "reason", need: true, read: f.readText(&e.Reason, "a reason")},
		{key: "until", need: true, read: f.readDay(&e.Until)},
		{key: "created", need: true, read: f.readDay(&e.Created)},
		{key: "recertified", read: f.readDay(&e.Recertified)},
		{key: "requires", read: func(n *yaml.Node) error {
			if n.Kind != yaml.SequenceNode {
				return f.fail(n, "write one `- word` line for each", "requires is a list")
			}
			for _, item := range n.Content {
				r, err := oneOf(f, item, Requirements())
				if err != nil {
					return err
				}
				e.Requires = append(e.Requires, r)
			}
			return nil
		}},
	})
	switch {
	case err != nil:
	case e.Until.Before(e.Created):
		err = f.fail(n, "", "an exception that ends before it was created")
	case !e.Recertified.IsZero() && e.Recertified.Before(e.Created):
		err = f.fail(n, "", "an exception that was looked at again before it was created")
	}
	return e, err
}

// text is a scalar that is not empty; what names it in an error.
func (f *file) text(n *yaml.Node, what string) (string, error) {
	switch {
	case n.Kind != yaml.ScalarNode:
		return "", f.fail(n, "", "%s is one value, not a list or mapping", what)
	case null(n) || strings.TrimSpace(n.Value) == "":
		return "", f.fail(n, "", "%s is empty", what)
	case len(n.Value) > maxText:
		return "", f.fail(n, "", "%s is longer than %d bytes", what, maxText)
	}
	return n.Value, nil
}

func (f *file) readText(to *string, what string) func(*yaml.Node) error {
	return func(n *yaml.Node) (err error) {
		*to, err = f.text(n, what)
		return err
	}
}

func (f *file) readDay(to *time.Time) func(*yaml.Node) error {
	return func(n *yaml.Node) error {
		t, err := time.Parse(time.DateOnly, n.Value)
		if n.Kind != yaml.ScalarNode || err != nil || t.Year() < 1970 {
			return f.fail(n, "write it as in 2026-03-31", "not a day")
		}
		*to = t
		return nil
	}
}

// oneOf is a scalar with one of the values.
func oneOf[T ~string](f *file, n *yaml.Node, values []T) (T, error) {
	if n.Kind == yaml.ScalarNode && slices.Contains(values, T(n.Value)) {
		return T(n.Value), nil
	}
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = string(v)
	}
	return "", f.fail(n, "write "+strings.Join(words, ", "), "not one of the known words")
}

func null(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }
