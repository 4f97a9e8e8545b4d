package serve

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sprawl/report"
)

//go:embed pages
var pages embed.FS

const asOfParam = "as-of"

// Options are what the pages are served with.
type Options struct {
	Token string // as NewToken draws it
	Now   func() time.Time
	Log   *slog.Logger
}

// handler answers with pages of a store.
type handler struct {
	o         Options
	data      Data
	views     snapshots
	templates *template.Template
	style     []byte
}

// Pages is the handler of the pages: it refuses whoever has no token, other sites, and every method that could change something.
type Pages struct {
	http.Handler
	views *snapshots
}

// Warm reads what the pages of the present are made of, so that nobody waits for it. It need not be called.
func (p *Pages) Warm(ctx context.Context) error {
	_, err := p.views.get(ctx, "")
	return err
}

// New makes the pages of a store.
func New(data Data, o Options) (*Pages, error) {
	if !ValidToken(o.Token) {
		return nil, errors.New("serve: the token is not one that was drawn at random")
	}
	t, err := report.Parts()
	if err == nil {
		t, err = t.Funcs(template.FuncMap{"hour": hour, "plural": plural}).ParseFS(pages, "pages/*.html")
	}
	if err != nil {
		return nil, fmt.Errorf("serve: %w", err)
	}
	own, err := pages.ReadFile("pages/style.css")
	if err != nil {
		return nil, fmt.Errorf("serve: %w", err)
	}
	h := &handler{o: o, data: data, views: snapshots{data: data, now: o.Now}, templates: t, style: append([]byte(report.Style()+"\n"), own...)}
	mux := http.NewServeMux()
	for pattern, build := range map[string]builder{
		"/{$}":              h.overview,
		"/credentials":      h.credentials,
		"/credentials/{id}": h.credential,
		"/runs":             h.nights,
		"/runs/{id}":        h.night,
		"/trends":           h.trends,
		"/exceptions":       h.exceptions,
		"/ledger":           h.ledger,
	} {
		mux.HandleFunc(pattern, h.page(build))
	}
	mux.HandleFunc("/style.css", h.asset("text/css; charset=utf-8", h.style))
	for name, kind := range map[string]string{"script.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml"} {
		b, err := pages.ReadFile("pages/" + name)
		if err != nil {
			return nil, fmt.Errorf("serve: %w", err)
		}
		mux.HandleFunc("/"+name, h.asset(kind, b))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound) })
	return &Pages{newGuard(o.Token, mux), &h.views}, nil
}

func (h *handler) asset(kind string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { h.send(w, http.StatusOK, kind, body) }
}

func (h *handler) send(w http.ResponseWriter, status int, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		h.o.Log.Debug("answer", "error", err)
	}
}

// page is what the frame of every page shows, with the content of one.
type page struct {
	Title, Template string
	Content         any

	Nav     []navigation
	Path    string
	Keep    []pair // of the address, by the form of the day
	AsOf    string
	Today   string
	Present string // the same page, now
	KeyID   string
	Roots   string
	State   string // when the newest run was, in words
	Alarm   bool   // the last run is incomplete
	Ledger  string
}

type navigation struct {
	Name, Href string
	Here       bool
}

type pair struct{ Name, Value string }

// problem is an error that its reader can do something about.
type problem struct {
	status int
	text   string
}

func (p *problem) Error() string { return p.text }

// builder makes the content of a page, a title and the name of a template.
type builder func(ctx context.Context, k *snapshot, r *http.Request) (page, error)

// page answers with what a builder makes, whole or not at all.
func (h *handler) page(build builder) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		k, err := h.snapshot(r)
		var p page
		if err == nil {
			p, err = build(r.Context(), k, r)
		}
		status := http.StatusOK
		if err != nil {
			status, p = h.failed(r, err)
		}
		h.frame(&p, k, r)
		var b bytes.Buffer
		if err := h.templates.ExecuteTemplate(&b, p.Template, p); err != nil {
			h.o.Log.Error("make a page", "path", r.URL.Path, "error", err)
			refuse(w, http.StatusInternalServerError)
			return
		}
		h.send(w, status, "text/html; charset=utf-8", b.Bytes())
	}
}

// failed says what went wrong: what the reader asked for, in words, and what is wrong with the store to the log alone.
func (h *handler) failed(r *http.Request, err error) (int, page) {
	var p *problem
	if !errors.As(err, &p) {
		if r.Context().Err() == nil {
			h.o.Log.Error("read the store", "path", r.URL.Path, "error", err)
		}
		p = &problem{http.StatusInternalServerError, "The store could not be read. The log of sprawl serve says why."}
	}
	return p.status, page{Title: http.StatusText(p.status), Template: "problem", Content: p.text}
}

// snapshot is the state that the address asks for.
func (h *handler) snapshot(r *http.Request) (*snapshot, error) {
	day := r.URL.Query().Get(asOfParam)
	if day != "" {
		t, err := time.Parse(time.DateOnly, day)
		today := h.o.Now().UTC().Format(time.DateOnly)
		switch {
		case err != nil:
			return nil, &problem{http.StatusBadRequest, "The day is not of the form 2026-11-01."}
		case day > today:
			return nil, &problem{http.StatusBadRequest, "That day has not come yet."}
		case t.Year() < 1970:
			return nil, &problem{http.StatusBadRequest, "No store is that old."}
		case day == today:
			day = "" // as it is now
		}
	}
	return h.views.get(r.Context(), day)
}

var sections = []struct{ name, path string }{
	{"Overview", "/"}, {"Credentials", "/credentials"}, {"Runs", "/runs"}, {"Trends", "/trends"}, {"Exceptions", "/exceptions"}, {"Not seen", "/ledger"},
}

// frame fills in what stands around every page. k is nil where the store could not be read.
func (h *handler) frame(p *page, k *snapshot, r *http.Request) {
	p.Path, p.Today = report.Visible(r.URL.Path), h.o.Now().UTC().Format(time.DateOnly)
	if k == nil {
		k = &snapshot{}
	}
	for _, s := range sections {
		here := p.Path == s.path || s.path != "/" && strings.HasPrefix(p.Path, s.path+"/")
		p.Nav = append(p.Nav, navigation{s.name, k.page(s.path, nil), here})
	}
	q := query(r)
	q.Del("page")
	for _, name := range slices.Sorted(maps.Keys(q)) {
		for _, v := range q[name] {
			p.Keep = append(p.Keep, pair{name, v})
		}
	}
	p.AsOf, p.Present = k.asOf, (&snapshot{}).page(p.Path, q)
	p.Ledger = k.page("/ledger", nil)
	if len(k.runs) == 0 {
		p.State = "no run yet"
		return
	}
	newest := &k.runs[0]
	p.KeyID, p.Roots = report.Visible(newest.KeyID), rootsOf(newest)
	p.State = runWords(newest)
	p.Alarm = k.last != nil && unwhole(k.last)
}

// hour is a time to the minute, "" for none.
func hour(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// query is what of a request's narrows, orders or divides a page, as texts that are safe to show. The day is the snapshot's.
func query(r *http.Request) url.Values {
	all := url.Values{}
	for name, values := range r.URL.Query() {
		known := slices.Contains([]string{"q", "sort", "page", "what"}, name) || slices.ContainsFunc(filters, func(f filter) bool { return f.name == name })
		for _, v := range values {
			if known && v != "" {
				all.Add(name, report.Visible(v))
			}
		}
	}
	return all
}
