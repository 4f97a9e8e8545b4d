package forge

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const apiPath = "/api/v3/"

// object is a JSON object.
type object = map[string]any

// reply is an answer before it is written. What names the path of the description that it answers by.
type reply struct {
	what   string
	status int
	head   http.Header
	body   any
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	heard := s.heard
	s.mu.Unlock()
	for _, f := range heard {
		f(r)
	}
	below, api := strings.CutPrefix(r.URL.Path, apiPath)
	if !api {
		s.clone(w, r)
		return
	}
	at := r.Method + " /" + below
	f := s.strikes(at)
	f.serve(w, r, func(w http.ResponseWriter) { s.answer(w, r, "/"+below) })
}

// clone lets git at a repository: by the name it has, or with a redirect by one it had.
func (s *Server) clone(w http.ResponseWriter, r *http.Request) {
	_, token, _ := r.BasicAuth()
	owner, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	dir, rest, ok := strings.Cut(rest, "/")
	name := strings.TrimSuffix(dir, ".git")
	if s.who(token) == nobody {
		w.Header().Set("WWW-Authenticate", `Basic realm="GitHub"`)
		http.Error(w, "remote: Invalid username or token.", http.StatusUnauthorized)
		return
	}
	s.mu.Lock()
	found, former := s.find(name), s.byFormer(name)
	var to, git string
	if found != nil {
		git = found.Dir
	} else if former != nil {
		to = "/" + s.o.Owner + "/" + former.Name + ".git/" + rest
	}
	s.mu.Unlock()
	switch {
	case !ok || !strings.EqualFold(owner, s.o.Owner) || s.Git == nil || git == "" && to == "":
		http.Error(w, "Repository not found.", http.StatusNotFound)
	case found != nil && found.Disabled:
		http.Error(w, "Access to this repository has been disabled by GitHub staff.", http.StatusForbidden)
	case to != "":
		if r.URL.RawQuery != "" {
			to += "?" + r.URL.RawQuery
		}
		http.Redirect(w, r, to, http.StatusMovedPermanently)
	default:
		r.URL.Path = "/" + git + "/" + rest
		s.Git.ServeHTTP(w, r)
	}
}

// answer is one of the interface: counted, within the hour's limit, and not sent again where the client has it.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, path string) {
	rep := s.respond(r, path)
	body := encode(rep.body)
	s.validate(r.Method, rep, body)
	for k, v := range rep.head {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-GitHub-Media-Type", "github.v3; format=json")
	fresh := true
	if r.Method == http.MethodGet && rep.status == http.StatusOK {
		tag := etag(r, body)
		w.Header().Set("ETag", tag)
		fresh = strings.TrimPrefix(r.Header.Get("If-None-Match"), "W/") != tag
	}
	s.spend(w.Header(), fresh && rep.what != "/rate_limit")
	if !fresh {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.WriteHeader(rep.status)
	_, _ = w.Write(body) // a client that is gone misses nothing
}

// etag is GitHub's: of the answer and of who asked for it, so that it changes with the token
// (https://github.com/bored-engineer/github-conditional-http-transport).
func etag(r *http.Request, body []byte) string {
	h := sha256.New()
	for _, name := range []string{"Accept", "Authorization", "Cookie"} {
		if v := r.Header.Get(name); v != "" {
			_, _ = io.WriteString(h, v+":")
		}
	}
	h.Write(body)
	return `"` + hex.EncodeToString(h.Sum(nil)) + `"`
}

// spend takes one request off the hour's limit and says what is left.
func (s *Server) spend(head http.Header, counts bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if counts {
		s.used++
	}
	head.Set("X-RateLimit-Limit", strconv.Itoa(s.o.Limit))
	head.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, s.o.Limit-s.used)))
	head.Set("X-RateLimit-Used", strconv.Itoa(s.used))
	head.Set("X-RateLimit-Reset", strconv.FormatInt(s.reset.Unix(), 10))
	head.Set("X-RateLimit-Resource", "core")
}

// respond does what is asked.
func (s *Server) respond(r *http.Request, path string) reply {
	who := s.who(bearer(r))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[r.Method+" "+path]++
	if now := s.o.Now(); !now.Before(s.reset) {
		s.used, s.reset = 0, now.Add(time.Hour)
	}
	switch {
	case r.UserAgent() == "":
		return refuse(http.StatusForbidden, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header", "")
	case who == nobody:
		return refuse(http.StatusUnauthorized, "Bad credentials", "https://docs.github.com/rest")
	case s.used >= s.o.Limit && path != "/rate_limit":
		return refuse(http.StatusForbidden, "API rate limit exceeded for user ID 1.", "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api")
	}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for _, route := range routes {
		if args, ok := route.match(r.Method, parts); ok && route.open(who) {
			rep := route.do(s, r, args)
			rep.what = route.path
			return rep
		}
	}
	return missing()
}

func refuse(status int, message, docs string) reply {
	return reply{status: status, body: object{"message": message, "documentation_url": docs, "status": strconv.Itoa(status)}}
}

func missing() reply { return refuse(http.StatusNotFound, "Not Found", "https://docs.github.com/rest") }

func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") && !strings.EqualFold(scheme, "token") {
		return ""
	}
	return token
}

func (s *Server) validate(method string, rep reply, body []byte) {
	if s.schema == nil {
		return
	}
	if err := s.schema.Check(method, rep.what, rep.status, body); err != nil {
		s.mu.Lock()
		s.invalid = append(s.invalid, fmt.Sprintf("%s %s %d: %v", method, rep.what, rep.status, err))
		s.mu.Unlock()
	}
}
