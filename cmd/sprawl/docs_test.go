package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sprawl/detectors"
)

// The documentation of commands, flags and kinds is what they are. To mend it: go run ./cmd/sprawl docs docs
func TestDocsAreCurrent(t *testing.T) {
	files, err := documents((&app{table: detectors.All}).commands(), detectors.All())
	if err != nil {
		t.Fatal(err)
	}
	const docs = "../../docs"
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(docs, filepath.FromSlash(name)))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("docs/%s is not what the commands say (%v): go run ./cmd/sprawl docs docs", name, err)
		}
	}
	for _, folder := range []string{"man", "completions"} {
		there, err := os.ReadDir(filepath.Join(docs, folder))
		if err != nil {
			t.Error(err)
		}
		for _, f := range there {
			if _, ok := files[folder+"/"+f.Name()]; !ok {
				t.Errorf("docs/%s/%s is of no command: remove it", folder, f.Name())
			}
		}
	}
}

// What reports and documentation tell a reader to run are commands that there are.
func TestNamedCommandsExist(t *testing.T) {
	root := (&app{table: detectors.All}).commands()
	var files []string
	for _, pattern := range []string{
		"../../report/testdata/*.txt", "../../report/testdata/*.md", "../../docs/start/*.md", "../../docs/*.md", "../../README.md",
	} {
		more, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	if len(files) < 5 {
		t.Fatalf("only %d files", len(files))
	}
	named := regexp.MustCompile("(?m)(?:[`:;(] ?|^    |^\\$ )sprawl ((?:[a-z]+ ?)+)")
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			word := strings.Fields(m[1])[0]
			if c, _, err := root.Find([]string{word}); err != nil || c == root {
				t.Errorf("%s names sprawl %s, which is no command", filepath.Base(f), word)
			}
		}
	}
}
