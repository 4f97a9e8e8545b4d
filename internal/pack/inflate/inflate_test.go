package inflate

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"errors"
	"fmt"
	gobuild "go/build"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	kzlib "github.com/klauspost/compress/zlib"
)

func deflated(t testing.TB, level int, b []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := zlib.NewWriterLevel(&buf, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return buf.Bytes()
}

// reference inflates with the standard library: all of the output and how much input that took.
func reference(in []byte, limit int) (out []byte, used int, err error) {
	r := bytes.NewReader(in)
	z, err := zlib.NewReader(r)
	if err != nil {
		return nil, 0, err
	}
	out, err = io.ReadAll(io.LimitReader(z, int64(limit)+1))
	if len(out) > limit {
		return nil, 0, errors.New("over the limit")
	}
	return out, len(in) - r.Len(), err
}

// samples are bytes of many kinds and lengths, the same in every run.
func samples() [][]byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	var all [][]byte
	for _, n := range []int{0, 1, 2, 7, 8, 9, 100, 257, 258, 259, 300, 4095, 40000, 70000, 200000} {
		noise, words, runs, few := make([]byte, n), []byte{}, []byte{}, make([]byte, n)
		for i := range noise {
			noise[i], few[i] = byte(rnd.Uint32()), "ab"[rnd.IntN(2)]
		}
		for len(words) < n {
			words = fmt.Appendf(words, "func f%d(x int) error { return nil }\n", rnd.IntN(50))
		}
		for period := 1; len(runs) < n; period = period%20 + 1 {
			runs = append(runs, bytes.Repeat(noise[:min(period, n)], 1+rnd.IntN(100))...)
		}
		all = append(all, noise, words[:n], runs[:n], few)
	}
	return all
}

func TestZlib(t *testing.T) {
	var d Decoder
	for i, want := range samples() {
		for _, level := range []int{flate.NoCompression, 1, 6, 9, flate.HuffmanOnly} {
			in := deflated(t, level, want)
			for _, slack := range []int{0, 5, Slack} {
				for _, after := range []int{0, 3, 40} {
					out := make([]byte, len(want), len(want)+slack)
					n, err := d.Zlib(out, append(bytes.Clone(in), make([]byte, after)...))
					if err != nil || n != len(in) || !bytes.Equal(out, want) {
						t.Fatalf("sample %d level %d slack %d after %d: %d of %d bytes, %v", i, level, slack, after, n, len(in), err)
					}
				}
			}
			for _, off := range []int{-1, 1, -len(want)} {
				if len(want)+off < 0 || off == 0 {
					continue
				}
				if _, err := d.Zlib(make([]byte, len(want)+off, len(want)+300), in); err == nil {
					t.Fatalf("sample %d level %d: accepted for a size off by %d", i, level, off)
				}
			}
			for _, k := range []int{0, 1, 50, len(want), len(want) + 10} {
				out := make([]byte, k)
				n, err := d.Prefix(out, in)
				if err != nil || n != min(k, len(want)) || !bytes.Equal(out[:n], want[:n]) {
					t.Fatalf("sample %d level %d: prefix of %d: %d, %v", i, level, k, n, err)
				}
			}
		}
	}
}

// TestCut holds every truncation and every flipped bit against the standard library.
func TestCut(t *testing.T) {
	var d Decoder
	for _, want := range [][]byte{[]byte("hello, hello, hello"), bytes.Repeat([]byte("abcdefgh1"), 40), samples()[17]} {
		for _, level := range []int{0, 1, 6, flate.HuffmanOnly} {
			in := deflated(t, level, want)
			for k := 0; k < len(in); k += 1 + k/64 {
				if _, err := d.Zlib(make([]byte, len(want), len(want)+Slack), in[:k]); err == nil {
					t.Fatalf("level %d: accepted when cut at %d of %d", level, k, len(in))
				}
			}
			for k := range 8 * min(len(in), 120) {
				bad := append(bytes.Clone(in), make([]byte, 16)...)
				bad[k/8] ^= 1 << (k % 8)
				same(t, &d, bad)
			}
		}
	}
}

const fuzzLimit = 1 << 17

