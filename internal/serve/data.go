package serve

import (
	"context"
	"errors"
	"time"

	"sprawl/internal/store"
)

// Data is what the pages need of a store. Its methods are called from many goroutines; what they return is nobody else's.
type Data interface {
	// Runs are the newest runs without counts of their targets, newest first; a limit of 0 is none.
	Runs(ctx context.Context, limit int) ([]store.Run, error)
	// Run is a run with those counts, and false where there is none of that id.
	Run(ctx context.Context, id int64) (store.Run, bool, error)
	// Outcomes are the targets of a run in any of the states.
	Outcomes(ctx context.Context, run int64, states ...store.State) ([]store.Outcome, error)
	// Credentials are those known at a time, or now for the zero time.
	Credentials(ctx context.Context, asOf time.Time) ([]store.Known, error)
	// Changes are those of a run.
	Changes(ctx context.Context, run int64) ([]store.Change, error)
	// History is what became of a credential, oldest first.
	History(ctx context.Context, id string) ([]store.Change, error)
	// Items are what a run had beside credentials.
	Items(ctx context.Context, run int64) (store.Items, error)
	// Trend has a point for each judged run that ended, oldest first.
	Trend(ctx context.Context) ([]store.Point, error)
}

// Stored is a store as Data.
func Stored(s *store.Store) Data { return stored{s} }

type stored struct{ s *store.Store }

// view reads one thing in a transaction of its own.
func view[T any](ctx context.Context, s *store.Store, read func(*store.Tx) (T, error)) (T, error) {
	var got T
	err := s.View(ctx, func(t *store.Tx) error {
		var err error
		got, err = read(t)
		return err
	})
	return got, err
}

func (d stored) Runs(ctx context.Context, limit int) ([]store.Run, error) {
	return view(ctx, d.s, func(t *store.Tx) ([]store.Run, error) { return t.Runs(limit) })
}

func (d stored) Run(ctx context.Context, id int64) (store.Run, bool, error) {
	r, err := view(ctx, d.s, func(t *store.Tx) (store.Run, error) { return t.Run(id) })
	if errors.Is(err, store.ErrNone) {
		return r, false, nil
	}
	return r, err == nil, err
}

func (d stored) Outcomes(ctx context.Context, run int64, states ...store.State) ([]store.Outcome, error) {
	return view(ctx, d.s, func(t *store.Tx) ([]store.Outcome, error) { return t.Outcomes(run, states...) })
}

func (d stored) Credentials(ctx context.Context, asOf time.Time) ([]store.Known, error) {
	return view(ctx, d.s, func(t *store.Tx) ([]store.Known, error) { return t.Credentials(asOf) })
}

func (d stored) Changes(ctx context.Context, run int64) ([]store.Change, error) {
	return view(ctx, d.s, func(t *store.Tx) ([]store.Change, error) { return t.Changes(run) })
}

func (d stored) History(ctx context.Context, id string) ([]store.Change, error) {
	return view(ctx, d.s, func(t *store.Tx) ([]store.Change, error) {
		_, cs, err := t.Credential(id)
		return cs, err
	})
}

func (d stored) Items(ctx context.Context, run int64) (store.Items, error) {
	return view(ctx, d.s, func(t *store.Tx) (store.Items, error) { return t.Items(run) })
}

func (d stored) Trend(ctx context.Context) ([]store.Point, error) {
	return view(ctx, d.s, func(t *store.Tx) ([]store.Point, error) { return t.Trend() })
}
