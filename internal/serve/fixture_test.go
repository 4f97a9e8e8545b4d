package serve

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sprawl/finding"
	"sprawl/internal/store"
	"sprawl/internal/testkit/organisation"
)

// now is the clock of every test.
var now = organisation.AsOf.Add(8 * time.Hour)

// nights are days before now on which the organisation was crawled.
var nights = []int{150, 120, 90, 60, 30, 1}

// filled is a store, open to be read, with the nights of an organisation of n credentials in places places.
func filled(t testing.TB, n, places int, change func(*organisation.Report)) *store.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sprawl.db")
	fill(t, path, nights, n, places, change)
	s, err := store.Open(t.Context(), path, store.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// fill makes a store at a location.
func fill(t testing.TB, location string, nights []int, n, places int, change func(*organisation.Report)) {
	t.Helper()
	clock := now
	s, err := store.Open(t.Context(), location, store.Options{KeyID: "k-example", Now: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	today := organisation.New(1, n, places)
	for _, days := range nights {
		r := today
		if days > 1 {
			r = organisation.Before(today, days)
		}
		if change != nil {
			change(&r)
		}
		clock = organisation.AsOf.AddDate(0, 0, -days)
		if err := s.Update(t.Context(), func(x *store.Tx) error { return night(x, r, days == nights[0], days, &clock) }); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// night stores one crawl. The last one is incomplete: a target failed, one was read in part, one is gone.
func night(x *store.Tx, r organisation.Report, first bool, days int, clock *time.Time) error {
	run, err := x.StartRun(store.Run{Roots: []string{"github:acme"}, Version: r.Header.Version, RuleSet: r.Header.RuleSet})
	if err != nil {
		return err
	}
	var ts []store.Target
	for i, name := range r.Header.Targets {
		ts = append(ts, store.Target{Key: fmt.Sprintf("github:api.github.com:%d", i+1), Name: name, Kind: store.Repository, Root: "github:acme", URL: "https://github.com/" + name + ".git", Host: "github.com"})
	}
	if ts, err = x.PutTargets(run.ID, ts); err != nil {
		return err
	}
	for i, t := range ts {
		switch {
		case days == 1 && i == 0:
			err = x.PutFailed(run.ID, t.ID, "network", "the connection was cut after 12 MB", 3)
		case days == 1 && i == 1:
			err = x.PutScan(run.ID, t.ID, store.Scan{Coverage: finding.Coverage{Skipped: map[finding.Reason]int64{finding.ReasonCorrupt: 2}}})
		case days == 1 && i == 2:
			err = x.PutGone(run.ID, t.ID, "not-found")
		case i%3 == 0 || first:
			err = x.PutScan(run.ID, t.ID, store.Scan{})
		default:
			err = x.PutSame(run.ID, t.ID, store.Scanned{Complete: true})
		}
		if err != nil {
			return err
		}
	}
	counts := store.Counts{Calls: 120, Spared: 80, Fetched: 12_400_000, Scanned: 48_300_000}
	state := store.Complete
	if days == 1 {
		state, counts.Unlisted = store.Partial, []string{"image:registry.example: page 3: 503 Service Unavailable"}
	}
	if err := x.AddCounts(run.ID, counts); err != nil {
		return err
	}
	var cs []finding.Credential
	var items store.Items
	for _, it := range r.Items {
		switch {
		case it.Credential != nil:
			cs = append(cs, *it.Credential)
		case it.Notice != nil:
			items.Notices = append(items.Notices, *it.Notice)
		case it.Reference != nil:
			items.References = append(items.References, *it.Reference)
		case it.Inventory != nil:
			items.Inventory = append(items.Inventory, *it.Inventory)
		}
	}
	*clock = clock.Add(42 * time.Minute)
	if _, err := x.PutJudged(run.ID, *clock, cs, items.Notices, items.References, items.Inventory, func(string) bool { return true }); err != nil {
		return err
	}
	return x.EndRun(run.ID, state, &r.Summary)
}

const testToken = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" // 32 bytes from 0 to 31

func newHandler(t testing.TB, s *store.Store) http.Handler {
	t.Helper()
	h, err := New(Stored(s), Options{Token: testToken, Now: func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// get asks as the operator's browser does.
func get(t testing.TB, h http.Handler, address string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request(t.Context(), address))
	return w
}

func request(ctx context.Context, address string) *http.Request {
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	r.Host = "127.0.0.1:4321"
	r.Header.Set("Authorization", "Bearer "+testToken)
	return r
}

// text is a page's answer, which must be whole.
func text(t testing.TB, h http.Handler, address string) string {
	t.Helper()
	w := get(t, h, address)
	if w.Code != http.StatusOK || !strings.HasSuffix(w.Body.String(), "</html>\n") {
		t.Fatalf("%s: %d %.300s", address, w.Code, w.Body)
	}
	return w.Body.String()
}
