package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"strings"
	"time"

	"sprawl/finding"
	"sprawl/internal/correlate"
	"sprawl/internal/decode"
	"sprawl/internal/identity"
	"sprawl/internal/match"
	"sprawl/internal/policy"
	"sprawl/internal/scan"
	"sprawl/internal/unpack"
	"sprawl/sources"
	"sprawl/sources/git"
	"sprawl/sources/image"
)

// run is one pass over targets, from sources to credentials.
type run struct {
	app     *app
	command string // for the header
	targets []target
	policy  loadedPolicy

	workers      int
	archiveDepth int
	decodeDepth  int
	ignoreAllow  bool
	pr           bool // the change judged is not its author's to wave through
	prints       bool
	asOf         time.Time
	exports      []export
	ask          *asking // nil where no provider is to be asked
	since        string  // where what was seen is kept
	noInherit    bool
	maxFile      int64
}

// result is what a run found.
type result struct {
	header  finding.Header
	found   correlate.Result
	ledger  finding.Coverage
	keys    *identity.Keys
	elapsed time.Duration
	memory  *memory

	references      []finding.Reference // worth a line
	namedReferences int                 // secrets that pipelines name, those not worth a line too
}

// do walks every target and correlates what they hold. Trouble with one target is in the ledger; the error is the context's,
// a configuration's, or of a target that can't be scanned at all as asked.
func (r *run) do(ctx context.Context) (*result, error) {
	defer r.app.paceHeap(r.command == "staged")()
	start := r.app.now()
	if r.asOf.IsZero() {
		r.asOf = start
	}
	rows := r.app.kinds(r.policy)
	hash := match.Hash(rows)
	mem, err := r.remember(hash)
	if err != nil {
		return nil, err
	}
	if mem.before(r.targets) {
		rows = nil // the scan that is remembered compiled them; nothing will be matched
	}
	set, err := match.Compile(rows)
	if err != nil {
		return nil, fmt.Errorf("detectors: %w", err)
	}
	keys, err := r.keys()
	if err != nil {
		return nil, err
	}
	invs, troubles, err := loadInventories(ctx, r.exports, keys, r.asOf)
	if err != nil {
		return nil, err
	}
	taken, untaken, err := r.ask.inventories(ctx, keys, r.asOf)
	if err != nil {
		return nil, err
	}
	invs, troubles = append(invs, taken...), append(troubles, untaken...)
	led := &sources.Ledger{}
	r.ask.ledger(led)
	found, stop := r.app.progress(led)
	defer stop()
	o := r.options(set, func() {
		if mem != nil {
			mem.broken.Store(true)
		}
	})
	o.Found = found
	var sightings []finding.Sighting
	var notices []finding.Notice
	was, empty := earlier{}, false
	res := &result{keys: keys, memory: mem}
	for i, t := range r.targets {
		r.app.log.Info("scan", "target", t.name)
		ss, err := scan.Run(ctx, t.source, led, o)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if t.pushed && errors.Is(err, git.ErrEmptyRange) {
			empty = true
			continue
		}
		if err != nil {
			if f := refuse(err); f != nil {
				return nil, f
			}
			led.Skip(finding.Skip{Target: t.name, Reason: finding.ReasonUnreadable, Detail: err.Error()})
		} else if mem.after(t.source) {
			r.targets[i].tips = nil // its pipelines were reported as well
		}
		if t.before != nil {
			here, err := r.earlier(ctx, t, ss, keys, o)
			if err != nil {
				return nil, err
			}
			was.add(here)
			if r.pr {
				notices = append(notices, withoutNewAllows(ss, here, keys)...)
			}
		}
		if t.changes != nil && r.pr {
			more, err := t.changes(ctx, keys)
			if err != nil {
				return nil, err
			}
			notices = append(notices, more...)
		}
		if sightings == nil {
			sightings = ss // there may be many, and mostly there is one target
		} else {
			sightings = append(sightings, ss...)
		}
		res.header.Targets = append(res.header.Targets, t.name)
	}
	scan.MaskKnown(sightings)
	if r.ignoreAllow {
		for i := range sightings {
			sightings[i].Allow = nil
		}
	}
	in, pipes, err := r.input(ctx, sightings, set, keys, led)
	if err != nil {
		return nil, err
	}
	lists := joined(&in, invs, keys)
	r.ask.into(ctx, &in, invs, keys, lists)
	res.found = correlate.Correlate(in)
	if err := r.ask.keep(); err != nil {
		return nil, err
	}
	res.found.Inventory, res.found.Principals = lists.Rows, lists.Principals
	res.found.Notices = append(res.found.Notices, unheard(lists, troubles, keys, in.Limits, r.asOf)...)
	res.found.Notices = append(res.found.Notices, r.ask.notices(keys)...)
	if !r.change() {
		res.references, res.namedReferences = pipes.references(lists.References)
		res.found.Notices = append(res.found.Notices, pipes.notices...)
	}
	was.settle(res.found.Credentials)
	res.found.Notices = append(notices, res.found.Notices...)
	res.ledger = led.Coverage()
	// A commit that only deletes stages nothing, a push of known commits brings nothing, and both are clean; any other walk
	// that met nothing looked in the wrong place.
	if res.ledger.Seen == 0 && res.ledger.Complete() && r.command != "staged" && !empty {
		led.Skip(finding.Skip{Target: strings.Join(res.header.Targets, " "), Reason: finding.ReasonNothing, Detail: "no object was found"})
		res.ledger = led.Coverage()
	}
	res.elapsed = r.app.now().Sub(start)
	res.header.Version, res.header.RuleSet = version, hash
	res.header.KeyScope, res.header.KeyID = keys.Scope(), keys.KeyID()
	res.header.Command, res.header.AsOf = r.command, r.asOf
	return res, nil
}

