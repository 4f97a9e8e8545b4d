// Package owners says who a repository names as the owner of a path: CODEOWNERS, as GitHub and GitLab read it, and the nearest
// catalog-info.yaml.
//
// Bytes come in, names with the line that gave them come out. It never opens a file itself, judges no owner, and gives up no
// file for one bad line: the line is noted and skipped, as the forges do.
package owners

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// Limits. GitHub reads no CODEOWNERS above 3 MB:
// https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
const (
	MaxCodeowners = 3 << 20
	maxCatalog    = 1 << 20
	maxNotes      = 100
	// maxSteps bounds the comparisons of a path with a rule over the life of a Tree: a file of 60,000 rules is hostile, and so
	// are as many paths. A comparison is one step, and one more for each 50 bytes that a star may try: together some five seconds.
	maxSteps = 50_000_000
)

// Owner is one name. Team says that it is a group of people: a group does not leave.
type Owner struct {
	Name  string
	Team  bool
	Where string // "CODEOWNERS:12", "shop/catalog-info.yaml"
}

// Open reads a file at the tip of the default branch, by its slash path. It returns fs.ErrNotExist where there is none.
type Open func(path string) ([]byte, error)

// Tree is what one repository says. It is for one goroutine.
type Tree struct {
	open     Open
	file     string // of the CODEOWNERS in use, "" if there is none
	gitlab   bool
	sections []section
	catalogs map[string][]Owner // by folder
	notes    []string
	failed   error
	steps    int
}

type section struct {
	name  string
	rules []rule // in the order of the file; the last match wins
}

type rule struct {
	line   int
	glob   string
	under  string // "" or the glob for what lies below
	stars  int
	owners []Owner
}

// Read finds the CODEOWNERS in use, in the order of the forges. An error other than fs.ErrNotExist stands in Err: nothing was
// learnt then, which is not the same as nobody being named.
func Read(open Open) *Tree {
	t := &Tree{open: open, catalogs: map[string][]Owner{}, steps: maxSteps}
	// GitLab looks at the root first and GitHub at .github/; a repository that has both keeps them for the two forges.
	for _, p := range []string{".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"} {
		data, err := open(p)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.failed = fmt.Errorf("read %s: %w", p, err)
			return t
		}
		t.file = p
		if len(data) > MaxCodeowners {
			t.note("%s: larger than 3 MB, not read, as GitHub does not", p)
			return t
		}
		t.gitlab = strings.HasPrefix(p, ".gitlab/") || p != ".github/CODEOWNERS" && t.hasGitLab(data)
		t.parse(data)
		return t
	}
	return t
}

// hasGitLab reports whether a CODEOWNERS outside of the forges' own folders is GitLab's: it has a section, or a pipeline of
// GitLab's stands beside it.
func (t *Tree) hasGitLab(data []byte) bool {
	for line := range bytes.Lines(data) {
		if _, _, ok := header(strings.TrimSpace(string(line))); ok {
			return true
		}
	}
	_, err := t.open(".gitlab-ci.yml")
	return err == nil
}

// Err is why nothing was learnt, nil where files were read or are absent.
func (t *Tree) Err() error { return t.failed }

// Notes lists what was skipped, with file and line.
func (t *Tree) Notes() []string { return t.notes }

func (t *Tree) note(format string, args ...any) {
	if len(t.notes) < maxNotes {
		t.notes = append(t.notes, fmt.Sprintf(format, args...))
	}
}

// header takes a section line apart: "[Name]", "^[Name][2] @default". https://docs.gitlab.com/user/project/codeowners/reference/
func header(line string) (name, rest string, ok bool) {
	line = strings.TrimPrefix(line, "^")
	if !strings.HasPrefix(line, "[") {
		return "", "", false
	}
	name, rest, ok = strings.Cut(line[1:], "]")
	if !ok || strings.TrimSpace(name) == "" {
		return "", "", false
	}
	if strings.HasPrefix(rest, "[") { // how many approvals
		_, rest, ok = strings.Cut(rest, "]")
	}
	return strings.TrimSpace(name), rest, ok
}

