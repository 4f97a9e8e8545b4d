package serve

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sprawl/finding"
	"sprawl/internal/store"
	"sprawl/internal/testkit/organisation"
	"sprawl/internal/testkit/postgres"
)

var update = flag.Bool("update", false, "write the golden file")

// goldenPages are addresses of every kind of page of a small store; %s is a credential.
var goldenPages = []string{
	"/", "/credentials", "/credentials?status=any&sort=-age", "/credentials?severity=medium&q=acme", "/credentials/%s", "/runs", "/runs/1", "/runs/6", "/runs/6?what=gone",
	"/trends", "/exceptions", "/ledger", "/?as-of=2026-09-30", "/credentials/%s?as-of=2026-09-30",
}

// spoken is what all of these pages say, a page after the other.
func spoken(t *testing.T, s *store.Store) string {
	t.Helper()
	h := newHandler(t, s)
	k, err := (&snapshots{data: Stored(s), now: func() time.Time { return now }}).get(t.Context(), "2026-09-30")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, address := range goldenPages {
		if strings.Contains(address, "%s") {
			address = fmt.Sprintf(address, k.lines[0].ID)
		}
		fmt.Fprintf(&b, "== %s\n", address)
		line := ""
		for _, w := range strings.Fields(visible(text(t, h, address))) {
			if len(line)+1+len(w) > 120 {
				b.WriteString(line + "\n")
				line = ""
			}
			line = strings.TrimPrefix(line+" "+w, " ")
		}
		b.WriteString(line + "\n\n")
	}
	return b.String()
}

// brief leaves two of each thing that is no credential.
func brief(r *organisation.Report) {
	var references, rows int
	r.Items = slices.DeleteFunc(slices.Clone(r.Items), func(it finding.Item) bool {
		switch {
		case it.Reference != nil:
			references++
			return references > 2
		case it.Inventory != nil:
			rows++
			return rows > 2
		}
		return false
	})
}

// TestGolden holds what pages say to testdata/pages.txt, on both engines.
func TestGolden(t *testing.T) {
	const golden = "testdata/pages.txt"
	got := spoken(t, filled(t, 6, 12, brief))
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("what the pages say has changed (-want +got; -update writes it anew):\n%s", d)
	}
	t.Run("PostgreSQL", func(t *testing.T) {
		location := postgres.Start(t).Database(t)
		fill(t, location, nights, 6, 12, brief)
		s, err := store.Open(t.Context(), location, store.Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if d := cmp.Diff(string(want), spoken(t, s)); d != "" {
			t.Errorf("other than on SQLite:\n%s", d)
		}
		if err := s.Update(t.Context(), func(x *store.Tx) error { _, err := x.StartRun(store.Run{Started: now}); return err }); err == nil {
			t.Error("what is open to be read was written")
		}
	})
}

// No page holds anything of a secret: what credentials are made of never comes into the store.
func TestNoSecret(t *testing.T) {
	const planted = "planted-value-that-must-not-appear"
	plant := func(r *organisation.Report) {
		for _, it := range r.Items {
			if it.Credential == nil {
				continue
			}
			for i := range it.Credential.Sightings {
				for n := range it.Credential.Sightings[i].Parts {
					it.Credential.Sightings[i].Parts[n].Secret = finding.NewSecret([]byte(planted))
				}
			}
		}
	}
	if strings.Contains(spoken(t, filled(t, 6, 12, plant)), planted) {
		t.Error("a page shows the secret")
	}
}
