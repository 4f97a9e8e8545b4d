package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"sprawl/finding"
	"sprawl/internal/correlate"
	"sprawl/internal/store"
	"sprawl/report"
)

// past is what a store knew at the end of a run, as a report.
type past struct {
	*result
	run     store.Run
	changes []store.Change
	status  map[string]store.Status
	summary finding.Summary
}

// openPast reads the run of that number, the last one that has ended where it is 0, or the last that had begun at a time.
func (a *app) openPast(ctx context.Context, st *store.Store, id int64, at time.Time) (*past, error) {
	p := &past{result: &result{}, status: map[string]store.Status{}}
	err := st.View(ctx, func(tx *store.Tx) error {
		if err := p.find(tx, id, at); err != nil {
			return err
		}
		last, _, err := tx.LastRun(store.Complete, store.Partial)
		if err != nil {
			return err
		}
		as := p.run.Started
		if last.ID == p.run.ID {
			as = time.Time{} // in its latest words
		}
		known, err := tx.Credentials(as)
		if err != nil {
			return err
		}
		for i := range known {
			if known[i].Status != store.Cleared {
				p.found.Credentials = append(p.found.Credentials, known[i].Credential)
				p.status[known[i].Credential.ID] = known[i].Status
			}
		}
		items, err := tx.Items(p.run.ID)
		if err != nil {
			return err
		}
		p.found.Notices, p.references, p.found.Inventory = items.Notices, items.References, items.Inventory
		p.changes, err = tx.Changes(p.run.ID)
		return err
	})
	if err != nil {
		return nil, storeFailure(st.String(), err)
	}
	slices.SortFunc(p.found.Credentials, correlate.Order)
	r := p.run
	p.header = finding.Header{Version: r.Version, RuleSet: r.RuleSet, KeyScope: finding.KeyOrganisation, KeyID: r.KeyID, Command: "crawl", Targets: r.Roots, AsOf: r.Started}
	if r.Summary != nil {
		p.summary = *r.Summary
		p.ledger, p.elapsed, p.namedReferences = r.Summary.Coverage, r.Summary.Elapsed, r.Summary.References
	}
	return p, nil
}

func (p *past) find(tx *store.Tx, id int64, at time.Time) (err error) {
	ok := true
	switch {
	case id > 0:
		p.run, err = tx.Run(id)
		if errors.Is(err, store.ErrNone) || err == nil && p.run.Summary == nil {
			return usage("sprawl crawl --status shows the newest", "the store has no run %d that has ended", id)
		}
	case at.IsZero():
		if p.run, ok, err = tx.LastRun(store.Complete, store.Partial); ok && err == nil {
			p.run, err = tx.Run(p.run.ID) // with what became of its targets
		}
	default:
		var runs []store.Run
		if runs, err = tx.Runs(0); err == nil {
			i := slices.IndexFunc(runs, func(r store.Run) bool { return r.Summary != nil && !r.Started.After(at) })
			if ok = i >= 0; ok {
				p.run = runs[i]
			}
		}
	}
	if err == nil && !ok {
		err = usage("sprawl crawl TARGET… makes one", "the store has no run that had ended by then")
	}
	return err
}

// judge counts again what fails, by what is asked for now.
func (p *past) judge(failOn string, fails func(finding.Credential) bool) {
	p.summary = p.summarise(failOn, fails)
}

// newly narrows fails to what the run has found, or found again.
func (p *past) newly(fails func(finding.Credential) bool) func(finding.Credential) bool {
	fresh := map[string]bool{}
	for _, c := range p.changes {
		if c.What == store.New || c.What == store.Reopened || c.What == store.Escalated {
			fresh[c.Credential] = true
		}
	}
	return func(c finding.Credential) bool { return fresh[c.ID] && fails(c) }
}

