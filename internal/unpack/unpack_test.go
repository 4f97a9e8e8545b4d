package unpack

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"sprawl/finding"
)

type file struct{ name, body string }

func zipOf(tb testing.TB, method uint16, files ...file) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		e, err := w.CreateHeader(&zip.FileHeader{Name: f.name, Method: method})
		if err == nil {
			_, err = io.WriteString(e, f.body)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func tarOf(tb testing.TB, files ...file) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(f.body))}); err != nil {
			tb.Fatal(err)
		}
		if _, err := io.WriteString(w, f.body); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func gz(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(b)
	_ = w.Close()
	return out.Bytes()
}

func zst(b []byte) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	defer w.Close()
	return w.EncodeAll(b, nil)
}

func arOf(files ...file) []byte {
	b := []byte("!<arch>\n")
	for _, f := range files {
		b = fmt.Appendf(b, "%-16s%-12d%-6d%-6d%-8o%-10d`\n", f.name, 0, 0, 0, 0o644, len(f.body))
		b = append(b, f.body...)
		if len(f.body)%2 == 1 {
			b = append(b, '\n')
		}
	}
	return b
}

// bz2 is "bzip2 text\n" packed by bzip2 1.0.8: the standard library only reads it.
var bz2 = []byte("BZh91AY&SY\x1c\x85\xbdd\x00\x00\x01\xd9\x80\x00\x10@\x00\x10\x00\x12 DP \x00\x22\x99\xa1\xa7\xa8@\x0c\x1ai\x1a0\xe1w$S\x85\x09\x01\xc8[\xd6@")

// result is what a walk gave: "path: step>step: content" and the skips.
type result struct {
	entries []string
	bytes   int64
	skips   []finding.Skip
}

func unpack(tb testing.TB, name string, data []byte, l Limits) result {
	tb.Helper()
	var r result
	lim := NewBudget(l)
	err := Walk(context.Background(), name, data, lim, func(e Entry) error {
		r.bytes += int64(len(e.Bytes))
		var chain string
		for _, s := range append(slices.Clone(e.Outer), e.Step) {
			chain += s.Name + ">"
		}
		body := string(e.Bytes)
		if len(body) > 60 {
			body = fmt.Sprintf("%d bytes", len(body))
		}
		if len(r.entries) < 1000 {
			r.entries = append(r.entries, e.Path+": "+strings.TrimSuffix(chain, ">")+": "+body)
		}
		return nil
	}, func(s finding.Skip) { r.skips = append(r.skips, s) })
	if err != nil {
		tb.Fatalf("walk: %v", err)
	}
	if most := lim.lim.MaxBytes + lim.lim.MaxEntryBytes; r.bytes > most {
		tb.Fatalf("%d bytes handed out, more than %d", r.bytes, most)
	}
	return r
}

