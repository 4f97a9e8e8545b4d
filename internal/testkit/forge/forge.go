package forge

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sprawl/internal/testkit/githttp"
	"sprawl/internal/testkit/program"
)

// Options are those of a Server.
type Options struct {
	Owner    string // the account that owns everything; "" is acme
	Personal bool   // the account is a person's and no organisation
	Root     string // folder of bare repositories, absolute; "" serves lists alone
	Token    string // of a person that may see everything; "" lets nobody in by one
	App      *App   // that is installed at the account; nil for none
	Limit    int    // requests an hour; 0 for 5000
	Git      string // the git executable; "" looks it up
	// Validate holds every answer against GitHub's description; Invalid says what it does not allow.
	Validate bool
	Now      func() time.Time // nil for the system's clock
}

// Repository is one of the account's.
type Repository struct {
	ID            int64  // 0: the next that is free
	Name          string // today
	Dir           string // below Options.Root; "" for Name + ".git"
	DefaultBranch string // "" for main
	Visibility    string // public, private, internal; "" for private
	Archived      bool
	Fork          bool
	Disabled      bool
	Topics        []string
	Created       time.Time
	Pushed        time.Time
	SizeKB        int64
}

// Package is one of the account's packages of container images.
type Package struct {
	ID         int64 // 0: the next that is free
	Name       string
	Visibility string // "" for private
	Repository string // its name; "" for none
}

// Server is the forge. It may be used and changed from any goroutine while it answers.
type Server struct {
	URL string           // "http://127.0.0.1:PORT"
	Git *githttp.Backend // its counts and faults go by Repository.Dir; nil without a Root

	o      Options
	http   *http.Server
	done   chan struct{}
	schema *Description

	mu       sync.Mutex
	repos    []*Repository
	former   map[string]int64 // name in small letters to the repository that had it
	packages []*Package
	next     int64
	tokens   map[string]time.Time // of the App, and when they end
	made     int                  // of them
	counts   map[string]int       // by METHOD PATH below the interface
	faults   []*Fault
	heard    []func(*http.Request)
	used     int
	reset    time.Time
	invalid  []string
}

// Serve serves until the test ends; with a Root it is skipped where there is no git. With Validate, an answer that GitHub's description
// does not allow fails the test.
func Serve(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Root != "" && o.Git == "" {
		o.Git = program.Find(t, "git")
	}
	s, err := Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("end the forge: %v", err)
		}
		for _, why := range s.Invalid() {
			t.Errorf("GitHub's description does not allow an answer of the forge: %s", why)
		}
	})
	return s
}

// Listen is Serve without a test. Close ends it.
func Listen(o Options) (*Server, error) {
	o.Owner, o.Limit = cmp.Or(o.Owner, "acme"), cmp.Or(o.Limit, 5000)
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{o: o, done: make(chan struct{}), former: map[string]int64{}, next: 1000, tokens: map[string]time.Time{}, counts: map[string]int{}}
	var err error
	if o.Validate {
		if s.schema, err = Describe(); err != nil {
			return nil, err
		}
	}
	if o.Root != "" {
		if s.Git, err = githttp.Handler(o.Root, githttp.Options{Git: o.Git}); err != nil {
			return nil, err
		}
	}
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.URL, s.http = "http://"+l.Addr().String(), &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(l) // ends with ErrServerClosed, by Close
	}()
	return s, nil
}

// Close ends the server and breaks the connections that are open.
func (s *Server) Close() error {
	err := s.http.Close()
	<-s.done
	return err
}

// API is the address of its REST interface, as clients of a GitHub Enterprise Server are given it.
func (s *Server) API() string { return s.URL + apiPath }

// CloneURL is a repository's address for git.
func (s *Server) CloneURL(name string) string { return s.URL + "/" + s.o.Owner + "/" + name + ".git" }

// Add takes repositories in. A name that is taken is an error.
func (s *Server) Add(rs ...Repository) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range rs {
		if s.find(r.Name) != nil {
			return errors.New("there is a repository " + r.Name)
		}
		s.next++
		set(&r.ID, s.next)
		set(&r.Dir, r.Name+".git")
		set(&r.DefaultBranch, "main")
		set(&r.Visibility, "private")
		set(&r.Created, time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(s.next)*time.Minute))
		set(&r.Pushed, r.Created)
		delete(s.former, strings.ToLower(r.Name)) // a new one takes the name away from one that was renamed
		s.repos = append(s.repos, &r)
	}
	return nil
}

// AddPackages takes packages in.
func (s *Server) AddPackages(ps ...Package) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range ps {
		s.next++
		set(&p.ID, s.next)
		set(&p.Visibility, "private")
		s.packages = append(s.packages, &p)
	}
}

// Rename gives a repository another name. The former one redirects, as at GitHub, until another repository takes it.
func (s *Server) Rename(old, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.find(old)
	if r == nil || s.find(name) != nil {
		return errors.New("no repository " + old + ", or there is one " + name)
	}
	s.former[strings.ToLower(old)] = r.ID
	delete(s.former, strings.ToLower(name))
	r.Name = name
	return nil
}

// Delete takes a repository away; its folder stays.
func (s *Server) Delete(name string) error {
	return s.Change(name, nil)
}

// Change lets f change what lists say of a repository; a nil f deletes it.
func (s *Server) Change(name string, f func(*Repository)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.find(name)
	switch {
	case r == nil:
		return errors.New("no repository " + name)
	case f != nil:
		f(r)
	default:
		s.repos = slices.DeleteFunc(s.repos, func(x *Repository) bool { return x == r })
	}
	return nil
}

// Repositories are all of them as they are now.
func (s *Server) Repositories() []Repository {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Repository, len(s.repos))
	for i, r := range s.repos {
		out[i] = *r
	}
	return out
}

// Requests is how many requests the interface has had whose method and path below it match a pattern of path.Match,
// "GET /orgs/*/repos"; "" for all. Requests of git are counted by Git.
func (s *Server) Requests(pattern string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for at, c := range s.counts {
		if matches(pattern, at) {
			n += c
		}
	}
	return n
}

// On calls f before each request is answered, of the interface and of git: to change the forge in the middle of a run.
func (s *Server) On(f func(*http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = append(s.heard, f)
}

// Invalid is what was answered against GitHub's description, with Options.Validate.
func (s *Server) Invalid() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.invalid)
}

// find looks a repository up by its name of today.
func (s *Server) find(name string) *Repository {
	if i := slices.IndexFunc(s.repos, func(r *Repository) bool { return strings.EqualFold(r.Name, name) }); i >= 0 {
		return s.repos[i]
	}
	return nil
}

// byFormer looks a repository up by a name that it had.
func (s *Server) byFormer(name string) *Repository {
	id, ok := s.former[strings.ToLower(name)]
	if i := slices.IndexFunc(s.repos, func(r *Repository) bool { return r.ID == id }); ok && i >= 0 {
		return s.repos[i]
	}
	return nil
}

func matches(pattern, at string) bool {
	ok, err := path.Match(pattern, at)
	return pattern == "" || ok && err == nil
}

func set[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}
