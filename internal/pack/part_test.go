package pack

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
)

// setOf is the set of those objects that in accepts.
func setOf(t testing.TB, all map[string]stored, in func(ID) bool) *Set {
	t.Helper()
	var ids []ID
	for h := range all {
		id, err := ParseID(h)
		if err != nil {
			t.Fatal(err)
		}
		if in(id) {
			ids = append(ids, id)
		}
	}
	return sorted(ids)
}

func sorted(ids []ID) *Set {
	slices.SortFunc(ids, func(a, b ID) int { return bytes.Compare(a.raw(), b.raw()) })
	var raw []byte
	size := SHA1.Size()
	for _, id := range ids {
		raw = id.AppendRaw(raw)
		size = len(id.raw())
	}
	return NewSet(raw, size)
}

// beyondAnything walks a small store without each of the sets that can be made of its objects, and compares that with a walk that
// looks at the whole store.
func beyondAnything(t *testing.T, dir string, o Options) {
	t.Helper()
	var ids []ID
	x := open(t, dir, o)
	for _, p := range x.packs {
		for i := range p.idx.n {
			ids = append(ids, rawID(p.idx.id(i)))
		}
	}
	slices.SortFunc(ids, func(a, b ID) int { return bytes.Compare(a.raw(), b.raw()) })
	ids = slices.Compact(ids)
	result := func(p Plan) (texts, troubles []string) {
		got, trouble, _ := walkPlan(t, open(t, dir, o), 1, p)
		for id, x := range got {
			texts = append(texts, id+string(x.b))
		}
		for _, x := range trouble {
			troubles = append(troubles, fmt.Sprint(x.ID.Hex(), x.Reason))
		}
		slices.Sort(texts)
		slices.Sort(troubles)
		return texts, troubles
	}
	for mask := range 1 << len(ids) {
		var known []ID
		for i, id := range ids {
			if mask>>i&1 != 0 {
				known = append(known, id)
			}
		}
		set := sorted(known)
		want, trouble := result(Plan{Types: All, Want: func(id ID) bool { return !slices.Contains(known, id) }})
		texts, troubles := result(Plan{Types: All, Beyond: set})
		if !slices.Equal(texts, want) {
			t.Errorf("without %v: visited %q, want %q", known, texts, want)
		}
		if !slices.Equal(troubles, trouble) {
			t.Errorf("without %v: trouble %q, want %q", known, troubles, trouble)
		}
	}
}

func TestLacks(t *testing.T) {
	r := newRepo(t)
	r.history(5)
	r.git("repack", "-q", "-d")
	r.history(6)
	all := r.catFile()
	s := open(t, r.objects(), Options{})
	whole := setOf(t, all, func(ID) bool { return true })
	if n, err := s.Lacks(whole); n != 0 || err != nil {
		t.Errorf("lacks %d of its own objects, %v", n, err)
	}
	if got, _, _ := walkPlan(t, s, 1, Plan{Types: All, Beyond: whole}); len(got) != 0 {
		t.Errorf("visited %d objects, and none is new", len(got))
	}
	foreign := []ID{hashOf(Blob, []byte("one")), hashOf(Blob, []byte("two"))}
	more := setOf(t, all, func(id ID) bool { return id.Hex()[39]%2 == 0 })
	var ids []ID
	for i := range more.Len() {
		ids = append(ids, rawID(more.at(i)))
	}
	if n, err := s.Lacks(sorted(append(ids, foreign...))); n != len(foreign) || err != nil {
		t.Errorf("lacks %d, %v; want %d", n, err, len(foreign))
	}
}

func TestSet(t *testing.T) {
	var ids []ID
	for i := range 3000 {
		ids = append(ids, hashOf(Blob, fmt.Append(nil, i)))
	}
	in, out := ids[:2000], slices.Clone(ids[2000:])
	s := sorted(in)
	if s.Len() != len(in) {
		t.Errorf("%d ids, want %d", s.Len(), len(in))
	}
	for _, id := range in {
		if !s.Has(id.raw()) {
			t.Errorf("%s is not in it", id)
		}
	}
	for _, id := range out {
		if s.Has(id.raw()) {
			t.Errorf("%s is in it", id)
		}
	}
	if s.Has(nil) || NewSet(nil, 20).Has(in[0].raw()) {
		t.Error("an empty set, or id, has something")
	}
}

func TestMerged(t *testing.T) {
	list := func(ns ...int) (raw []byte) {
		for _, n := range ns {
			raw = append(raw, 0, byte(n))
		}
		return raw
	}
	var even, third, both []int
	for i := range 200 {
		if i%2 == 0 {
			even = append(even, i)
		}
		if i%3 == 0 {
			third = append(third, i)
		}
		if i%2 == 0 || i%3 == 0 {
			both = append(both, i)
		}
	}
	for _, c := range []struct{ a, b, want []int }{
		{nil, nil, nil}, {nil, []int{1}, []int{1}}, {[]int{1, 2}, []int{1, 2}, []int{1, 2}}, {[]int{1, 3, 5}, []int{0, 6}, []int{0, 1, 3, 5, 6}},
		{even, third, both}, {even, []int{77}, append(append(slices.Clone(even[:39]), 77), even[39:]...)},
	} {
		for _, pair := range [][2][]int{{c.a, c.b}, {c.b, c.a}} {
			if got := merged(list(pair[0]...), list(pair[1]...), 2); !bytes.Equal(got, list(c.want...)) {
				t.Errorf("%v and %v make %v, want %v", pair[0], pair[1], got, c.want)
			}
		}
	}
}
