// Package correlate turns sightings into credentials: one value is one credential, wherever and however often it stands. It
// folds the versions and renames of one file into one place, links a public half to the pair it belongs to, and copies what
// is known of the kind. Then it brings together what is known of each: records, the environments of its places, who owns
// them, other keys of the same principal, what pipelines do with it; and has it judged.
//
// It never reveals a secret: identity compares and names values, and everything printable in a sighting is masked already. It
// opens nothing: what a run knows besides sightings is asked for through the functions of Input, from one goroutine.
package correlate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/environ"
	"sprawl/internal/identity"
	"sprawl/internal/risk"
)

// Input is what a run knows once its sources are walked.
type Input struct {
	Sightings []finding.Sighting
	Keys      *identity.Keys
	// Kind returns the row of a kind, nil for one that has none.
	Kind func(id string) *detectors.Detector
	// Decide says what the policy has decided of a credential, whose sightings it has; nil means nothing.
	Decide func(*finding.Credential) *finding.Decision
	// Honours reports, in Merge, whether what the targets decided for themselves counts; nil means that it does not.
	Honours func(d *finding.Decision, s finding.Severity) bool
	// Excluded reports whether the policy suppresses occurrences at a path.
	Excluded func(path string) bool
	AsOf     time.Time
	// Prints asks for fingerprints, which cost an Argon2id for each guessable value.
	Prints bool

	// The rest may be nil: then nothing is known of it, which is not the same as there being nothing.

	// Limits are the thresholds and the register of third parties.
	Limits risk.Limits
	// Records returns what inventories say of credentials that have everything but records; one list each, in their order.
	Records func([]finding.Credential) [][]finding.Record
	// Environments is what the policy says of a place, and, where s is nil, of a credential as a whole (by its facts).
	Environments func(c *finding.Credential, s *finding.Sighting) []environ.Evidence
	// Declared is what a pipeline or manifest declares for a line of a path.
	Declared func(where *finding.Location, line int, name string) []finding.Environment
	// Uses is what pipelines do with the value that stands at a line of a path.
	Uses func(where *finding.Location, line int, name string) []finding.Use
	// Owner is whom the policy makes the owner of a place, and whether that is a team.
	Owner func(c *finding.Credential, s *finding.Sighting) (name string, team, ok bool)
	// Files reads a file at the tip of a target's default branch. fs.ErrNotExist means that there is none, any other error that
	// the target cannot say.
	Files func(target, path string) ([]byte, error)
	// Origin is the name of a target's repository on GitHub, "acme/shop", "" where it's not known to be there.
	Origin func(target string) string
	// Listed are those whom exports make the owners of a repository of GitHub, by its name; the surest first.
	Listed func(repository string) []Listed
	// Account says which export shows that a person still has an account, and which that it was closed; both may.
	Account func(name string) (here, gone string)
	// Exception is the policy's entry for a credential, whether or not it still holds.
	Exception func(*finding.Credential) *finding.Exception
	// Escalate says to whom a credential of an owner goes that stays open for longer than a time.
	Escalate func(owner string) (to string, after time.Duration, ok bool)
}

// Listed is whom an export makes an owner.
type Listed struct {
	Name  string
	How   string // ByProperty or ByTeam
	Where string // the row of the export
	Team  bool
}

// Result is what a report is made of.
type Result struct {
	Credentials []finding.Credential // worst first; decided ones last
	Notices     []finding.Notice
	Inventory   []finding.InventoryRow // what inventories list, found or not; filled in by whoever joined them
	Principals  []finding.InventoryRow // and the users, service accounts and applications in them
	Inline      int                    // places that an inline allow covers
	Excluded    int                    // places that the policy's path globs suppress
}

// Correlate groups, folds, links and judges. Its result does not depend on the order of the sightings.
func Correlate(in Input) Result {
	var res Result
	kept := in.Sightings
	if in.Excluded != nil {
		kept = slices.DeleteFunc(slices.Clone(kept), func(s finding.Sighting) bool { return s.Where.Path != "" && in.Excluded(s.Where.Path) })
		res.Excluded = len(in.Sightings) - len(kept)
	}
	families := renames(kept)

	ids, count := make([]string, len(kept)), map[string]int{}
	for i := range kept {
		if p := kept[i].Part(finding.RoleSecret); p != nil {
			ids[i] = in.Keys.ID(p.Secret)
		} else {
			ids[i] = in.Keys.PublicID(kept[i].Canonical().Secret)
		}
		count[ids[i]]++
	}
	groups := make(map[string][]finding.Sighting, len(count))
	for i, id := range ids {
		if groups[id] == nil {
			groups[id] = make([]finding.Sighting, 0, count[id])
		}
		groups[id] = append(groups[id], kept[i])
	}
	res.of(groups, families, in, nil)
	return res
}

