package image

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"sprawl/internal/unpack"
)

const (
	maxMembers = 100_000 // files of an archive
	maxHops    = 8       // links from one name of an archive to another
)

// archive is a tar file on disk that is read in any order: it is not compressed, so its members are stretches of it.
type archive struct {
	*os.File
	members map[string]member
}

type member struct {
	at, size int64
	link     string // another name; then there are no bytes
}

// openArchive reads the headers of a tar file.
func openArchive(target, file string) (*archive, error) {
	f, err := openRegular(file)
	if err != nil {
		return nil, onDisk(target, err)
	}
	a := &archive{File: f, members: map[string]member{}}
	if err := a.read(target); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return a, nil
}

func openRegular(file string) (*os.File, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	return os.Open(file)
}

func (a *archive) read(target string) error {
	head := make([]byte, unpack.HeadBytes)
	n, err := a.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return onDisk(target, err)
	}
	switch kind := unpack.Kind(head[:n]); kind {
	case "tar":
	case "gzip", "zstd", "bzip2", "xz":
		return &Error{Target: target, Kind: ErrFormat, What: "compressed with " + kind, Next: "decompress it first: its parts are read in their own order"}
	default:
		return &Error{Target: target, Kind: ErrFormat, What: "not a tar file", Next: "check the file, and what wrote it"}
	}
	t := tar.NewReader(a.File)
	for n := 0; ; n++ {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			// The members before it can be read; one that is missing will be missed.
			if len(a.members) > 0 && errors.Is(err, io.ErrUnexpectedEOF) {
				return nil
			}
			return &Error{Target: target, Kind: ErrCorrupt, Err: errors.New("not a tar file to its end"), Next: "write or copy it again"}
		}
		if n >= maxMembers {
			return &Error{Target: target, Kind: ErrUnsupported, What: fmt.Sprintf("more than %d files in the archive", maxMembers), Next: "check that it is an image"}
		}
		name := cleanPath(h.Name)
		switch h.Typeflag {
		case tar.TypeReg:
			at, err := a.Seek(0, io.SeekCurrent)
			if err != nil {
				return onDisk(target, err)
			}
			a.members[name] = member{at: at, size: h.Size}
		case tar.TypeSymlink:
			a.members[name] = member{link: cleanPath(path.Join(path.Dir(name), h.Linkname))}
		case tar.TypeLink:
			a.members[name] = member{link: cleanPath(h.Linkname)}
		}
	}
}

func (a *archive) open(name string) (io.ReadCloser, int64, error) {
	name = cleanPath(name)
	for range maxHops {
		m, ok := a.members[name]
		if !ok {
			return nil, 0, fs.ErrNotExist
		}
		if m.link == "" {
			return io.NopCloser(io.NewSectionReader(a.File, m.at, m.size)), m.size, nil
		}
		name = m.link
	}
	return nil, 0, errors.New("links in a circle")
}

// dockerTarget is what docker save writes, of any age: manifest.json names a configuration and layers.
type dockerTarget struct{ name, path string }

func (t *dockerTarget) target() string { return t.name }

// saved is an entry of manifest.json.
type saved struct {
	Config   string
	RepoTags []string
	Layers   []string
}

func (t *dockerTarget) load(r *run) (*savedStore, []saved, error) {
	a, err := openArchive(t.name, t.path)
	if err != nil {
		return nil, nil, err
	}
	r.keep(a)
	raw, err := readSmall(a, "manifest.json", r.o.Limits.MetaBytes)
	if err != nil {
		e := &Error{Target: t.name, Kind: ErrFormat, What: "no manifest.json", Next: "check that it was written by docker save or the like"}
		if _, _, ierr := a.open("index.json"); ierr == nil {
			e.Next = "this is an OCI layout: oci-archive:FILE"
		}
		return nil, nil, e
	}
	var list []saved
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, nil, &Error{Target: t.name, Kind: ErrCorrupt, What: "manifest.json", Err: errors.New("not the JSON that docker save writes"), Next: "write or copy it again"}
	}
	if len(list) == 0 {
		return nil, nil, &Error{Target: t.name, Kind: ErrEmpty, Next: "check that it was written to its end"}
	}
	return &savedStore{name: t.name, files: a, limit: r.o.Limits.MetaBytes, where: map[string]string{}}, list, nil
}

