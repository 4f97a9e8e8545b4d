package owners

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
)

// tree reads files out of a map.
func tree(files map[string]string) *Tree {
	return Read(func(p string) ([]byte, error) {
		if s, ok := files[p]; ok {
			return []byte(s), nil
		}
		return nil, fs.ErrNotExist
	})
}

func named(os []Owner) string {
	var s []string
	for _, o := range os {
		n := o.Name
		if o.Team {
			n += "+"
		}
		s = append(s, n)
	}
	return strings.Join(s, " ")
}

// TestCodeowners holds the rules of both forges; a plus marks a team.
func TestCodeowners(t *testing.T) {
	const gitlab = "[Docs] @docs/team\n"
	for _, c := range []struct{ name, file, text, path, want string }{
		{"the last match wins", "CODEOWNERS", "* @ada\n/deploy/ @acme/ops\n", "deploy/a.env", "@acme/ops+"},
		{"and may take owners away", "CODEOWNERS", "* @ada\n/deploy/\n", "deploy/a.env", ""},
		{"a folder is anchored where it has a slash inside", "CODEOWNERS", "a/b @ada\n", "x/a/b/c.env", ""},
		{"a name is not", "CODEOWNERS", "*.env @ada\n", "x/y/a.env", "@ada"},
		{"a folder anywhere", "CODEOWNERS", "deploy/ @ada\n", "x/deploy/y/a.env", "@ada"},
		{"files of a folder and not below", "CODEOWNERS", "/docs/* @ada\n", "docs/x/a.env", ""},
		{"two stars", "CODEOWNERS", "/docs/** @ada\n", "docs/x/a.env", "@ada"},
		{"an address", "CODEOWNERS", "* ada@acme.example\n", "a", "ada@acme.example"},
		{"a blank in a name", "CODEOWNERS", "/my\\ app/ @ada\n", "my app/x", "@ada"},
		{"comments", "CODEOWNERS", "# all\n* @ada # and nobody else @bob\n", "a", "@ada"},
		{"a mark at the beginning", "CODEOWNERS", "\xEF\xBB\xBF* @ada\n", "a", "@ada"},
		{"github skips a line with a bad owner", ".github/CODEOWNERS", "* @ada\n* @ada bob\n", "a", "@ada"},
		{"github knows no sections", ".github/CODEOWNERS", gitlab + "* @ada\n", "a", "@ada"},
		{"gitlab unites sections", "CODEOWNERS", "* @ada\n" + gitlab + "*.md @bob\n", "a.md", "@ada @bob"},
		{"gitlab falls back to a section's owners", "CODEOWNERS", gitlab + "*.md\n", "a.md", "@docs/team+"},
		{"gitlab skips a bad owner", ".gitlab/CODEOWNERS", "* bob @ada\n", "a", "@ada"},
		{"gitlab's roles are groups", ".gitlab/CODEOWNERS", "* @@maintainer\n", "a", "@@maintainer+"},
		{"gitlab matches at any depth", "CODEOWNERS", "[x]\na/b @ada\n", "x/a/b/c.env", "@ada"},
		{"negation is no pattern", "CODEOWNERS", "* @ada\n!a @bob\n", "a", "@ada"},
	} {
		got, ok := tree(map[string]string{c.file: c.text}).For(c.path)
		if !ok || named(got) != c.want {
			t.Errorf("%s: %q %v, want %q", c.name, named(got), ok, c.want)
		}
	}
}

func TestFirstFileCounts(t *testing.T) {
	files := map[string]string{"CODEOWNERS": "* @root\n", ".github/CODEOWNERS": "* @hub\n", "docs/CODEOWNERS": "* @docs\n"}
	for _, want := range []string{"@hub", "@root", "@docs"} {
		got, _ := tree(files).For("a")
		if named(got) != want {
			t.Errorf("%q, want %q", named(got), want)
		}
		delete(files, map[string]string{"@hub": ".github/CODEOWNERS", "@root": "CODEOWNERS", "@docs": "docs/CODEOWNERS"}[want])
	}
	if got, ok := tree(files).For("a"); !ok || len(got) > 0 {
		t.Errorf("without a file: %v %v", got, ok)
	}
}

