package introspect

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"sprawl/detectors"
)

const basic = "Basic "

// request fills a row's places. Values are escaped as their place asks for; one that cannot stand there is not sent.
func request(ctx context.Context, row *detectors.Introspection, base *url.URL, p *parts) (*http.Request, error) {
	path, query, _ := strings.Cut(row.Path, "?")
	path, err := fill(path, p, url.PathEscape)
	if err != nil {
		return nil, err
	}
	if query, err = fill(query, p, url.QueryEscape); err != nil {
		return nil, err
	}
	form := false
	header := http.Header{}
	for _, h := range row.Header {
		name, value, _ := strings.Cut(h, ": ")
		if value, err = fill(value, p, plain); err != nil {
			return nil, err
		}
		if name == "Authorization" && strings.HasPrefix(value, basic) {
			value = basic + base64.StdEncoding.EncodeToString([]byte(value[len(basic):]))
		}
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
			return nil, errSkip("it holds what no request can carry")
		}
		form = form || strings.HasSuffix(value, "x-www-form-urlencoded")
		header.Set(name, value)
	}
	escape := inJSON
	if form {
		escape = url.QueryEscape
	}
	body, err := fill(row.Body, p, escape)
	if err != nil {
		return nil, err
	}
	method, _, _ := strings.Cut(What(row), " ")
	u := base.Scheme + "://" + base.Host + base.Path + path
	if query != "" {
		u += "?" + query
	}
	r, err := http.NewRequestWithContext(ctx, method, u, strings.NewReader(body))
	if err != nil {
		return nil, errSkip("it holds what no request can carry")
	}
	if body == "" {
		r.Body, r.GetBody, r.ContentLength = nil, nil, 0
	}
	r.Header = header
	if r.Header.Get("Accept") == "" {
		r.Header.Set("Accept", "application/json")
	}
	return r, nil
}

func plain(s string) string { return s }

func inJSON(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return ""
	}
	return strings.Trim(string(b), `"`)
}

// fill puts values into places.
func fill(template string, p *parts, escape func(string) string) (string, error) {
	var b strings.Builder
	for {
		i := strings.IndexByte(template, '{')
		end := strings.IndexByte(template, '}')
		if i < 0 || end < i || !isPlace(template[i+1:end]) {
			if i < 0 {
				b.WriteString(template)
				return b.String(), nil
			}
			b.WriteString(template[:i+1])
			template = template[i+1:]
			continue
		}
		v := p.value(template[i+1 : end])
		if v == "" {
			return "", errSkip("its " + strings.TrimPrefix(template[i+1:end], "fact.") + " is not known")
		}
		b.WriteString(template[:i])
		b.WriteString(escape(v))
		template = template[end+1:]
	}
}

func isPlace(s string) bool {
	return s == "secret" || s == "id" || s == "user" || strings.HasPrefix(s, "fact.") && !strings.ContainsAny(s, " {\"")
}
