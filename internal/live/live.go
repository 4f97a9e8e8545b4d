// Package live speaks to providers: through one guarded client, and with an administrator's own credentials, to take the listings
// that an export would hold.
//
// The client goes to https alone, to hosts that the caller lists, never through a redirect, never to a private, loopback or
// link-local address, and to the very address that was checked. Requests are spaced and counted by provider, answers are bounded
// in time and size, and every call is recorded: when, whom, what, with which outcome. No secret is in a record or an error.
//
// What it takes as an administrator goes out as documents that package inventory reads, the same as from a file. It changes
// nothing at a provider, and never sends a secret that was found: internal/introspect does that, through the same client.
package live

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What a Client is made of where Options leave it open.
const (
	defaultTimeout  = 20 * time.Second
	defaultMaxBody  = 8 << 20
	defaultRequests = 2000
	defaultInterval = 50 * time.Millisecond
	longestWait     = 60 * time.Second // of a Retry-After that is waited for
	retries         = 2
)

// Options say how a Client gets to the network. Now and Wait are needed.
type Options struct {
	Now  func() time.Time
	Wait func(ctx context.Context, d time.Duration) error // until d has passed or ctx is done
	// Private lets it go to private and loopback addresses, and by http to loopback ones: for providers of one's own, and tests.
	Private bool
	Roots   *x509.CertPool                                               // nil for the system's
	Proxy   func(*url.URL) (*url.URL, error)                             // nil for none
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error) // nil for the system's
	Dial    func(ctx context.Context, network, address string) (net.Conn, error)

	Timeout  time.Duration // of one request, its answer read
	MaxBody  int64         // bytes of an answer
	Requests int           // most requests to one provider
	Interval time.Duration // least time between two requests to one provider
	// Log is told of every call, once it is over; nil for nobody.
	Log func(Call)
}

// Call is one request as it is recorded.
type Call struct {
	Provider string    `json:"provider"`
	Host     string    `json:"host"`
	What     string    `json:"what"` // method and path, with places instead of values
	At       time.Time `json:"at"`
	Status   int       `json:"status"`          // 0 where nothing came back
	Err      string    `json:"error,omitempty"` // why not
}

// Ask is one request.
type Ask struct {
	Provider string
	// Hosts are the ones it may go to, as HOST or HOST:PORT. The request's own host is one of them or it is refused.
	Hosts []string
	What  string // for the record
	// Hide are values that no error may repeat.
	Hide [][]byte
}

// Answer is what came back: a status from 200 to 499 that is neither a redirect nor a limit.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Errors of the guard; what is wrapped around them says which host and why.
var (
	ErrRefused  = errors.New("refused")       // by the guard: nothing was sent
	ErrRedirect = errors.New("redirects")     // and was not followed
	ErrTooLarge = errors.New("too large")     // the answer
	ErrLimited  = errors.New("rate limited")  // and the limit does not end soon
	ErrFailed   = errors.New("not reachable") // no answer, or a 5xx
)

// Client is the guarded client. It is safe for use by several goroutines.
type Client struct {
	o    Options
	http *http.Client

	mu    sync.Mutex
	next  map[string]time.Time // provider to when it may be asked again
	count map[string]int
	calls []Call
}

// New makes a client. Nothing is opened before the first call.
func New(o Options) *Client {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxBody <= 0 {
		o.MaxBody = defaultMaxBody
	}
	if o.Requests <= 0 {
		o.Requests = defaultRequests
	}
	if o.Interval <= 0 {
		o.Interval = defaultInterval
	}
	if o.Resolve == nil {
		o.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: o.Timeout}).DialContext
	}
	c := &Client{o: o, next: map[string]time.Time{}, count: map[string]int{}}
	t := &http.Transport{
		DialContext: c.dial, TLSHandshakeTimeout: o.Timeout, ResponseHeaderTimeout: o.Timeout, MaxResponseHeaderBytes: 64 << 10,
		TLSClientConfig: &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12}, IdleConnTimeout: o.Timeout, MaxIdleConnsPerHost: 2, ForceAttemptHTTP2: true,
	}
	if o.Proxy != nil {
		t.Proxy = func(r *http.Request) (*url.URL, error) { return o.Proxy(r.URL) }
	}
	c.http = &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return c
}

