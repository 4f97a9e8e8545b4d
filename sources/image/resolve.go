package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"sprawl/finding"
	"sprawl/sources"
)

// store is where the parts of an image come from: a repository, a layout, an archive.
type store interface {
	// manifest returns a manifest or an index, held against its digest.
	manifest(ctx context.Context, h v1.Hash) ([]byte, types.MediaType, error)
	// blob opens what a descriptor names. Reading it to its end fails if it is not what the digest says.
	blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error)
}

// Annotations and media types that have a meaning here.
const (
	baseDigest     = "org.opencontainers.image.base.digest"
	baseName       = "org.opencontainers.image.base.name"
	titleKey       = "org.opencontainers.image.title"
	refNameKey     = "org.opencontainers.image.ref.name"
	containerdName = "io.containerd.image.name"
	referenceType  = "vnd.docker.reference.type" // of BuildKit's attestation manifests
	attestation    = "attestation-manifest"
)

const (
	maxNested  = 4   // indexes inside each other
	maxNotes   = 40  // sentences about one target
	maxTexts   = 512 // history entries of an image
	configPath = "config.json"
)

// img is one image of one platform, under all the names that the walk met it by.
type img struct {
	names    []string // targets, as locations call them
	tags     []string // of docker and OCI archives, where the target names the file
	platform string
	digest   string // of the manifest; of the configuration where there is no manifest
	config   string
	slots    []slot
	note     string
}

// slot is one layer in one image.
type slot struct {
	layer *layer
	step  step
	base  bool
}

// step is an entry of the history.
type step struct {
	by      string // fit to be shown
	created time.Time
}

// placed is a text in an image.
type placed struct {
	img   *img
	path  string
	layer *finding.Layer
}

// named is what a target, or one tag of it, points to.
type named struct {
	target string
	tags   []string
	raw    []byte
	media  types.MediaType
	digest string
	notes  map[string]string // annotations that an outer index gives it
}

func newRun(o Options, led *sources.Ledger) *run {
	return &run{
		o: o, led: led, feed: newFeed(), byRoot: map[string]*img{}, layers: map[string]*layer{}, texts: map[string][]placed{},
		bases: &baseCache{}, seed: maphash.MakeSeed(),
	}
}

func (r *run) finish() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.read, r.feed = nil, nil
	for _, c := range r.closers {
		_ = c.Close() // read only
	}
	r.closers = nil
}

// manifests keeps what one named root led to, for its entry in the ledger.
type manifests struct {
	run   *run
	store store
	root  named
	count int
	found []*img
	left  []string // what was left out, by choice
}

// root resolves what a name points to and starts the reading of layers that were not read yet.
func (r *run) root(ctx context.Context, st store, n named) error {
	m := &manifests{run: r, store: st, root: n}
	if err := m.walk(ctx, n.raw, n.media, n.digest, "", n.notes, false, 0); err != nil {
		return err
	}
	if len(m.found) == 0 && len(m.left) > 0 {
		return &Error{Target: n.target, Kind: ErrPlatform, What: strings.Join(r.o.Platforms, ", "), Next: "it has " + strings.Join(slices.Compact(slices.Sorted(slices.Values(m.left))), ", ")}
	}
	if len(m.found) == 0 {
		return &Error{Target: n.target, Kind: ErrEmpty, Next: "check that the push was complete"}
	}
	cover := finding.TargetCoverage{Source: "image", Target: n.target, Tip: n.digest, Refs: len(n.tags), Notes: []string{}}
	for _, i := range m.found {
		if len(cover.Notes) == maxNotes {
			cover.Notes = append(cover.Notes, fmt.Sprintf("and %d more images", len(m.found)-maxNotes))
			break
		}
		cover.Notes = append(cover.Notes, i.note)
	}
	if len(m.left) > 0 {
		cover.Notes = append(cover.Notes, "not asked for: "+strings.Join(slices.Compact(slices.Sorted(slices.Values(m.left))), ", "))
	}
	r.led.Target(cover)
	return nil
}

// probe is what tells an index from a manifest where the media type is missing.
type probe struct {
	MediaType     types.MediaType   `json:"mediaType"`
	SchemaVersion int               `json:"schemaVersion"`
	Manifests     []json.RawMessage `json:"manifests"`
	Config        *json.RawMessage  `json:"config"`
	FSLayers      []json.RawMessage `json:"fsLayers"`
}

