package pack

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sprawl/sources"
)

// repo is a repository that tests build with the git executable.
type repo struct {
	t   testing.TB
	dir string
}

func gitEnv(home string) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "SYSTEMROOT=" + os.Getenv("SYSTEMROOT"), "HOME=" + home, "LC_ALL=C",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_AUTHOR_DATE=1700000000 +0000",
		"GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_COMMITTER_DATE=1700000000 +0000",
	}
}

func newRepo(t testing.TB, args ...string) *repo {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git executable: repositories for this test are built with it")
	}
	r := &repo{t, t.TempDir()}
	r.git(append([]string{"init", "-q", "-b", "main"}, args...)...)
	return r
}

func (r *repo) git(args ...string) string {
	r.t.Helper()
	return r.gitIn("", args...)
}

func (r *repo) gitIn(stdin string, args ...string) string {
	r.t.Helper()
	c := exec.Command("git", args...)
	c.Dir, c.Env, c.Stdin = r.dir, gitEnv(r.dir), strings.NewReader(stdin)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return string(out)
}

func (r *repo) objects() string {
	if _, err := os.Stat(filepath.Join(r.dir, "objects")); err == nil {
		return filepath.Join(r.dir, "objects")
	}
	return filepath.Join(r.dir, ".git", "objects")
}

