package introspect

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/live"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// The parts of the credentials of these tests; nothing here is of any provider's form.
const (
	theSecret = "not/a+secret, but \"one\" to escape"
	tameValue = "not-a-secret-either-0123456789"
	theID     = "public-half"
)

// credential is one of a kind, with a host beside it that must never be asked.
func credential(d *detectors.Detector, secret, elsewhere string) finding.Credential {
	part := func(role finding.Role, v string) finding.Part {
		return finding.Part{Role: role, Secret: finding.NewSecret([]byte(v))}
	}
	return finding.Credential{
		ID: "c-" + d.ID, Kind: d.ID, Provider: d.Provider, Ident: theID,
		Facts:     []finding.Fact{{Field: "email", Value: "robot@acme.example"}, {Field: "key_id", Value: "key-7"}, {Field: "jti", Value: "jti-7"}, {Field: "host", Value: elsewhere}},
		Sightings: []finding.Sighting{{Kind: d.ID, Parts: []finding.Part{part(finding.RoleSecret, secret), part(finding.RoleID, theID), part(finding.RoleHost, elsewhere)}}},
	}
}

// provider is a server that plays one, and a never that nobody may reach.
type provider struct {
	t      *testing.T
	server *httptest.Server
	never  *httptest.Server
	reply  http.HandlerFunc

	mu     sync.Mutex // of what follows: a slow answer outlives who asked
	got    []*http.Request
	bodies []string
	strays int
}

func newProvider(t *testing.T) *provider {
	p := &provider{t: t}
	start := func(h http.HandlerFunc) *httptest.Server {
		s := httptest.NewUnstartedServer(h)
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
		t.Cleanup(s.Close)
		return s
	}
	p.server = start(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		p.mu.Lock()
		p.got, p.bodies = append(p.got, r), append(p.bodies, string(b))
		p.mu.Unlock()
		p.reply(w, r)
	})
	p.never = start(func(http.ResponseWriter, *http.Request) { p.strays++ })
	return p
}

func (p *provider) options(d *detectors.Detector) Options {
	roots := x509.NewCertPool()
	roots.AddCert(p.server.Certificate())
	roots.AddCert(p.never.Certificate())
	base, err := live.Base(p.server.URL, true)
	if err != nil {
		p.t.Fatal(err)
	}
	now := func() time.Time { return noon }
	return Options{
		Client: live.New(live.Options{
			Now: now, Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }, Private: true, Roots: roots,
			Timeout: 250 * time.Millisecond, MaxBody: 64 << 10,
		}),
		Now: now, Kinds: []string{d.ID}, Bases: map[string][]*url.URL{d.Provider: {base}},
	}
}

func (p *provider) ask(d *detectors.Detector, o Options, c finding.Credential) Result {
	p.t.Helper()
	p.mu.Lock()
	p.got, p.bodies = nil, nil
	p.mu.Unlock()
	res, err := Run(p.t.Context(), []finding.Credential{c}, func(string) *detectors.Detector { return d }, o)
	if err != nil {
		p.t.Fatal(err)
	}
	if p.strays > 0 {
		p.t.Fatalf("%s: a host that was named beside the secret was asked", d.ID)
	}
	return res
}

// rows are the kinds that are asked about by a template.
func rows() []detectors.Detector {
	return slices.DeleteFunc(detectors.All(), func(d detectors.Detector) bool { return d.Introspection == nil || d.Introspection.By != "" })
}

// document is an answer with what a row reads in it, made from its paths; want is what has to come of it.
func document(row *detectors.Introspection, header http.Header) (doc map[string]any, want map[string]string) {
	doc, want = map[string]any{}, map[string]string{}
	put := func(path string, v any) {
		if name, ok := strings.CutPrefix(path, "header:"); ok {
			header.Set(name, fmt.Sprint(v))
			return
		}
		at := doc
		names := strings.Split(path, ".")
		for i, name := range names {
			name, list := strings.CutSuffix(name, "[]")
			if i == len(names)-1 {
				if list {
					v = []any{v}
				}
				at[name] = v
				return
			}
			next, ok := at[name].(map[string]any)
			if l, isList := at[name].([]any); isList {
				next, ok = l[0].(map[string]any), true
			}
			if !ok {
				next = map[string]any{}
				at[name] = next
				if list {
					at[name] = []any{next}
				}
			}
			at = next
		}
	}
	day := noon.AddDate(-1, 0, 0)
	for i, r := range row.Facts {
		text := fmt.Sprintf("value %d", i)
		switch r.As {
		case "time", "end":
			put(r.Path, day.Format(time.RFC3339))
			text = day.Format(time.RFC3339)
		case "unix":
			put(r.Path, day.Unix())
			text = day.Format(time.RFC3339)
		case "unix-ms":
			put(r.Path, day.UnixMilli())
			text = day.Format(time.RFC3339)
		case "words":
			put(r.Path, "one, two")
			text = "one two"
		default:
			put(r.Path, text)
		}
		want[r.Field] = strings.TrimSpace(want[r.Field] + " " + text)
	}
	return doc, want
}

