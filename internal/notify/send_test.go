package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sprawl/finding"
	"sprawl/internal/store"
)

// path is what nobody may see of an address.
const path = "/services/T0000/B0000/unlikely-to-be-printed-by-chance"

// receiver answers with one answer after the other, the last one ever after.
type receiver struct {
	answers  []func(http.ResponseWriter)
	requests []*http.Request
	bodies   [][]byte
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	n := min(len(r.requests), len(r.answers)-1)
	r.requests, r.bodies = append(r.requests, q), append(r.bodies, body)
	r.answers[n](w)
}

func status(code int, header ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, "what a receiver says is nobody's concern: "+path)
	}
}

func cut(http.ResponseWriter) { panic(http.ErrAbortHandler) }

// waits is a Wait that takes no time and writes down how long it would have taken. The clock goes on by it.
type waits struct {
	all []time.Duration
	now time.Time
}

func (w *waits) wait(ctx context.Context, d time.Duration) error {
	w.all, w.now = append(w.all, d), w.now.Add(d)
	return ctx.Err()
}

func options(t *testing.T, r *receiver) (Options, *waits) {
	t.Helper()
	s := httptest.NewUnstartedServer(r)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	t.Cleanup(s.Close)
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	w := &waits{now: time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)}
	return Options{URL: s.URL + path, Secret: "key of the test", Now: func() time.Time { return w.now }, Wait: w.wait, Roots: pool, Timeout: 10 * time.Second}, w
}

func message(t *testing.T) Message {
	t.Helper()
	m, ok := New(night, []store.Change{{Credential: id(1), What: store.New}}, []store.Known{known(1, finding.SevHigh, at("a.env"))})
	if !ok {
		t.Fatal("nothing to tell")
	}
	return m
}

// quiet fails where an error says more of the address than the host.
func quiet(t *testing.T, err error) {
	t.Helper()
	if s := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(s, "services") || strings.Contains(s, "unlikely") {
		t.Errorf("the error holds the address: %s", s)
	}
}

// TestSignature computes the signature as a receiver would.
func TestSignature(t *testing.T) {
	r := &receiver{answers: []func(http.ResponseWriter){status(http.StatusServiceUnavailable), status(http.StatusNoContent)}}
	o, _ := options(t, r)
	m := message(t)
	if err := Send(t.Context(), o, m); err != nil {
		t.Fatal(err)
	}
	if len(r.requests) != 2 {
		t.Fatalf("%d requests", len(r.requests))
	}
	for i, q := range r.requests {
		mac := hmac.New(sha256.New, []byte("key of the test"))
		fmt.Fprintf(mac, "%s.%s", q.Header.Get("X-Sprawl-Timestamp"), r.bodies[i])
		if got, want := q.Header.Get("X-Sprawl-Signature"), "sha256="+hex.EncodeToString(mac.Sum(nil)); got != want {
			t.Errorf("request %d: signature %s, want %s", i, got, want)
		}
		if q.Method != http.MethodPost || q.Header.Get("Content-Type") != "application/json" || q.URL.Path != path || q.Header.Get("X-Sprawl-Delivery") != m.Delivery {
			t.Errorf("request %d: %s %v", i, q.Method, q.Header)
		}
		var got Message
		if err := json.Unmarshal(r.bodies[i], &got); err != nil || got.Schema != "sprawl-webhook/1" || len(got.Items) != 1 || got.Text == "" {
			t.Errorf("request %d: %v %s", i, err, r.bodies[i])
		}
	}
	first, second := r.requests[0].Header, r.requests[1].Header
	if first.Get(HeaderTimestamp) == second.Get(HeaderTimestamp) {
		t.Error("a later try has the time of the first")
	}
}

func TestUnsigned(t *testing.T) {
	r := &receiver{answers: []func(http.ResponseWriter){status(http.StatusOK)}}
	o, _ := options(t, r)
	o.Secret = ""
	if err := Send(t.Context(), o, message(t)); err != nil {
		t.Fatal(err)
	}
	if s := r.requests[0].Header.Values(HeaderSignature); len(s) > 0 {
		t.Errorf("signed with nothing: %s", s)
	}
}

