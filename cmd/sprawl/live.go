package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/correlate"
	"sprawl/internal/identity"
	"sprawl/internal/introspect"
	"sprawl/internal/join"
	"sprawl/internal/live"
	"sprawl/inventory"
	"sprawl/sources"
)

// freshFor is how long what was learned by introspection is not asked again: a nightly run asks once a night.
const freshFor = 20 * time.Hour

// liveFlags ask providers. Without them nothing is asked.
type liveFlags struct {
	providers, kinds, hosts, canaries []string
	private                           bool
	authority, asked                  string
}

// addListings adds the flags by which providers are asked for listings, and nobody is asked with what was found.
func (l *liveFlags) addListings(c *cobra.Command) {
	p := c.Flags()
	p.StringSliceVar(&l.providers, "live", nil, "take listings from these providers with your own credentials, as --inventory takes them from files: "+liveProviders()+" (asks the network; docs/live.md)")
	p.StringArrayVar(&l.hosts, "live-host", nil, "PROVIDER=https://HOST: ask the provider there instead of at its public address (may be repeated)")
	p.BoolVar(&l.private, "live-private", false, "let --live and --introspect go to private and loopback addresses too")
	p.StringVar(&l.authority, "live-ca", "", "trust the certificate authorities of this PEM file besides the system's")
}

func (l *liveFlags) add(c *cobra.Command) {
	l.addListings(c)
	p := c.Flags()
	p.StringSliceVar(&l.kinds, "introspect", nil, "ask their providers about found credentials of these kinds, with the credentials themselves, once inventories are read; all for every kind that only leaves a trace (asks the network; sprawl detectors list --introspect shows where each would go)")
	p.StringSliceVar(&l.canaries, "canary", nil, "AWS accounts whose keys are there to raise an alarm, besides the known ones: they are never tried")
	p.StringVar(&l.asked, "asked", "", "keep what was asked and learned in this file, so that a later run neither asks again within a day nor takes our own calls for use (needs a key: sprawl key new)")
}

func liveProviders() string {
	var s []string
	for _, p := range live.Providers() {
		n := p.Name
		switch {
		case p.Needs:
			n += ":" + p.Scope
		case p.Scope != "":
			n += "[:" + p.Scope + "]"
		}
		s = append(s, n)
	}
	return strings.Join(s, ", ")
}

// asking is the part of a run that asks providers; nil where nobody is to be asked.
type asking struct {
	app      *app
	flags    liveFlags
	bases    map[string][]*url.URL
	client   *live.Client
	admin    *live.Admin
	calls    []live.Call
	operator string    // the key that AWS is asked with
	began    time.Time // when it first was

	empty   []string // providers that gave nothing at all
	earlier map[string]introspect.Asked
	learned introspect.Result
	forgot  int
	broken  error
}

// newAsking checks the flags. Nothing is opened.
func (a *app) newAsking(f liveFlags, change bool) (*asking, error) {
	if len(f.providers) == 0 && len(f.kinds) == 0 {
		if len(f.hosts) > 0 || f.private || f.authority != "" || f.asked != "" || len(f.canaries) > 0 {
			return nil, usage("give --live PROVIDER or --introspect KIND", "--live-host, --live-private, --live-ca, --canary and --asked say how to ask, and nobody is to be asked")
		}
		return nil, nil //nolint:nilnil // nobody is to be asked
	}
	if change {
		return nil, usage("ask in a scan of everything", "a change is judged without asking anybody: --live and --introspect do not go with --staged, --range and --pr")
	}
	k := &asking{app: a, flags: f, bases: map[string][]*url.URL{}, earlier: map[string]introspect.Asked{}}
	for _, p := range f.providers {
		if _, _, err := live.ByName(p); err != nil {
			return nil, usage("use "+liveProviders(), "--live: %w", err)
		}
	}
	if err := introspect.Check(f.kinds, a.table()); err != nil {
		return nil, usage("sprawl detectors list --introspect lists the kinds", "--introspect: %w", err)
	}
	for _, h := range f.hosts {
		provider, address, ok := strings.Cut(h, "=")
		u, err := live.Base(address, f.private)
		if !ok || err != nil || provider == "" {
			return nil, usage("write it as gitlab=https://git.example.com", "--live-host %q is not PROVIDER=ADDRESS: %w", clean(h), cmp.Or(err, errors.New("no = in it")))
		}
		k.bases[provider] = append(k.bases[provider], u)
	}
	for _, c := range f.canaries {
		if len(c) != 12 || strings.Trim(c, "0123456789") != "" {
			return nil, usage("give its 12 digits", "--canary %q is no AWS account", clean(c))
		}
	}
	var roots *x509.CertPool
	if f.authority != "" {
		pem, err := os.ReadFile(f.authority)
		if err != nil {
			return nil, usage("name a PEM file", "--live-ca: %w", err)
		}
		if roots, err = x509.SystemCertPool(); err != nil {
			roots = x509.NewCertPool()
		}
		if !roots.AppendCertsFromPEM(pem) {
			return nil, usage("name a PEM file", "--live-ca %s holds no certificate", f.authority)
		}
	}
	return k, k.open(roots)
}