// set puts what a row's Says look for into a document.
func set(doc map[string]any, path, is string, p *parts) {
	if filled, err := fill(path, p, plain); err == nil && filled != path {
		doc[filled] = "there"
		return
	}
	at := doc
	names := strings.Split(path, ".")
	for i, name := range names {
		name, list := strings.CutSuffix(name, "[]")
		if i == len(names)-1 {
			var v any = is
			if is == "true" || is == "false" {
				v = is == "true"
			}
			if is == "" {
				v = "there"
				if had, ok := at[name]; ok {
					v = had
				}
			}
			at[name] = v
			return
		}
		next, ok := at[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			at[name] = next
			if list {
				at[name] = []any{next}
			}
		}
		at = next
	}
}

func answer(status int, header http.Header, doc any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for k := range header {
			w.Header().Set(k, header.Get(k))
		}
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(doc)
	}
}

func facts(a Asked) map[string]string {
	out := map[string]string{}
	for _, f := range a.Facts {
		out[f.Field] = strings.TrimSpace(out[f.Field] + " " + f.Value)
	}
	return out
}

// TestEveryRow holds each declared introspection to its own row: what it sends, and what it makes of an answer of each sort.
func TestEveryRow(t *testing.T) {
	p := newProvider(t)
	all := rows()
	told := 0
	for i := range all {
		d := &all[i]
		row := d.Introspection
		if len(row.Facts) > 0 || len(row.Says) > 0 {
			told++
		}
		t.Run(d.ID, func(t *testing.T) {
			p.t = t
			secret := theSecret
			c := credential(d, secret, p.never.Listener.Addr().String())
			parts := partsOf(&c)
			o := p.options(d)
			one := func(t *testing.T, reply http.HandlerFunc) Asked {
				t.Helper()
				p.reply = reply
				res := p.ask(d, o, c)
				if len(res.Asked) != 1 || len(res.Skipped) != 0 || len(p.got) == 0 {
					t.Fatalf("%+v, %d requests", res, len(p.got))
				}
				if strings.Contains(fmt.Sprint(res, o.Client.Calls()), secret) {
					t.Fatalf("the secret is in %+v or %+v", res, o.Client.Calls())
				}
				return res.Asked[0]
			}
			// What each way of saying active looks like.
			header := http.Header{}
			doc, want := document(row, header)
			ok := 200
			if row.Status[200] == "" {
				for code, says := range row.Status {
					if says == "active" {
						ok = code
					}
				}
			}
			for _, s := range row.Says {
				if s.Status == "active" {
					set(doc, s.Path, s.Is, parts)
					break
				}
			}
			t.Run("success", func(t *testing.T) {
				a := one(t, answer(ok, header, doc))
				want["status"] = strings.TrimSpace("active " + want["status"])
				if a.Err != "" || a.Status != "active" {
					t.Fatalf("%+v", a)
				}
				got := facts(a)
				for field, v := range want {
					if field != "last_used" && !within(got[field], v) {
						t.Errorf("%s is %q, want %q", field, got[field], v)
					}
				}
				sent(t, p, d, secret)
			})
			for code, status := range row.Status {
				if status == "active" || code == 429 {
					continue
				}
				t.Run(status, func(t *testing.T) {
					if a := one(t, answer(code, nil, map[string]any{"message": "no"})); a.Status != status || a.Err != "" {
						t.Errorf("%d: %+v", code, a)
					}
				})
			}
			for _, s := range row.Says {
				doc := map[string]any{}
				if s.Path != "" {
					set(doc, s.Path, s.Is, parts)
				}
				t.Run("says "+s.Path+"="+s.Is, func(t *testing.T) {
					a := one(t, answer(200, nil, doc))
					if a.Status != s.Status || (s.Status == "") != (a.Err != "") {
						t.Errorf("%+v, want %q", a, s.Status)
					}
				})
			}
			t.Run("forbidden", func(t *testing.T) {
				a := one(t, answer(403, nil, map[string]any{}))
				if row.Status[403] == "" && (a.Status != "" || a.Err == "" || len(a.Facts) > 0) {
					t.Errorf("%+v", a)
				}
			})
			t.Run("rate limited", func(t *testing.T) {
				a := one(t, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Retry-After", "3600")
					w.WriteHeader(429)
				})
				if a.Status != "" || !strings.Contains(a.Err, "rate limited") || len(p.got) != 1 {
					t.Errorf("%+v, %d requests", a, len(p.got))
				}
			})
			t.Run("malformed", func(t *testing.T) {
				for _, body := range []string{"", "<html>", `{"a":`, `[1]`, `"x"`, "null"} {
					if a := one(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(ok); _, _ = io.WriteString(w, body) }); a.Err == "" || len(a.Facts) > 0 {
						t.Errorf("%q: %+v", body, a)
					}
				}
				odd := map[string]any{}
				for _, r := range row.Facts {
					if name, _, _ := strings.Cut(r.Path, "."); !strings.HasPrefix(name, "header:") {
						odd[strings.TrimSuffix(name, "[]")] = []any{map[string]any{"x": []any{1, nil}}, 3.5}
					}
				}
				one(t, answer(ok, nil, odd)) // whatever it makes of it, it does not break
			})
			t.Run("redirecting", func(t *testing.T) {
				a := one(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, p.never.URL, http.StatusFound) })
				if a.Status != "" || !strings.Contains(a.Err, "redirects") {
					t.Errorf("%+v", a)
				}
			})
			t.Run("echoing", func(t *testing.T) {
				echo := map[string]any{}
				for k, v := range doc {
					echo[k] = v
				}
				for _, r := range row.Facts {
					if !strings.ContainsAny(r.Path, ".:[") && r.As == "" {
						echo[r.Path] = secret
					}
				}
				one(t, answer(ok, nil, echo))
			})
		})
	}
	if told < 25 {
		t.Errorf("%d kinds tell more than yes or no, want 25 at least", told)
	}
}

