package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"sprawl/sources"
)

// progress shows a bar on a terminal until stop is called, which may be done more than once, and what found is told, which may
// be nil. Elsewhere, and with --quiet, it shows nothing. It prints counts and kinds only.
func (a *app) progress(led *sources.Ledger) (found func(kinds []string), stop func()) {
	if a.stderrTTY == nil || a.quiet {
		return nil, func() {}
	}
	var so soFar
	began := a.now()
	p := mpb.New(mpb.WithOutput(a.stderr), mpb.WithWidth(40), mpb.WithRefreshRate(150*time.Millisecond))
	bar := p.New(0, mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]"),
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name("scanning ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
			seen, done, bytes := led.Progress()
			return fmt.Sprintf(" %d of %d objects, %.1f MB%s%s", done, seen, float64(bytes)/1e6, pace(seen, done, bytes, a.now().Sub(began)), so.String())
		})))
	quit := make(chan struct{})
	var joined sync.WaitGroup
	joined.Go(func() {
		tick := time.NewTicker(150 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				seen, done, _ := led.Progress()
				bar.SetTotal(seen+1, false)
				bar.SetCurrent(done)
			}
		}
	})
	var once sync.Once
	return so.add, func() {
		once.Do(func() {
			close(quit)
			joined.Wait()
			bar.Abort(true)
			p.Wait()
		})
	}
}

// pace says how fast it goes and how long what is known of so far will take: more may be found on the way. It says nothing in the
// first second, in which there is nothing to go by.
func pace(seen, done, bytes int64, took time.Duration) string {
	if took < time.Second || done == 0 {
		return ""
	}
	s := fmt.Sprintf(", %.1f MB/s", float64(bytes)/1e6/took.Seconds())
	if left := seen - done; left > 0 {
		s += fmt.Sprintf(", about %v left", time.Duration(float64(took)/float64(done)*float64(left)).Round(time.Second))
	}
	return s
}

// soFar is what was found before it is known where, and what of it counts.
type soFar struct {
	mu    sync.Mutex
	n     int
	first string
}

func (s *soFar) add(kinds []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n += len(kinds); s.first == "" {
		s.first = kinds[0]
	}
}

func (s *soFar) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n == 0 {
		return ""
	}
	return fmt.Sprintf(", found %s first of %d (provisional)", s.first, s.n)
}
