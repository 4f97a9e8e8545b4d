package crawl

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"sprawl/internal/store"
)

// roots of the listers, sorted; a run is found again by them.
func (c *Crawler) roots() []string {
	var rs []string
	for _, l := range c.o.Listers {
		rs = append(rs, l.Root())
	}
	slices.Sort(rs)
	return slices.Compact(rs)
}

// office names what one process at a time is at the head of: the runs of some roots.
func office(roots []string) string {
	sum := sha256.Sum256([]byte(strings.Join(roots, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// take puts this process at the head, unless another one is there and gives signs of life.
func (e *engine) take(ctx context.Context, tx *store.Tx, office string) error {
	var worker string
	var at, now int64
	err := tx.SQL().QueryRowContext(ctx, `SELECT worker, at, `+e.db.now+` FROM crawl_lead WHERE office = $1`, office).Scan(&worker, &at, &now)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return err
	case worker != e.me.String() && !e.me.ended(worker) && time.Duration(now-at)*time.Microsecond <= e.o.RescueAfter:
		return &Busy{Worker: worker}
	}
	n, err := change(ctx, tx, `INSERT INTO crawl_lead (office, worker, at) VALUES ($1, $2, `+e.db.now+`)
		ON CONFLICT (office) DO UPDATE SET worker = excluded.worker, at = excluded.at WHERE crawl_lead.worker = $3 AND crawl_lead.at = $4`,
		office, e.me.String(), worker, at)
	if err == nil && n != 1 { // two at once
		err = &Busy{Worker: "another process"}
	}
	return err
}

// hold fails where this process is not at the head any more. Until the transaction ends, nobody else gets there.
func (e *engine) hold(ctx context.Context, tx *store.Tx, office string) error {
	n, err := change(ctx, tx, `UPDATE crawl_lead SET at = `+e.db.now+` WHERE office = $1 AND worker = $2`, office, e.me.String())
	if err == nil && n != 1 {
		err = ErrDeposed
	}
	return err
}

// lead is the sign of life for the office that this process holds, if any.
func (e *engine) lead(ctx context.Context) error {
	e.mu.Lock()
	office, depose := e.office, e.depose
	e.mu.Unlock()
	if office == "" {
		return nil
	}
	err := e.o.Store.Update(ctx, func(tx *store.Tx) error { return e.hold(ctx, tx, office) })
	if errors.Is(err, ErrDeposed) {
		depose(ErrDeposed)
		return nil
	}
	return err
}