func TestFormats(t *testing.T) {
	a, b := file{"a.txt", "first"}, file{"dir/b.txt", "second"}
	var withDirs bytes.Buffer
	w := tar.NewWriter(&withDirs)
	for _, h := range []tar.Header{
		{Name: "d/", Typeflag: tar.TypeDir}, {Name: "loop", Typeflag: tar.TypeSymlink, Linkname: "loop"},
		{Name: "up", Typeflag: tar.TypeLink, Linkname: "../../etc/passwd"}, {Name: "null", Typeflag: tar.TypeChar}, {Name: "p", Typeflag: tar.TypeFifo},
	} {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	_ = w.Close()
	long := strings.Repeat("long-name/", 30) + "x"
	for _, c := range []struct {
		name string
		data []byte
		want []string
	}{
		{"z.zip", zipOf(t, zip.Deflate, a, b), []string{"a.txt: zip: first", "dir/b.txt: zip: second"}},
		{"z.jar", zipOf(t, zip.Store, a, b), []string{"a.txt: zip: first", "dir/b.txt: zip: second"}},
		{"empty.zip", zipOf(t, zip.Store), nil},
		{"t.tar", tarOf(t, a, b), []string{"a.txt: tar: first", "dir/b.txt: tar: second"}},
		{"t.tar", tarOf(t, file{long, "x"}), []string{long + ": tar: x"}},
		{"t.tgz", gz(tarOf(t, a, b)), []string{"a.txt: tar.gz: first", "dir/b.txt: tar.gz: second"}},
		{"t.tar.zst", zst(tarOf(t, a)), []string{"a.txt: tar.zst: first"}},
		{"dir/log.txt.gz", gz([]byte("one file")), []string{"log.txt: gzip: one file"}},
		{"log.zst", zst([]byte("one file")), []string{"log: zstd: one file"}},
		{"log.bz2", bz2, []string{"log: bzip2: bzip2 text\n"}},
		{"l.a", arOf(file{"//", strings.Repeat("n", 20) + "/\n"}, file{"/0", "gnu"}, file{"#1/4", "bsd\x00long"}, file{"plain/", "odd"}),
			[]string{strings.Repeat("n", 20) + ": ar: gnu", "bsd: ar: long", "plain: ar: odd"}},
		{"p.deb", arOf(file{"debian-binary", "2.0\n"}, file{"data.tar.gz", string(gz(tarOf(t, a)))}),
			[]string{"debian-binary: ar: 2.0\n", "a.txt: ar>tar.gz: first"}},
		{"in.zip", zipOf(t, zip.Deflate, a, file{"lib/in.jar", string(zipOf(t, zip.Deflate, b))}, file{"x.gz", string(gz([]byte("packed")))}),
			[]string{"a.txt: zip: first", "dir/b.txt: zip>zip: second", "x: zip>gzip: packed"}},
		{"links.tar", withDirs.Bytes(), nil},
		{"names.zip", zipOf(t, zip.Store, file{"../../etc/x", "1"}, file{"/abs/x", "2"}, file{`C:\win\..\x`, "3"}, file{"a\x1b[2Jb\u202e", "4"},
			file{"a.txt", "5"}, file{"a.txt", "6"}),
			[]string{"etc/x: zip: 1", "abs/x: zip: 2", "x: zip: 3", "a\ufffd[2Jb\ufffd: zip: 4", "a.txt: zip: 5", "a.txt: zip: 6"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := unpack(t, c.name, c.data, Limits{})
			if !slices.Equal(r.entries, c.want) {
				t.Errorf("got  %q\nwant %q", r.entries, c.want)
			}
			if len(r.skips) > 0 {
				t.Errorf("skips: %+v", r.skips)
			}
		})
	}
}

// TestBehindOtherData: offsets in a zip behind a program are off by the program's length.
func TestBehindOtherData(t *testing.T) {
	data := append([]byte("PK\x03\x04 is not what this is: "), zipOf(t, zip.Deflate, file{"a", "first"})...)
	r := unpack(t, "x", data, Limits{})
	if !slices.Equal(r.entries, []string{"a: zip: first"}) || len(r.skips) > 0 {
		t.Errorf("%q %+v", r.entries, r.skips)
	}
}

func TestZip64(t *testing.T) {
	r := unpack(t, "x.zip", zip64(t), Limits{})
	if !slices.Equal(r.entries, []string{"a: zip: zip64 text"}) || len(r.skips) > 0 {
		t.Errorf("%q %+v", r.entries, r.skips)
	}
}

// zip64 is one stored entry with every field that can be moved to a 64-bit record moved there.
func zip64(tb testing.TB) []byte {
	tb.Helper()
	plain := zipOf(tb, zip.Store, file{"a", "zip64 text"})
	dir := bytes.Index(plain, []byte(sigDirectory))
	end := bytes.Index(plain, []byte(sigEnd))
	le := binary.LittleEndian
	var out []byte
	out = append(out, plain[:dir]...)
	d := slices.Clone(plain[dir : dir+lenDirectory+1])
	size := uint64(le.Uint32(d[24:]))
	for _, at := range []int{20, 24, 42} {
		le.PutUint32(d[at:], 0xffffffff)
	}
	le.PutUint16(d[30:], 28)
	d = le.AppendUint16(d, 1)
	d = le.AppendUint16(d, 24)
	d = le.AppendUint64(d, size)
	d = le.AppendUint64(d, size)
	d = le.AppendUint64(d, 0)
	out = append(out, d...)
	at64 := uint64(len(out))
	e := make([]byte, lenEnd64)
	copy(e, sigEnd64)
	le.PutUint64(e[4:], lenEnd64-12)
	le.PutUint64(e[24:], 1)
	le.PutUint64(e[32:], 1)
	le.PutUint64(e[40:], uint64(len(d)))
	le.PutUint64(e[48:], uint64(dir))
	out = append(out, e...)
	out = append(out, sigLocator64...)
	out = le.AppendUint32(out, 0)
	out = le.AppendUint64(out, at64)
	out = le.AppendUint32(out, 1)
	last := slices.Clone(plain[end:])
	for _, at := range []int{8, 10} {
		le.PutUint16(last[at:], 0xffff)
	}
	for _, at := range []int{12, 16} {
		le.PutUint32(last[at:], 0xffffffff)
	}
	return append(out, last...)
}

func TestOfficeText(t *testing.T) {
	half := "gh" + "p_0123456789"
	doc := `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:p><w:r><w:t>key ` + half +
		`</w:t></w:r><w:r><w:rPr/><w:t>abcdef &amp; more</w:t></w:r></w:p><w:p><w:t>next</w:t></w:p></w:document>`
	r := unpack(t, "d.docx", zipOf(t, zip.Deflate, file{"word/document.xml", doc}, file{"plain.xml", "<a>b</a>"}), Limits{})
	want := []string{
		fmt.Sprintf("word/document.xml: zip: %d bytes", len(doc)), "word/document.xml: zip>xml-text: key " + half + "abcdef & more\nnext\n",
		"plain.xml: zip: <a>b</a>",
	}
	if !slices.Equal(r.entries, want) {
		t.Errorf("got  %q\nwant %q", r.entries, want)
	}
}

// noise does not compress.
func noise(n int) []byte {
	b := make([]byte, n)
	x := uint64(88172645463325252)
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x)
	}
	return b
}

