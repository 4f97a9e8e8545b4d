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

// Remembered is what is remembered of those targets that are Pending in a run and were scanned before, whole, without the ids of what
// was seen.
func (t *Tx) Remembered(run int64, targets []Target) (map[int64]Scanned, error) {
	out := map[int64]Scanned{}
	for from := 0; from < len(targets); from += page {
		some := targets[from:min(from+page, len(targets))]
		args := []any{run, string(Pending)}
		for i := range some {
			args = append(args, some[i].ID)
		}
		if err := t.each(func(scan func(...any) error) error {
			var s Scanned
			var id, at int64
			err := scan(&id, &s.Refs, &s.Print, &s.Rules, &s.Objects, &at)
			s.Complete, s.At = true, unstamp(at)
			out[id] = s
			return err
		}, `SELECT s.target, s.refs, s.print, s.rules, s.objects, s.at FROM scans s JOIN outcomes o ON o.target = s.target
			WHERE o.run = $1 AND o.state = $2 AND s.complete = 1 AND s.target IN (`+places(3, len(some))+")", args...); err != nil {
			return nil, fmt.Errorf("look for what was scanned before: %w", err)
		}
	}
	return out, nil
}

// PutAllSame is PutSame of targets of which everything is as it was. One that is not Pending in the run keeps its outcome.
func (t *Tx) PutAllSame(run int64, ids []int64) error {
	now := stamp(t.s.now())
	for from := 0; from < len(ids); from += page {
		some := ids[from:min(from+page, len(ids))]
		among := make([]any, len(some))
		for i, id := range some {
			among[i] = id
		}
		if _, err := t.exec("UPDATE scans SET at = $1 WHERE target IN ("+places(2, len(some))+")", append([]any{now}, among...)...); err != nil {
			return fmt.Errorf("what is the same: %w", err)
		}
		if _, err := t.exec("UPDATE outcomes SET state = $1, tries = 0, at = $2 WHERE run = $3 AND state = $4 AND target IN ("+places(5, len(some))+")",
			append([]any{string(Same), now, run, string(Pending)}, among...)...); err != nil {
			return fmt.Errorf("what is the same: %w", err)
		}
	}
	return nil
}

func wrapped(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}
