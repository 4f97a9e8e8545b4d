package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sprawl/finding"
	"sprawl/internal/store"
	"sprawl/internal/testkit/postgres"
)

func TestMain(m *testing.M) { os.Exit(postgres.Main(m)) }

var night = time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)

// world is a store with a clock.
type world struct {
	*store.Store
	t        testing.TB
	location string
	now      time.Time
}

// on runs a test on both engines.
func on(t *testing.T, f func(t *testing.T, w *world)) {
	t.Run("sqlite", func(t *testing.T) { f(t, opened(t, filepath.Join(t.TempDir(), "a store.db"))) })
	t.Run("postgres", func(t *testing.T) { f(t, opened(t, postgres.Database(t))) })
}

func opened(t testing.TB, location string) *world {
	t.Helper()
	w := &world{t: t, location: location, now: night}
	w.Store = w.open(store.Options{KeyID: "k-one"})
	return w
}

func (w *world) open(o store.Options) *store.Store {
	w.t.Helper()
	o.Now = func() time.Time { return w.now }
	s, err := store.Open(w.t.Context(), w.location, o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			w.t.Error(err)
		}
	})
	return s
}

func (w *world) update(f func(*store.Tx) error) {
	w.t.Helper()
	if err := w.Update(w.t.Context(), f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) view(f func(*store.Tx) error) {
	w.t.Helper()
	if err := w.View(w.t.Context(), f); err != nil {
		w.t.Fatal(err)
	}
}

// start begins a run a day after the last.
func (w *world) start(roots ...string) store.Run {
	w.t.Helper()
	w.now = w.now.Add(24 * time.Hour)
	var r store.Run
	w.update(func(t *store.Tx) (err error) {
		r, err = t.StartRun(store.Run{Roots: roots, Version: "v1", RuleSet: "rules"})
		return
	})
	return r
}

func (w *world) put(run int64, ts ...store.Target) []store.Target {
	w.t.Helper()
	var out []store.Target
	w.update(func(t *store.Tx) (err error) { out, err = t.PutTargets(run, ts); return })
	return out
}

func (w *world) outcomes(run int64, states ...store.State) map[string]store.State {
	w.t.Helper()
	got := map[string]store.State{}
	w.view(func(t *store.Tx) error {
		all, err := t.Outcomes(run, states...)
		for _, o := range all {
			got[o.Target.Name] = o.State
		}
		return err
	})
	return got
}

func target(key, name string) store.Target {
	return store.Target{
		Key: key, Name: "git:https://forge.example/" + name + ".git", Kind: store.Repository, Root: "github:acme", URL: "https://forge.example/" + name + ".git",
		Host: "forge.example", Repository: name, DefaultBranch: "main", Visibility: "private", Fork: true, Topics: []string{"a", "b"}, Pushed: night, Size: 12,
	}
}

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestARunFromStartToEnd(t *testing.T) {
	on(t, func(t *testing.T, w *world) {
		a := w.start("github:acme", "list:more")
		b := w.start("list:other")
		w.update(func(x *store.Tx) error {
			return errors.Join(
				x.AddCounts(a.ID, store.Counts{Calls: 3, Spared: 1, Fetched: 10, Scanned: 20, Unlisted: []string{"list:more: unreadable"}}),
				x.AddCounts(a.ID, store.Counts{Calls: 2, Unlisted: []string{"list:more: unreadable", "github:acme: auth"}}),
			)
		})
		w.put(a.ID, target("1", "acme/shop"), target("2", "acme/site"))
		w.view(func(x *store.Tx) error {
			got, err := x.Run(a.ID)
			equal(t, "counts", got.Counts, store.Counts{
				Targets: map[store.State]int{store.Pending: 2}, Calls: 5, Spared: 1, Fetched: 10, Scanned: 20, Unlisted: []string{"list:more: unreadable", "github:acme: auth"},
			})
			equal(t, "key", got.KeyID, "k-one")
			u, ok, err2 := x.Unfinished([]string{"list:more", "github:acme"})
			if !ok || u.ID != a.ID {
				t.Errorf("unfinished is %d (%v), want %d", u.ID, ok, a.ID)
			}
			_, ok, err3 := x.Unfinished([]string{"github:acme"})
			if ok {
				t.Error("a run of other roots is resumed")
			}
			return errors.Join(err, err2, err3)
		})
		summary := &finding.Summary{Credentials: 4, BySeverity: map[finding.Severity]int{finding.SevHigh: 4}, Elapsed: time.Minute}
		w.update(func(x *store.Tx) error {
			return errors.Join(x.EndRun(a.ID, store.Interrupted, nil), x.ResumeRun(a.ID), x.EndRun(a.ID, store.Partial, summary), x.EndRun(b.ID, store.Complete, nil))
		})
		w.view(func(x *store.Tx) error {
			_, ok, err := x.Unfinished(a.Roots)
			if ok {
				t.Error("an ended run is resumed")
			}
			last, ok, err2 := x.LastRun(store.Partial)
			if !ok || last.ID != a.ID || !last.Ended.Equal(w.now) {
				t.Errorf("last is %+v (%v)", last, ok)
			}
			equal(t, "summary", last.Summary, summary)
			rs, err3 := x.Runs(1)
			if len(rs) != 1 || rs[0].ID != b.ID {
				t.Errorf("newest is %+v", rs)
			}
			if _, err := x.Run(99); !errors.Is(err, store.ErrNone) {
				t.Errorf("a run that is not there: %v", err)
			}
			return errors.Join(err, err2, err3)
		})
	})
}

func TestTargetsAreKnownByKey(t *testing.T) {
	on(t, func(t *testing.T, w *world) {
		a := w.start("github:acme")
		want := target("1", "acme/shop")
		ts := w.put(a.ID, want, target("2", "acme/site"), want)
		if ts[0].ID == 0 || ts[0].ID != ts[2].ID || ts[0].ID == ts[1].ID {
			t.Fatalf("ids %d %d %d", ts[0].ID, ts[1].ID, ts[2].ID)
		}
		shop, site := ts[0].ID, ts[1].ID
		want.ID = shop
		remembered := store.Scanned{Refs: "r", Print: "p", Rules: "x", Complete: true, Objects: 3, Seen: []byte{1, 2, 3}, At: night}
		w.update(func(x *store.Tx) error {
			return errors.Join(x.PutScan(a.ID, shop, store.Scan{Scanned: remembered}), x.PutScan(a.ID, site, store.Scan{Scanned: remembered}))
		})
		w.put(a.ID, want) // a list that is read again
		equal(t, "outcome", w.outcomes(a.ID), map[string]store.State{want.Name: store.Done, target("2", "acme/site").Name: store.Done})
		w.view(func(x *store.Tx) error {
			got, err := x.Target(shop)
			equal(t, "target", got, want)
			z, err2 := x.Scanned(shop)
			equal(t, "scanned", z, remembered)
			_, err3 := x.Target(77)
			if !errors.Is(err3, store.ErrNone) {
				t.Error(err3)
			}
			return errors.Join(err, err2)
		})

		// Two that swap names are two that were renamed.
		b := w.start("github:acme")
		w.put(b.ID, target("1", "acme/site"))
		w.put(b.ID, target("2", "acme/shop"))
		w.view(func(x *store.Tx) error {
			got, err := x.TargetByName(want.Name)
			if got.ID != site {
				t.Errorf("%s is %d, want %d", want.Name, got.ID, site)
			}
			z, err2 := x.Scanned(shop)
			equal(t, "scanned of what was renamed", z, store.Scanned{At: night})
			return errors.Join(err, err2)
		})
	})
}

func TestWhatNoListNamesIsGone(t *testing.T) {
	on(t, func(t *testing.T, w *world) {
		a := w.start("github:acme")
		other := target("9", "beta/x")
		other.Root = "github:beta"
		ts := w.put(a.ID, target("1", "acme/a"), target("2", "acme/b"), other)
		for _, one := range ts {
			w.update(func(x *store.Tx) error { return x.PutScan(a.ID, one.ID, store.Scan{Scanned: store.Scanned{Refs: "r"}}) })
		}
		b := w.start("github:acme")
		w.put(b.ID, ts[0])
		w.update(func(x *store.Tx) error {
			gone, err := x.SweepGone(b.ID, []string{"github:acme"})
			equal(t, "gone", gone, ts[1:2])
			return err
		})
		equal(t, "outcomes", w.outcomes(b.ID, store.Gone), map[string]store.State{ts[1].Name: store.Gone})
		equal(t, "held by", w.holders(), []string{ts[0].Name, other.Name})

		c := w.start("github:acme")
		w.put(c.ID, ts[:2]...)
		equal(t, "held by, once it is back", w.holders(), []string{ts[0].Name, ts[1].Name, other.Name})
		w.update(func(x *store.Tx) error { return x.PutGone(c.ID, ts[1].ID, "not-found") })
		w.put(c.ID, ts[:2]...) // the list was read before it went
		equal(t, "held by, once it is deleted", w.holders(), []string{ts[0].Name, other.Name})
	})
}

func (w *world) holders() []string {
	w.t.Helper()
	var names []string
	w.view(func(x *store.Tx) error {
		return x.Holdings(func(t store.Target, _ store.Scan) error { names = append(names, t.Name); return nil })
	})
	return names
}

func TestOutcomesOfScans(t *testing.T) {
	on(t, func(t *testing.T, w *world) {
		a := w.start("github:acme")
		ts := w.put(a.ID, target("1", "a"), target("2", "b"), target("3", "c"), target("4", "d"))
		full := store.Scan{
			Scanned: store.Scanned{Refs: "r", Seen: []byte{7}}, Credentials: []finding.Credential{credential("c-one", ts[0].Name)},
			References: []finding.Reference{{ID: "r-1", Name: "TOKEN"}}, Notices: []finding.Notice{{ID: "n-1", Message: "m"}},
			Coverage: finding.Coverage{Seen: 9}, Suppressed: store.Suppressed{Marks: 2}, Elapsed: time.Second, Fetched: 5,
		}
		part := store.Scan{Coverage: finding.Coverage{Skipped: map[finding.Reason]int64{finding.ReasonCorrupt: 1, finding.ReasonMissing: 4, finding.ReasonTooLarge: 9}}}
		for range 2 {
			w.update(func(x *store.Tx) error {
				return errors.Join(x.PutScan(a.ID, ts[0].ID, full), x.PutScan(a.ID, ts[1].ID, part), x.PutFailed(a.ID, ts[2].ID, "auth", "the server refuses", 3))
			})
		}
		w.view(func(x *store.Tx) error {
			os, err := x.Outcomes(a.ID, store.Done, store.Incomplete, store.Failed)
			for i := range os {
				os[i].Target = store.Target{ID: os[i].Target.ID}
			}
			equal(t, "outcomes", os, []store.Outcome{
				{Target: store.Target{ID: ts[0].ID}, State: store.Done, At: w.now},
				{Target: store.Target{ID: ts[1].ID}, State: store.Incomplete, Reason: "missing", Detail: "not read: 4 missing, 1 corrupt", At: w.now},
				{Target: store.Target{ID: ts[2].ID}, State: store.Failed, Reason: "auth", Detail: "the server refuses", Tries: 3, At: w.now},
			})
			n, err2 := x.CountOutcomes(a.ID)
			equal(t, "count", n, map[store.State]int{store.Done: 1, store.Incomplete: 1, store.Failed: 1, store.Pending: 1})
			return errors.Join(err, err2)
		})

		b := w.start("github:acme")
		w.put(b.ID, ts...)
		w.update(func(x *store.Tx) error {
			if err := x.PutSame(b.ID, ts[3].ID, store.Scanned{}); !errors.Is(err, store.ErrNone) {
				t.Errorf("the same as nothing: %v", err)
			}
			return x.PutSame(b.ID, ts[0].ID, store.Scanned{Refs: "r2", At: w.now})
		})
		full.Scanned = store.Scanned{Refs: "r2", At: w.now}
		w.view(func(x *store.Tx) error {
			z, err := x.Scanned(ts[0].ID)
			equal(t, "scanned", z, store.Scanned{Refs: "r2", At: w.now, Seen: []byte{7}})
			return errors.Join(err, x.Holdings(func(o store.Target, s store.Scan) error {
				if o.ID == ts[0].ID {
					equal(t, "holding", s, full)
				}
				return nil
			}))
		})
	})
}

func TestManyTargetsAtOnce(t *testing.T) {
	on(t, func(t *testing.T, w *world) {
		a := w.start("github:acme")
		ts := make([]store.Target, 2300)
		for i := range ts {
			ts[i] = target(fmt.Sprint(i), fmt.Sprintf("acme/r%d", i))
		}
		for range 2 {
			ids := map[int64]bool{}
			for _, one := range w.put(a.ID, ts...) {
				ids[one.ID] = true
			}
			if len(ids) != len(ts) || ids[0] {
				t.Fatalf("%d ids of %d targets", len(ids), len(ts))
			}
		}
		w.view(func(x *store.Tx) error {
			n, err := x.CountOutcomes(a.ID)
			equal(t, "count", n, map[store.State]int{store.Pending: len(ts)})
			return err
		})
	})
}

func TestAnswersAndInventories(t *testing.T) {
	on(t, func(t *testing.T, w *world) {
		body := slices.Repeat([]byte("a repository "), 500)
		w.update(func(x *store.Tx) error {
			return errors.Join(x.PutAnswer("GET /orgs/acme/repos", "etag1", nil), x.PutAnswer("GET /orgs/acme/repos", "etag2", body),
				x.PutInventory("b.csv", night, []byte("x,y")), x.PutInventory("a.csv", night, body))
		})
		w.view(func(x *store.Tx) error {
			etag, got, ok, err := x.CachedAnswer("GET /orgs/acme/repos")
			if !ok || etag != "etag2" || string(got) != string(body) {
				t.Errorf("%q, %d bytes, %v", etag, len(got), ok)
			}
			_, _, ok, err2 := x.CachedAnswer("GET /")
			if ok {
				t.Error("an answer that was never given")
			}
			var names []string
			err3 := x.Inventories(func(name string, asOf time.Time, doc []byte) error {
				names = append(names, fmt.Sprintf("%s %v %d", name, asOf.Equal(night), len(doc)))
				return nil
			})
			equal(t, "inventories", names, []string{fmt.Sprintf("a.csv true %d", len(body)), "b.csv true 3"})
			return errors.Join(err, err2, err3)
		})
	})
}
