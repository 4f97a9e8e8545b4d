package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"sprawl/finding"
	"sprawl/internal/testkit/accept"
	"sprawl/sources"
)

// tree writes files below a new directory.
func tree(tb testing.TB, files map[string]string) string {
	tb.Helper()
	root := tb.TempDir()
	for name, content := range files {
		p := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	return root
}

// walked is what a walk gave.
type walked struct {
	files map[string]string // of windows the first
	skips map[string]finding.Reason
	led   *sources.Ledger
}

func run(tb testing.TB, s sources.Source) (walked, error) {
	tb.Helper()
	w := walked{files: map[string]string{}, skips: map[string]finding.Reason{}, led: new(sources.Ledger)}
	var mu sync.Mutex
	err := s.Walk(tb.Context(), 3, w.led, func(_ int, b sources.Blob) error {
		mu.Lock()
		defer mu.Unlock()
		if b.Offset == 0 {
			w.files[b.Where[0].Path] = string(b.Bytes)
		}
		return nil
	})
	c := w.led.Coverage()
	for _, s := range c.Skips {
		w.skips[s.Path] = s.Reason
	}
	return w, err
}

func numbered(lines int) []byte {
	var b bytes.Buffer
	for i := range lines {
		fmt.Fprintf(&b, "line %d of them, %s\n", i, strings.Repeat("x", i%50))
	}
	return b.Bytes()
}

func TestAcceptDir(t *testing.T) {
	want := accept.Blobs{
		"a.txt": []byte("first"), "empty": {}, "sub/b.bin": []byte("\x00\x01\xff binary"), "sub/deep/er/c": []byte("third"),
		"large.log": numbered(9000), "sub/even": bytes.Repeat([]byte("1234567\n"), 8192),
	}
	for i := range 100 {
		want[fmt.Sprintf("many/%d/%d.txt", i%7, i)] = fmt.Appendf(nil, "file %d", i)
	}
	files := map[string]string{}
	for name, b := range want {
		files[name] = string(b)
	}
	root := tree(t, files)
	accept.Source(t, func() sources.Source {
		return Dir(root, Options{MaxFile: 8 << 10, window: 4 << 10, overlap: 256}.sizes())
	}, want)
}

func TestAcceptFile(t *testing.T) {
	root := tree(t, map[string]string{"sub/.npmrc": "content"})
	accept.Source(t, func() sources.Source { return Dir(filepath.Join(root, "sub", ".npmrc"), Options{}) }, accept.Blobs{".npmrc": []byte("content")})
}

func TestAcceptEmpty(t *testing.T) {
	root := t.TempDir()
	accept.Source(t, func() sources.Source { return Dir(root, Options{}) }, nil)
}

func TestAcceptStdin(t *testing.T) {
	long := numbered(9000)
	for name, c := range map[string]struct {
		r    func() io.Reader
		want accept.Blobs
	}{
		"short":   {func() io.Reader { return strings.NewReader("some text") }, accept.Blobs{"-": []byte("some text")}},
		"empty":   {func() io.Reader { return strings.NewReader("") }, nil},
		"long":    {func() io.Reader { return bytes.NewReader(long) }, accept.Blobs{"-": long}},
		"halting": {func() io.Reader { return iotest.HalfReader(bytes.NewReader(long)) }, accept.Blobs{"-": long}},
		"at once": {func() io.Reader { return iotest.DataErrReader(bytes.NewReader(long)) }, accept.Blobs{"-": long}},
	} {
		t.Run(name, func(t *testing.T) {
			accept.Source(t, func() sources.Source {
				return &stdin{c.r(), Options{MaxFile: 8 << 10, window: 4 << 10, overlap: 256}.sizes()}
			}, c.want)
		})
	}
}

// TestWindows: whatever the sizes, windows put together give the file, and each but the last is full.
func TestWindows(t *testing.T) {
	for size := range 70 {
		content := bytes.Repeat([]byte("ab\n"), 30)[:size]
		for _, known := range []int64{int64(size), -1, 3} {
			r := &reader{o: Options{MaxFile: 10, window: 8, overlap: 3}}
			var got []byte
			line, end := 0, false
			read, err := r.read(t.Context(), iotest.OneByteReader(bytes.NewReader(content)), known, func(b sources.Blob) error {
				if end {
					t.Fatalf("%d bytes: a window behind the last", size)
				}
				if b.Offset > int64(len(got)) || b.Line != bytes.Count(content[:b.Offset], []byte("\n")) {
					t.Fatalf("%d bytes: window at %d, line %d; %d bytes so far", size, b.Offset, b.Line, len(got))
				}
				got = append(got[:b.Offset], b.Bytes...)
				line, end = b.Line, size > 10 && len(b.Bytes) < 8
				return nil
			})
			if read != nil || err != nil || !bytes.Equal(got, content) {
				t.Fatalf("%d bytes: %v %v, got %q after line %d", size, read, err, got, line)
			}
		}
	}
}

func TestSkips(t *testing.T) {
	root := tree(t, map[string]string{
		"a.txt": "1", "sub/.git/config": "2", ".git/HEAD": "3", "mod/.git": "gitdir: elsewhere", "node_modules/x/y.js": "4",
		"dist/a.min.js": "5", "dist/b.js": "6", "deep/er/c.min.js": "7",
	})
	link := runtime.GOOS != "windows"
	if link {
		for name, to := range map[string]string{"loop": ".", "out": os.TempDir(), "dangling": "nowhere", "sub/up": "..", "file": "a.txt"} {
			if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	w, err := run(t, Dir(root, Options{Exclude: []string{"node_modules/", "*.min.js", "dist/b*"}}))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"a.txt": "1", "mod/.git": "gitdir: elsewhere"}
	if fmt.Sprint(w.files) != fmt.Sprint(want) {
		t.Errorf("files %v, want %v", w.files, want)
	}
	skips := map[string]finding.Reason{
		"node_modules": finding.ReasonExcluded, "dist/a.min.js": finding.ReasonExcluded, "dist/b.js": finding.ReasonExcluded,
		"deep/er/c.min.js": finding.ReasonExcluded,
	}
	if link {
		for _, l := range []string{"loop", "out", "dangling", "sub/up", "file"} {
			skips[l] = finding.ReasonSymlink
		}
	}
	if fmt.Sprint(w.skips) != fmt.Sprint(skips) {
		t.Errorf("skips %v, want %v", w.skips, skips)
	}
	c := w.led.Coverage()
	if notes := c.Targets[0].Notes; len(notes) != 1 || !strings.Contains(notes[0], "2 .git directories") {
		t.Errorf("notes %q", notes)
	}
	if !c.Complete() {
		t.Error("links and exclusions make a scan incomplete")
	}
}

func TestNothing(t *testing.T) {
	for name, files := range map[string]map[string]string{"empty": {}, "all excluded": {"a.txt": "x"}, "only git": {".git/HEAD": "x"}} {
		t.Run(name, func(t *testing.T) {
			w, err := run(t, Dir(tree(t, files), Options{Exclude: []string{"*.txt"}}))
			c := w.led.Coverage()
			if err != nil || c.Complete() || c.Skipped[finding.ReasonNothing] != 1 {
				t.Errorf("error %v, skipped %v", err, c.Skipped)
			}
		})
	}
}

func TestTargetErrors(t *testing.T) {
	root := tree(t, map[string]string{"a": "x"})
	for _, p := range []string{filepath.Join(root, "missing"), filepath.Join(root, "a", "below-a-file")} {
		_, err := run(t, Dir(p, Options{}))
		var target *TargetError
		if !errors.As(err, &target) {
			t.Fatalf("error %v is no TargetError", err)
		}
		if !strings.Contains(err.Error(), slashPath(p, filepath.Separator)) || target.Next == "" {
			t.Errorf("%q does not name the target and what to do", err)
		}
	}
	if _, err := run(t, Dir(filepath.Join(root, "missing"), Options{})); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
	if _, err := run(t, Dir(root, Options{Exclude: []string{"a[", "b"}})); err == nil || !strings.Contains(err.Error(), `"a["`) {
		t.Errorf("bad glob: %v", err)
	}
}

func TestUnreadable(t *testing.T) {
	root := tree(t, map[string]string{"a": "x", "closed/b": "y", "c": "z"})
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("permissions are not asked here")
	}
	for _, p := range []string{"closed", "c"} {
		if err := os.Chmod(filepath.Join(root, p), 0); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(root, "closed"), 0o755) })
	w, err := run(t, Dir(root, Options{}))
	if err != nil || len(w.files) != 1 || w.skips["closed"] != finding.ReasonUnreadable || w.skips["c"] != finding.ReasonUnreadable {
		t.Errorf("error %v, files %v, skips %v", err, w.files, w.skips)
	}
}