// Calls are the calls so far, in order.
func (c *Client) Calls() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.calls)
}

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Do sends a request, as often as a limit that ends soon asks for. r.GetBody must be set where there is a body, as
// http.NewRequest does.
func (c *Client) Do(ctx context.Context, ask Ask, r *http.Request) (*Answer, error) {
	if err := c.allow(ask, r.URL); err != nil {
		return nil, c.record(ask, r.URL.Host, 0, err)
	}
	for try := 0; ; try++ {
		if err := c.turn(ctx, ask.Provider); err != nil {
			return nil, c.record(ask, r.URL.Host, 0, err)
		}
		a, err := c.once(ctx, ask, r)
		if err != nil {
			return nil, err
		}
		wait, limited := c.limit(a)
		switch {
		case limited && (try == retries || wait > longestWait):
			return a, fmt.Errorf("%s %w: it asks to wait %s", r.URL.Host, ErrLimited, wait.Round(time.Second))
		case limited:
			if err := c.o.Wait(ctx, wait); err != nil {
				return nil, err
			}
		case a.Status >= 500:
			return a, fmt.Errorf("%s %w: it answered %d", r.URL.Host, ErrFailed, a.Status)
		default:
			return a, nil
		}
	}
}

// allow is the guard before anything is resolved.
func (c *Client) allow(ask Ask, u *url.URL) error {
	host := u.Hostname()
	ip, ipErr := netip.ParseAddr(host)
	switch {
	case u.Scheme != "https" && (u.Scheme != "http" || !c.o.Private || ipErr != nil || !ip.IsLoopback()):
		return fmt.Errorf("%w: %s is not asked but by https", ErrRefused, u.Host)
	case u.User != nil:
		return fmt.Errorf("%w: an address with a user in it", ErrRefused)
	case !slices.Contains(ask.Hosts, u.Host):
		return fmt.Errorf("%w: %s is no host that %s may be asked at", ErrRefused, u.Host, ask.Provider)
	case ipErr == nil && !c.o.Private && !public(ip):
		return fmt.Errorf("%w: %s is a private address", ErrRefused, host)
	}
	return nil
}

// turn waits until the provider may be asked again.
func (c *Client) turn(ctx context.Context, provider string) error {
	c.mu.Lock()
	if c.count[provider] >= c.o.Requests {
		c.mu.Unlock()
		return fmt.Errorf("%w: %d requests to %s are the most of one run", ErrRefused, c.o.Requests, provider)
	}
	c.count[provider]++
	now := c.o.Now()
	at := c.next[provider]
	if at.Before(now) {
		at = now
	}
	c.next[provider] = at.Add(c.o.Interval)
	c.mu.Unlock()
	if d := at.Sub(now); d > 0 {
		return c.o.Wait(ctx, d)
	}
	return ctx.Err()
}

func (c *Client) once(ctx context.Context, ask Ask, r *http.Request) (*Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	r = r.Clone(c.mark(ctx, r.URL))
	if r.GetBody != nil {
		body, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		r.Body = body
	}
	r.Header.Set("User-Agent", "sprawl")
	res, err := c.http.Do(r)
	if err != nil {
		return nil, c.record(ask, r.URL.Host, 0, c.plain(ask, r.URL.Host, err))
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, c.o.MaxBody+1))
	switch {
	case err != nil:
		return nil, c.record(ask, r.URL.Host, res.StatusCode, c.plain(ask, r.URL.Host, err))
	case int64(len(body)) > c.o.MaxBody:
		return nil, c.record(ask, r.URL.Host, res.StatusCode, fmt.Errorf("the answer of %s is %w: more than %d bytes", r.URL.Host, ErrTooLarge, c.o.MaxBody))
	case res.StatusCode >= 300 && res.StatusCode < 400 && res.StatusCode != http.StatusNotModified:
		return nil, c.record(ask, r.URL.Host, res.StatusCode, fmt.Errorf("%s %w, which is not followed", r.URL.Host, ErrRedirect))
	}
	_ = c.record(ask, r.URL.Host, res.StatusCode, nil)
	return &Answer{res.StatusCode, res.Header, body}, nil
}

// limit says whether an answer asks to come again later, and when: 429 or 503, and GitHub's 403 that says so
// (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api).
func (c *Client) limit(a *Answer) (time.Duration, bool) {
	after, spent := a.Header.Get("Retry-After"), a.Header.Get("X-RateLimit-Remaining") == "0"
	switch {
	case a.Status == http.StatusTooManyRequests:
	case a.Status == http.StatusServiceUnavailable && after != "":
	case a.Status == http.StatusForbidden && (after != "" || spent):
	default:
		return 0, false
	}
	if n, err := strconv.Atoi(after); err == nil && n >= 0 {
		return time.Duration(min(n, 1<<20)) * time.Second, true
	}
	if t, err := http.ParseTime(after); err == nil {
		return max(0, t.Sub(c.o.Now())), true
	}
	if n, err := strconv.ParseInt(a.Header.Get("X-RateLimit-Reset"), 10, 64); err == nil && spent {
		return max(0, time.Unix(n, 0).Sub(c.o.Now())), true
	}
	return time.Second, true
}

// record writes a call down and returns err.
func (c *Client) record(ask Ask, host string, status int, err error) error {
	call := Call{Provider: ask.Provider, Host: host, What: ask.What, At: c.o.Now(), Status: status}
	if err != nil {
		call.Err = err.Error()
	}
	c.mu.Lock()
	c.calls = append(c.calls, call)
	c.mu.Unlock()
	if c.o.Log != nil {
		c.o.Log(call)
	}
	return err
}

