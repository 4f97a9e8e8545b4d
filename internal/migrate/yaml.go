package migrate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp/syntax"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"sprawl/internal/policy"
)

// parkerRule is a rule of noseyparker, of kingfisher, which began as a copy of it, or of titus, as far as it is understood.
type parkerRule struct {
	Name, ID, Pattern, Description string
	MinEntropy                     float64 `yaml:"min_entropy"`
	Visible                        *bool
	Examples                       []string
	NegativeExamples               []string `yaml:"negative_examples"`
	NonExamples                    []string `yaml:"non_examples"`
	References                     []string
	DependsOn                      []any `yaml:"depends_on_rule"`
	Validation, Validator          any
	Needs                          *parkerNeeds `yaml:"pattern_requirements"`
}

type parkerNeeds struct {
	Digits   int      `yaml:"min_digits"`
	Lower    int      `yaml:"min_lowercase"`
	Upper    int      `yaml:"min_uppercase"`
	Special  int      `yaml:"min_special_chars"`
	Specials string   `yaml:"special_chars"`
	Ignore   []string `yaml:"ignore_if_contains"`
	Checksum any
}

// readYAML reads rules, or a kingfisher baseline. A file may hold several documents.
func readYAML(data []byte) (File, error) {
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(64))))
	if err != nil {
		return File{}, errors.New("not YAML")
	}
	r := &Rules{}
	for {
		var doc yaml.Node
		if err := loader.Load(&doc); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			var le *yaml.LoadError
			if errors.As(err, &le) {
				return File{}, fmt.Errorf("line %d: not YAML", le.Mark.Line)
			}
			return File{}, errors.New("not YAML")
		}
		var top struct {
			Rules []yaml.Node
			Exact *struct {
				Matches []kingfisherBaseline
			} `yaml:"ExactFindings"`
		}
		if len(doc.Content) == 0 || doc.Decode(&top) != nil {
			return File{}, ErrUnknown
		}
		if top.Exact != nil {
			return File{Format: "kingfisher baseline", Decided: kingfisherDecided(top.Exact.Matches)}, nil
		}
		for i := range top.Rules {
			var x parkerRule
			r.Total++
			if r.Total > maxRules {
				return File{}, fmt.Errorf("more than %d rules", maxRules)
			}
			if top.Rules[i].Decode(&x) != nil {
				r.leave("?", fmt.Sprintf("line %d: not a rule of this form", top.Rules[i].Line))
				continue
			}
			r.parker(&x)
		}
	}
	if r.Total == 0 {
		return File{}, ErrUnknown
	}
	if r.Tool == "" {
		r.Tool = "noseyparker"
	}
	return File{Format: "rules", Rules: r}, nil
}

func (r *Rules) parker(x *parkerRule) {
	if r.Tool == "" {
		switch {
		case strings.HasPrefix(x.ID, "kingfisher."):
			r.Tool = "kingfisher"
		case strings.HasPrefix(x.ID, "titus."), x.Needs != nil:
			r.Tool = "titus"
		default:
			r.Tool = "noseyparker"
		}
	}
	switch {
	case x.ID == "" || x.Pattern == "":
		r.leave(x.ID, "it has no id or no pattern")
		return
	case x.Visible != nil && !*x.Visible:
		r.leave(x.ID, "it is a part of other rules and never reported")
		return
	}
	d := policy.Detector{ID: text(r.id(strings.TrimPrefix(x.ID, "np."))), Title: firstLine(x.Name), MinEntropy: x.MinEntropy, Format: r.Tool,
		Pattern: &policy.Pattern{Regexp: text(plain(x.Pattern))}}
	if d.Title == "" {
		d.Title = titled(x.ID)
	}
	d.Pattern.Secret = secretGroup(d.Pattern.Regexp.Value, r.Tool)
	for _, ref := range x.References {
		if strings.HasPrefix(ref, "https://") {
			d.Docs = ref
			break
		}
	}
	var notes []string
	if n := x.Needs; n != nil {
		d.Pattern.Must = n.must()
		d.Pattern.Not = append(d.Pattern.Not, anyWord(n.Ignore)...)
		if n.Checksum != nil {
			notes = append(notes, "its checksum")
		}
	}
	if len(x.DependsOn) > 0 {
		notes = append(notes, "that another part stands close by")
	}
	if x.Validation != nil || x.Validator != nil {
		notes = append(notes, "its live check")
	}
	if len(notes) > 0 {
		r.note(x.ID, "without "+listed(notes))
	}
	for _, e := range x.Examples {
		d.Positive = append(d.Positive, text(e))
	}
	for _, e := range append(x.NegativeExamples, x.NonExamples...) {
		d.Negative = append(d.Negative, text(e))
	}
	r.Rows = append(r.Rows, d)
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s
}

// must says counts of bytes as expressions.
func (n *parkerNeeds) must() []policy.Text {
	specials := n.Specials
	if specials == "" {
		specials = "!@#$%^&*()_+-=[]{}|;:'\",.<>?/\\`~"
	}
	var out []policy.Text
	for _, x := range []struct {
		class string
		n     int
	}{{"[0-9]", n.Digits}, {"[a-z]", n.Lower}, {"[A-Z]", n.Upper}, {"[" + escapeClass(specials) + "]", n.Special}} {
		if x.n > 0 {
			out = append(out, text("(?s)(?:"+x.class+".*?){"+strconv.Itoa(min(x.n, 100))+"}"))
		}
	}
	return out
}

func escapeClass(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(`\]^-[`, s[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// secretGroup is the group that a rule calls its secret. Where none is named, kingfisher takes the first that takes part;
// noseyparker shows all of them, of which the secret is the last, behind its user or its host. "" is the first.
func secretGroup(expr, tool string) string {
	for _, name := range []string{"TOKEN", "secret", "token", "SECRET", "password", "key", "KEY"} {
		if strings.Contains(expr, "(?P<"+name+">") || strings.Contains(expr, "(?<"+name+">") {
			return name
		}
	}
	if tree, err := syntax.Parse(expr, syntax.Perl); err == nil && tool != "kingfisher" && tree.MaxCap() > 1 && always(tree) == tree.MaxCap() {
		return strconv.Itoa(tree.MaxCap())
	}
	return ""
}

// always is how many groups take part in every match.
func always(re *syntax.Regexp) int {
	n := 0
	switch re.Op {
	case syntax.OpCapture:
		n = 1 + always(re.Sub[0])
	case syntax.OpPlus, syntax.OpConcat:
		for _, sub := range re.Sub {
			n += always(sub)
		}
	case syntax.OpRepeat:
		if re.Min > 0 {
			n = always(re.Sub[0])
		}
	}
	return n
}