// options are those of a scan of any target. broken is told that a matcher failed: what was seen was not all looked at.
func (r *run) options(set *match.Set, broken func()) scan.Options {
	return scan.Options{
		Set: set, Workers: r.workers, DecodeDepth: r.decodeDepth, ArchiveDepth: r.archiveDepth, Decode: decode.Default(), Unpack: unpack.Default(),
		NoInherit: r.noInherit,
		Broken: func(id string, stack []byte) {
			broken()
			r.app.log.Error("a matcher failed on an object", "object", id)
			r.app.log.Debug("stack", "trace", string(stack))
		},
	}
}

// input is what the policy, the files at the tips of the targets and their pipelines say of what was seen.
func (r *run) input(ctx context.Context, sightings []finding.Sighting, set *match.Set, keys *identity.Keys, led *sources.Ledger) (correlate.Input, pipelines, error) {
	pol := r.policy.policy
	weak := pol.HasWeak()
	in := correlate.Input{
		Sightings: sightings, Keys: keys, Kind: set.Detector, AsOf: r.asOf, Prints: r.prints,
		Excluded: pol.Excludes,
		Decide: func(c *finding.Credential) *finding.Decision {
			m := entryOf(c, keys, weak)
			if m == "" {
				return nil
			}
			return decision(pol, m, r.asOf)
		},
	}
	governed(&in, pol, keys, r.tips(ctx))
	pipes, err := r.pipelines(ctx, keys, led)
	if err != nil {
		return in, pipes, err
	}
	pipes.inform(&in)
	return in, pipes, nil
}

// change reports whether the run is about a change, whose surroundings are as they were.
func (r *run) change() bool {
	return r.command == "staged" || r.command == "range" || r.command == "pr"
}

// tips reads files of the targets as they stand: of several branches of one, at the first that has the file; nil where no target
// can.
func (r *run) tips(ctx context.Context) func(target, path string) ([]byte, error) {
	at := map[string][]*tree{}
	for _, t := range r.targets {
		for _, tip := range t.tips {
			at[tip.place.Target] = append(at[tip.place.Target], tip)
		}
	}
	if len(at) == 0 {
		return nil
	}
	return func(target, path string) ([]byte, error) {
		err := fmt.Errorf("%s has no files of its own", target)
		for _, tip := range at[target] {
			var data []byte
			if data, err = tip.read(ctx, path); !errors.Is(err, fs.ErrNotExist) {
				return data, err
			}
		}
		return nil, err
	}
}

