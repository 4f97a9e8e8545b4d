package image

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"sprawl/finding"
)

// tree is the files of a layout or an archive, by slash path.
type tree interface {
	// open returns fs.ErrNotExist for what is not there.
	open(name string) (io.ReadCloser, int64, error)
	io.Closer
}

// folder is a directory. Nothing outside it is opened, whatever links are in it.
type folder struct{ *os.Root }

func (f folder) open(name string) (io.ReadCloser, int64, error) {
	info, err := f.Stat(name)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, errors.New("not a regular file")
	}
	file, err := f.Open(name)
	if err != nil {
		return nil, 0, err
	}
	return file, info.Size(), nil
}

// layoutTarget is an OCI image layout (image-layout.md of the specification), in a directory or a tar file.
type layoutTarget struct {
	name, path string
	archive    bool
}

func (t *layoutTarget) target() string { return t.name }

func (t *layoutTarget) tree() (tree, error) {
	if t.archive {
		return openArchive(t.name, t.path)
	}
	root, err := os.OpenRoot(t.path)
	if err != nil {
		return nil, onDisk(t.name, err)
	}
	return folder{root}, nil
}

// onDisk is trouble with a file or directory that the user named.
func onDisk(target string, err error) error {
	e := &Error{Target: target, Kind: ErrUnreachable, Err: err, Next: "check the path"}
	var p *fs.PathError
	if errors.As(err, &p) {
		e.Err = p.Err
	}
	if errors.Is(err, fs.ErrPermission) {
		e.Next = "run as a user who may read it"
	}
	return e
}

func (t *layoutTarget) open(ctx context.Context, r *run) error {
	st, index, err := t.load(r)
	if err != nil {
		return err
	}
	if len(index.Manifests) == 0 {
		return &Error{Target: t.name, Kind: ErrEmpty, Next: "check that it was written to its end"}
	}
	return r.each(ctx, t.name, len(index.Manifests), func(n int) error {
		d := index.Manifests[n]
		m, media, err := st.manifest(ctx, d.Digest)
		if err != nil {
			return err
		}
		notes := merged(index.Annotations, d.Annotations)
		return r.root(ctx, st, named{target: t.name, tags: tagsOf(d), raw: m, media: or(media, d.MediaType), digest: d.Digest.String(), notes: notes})
	})
}

// each reads the images of a file one after the other. With one image its error is that of the file; else it goes to the ledger.
func (r *run) each(ctx context.Context, target string, count int, read func(n int) error) error {
	limit := r.o.Limits.Images
	if count > limit {
		r.led.Skip(finding.Skip{Target: target, Reason: finding.ReasonLimit, Detail: fmt.Sprintf("limit on images (%d)", limit)})
	}
	var left error
	found := 0
	for n := range min(count, limit) {
		err := read(n)
		switch {
		case err == nil:
			found++
		case ctx.Err() != nil:
			return ctx.Err()
		case count == 1:
			return asError(target, err)
		case errors.Is(err, ErrPlatform):
			left = err
		default:
			m := &manifests{run: r, root: named{target: target}}
			m.trouble("", "", err)
		}
	}
	if found == 0 {
		return left
	}
	return nil
}

// asError gives an error of a store the form that a target's has.
func asError(target string, err error) error {
	var own *Error
	if errors.As(err, &own) {
		return err
	}
	return &Error{Target: target, Kind: ErrCorrupt, Err: errors.New(describe(err)), Next: "write or copy it again"}
}

