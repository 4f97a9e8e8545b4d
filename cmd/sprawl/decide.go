package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sprawl/finding"
	"sprawl/internal/identity"
	"sprawl/internal/policy"
	"sprawl/internal/wholefile"
	"sprawl/report"
	"sprawl/sources/git"
)

// worst is how many credentials init shows.
const worst = 10

func (a *app) initCommand() *cobra.Command {
	var f scanFlags
	c := &cobra.Command{
		Use:   "init [TARGET]",
		Short: "Start with an old repository: write " + policyName + " with a salt and a baseline, and show the ten worst",
		Long: `Scan a repository and write its ` + policyName + `: a salt, by which everybody who has the repository agrees on what is known,
and a baseline that lists what was found, one line a credential and no value. From then on scan reports what is new.
Run again, it adds what has come since. The baseline accepts nothing: it says "seen before, not judged".`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.init(c.Context(), args, f) },
	}
	f.add(c)
	return c
}

func (a *app) init(ctx context.Context, args []string, f scanFlags) error {
	r, err := a.newRun(ctx, "init", args, f)
	if err != nil {
		return err
	}
	path, err := r.policyFile()
	if err != nil {
		return err
	}
	data := r.policy.data
	if r.policy.policy.Salt == nil {
		salt := make([]byte, identity.SaltSize)
		if _, err := io.ReadFull(a.random, salt); err != nil {
			return incomplete("try again", "read randomness: %w", err)
		}
		if data, err = policy.SetSalt(data, salt); err != nil {
			return usage("mend the file by hand", "%w", err)
		}
		if r.policy, err = parsePolicy(data, path, path); err != nil {
			return err
		}
	}
	res, err := r.do(ctx)
	if errors.Is(err, git.ErrEmpty) {
		if err := replaceFile(path, data); err != nil {
			return err
		}
		_, err := fmt.Fprintf(a.stdout, "wrote %s: a salt, and an empty baseline, for there are no commits yet\nnext: commit it; sprawl hook install keeps credentials out of that commit and of all later ones\n", path)
		return err
	}
	if err != nil {
		return err
	}
	entries := map[string]string{}
	for m, kind := range r.policy.policy.Baseline {
		entries[m] = kind
	}
	added := 0
	var open []finding.Credential
	for _, c := range res.found.Credentials {
		p := c.Sightings[0].Part(finding.RoleSecret)
		if c.Decision != nil || p == nil {
			continue
		}
		open = append(open, c)
		entries[res.keys.Match(p.Secret)] = c.Kind
		added++
	}
	if data, err = policy.SetBaseline(data, entries); err != nil {
		return usage("mend the file by hand", "%w", err)
	}
	res.found.Credentials = open[:min(worst, len(open))]
	never := func(finding.Credential) bool { return false }
	if err := a.text(res, res.summarise("none", never), true); err != nil {
		return err
	}
	if err := replaceFile(path, data); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(a.stdout, "\nwrote %s: %d in the baseline, %d of them new\nnext: commit it; sprawl scan now reports what is not in it. Rotate the worst first, then: sprawl mark ID resolved --reason WHY\n",
		path, len(entries), added); err != nil {
		return err
	}
	if !res.ledger.Complete() {
		return outcome(exitIncomplete)
	}
	return nil
}

// policyFile is where the policy of the run's one target stands or would stand.
func (r *run) policyFile() (string, error) {
	if r.policy.path != "" {
		return r.policy.path, nil
	}
	if len(r.targets) != 1 || r.targets[0].root == "" {
		return "", usage("run it in a work tree, or name the file with --policy", "%s has no place for a %s", r.targets[0].name, policyName)
	}
	return filepath.Join(r.targets[0].root, policyName), nil
}

// text prints a report to standard output.
func (a *app) text(res *result, sum finding.Summary, all bool) error {
	f, err := report.Find("text")
	if err != nil {
		return err
	}
	o := report.Options{Width: 100, All: all, Color: a.colored()}
	if a.stdoutTTY != nil && a.stdoutTTY.width > 0 {
		o.Width = a.stdoutTTY.width
	}
	return a.write("", func(w io.Writer) error { return render(f.New(w, o), res, sum) })
}

