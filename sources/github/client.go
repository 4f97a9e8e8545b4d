package github

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	gh "github.com/google/go-github/v60/github"
)

// What a Client is made of where Options leave it open.
const (
	defaultBase     = "https://api.github.com/"
	defaultPatience = 65 * time.Second // a secondary limit that says nothing else lasts a minute at least
	defaultTimeout  = 60 * time.Second
	defaultTries    = 5
	defaultMaxBody  = 32 << 20 // a page of 100 repositories is 0.7 MB
	mostRedirects   = 5
)

// Options say whom to ask, as whom, and how patiently. Now and Wait are needed, and one of Token and App.
type Options struct {
	// Base is where the REST interface is: "https://ghe.example/api/v3/", or the server alone, "https://ghe.example". "" is
	// github.com's. It is https, or http to a loopback address.
	Base  string
	Token string // of a person or a workflow
	App   *App
	// Registry is the host of container images; "" for the one that belongs to Base.
	Registry string
	Cache    Cache // nil keeps nothing

	Now  func() time.Time
	Wait func(ctx context.Context, d time.Duration) error // until d has passed or ctx is done
	// Transport is what goes to the network; nil for one that takes Proxy.
	Transport http.RoundTripper
	// Proxy is asked which proxy to take for a URL, nil for none; a nil Proxy takes none.
	Proxy    func(*url.URL) (*url.URL, error)
	Patience time.Duration // the longest limit that is waited for; one that lasts longer is a *Limited
	Timeout  time.Duration // of one request, its answer read
	Tries    int           // at one call that is limited or fails
	MaxBody  int64         // bytes of an answer
	Seed     uint64        // of the jitter between tries
}

// App is a GitHub App, installed at an organisation or a user's account.
type App struct {
	ID           int64
	Installation int64  // 0: found by Owner
	Owner        string // where it is installed; not needed with Installation
	KeyFile      string // of its private key, PEM
}

// Client asks one server as one identity. It is safe for use by several goroutines.
type Client struct {
	gh       *gh.Client
	base     *url.URL
	git      string // host
	registry string
	who      credential
	limits   *limits
}

// New makes a client. Nothing is asked before the first call. An error says what is wrong with the options, without their token.
func New(o Options) (*Client, error) {
	o.fill()
	if (o.Token == "") == (o.App == nil) {
		return nil, errors.New("github: either a token or an App is needed")
	}
	base, err := parseBase(o.Base)
	if err != nil {
		return nil, err
	}
	c := &Client{base: base, limits: &limits{now: o.Now}}
	c.git, c.registry = hosts(base)
	if o.Registry != "" {
		c.registry = o.Registry
	}
	random := &jitter{r: rand.New(rand.NewPCG(o.Seed, 0x617a7a))} // #nosec G404 -- spreads waits, keeps nothing safe
	wire := &wire{base: base, next: o.Transport, limits: c.limits, timeout: o.Timeout, maxBody: o.MaxBody}
	patience := func(next http.RoundTripper) *patient { return &patient{next, &o, c.limits, random, base.Host} }
	if c.who, err = o.credential(patience(wire), base); err != nil {
		return nil, err
	}
	kept := &conditional{next: wire, cache: o.Cache, identity: c.who.identity(), limits: c.limits}
	c.gh = library(&bearer{next: patience(kept), who: c.who}, base)
	return c, nil
}

func (o *Options) fill() {
	set(&o.Base, defaultBase)
	set(&o.Patience, defaultPatience)
	set(&o.Timeout, defaultTimeout)
	set(&o.Tries, defaultTries)
	set(&o.MaxBody, defaultMaxBody)
	if o.Transport == nil {
		var proxy func(*http.Request) (*url.URL, error)
		if o.Proxy != nil {
			proxy = func(r *http.Request) (*url.URL, error) { return o.Proxy(r.URL) }
		}
		o.Transport = &http.Transport{
			Proxy:               proxy,
			TLSHandshakeTimeout: o.Timeout, ResponseHeaderTimeout: o.Timeout, IdleConnTimeout: o.Timeout, MaxResponseHeaderBytes: 64 << 10, ForceAttemptHTTP2: true,
		}
	}
}

