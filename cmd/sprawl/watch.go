package main

import (
	"context"
	"runtime/debug"
	"time"

	"sprawl/internal/crawl"
	"sprawl/internal/live"
	"sprawl/internal/notify"
	"sprawl/internal/store"
	"sprawl/sources/github"
)

// watching is what shows how a crawl fares.
type watching struct {
	events []func(crawl.Event)
	stops  []func()
}

// watch shows progress, and serves metrics where they are asked for.
func (a *app) watch(_ context.Context, _ *site, _ *workFlags, _ []*github.Client) (*watching, error) {
	return &watching{}, nil
}

func (w *watching) event(e crawl.Event) {
	for _, f := range w.events {
		f(e)
	}
}

// stop may be called again.
func (w *watching) stop() {
	for _, f := range w.stops {
		f()
	}
	w.stops = nil
}

// setCollector collects as a scan does while it works: the table of kinds stays, and most of what is allocated is a buffer for one large
// blob. It returns what undoes that.
func (a *app) setCollector() func() {
	if a.getenv("GOGC") != "" {
		return func() {}
	}
	was := debug.SetGCPercent(collectAt)
	return func() { debug.SetGCPercent(was) }
}

// webhook is where a run tells what got worse. Its address is a secret, so that it comes from the environment alone.
func (a *app) webhook() notify.Options {
	return notify.Options{URL: a.getenv("SPRAWL_WEBHOOK"), Secret: a.getenv("SPRAWL_WEBHOOK_SECRET"), Now: a.now, Wait: pause, Proxy: live.ProxyFrom(a.getenv)}
}

// checkWebhook refuses an address before a night is spent on what it is to be told.
func (a *app) checkWebhook() error {
	o := a.webhook()
	if o.URL == "" {
		return nil
	}
	if err := o.Check(); err != nil {
		return usage("set it to an https address", "SPRAWL_WEBHOOK: %w", err)
	}
	return nil
}

// notify tells the webhook what a run has found worse than it was. What cannot be told is a failure: somebody relies on it.
func (a *app) notify(ctx context.Context, st *store.Store, r store.Run) error {
	o := a.webhook()
	if o.URL == "" {
		return nil
	}
	var changes []store.Change
	var known []store.Known
	err := st.View(ctx, func(tx *store.Tx) (err error) {
		if changes, err = tx.Changes(r.ID); err == nil {
			known, err = tx.Credentials(time.Time{})
		}
		return err
	})
	if err != nil {
		return storeFailure(st.String(), err)
	}
	m, worse := notify.New(r, changes, known)
	if !worse {
		return nil
	}
	if err := notify.Send(ctx, o, m); err != nil {
		return incomplete("what it was to be told stands in the store: sprawl report --since last", "webhook: %w", err)
	}
	return nil
}