func (r *repo) write(name string, b []byte) {
	r.t.Helper()
	p := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(p, b, 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *repo) commit(msg string) {
	r.t.Helper()
	r.git("add", "-A")
	r.git("commit", "-q", "--allow-empty", "-m", msg)
}

// history commits n versions of a few files that change a little each time.
func (r *repo) history(n int) {
	r.t.Helper()
	rnd := rand.New(rand.NewPCG(7, uint64(n)))
	files := make([][]string, 4)
	for f := range files {
		for l := range 200 {
			files[f] = append(files[f], fmt.Sprintf("%d: line %d of file %d\n", rnd.Uint32(), l, f))
		}
	}
	r.write("empty", nil)
	r.write("one", []byte("x"))
	for v := range n {
		for f := range files {
			for range 3 {
				at := rnd.IntN(len(files[f]))
				files[f][at] = fmt.Sprintf("%d: changed in %d\n", rnd.Uint32(), v)
			}
			if v%5 == f {
				at := rnd.IntN(len(files[f]))
				files[f] = append(files[f][at:], files[f][:at]...)
			}
			r.write(fmt.Sprintf("d%d/f%d.txt", f%2, f), []byte(strings.Join(files[f], "")))
		}
		r.commit(fmt.Sprintf("version %d", v))
	}
	r.git("tag", "-a", "-m", "a tag", fmt.Sprintf("v%d", n))
}

type stored struct {
	t Type
	b []byte
}

// catFile is every object as git has it.
func (r *repo) catFile() map[string]stored {
	r.t.Helper()
	all := map[string]stored{}
	in := bufio.NewReader(strings.NewReader(r.git("cat-file", "--batch-all-objects", "--batch")))
	for {
		line, err := in.ReadString('\n')
		if err == io.EOF {
			return all
		}
		f := strings.Fields(line)
		var size int
		if len(f) != 3 {
			r.t.Fatalf("git cat-file: %q", line)
		}
		if _, err := fmt.Sscan(f[2], &size); err != nil {
			r.t.Fatal(err)
		}
		b := make([]byte, size)
		if _, err := io.ReadFull(in, b); err != nil {
			r.t.Fatal(err)
		}
		if _, err := in.ReadByte(); err != nil {
			r.t.Fatal(err)
		}
		all[f[0]] = stored{parseType([]byte(f[1])), b}
	}
}

// walkAll walks everything and checks what Walk promises. It returns the objects and the trouble.
func walkAll(t testing.TB, s *Store, workers int, types Types, want func(ID) bool) (map[string]stored, []Trouble, int) {
	t.Helper()
	return walkPlan(t, s, workers, Plan{Types: types, Want: want})
}

func walkPlan(t testing.TB, s *Store, workers int, p Plan) (map[string]stored, []Trouble, int) {
	t.Helper()
	all := map[string]stored{}
	var trouble []Trouble
	deltas := 0
	type seen struct {
		id    ID
		bytes []byte
	}
	stacks := make([][]seen, workers)
	open := make([]stored, workers)
	var mu sync.Mutex
	err := s.WalkPlan(context.Background(), workers, p, func(x Trouble) { trouble = append(trouble, x) }, func(w int, o *Object) error {
		mu.Lock()
		defer mu.Unlock()
		id := o.ID.Hex()
		if o.Offset > 0 {
			have := open[w].b
			if o.Offset > int64(len(have)) || !bytes.Equal(have[o.Offset:], o.Bytes[:len(have)-int(o.Offset)]) {
				t.Errorf("%s: window at %d does not continue %d bytes", id, o.Offset, len(have))
				return nil
			}
			open[w].b = slices.Concat(have, o.Bytes[len(have)-int(o.Offset):])
		} else {
			open[w] = stored{o.Type, bytes.Clone(o.Bytes)}
		}
		if !o.Last {
			return nil
		}
		if o.Size != int64(len(open[w].b)) {
			t.Errorf("%s: size %d, %d bytes", id, o.Size, len(open[w].b))
		}
		if _, ok := all[id]; ok {
			t.Errorf("%s visited twice", id)
		}
		all[id] = open[w]
		if o.Depth > len(stacks[w]) && o.Delta != nil {
			t.Errorf("%s: depth %d over a stack of %d", id, o.Depth, len(stacks[w]))
			return nil
		}
		for len(stacks[w]) < o.Depth {
			stacks[w] = append(stacks[w], seen{})
		}
		stacks[w] = append(stacks[w][:o.Depth], seen{o.ID, bytes.Clone(o.Bytes)})
		if o.Delta == nil {
			return nil
		}
		deltas++
		base := stacks[w][o.Depth-1]
		if base.id != o.Base || int64(len(base.bytes)) != o.BaseSize {
			t.Errorf("%s: base %s is not the last visited at its depth", id, o.Base)
			return nil
		}
		runs, bs, ts, err := Runs(o.Delta, nil)
		if err != nil || bs != o.BaseSize || ts != o.Size {
			t.Errorf("%s: runs of %d to %d: %v", id, bs, ts, err)
			return nil
		}
		checkRuns(t, runs, base.bytes, o.Bytes)
		return nil
	})
	if err != nil {
		t.Fatalf("walk: %v", err)
	}
	return all, trouble, deltas
}

func checkRuns(t testing.TB, runs []sources.Run, base, target []byte) {
	t.Helper()
	var at int64
	for i, r := range runs {
		if r.Target < at || r.Len <= 0 || r.Base < 0 || r.Base+r.Len > int64(len(base)) || r.Target+r.Len > int64(len(target)) {
			t.Errorf("run %d out of order or range: %+v", i, r)
			return
		}
		if i > 0 && runs[i-1].Target+runs[i-1].Len == r.Target && runs[i-1].Base+runs[i-1].Len == r.Base {
			t.Errorf("runs %d and %d continue each other", i-1, i)
		}
		if !bytes.Equal(base[r.Base:r.Base+r.Len], target[r.Target:r.Target+r.Len]) {
			t.Errorf("run %d copies other bytes: %+v", i, r)
		}
		at = r.Target + r.Len
	}
}

func open(t testing.TB, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// same compares a store with git, through every way of reading. It returns how many objects came with a delta.
func (r *repo) same(o Options) (deltas int) {
	r.t.Helper()
	return sameAs(r.t, r.objects(), o, r.catFile())
}

func sameAs(t testing.TB, dir string, o Options, want map[string]stored) (deltas int) {
	t.Helper()
	for _, noMap := range []bool{false, true} {
		o.NoMap = noMap
		s := open(t, dir, o)
		for _, x := range s.Troubles() {
			t.Errorf("opening: %v", x.Err)
		}
		got, trouble, n := walkAll(t, s, 3, All, nil)
		deltas = n
		for _, x := range trouble {
			t.Errorf("trouble: %s %s: %v", x.Reason, x.ID, x.Err)
		}
		compare(t, got, want)
		if n, err := s.Len(All); err != nil || n != len(want) {
			t.Errorf("Len: %d, %v, want %d", n, err, len(want))
		}
		for _, set := range []Types{Of(Blob), Of(Commit, Tag), Of(Tree)} {
			part := map[string]stored{}
			for id, x := range want {
				if set.Has(x.t) {
					part[id] = x
				}
			}
			got, _, _ := walkAll(t, s, 1, set, nil)
			compare(t, got, part)
			// Every third object: by its last digit.
			some := func(id ID) bool { return id.Hex()[39]%3 == 0 }
			for id := range part {
				if id[39]%3 != 0 {
					delete(part, id)
				}
			}
			got, _, _ = walkAll(t, s, 2, set, some)
			compare(t, got, part)
			got, _, _ = walkPlan(t, s, 2, Plan{Types: set, Beyond: setOf(t, want, func(id ID) bool { return !some(id) })})
			compare(t, got, part)
		}
		var buf []byte
		for id, x := range want {
			i, err := ParseID(id)
			if err != nil {
				t.Fatal(err)
			}
			if !s.Has(i) {
				t.Errorf("Has(%s) is false", id)
			}
			typ, b, err := s.Read(i, buf)
			if o.MaxObject > 0 && int64(len(x.b)) > o.MaxObject {
				if reasonOf(err) != TooLarge {
					t.Errorf("Read %s: %v, want too large", id, err)
				}
				continue
			}
			if err != nil || typ != x.t || !bytes.Equal(b, x.b) {
				t.Errorf("Read %s: %s of %d bytes, %v; want %s of %d", id, typ, len(b), err, x.t, len(x.b))
				continue
			}
			buf = b
		}
		if s.Has(ID{n: uint8(s.hash)}) {
			t.Error("Has an object of zeros")
		}
	}
	return deltas
}

func compare(t testing.TB, got, want map[string]stored) {
	t.Helper()
	bad := 0
	for id, w := range want {
		g, ok := got[id]
		if !ok || g.t != w.t || !bytes.Equal(g.b, w.b) {
			if bad++; bad < 5 {
				t.Errorf("%s: visited %v, %s of %d bytes; want %s of %d", id, ok, g.t, len(g.b), w.t, len(w.b))
			}
		}
	}
	for id := range got {
		if _, ok := want[id]; !ok {
			t.Errorf("%s visited, but not in the repository", id)
		}
	}
}

func packs(t testing.TB, r *repo, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(r.objects(), "pack", pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("no %s: %v", pattern, err)
	}
	return names
}

func remove(t testing.TB, names ...string) {
	t.Helper()
	for _, n := range names {
		if err := os.Remove(n); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLoose(t *testing.T) {
	r := newRepo(t)
	r.history(6)
	r.same(Options{Verify: true})
}

func TestPacked(t *testing.T) {
	r := newRepo(t)
	r.history(30)
	r.git("repack", "-q", "-adf", "--depth=50", "--window=50")
	if n := r.same(Options{Verify: true}); n < 50 {
		t.Errorf("%d objects with a delta", n)
	}
	// Bases by id instead of by distance.
	r.git("-c", "repack.useDeltaBaseOffset=false", "repack", "-q", "-adf", "--depth=4095", "--window=50")
	if n := r.same(Options{Cache: 1}); n < 50 {
		t.Errorf("%d objects with a delta by id", n)
	}
	// As git maintenance names them.
	for _, name := range packs(t, r, "pack-*.*") {
		if err := os.Rename(name, strings.Replace(name, "pack-", "loose-", 1)); err != nil {
			t.Fatal(err)
		}
	}
	r.same(Options{})
	r.git("-c", "pack.indexVersion=1", "repack", "-q", "-adf")
	r.same(Options{})
	// Large offsets: those of this test are told to use 64 bits.
	remove(t, packs(t, r, "pack-*.idx")...)
	p := packs(t, r, "pack-*.pack")[0]
	r.git("index-pack", "--index-version=2,0x40", p)
	r.same(Options{})
}

// TestTogether reads and walks one store from many goroutines, as visitors that read do.
func TestTogether(t *testing.T) {
	r := newRepo(t)
	r.history(12)
	r.git("repack", "-q", "-adf", "--depth=50", "--window=50")
	want := r.catFile()
	s := open(t, r.objects(), Options{Cache: 20_000})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			var bufs [4][]byte
			err := s.Walk(context.Background(), len(bufs), All, nil, func(w int, o *Object) error {
				typ, b, err := s.Read(o.ID, bufs[w])
				if err != nil || typ != o.Type || !bytes.Equal(b, o.Bytes) || !bytes.Equal(b, want[o.ID.Hex()].b) {
					return fmt.Errorf("%s: read differs: %w", o.ID, err)
				}
				if len(b) > 0 {
					b[0]++ // the caller's own
				}
				bufs[w] = b
				if len(b)%2 == 0 {
					bufs[w] = nil
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestSHA256(t *testing.T) {
	r := newRepo(t, "--object-format=sha256")
	r.history(10)
	if got := open(t, r.objects(), Options{}).Hash(); got != SHA256 {
		t.Errorf("detected %d", got)
	}
	r.same(Options{Verify: true})
	r.git("repack", "-q", "-adf", "--depth=50")
	r.same(Options{Verify: true})
	r.same(Options{Hash: SHA256})
}

func TestSeveralPacks(t *testing.T) {
	r := newRepo(t)
	r.history(5)
	r.git("repack", "-q", "-d")
	r.history(10)
	r.git("repack", "-q", "-d")
	// The whole again, with other deltas, beside the packs that there are, and loose objects that are packed, too.
	r.gitIn(r.git("rev-list", "--all", "--objects", "--no-object-names"), "pack-objects", "-q", "--window=50", "--no-reuse-delta", filepath.Join(r.objects(), "pack", "pack"))
	r.history(15)
	whole := r.gitIn(r.git("rev-list", "--all", "--objects"), "pack-objects", "-q", "--delta-base-offset", "--window=100", "--no-reuse-delta", filepath.Join(r.objects(), "pack", "pack"))
	// One of nothing but bases.
	var bases strings.Builder
	for line := range strings.Lines(r.git("verify-pack", "-v", filepath.Join(r.objects(), "pack", "pack-"+strings.TrimSpace(whole)+".idx"))) {
		if f := strings.Fields(line); len(f) == 7 {
			fmt.Fprintln(&bases, f[6])
		}
	}
	preferred := strings.TrimSpace(r.gitIn(bases.String(), "pack-objects", "-q", "--no-reuse-delta", filepath.Join(r.objects(), "pack", "pack")))
	if n := len(packs(t, r, "*.pack")); n != 5 {
		t.Fatalf("%d packs", n)
	}
	r.same(Options{Verify: true})

	// Of several packs the preferred one counts, then the latest.
	late := time.Unix(1_900_000_000, 0)
	if err := os.Chtimes(filepath.Join(r.objects(), "pack", "pack-"+strings.TrimSpace(whole)+".pack"), late, late); err != nil {
		t.Fatal(err)
	}
	r.git("multi-pack-index", "write", "--preferred-pack=pack-"+preferred+".pack")
	r.same(Options{})
	// Without .idx, which git itself asks for, bases that the multi-pack-index attributes to other packs have no entry.
	want := r.catFile()
	remove(t, packs(t, r, "*.idx")...)
	sameAs(t, r.objects(), Options{Verify: true}, want)
	s := open(t, r.objects(), Options{})
	if g, err := s.graphOf(); err != nil || len(g.anon) == 0 {
		t.Errorf("no base without an entry: %v", err)
	}
}

func TestCruft(t *testing.T) {
	r := newRepo(t)
	r.history(8)
	r.git("checkout", "-q", "--orphan", "gone")
	r.history(5)
	r.git("checkout", "-q", "main")
	r.git("branch", "-D", "gone")
	r.git("tag", "-d", "v5")
	r.git("reflog", "expire", "--expire=now", "--all")
	r.git("gc", "-q", "--cruft", "--prune=never")
	packs(t, r, "*.mtimes")
	r.same(Options{})
}

func TestAlternates(t *testing.T) {
	r := newRepo(t)
	r.history(6)
	r.git("repack", "-q", "-ad")
	r.write("more", []byte("loose in the alternate"))
	r.commit("more")
	c := &repo{t, filepath.Join(t.TempDir(), "clone")}
	r.git("clone", "-q", "-s", r.dir, c.dir)
	c.history(7)
	c.same(Options{})
	c.git("repack", "-q", "-adl")
	c.same(Options{})
	own, _, _ := walkAll(t, open(t, c.objects(), Options{NoAlternates: true}), 1, All, nil)
	if len(own) == 0 || len(own) >= len(c.catFile()) {
		t.Errorf("%d objects without alternates", len(own))
	}
	want := c.catFile()
	// A cycle, a comment, a quoted path, a relative path, and one that is not there.
	rel, err := filepath.Rel(r.objects(), c.objects())
	if err != nil {
		t.Fatal(err)
	}
	info := filepath.Join(r.objects(), "info")
	if err := os.MkdirAll(info, 0o755); err != nil {
		t.Fatal(err)
	}
	text := "# comment\n" + rel + "\n\"" + filepath.ToSlash(rel) + "\\057.\"\n\n/nowhere/at all\n"
	if err := os.WriteFile(filepath.Join(info, "alternates"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s := open(t, c.objects(), Options{})
	if x := s.Troubles(); len(x) != 1 || x[0].Reason != Unopened || !strings.Contains(x[0].Err.Error(), "nowhere") {
		t.Errorf("troubles: %v", x)
	}
	got, trouble, _ := walkAll(t, s, 2, All, nil)
	compare(t, got, want)
	if len(trouble) != 1 {
		t.Errorf("trouble: %v", trouble)
	}
}

func TestPartialClone(t *testing.T) {
	r := newRepo(t)
	r.history(8)
	r.git("config", "uploadpack.allowFilter", "true")
	c := &repo{t, filepath.Join(t.TempDir(), "clone")}
	r.git("clone", "-q", "--bare", "--filter=blob:none", "file://"+filepath.ToSlash(r.dir), c.dir)
	if !open(t, c.objects(), Options{}).Promisor() {
		t.Error("not seen as a partial clone")
	}
	c.same(Options{})
	for id, x := range r.catFile() {
		if x.t != Blob {
			continue
		}
		i, _ := ParseID(id)
		if _, _, err := open(t, c.objects(), Options{}).Read(i, nil); reasonOf(err) != Missing {
			t.Errorf("read of a blob left out: %v", err)
		}
		break
	}
}

func TestLarge(t *testing.T) {
	r := newRepo(t)
	rnd := rand.New(rand.NewPCG(3, 4))
	big := make([]byte, 3<<20+17)
	for i := range big {
		big[i] = byte(rnd.Uint32() & 63)
	}
	r.write("big", big)
	r.write("edge", big[:1<<20])
	r.write("over", big[:1<<20+1])
	r.history(2)
	o := Options{MaxObject: 1 << 20, Window: 700_000, Overlap: 1000, Verify: true}
	want := r.catFile()
	sameAs(t, r.objects(), o, want)
	r.git("-c", "core.bigFileThreshold=512k", "repack", "-q", "-adf")
	sameAs(t, r.objects(), o, want)
	// As deltas they are held whole one at a time, and visited in windows all the same.
	big[1<<20] ^= 1
	r.write("big", big)
	r.commit("again")
	r.git("repack", "-q", "-adf")
	want = r.catFile()
	got, trouble, _ := walkAll(t, open(t, r.objects(), o), 2, All, nil)
	compare(t, got, want)
	if len(trouble) > 0 {
		t.Errorf("trouble: %v", trouble)
	}
	// Up to a limit: what is over it is reported with its size.
	o.MaxBase = o.MaxObject
	got, trouble, _ = walkAll(t, open(t, r.objects(), o), 2, All, nil)
	for _, x := range trouble {
		n := int64(len(want[x.ID.Hex()].b))
		if x.Reason != TooLarge || x.Type != Blob || n == 0 || x.Size != 0 && x.Size != n {
			t.Errorf("trouble: %+v", x)
		}
		delete(want, x.ID.Hex())
	}
	if len(trouble) == 0 {
		t.Error("nothing was too large")
	}
	compare(t, got, want)
}

// TestLargeAlone holds that what is large is held by one worker at a time, loose or packed.
func TestLargeAlone(t *testing.T) {
	r := newRepo(t)
	for i := range 4 {
		b := make([]byte, largeFrom+i)
		b[0] = byte('a' + i)
		r.write(fmt.Sprint("large", i), b)
	}
	r.history(3)
	for _, args := range [][]string{nil, {"-c", "core.bigFileThreshold=1m", "repack", "-q", "-adf"}} {
		if args != nil {
			r.git(args...)
		}
		var held, visits atomic.Int32
		err := open(t, r.objects(), Options{}).WalkPlan(t.Context(), 4, Plan{Types: Of(Blob)}, nil, func(_ int, o *Object) error {
			if o.Size < largeFrom {
				return nil
			}
			visits.Add(1)
			if held.Add(1) > 1 {
				t.Error("two large objects are held at once")
			}
			time.Sleep(5 * time.Millisecond) // long enough for another worker to come
			held.Add(-1)
			return nil
		})
		if err != nil || visits.Load() != 4 {
			t.Errorf("%d large objects visited, %v", visits.Load(), err)
		}
	}
}

// TestFirst holds that families asked for come before all others.
func TestFirst(t *testing.T) {
	r := newRepo(t)
	r.history(12)
	var first []ID
	early := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(r.git("ls-tree", "-r", "HEAD")), "\n") {
		id, err := ParseID(strings.Fields(line)[2])
		if err != nil {
			t.Fatal(err)
		}
		first, early[id.Hex()] = append(first, id), true
	}
	r.git("repack", "-q", "-adf", "--depth=50", "--window=50")
	s := open(t, r.objects(), Options{})
	n, families, left := 0, 0, len(early)
	err := s.WalkPlan(t.Context(), 1, Plan{Types: Of(Blob), First: first}, nil, func(_ int, o *Object) error {
		n++
		if o.Depth == 0 && left > 0 {
			families++
		}
		if early[o.ID.Hex()] {
			delete(early, o.ID.Hex())
			left--
		}
		return nil
	})
	if err != nil || left != 0 {
		t.Fatalf("%v, %d of %d not visited", err, left, len(first))
	}
	if all, _ := s.Len(Of(Blob)); n != all || families > len(first) {
		t.Errorf("%d of %d visited; %d families before the last of %d objects that were to come first", n, all, families, len(first))
	}
}
