package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"sprawl/finding"
)

const (
	userAgent = "sprawl"
	fetches   = 8 // at once from one registry
	stall     = 90 * time.Second
	maxWait   = 60 * time.Second // that a 429 may ask for before the run gives up on the registry
	maxSlow   = 4                // times a request is repeated after a 429
	maxRepos  = 20_000           // of a catalogue
)

var errStalled = errors.New("the registry stopped sending")

// Logins is the keychain of docker and podman: their configuration files and the credential helpers these name.
func Logins() authn.Keychain { return authn.DefaultKeychain }

// refTarget is a reference, or a pattern of them.
type refTarget struct {
	given string // with its scheme, as reports name it
	o     Options

	ref   name.Reference  // one image
	repo  name.Repository // else: the tags of one repository
	tags  string          // glob
	reg   name.Registry   // else: a catalogue
	repos string          // glob; "" unless it is a catalogue
}

func (t *refTarget) target() string { return t.given }

// parseReference reads what stands behind "image:".
func parseReference(ref string, o Options) (*refTarget, error) {
	ref = strings.TrimPrefix(strings.TrimPrefix(ref, "docker://"), "https://")
	shown := withoutUserinfo(ref)
	t := &refTarget{given: "image:" + clean(shown, 500), o: o}
	bad := func(next string) error { return &Error{Target: t.given, Kind: ErrReference, Next: next} }
	if shown != ref {
		return nil, bad("leave the credentials out and log in: docker login, or podman login")
	}
	if strings.Contains(ref, "://") {
		return nil, bad("write it as registry.example/repository:tag")
	}
	opts := []name.Option{}
	if o.Insecure {
		opts = append(opts, name.Insecure)
	}
	if !strings.ContainsAny(ref, "*?[") && !strings.HasSuffix(ref, "/") {
		parsed, err := name.ParseReference(ref, opts...)
		if err != nil {
			return nil, bad("write it as registry.example/repository:tag, or @sha256:…")
		}
		t.ref = parsed
		return t, nil
	}
	repo, tags := ref, ""
	if colon := strings.LastIndexByte(ref, ':'); colon > strings.LastIndexByte(ref, '/') {
		repo, tags = ref[:colon], ref[colon+1:]
	}
	if tags == "" {
		tags = "*"
	}
	if _, err := path.Match(tags, ""); err != nil {
		return nil, bad("the pattern of tags cannot be read")
	}
	t.tags = tags
	var err error
	if !strings.ContainsAny(repo, "*?[") && !strings.HasSuffix(repo, "/") {
		if t.repo, err = name.NewRepository(repo, opts...); err != nil {
			return nil, bad("write it as registry.example/repository:tag")
		}
		return t, nil
	}
	host, rest, _ := strings.Cut(repo, "/")
	if !strings.ContainsAny(host, ".:") && host != "localhost" || host == "docker.io" || host == "index.docker.io" {
		return nil, bad("Docker Hub lists no repositories: name one, as in docker.io/team/app:*")
	}
	if t.reg, err = name.NewRegistry(host, opts...); err != nil || strings.ContainsAny(host, "*?[") {
		return nil, bad("write the registry as host or host:port")
	}
	if t.repos = rest; rest == "" || strings.HasSuffix(rest, "/") {
		t.repos += "**"
	}
	if !doublestar.ValidatePattern(t.repos) {
		return nil, bad("the pattern of repositories cannot be read")
	}
	return t, nil
}

// withoutUserinfo drops what could be a password.
func withoutUserinfo(ref string) string {
	host, rest, ok := strings.Cut(ref, "/")
	i := strings.LastIndexByte(host, '@')
	if i < 0 || strings.HasPrefix(host[i:], "@sha256:") || strings.HasPrefix(host[i:], "@sha512:") {
		return ref
	}
	if !ok {
		return host[i+1:]
	}
	return host[i+1:] + "/" + rest
}

