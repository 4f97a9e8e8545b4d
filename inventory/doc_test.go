package inventory_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sprawl/inventory"
)

const (
	page  = "../docs/inventory.md"
	begin = "<!-- what follows is made of inventory.Formats: go test ./inventory -run TestPage -update -->\n"
)

// TestPage holds the list of formats in the documentation against the formats.
func TestPage(t *testing.T) {
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text, made, ok := strings.Cut(string(b), begin)
	if !ok {
		t.Fatalf("%s has no line %q", page, begin)
	}
	want := sections()
	if *update {
		if err := os.WriteFile(page, []byte(text+begin+want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, made); diff != "" {
		t.Errorf("the page lists other formats (-want +got), -update writes it:\n%s", diff)
	}
}

// sections is a table of the formats, and a section for each.
func sections() string {
	var b strings.Builder
	fs := inventory.Formats()
	cell := func(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
	fmt.Fprintf(&b, "\n%d formats.\n\n| format | what it lists | what it decides |\n|---|---|---|\n", len(fs))
	for _, f := range fs {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", f.Name, f.Name, cell(f.Title), cell(f.Decides))
	}
	for _, f := range fs {
		fmt.Fprintf(&b, "\n### %s\n\n%s.\n\n```\n%s\n```\n\n", f.Name, f.Title, f.Command)
		fmt.Fprintf(&b, "- permission: %s\n- joined by: %s\n- decides: %s\n", f.Permission, f.Joins, f.Decides)
		if len(f.Lists) > 0 {
			fmt.Fprintf(&b, "- lists every: %s\n", strings.Join(f.Lists, ", "))
		}
		fmt.Fprintf(&b, "- fields: <%s>\n", f.Docs)
	}
	return b.String()
}
