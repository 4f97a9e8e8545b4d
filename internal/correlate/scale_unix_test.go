//go:build unix

package correlate_test

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"
)

func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestScaleIsLinear holds the cost of twice as much to about twice: a square would be four times.
func TestScaleIsLinear(t *testing.T) {
	n := 500
	if testing.Short() {
		n = 200
	}
	measure := func(n int) time.Duration {
		w := makeWorld(n)
		best := time.Duration(1 << 62)
		for range 3 {
			runtime.GC()
			start := cpuTime(t)
			res := w.judge(t)
			best = min(best, cpuTime(t)-start)
			if len(res.Credentials) != n || len(res.Inventory) != 10*n {
				t.Fatalf("%d credentials, %d rows", len(res.Credentials), len(res.Inventory))
			}
		}
		return best
	}
	one, two := measure(n), measure(2*n)
	t.Logf("%d places of %d credentials and %d rows: %v; twice as much: %v", 20*n, n, 10*n, one, two)
	if float64(two) > 3*float64(one) {
		t.Errorf("twice as much takes %.1f times as long", float64(two)/float64(one))
	}
}

// BenchmarkJudge judges 100,000 places of 5,000 credentials with an export of 50,000 rows, and twice as much.
func BenchmarkJudge(b *testing.B) {
	for _, n := range []int{5000, 10000} {
		b.Run(fmt.Sprintf("credentials=%d", n), func(b *testing.B) {
			w := makeWorld(n)
			runtime.GC()
			peak := uint64(0)
			stop := make(chan struct{})
			done := make(chan struct{})
			go func() {
				defer close(done)
				for {
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					peak = max(peak, m.HeapInuse)
					select {
					case <-stop:
						return
					case <-time.After(50 * time.Millisecond):
					}
				}
			}()
			b.ReportAllocs()
			for b.Loop() {
				w.judge(b)
			}
			close(stop)
			<-done
			b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
		})
	}
}
