package pipeline

import (
	"path/filepath"
	"testing"

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
		f.Add(txtar.Format(a))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a := txtar.Parse(data)
		const most = 50
		a.Files = a.Files[:min(len(a.Files), most)]
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
