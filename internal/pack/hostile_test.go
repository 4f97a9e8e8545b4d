package pack

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// made is an entry of a pack that a test makes by hand.
type made struct {
	id      ID     // as the index says; by default that of content
	t       Type   // and content: what the object is
	content []byte //
	ofs     int    // 1 + the entry that is the base, by distance
	ref     ID     // the base, by id
	delta   []byte // instructions, if a delta
	size    int64  // declared; by default the truth
	raw     []byte // the zlib stream; by default a sound one
	skip    bool   // not in the index
}

func hashOf(t Type, b []byte) ID {
	h := sha1.New()
	fmt.Fprintf(h, "%s %d\x00", t, len(b))
	h.Write(b)
	return rawID(h.Sum(nil))
}

// deflater is used again and again: a new one takes most of a megabyte.
var deflater = zlib.NewWriter(nil)

func deflate(b []byte) []byte {
	var buf bytes.Buffer
	deflater.Reset(&buf)
	deflater.Write(b)
	deflater.Close()
	return buf.Bytes()
}

// replace is a delta that makes target by copying the first n bytes of a base and inserting the rest.
func replace(base int, n int, rest string) []byte {
	d := binary.AppendUvarint(nil, uint64(base))
	d = binary.AppendUvarint(d, uint64(n+len(rest)))
	if n > 0 {
		d = append(d, 0x80|0x10|0x20, byte(n), byte(n>>8))
	}
	for len(rest) > 0 {
		k := min(len(rest), 127)
		d = append(append(d, byte(k)), rest[:k]...)
		rest = rest[k:]
	}
	return d
}

// build makes a pack and its index.
func build(entries []made) (pack, idx []byte) {
	pack = []byte("PACK\x00\x00\x00\x02\x00\x00\x00\x00")
	type row struct {
		id  ID
		off int
	}
	var rows []row
	offs := make([]int, len(entries))
	for i, e := range entries {
		offs[i] = len(pack)
		body, kind := e.content, uint8(e.t)
		if e.delta != nil {
			body, kind = e.delta, kindRef
			if e.ofs > 0 {
				kind = kindOfs
			}
		}
		size := cmp.Or(e.size, int64(len(body)))
		c := kind<<4 | byte(size&15)
		for size >>= 4; size > 0; size >>= 7 {
			pack = append(pack, c|0x80)
			c = byte(size & 0x7f)
		}
		pack = append(pack, c)
		switch kind {
		case kindOfs:
			back := offs[i] - offs[e.ofs-1]
			b := []byte{byte(back & 0x7f)}
			for back >>= 7; back > 0; back >>= 7 {
				back--
				b = append(b, 0x80|byte(back&0x7f))
			}
			slices.Reverse(b)
			pack = append(pack, b...)
		case kindRef:
			pack = e.ref.AppendRaw(pack)
		}
		if e.raw != nil {
			pack = append(pack, e.raw...)
		} else {
			pack = append(pack, deflate(body)...)
		}
		if e.id.IsZero() {
			e.id = hashOf(e.t, e.content)
		}
		if !e.skip {
			rows = append(rows, row{e.id, offs[i]})
		}
	}
	binary.BigEndian.PutUint32(pack[8:], uint32(len(rows)))
	sum := sha1.Sum(pack)
	pack = append(pack, sum[:]...)

	slices.SortFunc(rows, func(a, b row) int { return bytes.Compare(a.id.raw(), b.id.raw()) })
	idx = []byte("\xfftOc\x00\x00\x00\x02")
	n := 0
	for b := range 256 {
		for n < len(rows) && int(rows[n].id.b[0]) <= b {
			n++
		}
		idx = binary.BigEndian.AppendUint32(idx, uint32(n))
	}
	for _, r := range rows {
		idx = r.id.AppendRaw(idx)
	}
	for range rows {
		idx = append(idx, 0, 0, 0, 0)
	}
	for _, r := range rows {
		idx = binary.BigEndian.AppendUint32(idx, uint32(r.off))
	}
	idx = append(idx, sum[:]...)
	own := sha1.Sum(idx)
	return pack, append(idx, own[:]...)
}

// storeOf writes packs into an objects folder, the first under the first name.
func storeOf(t testing.TB, packs ...[]made) string {
	t.Helper()
	dir := t.TempDir()
	for i, entries := range packs {
		p, x := build(entries)
		put(t, dir, fmt.Sprintf("pack/pack-%040d.pack", i), p)
		put(t, dir, fmt.Sprintf("pack/pack-%040d.idx", i), x)
	}
	return dir
}