func (t *Tree) parse(data []byte) {
	data, _ = bytes.CutPrefix(data, []byte("\xEF\xBB\xBF"))
	t.sections = []section{{}}
	at := 0
	var fallback []Owner
	n := 0
	for raw := range bytes.Lines(data) {
		n++
		line := strings.TrimSpace(string(raw))
		if line == "" || line[0] == '#' {
			continue
		}
		if !utf8.ValidString(line) || strings.ContainsFunc(line, func(r rune) bool { return unicode.IsControl(r) && r != '\t' }) {
			t.note("%s:%d: not text", t.file, n)
			continue
		}
		if t.gitlab {
			if name, rest, ok := header(line); ok {
				at = slices.IndexFunc(t.sections, func(s section) bool { return strings.EqualFold(s.name, name) && s.name != "" })
				if at < 0 {
					at = len(t.sections)
					t.sections = append(t.sections, section{name: name})
				}
				fallback, _ = t.names(strings.Fields(rest), n)
				continue
			}
		}
		pattern, rest := cut(line)
		names, good := t.names(strings.Fields(rest), n)
		if !good {
			continue
		}
		if len(names) == 0 {
			names = fallback
		}
		r, why := t.compile(pattern)
		if why != "" {
			t.note("%s:%d: %s", t.file, n, why)
			continue
		}
		r.line, r.owners = n, names
		t.sections[at].rules = append(t.sections[at].rules, r)
	}
}