func TestDamaged(t *testing.T) {
	body := string(noise(100_000))
	files := []file{{"a", "first"}, {"b", body}, {"c", "third"}}
	whole := zipOf(t, zip.Deflate, files...)
	stored := zipOf(t, zip.Store, files...)
	flipped := slices.Clone(stored)
	flipped[bytes.Index(flipped, []byte("first"))] ^= 1
	encrypted := zipOf(t, zip.Store, files[0], files[2])
	encrypted[bytes.Index(encrypted, []byte(sigDirectory))+8] |= flagEncrypted
	lzma := zipOf(t, zip.Store, files[0])
	binary.LittleEndian.PutUint16(lzma[bytes.Index(lzma, []byte(sigDirectory))+10:], 14)
	big := "b: %s: 100000 bytes"
	for _, c := range []struct {
		name    string
		data    []byte
		entries []string
		reasons []finding.Reason
	}{
		{"zip cut in the directory", whole[:len(whole)-30], []string{"a: zip: first", fmt.Sprintf(big, "zip"), "c: zip: third"}, []finding.Reason{"corrupt"}},
		{"zip cut in an entry", whole[:50_000], []string{"a: zip: first", "b: zip: 49*"}, []finding.Reason{"corrupt", "corrupt"}},
		{"stored zip cut in an entry", stored[:50_000], []string{"a: zip: first", "b: zip: 49*"}, []finding.Reason{"corrupt"}},
		{"zip with a wrong checksum", flipped, []string{"a: zip: girst", fmt.Sprintf(big, "zip"), "c: zip: third"}, []finding.Reason{"corrupt"}},
		{"encrypted zip", encrypted, []string{"c: zip: third"}, []finding.Reason{"unsupported"}},
		{"zip with LZMA", lzma, nil, []finding.Reason{"unsupported"}},
		{"only a signature", []byte("PK\x03\x04"), nil, []finding.Reason{"corrupt"}},
		{"tar cut in an entry", tarOf(t, files...)[:50_000], []string{"a: tar: first", "b: tar: 48*"}, []finding.Reason{"corrupt"}},
		{"tar cut in a header", tarOf(t, files...)[:1024+100], []string{"a: tar: first"}, []finding.Reason{"corrupt"}},
		{"tar.gz cut", gz(tarOf(t, files...))[:50_000], []string{"a: tar.gz: first", "b: tar.gz: 49*"}, []finding.Reason{"corrupt"}},
		{"gzip cut", gz([]byte(body))[:50_000], []string{"gzip cut: gzip: 49*"}, []finding.Reason{"corrupt"}},
		{"gzip of nothing", []byte("\x1f\x8b\x08 and nothing more"), nil, []finding.Reason{"corrupt"}},
		{"zstd cut", zst([]byte(body))[:40], nil, []finding.Reason{"corrupt"}},
		{"bzip2 cut", bz2[:30], nil, []finding.Reason{"corrupt"}},
		{"ar cut", arOf(files...)[:200], []string{"a: ar: first", "b: ar: *"}, []finding.Reason{"corrupt"}},
		{"ar without form", []byte("!<arch>\n" + strings.Repeat("x", 100)), nil, []finding.Reason{"corrupt"}},
		{"xz", []byte("\xfd7zXZ\x00\x00\x04"), nil, []finding.Reason{"unsupported"}},
		{"7z in a zip", zipOf(t, zip.Store, file{"x", "7z\xbc\xaf\x27\x1c\x00\x04"}), nil, []finding.Reason{"unsupported"}},
		{"text", []byte("just some text that is no container"), nil, []finding.Reason{"unsupported"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := unpack(t, c.name, c.data, Limits{})
			ok := len(r.entries) == len(c.entries)
			for i := 0; ok && i < len(r.entries); i++ {
				head, cut := strings.CutSuffix(c.entries[i], "*")
				ok = r.entries[i] == c.entries[i] || cut && strings.HasPrefix(r.entries[i], head)
			}
			if !ok {
				t.Errorf("got  %q\nwant %q", r.entries, c.entries)
			}
			var reasons []finding.Reason
			for _, s := range r.skips {
				reasons = append(reasons, s.Reason)
			}
			if !slices.Equal(reasons, c.reasons) {
				t.Errorf("skips %+v, want %v", r.skips, c.reasons)
			}
		})
	}
}

