package migrate

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"sprawl/internal/policy"
)

// leaksConfig is a configuration of gitleaks 8 or betterleaks 2, as far as it is understood.
type leaksConfig struct {
	Extend *struct {
		Path, URL     string
		UseDefault    bool
		DisabledRules []string
	}
	BetterleaksMinVersion string
	Prefilter, Filter     string
	Allowlist             *leaksAllow
	Allowlists            []leaksAllow
	Rules                 []leaksRule
}

type leaksAllow struct {
	Condition, RegexTarget string
	Commits, Paths         []string
	Regexes, StopWords     []string
	TargetRules            []string
}

type leaksRule struct {
	ID, Description, Regex, Path string
	Entropy                      float64
	SecretGroup                  int
	Keywords                     []string
	Allowlist                    *leaksAllow
	Allowlists                   []leaksAllow
	SkipReport                   bool
	Filter, Prefilter, Validate  string
	Required                     []struct{ ID string }
}

func readTOML(data []byte) (*Rules, error) {
	var c leaksConfig
	if err := toml.Unmarshal(data, &c); err != nil {
		var d *toml.DecodeError
		if errors.As(err, &d) {
			line, column := d.Position()
			return nil, fmt.Errorf("line %d, column %d: not TOML of this form", line, column)
		}
		return nil, errors.New("not TOML of this form")
	}
	if len(c.Rules) == 0 && c.Extend == nil {
		return nil, ErrUnknown
	}
	if len(c.Rules) > maxRules {
		return nil, fmt.Errorf("more than %d rules", maxRules)
	}
	r := &Rules{Tool: "gitleaks", Total: len(c.Rules)}
	if c.BetterleaksMinVersion != "" || c.Filter != "" || c.Prefilter != "" ||
		slices.ContainsFunc(c.Rules, func(x leaksRule) bool { return x.Filter != "" || x.Validate != "" }) {
		r.Tool = "betterleaks"
	}
	if c.Extend != nil {
		if c.Extend.UseDefault || c.Extend.Path != "" || c.Extend.URL != "" {
			r.note("", "it extends another configuration: import that file too, or leave it to the built-in kinds")
		}
		if n := len(c.Extend.DisabledRules); n > 0 {
			r.note("", fmt.Sprintf("%d rules of the configuration it extends are switched off there: %s", n, strings.Join(c.Extend.DisabledRules, ", ")))
		}
	}
	for _, a := range append(c.Allowlists, orNone(c.Allowlist)...) {
		if n := len(a.Paths) + len(a.Regexes) + len(a.StopWords) + len(a.Commits); n > 0 && len(a.TargetRules) == 0 {
			r.note("", fmt.Sprintf("its global allow-list (%d paths, %d expressions, %d words, %d commits) is not taken over: folders belong under exclude:, values that are none are known", len(a.Paths), len(a.Regexes), len(a.StopWords), len(a.Commits)))
		}
	}
	if c.Filter != "" || c.Prefilter != "" {
		r.note("", "its global filters are not taken over: folders belong under exclude:, values that are none are known")
	}
	for i := range c.Rules {
		x := &c.Rules[i]
		for _, a := range c.Allowlists {
			if slices.Contains(a.TargetRules, x.ID) {
				x.Allowlists = append(x.Allowlists, a)
			}
		}
		x.Allowlists = append(x.Allowlists, orNone(x.Allowlist)...)
		r.leaks(x)
	}
	return r, nil
}

func orNone(a *leaksAllow) []leaksAllow {
	if a == nil {
		return nil
	}
	return []leaksAllow{*a}
}

func (r *Rules) leaks(x *leaksRule) {
	switch {
	case x.ID == "":
		r.leave("?", "it has no id")
		return
	case x.SkipReport:
		r.leave(x.ID, "it is a part of other rules and never reported")
		return
	case x.Regex == "" && x.Path != "":
		r.leave(x.ID, "it looks at the names of files alone")
		return
	case x.Regex == "":
		r.leave(x.ID, "it has no expression")
		return
	}
	d := policy.Detector{ID: text(r.id(x.ID)), Title: titled(x.ID), MinEntropy: x.Entropy, Format: r.Tool,
		Pattern: &policy.Pattern{Regexp: text(plain(x.Regex)), Keywords: x.Keywords}}
	if x.SecretGroup > 0 {
		d.Pattern.Secret = strconv.Itoa(x.SecretGroup)
	}
	var notes []string
	if x.Path != "" {
		globs, ok := pathGlobs(x.Path)
		if !ok {
			r.leave(x.ID, "it is limited to paths in a way that globs cannot say")
			return
		}
		d.Paths = globs
	}
	if x.Filter != "" {
		f, err := readFilter(x.Filter)
		if err != nil {
			r.leave(x.ID, "its filter: "+err.Error())
			return
		}
		d.MinEntropy = max(d.MinEntropy, f.entropy)
		d.Pattern.Not, d.Pattern.Must = append(d.Pattern.Not, f.not...), append(d.Pattern.Must, f.must...)
		notes = append(notes, f.left...)
	}
	for _, a := range x.Allowlists {
		more, left := a.not()
		d.Pattern.Not = append(d.Pattern.Not, more...)
		notes = append(notes, left...)
	}
	if x.Prefilter != "" {
		notes = append(notes, "its prefilter")
	}
	if len(x.Required) > 0 {
		notes = append(notes, "that another part stands close by")
	}
	if x.Validate != "" {
		notes = append(notes, "its live check")
	}
	if len(notes) > 0 {
		r.note(x.ID, "without "+listed(notes))
	}
	r.Rows = append(r.Rows, d)
}