func (k *asking) open(roots *x509.CertPool) error {
	a := k.app
	o := live.Options{
		Now: a.now, Wait: pause, Private: k.flags.private, Roots: roots, Proxy: live.ProxyFrom(a.getenv),
		Log: func(c live.Call) {
			k.calls = append(k.calls, c)
			a.log.Info("asked", "provider", c.Provider, "host", c.Host, "what", c.What, "status", c.Status, "error", c.Err)
		},
	}
	k.client = live.New(o)
	one := map[string]*url.URL{}
	for p, us := range k.bases {
		one[p] = us[0]
	}
	k.admin = &live.Admin{
		Client: k.client, Now: a.now, Getenv: a.getenv, ReadFile: os.ReadFile, Bases: one,
		Alone: func(pem []byte) (*live.Client, error) {
			alone := o
			alone.Roots = x509.NewCertPool()
			if !alone.Roots.AppendCertsFromPEM(pem) {
				return nil, errors.New("the authority holds no certificate")
			}
			return live.New(alone), nil
		},
	}
	return nil
}

// pause waits.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// inventories takes the listings that are to be taken, and reads them like files. It comes before anything is asked with what
// was found: an answer to that overwrites when a credential was last used.
func (k *asking) inventories(ctx context.Context, keys *identity.Keys, now time.Time) ([]*inventory.Inventory, []inventory.Trouble, error) {
	if k == nil {
		return nil, nil, nil
	}
	if k.flags.asked != "" {
		if keys.Scope() != finding.KeyOrganisation {
			return nil, nil, usage("sprawl key new makes one; set it as SPRAWL_KEY", "--asked keeps what it knows by ids, and without a key those last for one run")
		}
		if err := k.remember(); err != nil {
			return nil, nil, err
		}
	}
	var invs []*inventory.Inventory
	var troubles []inventory.Trouble
	k.began = k.app.now()
	for _, p := range k.flags.providers {
		exports, missed, err := k.admin.Pull(ctx, p)
		switch {
		case ctx.Err() != nil:
			return nil, nil, ctx.Err()
		case err != nil:
			return nil, nil, usage("docs/live.md says where credentials are looked for", "%w", err)
		}
		if key, err := k.admin.AWSCredentials(); err == nil && p == "aws" {
			k.operator = key.ID
		}
		if len(exports) == 0 && len(missed) > 0 {
			k.empty = append(k.empty, p)
		}
		for _, t := range missed {
			troubles = append(troubles, inventory.Trouble{File: t.Name, Msg: t.Why})
		}
		for _, e := range exports {
			// What a provider dates by its own clock may be ahead of when the run began.
			m := inventory.Meta{Name: e.Name, AsOf: e.AsOf, Now: latest(now, e.AsOf), Scope: e.Scope, Environment: e.Environment, Sum: keys.Sum}
			inv, ts, err := inventory.Load(ctx, bytes.NewReader(e.Data), e.Format, m)
			if err != nil {
				troubles = append(troubles, inventory.Trouble{File: e.Name, Msg: "the answer is not what its documentation says"})
				continue
			}
			invs, troubles = append(invs, inv), append(troubles, ts...)
		}
	}
	return invs, troubles, nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// ledger says which providers gave nothing.
func (k *asking) ledger(led *sources.Ledger) {
	if k == nil {
		return
	}
	for _, p := range k.empty {
		led.Skip(finding.Skip{Target: "live:" + p, Reason: finding.ReasonUnreadable, Detail: "no listing could be taken: the notices say why"})
	}
}

// into has correlation ask about what was found: after the inventories have spoken, and before anything is judged. What is learned
// goes back to the inventories, which may list the credential under the id that only its provider could tell.
func (k *asking) into(ctx context.Context, in *correlate.Input, invs []*inventory.Inventory, keys *identity.Keys, lists *join.Result) {
	if k == nil {
		return
	}
	before := in.Records
	in.Records = func(cs []finding.Credential) [][]finding.Record {
		out := make([][]finding.Record, len(cs))
		if before != nil {
			out = before(cs)
		}
		var err error
		k.learned, err = introspect.Run(ctx, cs, in.Kind, introspect.Options{
			Client: k.client, Now: k.app.now, Kinds: k.flags.kinds, Bases: k.bases, AWSRegion: cmp.Or(k.app.getenv("AWS_REGION"), k.app.getenv("AWS_DEFAULT_REGION")),
			Canaries: k.flags.canaries, Earlier: k.earlier, Fresh: freshFor,
		})
		if err != nil {
			k.broken = err
			return out
		}
		asked := map[string]*introspect.Asked{}
		for i := range k.learned.Asked {
			asked[k.learned.Asked[i].Credential] = &k.learned.Asked[i]
		}
		if len(invs) > 0 && len(asked) > 0 {
			*lists = join.Join(knowing(cs, asked), invs, keys)
			for i := range cs {
				out[i] = lists.Records[cs[i].ID]
			}
		}
		for i := range cs {
			first := k.first(&cs[i], asked[cs[i].ID])
			if !first.IsZero() {
				out[i] = k.forget(out[i], first)
			}
			if a := asked[cs[i].ID]; a != nil {
				if rec, ok := a.Record(cs[i].Provider); ok {
					out[i] = append(slices.Clone(out[i]), rec)
				}
			}
		}
		return out
	}
}

// first is when we asked about a credential first: with it, or with it as our own.
func (k *asking) first(c *finding.Credential, a *introspect.Asked) time.Time {
	var first time.Time
	if e, ok := k.earlier[c.ID]; ok {
		first = e.First
	}
	if a != nil && (first.IsZero() || a.First.Before(first)) {
		first = a.First
	}
	if k.operator != "" && c.Ident == k.operator && (first.IsZero() || k.began.Before(first)) {
		first = k.began
	}
	return first
}

// knowing are the credentials with what introspection told beside what they say themselves.
func knowing(cs []finding.Credential, asked map[string]*introspect.Asked) []finding.Credential {
	out := slices.Clone(cs)
	for i := range out {
		if a := asked[out[i].ID]; a != nil {
			out[i].Facts = append(slices.Clone(out[i].Facts), a.Facts...)
		}
	}
	return out
}

// forget takes out of records what our own calls may have caused.
func (k *asking) forget(records []finding.Record, first time.Time) []finding.Record {
	out := slices.Clone(records)
	for i := range out {
		facts := introspect.Forget(out[i].Facts, first)
		k.forgot += len(out[i].Facts) - len(facts)
		out[i].Facts = facts
	}
	return out
}

// notices say whom a run has asked, whom not and why.
func (k *asking) notices(keys *identity.Keys) []finding.Notice {
	if k == nil {
		return nil
	}
	var out []finding.Notice
	say := func(kind, text string) {
		out = append(out, finding.Notice{ID: keys.NoticeID(kind, text), Kind: kind, Severity: finding.SevInfo, Message: text})
	}
	hosts := map[string]map[string]int{}
	for _, c := range k.calls {
		if hosts[c.Host] == nil {
			hosts[c.Host] = map[string]int{}
		}
		hosts[c.Host][cmp.Or(c.Err, fmt.Sprintf("status %d", c.Status))]++
	}
	for _, h := range slices.Sorted(maps.Keys(hosts)) {
		var parts []string
		for _, what := range slices.Sorted(maps.Keys(hosts[h])) {
			parts = append(parts, fmt.Sprintf("%d %s", hosts[h][what], what))
		}
		say("asked", h+" was asked: "+strings.Join(parts, ", "))
	}
	for _, a := range k.learned.Asked {
		if a.Err != "" {
			say("asked", finding.ShortID(a.Credential)+" ("+a.Kind+"): "+a.Err)
		}
	}
	for _, s := range k.learned.Skipped {
		say("not-asked", finding.ShortID(s.Credential)+" ("+s.Kind+") was not asked about: "+s.Why)
	}
	if k.forgot > 0 {
		say("asked", fmt.Sprintf("%d dates of last use were left out: our own calls may have caused them", k.forgot))
	}
	return out
}

// askedLine is one line of --asked: a call or what was learned.
type askedLine struct {
	Type string `json:"type"` // "call" or "learned"
	*live.Call
	Learned *introspect.Asked `json:"learned,omitempty"`
}

// remember reads what earlier runs have learned.
func (k *asking) remember() error {
	text, err := os.ReadFile(k.flags.asked)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return usage("name a file of your own", "--asked: %w", err)
	}
	for line := range bytes.Lines(text) {
		var l askedLine
		if err := json.Unmarshal(line, &l); err != nil {
			return usage("name a file that --asked wrote, or a new one", "--asked %s was not written by this program", k.flags.asked)
		}
		if l.Learned != nil {
			k.earlier[l.Learned.Credential] = *l.Learned
		}
	}
	return nil
}