func put(t testing.TB, dir, name string, b []byte) {
	t.Helper()
	p := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func blob(s string) made { return made{t: Blob, content: []byte(s)} }

// onto is a blob stored as a delta on entry base-1, or on the blob of that content if base is 0.
func onto(base int, baseText, text string) made {
	n := 0
	for n < min(len(baseText), len(text)) && baseText[n] == text[n] {
		n++
	}
	m := made{t: Blob, content: []byte(text), ofs: base, delta: replace(len(baseText), n, text[n:])}
	if base == 0 {
		m.ref = hashOf(Blob, []byte(baseText))
	}
	return m
}

func with(m made, change func(*made)) made {
	change(&m)
	return m
}

func TestDamage(t *testing.T) {
	a, b, c, d := "text a", "text b, derived", "text c, derived again", "text d"
	tests := []struct {
		name    string
		packs   [][]made
		want    string // contents visited, sorted
		trouble string // reasons, sorted
		err     string // in some trouble
	}{
		{"sound", [][]made{{blob(a), onto(1, a, b), onto(0, b, c), blob(d)}}, "a b c d", "", ""},
		{"base by id later in the pack", [][]made{{onto(0, b, c), onto(0, a, b), blob(a)}}, "a b c", "", ""},
		{"base in another pack", [][]made{{onto(0, a, b), onto(1, b, c)}, {blob(a)}}, "a b c", "", ""},
		{"copies that derive from each other", [][]made{{blob(a), onto(1, a, b)}, {blob(b), onto(1, b, a), onto(2, a, c)}}, "a b c", "", ""},
		{"base nowhere", [][]made{{onto(0, a, b), onto(1, b, c), blob(d)}}, "d", "base missing,base missing", "is not in the store"},
		{"cycle", [][]made{{onto(0, c, a), onto(0, a, b), onto(0, b, c), blob(d)}}, "d", "corrupt,corrupt,corrupt", "cycle"},
		{"base is itself", [][]made{{onto(0, a, a), blob(d)}}, "d", "corrupt", "cycle"},
		{"cycle over packs", [][]made{{onto(0, a, b), blob(d)}, {onto(0, b, a)}}, "d", "corrupt,corrupt", "cycle"},
		{"cycle with a sound copy", [][]made{{onto(0, a, b), onto(0, b, a), blob(d)}, {blob(a)}}, "a d", "corrupt", "cycle"},
		{"size of 4 GiB", [][]made{{with(blob(a), func(m *made) { m.size = 4 << 30 }), onto(1, a, b), blob(d)}}, "d", "corrupt,corrupt", "declared size"},
		{"size one too large", [][]made{{with(blob(a), func(m *made) { m.size = 7 }), onto(1, a, b), blob(d)}}, "d", "corrupt,corrupt", "its base"},
		{"no zlib", [][]made{{with(blob(a), func(m *made) { m.raw = make([]byte, 20) }), blob(d)}}, "d", "corrupt", "at offset 12"},
		{"no zlib, sound copy", [][]made{{with(blob(a), func(m *made) { m.raw = make([]byte, 20) }), onto(1, a, b), blob(d)}, {blob(a)}}, "a b d", "", ""},
		{"broken delta, sound copy", [][]made{{blob(a), with(onto(1, a, b), func(m *made) { m.delta = m.delta[:3] }), onto(2, b, c)}, {blob(b)}}, "a b c", "", ""},
		{"reserved type", [][]made{{with(blob(a), func(m *made) { m.t, m.id = 5, hashOf(Blob, m.content) }), onto(1, a, b), blob(d)}}, "d", "corrupt,corrupt", "reserved type"},
		{"base not in the index", [][]made{{with(blob(a), func(m *made) { m.skip = true }), onto(1, a, b), blob(d)}}, "b d", "", ""},
		{"base amid other bytes", [][]made{{with(blob(a), func(m *made) { m.skip = true; m.raw = []byte{5 << 4} }), with(onto(1, a, b), func(m *made) { m.ofs = 1 }), blob(d)}}, "d", "corrupt", "its base"},
		{"delta for another size", [][]made{{blob(a), with(onto(1, a, b), func(m *made) { m.delta[0]++ }), onto(2, b, c), blob(d)}}, "a d", "corrupt,corrupt", "for a base of 7 bytes"},
		{"delta copies past the base", [][]made{{blob(a), with(onto(1, a, b), func(m *made) { m.delta = replace(len(a), 7, "") })}}, "a", "corrupt", "outside its base"},
		{"delta too short", [][]made{{blob(a), with(onto(1, a, b), func(m *made) { m.delta[1] = 100 })}}, "a", "corrupt", "size it declares"},
		{"delta with a reserved instruction", [][]made{{blob(a), with(onto(1, a, b), func(m *made) { m.delta = []byte{6, 1, 0} })}}, "a", "corrupt", "reserved instruction"},
		{"delta of 100 GiB", [][]made{{blob(a), with(onto(1, a, b), func(m *made) {
			m.delta = binary.AppendUvarint([]byte{6}, 100<<30)
		})}}, "a", "corrupt", "size it declares"},
		{"empty delta", [][]made{{blob(a), with(onto(1, a, b), func(m *made) { m.delta = []byte{} })}}, "a", "corrupt", "ends inside"},
		{"large through copies", [][]made{{blob(a), with(onto(1, a, b), func(m *made) {
			m.delta = binary.AppendUvarint([]byte{6}, 6*40000)
			m.delta = append(m.delta, bytes.Repeat([]byte{0x90, 6}, 40000)...)
		}), blob(d)}}, "a d", "too large", "over the limit"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := storeOf(t, test.packs...)
			beyondAnything(t, dir, Options{MaxObject: 100_000, MaxBase: 100_000})
			for _, noMap := range []bool{false, true} {
				s := open(t, dir, Options{MaxObject: 100_000, MaxBase: 100_000, NoMap: noMap})
				if x := s.Troubles(); len(x) != 0 {
					t.Fatalf("opening: %v", x[0].Err)
				}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				got, trouble, _ := walkAll(t, s, 1, All, nil)
				runtime.ReadMemStats(&after)
				if n := after.TotalAlloc - before.TotalAlloc; n > 4<<20 {
					t.Errorf("%d bytes allocated", n)
				}
				var texts, reasons []string
				found := false
				for id, x := range got {
					texts = append(texts, strings.Fields(string(x.b) + "  ")[1][:1])
					if hashOf(x.t, x.b).Hex() != id {
						t.Errorf("visited %q as %s", x.b, id)
					}
				}
				for _, x := range trouble {
					reasons = append(reasons, x.Reason.String())
					found = found || strings.Contains(x.Err.Error(), test.err)
					var at *CorruptError
					if x.Reason == Corrupt && (!errors.As(x.Err, &at) || !strings.HasSuffix(at.Pack, ".pack") || at.Offset < packHeader || x.ID.IsZero()) {
						t.Errorf("trouble names no place: %+v", x)
					}
					if _, _, err := s.Read(x.ID, nil); err == nil || reasonOf(err) != x.Reason && x.Reason != Corrupt {
						t.Errorf("Read %s: %v", x.ID, err)
					}
				}
				slices.Sort(texts)
				slices.Sort(reasons)
				if g := strings.Join(texts, " "); g != test.want {
					t.Errorf("visited %q, want %q", g, test.want)
				}
				if g := strings.Join(reasons, ","); g != test.trouble || !found && test.err != "" {
					t.Errorf("trouble %q, want %q with %q: %v", g, test.trouble, test.err, trouble)
				}
				for id, x := range got {
					i, _ := ParseID(id)
					// Read does not look for other copies of a base.
					if _, b, err := s.Read(i, nil); err != nil && !strings.Contains(test.name, "sound copy") || err == nil && !bytes.Equal(b, x.b) {
						t.Errorf("Read %s: %v", id, err)
					}
				}
			}
		})
	}
}

