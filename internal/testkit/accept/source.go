// Package accept holds the conformance suites that every plug-in of a kind runs: what the contract in an interface's comment
// says is checked here, once. It is for tests, and knows no implementation.
package accept

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sprawl/finding"
	"sprawl/sources"
)

// Blobs is what a source is to hand out: the whole content by Blob.ID.
type Blobs map[string][]byte

const (
	soon       = 10 * time.Second // how long a loaded machine may take for what is immediate
	goroutines = 8                // that a source may have beside its workers
)

// Source checks a source against the contract in sources.go. open makes a new one for the same target each time; it is closed
// by nobody, so it holds nothing open between walks.
func Source(t *testing.T, open func() sources.Source, want Blobs) {
	t.Helper()
	for _, workers := range []int{1, 4} {
		t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) { everything(t.Context(), t, open(), workers, want) })
	}
	t.Run("name", func(t *testing.T) {
		name := open().Name()
		if kind, _, ok := strings.Cut(name, ":"); name != "-" && (!ok || kind == "" || strings.ContainsAny(kind, `/\ `)) {
			t.Errorf("Name is %q, want KIND:TARGET or -", name)
		}
		if strings.Contains(name, "@") && strings.Contains(name, "://") {
			t.Errorf("Name is %q and may carry credentials", name)
		}
	})
	if len(want) > 0 {
		t.Run("error of visit", func(t *testing.T) { stops(t.Context(), t, open()) })
	}
	if len(want) > 1 { // else there is nothing left to cancel
		t.Run("cancelled at the first visit", func(t *testing.T) { cancelled(t.Context(), t, open()) })
	}
	t.Run("cancelled before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		n := 0
		err := timed(t, func() error {
			return open().Walk(ctx, 1, new(sources.Ledger), func(int, sources.Blob) error { n++; return nil })
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Walk returned %v, want context.Canceled", err)
		}
		if n > 0 {
			t.Errorf("%d visits", n)
		}
	})
}

// reporter is what of testing.T a check needs; the tests of this package record with it.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// watch is the visit of a walk under test: it holds what a caller may rely on and collects what came.
type watch struct {
	t       reporter
	workers int
	base    int // goroutines before the walk

	busy []atomic.Bool
	over atomic.Bool

	mu      sync.Mutex
	pieces  map[string][]piece
	visitor map[string]int
	most    int
	where   map[string][]finding.Location
}

type piece struct {
	offset, size int64
	line         int
	bytes        []byte
}

func newWatch(t reporter, workers int) *watch {
	return &watch{
		t: t, workers: workers, base: settled(), busy: make([]atomic.Bool, workers),
		pieces: map[string][]piece{}, visitor: map[string]int{}, where: map[string][]finding.Location{},
	}
}

// settled is the number of goroutines once those of what ran before have ended: one that is counted as it ends would hide one
// that is left behind.
func settled() int {
	n := runtime.NumGoroutine()
	for still := 0; still < 5; still++ {
		time.Sleep(time.Millisecond)
		if now := runtime.NumGoroutine(); now < n {
			n, still = now, 0
		}
	}
	return n
}

func (w *watch) visit(n int, b sources.Blob) error {
	if w.over.Load() {
		w.t.Errorf("visit called after Walk returned")
	}
	if n < 0 || n >= w.workers {
		w.t.Errorf("worker %d of %d", n, w.workers)
		return nil
	}
	if w.busy[n].Swap(true) {
		w.t.Errorf("worker %d called twice at a time", n)
	}
	defer w.busy[n].Store(false)
	content := bytes.Clone(b.Bytes)
	runtime.Gosched() // gives a source that reuses a buffer too early the chance to
	if !bytes.Equal(content, b.Bytes) {
		w.t.Errorf("%s: the bytes changed during the call", b.ID)
	}

	w.mu.Lock()
	defer w.mu.Unlock()
	w.most = max(w.most, runtime.NumGoroutine())
	if b.ID == "" {
		w.t.Errorf("blob without an ID")
	}
	w.delta(n, b)
	w.visitor[b.ID] = n
	w.pieces[b.ID] = append(w.pieces[b.ID], piece{b.Offset, b.Size, b.Line, content})
	w.where[b.ID] = append(w.where[b.ID], b.Where...)
	return nil
}

