package accept

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sprawl/finding"
	"sprawl/sources"
)

// recorder collects what a check complains of.
type recorder struct {
	mu  sync.Mutex
	all []string
}

func (*recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, fmt.Sprintf(format, args...))
}

// fake is a source that hands out its blobs from one worker, and may be broken in one way.
type fake struct {
	blobs []sources.Blob
	flaw  string
}

func (f fake) Name() string { return "fake:x" }

func (f fake) Walk(ctx context.Context, workers int, led *sources.Ledger, visit func(int, sources.Blob) error) error {
	led.Target(finding.TargetCoverage{Source: "fake", Target: "x"})
	switch f.flaw {
	case "worker":
		return visit(workers, f.blobs[0])
	case "late":
		go func() { time.Sleep(20 * time.Millisecond); _ = visit(0, f.blobs[0]) }()
		return nil
	case "twice at a time":
		var wg sync.WaitGroup
		for range 200 {
			wg.Go(func() { _ = visit(0, f.blobs[0]) })
		}
		wg.Wait()
	case "silent":
		return nil
	}
	for _, b := range f.blobs {
		if err := ctx.Err(); err != nil && f.flaw != "deaf" {
			return err
		}
		led.Saw(1)
		if err := visit(0, b); err != nil && f.flaw != "deaf" {
			return err
		}
	}
	if f.flaw == "deaf" {
		return nil
	}
	return ctx.Err()
}

func blob(id, content string) sources.Blob {
	return sources.Blob{
		ID: id, Bytes: []byte(content), Size: int64(len(content)),
		Where: []finding.Location{{Source: "fake", Target: "x", Path: id, State: finding.StateWorktree}},
	}
}

func derived(id, content, base string, baseSize int64, runs ...sources.Run) sources.Blob {
	b := blob(id, content)
	b.Delta = &sources.Delta{Base: base, BaseSize: baseSize, Runs: runs}
	return b
}

func TestSoundSource(t *testing.T) {
	a, b := blob("a", "first\nsecond"), derived("b", "first\nthird", "a", 12, sources.Run{Len: 6})
	window := blob("w", "second\nthird")
	first := window
	first.Bytes = window.Bytes[:9]
	second := window
	second.Bytes, second.Offset, second.Line = window.Bytes[7:], 7, 1
	Source(t, func() sources.Source { return fake{blobs: []sources.Blob{a, b, first, second}} },
		Blobs{"a": a.Bytes, "b": b.Bytes, "w": window.Bytes})
	Source(t, func() sources.Source { return empty{} }, nil)
}

// empty finds nothing and says so.
type empty struct{}

func (empty) Name() string { return "fake:" }

func (empty) Walk(ctx context.Context, _ int, led *sources.Ledger, _ func(int, sources.Blob) error) error {
	led.Target(finding.TargetCoverage{})
	led.Skip(finding.Skip{Reason: finding.ReasonNothing})
	return ctx.Err()
}

// TestFlaws: each way to break the contract is noticed.
func TestFlaws(t *testing.T) {
	a, b := blob("a", "first\nsecond"), blob("b", "other")
	odd := func(change func(*sources.Blob)) sources.Blob { c := a; change(&c); return c }
	for _, c := range []struct {
		name, complaint string
		src             fake
	}{
		{"missing", "b: not visited", fake{blobs: []sources.Blob{a}}},
		{"twice", "visited twice", fake{blobs: []sources.Blob{a, b, a}}},
		{"unexpected", "not expected", fake{blobs: []sources.Blob{a, b, blob("c", "")}}},
		{"wrong bytes", "are not those expected", fake{blobs: []sources.Blob{blob("a", "first second"), b}}},
		{"short", "ends at 5 of 12", fake{blobs: []sources.Blob{blob("a", "first"), b}}},
		{"wrong line", "lines stand before", fake{blobs: []sources.Blob{odd(func(c *sources.Blob) { c.Bytes = c.Bytes[:8] }),
			odd(func(c *sources.Blob) { c.Bytes, c.Offset = c.Bytes[7:], 7 }), b}}},
		{"gap", "does not overlap", fake{blobs: []sources.Blob{odd(func(c *sources.Blob) { c.Bytes = c.Bytes[:4] }),
			odd(func(c *sources.Blob) { c.Bytes, c.Offset = c.Bytes[5:], 5 }), b}}},
		{"no place", "have no place", fake{blobs: []sources.Blob{odd(func(c *sources.Blob) { c.Where = nil }), b}}},
		{"absolute path", "not a clean slash path", fake{blobs: []sources.Blob{a, odd(func(c *sources.Blob) { c.ID = "b"; c.Where = blob("/b", "").Where })}}},
		{"unknown base", "not visited before", fake{blobs: []sources.Blob{a, derived("b", "other", "z", 1)}}},
		{"false run", "is no copy", fake{blobs: []sources.Blob{a, derived("b", "other", "a", 12, sources.Run{Len: 3})}}},
		{"run out of bounds", "out of bounds", fake{blobs: []sources.Blob{a, derived("b", "other", "a", 12, sources.Run{Base: 10, Len: 3})}}},
		{"worker number", "worker 2 of 2", fake{blobs: []sources.Blob{a, b}, flaw: "worker"}},
		{"same worker at a time", "twice at a time", fake{blobs: []sources.Blob{a, b}, flaw: "twice at a time"}},
		{"visit after return", "after Walk returned", fake{blobs: []sources.Blob{a, b}, flaw: "late"}},
		{"nothing, complete", "calls that complete", fake{flaw: "silent"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := new(recorder)
			everything(t.Context(), r, c.src, 2, Blobs{"a": a.Bytes, "b": b.Bytes})
			r.complains(t, c.complaint)
		})
	}
	t.Run("deaf to errors", func(t *testing.T) {
		r := new(recorder)
		stops(t.Context(), r, fake{blobs: []sources.Blob{a, b, a, b}, flaw: "deaf"})
		r.complains(t, "want the error of visit")
	})
	t.Run("deaf to the context", func(t *testing.T) {
		r := new(recorder)
		cancelled(t.Context(), r, fake{blobs: []sources.Blob{a, b, a, b, a, b, a, b}, flaw: "deaf"})
		r.complains(t, "want context.Canceled")
	})
}

func (r *recorder) complains(t *testing.T, of string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !strings.Contains(strings.Join(r.all, "\n"), of) {
		t.Errorf("no complaint of %q: %q", of, r.all)
	}
}
