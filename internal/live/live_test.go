package live

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// hidden stands for a secret: it goes out in every request of these tests and comes back in no error and no record.
const hidden = "correct horse"

// clock is a clock that waiting moves.
type clock struct {
	at     time.Time
	waited []time.Duration
}

func (c *clock) options() Options {
	return Options{
		Now: func() time.Time { return c.at },
		Wait: func(ctx context.Context, d time.Duration) error {
			c.at, c.waited = c.at.Add(d), append(c.waited, d)
			return ctx.Err()
		},
		Private: true,
	}
}

// counted is an https server that counts what reaches it.
func counted(t *testing.T, h http.HandlerFunc) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	var n atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { n.Add(1); h(w, r) }))
	s.Config.ErrorLog = quiet()
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, &n
}

func trusting(s *httptest.Server, o Options) Options {
	o.Roots = x509.NewCertPool()
	o.Roots.AddCert(s.Certificate())
	return o
}

func ask(t *testing.T, c *Client, address string) (*Answer, error) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return askAt(t, c, address, u.Host)
}

func askAt(t *testing.T, c *Client, address string, hosts ...string) (*Answer, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"?key="+url.QueryEscape(hidden), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+hidden)
	a, err := c.Do(t.Context(), Ask{Provider: "acme", Hosts: hosts, What: "GET /", Hide: [][]byte{[]byte(hidden)}}, r)
	c.Close()
	for _, text := range []string{fmt.Sprint(err), fmt.Sprint(c.Calls())} {
		if strings.Contains(text, "horse") {
			t.Errorf("the secret is in %s", text)
		}
	}
	return a, err
}

