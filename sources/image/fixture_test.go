package image

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"sprawl/internal/testkit/planted"
)

var epoch = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

// member of a layer; kind 0 is a regular file.
type entry struct {
	name, body string
	kind       byte
	link       string
}

func dir(name string) entry          { return entry{name: name, kind: tar.TypeDir} }
func hardlink(name, to string) entry { return entry{name: name, kind: tar.TypeLink, link: to} }

// tarOf returns the archive and where each entry begins.
func tarOf(t testing.TB, entries ...entry) ([]byte, []int) {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	var at []int
	for _, e := range entries {
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		at = append(at, b.Len())
		h := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.body)), Typeflag: e.kind, Linkname: e.link, ModTime: epoch}
		if e.kind == 0 {
			h.Typeflag = tar.TypeReg
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), at
}

func gz(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zst(t testing.TB, b []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(b, nil)
}

// estargz packs as the format of that name does: a gzip member for each entry, an index of them as the last entry, and a
// footer that is an empty member with a pointer in its extra field.
func estargz(t testing.TB, entries ...entry) (packed, plain []byte) {
	t.Helper()
	entries = append(entries, entry{name: "stargz.index.json", body: `{"version":1,"entries":[]}`})
	plain, at := tarOf(t, entries...)
	var out bytes.Buffer
	toc := 0
	for i := range at {
		end := len(plain)
		if i+1 < len(at) {
			end = at[i+1]
		}
		toc = out.Len()
		out.Write(gz(t, plain[at[i]:end]))
	}
	w, err := gzip.NewWriterLevel(&out, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	w.Extra = append([]byte{'S', 'G', 22, 0}, fmt.Sprintf("%016xSTARGZ", toc)...)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), plain
}

// stored is a layer whose bytes are given.
type stored struct {
	packed, plain []byte
	media         types.MediaType
}

func (l *stored) Digest() (v1.Hash, error) {
	h, _, err := v1.SHA256(bytes.NewReader(l.packed))
	return h, err
}
func (l *stored) DiffID() (v1.Hash, error) {
	h, _, err := v1.SHA256(bytes.NewReader(l.plain))
	return h, err
}
func (l *stored) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(l.packed)), nil
}
func (l *stored) Uncompressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(l.plain)), nil
}
func (l *stored) Size() (int64, error)                { return int64(len(l.packed)), nil }
func (l *stored) MediaType() (types.MediaType, error) { return l.media, nil }

func gzLayer(t testing.TB, entries ...entry) v1.Layer {
	t.Helper()
	plain, _ := tarOf(t, entries...)
	return &stored{packed: gz(t, plain), plain: plain, media: types.OCILayer}
}

func zstdLayer(t testing.TB, entries ...entry) v1.Layer {
	t.Helper()
	plain, _ := tarOf(t, entries...)
	return &stored{packed: zst(t, plain), plain: plain, media: types.OCILayerZStd}
}

func estargzLayer(t testing.TB, entries ...entry) v1.Layer {
	t.Helper()
	packed, plain := estargz(t, entries...)
	return &stored{packed: packed, plain: plain, media: types.OCILayer}
}

func digestOf(t testing.TB, d interface{ Digest() (v1.Hash, error) }) string {
	t.Helper()
	h, err := d.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return h.String()
}

// made is one instruction of a build: a layer, or none.
type made struct {
	by    string
	layer v1.Layer
}

// build makes an image.
func build(t testing.TB, platform v1.Platform, cfg v1.Config, steps ...made) v1.Image {
	t.Helper()
	img := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	img = mutate.ConfigMediaType(img, types.OCIConfigJSON)
	var history []v1.History
	for i, s := range steps {
		h := v1.History{CreatedBy: s.by, Created: v1.Time{Time: epoch.Add(time.Duration(i) * time.Minute)}, EmptyLayer: s.layer == nil, Comment: "buildkit.dockerfile.v0"}
		history = append(history, h)
		if s.layer == nil {
			continue
		}
		media, err := s.layer.MediaType()
		if err != nil {
			t.Fatal(err)
		}
		if img, err = mutate.Append(img, mutate.Addendum{Layer: s.layer, MediaType: media}); err != nil {
			t.Fatal(err)
		}
	}
	cf, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	cf = cf.DeepCopy()
	cf.OS, cf.Architecture, cf.Variant = platform.OS, platform.Architecture, platform.Variant
	cf.Config, cf.History, cf.Created = cfg, history, v1.Time{Time: epoch}
	if img, err = mutate.ConfigFile(img, cf); err != nil {
		t.Fatal(err)
	}
	return img
}