// pipelines understands the configuration of the targets. What is staged is judged without it: a hook must be quick.
func (r *run) pipelines(ctx context.Context, keys *identity.Keys, led *sources.Ledger) (pipelines, error) {
	if r.command == "staged" {
		return pipelines{}, nil
	}
	return readPipelines(ctx, r.targets, r.policy.policy, keys, led)
}

func (r *run) keys() (*identity.Keys, error) {
	org, err := r.app.orgKey()
	if err != nil {
		return nil, err
	}
	var random []byte
	if org == nil && r.policy.policy.Salt == nil {
		random = make([]byte, identity.KeySize)
		if _, err := io.ReadFull(r.app.random, random); err != nil {
			return nil, fmt.Errorf("read randomness: %w", err)
		}
	}
	return identity.New(org, r.policy.policy.Salt, random), nil
}

// entryOf is how a policy names a credential; "" where it can't: a public half alone, no salt, or a guessable value and a policy that
// has no entry for one.
func entryOf(c *finding.Credential, keys *identity.Keys, weak bool) string {
	p := c.Sightings[0].Part(finding.RoleSecret)
	if p == nil || p.Secret.IsZero() || !keys.HasSalt() || keys.Weak(p.Secret) && !weak {
		return ""
	}
	return keys.Match(p.Secret)
}

// decision says what a policy has decided of a match: a mark before an exception before the baseline. A lapsed exception
// decides nothing.
func decision(p *policy.Policy, match string, asOf time.Time) *finding.Decision {
	if m, ok := p.Marks[match]; ok {
		return &finding.Decision{Kind: "mark", Value: string(m.As), Reason: m.Reason, By: m.By}
	}
	if e, ok := p.Exceptions[match]; ok && asOf.Before(e.Until.AddDate(0, 0, 1)) {
		return &finding.Decision{Kind: "exception", Reason: e.Reason, By: e.Approver, Until: e.Until}
	}
	if _, ok := p.Baseline[match]; ok {
		return &finding.Decision{Kind: "baseline"}
	}
	return nil
}

// summarise counts. fails says which credentials count against the exit code.
func (res *result) summarise(failOn string, fails func(finding.Credential) bool) finding.Summary {
	s := finding.Summary{
		BySeverity: map[finding.Severity]int{}, ByTier: map[finding.Tier]int{}, Inline: res.found.Inline, Notices: len(res.found.Notices),
		References: res.namedReferences, FailOn: failOn, Coverage: res.ledger, Elapsed: res.elapsed,
	}
	for _, c := range res.found.Credentials {
		if c.Decision != nil {
			switch c.Decision.Kind {
			case "baseline":
				s.Baseline++
			case "base":
				s.Base++
			case "mark":
				s.Marked++
			case "exception":
				s.Excepted++
			}
			continue
		}
		s.Credentials++
		s.Places += len(c.Sightings)
		s.BySeverity[c.Severity]++
		s.ByTier[c.Tier]++
		for _, v := range c.Conditions {
			if v.Verdict == finding.VerdictCannotTell {
				s.CannotTell++
			}
		}
		if fails(c) {
			s.Failing++
		}
	}
	return s
}

// defaultWorkers is one a processor: matching is bound by it.
func defaultWorkers() int { return runtime.GOMAXPROCS(0) }

// refuse says which errors of a walk end the run: those by which a repository as a whole can't be scanned as asked. After
// any other the run goes on without the target, and the ledger says so.
func refuse(err error) error {
	var g *git.Error
	if errors.As(err, &g) {
		return gitFailure(err)
	}
	var i *image.Error
	if errors.As(err, &i) {
		return imageFailure(err)
	}
	return nil
}
