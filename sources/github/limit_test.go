package github

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"sprawl/internal/testkit/forge"
)

// primary is the hourly limit by the server's clock.
func primary(lasts time.Duration) forge.Fault {
	at := time.Now().Truncate(time.Second)
	f := forge.Primary(at.Add(lasts), 1)
	f.Header.Set("Date", at.UTC().Format(http.TimeFormat))
	return f
}

// What the server asks to wait for is waited for where it is short, and handed back where it is long.
func TestLimits(t *testing.T) {
	silent := forge.Secondary(http.StatusForbidden, 0, 1)
	for _, x := range []struct {
		name   string
		faults []forge.Fault
		waits  time.Duration // 0 where it fails
		lasts  time.Duration // of the Limited
		second bool
	}{
		{"a secondary limit by 403", []forge.Fault{forge.Secondary(403, 30*time.Second, 1)}, 30 * time.Second, 0, false},
		{"a secondary limit by 429", []forge.Fault{forge.Secondary(429, 30*time.Second, 1)}, 30 * time.Second, 0, false},
		{"a secondary limit that does not say how long", []forge.Fault{silent}, time.Minute, 0, false},
		{"and lasts longer than a minute", []forge.Fault{silent, silent}, 0, 2 * time.Minute, true},
		{"429 and nothing else", []forge.Fault{{Status: 429, Times: 1}}, time.Minute, 0, false},
		{"503 that says when", []forge.Fault{{Status: 503, Times: 1, Header: http.Header{"Retry-After": {"7"}}}}, 7 * time.Second, 0, false},
		{"a long secondary limit", []forge.Fault{forge.Secondary(429, 10*time.Minute, 1)}, 0, 10 * time.Minute, true},
		{"the hourly limit, for a moment", []forge.Fault{primary(40 * time.Second)}, 41 * time.Second, 0, false},
		{"the hourly limit, for long", []forge.Fault{primary(50 * time.Minute)}, 0, 50 * time.Minute, false},
		{"a secondary limit without an end", []forge.Fault{forge.Secondary(403, time.Second, 0)}, 0, time.Second, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := org(t, 150, forge.Options{})
			c, k := client(t, s)
			for _, f := range x.faults {
				f.After, f.At = 1, "GET /orgs/*/repos" // the second page
				if len(x.faults) > 1 {
					f.After = 0
				}
				s.Inject(f)
			}
			got, err := names(t, c, s, "acme", Filter{})
			var waited time.Duration
			for _, d := range k.waited {
				waited += d
			}
			if x.waits > 0 {
				if err != nil || len(got) != 150 || waited != x.waits || c.Budget().Waited != waited {
					t.Errorf("%d listed, waited %v: %v", len(got), waited, err)
				}
				return
			}
			var limited *Limited
			if !errors.As(err, &limited) || limited.Secondary != x.second || limited.After > x.lasts+time.Second || limited.After < x.lasts || !limited.Until.Equal(k.at.Add(limited.After)) {
				t.Errorf("%+v %v", limited, err)
			}
			if len(x.faults) == 1 && len(got) != 100 {
				t.Errorf("%d listed before it", len(got))
			}
			// Whoever asks meanwhile is told without a call.
			calls := s.Requests("")
			if _, err := names(t, c, s, "acme", Filter{}); x.lasts > time.Minute && (!errors.As(err, &limited) || s.Requests("") != calls) {
				t.Errorf("asked in vain: %v", err)
			}
		})
	}
}

// The last request of the hour succeeds, and the next one is not sent.
func TestSpent(t *testing.T) {
	s := org(t, 150, forge.Options{Limit: 1})
	c, _ := client(t, s)
	got, err := names(t, c, s, "acme", Filter{})
	var limited *Limited
	if len(got) != 100 || !errors.As(err, &limited) || limited.Secondary || limited.After < 59*time.Minute || s.Requests("") != 1 {
		t.Errorf("%d in %d calls: %v", len(got), s.Requests(""), err)
	}
	if b := c.Budget(); b.Remaining != 0 || b.Limit != 1 {
		t.Errorf("%+v", b)
	}
}

