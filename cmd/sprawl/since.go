package main

import (
	"errors"
	"fmt"
	"sync/atomic"

	"sprawl/internal/state"
	"sprawl/sources"
	"sprawl/sources/git"
)

// memory is what --since-state keeps of repositories from one scan to the next. A nil memory keeps nothing.
type memory struct {
	path   string
	rules  string
	state  *state.State
	broken atomic.Bool // a matcher failed: what was seen was not all looked at
}

// remember opens the state of an earlier scan. One that is damaged is begun anew: that costs time, and no finding.
func (r *run) remember(ruleSet string) (*memory, error) {
	if r.since == "" {
		return nil, nil
	}
	m := &memory{path: r.since, rules: fmt.Sprintf("%s %s decode %d archive %d whole %d", version, ruleSet, r.decodeDepth, r.archiveDepth, r.maxFile)}
	var err error
	if m.state, err = state.Read(r.since); errors.Is(err, state.ErrDamaged) {
		r.app.log.Warn("begun anew", "state", r.since, "why", err.Error())
		m.state = &state.State{}
		return m, nil
	}
	if err != nil {
		return nil, usage("name a file that you can read and write", "--since-state: %w", err)
	}
	return m, nil
}

// before has the targets' sources leave out what was seen. It reports whether that is everything: no source will hand out
// anything.
func (m *memory) before(targets []target) (everything bool) {
	if m == nil {
		return false
	}
	everything = true
	for _, t := range targets {
		g, ok := t.source.(*git.Source)
		if !ok {
			everything = false
			continue
		}
		x := m.state.Get(g.Store(), m.rules)
		same := g.Since(git.Seen{Print: x.Print, Complete: x.Complete, Objects: x.Objects, IDs: x.IDs})
		everything = everything && same
	}
	return everything
}

// after keeps what a source has seen. It reports whether that is nothing new.
func (m *memory) after(src sources.Source) (same bool) {
	g, ok := src.(*git.Source)
	if !ok || m == nil || m.broken.Load() {
		return false
	}
	x, ok := g.Seen()
	if !ok {
		return false
	}
	was := m.state.Get(g.Store(), m.rules)
	m.state.Put(g.Store(), state.Repository{Rules: m.rules, Print: x.Print, Complete: x.Complete, Objects: x.Objects, IDs: x.IDs})
	return was.Complete && was.Print == x.Print
}

// write saves the state. It comes after the report: what is remembered is not reported again.
func (m *memory) write() error {
	if m == nil {
		return nil
	}
	if err := m.state.Write(m.path); err != nil {
		return incomplete("free some room or name another place", "write the state to %s: %w", m.path, err)
	}
	return nil
}

// checkSince refuses --since-state where there is nothing to remember.
func checkSince(f scanFlags, targets []target) error {
	if f.since == "" {
		return nil
	}
	if f.change() {
		return usage("give one of them", "--since-state goes with a whole history, not with --staged, --range or --pr")
	}
	for _, t := range targets {
		if _, ok := t.source.(*git.Source); ok {
			return nil
		}
	}
	return usage("name a repository", "--since-state remembers git repositories, and none is scanned")
}