// of fills in what follows from groups of sightings, one a credential.
func (res *Result) of(groups map[string][]finding.Sighting, families func(target, path string) string, in Input, parts map[string][]*finding.Credential) {
	aliases := link(groups)
	res.Credentials = make([]finding.Credential, 0, len(groups))
	for _, id := range slices.Sorted(maps.Keys(groups)) {
		c := build(id, fold(groups[id], families), in)
		c.Aliases = mergeSorted(c.Aliases, aliases[id])
		for _, alone := range aliases[id] {
			if parts != nil {
				parts[id] = append(parts[id], parts[alone]...)
			}
		}
		for _, p := range parts[id] { // a public half may have been linked where it stood
			c.Aliases = mergeSorted(c.Aliases, slices.DeleteFunc(slices.Clone(p.Aliases), func(a string) bool { return a == c.Kind }))
		}
		res.Credentials = append(res.Credentials, c)
	}
	join(res.Credentials, in)
	siblings(res.Credentials)
	j := newJudge(in, parts)
	for i := range res.Credentials {
		c := &res.Credentials[i]
		j.judge(c)
		for k := range c.Sightings {
			s := &c.Sightings[k]
			if s.Allow == nil {
				continue
			}
			if s.Allow.Reason != "" {
				res.Inline++
				continue
			}
			res.Notices = append(res.Notices, reasonless(in.Keys, s))
		}
	}
	res.Notices = append(res.Notices, j.notices()...)
	slices.SortFunc(res.Credentials, Order)
	slices.SortFunc(res.Notices, func(a, b finding.Notice) int { return cmp.Compare(a.ID, b.ID) })
}

// decide prefers what the policy says; an inline allow covers a credential only where every one of its places has one. Once merged,
// an allow is what its target decided, like any other decision there.
func decide(c *finding.Credential, in Input, merged bool) *finding.Decision {
	if in.Decide != nil {
		if d := in.Decide(c); d != nil {
			return d
		}
	}
	if merged {
		return nil
	}
	reason := ""
	for i := range c.Sightings {
		a := c.Sightings[i].Allow
		if a == nil || a.Reason == "" {
			return nil
		}
		reason = a.Reason
	}
	return &finding.Decision{Kind: "inline", Value: "false-positive", Reason: reason}
}

func reasonless(k *identity.Keys, s *finding.Sighting) finding.Notice {
	where := s.Where
	return finding.Notice{
		ID:       k.NoticeID("allow-without-reason", where.Target, where.Path, fmt.Sprint(s.Parts[0].Span.Line)),
		Kind:     "allow-without-reason",
		Severity: finding.SevLow,
		Message:  "sprawl:allow needs a reason behind it and was ignored: write sprawl:allow WHY",
		Where:    &where,
		Span:     s.Parts[0].Span,
	}
}

// Order puts what to do first at the top: undecided before decided, worst first, then surest, then by place. Ids, which are others in each
// run without a key or a salt, decide last.
func Order(a, b finding.Credential) int {
	decided := func(c finding.Credential) int {
		if c.Decision != nil {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(decided(a), decided(b)), cmp.Compare(a.Severity.Rank(), b.Severity.Rank()),
		cmp.Compare(a.Tier.Rank(), b.Tier.Rank()), slices.CompareFunc(a.Sightings[:min(1, len(a.Sightings))], b.Sightings[:min(1, len(b.Sightings))], byPlace),
		cmp.Compare(a.ID, b.ID))
}

// byPlace compares where two sightings stand.
func byPlace(a, b finding.Sighting) int {
	x, y := a.Parts[0].Span, b.Parts[0].Span
	return cmp.Or(cmp.Compare(a.Where.Target, b.Where.Target), cmp.Compare(a.Where.Path, b.Where.Path), cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column))
}

