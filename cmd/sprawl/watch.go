package main

import (
	"context"
	"fmt"
	"time"

	"sprawl/internal/crawl"
	"sprawl/internal/health"
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
func (a *app) watch(ctx context.Context, s *site, f *workFlags, clients []*github.Client) (*watching, error) {
	w := &watching{}
	if f.metrics != "" {
		if err := a.measure(ctx, w, s, f.metrics, clients); err != nil {
			return nil, err
		}
	}
	left := func() string { return "" }
	if len(clients) > 0 {
		left = func() string { return budgetText(clients) }
	}
	show, stop := a.crawlProgress(f.targets, left)
	w.events, w.stops = append(w.events, show), append(w.stops, stop)
	return w, nil
}

// measure serves metrics and health at an address until the watching stops.
func (a *app) measure(ctx context.Context, w *watching, s *site, address string, clients []*github.Client) error {
	l, err := health.Listen(ctx, address)
	if err != nil {
		return usage("name a free port, as in 127.0.0.1:9464", "--metrics: %w", err)
	}
	var budgets []health.Budget
	for _, c := range clients {
		budgets = append(budgets, func() health.Left {
			b := c.Budget()
			return health.Left{Calls: b.Calls, Spared: b.Spared, Limit: b.Limit, Remaining: b.Remaining, Reset: b.Reset}
		})
	}
	m := health.NewMetrics(health.Sources{Version: version, Now: a.now, Log: a.log, Runs: health.Stored(s.store), Budgets: budgets})
	ready := func(ctx context.Context) error {
		return s.store.View(ctx, func(tx *store.Tx) error { _, _, err := tx.LastRun(); return err })
	}
	// Not of the command's context: while targets in hand end, somebody may want to see it.
	serving, end := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := health.Run(serving, l, health.Handler(m, ready), a.log); err != nil {
			a.log.Error("metrics", "why", err)
		}
	}()
	a.log.Info("metrics", "address", "http://"+l.Addr().String()+"/metrics")
	w.events = append(w.events, m.Event)
	w.stops = append(w.stops, func() { end(); <-done })
	return nil
}

// budgetText is what is left of the hourly limits, in a few words; "" where nobody says.
func budgetText(clients []*github.Client) string {
	least := -1
	for _, c := range clients {
		if b := c.Budget(); b.Remaining >= 0 && (least < 0 || b.Remaining < least) {
			least = b.Remaining
		}
	}
	if least < 0 {
		return ""
	}
	return fmt.Sprintf("%d calls left this hour", least)
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
