package pipeline

import (
	"strings"

	"sprawl/finding"
	"sprawl/internal/environ"
)

func jenkinsPath(_, base, ext string) bool {
	return base == "jenkinsfile" || strings.HasPrefix(base, "jenkinsfile.") || strings.HasPrefix(base, "jenkinsfile-") || ext == ".jenkinsfile" || strings.HasSuffix(base, "-jenkinsfile")
}

// Jenkins, as far as text allows: Groovy is a programming language, and what a pipeline computes is not followed.
// https://www.jenkins.io/doc/book/pipeline/syntax/, https://www.jenkins.io/doc/pipeline/steps/credentials-binding/
func readJenkins(r *reader) error {
	toks, err := groovy(r.text)
	var stages []string // names of the stages that are open, by depth of braces
	depth := 0
	stageAt := map[int]string{}
	pending := ""
	type bound struct{ id string }
	vars := map[string]bound{}
	jobs := map[string]*Job{}
	var order []string
	job := func(at finding.Span) string {
		name := "pipeline"
		if len(stages) > 0 {
			name = strings.Join(stages, " / ")
		}
		if jobs[name] == nil {
			jobs[name] = &Job{Name: name, Span: at}
			order = append(order, name)
		}
		return name
	}
	evidence := func() []environ.Evidence {
		var ev []environ.Evidence
		for _, s := range stages {
			ev = append(ev, environ.Job("stage", s)...)
		}
		return ev
	}
	use := func(id string, at finding.Span, u finding.Use) {
		name := job(at)
		u.Span, u.Job = at, name
		u.ForkWhy = "a pull request of a fork gets credentials if the multibranch project trusts its author"
		jobs[name].Secrets = appendNew(jobs[name].Secrets, id)
		r.use("", id, u, evidence())
	}
	for i, t := range toks {
		prev := func(n int) groovyToken {
			if i-n < 0 {
				return groovyToken{}
			}
			return toks[i-n]
		}
		switch {
		case t.text == "{" && !t.quoted:
			depth++
			if pending != "" {
				stages = append(stages, pending)
				stageAt[depth] = pending
				pending = ""
			}
		case t.text == "}" && !t.quoted:
			if _, ok := stageAt[depth]; ok && len(stages) > 0 {
				stages = stages[:len(stages)-1]
				delete(stageAt, depth)
			}
			depth = max(0, depth-1)
		case t.quoted && prev(1).text == "(" && prev(2).text == "stage":
			pending = t.text
		case t.quoted && prev(1).text == "(" && prev(2).text == "credentials":
			as := ""
			if prev(3).text == "=" {
				as = prev(4).text
				vars[as] = bound{t.text}
				for _, suffix := range []string{"_PSW", "_USR"} {
					vars[as+suffix] = bound{t.text}
				}
			}
			use(t.text, t.span, finding.Use{As: as})
		case t.quoted && prev(1).text == ":" && (prev(2).text == "credentialsId" || prev(2).text == "credentialId"):
			as := ""
			// The variables of the same binding follow or come before, up to its bracket.
			for k, level := i+1, 0; k < len(toks) && k < i+40 && level >= 0; k++ {
				switch {
				case toks[k].text == "(" || toks[k].text == "[":
					level++
				case toks[k].text == ")" || toks[k].text == "]":
					level--
				case toks[k].quoted && toks[k-1].text == ":" && strings.HasSuffix(strings.ToLower(toks[k-2].text), "variable"):
					vars[toks[k].text] = bound{t.text}
					if !strings.HasPrefix(toks[k-2].text, "username") {
						as = toks[k].text
					}
				}
			}
			for k := i - 3; k > 0 && k > i-40 && toks[k].text != "(" && toks[k].text != "["; k-- {
				if toks[k].quoted && toks[k-1].text == ":" && strings.HasSuffix(strings.ToLower(toks[max(0, k-2)].text), "variable") {
					vars[toks[k].text] = bound{t.text}
					as = toks[k].text
				}
			}
			use(t.text, t.span, finding.Use{As: as})
		case t.quoted && (prev(1).text == "[" && prev(2).text == "(" && prev(3).text == "sshagent" || prev(1).text == "(" && prev(2).text == "sshagent"):
			use(t.text, t.span, finding.Use{As: "sshagent"})
		case t.quoted && prev(1).text == "," && prev(2).quoted && prev(3).text == "(" && prev(4).text == "withRegistry":
			use(t.text, t.span, finding.Use{As: "withRegistry"})
		case t.quoted && prev(1).text == "=" && secretName(prev(2).text) && written(t.text) && !strings.Contains(t.text, "$"):
			r.m.Literals = append(r.m.Literals, Literal{Name: prev(2).text, Span: t.span, Job: job(t.span)})
		case t.quoted && len(vars) > 0 && (shellSteps[prev(1).text] || prev(1).text == "(" && shellSteps[prev(2).text] || prev(1).text == ":" && prev(2).text == "script"):
			sc := parseScript(t.text)
			for _, v := range variables(t.text) {
				b, ok := vars[v.name]
				if !ok {
					continue
				}
				how := sc.printed(v.at, true)
				if how == "" && t.double && sc.printed(v.at, false) != "" {
					how = sc.printed(v.at, false)
				}
				if how != "" && t.double {
					how += ", interpolated by Groovy"
				}
				if how != "" {
					at := r.between(int(t.span.Start)+v.at, int(t.span.Start)+v.at+len(v.name)+1)
					use(b.id, at, finding.Use{As: v.name, Printed: how + " (line " + itoa(at.Line) + ")"})
				}
			}
		}
	}
	for _, name := range order {
		jobs[name].Secrets = sorted(jobs[name].Secrets)
		r.m.Jobs = append(r.m.Jobs, *jobs[name])
	}
	return err
}

