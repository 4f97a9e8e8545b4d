package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sprawl/finding"
)

const runColumns = "id, state, started, ended, roots, version, rule_set, key_id, calls, spared, fetched, scanned, unlisted, doc"

// StartRun adds a run in the state Running and returns it with its id. Started is now where it is zero, KeyID the store's.
func (t *Tx) StartRun(r Run) (Run, error) {
	r.State, r.KeyID, r.Summary, r.Counts = Running, t.s.key, nil, Counts{}
	if r.Started.IsZero() {
		r.Started = t.s.now()
	}
	r.Started = unstamp(stamp(r.Started))
	roots, err := json.Marshal(nonNil(r.Roots))
	if err != nil {
		return Run{}, err
	}
	_, err = t.one(`INSERT INTO runs (state, started, ended, roots, version, rule_set, key_id, calls, spared, fetched, scanned, unlisted, judged, doc)
		VALUES ($1, $2, 0, $3, $4, $5, $6, 0, 0, 0, 0, '[]', 0, $7) RETURNING id`,
		[]any{string(r.State), stamp(r.Started), text(string(roots)), text(r.Version), text(r.RuleSet), r.KeyID, []byte{}}, &r.ID)
	if err != nil {
		return Run{}, fmt.Errorf("start a run: %w", err)
	}
	return t.Run(r.ID)
}

// Run is a run with its counts; ErrNone where there is none of that id.
func (t *Tx) Run(id int64) (Run, error) {
	rs, err := t.runs("WHERE id = $1", id)
	if err == nil && len(rs) == 0 {
		err = fmt.Errorf("run %d: %w", id, ErrNone)
	}
	if err != nil {
		return Run{}, err
	}
	rs[0].Counts.Targets, err = t.CountOutcomes(id)
	return rs[0], err
}

// Runs are the newest runs, newest first, without Counts.Targets. A limit of 0 is none.
func (t *Tx) Runs(limit int) ([]Run, error) {
	if limit <= 0 {
		return t.runs("ORDER BY id DESC")
	}
	return t.runs("ORDER BY id DESC LIMIT $1", limit)
}

// LastRun is the newest run in one of the states, or in any where none is given, and whether there is one.
func (t *Tx) LastRun(states ...RunState) (Run, bool, error) {
	where, args := "", []any{}
	if len(states) > 0 {
		where = "WHERE state IN (" + places(1, len(states)) + ") "
		for _, s := range states {
			args = append(args, string(s))
		}
	}
	rs, err := t.runs(where+"ORDER BY id DESC LIMIT 1", args...)
	if err != nil || len(rs) == 0 {
		return Run{}, false, err
	}
	r, err := t.Run(rs[0].ID)
	return r, err == nil, err
}

// Unfinished is the newest run of the same roots, in whatever order, if it is Running or Interrupted: it can be resumed.
func (t *Tx) Unfinished(roots []string) (Run, bool, error) {
	want := slices.Sorted(slices.Values(roots))
	var newest int64
	var state RunState
	err := t.each(func(scan func(...any) error) error {
		var id int64
		var is, list string
		if err := scan(&id, &is, &list); err != nil || newest != 0 {
			return err
		}
		var have []string
		if err := json.Unmarshal([]byte(list), &have); err != nil {
			return err
		}
		if slices.Equal(slices.Sorted(slices.Values(have)), want) {
			newest, state = id, RunState(is)
		}
		return nil
	}, "SELECT id, state, roots FROM runs ORDER BY id DESC")
	if err != nil {
		return Run{}, false, fmt.Errorf("look for an unfinished run: %w", err)
	}
	if state != Running && state != Interrupted {
		return Run{}, false, nil
	}
	r, err := t.Run(newest)
	return r, err == nil, err
}

// ResumeRun puts an interrupted run back to Running.
func (t *Tx) ResumeRun(id int64) error {
	n, err := t.exec("UPDATE runs SET state = $1, ended = 0 WHERE id = $2", string(Running), id)
	return found(n, err, "run", id)
}

// EndRun ends a run now. A nil summary leaves the one that is there.
func (t *Tx) EndRun(id int64, state RunState, summary *finding.Summary) error {
	n, err := t.exec("UPDATE runs SET state = $1, ended = $2 WHERE id = $3", string(state), stamp(t.s.now()), id)
	if err := found(n, err, "run", id); err != nil || summary == nil {
		return err
	}
	doc, err := packJSON(summary)
	if err != nil {
		return err
	}
	_, err = t.exec("UPDATE runs SET doc = $1 WHERE id = $2", doc, id)
	return err
}

// AddCounts adds what a part of a run cost; Unlisted is appended, each once. Targets is counted from outcomes and not read here.
func (t *Tx) AddCounts(run int64, c Counts) error {
	n, err := t.exec("UPDATE runs SET calls = calls + $1, spared = spared + $2, fetched = fetched + $3, scanned = scanned + $4 WHERE id = $5",
		c.Calls, c.Spared, c.Fetched, c.Scanned, run)
	if err := found(n, err, "run", run); err != nil || len(c.Unlisted) == 0 {
		return err
	}
	rs, err := t.runs("WHERE id = $1", run)
	if err != nil {
		return err
	}
	all := rs[0].Counts.Unlisted
	for _, u := range c.Unlisted {
		if !slices.Contains(all, u) {
			all = append(all, u)
		}
	}
	doc, err := json.Marshal(all)
	if err != nil {
		return err
	}
	_, err = t.exec("UPDATE runs SET unlisted = $1 WHERE id = $2", text(string(doc)), run)
	return err
}

func (t *Tx) runs(rest string, args ...any) ([]Run, error) {
	var all []Run
	err := t.each(func(scan func(...any) error) error {
		var r Run
		var state, roots, unlisted string
		var started, ended int64
		var doc []byte
		c := &r.Counts
		if err := scan(&r.ID, &state, &started, &ended, &roots, &r.Version, &r.RuleSet, &r.KeyID, &c.Calls, &c.Spared, &c.Fetched, &c.Scanned, &unlisted, &doc); err != nil {
			return err
		}
		r.State, r.Started, r.Ended = RunState(state), unstamp(started), unstamp(ended)
		if err := json.Unmarshal([]byte(roots), &r.Roots); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(unlisted), &c.Unlisted); err != nil {
			return err
		}
		if len(doc) > 0 {
			r.Summary = new(finding.Summary)
			if err := unpackJSON(doc, r.Summary); err != nil {
				return err
			}
		}
		all = append(all, r)
		return nil
	}, strings.Join([]string{"SELECT", runColumns, "FROM runs", rest}, " "), args...)
	if err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	return all, nil
}

// found turns a statement that touched no row into ErrNone.
func found(n int64, err error, what string, id int64) error {
	if err == nil && n == 0 {
		err = ErrNone
	}
	if err != nil {
		return fmt.Errorf("%s %d: %w", what, id, err)
	}
	return nil
}

func nonNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
