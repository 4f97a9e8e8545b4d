package inventory_test

import (
	"slices"
	"strings"
	"testing"

	"sprawl/detectors"
	"sprawl/inventory"
)

// TestKinds: the kinds that rows name are in the table, and an id that a provider gives a credential is looked for under the
// name of the provider that the table gives the kind: else a row would join with nothing, and nobody would notice.
func TestKinds(t *testing.T) {
	provider := map[string]string{}
	for _, d := range detectors.All() {
		provider[d.ID] = d.Provider
	}
	for _, f := range inventory.Formats() {
		for _, k := range f.Lists {
			if _, ok := provider[k]; !ok {
				t.Errorf("%s lists the kind %q, which there is not", f.Name, k)
			}
		}
	}
	keyed := map[string]bool{} // forms by which some row is known
	parents := map[string]string{}
	for _, name := range fixtures(t) {
		s := world()
		inv, _ := load(t, formatOf(name), fixture(t, s, name), meta(s, formatOf(name)))
		for i := range inv.Rows {
			r := &inv.Rows[i]
			for _, k := range r.Kinds {
				if _, ok := provider[k]; !ok {
					t.Errorf("%s: row %d is of the kind %q, which there is not", name, r.Number, k)
				}
			}
			for _, k := range r.Keys {
				keyed[k.Form] = true
				p, isID := strings.CutSuffix(k.Form, ".key_id")
				ofNobody := slices.ContainsFunc(r.Kinds, func(kind string) bool { return provider[kind] == "" }) // a certificate
				if isID && len(r.Kinds) > 0 && !ofNobody && !slices.ContainsFunc(r.Kinds, func(kind string) bool { return provider[kind] == p }) {
					t.Errorf("%s: row %d is known by %s, and no kind of it has that provider", name, r.Number, k.Form)
				}
			}
			for _, k := range r.Parents {
				parents[k.Form] = name
			}
		}
	}
	providers := map[string]bool{}
	for _, p := range provider {
		providers[p] = true
	}
	for form, name := range parents {
		p, _, _ := strings.Cut(form, ".")
		if !keyed[form] && !providers[p] && p != "person" {
			t.Errorf("%s: rows belong to %s, which is nothing that is listed or found", name, form)
		}
	}
}

// TestWords: everything that is told of a format to people stands there, and its command writes a file.
func TestWords(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range inventory.Formats() {
		if seen[f.Name] || strings.Trim(f.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			t.Errorf("%q is not a name, or not of one format", f.Name)
		}
		seen[f.Name] = true
		for what, s := range map[string]string{"title": f.Title, "system": f.System, "command": f.Command, "permission": f.Permission, "joins": f.Joins, "decides": f.Decides} {
			if s == "" || strings.ContainsAny(s, "\n\t") {
				t.Errorf("%s: %s is %q", f.Name, what, s)
			}
		}
		if !strings.HasPrefix(f.Docs, "https://") {
			t.Errorf("%s: docs is %q", f.Name, f.Docs)
		}
		if f.Name != "csv" && !strings.Contains(f.Command, " > ") && !strings.Contains(f.Command, "bucket") {
			t.Errorf("%s: the command writes no file: %s", f.Name, f.Command)
		}
		g, ok := inventory.Named(f.Name)
		if !ok || g.Title != f.Title {
			t.Errorf("%s is not found by its name", f.Name)
		}
	}
}
