package introspect

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/live"
)

func kindOf(t *testing.T, id string) *detectors.Detector {
	t.Helper()
	for _, d := range detectors.All() {
		if d.ID == id {
			return &d
		}
	}
	t.Fatalf("no kind %s", id)
	return nil
}

// TestTable: rows name one host each or none, no user's password and no database is ever tried, and what may lock or cost is
// asked by name alone.
func TestTable(t *testing.T) {
	n := 0
	for _, d := range detectors.All() {
		row := d.Introspection
		if row == nil {
			continue
		}
		n++
		if d.Provider == "" || row.Docs == "" || row.Effect.Rank() >= len(detectors.Effects()) || !strings.HasPrefix(row.Path, "/") || strings.ContainsAny(strings.TrimPrefix(row.Host, "{fact.account}."), "/{:@") {
			t.Errorf("%s: %+v", d.ID, row)
		}
		for _, word := range []string{"-url", "password", "basic-auth", "database", "htpasswd", "netrc", "connection-string", "ssh"} {
			if strings.Contains(d.ID, word) {
				t.Errorf("%s is a login and must not be tried", d.ID)
			}
		}
		if strings.Contains(row.Path+row.Body+strings.Join(row.Header, " "), "{user}") {
			t.Errorf("%s sends a user's name", d.ID)
		}
		if row.By != "" && ways()[row.By] == nil {
			t.Errorf("%s is asked by %q, which is no way", d.ID, row.By)
		}
		for code, status := range row.Status {
			if code < 200 || code > 499 || !slices.Contains([]string{"active", "inactive", "expired", "revoked"}, status) {
				t.Errorf("%s: %d says %q", d.ID, code, status)
			}
		}
	}
	if n < 40 {
		t.Errorf("%d kinds", n)
	}
	all := &Options{Kinds: []string{All}}
	for _, e := range detectors.Effects() {
		d := &detectors.Detector{ID: "some-kind", Introspection: &detectors.Introspection{Effect: e}}
		if got := all.named(d); got == (e == detectors.EffectFailure || e == detectors.EffectBillable) {
			t.Errorf("all asks about what %s: %v", e, got)
		}
		if !(&Options{Kinds: []string{"some-kind"}}).named(d) {
			t.Errorf("%s is not asked by its name", e)
		}
	}
}

