package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"sprawl/finding"
	"sprawl/internal/testkit/accept"
	"sprawl/internal/testkit/planted"
	"sprawl/sources"
)

func textID(s string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(s))) }

func TestAccept(t *testing.T) {
	big := words(3*window+1234, 5)
	sbom := words(window+99, 6)
	tarball := zipOf(t, entry{name: "x", body: string(incompressible(3 * window))})
	l0 := gzLayer(t, dir("a"), entry{name: "a/b", body: "one\n"}, entry{name: "big", body: big}, entry{name: "c.zip", body: tarball}, entry{name: "exact", body: big[:window]})
	l1 := zstdLayer(t, entry{name: "a/" + wh + "b", body: ""}, entry{name: "d", body: "two\n"})
	img := build(t, v1.Platform{OS: "linux", Architecture: "amd64"}, v1.Config{Env: []string{"A=b"}, Cmd: []string{"run", "it"}}, made{"COPY a /", l0}, made{"COPY d /", l1})
	flat, err := mutate.Append(mutate.MediaType(empty.Image, types.OCIManifestSchema1), mutate.Addendum{
		Layer: static.NewLayer([]byte(sbom), "application/vnd.in-toto+json"), MediaType: "application/vnd.in-toto+json", Annotations: map[string]string{"in-toto.io/predicate-type": "https://spdx.dev/Document"},
	})
	if err != nil {
		t.Fatal(err)
	}
	x := mutate.AppendManifests(index(t, map[string]v1.Image{"linux/amd64": img}, "linux/amd64"), mutate.IndexAddendum{
		Add: flat, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"}, Annotations: map[string]string{referenceType: attestation}},
	})
	at := filepath.Join(t.TempDir(), "layout")
	writeLayout(t, at, x)

	d0, d1, d2 := digestOf(t, l0), digestOf(t, l1), digestOf(t, static.NewLayer([]byte(sbom), ""))
	want := accept.Blobs{
		d0 + "#1:a/b": []byte("one\n"), d0 + "#2:big": []byte(big), d0 + "#3:c.zip": []byte(tarball), d0 + "#4:exact": []byte(big[:window]), d1 + "#1:d": []byte("two\n"), d2 + "#0:attestation.json": []byte(sbom),
	}
	text := func(s string) { want[textID(s)] = []byte(s) }
	text("A=b\n")
	text("run it")
	text("COPY a /\nbuildkit.dockerfile.v0\n")
	text("COPY d /\nbuildkit.dockerfile.v0\n")
	text("in-toto.io/predicate-type=https://spdx.dev/Document\n")
	text(refNameKey + "=1.9\n")
	text(refNameKey + "=1.9\n" + referenceType + "=" + attestation + "\n")
	for _, i := range []v1.Image{img, flat} {
		raw, err := i.RawConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		_, rest := parseConfig(raw)
		text(rest)
	}
	accept.Source(t, func() sources.Source {
		s, err := OCIDir(at, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}, want)
}

func incompressible(n int) []byte {
	b := make([]byte, n)
	s := uint64(9)
	for i := range b {
		s = s*6364136223846793005 + 1442695040888963407
		b[i] = byte(s >> 56)
	}
	return b
}

// TestJoined reads two targets that share their layers as one.
func TestJoined(t *testing.T) {
	h := buildHidden(t)
	a, err := Open("oci", h.write(t, "oci"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open("oci-archive", h.write(t, "oci-archive"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, alone := found(t, a)
	ss, both := found(t, Join(a, b))
	if both.Bytes != alone.Bytes || len(both.Targets) != 2 {
		t.Errorf("%d bytes in both, %d in one; %d targets", both.Bytes, alone.Bytes, len(both.Targets))
	}
	per := map[string]int{}
	for _, s := range ss {
		per[s.Where.Target]++
	}
	if len(per) != 2 || per[a.Name()] != per[b.Name()] {
		t.Errorf("%v", per)
	}
}

// TestManyTags caps the places of a blob and keeps the names of the others.
func TestManyTags(t *testing.T) {
	f := newFake(t)
	token := planted.Token(8401)
	f.image(t, "0", f.layer(t, entry{name: "a.env", body: token}))
	var joined *Source
	const tags = maxPlaces + 40
	for n := range tags {
		tag := fmt.Sprintf("t%03d", n)
		f.content[tag], f.media[tag] = f.content["0"], f.media["0"]
		s, err := Registry(f.host()+"/demo:"+tag, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if joined == nil {
			joined = s
		} else {
			joined = Join(joined, s)
		}
	}
	ss, _ := found(t, joined)
	if len(ss) != maxPlaces {
		t.Fatalf("%d places", len(ss))
	}
	names := map[string]bool{}
	for _, s := range ss {
		names[strings.TrimPrefix(s.Where.Target, "image:")] = true
		for _, r := range s.Where.Refs {
			if strings.Contains(r, "/") {
				names[r] = true
			}
		}
	}
	if len(names) != tags {
		t.Errorf("%d of %d names are left", len(names), tags)
	}
}

// TestBaseAnnotation finds the base image in the same layout by the annotation, and says so where it isn't there.
func TestBaseAnnotation(t *testing.T) {
	l0 := gzLayer(t, entry{name: "vendor.env", body: planted.Token(8501)})
	l1 := gzLayer(t, entry{name: "own.env", body: planted.Token(8502)})
	p := v1.Platform{OS: "linux", Architecture: "amd64"}
	base := build(t, p, v1.Config{Env: []string{"V=" + planted.Token(8503)}}, made{"ADD base /", l0})
	own := build(t, p, v1.Config{Env: []string{"V=" + planted.Token(8503), "O=" + planted.Token(8504)}}, made{"ADD base /", l0}, made{"COPY own /", l1})
	for _, there := range []bool{true, false} {
		named := mutate.Annotations(own, map[string]string{baseDigest: digestOf(t, base), baseName: "base.example/os:1"}).(v1.Image) //nolint:forcetypeassert // what goes in comes out
		images := map[string]v1.Image{"linux/amd64": named}
		x := index(t, images, "linux/amd64")
		if there {
			x = mutate.AppendManifests(x, mutate.IndexAddendum{Add: base})
		}
		at := filepath.Join(t.TempDir(), "layout")
		writeLayout(t, at, x)
		src, err := OCIDir(at, Options{})
		if err != nil {
			t.Fatal(err)
		}
		ss, cover := found(t, src)
		for _, s := range ss {
			l := s.Where.Layer
			isBase := s.Where.Path == "vendor.env" || secretOf(s) == planted.Token(8503)
			inOwn := l.Digest != "" && strings.Contains(cover.Targets[0].Notes[0], s.Where.Layer.Digest) || s.Where.Layer.Digest == digestOf(t, l0)
			if there && inOwn && s.Where.Path == "own.env" && l.Base {
				t.Errorf("%s: base", s.Where.Path)
			}
			if !there && l.Base {
				t.Errorf("%s: the base was not there", s.Where.Path)
			}
			if there && isBase && s.Where.Path == "vendor.env" && !slices.ContainsFunc(ss, func(o finding.Sighting) bool { return o.Where.Path == "vendor.env" && o.Where.Layer.Base }) {
				t.Errorf("%s: nowhere marked as the base's", s.Where.Path)
			}
		}
		note := cover.Targets[0].Notes[0]
		if want := map[bool]string{true: "the lower 1 of its base image base.example/os:1", false: "base.example/os:1 was not looked at"}[there]; !strings.Contains(note, want) {
			t.Errorf("note %q, want %q", note, want)
		}
	}
}

// TestSaved reads the shapes that docker save has had: a folder a layer with links between equal ones, and blobs by digest.
func TestSaved(t *testing.T) {
	token := planted.Token(8601)
	plain, _ := tarOf(t, entry{name: "a.env", body: token})
	upper, _ := tarOf(t, entry{name: wh + "a.env"})
	sum := func(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }
	cfg := fmt.Sprintf(`{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":["sha256:%s","sha256:%s","sha256:%s"]}}`, sum(plain), sum(upper), sum(plain))
	for name, members := range map[string][]entry{
		"old": {
			{name: "1/layer.tar", body: string(plain)}, {name: "2/layer.tar", body: string(upper)}, {name: "3/layer.tar", kind: tar.TypeSymlink, link: "../1/layer.tar"},
			{name: sum([]byte(cfg)) + ".json", body: cfg},
			{name: "manifest.json", body: fmt.Sprintf(`[{"Config":%q,"RepoTags":["a:1","a:2"],"Layers":["1/layer.tar","2/layer.tar","3/layer.tar"]}]`, sum([]byte(cfg))+".json")},
		},
		"new": {
			{name: "blobs/sha256/" + sum(plain), body: string(plain)}, {name: "blobs/sha256/" + sum(upper), body: string(upper)}, {name: "blobs/sha256/" + sum([]byte(cfg)), body: cfg},
			{name: "manifest.json", body: fmt.Sprintf(`[{"Config":"blobs/sha256/%s","RepoTags":["a:1","a:2"],"Layers":["blobs/sha256/%s","blobs/sha256/%s","blobs/sha256/%s"]}]`,
				sum([]byte(cfg)), sum(plain), sum(upper), sum(plain))},
		},
		"packed layers": {
			{name: "1.tar.gz", body: string(gz(t, plain))}, {name: "2.tar.gz", body: string(gz(t, upper))}, {name: "c.json", body: cfg},
			{name: "manifest.json", body: `[{"Config":"c.json","RepoTags":["a:1","a:2"],"Layers":["1.tar.gz","2.tar.gz","1.tar.gz"]}]`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := tarOf(t, members...)
			at := filepath.Join(t.TempDir(), "image.tar")
			if err := os.WriteFile(at, b, 0o600); err != nil {
				t.Fatal(err)
			}
			src, err := DockerArchive(at, Options{})
			if err != nil {
				t.Fatal(err)
			}
			ss, cover := found(t, src)
			if !cover.Complete() || len(ss) != 1 {
				t.Fatalf("%d sightings, %+v", len(ss), cover.Skips)
			}
			w := ss[0].Where
			if w.State != finding.StateLayer || w.Layer.Index != 2 || !slices.Equal(w.Refs, []string{"a:1", "a:2"}) {
				t.Errorf("%s, layer %d, %v: the layer shows where it comes again", w.State, w.Layer.Index, w.Refs)
			}
		})
	}
}

func TestReferrers(t *testing.T) {
	f := newFake(t)
	token := planted.Token(8701)
	f.image(t, "1", f.layer(t, entry{name: "a", body: "x\n"}))
	h, _, err := v1.SHA256(bytes.NewReader(f.content["1"]))
	if err != nil {
		t.Fatal(err)
	}
	sbom := f.put("application/spdx+json", []byte(`{"comment": "`+token+`"}`))
	f.image(t, "sbom", sbom)
	man, _, err := v1.SHA256(bytes.NewReader(f.content["sbom"]))
	if err != nil {
		t.Fatal(err)
	}
	x := fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":%d,"digest":"%s","artifactType":"application/spdx+json"}]}`, len(f.content["sbom"]), man)
	tag := strings.Replace(h.String(), ":", "-", 1)
	f.content[tag], f.media[tag] = []byte(x), string(types.OCIImageIndex)
	for _, asked := range []bool{false, true} {
		src, err := Registry(f.host()+"/demo:1", Options{Referrers: asked})
		if err != nil {
			t.Fatal(err)
		}
		ss, cover := found(t, src)
		if !cover.Complete() || (len(ss) == 1) != asked {
			t.Errorf("asked %v: %d sightings, %+v", asked, len(ss), cover.Skips)
		}
		if asked && len(ss) == 1 && ss[0].Where.Path != "sbom.json" {
			t.Errorf("%s", ss[0].Where.Path)
		}
	}
}
