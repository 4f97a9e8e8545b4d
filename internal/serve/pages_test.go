package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sprawl/finding"
	"sprawl/internal/store"
	"sprawl/internal/testkit/organisation"
)

// words is the visible text of a page, as one line.
func visible(page string) string {
	for _, cut := range []string{`(?s)<head>.*?</head>`, `(?s)<svg.*?</svg>`, `<[^>]*>`} {
		page = regexp.MustCompile(cut).ReplaceAllString(page, " ")
	}
	page = strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">", "&amp;", "&", "&#43;", "+").Replace(page)
	return strings.Join(strings.Fields(page), " ")
}

// TestPages looks for what each page is for.
func TestPages(t *testing.T) {
	h := newHandler(t, filled(t, 60, 200, nil))
	for _, tt := range []struct {
		address string
		holds   []string
	}{
		{"/", []string{"github:acme · run 6 of 2026-11-23 12:00, incomplete", "Incomplete.", "due to be looked at again", "What to do first", "What the last run changed", "15 of 18 targets read, 2 not or in part",
			"By age, at least", "Exposure over time", "By severity", "By condition", "By kind", "By owner", "By target", "By environment", "Which credential reaches what", "Secrets that pipelines name", "Inventories"}},
		{"/credentials", []string{"credentials; ", "decided, rotated, revoked or gone", "Worst place"}},
		{"/credentials?owner=nobody&severity=high", []string{"Clear"}},
		{"/runs", []string{"2026-06-27 12:00 42m complete 18 18 0", "2026-11-23 12:00 42m incomplete 18 15 2"}},
		{"/runs/6", []string{"github:acme · 2026-11-23 12:00 UTC, 42m · incomplete", "503 Service Unavailable", "What changed", "What was not read", "the connection was cut after 12 MB 3 tries", "Fetched 12.4 MB"}},
		{"/runs/6?what=gone", []string{"gone"}},
		{"/trends", []string{"Open, by severity", "Come and gone", "Time to clear, by owner", "2026-11-23 12:42 run 6"}},
		{"/exceptions", []string{"Due to be looked at again", "sprawl recertify c-", "--approver NAME --until YYYY-MM-DD", "The others"}},
		{"/ledger", []string{"not scanned network 1", "scanned in part corrupt 1", "acme/checkout gone not-found", "history cut off at 1 edge of a shallow clone", "What was skipped, one by one"}},
	} {
		got := visible(text(t, h, tt.address))
		for _, s := range tt.holds {
			if !strings.Contains(got, s) {
				t.Errorf("%s does not say %q:\n%.2000s", tt.address, s, got)
			}
		}
	}
}

// Every link of every page leads to a page.
func TestLinks(t *testing.T) {
	h := newHandler(t, filled(t, 30, 80, nil))
	day := organisation.AsOf.AddDate(0, 0, -50).Format(time.DateOnly)
	seen := map[string]bool{}
	queue := []string{"/", "/?as-of=" + day}
	href := regexp.MustCompile(`(?:href|action|src)="([^"]*)"`)
	for len(queue) > 0 && len(seen) < 300 {
		address := queue[0]
		queue = queue[1:]
		if seen[address] {
			continue
		}
		seen[address] = true
		w := get(t, h, address)
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d", address, w.Code)
			continue
		}
		for _, m := range href.FindAllStringSubmatch(w.Body.String(), -1) {
			to := strings.ReplaceAll(m[1], "&amp;", "&")
			switch {
			case strings.HasPrefix(to, "#"):
				if !strings.Contains(w.Body.String(), ` id="`+to[1:]+`"`) {
					t.Errorf("%s leads to %s, which it does not have", address, to)
				}
			case strings.HasPrefix(to, "/"):
				queue = append(queue, to)
				if strings.Contains(address, "as-of=") && !strings.Contains(to, "as-of=") && strings.Contains(m[0], "href") && !strings.HasSuffix(to, ".css") && !strings.HasSuffix(to, ".svg") && !present(w.Body.String(), m[1]) {
					t.Errorf("%s loses its day on the way to %s", address, to)
				}
			case strings.HasPrefix(to, "https://"):
			default:
				t.Errorf("%s leads to %q", address, to)
			}
		}
	}
	if len(seen) < 100 {
		t.Errorf("only %d pages", len(seen))
	}
}

// present reports whether a link is the one that leaves a past day on purpose.
func present(page, to string) bool { return strings.Contains(page, `href="`+to+`">Back to now`) }

