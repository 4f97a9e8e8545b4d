package mirror

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"golang.org/x/net/http/httpproxy"
)

// Git's smart HTTP is specified in its gitprotocol-http(5), the listing of refs of version 2 in gitprotocol-v2(5). Every request of
// version 2 stands for itself, so the one that lists refs can be the first: one exchange instead of two, and it leaves out the
// refs that nobody asked for, of which a hosting service keeps one or two for each pull request. A server that does not
// understand it, or has the repository elsewhere, is asked as git does.

const (
	service = "git-upload-pack"
	// askTime is how long a remote may take to list its refs.
	askTime = time.Minute
	// maxHops is how many redirects are followed.
	maxHops = 5
	// maxSaid is how much is read of an answer that is an error.
	maxSaid = 4 << 10
)

// asker asks remotes over HTTP, all of them through the same connections.
type asker struct {
	client *http.Client
	now    func() time.Time
}

// newAsker makes a client that follows no redirect by itself. Proxies and certificate authorities are those that git is given.
func newAsker(getenv func(string) string, now func() time.Time) (*asker, error) {
	proxy := (&httpproxy.Config{
		HTTPProxy: getenv("http_proxy"), HTTPSProxy: either(getenv, "https_proxy", "HTTPS_PROXY"),
		NoProxy: either(getenv, "no_proxy", "NO_PROXY"),
	}).ProxyFunc()
	t := &http.Transport{
		Proxy:               func(r *http.Request) (*url.URL, error) { return proxy(r.URL) },
		MaxIdleConnsPerHost: 64, IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 20 * time.Second, ForceAttemptHTTP2: true,
	}
	if file := either(getenv, "GIT_SSL_CAINFO", "SSL_CERT_FILE"); file != "" {
		pem, err := os.ReadFile(file) //nolint:gosec // the user names it
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", file)
		}
		t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &asker{client: &http.Client{Transport: t, CheckRedirect: stay}, now: now}, nil
}

func either(getenv func(string) string, names ...string) string {
	for _, n := range names {
		if v := getenv(n); v != "" {
			return v
		}
	}
	return ""
}

// ask lists the refs of the repository at base.
func (k *asker) ask(ctx context.Context, base *url.URL, a Auth) (Remote, error) {
	r, err := k.lsRefs(ctx, base, a, "")
	if !errors.Is(err, errOtherwise) {
		return r, err
	}
	base, format, r, err := k.discover(ctx, base, a)
	if err != nil || r.Print != "" {
		return r, err
	}
	r, err = k.lsRefs(ctx, base, a, format)
	if errors.Is(err, errOtherwise) {
		return r, &Error{Kind: Corrupt, URL: base.String(), Detail: "it offers to list its refs, and does not"}
	}
	return r, err
}

// errOtherwise says that a server wants to be asked as git asks.
var errOtherwise = errors.New("ask otherwise")

// lsRefs asks in version 2. format is that of the repository's ids, "" for what a server takes it for that is not told.
func (k *asker) lsRefs(ctx context.Context, base *url.URL, a Auth, format string) (Remote, error) {
	var body bytes.Buffer
	e := pktline.NewEncoder(&body)
	ask := []string{"command=ls-refs\n"}
	if format != "" {
		ask = append(ask, "object-format="+format+"\n")
	}
	if err := e.EncodeString(ask...); err != nil {
		return Remote{}, err
	}
	body.WriteString("0001")
	if err := e.EncodeString("symrefs\n", "ref-prefix HEAD\n", "ref-prefix refs/heads/\n", "ref-prefix refs/tags/\n"); err != nil {
		return Remote{}, err
	}
	body.WriteString("0000")
	resp, err := k.send(ctx, http.MethodPost, base.JoinPath(service), a, &body)
	if err != nil {
		return Remote{}, fault(base, a, err)
	}
	defer drain(resp)
	if resp.StatusCode != http.StatusOK {
		switch resp.StatusCode {
		case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect,
			http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusLengthRequired, http.StatusUnsupportedMediaType, http.StatusNotImplemented:
			return Remote{}, errOtherwise
		}
		return Remote{}, k.status(base, a, resp)
	}
	var r refs
	s := pktline.NewScanner(io.LimitReader(resp.Body, maxRefs+1))
	for whole := false; !whole; {
		if !s.Scan() {
			if err := s.Err(); err != nil && !errors.Is(err, pktline.ErrInvalidPktLen) {
				return Remote{}, fault(base, a, err)
			}
			return Remote{}, errOtherwise // nothing, or not what git says
		}
		line := bytes.TrimSuffix(s.Bytes(), []byte("\n"))
		if whole = len(s.Bytes()) == 0; whole {
			continue
		}
		if bytes.HasPrefix(line, []byte("ERR ")) {
			return Remote{}, errOtherwise
		}
		if err := r.line(line); err != nil {
			return Remote{}, &Error{Kind: Corrupt, URL: base.String(), Detail: err.Error(), Err: err}
		}
	}
	return r.remote(base.String()), nil
}

