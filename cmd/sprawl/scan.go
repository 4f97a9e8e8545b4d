package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sprawl/finding"
	"sprawl/internal/wholefile"
	"sprawl/report"
)

// scanFlags are shared by every command that scans.
type scanFlags struct {
	policy       string
	asOf         string
	workers      int
	archiveDepth int
	decodeDepth  int
	exclude      []string
	maxFile      int64
	ignoreAllow  bool
	staged       bool
	span         string // BASE..HEAD
	image        imageFlags
	pr           bool
	deepen       bool
	since        string // what earlier scans have seen
	noInherit    bool
	inventories  []string
	branches     []string
	ask          liveFlags
	mirrors      mirrorFlags
}

// change reports whether a change is scanned instead of all there is.
func (f *scanFlags) change() bool { return f.staged || f.span != "" || f.pr }

func (f *scanFlags) add(c *cobra.Command) {
	p := c.Flags()
	p.StringVar(&f.policy, "policy", "", "policy file to use instead of the target's own "+policyName+"; none for no policy")
	p.IntVar(&f.workers, "workers", defaultWorkers(), "how many blobs are matched at a time")
	p.IntVar(&f.archiveDepth, "archive-depth", 2, "how many archives inside each other are opened; 0 opens none")
	p.IntVar(&f.decodeDepth, "decode-depth", 5, "how many layers of encoding are undone; 0 decodes nothing")
	p.StringArrayVar(&f.exclude, "exclude", nil, "leave out files that match this glob (dir: targets; may be repeated)")
	p.Int64Var(&f.maxFile, "max-file", 50<<20, "bytes up to which a file is matched whole; larger ones are matched in overlapping windows")
	p.StringArrayVar(&f.inventories, "inventory", nil, inventoryHelp)
	p.StringArrayVar(&f.branches, "branch", nil, "read pipelines, manifests and CODEOWNERS at the tip of this branch instead of the default one (may be repeated)")
}

type reportFlags struct {
	format, output, failOn, onIncomplete, group string
	all, skipped                                bool
	also                                        []string // FORMAT=FILE
	omitDecided                                 bool
}

func (a *app) scanCommand() *cobra.Command {
	var f scanFlags
	var r reportFlags
	c := &cobra.Command{
		Use:   "scan [TARGET…]",
		Short: "Scan targets and report the credentials they hold",
		Long: `Scan targets and report the credentials they hold. A TARGET is one of

  git:PATH    a repository's whole history: every branch, tag, stash and note, dangling objects, messages and ref names
  git:URL     the branches and tags of a repository elsewhere (https, http, ssh, git, git@HOST:PATH), fetched into a copy that is
              kept for the next scan; the token for github.com is GH_TOKEN, else GITHUB_TOKEN, and git's own configuration and
              credential helpers are not asked
  dir:PATH    the files below a folder, or one file
  image:REF   a container image in a registry: every layer, deleted files included, configuration and history;
              REF may be a tag glob (team/app:1.*), all tags (team/app:*) or a registry (registry.example/)
  oci:DIR, oci-archive:FILE, docker-archive:FILE
              images on disk
  ci:PATH     pipelines, manifests and settings alone, of a folder or at the tip of a repository
  -           standard input
  PATH        git: where PATH is a repository, else dir:

and . where none is given.`,
		Example: `  sprawl scan
  sprawl scan git:../service dir:build --format jsonl -o findings.jsonl
  sprawl scan --staged
  sprawl scan --range origin/main..HEAD
  sprawl scan --pr --format github
  kubectl get secret -o yaml | sprawl scan -`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.scan(c.Context(), args, f, r)
		},
	}
	f.add(c)
	f.image.add(c)
	f.ask.add(c)
	f.mirrors.add(c)
	p := c.Flags()
	p.BoolVar(&f.staged, "staged", false, "scan what is staged for the next commit instead of history")
	p.StringVar(&f.span, "range", "", "scan what BASE..HEAD brings in instead of all history")
	p.BoolVar(&f.pr, "pr", false, "scan the change that a CI system is asked to judge: of GitHub's event, or of --range; what its author says of it does not count")
	p.BoolVar(&f.deepen, "deepen", false, "with --pr, fetch from origin what a shallow clone lacks (the only network access)")
	p.StringVar(&f.since, "since-state", "", "look only at what is new since the scan that wrote this file, and write it anew (git: targets); what was reported then is not reported again")
	p.BoolVar(&f.noInherit, "no-inherit", false, "match every blob from its start, as a check on the usual way, which matches what blobs share once; the report is the same")
	p.StringVar(&f.asOf, "as-of", "", "judge ages as of this time (RFC 3339 or YYYY-MM-DD) instead of now")
	p.BoolVar(&f.ignoreAllow, "ignore-allow", false, "take no notice of inline sprawl:allow comments")
	p.StringVarP(&r.format, "format", "f", "text", "report format: "+formatNames())
	p.StringVarP(&r.output, "output", "o", "", "write the report to this file instead of standard output")
	p.StringArrayVar(&r.also, "also", nil, "write one more report of the same scan, as FORMAT=FILE (may be repeated)")
	p.BoolVar(&r.omitDecided, "omit-decided", false, "leave out what a decision covers (sarif: GitHub does not know suppressions)")
	p.StringVar(&r.failOn, "fail-on", "policy", "exit 1 for findings at or above this severity, whatever their tier: critical, high, medium, low, info, none; policy asks the policy (low, but never for the generic tier)")
	p.StringVar(&r.onIncomplete, "on-incomplete", "fail", "when something asked for was not read: fail (exit 3) or warn")
	p.BoolVar(&r.all, "all", false, "show every credential in full (text)")
	p.BoolVar(&r.skipped, "skipped", false, "list what was not scanned (text)")
	p.StringVar(&r.group, "group-by", "", "put the one-line credentials under headings: "+strings.Join(report.Groupings(), ", ")+" (text)")
	return c
}

