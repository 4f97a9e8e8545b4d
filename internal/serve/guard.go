package serve

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"path"
	"strings"
)

const (
	tokenBytes = 32
	tokenParam = "token"
)

// NewToken draws a token that opens the pages, 43 characters that stand in a URL as they are. random is what crypto/rand
// reads from.
func NewToken(random io.Reader) (string, error) {
	b := make([]byte, tokenBytes)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("draw a token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// ValidToken reports whether a token has the form of NewToken: one that people made up can be guessed.
func ValidToken(token string) bool {
	b, err := base64.RawURLEncoding.DecodeString(token)
	return err == nil && len(b) == tokenBytes && base64.RawURLEncoding.EncodeToString(b) == token // decoding passes over line ends
}

// guard lets through what the operator's own browser asks for, and nothing else.
type guard struct {
	next   http.Handler
	token  [sha256.Size]byte // hashes are of one length, so that comparing tells nothing of it
	cookie string            // its name: of the token, so that two servers on one host do not take each other's away
}

func newGuard(token string, next http.Handler) *guard {
	sum := sha256.Sum256([]byte(token))
	name := sha256.Sum256([]byte("cookie " + token))
	return &guard{next, sum, "sprawl-" + hex.EncodeToString(name[:4])}
}

// policy forbids everything but what these pages bring: no inline style or script, no frame, no other origin.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// headers are those of every answer, a refusal too.
var headers = [][2]string{
	{"Content-Security-Policy", policy},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "no-referrer"},
	{"Cache-Control", "no-store"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Cross-Origin-Embedder-Policy", "require-corp"},
	{"Permissions-Policy", "camera=(), geolocation=(), microphone=()"},
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, h := range headers {
		w.Header().Set(h[0], h[1])
	}
	switch {
	case !loopbackHost(r.Host): // a name of somebody else's that was made to point here
		refuse(w, http.StatusMisdirectedRequest)
	case foreign(r):
		refuse(w, http.StatusForbidden)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed)
	case r.URL.Path == "/" && r.URL.Query().Has(tokenParam):
		g.enter(w, r)
	case !g.known(r):
		g.unknown(w)
	case r.URL.Path != path.Clean(r.URL.Path) || strings.ContainsAny(r.URL.Path, "\\\x00"):
		refuse(w, http.StatusNotFound)
	default:
		g.next.ServeHTTP(w, r)
	}
}

// refuse answers with a status and nothing else.
func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(status)
}

// enter takes the token out of the address: what stays in the browser is a cookie that no script and no other site gets.
func (g *guard) enter(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get(tokenParam)
	if !g.opens(token) {
		g.unknown(w)
		return
	}
	// Secure would keep it from plain HTTP, which is what loopback speaks.
	http.SetCookie(w, &http.Cookie{Name: g.cookie, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode}) //nolint:gosec // G124: see above
	w.Header().Set("Location", "/")
	refuse(w, http.StatusSeeOther)
}

// unknown is the answer to who has no token.
func (g *guard) unknown(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="sprawl"`) // RFC 9110 §15.5.2 asks for one; programs may use it
	refuse(w, http.StatusUnauthorized)
}

func (g *guard) known(r *http.Request) bool {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return g.opens(token)
	}
	c, err := r.Cookie(g.cookie)
	return err == nil && g.opens(c.Value)
}

func (g *guard) opens(token string) bool {
	sum := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(sum[:], g.token[:]) == 1
}

// loopbackHost reports whether a Host header names this machine by a name that nobody else can point elsewhere.
func loopbackHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	if strings.EqualFold(name, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil && ip.IsLoopback()
}

// foreign reports whether a page of another origin asks; browsers say so in Sec-Fetch-Site (Fetch Metadata), older ones in Origin.
// An address that a person typed or opened has "none".
func foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		return true
	}
	origin := r.Header.Get("Origin")
	return origin != "" && origin != "http://"+r.Host
}