func (t *refTarget) open(ctx context.Context, r *run) error {
	c, err := newClient(t.given, t.o)
	if err != nil {
		return err
	}
	switch {
	case t.ref != nil:
		return c.image(ctx, r, t.given, t.ref)
	case t.repos == "":
		n, err := c.repository(ctx, r, t.repo, t.tags)
		if err == nil && n == 0 {
			err = &Error{Target: t.given, Kind: ErrEmpty, What: "no tag matches " + t.tags, Next: "list them with :*"}
		}
		return err
	}
	repos, more, err := c.catalogue(ctx, t.reg, t.repos)
	if err != nil {
		return err
	}
	if more {
		r.led.Skip(finding.Skip{Target: t.given, Reason: finding.ReasonLimit, Detail: fmt.Sprintf("limit on repositories (%d)", maxRepos)})
	}
	n := 0
	for _, repo := range repos {
		found, err := c.repository(ctx, r, t.reg.Repo(repo), t.tags)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			r.led.Skip(finding.Skip{Target: "image:" + t.reg.Repo(repo).Name(), Reason: finding.ReasonUnreadable, Detail: describe(err)})
			found = 1
		}
		n += found
	}
	if n == 0 {
		return &Error{Target: t.given, Kind: ErrEmpty, What: "no repository and tag match", Next: "check the pattern, and that the registry shows its catalogue to you"}
	}
	return nil
}

func (t *refTarget) bases(ctx context.Context, r *run) ([]baseImage, error) {
	if t.ref == nil {
		return nil, &Error{Target: t.given, Kind: ErrReference, Next: "name one image as the base"}
	}
	c, err := newClient(t.given, t.o)
	if err != nil {
		return nil, err
	}
	d, err := c.get(ctx, t.ref)
	if err != nil {
		return nil, err
	}
	return r.baseFrom(ctx, &repoStore{c: c, repo: t.ref.Context()}, d.Manifest, string(d.MediaType), 0)
}

// client speaks with registries for one target.
type client struct {
	given  string
	o      Options
	puller *remote.Puller
	had    sync.Map // registry -> whether a credential was sent
}

func newClient(given string, o Options) (*client, error) {
	o.Limits = o.Limits.filled()
	c := &client{given: given, o: o}
	inner := o.Transport
	if inner == nil {
		inner = remote.DefaultTransport
	}
	opts := []remote.Option{
		remote.WithTransport(&careful{inner: inner, insecure: o.Insecure, limit: o.Limits.MetaBytes}),
		remote.WithUserAgent(userAgent), remote.WithJobs(fetches),
		// 429 is dealt with below it, the way Retry-After asks.
		remote.WithRetryStatusCodes(http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout),
		remote.WithRetryPredicate(func(err error) bool {
			var ne net.Error
			return errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &ne) && ne.Timeout()
		}),
		remote.WithAuthFromKeychain(&remembering{c: c}),
	}
	var err error
	if c.puller, err = remote.NewPuller(opts...); err != nil {
		return nil, &Error{Target: given, Kind: ErrUnreachable, Err: errors.New("no client for it")}
	}
	return c, nil
}

// remembering is the keychain of Options, and notes whether it had something to say.
type remembering struct{ c *client }

func (k *remembering) Resolve(res authn.Resource) (authn.Authenticator, error) {
	return k.ResolveContext(context.Background(), res)
}

func (k *remembering) ResolveContext(ctx context.Context, res authn.Resource) (authn.Authenticator, error) {
	if k.c.o.Keychain == nil {
		return authn.Anonymous, nil
	}
	a, err := authn.Resolve(ctx, k.c.o.Keychain, res)
	if err != nil {
		// What a helper printed may quote what it was asked for.
		return nil, &Error{
			Target: k.c.given, Kind: ErrCredentials, Err: errors.New("the stored credentials for " + clean(res.RegistryStr(), 100) + " cannot be read"),
			Next: "check the credential helper in docker's or podman's configuration",
		}
	}
	k.c.had.Store(res.RegistryStr(), a != authn.Anonymous)
	return a, nil
}

func (c *client) failure(target string, reg string, err error) error {
	had, _ := c.had.Load(reg)
	sent, _ := had.(bool)
	return registryError(target, reg, sent, err)
}

func (c *client) get(ctx context.Context, ref name.Reference) (*remote.Descriptor, error) {
	d, err := c.puller.Get(ctx, ref)
	return d, c.failure(c.given, ref.Context().RegistryStr(), err)
}

// image reads what one reference names.
func (c *client) image(ctx context.Context, r *run, target string, ref name.Reference) error {
	d, err := c.puller.Get(ctx, ref)
	if err != nil {
		return c.failure(target, ref.Context().RegistryStr(), err)
	}
	st := &repoStore{c: c, repo: ref.Context()}
	n := named{target: target, raw: d.Manifest, media: d.MediaType, digest: d.Digest.String()}
	if err := r.root(ctx, st, n); err != nil {
		return err
	}
	if c.o.Referrers {
		return c.referrers(ctx, r, st, n)
	}
	return nil
}