func formatNames() string {
	s := ""
	for i, f := range report.Formats() {
		if i > 0 {
			s += ", "
		}
		s += f.Name
	}
	return s
}

// newRun checks the flags and opens targets and policy. Nothing is scanned before all of it is sound.
func (a *app) newRun(ctx context.Context, command string, args []string, f scanFlags) (*run, error) {
	r, err := a.checkRun(command, f)
	if err != nil {
		return nil, err
	}
	if r.asOf, err = parseAsOf(f.asOf); err != nil {
		return nil, err
	}
	if r.ask, err = a.newAsking(f.ask, f.change()); err != nil {
		return nil, err
	}
	if len(args) == 0 {
		args = []string{"."}
	}
	if r.targets, err = a.openTargets(ctx, args, f); err != nil {
		return nil, err
	}
	if r.policy, err = a.loadPolicy(ctx, r.targets, f); err != nil {
		return nil, err
	}
	if r.exports, err = exports(f.inventories); err != nil {
		return nil, err
	}
	return r, nil
}

// checkRun checks the flags of a run that has no targets yet.
func (a *app) checkRun(command string, f scanFlags) (*run, error) {
	r := &run{app: a, command: command, workers: f.workers, archiveDepth: f.archiveDepth, decodeDepth: f.decodeDepth, ignoreAllow: f.ignoreAllow, pr: f.pr,
		since: f.since, noInherit: f.noInherit, maxFile: f.maxFile}
	if f.workers < 1 || f.workers > 1024 {
		return nil, usage("leave it out for one a processor", "--workers %d: give 1 to 1024", f.workers)
	}
	if f.archiveDepth < 0 || f.decodeDepth < 0 || f.archiveDepth > 16 || f.decodeDepth > 16 {
		return nil, usage("0 turns it off", "--archive-depth and --decode-depth go from 0 to 16")
	}
	if f.maxFile < 1<<20 {
		return nil, usage("give at least 1048576", "--max-file %d is too small", f.maxFile)
	}
	return r, nil
}

func parseAsOf(v string) (time.Time, error) {
	if v == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, v); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usage("write it as 2026-01-31 or 2026-01-31T12:00:00Z", "--as-of %q is not a time", v)
}

