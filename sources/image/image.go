// Package image is the source of container images: in a registry, in an OCI layout, in an archive of either kind. It hands out
// every file of every layer, also those that a later layer deletes or overwrites, the configuration (environment, command,
// labels, health check), the history, annotations, attestations and SBOMs. Afterwards it says of the few blobs that matter
// which images hold them, in which layer, made by which step, and whether the final file system still shows them.
//
// Layers are read as streams and never held; a layer that several images share is read once. Nothing is written to disk and
// nothing of an image is run, extracted or followed: names, links and devices are data. Nothing is fetched but what the
// target names: no foreign layer, no reference to another registry. Plain HTTP is spoken with this machine only, unless
// Options say otherwise. Credentials come from Options.Keychain alone and appear in no error and no log.
package image

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"sprawl/finding"
	"sprawl/sources"
)

// Options of a source. The zero value reads every platform, without credentials, within the default limits.
type Options struct {
	Platforms []string // "linux/amd64", "linux/arm/v7", "windows/amd64:10.0.20348"; none means all
	// Base is the image that the scanned ones were built on: a reference, or a target with its scheme ("oci:DIR"). Layers
	// they have in common from the bottom up are marked as the base's. Without it the OCI annotation
	// org.opencontainers.image.base.digest is used where the same registry or layout holds that image.
	Base string

	Insecure  bool              // speak plain HTTP with any registry, not only with this machine
	Transport http.RoundTripper // nil means go-containerregistry's, which honours the proxy settings of the environment
	Keychain  authn.Keychain    // asked for registries only; nil means anonymous; Logins are docker's and podman's
	Referrers bool              // ask a registry for attestations and SBOMs that refer to an image: two more requests for each

	Limits Limits
}

// Limits bound what one image, and one run, can cost. What is beyond stands in the ledger. Zero means the default.
type Limits struct {
	Images     int   // images of a target, platforms counted; 5000
	Layers     int   // of an image; 512
	Entries    int   // of a layer; 1,000,000
	LayerBytes int64 // unpacked, of a layer; 32 GiB
	Ratio      int64 // unpacked bytes for each packed one beyond the first GiB of a layer; 200
	Whole      int64 // bytes up to which an archive inside a layer is handed out to be opened; 32 MiB
	MetaBytes  int64 // of a manifest, a configuration, an index; 8 MiB
}

func (l Limits) filled() Limits {
	def := Limits{Images: 5000, Layers: 512, Entries: 1_000_000, LayerBytes: 32 << 30, Ratio: 200, Whole: 32 << 20, MetaBytes: 8 << 20}
	pick := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	pick64 := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	pick(&l.Images, def.Images)
	pick(&l.Layers, def.Layers)
	pick(&l.Entries, def.Entries)
	pick64(&l.LayerBytes, def.LayerBytes)
	pick64(&l.Ratio, def.Ratio)
	pick64(&l.Whole, def.Whole)
	pick64(&l.MetaBytes, def.MetaBytes)
	return l
}

// Source is one target, or several that were joined. It is a sources.Locator for the last Walk.
type Source struct {
	name    string
	o       Options
	targets []opener
	last    *run
}

// opener finds the images of one target and gives each to add. Trouble with one of several goes to the ledger; the error is
// about the target as a whole, or the context's.
type opener interface {
	target() string
	open(ctx context.Context, r *run) error
}

// Registry is the source of what ref names:
//
//	alpine:3, registry.example/team/app@sha256:…   an image, in Docker's notation
//	registry.example/team/app:1.*                  the tags of a repository that match a glob (path.Match); ":*" are all
//	registry.example/team/*:*                      repositories of the registry's catalogue
//	registry.example/                              all of them
func Registry(ref string, o Options) (*Source, error) {
	t, err := parseReference(ref, o)
	if err != nil {
		return nil, err
	}
	return newSource(t, o)
}

// OCIDir is the source of an OCI image layout in a directory.
func OCIDir(dir string, o Options) (*Source, error) {
	return newSource(&layoutTarget{name: "oci:" + filepath.ToSlash(dir), path: dir}, o)
}

