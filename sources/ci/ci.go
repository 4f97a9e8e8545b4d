// Package ci is the source of pipeline configuration: of all that another source or a tree of files holds, only what is
// configuration of CI systems, deployments and agents. Which files those are is decided by a function that it is given.
//
// It never reads more of a file than it hands out, and knows nothing of what is looked for.
package ci

import (
	"context"
	"fmt"
	"iter"
	"sync/atomic"

	"sprawl/finding"
	"sprawl/sources"
)

// Keep reports whether a file is pipeline configuration. data is the whole file. It is called from any goroutine.
type Keep func(path string, data []byte) bool

type filtered struct {
	name, target string
	under        sources.Source
	keep         Keep
}

// Filter hands out the blobs of another source that are pipeline configuration. under must know the places of its blobs
// during the walk, as a source of files does. target is what the user named, without a scheme.
//
// A file that comes in windows is too large to be configuration and is left out. What was left out counts as neither seen nor
// skipped: nobody asked for it. A target without any pipeline configuration is noted in the ledger as nothing to scan.
func Filter(target string, under sources.Source, keep Keep) sources.Source {
	return &filtered{"ci:" + target, target, under, keep}
}

func (s *filtered) Name() string { return s.name }

func (s *filtered) Walk(ctx context.Context, workers int, led *sources.Ledger, visit func(worker int, b sources.Blob) error) error {
	var kept atomic.Int64
	inner := &sources.Ledger{} // it counts every file; the caller's hears of ours
	err := s.under.Walk(ctx, workers, inner, func(worker int, b sources.Blob) error {
		if len(b.Where) == 0 || b.Offset > 0 || b.Size > int64(len(b.Bytes)) || !s.keep(b.Where[0].Path, b.Bytes) {
			return nil
		}
		where := make([]finding.Location, 0, len(b.Where))
		for _, w := range b.Where {
			w.Source, w.Target = "ci", s.target
			where = append(where, w)
		}
		b.Where, b.Delta = where, nil
		kept.Add(1)
		led.Saw(1)
		return visit(worker, b)
	})
	cover := inner.Coverage()
	for _, k := range cover.Skips {
		if k.Reason.Incomplete() && k.Reason != finding.ReasonNothing {
			k.Target = s.target
			led.Skip(k)
		}
	}
	t := finding.TargetCoverage{Source: "ci", Target: s.target, Notes: []string{}}
	for _, c := range cover.Targets {
		t.Tip, t.Refs, t.Commits, t.Shallow, t.Partial = c.Tip, c.Refs, c.Commits, c.Shallow, c.Partial
		t.Notes = append(t.Notes, c.Notes...)
	}
	led.Target(t)
	if err != nil {
		return fmt.Errorf("walk %s: %w", s.name, err)
	}
	if kept.Load() == 0 {
		led.Skip(finding.Skip{Target: s.target, Reason: finding.ReasonNothing, Detail: "no pipeline configuration was found"})
	}
	return nil
}

type tree struct {
	name  string
	place finding.Location
	files iter.Seq2[string, []byte]
	keep  Keep
}

// Tree hands out the pipeline configuration among files, such as those of a commit. place is copied to each location, its
// Source as "ci". files may be ranged over once a walk; its bytes need be valid until the next pair.
func Tree(target string, place finding.Location, files iter.Seq2[string, []byte], keep Keep) sources.Source {
	place.Source, place.Target = "ci", target
	return &tree{"ci:" + target, place, files, keep}
}

func (s *tree) Name() string { return s.name }

func (s *tree) Walk(ctx context.Context, _ int, led *sources.Ledger, visit func(worker int, b sources.Blob) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("walk %s: %w", s.name, err)
	}
	kept := 0
	for path, data := range s.files {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("walk %s: %w", s.name, err)
		}
		if !s.keep(path, data) {
			continue
		}
		w := s.place
		w.Path = path
		kept++
		led.Saw(1)
		if err := visit(0, sources.Blob{ID: path, Bytes: data, Size: int64(len(data)), Where: []finding.Location{w}}); err != nil {
			return err
		}
	}
	led.Target(finding.TargetCoverage{Source: "ci", Target: s.place.Target, Notes: []string{}})
	if kept == 0 {
		led.Skip(finding.Skip{Target: s.place.Target, Reason: finding.ReasonNothing, Detail: "no pipeline configuration was found"})
	}
	return nil
}