// TestList filters, searches, orders and divides.
func TestList(t *testing.T) {
	s := filled(t, 300, 900, nil)
	k, err := (&snapshots{data: Stored(s), now: func() time.Time { return now }}).get(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	all := k.list(nil)
	if all.Found == 0 || all.Found+all.Other != len(k.lines) || all.Found != k.status[store.Exposed] {
		t.Fatalf("%d found, %d others of %d; %d open", all.Found, all.Other, len(k.lines), k.status[store.Exposed])
	}
	query := func(pairs ...string) map[string][]string {
		q := map[string][]string{}
		for i := 0; i < len(pairs); i += 2 {
			q[pairs[i]] = append(q[pairs[i]], pairs[i+1])
		}
		return q
	}
	// Each value of each filter finds as many as it says, and the open ones of all severities are all.
	sum := 0
	for _, f := range filters {
		for _, x := range k.facets[f.name] {
			if got := k.list(query(f.name, x.Value)).Found; got != x.N {
				t.Errorf("%s=%s finds %d, and says %d", f.name, x.Value, got, x.N)
			} else if f.name == "severity" {
				sum += got
			}
		}
	}
	if sum != all.Found {
		t.Errorf("%d by severity of %d", sum, all.Found)
	}
	if both := k.list(query("severity", "critical", "severity", "high")).Found; both != k.list(query("severity", "critical")).Found+k.list(query("severity", "high")).Found {
		t.Errorf("%d are critical or high", both)
	}
	if n := k.list(query("severity", "", "q", " ", "page", "x")).Found; n != all.Found {
		t.Errorf("an empty form finds %d of %d", n, all.Found)
	}
	if n := k.list(query("severity", "terrible")).Found; n != 0 {
		t.Errorf("%d of no severity", n)
	}
	one := k.list(nil).Lines[3]
	if got := k.list(query("q", strings.ToUpper(one.ID))); got.Found != 1 || got.Lines[0].ID != one.ID {
		t.Errorf("an id finds %d", got.Found)
	}
	path := one.known.Credential.Sightings[0].Where.Path
	if got := k.list(query("q", path+" "+one.Kind)); got.Found == 0 {
		t.Errorf("a path and a kind find none")
	}
	// Every order is one, both ways, and pages divide it without loss.
	for _, c := range columns {
		for _, key := range []string{c.key, "-" + c.key} {
			var ids []string
			var before *line
			for page := 1; ; page++ {
				v := k.list(query("sort", key, "page", fmt.Sprint(page), "status", anyStatus))
				for _, l := range v.Lines {
					if n := len(ids); n > 0 {
						x, y := before, l.line
						if strings.HasPrefix(key, "-") {
							x, y = y, x
						}
						if c.compare(x, y) > 0 {
							t.Fatalf("%s: %s before %s", key, before.ID, l.ID)
						}
					}
					ids, before = append(ids, l.ID), l.line
				}
				if v.Pager.Next == "" {
					break
				}
			}
			if len(ids) != len(k.lines) {
				t.Errorf("%s: %d of %d on all pages", key, len(ids), len(k.lines))
			}
		}
	}
	if p := k.list(query("page", "999")).Pager; p.Last != all.Found || p.Next != "" {
		t.Errorf("the last page ends at %d of %d", p.Last, all.Found)
	}
}

// TestPast shows that a past day is as it was: nothing of later is in it.
func TestPast(t *testing.T) {
	s := filled(t, 60, 200, nil)
	v := &snapshots{data: Stored(s), now: func() time.Time { return now }}
	today, err := v.get(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for i, days := range nights[:len(nights)-1] {
		day := organisation.AsOf.AddDate(0, 0, -days).Format(time.DateOnly)
		k, err := v.get(t.Context(), day)
		if err != nil {
			t.Fatal(err)
		}
		if len(k.runs) != i+1 || k.last.ID != int64(i+1) || len(k.trend) != i+1 {
			t.Errorf("%s: %d runs, the last %d, %d points", day, len(k.runs), k.last.ID, len(k.trend))
		}
		if open := k.trend[i].Open; k.status[store.Exposed] != open[finding.SevCritical]+open[finding.SevHigh]+open[finding.SevMedium]+open[finding.SevLow]+open[finding.SevInfo] {
			t.Errorf("%s: %d open, and that run judged %v", day, k.status[store.Exposed], open)
		}
		before := organisation.AsOf.AddDate(0, 0, -days-1).Format(time.DateOnly)
		if k, err = v.get(t.Context(), before); err != nil || len(k.runs) != i {
			t.Errorf("the day before %s has %d runs: %v", day, len(k.runs), err)
		}
	}
	h := newHandler(t, s)
	gone := ""
	for _, l := range today.lines {
		if l.known.FirstRun == int64(len(nights)) {
			gone = l.ID
		}
	}
	if w := get(t, h, "/credentials/"+gone+"?as-of=2026-10-01"); gone == "" || w.Code != http.StatusNotFound {
		t.Errorf("a credential of the last run on a day before it: %d", w.Code)
	}
	if w := get(t, h, "/runs/6?as-of=2026-10-01"); w.Code != http.StatusNotFound {
		t.Errorf("the last run on a day before it: %d", w.Code)
	}
}

// TestFind opens a credential by the short form of its id, as people type it.
func TestFind(t *testing.T) {
	s := filled(t, 60, 200, nil)
	h := newHandler(t, s)
	k, err := (&snapshots{data: Stored(s), now: func() time.Time { return now }}).get(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	id := k.lines[0].ID
	if got := visible(text(t, h, "/credentials/"+finding.ShortID(id))); !strings.Contains(got, id) {
		t.Error("the short form finds another")
	}
	for _, bad := range []string{"c-", "c-0", "C-" + id[2:], id + "x", "%25", "c-%27%20or%201=1"} {
		if w := get(t, h, "/credentials/"+bad); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
}

// An empty store has pages too.
func TestEmpty(t *testing.T) {
	h, err := New(broken{}, Options{Token: testToken, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"/", "/credentials", "/runs", "/trends", "/exceptions", "/ledger", "/?as-of=2020-02-29"} {
		if got := visible(text(t, h, p)); !strings.Contains(got, "no run yet") {
			t.Errorf("%s: %.300s", p, got)
		}
	}
}

// A store that cannot be read says so, and what is wrong with it goes to the log alone.
func TestTrouble(t *testing.T) {
	var log strings.Builder
	h, err := New(broken{errors.New("disk I/O error at /var/lib/secret-place")}, Options{Token: testToken, Now: func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	w := get(t, h, "/")
	if got := visible(w.Body.String()); w.Code != http.StatusInternalServerError || !strings.Contains(got, "The store could not be read.") || strings.Contains(got, "secret-place") {
		t.Errorf("%d %s", w.Code, got)
	}
	if !strings.Contains(log.String(), "secret-place") {
		t.Errorf("the log: %s", log.String())
	}
}

// broken is a store with nothing in it, or one that cannot be read.
type broken struct{ err error }

func (b broken) Runs(context.Context, int) ([]store.Run, error) { return nil, b.err }
func (b broken) Run(context.Context, int64) (store.Run, bool, error) {
	return store.Run{}, false, b.err
}
func (b broken) Outcomes(context.Context, int64, ...store.State) ([]store.Outcome, error) {
	return nil, b.err
}
func (b broken) Credentials(context.Context, time.Time) ([]store.Known, error) { return nil, b.err }
func (b broken) Changes(context.Context, int64) ([]store.Change, error)        { return nil, b.err }
func (b broken) History(context.Context, string) ([]store.Change, error)       { return nil, b.err }
func (b broken) Items(context.Context, int64) (store.Items, error)             { return store.Items{}, b.err }
func (b broken) Trend(context.Context) ([]store.Point, error)                  { return nil, b.err }

// counted counts what is read of a store.
type counted struct {
	Data
	reads atomic.Int32
	state atomic.Pointer[store.RunState]
}

func (c *counted) Runs(ctx context.Context, limit int) ([]store.Run, error) {
	rs, err := c.Data.Runs(ctx, limit)
	if s := c.state.Load(); s != nil && len(rs) > 0 {
		rs[0].State = *s
	}
	return rs, err
}

func (c *counted) Credentials(ctx context.Context, asOf time.Time) ([]store.Known, error) {
	c.reads.Add(1)
	return c.Data.Credentials(ctx, asOf)
}

// TestFresh shows that a store is read once, and anew when a run begins or ends.
func TestFresh(t *testing.T) {
	clock := now
	d := &counted{Data: Stored(filled(t, 10, 20, nil))}
	v := &snapshots{data: d, now: func() time.Time { return clock }}
	want := func(n int32, asOf, when string) {
		t.Helper()
		if _, err := v.get(t.Context(), asOf); err != nil || d.reads.Load() != n {
			t.Errorf("%s: read %d times, want %d: %v", when, d.reads.Load(), n, err)
		}
	}
	want(1, "", "first")
	want(1, "", "again")
	clock = clock.Add(2 * freshFor)
	want(1, "", "later")
	want(2, "2026-10-01", "a past day")
	want(2, "", "now beside it")
	want(2, "2026-10-01", "the past day again")
	for i, day := range []string{"2026-10-02", "2026-10-03"} {
		want(3+int32(i), day, day)
	}
	want(5, "2026-10-01", "a past day that was put away")
	running := store.Running
	d.state.Store(&running)
	want(5, "2026-10-01", "within a second")
	clock = clock.Add(2 * freshFor)
	want(6, "", "a run that is under way")
	clock = clock.Add(24 * time.Hour)
	want(7, "", "the next day")
}