// link moves sightings of a public half alone to the credential whose pair it belongs to, and names it there as an alias. A
// public half that goes with several secrets (a rotated key that kept its id does not exist; a shared user name does) stays
// on its own.
func link(groups map[string][]finding.Sighting) map[string][]string {
	owner := map[string]string{} // kind + public half -> id of the pair; "" where ambiguous
	for id, ss := range groups {
		for _, s := range ss {
			if s.Ident == "" || s.Part(finding.RoleSecret) == nil {
				continue
			}
			k := s.Kind + "\x00" + s.Ident
			if had, ok := owner[k]; ok && had != id {
				owner[k] = ""
			} else {
				owner[k] = id
			}
		}
	}
	out := map[string][]string{}
	for id, ss := range groups {
		if ss[0].Part(finding.RoleSecret) != nil {
			continue
		}
		if to := owner[ss[0].Kind+"\x00"+ss[0].Ident]; to != "" && to != id {
			groups[to] = append(groups[to], ss...)
			out[to] = append(out[to], id)
			delete(groups, id)
		}
	}
	for _, a := range out {
		slices.Sort(a)
	}
	return out
}

// renames maps (target, path) to the oldest name of the same file.
func renames(ss []finding.Sighting) func(target, path string) string {
	older := map[[2]string]string{}
	for _, s := range ss {
		was := s.Where.Was
		for i, p := range was {
			next := s.Where.Path
			if i+1 < len(was) {
				next = was[i+1]
			}
			k := [2]string{s.Where.Target, next}
			if had, ok := older[k]; p != next && (!ok || p < had) {
				older[k] = p
			}
		}
	}
	return func(target, path string) string {
		for range len(older) + 1 { // a file renamed forth and back is a cycle
			p, ok := older[[2]string{target, path}]
			if !ok {
				break
			}
			path = p
		}
		return path
	}
}

// stateRank orders states from the most to the least current.
func stateRank(s finding.State) int {
	return slices.Index([]finding.State{
		finding.StateWorktree, finding.StateStaged, finding.StateLayer, finding.StateHead, finding.StateRefName,
		finding.StateTag, finding.StateMerge, finding.StateHistory, finding.StateLayerDeleted, finding.StateNote, finding.StateStash,
		finding.StateMessage, finding.StateDangling, finding.StateInventory,
	}, s)
}

type placeKey struct {
	source, target, family, extra string
	ordinal                       int
	public                        bool // the public half alone stands there
}

// fold leaves one sighting a place: a file under all its names and versions, a message, a ref name. The most current version
// stands for it, with the earliest Added of all. A public half is no place of its own where its secret stands as currently.
func fold(ss []finding.Sighting, family func(target, path string) string) []finding.Sighting {
	byPlace := map[placeKey][]finding.Sighting{}
	for _, s := range ss {
		w := s.Where
		k := placeKey{source: w.Source, target: w.Target, ordinal: s.Ordinal, public: s.Part(finding.RoleSecret) == nil}
		switch {
		case w.Path != "":
			k.family = family(w.Target, w.Path)
		case w.State == finding.StateRefName:
			k.extra = "ref " + strings.Join(w.Refs, " ")
		case w.Added != nil:
			k.extra = "commit " + w.Added.Commit
		}
		if w.Layer != nil {
			k.extra += " layer " + w.Layer.Digest
		}
		byPlace[k] = append(byPlace[k], s)
	}
	for _, versions := range byPlace {
		slices.SortFunc(versions, current)
	}
	out := make([]finding.Sighting, 0, len(byPlace))
	for k, versions := range byPlace {
		s := versions[0]
		if k.public {
			k.public = false
			if with := byPlace[k]; len(with) > 0 && stateRank(with[0].Where.State) <= stateRank(s.Where.State) {
				continue
			}
		}
		refs := map[string]bool{}
		was := map[string]bool{}
		var added *finding.Change
		for _, v := range versions {
			if v.Where.State == s.Where.State {
				for _, r := range v.Where.Refs {
					refs[r] = true
				}
			}
			for _, p := range append(v.Where.Was, v.Where.Path) {
				if p != s.Where.Path {
					was[p] = true
				}
			}
			if a := v.Where.Added; a != nil && (added == nil || a.When.Before(added.When)) {
				added = a
			}
			if s.Part(finding.RoleSecret) != nil && len(v.Parts) > len(s.Parts) && s.Ident == "" {
				s.Ident = v.Ident
			}
		}
		s.Where.Added = added
		s.Where.Refs = slices.Sorted(maps.Keys(refs))
		s.Where.Was = familyFirst(was, k.family)
		out = append(out, s)
	}
	// The secret comes before what only names it: the first place says what the credential is.
	slices.SortFunc(out, func(a, b finding.Sighting) int {
		return cmp.Or(cmp.Compare(secretRank(a), secretRank(b)), current(a, b), cmp.Compare(a.Ordinal, b.Ordinal))
	})
	return out
}