func (m *manifests) walk(ctx context.Context, raw []byte, media types.MediaType, digest, platform string, notes map[string]string, attested bool, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var p probe
	if err := json.Unmarshal(raw, &p); err != nil {
		return &Error{Target: m.root.target, What: digest, Kind: ErrCorrupt, Err: errors.New("its manifest is not JSON"), Next: "push it again"}
	}
	switch {
	case media.IsSchema1() || p.SchemaVersion == 1 || len(p.FSLayers) > 0:
		return &Error{Target: m.root.target, What: "schema 1", Kind: ErrUnsupported, Next: "push it again with a client of this decade"}
	case media.IsIndex() || p.Manifests != nil:
		return m.index(ctx, raw, digest, notes, depth)
	case media.IsImage() || p.Config != nil:
		return m.image(ctx, raw, digest, platform, notes, attested)
	}
	return &Error{Target: m.root.target, What: clean(string(media), 100), Kind: ErrUnsupported, Next: "look at it with the tool that made it"}
}

func (m *manifests) index(ctx context.Context, raw []byte, digest string, notes map[string]string, depth int) error {
	if depth >= maxNested {
		m.skip(digest, finding.ReasonLimit, "limit on indexes inside each other")
		return nil
	}
	var x v1.IndexManifest
	if err := json.Unmarshal(raw, &x); err != nil {
		return &Error{Target: m.root.target, What: digest, Kind: ErrCorrupt, Err: errors.New("its index cannot be read"), Next: "push it again"}
	}
	notes = merged(notes, x.Annotations)
	for _, d := range x.Manifests {
		attested := d.Annotations[referenceType] == attestation
		platform := ""
		if d.Platform != nil && d.Platform.OS != "unknown" {
			platform = clean(d.Platform.String(), 100)
			if !m.run.wants(*d.Platform) && !d.MediaType.IsIndex() {
				m.left = append(m.left, platform)
				continue
			}
		}
		if m.count++; m.count > m.run.o.Limits.Images {
			m.skip(digest, finding.ReasonLimit, fmt.Sprintf("limit on images (%d)", m.run.o.Limits.Images))
			return nil
		}
		if known := m.run.known(d.Digest.String(), platform); known != nil {
			m.take(known)
			continue
		}
		child, media, err := m.store.manifest(ctx, d.Digest)
		if err == nil {
			err = m.walk(ctx, child, or(media, d.MediaType), d.Digest.String(), platform, merged(notes, d.Annotations), attested, depth+1)
		}
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			m.trouble(d.Digest.String(), platform, err)
		}
	}
	return nil
}

func or(a, b types.MediaType) types.MediaType {
	if a.IsImage() || a.IsIndex() || a.IsSchema1() {
		return a
	}
	return b
}

func merged(a, b map[string]string) map[string]string {
	if len(b) == 0 {
		return a
	}
	out := maps.Clone(b)
	for k, v := range a {
		if _, ok := out[k]; !ok {
			out[k] = v
		}
	}
	return out
}

func (m *manifests) skip(digest string, why finding.Reason, detail string) {
	m.run.led.Skip(finding.Skip{Target: m.root.target, Object: digest, Reason: why, Detail: detail})
}

// trouble with one image of several.
func (m *manifests) trouble(digest, platform string, err error) {
	why := finding.ReasonUnreadable
	switch {
	case errors.Is(err, ErrNotFound):
		why = finding.ReasonMissing
	case errors.Is(err, ErrCorrupt), errors.Is(err, errDigest):
		why = finding.ReasonCorrupt
	case errors.Is(err, ErrUnsupported):
		why = finding.ReasonUnsupported
	}
	if platform != "" {
		platform += ": "
	}
	m.skip(digest, why, platform+describe(err))
}

// describe is an error in the words of this package, and never in those of an image or a registry.
func describe(err error) string {
	var own *Error
	switch {
	case errors.As(err, &own):
		short := *own
		short.Target, short.Next = "", ""
		return strings.TrimPrefix(short.Error(), ": ")
	case errors.Is(err, errDigest):
		return errDigest.Error()
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "ends too early"
	}
	return "cannot be read"
}

