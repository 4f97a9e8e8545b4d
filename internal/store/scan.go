package store

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sprawl/finding"
)

// kept is a Scan as it is stored: without Scanned, which has columns of its own.
type kept struct {
	Credentials []finding.Credential `json:"credentials"`
	References  []finding.Reference  `json:"references"`
	Notices     []finding.Notice     `json:"notices"`
	Coverage    finding.Coverage     `json:"coverage"`
	Suppressed  Suppressed           `json:"suppressed"`
	Elapsed     time.Duration        `json:"elapsed"`
	Fetched     int64                `json:"fetched"`
}

// Scanned is what is remembered of a target's last scan, the zero value where there is none.
func (t *Tx) Scanned(target int64) (Scanned, error) {
	var s Scanned
	var complete, at int64
	ok, err := t.one("SELECT s.refs, s.print, s.rules, s.complete, s.objects, s.at, e.ids FROM scans s LEFT JOIN seen e ON e.target = s.target WHERE s.target = $1",
		[]any{target}, &s.Refs, &s.Print, &s.Rules, &complete, &s.Objects, &at, &s.Seen)
	if err != nil {
		return Scanned{}, fmt.Errorf("what was scanned of target %d: %w", target, err)
	}
	if !ok {
		return Scanned{}, nil
	}
	s.Complete, s.At = complete != 0, unstamp(at)
	return s, nil
}

// PutScan says what a scan of a target found: it replaces what the target held, and the target is Done, or Incomplete where the
// coverage is, with the reason that most often stood in the way. Saying it twice is saying it once. Secrets in it are left out.
func (t *Tx) PutScan(run, target int64, s Scan) error {
	doc, err := packJSON(kept{bare(s.Credentials), s.References, s.Notices, s.Coverage, s.Suppressed, s.Elapsed, s.Fetched})
	if err != nil {
		return fmt.Errorf("scan of target %d: %w", target, err)
	}
	state, reason, detail := Done, "", ""
	if !s.Coverage.Complete() {
		state = Incomplete
		reason, detail = hindrance(s.Coverage.Skipped)
	}
	if err := t.outcome(run, target, state, reason, detail, 0); err != nil {
		return err
	}
	z := s.Scanned
	columns := []string{"target", "run", "refs", "print", "rules", "complete", "objects", "at", "doc"}
	rows := t.into("scans", conflict("target", columns[1:]), columns...)
	if err := rows.add(target, run, text(z.Refs), text(z.Print), text(z.Rules), flag(z.Complete), z.Objects, stamp(z.At), doc); err != nil {
		return err
	}
	if err := rows.flush(); err != nil {
		return fmt.Errorf("scan of target %d: %w", target, err)
	}
	return t.putSeen(target, z.Seen)
}

// hindrance is the reason that most often made a scan incomplete, and all of them as a sentence.
func hindrance(skipped map[finding.Reason]int64) (reason, detail string) {
	rs := slices.DeleteFunc(slices.Sorted(maps.Keys(skipped)), func(r finding.Reason) bool { return skipped[r] == 0 || !r.Incomplete() })
	slices.SortStableFunc(rs, func(a, b finding.Reason) int { return cmp.Compare(skipped[b], skipped[a]) })
	words := make([]string, len(rs))
	for i, r := range rs {
		words[i] = fmt.Sprintf("%d %s", skipped[r], r)
	}
	return string(rs[0]), "not read: " + strings.Join(words, ", ")
}

func (t *Tx) putSeen(target int64, ids []byte) error {
	_, err := t.exec("INSERT INTO seen (target, ids) VALUES ($1, $2) ON CONFLICT (target) DO UPDATE SET ids = excluded.ids", target, append([]byte{}, ids...))
	if err != nil {
		return fmt.Errorf("scan of target %d: %w", target, err)
	}
	return nil
}

// PutSame says that there was nothing new since the target's last scan, and brings up to date what is remembered of it. Where
// z.Seen is nil the ids that are there stay. ErrNone where the target was never scanned.
func (t *Tx) PutSame(run, target int64, z Scanned) error {
	n, err := t.exec("UPDATE scans SET refs = $1, print = $2, rules = $3, complete = $4, objects = $5, at = $6 WHERE target = $7",
		text(z.Refs), text(z.Print), text(z.Rules), flag(z.Complete), z.Objects, stamp(z.At), target)
	if err := found(n, err, "scan of target", target); err != nil {
		return err
	}
	if z.Seen != nil {
		if err := t.putSeen(target, z.Seen); err != nil {
			return err
		}
	}
	return t.outcome(run, target, Same, "", "", 0)
}

// PutFailed says that a target could not be scanned: a word for the reason, a sentence without credentials, and how often it was
// tried. What the target held before stays.
func (t *Tx) PutFailed(run, target int64, reason, detail string, tries int) error {
	return t.outcome(run, target, Failed, reason, detail, tries)
}

