package image

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"sprawl/finding"
)

// baseImage is what tells the parts of a base image from those that were built on it.
type baseImage struct {
	diffs []string // digests of the unpacked layers: the same whatever compressed or carried them
	cfg   config
}

// baseOf says how much of an image is its base's.
type baseOf struct {
	layers int // from the bottom
	steps  int // of the history
	env    map[string]bool
	labels map[string]string
	name   string // fit to be shown
	why    string // a base is named and was not looked at
}

// baseCache keeps the base that Options name, and those that annotations lead to.
type baseCache struct {
	once  sync.Once
	given []baseImage
	noted map[string][]baseImage
}

// base compares the image with what it was built on.
func (m *manifests) base(ctx context.Context, d *draft, cfg config) baseOf {
	r := m.run
	if d.attested || len(cfg.RootFS.DiffIDs) == 0 {
		return baseOf{}
	}
	if r.o.Base != "" {
		r.bases.once.Do(func() {
			var err error
			if r.bases.given, err = r.openBase(ctx); err != nil && ctx.Err() == nil {
				r.led.Skip(finding.Skip{Target: clean(r.o.Base, 200), Reason: finding.ReasonUnreadable, Detail: "base image: " + describe(err)})
			}
		})
		b := compare(r.bases.given, cfg)
		b.name = clean(r.o.Base, 200)
		return b
	}
	notes := merged(d.notes, d.man.Annotations)
	digest, name := notes[baseDigest], clean(notes[baseName], 200)
	h, err := v1.NewHash(digest)
	if digest == "" || err != nil {
		return baseOf{}
	}
	if r.bases.noted == nil {
		r.bases.noted = map[string][]baseImage{}
	}
	images, known := r.bases.noted[digest]
	if !known {
		st := m.store
		if n, ok := st.(interface{ sibling(name string) store }); ok && name != "" {
			st = n.sibling(name)
		}
		if st != nil {
			images, _ = r.baseImages(ctx, st, h, 0)
		}
		r.bases.noted[digest] = images
	}
	b := compare(images, cfg)
	if b.name = name; b.name == "" {
		b.name = digest
	}
	if len(images) == 0 {
		b.why = "its base image " + b.name + " was not looked at: name it as the base to tell its layers apart"
	}
	return b
}

// compare finds the base image that shares most with the image, of whatever platform: equal digests are equal layers.
func compare(bases []baseImage, cfg config) baseOf {
	var best baseOf
	for _, b := range bases {
		n := 0
		for n < len(b.diffs) && n < len(cfg.RootFS.DiffIDs) && b.diffs[n] == cfg.RootFS.DiffIDs[n] {
			n++
		}
		if n == 0 || n <= best.layers {
			continue
		}
		best = baseOf{layers: n, env: map[string]bool{}, labels: b.cfg.Config.Labels}
		for best.steps < len(b.cfg.History) && best.steps < len(cfg.History) && b.cfg.History[best.steps] == cfg.History[best.steps] {
			best.steps++
		}
		for _, e := range b.cfg.Config.Env {
			best.env[e] = true
		}
	}
	return best
}

// baseImages reads the configurations of the images that a digest names, of every platform.
func (r *run) baseImages(ctx context.Context, st store, h v1.Hash, depth int) ([]baseImage, error) {
	raw, media, err := st.manifest(ctx, h)
	if err != nil {
		return nil, err
	}
	return r.baseFrom(ctx, st, raw, string(media), depth)
}

func (r *run) baseFrom(ctx context.Context, st store, raw []byte, media string, depth int) ([]baseImage, error) {
	var p probe
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, &Error{Kind: ErrCorrupt, Err: errors.New("its manifest is not JSON")}
	}
	if p.Manifests != nil {
		var x v1.IndexManifest
		if err := json.Unmarshal(raw, &x); err != nil || depth >= maxNested {
			return nil, &Error{Kind: ErrCorrupt, Err: errors.New("its index cannot be read")}
		}
		var out []baseImage
		var failed error
		for _, d := range x.Manifests[:min(len(x.Manifests), maxBases)] {
			if d.Annotations[referenceType] == attestation || d.Platform != nil && !r.wants(*d.Platform) {
				continue
			}
			images, err := r.baseImages(ctx, st, d.Digest, depth+1)
			if err != nil {
				failed = err
			}
			out = append(out, images...)
		}
		if len(out) > 0 {
			failed = nil
		}
		return out, failed
	}
	var man v1.Manifest
	if err := json.Unmarshal(raw, &man); err != nil {
		return nil, &Error{Kind: ErrCorrupt, Err: errors.New("its manifest cannot be read")}
	}
	m := &manifests{run: r, store: st}
	b, err := m.small(ctx, man.Config)
	if err != nil {
		return nil, err
	}
	return []baseImage{newBase(b)}, nil
}

const maxBases = 64 // images of a base's index

func newBase(raw []byte) baseImage {
	cfg, _ := parseConfig(raw)
	return baseImage{diffs: cfg.RootFS.DiffIDs, cfg: cfg}
}

// openBase reads the base that Options name.
func (r *run) openBase(ctx context.Context) ([]baseImage, error) {
	scheme, rest := "image", r.o.Base
	for _, s := range Schemes() {
		if len(rest) > len(s) && rest[:len(s)+1] == s+":" {
			scheme, rest = s, rest[len(s)+1:]
			break
		}
	}
	s, err := Open(scheme, rest, r.o)
	if err != nil {
		return nil, err
	}
	t, ok := s.targets[0].(interface {
		bases(ctx context.Context, r *run) ([]baseImage, error)
	})
	if !ok {
		return nil, &Error{Target: s.name, Kind: ErrReference, Next: "name one image as the base"}
	}
	return t.bases(ctx, r)
}