// plain is an error of the network in words of our own: the standard library's repeat the address, which may hold a secret.
func (c *Client) plain(ask Ask, host string, err error) error {
	if errors.Is(err, ErrRefused) {
		return hide(ask, err)
	}
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	var cert *tls.CertificateVerificationError
	var rec tls.RecordHeaderError
	var alert tls.AlertError
	var dns *net.DNSError
	var timeout interface{ Timeout() bool }
	why := "the connection broke"
	switch {
	case errors.As(err, &cert):
		why = "its certificate is not to be trusted"
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &rec), errors.As(err, &alert):
		why = "it does not speak TLS as it should"
	case errors.As(err, &dns):
		why = "its name is not known"
	case errors.As(err, &timeout) && timeout.Timeout():
		why = "it does not answer in time"
	}
	return fmt.Errorf("%s is %w: %s", host, ErrFailed, why)
}

// hide takes values out of an error.
func hide(ask Ask, err error) error {
	msg := []byte(err.Error())
	for _, h := range ask.Hide {
		if len(h) > 0 && bytes.Contains(msg, h) {
			return fmt.Errorf("%w: %s", ErrRefused, ask.What)
		}
	}
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// proxied marks the context of a request that goes to a proxy: then the proxy is who resolves names, and its own address is the
// operator's word.
type proxied struct{}

func (c *Client) mark(ctx context.Context, u *url.URL) context.Context {
	if c.o.Proxy != nil {
		if p, err := c.o.Proxy(u); err == nil && p != nil {
			return context.WithValue(ctx, proxied{}, true)
		}
	}
	return ctx
}

// dial resolves a name once, looks at every address it has, and connects to what it has looked at.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if ctx.Value(proxied{}) != nil {
		return c.o.Dial(ctx, network, address)
	}
	addrs, err := c.addresses(ctx, host)
	if err != nil {
		return nil, err
	}
	err = fmt.Errorf("%w: %s has no address", ErrRefused, host)
	for _, a := range addrs {
		var conn net.Conn
		if conn, err = c.o.Dial(ctx, network, net.JoinHostPort(a.String(), port)); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

func (c *Client) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return c.checked(host, []netip.Addr{ip})
	}
	addrs, err := c.o.Resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	return c.checked(host, addrs)
}

func (c *Client) checked(host string, addrs []netip.Addr) ([]netip.Addr, error) {
	for i, a := range addrs {
		addrs[i] = a.Unmap()
		if !c.o.Private && !public(addrs[i]) {
			return nil, fmt.Errorf("%w: %s has a private address", ErrRefused, host)
		}
	}
	return addrs, nil
}

// reserved are networks of which netip's own questions do not know that nobody on the internet is in them
// (https://www.iana.org/assignments/iana-ipv4-special-registry/, …/iana-ipv6-special-registry/).
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}

// public reports whether an address is one of the internet's.
func public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsValid() || !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return false
	}
	return !slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(a.WithZone("")) })
}

// Base checks an address that an operator gives for a provider: https, a host, no user, no query. Where private is set it may be
// http to a loopback address.
func Base(s string, private bool) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("not an address like https://git.example.com")
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if u.Scheme != "https" && (u.Scheme != "http" || !private || err != nil || !ip.IsLoopback()) {
		return nil, errors.New("not an https address")
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	return u, nil
}

// Doer is the client as libraries take one. An answer that says to wait is handed over once waiting is no use.
type Doer struct {
	client *Client
	ask    Ask
	what   func(r *http.Request, body []byte) string
}

// Doer makes one; what, if not nil, names a request for the record.
func (c *Client) Doer(ask Ask, what func(r *http.Request, body []byte) string) *Doer {
	return &Doer{c, ask, what}
}

// Do sends a request by the rules of Client.Do.
func (d *Doer) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		body, err = io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil {
			return nil, err
		}
	}
	r = r.Clone(r.Context())
	r.Body, r.GetBody = nil, nil
	if len(body) > 0 {
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		r.ContentLength = int64(len(body))
	}
	ask := d.ask
	ask.What = r.Method + " " + r.URL.Path
	if d.what != nil {
		ask.What = d.what(r, body)
	}
	a, err := d.client.Do(r.Context(), ask, r)
	if a == nil {
		return nil, err
	}
	return &http.Response{
		Status: strconv.Itoa(a.Status) + " " + http.StatusText(a.Status), StatusCode: a.Status, Header: a.Header, Request: r,
		Body: io.NopCloser(bytes.NewReader(a.Body)), ContentLength: int64(len(a.Body)), ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

// RoundTrip is Do.
func (d *Doer) RoundTrip(r *http.Request) (*http.Response, error) { return d.Do(r) }
