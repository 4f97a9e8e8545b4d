package pipeline

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
	"sprawl/internal/environ"
)

// Terraform and OpenTofu: configuration, variable files, state.
// https://developer.hashicorp.com/terraform/language

func terraformPath(p, base, ext string) bool {
	return ext == ".tf" || ext == ".tofu" || ext == ".tfvars" || strings.HasSuffix(base, ".tfvars.json") || strings.HasSuffix(base, ".tf.json") ||
		ext == ".tfstate" || strings.HasSuffix(base, ".tfstate.backup")
}

// stores are data sources and ephemeral resources that read a secret, and the attribute that names it.
var stores = map[string][]string{
	"aws_secretsmanager_secret_version":     {"secret_id", "secret_arn"},
	"aws_secretsmanager_secret":             {"name", "arn"},
	"aws_ssm_parameter":                     {"name"},
	"google_secret_manager_secret_version":  {"secret"},
	"azurerm_key_vault_secret":              {"name"},
	"vault_generic_secret":                  {"path"},
	"vault_kv_secret_v2":                    {"name"},
	"vault_kv_secret":                       {"path"},
	"onepassword_item":                      {"title", "uuid"},
	"doppler_secrets":                       {"config"},
	"kubernetes_secret":                     {"name"},
	"kubernetes_secret_v1":                  {"name"},
	"google_secret_manager_secret":          {"secret_id"},
	"google_secret_manager_regional_secret": {"secret_id"},
}