func TestCheck(t *testing.T) {
	table := detectors.All()
	for kind, wrong := range map[string]string{All: "", "gitlab-personal-access-token": "", "no-such-kind": "no kind", "postgres-url": "nothing can be asked"} {
		err := Check([]string{kind}, table)
		if (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// TestNotAsked: every reason not to ask is a reason that nothing is sent.
func TestNotAsked(t *testing.T) {
	p := newProvider(t)
	p.reply = answer(200, nil, map[string]any{})
	gitlab, vault, aws := kindOf(t, "gitlab-personal-access-token"), kindOf(t, "vault-service-token"), kindOf(t, "aws-access-key")
	base := func(addresses ...string) []*url.URL {
		var out []*url.URL
		for _, a := range addresses {
			u, err := url.Parse(a)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, u)
		}
		return out
	}
	for _, c := range []struct {
		name   string
		d      *detectors.Detector
		change func(*Options, *finding.Credential)
		why    string // "" where it is not even a candidate
	}{
		{"another kind is named", gitlab, func(o *Options, _ *finding.Credential) { o.Kinds = []string{"vault-service-token"} }, ""},
		{"no kind is named", gitlab, func(o *Options, _ *finding.Credential) { o.Kinds = nil }, ""},
		{"nobody names a host", vault, func(o *Options, _ *finding.Credential) { o.Bases = nil }, "nobody has said where"},
		{"several hosts, and the secret names another", gitlab, func(o *Options, _ *finding.Credential) {
			o.Bases = map[string][]*url.URL{"gitlab": base(p.server.URL, "https://git.acme.example")}
		}, "names none"},
		{"it was decided to be none", gitlab, func(_ *Options, c *finding.Credential) {
			c.Decision = &finding.Decision{Kind: "mark", Value: "false-positive"}
		}, "decided"},
		{"an account of canarytokens.org", aws, func(_ *Options, c *finding.Credential) {
			c.Facts = []finding.Fact{{Field: "account", Value: "052310077262"}}
		}, "raise an alarm"},
		{"an account of one's own canaries", aws, func(o *Options, c *finding.Credential) {
			o.Canaries = []string{"664418975074"}
			c.Facts = []finding.Fact{{Field: "account", Value: "664418975074"}}
		}, "raise an alarm"},
		{"half a key", aws, func(_ *Options, c *finding.Credential) {
			c.Ident = ""
			c.Sightings[0].Parts = c.Sightings[0].Parts[:1]
		}, "one half"},
		{"a value with control bytes", gitlab, func(_ *Options, c *finding.Credential) {
			c.Sightings[0].Parts[0].Secret = finding.NewSecret([]byte("a\r\nHost: b"))
		}, "no request can carry"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, cred := p.options(c.d), credential(c.d, tameValue, "elsewhere.example")
			c.change(&o, &cred)
			res := p.ask(c.d, o, cred)
			if len(p.got) != 0 || len(res.Asked) != 0 || len(o.Client.Calls()) != 0 {
				t.Fatalf("%d requests, %+v", len(p.got), res)
			}
			if (len(res.Skipped) == 1) != (c.why != "") || c.why != "" && !strings.Contains(res.Skipped[0].Why, c.why) {
				t.Errorf("%+v", res.Skipped)
			}
		})
	}
}

// Where the operator names several hosts, the one that stands beside the secret is taken, if it is one of them.
func TestHostOfSeveral(t *testing.T) {
	p := newProvider(t)
	p.reply = answer(200, nil, map[string]any{"id": 7, "active": true, "revoked": false})
	d := kindOf(t, "gitlab-personal-access-token")
	o := p.options(d)
	other, err := url.Parse("https://git.acme.example")
	if err != nil {
		t.Fatal(err)
	}
	o.Bases["gitlab"] = append([]*url.URL{other}, o.Bases["gitlab"]...)
	res := p.ask(d, o, credential(d, tameValue, o.Bases["gitlab"][1].Hostname()))
	if len(p.got) != 1 || len(res.Asked) != 1 || facts(res.Asked[0])["key_id"] != "7" {
		t.Errorf("%d requests, %+v", len(p.got), res)
	}
}

// A provider's public host that does not know a token says nothing where the token may be another installation's.
func TestElsewhere(t *testing.T) {
	d := kindOf(t, "gitlab-personal-access-token")
	var a Asked
	a.Host = "gitlab.com"
	err := read(&a, d.Introspection, "gitlab", &live.Answer{Status: 401, Body: []byte("{}")}, &parts{}, false)
	if err == nil || a.Status != "" || len(a.Facts) != 0 || !strings.Contains(err.Error(), "--live-host gitlab=") {
		t.Errorf("%+v %v", a, err)
	}
	if err := read(&a, d.Introspection, "gitlab", &live.Answer{Status: 401, Body: []byte("{}")}, &parts{}, true); err != nil || a.Status != "revoked" {
		t.Errorf("%+v %v", a, err)
	}
}

// What was learned lately is not asked again, a failure is, and the first time of asking stays.
func TestEarlier(t *testing.T) {
	p := newProvider(t)
	p.reply = answer(200, nil, map[string]any{"id": 7})
	d := kindOf(t, "gitlab-personal-access-token")
	c := credential(d, tameValue, "")
	first := noon.Add(-30 * time.Hour)
	for _, x := range []struct {
		age   time.Duration
		err   string
		asked bool
	}{{time.Hour, "", false}, {21 * time.Hour, "", true}, {time.Hour, "it did not answer", true}} {
		o := p.options(d)
		o.Fresh = 20 * time.Hour
		o.Earlier = map[string]Asked{c.ID: {Credential: c.ID, Kind: c.Kind, First: first, At: noon.Add(-x.age), Err: x.err, Status: "active"}}
		res := p.ask(d, o, c)
		if len(res.Asked) != 1 || (len(p.got) == 1) != x.asked || res.Asked[0].Cached == x.asked || !res.Asked[0].First.Equal(first) {
			t.Errorf("%v %q: %d requests, %+v", x.age, x.err, len(p.got), res)
		}
	}
}

// The same credential is asked about once.
func TestOnce(t *testing.T) {
	p := newProvider(t)
	p.reply = answer(200, nil, map[string]any{"id": 7})
	d := kindOf(t, "gitlab-personal-access-token")
	c := credential(d, tameValue, "")
	p.got = nil
	if _, err := Run(t.Context(), []finding.Credential{c, c}, func(string) *detectors.Detector { return d }, p.options(d)); err != nil || len(p.got) != 1 {
		t.Errorf("%v, %d requests", err, len(p.got))
	}
}

// A last use at or after our own call is nobody's evidence; one from before is.
func TestForget(t *testing.T) {
	for value, kept := range map[string]bool{
		noon.Format(time.RFC3339): false, noon.Add(time.Hour).Format(time.RFC3339): false, noon.Add(-time.Minute).Format(time.RFC3339): false,
		noon.Add(-time.Hour).Format(time.RFC3339): true, "2026-03-04": false, "2026-03-03": true, "never": true, "N/A": true,
	} {
		got := Forget([]finding.Fact{{Field: "last_used", Value: value}, {Field: "created", Value: noon.Format(time.RFC3339)}}, noon)
		if (len(got) == 2) != kept || len(got) == 0 {
			t.Errorf("%s: %v", value, got)
		}
	}
	p := newProvider(t)
	d := kindOf(t, "gitlab-personal-access-token")
	for at, want := range map[time.Time]string{noon: "", noon.AddDate(0, -2, 0): "2026-01-04T12:00:00Z"} {
		p.reply = func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprintf(w, `{"id": 7, "last_used_at": %q, "expires_at": null}`, at.Format(time.RFC3339))
		}
		got := facts(p.ask(d, p.options(d), credential(d, tameValue, "")).Asked[0])
		if got["last_used"] != want || got["expires"] != "never" {
			t.Errorf("%v", got)
		}
	}
}
