package pipeline

import (
	"fmt"
	"path/filepath"
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
