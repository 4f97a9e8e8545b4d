// Package introspect asks providers about credentials that were found, with the credentials themselves, as their kinds' rows
// declare it (detectors.Introspection): one request for each, through the guarded client of internal/live, to the provider's host
// or one that the operator names, never to one that stands beside the secret.
//
// It is asked for by kind and does nothing by itself. It never asks about databases, about a user's password, or about a key of an
// account that exists to raise an alarm; it changes nothing, and what it could not learn is told and not guessed. Being asked
// leaves a trace: Forget takes it out of what the provider says later.
package introspect

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/live"
)

// All names every kind that has no effect beyond its provider's log and the credential's last use.
const All = "all"

// Options say who is asked.
type Options struct {
	Client *live.Client
	Now    func() time.Time
	// Kinds are the kinds that are asked about, or All.
	Kinds []string
	// Bases are the operator's own addresses by provider; they stand instead of the row's host.
	Bases map[string][]*url.URL
	// AWSRegion says which partition of AWS keys are of; "" is the usual one.
	AWSRegion string
	// Canaries are AWS accounts besides the known ones whose keys are there to be tripped over.
	Canaries []string
	// Earlier is what was learned before, by credential; what is younger than Fresh is not asked again.
	Earlier map[string]Asked
	Fresh   time.Duration
}

// Asked is what came of asking about one credential.
type Asked struct {
	Credential string         `json:"credential"` // id
	Kind       string         `json:"kind"`
	Host       string         `json:"host"`
	First      time.Time      `json:"first"` // when it was asked about first, in this run or an earlier one
	At         time.Time      `json:"at"`    // and last
	Status     string         `json:"status,omitempty"`
	Facts      []finding.Fact `json:"facts,omitempty"`
	Err        string         `json:"error,omitempty"` // why nothing was learned
	Cached     bool           `json:"-"`
}

// Record is what was learned as a record of the credential; false if nothing was.
func (a *Asked) Record(provider string) (finding.Record, bool) {
	if len(a.Facts) == 0 {
		return finding.Record{}, false
	}
	key := ""
	for _, f := range a.Facts {
		if f.Field == "key_id" {
			key = f.Value
		}
	}
	return finding.Record{System: provider, Key: key, Match: finding.MatchExact, Facts: a.Facts, Source: source(a.Host), AsOf: a.At}, true
}

func source(host string) string { return "introspect:" + host }

// Skip is why a credential of a kind that was named was not asked about.
type Skip struct{ Credential, Kind, Why string }

// Result is what came of a run.
type Result struct {
	Asked   []Asked
	Skipped []Skip
}

// way asks in code what a template cannot say.
type way func(ctx context.Context, o *Options, p *parts, hosts []*url.URL) (Asked, error)

func ways() map[string]way { return map[string]way{"aws": askAWS, "azure-sas": askSAS} }

// Check says what is wrong with a list of kinds: one that is not there, or has no introspection.
func Check(kinds []string, table []detectors.Detector) error {
	for _, k := range kinds {
		i := slices.IndexFunc(table, func(d detectors.Detector) bool { return d.ID == k || slices.Contains(d.Was, k) })
		switch {
		case k == All:
		case i < 0:
			return fmt.Errorf("no kind is called %q", k)
		case table[i].Introspection == nil:
			return fmt.Errorf("of %s nothing can be asked without a change or a risk", k)
		}
	}
	return nil
}

// Run asks about each credential of the kinds that Options name. Whatever goes wrong with one is told in its Asked or Skip, and
// the next is asked about; the error is the context's.
func Run(ctx context.Context, cs []finding.Credential, kind func(id string) *detectors.Detector, o Options) (Result, error) {
	var res Result
	done := map[string]bool{}
	for i := range cs {
		c := &cs[i]
		d := kind(c.Kind)
		if d == nil || d.Introspection == nil || !o.named(d) || done[c.ID] {
			continue
		}
		done[c.ID] = true
		a, err := o.one(ctx, c, d)
		if ctx.Err() != nil {
			return res, ctx.Err()
		}
		var not errSkip
		if errors.As(err, &not) {
			res.Skipped = append(res.Skipped, Skip{c.ID, c.Kind, string(not)})
			continue
		}
		a.Credential, a.Kind = c.ID, c.Kind
		if err != nil {
			a.Err = err.Error()
		}
		a.First = a.At
		if e, ok := o.Earlier[c.ID]; ok && e.First.Before(a.First) {
			a.First = e.First
		}
		res.Asked = append(res.Asked, a)
	}
	return res, nil
}

func (o *Options) named(d *detectors.Detector) bool {
	if slices.Contains(o.Kinds, d.ID) || slices.ContainsFunc(d.Was, func(w string) bool { return slices.Contains(o.Kinds, w) }) {
		return true
	}
	return slices.Contains(o.Kinds, All) && !d.Introspection.Effect.ByName()
}