// What cannot be read says nothing, which is not that nobody is named.
func TestUnreadable(t *testing.T) {
	broken := errors.New("broken")
	x := Read(func(string) ([]byte, error) { return nil, broken })
	if _, ok := x.For("a"); ok || !errors.Is(x.Err(), broken) {
		t.Errorf("%v", x.Err())
	}
	if _, ok := x.Catalog("a/b"); ok {
		t.Error("a catalog that cannot be read was asked")
	}
	large := tree(map[string]string{"CODEOWNERS": strings.Repeat("# "+strings.Repeat("x", 98)+"\n", MaxCodeowners/100)})
	if got, ok := large.For("a"); len(got) > 0 || !ok || len(large.Notes()) == 0 {
		t.Errorf("%v %v %v", got, ok, large.Notes())
	}
}

func TestCatalog(t *testing.T) {
	x := tree(map[string]string{
		"catalog-info.yaml":      "kind: Component\nspec:\n  owner: group:default/platform\n---\nspec: {owner: user:ada}\n",
		"shop/catalog-info.yaml": "spec:\n  owner: payments\n",
		"bad/catalog-info.yaml":  "spec: [\n",
		"odd/catalog-info.yaml":  "spec: {owner: \"{{ team }}\"}\n",
	})
	for path, want := range map[string]string{
		"shop/deploy/a.env": "payments+ platform+ ada", "a.env": "platform+ ada", "bad/a.env": "platform+ ada", "odd/a.env": "platform+ ada",
	} {
		if got, ok := x.Catalog(path); !ok || named(got) != want {
			t.Errorf("%s: %q %v, want %q", path, named(got), ok, want)
		}
	}
	if len(x.Notes()) != 1 || !strings.HasPrefix(x.Notes()[0], "bad/catalog-info.yaml") {
		t.Errorf("notes %q", x.Notes())
	}
}

// Rules times paths are bounded: a file of many patterns cannot hold up a run.
func TestManyRules(t *testing.T) {
	var b strings.Builder
	for range 60_000 {
		b.WriteString("/a*b*c*d*e*f/ @ada\n")
	}
	x := tree(map[string]string{"CODEOWNERS": b.String()})
	x.steps /= 10 // of what a run may take
	told := true
	for i := 0; told && i < 1000; i++ {
		_, told = x.For(strings.Repeat("ab", 100) + "/x")
	}
	if told || len(x.Notes()) == 0 {
		t.Error("it was followed to the end")
	}
}

func FuzzOwners(f *testing.F) {
	f.Add("* @ada\n/deploy/ @acme/ops\n", "spec: {owner: ada}\n", "deploy/a.env")
	f.Add("[Docs][2] @docs\n^[x]\n*.md\n\\# @a\n", "a: &a [*a]\n", "a/b/../c")
	f.Add("/**/** @a\n", "---\n---\nspec:\n  owner: {}\n", "/")
	f.Add("\xff @a\n", "\x00", "")
	f.Fuzz(func(t *testing.T, codeowners, catalog, path string) {
		for _, file := range []string{"CODEOWNERS", ".gitlab/CODEOWNERS", ".github/CODEOWNERS"} {
			x := tree(map[string]string{file: codeowners, "catalog-info.yaml": catalog})
			a, _ := x.For(path)
			b, _ := x.Catalog(strings.Trim(path, "/"))
			for _, o := range append(a, b...) {
				if o.Name == "" || strings.ContainsAny(o.Name, " \t\n") || o.Where == "" {
					t.Errorf("%+v", o)
				}
			}
		}
	})
}
