package pipeline

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// matrixOf lists the values that each variable of the matrix takes.
func (g *github) matrixOf(job *yaml.Node) map[string][]string {
	out := map[string][]string{}
	m := g.get(job, "strategy", "matrix")
	add := func(key string, n *yaml.Node) {
		switch n.Kind {
		case yaml.ScalarNode:
			out[key] = appendNew(out[key], n.Value)
		case yaml.MappingNode:
			for _, p := range g.pairs(n) {
				if p.value.Kind == yaml.ScalarNode {
					out[key+"."+p.key.Value] = appendNew(out[key+"."+p.key.Value], p.value.Value)
				}
			}
		}
	}
	for _, p := range g.pairs(m) {
		switch p.key.Value {
		case "exclude":
		case "include":
			for _, row := range g.items(p.value) {
				for _, q := range g.pairs(row) {
					add(q.key.Value, q.value)
				}
			}
		default:
			if p.value.Kind == yaml.SequenceNode {
				for _, c := range g.items(p.value) {
					add(p.key.Value, c)
				}
			}
		}
	}
	return out
}

// maxExpanded is the length in bytes of a text whose variables are filled in: the name of something.
const maxExpanded = 2_000

// expand lists what a text may read once its matrix variables and inputs are known; a text with anything else in it is
// nothing that can be known.
func (g *github) expand(s string) []string {
	if len(s) > maxExpanded {
		return nil
	}
	const most = 64
	out := []string{""}
	at := 0
	for _, e := range expressions(s) {
		values, ok := g.values(e.body)
		if !ok {
			return nil
		}
		var next []string
		for _, o := range out {
			for _, v := range values {
				if len(next) < most {
					next = append(next, o+s[at:e.start]+v)
				}
			}
		}
		out, at = next, e.end
	}
	for i := range out {
		out[i] += s[at:]
	}
	return out
}

// values are those of a single access to matrix or inputs, of a string, of an alternative (a || b) of them, or of format.
func (g *github) values(body string) ([]string, bool) {
	body = strings.TrimSpace(body)
	if rest, ok := strings.CutPrefix(body, "format("); ok && strings.HasSuffix(rest, ")") {
		args := arguments(strings.TrimSuffix(rest, ")"))
		form, ok := literal(args[0])
		if !ok {
			return nil, false
		}
		out := []string{form}
		for i, a := range args[1:] {
			values, ok := g.values(a)
			if !ok {
				return nil, false
			}
			var next []string
			for _, o := range out {
				for _, v := range values {
					if len(next) < 64 {
						next = append(next, strings.ReplaceAll(o, "{"+string(rune('0'+i))+"}", v))
					}
				}
			}
			out = next
		}
		return out, true
	}
	var out []string
	for _, part := range strings.Split(body, "||") {
		// "a && b || c" is how a choice is written: b and c are what it can be.
		_, last, chosen := strings.Cut(part, "&&")
		if !chosen {
			last = part
		}
		last = strings.Trim(strings.TrimSpace(last), "()")
		if v, ok := literal(last); ok {
			out = append(out, v)
			continue
		}
		as := accesses(last)
		if len(as) != 1 || as[0].at != 0 || as[0].end != len(last) {
			return nil, false
		}
		a := as[0]
		switch {
		case a.is("matrix") && len(a.path) > 1 && len(g.matrix[strings.Join(a.path[1:], ".")]) > 0:
			out = append(out, g.matrix[strings.Join(a.path[1:], ".")]...)
		case a.is("inputs") && len(a.path) == 2 && len(g.inputs[a.path[1]].values) > 0:
			out = append(out, g.inputs[a.path[1]].values...)
		case a.is("github", "event", "inputs") && len(a.path) == 4 && len(g.inputs[a.path[3]].values) > 0:
			out = append(out, g.inputs[a.path[3]].values...)
		default:
			return nil, false
		}
	}
	for _, v := range out {
		if strings.Contains(v, "${{") {
			return nil, false
		}
	}
	return out, true
}

func literal(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if len(s) > 1 && s[0] == '\'' && s[len(s)-1] == '\'' {
		return strings.ReplaceAll(s[1:len(s)-1], "''", "'"), true
	}
	return "", false
}

// secretsIn lists the secrets that a text names, by the names they have for the workflow that starts it all.
func (g *github) secretsIn(s string, expr bool) []secretAt {
	es := expressions(s)
	if expr && len(es) == 0 {
		es = []expression{{0, len(s), s, 0}}
	}
	var out []secretAt
	count := map[string]int{}
	for _, e := range es {
		for _, a := range accesses(e.body) {
			if e.body0+a.end > len(s) {
				continue
			}
			text := s[e.body0+a.at : e.body0+a.end]
			var names []string
			switch {
			case a.is("secrets") && len(a.path) == 1:
				names = []string{All}
			case a.is("secrets") && a.path[1] == "*":
				values, ok := g.values(a.index)
				if !ok {
					values = []string{All}
				}
				names = values
			case a.is("secrets"):
				names = []string{a.path[1]}
			case a.is("inputs") && len(a.path) == 2:
				for _, n := range g.inputs[a.path[1]].secrets {
					out = append(out, secretAt{n, text, count[text], e.body0 + a.at, len(g.inputs[a.path[1]].secrets) > 1})
				}
				count[text]++
				continue
			default:
				continue
			}
			for _, n := range names {
				for _, outer := range g.outer(n) {
					if !platform(GitHub, outer) {
						out = append(out, secretAt{outer, text, count[text], e.body0 + a.at, len(names) > 1})
					}
				}
			}
			count[text]++
		}
	}
	return out
}

// outer is the name that a secret has for the caller.
func (g *github) outer(name string) []string {
	up := strings.ToUpper(name)
	switch {
	case g.in == nil, g.in.inherit:
		return []string{up}
	case name == All:
		var all []string
		for _, v := range g.in.secrets {
			all = appendNew(all, v...)
		}
		return sorted(all)
	}
	return g.in.secrets[up]
}

// variables reads an env mapping.
func (g *github) variables(n *yaml.Node, level string) []variableOf {
	var out []variableOf
	for _, p := range g.pairs(n) {
		if p.value.Kind != yaml.ScalarNode {
			continue
		}
		v := variableOf{name: p.key.Value, node: p.value, value: p.value.Value, level: level, secrets: g.secretsIn(p.value.Value, false)}
		g.literal(p.key.Value, p.value)
		out = append(out, v)
	}
	return out
}
