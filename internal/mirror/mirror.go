package mirror

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"sprawl/internal/gitexec"
)

// Options of Mirrors.
type Options struct {
	// Git fetches; nil leaves it to go-git, which speaks https and http alone.
	Git *gitexec.Git
	// Environ is the user's environment, in the form of os.Environ: proxies, certificate authorities and ssh are taken from it.
	Environ []string
	// Budget is how many bytes the mirrors may take together, 0 for any number.
	Budget int64
	// Timeout bounds one fetch; 0 means two hours.
	Timeout time.Duration
	// Now is the clock.
	Now func() time.Time
	Log *slog.Logger
}

// Mirrors are the copies below one folder. They may be used from any goroutine, and by any number of processes.
type Mirrors struct {
	dir   string
	opts  Options
	asker *asker
	size  atomic.Int64 // of all of them, as far as this process knows
}

// Default is the folder of mirrors below a cache folder (os.UserCacheDir).
func Default(cache string) string { return filepath.Join(cache, "sprawl", "mirrors") }

const (
	mirrorEnd, lockEnd = ".git", ".lock"
	newMark, oldMark   = ".new-", ".old-" // of what is not whole yet, and of what is thrown away
	noteName           = "sprawl-mirror"
	defaultTimeout     = 2 * time.Hour
)

// Open opens the folder of mirrors, which is made if it is not there, and removes what processes that have ended left behind.
func Open(dir string, o Options) (*Mirrors, error) {
	o.Timeout, o.Now, o.Log = cmp.Or(o.Timeout, defaultTimeout), clock(o.Now), cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	asker, err := newAsker(o.getenv, o.Now)
	if err != nil {
		return nil, fmt.Errorf("certificate authorities: %w", err)
	}
	m := &Mirrors{dir: abs, opts: o, asker: asker}
	if err := os.MkdirAll(abs, 0o700); err != nil {
		return nil, err
	}
	// Cache Directory Tagging Specification, https://bford.info/cachedir/: backups leave it out.
	tag := []byte("Signature: 8a477f597d28d172789f06886806bc55\n# Copies of remote repositories, kept by sprawl.\n")
	if err := os.WriteFile(filepath.Join(abs, "CACHEDIR.TAG"), tag, 0o600); err != nil {
		return nil, err
	}
	if err := m.sweep(); err != nil {
		return nil, err
	}
	kept, err := m.kept()
	for _, k := range kept {
		m.size.Add(k.bytes)
	}
	return m, err
}

// clock is a stopped one where none is given: the order in which mirrors were used is then not known.
func clock(now func() time.Time) func() time.Time {
	if now == nil {
		return func() time.Time { return time.Unix(0, 0) }
	}
	return now
}

func (o *Options) getenv(name string) string {
	for _, kv := range slices.Backward(o.Environ) {
		if k, v, ok := strings.Cut(kv, "="); ok && k == name {
			return v
		}
	}
	return ""
}

// Remote asks a remote for its refs: over https and http without a process, in one exchange on a connection that is kept; over
// other protocols through git. The error is an *Error, or the context's.
func (m *Mirrors) Remote(ctx context.Context, url string, a Auth) (Remote, error) {
	ad, a, err := parse(url, a)
	if err != nil {
		return Remote{}, err
	}
	return m.remote(ctx, ad, a)
}

func (m *Mirrors) remote(ctx context.Context, ad address, a Auth) (Remote, error) {
	limited, stop := context.WithTimeout(ctx, askTime)
	defer stop()
	if ad.http() {
		r, err := m.asker.ask(limited, ad.url, a)
		return r, ended(ctx, ad, err)
	}
	if m.opts.Git == nil {
		return Remote{}, noGit(ad)
	}
	out, err := m.opts.Git.List(limited, m.from(ad.git, a), "HEAD", "refs/heads/*", "refs/tags/*")
	if err != nil {
		return Remote{}, ended(ctx, ad, gitSaid(ad.text, a, err))
	}
	var r refs
	if err := r.listed(out); err != nil {
		return Remote{}, &Error{Kind: Corrupt, URL: ad.text, Detail: err.Error(), Err: err}
	}
	return r.remote(ad.text), nil
}

