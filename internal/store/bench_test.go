package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sprawl/finding"
	"sprawl/internal/store"
	"sprawl/internal/testkit/postgres"
)

// BenchmarkNight is a night of many targets in which little is new: they are listed, one in a hundred is scanned, the rest are the
// same, and what they hold is judged. It reports the seconds of each step; a night's steps are transactions as the crawl makes them.
func BenchmarkNight(b *testing.B) {
	const targets = 100_000
	for name, location := range map[string]func() string{
		"sqlite":   func() string { return filepath.Join(b.TempDir(), "s.db") },
		"postgres": func() string { return postgres.Database(b) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				w := opened(b, location())
				r := w.start("github:acme")
				ts := make([]store.Target, targets)
				for i := range ts {
					ts[i] = target(fmt.Sprint(i), fmt.Sprintf("acme/repository-%d", i))
				}
				step := func(name string, f func()) {
					began := time.Now()
					f()
					b.ReportMetric(time.Since(began).Seconds(), name+"-s")
				}
				pages := func(run int64) func() {
					return func() {
						for i := 0; i < len(ts); i += 1000 {
							copy(ts[i:], w.put(run, ts[i:i+1000]...))
						}
					}
				}
				step("list", pages(r.ID))
				step("scan", func() {
					for i, one := range ts[:targets/100] {
						scan := store.Scan{Scanned: store.Scanned{Refs: "r", Seen: make([]byte, 20*100)}, Credentials: []finding.Credential{credential(fmt.Sprintf("c-%d", i), one.Name)}}
						w.update(func(x *store.Tx) error { return x.PutScan(r.ID, one.ID, scan) })
					}
				})
				var cs []finding.Credential
				step("hold", func() {
					w.view(func(x *store.Tx) error {
						return x.Holdings(func(_ store.Target, s store.Scan) error { cs = append(cs, s.Credentials...); return nil })
					})
				})
				step("judge", func() { w.rejudge(r.ID, cs) })
				next := w.start("github:acme")
				step("list-again", pages(next.ID))
				step("same", func() {
					for _, one := range ts[:targets/100] {
						w.update(func(x *store.Tx) error { return x.PutSame(next.ID, one.ID, store.Scanned{Refs: "r2"}) })
					}
				})
				step("judge-again", func() { w.rejudge(next.ID, cs) })
				if st, err := os.Stat(w.location); err == nil {
					b.ReportMetric(float64(st.Size())/(1<<20), "MiB")
				}
			}
		})
	}
}