// same fails unless the standard library and d agree on in.
func same(t *testing.T, d *Decoder, in []byte) {
	t.Helper()
	if len(in) >= 2 && in[1]&0x20 != 0 {
		return // A preset dictionary: refused here, by the standard library only if it is not empty.
	}
	want, used, refErr := reference(in, fuzzLimit)
	if refErr != nil {
		// The size is the standard library's guess of it, and one more, and none.
		for _, n := range []int{len(want), len(want) + 1, 0} {
			if _, err := d.Zlib(make([]byte, n, n+Slack), in); err == nil {
				t.Fatalf("accepted at %d bytes what the standard library refuses: %v", n, refErr)
			}
		}
		return
	}
	for _, slack := range []int{0, Slack} {
		backing := bytes.Repeat([]byte{0xa5}, len(want)+slack+8)
		out := backing[: len(want) : len(want)+slack]
		n, err := d.Zlib(out, in)
		if err != nil || n != used || !bytes.Equal(out, want) {
			t.Fatalf("slack %d: took %d of %d bytes, %v", slack, n, used, err)
		}
		for _, c := range backing[len(want)+slack:] {
			if c != 0xa5 {
				t.Fatal("wrote behind the buffer")
			}
		}
	}
	half := make([]byte, len(want)/2)
	if n, err := d.Prefix(half, in); err != nil || n != len(half) || !bytes.Equal(half, want[:n]) {
		t.Fatalf("prefix of %d: %d, %v", len(half), n, err)
	}
	if _, err := d.Zlib(make([]byte, len(want)+1, len(want)+1+Slack), in); err == nil {
		t.Fatal("accepted for one byte more")
	}
	if len(want) > 0 {
		if _, err := d.Zlib(make([]byte, len(want)-1, len(want)+Slack), in); err == nil {
			t.Fatal("accepted for one byte less")
		}
	}
}

// FuzzZlib feeds streams, and raw deflate data behind a sound header with the checksum mended, so that mutations reach the decoder.
func FuzzZlib(f *testing.F) {
	for _, s := range samples() {
		if len(s) <= 4095 {
			for _, level := range []int{0, 1, 6, flate.HuffmanOnly} {
				f.Add(deflated(f, level, s))
			}
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var d Decoder
		same(t, &d, in)
		if len(in) > 2 {
			r := flate.NewReader(bytes.NewReader(in[2:]))
			out, err := io.ReadAll(io.LimitReader(r, fuzzLimit))
			if err == nil && len(out) < fuzzLimit {
				sum := deflated(t, 0, out)
				same(t, &d, append(append([]byte{0x78, 0x01}, in[2:]...), sum[len(sum)-4:]...))
			}
			// With trailing bytes the fast path meets every symbol.
			same(t, &d, append(append([]byte{0x78, 0x01}, in[2:]...), make([]byte, 32)...))
		}
	})
}

func TestNoAllocation(t *testing.T) {
	var d Decoder
	in, out := deflated(t, 6, samples()[33]), make([]byte, len(samples()[33]))
	if n := testing.AllocsPerRun(10, func() {
		if _, err := d.Zlib(out, in); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkInflate compares decoders on pieces of Go source: small, as deltas and trees in packs are, and whole files.
func BenchmarkInflate(b *testing.B) {
	var text []byte
	files, _ := filepath.Glob(filepath.Join(gobuild.Default.GOROOT, "src", "net", "http", "*.go"))
	for _, name := range files {
		c, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		text = append(text, c...)
	}
	if len(text) < 1<<20 {
		b.Skip("no Go sources at GOROOT")
	}
	text = text[:1<<20]
	for _, size := range []int{150, 1000, 8000, 64000} {
		var in [][]byte
		for at := 0; at+size <= len(text); at += size {
			in = append(in, append(deflated(b, 6, text[at:at+size]), make([]byte, 16)...))
		}
		out := make([]byte, size, size+Slack)
		run := func(name string, one func([]byte) error) {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				b.SetBytes(int64(size * len(in)))
				for b.Loop() {
					for _, s := range in {
						if err := one(s); err != nil {
							b.Fatal(err)
						}
					}
				}
			})
		}
		var d Decoder
		run("own", func(s []byte) error { _, err := d.Zlib(out, s); return err })
		read := func(reset func(io.Reader) (io.Reader, error)) func([]byte) error {
			r := bytes.NewReader(nil)
			return func(s []byte) error {
				r.Reset(s)
				z, err := reset(r)
				if err == nil {
					_, err = io.ReadFull(z, out)
				}
				return err
			}
		}
		std, _ := zlib.NewReader(bytes.NewReader(in[0]))
		run("std", read(func(r io.Reader) (io.Reader, error) { return std, std.(zlib.Resetter).Reset(r, nil) }))
		klaus, _ := kzlib.NewReader(bytes.NewReader(in[0]))
		run("klauspost", read(func(r io.Reader) (io.Reader, error) { return klaus, klaus.(kzlib.Resetter).Reset(r, nil) }))
	}
}
