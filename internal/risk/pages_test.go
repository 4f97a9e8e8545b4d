package risk

import (
	"os"
	"strings"
	"testing"

	"sprawl/finding"
)

// TestPages holds the page of each condition to the table: its title, and the verdicts it says can be reached.
func TestPages(t *testing.T) {
	index, err := os.ReadFile("../../docs/conditions/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range Conditions() {
		page, err := os.ReadFile("../../docs/conditions/" + c.ID + ".md")
		if err != nil {
			t.Error(err)
			continue
		}
		words := make([]string, len(c.Reaches))
		for i, v := range c.Reaches {
			words[i] = string(v)
		}
		for _, want := range []string{"# " + c.ID + "\n\n" + c.Title + ". ", "Reachable verdicts: " + strings.Join(words, ", ") + "\n"} {
			if !strings.Contains(string(page), want) {
				t.Errorf("%s.md lacks %q", c.ID, want)
			}
		}
		if !strings.Contains(string(index), "["+c.ID+"]("+c.ID+".md) | "+c.Title+" | "+strings.Join(words, ", ")) {
			t.Errorf("README.md lacks %s", c.ID)
		}
		if len(c.Refs) == 0 || c.Reaches[len(c.Reaches)-1] != finding.VerdictCannotTell {
			t.Errorf("%s: no references, or it can always tell", c.ID)
		}
	}
	files, err := os.ReadDir("../../docs/conditions")
	if err != nil {
		t.Fatal(err)
	}
	if want := len(Conditions()) + 2; len(files) != want {
		t.Errorf("%d files in docs/conditions, want %d", len(files), want)
	}
}