func TestGuard(t *testing.T) {
	ok := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{}`) }
	t.Run("an https host on the list is asked", func(t *testing.T) {
		s, n := counted(t, ok)
		c := New(trusting(s, (&clock{at: noon}).options()))
		a, err := ask(t, c, s.URL)
		if err != nil || a.Status != 200 || n.Load() != 1 {
			t.Fatalf("%v %v, %d requests", a, err, n.Load())
		}
		if calls := c.Calls(); len(calls) != 1 || calls[0].Status != 200 || calls[0].What != "GET /" || !calls[0].At.Equal(noon) {
			t.Errorf("recorded: %+v", calls)
		}
	})
	t.Run("a redirect is not followed", func(t *testing.T) {
		never, n := counted(t, ok)
		s, _ := counted(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, never.URL, http.StatusTemporaryRedirect)
		})
		_, err := ask(t, New(trusting(s, (&clock{at: noon}).options())), s.URL)
		if !errors.Is(err, ErrRedirect) || n.Load() != 0 {
			t.Errorf("%v, %d requests at the other host", err, n.Load())
		}
	})
	t.Run("http is refused", func(t *testing.T) {
		n := 0
		s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { n++ }))
		defer s.Close()
		o := (&clock{at: noon}).options()
		o.Private = false
		if _, err := ask(t, New(o), s.URL); !errors.Is(err, ErrRefused) || n != 0 {
			t.Errorf("%v, %d requests", err, n)
		}
		if _, err := ask(t, New((&clock{at: noon}).options()), "http://api.acme.example"); !errors.Is(err, ErrRefused) {
			t.Errorf("http to a host beyond this machine: %v", err)
		}
	})
	t.Run("a host that is not on the list is refused", func(t *testing.T) {
		s, n := counted(t, ok)
		if _, err := askAt(t, New(trusting(s, (&clock{at: noon}).options())), s.URL, "api.acme.example"); !errors.Is(err, ErrRefused) || n.Load() != 0 {
			t.Errorf("%v, %d requests", err, n.Load())
		}
	})
	t.Run("private addresses are refused once resolved", func(t *testing.T) {
		for _, ip := range []string{"127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.9", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "224.0.0.1", "2002:a00:1::1"} {
			o := (&clock{at: noon}).options()
			o.Private = false
			o.Resolve = func(context.Context, string) ([]netip.Addr, error) {
				return []netip.Addr{netip.MustParseAddr("93.184.215.14"), netip.MustParseAddr(ip)}, nil
			}
			o.Dial = func(_ context.Context, _, address string) (net.Conn, error) {
				t.Errorf("%s: dialled %s", ip, address)
				return nil, errors.New("no")
			}
			if _, err := ask(t, New(o), "https://api.acme.example"); !errors.Is(err, ErrRefused) {
				t.Errorf("%s: %v", ip, err)
			}
			literal := ip
			if strings.Contains(ip, ":") {
				literal = "[" + ip + "]"
			}
			if _, err := ask(t, New(o), "https://"+literal); !errors.Is(err, ErrRefused) {
				t.Errorf("%s as the host: %v", ip, err)
			}
		}
	})
	t.Run("what was checked is what is dialled", func(t *testing.T) {
		o := (&clock{at: noon}).options()
		o.Private = false
		asked := 0
		o.Resolve = func(context.Context, string) ([]netip.Addr, error) {
			asked++
			if asked == 1 {
				return []netip.Addr{netip.MustParseAddr("93.184.215.14")}, nil
			}
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}
		var dialled []string
		o.Dial = func(_ context.Context, _, address string) (net.Conn, error) {
			dialled = append(dialled, address)
			return nil, errors.New("no such network")
		}
		c := New(o)
		if _, err := ask(t, c, "https://api.acme.example"); !errors.Is(err, ErrFailed) {
			t.Errorf("%v", err)
		}
		if asked != 1 || len(dialled) != 1 || dialled[0] != "93.184.215.14:443" {
			t.Errorf("resolved %d times, dialled %q", asked, dialled)
		}
		// The name now leads home: the next request is refused.
		if _, err := ask(t, c, "https://api.acme.example"); !errors.Is(err, ErrRefused) || len(dialled) != 1 {
			t.Errorf("%v, dialled %q", err, dialled)
		}
	})
	t.Run("an answer without end is cut off", func(t *testing.T) {
		s, _ := counted(t, func(w http.ResponseWriter, _ *http.Request) {
			for range 100 {
				fmt.Fprint(w, strings.Repeat("x", 1024))
			}
		})
		o := trusting(s, (&clock{at: noon}).options())
		o.MaxBody = 10 << 10
		if _, err := ask(t, New(o), s.URL); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%v", err)
		}
	})
	t.Run("a certificate that nobody vouches for", func(t *testing.T) {
		s, n := counted(t, ok)
		o := (&clock{at: noon}).options()
		o.Roots = x509.NewCertPool()
		if _, err := ask(t, New(o), s.URL); !errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), "certificate") || n.Load() != 0 {
			t.Errorf("%v, %d requests", err, n.Load())
		}
	})
	t.Run("a server that does not speak TLS", func(t *testing.T) {
		s := httptest.NewServer(http.HandlerFunc(ok))
		defer s.Close()
		if _, err := ask(t, New((&clock{at: noon}).options()), strings.Replace(s.URL, "http:", "https:", 1)); !errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), "TLS") {
			t.Errorf("%v", err)
		}
	})
	t.Run("a server that does not answer", func(t *testing.T) {
		release := make(chan struct{})
		s, _ := counted(t, func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-release:
			case <-r.Context().Done():
			}
			panic(http.ErrAbortHandler) // an answer of no status would be one
		})
		defer close(release)
		o := trusting(s, (&clock{at: noon}).options())
		o.Timeout = 300 * time.Millisecond
		if _, err := ask(t, New(o), s.URL); !errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), "in time") {
			t.Errorf("%v", err)
		}
	})
	t.Run("a proxy is gone through", func(t *testing.T) {
		s, n := counted(t, ok)
		var through []string
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			through = append(through, r.Method+" "+r.Host)
			w.WriteHeader(http.StatusForbidden)
		}))
		defer proxy.Close()
		o := trusting(s, (&clock{at: noon}).options())
		o.Private = false // a proxy of one's own has a private address, and that is the operator's word
		o.Proxy = func(*url.URL) (*url.URL, error) { return url.Parse(proxy.URL) }
		if _, err := ask(t, New(o), "https://api.acme.example"); err == nil || n.Load() != 0 {
			t.Errorf("%v", err)
		}
		if len(through) != 1 || through[0] != "CONNECT api.acme.example:443" {
			t.Errorf("%q", through)
		}
	})
}

func TestLimits(t *testing.T) {
	at := func(status int, head ...string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			for i := 0; i < len(head); i += 2 {
				w.Header().Set(head[i], head[i+1])
			}
			w.WriteHeader(status)
		}
	}
	reset := fmt.Sprint(noon.Add(40 * time.Second).Unix())
	for _, c := range []struct {
		name    string
		answers []func(http.ResponseWriter)
		wait    time.Duration // the longest
		asked   int32
		err     error
		status  int
	}{
		{"Retry-After in seconds", []func(http.ResponseWriter){at(429, "Retry-After", "7"), at(200)}, 7 * time.Second, 2, nil, 200},
		{"Retry-After as a date", []func(http.ResponseWriter){at(429, "Retry-After", noon.Add(9*time.Second).Format(http.TimeFormat)), at(200)}, 9 * time.Second, 2, nil, 200},
		{"503 that says when", []func(http.ResponseWriter){at(503, "Retry-After", "3"), at(200)}, 3 * time.Second, 2, nil, 200},
		{"GitHub's primary limit", []func(http.ResponseWriter){at(403, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset), at(200)}, 40 * time.Second, 2, nil, 200},
		{"GitHub's secondary limit", []func(http.ResponseWriter){at(403, "Retry-After", "5"), at(200)}, 5 * time.Second, 2, nil, 200},
		{"an hour is not waited for", []func(http.ResponseWriter){at(429, "Retry-After", "3600")}, 0, 1, ErrLimited, 429},
		{"a limit that does not end", []func(http.ResponseWriter){at(429, "Retry-After", "1"), at(429, "Retry-After", "1"), at(429, "Retry-After", "1"), at(200)}, time.Second, 3, ErrLimited, 429},
		{"403 is no limit", []func(http.ResponseWriter){at(403)}, 0, 1, nil, 403},
		{"an error of the server", []func(http.ResponseWriter){at(500)}, 0, 1, ErrFailed, 500},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := 0
			s, n := counted(t, func(w http.ResponseWriter, _ *http.Request) { c.answers[i](w); i++ })
			k := &clock{at: noon}
			a, err := ask(t, New(trusting(s, k.options())), s.URL)
			if !errors.Is(err, c.err) || a == nil || a.Status != c.status || n.Load() != c.asked {
				t.Fatalf("%+v %v, %d requests", a, err, n.Load())
			}
			longest := time.Duration(0)
			for _, d := range k.waited {
				longest = max(longest, d)
			}
			if longest < c.wait || longest > c.wait+time.Second {
				t.Errorf("waited %v", k.waited)
			}
		})
	}
	t.Run("requests are spaced and counted by provider", func(t *testing.T) {
		s, n := counted(t, func(http.ResponseWriter, *http.Request) {})
		k := &clock{at: noon}
		o := trusting(s, k.options())
		o.Interval, o.Requests = time.Second, 3
		c := New(o)
		for range 3 {
			if _, err := ask(t, c, s.URL); err != nil {
				t.Fatal(err)
			}
		}
		if k.at.Sub(noon) != 2*time.Second {
			t.Errorf("three requests took %v", k.at.Sub(noon))
		}
		if _, err := ask(t, c, s.URL); !errors.Is(err, ErrRefused) || n.Load() != 3 {
			t.Errorf("the fourth: %v, %d requests", err, n.Load())
		}
	})
}

func TestBase(t *testing.T) {
	for address, ok := range map[string]bool{
		"https://git.acme.example": true, "https://git.acme.example:8443/gitlab/": true, "http://127.0.0.1:80": true,
		"http://git.acme.example": false, "git.acme.example": false, "https://user@git.acme.example": false, "https://git.acme.example/?a=b": false, "ftp://127.0.0.1": false, "": false,
	} {
		u, err := Base(address, true)
		if (err == nil) != ok || ok && strings.HasSuffix(u.Path, "/") {
			t.Errorf("%q: %v %v", address, u, err)
		}
	}
	if _, err := Base("http://127.0.0.1:80", false); err == nil {
		t.Error("http without the switch")
	}
}
