package store

import (
	"fmt"
	"time"
)

// Retention says for how long the store keeps what is no longer current. Zero is for ever.
type Retention struct {
	History time.Duration // runs with their outcomes, changes and items, earlier versions of credentials, and targets that are gone
	Answers time.Duration // of providers
}

// Retain removes what is older than is to be kept, and counts it by table. What is current stays however old it is: the last run of
// every set of roots, the last that was judged, every credential, and of each the version that was true when the history that is kept
// begins.
func (t *Tx) Retain(now time.Time, keep Retention) (removed map[string]int64, err error) {
	removed = map[string]int64{}
	remove := func(table, where string, before time.Time) {
		if err != nil {
			return
		}
		var n int64
		if n, err = t.exec("DELETE FROM "+table+" WHERE "+where, stamp(before)); err != nil {
			err = fmt.Errorf("remove old %s: %w", table, err)
		}
		removed[table] += n
	}
	if keep.History > 0 {
		since := now.Add(-keep.History)
		const runs = `started < $1 AND id NOT IN (SELECT MAX(id) FROM runs GROUP BY roots) AND id NOT IN (SELECT id FROM runs ORDER BY judged DESC, id DESC LIMIT 1)`
		const gone = `(SELECT id FROM targets WHERE gone <> 0 AND gone < $1)`
		for _, table := range []string{"outcomes", "changes", "items"} {
			remove(table, "run IN (SELECT id FROM runs WHERE "+runs+")", since)
		}
		remove("runs", runs, since)
		remove("versions", `started < $1 AND seq < (SELECT MAX(w.seq) FROM versions w WHERE w.credential = versions.credential AND w.started < $1)`, since)
		remove("scans", "target IN "+gone, since)
		remove("seen", "target IN "+gone, since)
		remove("targets", "gone <> 0 AND gone < $1 AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.target = targets.id)", since)
	}
	if keep.Answers > 0 {
		remove("answers", "at < $1", now.Add(-keep.Answers))
	}
	return removed, err
}
