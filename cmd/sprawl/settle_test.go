package main

import (
	"testing"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/risk"
	"sprawl/inventory"
)

// TestExportsAreFormats holds what settle asks for to what can be read: each with a command and a permission.
func TestExportsAreFormats(t *testing.T) {
	known := map[string]bool{}
	for _, c := range risk.Conditions() {
		known[c.ID] = true
	}
	for _, e := range risk.Exports() {
		f, ok := inventory.Named(e.ID)
		if !ok || f.Command == "" || f.Permission == "" {
			t.Errorf("%s: no format with a command and a permission", e.ID)
		}
		about := len(e.Providers) == 0
		for _, d := range detectors.All() {
			about = about || e.About(&finding.Credential{Kind: d.ID, Provider: d.Provider})
		}
		if !about {
			t.Errorf("%s is about no kind of the table", e.ID)
		}
		for _, d := range e.Decides {
			if !known[d] {
				t.Errorf("%s decides %s, which is no condition", e.ID, d)
			}
		}
	}
}
