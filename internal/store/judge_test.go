package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"sprawl/finding"
	"sprawl/internal/store"
)

func credential(id string, targets ...string) finding.Credential {
	c := finding.Credential{
		ID: id, Kind: "example", Title: "an example", Tier: finding.TierShaped, Severity: finding.SevMedium, FirstSeen: night.AddDate(0, -1, 0),
		Conditions: []finding.Condition{{ID: "long-lived", Verdict: finding.VerdictNo, Why: "30 days old"}},
		Owner: finding.Owner{
			Name: "shop", How: "codeowners", Candidates: []string{"x"}, Team: true, Active: finding.Yes, ActiveWhy: "w", Standing: "s", StandingWhy: "sw", Tried: []string{"policy"},
		},
		Environments: []finding.Environment{{Name: "prod", Class: finding.EnvProd, Why: "path"}},
	}
	for _, t := range targets {
		c.Sightings = append(c.Sightings, finding.Sighting{Kind: c.Kind, Where: finding.Location{Source: "git", Target: t, Path: "a", State: finding.StateHead}})
	}
	return c
}

// judge starts a run, judges it and ends it.
func (w *world) judge(cs []finding.Credential, looked ...string) (store.Run, map[string]store.What) {
	w.t.Helper()
	r := w.start("github:acme")
	return r, w.rejudge(r.ID, cs, looked...)
}

func (w *world) rejudge(run int64, cs []finding.Credential, looked ...string) map[string]store.What {
	w.t.Helper()
	got := map[string]store.What{}
	w.update(func(x *store.Tx) error {
		clear(got)
		changes, err := x.PutJudged(run, w.now, cs, []finding.Notice{{ID: "n-1"}}, nil, []finding.InventoryRow{{ID: "i-1"}}, func(t string) bool { return slices.Contains(looked, t) })
		if err != nil {
			return err
		}
		kept, err := x.Changes(run)
		equal(w.t, "kept changes", kept, changes)
		for _, c := range changes {
			got[c.Credential] = c.What
		}
		return errors.Join(err, x.EndRun(run, store.Complete, nil))
	})
	return got
}

func (w *world) known(asOf time.Time) map[string]store.Known {
	w.t.Helper()
	got := map[string]store.Known{}
	w.view(func(x *store.Tx) error {
		ks, err := x.Credentials(asOf)
		for _, k := range ks {
			got[k.Credential.ID] = k
		}
		return err
	})
	return got
}