// referrers reads the attestations, SBOMs and signatures that name an image or one of its platforms as their subject, by the
// registry's own list or by the tags that stand in for one.
func (c *client) referrers(ctx context.Context, r *run, st *repoStore, n named) error {
	subjects := []string{n.digest}
	r.mu.Lock()
	for _, i := range r.images {
		if slices.Contains(i.names, n.target) && !slices.Contains(subjects, i.digest) {
			subjects = append(subjects, i.digest)
		}
	}
	r.mu.Unlock()
	for _, digest := range subjects {
		x, err := remote.Referrers(st.repo.Digest(digest), remote.WithContext(ctx), remote.Reuse(c.puller))
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err = c.failure(n.target, st.repo.RegistryStr(), err); !errors.Is(err, ErrNotFound) {
				r.led.Skip(finding.Skip{Target: n.target, Object: digest, Reason: finding.ReasonUnreadable, Detail: "referrers: " + describe(err)})
			}
			continue
		}
		raw, err := x.RawManifest()
		if err != nil {
			continue
		}
		m := &manifests{run: r, store: st, root: n}
		if err := m.walk(ctx, raw, types.OCIImageIndex, digest, "", nil, true, 0); err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// repository reads the tags that match and returns how many there are. Trouble with one goes to the ledger.
func (c *client) repository(ctx context.Context, r *run, repo name.Repository, glob string) (int, error) {
	tags, more, err := c.tags(ctx, repo, glob)
	if err != nil {
		return 0, err
	}
	if more {
		r.led.Skip(finding.Skip{Target: "image:" + repo.Name(), Reason: finding.ReasonLimit, Detail: fmt.Sprintf("limit on images (%d): further tags were not read", r.o.Limits.Images)})
	}
	for _, t := range tags {
		ref := repo.Tag(t)
		target := "image:" + ref.Name()
		if err := c.image(ctx, r, target, ref); err != nil {
			if ctx.Err() != nil {
				return 0, ctx.Err()
			}
			why := finding.ReasonUnreadable
			switch {
			case errors.Is(err, ErrNotFound):
				why = finding.ReasonMissing
			case errors.Is(err, ErrPlatform):
				why = finding.ReasonExcluded
			case errors.Is(err, ErrUnsupported):
				why = finding.ReasonUnsupported
			case errors.Is(err, ErrCorrupt):
				why = finding.ReasonCorrupt
			}
			r.led.Skip(finding.Skip{Target: target, Reason: why, Detail: describe(err)})
		}
	}
	return len(tags), nil
}

// tags lists those that match, sorted, up to the limit on images; more says that there are others.
func (c *client) tags(ctx context.Context, repo name.Repository, glob string) (tags []string, more bool, err error) {
	limit := c.o.Limits.Images
	l, err := c.puller.Lister(ctx, repo)
	for err == nil && l.HasNext() && len(tags) <= limit {
		page, nerr := l.Next(ctx)
		if err = nerr; err != nil {
			break
		}
		for _, t := range page.Tags {
			if ok, _ := path.Match(glob, t); ok {
				tags = append(tags, t)
			}
		}
	}
	if err != nil {
		return nil, false, c.failure(c.given, repo.RegistryStr(), err)
	}
	slices.Sort(tags)
	tags = slices.Compact(tags)
	return tags[:min(len(tags), limit)], len(tags) > limit, nil
}

// catalogue lists the repositories that match, up to a limit; more says that there are others.
func (c *client) catalogue(ctx context.Context, reg name.Registry, glob string) (repos []string, more bool, err error) {
	l, err := c.puller.Catalogger(ctx, reg)
	for err == nil && l.HasNext() && len(repos) <= maxRepos {
		page, nerr := l.Next(ctx)
		if err = nerr; err != nil {
			break
		}
		for _, repo := range page.Repos {
			if ok, _ := doublestar.Match(glob, repo); ok {
				repos = append(repos, repo)
			}
		}
	}
	if err != nil {
		return nil, false, c.failure(c.given, reg.RegistryStr(), err)
	}
	slices.Sort(repos)
	repos = slices.Compact(repos)
	return repos[:min(len(repos), maxRepos)], len(repos) > maxRepos, nil
}

// repoStore is one repository.
type repoStore struct {
	c    *client
	repo name.Repository
}

func (s *repoStore) manifest(ctx context.Context, h v1.Hash) ([]byte, types.MediaType, error) {
	d, err := s.c.puller.Get(ctx, s.repo.Digest(h.String()))
	if err != nil {
		return nil, "", s.c.failure(s.c.given, s.repo.RegistryStr(), err)
	}
	return d.Manifest, d.MediaType, nil
}

func (s *repoStore) blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	l, err := s.c.puller.Layer(ctx, s.repo.Digest(d.Digest.String()))
	var rc io.ReadCloser
	if err == nil {
		rc, err = l.Compressed()
	}
	if err != nil {
		cancel(nil)
		return nil, s.c.failure(s.c.given, s.repo.RegistryStr(), err)
	}
	w := &watched{ReadCloser: rc, ctx: ctx, cancel: cancel}
	w.timer = time.AfterFunc(stall, func() { cancel(errStalled) })
	return verify(w, d.Digest, sizeOf(d))
}

