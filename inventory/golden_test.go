package inventory_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sprawl/internal/identity"
	"sprawl/internal/testkit/exports"
	"sprawl/inventory"
)

var update = flag.Bool("update", false, "write the golden records")

// taken is when the fixtures were exported.
var taken = exports.Now.Add(-12 * time.Hour)

// world makes the values of a test's fixtures.
func world() *exports.Set {
	return exports.New(identity.New(bytes.Repeat([]byte{7}, identity.KeySize), nil, nil))
}

// fixtures are the names of the templates in testdata: a format's, or FORMAT+VARIANT for another way in which the same is printed.
func fixtures(t testing.TB) []string {
	t.Helper()
	entries, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if !e.IsDir() {
			out = append(out, strings.TrimSuffix(e.Name(), path.Ext(e.Name())))
		}
	}
	return out
}

func formatOf(fixture string) string {
	f, _, _ := strings.Cut(fixture, "+")
	return f
}

// fixture is an export, with its values filled in.
func fixture(t testing.TB, s *exports.Set, name string) []byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", name+".*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%d fixtures are called %s, not one (%v)", len(files), name, err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if b, err = s.Render(string(b)); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return b
}

// meta is what a run knows of a fixture. Formats that do not say what they are of are told.
func meta(s *exports.Set, format string) inventory.Meta {
	return inventory.Meta{
		Name: format, AsOf: taken, Now: exports.Now, Sum: s.Sum, Columns: ownColumns[format],
		Scope: map[string]string{
			"azure-storage-keys": "acmeledger", "entra-app-secrets": "00000000-0000-4000-8000-000000000002",
			"twilio-keys": "acme", "grafana-tokens": "ci", "gitlab-ci-variables": "acme/api", "openai-keys": "proj_1", "azure-diagnostic-settings": "tenant-1",
			"aws-account-aliases": "222222222222",
		}[format],
	}
}

var ownColumns = map[string]map[string]string{
	"csv": {"Provider": "provider", "Kind": "kind", "Key ID": "key_id", "Shown": "shown", "Rotated": "rotated", "Owner": "owner", "Mail": "email"},
}

func load(t testing.TB, format string, text []byte, m inventory.Meta) (*inventory.Inventory, []inventory.Trouble) {
	t.Helper()
	inv, troubles, err := inventory.Load(context.Background(), bytes.NewReader(text), format, m)
	if err != nil {
		t.Fatal(err)
	}
	return inv, troubles
}

// render writes an inventory down for people.
func render(inv *inventory.Inventory, troubles []inventory.Trouble) string {
	var b strings.Builder
	line := func(name string, values ...string) {
		if s := strings.Join(values, ", "); s != "" {
			fmt.Fprintf(&b, "%-8s %s\n", name, s)
		}
	}
	keys := func(ks []inventory.Key) (out []string) {
		for _, k := range ks {
			out = append(out, k.Form+" = "+k.Value)
		}
		return out
	}
	line("format", inv.Format+" of "+inv.System)
	line("lists", inv.Lists...)
	line("within", keys(inv.Within)...)
	line("partial", inv.Partial)
	for i := range inv.Rows {
		r := &inv.Rows[i]
		fmt.Fprintf(&b, "\nrow %d: %s %s\n", r.Number, r.Class, strings.TrimSpace(r.Record.System+" "+r.Record.Key))
		line("  named", strings.Trim(strings.Join([]string{r.Name, r.Scope, r.Environment}, " | "), " |"))
		line("  kinds", r.Kinds...)
		line("  by", keys(r.Keys)...)
		line("  of", keys(r.Parents)...)
		for _, f := range r.Record.Facts {
			fmt.Fprintf(&b, "  %s: %s\n", f.Field, f.Value)
		}
	}
	if len(troubles) > 0 {
		b.WriteString("\n")
	}
	for _, t := range troubles {
		line("trouble", t.String())
	}
	return b.String()
}

// TestGolden reads the fixture of every format, holds its records against a golden file, and the rules that all formats keep.
func TestGolden(t *testing.T) {
	for _, name := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			s := world()
			text := fixture(t, s, name)
			inv, troubles := load(t, formatOf(name), text, meta(s, formatOf(name)))
			got := render(inv, troubles)
			for name, v := range s.Secrets() {
				if strings.Contains(got, v) {
					t.Fatalf("the value of %s is in what was read", name)
				}
			}
			got = s.Hide(got)
			golden := filepath.Join("testdata", "golden", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the records are others (-want +got), -update writes them:\n%s", diff)
			}
			if len(inv.Rows) == 0 {
				t.Error("the fixture gives no row")
			}
			for i := range inv.Rows {
				wellFormed(t, inv, &inv.Rows[i])
			}
		})
	}
}

// wellFormed holds a row against what Row promises.
func wellFormed(t *testing.T, inv *inventory.Inventory, r *inventory.Row) {
	t.Helper()
	classes := []inventory.Class{inventory.Credential, inventory.Reference, inventory.Principal, inventory.Account, inventory.Event, inventory.ThirdParty}
	if !slices.Contains(classes, r.Class) {
		t.Errorf("row %d is of class %q, which there is not", r.Number, r.Class)
	}
	if r.Number < 1 || r.Record.System == "" || r.Record.Source == "" || !r.Record.AsOf.Equal(taken) || r.Record.Match != "" {
		t.Errorf("row %d does not say where it is from: %+v", r.Number, r.Record)
	}
	for _, k := range slices.Concat(r.Keys, r.Parents) {
		if k.Form == "" || k.Value == "" {
			t.Errorf("row %d has an empty key %+v", r.Number, k)
		}
	}
	for _, k := range r.Parents {
		if !strings.Contains(k.Form, ".") {
			t.Errorf("row %d has a parent by the form %q of a secret", r.Number, k.Form)
		}
	}
	for _, f := range r.Record.Facts {
		if f.Field == "" || f.Value == "" || f.Source != "inventory:"+inv.Name || !f.AsOf.Equal(taken) {
			t.Errorf("row %d has a fact without a source: %+v", r.Number, f)
		}
	}
}

// TestSniff: a fixture is recognised by its content as its own format, and no other format takes it for one of its own.
func TestSniff(t *testing.T) {
	s := world()
	for _, name := range fixtures(t) {
		head := inventory.NewHead(fixture(t, s, name))
		var took []string
		for _, g := range inventory.Formats() {
			if g.Sniff(head) {
				took = append(took, g.Name)
			}
		}
		want := []string{formatOf(name)}
		if name == "csv" {
			want = nil // a table of one's own is named
		}
		if !slices.Equal(took, want) {
			t.Errorf("the fixture of %s is taken for %q", name, took)
		}
	}
}

// TestFixtures: every format has a fixture, and every fixture and golden file a format.
func TestFixtures(t *testing.T) {
	names := fixtures(t)
	for _, f := range inventory.Formats() {
		if !slices.Contains(names, f.Name) {
			t.Errorf("format %s has no fixture", f.Name)
		}
	}
	golden, err := os.ReadDir("testdata/golden")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range golden {
		if name := strings.TrimSuffix(g.Name(), ".txt"); !slices.Contains(names, name) {
			t.Errorf("testdata/golden/%s is of no fixture", g.Name())
		}
	}
	for _, name := range names {
		if _, ok := inventory.Named(formatOf(name)); !ok {
			t.Errorf("the fixture %s is of no format", name)
		}
	}
}