// replaceFile writes beside path and renames, so that a full disk or a kill leaves the old file.
func replaceFile(path string, data []byte) error {
	err := wholefile.Write(path, 0o644, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	switch {
	case errors.Is(err, wholefile.ErrPlace):
		return incomplete("check that you can write there", "write %s: %w", path, err)
	case err != nil:
		return incomplete("free some room and try again; the file is as it was", "write %s: %w", path, err)
	}
	return nil
}

func (a *app) baselineCommand() *cobra.Command {
	c := &cobra.Command{Use: "baseline", Short: "Keep the list of what was seen before"}
	var f scanFlags
	prune := &cobra.Command{
		Use:   "prune [TARGET]",
		Short: "Drop baseline entries whose value is found no more",
		Args:  cobra.MaximumNArgs(1),
		RunE:  func(c *cobra.Command, args []string) error { return a.prune(c.Context(), args, f) },
	}
	f.add(prune)
	c.AddCommand(prune)
	return group(c)
}

func (a *app) prune(ctx context.Context, args []string, f scanFlags) error {
	r, err := a.newRun(ctx, "baseline prune", args, f)
	if err != nil {
		return err
	}
	if r.policy.path == "" || r.policy.policy.Salt == nil {
		return usage("sprawl init writes one", "%s has no baseline to prune", r.targets[0].name)
	}
	res, err := r.do(ctx)
	if err != nil {
		return err
	}
	if !res.ledger.Complete() {
		return incomplete("sprawl scan --skipped lists it; the baseline is as it was", "something was not read, and an entry that was not found may stand there")
	}
	there := map[string]bool{}
	weak := r.policy.policy.HasWeak()
	for _, c := range res.found.Credentials {
		if p := c.Sightings[0].Part(finding.RoleSecret); p != nil && (weak || !res.keys.Weak(p.Secret)) {
			there[res.keys.Match(p.Secret)] = true
		}
	}
	data, removed, err := policy.PruneBaseline(r.policy.data, func(m string) bool { return there[m] })
	if err != nil {
		return usage("mend the file by hand", "%w", err)
	}
	if len(removed) > 0 {
		if err := replaceFile(r.policy.path, data); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(a.stdout, "%s: removed %d of %d baseline entries\n", r.policy.path, len(removed), len(r.policy.policy.Baseline))
	return err
}

func (a *app) markCommand() *cobra.Command {
	var f scanFlags
	var m policy.Mark
	c := &cobra.Command{
		Use:   "mark ID false-positive|resolved --reason WHY [TARGET]",
		Short: "Record that a finding is no credential, or that its credential is dead",
		Args:  cobra.RangeArgs(2, 3),
		RunE: func(c *cobra.Command, args []string) error {
			m.As = policy.Verdict(args[1])
			return a.mark(c.Context(), args[0], m, args[2:], f)
		},
	}
	f.add(c)
	c.Flags().StringVar(&m.Reason, "reason", "", "why, in words (required)")
	c.Flags().StringVar(&m.By, "by", "", "who says so")
	return c
}

func (a *app) mark(ctx context.Context, id string, m policy.Mark, args []string, f scanFlags) error {
	if m.As != policy.FalsePositive && m.As != policy.Resolved {
		return usage("use false-positive or resolved", "unknown mark %q", m.As)
	}
	if strings.TrimSpace(m.Reason) == "" {
		return usage("add --reason \"…\": whoever reads it next year will ask", "a mark needs its reason")
	}
	r, res, c, err := a.findOne(ctx, "mark", id, args, f)
	if err != nil {
		return err
	}
	p := c.Sightings[0].Part(finding.RoleSecret)
	if p == nil {
		return usage("mark the credential it belongs to", "%s is a public half", finding.ShortID(c.ID))
	}
	if r.policy.path == "" || r.policy.policy.Salt == nil {
		return usage("sprawl init writes it", "%s has no %s to keep a mark in", r.targets[0].name, policyName)
	}
	m.On = r.asOf.UTC().Truncate(24 * time.Hour)
	data, err := policy.AddMark(r.policy.data, res.keys.Match(p.Secret), m)
	if err != nil {
		return usage("mend the file by hand", "%w", err)
	}
	if err := replaceFile(r.policy.path, data); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%s: %s (%s, %d places) marked %s\nnext: commit it\n", r.policy.path, finding.ShortID(c.ID), c.Kind, len(c.Sightings), m.As)
	return err
}

// minID is how much of an id must be given: "c-" and 8 characters are what reports show.
const minID = 6

// findOne scans again and returns the credential whose id begins as given.
func (a *app) findOne(ctx context.Context, command, id string, args []string, f scanFlags) (*run, *result, finding.Credential, error) {
	none := finding.Credential{}
	if !strings.HasPrefix(id, "c-") || len(id) < minID {
		return nil, nil, none, usage("ids stand in reports, such as c-7q2mw4ka", "%q is not the id of a credential", id)
	}
	r, err := a.newRun(ctx, command, args, f)
	if err != nil {
		return nil, nil, none, err
	}
	res, err := r.do(ctx)
	if err != nil {
		return nil, nil, none, err
	}
	var hits []finding.Credential
	for _, c := range res.found.Credentials {
		if strings.HasPrefix(c.ID, id) || slices.ContainsFunc(c.Aliases, func(x string) bool { return strings.HasPrefix(x, id) }) {
			hits = append(hits, c)
		}
	}
	switch {
	case len(hits) == 1:
		return r, res, hits[0], nil
	case len(hits) > 1:
		return nil, nil, none, usage("give more characters of it", "%d credentials have ids that begin with %s", len(hits), id)
	case res.keys.Scope() == finding.KeyRun:
		return nil, nil, none, usage("sprawl init gives the repository a salt, SPRAWL_KEY an organisation a key; either makes ids stay", "ids are good for one report here: there is neither a salt nor a key")
	}
	return nil, nil, none, usage("scan again: the id may come from another key or target", "no credential with id %s in %s", id, r.targets[0].name)
}
