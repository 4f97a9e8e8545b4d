package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"
)

// Headers of a delivery. A receiver that has the key computes HMAC-SHA256 over the timestamp, a dot and the body as it came, and
// drops what is older than a few minutes and what has a delivery that it knows.
const (
	HeaderDelivery  = "X-Sprawl-Delivery"
	HeaderTimestamp = "X-Sprawl-Timestamp" // seconds since 1970, of this attempt
	HeaderSignature = "X-Sprawl-Signature" // "sha256=" and 64 hexadecimal digits
)

const (
	defaultTries   = 5
	defaultTimeout = 15 * time.Second
	firstWait      = time.Second
	longestWait    = 5 * time.Minute // of a Retry-After that is waited for
	maxAnswer      = 64 << 10        // bytes that are read of an answer, and thrown away
)

// Options say where a message goes. Now and Wait are needed. However they are printed, they show the host and nothing else.
type Options struct {
	URL    string // https, or http to this machine; without a user in it
	Secret string // the key of the signature; "" for none

	Now     func() time.Time
	Wait    func(ctx context.Context, d time.Duration) error // until d has passed or ctx is done
	Tries   int                                              // 0 for 5
	Timeout time.Duration                                    // of one try; 0 for 15 seconds
	Proxy   func(*url.URL) (*url.URL, error)                 // nil for none
	Roots   *x509.CertPool                                   // nil for the system's
}

// Host is whom a message goes to, or "" where the address is none.
func (o Options) Host() string {
	u, err := address(o.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

// Format prints the host for every verb and flag.
func (o Options) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "webhook at "+o.Host()) }

// MarshalText is like Format, for encoders and loggers.
func (o Options) MarshalText() ([]byte, error) { return fmt.Append(nil, o), nil }

// Check reports whether Send could use the address. The error does not repeat it.
func (o Options) Check() error {
	_, err := address(o.URL)
	return err
}

// address never returns an error of package url: they repeat what they could not read.
func address(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil, u.Host == "":
		return nil, errors.New("the webhook's address is not one like https://HOST/PATH")
	case u.User != nil:
		return nil, errors.New("the webhook's address has a user in it; sign with a key instead")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return nil, fmt.Errorf("the webhook at %s is not told but by https", u.Host)
	}
	return u, nil
}

// loopback takes localhost at its word: it is this machine by RFC 6761, section 6.3.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Send posts a message. It tries again, up to Tries times, where the network fails, and after a 408, a 429 and a 5xx; any other
// answer than a 2xx ends it, a redirect among them. The error names the host, and never more of the address.
func Send(ctx context.Context, o Options, m Message) error {
	u, err := address(o.URL)
	if err != nil {
		return err
	}
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("webhook at %s: %w", u.Host, err)
	}
	if o.Tries <= 0 {
		o.Tries = defaultTries
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	d := sender{o: o, url: u, body: body, delivery: m.Delivery, client: o.client()}
	defer d.client.CloseIdleConnections()
	if err := d.send(ctx); err != nil {
		return fmt.Errorf("webhook at %s: %w", u.Host, err)
	}
	return nil
}

func (o *Options) client() *http.Client {
	t := &http.Transport{
		DialContext: (&net.Dialer{Timeout: o.Timeout}).DialContext, TLSHandshakeTimeout: o.Timeout, ResponseHeaderTimeout: o.Timeout,
		TLSClientConfig: &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12}, MaxResponseHeaderBytes: 64 << 10, ForceAttemptHTTP2: true,
	}
	if o.Proxy != nil {
		t.Proxy = func(r *http.Request) (*url.URL, error) { return o.Proxy(r.URL) }
	}
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// sender is one message on its way.
type sender struct {
	o        Options
	url      *url.URL
	body     []byte
	delivery string
	client   *http.Client
}

// again is a failure that may pass, and how long to wait for that; 0 where nobody says.
type again struct {
	why   string
	after time.Duration
}

func (e *again) Error() string { return e.why }

func (d *sender) send(ctx context.Context) error {
	for try := 1; ; try++ {
		err := d.once(ctx)
		var a *again
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case !errors.As(err, &a):
			return err
		case try >= d.o.Tries:
			return fmt.Errorf("%w, %d times", err, try)
		case a.after > longestWait:
			return fmt.Errorf("%w, and asks to wait %s", err, a.after.Round(time.Second))
		}
		wait := a.after
		if wait == 0 {
			wait = min(firstWait<<min(try-1, 10), longestWait)
		}
		if err := d.o.Wait(ctx, wait); err != nil {
			return err
		}
	}
}

func (d *sender) once(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, d.o.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url.String(), bytes.NewReader(d.body))
	if err != nil {
		return errors.New("no request can be made of its address")
	}
	d.head(r.Header)
	res, err := d.client.Do(r)
	if err != nil {
		return &again{why: why(err)}
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxAnswer))
	switch s := res.StatusCode; {
	case s >= 200 && s < 300:
		return nil
	case s >= 300 && s < 400:
		return fmt.Errorf("it redirects (%d), which is not followed", s)
	case s == http.StatusTooManyRequests, s == http.StatusRequestTimeout, s >= 500:
		return &again{fmt.Sprintf("it answered %d", s), d.after(res.Header.Get("Retry-After"))}
	default:
		return fmt.Errorf("it answered %d", s)
	}
}

func (d *sender) head(h http.Header) {
	stamp := strconv.FormatInt(d.o.Now().Unix(), 10)
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "sprawl")
	h.Set(HeaderDelivery, d.delivery)
	h.Set(HeaderTimestamp, stamp)
	if d.o.Secret != "" {
		mac := hmac.New(sha256.New, []byte(d.o.Secret))
		mac.Write([]byte(stamp + "."))
		mac.Write(d.body)
		h.Set(HeaderSignature, "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
}

// after reads a Retry-After: seconds or a date (RFC 9110, section 10.2.3).
func (d *sender) after(s string) time.Duration {
	if n, err := strconv.Atoi(s); err == nil {
		return time.Duration(min(max(n, 0), 1<<20)) * time.Second
	}
	if t, err := http.ParseTime(s); err == nil {
		return max(t.Sub(d.o.Now()), 0)
	}
	return 0
}

// why is an error of the network in words of our own: the standard library's repeat the address.
func why(err error) string {
	var (
		cert    *tls.CertificateVerificationError
		rec     tls.RecordHeaderError
		dns     *net.DNSError
		timeout interface{ Timeout() bool }
	)
	switch {
	case errors.As(err, &cert):
		return "its certificate is not to be trusted"
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &rec):
		return "it does not speak TLS as it should"
	case errors.As(err, &dns):
		return "its name is not known"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "it does not answer in time"
	}
	return "it is not reachable"
}
