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
	// heapFloor is up to which size in bytes the heap grows in any case. To collect a small one saves no memory worth the time.
	heapFloor = 64 << 20
)

// paceHeap paces the collector until stop is called: each collection says when the next one is due.
func paceHeap() (stop func()) {
	type mark struct{ _ *byte } // is collected with the rest, and its finalizer runs
	var mu sync.Mutex
	stopped := false
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var pace func(*mark)
	pace = func(*mark) {
		mu.Lock()
		defer mu.Unlock()
		if stopped {
			return
		}
		metrics.Read(live)
		debug.SetGCPercent(growth(live[0].Value.Uint64()))
		runtime.SetFinalizer(&mark{}, pace)
	}
	pace(nil)
	return func() {
		mu.Lock()
		defer mu.Unlock()
		stopped = true
	}
}

// growth is by how many percent a heap in which so many bytes live may grow.
func growth(live uint64) int {
	const most = 400 // as before anything has been collected
	if live >= heapFloor {
		return collectAt
	}
	return int(min(most, max(collectAt, 100*(heapFloor-live)/max(live, 1))))
}
