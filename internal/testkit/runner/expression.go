package runner

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// scope is the contexts by name: nested maps of strings, numbers, booleans and nil.
type scope map[string]any

var token = regexp.MustCompile(`\s*('(?:[^']|'')*'|[A-Za-z_][A-Za-z0-9_-]*|\d+|==|!=|&&|\|\||[!().,])`)

// parser evaluates while it reads: the language has no side effects that short-circuiting would keep from happening.
type parser struct {
	tokens []string
	scope  scope
	failed bool
}

// evaluate computes an expression of the workflow language (docs.github.com, "Evaluate expressions").
func evaluate(text string, sc scope, failed bool) (v any, err error) {
	p := &parser{scope: sc, failed: failed}
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimSpace(rest) {
		m := token.FindStringSubmatch(rest)
		if len(m) == 0 || !strings.HasPrefix(rest, m[0]) {
			return nil, fmt.Errorf("cannot read %q", rest)
		}
		p.tokens = append(p.tokens, m[1])
		rest = rest[len(m[0]):]
	}
	if v, err = p.or(); err == nil && len(p.tokens) > 0 {
		err = fmt.Errorf("%q is left over", p.tokens[0])
	}
	return v, err
}

func (p *parser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *parser) take(want string) bool {
	if p.peek() != want {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

func (p *parser) or() (any, error) {
	v, err := p.and()
	for err == nil && p.take("||") {
		var w any
		if w, err = p.and(); !truthy(v) {
			v = w
		}
	}
	return v, err
}

func (p *parser) and() (any, error) {
	v, err := p.equal()
	for err == nil && p.take("&&") {
		var w any
		if w, err = p.equal(); truthy(v) {
			v = w
		}
	}
	return v, err
}

func (p *parser) equal() (any, error) {
	v, err := p.unary()
	if err != nil {
		return nil, err
	}
	for _, op := range []string{"==", "!="} {
		if p.take(op) {
			w, err := p.unary()
			return strings.EqualFold(words(v), words(w)) == (op == "=="), err
		}
	}
	return v, nil
}

func (p *parser) unary() (any, error) {
	if p.take("!") {
		v, err := p.unary()
		return !truthy(v), err
	}
	if p.take("(") {
		v, err := p.or()
		if err == nil && !p.take(")") {
			err = errors.New("a bracket is not closed")
		}
		return v, err
	}
	t := p.peek()
	if t == "" {
		return nil, errors.New("it ends too soon")
	}
	p.tokens = p.tokens[1:]
	switch {
	case t[0] == '\'':
		return strings.ReplaceAll(t[1:len(t)-1], "''", "'"), nil
	case t == "true", t == "false":
		return t == "true", nil
	case t[0] >= '0' && t[0] <= '9':
		return t, nil
	case p.take("("):
		if !p.take(")") {
			return nil, fmt.Errorf("%s: functions with arguments are not known here", t)
		}
		switch t {
		case "always":
			return true, nil
		case "success":
			return !p.failed, nil
		case "failure":
			return p.failed, nil
		case "cancelled":
			return false, nil
		}
		return nil, fmt.Errorf("%s(): not known here", t)
	}
	v, ok := p.scope[t]
	if !ok {
		return nil, fmt.Errorf("no context %q", t)
	}
	for p.take(".") {
		name := p.peek()
		p.tokens = p.tokens[min(1, len(p.tokens)):]
		m, _ := v.(map[string]any)
		v = m[name] // nothing of nothing is nothing
	}
	return v, nil
}

func truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	}
	s := words(v)
	return s != "" && s != "0"
}

func words(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case float64:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprint(v)
}
