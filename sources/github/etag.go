package github

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/textproto"
	"strings"
)

// Cache keeps answers from one run to the next. A key says nothing of what was asked nor as whom, a body is a list as the server
// gave it, and neither ever holds a token. Where it fails, the answer is asked for as if it had none.
type Cache interface {
	Get(ctx context.Context, key string) (etag string, body []byte, ok bool, err error)
	Put(ctx context.Context, key, etag string, body []byte) error
}

// conditional asks for an answer that is kept by its ETag, and hands out what is kept where the server says that it still holds:
// such a call costs nothing of the limit
// (https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate).
type conditional struct {
	next     http.RoundTripper
	cache    Cache
	identity string
	limits   *limits
}

func (c *conditional) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.cache == nil || r.Method != http.MethodGet {
		return c.next.RoundTrip(r)
	}
	key := digest(c.identity, r.Method, r.URL.String(), r.Header.Get("Accept"))
	k, have := c.kept(r.Context(), key)
	if have {
		r = r.Clone(r.Context())
		r.Header.Set("If-None-Match", k.tag(r.Header))
	}
	res, err := c.next.RoundTrip(r)
	switch {
	case err != nil:
		return nil, err
	case res.StatusCode == http.StatusNotModified && have:
		c.limits.spared()
		return k.answer(res), nil
	case res.StatusCode == http.StatusOK && res.Header.Get("ETag") != "":
		k := keep(r.Header, res)
		_ = c.cache.Put(r.Context(), key, k.etag, k.encode()) // what is not kept is asked for again
	}
	return res, nil
}

func (c *conditional) kept(ctx context.Context, key string) (kept, bool) {
	etag, body, ok, err := c.cache.Get(ctx, key)
	if err != nil || !ok || etag == "" {
		return kept{}, false
	}
	k, ok := decode(body)
	k.etag = etag
	return k, ok
}

// kept is an answer. Its headers are few: those that say where the list goes on, and of what kind it is.
type kept struct {
	etag string
	head http.Header
	body []byte
}

// keptHeaders are all that is kept; computed is our own.
var keptHeaders = []string{"Link", "Content-Type", "X-GitHub-SSO"}

const computed = "X-Sprawl-Computed-Etag"

// keep makes an answer fit to be kept. GitHub's ETag changes with the token, and an App's token with the hour
// (https://github.com/github/docs/issues/34689); but it has been seen to be a hash of Accept, Authorization and the body
// (https://github.com/bored-engineer/github-conditional-http-transport). Where it is that here, it can be computed for any
// token; where it is not, it is taken as it is.
func keep(asked http.Header, res *http.Response) kept {
	k := kept{etag: res.Header.Get("ETag"), head: http.Header{}, body: peek(res)}
	for _, h := range keptHeaders {
		if v := res.Header.Get(h); v != "" {
			k.head.Set(h, v)
		}
	}
	if strings.TrimPrefix(k.etag, "W/") == compute(asked, k.body) {
		k.head.Set(computed, "yes")
	}
	return k
}

// tag is what the answer is asked for by.
func (k kept) tag(asked http.Header) string {
	if k.head.Get(computed) != "" {
		return compute(asked, k.body)
	}
	return k.etag
}

func compute(asked http.Header, body []byte) string {
	h := sha256.New()
	for _, name := range []string{"Accept", "Authorization"} {
		if v := asked.Get(name); v != "" {
			h.Write([]byte(v + ":"))
		}
	}
	h.Write(body)
	return `"` + hex.EncodeToString(h.Sum(nil)) + `"`
}

// answer is the kept one in place of a 304.
func (k kept) answer(res *http.Response) *http.Response {
	head := res.Header.Clone()
	for _, h := range keptHeaders {
		head.Del(h)
		if v := k.head.Get(h); v != "" {
			head.Set(h, v)
		}
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: res.Proto, ProtoMajor: res.ProtoMajor, ProtoMinor: res.ProtoMinor,
		Header: head, Body: content(k.body), ContentLength: int64(len(k.body)), Request: res.Request,
	}
}

// encode writes headers and body as HTTP does.
func (k kept) encode() []byte {
	var b bytes.Buffer
	_ = k.head.Write(&b) // to memory
	b.WriteString("\r\n")
	b.Write(k.body)
	return b.Bytes()
}

func decode(b []byte) (kept, bool) {
	head, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(b))).ReadMIMEHeader()
	_, body, ok := bytes.Cut(b, []byte("\r\n\r\n"))
	return kept{head: http.Header(head), body: body}, err == nil && ok
}
