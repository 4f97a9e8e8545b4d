package githttp

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Kind is what a request asks for.
type Kind int

// The requests that a clone makes, in their order. In protocol version 0 the first lists the refs and the second is left out.
const (
	Any    Kind = iota
	Info        // GET info/refs
	LsRefs      // POST git-upload-pack, command=ls-refs
	Pack        // POST git-upload-pack, command=fetch or any request of version 0
	Other       // anything else
)

// Options are those of a Backend.
type Options struct {
	// Git is the git executable; "" looks it up in PATH, then in /usr/bin.
	Git string
	// Allow says with which status a request is refused, 0 to let it in; nil lets every request in. Token makes one.
	Allow func(*http.Request) int
	// Old speaks version 0 of the protocol alone.
	Old bool
}

// Token lets a request in that carries the token as its password in basic authentication, whatever the user's name is. Without a
// password it is refused with 401, and with another one too.
func Token(token string) func(*http.Request) int {
	return func(r *http.Request) int {
		if _, got, ok := r.BasicAuth(); !ok || got != token {
			return http.StatusUnauthorized
		}
		return 0
	}
}

// Backend answers git clients. It may be used from any goroutine.
type Backend struct {
	cgi   cgi.Handler
	allow func(*http.Request) int
	old   bool

	mu     sync.Mutex
	counts map[request]int
	faults []*Fault
}

type request struct {
	repo string
	kind Kind
}

// Handler makes a Backend of the repositories below root, an absolute path. The error says that there is no git.
func Handler(root string, o Options) (*Backend, error) {
	if !filepath.IsAbs(root) {
		return nil, fmt.Errorf("folder %q of repositories is not an absolute path", root)
	}
	if o.Git == "" {
		var err error
		if o.Git, err = exec.LookPath("git"); err != nil {
			if o.Git, err = exec.LookPath("/usr/bin/git"); err != nil {
				return nil, err
			}
		}
	}
	b := &Backend{allow: o.Allow, old: o.Old, counts: map[request]int{}}
	b.cgi = cgi.Handler{Path: o.Git, Args: []string{"http-backend"}, Dir: root, Stderr: io.Discard, Logger: log.New(io.Discard, "", 0), Env: []string{
		"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull,
		"HOME=" + os.DevNull, "LC_ALL=C", "GIT_CONFIG_COUNT=2",
		"GIT_CONFIG_KEY_0=http.receivepack", "GIT_CONFIG_VALUE_0=false", "GIT_CONFIG_KEY_1=safe.directory", "GIT_CONFIG_VALUE_1=*",
	}}
	return b, nil
}

// ServeHTTP answers one request. Its path is that of the repository below the folder and what git puts behind it.
func (b *Backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body) // net/http/cgi takes no chunked request, and git sends long ones so
	if err != nil {
		http.Error(w, "request cut short", http.StatusBadRequest)
		return
	}
	r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	if b.old {
		r.Header.Del("Git-Protocol")
	}
	q := classify(r, body)
	b.count(q)
	if b.allow != nil {
		if status := b.allow(r); status != 0 {
			refuse(w, status)
			return
		}
	}
	if f := b.strikes(q); f != nil {
		f.serve(w, r, &b.cgi)
		return
	}
	b.cgi.ServeHTTP(w, r)
}

func refuse(w http.ResponseWriter, status int) {
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
	}
	http.Error(w, strconv.Itoa(status)+" "+http.StatusText(status), status)
}

// classify says of which repository a request is, and what it asks for.
func classify(r *http.Request, body []byte) request {
	path := strings.TrimPrefix(r.URL.Path, "/")
	if repo, ok := strings.CutSuffix(path, "/info/refs"); ok {
		return request{repo, Info}
	}
	repo, ok := strings.CutSuffix(path, "/git-upload-pack")
	if !ok {
		return request{path, Other}
	}
	if r.Header.Get("Content-Encoding") == "gzip" {
		if z, err := gzip.NewReader(bytes.NewReader(body)); err == nil {
			body, _ = io.ReadAll(io.LimitReader(z, 64))
		}
	}
	if bytes.Contains(body[:min(len(body), 64)], []byte("command=ls-refs")) {
		return request{repo, LsRefs}
	}
	return request{repo, Pack}
}

func (b *Backend) count(q request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.counts[q]++
}

// Requests is how many requests of a kind (Any for all) a repository ("" for all) has had, refused ones included.
func (b *Backend) Requests(repo string, k Kind) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for q, c := range b.counts {
		if q.matches(repo, k) {
			n += c
		}
	}
	return n
}

func (q request) matches(repo string, k Kind) bool {
	return (repo == "" || repo == q.repo) && (k == Any || k == q.kind)
}

// strikes is the first fault that a request runs into, nil for none.
func (b *Backend) strikes(q request) *Fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.faults, func(f *Fault) bool { return q.matches(f.Repo, f.Kind) })
	if i < 0 {
		return nil
	}
	f := b.faults[i]
	if f.Times > 0 {
		if f.Times--; f.Times == 0 {
			b.faults = slices.Delete(b.faults, i, i+1)
		}
	}
	struck := *f
	return &struck
}

// Inject makes requests fail from now on. Faults strike in the order in which they were injected.
func (b *Backend) Inject(f Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = append(b.faults, &f)
}

// Heal takes all faults away.
func (b *Backend) Heal() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = nil
}