func (a *app) scan(ctx context.Context, args []string, f scanFlags, rf reportFlags) error {
	format, err := report.Find(rf.format)
	if err != nil {
		return usage("sprawl scan --help lists them", "%w", err)
	}
	if rf.onIncomplete != "fail" && rf.onIncomplete != "warn" {
		return usage("use fail or warn", "unknown value %q of --on-incomplete", rf.onIncomplete)
	}
	if rf.group != "" && !slices.Contains(report.Groupings(), rf.group) {
		return usage("use one of "+strings.Join(report.Groupings(), ", "), "unknown value %q of --group-by", rf.group)
	}
	also, err := parseAlso(rf.also)
	if err != nil {
		return err
	}
	command := "scan"
	switch {
	case f.staged && f.span != "":
		return usage("give one of them", "--staged and --range exclude each other")
	case f.staged && f.pr:
		return usage("give one of them", "--staged and --pr exclude each other")
	case f.deepen && !f.pr:
		return usage("give both", "--deepen goes with --pr")
	case f.pr:
		command = "pr"
	case f.staged:
		command = "staged"
	case f.span != "":
		command = "range"
	}
	defer a.paceHeap(f.staged)()
	run, err := a.newRun(ctx, command, args, f)
	if err != nil {
		return err
	}
	if err := checkSince(f, run.targets); err != nil {
		return err
	}
	fails, err := run.policy.fails(rf.failOn)
	if err != nil {
		return err
	}
	for _, x := range append(also, extra{format: format}) {
		run.prints = run.prints || slices.Contains([]string{"sarif", "gitlab", "codequality"}, x.format.Name)
	}
	res, err := run.do(ctx)
	if err != nil {
		return err
	}
	sum := res.summarise(rf.failOn, fails)
	o := report.Options{Width: 100, All: rf.all, Skipped: rf.skipped, Group: rf.group, OmitDecided: rf.omitDecided}
	if a.stdoutTTY != nil && a.stdoutTTY.width > 0 {
		o.Width = a.stdoutTTY.width
	}
	if rf.output == "" {
		o.Color = a.colored()
		o.Links = o.Color && a.stdoutTTY != nil
	}
	if len(run.targets) == 1 && run.targets[0].root != "" {
		if root, err := filepath.Abs(run.targets[0].root); err == nil {
			o.Root = filepath.ToSlash(root)
		}
	}
	if err := a.write(rf.output, func(w io.Writer) error { return render(format.New(w, o), res, sum) }); err != nil {
		return err
	}
	o.Color, o.Links = false, false
	for _, x := range also {
		if err := a.write(x.file, func(w io.Writer) error { return render(x.format.New(w, o), res, sum) }); err != nil {
			return err
		}
	}
	if err := res.memory.write(); err != nil {
		return err
	}
	return verdict(sum, rf.onIncomplete)
}

// extra is one more report of a scan.
type extra struct {
	format report.Format
	file   string
}

func parseAlso(list []string) ([]extra, error) {
	var out []extra
	for _, v := range list {
		name, file, ok := strings.Cut(v, "=")
		if !ok || file == "" {
			return nil, usage("write it as sarif=sprawl.sarif", "--also %q is not FORMAT=FILE", v)
		}
		f, err := report.Find(name)
		if err != nil {
			return nil, usage("sprawl scan --help lists them", "%w", err)
		}
		out = append(out, extra{f, file})
	}
	return out, nil
}

// verdict is the exit code of a report: findings win over incomplete.
func verdict(s finding.Summary, onIncomplete string) error {
	switch {
	case s.Failing > 0:
		return outcome(exitFindings)
	case !s.Coverage.Complete() && onIncomplete == "fail":
		return outcome(exitIncomplete)
	}
	return nil
}

func render(r report.Reporter, res *result, sum finding.Summary) error {
	if err := r.Begin(res.header); err != nil {
		return err
	}
	for i := range res.found.Credentials {
		if err := r.Item(finding.Item{Credential: &res.found.Credentials[i]}); err != nil {
			return err
		}
	}
	for i := range res.references {
		if err := r.Item(finding.Item{Reference: &res.references[i]}); err != nil {
			return err
		}
	}
	for i := range res.found.Inventory {
		if err := r.Item(finding.Item{Inventory: &res.found.Inventory[i]}); err != nil {
			return err
		}
	}
	for i := range res.found.Notices {
		if err := r.Item(finding.Item{Notice: &res.found.Notices[i]}); err != nil {
			return err
		}
	}
	return r.End(sum)
}

// write sends a report to a file or to standard output. A file appears whole or not at all; a device or a pipe is written to.
func (a *app) write(path string, fill func(io.Writer) error) error {
	if path == "" {
		w := bufio.NewWriter(a.stdout)
		if err := errors.Join(fill(w), w.Flush()); err != nil {
			return incomplete("", "write the report to standard output: %w", err)
		}
		return nil
	}
	switch err := wholefile.Write(path, 0o644, fill); {
	case errors.Is(err, wholefile.ErrPlace):
		return usage("name a file in a folder that exists and that you can write to", "write the report: %w", err)
	case err != nil:
		return incomplete("free some room or name another place with -o", "write the report to %s: %w", path, err)
	}
	return nil
}
