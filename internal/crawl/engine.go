package crawl

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"golang.org/x/sync/errgroup"

	"sprawl/internal/store"
)

// engine is a Crawler at work: one client of River, which claims jobs and runs them, and what goes with it.
type engine struct {
	*Crawler
	client *river.Client[*sql.Tx]
	slots  chan struct{}
	hand   hand
	gates  gates

	mu     sync.Mutex
	queues map[string]bool
	office string                  // that this process is at the head of, "" for none
	depose context.CancelCauseFunc // tells its night that it is no more

	stop context.CancelCauseFunc // ends body with an error

	beaten  bool      // the last beat left rows, or may have
	trouble time.Time // since when the database has not answered, zero while it does
	sure    time.Time // from when on another's silence is its own, and not the database's
}

// idle is the queue of targets without a host. River wants to be told of one queue at least.
var idle = queueOf("")

// serve runs body while jobs are worked on. When body has returned, or ctx ends, no more jobs are claimed, those in hand get the grace
// time, and are cancelled and returned to the queue then.
func (c *Crawler) serve(ctx context.Context, body func(context.Context, *engine) error) error {
	e := &engine{
		Crawler: c, slots: make(chan struct{}, c.o.Workers), queues: map[string]bool{idle: true},
	}
	if err := e.connect(); err != nil {
		return err
	}
	ctx, e.stop = context.WithCancelCause(ctx)
	defer e.stop(nil)
	// What is in hand needs signs of life until the last job has ended, after ctx has.
	lasting, done := context.WithCancelCause(context.WithoutCancel(ctx))
	defer done(nil)
	if err := e.tick(lasting); err != nil {
		return err
	}
	if err := e.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start to work: %w", err)
	}
	var g errgroup.Group
	g.Go(func() error {
		e.pulse(lasting)
		return nil
	})
	g.Go(func() error {
		defer done(nil)
		return errors.Join(body(ctx, e), e.halt(lasting))
	})
	err := g.Wait()
	e.fade(context.WithoutCancel(ctx))
	return err
}

// halt stops the client. A job that does not end when it is told to is left behind: what it brings is fenced out once it is rescued.
func (e *engine) halt(ctx context.Context) error {
	const farewell = 30 * time.Second
	ctx, cancel := context.WithTimeout(ctx, e.o.Grace+farewell)
	defer cancel()
	stop := e.client.Stop
	if e.o.Grace <= 0 {
		stop = e.client.StopAndCancel
	}
	if err := stop(ctx); err != nil {
		return fmt.Errorf("stop to work: %w", err)
	}
	return nil
}

func (e *engine) connect() error {
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{e: e})
	const far = 10 * 365 * 24 * time.Hour
	client, err := river.NewClient[*sql.Tx](driver{e.db.driver(e.o.Store.DB())}, &river.Config{
		ID:                e.me.String(),
		Workers:           workers,
		Queues:            map[string]river.QueueConfig{idle: {MaxWorkers: e.o.PerHost}},
		FetchCooldown:     50 * time.Millisecond,
		FetchPollInterval: 250 * time.Millisecond,
		PollOnly:          true, // beside it SQLite is asked for news 20 times a second
		Logger:            slog.New(loud{e.o.Log.Handler()}),
		SoftStopTimeout:   e.o.Grace,
		// Its own ways with what takes too long know nothing of signs of life, and those with what has ended nothing of runs.
		JobTimeout:                  -1,
		RescueStuckJobsAfter:        far,
		CompletedJobRetentionPeriod: far,
		ReindexerIndexNames:         []string{},
	})
	if err != nil {
		return fmt.Errorf("start to work: %w", err)
	}
	e.client = client
	return nil
}

// loud keeps what a library has to say below a warning to itself.
type loud struct{ slog.Handler }

func (h loud) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}

func (h loud) WithAttrs(as []slog.Attr) slog.Handler { return loud{h.Handler.WithAttrs(as)} }

func (h loud) WithGroup(name string) slog.Handler { return loud{h.Handler.WithGroup(name)} }

// listen makes this process work on the queues of that name too. Each is polled: the more there are, the less often.
func (e *engine) listen(ctx context.Context, queues ...string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, q := range queues {
		if e.queues[q] {
			continue
		}
		poll := 250 * time.Millisecond * time.Duration(1+len(e.queues)/8)
		if err := e.client.Queues().Add(q, river.QueueConfig{MaxWorkers: e.o.PerHost, FetchPollInterval: poll}); err != nil {
			// River keeps what it could not start, and would not take it again.
			return fmt.Errorf("work on a queue: %w", errors.Join(err, e.client.Queues().Remove(ctx, q)))
		}
		e.queues[q] = true
	}
	return nil
}

// persist writes in one transaction, and tries again while the database is out of reach, as long as patience lasts. A verdict of the
// transaction itself is final.
func (e *engine) persist(ctx context.Context, f func(*store.Tx) error) error {
	const most, one = 2 * time.Second, time.Minute
	wait := 50 * time.Millisecond
	for until := e.o.Now().Add(e.o.Patience); ; wait = min(2*wait, most) {
		err := func() error { // what is ready is written even while the process is being stopped
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), one)
			defer cancel()
			return e.o.Store.Update(ctx, f)
		}()
		if err == nil || final(err) || e.o.Now().After(until) {
			return err
		}
		e.o.Log.Warn("the store cannot be written, trying again", "err", err, "wait", wait)
		if pause(ctx, wait) != nil {
			return err
		}
	}
}

// final is an error that a transaction is right about.
func final(err error) bool {
	var busy *Busy
	return errors.Is(err, errFenced) || errors.Is(err, ErrDeposed) || errors.As(err, &busy)
}

// Work is a worker: it works on whatever is queued until ctx ends, and returns nil then.
func (c *Crawler) Work(ctx context.Context) error {
	return c.serve(ctx, func(within context.Context, e *engine) error {
		for {
			if err := e.discover(within); err != nil && within.Err() == nil {
				c.o.Log.Warn("the queues cannot be read", "err", err)
			}
			if err := pause(within, c.o.Heartbeat/5); ctx.Err() != nil {
				return nil
			} else if err != nil {
				return err
			}
		}
	})
}

// discover finds the queues that others have filled.
func (e *engine) discover(ctx context.Context) error {
	rows, err := e.o.Store.DB().QueryContext(ctx, `SELECT DISTINCT queue FROM river_job WHERE state = 'available'`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var queues []string
	for rows.Next() {
		var q string
		if err := rows.Scan(&q); err != nil {
			return err
		}
		queues = append(queues, q)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil { // listen needs the connection
		return err
	}
	slices.Sort(queues)
	return e.listen(ctx, queues...)
}