// line takes "ID NAME" and what may follow it: symref-target:NAME, peeled:ID.
func (r *refs) line(line []byte) error {
	id, name, _ := bytes.Cut(line, []byte(" "))
	name, attributes, _ := bytes.Cut(name, []byte(" "))
	if string(name) == "HEAD" {
		for attribute := range bytes.SplitSeq(attributes, []byte(" ")) {
			if target, ok := bytes.CutPrefix(attribute, []byte("symref-target:")); ok {
				r.head = string(target)
			}
		}
	}
	return r.add(id, name)
}

// discover asks as git does first. It returns where the repository is, and what a server of version 0 says at once, or the format
// of the ids that one of version 2 has.
func (k *asker) discover(ctx context.Context, base *url.URL, a Auth) (*url.URL, string, Remote, error) {
	for range maxHops {
		u := base.JoinPath("info", "refs")
		u.RawQuery = "service=" + service
		resp, err := k.send(ctx, http.MethodGet, u, a, nil)
		if err != nil {
			return base, "", Remote{}, fault(base, a, err)
		}
		if to := resp.Header.Get("Location"); to != "" && resp.StatusCode/100 == 3 {
			drain(resp)
			if base, err = follow(base, u, to); err != nil {
				return base, "", Remote{}, err
			}
			continue
		}
		format, r, err := k.advertised(base, a, resp)
		drain(resp)
		return base, format, r, err
	}
	return base, "", Remote{}, &Error{Kind: Refused, URL: base.String(), Detail: "redirected in circles"}
}

// follow says where a redirect leads, as the base of a repository. It stays on its host, since the credential is meant for that
// one, and may change http for https.
func follow(base, from *url.URL, to string) (*url.URL, error) {
	refuse := func(why string) (*url.URL, error) {
		return base, &Error{Kind: Refused, URL: base.String(), Detail: "redirected " + why}
	}
	next, err := from.Parse(to)
	if err != nil {
		return refuse("to what is no URL")
	}
	upgrade := from.Scheme == "http" && next.Scheme == "https" && from.Port() == "" && next.Port() == "" && next.Hostname() == from.Hostname()
	if !upgrade && (next.Scheme != from.Scheme || next.Host != from.Host) {
		return refuse("to another host, " + next.Host)
	}
	path, ok := strings.CutSuffix(next.Path, "/info/refs")
	if !ok || strings.Trim(path, "/") == "" {
		return refuse("to what is no repository")
	}
	return &url.URL{Scheme: next.Scheme, Host: next.Host, Path: path}, nil
}

// advertised reads the answer to the first request.
func (k *asker) advertised(base *url.URL, a Auth, resp *http.Response) (format string, out Remote, err error) {
	if resp.StatusCode != http.StatusOK {
		return "", Remote{}, k.status(base, a, resp)
	}
	corrupt := func(why string) (string, Remote, error) {
		return "", Remote{}, &Error{Kind: Corrupt, URL: base.String(), Detail: why}
	}
	if ct := resp.Header.Get("Content-Type"); ct != "application/x-git-upload-pack-advertisement" {
		return corrupt("it does not answer as a git server does")
	}
	var r refs
	version, began := 0, false
	s := pktline.NewScanner(io.LimitReader(resp.Body, maxRefs+1))
	for s.Scan() {
		line := bytes.TrimSuffix(s.Bytes(), []byte("\n"))
		switch {
		case len(s.Bytes()) == 0:
			if began {
				if version == 2 {
					return format, Remote{}, nil
				}
				return "", r.remote(base.String()), nil
			}
		case bytes.HasPrefix(line, []byte("# ")):
		case bytes.HasPrefix(line, []byte("ERR ")):
			return corrupt(said(a, line[len("ERR "):]))
		case string(line) == "version 2":
			version, began, format = 2, true, "sha1"
		case version == 2:
			if f, ok := bytes.CutPrefix(line, []byte("object-format=")); ok {
				format = string(f)
			}
		default:
			if err := r.advertised(line, !began); err != nil {
				return corrupt(err.Error())
			}
			began = true
		}
	}
	if err := s.Err(); err != nil {
		return "", Remote{}, fault(base, a, err)
	}
	return corrupt("it stops in the middle of its refs")
}