// What breaks is tried again, by waits that grow, and not for ever.
func TestStorms(t *testing.T) {
	for _, x := range []struct {
		name  string
		fault forge.Fault
		why   string // of the failure; "" where it comes well
		waits int
	}{
		{"502 three times", forge.Storm(502, 3), "", 3},
		{"500 without an end", forge.Storm(500, 0), "it answers 500", 4},
		{"broken connections", forge.Fault{Break: true, Times: 2}, "", 2},
		{"an answer that breaks off", forge.Fault{Cut: 1000, Times: 1}, "", 1},
		{"broken for good", forge.Fault{Cut: 1000}, "the connection broke", 4},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := org(t, 3, forge.Options{})
			c, k := client(t, s)
			s.Inject(x.fault)
			got, err := names(t, c, s, "acme", Filter{})
			var broken *Unreachable
			switch {
			case x.why == "" && (err != nil || len(got) != 3):
				t.Errorf("%v %v", got, err)
			case x.why != "" && (!errors.As(err, &broken) || broken.Why != x.why || broken.Tries != 5):
				t.Errorf("%+v %v", broken, err)
			}
			if len(k.waited) != x.waits {
				t.Errorf("waited %v", k.waited)
			}
			for i, d := range k.waited {
				if top := firstBackoff << i; d < top/2 || d > top {
					t.Errorf("wait %d is %v", i, d)
				}
			}
			again, k2 := client(t, s)
			s.Heal()
			s.Inject(x.fault)
			_, _ = names(t, again, s, "acme", Filter{})
			for i := range min(len(k.waited), len(k2.waited)) {
				if k.waited[i] != k2.waited[i] {
					t.Error("one seed waits in two ways")
				}
			}
		})
	}
}

func TestSlow(t *testing.T) {
	s := org(t, 1, forge.Options{})
	c, _ := client(t, s, func(o *Options) { o.Timeout, o.Tries = 30*time.Millisecond, 2 })
	s.Inject(forge.Fault{Latency: time.Minute})
	_, err := names(t, c, s, "acme", Filter{})
	var broken *Unreachable
	if !errors.As(err, &broken) || broken.Why != "it does not answer in time" {
		t.Errorf("%v", err)
	}
	c, _ = client(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	s.On(func(*http.Request) { cancel() })
	if err := c.Repositories(ctx, "acme", Filter{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// What is refused is not tried again, and says what to do.
func TestRefusals(t *testing.T) {
	for message, next := range map[string]string{
		"Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.":                                "SSO",
		"Although you appear to have the correct authorization credentials, the `acme` organization has an IP allow list enabled":                                    "IP allow list",
		"`acme` forbids access via a personal access token (classic). Please use a GitHub App, OAuth App, or a personal access token with fine-grained permissions.": "fine-grained",
		"Resource not accessible by personal access token": "read access",
		"Something else": "policy",
	} {
		s := org(t, 1, forge.Options{})
		c, k := client(t, s)
		s.Inject(forge.Fault{Status: http.StatusForbidden, Message: message})
		_, err := names(t, c, s, "acme", Filter{})
		var refused *Refused
		if !errors.As(err, &refused) || !strings.Contains(refused.Next, next) || len(k.waited) > 0 || s.Requests("") != 1 {
			t.Errorf("%s: %v", message, err)
		}
	}
}

// A list that single sign-on keeps parts of is visited, and incomplete.
func TestPartial(t *testing.T) {
	s := org(t, 150, forge.Options{})
	c, _ := client(t, s, func(o *Options) { o.Transport = sso{} })
	got, err := names(t, c, s, "acme", Filter{})
	var refused *Refused
	if len(got) != 150 || !errors.As(err, &refused) {
		t.Errorf("%d %v", len(got), err)
	}
}

// sso is a server behind single sign-on.
type sso struct{}

func (sso) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		res.Header.Set("X-GitHub-SSO", "partial-results; organizations=21955855")
	}
	return res, err
}