// not makes expressions of what an allow-list says of a secret; left is what it says of anything else.
func (a *leaksAllow) not() (not []policy.Text, left []string) {
	if len(a.Paths) > 0 {
		left = append(left, "an allow-list of paths")
	}
	if len(a.Commits) > 0 {
		left = append(left, "an allow-list of commits")
	}
	both := strings.EqualFold(a.Condition, "AND") || a.Condition == "&&"
	if both && (len(a.Paths) > 0 || len(a.Commits) > 0 || len(a.Regexes) > 0 && len(a.StopWords) > 0) {
		if len(a.Regexes)+len(a.StopWords) > 0 {
			left = append(left, "an allow-list of several conditions")
		}
		return nil, left
	}
	switch a.RegexTarget {
	case "", "secret":
		for _, e := range a.Regexes {
			not = append(not, text(plain(e)))
		}
	default:
		if len(a.Regexes) > 0 {
			left = append(left, "an allow-list for the whole "+a.RegexTarget)
		}
	}
	return append(not, anyWord(a.StopWords)...), left
}

// anyWord makes expressions of words of which one may stand anywhere, in either case.
func anyWord(words []string) []policy.Text {
	const chunk = 200
	var out []policy.Text
	for len(words) > 0 {
		n := min(chunk, len(words))
		quoted := make([]string, n)
		for i, w := range words[:n] {
			quoted[i] = quoteMeta(w)
		}
		out = append(out, text("(?i)"+strings.Join(quoted, "|")))
		words = words[n:]
	}
	return out
}

func quoteMeta(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(`\.+*?()|[]{}^$`, s[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func text(s string) policy.Text { return policy.Text{Value: s} }

// id is a kind that no built-in one will ever have: the tool's name stands before it.
func (r *Rules) id(id string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(id) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			b.WriteRune(c)
		default:
			b.WriteByte('-')
		}
	}
	words := strings.FieldsFunc(b.String(), func(c rune) bool { return c == '-' })
	if len(words) > 0 && words[0] == r.Tool {
		words = words[1:]
	}
	s := r.Tool + "-" + strings.Join(words, "-")
	return s[:min(len(s), 100)]
}

// titled is an id as words.
func titled(id string) string {
	words := strings.FieldsFunc(id, func(c rune) bool { return c == '-' || c == '_' || c == '.' })
	for i, w := range words {
		switch w {
		case "api", "id", "jwt", "url", "pat", "aws", "gcp", "ssh", "oauth", "sts", "iam":
			words[i] = strings.ToUpper(w)
		}
	}
	if len(words) > 0 && words[0] != "" {
		words[0] = strings.ToUpper(words[0][:1]) + words[0][1:]
	}
	return strings.Join(words, " ")
}

// pathGlobs says an expression for paths in globs: one that ends the path with one of few endings.
func pathGlobs(expr string) ([]string, bool) {
	tree, err := syntax.Parse(plain(expr), syntax.Perl)
	if err != nil {
		return nil, false
	}
	subs := []*syntax.Regexp{tree}
	if tree.Op == syntax.OpConcat {
		subs = tree.Sub
	}
	last := subs[len(subs)-1]
	if last.Op != syntax.OpEndText && last.Op != syntax.OpEndLine {
		return nil, false
	}
	ends := []string{""}
	for _, sub := range subs[:len(subs)-1] {
		var more []string
		for _, e := range spelt(sub) {
			for _, s := range ends {
				more = append(more, s+e)
			}
		}
		if len(more) == 0 || len(more) > 64 {
			return nil, false
		}
		ends = more
	}
	for i, e := range ends {
		if e == "" || strings.ContainsAny(e, "*?[]{}\\") {
			return nil, false
		}
		ends[i] = "**/*" + strings.ToLower(e)
	}
	slices.Sort(ends)
	return slices.Compact(ends), true
}

// spelt lists the strings of an expression, none if they are not few.
func spelt(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{string(re.Rune)}
	case syntax.OpCapture:
		return spelt(re.Sub[0])
	case syntax.OpQuest:
		return append(spelt(re.Sub[0]), "")
	case syntax.OpEmptyMatch:
		return []string{""}
	case syntax.OpConcat:
		out := []string{""}
		for _, sub := range re.Sub {
			var more []string
			for _, e := range spelt(sub) {
				for _, s := range out {
					more = append(more, s+e)
				}
			}
			out = more
		}
		return out
	case syntax.OpAlternate:
		var out []string
		for _, sub := range re.Sub {
			s := spelt(sub)
			if len(s) == 0 {
				return nil
			}
			out = append(out, s...)
		}
		return out
	case syntax.OpCharClass:
		var out []string
		for i := 0; i < len(re.Rune); i += 2 {
			for c := re.Rune[i]; c <= re.Rune[i+1] && len(out) < 16; c++ {
				out = append(out, string(c))
			}
		}
		if len(out) >= 16 {
			return nil
		}
		return out
	}
	return nil
}

// listed joins notes, each told once, with how often where it is more than that.
func listed(notes []string) string {
	var once []string
	n := map[string]int{}
	for _, x := range notes {
		if n[x]++; n[x] == 1 {
			once = append(once, x)
		}
	}
	for i, x := range once {
		if n[x] > 1 {
			once[i] = fmt.Sprintf("%s (%d times)", x, n[x])
		}
	}
	return strings.Join(once, ", ")
}
