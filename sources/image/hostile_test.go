package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"sprawl/finding"
	"sprawl/internal/testkit/planted"
	"sprawl/sources"
)

// fake is a registry that serves what it is given, and whose answers a test can bend.
type fake struct {
	*httptest.Server
	mu      sync.Mutex
	content map[string][]byte // by tag or digest
	media   map[string]string
	bend    func(w http.ResponseWriter, r *http.Request) bool // true if it has answered
}

func newFake(t testing.TB) *fake {
	t.Helper()
	f := &fake{content: map[string][]byte{}, media: map[string]string{}}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	return f
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	if f.bend != nil && f.bend(w, r) {
		return
	}
	key := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	f.mu.Lock()
	b, ok := f.content[key]
	media := f.media[key]
	f.mu.Unlock()
	switch {
	case r.URL.Path == "/v2/":
	case strings.HasSuffix(r.URL.Path, "/tags/list"):
		_ = json.NewEncoder(w).Encode(map[string]any{"name": "demo", "tags": []string{"1", "2"}})
	case !ok:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"words of a registry"}]}`)
	default:
		w.Header().Set("Content-Type", media)
		w.Header().Set("Content-Length", strconv.Itoa(len(b)))
		_, _ = w.Write(b)
	}
}

func (f *fake) host() string { return strings.TrimPrefix(f.URL, "http://") }

func (f *fake) put(media string, b []byte) v1.Descriptor {
	h, n, _ := v1.SHA256(bytes.NewReader(b))
	f.mu.Lock()
	defer f.mu.Unlock()
	f.content[h.String()], f.media[h.String()] = b, media
	return v1.Descriptor{MediaType: types.MediaType(media), Digest: h, Size: n}
}

// image serves an image under the tag, and returns its layers' digests.
func (f *fake) image(t testing.TB, tag string, layers ...v1.Descriptor) {
	t.Helper()
	diffs := make([]string, len(layers))
	for i := range diffs {
		diffs[i] = layers[i].Digest.String()
	}
	cfg, err := json.Marshal(map[string]any{"os": "linux", "architecture": "amd64", "rootfs": map[string]any{"type": "layers", "diff_ids": diffs}})
	if err != nil {
		t.Fatal(err)
	}
	man := v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Config: f.put(string(types.OCIConfigJSON), cfg), Layers: layers}
	raw, err := json.Marshal(man)
	if err != nil {
		t.Fatal(err)
	}
	f.put(string(types.OCIManifestSchema1), raw)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.content[tag], f.media[tag] = raw, string(types.OCIManifestSchema1)
}

func (f *fake) layer(t testing.TB, entries ...entry) v1.Descriptor {
	t.Helper()
	plain, _ := tarOf(t, entries...)
	return f.put(string(types.OCILayer), gz(t, plain))
}

// keys is a keychain of one credential, and counts how often it is asked.
type keys struct {
	auth  authn.Authenticator
	asked atomic.Int64
}

func (k *keys) Resolve(authn.Resource) (authn.Authenticator, error) {
	k.asked.Add(1)
	return k.auth, nil
}

func status1(code int, header ...string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/v2/" {
			return false
		}
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, `{"errors":[{"code":"X","message":"words of a registry"}]}`)
		return true
	}
}

func TestRegistryErrors(t *testing.T) {
	secret := planted.Token(8100)
	f := newFake(t)
	f.image(t, "1", f.layer(t, entry{name: "a", body: "x\n"}))
	stored := &keys{auth: &authn.Basic{Username: "user", Password: secret}}
	basic := func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") != "" && r.URL.Path == "/v2/" {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	for _, c := range []struct {
		name string
		bend func(http.ResponseWriter, *http.Request) bool
		ref  string
		o    Options
		want error
		say  []string
	}{
		{"no credentials", basic, f.host() + "/demo:1", Options{}, ErrCredentials, []string{"docker login " + f.host(), "HTTP 401"}},
		{"wrong credentials", basic, f.host() + "/demo:1", Options{Keychain: stored}, ErrCredentials, []string{"refused: log in again"}},
		{"forbidden", status1(http.StatusForbidden), f.host() + "/demo:1", Options{}, ErrCredentials, []string{"HTTP 403"}},
		{"no such tag", nil, f.host() + "/demo:9", Options{}, ErrNotFound, []string{"HTTP 404 MANIFEST_UNKNOWN", "check the name"}},
		{"slow down, long", status1(429, "Retry-After", "3600"), f.host() + "/demo:1", Options{}, ErrRateLimited, []string{"try again in 1h0m0s"}},
		{"slow down, until a date", status1(429, "Retry-After", "Thu, 01 Jan 2099 00:00:00 GMT"), f.host() + "/demo:1", Options{}, ErrRateLimited, []string{"try again in "}},
		{"nobody there", nil, "127.0.0.1:1/demo:1", Options{}, ErrUnreachable, []string{"check the name of the registry"}},
		{"plain HTTP elsewhere", nil, "192.168.255.254:1/demo:1", Options{Transport: refusing{}}, ErrPlainHTTP, []string{"--insecure-registry"}},
		{"credentials in the name", nil, "user:" + secret + "@" + f.host() + "/demo:1", Options{}, ErrReference, []string{"log in"}},
		{"no reference", nil, "UPPER/case", Options{}, ErrReference, []string{"registry.example"}},
		{"catalogue of Docker Hub", nil, "docker.io/*", Options{}, ErrReference, []string{"name one"}},
		{"no tag matches", nil, f.host() + "/demo:v*", Options{}, ErrEmpty, []string{"no tag matches"}},
		{"not a platform", nil, f.host() + "/demo:1", Options{Platforms: []string{"linux"}}, ErrPlatform, []string{"linux/amd64"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f.bend = c.bend
			start := time.Now()
			_, err := walk(t, c.ref, c.o)
			wants(t, err, c.want, c.say...)
			if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "words of a registry")) {
				t.Errorf("the error repeats what it must not: %v", err)
			}
			if d := time.Since(start); d > time.Minute { // what is not bounded takes far longer
				t.Errorf("took %v", d)
			}
		})
	}
	if stored.asked.Load() == 0 {
		t.Error("the keychain was not asked")
	}
	t.Run("slow down, for a second", func(t *testing.T) {
		var n atomic.Int64
		f.bend = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/v2/" || n.Add(1) > 1 {
				return false
			}
			return status1(429, "Retry-After", "1")(w, r)
		}
		if c, err := walk(t, f.host()+"/demo:1", Options{}); err != nil || !c.Complete() {
			t.Errorf("%v, %+v", err, c.Skips)
		}
	})
	t.Run("one of two tags is gone", func(t *testing.T) {
		f.bend = nil
		c, err := walk(t, f.host()+"/demo:*", Options{})
		if err != nil || c.Complete() || len(c.Skips) != 1 || c.Skips[0].Reason != finding.ReasonMissing || !strings.HasSuffix(c.Skips[0].Target, "demo:2") {
			t.Errorf("%v, %+v", err, c.Skips)
		}
	})
}

// refusing is a network on which nothing may be sent.
type refusing struct{}

func (refusing) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "http" {
		panic("a request left the machine unencrypted")
	}
	return nil, http.ErrSchemeMismatch
}

func TestArchivesAskNoKeychain(t *testing.T) {
	h := buildHidden(t)
	k := &keys{auth: authn.Anonymous}
	for _, scheme := range []string{"oci", "oci-archive", "docker-archive"} {
		src, err := Open(scheme, h.write(t, scheme), Options{Keychain: k, Transport: refusing{}})
		if err != nil {
			t.Fatal(err)
		}
		if err := src.Walk(t.Context(), 1, new(sources.Ledger), func(int, sources.Blob) error { return nil }); err != nil {
			t.Error(err)
		}
	}
	if n := k.asked.Load(); n > 0 {
		t.Errorf("asked %d times", n)
	}
}

func TestDamagedLayers(t *testing.T) {
	token := planted.Token(8200)
	body := "token = \"" + token + "\"\n"
	plain, _ := tarOf(t, entry{name: "a.env", body: body}, entry{name: "b", body: words(200_000, 1)}, entry{name: "c", body: "end\n"})
	packed := gz(t, plain)
	for _, c := range []struct {
		name   string
		change func(f *fake, d *v1.Descriptor)
		reason finding.Reason
		detail string
		seen   bool // the token, which stands at the start
	}{
		{"other bytes than the digest names", func(f *fake, d *v1.Descriptor) {
			other, _ := tarOf(t, entry{name: "a.env", body: body}, entry{name: "b", body: words(200_000, 2)}, entry{name: "c", body: "end\n"})
			f.content[d.Digest.String()] = gz(t, other)
			d.Size = int64(len(f.content[d.Digest.String()]))
		}, finding.ReasonCorrupt, "not those its digest names", true},
		{"cut short", func(f *fake, d *v1.Descriptor) {
			f.content[d.Digest.String()] = packed[:len(packed)/2]
		}, finding.ReasonCorrupt, "too early", true},
		{"longer than it says", func(_ *fake, d *v1.Descriptor) { d.Size -= 10 }, finding.ReasonCorrupt, "", true},
		{"absent", func(f *fake, d *v1.Descriptor) { delete(f.content, d.Digest.String()) }, finding.ReasonMissing, "not in the registry", false},
		{"no tar", func(f *fake, d *v1.Descriptor) { *d = f.put(string(types.OCILayer), []byte(words(4096, 3))) }, finding.ReasonCorrupt, "not a tar", false},
		{"a type of its own", func(_ *fake, d *v1.Descriptor) { d.MediaType = "application/vnd.example.unheard-of" }, finding.ReasonUnsupported, "unheard-of", false},
		{"encrypted", func(_ *fake, d *v1.Descriptor) { d.MediaType = "application/vnd.oci.image.layer.v1.tar+gzip+encrypted" }, finding.ReasonUnsupported, "encrypted", false},
		{"foreign", func(_ *fake, d *v1.Descriptor) {
			d.MediaType, d.URLs = types.DockerForeignLayer, []string{"http://169.254.169.254/latest"}
		}, finding.ReasonExcluded, "foreign", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			d := f.put(string(types.OCILayer), packed)
			c.change(f, &d)
			f.image(t, "1", d)
			src, err := Registry(f.host()+"/demo:1", Options{})
			if err != nil {
				t.Fatal(err)
			}
			ss, cover := found(t, src)
			if len(cover.Skips) != 1 || cover.Skips[0].Reason != c.reason || !strings.Contains(cover.Skips[0].Detail, c.detail) {
				t.Errorf("ledger %+v", cover.Skips)
			}
			if cover.Complete() == c.reason.Incomplete() {
				t.Errorf("complete: %v", cover.Complete())
			}
			if (len(ss) > 0) != c.seen {
				t.Errorf("%d sightings", len(ss))
			}
		})
	}
}

// zeros is a reader of n zero bytes.
func zeros(n int64) io.Reader { return io.LimitReader(zero{}, n) }

type zero struct{}

func (zero) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// bomb writes a packed layer of one file of n zeros: gzip members of 64 MiB, one after the other.
func bomb(t testing.TB, w io.Writer, n int64) {
	t.Helper()
	const part = 64 << 20
	var head bytes.Buffer
	tw := tar.NewWriter(&head)
	if err := tw.WriteHeader(&tar.Header{Name: "var/zeros", Size: n, Mode: 0o644, Typeflag: tar.TypeReg, Format: tar.FormatGNU}); err != nil {
		t.Fatal(err)
	}
	var member bytes.Buffer
	z, err := gzip.NewWriterLevel(&member, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(z, zeros(part)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(gz(t, head.Bytes())); err != nil {
		t.Fatal(err)
	}
	for range n / part {
		if _, err := w.Write(member.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("bombs")
	}
	deep := func(n int) string {
		b := zipOf(t, entry{name: "seed.env", body: "x=1\n"})
		for range n {
			b = zipOf(t, entry{name: "in.zip", body: b})
		}
		return b
	}
	for _, c := range []struct {
		name   string
		packed bool
		write  func(w io.Writer) error
		want   string // a detail in the ledger
		reason finding.Reason
	}{
		{"10 GB of zeros in 10 MB", true, func(w io.Writer) error { bomb(t, w, 10<<30); return nil }, "compression ratio", finding.ReasonLimit},
		{"entries", true, func(w io.Writer) error {
			z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
			if err != nil {
				return err
			}
			defer z.Close()
			var block [512]byte
			for n := range 1_000_100 {
				h := header(block[:], fmt.Sprintf("d%d/f%d", n%1000, n))
				if _, err := z.Write(h); err != nil {
					return err
				}
			}
			return nil
		}, "entries", finding.ReasonLimit},
		{"zip of zeros", false, func(w io.Writer) error {
			b, _ := tarOf(t, entry{name: "bomb.zip", body: zipOf(t, entry{name: "zeros", body: strings.Repeat("\x00", 256<<20)})})
			_, err := w.Write(b)
			return err
		}, "compression ratio", finding.ReasonLimit},
		{"deep nesting", false, func(w io.Writer) error {
			b, _ := tarOf(t, entry{name: "deep.zip", body: deep(40)})
			_, err := w.Write(b)
			return err
		}, "containers inside each other", finding.ReasonLimit},
		{"devices", false, func(w io.Writer) error {
			b, _ := tarOf(t, entry{name: "dev/null", kind: tar.TypeChar}, entry{name: "dev/sda", kind: tar.TypeBlock}, entry{name: "run/fifo", kind: tar.TypeFifo})
			_, err := w.Write(b)
			return err
		}, "device", finding.ReasonSpecialFile},
		{"sparse file of 4 EiB", false, func(w io.Writer) error {
			_, err := w.Write(sparse(4 << 60))
			return err
		}, "compression ratio", finding.ReasonLimit},
	} {
		t.Run(c.name, func(t *testing.T) {
			target := saveArchive(t, c.packed, c.write)
			start := time.Now()
			got := apart(t, target, time.Minute)
			if got.Skipped[string(c.reason)] == 0 {
				t.Errorf("the ledger has %v, want %s", got.Skipped, c.reason)
			}
			if got.PeakKiB > 120<<10 {
				t.Errorf("%d KiB resident", got.PeakKiB)
			}
			t.Logf("%v, %.1f s of CPU, %d MiB, %v", time.Since(start).Round(time.Millisecond), got.CPU.Seconds(), got.PeakKiB>>10, got.Skipped)
			src, err := Open("docker-archive", strings.TrimPrefix(target, "docker-archive:"), Options{})
			if err != nil || c.name == "10 GB of zeros in 10 MB" || c.name == "entries" {
				return
			}
			_, cover := found(t, src)
			for _, s := range cover.Skips {
				if strings.Contains(s.Detail, c.want) {
					return
				}
			}
			t.Errorf("no line of the ledger says %q: %+v", c.want, cover.Skips)
		})
	}
}

// header is an empty regular file in USTAR, faster than archive/tar writes it.
func header(b []byte, name string) []byte {
	clear(b)
	copy(b, name)
	copy(b[100:], "0000644\x000000000\x000000000\x0000000000000\x0014000000000\x00")
	copy(b[148:], "        ")
	b[156] = '0'
	copy(b[257:], "ustar\x0000")
	sum := 0
	for _, c := range b[:512] {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	return b[:512]
}

// sparse is a tar of one GNU sparse file (old format) of which nothing but the size is stored.
func sparse(size int64) []byte {
	b := make([]byte, 512)
	header(b, "var/holes")
	b[156] = 'S'
	copy(b[257:], "ustar  \x00")
	copy(b[124:], "00000000000\x00")
	base256 := func(at int, n int64) {
		b[at] = 0x80
		binary.BigEndian.PutUint64(b[at+4:], uint64(n))
	}
	base256(386, size) // one hole that ends where the file does: offset size, 0 bytes
	copy(b[398:], "00000000000\x00")
	base256(483, size)
	copy(b[148:], "        ")
	sum := 0
	for _, c := range b {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	return append(b, make([]byte, 1024)...)
}

func TestNamesAndLinks(t *testing.T) {
	token := func(n uint64) string { return planted.Token(8300 + n) }
	h := buildImage(t,
		gzLayer(t, entry{name: "../../etc/up.env", body: token(1)}, entry{name: "a\x1b[31m\nb.env", body: token(2)}, entry{name: "/abs.env", body: token(3)},
			entry{name: "loop/a", kind: tar.TypeSymlink, link: "b"}, entry{name: "loop/b", kind: tar.TypeSymlink, link: "a"},
			hardlink("l1", "l2"), hardlink("l2", "l1"), hardlink("self", "self"), entry{name: "twice.env", body: token(4)}, entry{name: "twice.env", body: token(5)},
			entry{name: "tree", body: token(6)}, entry{name: "x/y/z.env", body: token(7)}, entry{name: wh + "odd", body: token(8)}),
		gzLayer(t, dir("tree"), entry{name: "x", kind: tar.TypeSymlink, link: "/etc"}),
	)
	dir := filepath.Join(t.TempDir(), "l")
	writeLayout(t, dir, h)
	src, err := OCIDir(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ss, cover := found(t, src)
	if !cover.Complete() {
		t.Errorf("%+v", cover.Skips)
	}
	got := map[string]string{}
	for _, s := range ss {
		got[secretOf(s)] = s.Where.Path + " " + string(s.Where.State)
	}
	for n, want := range []string{1: "etc/up.env layer", 2: "a\ufffd[31m\ufffdb.env layer", 3: "abs.env layer", 4: "twice.env layer-deleted", 5: "twice.env layer",
		6: "tree layer-deleted", 7: "x/y/z.env layer-deleted", 8: "odd"} {
		if v := got[token(uint64(n))]; n > 0 && !strings.Contains(v, want) {
			t.Errorf("%d: %q, want %q", n, v, want)
		}
	}
}

func buildImage(t testing.TB, layers ...v1.Layer) v1.ImageIndex {
	t.Helper()
	var steps []made
	for i, l := range layers {
		steps = append(steps, made{fmt.Sprintf("COPY %d /", i), l})
	}
	p := v1.Platform{OS: "linux", Architecture: "amd64"}
	return index(t, map[string]v1.Image{"linux/amd64": build(t, p, v1.Config{}, steps...)}, "linux/amd64")
}

func TestDamagedFiles(t *testing.T) {
	h := buildHidden(t)
	layoutDir, ociTar, dockerTar := h.write(t, "oci"), h.write(t, "oci-archive"), h.write(t, "docker-archive")
	read := func(p string) []byte {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	put := func(b []byte) string {
		p := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	evil := t.TempDir()
	for name, text := range map[string]string{"index.json": `{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":2,"digest":"sha256:../../../etc"}]}`, "oci-layout": "{}"} {
		if err := os.WriteFile(filepath.Join(evil, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	links, _ := tarOf(t, entry{name: "manifest.json", kind: tar.TypeSymlink, link: "b"}, entry{name: "b", kind: tar.TypeSymlink, link: "manifest.json"})
	for _, c := range []struct {
		name, scheme, path string
		want               error
		say                string
	}{
		{"no file", "docker-archive", filepath.Join(layoutDir, "absent"), ErrUnreachable, "check the path"},
		{"a directory", "docker-archive", layoutDir, ErrUnreachable, "regular"},
		{"not a directory", "oci", dockerTar, ErrUnreachable, "check the path"},
		{"text", "docker-archive", put([]byte("hello")), ErrFormat, "not a tar"},
		{"compressed", "docker-archive", put(gz(t, read(dockerTar))), ErrFormat, "decompress"},
		{"the other kind of archive", "oci-archive", dockerTar, ErrFormat, "docker-archive:"},
		{"the other kind of archive, too", "docker-archive", ociTar, ErrFormat, "oci-archive:"},
		{"an empty directory", "oci", t.TempDir(), ErrFormat, "index.json"},
		{"a digest that climbs", "oci", evil, ErrCorrupt, ""},
		{"links in a circle", "docker-archive", put(links), ErrFormat, "manifest.json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src, err := Open(c.scheme, c.path, Options{})
			if err == nil {
				err = src.Walk(t.Context(), 1, new(sources.Ledger), func(int, sources.Blob) error { return nil })
			}
			wants(t, err, c.want, c.say)
		})
	}
	t.Run("cut at every length", func(t *testing.T) {
		b := read(dockerTar)
		for n := 0; n < len(b); n += 1531 {
			src, err := DockerArchive(put(b[:n]), Options{})
			if err != nil {
				t.Fatal(err)
			}
			led := new(sources.Ledger)
			err = src.Walk(t.Context(), 2, led, func(int, sources.Blob) error { return nil })
			if c := led.Coverage(); err == nil && c.Complete() && n < len(b)-2048 {
				t.Fatalf("%d of %d bytes count as complete", n, len(b))
			}
		}
	})
	t.Run("a changed blob", func(t *testing.T) {
		d := digestOf(t, h.arm64)
		p := filepath.Join(layoutDir, "blobs", "sha256", strings.TrimPrefix(d, "sha256:"))
		b := read(p)
		b[len(b)/2] ^= 1
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		src, err := OCIDir(layoutDir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		led := new(sources.Ledger)
		if err := src.Walk(t.Context(), 1, led, func(int, sources.Blob) error { return nil }); err != nil {
			t.Fatal(err)
		}
		c := led.Coverage()
		if c.Complete() || len(c.Skips) != 1 || c.Skips[0].Object != d || c.Skips[0].Reason != finding.ReasonCorrupt {
			t.Errorf("%+v", c.Skips)
		}
	})
}

func FuzzLayer(f *testing.F) {
	plain, _ := tarOf(f, entry{name: "a/b", body: "x"}, entry{name: "a/" + wh + "c"}, hardlink("d", "a/b"), dir("e"))
	f.Add(plain)
	f.Add(gz(f, plain))
	f.Add(zst(f, plain))
	f.Add(sparse(1 << 40))
	f.Fuzz(func(t *testing.T, b []byte) {
		o := Options{Limits: Limits{LayerBytes: 4 << 20, Entries: 1000}.filled()}
		led := new(sources.Ledger)
		r := newRun(o, led)
		l := &layer{digest: "sha256:x", open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }}
		l.index.seed = r.seed
		done := make(chan error, 1)
		go func() {
			done <- r.feed.consume(t.Context(), 0, func(_ int, b sources.Blob) error {
				if int64(len(b.Bytes)) > b.Size || b.Offset < 0 {
					t.Errorf("%d bytes at %d of %d", len(b.Bytes), b.Offset, b.Size)
				}
				return nil
			})
		}()
		if err := r.readLayer(t.Context(), l); err != nil {
			t.Error(err)
		}
		r.feed.end()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte(`{"config":{"Env":["A=b"],"Labels":{"a":"b"}},"history":[{"created_by":"RUN |1 A=b /bin/sh","created":"2024"}],"rootfs":{"diff_ids":["x"]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, rest := parseConfig(b)
		if len(b) > 0 && rest == "" {
			t.Error("nothing is left to scan")
		}
		for _, s := range c.steps() {
			if !plain(s.by) && clean(s.by, len(s.by)+1) != s.by {
				t.Errorf("%q is not fit to be shown", s.by)
			}
		}
	})
}

func FuzzReference(f *testing.F) {
	for _, s := range []string{"alpine", "a.example/b:*", "a.example/", "localhost:5000/x@sha256:" + fmt.Sprintf("%x", sha256.Sum256(nil)), "u:p@h/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		src, err := Registry(s, Options{})
		if err == nil && src.Name() == "" {
			t.Error("no name")
		}
		if user, _, ok := strings.Cut(strings.SplitN(s, "/", 2)[0], "@"); ok && err == nil && !strings.Contains(s, "@sha") && len(user) > 0 {
			t.Errorf("%q keeps its user", s)
		}
	})
}
