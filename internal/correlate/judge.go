package correlate

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"sprawl/finding"
	"sprawl/internal/environ"
	"sprawl/internal/owners"
	"sprawl/internal/risk"
)

// join attaches what inventories say. Order is theirs no longer: records are sorted, so that the order of files on a command
// line changes nothing.
func join(cs []finding.Credential, in Input) {
	if in.Records == nil {
		return
	}
	for i, rs := range in.Records(cs) {
		if i >= len(cs) {
			break
		}
		rs = slices.Clone(rs)
		slices.SortFunc(rs, func(a, b finding.Record) int {
			return cmp.Or(cmp.Compare(sure(a.Match), sure(b.Match)), cmp.Compare(a.System, b.System), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Key, b.Key))
		})
		if rs != nil {
			cs[i].Records = rs
		}
	}
}

func sure(m finding.Match) int {
	return slices.Index([]finding.Match{finding.MatchExact, finding.MatchHash, finding.MatchSuffix, finding.MatchParent}, m)
}

// value is the first value of a field, the credential's own word first.
func value(c *finding.Credential, fields ...string) string {
	for _, want := range fields {
		for _, f := range c.Facts {
			if f.Field == want && f.Value != "" {
				return f.Value
			}
		}
		for _, r := range c.Records {
			for _, f := range r.Facts {
				if f.Field == want && f.Value != "" {
					return f.Value
				}
			}
		}
	}
	return ""
}

// principal names whom a credential acts as, "" where that is not known. An account alone is no principal: an account has many.
func principal(c *finding.Credential) string {
	scope := value(c, "account", "project", "organisation", "host")
	switch {
	case value(c, "email") != "":
		return c.Provider + "\x00" + value(c, "email")
	case value(c, "user") != "":
		return c.Provider + "\x00" + scope + "\x00" + value(c, "user")
	case value(c, "application") != "":
		return c.Provider + "\x00" + value(c, "application")
	}
	return ""
}