// wants reports whether the platform was asked for.
func (r *run) wants(p v1.Platform) bool {
	if len(r.o.Platforms) == 0 {
		return true
	}
	for _, s := range r.o.Platforms {
		if want, err := v1.ParsePlatform(s); err == nil && p.Satisfies(*want) {
			return true
		}
	}
	return false
}

func (r *run) known(digest, platform string) *img {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byRoot[digest+" "+platform]
}

// take gives an image the name it was met by.
func (m *manifests) take(i *img) {
	m.run.mu.Lock()
	defer m.run.mu.Unlock()
	if !slices.Contains(i.names, m.root.target) {
		i.names = append(i.names, m.root.target)
	}
	for _, t := range m.root.tags {
		if !slices.Contains(i.tags, t) {
			i.tags = append(i.tags, t)
		}
	}
	m.found = append(m.found, i)
}

// image reads one image.
func (m *manifests) image(ctx context.Context, raw []byte, digest, platform string, notes map[string]string, attested bool) error {
	if known := m.run.known(digest, platform); known != nil {
		m.take(known)
		return nil
	}
	var man v1.Manifest
	if err := json.Unmarshal(raw, &man); err != nil {
		return &Error{Target: m.root.target, What: digest, Kind: ErrCorrupt, Err: errors.New("its manifest cannot be read"), Next: "push it again"}
	}
	d := draft{digest: digest, platform: platform, notes: notes, attested: attested, man: man}
	if b, err := m.small(ctx, man.Config); err == nil {
		d.config = b
	} else if ctx.Err() != nil {
		return ctx.Err()
	} else {
		m.trouble(man.Config.Digest.String(), platform, err)
	}
	return m.add(ctx, d)
}

// small reads a blob that is to be parsed.
func (m *manifests) small(ctx context.Context, d v1.Descriptor) ([]byte, error) {
	limit := m.run.o.Limits.MetaBytes
	if d.Size > limit {
		return nil, &Error{Target: m.root.target, Kind: ErrUnsupported, What: fmt.Sprintf("a configuration of %d bytes", d.Size)}
	}
	rc, err := m.store.blob(ctx, d)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	b, err := io.ReadAll(io.LimitReader(rc, limit+1))
	if err == nil && int64(len(b)) > limit {
		return nil, &Error{Target: m.root.target, Kind: ErrUnsupported, What: fmt.Sprintf("a configuration of more than %d bytes", limit)}
	}
	return b, err
}

// draft is an image before it is added.
type draft struct {
	digest, platform string
	notes            map[string]string // annotations of what points to it
	attested         bool
	man              v1.Manifest
	config           []byte // nil if it could not be read
}

// add registers an image, hands out its texts and starts reading its layers.
func (m *manifests) add(ctx context.Context, d draft) error {
	r := m.run
	cfg, rest := parseConfig(d.config)
	asked := d.platform
	own := v1.Platform{OS: cfg.OS, Architecture: cfg.Architecture, Variant: cfg.Variant, OSVersion: cfg.OSVersion}
	if d.platform == "" && cfg.OS != "" {
		d.platform = clean(own.String(), 100)
		if !d.attested && !r.wants(own) {
			m.left = append(m.left, d.platform)
			return nil
		}
	}
	i := &img{platform: d.platform, digest: d.digest, config: d.man.Config.Digest.String()}
	base := m.base(ctx, &d, cfg)
	layers := d.man.Layers
	if limit := r.o.Limits.Layers; len(layers) > limit {
		m.skip(d.digest, finding.ReasonLimit, fmt.Sprintf("limit on layers (%d): the upper %d were not read", limit, len(layers)-limit))
		layers = layers[:limit]
	}
	steps := cfg.steps()
	made := slices.DeleteFunc(slices.Clone(steps), func(s historyStep) bool { return s.empty })
	var fresh []*layer
	r.mu.Lock()
	for n, desc := range layers {
		l, isNew := r.layer(m.root.target, desc, m.store)
		if isNew {
			fresh = append(fresh, l)
		}
		s := slot{layer: l, base: n < base.layers}
		if len(made) == len(d.man.Layers) {
			s.step = made[n].step
		}
		i.slots = append(i.slots, s)
	}
	r.images = append(r.images, i)
	r.byRoot[d.digest+" "+asked], r.byRoot[d.digest+" "+d.platform] = i, i
	r.mu.Unlock()
	i.note = i.describe(d, base)
	m.take(i)
	if err := r.describeImage(ctx, i, cfg, rest, steps, base, &d); err != nil {
		return err
	}
	for _, l := range fresh {
		switch {
		case l.flat == "" && !isTar(l.media):
			r.led.Saw(1)
			r.led.Skip(finding.Skip{Target: l.target, Object: l.digest, Reason: finding.ReasonUnsupported, Detail: "layer of type " + clean(l.media, 100)})
		case !types.MediaType(l.media).IsDistributable() && l.foreign:
			r.led.Saw(1)
			r.led.Skip(finding.Skip{Target: l.target, Object: l.digest, Reason: finding.ReasonExcluded, Detail: "a foreign layer, kept elsewhere by its vendor"})
		default:
			r.read(l)
		}
	}
	return nil
}

