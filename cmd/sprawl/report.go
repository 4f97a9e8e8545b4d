package main

import (
	"context"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sprawl/finding"
	"sprawl/report"
)

func (a *app) reportCommand() *cobra.Command {
	var r reportFlags
	var since, asOf string
	var run int64
	var db dbFlags
	c := &cobra.Command{
		Use:   "report [FILE]",
		Short: "Render a report again, in any format, and what changed since an earlier one",
		Long: `Render a report that a scan wrote as jsonl or json (- for standard input) in any other format; without a FILE, what the store of a
crawl holds: as its last run has left it, or an earlier one. Nothing is scanned.

With --since an earlier report is put beside it: what is new, what got worse or better, what a decision covers now, what is gone, and
for how long it had stood, by owner. Ids of both must be made with one key. What stood in a target that the later run did not look at
is never called gone.`,
		Example: `  sprawl scan git:shop git:billing --fail-on none --format jsonl -o november.jsonl
  sprawl report november.jsonl --format html -o november.html
  sprawl report november.jsonl --since october.jsonl --format html -o what-changed.html
  sprawl report --db acme.db --since last --format html -o night.html`,
		Args: mostArgs(1, "render one report at a time"),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				if db.location != "" || run != 0 || asOf != "" {
					return usage("give one of them", "--db, --run and --as-of go without a FILE")
				}
				return a.report(args[0], since, r)
			}
			return a.reportStore(c.Context(), db, run, asOf, since, r)
		},
	}
	db.add(c)
	p := c.Flags()
	p.StringVarP(&r.format, "format", "f", "text", "report format: "+formatNames())
	p.StringVarP(&r.output, "output", "o", "", "write the report to this file instead of standard output")
	p.StringVar(&since, "since", "", "an earlier report, to tell what changed since ("+strings.Join(comparing(), ", ")+"); of a store: last, a run's number, or a date")
	p.Int64Var(&run, "run", 0, "a run of the store by its number, instead of the last")
	p.StringVar(&asOf, "as-of", "", "what the store knew at this time (RFC 3339 or YYYY-MM-DD)")
	p.BoolVar(&r.omitDecided, "omit-decided", false, "leave out what a decision covers (sarif: GitHub does not know suppressions)")
	p.BoolVar(&r.all, "all", false, "show every credential in full (text)")
	p.BoolVar(&r.skipped, "skipped", false, "list what was not scanned (text)")
	p.StringVar(&r.group, "group-by", "", "put the one-line credentials under headings: "+strings.Join(report.Groupings(), ", ")+" (text)")
	return c
}

// reportStore reports what a store holds.
func (a *app) reportStore(ctx context.Context, db dbFlags, run int64, asOf, since string, rf reportFlags) error {
	if _, err := report.Find(rf.format); err != nil {
		return usage("sprawl report --help lists them", "%w", err)
	}
	if rf.group != "" && !slices.Contains(report.Groupings(), rf.group) {
		return usage("use one of "+strings.Join(report.Groupings(), ", "), "unknown value %q of --group-by", rf.group)
	}
	if since != "" && !report.Compares(rf.format) {
		return usage("use one of "+strings.Join(comparing(), ", "), "--since: %s does not tell what changed", rf.format)
	}
	at, err := parseAsOf(asOf)
	if err != nil {
		return err
	}
	if run < 0 || run > 0 && asOf != "" {
		return usage("sprawl crawl --status shows the newest", "give --run NUMBER or --as-of TIME")
	}
	if _, err := os.Stat(defaultStore); err != nil && db.of(a) == defaultStore {
		return usage("sprawl scan --format jsonl -o FILE writes a report, sprawl crawl TARGET… a store", "name a report, or a store with --db")
	}
	st, err := a.openStore(ctx, db, "", true)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	p, err := a.openPast(ctx, st, run, at)
	if err != nil {
		return err
	}
	return a.writePast(ctx, st, p, rf, since)
}

