package pack

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"sprawl/sources"
)

// seeds are small packs with every kind of entry.
func seeds() [][]made {
	a, b, c := "text a, which is long enough", "text a, which is longer", "text a, but not so"
	return [][]made{
		{blob(a), onto(1, a, b), onto(2, b, c), {t: Commit, content: []byte("tree x\n")}, {t: Tree, content: nil}, {t: Tag, content: []byte("object")}},
		{onto(0, b, c), onto(0, a, b), blob(a)},
		{blob("0"), onto(0, a, b)},
	}
}

func FuzzIndex(f *testing.F) {
	for _, e := range seeds() {
		_, idx := build(e)
		f.Add(idx, false)
	}
	f.Fuzz(func(t *testing.T, b []byte, sha256 bool) {
		hash := 20
		if sha256 {
			hash = 32
		}
		x, err := parseIndex("x", b, hash)
		if err != nil {
			return
		}
		if x.n*(hash+4) > len(b) {
			t.Fatalf("%d objects in %d bytes", x.n, len(b))
		}
		for i := range x.n {
			if off, err := x.offset(i); err == nil && off < 0 {
				t.Fatal("negative offset")
			}
			if j := x.find(x.id(i)); j >= 0 && !bytes.Equal(x.id(i), x.id(j)) {
				t.Fatal("found another id")
			}
		}
	})
}

// buildMidx makes a multi-pack-index over indexes.
func buildMidx(idx ...*index) []byte {
	type row struct {
		id        []byte
		pack, off uint32
	}
	var rows []row
	for k, x := range idx {
		for i := range x.n {
			off, _ := x.offset(i)
			at := len(rows)
			for at > 0 && bytes.Compare(rows[at-1].id, x.id(i)) > 0 {
				at--
			}
			if at > 0 && bytes.Equal(rows[at-1].id, x.id(i)) {
				continue
			}
			rows = append(rows[:at], append([]row{{x.id(i), uint32(k), uint32(off)}}, rows[at:]...)...)
		}
	}
	var names, fan, ids, offs []byte
	for k := range idx {
		names = fmt.Appendf(names, "pack-%040d.idx\x00", k)
	}
	for len(names)%4 != 0 {
		names = append(names, 0)
	}
	n := 0
	for b := range 256 {
		for n < len(rows) && int(rows[n].id[0]) <= b {
			n++
		}
		fan = binary.BigEndian.AppendUint32(fan, uint32(n))
	}
	for _, r := range rows {
		ids = append(ids, r.id...)
		offs = binary.BigEndian.AppendUint32(offs, r.pack)
		offs = binary.BigEndian.AppendUint32(offs, r.off)
	}
	out := []byte{'M', 'I', 'D', 'X', 1, 1, 4, 0, 0, 0, 0, byte(len(idx))}
	at := uint64(len(out) + 5*12)
	body := []byte{}
	for i, c := range [][]byte{names, fan, ids, offs} {
		out = append(out, []string{"PNAM", "OIDF", "OIDL", "OOFF"}[i]...)
		out = binary.BigEndian.AppendUint64(out, at)
		at += uint64(len(c))
		body = append(body, c...)
	}
	out = binary.BigEndian.AppendUint64(append(out, 0, 0, 0, 0), at)
	return append(append(out, body...), make([]byte, 20)...)
}

func FuzzMidx(f *testing.F) {
	var all []*index
	for _, e := range seeds() {
		_, b := build(e)
		x, err := parseIndex("x", b, 20)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, x)
		f.Add(buildMidx(all...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseMidx("x", b, 20)
		if err != nil {
			return
		}
		total := 0
		for k := range min(len(m.packs), 10) {
			x := m.of(k)
			total += x.n
			for i := range x.n {
				x.offset(i)
				x.find(x.id(i))
			}
		}
		if total > m.shared.n {
			t.Fatalf("%d entries of %d", total, m.shared.n)
		}
	})
}