func index(t testing.TB, images map[string]v1.Image, order ...string) v1.ImageIndex {
	t.Helper()
	x := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, p := range order {
		platform, err := v1.ParsePlatform(p)
		if err != nil {
			t.Fatal(err)
		}
		x = mutate.AppendManifests(x, mutate.IndexAddendum{Add: images[p], Descriptor: v1.Descriptor{Platform: platform}})
	}
	return x
}

// plant is a token and where it has to be seen.
type plant struct {
	place, value string
	path         string
	layer        string // digest; "" for what is in the configuration
	index        int
	state        string
	hiddenBy     string
	by           string // part of the line that made the layer
	base         bool
}

// hidden is the image of this issue: a token in every place where an image can hide one.
type hidden struct {
	amd64, arm64 v1.Image
	index        v1.ImageIndex
	base         v1.Image
	plants       []plant
}

func zipOf(t testing.TB, files ...entry) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: epoch})
		if err == nil {
			_, err = io.WriteString(w, f.body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func buildHidden(t testing.TB) *hidden {
	t.Helper()
	token := func(n uint64) string { return planted.Token(7000 + n) }
	set := func(n uint64) string { return "# settings\ntoken = \"" + token(n) + "\"\n" }

	l0 := gzLayer(t, dir("etc"), entry{name: "etc/os-release", body: "NAME=demo\n"}, entry{name: "etc/vendor.conf", body: set(1)})
	l1 := gzLayer(t, dir("app"), entry{name: "app/deleted.env", body: set(2)}, entry{name: "app/overwritten.env", body: set(3)}, entry{name: "app/kept.env", body: set(4)},
		dir("app/cache"), entry{name: "app/cache/opaque.env", body: set(5)}, dir("app/gone"), entry{name: "app/gone/deep/er.env", body: set(6)},
		entry{name: "app/linked.env", body: set(7)}, hardlink("app/alias.env", "app/linked.env"))
	l2 := gzLayer(t, entry{name: "app/" + wh + "deleted.env"}, entry{name: "app/cache/" + whOpaque}, entry{name: "app/" + wh + "gone"}, entry{name: "app/" + wh + "linked.env"})
	l3 := gzLayer(t, entry{name: "app/overwritten.env", body: "token = none\n"})
	nested := zipOf(t, entry{name: "inner.zip", body: zipOf(t, entry{name: "deep/app.env", body: set(8)})})
	l4 := gzLayer(t, entry{name: "opt/nested.zip", body: nested})
	l5 := zstdLayer(t, entry{name: "opt/zstd.env", body: set(9)})
	l6 := estargzLayer(t, entry{name: "opt/first.txt", body: "first\n"}, entry{name: "opt/estargz.env", body: set(10)})
	arm := gzLayer(t, entry{name: "opt/arm.env", body: set(11)})

	env := []string{"PATH=/usr/bin", "GH_TOKEN=" + token(12)}
	cfg := v1.Config{
		Env: env, Labels: map[string]string{"build.token": token(13)}, Entrypoint: []string{"/bin/run", "--token", token(14)}, Cmd: []string{"serve", token(15)},
		Healthcheck: &v1.HealthConfig{Test: []string{"CMD", "curl", "-H", "Authorization: token " + token(16), "http://localhost/"}},
		OnBuild:     []string{"RUN fetch --token=" + token(17)},
	}
	base := []made{{"ADD rootfs.tar.gz / # buildkit", l0}, {"CMD [\"/bin/sh\"]", nil}}
	arg := "RUN |1 NPM_TOKEN=" + token(18) + " /bin/sh -c npm ci # buildkit"
	steps := append(append([]made(nil), base...), made{"COPY app /app # buildkit", l1}, made{"ENV GH_TOKEN=" + token(12), nil}, made{"RUN /bin/sh -c rm -rf app/deleted.env # buildkit", l2},
		made{"COPY overwritten.env /app/ # buildkit", l3}, made{arg, l4}, made{"COPY zstd.env /opt/ # buildkit", l5}, made{"COPY estargz.env /opt/ # buildkit", l6})
	h := &hidden{}
	p := v1.Platform{OS: "linux", Architecture: "amd64"}
	h.base = build(t, p, v1.Config{Env: env[:1]}, base...)
	h.amd64 = build(t, p, cfg, steps...)
	h.arm64 = build(t, v1.Platform{OS: "linux", Architecture: "arm64"}, v1.Config{Env: env[:1]}, made{"ADD rootfs.tar.gz / # buildkit", l0}, made{"COPY arm.env /opt/", arm})
	h.index = index(t, map[string]v1.Image{"linux/amd64": h.amd64, "linux/arm64": h.arm64}, "linux/amd64", "linux/arm64")

	d := func(l v1.Layer) string { return digestOf(t, l) }
	const seen, gone = "layer", "layer-deleted"
	h.plants = []plant{
		{"vendor's file", token(1), "etc/vendor.conf", d(l0), 0, seen, "", "ADD rootfs", true},
		{"deleted file", token(2), "app/deleted.env", d(l1), 1, gone, d(l2), "COPY app", false},
		{"overwritten file", token(3), "app/overwritten.env", d(l1), 1, gone, d(l3), "COPY app", false},
		{"kept file", token(4), "app/kept.env", d(l1), 1, seen, "", "COPY app", false},
		{"below an opaque directory", token(5), "app/cache/opaque.env", d(l1), 1, gone, d(l2), "COPY app", false},
		{"below a deleted directory", token(6), "app/gone/deep/er.env", d(l1), 1, gone, d(l2), "COPY app", false},
		{"first name of a hard link", token(7), "app/linked.env", d(l1), 1, gone, d(l2), "COPY app", false},
		{"other name of a hard link", token(7), "app/alias.env", d(l1), 1, seen, "", "COPY app", false},
		{"nested zip", token(8), "opt/nested.zip", d(l4), 4, seen, "", "RUN |1 NPM_TOKEN=***", false},
		{"zstd layer", token(9), "opt/zstd.env", d(l5), 5, seen, "", "COPY zstd", false},
		{"estargz layer", token(10), "opt/estargz.env", d(l6), 6, seen, "", "COPY estargz", false},
		{"other platform", token(11), "opt/arm.env", d(arm), 1, seen, "", "COPY arm", false},
		{"Env", token(12), "config.json#Env", "", 7, seen, "", "", false},
		{"Env in history", token(12), "config.json#history/3", "", 2, seen, "", "ENV GH_TOKEN=***", false},
		{"label", token(13), "config.json#Labels", "", 7, seen, "", "", false},
		{"Entrypoint", token(14), "config.json#Entrypoint", "", 7, seen, "", "", false},
		{"Cmd", token(15), "config.json#Cmd", "", 7, seen, "", "", false},
		{"Healthcheck", token(16), "config.json#Healthcheck", "", 7, seen, "", "", false},
		{"OnBuild", token(17), "config.json#OnBuild", "", 7, seen, "", "", false},
		{"ARG in history", token(18), "config.json#history/6", d(l4), 4, seen, "", "RUN |1 NPM_TOKEN=***", false},
	}
	return h
}

// write puts the image on disk in one of the forms that are files, and returns the target.
func (h *hidden) write(t testing.TB, scheme string) string {
	t.Helper()
	at := filepath.Join(t.TempDir(), "image")
	switch scheme {
	case "oci":
		writeLayout(t, at, h.index)
	case "oci-archive":
		writeLayout(t, at, h.index)
		at = tarFolder(t, at)
	case "docker-archive":
		at += ".tar"
		ref := func(s string) name.Reference {
			r, err := name.ParseReference(s)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		images := map[name.Reference]v1.Image{ref("demo.example/app:amd64"): h.amd64, ref("demo.example/app:arm64"): h.arm64}
		if err := tarball.MultiRefWriteToFile(at, images); err != nil {
			t.Fatal(err)
		}
	}
	return at
}

func writeLayout(t testing.TB, at string, x v1.ImageIndex) {
	t.Helper()
	p, err := layout.Write(at, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.AppendIndex(x, layout.WithAnnotations(map[string]string{refNameKey: "1.9"})); err != nil {
		t.Fatal(err)
	}
}

// tarFolder packs a directory as it is.
func tarFolder(t testing.TB, dir string) string {
	t.Helper()
	out, err := os.Create(dir + ".tar")
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(out)
	err = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		if err := w.WriteHeader(&tar.Header{Name: filepath.ToSlash(rel), Mode: 0o644, Size: int64(len(b)), Typeflag: tar.TypeReg}); err != nil {
			return err
		}
		_, err = w.Write(b)
		return err
	})
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir + ".tar"
}

// deterministic noise without a token in it: lines of words and numbers.
func words(n int, seed uint64) string {
	var b strings.Builder
	for b.Len() < n {
		seed = seed*6364136223846793005 + 1442695040888963407
		var x [8]byte
		binary.LittleEndian.PutUint64(x[:], seed)
		fmt.Fprintf(&b, "line %d of the report: %x and so on\n", seed>>40, x[:3])
	}
	return b.String()[:n]
}
