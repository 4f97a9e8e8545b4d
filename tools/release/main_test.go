package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// build lays out a repository and a dist folder with this test's own binary, which says like any other what it was linked from.
func build(t *testing.T) options {
	t.Helper()
	dir := t.TempDir()
	o := options{
		dist: filepath.Join(dir, "dist"), root: dir, version: "v1.2.3", modules: filepath.Join(dir, "mod"), goroot: runtime.GOROOT(),
		when: time.Unix(1700000000, 0).UTC(),
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"dist/sprawl_linux_amd64": binary, "dist/sprawl_windows_arm64.exe": binary, "LICENSE": []byte("l"), "README.md": []byte("r"),
		"CHANGELOG.md": []byte("c"), "docs/man/sprawl.1": []byte("m"), "docs/completions/sprawl.bash": []byte("b"),
	} {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

func TestRelease(t *testing.T) {
	one, two := build(t), build(t)
	for _, o := range []options{one, two} {
		if err := release(o); err != nil {
			t.Fatal(err)
		}
	}
	sums, err := os.ReadFile(filepath.Join(one.dist, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := os.ReadFile(filepath.Join(two.dist, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(sums, again) {
		t.Errorf("two releases of the same binaries differ:\n%s\n%s", sums, again)
	}
	var names []string
	files, err := os.ReadDir(one.dist)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		names = append(names, f.Name())
	}
	if got := strings.Join(names, " "); got != "SHA256SUMS sprawl_v1.2.3_linux_amd64.tar.gz sprawl_v1.2.3_windows_arm64.zip" {
		t.Errorf("dist holds %s", got)
	}
	tarred, zipped := untar(t, filepath.Join(one.dist, names[1])), unzip(t, filepath.Join(one.dist, names[2]))
	const want = "sprawl 755, THIRD_PARTY_NOTICES.txt 644, LICENSE 644, README.md 644, CHANGELOG.md 644, docs/man/sprawl.1 644, docs/completions/sprawl.bash 644"
	if tarred != want || zipped != strings.Replace(want, "sprawl 755", "sprawl.exe 755", 1) {
		t.Errorf("packed\n%s\n%s", tarred, zipped)
	}
	for _, name := range names[1:] {
		data, err := os.ReadFile(filepath.Join(one.dist, name))
		if err != nil {
			t.Fatal(err)
		}
		if line := fmt.Sprintf("%x  %s\n", sha256.Sum256(data), name); !strings.Contains(string(sums), line) {
			t.Errorf("SHA256SUMS lacks %s", line)
		}
	}
}

func untar(t *testing.T, file string) string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return strings.Join(out, ", ")
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.ModTime.Unix() != 1700000000 || h.Uid != 0 || h.Uname != "" {
			t.Errorf("%+v", h)
		}
		out = append(out, fmt.Sprintf("%s %o", strings.TrimPrefix(h.Name, "sprawl_v1.2.3_linux_amd64/"), h.Mode))
	}
}

func unzip(t *testing.T, file string) string {
	t.Helper()
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var out []string
	for _, f := range z.File {
		out = append(out, fmt.Sprintf("%s %o", strings.TrimPrefix(f.Name, "sprawl_v1.2.3_windows_arm64/"), f.Mode().Perm()))
	}
	return strings.Join(out, ", ")
}

func TestRefused(t *testing.T) {
	o := build(t)
	o.version = "../x"
	if release(o) == nil {
		t.Error("a version with a path is accepted")
	}
	o.version, o.goroot = "v1", t.TempDir()
	if err := release(o); err == nil || !strings.Contains(err.Error(), "no licence") {
		t.Errorf("no licence of Go: %v", err)
	}
	o.dist = t.TempDir()
	if release(o) == nil {
		t.Error("an empty folder is a release")
	}
}

func TestEscaped(t *testing.T) {
	if got := escaped("github.com/BurntSushi/toml"); got != "github.com/!burnt!sushi/toml" {
		t.Error(got)
	}
}