// PutGone says that a target is no longer there. What it held no longer counts.
func (t *Tx) PutGone(run, target int64, reason string) error {
	n, err := t.exec("UPDATE targets SET gone = $1 WHERE id = $2", stamp(t.s.now()), target)
	if err := found(n, err, "target", target); err != nil {
		return err
	}
	return t.outcome(run, target, Gone, reason, "", 0)
}

func (t *Tx) outcome(run, target int64, s State, reason, detail string, tries int) error {
	_, err := t.exec(`INSERT INTO outcomes (run, target, state, reason, detail, tries, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (run, target) DO UPDATE SET state = excluded.state, reason = excluded.reason, detail = excluded.detail, tries = excluded.tries, at = excluded.at`,
		run, target, string(s), text(reason), text(detail), tries, stamp(t.s.now()))
	if err != nil {
		return fmt.Errorf("target %d in run %d: %w", target, run, err)
	}
	return nil
}

// SweepGone marks the targets of these roots that the run did not list as gone, and returns them. It is called once the lists of the
// roots have been read to their end.
func (t *Tx) SweepGone(run int64, roots []string) ([]Target, error) {
	if len(roots) == 0 {
		return nil, nil
	}
	args := []any{run}
	for _, r := range roots {
		args = append(args, text(r))
	}
	var ts []Target
	err := t.each(func(scan func(...any) error) error {
		var r targetRow
		if err := scan(r.fields()...); err != nil {
			return err
		}
		one, err := r.target()
		ts = append(ts, one)
		return err
	}, "SELECT "+targetFields+" FROM targets t WHERE t.gone = 0 AND t.root IN ("+places(2, len(roots))+`)
		AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.run = $1 AND o.target = t.id) ORDER BY t.id`, args...)
	if err != nil {
		return nil, fmt.Errorf("look for what is no longer listed: %w", err)
	}
	for _, one := range ts {
		if err := t.PutGone(run, one.ID, "unlisted"); err != nil {
			return nil, err
		}
	}
	return ts, nil
}

// Outcomes are the targets of a run in these states, or in any where none is given, by name.
func (t *Tx) Outcomes(run int64, states ...State) ([]Outcome, error) {
	where, args := "", []any{run}
	if len(states) > 0 {
		where = " AND o.state IN (" + places(2, len(states)) + ")"
		for _, s := range states {
			args = append(args, string(s))
		}
	}
	var all []Outcome
	err := t.each(func(scan func(...any) error) error {
		var r targetRow
		var o Outcome
		var state string
		var at int64
		err := scan(append(r.fields(), &state, &o.Reason, &o.Detail, &o.Tries, &at)...)
		if err != nil {
			return err
		}
		o.State, o.At = State(state), unstamp(at)
		o.Target, err = r.target()
		all = append(all, o)
		return err
	}, "SELECT "+targetFields+", o.state, o.reason, o.detail, o.tries, o.at FROM outcomes o JOIN targets t ON t.id = o.target WHERE o.run = $1"+where+
		" ORDER BY t.name, t.id", args...)
	if err != nil {
		return nil, fmt.Errorf("outcomes of run %d: %w", run, err)
	}
	return all, nil
}

// CountOutcomes counts a run's targets by state.
func (t *Tx) CountOutcomes(run int64) (map[State]int, error) {
	n := map[State]int{}
	err := t.each(func(scan func(...any) error) error {
		var s string
		var k int
		if err := scan(&s, &k); err != nil {
			return err
		}
		n[State(s)] = k
		return nil
	}, "SELECT state, COUNT(*) FROM outcomes WHERE run = $1 GROUP BY state", run)
	if err != nil {
		return nil, fmt.Errorf("outcomes of run %d: %w", run, err)
	}
	return n, nil
}

// Holdings hands out what every target holds that is not gone, by name, one at a time. Scanned.Seen is left out. An error of f ends it.
func (t *Tx) Holdings(f func(Target, Scan) error) error {
	return t.each(func(scan func(...any) error) error {
		var r targetRow
		var s Scan
		var complete, at int64
		var doc []byte
		z := &s.Scanned
		if err := scan(append(r.fields(), &z.Refs, &z.Print, &z.Rules, &complete, &z.Objects, &at, &doc)...); err != nil {
			return err
		}
		z.Complete, z.At = complete != 0, unstamp(at)
		var k kept
		if err := unpackJSON(doc, &k); err != nil {
			return err
		}
		s.Credentials, s.References, s.Notices, s.Coverage = k.Credentials, k.References, k.Notices, k.Coverage
		s.Suppressed, s.Elapsed, s.Fetched = k.Suppressed, k.Elapsed, k.Fetched
		one, err := r.target()
		if err != nil {
			return err
		}
		return f(one, s)
	}, "SELECT "+targetFields+", s.refs, s.print, s.rules, s.complete, s.objects, s.at, s.doc FROM scans s JOIN targets t ON t.id = s.target WHERE t.gone = 0 ORDER BY t.name, t.id")
}