// keep adds to the file what this run has asked and learned. It holds no secret.
func (k *asking) keep() error {
	if k == nil {
		return nil
	}
	if k.broken != nil || k.flags.asked == "" {
		return k.broken
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	var err error
	for i := range k.calls {
		err = errors.Join(err, e.Encode(askedLine{Type: "call", Call: &k.calls[i]}))
	}
	for i := range k.learned.Asked {
		if !k.learned.Asked[i].Cached {
			err = errors.Join(err, e.Encode(askedLine{Type: "learned", Learned: &k.learned.Asked[i]}))
		}
	}
	if err != nil {
		return fmt.Errorf("--asked: %w", err)
	}
	f, err := os.OpenFile(filepath.Clean(k.flags.asked), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return incomplete("name a file that you can write to", "--asked: %w", err)
	}
	_, err = f.Write(b.Bytes())
	if err = errors.Join(err, f.Close()); err != nil {
		return incomplete("free some room", "--asked %s: %w", k.flags.asked, err)
	}
	return nil
}

// introspections prints where a credential of each kind would go, and what that does.
func (a *app) introspections(all []detectors.Detector) error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "KIND\tHOST\tREQUEST\tEFFECT\tTELLS\tDOCUMENTATION")
	for _, d := range all {
		row := d.Introspection
		if row == nil {
			continue
		}
		tells := map[string]bool{}
		for _, f := range row.Facts {
			tells[f.Field] = true
		}
		if row.By == "aws" {
			for _, f := range []string{"account", "user", "created", "last_used", "policy", "owner"} {
				tells[f] = true
			}
		}
		fields := slices.Sorted(maps.Keys(tells))
		effect := string(row.Effect)
		if row.Effect.ByName() {
			effect += " (only by name)"
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", d.ID, cmp.Or(row.Host, "--live-host "+d.Provider+"=…"), introspect.What(row), effect, strings.Join(append([]string{"status"}, fields...), " "), row.Docs)
	}
	return w.Flush()
}
