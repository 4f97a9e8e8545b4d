package main

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/testkit/planted"
	"sprawl/internal/testkit/repo"
)

// seen is what must not change: ids, what the baseline covers, and SARIF fingerprints.
type seen struct {
	ids, covered, prints []string
}

func look(t *testing.T, dir string, opts ...option) seen {
	t.Helper()
	var s seen
	found, _ := sprawl(t, []string{"scan", "git:" + dir, "--format", "jsonl"}, opts...).lines(t)
	for _, f := range found {
		s.ids = append(s.ids, f.ID)
		if f.Decision != nil && f.Decision.Kind == "baseline" {
			s.covered = append(s.covered, f.ID)
		}
	}
	var doc struct {
		Runs []struct {
			Results []struct {
				PartialFingerprints map[string]string
			}
		}
	}
	c := sprawl(t, []string{"scan", "git:" + dir, "--format", "sarif"}, opts...)
	if err := json.Unmarshal([]byte(c.stdout), &doc); err != nil {
		t.Fatalf("SARIF: %v; stderr: %s", err, c.stderr)
	}
	for _, r := range doc.Runs[0].Results {
		s.prints = append(s.prints, slices.Sorted(maps.Values(r.PartialFingerprints))...)
	}
	slices.Sort(s.ids)
	slices.Sort(s.covered)
	slices.Sort(s.prints)
	return s
}

func (s seen) same(t *testing.T, what string, o seen) {
	t.Helper()
	if !slices.Equal(s.ids, o.ids) {
		t.Errorf("%s: ids changed: %v, %v", what, s.ids, o.ids)
	}
	if !slices.Equal(s.covered, o.covered) {
		t.Errorf("%s: baseline matches changed: %v, %v", what, s.covered, o.covered)
	}
	if !slices.Equal(s.prints, o.prints) {
		t.Errorf("%s: fingerprints changed: %v, %v", what, s.prints, o.prints)
	}
}

// TestIdentityHolds: ids, baseline matches and fingerprints survive everything that is no change of the value.
func TestIdentityHolds(t *testing.T) {
	r := repo.New(t)
	line := "GH_TOKEN=" + planted.Token(1) + "\n"
	password := "db_password = \"hunter" + "7-Winter\"\n" // guessable: the slow form
	r.Write("app.env", line)
	r.Write("db.ini", password)
	r.Commit("first")
	if c := sprawl(t, []string{"init", r.Dir}); c.code != 0 {
		t.Fatalf("init: exit %d: %s", c.code, c.stderr)
	}
	r.Commit("policy")
	base := look(t, r.Dir)
	if len(base.ids) == 0 || len(base.covered) != len(base.ids) || len(base.prints) == 0 {
		t.Fatalf("nothing to compare: %+v", base)
	}

	base.same(t, "an empty HOME", look(t, r.Dir, func(a *app) {
		a.configDir = func() (string, error) { return "", filepath.ErrBadPattern }
	}))
	fork := filepath.Join(t.TempDir(), "fork")
	r.Git("clone", "-q", r.Dir, fork)
	base.same(t, "a fork's checkout", look(t, fork))

	// The organisation's key makes other ids, but agrees on what is accepted.
	org := look(t, r.Dir, withKey())
	if len(org.covered) != len(base.covered) || slices.Equal(org.ids, base.ids) {
		t.Errorf("with the organisation's key %d of %d are covered", len(org.covered), len(base.covered))
	}

	r.Write("app.env", "# one more line\n\n"+line)
	r.Commit("a line above")
	base.same(t, "a line above", look(t, r.Dir))
	r.Rename("app.env", "deploy.env")
	r.Commit("rename")
	base.same(t, "a rename", look(t, r.Dir))
}

// TestIdentityOutlivesTheTable: a kind that is renamed, or promoted from generic to a provider, keeps ids, matches and
// fingerprints.
func TestIdentityOutlivesTheTable(t *testing.T) {
	r := repo.New(t)
	r.Write("app.env", "GH_TOKEN="+planted.Token(1)+"\n")
	r.Commit("first")
	row := func(id string) []detectors.Detector {
		return []detectors.Detector{{
			ID: id, Title: id, Provider: "demo",
			Shapes: []detectors.Shape{detectors.Token(detectors.Lit("gh"+"p_"), detectors.Chars(detectors.Base62, 36))},
		}}
	}
	if c := sprawl(t, []string{"init", r.Dir}, withTable(row("old-name"))); c.code != 0 {
		t.Fatalf("init: exit %d: %s", c.code, c.stderr)
	}
	r.Commit("policy")
	base := look(t, r.Dir, withTable(row("old-name")))
	if len(base.covered) != 1 {
		t.Fatalf("nothing to compare: %+v", base)
	}
	base.same(t, "renamed", look(t, r.Dir, withTable(row("new-name"))))
	generic := look(t, r.Dir, withTable(nil))
	base.same(t, "generic", generic)
	found, _ := sprawl(t, []string{"scan", r.Dir, "--format", "jsonl"}, withTable(nil)).lines(t)
	if len(found) != 1 || found[0].Tier != string(finding.TierGeneric) {
		t.Errorf("without the row it should be generic: %+v", found)
	}
}