// TestDeep walks chains and bushes far beyond what git makes.
func TestDeep(t *testing.T) {
	const n = 30_000
	text := func(i int) string { return fmt.Sprintf("x %060d", i) }
	chain := []made{blob(text(0))}
	bush := []made{blob(text(0))}
	for i := 1; i < n; i++ {
		chain = append(chain, onto(i, text(i-1), text(i)))
		bush = append(bush, onto((i+1)/2, text((i+1)/2-1), text(i)))
	}
	for name, entries := range map[string][]made{"chain": chain, "bush": bush} {
		s := open(t, storeOf(t, entries), Options{})
		count, depth := 0, 0
		held := 0
		err := s.Walk(context.Background(), 1, All, func(x Trouble) { t.Fatal(x.Err) }, func(_ int, o *Object) error {
			count++
			depth = max(depth, o.Depth)
			return nil
		})
		if err != nil || count != n {
			t.Errorf("%s: %d visited, %v", name, count, err)
		}
		if name == "chain" && depth != n-1 {
			t.Errorf("depth %d", depth)
		}
		// What one worker holds at most.
		g, _ := s.graphOf()
		h := &hand{walk: &walk{s: s, g: g, types: All, visit: func(int, *Object) error { return nil }}}
		h.visit = func(int, *Object) error { held = max(held, len(h.stack)); return nil }
		if err := h.family(context.Background(), g.roots[0]); err != nil {
			t.Fatal(err)
		}
		if held > 17 {
			t.Errorf("%s: %d contents held at once", name, held)
		}
		last := hashOf(Blob, []byte(text(n-1)))
		_, b, err := s.Read(last, nil)
		if name == "bush" && (err != nil || string(b) != text(n-1)) {
			t.Errorf("Read: %v", err)
		}
		if name == "chain" && !errors.Is(err, errChain) {
			t.Errorf("Read of a chain of %d: %v", n, err)
		}
	}
}

