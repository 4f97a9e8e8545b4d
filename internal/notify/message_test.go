package notify

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sprawl/finding"
	"sprawl/internal/store"
)

var night = store.Run{
	ID: 12, State: store.Complete, Started: time.Date(2026, 11, 25, 1, 0, 0, 0, time.UTC), Ended: time.Date(2026, 11, 25, 2, 30, 0, 0, time.UTC),
	KeyID: "k-example", Roots: []string{"github:acme"},
}

func id(n int) string { return fmt.Sprintf("c-%026d", n) }

func known(n int, sev finding.Severity, places ...finding.Location) store.Known {
	c := finding.Credential{
		ID: id(n), Kind: "example-token", Title: "Example token", Severity: sev, Redacted: "ex_********", Owner: finding.Owner{Name: "payments"},
	}
	for i, l := range places {
		c.Sightings = append(c.Sightings, finding.Sighting{Where: l, Parts: []finding.Part{{Role: finding.RoleSecret, Span: finding.Span{Line: 10 + i}}}})
	}
	return store.Known{Credential: c, Status: store.Exposed}
}

func at(path string) finding.Location { return finding.Location{Target: "acme/shop", Path: path} }

func TestNew(t *testing.T) {
	decided := known(4, finding.SevCritical, at("d"))
	decided.Status = store.Decided
	got, ok := New(night, []store.Change{
		{Credential: id(1), What: store.New, Is: finding.SevHigh},
		{Credential: id(2), What: store.Escalated, Was: finding.SevLow, Is: finding.SevCritical, Detail: "long-lived: no → yes"},
		{Credential: id(3), What: store.Vanished, Was: finding.SevHigh, Is: finding.SevHigh},
		{Credential: id(4), What: store.New, Is: finding.SevCritical, Detail: "decided"},
		{Credential: id(5), What: store.Eased, Was: finding.SevHigh, Is: finding.SevLow},
		{Credential: id(6), What: store.Reopened, Was: finding.SevHigh, Is: finding.SevHigh},
	}, []store.Known{
		known(1, finding.SevHigh, at("a.env"), at("b.env"), at("c.env"), at("d.env"), at("e.env")), known(2, finding.SevCritical, at("x.yml")),
		known(3, finding.SevHigh), decided, known(5, finding.SevLow), known(6, finding.SevHigh), known(7, finding.SevCritical),
	})
	if !ok {
		t.Fatal("nothing to tell")
	}
	want := []Item{
		{ID: id(2), ShortID: finding.ShortID(id(2)), What: store.Escalated, Detail: "long-lived: no → yes", Kind: "example-token", Title: "Example token",
			Severity: finding.SevCritical, Was: finding.SevLow, Redacted: "ex_********", Owner: "payments", Places: []Place{{"acme/shop", "x.yml", 10}}},
		{ID: id(1), ShortID: finding.ShortID(id(1)), What: store.New, Kind: "example-token", Title: "Example token",
			Severity: finding.SevHigh, Redacted: "ex_********", Owner: "payments",
			Places: []Place{{"acme/shop", "a.env", 10}, {"acme/shop", "b.env", 11}, {"acme/shop", "c.env", 12}}, Others: 2},
		{ID: id(6), ShortID: finding.ShortID(id(6)), What: store.Reopened, Kind: "example-token", Title: "Example token",
			Severity: finding.SevHigh, Was: finding.SevHigh, Redacted: "ex_********", Owner: "payments", Places: []Place{}},
	}
	if d := cmp.Diff(want, got.Items); d != "" {
		t.Error(d)
	}
	counts := map[store.What]int{store.New: 2, store.Escalated: 1, store.Vanished: 1, store.Eased: 1, store.Reopened: 1}
	if d := cmp.Diff(counts, got.Counts); d != "" {
		t.Error(d)
	}
	text := "sprawl: 1 new, 1 reopened, 1 escalated\n" +
		"critical escalated: example-token c-00000000 in acme/shop x.yml:10 (payments)\n" +
		"high new: example-token c-00000000 in acme/shop a.env:10 (payments)\n" +
		"high reopened: example-token c-00000000 (payments)"
	if d := cmp.Diff(text, got.Text); d != "" {
		t.Error(d)
	}
}

