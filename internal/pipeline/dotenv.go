package pipeline

import (
	"strings"

	"sprawl/finding"
	"sprawl/internal/environ"
)

func dotenvPath(_, base, ext string) bool {
	return base == ".env" || strings.HasPrefix(base, ".env.") || ext == ".env" || base == ".envrc" || strings.HasPrefix(base, "env.")
}

// Environment files: NAME=VALUE, with or without export.
func readDotenv(r *reader) error {
	var ev []environ.Evidence
	type line struct {
		name, value string
		at          int
	}
	var all []line
	for i := range r.lines {
		if r.steps--; r.steps <= 0 {
			break
		}
		start, end := r.lines[i], r.lineEnd(i)
		s := string(r.data[start:end])
		trimmed := strings.TrimLeft(s, " \t\uFEFF")
		at := start + len(s) - len(trimmed)
		if rest, ok := strings.CutPrefix(trimmed, "export "); ok {
			at, trimmed = at+len("export "), rest
		}
		name, value, ok := strings.Cut(trimmed, "=")
		name = strings.TrimSpace(name)
		if !ok || !identifier(strings.ReplaceAll(strings.ReplaceAll(name, ".", "_"), "-", "_")) {
			continue
		}
		at += strings.Index(trimmed, "=") + 1
		if v := strings.TrimLeft(value, " \t"); v != value {
			at, value = at+len(value)-len(v), v
		}
		value = strings.TrimRight(value, " \t")
		if len(value) > 1 && (value[0] == '"' || value[0] == '\'') {
			if k := strings.IndexByte(value[1:], value[0]); k >= 0 {
				value, at = value[1:1+k], at+1
			}
		} else if k := strings.Index(value, " #"); k >= 0 {
			value = strings.TrimRight(value[:k], " \t")
		}
		ev = append(ev, environ.Setting(name, value)...)
		all = append(all, line{name, value, at})
	}
	for _, l := range all {
		at := r.between(l.at, l.at+len(l.value))
		if strings.HasPrefix(l.value, "op://") || strings.HasPrefix(l.value, "vault:") || strings.HasPrefix(l.value, "arn:aws:secretsmanager:") {
			scheme, _, _ := strings.Cut(l.value, ":")
			r.use("store "+scheme, l.value, finding.Use{Span: at, As: l.name}, ev)
			continue
		}
		if !secretName(l.name) {
			continue
		}
		vs := variables(l.value)
		for _, v := range vs {
			if v.name != l.name && secretName(v.name) {
				r.use("host", v.name, finding.Use{Span: r.between(l.at+v.at, l.at+v.at+len(v.name)+1), As: l.name}, ev)
			}
		}
		if len(vs) == 0 && written(l.value) {
			r.m.Literals = append(r.m.Literals, Literal{Name: l.name, Span: at})
		}
	}
	if len(r.lines) > 0 && len(ev) > 0 {
		r.spanOf(r.between(0, 0), r.between(len(r.data), len(r.data)), ev)
	}
	return nil
}
