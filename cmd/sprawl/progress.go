package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"sprawl/sources"
)

// progress shows a bar on a terminal until the returned function is called, which may be done more than once. Elsewhere, and
// with --quiet, it shows nothing. It prints counts only.
func (a *app) progress(led *sources.Ledger) func() {
	if a.stderrTTY == nil || a.quiet {
		return func() {}
	}
	p := mpb.New(mpb.WithOutput(a.stderr), mpb.WithWidth(40), mpb.WithRefreshRate(150*time.Millisecond))
	bar := p.New(0, mpb.BarStyle().Lbound("[").Filler("=").Tip(">").Padding(" ").Rbound("]"),
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name("scanning ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
			seen, done, bytes := led.Progress()
			return fmt.Sprintf(" %d of %d objects, %.1f MB", done, seen, float64(bytes)/1e6)
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
	return func() {
		once.Do(func() {
			close(quit)
			joined.Wait()
			bar.Abort(true)
			p.Wait()
		})
	}
}
