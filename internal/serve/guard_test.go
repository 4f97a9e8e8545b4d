package serve

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestGuard asks in every way that must be refused, and in those that must not.
func TestGuard(t *testing.T) {
	h := newHandler(t, filled(t, 10, 20, nil))
	entered := httptest.NewRecorder()
	h.ServeHTTP(entered, bare(http.MethodGet, "/?token="+testToken))
	if entered.Code != http.StatusSeeOther || entered.Header().Get("Location") != "/" {
		t.Fatalf("the token leads to %d %q", entered.Code, entered.Header().Get("Location"))
	}
	cookies := entered.Result().Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode || cookies[0].Path != "/" {
		t.Fatalf("cookie %v", cookies)
	}
	cookie := cookies[0].Name + "=" + cookies[0].Value
	other := strings.Repeat("B", len(testToken)-1) + "A"
	for _, tt := range []struct {
		name, method, target string
		header               [2]string
		host                 string
		want                 int
	}{
		{name: "cookie", want: 200},
		{name: "bearer", header: [2]string{"Authorization", "Bearer " + testToken}, want: 200},
		{name: "HEAD", method: http.MethodHead, want: 200},
		{name: "of the same origin", header: [2]string{"Sec-Fetch-Site", "same-origin"}, want: 200},
		{name: "typed", header: [2]string{"Sec-Fetch-Site", "none"}, want: 200},
		{name: "own origin", header: [2]string{"Origin", "http://127.0.0.1:4321"}, want: 200},
		{name: "localhost", host: "localhost:4321", want: 200},
		{name: "IPv6", host: "[::1]:4321", want: 200},

		{name: "no token", header: [2]string{"Cookie", ""}, want: 401},
		{name: "no token for the style", target: "/style.css", header: [2]string{"Cookie", ""}, want: 401},
		{name: "no token for nothing", target: "/no-such", header: [2]string{"Cookie", ""}, want: 401},
		{name: "wrong cookie", header: [2]string{"Cookie", cookies[0].Name + "=" + other}, want: 401},
		{name: "cookie of another name", header: [2]string{"Cookie", "token=" + testToken}, want: 401},
		{name: "wrong bearer", header: [2]string{"Authorization", "Bearer " + other}, want: 401},
		{name: "wrong token", target: "/?token=" + other, want: 401},
		{name: "empty token", target: "/?token=", want: 401},
		{name: "token elsewhere", target: "/runs?token=" + testToken, header: [2]string{"Cookie", ""}, want: 401},
		{name: "part of the token", target: "/?token=" + testToken[:20], want: 401},

		{name: "cross-site", header: [2]string{"Sec-Fetch-Site", "cross-site"}, want: 403},
		{name: "another port", header: [2]string{"Sec-Fetch-Site", "same-site"}, want: 403},
		{name: "foreign origin", header: [2]string{"Origin", "https://evil.example"}, want: 403},
		{name: "no origin at all", header: [2]string{"Origin", "null"}, want: 403},
		{name: "cross-site token", target: "/?token=" + testToken, header: [2]string{"Sec-Fetch-Site", "cross-site"}, want: 403},
		{name: "rebinding", host: "evil.example:4321", want: 421},
		{name: "rebinding without a port", host: "evil.example", want: 421},
		{name: "a name that begins like ours", host: "127.0.0.1.evil.example", want: 421},
		{name: "a name that begins like localhost", host: "localhost.evil.example:4321", want: 421},
		{name: "another address of this machine", host: "192.0.2.7:4321", want: 421},
		{name: "no host", host: "-", want: 421},

		{name: "POST", method: http.MethodPost, want: 405},
		{name: "PUT", method: http.MethodPut, want: 405},
		{name: "DELETE", method: http.MethodDelete, want: 405},
		{name: "OPTIONS", method: http.MethodOptions, want: 405},
		{name: "TRACE", method: http.MethodTrace, want: 405},

		{name: "traversal", target: "/../../etc/passwd", want: 404},
		{name: "traversal behind a page", target: "/credentials/../../etc/passwd", want: 404},
		{name: "encoded traversal", target: "/%2e%2e/%2e%2e/etc/passwd", want: 404},
		{name: "encoded slash", target: "/credentials/..%2f..%2fstyle.css", want: 404},
		{name: "backslash", target: "/..%5c..%5cwindows", want: 404},
		{name: "NUL", target: "/style.css%00", want: 404},
		{name: "a file of the source", target: "/pages/frame.html", want: 404},
		{name: "a template", target: "/frame.html", want: 404},
		{name: "the end of a folder", target: "/runs/", want: 404},
		{name: "two slashes", target: "//evil.example/", want: 404},
		{name: "no such run", target: "/runs/99", want: 404},
		{name: "a run that is no number", target: "/runs/1%20or%201=1", want: 404},
		{name: "a day that is none", target: "/?as-of=yesterday", want: 400},
		{name: "a day to come", target: "/?as-of=2030-01-01", want: 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := bare(or(tt.method, http.MethodGet), or(tt.target, "/"))
			r.Header.Set("Cookie", cookie)
			if tt.header[0] != "" {
				r.Header.Set(tt.header[0], tt.header[1])
				if tt.header[0] == "Authorization" {
					r.Header.Del("Cookie")
				}
			}
			switch tt.host {
			case "":
			case "-":
				r.Host = ""
			default:
				r.Host = tt.host
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tt.want {
				t.Errorf("%d, want %d", w.Code, tt.want)
			}
			if (w.Code == 401 || w.Code == 403 || w.Code == 405 || w.Code == 421) && (w.Body.Len() > 0 || len(w.Header()["Set-Cookie"]) > 0) {
				t.Errorf("a refusal with %q and cookies %q", w.Body, w.Header()["Set-Cookie"])
			}
			for _, want := range headers {
				if got := w.Header().Get(want[0]); got != want[1] {
					t.Errorf("%s: %q", want[0], got)
				}
			}
			if strings.Contains(w.Body.String(), testToken) {
				t.Error("the page shows the token")
			}
		})
	}
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// bare is a request without any token.
func bare(method, target string) *http.Request {
	r := httptest.NewRequestWithContext(context.Background(), method, "http://127.0.0.1:4321/", nil)
	u, err := url.Parse("http://127.0.0.1:4321" + target)
	if err != nil {
		panic(err)
	}
	r.URL, r.Host = u, "127.0.0.1:4321"
	return r
}

// The policy holds nothing that would let a page run or load what is not ours.
func TestPolicy(t *testing.T) {
	for _, s := range []string{"unsafe", "*", "http", "data:", "blob:"} {
		if strings.Contains(policy, s) {
			t.Errorf("the policy has %q", s)
		}
	}
	if !strings.HasPrefix(policy, "default-src 'none'; ") {
		t.Errorf("the policy begins %.30q", policy)
	}
}

func TestToken(t *testing.T) {
	a, err := NewToken(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewToken(rand.Reader)
	if err != nil || a == b || !ValidToken(a) || url.QueryEscape(a) != a {
		t.Errorf("tokens of %d and %d characters: %v", len(a), len(b), err)
	}
	if _, err := NewToken(strings.NewReader("too few")); err == nil {
		t.Error("a token of a few bytes")
	}
	for _, s := range []string{"", "secret", strings.Repeat("a", 10), testToken + "A", testToken + "\n"} {
		if ValidToken(s) {
			t.Errorf("%q of %d characters passes", s[:min(len(s), 4)], len(s))
		}
		if _, err := New(nil, Options{Token: s}); err == nil {
			t.Error("pages behind a token that can be guessed")
		}
	}
}

func TestListen(t *testing.T) {
	for _, s := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "example.org:80", "*:0", "169.254.169.254:80"} {
		l, err := Listen(t.Context(), s)
		if err == nil {
			l.Close()
			t.Errorf("%s: listens on %s", s, l.Addr())
		} else if !errors.Is(err, ErrNotLoopback) {
			t.Errorf("%s: %v", s, err)
		}
	}
	if _, err := Listen(t.Context(), "127.0.0.1"); err == nil {
		t.Error("no port")
	}
	for _, s := range []string{"127.0.0.1:0", "localhost:0"} {
		l, err := Listen(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if ip := l.Addr().(*net.TCPAddr).IP; !ip.IsLoopback() {
			t.Errorf("%s: listens on %s", s, ip)
		}
		l.Close()
	}
}

// What is being answered is answered to its end; then the server is gone.
func TestStop(t *testing.T) {
	begun, go_ := make(chan struct{}), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(begun)
		<-go_
		_, _ = io.WriteString(w, "whole")
	})
	l, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, l, h, slog.New(slog.DiscardHandler)) }()
	got := make(chan string, 1)
	go func() {
		r, err := http.Get("http://" + l.Addr().String()) //nolint:noctx // a test's, ended by the server
		if err != nil {
			got <- err.Error()
			return
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		got <- fmt.Sprint(string(b), err)
	}()
	<-begun
	stop()
	close(go_)
	if s := <-got; s != "whole<nil>" {
		t.Errorf("answered %q", s)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if c, err := net.DialTimeout("tcp", l.Addr().String(), time.Second); err == nil {
		c.Close()
		t.Error("still listens")
	}
}

// A request line or header without end is cut off.
func TestHugeHeader(t *testing.T) {
	origin := served(t, newHandler(t, filled(t, 2, 2, nil)))
	c, err := net.Dial("tcp", strings.TrimPrefix(origin, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: "); err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, strings.Repeat("a", 64<<10)+"\r\n\r\n")
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return // cut off while it was still being sent
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("%s", r.Status)
	}
}