// delta checks that the base came before, to the same worker, and that the runs say the truth.
func (w *watch) delta(n int, b sources.Blob) {
	if b.Delta == nil {
		return
	}
	base, ok := w.pieces[b.Delta.Base]
	switch {
	case !ok:
		w.t.Errorf("%s: base %s not visited before", b.ID, b.Delta.Base)
		return
	case w.visitor[b.Delta.Base] != n:
		w.t.Errorf("%s: base %s was visited by worker %d, not %d", b.ID, b.Delta.Base, w.visitor[b.Delta.Base], n)
	case int64(len(base[0].bytes)) != b.Delta.BaseSize:
		w.t.Errorf("%s: base has %d bytes, not %d", b.ID, len(base[0].bytes), b.Delta.BaseSize)
		return
	}
	end := int64(0)
	for i, r := range b.Delta.Runs {
		switch {
		case r.Len <= 0 || r.Target < end || r.Base < 0 || r.Target+r.Len > int64(len(b.Bytes)) || r.Base+r.Len > b.Delta.BaseSize:
			w.t.Errorf("%s: run %d is out of order or out of bounds", b.ID, i)
			return
		case !bytes.Equal(b.Bytes[r.Target:r.Target+r.Len], base[0].bytes[r.Base:r.Base+r.Len]):
			w.t.Errorf("%s: run %d is no copy", b.ID, i)
			return
		case i > 0 && r.Target == end && r.Base == b.Delta.Runs[i-1].Base+b.Delta.Runs[i-1].Len:
			w.t.Errorf("%s: run %d continues the one before and is not merged with it", b.ID, i)
		}
		end = r.Target + r.Len
	}
}

// done checks that the walk left nothing running.
func (w *watch) done() {
	w.over.Store(true)
	for n := range w.busy {
		if w.busy[n].Load() {
			w.t.Errorf("worker %d was still in visit when Walk returned", n)
		}
	}
	for end := time.Now().Add(soon); runtime.NumGoroutine() > w.base; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			w.t.Errorf("%d goroutines left behind", runtime.NumGoroutine()-w.base)
			break
		}
	}
	w.mu.Lock() // also orders what a late visit wrote before what is read from here on
	defer w.mu.Unlock()
	if w.most > w.base+w.workers+goroutines {
		w.t.Errorf("%d goroutines for %d workers", w.most-w.base, w.workers)
	}
}

func everything(ctx context.Context, t reporter, src sources.Source, workers int, want Blobs) {
	w := newWatch(t, workers)
	led := new(sources.Ledger)
	if err := src.Walk(ctx, workers, led, w.visit); err != nil {
		t.Errorf("Walk: %v", err)
		return
	}
	w.done()

	for id, content := range want {
		if _, ok := w.pieces[id]; !ok {
			t.Errorf("%s: not visited", id)
			continue
		}
		whole(t, id, w.pieces[id], content)
	}
	for id := range w.pieces {
		if _, ok := want[id]; !ok {
			t.Errorf("%s: visited, and not expected", id)
		}
	}
	seen, _, _ := led.Progress()
	if seen < int64(len(want)) {
		t.Errorf("the ledger saw %d objects of %d", seen, len(want))
	}
	c := led.Coverage()
	if len(c.Targets) == 0 {
		t.Errorf("the ledger names no target")
	}
	if len(w.pieces) == 0 && c.Complete() {
		t.Errorf("nothing was visited, and the ledger calls that complete")
	}
	places(ctx, t, src, w)
}

