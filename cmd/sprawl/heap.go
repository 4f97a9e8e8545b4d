package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

const (
	// collectAt is by how much of what lives the heap grows before it is collected while blobs are matched, in percent. Most of what a
	// scan allocates is a buffer for one large blob: 40 takes a third less memory than 100, for a twentieth more time.
	collectAt = 40
	// smallGrowth is for small scans: to collect while the table of kinds is made takes as long as making it.
	smallGrowth = 400
	// heapFloor is up to which size in bytes the heap grows in any case. To collect a small one saves no memory worth the time.
	heapFloor = 64 << 20
)

// paceHeap has the collector do as a scan wants it to until stop is called, or as the environment says: the table of kinds stays, and
// most of what is allocated is a buffer for one large blob. A scan within one that is paced changes nothing. One that is small is over
// before a collection could tell when the next one is due.
func (a *app) paceHeap(small bool) (stop func()) {
	if a.getenv("GOGC") != "" || !a.paced.CompareAndSwap(false, true) {
		return func() {}
	}
	was := debug.SetGCPercent(smallGrowth)
	end := func() {}
	if !small {
		end = keepPace()
	}
	return func() {
		end()
		debug.SetGCPercent(was)
		a.paced.Store(false)
	}
}

// keepPace paces the collector until stop is called: each collection says when the next one is due.
func keepPace() (stop func()) {
	type mark struct{ _ *byte } // is collected with the rest, and its finalizer runs
	var mu sync.Mutex
	stopped := false
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var next func(*mark)
	next = func(*mark) {
		mu.Lock()
		defer mu.Unlock()
		if stopped {
			return
		}
		metrics.Read(live)
		debug.SetGCPercent(growth(live[0].Value.Uint64()))
		runtime.SetFinalizer(&mark{}, next)
	}
	next(nil)
	return func() {
		mu.Lock()
		defer mu.Unlock()
		stopped = true
	}
}

// growth is by how many percent a heap in which so many bytes live may grow.
func growth(live uint64) int {
	const most = 1600 // before anything has been collected, of the 4 MiB that the runtime takes a heap to be at least
	if live >= heapFloor {
		return collectAt
	}
	return int(min(most, max(collectAt, 100*(heapFloor-live)/max(live, 1))))
}