// TestSlow asks every row's provider at once, all of which are slow: none is waited for.
func TestSlow(t *testing.T) {
	p := newProvider(t)
	release := make(chan struct{})
	p.reply = func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler) // an answer of no status would be one
	}
	defer close(release)
	all := rows()
	for i := range all {
		d := &all[i]
		o := p.options(d)
		roots := x509.NewCertPool()
		roots.AddCert(p.server.Certificate())
		o.Client = live.New(live.Options{Now: o.Now, Wait: func(context.Context, time.Duration) error { return nil }, Private: true, Roots: roots, Timeout: 30 * time.Millisecond})
		res := p.ask(d, o, credential(d, tameValue, "elsewhere.example"))
		if len(res.Asked) != 1 || res.Asked[0].Status != "" || res.Asked[0].Err == "" {
			t.Errorf("%s: %+v", d.ID, res)
		}
	}
}

// within reports whether all words of want are in got.
func within(got, want string) bool {
	for w := range strings.FieldsSeq(want) {
		if !strings.Contains(got, w) {
			return false
		}
	}
	return true
}

// sent checks the request of a row: the secret is where the row has it, whole and escaped, and nowhere in what is recorded.
func sent(t *testing.T, p *provider, d *detectors.Detector, secret string) {
	t.Helper()
	r, row := p.got[0], d.Introspection
	method, path, _ := strings.Cut(What(row), " ")
	if r.Method != method || r.Header.Get("User-Agent") != "sprawl" || r.Header.Get("Referer") != "" {
		t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
	}
	place, _, _ := strings.Cut(path, "{")
	if before, _, ok := strings.Cut(place, "?"); ok {
		place = before
	}
	if !strings.HasPrefix(r.URL.Path, place) {
		t.Errorf("path %s, want %s", r.URL.Path, path)
	}
	carried := []string{r.URL.Path, p.bodies[0]}
	for _, vs := range r.URL.Query() {
		carried = append(carried, vs...)
	}
	if form, err := url.ParseQuery(p.bodies[0]); err == nil {
		for _, vs := range form {
			carried = append(carried, vs...)
		}
	}
	for _, vs := range r.Header {
		for _, v := range vs {
			carried = append(carried, v)
			if b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(v, basic)); err == nil {
				carried = append(carried, string(b))
			}
		}
	}
	has := slices.ContainsFunc(carried, func(s string) bool { return strings.Contains(s, secret) })
	if want := row.Effect != detectors.EffectPublic; has != want {
		t.Errorf("the secret is sent: %v, and an effect of %q says %v", has, row.Effect, want)
	}
}
