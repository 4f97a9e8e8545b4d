//go:build unix

package crawl

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"sprawl/internal/store"
)

func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// paged is the world as the bench has it: pages of a hundred, as providers hand them out.
type paged struct{ *world }

func (p paged) List(_ context.Context, visit func([]store.Target) error) error {
	const page = 100
	for i := 0; i < len(p.targets); i += page {
		if err := visit(p.targets[i:min(i+page, len(p.targets))]); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkSameNight is a night in which nothing is new, all but what the scanner itself costs.
func BenchmarkSameNight(b *testing.B) {
	for _, n := range []int{2000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := benched(b, n)
			night := func() {
				c, err := New(w.options(func(o *Options) { o.Listers, o.Workers, o.Heartbeat = []Lister{paged{w}}, 8, 5*time.Second }))
				if err != nil {
					b.Fatal(err)
				}
				if _, err := c.Run(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			night()
			before := cpu(b)
			for b.Loop() {
				night()
			}
			b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N*n), "cpu-µs/job")
		})
	}
}

// BenchmarkQueue lists and queues targets, and works on none.
func BenchmarkQueue(b *testing.B) {
	const n = 100_000
	for b.Loop() {
		w := benched(b, n)
		ctx, stop := context.WithCancel(b.Context())
		w.scan = func(ctx context.Context, _ store.Target, _ store.Scanned) (Result, error) {
			<-ctx.Done()
			return Result{}, ctx.Err()
		}
		listed := 0
		began, before := time.Now(), cpu(b)
		c, err := New(w.options(func(o *Options) {
			o.Listers = []Lister{paged{w}}
			o.Events = func(e Event) {
				if listed += e.N; listed == n {
					b.ReportMetric(time.Since(began).Seconds(), "s")
					b.ReportMetric((cpu(b) - before).Seconds(), "cpu-s")
					stop()
				}
			}
		}))
		if err != nil {
			b.Fatal(err)
		}
		_, _ = c.Run(ctx)
		stop()
		if _, err := w.store.DB().ExecContext(b.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
			b.Fatal(err)
		}
		st, err := os.Stat(w.file)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(st.Size())/(1<<20), "db-MiB")
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(u.Maxrss)/1024, "peak-MiB") // Linux counts KiB
	}
}

func benched(b *testing.B, n int) *world {
	b.Helper()
	file := filepath.Join(b.TempDir(), "store.db")
	w := newWorld(b, open(b, file), n)
	w.file = file
	return w
}