// familyFirst lists earlier names with the oldest first, the rest sorted.
func familyFirst(was map[string]bool, oldest string) []string {
	if len(was) == 0 {
		return nil
	}
	out := slices.Sorted(maps.Keys(was))
	if i := slices.Index(out, oldest); i > 0 {
		copy(out[1:i+1], out[:i])
		out[0] = oldest
	}
	return out
}

// current orders the most current version first; ties are broken by everything that tells two versions apart.
func current(a, b finding.Sighting) int {
	when := func(s finding.Sighting) time.Time {
		if s.Where.Gone != nil {
			return s.Where.Gone.When
		}
		if s.Where.Added != nil {
			return s.Where.Added.When
		}
		return time.Time{}
	}
	commit := func(s finding.Sighting) string {
		if s.Where.Added != nil {
			return s.Where.Added.Commit
		}
		return ""
	}
	return cmp.Or(
		cmp.Compare(stateRank(a.Where.State), stateRank(b.Where.State)),
		when(b).Compare(when(a)),
		byPlace(a, b),
		cmp.Compare(commit(a), commit(b)), cmp.Compare(a.Kind, b.Kind), cmp.Compare(len(a.Decode), len(b.Decode)),
	)
}

func build(id string, places []finding.Sighting, in Input) finding.Credential {
	c := finding.Credential{ID: id, Sightings: places, Workloads: []string{}, Targets: []string{}, Environments: []finding.Environment{}, Records: []finding.Record{}}
	c.Owner.Candidates = []string{}

	// The surest sighting names the credential; every other kind is an alias.
	best := slices.MinFunc(places, func(a, b finding.Sighting) int {
		return cmp.Or(cmp.Compare(secretRank(a), secretRank(b)), cmp.Compare(a.Tier.Rank(), b.Tier.Rank()),
			cmp.Compare(proofRank(a.Proof), proofRank(b.Proof)), cmp.Compare(a.Kind, b.Kind), current(a, b))
	})
	c.Kind, c.Provider, c.Tier, c.Proof, c.Why, c.Redacted = best.Kind, best.Provider, best.Tier, best.Proof, best.Why, best.Masked
	kinds, facts := map[string]bool{}, map[finding.Fact]bool{}
	for i := range places {
		s := &places[i]
		kinds[s.Kind] = true
		for _, a := range s.Aliases {
			kinds[a] = true
		}
		for _, f := range s.Facts {
			if !facts[f] {
				facts[f] = true
				c.Facts = append(c.Facts, f)
			}
		}
		if c.Ident == "" {
			c.Ident = s.Ident
		}
		if a := s.Where.Added; a != nil && !a.When.IsZero() && (c.FirstSeen.IsZero() || a.When.Before(c.FirstSeen)) {
			c.FirstSeen = a.When
		}
		if t := lastSeen(s, in.AsOf); t.After(c.LastSeen) {
			c.LastSeen = t
		}
	}
	delete(kinds, c.Kind)
	c.Aliases = slices.Sorted(maps.Keys(kinds))
	slices.SortFunc(c.Facts, func(a, b finding.Fact) int {
		return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Value, b.Value), cmp.Compare(a.Source, b.Source))
	})

	c.Title = strings.ReplaceAll(c.Kind, "-", " ")
	if d := in.Kind(c.Kind); d != nil {
		c.Title, c.Traits, c.Docs = d.Title, d.Traits, d.Docs
	}
	if in.Prints {
		for i := range c.Sightings {
			s := &c.Sightings[i]
			family := s.Where.Path
			if len(s.Where.Was) > 0 {
				family = s.Where.Was[0]
			}
			s.Print = in.Keys.Fingerprint(s.Canonical().Secret, family, s.Ordinal)
		}
	}
	return c
}

// secretRank puts sightings of the secret half before those of a public half alone.
func secretRank(s finding.Sighting) int {
	if s.Part(finding.RoleSecret) != nil {
		return 0
	}
	return 1
}

func proofRank(p finding.Proof) int {
	return slices.Index([]finding.Proof{finding.ProofProven, finding.ProofNone, finding.ProofRefuted}, p)
}

// lastSeen is the latest time at which the place is known to hold the value: now, while it stands there.
func lastSeen(s *finding.Sighting, asOf time.Time) time.Time {
	switch {
	case s.Where.Gone != nil:
		return s.Where.Gone.When
	case s.Where.State == finding.StateHistory && s.Where.Added != nil:
		return s.Where.Added.When
	}
	return asOf
}

func mergeSorted(a, b []string) []string {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}
