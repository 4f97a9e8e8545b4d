package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sprawl/finding"
	"sprawl/internal/testkit/estate"
)

var every = flag.Bool("every", false, "take away every field of every export, not one in four")

// TestLessEvidenceMakesNoNo takes the organisation's evidence away piece by piece, from the outside: an inventory, a record of
// one, a field of a record, a file of a repository, an image. Each time everything is judged anew, and no verdict may become no
// that was not no before. internal/risk holds the rule for what is joined; here it holds for reading and joining too. Of fields one in
// four is taken, unless -every is given: more would tell nothing new in a test that always runs.
func TestLessEvidenceMakesNoNo(t *testing.T) {
	e := estate.New(t)
	policy := e.WritePolicy(t)
	scan := func(targets, inventories []string) (console, map[string]map[string]string) {
		args := []string{"scan", "--policy", policy, "--as-of", estate.Now.Format("2006-01-02T15:04:05Z"), "--format", "jsonl"}
		for _, i := range inventories {
			args = append(args, "--inventory", i)
		}
		c := sprawl(t, append(args, targets...))
		out := map[string]map[string]string{}
		if c.code == exitFindings || c.code == 0 {
			for _, l := range verdictLines(t, c.stdout) {
				if l.Type != "finding" {
					continue
				}
				out[l.ID] = map[string]string{}
				for _, x := range l.Conditions {
					out[l.ID][x.ID] = x.Verdict
				}
			}
		}
		return c, out
	}
	stride, enough := 4, 150
	if testing.Short() {
		stride, enough = 16, 60
	}
	judged, refused, nos := 0, 0, 0
	compare := func(what string, before map[string]map[string]string, targets, inventories []string) {
		c, after := scan(targets, inventories)
		if c.code != exitFindings {
			refused++ // what is left is no export any more, or nothing is
			return
		}
		judged++
		for id, verdicts := range after {
			for condition, v := range verdicts {
				if v == string(finding.VerdictNo) && before[id][condition] != v {
					t.Errorf("without %s, %s of %s is no, which was %q", what, condition, id[:10], before[id][condition])
				}
			}
		}
	}

	targets, inventories := e.Targets(), e.Inventories()
	c, all := scan(targets, inventories)
	if c.code != exitFindings {
		t.Fatalf("exit %d: %s", c.code, c.stderr)
	}
	for _, verdicts := range all {
		for _, v := range verdicts {
			if v == string(finding.VerdictNo) {
				nos++
			}
		}
	}
	for i, name := range inventories {
		compare("the inventory "+filepath.Base(name), all, targets, slices.Delete(slices.Clone(inventories), i, i+1))
		path, _, _ := strings.Cut(name, ",")
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		st, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		put := func(b []byte) {
			if err := errors.Join(os.WriteFile(path, b, 0o600), os.Chtimes(path, st.ModTime(), st.ModTime())); err != nil {
				t.Fatal(err)
			}
		}
		for n, less := range smaller(t, path, whole) {
			if less.field && n%stride != 0 && !*every {
				continue
			}
			put(less.data)
			compare(filepath.Base(path)+": "+less.what, all, targets, inventories)
		}
		put(whole)
	}
	for i, target := range targets {
		compare("the target "+target, all, slices.Delete(slices.Clone(targets), i, i+1), inventories)
	}

	// Files are taken from work trees: a repository keeps what it had.
	var trees []string
	for _, r := range e.Repositories {
		trees = append(trees, "dir:"+r.Dir)
	}
	slices.Sort(trees)
	c, all = scan(trees, inventories)
	if c.code != exitFindings {
		t.Fatalf("exit %d: %s", c.code, c.stderr)
	}
	for _, r := range e.Repositories {
		err := filepath.WalkDir(r.Dir, func(p string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && d.Name() == ".git":
				return fs.SkipDir
			case d.IsDir():
				return nil
			}
			data, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			if err := os.Remove(p); err != nil {
				return err
			}
			compare("the file "+p, all, trees, inventories)
			return os.WriteFile(p, data, 0o600)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d pieces taken away, %d of them leave no export; %d verdicts were no with all of them", judged+refused, refused, nos)
	if judged < enough || nos < 30 {
		t.Errorf("%d judged, %d verdicts that were no: too few to show anything", judged, nos)
	}
}

// shortened is an export without a piece.
type shortened struct {
	what  string
	data  []byte
	field bool // no more than a field is missing
}

// smaller lists an export without each of its records, and each of their fields. A list inside a record is one field: that an
// answer has only a part of one cannot be seen in it.
func smaller(t *testing.T, path string, data []byte) []shortened {
	t.Helper()
	if filepath.Ext(path) == ".csv" {
		return smallerTable(t, data)
	}
	var out []shortened
	var documents []any
	d := json.NewDecoder(bytes.NewReader(data))
	for {
		var v any
		if err := d.Decode(&v); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, v)
	}
	keep := func(what string, field bool) {
		var b bytes.Buffer
		for _, v := range documents {
			if err := json.NewEncoder(&b).Encode(v); err != nil {
				t.Fatal(err)
			}
		}
		out = append(out, shortened{what, b.Bytes(), field})
	}
	var walk func(v any, at string, records bool, set func(any))
	walk = func(v any, at string, records bool, set func(any)) {
		switch v := v.(type) {
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(v)) {
				x := v[k]
				delete(v, k)
				keep(at+"."+k, true)
				v[k] = x
				walk(x, at+"."+k, records, func(n any) { v[k] = n })
			}
		case []any:
			for i, x := range v {
				if records {
					set(slices.Delete(slices.Clone(v), i, i+1))
					keep(fmt.Sprintf("%s[%d]", at, i), false)
					set(v)
				}
				walk(x, fmt.Sprintf("%s[%d]", at, i), false, func(n any) { v[i] = n })
			}
		}
	}
	for i := range documents {
		walk(documents[i], fmt.Sprintf("document %d", i), true, func(n any) { documents[i] = n })
	}
	return out
}

func smallerTable(t *testing.T, data []byte) []shortened {
	t.Helper()
	var out []shortened
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	keep := func(what string, rows [][]string, field bool) {
		var b bytes.Buffer
		if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		out = append(out, shortened{what, b.Bytes(), field})
	}
	for i := 1; i < len(rows); i++ {
		keep(fmt.Sprintf("row %d", i), slices.Delete(slices.Clone(rows), i, i+1), false)
		for k, cell := range rows[i] {
			if cell == "" {
				continue
			}
			rows[i][k] = ""
			keep(fmt.Sprintf("row %d, %s", i, rows[0][k]), rows, true)
			rows[i][k] = cell
		}
	}
	for k, name := range rows[0] {
		narrow := make([][]string, len(rows))
		for i, r := range rows {
			narrow[i] = slices.Delete(slices.Clone(r), k, k+1)
		}
		keep("the column "+name, narrow, true)
	}
	return out
}