func FuzzEntry(f *testing.F) {
	for _, e := range seeds() {
		p, _ := build(e)
		f.Add(p[packHeader:], int64(packHeader))
	}
	f.Add([]byte{0x6f | 0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0x7f}, int64(1)<<40)
	f.Fuzz(func(t *testing.T, b []byte, off int64) {
		for _, hash := range []int{20, 32} {
			e, err := parseEntry(b, off, hash)
			if err != nil {
				continue
			}
			if e.head <= 0 || e.head > min(int64(len(b)), maxHead) || e.size < 0 {
				t.Fatalf("%+v", e)
			}
			if e.kind == kindOfs && (e.ofs < packHeader || e.ofs >= off) {
				t.Fatalf("base at %d of %d", e.ofs, off)
			}
		}
	})
}

// FuzzDelta holds checkDelta, applyDelta and Runs against a plain reading of the format.
func FuzzDelta(f *testing.F) {
	f.Add([]byte("text a"), replace(6, 4, "and more"))
	f.Add([]byte("text a"), []byte{6, 12, 0x90, 6, 0x91, 1, 5, 1, 'x'})
	f.Add([]byte{}, []byte{0, 0})
	f.Fuzz(func(t *testing.T, base, delta []byte) {
		want, ok := plainApply(base, delta)
		size, err := checkDelta(delta, int64(len(base)))
		if (err == nil) != ok {
			t.Fatalf("checkDelta: %v, want ok %v", err, ok)
		}
		runs, bs, ts, runErr := Runs(delta, []sources.Run{{Target: 1, Base: 2, Len: 3}})
		if runs[0] != (sources.Run{Target: 1, Base: 2, Len: 3}) {
			t.Fatal("Runs changed what was there")
		}
		if err != nil {
			if runErr == nil && bs == int64(len(base)) {
				t.Fatalf("Runs accepts what checkDelta refuses: %v", err)
			}
			return
		}
		if size != int64(len(want)) || runErr != nil || bs != int64(len(base)) || ts != size {
			t.Fatalf("size %d of %d, Runs %d to %d, %v", size, len(want), bs, ts, runErr)
		}
		got := make([]byte, size)
		applyDelta(got, base, delta)
		if !bytes.Equal(got, want) {
			t.Fatal("other bytes")
		}
		checkRuns(t, runs[1:], base, got)
	})
}

const fuzzTarget = 1 << 20

func plainApply(base, d []byte) (out []byte, ok bool) {
	num := func() (v uint64, ok bool) {
		for shift := 0; len(d) > 0; shift += 7 {
			c := d[0]
			d = d[1:]
			if shift > 56 {
				return 0, false
			}
			v |= uint64(c&0x7f) << shift
			if c < 0x80 {
				return v, true
			}
		}
		return 0, false
	}
	bs, ok1 := num()
	ts, ok2 := num()
	if !ok1 || !ok2 || bs != uint64(len(base)) || ts > fuzzTarget {
		return nil, false
	}
	for len(d) > 0 {
		op := d[0]
		d = d[1:]
		if op == 0 {
			return nil, false
		}
		if op < 0x80 {
			if int(op) > len(d) {
				return nil, false
			}
			out, d = append(out, d[:op]...), d[op:]
		} else {
			var v [7]byte
			for k := range v {
				if op>>k&1 != 0 {
					if len(d) == 0 {
						return nil, false
					}
					v[k], d = d[0], d[1:]
				}
			}
			off, n := int(binary.LittleEndian.Uint32(v[:4])), int(v[4])|int(v[5])<<8|int(v[6])<<16
			if n == 0 {
				n = 0x10000
			}
			if off+n > len(base) {
				return nil, false
			}
			out = append(out, base[off:off+n]...)
		}
		if uint64(len(out)) > ts {
			return nil, false
		}
	}
	return out, uint64(len(out)) == ts
}

