package history

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
)

// longHistory is a repository of generated commits, each of which changes one file four directories down and so makes five
// trees. Ids are numbers; trees are not kept but made again by each scan.
type longHistory struct {
	commits int
	stored  map[ID][]byte
	scanned func() // called when all trees have been handed out
}

func numbered(kind byte, n int) ID {
	var id ID
	// Spread over all bits, as hashes are.
	binary.BigEndian.PutUint64(id[:], uint64(n+1)*0x9e3779b97f4a7c15)
	id[8] = kind
	return id
}

// fanout is how many entries the directories of each level have.
var fanout = [5]int{40, 30, 20, 20, 20}

func (l *longHistory) Trees(_ context.Context, visit func(ID, []byte) error) error {
	r := rand.New(rand.NewPCG(1, 2))
	contents := map[[5]int][]byte{} // by path, -1 behind its end
	for i := range l.commits {
		var path [5]int
		for d := range path {
			path[d] = r.IntN(min(fanout[d], 12))
		}
		child := numbered('b', i)
		for d := 4; d >= 0; d-- {
			key := path
			for j := d; j < 5; j++ {
				key[j] = -1
			}
			content := contents[key]
			if content == nil {
				for e := range fanout[d] {
					mode, kind := "40000", byte('x')
					if d == 4 || e >= 12 {
						mode, kind = "100644", 'f'
					}
					id := numbered(kind, d)
					content = fmt.Appendf(content, "%s name%02d\x00%s", mode, e, id[:20])
				}
				contents[key] = content
			}
			width := len("100644 name00\x00") + 20
			if d < 4 {
				width--
			}
			at := path[d]*width + width - 20
			copy(content[at:], child[:20])
			child = numbered('t', i*5+d)
			if err := visit(child, content); err != nil {
				return err
			}
		}
	}
	l.scanned()
	return nil
}

func (l *longHistory) Read(id ID) (string, []byte, error) {
	if id == numbered('x', 0) || id == numbered('x', 1) || id == numbered('x', 2) || id == numbered('x', 3) {
		return TypeTree, nil, nil
	}
	if c, ok := l.stored[id]; ok {
		return TypeCommit, c, nil
	}
	return "", nil, errLost
}

func newLongHistory(commits int) (*longHistory, Options) {
	l := &longHistory{commits: commits, stored: map[ID][]byte{}}
	var o Options
	for i := range commits {
		id := numbered('c', i)
		b := fmt.Appendf(nil, "tree %s\n", numbered('t', i*5).Hex(20))
		if i > 0 {
			b = fmt.Appendf(b, "parent %s\n", numbered('c', i-1).Hex(20))
		}
		if i > 20 && i%5 == 0 {
			b = fmt.Appendf(b, "parent %s\n", numbered('c', i-7).Hex(20))
		}
		b = fmt.Appendf(b, "author A%d <a@b> 1 +0000\ncommitter C <c@d> %d +0000\n", i%500, 1_500_000_000+i*60)
		l.stored[id] = b
		if i%(commits/10_000+1) == 0 {
			o.Refs = append(o.Refs, Ref{fmt.Sprintf("refs/tags/v%06d", i), id, Tag})
		}
	}
	o.Refs = append(o.Refs, Ref{"refs/heads/main", numbered('c', commits-1), Branch})
	return l, o
}

// BenchmarkLocate walks 500,000 trees, 100,000 commits and 10,000 tags for 10,000 blobs.
func BenchmarkLocate(b *testing.B) {
	l, o := newLongHistory(100_000)
	o.Trouble = func(_ ID, err error) { b.Fatal(err) }
	var ids []string
	for i := 0; i < l.commits; i += 10 {
		ids = append(ids, numbered('b', i).Hex(20))
	}
	held := func() float64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc) / (1 << 20)
	}
	before := held()
	l.scanned = func() { b.ReportMetric(held()-before, "MiB-after-scan") } // the test's own trees, some 30 MiB, included
	for b.Loop() {
		n := 0
		for located, err := range Locate(b.Context(), l, o, ids) {
			if err != nil {
				b.Fatal(err)
			}
			if n += len(located.Where); n == 1 {
				b.ReportMetric(held()-before, "MiB-after-walk")
			}
		}
		b.ReportMetric(float64(n), "places")
	}
}