// TestOneOffset gives many objects one offset: time must not grow with the square of their number.
func TestOneOffset(t *testing.T) {
	p, x := build([]made{blob("text a"), blob("text b")})
	const n = 100_000
	idx := bytes.Clone(x[:8])
	for b := range 256 {
		idx = binary.BigEndian.AppendUint32(idx, uint32(n*(b+1)/256))
	}
	for i := range n {
		id := make([]byte, 20)
		id[0] = byte((256*i + 255) / n)
		binary.BigEndian.PutUint32(id[1:], uint32(i))
		idx = append(idx, id...)
	}
	idx = append(idx, make([]byte, 4*n)...)
	for range n {
		idx = binary.BigEndian.AppendUint32(idx, packHeader)
	}
	idx = append(idx, x[len(x)-40:]...)
	dir := t.TempDir()
	put(t, dir, fmt.Sprintf("pack/pack-%040d.pack", 0), p)
	put(t, dir, fmt.Sprintf("pack/pack-%040d.idx", 0), idx)
	count := 0
	err := open(t, dir, Options{}).Walk(context.Background(), 1, All, nil, func(int, *Object) error { count++; return nil })
	if err != nil || count != n {
		t.Errorf("%d visited, %v", count, err)
	}
}

func TestMismatch(t *testing.T) {
	lie := with(blob("text a"), func(m *made) { m.id = hashOf(Blob, []byte("other")) })
	dir := storeOf(t, []made{lie, blob("text b")})
	for _, verify := range []bool{false, true} {
		_, trouble, _ := walkAll(t, open(t, dir, Options{Verify: verify}), 1, All, nil)
		if verify && (len(trouble) != 1 || trouble[0].Reason != Mismatch || trouble[0].ID != lie.id) || !verify && len(trouble) > 0 {
			t.Errorf("verify %v: %v", verify, trouble)
		}
	}
	if _, _, err := open(t, dir, Options{Verify: true}).Read(lie.id, nil); !errors.Is(err, errHash) {
		t.Errorf("Read: %v", err)
	}
	// An index of another pack: reported, and its objects checked unasked.
	p, _ := build([]made{blob("text c"), blob("text d")})
	put(t, dir, fmt.Sprintf("pack/pack-%040d.pack", 0), p)
	s := open(t, dir, Options{})
	_, trouble, _ := walkAll(t, s, 1, All, nil)
	if len(trouble) < 2 || trouble[0].Reason != Unopened {
		t.Errorf("foreign index: %v", trouble)
	}
}