// sibling is the repository of another reference, nil unless it is in the same registry: what an annotation says sends nobody
// elsewhere.
func (s *repoStore) sibling(ref string) store {
	parsed, err := name.ParseReference(ref)
	if err != nil || parsed.Context().RegistryStr() != s.repo.RegistryStr() {
		return nil
	}
	return &repoStore{c: s.c, repo: s.repo.Registry.Repo(parsed.Context().RepositoryStr())}
}

// sizeOf is the size a descriptor states, -1 if it states none.
func sizeOf(d v1.Descriptor) int64 {
	if d.Size <= 0 {
		return -1
	}
	return d.Size
}

// watched is a body that fails when nothing comes for a while.
type watched struct {
	io.ReadCloser
	ctx    context.Context //nolint:containedctx // lives as long as the body
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

func (w *watched) Read(p []byte) (int, error) {
	w.timer.Reset(stall)
	n, err := w.ReadCloser.Read(p)
	if err != nil && errors.Is(context.Cause(w.ctx), errStalled) {
		err = errStalled
	}
	return n, err
}

func (w *watched) Close() error {
	w.timer.Stop()
	w.cancel(nil)
	return w.ReadCloser.Close()
}

// careful is the transport below go-containerregistry's: it encrypts whatever goes to another machine, waits as a 429 asks, and
// bounds answers that are read whole.
type careful struct {
	inner    http.RoundTripper
	insecure bool
	limit    int64
	waited   atomic.Int64
}

func (c *careful) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme == "http" && !c.insecure && !loopback(req.URL.Hostname()) {
		// go-containerregistry takes private addresses and .local for plain HTTP, and a registry may name any address for its
		// tokens or blobs.
		req = req.Clone(req.Context())
		req.URL.Scheme = "https"
	}
	for try := 0; ; try++ {
		resp, err := c.inner.RoundTrip(req)
		if errors.Is(err, http.ErrSchemeMismatch) {
			return nil, &plainHTTP{host: clean(req.URL.Host, 100)}
		}
		if err != nil {
			return nil, err
		}
		if resp.StatusCode != http.StatusTooManyRequests || req.Body != nil && req.Body != http.NoBody {
			if strings.HasPrefix(req.URL.Path, "/v2/") && !strings.Contains(req.URL.Path, "/blobs/") {
				resp.Body = &bounded{ReadCloser: resp.Body, left: c.limit}
			}
			return resp, nil
		}
		wait, said := retryAfter(resp)
		if !said {
			wait = time.Second << try
		}
		_ = resp.Body.Close()
		if try >= maxSlow || wait > maxWait || time.Duration(c.waited.Add(int64(wait))) > 5*maxWait {
			e := &slowDown{}
			if said {
				e.after = wait.String()
			}
			return nil, e
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-req.Context().Done():
			t.Stop()
			return nil, req.Context().Err()
		}
	}
}

// retryAfter reads RFC 9110 §10.2.3: seconds, or a date, which is taken against the answer's own.
func retryAfter(resp *http.Response) (time.Duration, bool) {
	s := resp.Header.Get("Retry-After")
	if n, err := strconv.ParseInt(s, 10, 32); err == nil && n >= 0 {
		return time.Duration(n) * time.Second, true
	}
	at, err := http.ParseTime(s)
	if err != nil {
		return 0, false
	}
	now, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return 0, false
	}
	return max(0, at.Sub(now)), true
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// bounded is a body that fails beyond a limit.
type bounded struct {
	io.ReadCloser
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left+1)])
	if b.left -= int64(n); b.left < 0 {
		return n, errors.New("the answer is larger than any honest one")
	}
	return n, err
}
