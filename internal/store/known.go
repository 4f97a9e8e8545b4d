package store

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"sprawl/finding"
)

// Point is a judged run in figures.
type Point struct {
	Run     int64                    `json:"run"`
	At      time.Time                `json:"at"`      // when it was judged
	Open    map[finding.Severity]int `json:"open"`    // credentials of status Exposed
	Changes map[What]int             `json:"changes"` // credentials, Still among them
	Closed  int                      `json:"closed"`  // credentials that are gone, rotated or revoked since
	// DaysOpen is the mean of the days since what is open was first reported; DaysToClose of those that what Closed counts was open.
	DaysOpen    float64 `json:"days_open"`
	DaysToClose float64 `json:"days_to_close"`
}

func (p *Point) finish(open, closed float64) {
	n := 0
	for _, k := range p.Open {
		n += k
	}
	p.DaysOpen, p.DaysToClose = mean(open, n), mean(closed, p.Closed)
}

func mean(sum float64, n int) float64 {
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

// Credentials are all that the store knows, by id, what is gone among them. With asOf they are what it knew then: as judged by the
// last run that had started by that time. LastRun is then the run since which a credential was as it is given.
func (t *Tx) Credentials(asOf time.Time) ([]Known, error) {
	if asOf.IsZero() {
		return t.known("SELECT id, status, first_run, first_at, first_seen, last_run, gone_at, doc FROM credentials ORDER BY id")
	}
	return t.known(`SELECT c.id, v.status, c.first_run, c.first_at, c.first_seen, v.run, v.gone_at, v.doc FROM credentials c JOIN versions v ON v.credential = c.id
		WHERE v.seq = (SELECT MAX(w.seq) FROM versions w WHERE w.credential = c.id AND w.started <= $1) ORDER BY c.id`, stamp(asOf))
}

// Credential is the one whose id starts so, and what became of it, oldest first. ErrNone where there is none, ErrSeveral where there
// are more.
func (t *Tx) Credential(idPrefix string) (Known, []Change, error) {
	ks, err := t.known(`SELECT id, status, first_run, first_at, first_seen, last_run, gone_at, doc FROM credentials
		WHERE id >= $1 AND id < $2 ORDER BY id LIMIT 2`, text(idPrefix), text(idPrefix)+"~") // after every character of an id
	switch {
	case err != nil:
		return Known{}, nil, err
	case len(ks) == 0:
		return Known{}, nil, fmt.Errorf("credential %s: %w", idPrefix, ErrNone)
	case len(ks) > 1:
		return Known{}, nil, fmt.Errorf("credential %s: %w", idPrefix, ErrSeveral)
	}
	cs, err := t.changes("WHERE credential = $1 ORDER BY at, run", ks[0].Credential.ID)
	return ks[0], cs, err
}

func (t *Tx) known(query string, args ...any) ([]Known, error) {
	var all []Known
	var docs [][]byte
	err := t.each(func(scan func(...any) error) error {
		var k Known
		var id, status string
		var firstAt, firstSeen, goneAt int64
		var doc []byte
		if err := scan(&id, &status, &k.FirstRun, &firstAt, &firstSeen, &k.LastRun, &goneAt, &doc); err != nil {
			return err
		}
		k.Status, k.FirstAt, k.GoneAt = Status(status), unstamp(firstAt), unstamp(goneAt)
		all, docs = append(all, k), append(docs, doc)
		return nil
	}, query, args...)
	// To understand a document takes far longer than to read it.
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := 0; i < len(all) && err == nil; i += page {
		g.Go(func() error {
			for k := i; k < min(i+page, len(all)); k++ {
				if err := unpackJSON(docs[k], &all[k].Credential); err != nil {
					return err
				}
				docs[k] = nil
			}
			return nil
		})
	}
	if err = errors.Join(err, g.Wait()); err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	return all, nil
}

// Changes are what became of credentials in a run, by id.
func (t *Tx) Changes(run int64) ([]Change, error) {
	return t.changes("WHERE run = $1 ORDER BY credential", run)
}

func (t *Tx) changes(where string, arg any) ([]Change, error) {
	var all []Change
	err := t.each(func(scan func(...any) error) error {
		var c Change
		var at int64
		var what, was, is string
		if err := scan(&c.Run, &c.Credential, &at, &what, &was, &is, &c.Detail); err != nil {
			return err
		}
		c.At, c.What, c.Was, c.Is = unstamp(at), What(what), finding.Severity(was), finding.Severity(is)
		all = append(all, c)
		return nil
	}, "SELECT run, credential, at, what, was, is_now, detail FROM changes "+where, arg)
	if err != nil {
		return nil, fmt.Errorf("read changes: %w", err)
	}
	return all, nil
}

// Items are the notices, references and rows of inventories of a judged run, or where the run is 0 or was not judged, of the last one
// that was.
func (t *Tx) Items(run int64) (Items, error) {
	var all Items
	var of int64
	ok, err := t.one("SELECT id FROM runs WHERE judged > 0 ORDER BY CASE id WHEN $1 THEN 0 ELSE 1 END, judged DESC LIMIT 1", []any{run}, &of)
	if err == nil && ok {
		err = t.each(func(scan func(...any) error) error {
			var doc []byte
			if err := scan(&doc); err != nil {
				return err
			}
			var some Items
			if err := unpackJSON(doc, &some); err != nil {
				return err
			}
			all.Notices = append(all.Notices, some.Notices...)
			all.References = append(all.References, some.References...)
			all.Inventory = append(all.Inventory, some.Inventory...)
			return nil
		}, "SELECT doc FROM items WHERE run = $1 ORDER BY part", of)
	}
	if err != nil {
		return Items{}, fmt.Errorf("read items of run %d: %w", run, err)
	}
	return all, nil
}

// Trend is every judged run that has ended in figures, oldest first. It reaches back behind what Retain has removed.
func (t *Tx) Trend() ([]Point, error) {
	var all []Point
	err := t.each(func(scan func(...any) error) error {
		var doc []byte
		var p Point
		if err := scan(&doc); err != nil {
			return err
		}
		if err := unpackJSON(doc, &p); err != nil {
			return err
		}
		all = append(all, p)
		return nil
	}, "SELECT doc FROM points WHERE run NOT IN (SELECT id FROM runs WHERE ended = 0) ORDER BY at, run")
	if err != nil {
		return nil, fmt.Errorf("read the trend: %w", err)
	}
	return all, nil
}