// overlapping makes a zip whose directory names one stored entry n times.
func overlapping(tb testing.TB, n int) []byte {
	tb.Helper()
	z := zipOf(tb, zip.Store, file{"a", string(noise(64 << 10))})
	dir, end := bytes.Index(z, []byte(sigDirectory)), bytes.Index(z, []byte(sigEnd))
	out := slices.Clone(z[:dir])
	out = append(out, bytes.Repeat(z[dir:end], n)...)
	last := slices.Clone(z[end:])
	binary.LittleEndian.PutUint16(last[8:], uint16(n))
	binary.LittleEndian.PutUint16(last[10:], uint16(n))
	binary.LittleEndian.PutUint32(last[12:], uint32(n*(end-dir)))
	return append(out, last...)
}

func TestBombs(t *testing.T) {
	zeros := gz(make([]byte, 1<<20))
	quine := zipOf(t, zip.Deflate, file{"end", "innermost"})
	for range 40 {
		quine = zipOf(t, zip.Deflate, file{"next.zip", string(quine)})
	}
	many := make([]file, 200_000)
	for i := range many {
		many[i] = file{fmt.Sprintf("f%d", i), ""}
	}
	chain := []byte("innermost")
	for range 40 {
		chain = gz(chain)
	}
	var sparse bytes.Buffer
	for range 2000 {
		sparse.Write(sparseEntry(1 << 40))
	}
	for _, c := range []struct {
		name  string
		data  []byte
		limit string
	}{
		{"1 GiB of zeros in gzip", bytes.Repeat(zeros, 1024), LimitRatio},
		{"one large entry", gz(bytes.Repeat(noise(1<<20), 40)), LimitEntryBytes},
		{"1 GiB of zeros in zstd", bytes.Repeat(zst(make([]byte, 16<<20)), 64), LimitRatio},
		{"1 GiB of zeros in a tar.gz", append(gz(tarHeader("big", 1<<30)), bytes.Repeat(zeros, 1024)...), LimitRatio},
		{"zeros in a zip", zipOf(t, zip.Deflate, file{"zeros", string(make([]byte, 64<<20))}), LimitRatio},
		{"many zeros in a zip", zipOf(t, zip.Deflate, slices.Repeat([]file{{"zeros", string(make([]byte, 1<<20))}}, 120)...), LimitRatio},
		{"nested zips", quine, LimitDepth},
		{"nested gzips", chain, LimitDepth},
		{"200,000 entries in a zip", zipOf(t, zip.Store, many...), LimitEntries},
		{"200,000 entries in a tar.gz", gz(tarOf(t, many...)), "limit"},
		{"overlapping entries", overlapping(t, 10_000), LimitOverlap},
		{"sparse files", sparse.Bytes(), "limit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			lim := NewBudget(Limits{})
			var most uint64
			var out int64
			var skips []finding.Skip
			err := Walk(context.Background(), c.name, c.data, lim, func(e Entry) error {
				out += int64(len(e.Bytes))
				if len(e.Bytes) > 1<<20 {
					runtime.ReadMemStats(&after)
					most = max(most, after.HeapAlloc-min(before.HeapAlloc, after.HeapAlloc))
				}
				return nil
			}, func(s finding.Skip) { skips = append(skips, s) })
			if err != nil {
				t.Fatal(err)
			}
			ok := false
			for _, s := range skips {
				ok = ok || s.Reason == finding.ReasonLimit && strings.Contains(s.Detail, c.limit)
			}
			if !ok {
				t.Errorf("no skip names %q: %+v", c.limit, skips)
			}
			if out > 600<<20 {
				t.Errorf("%d MiB handed out", out>>20)
			}
			if most > 200<<20 {
				t.Errorf("%d MiB of heap", most>>20)
			}
		})
	}
}

