package github

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// wire sends one request and reads its whole answer: an answer that breaks off is a broken connection, not half a list.
type wire struct {
	base    *url.URL
	next    http.RoundTripper
	limits  *limits
	timeout time.Duration
	maxBody int64
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != w.base.Scheme || r.URL.Host != w.base.Host {
		return nil, &Refused{Host: w.base.Host, Why: "a call would have gone to another host", Next: "check the address of its interface"}
	}
	ctx, cancel := context.WithTimeout(r.Context(), w.timeout)
	defer cancel()
	w.limits.called()
	res, err := w.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return nil, w.broken(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, w.maxBody+1))
	switch {
	case err != nil:
		return nil, w.broken(err)
	case int64(len(body)) > w.maxBody:
		return nil, &Unreachable{Host: w.base.Host, Why: "its answer is too large", final: true}
	}
	res.Body = content(body)
	return res, nil
}

// broken says why there is no answer, in words that repeat neither address nor header.
func (w *wire) broken(err error) error {
	var (
		cert    *tls.CertificateVerificationError
		dns     *net.DNSError
		timeout interface{ Timeout() bool }
	)
	e := &Unreachable{Host: w.base.Host, Why: "the connection broke"}
	switch {
	case errors.As(err, &cert):
		e.Why, e.final = "its certificate is not to be trusted", true
	case errors.As(err, &dns):
		e.Why, e.final = "its name is not known", dns.IsNotFound
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		e.Why = "it does not answer in time"
	}
	return e
}

// body is an answer's, read already.
type body struct {
	*bytes.Reader
	all []byte
}

func (body) Close() error { return nil }

func content(b []byte) io.ReadCloser { return body{bytes.NewReader(b), b} }

// peek is the whole body of an answer that wire read.
func peek(res *http.Response) []byte {
	b, _ := res.Body.(body)
	return b.all
}
