package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The shape of waits: a secondary limit that does not say how long it lasts takes a minute at least, and twice as long each time
// (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit).
const (
	leastSecondary = time.Minute
	firstBackoff   = 500 * time.Millisecond
	lastBackoff    = 20 * time.Second
)

// patient waits for limits that end soon and tries again what broke. Of a request that others' answers have shown to be in vain it
// sends nothing.
type patient struct {
	next   http.RoundTripper
	o      *Options
	limits *limits
	random *jitter
	host   string
}

func (p *patient) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	for try := 1; ; try++ {
		if err := p.hold(r); err != nil {
			return nil, err
		}
		again, err := rewound(r)
		if err != nil {
			return nil, err
		}
		res, err := p.next.RoundTrip(again)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if res != nil {
			if p.limits.note(res, try) {
				if try == p.o.Tries {
					return nil, p.limits.limited(p.host)
				}
				continue
			}
			if res.StatusCode < 500 {
				return res, nil
			}
			err = &Unreachable{Host: p.host, Why: fmt.Sprintf("it answers %d", res.StatusCode)}
		}
		var broken *Unreachable
		if !errors.As(err, &broken) {
			return nil, err
		}
		if broken.Tries = try; broken.final || try == p.o.Tries {
			return nil, broken
		}
		if err := p.o.Wait(ctx, p.random.between(min(firstBackoff<<(try-1), lastBackoff))); err != nil {
			return nil, err
		}
	}
}

// hold waits until no limit stands in the way.
func (p *patient) hold(r *http.Request) error {
	for {
		l := p.limits.limited(p.host)
		switch {
		case l == nil:
			return r.Context().Err()
		case l.After > p.o.Patience:
			return l
		}
		if err := p.o.Wait(r.Context(), l.After); err != nil {
			return err
		}
		p.limits.waited(l.After)
	}
}

// rewound is the request with its body from the start.
func rewound(r *http.Request) (*http.Request, error) {
	if r.GetBody == nil {
		return r, nil
	}
	body, err := r.GetBody()
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = body
	return r, nil
}

// limits is what the server's answers say of how often it may be asked.
type limits struct {
	now func() time.Time

	mu        sync.Mutex
	until     time.Time
	secondary bool
	b         Budget
	told      bool // the server says what is left
}

func (l *limits) snapshot() Budget {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.b
	if !l.told {
		b.Limit, b.Remaining = -1, -1
	}
	return b
}

func (l *limits) called() { l.mu.Lock(); l.b.Calls++; l.mu.Unlock() }

func (l *limits) spared() { l.mu.Lock(); l.b.Spared++; l.mu.Unlock() }

func (l *limits) waited(d time.Duration) { l.mu.Lock(); l.b.Waited += d; l.mu.Unlock() }

// limited is the limit that stands now; nil for none.
func (l *limits) limited(host string) *Limited {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.until.Sub(l.now())
	if d <= 0 {
		return nil
	}
	return &Limited{host, l.until, d, l.secondary}
}

// note reads an answer, and reports whether it is none because of a limit.
func (l *limits) note(res *http.Response, try int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	limit, remaining, reset := number(res.Header, "X-RateLimit-Limit"), number(res.Header, "X-RateLimit-Remaining"), number(res.Header, "X-RateLimit-Reset")
	spent := remaining == 0 && reset > 0
	if limit >= 0 && remaining >= 0 {
		l.told, l.b.Limit, l.b.Remaining, l.b.Reset = true, int(limit), int(remaining), time.Unix(max(reset, 0), 0)
	}
	after, asked := l.retryAfter(res.Header)
	refused := res.StatusCode == http.StatusForbidden || res.StatusCode == http.StatusTooManyRequests
	switch {
	case refused && asked, res.StatusCode == http.StatusServiceUnavailable && asked:
		l.extend(after, true)
	case spent && (refused || res.StatusCode < 300 || res.StatusCode == http.StatusNotModified):
		l.extend(l.untilReset(res.Header, reset), false)
		return refused
	case res.StatusCode == http.StatusTooManyRequests, refused && secondary(res):
		l.extend(leastSecondary<<min(try-1, 10), true)
	default:
		return false
	}
	return true
}

func (l *limits) extend(d time.Duration, secondary bool) {
	if until := l.now().Add(d); until.After(l.until) {
		l.until, l.secondary = until, secondary
	}
}

// untilReset counts by the server's clock, which need not be this machine's, and a second more: both are in whole seconds.
func (l *limits) untilReset(head http.Header, reset int64) time.Duration {
	now := l.now()
	if t, err := http.ParseTime(head.Get("Date")); err == nil {
		now = t
	}
	return time.Unix(reset, 0).Sub(now) + time.Second
}

func (l *limits) retryAfter(head http.Header) (time.Duration, bool) {
	if n := number(head, "Retry-After"); n >= 0 {
		return time.Duration(min(n, 1<<20)) * time.Second, true
	}
	t, err := http.ParseTime(head.Get("Retry-After"))
	return t.Sub(l.now()), err == nil
}

// number is a header's; -1 where it is none.
func number(head http.Header, name string) int64 {
	n, err := strconv.ParseInt(head.Get(name), 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// secondary reads what a refusal says of itself, and leaves its body to be read again.
func secondary(res *http.Response) bool {
	var says struct {
		Message string `json:"message"`
		Docs    string `json:"documentation_url"`
	}
	if json.Unmarshal(peek(res), &says) != nil {
		return false
	}
	text := strings.ToLower(says.Message + " " + says.Docs)
	for _, s := range []string{"secondary rate limit", "secondary-rate-limit", "abuse-rate-limit", "abuse detection"} {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}