// comparing is the formats that tell what changed.
func comparing() []string {
	var all []string
	for _, f := range report.Formats() {
		if report.Compares(f.Name) {
			all = append(all, f.Name)
		}
	}
	return all
}

const reportHint = "sprawl scan --format jsonl -o FILE writes one"

func (a *app) report(path, since string, rf reportFlags) error {
	format, err := report.Find(rf.format)
	if err != nil {
		return usage("sprawl report --help lists them", "%w", err)
	}
	if rf.group != "" && !slices.Contains(report.Groupings(), rf.group) {
		return usage("use one of "+strings.Join(report.Groupings(), ", "), "unknown value %q of --group-by", rf.group)
	}
	o := a.reportOptions(rf)
	if since != "" {
		if !report.Compares(rf.format) {
			return usage("use one of "+strings.Join(comparing(), ", "), "--since: %s does not tell what changed", rf.format)
		}
		if o.Earlier, err = a.earlier(since); err != nil {
			return err
		}
	}
	in, err := a.openReport(path)
	if err != nil {
		return err
	}
	defer in.Close()
	var to handed
	var unread error
	err = a.write(rf.output, func(w io.Writer) error {
		to = handed{to: format.New(w, o), earlier: o.Earlier}
		err := report.Read(in, &to)
		if err != nil && !to.failed {
			unread = err
		}
		return err
	})
	switch {
	case to.unlike != nil:
		return usage("scan both times with the same key: sprawl key new makes one", "--since: %w", to.unlike)
	case unread != nil:
		return usage(reportHint, "%s: %w", path, unread)
	}
	if err == nil && to.named < to.places && slices.Contains([]string{"sarif", "gitlab", "codequality"}, rf.format) {
		a.log.Warn("the report has no fingerprints, so that its findings are known by their lines alone; after sprawl init, a scan with --also "+rf.format+"=FILE writes them", "report", path)
	}
	return err
}

// reportOptions are those of a report of what was scanned earlier.
func (a *app) reportOptions(rf reportFlags) report.Options {
	o := report.Options{Width: 100, All: rf.all, Skipped: rf.skipped, Group: rf.group, OmitDecided: rf.omitDecided}
	if a.stdoutTTY != nil && a.stdoutTTY.width > 0 {
		o.Width = a.stdoutTTY.width
	}
	o.Color = rf.output == "" && a.colored()
	return o
}

func (a *app) openReport(path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(a.stdin), nil
	}
	f, err := os.Open(path) //nolint:gosec // the report that the operator named
	if err != nil {
		return nil, usage(reportHint, "report: %w", err)
	}
	return f, nil
}

func (a *app) earlier(path string) (*report.Earlier, error) {
	f, err := a.openReport(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	e, err := report.ReadEarlier(f)
	if err != nil {
		return nil, usage(reportHint, "--since: %s: %w", path, err)
	}
	return e, nil
}

// handed hands a report on, once it is known to be comparable, and tells a writer's failure from a reader's.
type handed struct {
	to      report.Reporter
	earlier *report.Earlier
	unlike  error // why it cannot be compared
	failed  bool  // the format could not write
	places  int
	named   int // of places, those with a fingerprint
}

func (h *handed) Begin(x finding.Header) error {
	if h.earlier != nil {
		if h.unlike = h.earlier.Comparable(x); h.unlike != nil {
			return h.unlike
		}
	}
	return h.note(h.to.Begin(x))
}

func (h *handed) Item(it finding.Item) error {
	if c := it.Credential; c != nil {
		for i := range c.Sightings {
			h.places++
			if c.Sightings[i].Print != "" {
				h.named++
			}
		}
	}
	return h.note(h.to.Item(it))
}

func (h *handed) End(s finding.Summary) error { return h.note(h.to.End(s)) }

func (h *handed) note(err error) error {
	h.failed = h.failed || err != nil
	return err
}
