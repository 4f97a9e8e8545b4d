package introspect

import (
	"context"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/live"
	"sprawl/internal/testkit/program"
)

// TestStripe asks stripe-mock, which Stripe makes from its own description of its API: it knows test keys by their form and nobody
// else.
func TestStripe(t *testing.T) {
	exe := program.Find(t, "stripe-mock")
	address, _, _ := program.Address(t)
	program.Serve(t, program.Server{Exe: exe, Args: []string{"-http-addr", address}, Env: []string{"PATH=" + os.Getenv("PATH")}, Address: address})
	d := kindOf(t, "stripe-test-secret-key")
	base, err := live.Base("http://"+address, true)
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return noon }
	o := Options{
		Client: live.New(live.Options{Now: now, Wait: func(context.Context, time.Duration) error { return nil }, Private: true}),
		Now:    now, Kinds: []string{d.ID}, Bases: map[string][]*url.URL{"stripe": {base}},
	}
	ask := func(secret string) Asked {
		t.Helper()
		res, err := Run(t.Context(), []finding.Credential{credential(d, secret, "")}, func(string) *detectors.Detector { return d }, o)
		if err != nil || len(res.Asked) != 1 {
			t.Fatalf("%+v %v", res, err)
		}
		return res.Asked[0]
	}
	if a := ask("sk" + "_test_" + strings.Repeat("7aQ", 8)); a.Status != "active" || !strings.HasPrefix(facts(a)["account"], "acct_") || facts(a)["country"] == "" {
		t.Errorf("a test key: %+v", a)
	}
	if a := ask("no-key-of-stripe"); a.Status != "revoked" {
		t.Errorf("another: %+v", a)
	}
}