func readTerraform(r *reader) error {
	switch p := strings.ToLower(r.path); {
	case strings.HasSuffix(p, ".tfstate"), strings.HasSuffix(p, ".tfstate.backup"):
		return r.state()
	case strings.HasSuffix(p, ".json"):
		r.detab()
		for _, doc := range r.yaml() {
			var ev []environ.Evidence
			r.scalars(doc, func(key string, v *yaml.Node) {
				ev = append(ev, terraformSetting(key, v.Value)...)
				r.literal(key, v)
			})
			r.spanOf(r.between(0, 0), r.between(len(r.data), len(r.data)), ev)
		}
		return r.parseErr
	}
	attrs, blocks, err := hcl(r.text)
	var ev []environ.Evidence
	variableFile := strings.HasSuffix(strings.ToLower(r.path), ".tfvars")
	for _, a := range attrs {
		if a.text && len(a.block) == 0 && variableFile {
			ev = append(ev, terraformSetting(a.name, a.value)...)
		}
	}
	if variableFile {
		r.spanOf(r.between(0, 0), r.between(len(r.data), len(r.data)), ev)
	}
	jobs := map[string]*Job{}
	job := func(block []string, at finding.Span) *Job {
		name := strings.Join(block, " ")
		if jobs[name] == nil {
			jobs[name] = &Job{Name: name, Span: at, Environments: environ.Classify(ev, r.pathEvidence())}
		}
		return jobs[name]
	}
	// Variables that hold secrets, by their own word or their name.
	sensitive, hasDefault := map[string]bool{}, map[string]bool{}
	for _, a := range attrs {
		if len(a.block) >= 2 && a.block[0] == "variable" {
			switch {
			case a.name == "sensitive" && a.value == "true":
				sensitive[a.block[1]] = true
			case a.name == "default":
				hasDefault[a.block[1]] = a.value != "null" && a.value != ""
			}
		}
	}
	for _, b := range blocks {
		if len(b.path) == 2 && b.path[0] == "variable" && (sensitive[b.path[1]] || secretName(b.path[1])) && !hasDefault[b.path[1]] {
			r.use("variable", b.path[1], finding.Use{Span: b.span, Job: strings.Join(b.path, " "), As: "variable"}, ev)
		}
	}
	for _, a := range attrs {
		isSecret := secretName(a.name) || a.name == "default" && len(a.block) >= 2 && a.block[0] == "variable" && (sensitive[a.block[1]] || secretName(a.block[1]))
		name := a.name
		if a.name == "default" && len(a.block) >= 2 {
			name = a.block[1]
		}
		if a.text && isSecret && written(a.value) {
			r.m.Literals = append(r.m.Literals, Literal{Name: name, Span: a.span, Job: strings.Join(a.block, " ")})
		}
		if len(a.block) > 2 && (a.block[0] == "data" || a.block[0] == "ephemeral") && a.text && !strings.Contains(a.value, "${") {
			if slices.Contains(stores[a.block[1]], a.name) {
				j := job(a.block, a.span)
				j.Secrets = appendNew(j.Secrets, a.value)
				r.use("store "+a.block[1], a.value, finding.Use{Span: a.span, Job: j.Name, As: a.name}, ev)
			}
		}
		if a.text && !strings.Contains(a.value, "${") || len(a.block) > 0 && a.block[0] == "variable" {
			continue
		}
		for _, u := range varUses(a.value) {
			if !sensitive[u.name] && !secretName(u.name) {
				continue
			}
			j := job(a.block, a.span)
			j.Secrets = appendNew(j.Secrets, u.name)
			use := finding.Use{Span: r.between(int(a.span.Start)+u.at, int(a.span.Start)+u.at+len("var.")+len(u.name)), Job: j.Name, As: a.name}
			if a.name == "command" && len(a.block) > 0 && slices.Contains(a.block, "provisioner") {
				use.Printed = "a command line of a provisioner (line " + itoa(use.Span.Line) + ")"
			}
			r.use("variable", u.name, use, ev)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(jobs)) {
		jobs[name].Secrets = sorted(jobs[name].Secrets)
		r.m.Jobs = append(r.m.Jobs, *jobs[name])
	}
	return err
}

// detab lets YAML read JSON that is indented by tabs.
func (t *text) detab() {
	if t.parsed {
		return
	}
	out := bytesClone(t.data)
	for i, c := range out {
		if c == '\t' {
			out[i] = ' '
		}
	}
	t.data = out
}

func terraformSetting(key, value string) []environ.Evidence { return environ.Setting(key, value) }

type varUse struct {
	name string
	at   int
}

func varUses(s string) []varUse {
	var out []varUse
	for at := 0; len(out) < 1000; {
		i := strings.Index(s[at:], "var.")
		if i < 0 {
			break
		}
		start := at + i
		k := start + len("var.")
		for k < len(s) && (wordByte(s[k]) || s[k] == '-') {
			k++
		}
		if (start == 0 || !wordByte(s[start-1]) && s[start-1] != '.') && k > start+len("var.") {
			out = append(out, varUse{s[start+len("var.") : k], start})
		}
		at = k
	}
	return out
}

// state reads a state file: every attribute in it is a value that was applied, written out.
func (r *reader) state() error {
	r.detab()
	for _, doc := range r.yaml() {
		for _, res := range r.items(r.get(doc, "resources")) {
			addr := strings.Trim(r.str(res, "type")+"."+r.str(res, "name"), ".")
			for _, in := range r.items(r.get(res, "instances")) {
				hidden := map[string]bool{}
				for _, s := range r.items(r.get(in, "sensitive_attributes")) {
					for _, step := range r.items(s) {
						if v := r.str(step, "value"); v != "" {
							hidden[v] = true
						}
					}
				}
				r.scalars(r.get(in, "attributes"), func(key string, v *yaml.Node) {
					if (hidden[key] || secretName(key)) && v.Tag == "!!str" && written(v.Value) {
						r.m.Literals = append(r.m.Literals, Literal{Name: key, Span: r.span(v), Job: addr})
					}
				})
			}
		}
		for _, p := range r.pairs(r.get(doc, "outputs")) {
			if v := r.get(p.value, "value"); v != nil && v.Kind == yaml.ScalarNode && v.Tag == "!!str" && written(v.Value) && (r.str(p.value, "sensitive") == "true" || secretName(p.key.Value)) {
				r.m.Literals = append(r.m.Literals, Literal{Name: p.key.Value, Span: r.span(v), Job: "output"})
			}
		}
	}
	return r.parseErr
}

// hclAttr is NAME = VALUE. text is a quoted string or heredoc, value then without quotes; else value is the expression.
type hclAttr struct {
	block []string
	name  string
	value string
	text  bool
	span  finding.Span
}

type hclBlock struct {
	path []string
	span finding.Span
}

// hcl reads attributes and blocks of HCL, maps and lists included, as far as braces and quotes go.
func hcl(t *text) ([]hclAttr, []hclBlock, error) {
	var attrs []hclAttr
	var blocks []hclBlock
	var path [][]string // one entry for each open brace; nil for one that is no block
	s := string(t.data)
	current := func() []string { return slices.Concat(path...) }
	var line []string // words since the last line break, for block headers
	lineAt := 0
	fail := func(at int, msg string) error {
		l, c := t.position(at)
		return &SyntaxError{Path: t.path, Line: l, Column: c, Msg: msg}
	}
	for i := 0; i < len(s); {
		if t.steps--; t.steps <= 0 {
			return attrs, blocks, nil
		}
		c := s[i]
		switch {
		case c == '\n':
			line = nil
			i++
		case c == '#' || c == '/' && i+1 < len(s) && s[i+1] == '/':
			for i < len(s) && s[i] != '\n' {
				i++
			}
		case c == '/' && i+1 < len(s) && s[i+1] == '*':
			n := strings.Index(s[i+2:], "*/")
			if n < 0 {
				return attrs, blocks, fail(i, "a comment without an end")
			}
			i += n + 4
		case c == '"':
			end := hclString(s, i)
			if end < 0 {
				return attrs, blocks, fail(i, "a string without an end")
			}
			line = append(line, s[i+1:end-1])
			i = end
		case c == '{':
			if len(path) > 100 {
				return attrs, blocks, fail(i, "nested too deep")
			}
			if len(line) > 0 {
				blocks = append(blocks, hclBlock{append(current(), line...), t.between(lineAt, i)})
			}
			path = append(path, line)
			line = nil
			i++
		case c == '}':
			if len(path) == 0 {
				return attrs, blocks, fail(i, "a closing brace too many")
			}
			path = path[:len(path)-1]
			line = nil
			i++
		case c == '=' || c == ':':
			if i+1 < len(s) && s[i+1] == '=' || len(line) != 1 {
				i++
				continue
			}
			name := line[0]
			line = nil
			i++
			for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
				i++
			}
			start := i
			switch {
			case i < len(s) && s[i] == '{': // a map: its entries are attributes of their own
				path = append(path, []string{name})
				i++
				continue
			case i < len(s) && s[i] == '"':
				end := hclString(s, i)
				if end < 0 {
					return attrs, blocks, fail(i, "a string without an end")
				}
				rest := strings.TrimLeft(s[end:min(len(s), end+64)], " \t")
				if rest == "" || strings.IndexByte("\r\n,}#/", rest[0]) >= 0 {
					attrs = append(attrs, hclAttr{current(), name, s[start+1 : end-1], true, t.between(start+1, end-1)})
					i = end
					continue
				}
			case i+2 < len(s) && s[i] == '<' && s[i+1] == '<':
				k := i + 2
				if s[k] == '-' {
					k++
				}
				m := k
				for m < len(s) && wordByte(s[m]) {
					m++
				}
				if m > k {
					end := skipHeredoc(s[m:], strings.IndexByte(s[m:min(len(s), m+4)]+"\n", '\n'), s[k:m]) + m
					body := min(len(s), m+1)
					if end <= body {
						return attrs, blocks, fail(i, "a heredoc without an end")
					}
					attrs = append(attrs, hclAttr{current(), name, s[body:end], true, t.between(body, end)})
					i = end
					continue
				}
			}
			end := hclExpression(s, i)
			attrs = append(attrs, hclAttr{current(), name, s[start:end], false, t.between(start, end)})
			i = max(end, i+1)
		case wordByte(c):
			if line == nil {
				lineAt = i
			}
			k := i
			for k < len(s) && (wordByte(s[k]) || s[k] == '-' || s[k] == '.') {
				k++
			}
			line = append(line, s[i:k])
			i = k
		default:
			i++
		}
	}
	if len(path) > 0 {
		return attrs, blocks, fail(len(s), "a block without an end")
	}
	return attrs, blocks, nil
}

// hclString returns the offset after the closing quote; quotes inside ${ } belong to the expression there.
func hclString(s string, i int) int {
	depth := 0
	for i++; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case s[i] == '$' && i+1 < len(s) && s[i+1] == '{':
			depth++
			i++
		case depth > 0 && s[i] == '{':
			depth++
		case depth > 0 && s[i] == '}':
			depth--
		case s[i] == '"' && depth == 0:
			return i + 1
		case s[i] == '\n' && depth == 0:
			return -1
		}
	}
	return -1
}

// hclExpression returns the end of an expression: the line break outside of brackets.
func hclExpression(s string, i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '"':
			end := hclString(s, i)
			if end < 0 {
				return i
			}
			i = end - 1
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth < 0 {
				return i
			}
		case '\n', '\r':
			if depth == 0 {
				return i
			}
		case '#':
			if depth == 0 {
				return i
			}
		}
	}
	return i
}