// siblings notes on each credential the others of its principal. A few are enough to know.
func siblings(cs []finding.Credential) {
	const most = 3
	by := map[string][]int{}
	for i := range cs {
		if p := principal(&cs[i]); p != "" {
			by[p] = append(by[p], i)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(by)) {
		group := by[p]
		if len(group) < 2 {
			continue
		}
		for _, i := range group {
			n := 0
			for _, k := range group {
				if k == i {
					continue
				}
				if n++; n > most {
					break
				}
				cs[i].Facts = append(cs[i].Facts, finding.Fact{Field: "sibling", Value: finding.ShortID(cs[k].ID), Source: "this run"})
			}
		}
	}
}

// judge is what one run needs to judge its credentials.
type judge struct {
	in    Input
	trees map[string]*owners.Tree          // by target
	parts map[string][]*finding.Credential // what each target said, by id; nil where the targets are at hand
	said  []finding.Notice
}

func newJudge(in Input, parts map[string][]*finding.Credential) *judge {
	return &judge{in: in, trees: map[string]*owners.Tree{}, parts: parts}
}

func (j *judge) judge(c *finding.Credential) {
	in := j.in
	j.uses(c)
	c.Environments = j.environments(c)
	c.Owner = j.owner(c)
	c.Workloads, c.Targets = sight(c)
	if in.Exception != nil {
		c.Exception = in.Exception(c)
	}
	c.Decision = decide(c, in, j.parts != nil)
	var base finding.Severity
	d := in.Kind(c.Kind)
	if d != nil {
		base = d.Severity
	}
	risk.Judge(c, base, in.Limits, in.AsOf)
	if why := ""; c.Exception != nil {
		if why = risk.Lapse(c, in.Limits, in.AsOf); why != "" {
			// It comes back, whatever the date in the entry says.
			if c.Decision != nil && c.Decision.Kind == "exception" {
				c.Decision = nil
			}
			j.say(c, "exception-lapsed", finding.SevMedium, "the exception for "+finding.ShortID(c.ID)+" ("+c.Title+") does not hold: "+why)
		}
		for _, a := range authors(c) {
			if strings.EqualFold(a.name, c.Exception.Approver) || strings.EqualFold(a.mail, c.Exception.Approver) {
				j.say(c, "exception-self-approved", finding.SevMedium, "the exception for "+finding.ShortID(c.ID)+" was approved by who committed it: "+c.Exception.Approver)
				break
			}
		}
	}
	if c.Decision == nil {
		c.Decision = claimed(j.parts[c.ID], c.Severity, in.Honours)
	}
	c.Fix = fixes(d, c)
	if in.Escalate != nil && c.Decision == nil && !c.FirstSeen.IsZero() {
		if to, after, ok := in.Escalate(c.Owner.Name); ok && in.AsOf.Sub(c.FirstSeen) > after {
			c.Fix = append(c.Fix, fmt.Sprintf("escalate: to %s, open for %d days", to, int(in.AsOf.Sub(c.FirstSeen)/(24*time.Hour))))
		}
	}
	for _, text := range risk.Contradictions(c, in.AsOf) {
		j.say(c, "contradiction", finding.SevLow, text)
	}
}

func (j *judge) say(c *finding.Credential, kind string, s finding.Severity, text string) {
	where := c.Sightings[0].Where
	j.said = append(j.said, finding.Notice{
		ID: j.in.Keys.NoticeID(kind, c.ID, text), Kind: kind, Severity: s, Message: text, Where: &where, Span: c.Sightings[0].Parts[0].Span,
	})
}

// notices lists what was noticed, with the trouble of the files that name owners.
func (j *judge) notices() []finding.Notice {
	for _, target := range slices.Sorted(maps.Keys(j.trees)) {
		for _, n := range j.trees[target].Notes() {
			j.said = append(j.said, finding.Notice{
				ID: j.in.Keys.NoticeID("owners", target, n), Kind: "owners", Severity: finding.SevInfo, Message: n,
				Where: &finding.Location{Source: "git", Target: target, State: finding.StateHead},
			})
		}
	}
	return j.said
}

func (j *judge) uses(c *finding.Credential) {
	const most = 200
	for _, p := range j.parts[c.ID] {
		c.Uses = append(c.Uses, p.Uses[:min(len(p.Uses), most-len(c.Uses))]...)
	}
	if j.in.Uses == nil {
		return
	}
	for i := range c.Sightings {
		s := &c.Sightings[i]
		if len(c.Uses) < most {
			c.Uses = append(c.Uses, j.in.Uses(&s.Where, s.Canonical().Span.Line, s.Name)...)
		}
	}
}

// environments classifies the credential. The policy's word on the credential itself decides before anything else. Next is the
// provider's word on what it opens: what opens a test mode opens nothing else wherever it stands, but a production
// credential in a place of another environment is in both. Then each place by itself, and all of them together.
func (j *judge) environments(c *finding.Credential) []finding.Environment {
	if j.in.Environments != nil {
		if e := environ.Classify(j.in.Environments(c, nil)); len(e) > 0 {
			return e
		}
	}
	var provider []environ.Evidence
	assert := func(f finding.Fact, source string) {
		switch f.Field {
		case "environment", "mode":
			provider = append(provider, environ.Asserted(f.Field+" by "+source, f.Value)...)
		case "account_name", "project", "workspace":
			provider = append(provider, environ.Asserted(strings.ReplaceAll(f.Field, "_", " ")+" by "+source, f.Value)...)
		case "namespace":
			provider = append(provider, environ.Declared("namespace by "+source, f.Value)...)
		case "vendor":
			provider = append(provider, environ.Evidence{Tier: environ.TierProvider, Environment: finding.Environment{Name: f.Value, Class: finding.EnvVendor, Why: "vendor by " + source}})
		}
	}
	for _, f := range c.Facts {
		if !f.Inferred {
			assert(f, "the value itself")
		}
	}
	for _, r := range c.Records {
		if r.Match == finding.MatchSuffix || r.Inferred {
			continue
		}
		for _, f := range r.Facts {
			assert(f, r.System)
		}
	}
	said := environ.Classify(provider)
	known := slices.DeleteFunc(slices.Clone(said), func(e finding.Environment) bool { return e.Class == finding.EnvUnknown })
	if len(known) > 0 && !slices.ContainsFunc(known, func(e finding.Environment) bool { return e.Class == finding.EnvProd }) {
		return known
	}
	all := known
	for _, p := range j.parts[c.ID] {
		all = append(all, p.Environments...)
	}
	seen := map[[2]string]bool{}
	for i := range c.Sightings {
		if j.parts != nil {
			break
		}
		s := &c.Sightings[i]
		if s.Where.State == finding.StateInventory {
			continue
		}
		for _, e := range j.place(c, s) {
			k := [2]string{string(e.Class), e.Name}
			if seen[k] {
				continue
			}
			seen[k] = true
			e.Why += ", " + at(s)
			all = append(all, e)
		}
	}
	for _, u := range c.Uses {
		all = append(all, u.Environments...)
	}
	all = environ.Merge(all)
	if all == nil {
		all = []finding.Environment{}
	}
	return all
}

func at(s *finding.Sighting) string {
	return fmt.Sprintf("%s:%d", s.Where.Spot(), s.Parts[0].Span.Line)
}

// place is the environments of one place.
func (j *judge) place(c *finding.Credential, s *finding.Sighting) []finding.Environment {
	if j.in.Environments != nil {
		if e := environ.Classify(j.in.Environments(c, s)); len(e) > 0 {
			return e
		}
	}
	w := &s.Where
	if j.in.Declared != nil {
		if e := j.in.Declared(w, s.Canonical().Span.Line, s.Name); len(e) > 0 {
			return e
		}
	}
	evidence := slices.Concat(environ.Path(w.Path), environ.Key(s.Name))
	if w.Source == "image" || w.Layer != nil {
		for _, name := range imageNames(w) {
			evidence = append(evidence, environ.Image(name)...)
		}
	}
	for _, f := range s.Facts {
		if f.Field == "host" {
			evidence = append(evidence, environ.Host(f.Value)...)
		}
	}
	if len(w.Refs) == 1 { // on a branch and nowhere else
		evidence = append(evidence, environ.Branch(w.Refs[0])...)
	}
	return environ.Classify(evidence)
}

// imageNames are the names of an image that say where it is meant to run. Of one on disk that is the last of its path, with its
// tags: the folders above belong to whoever keeps it there.
func imageNames(w *finding.Location) []string {
	_, file, ok := strings.Cut(w.Target, ":")
	if !ok || !strings.HasPrefix(w.Target, "oci:") && !strings.HasPrefix(w.Target, "oci-archive:") && !strings.HasPrefix(w.Target, "docker-archive:") {
		return []string{w.Target}
	}
	base := strings.TrimSuffix(path.Base(file), path.Ext(file))
	if len(w.Refs) == 0 {
		return []string{base}
	}
	var out []string
	for _, r := range w.Refs {
		if strings.ContainsAny(r, ":/") {
			out = append(out, r)
		} else {
			out = append(out, base+":"+r)
		}
	}
	return out
}

// sight is who uses it and what it reaches, as far as evidence goes.
func sight(c *finding.Credential) (workloads, targets []string) {
	const most = 50
	w, t := map[string]bool{}, map[string]bool{}
	add := func(m map[string]bool, s string) {
		if s != "" && len(m) < most {
			m[s] = true
		}
	}
	for _, u := range c.Uses {
		job := u.Where.Spot()
		if u.Job != "" {
			job += " job " + u.Job
		}
		add(w, job)
	}
	look := func(f finding.Fact) {
		switch f.Field {
		case "workload", "caller":
			add(w, f.Value)
		case "account", "project", "organisation", "host", "target", "service", "resource", "namespace", "repository":
			add(t, f.Field+" "+f.Value)
		}
	}
	for _, f := range c.Facts {
		look(f)
	}
	for _, r := range c.Records {
		for _, f := range r.Facts {
			look(f)
		}
	}
	for i := range c.Sightings {
		if l := c.Sightings[i].Where.Layer; l != nil {
			add(w, "image "+c.Sightings[i].Where.Target)
		}
	}
	return sorted(w), sorted(t)
}

// sorted is never nil: lists of a report are not.
func sorted(m map[string]bool) []string {
	out := slices.Sorted(maps.Keys(m))
	if out == nil {
		return []string{}
	}
	return out
}
