package migrate

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"sprawl/internal/policy"
)

// filter is what a betterleaks filter says of a secret. The filter's expression is a condition under which a finding is
// dropped; its alternatives are independent of each other, so each that is understood is kept.
type filter struct {
	entropy   float64
	not, must []policy.Text
	left      []string
}

// readFilter understands alternatives of four forms: entropy(secret) <= N or < N; matchesAny(secret, [expressions]), also
// negated; containsAny(secret, [words]). An error means that nothing of it is understood.
func readFilter(s string) (filter, error) {
	var f filter
	toks, err := filterTokens(s)
	if err != nil {
		return f, err
	}
	alternatives := [][]string{nil}
	depth := 0
	for _, t := range toks {
		switch t {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			depth--
		}
		if depth == 0 && t == "||" {
			alternatives = append(alternatives, nil)
			continue
		}
		last := len(alternatives) - 1
		alternatives[last] = append(alternatives[last], t)
	}
	understood := 0
	for _, a := range alternatives {
		if err := f.alternative(a); err != nil {
			f.left = append(f.left, "a condition ("+err.Error()+")")
			continue
		}
		understood++
	}
	if understood == 0 {
		return f, errors.New(strings.TrimSuffix(strings.TrimPrefix(f.left[0], "a condition ("), ")"))
	}
	return f, nil
}

func (f *filter) alternative(t []string) error {
	for len(t) > 2 && t[0] == "(" && t[len(t)-1] == ")" && closes(t) {
		t = t[1 : len(t)-1]
	}
	negated := len(t) > 0 && t[0] == "!"
	if negated {
		t = t[1:]
	}
	if len(t) > 2 && t[0] == "filter" && t[1] == "." {
		t = t[2:]
	}
	if len(t) == 0 {
		return errors.New("empty")
	}
	name, t := t[0], t[1:]
	if !subject(&t) {
		return fmt.Errorf("%s of something other than the secret", word(name))
	}
	switch name {
	case "entropy":
		if len(t) == 3 && t[0] == ")" && (t[1] == "<" || t[1] == "<=") && !negated {
			if n, err := strconv.ParseFloat(t[2], 64); err == nil && n >= 0 && n <= 8 {
				f.entropy = max(f.entropy, n)
				return nil
			}
		}
	case "matchesAny", "containsAny":
		var list []string
		if len(t) < 4 || t[0] != "," || t[1] != "[" || t[len(t)-2] != "]" || t[len(t)-1] != ")" {
			break
		}
		for _, x := range t[2 : len(t)-2] {
			if x == "," {
				continue
			}
			s, ok := unquote(x)
			if !ok {
				return errors.New("a list that holds more than texts")
			}
			list = append(list, s)
		}
		switch {
		case name == "containsAny" && !negated:
			f.not = append(f.not, anyWord(list)...)
			return nil
		case name == "matchesAny" && !negated:
			for _, e := range list {
				f.not = append(f.not, text(plain(e)))
			}
			return nil
		case name == "matchesAny" && len(list) > 0:
			parts := make([]string, len(list))
			for i, e := range list {
				parts[i] = "(?:" + plain(e) + ")"
			}
			f.must = append(f.must, text(strings.Join(parts, "|")))
			return nil
		}
	}
	return fmt.Errorf("%s is not understood here", word(name))
}

// word is a name as it may stand in a message: anything but a name is not shown.
func word(s string) string {
	for _, c := range s {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return "an expression"
		}
	}
	return s
}

// subject takes ( finding [ "secret" ] off.
func subject(t *[]string) bool {
	want := []string{"(", "finding", "[", `"secret"`, "]"}
	if len(*t) < len(want) {
		return false
	}
	for i, w := range want {
		if (*t)[i] != w {
			return false
		}
	}
	*t = (*t)[len(want):]
	return true
}

func closes(t []string) bool {
	depth := 0
	for i, x := range t {
		switch x {
		case "(":
			depth++
		case ")":
			if depth--; depth == 0 {
				return i == len(t)-1
			}
		}
	}
	return false
}

func unquote(s string) (string, bool) {
	if len(s) < 2 {
		return "", false
	}
	switch s[0] {
	case '`':
		return s[1 : len(s)-1], true
	case '"':
		u, err := strconv.Unquote(s)
		return u, err == nil
	case '\'':
		u, err := strconv.Unquote(`"` + strings.ReplaceAll(s[1:len(s)-1], `"`, `\"`) + `"`)
		return u, err == nil
	}
	return "", false
}

// filterTokens splits an expression into names, numbers, texts and signs.
func filterTokens(s string) ([]string, error) {
	var out []string
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case strings.HasPrefix(s[i:], "//"):
			end := strings.IndexByte(s[i:], '\n')
			if end < 0 {
				return out, nil
			}
			i += end
		case c == '"' || c == '\'' || c == '`':
			j := i + 1
			for j < len(s) && s[j] != c {
				if s[j] == '\\' && c != '`' {
					j++
				}
				j++
			}
			if j >= len(s) {
				return nil, errors.New("a text that no quote closes")
			}
			out = append(out, s[i:j+1])
			i = j + 1
		case letter(c) || c >= '0' && c <= '9':
			j := i
			for j < len(s) && (letter(s[j]) || s[j] >= '0' && s[j] <= '9' || s[j] == '.' && c >= '0' && c <= '9') {
				j++
			}
			out = append(out, s[i:j])
			i = j
		default:
			n := 1
			if i+1 < len(s) {
				switch s[i : i+2] {
				case "||", "&&", "<=", ">=", "==", "!=", "??":
					n = 2
				}
			}
			out = append(out, s[i:i+n])
			i += n
		}
	}
	return out, nil
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