func TestNothing(t *testing.T) {
	for name, changes := range map[string][]store.Change{
		"no change": nil,
		"better":    {{Credential: id(1), What: store.Vanished}, {Credential: id(1), What: store.WasRevoke}, {Credential: id(1), What: store.Settled}},
		"unknown":   {{Credential: id(2), What: store.New}},
	} {
		if m, ok := New(night, changes, []store.Known{known(1, finding.SevHigh)}); ok {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

func TestCap(t *testing.T) {
	var cs []store.Change
	var ks []store.Known
	for n := range 130 {
		cs = append(cs, store.Change{Credential: id(n), What: store.New})
		sev := finding.SevLow
		if n >= 125 {
			sev = finding.SevCritical
		}
		ks = append(ks, known(n, sev, at(strings.Repeat("ä", 5000))))
	}
	run := night
	run.State = store.Partial
	m, _ := New(run, cs, ks)
	if len(m.Items) != maxItems || m.More != 30 || m.Counts[store.New] != 130 {
		t.Errorf("%d items, %d more, %v", len(m.Items), m.More, m.Counts)
	}
	if m.Items[4].Severity != finding.SevCritical || m.Items[5].Severity != finding.SevLow {
		t.Error("the worst are not first")
	}
	if p := m.Items[0].Places[0].Path; len(p) > maxText || !strings.HasSuffix(p, "ä…") {
		t.Errorf("a path of %d bytes: %.20q", len(p), p)
	}
	if !strings.HasPrefix(m.Text, "sprawl: 130 new (run 12 is incomplete: there may be more)\n") || !strings.HasSuffix(m.Text, "\nand 120 more") {
		t.Errorf("%.200s", m.Text)
	}
	if n := strings.Count(m.Text, "\n"); n != maxLines+1 {
		t.Errorf("%d lines", n)
	}
}

// TestDelivery: a run has one name, and no other run has it.
func TestDelivery(t *testing.T) {
	seen := map[string]bool{delivery(night): true}
	for name, change := range map[string]func(*store.Run){
		"another number": func(r *store.Run) { r.ID++ }, "another key": func(r *store.Run) { r.KeyID = "k-other" },
		"another store": func(r *store.Run) { r.Started = r.Started.Add(time.Second) }, "other roots": func(r *store.Run) { r.Roots = nil },
	} {
		r := night
		if change(&r); seen[delivery(r)] {
			t.Error(name)
		}
		seen[delivery(r)] = true
	}
	r := night
	r.Ended, r.State = r.Ended.Add(time.Hour), store.Partial
	if !seen[delivery(r)] {
		t.Error("the same run has two names")
	}
}

// TestHostile: whatever a repository calls its files, the body stays JSON, and the text has no markup, mention or control in it.
func TestHostile(t *testing.T) {
	hostile := "a\"},{\"x\":\"\x1b[31m\u202e<!channel> <https://evil.example|click> & @here\r\n\xff\x00</script>"
	k := known(1, finding.SevHigh, finding.Location{Target: hostile, Path: hostile})
	k.Credential.Title, k.Credential.Owner.Name = hostile, "@acme/payments"
	m, ok := New(night, []store.Change{{Credential: id(1), What: store.New, Detail: hostile}}, []store.Known{k})
	if !ok {
		t.Fatal("nothing to tell")
	}
	body, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var back Message
	if err := json.Unmarshal(body, &back); err != nil {
		t.Fatal(err)
	}
	if want := strings.ToValidUTF8(hostile, "\ufffd"); back.Items[0].Places[0].Path != want || back.Items[0].Title != want || back.Items[0].Detail != want {
		t.Errorf("%+v", back.Items[0])
	}
	for _, bad := range []string{"<", ">", "\x1b", "\x00", "</script>"} {
		if strings.Contains(string(body), bad) {
			t.Errorf("the body holds %q", bad)
		}
	}
	for _, bad := range []string{"<", ">", "\x1b", "\u202e", "\r", "\x00", "@here", "@acme", "& "} {
		if strings.Contains(m.Text, bad) {
			t.Errorf("the text holds %q: %q", bad, m.Text)
		}
	}
	if strings.Count(m.Text, "\n") != 1 {
		t.Errorf("%q", m.Text)
	}
}