// advertised takes a line of version 0; the first carries capabilities.
func (r *refs) advertised(line []byte, first bool) error {
	id, name, _ := bytes.Cut(line, []byte(" "))
	if first {
		var capabilities []byte
		name, capabilities, _ = bytes.Cut(name, []byte{0})
		for c := range bytes.SplitSeq(capabilities, []byte(" ")) {
			if target, ok := bytes.CutPrefix(c, []byte("symref=HEAD:")); ok {
				r.head = string(target)
			}
		}
		if string(name) == "capabilities^{}" { // an empty repository
			return nil
		}
	}
	return r.add(id, name)
}

func (k *asker) send(ctx context.Context, method string, u *url.URL, a Auth, body *bytes.Buffer) (*http.Response, error) {
	var content io.Reader // not a nil *bytes.Buffer
	if body != nil {
		content = body
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), content)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "git/sprawl")
	req.Header.Set("Git-Protocol", "version=2")
	if body != nil {
		req.Header.Set("Content-Type", "application/x-"+service+"-request")
		req.Header.Set("Accept", "application/x-"+service+"-result")
	}
	if h := a.header(); h != "" {
		req.Header.Set("Authorization", h)
	}
	return k.client.Do(req)
}

// drain reads the little that is left of an answer, so that its connection can be used again.
func drain(resp *http.Response) {
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxSaid))
	_ = resp.Body.Close()
}

// fault is what comes of a request that got no whole answer. The context's end stays what it is.
func fault(base *url.URL, a Auth, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // its text repeats the URL
	}
	return &Error{Kind: Network, URL: base.String(), Detail: said(a, []byte(err.Error())), Err: err}
}

// status is what an HTTP status means. A 403 that names a time, or a budget of none, is a limit: GitHub, "Rate limits for the
// REST API"; its git servers answer alike.
func (k *asker) status(base *url.URL, a Auth, resp *http.Response) error {
	e := &Error{URL: base.String(), Detail: resp.Status, After: k.after(resp.Header)}
	limited := e.After > 0 || resp.Header.Get("X-RateLimit-Remaining") == "0"
	switch s := resp.StatusCode; {
	case s == http.StatusTooManyRequests, limited && (s == http.StatusForbidden || s == http.StatusServiceUnavailable):
		e.Kind = Limited
	case s == http.StatusUnauthorized, s == http.StatusForbidden, s == http.StatusProxyAuthRequired:
		e.Kind = Denied
	case s == http.StatusNotFound, s == http.StatusGone:
		e.Kind = NotFound
	case s == http.StatusUnavailableForLegalReasons, s/100 == 3:
		e.Kind = Refused
	case s >= 500, s == http.StatusRequestTimeout:
		e.Kind = Network
	default:
		e.Kind = Corrupt
	}
	if e.Kind != Limited {
		e.After = 0
	}
	if text, err := io.ReadAll(io.LimitReader(resp.Body, maxSaid)); err == nil && strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") {
		if t := said(a, text); t != "" && t != resp.Status {
			e.Detail += ": " + t
		}
	}
	return e
}

// after is how long a server wants to be left alone: Retry-After in seconds or as a date, else the end of a budget that is used up.
func (k *asker) after(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if n, err := strconv.Atoi(v); err == nil {
		return min(time.Duration(max(n, 0))*time.Second, longest)
	}
	until, err := http.ParseTime(v)
	if err != nil {
		n, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64)
		if err != nil || h.Get("X-RateLimit-Remaining") != "0" {
			return 0
		}
		until = time.Unix(n, 0)
	}
	return min(max(until.Sub(k.now()), 0).Round(time.Second), longest)
}

// longest is as long as a server's word is taken for.
const longest = 24 * time.Hour

// said is the first line of foreign text, fit for a message.
func said(a Auth, text []byte) string {
	const most = 200
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	line = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' {
			return '?'
		}
		return r
	}, a.hide(line))
	if len(line) > most {
		line = strings.ToValidUTF8(line[:most], "") + "…"
	}
	return line
}