func (w *world) versions() (n int) {
	w.t.Helper()
	if err := w.DB().QueryRowContext(w.t.Context(), "SELECT COUNT(*) FROM versions").Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func TestACredentialIsNewOnce(t *testing.T) {
	on(t, func(t *testing.T, w *world) {
		c := credential("c-one", "a")
		first, got := w.judge([]finding.Credential{c})
		equal(t, "first night", got, map[string]store.What{"c-one": store.New})
		k := w.known(time.Time{})["c-one"]
		equal(t, "as it was given", k, store.Known{Credential: c, Status: store.Exposed, FirstRun: first.ID, FirstAt: first.Started, LastRun: first.ID})

		// A text with an age is no version, and is brought up to date. An earlier date survives the loss of its place.
		c.Conditions[0].Why, c.FirstSeen = "31 days old", time.Time{}
		second, got := w.judge([]finding.Credential{c})
		equal(t, "second night", got, map[string]store.What{})
		if n := w.versions(); n != 1 {
			t.Errorf("%d versions", n)
		}
		k = w.known(time.Time{})["c-one"]
		c.FirstSeen = night.AddDate(0, -1, 0)
		equal(t, "as it is", k, store.Known{Credential: c, Status: store.Exposed, FirstRun: first.ID, FirstAt: first.Started, LastRun: second.ID})
		equal(t, "the text of then", w.known(first.Started)["c-one"].Credential.Conditions[0].Why, "30 days old")
		equal(t, "before all runs", w.known(night), map[string]store.Known{})
	})
}

func TestWhatBecomesOfACredential(t *testing.T) {
	said := func(field, value string) func(*finding.Credential) {
		return func(c *finding.Credential) {
			c.Records = []finding.Record{{Match: finding.MatchExact, Facts: []finding.Fact{{Field: field, Value: value}}}}
		}
	}
	verdict := func(v finding.Verdict) func(*finding.Credential) {
		return func(c *finding.Credential) { c.Conditions = []finding.Condition{{ID: "long-lived", Verdict: v}} }
	}
	decided := func(c *finding.Credential) { c.Decision = &finding.Decision{Kind: "mark"} }
	severity := func(s finding.Severity) func(*finding.Credential) {
		return func(c *finding.Credential) { c.Severity = s }
	}
	nothing := func(*finding.Credential) {}
	cases := []struct {
		name    string
		was, is func(*finding.Credential)
		what    store.What // "" for nothing
		status  store.Status
		detail  string
	}{
		{"worse", nothing, severity(finding.SevHigh), store.Escalated, store.Exposed, ""},
		{"better", nothing, severity(finding.SevLow), store.Eased, store.Exposed, ""},
		{"met now", nothing, verdict(finding.VerdictYes), store.Escalated, store.Exposed, "long-lived: no → yes"},
		{"met no longer", verdict(finding.VerdictYes), nothing, store.Eased, store.Exposed, "long-lived: yes → no"},
		{"evidence is missing", verdict(finding.VerdictYes), verdict(finding.VerdictCannotTell), "", store.Exposed, ""},
		{"decided", nothing, decided, store.Settled, store.Decided, "open → decided"},
		{"lapsed", decided, nothing, store.Reopened, store.Exposed, "decided → open"},
		{"revoked", nothing, said("status", "Inactive"), store.WasRevoke, store.Revoked, "open → revoked"},
		{"rotated", nothing, said("rotated", night.Format(time.RFC3339)), store.WasRotate, store.Rotated, "open → rotated"},
		{"rotated before it was seen", nothing, said("rotated", night.AddDate(-1, 0, 0).Format(time.RFC3339)), "", store.Exposed, ""},
		{"active", nothing, said("status", "active"), "", store.Exposed, ""},
		{"revoked, perhaps", nothing, func(c *finding.Credential) {
			said("status", "revoked")(c)
			c.Records[0].Match = finding.MatchSuffix
		}, "", store.Exposed, ""},
		{"another place", nothing, func(c *finding.Credential) { c.Sightings = append(c.Sightings, credential("", "b").Sightings...) }, "", store.Exposed, ""},
	}
	on(t, func(t *testing.T, w *world) {
		was, is := make([]finding.Credential, len(cases)), make([]finding.Credential, len(cases))
		want := map[string]store.What{}
		for i, c := range cases {
			was[i], is[i] = credential(c.name, "a"), credential(c.name, "a")
			c.was(&was[i])
			c.is(&is[i])
			if c.what != "" {
				want[c.name] = c.what
			}
		}
		w.judge(was)
		r, got := w.judge(is)
		equal(t, "changes", got, want)
		known := w.known(time.Time{})
		w.view(func(x *store.Tx) error {
			changes, err := x.Changes(r.ID)
			for i, c := range cases {
				equal(t, c.name+": status", known[c.name].Status, c.status)
				for _, k := range changes {
					if k.Credential == c.name {
						equal(t, c.name+": detail", k.Detail, c.detail)
						equal(t, c.name+": severities", []finding.Severity{k.Was, k.Is}, []finding.Severity{was[i].Severity, is[i].Severity})
					}
				}
			}
			return err
		})
	})
}

func TestGoneOnlyWhereItWasLookedFor(t *testing.T) {
	on(t, func(t *testing.T, w *world) {
		c := credential("c-one", "a", "b")
		w.judge([]finding.Credential{c})
		_, got := w.judge(nil, "a")
		equal(t, "one of two was looked at", got, map[string]store.What{})
		equal(t, "status", w.known(time.Time{})["c-one"].Status, store.Exposed)
		gone, got := w.judge(nil, "a", "b")
		equal(t, "both were looked at", got, map[string]store.What{"c-one": store.Vanished})
		k := w.known(time.Time{})["c-one"]
		equal(t, "status", k.Status, store.Cleared)
		equal(t, "gone at", k.GoneAt, w.now)
		_, got = w.judge(nil, "a", "b")
		equal(t, "once more", got, map[string]store.What{})
		_, got = w.judge([]finding.Credential{c})
		equal(t, "it is back", got, map[string]store.What{"c-one": store.Reopened})
		k = w.known(time.Time{})["c-one"]
		if !k.GoneAt.IsZero() || k.FirstRun != 1 {
			t.Errorf("%+v", k)
		}
		equal(t, "as of then", w.known(gone.Started)["c-one"].Status, store.Cleared)
		w.view(func(x *store.Tx) error {
			_, cs, err := x.Credential("c-o")
			var what []store.What
			for _, c := range cs {
				what = append(what, c.What)
			}
			equal(t, "history", what, []store.What{store.New, store.Vanished, store.Reopened})
			return err
		})
	})
}

func TestGoneWithARenamedOrDeletedTarget(t *testing.T) {
	on(t, func(t *testing.T, w *world) {
		a := w.start("github:acme")
		ts := w.put(a.ID, target("1", "old"), target("2", "deleted"))
		w.rejudge(a.ID, []finding.Credential{credential("c-moved", ts[0].Name), credential("c-deleted", ts[1].Name)})
		b := w.start("github:acme")
		w.put(b.ID, target("1", "new"))
		equal(t, "nothing was looked at", w.rejudge(b.ID, nil), map[string]store.What{})
		w.update(func(x *store.Tx) error { _, err := x.SweepGone(b.ID, []string{"github:acme"}); return err })
		equal(t, "looked at by its new name", w.rejudge(b.ID, nil, target("", "new").Name), map[string]store.What{"c-moved": store.Vanished, "c-deleted": store.Vanished})
	})
}

func TestJudgingTwiceIsJudgingOnce(t *testing.T) {
	on(t, func(t *testing.T, w *world) {
		stays, goes, comes := credential("c-stays", "a"), credential("c-goes", "a"), credential("c-comes", "a")
		w.judge([]finding.Credential{stays, goes})
		before := w.known(time.Time{})
		stays.Severity = finding.SevCritical
		r, once := w.judge([]finding.Credential{stays, comes}, "a")
		known, versions := w.known(time.Time{}), w.versions()
		equal(t, "second time", w.rejudge(r.ID, []finding.Credential{stays, comes}, "a"), once)
		equal(t, "known", w.known(time.Time{}), known)
		if n := w.versions(); n != versions {
			t.Errorf("%d versions, want %d", n, versions)
		}
		stays.Severity = finding.SevMedium
		equal(t, "otherwise", w.rejudge(r.ID, []finding.Credential{stays, goes}), map[string]store.What{})
		after := w.known(time.Time{})
		for id, k := range before {
			k.LastRun = r.ID
			equal(t, "known "+id, after[id], k)
		}
		if len(after) != len(before) {
			t.Errorf("%d are known, want %d", len(after), len(before))
		}
	})
}

func TestIdsThatStartAlike(t *testing.T) {
	on(t, func(t *testing.T, w *world) {
		w.judge([]finding.Credential{credential("c-aa"), credential("c-ab"), credential("c-b")})
		w.view(func(x *store.Tx) error {
			if _, _, err := x.Credential("c-a"); !errors.Is(err, store.ErrSeveral) {
				t.Error(err)
			}
			if _, _, err := x.Credential("c-c"); !errors.Is(err, store.ErrNone) {
				t.Error(err)
			}
			k, _, err := x.Credential("c-b")
			equal(t, "id", k.Credential.ID, "c-b")
			return err
		})
	})
}

func TestItemsAndTrend(t *testing.T) {
	on(t, func(t *testing.T, w *world) {
		a, _ := w.judge([]finding.Credential{credential("c-one", "a"), credential("c-two", "a")})
		running := w.start("github:acme")
		w.update(func(x *store.Tx) error {
			_, err := x.PutJudged(running.ID, w.now, []finding.Credential{credential("c-one", "a")}, make([]finding.Notice, 450), make([]finding.Reference, 3), nil, func(string) bool { return true })
			return err
		})
		w.view(func(x *store.Tx) error {
			ps, err := x.Trend()
			equal(t, "trend", ps, []store.Point{{Run: a.ID, At: a.Started, Open: map[finding.Severity]int{finding.SevMedium: 2}, Changes: map[store.What]int{store.New: 2}}})
			return err
		})
		w.update(func(x *store.Tx) error { return x.EndRun(running.ID, store.Complete, nil) })
		w.view(func(x *store.Tx) error {
			ps, err := x.Trend()
			equal(t, "trend", ps[1], store.Point{
				Run: running.ID, At: w.now, Open: map[finding.Severity]int{finding.SevMedium: 1}, Changes: map[store.What]int{store.Still: 1, store.Vanished: 1},
				Closed: 1, DaysOpen: 1, DaysToClose: 1,
			})
			first, err2 := x.Items(a.ID)
			equal(t, "items", first, store.Items{Notices: []finding.Notice{{ID: "n-1"}}, Inventory: []finding.InventoryRow{{ID: "i-1"}}})
			last, err3 := x.Items(0)
			equal(t, "the last items", []int{len(last.Notices), len(last.References), len(last.Inventory)}, []int{450, 3, 0})
			return errors.Join(err, err2, err3)
		})
	})
}

func TestRetentionKeepsWhatIsCurrent(t *testing.T) {
	on(t, func(t *testing.T, w *world) {
		steady := credential("c-steady", "a")
		first := w.start("github:acme")
		ts := w.put(first.ID, target("1", "stays"), target("2", "goes"))
		w.update(func(x *store.Tx) error {
			return errors.Join(x.PutScan(first.ID, ts[0].ID, store.Scan{}), x.PutScan(first.ID, ts[1].ID, store.Scan{}), x.PutAnswer("q", "e", nil))
		})
		w.rejudge(first.ID, []finding.Credential{steady})
		other := w.start("list:other") // the last of its roots
		second := w.start("github:acme")
		w.put(second.ID, ts[0])
		w.update(func(x *store.Tx) error { _, err := x.SweepGone(second.ID, first.Roots); return err })
		moving := credential("c-moving", "a")
		w.rejudge(second.ID, []finding.Credential{steady, moving})
		w.now = w.now.AddDate(0, 0, 30)
		moving.Severity = finding.SevHigh
		third, _ := w.judge([]finding.Credential{steady, moving})
		before := w.known(time.Time{})

		var removed map[string]int64
		w.update(func(x *store.Tx) (err error) {
			removed, err = x.Retain(w.now, store.Retention{History: 24 * time.Hour, Answers: 24 * time.Hour})
			return err
		})
		equal(t, "removed", removed, map[string]int64{
			"runs": 2, "outcomes": 4, "changes": 2, "items": 4, "versions": 0, "scans": 1, "seen": 1, "targets": 1, "answers": 1,
		})
		equal(t, "known", w.known(time.Time{}), before)
		equal(t, "as of the beginning of what is kept", len(w.known(w.now.Add(-24*time.Hour))), 2)
		w.view(func(x *store.Tx) error {
			rs, err := x.Runs(0)
			var ids []int64
			for _, r := range rs {
				ids = append(ids, r.ID)
			}
			equal(t, "runs", ids, []int64{third.ID, other.ID})
			ps, err2 := x.Trend()
			if len(ps) != 3 {
				t.Errorf("a trend of %d points", len(ps))
			}
			return errors.Join(err, err2)
		})
		w.update(func(x *store.Tx) (err error) {
			removed, err = x.Retain(w.now.AddDate(1, 0, 0), store.Retention{History: 24 * time.Hour})
			return err
		})
		if removed["versions"] != 1 || removed["runs"] != 0 {
			t.Errorf("a year later %v", removed)
		}
		equal(t, "known a year later", w.known(time.Time{}), before)
	})
}
