// Package vectors makes test values for rows of the table of kinds, from the rows themselves: nothing that looks like a
// credential ever stands in a file. It says how people write values down (Syntaxes) and how values are nearly right
// (Mutations). It finds nothing and judges nothing.
package vectors

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"sprawl/detectors"
	"sprawl/finding"
)

// Vector is one value of a kind.
type Vector struct {
	Text string // what is to be found: the value, or the whole structure
	Role finding.Role
	Name string // the name that a value without a form of its own must be assigned to; "" if it needs none
	Near string // a word that must stand within 64 bytes before it; "" if none
	// Whole is set for structures: they stand on lines of their own and are not put into assignments.
	Whole bool
	// File is set for structures that are all of a file: nothing stands before or behind them.
	File bool
	// Checked is set where the row's own Sample made the value, so that its Check proves it.
	Checked bool
	shape   *detectors.Shape
}

// Make makes one vector for each way the row can be found, Sample first where there is one. The same source of randomness
// gives the same vectors. A row without any way to make a value gives none.
func Make(d detectors.Detector, r *rand.Rand) []Vector {
	var out []Vector
	if d.Sample != nil {
		v := Vector{Text: string(d.Sample(r)), Role: finding.RoleSecret, Checked: true, Whole: len(d.Structures) > 0, File: isFile(&d)}
		if !v.Whole && len(d.Shapes) == 0 && len(d.Named) > 0 {
			v.Name = nameFor(&d.Named[0])
		}
		out = append(out, v)
	}
	for i := range d.Shapes {
		s := &d.Shapes[i]
		v := Vector{Text: fromShape(s, r), Role: cmp.Or(s.Role, finding.RoleSecret), shape: s}
		if len(s.NeedName) > 0 {
			v.Near = s.NeedName[0]
		}
		out = append(out, v)
	}
	for i := range d.Named {
		n := &d.Named[i]
		for j := range n.Value {
			s := &n.Value[j]
			out = append(out, Vector{Text: fromShape(s, r), Role: cmp.Or(s.Role, n.Role, finding.RoleSecret), Name: nameFor(n), shape: s})
		}
	}
	return out
}

// binary are the kinds that are a whole file and no text.
var binary = []string{"java-keystore", "pkcs12-file"}

func isFile(d *detectors.Detector) bool {
	return slices.Contains(binary, d.ID) || len(d.Structures) > 0 && d.Structures[0].Reach.Kind == detectors.ReachAlone
}

// nameFor joins a keyword with one of the names that must stand beside it.
func nameFor(n *detectors.Named) string {
	name := n.Keywords[0]
	if len(n.Names) > 0 && !slices.ContainsFunc(n.Names, func(w string) bool { return strings.Contains(name, w) }) {
		name += "_" + n.Names[0]
	}
	return name
}

// fromShape draws every run at a length between its bounds, not longer than 64 bytes above its minimum: long enough to be a
// value, short enough to read.
func fromShape(s *detectors.Shape, r *rand.Rand) string {
	least := s.MinEntropy
	var best string
	for range 50 {
		var b strings.Builder
		for _, p := range s.Pieces {
			if p.Lit != "" {
				b.WriteString(p.Lit)
				continue
			}
			n := p.Min
			if top := min(p.Max, p.Min+64); top > n {
				n += r.IntN(top - n + 1)
			}
			if n == 0 && p.Max > 0 && p.Class.Size() > 1 {
				n = 1
			}
			members := Members(p.Class)
			for range n {
				b.WriteByte(members[r.IntN(len(members))])
			}
		}
		best = b.String()
		if detectors.Entropy(best) >= max(least, 3) {
			break
		}
	}
	return best
}

// Members lists the bytes of a class.
func Members(c *detectors.Class) []byte {
	var out []byte
	for b := range 256 {
		if c.Has(byte(b)) {
			out = append(out, byte(b))
		}
	}
	return out
}

// Syntax is one way to write a name and a value down. Value is where the value's first byte stands in Text.
type Syntax struct {
	Name  string
	Text  string
	Value int
}