// ended returns the end of the caller's own context in place of what came of it.
func ended(ctx context.Context, ad address, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	return fmt.Errorf("%s: %w", ad.text, context.Cause(ctx))
}

func noGit(ad address) error {
	return &Error{Kind: Refused, URL: ad.text, Detail: "without a git executable only https and http are fetched from"}
}

func (m *Mirrors) from(url string, a Auth) gitexec.Remote {
	r := gitexec.Remote{URL: url, Environ: m.opts.Environ}
	if h := a.header(); h != "" {
		r.Header = "Authorization: " + h
	}
	return r
}

// Mirror is a copy that this process has for itself until Close.
type Mirror struct {
	// Path is the bare repository, absolute.
	Path string
	// URL is where it was fetched from, without userinfo.
	URL string
	// Bytes is by how much it has grown on disk, 0 where it was up to date.
	Bytes int64

	of      *Mirrors
	lock    *lock
	discard bool
}

// Fetch brings the copy of a remote up to date with r, what Remote said of it (the zero value: it is asked now), and keeps it
// from everybody else until Close; while somebody else has it, it waits. The copy holds the remote's branches and tags under their
// own names, and its HEAD. What is there already is not sent again; where the copy is as r says, nobody is asked at all. A new copy
// takes its place once it is whole; one that turns out to be damaged is replaced by a new one. The error is an *Error, or the
// context's.
func (m *Mirrors) Fetch(ctx context.Context, url string, a Auth, r Remote) (*Mirror, error) {
	ad, a, err := parse(url, a)
	if err != nil {
		return nil, err
	}
	if r.Print == "" {
		if r, err = m.remote(ctx, ad, a); err != nil {
			return nil, err
		}
	}
	base := filepath.Join(m.dir, ad.folder())
	if err := os.MkdirAll(filepath.Dir(base), 0o700); err != nil {
		return nil, disk(ad.text, err)
	}
	l, err := acquire(ctx, base+lockEnd)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ended(ctx, ad, err)
		}
		return nil, disk(ad.text, err)
	}
	mir := &Mirror{Path: base + mirrorEnd, URL: ad.text, of: m, lock: l}
	limited, stop := context.WithTimeout(ctx, m.opts.Timeout)
	defer stop()
	if err := mir.update(limited, &job{m, ad, a, r}); err != nil {
		l.release()
		return nil, ended(ctx, ad, err)
	}
	m.size.Add(mir.Bytes)
	return mir, nil
}

// Discard says that the copy is damaged: Close removes it, and the next Fetch makes a new one.
func (mir *Mirror) Discard() { mir.discard = true }

// Close gives the copy back. It may be removed from then on, by this process too where the mirrors exceed their budget.
func (mir *Mirror) Close() error {
	if mir.lock == nil {
		return nil
	}
	var err error
	if mir.discard {
		err = remove(mir.Path)
	}
	now := mir.of.opts.Now()
	err = errors.Join(err, os.Chtimes(mir.lock.file.Name(), now, now))
	mir.lock.release()
	mir.lock = nil
	if b := mir.of.opts.Budget; b > 0 && mir.of.size.Load() > b {
		_, evict := mir.of.Evict()
		err = errors.Join(err, evict)
	}
	return err
}

// note is what is kept with a mirror, in the file sprawl-mirror. It also says that the folder is one of ours, to remove.
type note struct {
	URL   string `json:"url"`
	Print string `json:"print"` // Remote.Print of what it was last brought up to
	Bytes int64  `json:"bytes"` // on disk, then
}

func readNote(dir string) (note, error) {
	var n note
	b, err := os.ReadFile(filepath.Join(dir, noteName)) //nolint:gosec // below the mirrors' folder
	if err == nil {
		err = json.Unmarshal(b, &n)
	}
	return n, err
}

func (n note) write(dir string) error {
	b, err := json.Marshal(n)
	if err != nil {
		return err
	}
	tmp := filepath.Join(dir, noteName+".tmp")
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(dir, noteName))
}

// disk is what comes of a failed write.
func disk(url string, err error) error {
	detail := err.Error()
	if errors.Is(err, syscall.ENOSPC) {
		detail = "no space left"
	}
	return &Error{Kind: Disk, URL: url, Detail: detail, Err: err}
}