func (i *img) describe(d draft, base baseOf) string {
	s := cmpOr(i.platform, "no platform") + ", "
	if d.attested {
		s = "attestations, "
	}
	s += "manifest " + i.digest
	if i.digest != i.config {
		s += ", config " + i.config
	}
	if n := len(i.slots); n == 1 {
		s += ", 1 layer"
	} else {
		s += fmt.Sprintf(", %d layers", n)
	}
	if base.layers > 0 {
		s += fmt.Sprintf(", the lower %d of its base image", base.layers)
		if base.name != "" {
			s += " " + base.name
		}
	} else if base.why != "" {
		s += ", " + base.why
	}
	return s
}

func cmpOr(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// layer returns the layer of a descriptor, and whether it is new. The caller holds mu.
//
// Layers are told apart by the digest of their stored bytes, which reading verifies. The digests of the unpacked bytes that a
// configuration claims would find more that are equal, and let an image pass off its own layer as one that was read before.
func (r *run) layer(target string, d v1.Descriptor, st store) (*layer, bool) {
	digest := d.Digest.String()
	if l, ok := r.layers[digest]; ok {
		return l, false
	}
	l := &layer{digest: digest, media: string(d.MediaType), target: target, foreign: len(d.URLs) > 0}
	l.flat = flatName(d)
	l.index.seed = r.seed
	l.open = func(ctx context.Context) (io.ReadCloser, error) { return st.blob(ctx, d) }
	r.layers[digest] = l
	return l, true
}

// isTar reports whether a media type is that of a file system layer, or of any other tar.
func isTar(media string) bool {
	return strings.Contains(media, "tar") && !strings.HasSuffix(media, "+encrypted")
}

// flatName is the path of a layer that is one file: an attestation, an SBOM, a text; "" for any other.
func flatName(d v1.Descriptor) string {
	media := string(d.MediaType)
	if isTar(media) || strings.HasSuffix(media, "+encrypted") {
		return ""
	}
	var name string
	switch {
	case strings.Contains(media, "in-toto"), strings.Contains(media, "dsse"):
		name = "attestation.json"
	case strings.Contains(media, "spdx"), strings.Contains(media, "cyclonedx"), strings.Contains(media, "syft"):
		name = "sbom.json"
	case strings.HasSuffix(media, "+json"), media == "application/json":
		name = "blob.json"
	case strings.HasPrefix(media, "text/"), strings.HasSuffix(media, "+yaml"), strings.HasSuffix(media, "+xml"), strings.HasSuffix(media, "yaml"), strings.HasSuffix(media, "xml"):
		name = "blob.txt"
	default:
		return ""
	}
	if title := cleanPath(d.Annotations[titleKey]); title != "" {
		return title
	}
	return name
}

// text hands out a text of an image, once for each content, and notes its place.
func (r *run) text(ctx context.Context, i *img, path, text string, l *finding.Layer) error {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(text))
	id := "sha256:" + hex.EncodeToString(sum[:])
	r.mu.Lock()
	_, seen := r.texts[id]
	r.texts[id] = append(r.texts[id], placed{i, path, l})
	r.mu.Unlock()
	if seen {
		return nil
	}
	r.led.Saw(1)
	return r.feed.text(ctx, sources.Blob{ID: id, Size: int64(len(text)), Name: path}, text)
}
