package store

import (
	"fmt"
	"time"
)

// Due is a target whose scan is due in a run, and what is remembered of it. It is not due, and ok false, where the run is not Running or
// the target not Pending in it. That is asked for every job: the run is not counted, and nothing read of a target that is not due.
func (t *Tx) Due(run, target int64) (due Target, was Scanned, ok bool, err error) {
	var r targetRow
	ok, err = t.one("SELECT "+targetFields+` FROM outcomes o JOIN targets t ON t.id = o.target JOIN runs r ON r.id = o.run
		WHERE o.run = $1 AND o.target = $2 AND o.state = $3 AND r.state = $4`, []any{run, target, string(Pending), string(Running)}, r.fields()...)
	if err != nil || !ok {
		return Target{}, Scanned{}, false, wrapped(err, "target %d of run %d", target, run)
	}
	if due, err = r.target(); err != nil {
		return Target{}, Scanned{}, false, err
	}
	was, err = t.Scanned(target)
	return due, was, err == nil, err
}

// ScannedAt says when targets were scanned last, of those that ever were.
func (t *Tx) ScannedAt(targets []Target) (map[int64]time.Time, error) {
	at := map[int64]time.Time{}
	for from := 0; from < len(targets); from += page {
		some := targets[from:min(from+page, len(targets))]
		args := make([]any, len(some))
		for i := range some {
			args[i] = some[i].ID
		}
		if err := t.each(func(scan func(...any) error) error {
			var id, us int64
			err := scan(&id, &us)
			at[id] = unstamp(us)
			return err
		}, "SELECT target, at FROM scans WHERE target IN ("+places(1, len(args))+")", args...); err != nil {
			return nil, fmt.Errorf("look for what was scanned before: %w", err)
		}
	}
	return at, nil
}

func wrapped(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}