func set[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

// credential is what the options say that the client goes by; an App's own calls go through next.
func (o *Options) credential(next http.RoundTripper, base *url.URL) (credential, error) {
	if o.App == nil {
		return static(o.Token), nil
	}
	key, err := os.ReadFile(o.App.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("key of the GitHub App: %w", err)
	}
	return newInstallation(*o.App, key, next, base)
}

// library is go-github over a transport. Redirects stay on the server: an organisation that was renamed is one.
func library(t http.RoundTripper, base *url.URL) *gh.Client {
	c := gh.NewClient(&http.Client{Transport: t, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) > mostRedirects || r.URL.Scheme != base.Scheme || r.URL.Host != base.Host {
			return &Refused{Host: base.Host, Why: "it redirects elsewhere, which is not followed", Next: "check the address of its interface"}
		}
		return nil
	}})
	c.BaseURL, c.UserAgent = base, "sprawl"
	return c
}

// parseBase checks an address and completes it, by go-github's rules.
func parseBase(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("github: the base is not an address like https://ghe.example/api/v3/")
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if u.Scheme != "https" && (u.Scheme != "http" || err != nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("github: %s is not asked but by https", u.Host)
	}
	c, err := gh.NewClient(nil).WithEnterpriseURLs(u.String(), u.String())
	if err != nil {
		return nil, errors.New("github: the base is not an address like https://ghe.example/api/v3/")
	}
	return c.BaseURL, nil
}

// hosts are those of git and of container images that belong to an interface
// (https://docs.github.com/en/enterprise-cloud@latest/admin/data-residency/network-details-for-ghecom,
// https://docs.github.com/en/enterprise-server@3.19/packages/working-with-a-github-packages-registry/working-with-the-container-registry).
func hosts(base *url.URL) (git, registry string) {
	host := base.Host
	switch {
	case host == "api.github.com":
		return "github.com", "ghcr.io"
	case strings.HasPrefix(host, "api.") && strings.HasSuffix(host, ".ghe.com"):
		host = strings.TrimPrefix(host, "api.")
	}
	return host, "containers." + host
}

// Host is the server that is asked, with its port if it has one: "api.github.com". Ids of repositories are unique there.
func (c *Client) Host() string { return c.base.Host }

// GitHost is where its repositories are cloned from. The token is for it and for no other host.
func (c *Client) GitHost() string { return c.git }

// Token is what git over HTTPS goes by at GitHost, as the password of the user x-access-token; an App's is good for some minutes at
// least (https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-as-a-github-app-installation).
func (c *Client) Token(ctx context.Context) (string, error) {
	token, err := c.who.token(ctx)
	if err != nil {
		return "", c.told(ctx, "get a token", err)
	}
	return token, nil
}

// Renew is Token after git was refused with what Token gave: another one where there is one to be had, else *Unauthorized.
func (c *Client) Renew(ctx context.Context, refused string) (string, error) {
	token, err := c.who.renew(ctx, refused)
	if err == nil && token == refused {
		err = &Unauthorized{Host: c.base.Host, Next: c.who.next()}
	}
	if err != nil {
		return "", c.told(ctx, "renew the token", err)
	}
	return token, nil
}

// Budget is what calls have cost so far, and what is left.
type Budget struct {
	Calls     int64         // requests that were answered, or broke
	Spared    int64         // of them, those that an answer kept from before stood in for: they cost nothing of the limit
	Waited    time.Duration // for limits
	Limit     int           // requests an hour; -1 where the server does not say
	Remaining int           // of them; -1 likewise
	Reset     time.Time     // when the hour ends; zero likewise
}

// Budget is the state after the last call.
func (c *Client) Budget() Budget { return c.limits.snapshot() }

// jitter is randomness that goroutines share.
type jitter struct {
	mu sync.Mutex
	r  *rand.Rand
}

// between draws from [d/2, d].
func (j *jitter) between(d time.Duration) time.Duration {
	j.mu.Lock()
	defer j.mu.Unlock()
	return d/2 + time.Duration(j.r.Int64N(int64(d/2)+1))
}

// digest is a key that says nothing of what it was made from.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}
