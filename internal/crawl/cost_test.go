package crawl

import (
	"runtime"
	"syscall"
	"testing"
	"time"

	"sprawl/internal/store"
)

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestCost(t *testing.T) {
	w := newWorld(t, opened(t), 2000)
	for night := range 3 {
		c0, t0 := cpu(), time.Now()
		run := w.run(func(o *Options) { o.Heartbeat = 5 * time.Second; o.Workers = 8 })
		t.Logf("night %d: cpu %v wall %v", night, cpu()-c0, time.Since(t0))
		if night > 0 {
			w.expect(run, store.Complete, map[store.State]int{store.Same: 2000})
		}
	}
	runtime.GC()
}