// tagsOf are the names that a layout's index gives an image.
func tagsOf(d v1.Descriptor) []string {
	var out []string
	for _, k := range []string{refNameKey, containerdName} {
		if s := clean(d.Annotations[k], 500); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func (t *layoutTarget) load(r *run) (*layoutStore, *v1.IndexManifest, error) {
	files, err := t.tree()
	if err != nil {
		return nil, nil, err
	}
	r.keep(files)
	st := &layoutStore{name: t.name, files: files, limit: r.o.Limits.MetaBytes}
	raw, err := readSmall(files, "index.json", st.limit)
	if err != nil {
		e := &Error{Target: t.name, Kind: ErrFormat, What: "no index.json", Next: "an OCI layout has index.json, oci-layout and blobs"}
		if b, derr := readSmall(files, "manifest.json", st.limit); derr == nil && len(b) > 0 {
			e.Next = "this is what docker save writes: docker-archive:FILE"
		}
		if !errors.Is(err, fs.ErrNotExist) {
			e.Kind, e.What, e.Err, e.Next = ErrCorrupt, "index.json", errors.New(describe(err)), "write or copy it again"
		}
		return nil, nil, e
	}
	var x v1.IndexManifest
	if err := json.Unmarshal(raw, &x); err != nil {
		return nil, nil, &Error{Target: t.name, Kind: ErrCorrupt, What: "index.json", Err: errors.New("not JSON of an index"), Next: "write or copy it again"}
	}
	return st, &x, nil
}

func (t *layoutTarget) bases(ctx context.Context, r *run) ([]baseImage, error) {
	st, index, err := t.load(r)
	if err != nil {
		return nil, err
	}
	var out []baseImage
	for _, d := range index.Manifests[:min(len(index.Manifests), maxBases)] {
		images, err := r.baseImages(ctx, st, d.Digest, 0)
		if err != nil {
			return out, err
		}
		out = append(out, images...)
	}
	return out, nil
}

// keep closes what the layers are read from when the walk is over.
func (r *run) keep(c io.Closer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closers = append(r.closers, c)
}

func readSmall(t tree, name string, limit int64) ([]byte, error) {
	rc, size, err := t.open(name)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	if size > limit {
		return nil, &Error{Kind: ErrUnsupported, What: fmt.Sprintf("%s of %d bytes", name, size)}
	}
	return io.ReadAll(io.LimitReader(rc, limit))
}

// layoutStore is the blobs of a layout.
type layoutStore struct {
	name  string
	files tree
	limit int64
}

func (s *layoutStore) path(h v1.Hash) (string, error) {
	// The digest of a descriptor becomes a file name: NewHash has held its form against the algorithm.
	if _, err := v1.NewHash(h.String()); err != nil {
		return "", &Error{Target: s.name, Kind: ErrCorrupt, Err: errors.New("a digest that is none"), Next: "write or copy it again"}
	}
	return "blobs/" + h.Algorithm + "/" + h.Hex, nil
}

func (s *layoutStore) manifest(_ context.Context, h v1.Hash) ([]byte, types.MediaType, error) {
	rc, size, err := s.stored(h)
	if err != nil {
		return nil, "", err
	}
	if size > s.limit {
		return nil, "", errors.Join(&Error{Target: s.name, Kind: ErrUnsupported, What: fmt.Sprintf("a manifest of %d bytes", size)}, rc.Close())
	}
	rc, err = verify(rc, h, size)
	if err != nil {
		return nil, "", err
	}
	defer rc.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(rc); err != nil {
		return nil, "", err
	}
	var p probe
	_ = json.Unmarshal(b.Bytes(), &p) // what is no JSON has no media type
	return b.Bytes(), p.MediaType, nil
}

func (s *layoutStore) stored(h v1.Hash) (io.ReadCloser, int64, error) {
	p, err := s.path(h)
	if err != nil {
		return nil, 0, err
	}
	rc, size, err := s.files.open(p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, &Error{Target: s.name, Kind: ErrNotFound, What: p, Next: "write or copy it again, whole"}
	}
	if err != nil {
		return nil, 0, onDisk(s.name, err)
	}
	return rc, size, nil
}

func (s *layoutStore) blob(_ context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	rc, _, err := s.stored(d.Digest)
	if err != nil {
		return nil, err
	}
	return verify(rc, d.Digest, sizeOf(d))
}
