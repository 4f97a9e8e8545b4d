package ci_test

import (
	"iter"
	"os"
	"path/filepath"
	"testing"

	"sprawl/finding"
	"sprawl/internal/pipeline"
	"sprawl/internal/testkit/accept"
	"sprawl/sources"
	"sprawl/sources/ci"
	"sprawl/sources/files"
)

var content = map[string]string{
	".github/workflows/a.yml": "on: push\njobs: {}\n",
	"k8s/app.yaml":            "apiVersion: v1\nkind: Secret\n",
	"deploy/.env":             "A=b\n",
	"main.go":                 "package main\n",
	"data.yaml":               "a: b\n",
	"README.md":               "# read me\n",
}

func keep(path string, data []byte) bool { return pipeline.Sniff(path, data) != "" }

var want = accept.Blobs{
	".github/workflows/a.yml": []byte(content[".github/workflows/a.yml"]),
	"k8s/app.yaml":            []byte(content["k8s/app.yaml"]),
	"deploy/.env":             []byte(content["deploy/.env"]),
}

func write(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for p, s := range content {
		at := filepath.Join(dir, filepath.FromSlash(p))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFilter(t *testing.T) {
	dir := write(t)
	accept.Source(t, func() sources.Source { return ci.Filter(dir, files.Dir(dir, files.Options{}), keep) }, want)
}

func sequence() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for p, s := range content {
			if !yield(p, []byte(s)) {
				return
			}
		}
	}
}

func TestTree(t *testing.T) {
	accept.Source(t, func() sources.Source {
		return ci.Tree("repo", finding.Location{State: finding.StateHead}, sequence(), keep)
	}, want)
}

// A target without configuration is no success.
func TestNothing(t *testing.T) {
	led := &sources.Ledger{}
	none := func(string, []byte) bool { return false }
	if err := ci.Filter("x", files.Dir(write(t), files.Options{}), none).Walk(t.Context(), 1, led, func(int, sources.Blob) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if c := led.Coverage(); c.Complete() || c.Skipped[finding.ReasonNothing] != 1 {
		t.Errorf("%+v", c)
	}
}
