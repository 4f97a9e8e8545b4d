package introspect

import (
	"context"
	"net"
	"net/url"
	"os/exec"
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
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, exe, "-http-addr", address)
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
	})
	listening := false
	for range 300 {
		if c, err := net.DialTimeout("tcp", address, time.Second); err == nil {
			c.Close()
			listening = true
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if !listening {
		t.Fatal("stripe-mock does not listen")
	}
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
