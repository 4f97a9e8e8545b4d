package introspect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/live"
)

// Bounds on what an answer becomes.
const (
	maxFacts = 64
	maxText  = 400 // bytes of a value
)

// read takes an answer apart. own says that the operator named the host: then a refusal is that of the secret's own provider.
func read(a *Asked, row *detectors.Introspection, provider string, ans *live.Answer, p *parts, own bool) error {
	var doc any
	d := json.NewDecoder(bytes.NewReader(ans.Body))
	d.UseNumber()
	broken := d.Decode(&doc) != nil
	if _, isObject := doc.(map[string]any); ans.Status < 300 && (broken || !isObject) {
		return fmt.Errorf("the answer of %s is not what its documentation says", a.Host)
	}
	status, told := row.Status[ans.Status], false
	for _, s := range row.Says {
		if says(doc, ans, s, p) {
			status, told = s.Status, true
			break
		}
	}
	switch {
	case row.Elsewhere && !own && status == "revoked":
		return fmt.Errorf("%s does not know it: if another installation does, give it with --live-host %s=https://…", a.Host, provider)
	case status == "" && (told || ans.Status >= 300):
		return fmt.Errorf("%s answered %d, which does not tell whether it works", a.Host, ans.Status)
	}
	add := func(field, value string) {
		if value == "" || len(a.Facts) == maxFacts {
			return
		}
		if len(value) > maxText {
			value = value[:maxText]
		}
		a.Facts = append(a.Facts, finding.Fact{Field: field, Value: strings.ToValidUTF8(value, "?"), Source: source(a.Host), AsOf: a.At})
	}
	a.Status = status
	add("status", status)
	if ans.Status >= 300 {
		return nil
	}
	for _, r := range row.Facts {
		for _, v := range values(doc, ans, r.Path) {
			for _, text := range written(v, r.As) {
				if p.secret != "" && strings.Contains(text, p.secret) {
					continue // a provider that echoes the secret
				}
				add(r.Field, text)
			}
		}
	}
	a.Facts = Forget(a.Facts, a.At)
	return nil
}

func says(doc any, ans *live.Answer, s detectors.Says, p *parts) bool {
	path := s.Path
	if path == "" {
		return ans.Status == 200
	}
	if filled, err := fill(path, p, plain); err == nil && filled != path {
		m, _ := doc.(map[string]any)
		_, ok := m[filled]
		return ok
	}
	for _, v := range values(doc, ans, path) {
		if text, err := asText(v); err == nil && text != "" && (s.Is == "" || text == s.Is) {
			return true
		}
	}
	return false
}

// values are what stands at a path; a null that stands there is one.
func values(doc any, ans *live.Answer, path string) []any {
	if name, ok := strings.CutPrefix(path, "header:"); ok {
		if v := ans.Header.Get(name); v != "" {
			return []any{v}
		}
		return nil
	}
	return walk(doc, path)
}

func walk(v any, path string) []any {
	name, rest, deeper := strings.Cut(path, ".")
	name, list := strings.CutSuffix(name, "[]")
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	if v, ok = m[name]; !ok {
		return nil
	}
	in := []any{v}
	if list {
		if in, ok = v.([]any); !ok {
			return nil
		}
	}
	if !deeper {
		return in
	}
	var out []any
	for _, e := range in {
		out = append(out, walk(e, rest)...)
	}
	return out
}

func asText(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return strconv.FormatBool(v), nil
	case nil:
		return "", nil
	}
	return "", errors.New("not one value")
}

// written reads a value as a reading says; nothing where it is written otherwise.
func written(v any, as string) []string {
	text, err := asText(v)
	if err != nil {
		return nil
	}
	one := func(s string, ok bool) []string {
		if !ok || s == "" {
			return nil
		}
		return []string{s}
	}
	switch as {
	case "time":
		return one(stamp(text))
	case "end":
		if v == nil {
			return []string{"never"}
		}
		return one(stamp(text))
	case "unix", "unix-ms":
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n <= 0 {
			return nil
		}
		if as == "unix-ms" {
			return one(time.UnixMilli(n).UTC().Format(time.RFC3339), true)
		}
		return one(time.Unix(n, 0).UTC().Format(time.RFC3339), true)
	case "words":
		return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
	case "lower":
		return one(strings.ToLower(text), true)
	}
	return one(text, true)
}

// stamp is a time as RFC 3339, a day as it is.
func stamp(s string) (string, bool) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t.Format(time.DateOnly), true
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04:05-0700", "2006-01-02 15:04:05 MST", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", time.RFC1123Z} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC().Format(time.RFC3339), true
		}
	}
	return "", false
}
