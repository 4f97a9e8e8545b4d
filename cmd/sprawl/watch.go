package main

import (
	"context"
	"runtime/debug"

	"sprawl/internal/crawl"
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

// notify tells the webhook what a run has found; nil where there is none.
func (a *app) notify(context.Context, *store.Store, store.Run) error { return nil }
