// Package crawl works through the targets of an organisation, one job each, in one process or in many that share a database: what
// a killed process had in hand is taken up by another, and what a stalled one finishes too late counts for nothing.
//
// Lists name the targets, page by page; every page and its jobs are written in one transaction. Jobs wait in River's tables beside
// the store's, in a queue for each host, until some process claims them. What a scan leaves is written in one transaction with the
// end of its job, and only while the claim still stands. When no target is pending, those that no list names any more are swept,
// all is judged together, and the run ends.
//
// It decides who does what and when. It never opens a repository or an image itself, and never sees a secret: what a Scanner or a
// Lister says in an error is kept and printed, so it must not hold one.
package crawl

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"sprawl/finding"
	"sprawl/internal/store"
)

// Lister names targets of one root. List calls visit with one page after another, from one goroutine; a page may come twice. An
// error, of visit too, ends the list, which then counts as not read to its end. A Later makes the list start again after a while,
// a Refused ends it, and any other error is tried again like that of a Scanner.
type Lister interface {
	Root() string // as the targets have it; never with credentials
	List(ctx context.Context, visit func([]store.Target) error) error
}

// Scanner looks at one target, of which was is remembered. It is called from at most Workers goroutines at a time, of which at most
// PerHost have targets of the same host. It may return a *Later, a *Gone or a *Refused; any other error is tried again, up to
// MaxAttempts times, and may have a method Reason() string that gives a word for it. It returns soon after ctx ends; what it returns then is dropped if it is an error.
type Scanner interface {
	Scan(ctx context.Context, t store.Target, was store.Scanned) (Result, error)
}

// Glancer is a Scanner that can tell without much ado that a target holds nothing new. The head of a run asks it of every target that
// was scanned before, as its list is read: one that is the same needs no job. It is called from at most Glances goroutines.
// An error is no outcome: the rest of that host's targets of the page get jobs without being asked about, and so does this one.
type Glancer interface {
	Same(ctx context.Context, t store.Target, was store.Scanned) (bool, error)
}

// Result is what a Scanner found.
type Result struct {
	Scan    *store.Scan   // nil: nothing is new
	Scanned store.Scanned // what to remember where nothing is new
	Counts  store.Counts  // what it cost: calls, spared, fetched and scanned; the rest is ignored
}

// Later says that a target or a list can be had after a while, and not before: a rate limit. It spends no attempt. Other targets
// of the same host are put off as long.
type Later struct {
	After time.Duration
	Why   string // a sentence, without credentials
}

func (e *Later) Error() string { return "put off for " + e.After.String() + ": " + e.Why }

// Gone says that the server does not know the target any more.
type Gone struct {
	Why string // a sentence, without credentials
}

func (e *Gone) Error() string { return "gone: " + e.Why }

// Refused says that trying again does not help.
type Refused struct {
	Reason string // a word: "auth", "corrupt"
	Detail string // a sentence, without credentials
}

func (e *Refused) Error() string { return e.Reason + ": " + e.Detail }

// Busy says that another process is at the head of the run already.
type Busy struct {
	Run    int64
	Worker string // as Status names it
}

func (e *Busy) Error() string { return "the run is in the hands of " + e.Worker }

// ErrDeposed says that another process has taken over the run: this one gave no sign of life for too long.
var ErrDeposed = errors.New("another process has taken over the run")

// Options are what a Crawler works with.
type Options struct {
	Store   *store.Store // migrated, Migrate too
	Listers []Lister     // for Run
	Scanner Scanner
	// Finish judges what all targets hold together, once none is pending, and returns what to keep as the run's summary. It may be
	// called again after a process died, so it must be able to. hold is to be the first call in every transaction that Finish writes
	// in: it fails where another process has taken over the run.
	Finish func(ctx context.Context, run store.Run, hold func(*store.Tx) error) (*finding.Summary, error)

	Workers int // targets scanned at a time in this process; 0 for 4
	PerHost int // of them at one host; 0 for Workers
	Glances int // targets that a Glancer is asked about at a time; 0 for Workers
	// JobTimeout bounds the scan of one target; 0 for an hour.
	JobTimeout time.Duration
	// Heartbeat is the time between two signs of life; 0 for 5 seconds. RescueAfter without one, what a process had in hand is taken
	// from it; 0 for a minute. That a process of this machine has ended is seen at once.
	Heartbeat, RescueAfter time.Duration
	MaxAttempts            int // until a target counts as failed; 0 for 3
	// MaxLost is how often a process may die over a target until it counts as failed; 0 for 5.
	MaxLost int
	// Backoff is the wait after an attempt that failed, from 1 on; nil for 10 seconds, and twice as long each time, up to 10 minutes.
	Backoff func(tries int) time.Duration
	// MaxWait bounds how long one target or list is put off again and again; 0 for a day.
	MaxWait time.Duration
	// Patience is how long the database may be out of reach; 0 for 5 minutes.
	Patience time.Duration
	// Grace is what jobs in hand get to end by themselves when ctx ends; then they are cancelled and go back to the queue. 0 for none.
	Grace time.Duration

	Log    *slog.Logger     // nil for none
	Events func(Event)      // nil for none; called from many goroutines, and waited for
	Now    func() time.Time // the clock of this machine

	// Process is a random text that tells this process from any that had its number before it. Name tells its crawlers apart if it
	// has more than one.
	Process, Name string

	Version, RuleSet string // of what scans, for the run
}

// Crawler crawls with its Options.
type Crawler struct {
	o  Options
	me process
	db dialect
}

// New checks o and fills in what it leaves open.
func New(o Options) (*Crawler, error) {
	switch {
	case o.Store == nil, o.Scanner == nil, o.Now == nil:
		return nil, errors.New("a crawler needs a store, a scanner and a clock")
	case o.Process == "":
		return nil, errors.New("a crawler needs a name for its process")
	}
	fill(&o.Workers, 4)
	fill(&o.PerHost, o.Workers)
	fill(&o.Glances, o.Workers)
	fill(&o.JobTimeout, time.Hour)
	fill(&o.Heartbeat, 5*time.Second)
	fill(&o.RescueAfter, time.Minute)
	fill(&o.MaxAttempts, 3)
	fill(&o.MaxLost, 5)
	fill(&o.MaxWait, 24*time.Hour)
	fill(&o.Patience, 5*time.Minute)
	if o.RescueAfter < 2*o.Heartbeat {
		return nil, errors.New("jobs are taken from a process after two missed heartbeats at the earliest")
	}
	if o.Backoff == nil {
		o.Backoff = backoff
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Events == nil {
		o.Events = func(Event) {}
	}
	me, err := thisProcess(o.Process, o.Name)
	if err != nil {
		return nil, err
	}
	return &Crawler{o: o, me: me, db: dialectOf(o.Store)}, nil
}

func fill[T int | time.Duration](v *T, with T) {
	if *v <= 0 {
		*v = with
	}
}

func backoff(tries int) time.Duration {
	const first, most = 10 * time.Second, 10 * time.Minute
	if tries > 6 { // 10 s · 2⁶ is past the most
		return most
	}
	return min(first<<(max(tries, 1)-1), most)
}
