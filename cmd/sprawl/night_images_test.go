//go:build unix

package main

import (
	"archive/tar"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"sprawl/internal/testkit/forge"
	"sprawl/internal/testkit/planted"
	"sprawl/internal/testkit/registry"
)

// TestNightOfImages crawls the images of an organisation's packages and of a whole registry: everything, nothing new, a tag that moved, a
// package that is gone.
func TestNightOfImages(t *testing.T) {
	reg := registry.Start(t)
	pushImage(t, reg.Host+"/acme/shop:1", "app/.env", "GH_TOKEN="+planted.Token(71)+"\n")
	pushImage(t, reg.Host+"/acme/shop:2", "app/.env", "GH_TOKEN="+planted.Token(72)+"\n")
	pushImage(t, reg.Host+"/acme/billing:1", "app/.env", "GH_TOKEN="+planted.Token(71)+"\n")
	n := newNights(t, 3)
	n.forge.AddPackages(forge.Package{Name: "shop"}, forge.Package{Name: "billing"})
	more := []string{"--packages", "--github-registry", reg.Host, "--exclude", "special-*", "--fail-on", "none"}
	expect := func(what string, got cost, want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(got.out, w) {
				t.Errorf("%s: no %q in\n%s\n%s", what, w, got.out, got.log)
			}
		}
	}
	expect("first", n.night(more...), "5 targets: 5 scanned")
	c := n.command("report", "--format", "jsonl")
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"/acme/shop:2", "/acme/billing:1", `"layer":{`} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("no %s in the report", want)
		}
	}
	expect("second", n.night(more...), "5 unchanged", "changed since the run before: nothing")
	pushImage(t, reg.Host+"/acme/shop:2", "app/.env", "GH_TOKEN="+planted.Token(73)+"\n")
	expect("third", n.night(more...), "1 scanned, 4 unchanged", "changed since the run before: 1 gone, 1 new")

	all := n.command("crawl", "image:"+reg.Host+"/", "--db", "images.db", "--fail-on", "none")
	if out, err = all.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("2 targets: 2 scanned")) {
		t.Errorf("a whole registry: %v\n%s", err, out)
	}
}

// pushImage makes an image of one file.
func pushImage(t *testing.T, ref, path, content string) {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: path, Mode: 0o600, Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
	if err != nil {
		t.Fatal(err)
	}
	img, err := mutate.Append(empty.Image, mutate.Addendum{Layer: layer, History: v1.History{CreatedBy: "COPY . /app"}})
	if err != nil {
		t.Fatal(err)
	}
	to, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(to, img, remote.WithContext(t.Context())); err != nil {
		t.Fatal(err)
	}
}