func tarHeader(name string, size int64) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	_ = w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: size, Format: tar.FormatGNU})
	return b.Bytes()
}

// sparseEntry is an old GNU sparse file that is all hole.
func sparseEntry(size int64) []byte {
	h := tarHeader("sparse", 0)
	h[156] = tar.TypeGNUSparse
	copy(h[386:], fmt.Sprintf("%011o\x00%011o\x00", 0, 0)) // one empty fragment
	copy(h[483:], fmt.Sprintf("%011o\x00", min(size, 8<<30-1)))
	copy(h[148:], "        ")
	sum := 0
	for _, c := range h[:512] {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	return h[:512]
}

func TestStops(t *testing.T) {
	data := zipOf(t, zip.Store, file{"a", "1"}, file{"b", "2"}, file{"c", "3"})
	for name, data := range map[string][]byte{"zip": data, "tar": tarOf(t, file{"a", "1"}, file{"b", "2"}), "nested": zipOf(t, zip.Store, file{"z", string(data)})} {
		t.Run(name, func(t *testing.T) {
			mine, n := errors.New("enough"), 0
			err := Walk(context.Background(), "x", data, NewBudget(Limits{}), func(Entry) error { n++; return mine }, func(s finding.Skip) {
				t.Errorf("skip %+v", s)
			})
			if err != mine || n != 1 { //nolint:errorlint // returned as it is
				t.Errorf("entry's error: got %v after %d entries", err, n)
			}
			ctx, cancel := context.WithCancel(context.Background())
			n = 0
			err = Walk(ctx, "x", data, NewBudget(Limits{}), func(Entry) error { n++; cancel(); return nil }, func(finding.Skip) {})
			if !errors.Is(err, context.Canceled) || n != 1 {
				t.Errorf("cancelled: got %v after %d entries", err, n)
			}
		})
	}
}

func TestKind(t *testing.T) {
	for _, c := range []struct{ head, want string }{
		{"", ""}, {"package main\n", ""}, {"BM is how this text begins", ""}, {"BZh9 is not enough", ""},
		{string(zipOf(t, zip.Store)), "zip"}, {string(tarOf(t, file{"a", ""})), "tar"}, {string(make([]byte, 1024)), ""},
		{string(gz(nil)), "gzip"}, {string(zst([]byte("x"))), "zstd"}, {string(bz2), "bzip2"}, {string(arOf()), "ar"},
		{"\xfd7zXZ\x00\x00", "xz"}, {"7z\xbc\xaf\x27\x1c", "7z"}, {"Rar!\x1a\x07\x01\x00", "rar"}, {"SQLite format 3\x00", "sqlite"},
		{"\x7fELF\x02\x01", "elf"}, {"MZ\x90\x00\x03\x00\x00\x00", "exe"}, {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "png"},
	} {
		if got := Kind([]byte(c.head)); got != c.want {
			t.Errorf("Kind(%.12q) = %q, want %q", c.head, got, c.want)
		}
	}
}

// fuzzWalk holds what every walk promises, whatever the bytes.
func fuzzWalk(t *testing.T, data []byte) {
	lim := NewBudget(Limits{MaxBytes: 1 << 20, MaxEntryBytes: 1 << 18, MaxEntries: 100, MaxDepth: 3, MaxRatio: 50})
	orig := bytes.Clone(data)
	var out int64
	err := Walk(context.Background(), "fuzz", data, lim, func(e Entry) error {
		if e.Step.Name != XMLText {
			out += int64(len(e.Bytes))
		}
		if strings.HasPrefix(e.Path, "/") || strings.HasPrefix(e.Path, "../") || strings.ContainsFunc(e.Path, func(r rune) bool { return r < ' ' }) {
			t.Errorf("path %q", e.Path)
		}
		return nil
	}, func(s finding.Skip) {
		if s.Reason == "" || strings.ContainsFunc(s.Detail+s.Path, func(r rune) bool { return r < ' ' }) {
			t.Errorf("skip %+v", s)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if out > 2<<20 {
		t.Fatalf("%d bytes handed out", out)
	}
	if !bytes.Equal(orig, data) {
		t.Fatal("input changed")
	}
}

func FuzzZip(f *testing.F) {
	f.Add(zipOf(f, zip.Deflate, file{"a", "first"}, file{"b", strings.Repeat("x", 5000)}))
	f.Add(zipOf(f, zip.Store, file{"z.zip", string(zipOf(f, zip.Store, file{"a", "1"}))}))
	f.Add(zip64(f))
	f.Add(overlapping(f, 3)[:1000])
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 4 {
			return
		}
		fuzzWalk(t, append([]byte("PK\x03\x04"), data[4:]...))
	})
}

func FuzzTar(f *testing.F) {
	f.Add(tarOf(f, file{"a", "first"}, file{strings.Repeat("l/", 200) + "l", strings.Repeat("x", 2000)}))
	f.Add(sparseEntry(1 << 30))
	f.Fuzz(func(t *testing.T, data []byte) {
		w := &walker{ctx: context.Background(), lim: NewBudget(Limits{MaxBytes: 1 << 20, MaxEntryBytes: 1 << 18, MaxEntries: 100}),
			entry: func(Entry) error { return nil }, skip: func(finding.Skip) {}}
		g := w.guard(bytes.NewReader(data), nil)
		w.lim.packed = int64(len(data))
		if err := w.tar(frame{label: "fuzz", depth: 1}, g, "tar", g); err != nil && !errors.Is(err, errStop) {
			t.Fatal(err)
		}
	})
}

func FuzzStream(f *testing.F) {
	for _, b := range [][]byte{gz([]byte("x")), zst([]byte("x")), bz2, arOf(file{"a", "b"}), gz(tarOf(f, file{"a", "b"}))} {
		f.Add(b)
	}
	f.Fuzz(fuzzWalk)
}

// TestEmptyBlocks: deflate blocks that give nothing are read once, however many members claim them.
func TestEmptyBlocks(t *testing.T) {
	blocks := bytes.Repeat([]byte{0, 0, 0, 0xff, 0xff}, 1<<20)
	var z []byte
	for range 1000 {
		z = append(z, sigLocal+"\x14\x00\x08\x00\x08\x00"+strings.Repeat("\x00", 16)+"\x01\x00\x00\x00x"...)
	}
	z = append(z, blocks...)
	in := &readBytes{Reader: bytes.NewReader(z)}
	var skips int
	err := WalkAt(context.Background(), "x.zip", in, int64(len(z)), NewBudget(Limits{}), func(Entry) error { return nil },
		func(finding.Skip) { skips++ })
	if err != nil || skips == 0 {
		t.Errorf("error %v, %d skips", err, skips)
	}
	if most := 4 * int64(len(z)); in.n > most {
		t.Errorf("%d bytes read of %d", in.n, len(z))
	}
}

// readBytes counts what is read.
type readBytes struct {
	*bytes.Reader
	n int64
}

func (r *readBytes) ReadAt(p []byte, at int64) (int, error) {
	n, err := r.Reader.ReadAt(p, at)
	r.n += int64(n)
	return n, err
}