// whole puts the windows of a blob together again.
func whole(t reporter, id string, ps []piece, want []byte) {
	t.Helper()
	slices.SortFunc(ps, func(a, b piece) int { return int(a.offset - b.offset) })
	end := int64(0)
	for i, p := range ps {
		to := p.offset + int64(len(p.bytes))
		switch {
		case i == 0 && p.offset != 0:
			t.Errorf("%s: begins at %d", id, p.offset)
		case i > 0 && p.offset == ps[i-1].offset:
			t.Errorf("%s: visited twice", id)
		case i > 0 && p.offset >= end:
			t.Errorf("%s: window at %d does not overlap the one before, which ends at %d", id, p.offset, end)
		case to > int64(len(want)) || !bytes.Equal(p.bytes, want[p.offset:to]):
			t.Errorf("%s: bytes [%d:%d] are not those expected", id, p.offset, to)
		case p.line != bytes.Count(want[:p.offset], []byte{'\n'}):
			t.Errorf("%s: window at %d says %d lines stand before it", id, p.offset, p.line)
		case p.size < to || len(ps) == 1 && p.size != int64(len(want)):
			t.Errorf("%s: size %d of %d bytes", id, p.size, len(want))
		}
		end = max(end, to)
	}
	if end != int64(len(want)) {
		t.Errorf("%s: ends at %d of %d bytes", id, end, len(want))
	}
}

// places checks that every blob is somewhere.
func places(ctx context.Context, t reporter, src sources.Source, w *watch) {
	var ask []string
	for _, id := range slices.Sorted(maps.Keys(w.where)) {
		if len(w.where[id]) == 0 {
			ask = append(ask, id)
		}
		for _, l := range w.where[id] {
			location(t, id, l)
		}
	}
	if len(ask) == 0 {
		return
	}
	loc, ok := src.(sources.Locator)
	if !ok {
		t.Errorf("%d blobs have no place, and the source is no Locator: %s", len(ask), ask[0])
		return
	}
	left := map[string]bool{}
	for _, id := range ask {
		left[id] = true
	}
	for l, err := range loc.Locate(ctx, ask) {
		if err != nil {
			t.Errorf("Locate: %v", err)
			return
		}
		if !left[l.ID] {
			t.Errorf("%s: located twice, or not asked for", l.ID)
		}
		delete(left, l.ID)
		if len(l.Where) == 0 {
			t.Errorf("%s: located nowhere", l.ID)
		}
		for _, p := range l.Where {
			location(t, l.ID, p)
		}
	}
	for id := range left {
		t.Errorf("%s: not located", id)
	}
}

func location(t reporter, id string, l finding.Location) {
	t.Helper()
	if l.Source == "" || l.Target == "" || l.State == "" {
		t.Errorf("%s: location without source, target or state: %q %q %q", id, l.Source, l.Target, l.State)
	}
	if l.Path != "" && (path.IsAbs(l.Path) || path.Clean(l.Path) != l.Path || strings.HasPrefix(l.Path, "../")) {
		t.Errorf("%s: path %q is not a clean slash path below the target", id, l.Path)
	}
}

// timed fails if f takes long.
func timed(t reporter, f func() error) error {
	t.Helper()
	start := time.Now()
	err := f()
	if d := time.Since(start); d > soon {
		t.Errorf("Walk took %v to end", d)
	}
	return err
}

func stops(ctx context.Context, t reporter, src sources.Source) {
	const workers = 2
	w := newWatch(t, workers)
	mine := errors.New("visit failed")
	var after atomic.Int64
	err := timed(t, func() error {
		return src.Walk(ctx, workers, new(sources.Ledger), func(n int, b sources.Blob) error {
			_ = w.visit(n, b)
			after.Add(1)
			return mine
		})
	})
	w.done()
	if !errors.Is(err, mine) {
		t.Errorf("Walk returned %v, want the error of visit", err)
	}
	if n := after.Load(); n > workers {
		t.Errorf("%d visits, though each worker's first failed", n)
	}
}

func cancelled(ctx context.Context, t reporter, src sources.Source) {
	const workers = 2
	w := newWatch(t, workers)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var after atomic.Int64
	err := timed(t, func() error {
		return src.Walk(ctx, workers, new(sources.Ledger), func(n int, b sources.Blob) error {
			if ctx.Err() != nil {
				after.Add(1)
			}
			cancel()
			return w.visit(n, b)
		})
	})
	w.done()
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Walk returned %v, want context.Canceled", err)
	}
	if n := after.Load(); n > 2*workers {
		t.Errorf("%d visits after the context ended", n)
	}
}