func TestRetries(t *testing.T) {
	ok, busy := status(http.StatusOK), status(http.StatusBadGateway)
	date := time.Date(2026, 11, 25, 3, 0, 40, 0, time.UTC).Format(http.TimeFormat)
	for name, tt := range map[string]struct {
		answers []func(http.ResponseWriter)
		waits   []time.Duration
		asked   int
		want    string // "" for success
	}{
		"5xx, longer each time": {[]func(http.ResponseWriter){busy, busy, busy, ok}, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}, 4, ""},
		"the network":           {[]func(http.ResponseWriter){cut, ok}, []time.Duration{time.Second}, 2, ""},
		"429 with seconds":      {[]func(http.ResponseWriter){status(429, "Retry-After", "30"), ok}, []time.Duration{30 * time.Second}, 2, ""},
		"429 with a date":       {[]func(http.ResponseWriter){status(429, "Retry-After", date), ok}, []time.Duration{40 * time.Second}, 2, ""},
		"429 for an hour":       {[]func(http.ResponseWriter){status(429, "Retry-After", "3600"), ok}, nil, 1, "it answered 429, and asks to wait 1h0m0s"},
		"5xx ever after":        {[]func(http.ResponseWriter){busy}, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}, 5, "it answered 502, 5 times"},
		"cut ever after":        {[]func(http.ResponseWriter){cut}, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}, 5, "it is not reachable, 5 times"},
		"404":                   {[]func(http.ResponseWriter){status(404)}, nil, 1, "it answered 404"},
		"redirect":              {[]func(http.ResponseWriter){status(307, "Location", path+"/elsewhere")}, nil, 1, "it redirects (307), which is not followed"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &receiver{answers: tt.answers}
			o, w := options(t, r)
			err := Send(t.Context(), o, message(t))
			switch {
			case tt.want == "" && err != nil, tt.want != "" && (err == nil || err.Error() != "webhook at "+o.Host()+": "+tt.want):
				t.Errorf("error %v, want %q", err, tt.want)
			}
			quiet(t, err)
			if fmt.Sprint(w.all) != fmt.Sprint(tt.waits) || len(r.requests) != tt.asked {
				t.Errorf("waited %v, want %v; asked %d times, want %d", w.all, tt.waits, len(r.requests), tt.asked)
			}
			for _, q := range r.requests {
				if q.Header.Get(HeaderDelivery) != r.requests[0].Header.Get(HeaderDelivery) {
					t.Error("a repeat has another name")
				}
			}
		})
	}
}

// TestInterrupted: whoever stops does not wait for a webhook.
func TestInterrupted(t *testing.T) {
	r := &receiver{answers: []func(http.ResponseWriter){status(http.StatusBadGateway)}}
	o, _ := options(t, r)
	ctx, cancel := context.WithCancel(t.Context())
	o.Wait = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	if err := Send(ctx, o, message(t)); !errors.Is(err, context.Canceled) || len(r.requests) != 1 {
		t.Errorf("%v after %d requests", err, len(r.requests))
	}
}

func TestStranger(t *testing.T) {
	r := &receiver{answers: []func(http.ResponseWriter){status(http.StatusOK)}}
	o, _ := options(t, r)
	o.Roots, o.Tries = x509.NewCertPool(), 1
	err := Send(t.Context(), o, message(t))
	if err == nil || !strings.Contains(err.Error(), "certificate") || len(r.requests) > 0 {
		t.Errorf("%v after %d requests", err, len(r.requests))
	}
	quiet(t, err)
}

func TestAddress(t *testing.T) {
	for address, want := range map[string]string{
		"http://hooks.example.com" + path:         "not told but by https",
		"ftp://hooks.example.com" + path:          "not told but by https",
		"https://" + "user:word@h.example" + path: "has a user in it",
		"https:" + path:                           "not one like",
		path:                                      "not one like",
		"https://h.example:port" + path:           "not one like",
		"https://h.example/%zz" + path:            "not one like",
		"":                                        "not one like",
		"https://hooks.example.com" + path:        "",
		"http://127.0.0.1:8080" + path:            "",
		"http://[::1]:8080" + path:                "",
		"http://localhost" + path:                 "",
		"http://127.0.0.1.example.com" + path:     "not told but by https",
	} {
		err := Options{URL: address}.Check()
		switch {
		case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %q", address, err, want)
		}
		quiet(t, err)
		if want == "" {
			continue
		}
		if err := Send(t.Context(), Options{URL: address}, Message{}); err == nil {
			t.Errorf("%s: it was sent", address)
		}
	}
}

// TestPrinted: options show the host in every form, and neither the address nor the key.
func TestPrinted(t *testing.T) {
	o := Options{URL: "https://hooks.example.com" + path, Secret: "key of the test"}
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("text", "to", o, "at", &o)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("json", "to", o, "at", &o)
	j, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	all := b.String() + string(j) + fmt.Sprintf("%v %+v %#v %s %q %x %d %v", o, o, o, o, o, o, o, &o) + fmt.Sprint(struct{ O Options }{o})
	for _, bad := range []string{"services", "unlikely", "key of"} {
		if strings.Contains(all, bad) {
			t.Errorf("%q is printed: %s", bad, all)
		}
	}
	if !strings.Contains(all, "webhook at hooks.example.com") {
		t.Error(all)
	}
}