// errSkip is a reason not to ask.
type errSkip string

func (e errSkip) Error() string { return string(e) }

func (o *Options) one(ctx context.Context, c *finding.Credential, d *detectors.Detector) (Asked, error) {
	if c.Decision != nil && c.Decision.Value == "false-positive" {
		return Asked{}, errSkip("it was decided that it is none")
	}
	p := partsOf(c)
	if err := canary(c, d, p, o.Canaries); err != nil {
		return Asked{}, err
	}
	if e, ok := o.Earlier[c.ID]; ok && e.Kind == c.Kind && e.Err == "" && o.Now().Sub(e.At) < o.Fresh {
		e.Cached = true
		return e, nil
	}
	row := d.Introspection
	hosts, err := o.hosts(d, p)
	if err != nil {
		return Asked{}, err
	}
	if row.By != "" {
		return ways()[row.By](ctx, o, p, hosts)
	}
	at := o.Now()
	a := Asked{Host: hosts[0].Host, At: at}
	r, err := request(ctx, row, hosts[0], p)
	if err != nil {
		return Asked{}, err
	}
	ans, err := o.Client.Do(ctx, live.Ask{Provider: d.Provider, Hosts: []string{hosts[0].Host}, What: What(row), Hide: p.hide()}, r)
	if err != nil {
		return a, err
	}
	err = read(&a, row, d.Provider, ans, p, len(o.Bases[d.Provider]) > 0)
	return a, err
}

// What is a request as the record has it: method and path, with places instead of values.
func What(row *detectors.Introspection) string {
	m := row.Method
	if m == "" {
		m = http.MethodGet
	}
	return m + " " + row.Path
}

// hosts are where to ask: the operator's, else the row's. A secret goes to one host alone, so where the operator names several, the
// one that the credential itself names is taken, and none if it names none of them.
func (o *Options) hosts(d *detectors.Detector, p *parts) ([]*url.URL, error) {
	own := o.Bases[d.Provider]
	switch {
	case len(own) == 1:
		return own, nil
	case len(own) > 1:
		for _, u := range own {
			if u.Hostname() == p.host() {
				return []*url.URL{u}, nil
			}
		}
		return nil, errSkip("of the hosts that are given for " + d.Provider + " it names none: which one is it of?")
	case d.Introspection.Host == "":
		return nil, errSkip("nobody has said where " + d.Provider + " is: give --live-host " + d.Provider + "=https://…")
	}
	host, err := fill(d.Introspection.Host, p, plain)
	if err != nil {
		return nil, err
	}
	if _, domain, ok := strings.Cut(d.Introspection.Host, "}"); ok {
		if name := strings.TrimSuffix(host, domain); strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return nil, errSkip("what it names is no name of a host")
		}
	}
	return []*url.URL{{Scheme: "https", Host: host}}, nil
}

// grain is how much earlier than it was a provider may date a use: AWS, the coarsest, says it to a quarter of an hour
// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKeyLastUsed.html has it by the region; the console by 15 minutes).
const grain = 15 * time.Minute

// Forget drops what our own call may have caused: a last use at or after it.
func Forget(facts []finding.Fact, first time.Time) []finding.Fact {
	return slices.DeleteFunc(slices.Clone(facts), func(f finding.Fact) bool {
		if f.Field != "last_used" {
			return false
		}
		t, err := time.Parse(time.RFC3339, f.Value)
		if err == nil {
			return !t.Before(first.Add(-grain))
		}
		t, err = time.Parse(time.DateOnly, f.Value)
		return err == nil && !t.AddDate(0, 0, 1).Before(first.Add(-grain))
	})
}

// knownCanaries are AWS accounts that hold nothing but keys to be tripped over: those of canarytokens.org and its imitations, as they
// are published (https://trufflesecurity.com/blog/canaries).
var knownCanaries = strings.Fields(`
	052310077262 171436882533 266735846894 528757803018 534261010715 538784191382 595918472158 717712589309 729780141977 730335385048 819147034852 893192397702 992382622183
	044858866125 251535659677 344043088457 351906852752 390477818340 426127672474 427150556519 439872796651 445142720921 465867158099 637958123769 693412236332 732624840810 735421457923 959235150393 982842642351`)

// canary recognises a key that is there to raise an alarm, by the account in its id. A key of before 2019 does not say its account,
// and no canary is that old.
func canary(c *finding.Credential, d *detectors.Detector, p *parts, more []string) error {
	if d.Provider != "aws" {
		return nil
	}
	for _, account := range p.facts["account"] {
		if slices.Contains(knownCanaries, account) || slices.Contains(more, account) {
			return errSkip("its account " + account + " holds canaries: a call would raise an alarm")
		}
	}
	return nil
}
