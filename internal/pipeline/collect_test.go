package pipeline

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzCollect reads whole repositories, in which files call and include each other.
func FuzzCollect(f *testing.F) {
	all, err := filepath.Glob("testdata/repos/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range all {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var whole []string // PATH, line break, content; NUL between files
		for _, x := range a.Files {
			whole = append(whole, x.Name+"\n"+string(x.Data))
		}
		f.Add(strings.Join(whole, "\x00"))
	}
	f.Fuzz(func(t *testing.T, data string) {
		const most = 50
		a := &txtar.Archive{}
		for i, x := range strings.Split(data, "\x00") {
			if name, content, ok := strings.Cut(x, "\n"); ok && i < most {
				a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(content)})
			}
		}
		inv, err := Collect(t.Context(), options, sequence(a))
		if err != nil {
			t.Fatal(err)
		}
		files := map[string][]byte{}
		for _, x := range a.Files {
			if _, twice := files[x.Name]; twice {
				return
			}
			files[x.Name] = x.Data
		}
		for p, data := range files {
			mustPointAt(t, inv, p, data)
		}
		again, err := Collect(t.Context(), options, sequence(a))
		if err != nil || describe(inv) != describe(again) {
			t.Error("the same files read twice are not the same", err)
		}
	})
}

// Files that call each other without end, or each other's every line, are followed as far as the bounds allow, and say so.
func TestCallsAreBounded(t *testing.T) {
	var steps, jobs, templates strings.Builder
	for i := range 300 {
		fmt.Fprintf(&steps, "    - {uses: ./, with: {a: v%d}}\n", i)
		fmt.Fprintf(&jobs, "  j%d: {uses: ./.github/workflows/b.yml, with: {a: v%d}}\n", i, i)
		fmt.Fprintf(&templates, "  - {template: b.yml, parameters: {a: v%d}}\n", i)
	}
	for name, files := range map[string][]txtar.File{
		"an action that calls itself": {{Name: "action.yml", Data: []byte("runs:\n  steps:\n" + steps.String())},
			{Name: ".github/workflows/a.yml", Data: []byte("on: push\njobs:\n  a:\n    steps:\n      - uses: ./\n")}},
		"a workflow that calls itself": {{Name: ".github/workflows/a.yml", Data: []byte("on: push\njobs:\n" + jobs.String())},
			{Name: ".github/workflows/b.yml", Data: []byte("on: workflow_call\njobs:\n" + jobs.String())}},
		"a template that calls itself": {{Name: "azure-pipelines.yml", Data: []byte("jobs:\n" + templates.String())}, {Name: "b.yml", Data: []byte("jobs:\n" + templates.String())}},
	} {
		start := time.Now()
		inv, err := collect(t.Context(), options, sequence(&txtar.Archive{Files: files}), bounds{calls: 1_000, bytes: 200_000})
		if err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d > time.Minute {
			t.Errorf("%s: %s", name, d)
		} else {
			t.Logf("%s: %s", name, d)
		}
		said := false
		for _, m := range inv.Models {
			for _, n := range m.Notes {
				said = said || strings.HasPrefix(n.Text, "called too often")
			}
		}
		if !said {
			t.Errorf("%s: nothing says that calls were left out", name)
		}
	}
}

// What a pipeline includes, starts or calls is one of its files, whatever it is called; anything else is not.
func TestIncluded(t *testing.T) {
	for _, c := range []struct {
		name, files string
		want        []string
	}{
		{"gitlab", "-- .gitlab-ci.yml --\ninclude: parts/*.yml\nchild:\n  trigger: {include: [{local: /child/main.yml}]}\n-- parts/a.yml --\na: {script: [b]}\n-- child/main.yml --\ninclude: other/x.yml\n" +
			"-- other/x.yml --\nb: {script: [c]}\n-- other/y.yml --\na: b\n", []string{"child/main.yml", "other/x.yml", "parts/a.yml"}},
		{"azure", "-- ci/azure-pipelines.yml --\nsteps:\n  - template: steps.yml\n-- ci/steps.yml --\nsteps:\n  - template: /more.yml\n-- more.yml --\nsteps: []\n-- none.yml --\na: b\n", []string{"ci/steps.yml", "more.yml"}},
		{"github", "-- .github/workflows/a.yml --\non: push\n-- b.yml --\na: b\n", nil},
	} {
		got := slices.Sorted(maps.Keys(Included(t.Context(), sequence(txtar.Parse([]byte(c.files))))))
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