// fuzzStore opens and reads a folder every way there is; nothing may panic, take long, or be visited twice.
func fuzzStore(t *testing.T, dir string) {
	t.Helper()
	for _, o := range []Options{{}, {NoMap: true, Verify: true}} {
		o.Hash, o.MaxObject, o.MaxBase, o.Window, o.Overlap, o.Cache = SHA1, 4096, 8192, 1000, 100, 10_000
		s, err := Open(dir, o)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[ID]bool{}
		var ids []ID
		var total atomic.Int64
		err = s.Walk(context.Background(), 1, All, func(x Trouble) {
			if x.Err == nil || x.Reason == 0 || x.Err.Error() == "" {
				t.Errorf("%+v", x)
			}
			ids = append(ids, x.ID)
		}, func(_ int, o *Object) error {
			total.Add(int64(len(o.Bytes)))
			if !o.Last {
				return nil
			}
			ids = append(ids, o.ID)
			if o.Delta != nil {
				if _, bs, ts, err := Runs(o.Delta, nil); err != nil || bs != o.BaseSize || ts != o.Size {
					t.Errorf("runs: %v", err)
				}
			}
			seen[o.ID] = true
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		for _, id := range ids {
			s.Read(id, nil)
			s.Has(id)
		}
		s.Len(All)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func FuzzStore(f *testing.F) {
	for _, e := range seeds() {
		p, x := build(e)
		parsed, _ := parseIndex("x", x, 20)
		f.Add(p, x, []byte(nil), []byte(nil), uint16(0), byte(0))
		f.Add(p, []byte(nil), buildMidx(parsed), deflate([]byte("blob 1\x00x")), uint16(20), byte(1))
	}
	f.Fuzz(func(t *testing.T, pack, idx, midx, loose []byte, at uint16, with byte) {
		if len(pack) > 1<<16 || len(idx) > 1<<16 || len(midx) > 1<<16 || len(loose) > 1<<16 {
			return
		}
		// One byte of the pack is changed outright: zlib's checksums make most other mutations alike.
		if len(pack) > 0 {
			pack = bytes.Clone(pack)
			pack[int(at)%len(pack)] ^= with
		}
		dir := t.TempDir()
		put(t, dir, fmt.Sprintf("pack/pack-%040d.pack", 0), pack)
		if len(idx) > 0 {
			put(t, dir, fmt.Sprintf("pack/pack-%040d.idx", 0), idx)
		}
		if len(midx) > 0 {
			put(t, dir, "pack/multi-pack-index", midx)
		}
		if len(loose) > 0 {
			id := hashOf(Blob, []byte("x")).Hex()
			put(t, dir, id[:2]+"/"+id[2:], loose)
		}
		fuzzStore(t, dir)
		os.RemoveAll(dir)
	})
}

func FuzzLoose(f *testing.F) {
	f.Add(deflate([]byte("blob 5\x00hello")), true)
	f.Add([]byte("blob 5\x00hello"), false)
	f.Add([]byte("commit 9223372036854775807\x00"), false)
	f.Fuzz(func(t *testing.T, b []byte, stored bool) {
		if !stored {
			b = deflate(b)
		}
		name := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
		var sc scratch
		o, err := sc.readLoose(name, 1<<16, All, func(n int) []byte { return make([]byte, n) })
		if err == nil && o.bytes != nil && int64(len(o.bytes)) != o.size {
			t.Fatalf("%d of %d bytes", len(o.bytes), o.size)
		}
	})
}

func FuzzAlternates(f *testing.F) {
	f.Add([]byte("../x\n\"a\\057b\\n\"\n# c\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if bytes.ContainsRune(b, '/') || bytes.Contains(b, []byte("..")) || bytes.Contains(b, []byte(`\`)) {
			// Paths stay in the test's folder; what unquote makes is looked at alone.
			unquote(string(b))
			return
		}
		dir := t.TempDir()
		put(t, dir, "info/alternates", b)
		s, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
	})
}
