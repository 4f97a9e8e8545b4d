package crawl

import (
	"time"

	"sprawl/internal/store"
)

// Event is one step of a crawl, for progress and metrics.
type Event struct {
	What    What
	Run     int64
	Target  store.Target // of all but Listed and RunEnded
	State   store.State  // Ended: what came of it
	Reason  string       // Ended, PutOff, Retried: a word
	Tries   int          // Ended, Retried: attempts so far
	N       int          // Listed: targets of the page
	Root    string       // Listed
	Elapsed time.Duration
	Wait    time.Duration // PutOff, Retried
	Counts  store.Counts  // Ended: what it cost
}

// What is a kind of event.
type What string

// Kinds of event.
const (
	Listed   What = "listed"   // a page of a list is written and queued
	Started  What = "started"  // a scan begins
	Ended    What = "ended"    // its outcome is written
	PutOff   What = "put off"  // a rate limit: again later
	Retried  What = "retried"  // an attempt failed: again later
	Returned What = "returned" // this process stops: somebody else's
	Rescued  What = "rescued"  // taken from a process that is gone or stalls
	Fenced   What = "fenced"   // it was taken from this process: what it found is dropped
	RunEnded What = "run ended"
)