// TestTruncated cuts a pack and an index short: before they are opened, and while they are mapped, which faults.
func TestTruncated(t *testing.T) {
	var entries []made
	for i := range 3000 {
		entries = append(entries, blob(fmt.Sprintf("t%d %x", i, sha1.Sum([]byte{byte(i), byte(i >> 8)}))))
		if i%2 == 1 {
			entries[i] = onto(i, string(entries[i-1].content), string(entries[i].content))
		}
	}
	for _, noMap := range []bool{false, true} {
		for _, late := range []bool{false, true} {
			for _, ext := range []string{"pack", "idx"} {
				for _, part := range []float64{0, 0.4, 0.99} {
					name := fmt.Sprintf("%s to %v, late %v, noMap %v", ext, part, late, noMap)
					dir := storeOf(t, entries)
					file := filepath.Join(dir, "pack", fmt.Sprintf("pack-%040d.%s", 0, ext))
					st, err := os.Stat(file)
					if err != nil {
						t.Fatal(err)
					}
					cut := func() {
						if err := os.Truncate(file, int64(part*float64(st.Size()))); err != nil {
							t.Skip(err)
						}
					}
					if !late {
						cut()
					}
					s := open(t, dir, Options{NoMap: noMap})
					if late {
						cut()
					}
					for round := range 2 {
						var count atomic.Int32
						var trouble []Trouble
						err = s.Walk(context.Background(), 2, All, func(x Trouble) { trouble = append(trouble, x) }, func(_ int, o *Object) error {
							count.Add(1)
							return nil
						})
						got := count.Load()
						if ext == "pack" && err != nil {
							t.Errorf("%s: %v", name, err)
						}
						if got == 3000 && ext == "pack" || got < 3000 && len(trouble) == 0 && err == nil && round == 0 {
							t.Errorf("%s: %d visited, %d in trouble", name, got, len(trouble))
						}
						if ext == "pack" && part == 0.4 && got < 1000 {
							t.Errorf("%s: %d visited", name, got)
						}
					}
					s.Read(hashOf(Blob, entries[2998].content), nil)
					s.Has(hashOf(Blob, entries[2998].content))
					if late && ext == "pack" && part < 0.5 {
						if _, _, err := s.Read(hashOf(Blob, entries[2998].content), nil); reasonOf(err) != Corrupt || err == nil {
							t.Errorf("%s: Read: %v", name, err)
						}
					}
				}
			}
		}
	}
}

func TestVisitPanicPasses(t *testing.T) {
	s := open(t, storeOf(t, []made{blob("text a")}), Options{})
	g, _ := s.graphOf()
	h := &hand{walk: &walk{s: s, g: g, types: All, visit: func(int, *Object) error { panic("of the visitor") }}}
	defer func() {
		if r := recover(); r != "of the visitor" {
			t.Errorf("recovered %v", r)
		}
	}()
	_ = h.family(context.Background(), g.roots[0]) // it panics, or the test fails
}

func TestWalkStops(t *testing.T) {
	var entries []made
	for i := range 2000 {
		entries = append(entries, blob(fmt.Sprint("t ", i)))
	}
	s := open(t, storeOf(t, entries), Options{})
	stop := errors.New("stop")
	n := 0
	if err := s.Walk(context.Background(), 1, All, nil, func(int, *Object) error {
		if n++; n == 10 {
			return stop
		}
		return nil
	}); !errors.Is(err, stop) || n != 10 {
		t.Errorf("%v after %d", err, n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	n = 0
	if err := s.Walk(ctx, 1, All, nil, func(int, *Object) error {
		if n++; n == 10 {
			cancel()
		}
		return nil
	}); !errors.Is(err, context.Canceled) || n != 10 {
		t.Errorf("%v after %d", err, n)
	}
}

func TestLooseDamage(t *testing.T) {
	good := []byte("blob 5\x00hello")
	tests := map[string][]byte{
		"empty":          {},
		"no zlib":        good,
		"no header":      deflate([]byte("hello")),
		"other type":     deflate([]byte("blub 5\x00hello")),
		"negative":       deflate([]byte("blob -5\x00hello")),
		"leading zero":   deflate([]byte("blob 05\x00hello")),
		"longer":         deflate([]byte("blob 6\x00hello")),
		"shorter":        deflate([]byte("blob 4\x00hello")),
		"huge":           deflate([]byte("blob 60000000\x00hello")),
		"over 63 bits":   deflate([]byte("blob 18446744073709551615\x00hello")),
		"cut":            deflate(good)[:12],
		"header endless": deflate(bytes.Repeat([]byte("blob "), 1000)),
	}
	for name, b := range tests {
		dir := t.TempDir()
		id := hashOf(Blob, []byte("hello"))
		put(t, dir, id.Hex()[:2]+"/"+id.Hex()[2:], b)
		s := open(t, dir, Options{})
		got, trouble, _ := walkAll(t, s, 1, All, nil)
		if len(got) != 0 || len(trouble) != 1 || trouble[0].Reason != Corrupt || trouble[0].ID != id {
			t.Errorf("%s: visited %d, trouble %v", name, len(got), trouble)
		}
		if _, _, err := s.Read(id, nil); reasonOf(err) != Corrupt {
			t.Errorf("%s: Read: %v", name, err)
		}
	}
}
