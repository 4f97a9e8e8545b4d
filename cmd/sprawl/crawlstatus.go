package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"sprawl/internal/crawl"
	"sprawl/internal/store"
)

// crawlStatus shows how far the newest crawl of a store has come.
func (a *app) crawlStatus(ctx context.Context, f dbFlags) error {
	st, err := a.openStore(ctx, f, "", true)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	s, err := crawl.StatusOf(ctx, st)
	if err != nil {
		return storeFailure(st.String(), err)
	}
	return a.write("", func(w io.Writer) error { return printStatus(w, s) })
}

func printStatus(w io.Writer, s crawl.Status) error {
	var b strings.Builder
	r := s.Run
	if r.ID == 0 {
		_, err := io.WriteString(w, "no crawl yet\nnext: sprawl crawl TARGET…\n")
		return err
	}
	fmt.Fprintf(&b, "run %d of %s: %s, begun %s\n", r.ID, clean(strings.Join(r.Roots, ", ")), r.State, r.Started.UTC().Format(time.RFC3339))
	switch {
	case r.State != store.Running:
		fmt.Fprintf(&b, "ended %s, after %s\n", r.Ended.UTC().Format(time.RFC3339), r.Ended.Sub(r.Started).Round(time.Second))
	case s.Head.Name == "":
		b.WriteString("nobody is at its head: sprawl crawl with the same targets goes on\n")
	default:
		fmt.Fprintf(&b, "at its head: %s, last heard of %s ago\n", clean(s.Head.Name), s.Head.Silent.Round(time.Second))
	}
	var parts []string
	for _, x := range []store.State{store.Pending, store.Done, store.Same, store.Incomplete, store.Failed, store.Gone} {
		if n := r.Counts.Targets[x]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, x))
		}
	}
	if len(parts) > 0 {
		fmt.Fprintf(&b, "targets: %s\n", strings.Join(parts, ", "))
	}
	for _, u := range r.Counts.Unlisted {
		fmt.Fprintf(&b, "not read to its end: %s\n", clean(u))
	}
	for _, h := range s.Hosts {
		fmt.Fprintf(&b, "%-30s %6d waiting, %d in hand", clean(h.Name), h.Waiting, h.InHand)
		if h.PutOff > 0 {
			fmt.Fprintf(&b, ", %d put off until %s", h.PutOff, h.Until.UTC().Format(time.RFC3339))
		}
		b.WriteByte('\n')
	}
	for _, x := range s.InHand {
		fmt.Fprintf(&b, "in hand for %s: %s, by %s, last heard of %s ago, attempt %d\n", x.Age.Round(time.Second), clean(x.Target.Name), clean(x.Worker.Name), x.Worker.Silent.Round(time.Second), x.Tries)
	}
	const most = 50
	for i, o := range s.Incomplete {
		if i == most {
			fmt.Fprintf(&b, "and %d more\n", len(s.Incomplete)-most)
			break
		}
		fmt.Fprintf(&b, "%s: %s: %s %s\n", o.State, clean(o.Target.Name), clean(o.Reason), clean(o.Detail))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
