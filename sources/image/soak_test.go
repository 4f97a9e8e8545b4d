package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"sprawl/detectors"
	"sprawl/internal/decode"
	"sprawl/internal/match"
	"sprawl/internal/scan"
	"sprawl/internal/testkit/planted"
	"sprawl/internal/unpack"
	"sprawl/sources"
)

// child is the environment variable that makes this test binary scan one target and print what it took, in a process whose
// memory nothing else uses: "docker-archive:FILE" and the like.
const child = "SPRAWL_TEST_IMAGE"

// took is what it prints.
type took struct {
	Values  []string // SHA-256 of each, in hex
	Skipped map[string]int64
	Bytes   int64
	PeakKiB int64 // VmHWM of Linux, 0 elsewhere
	CPU     time.Duration
}

func TestMain(m *testing.M) {
	if target := os.Getenv(child); target != "" {
		if err := scanAndPrint(target); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func scanAndPrint(target string) error {
	set, err := match.Compile(detectors.All())
	if err != nil {
		return err
	}
	scheme, rest, _ := strings.Cut(target, ":")
	src, err := Open(scheme, rest, Options{})
	if err != nil {
		return err
	}
	led := new(sources.Ledger)
	ss, err := scan.Run(context.Background(), src, led, scan.Options{
		Set: set, Workers: runtime.GOMAXPROCS(0), DecodeDepth: 5, Decode: decode.Default(), ArchiveDepth: 2, Unpack: unpack.Default(),
	})
	if err != nil {
		return err
	}
	out := took{Skipped: map[string]int64{}, PeakKiB: peak()}
	seen := map[string]bool{}
	for _, s := range ss {
		sum := sha256.Sum256(s.Canonical().Secret.Reveal())
		if h := hex.EncodeToString(sum[:]); !seen[h] {
			seen[h] = true
			out.Values = append(out.Values, h)
		}
	}
	c := led.Coverage()
	out.Bytes = c.Bytes
	for r, n := range c.Skipped {
		out.Skipped[string(r)] = n
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

// peak is the most memory that this process had resident.
func peak() int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		var n int64
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &n); err == nil {
			return n
		}
	}
	return 0
}

// apart scans target in a process of its own.
func apart(t testing.TB, target string, limit time.Duration) took {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), child+"="+target)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	var got took
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	got.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return got
}

// saveArchive writes a docker archive of one layer, which write streams into it, and returns the target. The layer is stored
// as it is unless packed is set.
func saveArchive(t testing.TB, packed bool, write func(w io.Writer) error) string {
	t.Helper()
	dir := t.TempDir()
	layer, err := os.Create(filepath.Join(dir, "layer"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	to := io.MultiWriter(layer, sum)
	if packed {
		to = layer
	}
	if err := write(to); err != nil {
		t.Fatal(err)
	}
	if packed {
		sum.Write([]byte("not known")) // nobody can verify it without unpacking
	}
	size, err := layer.Seek(0, io.SeekCurrent)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := layer.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	cfg := fmt.Sprintf(`{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%x"]},"history":[{"created_by":"COPY all /"}]}`, sum.Sum(nil))
	file := filepath.Join(dir, "image.tar")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(out)
	add := func(name string, size int64, r io.Reader) {
		err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: size, Typeflag: tar.TypeReg})
		if err == nil {
			_, err = io.Copy(w, r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	add("layer.tar", size, layer)
	add("config.json", int64(len(cfg)), strings.NewReader(cfg))
	man := `[{"Config":"config.json","RepoTags":["demo:1"],"Layers":["layer.tar"]}]`
	add("manifest.json", int64(len(man)), strings.NewReader(man))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if err := layer.Close(); err != nil {
		t.Fatal(err)
	}
	return "docker-archive:" + file
}

// TestMemory reads a layer of 720 MiB: a text far larger than a window, archives as large as are opened, many small files.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("a layer of 720 MiB")
	}
	if peak() == 0 {
		t.Skip("needs /proc/self/status")
	}
	const mib = 1 << 20
	text := []byte(words(mib, 3))
	token := planted.Token(8001)
	for _, packed := range []bool{false, true} {
		target := saveArchive(t, packed, func(to io.Writer) error {
			if packed {
				z, err := gzip.NewWriterLevel(to, gzip.BestSpeed)
				if err != nil {
					return err
				}
				defer z.Close()
				to = z
			}
			w := tar.NewWriter(to)
			file := func(name string, size int, body func(n int) []byte) error {
				if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(size), Typeflag: tar.TypeReg}); err != nil {
					return err
				}
				for n := 0; size > 0; n++ {
					b := body(n)
					b = b[:min(len(b), size)]
					if _, err := w.Write(b); err != nil {
						return err
					}
					size -= len(b)
				}
				return nil
			}
			if err := file("var/log/huge.log", 300*mib, func(n int) []byte {
				if n == 200 {
					return append([]byte("\ntoken = \""+token+"\"\n"), text...)
				}
				return text
			}); err != nil {
				return err
			}
			r := rand.NewChaCha8([32]byte{1})
			noise := make([]byte, mib)
			for n := range 5 {
				if err := file(fmt.Sprintf("opt/%d.zip", n), 30*mib, func(k int) []byte {
					_, _ = r.Read(noise)
					if k == 0 {
						copy(noise, "PK\x03\x04")
					}
					return noise
				}); err != nil {
					return err
				}
			}
			for n := range 10_000 {
				if err := file(fmt.Sprintf("usr/share/doc/%d/copyright", n), 20_000, func(int) []byte { return text }); err != nil {
					return err
				}
			}
			if err := file("var/swap", 80*mib, func(int) []byte { return make([]byte, mib) }); err != nil {
				return err
			}
			return w.Close()
		})
		got := apart(t, target, 3*time.Minute)
		sum := sha256.Sum256([]byte(token))
		if len(got.Values) != 1 || got.Values[0] != hex.EncodeToString(sum[:]) {
			t.Errorf("packed %v: %d values", packed, len(got.Values))
		}
		if got.Bytes < 700*mib {
			t.Errorf("packed %v: %d bytes matched", packed, got.Bytes)
		}
		if got.PeakKiB > 120<<10 {
			t.Errorf("packed %v: %d KiB resident", packed, got.PeakKiB)
		}
		t.Logf("packed %v: %d MiB at most, %.1f s of CPU, %.0f MB a CPU second", packed, got.PeakKiB>>10, got.CPU.Seconds(), float64(got.Bytes)/1e6/got.CPU.Seconds())
	}
}