// cut separates the pattern from the owners at the first blank that is not escaped.
func cut(line string) (pattern, rest string) {
	var b strings.Builder
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && i+1 < len(line) && (line[i+1] == ' ' || line[i+1] == '#' || line[i+1] == '\\'):
			i++
			if line[i] == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(line[i])
		case c == ' ' || c == '\t':
			return b.String(), line[i:]
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

// names reads owners up to a comment. GitHub skips a whole line for one bad owner; GitLab skips the owner.
func (t *Tree) names(words []string, line int) (out []Owner, good bool) {
	for _, w := range words {
		if strings.HasPrefix(w, "#") {
			break
		}
		name := strings.TrimPrefix(w, "@")
		mail := strings.Count(w, "@") == 1 && !strings.HasPrefix(w, "@") && strings.IndexByte(w, '@') < len(w)-1
		role := t.gitlab && strings.HasPrefix(w, "@@") // whoever has the role
		if !mail && (!strings.HasPrefix(w, "@") || name == "" || strings.Contains(strings.TrimPrefix(name, "@"), "@")) {
			t.note("%s:%d: an owner that is neither @name, @group/team nor an address", t.file, line)
			if t.gitlab {
				continue
			}
			return nil, false
		}
		out = append(out, Owner{Name: w, Team: !mail && (role || strings.Contains(name, "/")), Where: fmt.Sprintf("%s:%d", t.file, line)})
	}
	return out, true
}

// compile turns a pattern into globs. Both forges follow gitignore without negation and character ranges; GitLab lets a
// relative pattern match at any depth where GitHub, as git, anchors one that has a slash inside.
func (t *Tree) compile(p string) (rule, string) {
	switch {
	case strings.HasPrefix(p, "!"):
		return rule{}, "a negated pattern"
	case strings.ContainsAny(p, "[]{}"):
		return rule{}, "a pattern with brackets or braces"
	}
	dir := strings.HasSuffix(p, "/")
	body := strings.Trim(p, "/")
	if body == "" {
		if p == "/" {
			return rule{glob: "**"}, ""
		}
		return rule{}, "an empty pattern"
	}
	anchored := strings.HasPrefix(p, "/") || !t.gitlab && strings.Contains(body, "/")
	if !anchored && !strings.HasPrefix(body, "**/") {
		body = "**/" + body
	}
	r := rule{glob: body}
	switch {
	case dir:
		r.glob = body + "/**"
	case strings.HasSuffix(body, "/*"): // files of the folder, not of those below
	case strings.HasSuffix(body, "/**"):
	default:
		r.under = body + "/**"
	}
	if body == "**/*" {
		r.glob, r.under = "**", ""
	}
	r.stars = strings.Count(r.glob, "*")
	if !doublestar.ValidatePattern(r.glob) {
		return rule{}, "not a valid pattern"
	}
	return r, ""
}

func (r rule) covers(p string) bool {
	return doublestar.MatchUnvalidated(r.glob, p) || r.under != "" && doublestar.MatchUnvalidated(r.under, p)
}

// For returns the owners of a path by CODEOWNERS: those of the last rule that matches, of every section. A last match without
// owners takes the owners away. ok is false where nobody can be told: there was an error, or the file is too large to follow.
func (t *Tree) For(p string) (out []Owner, ok bool) {
	if t.failed != nil {
		return nil, false
	}
	for _, s := range t.sections {
		for i := len(s.rules) - 1; i >= 0; i-- {
			if t.steps -= 1 + s.rules[i].stars*len(p)/50; t.steps < 0 {
				t.note("%s: too many rules and paths, not followed to the end", t.file)
				return nil, false
			}
			if s.rules[i].covers(p) {
				out = append(out, s.rules[i].owners...)
				break
			}
		}
	}
	return out, true
}

// Catalog returns the owners that the catalog-info.yaml files above a path name, the nearest first. ok is false where one of
// them could not be read.
func (t *Tree) Catalog(p string) (out []Owner, ok bool) {
	ok = true
	for dir := path.Dir(p); ; dir = path.Dir(dir) {
		if dir == "/" {
			dir = "."
		}
		found, good := t.catalog(dir)
		out, ok = append(out, found...), ok && good
		if dir == "." {
			return out, ok
		}
	}
}

func (t *Tree) catalog(dir string) ([]Owner, bool) {
	if found, ok := t.catalogs[dir]; ok {
		return found, true
	}
	name := path.Join(dir, "catalog-info.yaml")
	data, err := t.open(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.note("%s: %s", name, err)
		return nil, false
	}
	var found []Owner
	if err == nil {
		found = t.entities(name, data)
	}
	t.catalogs[dir] = found
	return found, true
}

// entities reads the documents of a catalog file: https://backstage.io/docs/features/software-catalog/descriptor-format
func (t *Tree) entities(name string, data []byte) []Owner {
	if len(data) > maxCatalog {
		t.note("%s: larger than 1 MiB, not read", name)
		return nil
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(32))))
	if err != nil {
		t.note("%s: not readable as YAML", name)
		return nil
	}
	var out []Owner
	for range 1000 {
		var doc yaml.Node
		if err := loader.Load(&doc); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.note("%s: not readable as YAML", name)
			break
		}
		if len(doc.Content) != 1 {
			continue
		}
		v := child(child(doc.Content[0], "spec"), "owner")
		if v == nil || v.Kind != yaml.ScalarNode || len(v.Value) > 200 {
			continue
		}
		if o, ok := entityRef(v.Value); ok {
			o.Where = fmt.Sprintf("%s:%d", name, v.Line)
			if !slices.ContainsFunc(out, func(x Owner) bool { return x.Name == o.Name }) {
				out = append(out, o)
			}
		}
	}
	return out
}

func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// entityRef reads [kind:][namespace/]name, where the kind of an owner is group unless it is said:
// https://backstage.io/docs/features/software-catalog/references
func entityRef(s string) (Owner, bool) {
	s = strings.TrimSpace(s)
	kind, rest, ok := strings.Cut(s, ":")
	if !ok {
		kind, rest = "group", s
	}
	rest = strings.TrimPrefix(rest, "default/")
	if rest == "" || strings.ContainsAny(rest, " \t\n{}$") {
		return Owner{}, false
	}
	return Owner{Name: rest, Team: !strings.EqualFold(kind, "user")}, true
}