// TestReadFails: a file that fails while it is read is handed out as far as it goes.
func TestReadFails(t *testing.T) {
	broken := errors.New("disk on fire")
	for _, size := range []int{0, 5, 100} {
		led := new(sources.Ledger)
		got := 0
		s := &stdin{io.MultiReader(bytes.NewReader(make([]byte, size)), iotest.ErrReader(broken)), Options{MaxFile: 10, window: 8, overlap: 3}}
		err := s.Walk(t.Context(), 1, led, func(_ int, b sources.Blob) error { got = int(b.Offset) + len(b.Bytes); return nil })
		c := led.Coverage()
		if err != nil || got != size || c.Skipped[finding.ReasonUnreadable] != 1 {
			t.Errorf("%d bytes: error %v, %d bytes handed out, skips %v", size, err, got, c.Skips)
		}
	}
}

// TestStdinDeadline: a read that blocks ends with the context where the reader can be told to.
func TestStdinDeadline(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		done <- Stdin(r).Walk(ctx, 1, new(sources.Ledger), func(int, sources.Blob) error { return nil })
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// zeros is a file without an end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestHugeFile: two gigabytes pass through the buffer of one worker, and a file on disk takes the same way.
func TestHugeFile(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	check := func(size int64, walk func(hand func(sources.Blob) error) error) {
		t.Helper()
		end, windows, most := int64(0), 0, uint64(0)
		err := walk(func(b sources.Blob) error {
			if b.Size != size || len(b.Bytes) > Window || windows > 0 && b.Offset != end-Overlap {
				t.Fatalf("window of %d bytes at %d of %d", len(b.Bytes), b.Offset, b.Size)
			}
			end = b.Offset + int64(len(b.Bytes))
			if windows++; windows%50 == 0 {
				runtime.ReadMemStats(&after)
				most = max(most, after.HeapAlloc)
			}
			return nil
		})
		if err != nil || end != size {
			t.Errorf("error %v, ended at %d", err, end)
		}
		if most > before.HeapAlloc+64<<20 {
			t.Errorf("%d MiB of heap", most>>20)
		}
	}

	const huge = 2<<30 + 12345
	check(huge, func(hand func(sources.Blob) error) error {
		r := &reader{o: Options{}.sizes()}
		read, err := r.read(t.Context(), io.LimitReader(zeros{}, huge), huge, hand)
		return errors.Join(read, err)
	})

	p := filepath.Join(t.TempDir(), "large")
	f, err := os.Create(p)
	if err != nil {
		t.Fatal(err)
	}
	const large = DefaultMaxFile + 12345
	if err := f.Truncate(large); err != nil { // a hole: no disk is used
		t.Skip(err)
	}
	_ = f.Close()
	check(large, func(hand func(sources.Blob) error) error {
		return Dir(p, Options{}).Walk(t.Context(), 1, new(sources.Ledger), func(_ int, b sources.Blob) error { return hand(b) })
	})
}

func TestPathForms(t *testing.T) {
	long := strings.Repeat(`very-long-name\`, 40)
	for _, c := range []struct {
		in   string
		sep  rune
		want string
	}{
		{`C:\Users\me\.npmrc`, '\\', "C:/Users/me/.npmrc"}, {`\\server\share\x`, '\\', "//server/share/x"},
		{`\\?\C:\x`, '\\', "//?/C:/x"}, {`sub\a/b`, '\\', "sub/a/b"}, {long, '\\', strings.ReplaceAll(long, `\`, "/")},
		{`a\b`, '/', `a\b`},                                                            // a file of that name, on Unix
		{"cafe\u0301/x", '/', "cafe\u0301/x"}, {"cafe\u0301\\x", '\\', "cafe\u0301/x"}, // NFD, as macOS keeps it, stays as it is
		{"crlf\r\nname", '/', "crlf\r\nname"},
	} {
		if got := slashPath(c.in, c.sep); got != c.want {
			t.Errorf("slashPath(%q, %q) = %q, want %q", c.in, c.sep, got, c.want)
		}
	}
}

func TestReserved(t *testing.T) {
	for _, n := range []string{"NUL", "nul", "con.txt", "AUX.tar.gz", "COM1", "lpt9.log", "COM¹", "PRN ", "nul:stream", "CONIN$"} {
		if !reserved(n) {
			t.Errorf("%q is a device", n)
		}
	}
	for _, n := range []string{"null", "console", "com", "COM10", "com0", "auxiliary.c", ".con", "x.nul", "lpt"} {
		if reserved(n) {
			t.Errorf("%q is no device", n)
		}
	}
}

func TestExcluded(t *testing.T) {
	for _, c := range []struct {
		glob, path string
		want       bool
	}{
		{"*.js", "a.js", true}, {"*.js", "sub/deep/a.js", true}, {"sub/*.js", "sub/a.js", true}, {"sub/*.js", "x/sub/a.js", false},
		{"**/sub/*.js", "x/sub/a.js", true}, {"vendor", "vendor", true}, {"vendor", "x/vendor", true}, {"vendor/", "x/vendor", true},
		{"/vendor", "vendor", true}, {"a/**", "a/b/c", true}, {"a/**", "b/a/c", false}, {"{a,b}.txt", "x/b.txt", true},
		{"*.JS", "a.js", false}, {"README", "readme", false}, // two files where case counts
	} {
		if got := excluded([]string{c.glob}, c.path); got != c.want {
			t.Errorf("%q on %q: %v", c.glob, c.path, got)
		}
	}
}

// TestNames: names are kept as the system gives them, and each file comes once.
func TestNames(t *testing.T) {
	names := []string{"caf\u00e9", "cafe\u0301", "README", "readme", "with space", "ünïcödé/日本語.txt", "-dash", "#hash"}
	files := map[string]string{}
	for _, n := range names {
		files[n] = "of " + n
	}
	root := tree(t, files)
	var want []string
	_ = filepath.WalkDir(root, func(p string, e fs.DirEntry, _ error) error {
		if e.Type().IsRegular() {
			rel, _ := filepath.Rel(root, p)
			want = append(want, filepath.ToSlash(rel))
		}
		return nil
	})
	w, err := run(t, Dir(root, Options{}))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for n := range w.files {
		got = append(got, n)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