// before is the run that a run is compared with: the one before it of the same lists, one by its number, the last before a date, or nil for none.
func (a *app) before(ctx context.Context, st *store.Store, p *past, since string) (*past, error) {
	if since == "none" || since == "" {
		return nil, nil //nolint:nilnil // nothing to compare with
	}
	if n, err := strconv.ParseInt(since, 10, 64); err == nil && n > 0 {
		return a.openPast(ctx, st, n, time.Time{})
	}
	if since != "last" {
		at, err := parseAsOf(since)
		if err != nil {
			return nil, usage("use last, a run's number, a date, or none", "--since %q names no run", since)
		}
		return a.openPast(ctx, st, 0, at)
	}
	var id int64
	err := st.View(ctx, func(tx *store.Tx) error {
		const back = 100 // the one before is seldom far
		runs, err := tx.Runs(back)
		for _, r := range runs {
			if r.ID < p.run.ID && r.Summary != nil && slices.Equal(r.Roots, p.run.Roots) {
				id = r.ID
				break
			}
		}
		return err
	})
	if err != nil {
		return nil, storeFailure(st.String(), err)
	}
	if id == 0 {
		return nil, nil //nolint:nilnil // it is the first
	}
	return a.openPast(ctx, st, id, time.Time{})
}

// writePast writes a report of a run, compared with an earlier one where the format tells what changed.
func (a *app) writePast(ctx context.Context, st *store.Store, p *past, rf reportFlags, since string) error {
	format, err := report.Find(rf.format)
	if err != nil {
		return usage("sprawl report --help lists them", "%w", err)
	}
	o := a.reportOptions(rf)
	if report.Compares(rf.format) {
		was, err := a.before(ctx, st, p, since)
		if err != nil {
			return err
		}
		if was != nil {
			if o.Earlier, err = report.EarlierOf(func(to report.Reporter) error { return render(to, was.result, was.summary) }); err != nil {
				return err
			}
		}
	}
	return a.write(rf.output, func(w io.Writer) error { return render(format.New(w, o), p.result, p.summary) })
}

// brief is a night in a few lines.
func (p *past) brief(w io.Writer) error {
	var b strings.Builder
	r := p.run
	fmt.Fprintf(&b, "run %d: %s after %s\n", r.ID, r.State, r.Ended.Sub(r.Started).Round(time.Second))
	var parts []string
	total := 0
	for _, s := range []store.State{store.Done, store.Same, store.Incomplete, store.Failed, store.Gone} {
		if n := r.Counts.Targets[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, map[store.State]string{store.Done: "scanned", store.Same: "unchanged", store.Incomplete: "incomplete", store.Failed: "failed", store.Gone: "gone"}[s]))
			total += n
		}
	}
	fmt.Fprintf(&b, "%s: %s\n", plural(total, "target"), strings.Join(parts, ", "))
	fmt.Fprintf(&b, "%.1f MB fetched, %.1f MB matched, %d calls (%d of them spared by what was kept)\n", float64(r.Counts.Fetched)/1e6, float64(r.Counts.Scanned)/1e6, r.Counts.Calls, r.Counts.Spared)
	for _, u := range r.Counts.Unlisted {
		fmt.Fprintf(&b, "not read to its end: %s\n", clean(u))
	}
	counts := map[store.What]int{}
	for _, c := range p.changes {
		counts[c.What]++
	}
	parts = parts[:0]
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[what], what))
	}
	if len(parts) == 0 {
		parts = []string{"nothing"}
	}
	fmt.Fprintf(&b, "changed since the run before: %s\n", strings.Join(parts, ", "))
	parts = parts[:0]
	for _, s := range finding.Severities() {
		if n := p.summary.BySeverity[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	open := plural(p.summary.Credentials, "credential") + " open in " + plural(p.summary.Places, "place")
	if len(parts) > 0 {
		open += ": " + strings.Join(parts, ", ")
	}
	fmt.Fprintf(&b, "%s\nnext: sprawl report --since last, or sprawl serve\n", open)
	_, err := io.WriteString(w, b.String())
	return err
}