func (t *dockerTarget) open(ctx context.Context, r *run) error {
	st, list, err := t.load(r)
	if err != nil {
		return err
	}
	return r.each(ctx, t.name, len(list), func(n int) error {
		d, err := st.draft(list[n])
		if err != nil {
			return err
		}
		var tags []string
		for _, s := range list[n].RepoTags {
			tags = append(tags, clean(s, 500))
		}
		raw, err := json.Marshal(d.man)
		if err != nil {
			return err
		}
		return r.root(ctx, st, named{target: t.name, tags: tags, raw: raw, media: types.DockerManifestSchema2, digest: d.digest})
	})
}

func (t *dockerTarget) bases(_ context.Context, r *run) ([]baseImage, error) {
	st, list, err := t.load(r)
	if err != nil {
		return nil, err
	}
	var out []baseImage
	for _, s := range list[:min(len(list), maxBases)] {
		b, err := readSmall(st.files, s.Config, st.limit)
		if err != nil {
			return out, err
		}
		out = append(out, newBase(b))
	}
	return out, nil
}

// savedStore is the members of a docker archive, by the digests that their configuration gives them.
type savedStore struct {
	name  string
	files *archive
	limit int64
	mu    sync.Mutex
	where map[string]string // digest to member; the first to have it
}

// draft makes the manifest that a docker archive lacks. Layers go by the digests of their unpacked bytes, which the
// configuration lists, unless the archive's own names say which bytes are stored.
func (s *savedStore) draft(e saved) (*draft, error) {
	raw, err := readSmall(s.files, e.Config, s.limit)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &Error{Target: s.name, Kind: ErrNotFound, What: clean(e.Config, 200), Next: "write or copy it again, whole"}
		}
		return nil, err
	}
	h, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	if named := strings.TrimSuffix(path.Base(e.Config), ".json"); len(named) == len(h.Hex) && isHex(named) && named != h.Hex {
		return nil, errDigest
	}
	s.put(h, e.Config)
	cfg, _ := parseConfig(raw)
	d := &draft{digest: h.String(), config: raw, man: v1.Manifest{
		SchemaVersion: 2, MediaType: types.DockerManifestSchema2,
		Config: v1.Descriptor{MediaType: types.DockerConfigJSON, Digest: h, Size: int64(len(raw))},
	}}
	if len(cfg.RootFS.DiffIDs) != len(e.Layers) {
		return nil, &Error{Target: s.name, Kind: ErrCorrupt, Err: errors.New("its configuration counts other layers than its manifest"), Next: "write or copy it again"}
	}
	for n, file := range e.Layers {
		stored := cfg.RootFS.DiffIDs[n]
		if dir, base := cut(cleanPath(file)); dir == "blobs/sha256" {
			stored = "sha256:" + base
		}
		lh, err := v1.NewHash(stored)
		if err != nil {
			return nil, &Error{Target: s.name, Kind: ErrCorrupt, Err: errors.New("a layer without a digest"), Next: "write or copy it again"}
		}
		s.put(lh, file)
		d.man.Layers = append(d.man.Layers, v1.Descriptor{MediaType: types.DockerUncompressedLayer, Digest: lh})
	}
	return d, nil
}

func (s *savedStore) put(h v1.Hash, file string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.where[h.String()]; !ok {
		s.where[h.String()] = file
	}
}

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

func (s *savedStore) manifest(context.Context, v1.Hash) ([]byte, types.MediaType, error) {
	return nil, "", &Error{Target: s.name, Kind: ErrNotFound, What: "a manifest: docker archives have none"}
}

func (s *savedStore) blob(_ context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	s.mu.Lock()
	file := s.where[d.Digest.String()]
	s.mu.Unlock()
	rc, _, err := s.files.open(file)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &Error{Target: s.name, Kind: ErrNotFound, What: clean(file, 200), Next: "write or copy it again, whole"}
		}
		return nil, &Error{Target: s.name, Kind: ErrCorrupt, What: clean(file, 200), Err: err}
	}
	if dir, _ := cut(cleanPath(file)); dir != "blobs/sha256" && packed(rc) {
		// Its digest is that of the unpacked layer; the compression's own checksum has to do.
		rc, _, err = s.files.open(file)
		return rc, err
	}
	if rc, _, err = s.files.open(file); err != nil {
		return nil, err
	}
	return verify(rc, d.Digest, sizeOf(d))
}

// packed reports whether a stream begins like a compressed one.
func packed(r io.Reader) bool {
	head := make([]byte, unpack.HeadBytes)
	n, _ := io.ReadFull(r, head)
	switch unpack.Kind(head[:n]) {
	case "gzip", "zstd", "bzip2", "xz":
		return true
	}
	return false
}