var shellSteps = set("sh", "bat", "powershell", "pwsh", "echo")

type groovyToken struct {
	text           string
	quoted, double bool
	span           finding.Span
}

// groovy splits a script into words, marks and strings; comments are dropped.
func groovy(t *text) ([]groovyToken, error) {
	var out []groovyToken
	var first error // a string that does not end on its line spoils no more than the line
	fail := func(at int, msg string) error {
		l, col := t.position(at)
		return &SyntaxError{Path: t.path, Line: l, Column: col, Msg: msg}
	}
	s := string(t.data)
	const most = 500_000
	for i := 0; i < len(s) && len(out) < most; {
		c := s[i]
		switch {
		case c == '/' && i+1 < len(s) && s[i+1] == '/':
			for i < len(s) && s[i] != '\n' {
				i++
			}
		case c == '/' && i+1 < len(s) && s[i+1] == '*':
			n := strings.Index(s[i+2:], "*/")
			if n < 0 {
				return out, fail(i, "a comment without an end")
			}
			i += n + 4
		case c == '"' || c == '\'':
			q := string(c)
			if strings.HasPrefix(s[i:], q+q+q) {
				q = q + q + q
			}
			start := i + len(q)
			k := start
			for k < len(s) && !strings.HasPrefix(s[k:], q) {
				if s[k] == '\\' {
					k++
				} else if len(q) == 1 && s[k] == '\n' {
					break
				}
				k++
			}
			if k >= len(s) || s[k] == '\n' && len(q) == 1 {
				if first == nil {
					first = fail(i, "a string without an end")
				}
				if len(q) > 1 {
					return out, first
				}
				i = k
				continue
			}
			out = append(out, groovyToken{s[start:k], true, c == '"', t.between(start, k)})
			i = k + len(q)
		case c == '/' && slashy(out):
			end := i + 1
			for end < len(s) && s[end] != '/' && s[end] != '\n' {
				if s[end] == '\\' {
					end++
				}
				end++
			}
			if end >= len(s) || s[end] != '/' { // a division after all
				out = append(out, groovyToken{text: "/", span: t.between(i, i+1)})
				i++
				continue
			}
			out = append(out, groovyToken{s[i+1 : end], true, true, t.between(i+1, end)})
			i = end + 1
		case wordByte(c):
			k := i
			for k < len(s) && wordByte(s[k]) {
				k++
			}
			out = append(out, groovyToken{text: s[i:k], span: t.between(i, k)})
			i = k
		case c <= ' ':
			i++
		default:
			out = append(out, groovyToken{text: string(c), span: t.between(i, i+1)})
			i++
		}
	}
	return out, first
}

// opensPattern are tokens after which a slash divides nothing.
var opensPattern = set("(", ",", "=", "~", "[", "{", ":", "return")

// slashy reports whether a slash after some tokens begins a string: /a pattern/.
func slashy(before []groovyToken) bool {
	if len(before) == 0 {
		return true
	}
	last := before[len(before)-1]
	return !last.quoted && opensPattern[last.text]
}