// syntaxes: %[1]s is the name in the case the language likes, %[2]s the value.
var syntaxes = []struct{ name, form string }{
	{"env", "upper|%[1]s=%[2]s\n"},
	{"shell", "upper|export %[1]s='%[2]s'\n"},
	{"ini", "lower|[main]\n%[1]s = %[2]s\n"},
	{"toml", "lower|%[1]s = \"%[2]s\"\n"},
	{"yaml", "lower|app:\n  %[1]s: %[2]s\n"},
	{"yaml-quoted", "lower|app:\n  %[1]s: \"%[2]s\"\n"},
	{"yaml-list", "upper|env:\n  - name: %[1]s\n    value: %[2]s\n"},
	{"yaml-block", "lower|%[1]s: |\n  %[2]s\n"},
	{"compose", "upper|environment:\n  - %[1]s=%[2]s\n"},
	{"json", "camel|{\"%[1]s\": \"%[2]s\", \"n\": 1}\n"},
	{"xml", "camel|<%[1]s>%[2]s</%[1]s>\n"},
	{"xml-attribute", "camel|<add key=\"%[1]s\" value=\"%[2]s\"/>\n"},
	{"hcl", "lower|%[1]s = \"%[2]s\"\n"},
	{"dockerfile", "upper|ENV %[1]s=%[2]s\n"},
	{"dockerfile-old", "upper|ARG %[1]s=%[2]s\n"},
	{"properties", "dots|%[1]s=%[2]s\n"},
	{"go", "camel|\t%[1]s := \"%[2]s\"\n"},
	{"js", "camel|const %[1]s = '%[2]s';\n"},
	{"js-object", "camel|  %[1]s: '%[2]s',\n"},
	{"python", "upper|%[1]s = \"%[2]s\"\n"},
	{"python-dict", "lower|    \"%[1]s\": \"%[2]s\",\n"},
	{"java", "camel|private static final String %[1]s = \"%[2]s\";\n"},
	{"csharp", "camel|string %[1]s = \"%[2]s\";\n"},
	{"php", "lower|$%[1]s = '%[2]s';\n"},
	{"ruby", "lower|  %[1]s: \"%[2]s\"\n"},
	{"ruby-hash", "lower|:%[1]s => '%[2]s'\n"},
	{"powershell", "camel|$env:%[1]s = \"%[2]s\"\n"},
	{"header", "dashes|%[1]s: %[2]s\n"},
	{"curl", "dashes|curl -H '%[1]s: %[2]s' https://api.internal.test/v1\n"},
	{"flag", "dashes|run --%[1]s=%[2]s\n"},
}

// expanding are the syntaxes in which a dollar, a backquote or a percent sign means something.
var expanding = strings.Fields("shell powershell env compose dockerfile dockerfile-old php ruby")

// Syntaxes writes a name and a value in every form. name is lower-case words joined by underscores.
func Syntaxes(name, value string) []Syntax {
	const mark = "\x00"
	out := make([]Syntax, 0, len(syntaxes))
	for _, s := range syntaxes {
		how, form, _ := strings.Cut(s.form, "|")
		shown := value
		switch {
		case strings.HasPrefix(s.name, "xml"):
			var b strings.Builder
			_ = xml.EscapeText(&b, []byte(value))
			shown = b.String()
		case s.name == "json":
			shown = strings.Trim(strconv.Quote(value), `"`)
		}
		if shown != value {
			continue // an escaped value is the business of the decoders
		}
		if strings.ContainsAny(value, " '\"#;,\\") && !quoted(form) {
			continue
		}
		if strings.ContainsAny(value, "$`%") && slices.Contains(expanding, s.name) {
			continue // these would expand it
		}
		text := fmt.Sprintf(form, cased(name, how), mark)
		at := strings.Index(text, mark)
		out = append(out, Syntax{s.name, strings.ReplaceAll(text, mark, value), at})
	}
	return out
}

func quoted(form string) bool { return strings.Contains(form, `"%[2]s"`) }

func cased(name, how string) string {
	words := strings.Split(name, "_")
	switch how {
	case "upper":
		return strings.ToUpper(name)
	case "dots":
		return strings.Join(words, ".")
	case "dashes":
		return strings.Join(words, "-")
	case "camel":
		for i := 1; i < len(words); i++ {
			words[i] = strings.ToUpper(words[i][:1]) + words[i][1:]
		}
		return strings.Join(words, "")
	}
	return name
}

// Mutation is a value that is nearly one of the kind.
type Mutation struct {
	Name string
	Text string
}

// Mutations makes near misses of a vector. A mutated value may still have the form of another kind, or be generic: what must
// not be said of it is that it is proven, and of one that is too short, too long or of another alphabet, that it is of this
// kind by its shape.
func Mutations(v Vector, r *rand.Rand) []Mutation {
	t := v.Text
	if v.Whole || len(t) < 8 {
		return nil
	}
	var out []Mutation
	if v.Checked {
		i := len(t) - 1 - r.IntN(4)
		for i > 0 && t[i] == '=' {
			i--
		}
		c := byte('a')
		if t[i] == 'a' || t[i] == 'A' {
			c = 'b'
		}
		if t[i] >= 'A' && t[i] <= 'Z' {
			c -= 'a' - 'A'
		}
		out = append(out, Mutation{"changed end", t[:i] + string(c) + t[i+1:]})
	}
	s := v.shape
	if s == nil {
		return out
	}
	last := s.Pieces[len(s.Pieces)-1]
	if last.Class != nil && last.Min > 1 && fixed(s) {
		out = append(out, Mutation{"too short", t[:len(t)-1]})
		if s.Right == nil {
			m := Members(last.Class)
			out = append(out, Mutation{"too long", t + string(m[r.IntN(len(m))])})
		}
	}
	// Inside the last run of a fixed length, a byte that belongs to no token.
	if last.Class != nil && last.Min == last.Max && last.Min > 4 && fixed(s) && !last.Class.Has('!') {
		i := len(t) - last.Min/2
		out = append(out, Mutation{"wrong alphabet", t[:i] + "!" + t[i+1:]})
	}
	return out
}

func fixed(s *detectors.Shape) bool {
	return !slices.ContainsFunc(s.Pieces, func(p detectors.Piece) bool { return p.Class != nil && p.Min != p.Max })
}