// OCIArchive is the source of a tar file that holds an OCI image layout.
func OCIArchive(file string, o Options) (*Source, error) {
	return newSource(&layoutTarget{name: "oci-archive:" + filepath.ToSlash(file), path: file, archive: true}, o)
}

// DockerArchive is the source of what docker save writes.
func DockerArchive(file string, o Options) (*Source, error) {
	return newSource(&dockerTarget{name: "docker-archive:" + filepath.ToSlash(file), path: file}, o)
}

// Schemes are the words before the colon that Open takes.
func Schemes() []string { return []string{"image", "oci", "oci-archive", "docker-archive"} }

// Open is the constructor that scheme names, one of Schemes.
func Open(scheme, rest string, o Options) (*Source, error) {
	switch scheme {
	case "image":
		return Registry(rest, o)
	case "oci":
		return OCIDir(rest, o)
	case "oci-archive":
		return OCIArchive(rest, o)
	case "docker-archive":
		return DockerArchive(rest, o)
	}
	return nil, &Error{Target: scheme + ":", Kind: ErrReference, Next: "write one of " + strings.Join(Schemes(), ", ")}
}

// Join makes one source of several, with the options of the first, so that a layer they share is read once.
func Join(first *Source, more ...*Source) *Source {
	s := &Source{name: first.name, o: first.o, targets: append([]opener(nil), first.targets...)}
	for _, m := range more {
		s.targets = append(s.targets, m.targets...)
	}
	if len(s.targets) > 1 {
		s.name = fmt.Sprintf("%s and %d more", first.targets[0].target(), len(s.targets)-1)
	}
	return s
}

func newSource(t opener, o Options) (*Source, error) {
	o.Limits = o.Limits.filled()
	for _, p := range o.Platforms {
		if _, err := v1.ParsePlatform(p); err != nil || strings.Count(p, "/") < 1 {
			return nil, &Error{Target: t.target(), Kind: ErrPlatform, What: clean(p, 100), Next: "write it as linux/amd64"}
		}
	}
	return &Source{name: t.target(), o: o, targets: []opener{t}}, nil
}

// Name is the target as it was named, with its scheme.
func (s *Source) Name() string { return s.name }

// Walk hands out every file of every layer and every piece of text around them. Blobs have no places yet: Locate knows them.
//
// One goroutine resolves images, as many as there are workers read layers, and workers visit.
func (s *Source) Walk(ctx context.Context, workers int, led *sources.Ledger, visit func(worker int, b sources.Blob) error) error {
	workers = max(1, workers)
	r := newRun(s.o, led)
	s.last = r
	g, ctx := errgroup.WithContext(ctx)
	for w := range workers {
		g.Go(func() error { return r.feed.consume(ctx, w, visit) })
	}
	g.Go(func() error {
		defer r.feed.end()
		return s.produce(ctx, r, workers)
	})
	err := g.Wait()
	r.finish()
	return err
}

// produce opens the targets one after the other while the layers found so far are read.
func (s *Source) produce(ctx context.Context, r *run, readers int) error {
	layers, lctx := errgroup.WithContext(ctx)
	layers.SetLimit(readers)
	r.read = func(l *layer) { layers.Go(func() error { return r.readLayer(lctx, l) }) }
	var failed []error
	for _, t := range s.targets {
		if err := t.open(lctx, r); err != nil {
			if lctx.Err() != nil {
				break
			}
			if len(s.targets) == 1 {
				failed = append(failed, err)
				break
			}
			led := finding.Skip{Target: t.target(), Reason: finding.ReasonUnreadable, Detail: err.Error()}
			r.led.Skip(led)
		}
	}
	if err := layers.Wait(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return errors.Join(failed...)
}

// run is what one Walk knows and Locate asks.
type run struct {
	o    Options
	led  *sources.Ledger
	feed *feed
	read func(*layer)

	mu      sync.Mutex
	images  []*img
	byRoot  map[string]*img   // by manifest digest and platform
	layers  map[string]*layer // by digest
	texts   map[string][]placed
	bases   *baseCache
	seed    maphash.Seed
	closers []io.Closer // of files that layers are read from
	linked  int64       // bytes of names that hard links took
}
