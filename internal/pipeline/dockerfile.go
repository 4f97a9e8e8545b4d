package pipeline

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"sprawl/finding"
)

func dockerfilePath(_, base, ext string) bool {
	return base == "dockerfile" || base == "containerfile" || strings.HasPrefix(base, "dockerfile.") || ext == ".dockerfile" || ext == ".containerfile"
}

// Dockerfiles. https://docs.docker.com/reference/dockerfile/
func readDockerfile(r *reader) error {
	stage := "stage 0"
	n := 0
	args := map[string]bool{} // build arguments with a secret's name
	j := Job{Name: stage}
	secrets := map[string]bool{}
	flush := func() {
		if len(secrets) > 0 || len(j.Steps) > 0 {
			j.Secrets = slices.Sorted(maps.Keys(secrets))
			r.m.Jobs = append(r.m.Jobs, j)
		}
		secrets = map[string]bool{}
	}
	var to []finding.Consumer
	for _, in := range instructions(r.text) {
		body := string(r.data[in.body:in.end])
		switch in.word {
		case "FROM":
			flush()
			fields := strings.Fields(body)
			for len(fields) > 0 && strings.HasPrefix(fields[0], "--") {
				fields = fields[1:]
			}
			if len(fields) == 0 {
				continue
			}
			stage = "stage " + itoa(n)
			if len(fields) > 2 && strings.EqualFold(fields[1], "as") {
				stage = fields[2]
			}
			n++
			c := imageConsumer(fields[0])
			to = []finding.Consumer{c}
			j = Job{Name: stage, Span: r.between(in.start, in.end), Steps: []Step{{Name: "FROM", Span: r.between(in.body, in.end), Consumer: &c}}}
		case "ARG", "ENV":
			for _, a := range assignments(body) {
				at := r.between(in.body+a.at, in.body+a.at+len(a.value))
				switch {
				case !secretName(a.name):
				case a.set && written(a.value):
					r.m.Literals = append(r.m.Literals, Literal{Name: a.name, Span: at, Job: stage})
				case in.word == "ARG" && !a.set:
					args[a.name] = true
					secrets[a.name] = true
					r.use("build", a.name, finding.Use{Span: r.between(in.body+a.nameAt, in.body+a.nameAt+len(a.name)), Job: stage, As: "ARG", Consumers: to,
						Printed: "kept in the image's history as a build argument (line " + itoa(r.between(in.start, in.end).Line) + ")"})
				case in.word == "ENV" && a.set:
					for _, v := range variables(a.value) {
						if args[v.name] {
							r.use("build", v.name, finding.Use{Span: r.between(in.body+a.at+v.at, in.body+a.at+v.at+len(v.name)+1), Job: stage, As: a.name, Consumers: to,
								Printed: "kept in the image's configuration as ENV (line " + itoa(at.Line) + ")"})
						}
					}
				}
			}
		case "RUN":
			for _, f := range strings.Fields(body) {
				rest, ok := strings.CutPrefix(f, "--mount=")
				if !ok || !strings.Contains(","+rest+",", ",type=secret,") && !strings.Contains(","+rest+",", ",type=ssh,") {
					continue
				}
				id := "ssh"
				for _, kv := range strings.Split(rest, ",") {
					if v, ok := strings.CutPrefix(kv, "id="); ok {
						id = v
					}
				}
				i := strings.Index(body, f)
				secrets[id] = true
				r.use("build", id, finding.Use{Span: r.between(in.body+i, in.body+i+len(f)), Job: stage, As: "--mount", Consumers: to})
			}
			sc := parseScript(body)
			for _, v := range variables(body) {
				if args[v.name] {
					at := r.between(in.body+v.at, in.body+v.at+len(v.name)+1)
					u := finding.Use{Span: at, Job: stage, As: "RUN", Consumers: to, Printed: sc.printed(v.at, true)}
					if u.Printed != "" {
						u.Printed += " (line " + itoa(at.Line) + ")"
					}
					r.use("build", v.name, u)
				}
			}
		}
	}
	flush()
	return nil
}

type instruction struct {
	word             string
	start, body, end int
}

// instructions splits a Dockerfile; a backslash at the end of a line continues it, a comment line inside is skipped.
func instructions(t *text) []instruction {
	var out []instruction
	const most = 10_000
	for i := 0; i < len(t.lines) && len(out) < most; i++ {
		start, end := t.lines[i], t.lineEnd(i)
		line := bytes.TrimSpace(t.data[start:end])
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		for start < end && (t.data[start] == ' ' || t.data[start] == '\t') {
			start++
		}
		word := start
		for word < end && letter(t.data[word]) {
			word++
		}
		in := instruction{word: strings.ToUpper(string(t.data[start:word])), start: start, body: word}
		for i+1 < len(t.lines) && (bytes.HasSuffix(bytes.TrimRight(t.data[t.lines[i]:t.lineEnd(i)], " \t\r\n"), []byte("\\")) || bytes.HasPrefix(bytes.TrimSpace(t.data[t.lines[i]:t.lineEnd(i)]), []byte("#"))) {
			i++
		}
		in.end = t.lineEnd(i)
		if in.word != "" {
			out = append(out, in)
		}
	}
	return out
}

// lineEnd is the end of line i from 0, without its break.
func (t *text) lineEnd(i int) int {
	end := len(t.data)
	if i+1 < len(t.lines) {
		end = t.lines[i+1]
	}
	for end > t.lines[i] && (t.data[end-1] == '\n' || t.data[end-1] == '\r') {
		end--
	}
	return end
}

type assignment struct {
	name, value string
	nameAt, at  int // of name and value
	set         bool
}

// assignments reads NAME=VALUE NAME="a b" …, NAME, and the old form NAME VALUE.
func assignments(s string) []assignment {
	var out []assignment
	words := parseScript(s).commands
	if len(words) == 0 {
		return nil
	}
	for i, w := range words[0].words {
		raw := s[w.start:min(w.end, len(s))]
		name, _, ok := strings.Cut(raw, "=")
		if !ok && i == 0 && len(words[0].words) > 1 && !strings.Contains(words[0].words[1].text, "=") {
			v := words[0].words[1]
			last := words[0].words[len(words[0].words)-1]
			return []assignment{{name: raw, value: s[v.start:min(last.end, len(s))], nameAt: w.start, at: v.start, set: true}}
		}
		a := assignment{name: name, nameAt: w.start, at: w.start + len(name) + 1, set: ok}
		if ok {
			a.value = raw[len(name)+1:]
			if q := strings.Trim(a.value, `"'`); len(q) == len(a.value)-2 {
				a.value, a.at = q, a.at+1
			}
		}
		out = append(out, a)
	}
	return out
}
