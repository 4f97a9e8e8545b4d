package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/correlate"
	"sprawl/internal/decode"
	"sprawl/internal/identity"
	"sprawl/internal/match"
	"sprawl/internal/scan"
	"sprawl/internal/testkit/registry"
	"sprawl/internal/testkit/repo"
	"sprawl/internal/unpack"
	"sprawl/sources"
	"sprawl/sources/git"
)

var compiled = sync.OnceValues(func() (*match.Set, error) { return match.Compile(detectors.All()) })

// found scans a source with every detector.
func found(t testing.TB, src *Source) ([]finding.Sighting, finding.Coverage) {
	t.Helper()
	set, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	led := new(sources.Ledger)
	ss, err := scan.Run(context.Background(), src, led, scan.Options{Set: set, Workers: 2, DecodeDepth: 5, Decode: decode.Default(), ArchiveDepth: 4, Unpack: unpack.Default()})
	if err != nil {
		t.Fatal(err)
	}
	scan.MaskKnown(ss)
	return ss, led.Coverage()
}

func secretOf(s finding.Sighting) string { return string(s.Canonical().Secret.Reveal()) }

// check holds what was found against the plants. files says whether layers go by the digests of the stored bytes.
func (h *hidden) check(t *testing.T, ss []finding.Sighting, cover finding.Coverage, digests bool) {
	t.Helper()
	if !cover.Complete() {
		t.Errorf("incomplete: %+v", cover.Skips)
	}
	for _, p := range h.plants {
		var at []string
		hit := false
		for _, s := range ss {
			if secretOf(s) != p.value {
				continue
			}
			l := s.Where.Layer
			at = append(at, fmt.Sprintf("%s %s %+v", s.Where.Path, s.Where.State, l))
			if l == nil || s.Where.Path != p.path || string(s.Where.State) != p.state || l.Index != p.index || !strings.Contains(l.CreatedBy, p.by) ||
				l.Platform == "" || s.Where.Source != "image" || p.by != "" && l.Created.IsZero() {
				continue
			}
			if digests && (p.layer != "" && l.Digest != p.layer || l.DeletedBy != p.hiddenBy) {
				continue
			}
			hit = hit || (l.DeletedBy != "") == (p.hiddenBy != "")
		}
		if !hit {
			t.Errorf("%s: not seen as expected, but as %v", p.place, at)
		}
		if len(at) > 4 {
			t.Errorf("%s: seen %d times: %v", p.place, len(at), at)
		}
	}
	for _, s := range ss {
		if s.Where.Layer != nil && strings.Contains(s.Where.Layer.CreatedBy, "gh"+"p_") {
			t.Errorf("%s: the line that made its layer shows a token", s.Where.Path)
		}
	}
}

func ref(t testing.TB, s string) name.Reference {
	t.Helper()
	r, err := name.ParseReference(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRealRegistry(t *testing.T) {
	reg := registry.Start(t)
	h := buildHidden(t)
	if err := remote.WriteIndex(ref(t, reg.Host+"/team/app:1.9"), h.index); err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref(t, reg.Host+"/team/base:1"), h.base); err != nil {
		t.Fatal(err)
	}
	src, err := Registry(reg.Host+"/team/app:1.9", Options{Base: reg.Host + "/team/base:1"})
	if err != nil {
		t.Fatal(err)
	}
	ss, cover := found(t, src)
	h.check(t, ss, cover, true)
	for _, s := range ss {
		if base := s.Where.Path == "etc/vendor.conf"; base != s.Where.Layer.Base {
			t.Errorf("%s: in the base image: %v", s.Where.Path, s.Where.Layer.Base)
		}
	}
	if want := "image:" + reg.Host + "/team/app:1.9"; len(cover.Targets) != 1 || cover.Targets[0].Target != want || len(cover.Targets[0].Notes) != 2 {
		t.Errorf("targets %+v", cover.Targets)
	}

	t.Run("platform", func(t *testing.T) {
		src, err := Registry(reg.Host+"/team/app:1.9", Options{Platforms: []string{"linux/arm64"}})
		if err != nil {
			t.Fatal(err)
		}
		ss, cover := found(t, src)
		paths := map[string]bool{}
		for _, s := range ss {
			paths[s.Where.Path] = true
		}
		if diff := cmp.Diff([]string{"etc/vendor.conf", "opt/arm.env"}, slices.Sorted(maps.Keys(paths))); diff != "" {
			t.Error(diff)
		}
		if notes := cover.Targets[0].Notes; !strings.Contains(notes[len(notes)-1], "linux/amd64") {
			t.Errorf("what was left out is not named: %q", notes)
		}
	})
	t.Run("no such platform", func(t *testing.T) {
		_, err := walk(t, reg.Host+"/team/app:1.9", Options{Platforms: []string{"linux/s390x"}})
		wants(t, err, ErrPlatform, "linux/amd64, linux/arm64")
	})
	t.Run("tags and catalogue read each layer once", func(t *testing.T) {
		for n := range 20 {
			if err := remote.WriteIndex(ref(t, fmt.Sprintf("%s/team/app:2.%d", reg.Host, n)), h.index); err != nil {
				t.Fatal(err)
			}
		}
		for _, target := range []string{"/team/app:2.*", "/team/*", "/"} {
			count := &counting{RoundTripper: remote.DefaultTransport, blobs: map[string]int{}}
			src, err := Registry(reg.Host+target, Options{Transport: count})
			if err != nil {
				t.Fatal(err)
			}
			ss, cover := found(t, src)
			h.check20(t, ss)
			if !cover.Complete() || len(cover.Targets) < 20 {
				t.Errorf("%s: %d targets, %+v", target, len(cover.Targets), cover.Skips)
			}
			for blob, n := range count.blobs {
				if n != 1 {
					t.Errorf("%s: %s fetched %d times", target, blob, n)
				}
			}
			if len(count.blobs) < 10 {
				t.Errorf("%s: %d blobs", target, len(count.blobs))
			}
		}
	})
	t.Run("same ids in every form", func(t *testing.T) {
		want := values(ss)
		for _, scheme := range []string{"oci", "oci-archive", "docker-archive"} {
			src, err := Open(scheme, h.write(t, scheme), Options{})
			if err != nil {
				t.Fatal(err)
			}
			got, _ := found(t, src)
			if diff := cmp.Diff(want, values(got)); diff != "" {
				t.Errorf("%s: %d values, %d in the registry", scheme, len(values(got)), len(want))
			}
		}
	})
}

// values are what ids are made of.
func values(ss []finding.Sighting) []string {
	out := map[string]bool{}
	for _, s := range ss {
		out[s.Kind+" "+secretOf(s)] = true
	}
	return slices.Sorted(maps.Keys(out))
}

// check20 wants each plant in a layer at every tag.
func (h *hidden) check20(t *testing.T, ss []finding.Sighting) {
	t.Helper()
	for _, p := range h.plants {
		targets := map[string]bool{}
		for _, s := range ss {
			if secretOf(s) == p.value && s.Where.Path == p.path && string(s.Where.State) == p.state {
				targets[s.Where.Target] = true
				if len(s.Where.Refs) == 0 {
					t.Errorf("%s: no tag", s.Where.Target)
				}
			}
		}
		if len(targets) < 20 {
			t.Errorf("%s: seen in %d of 20 tags", p.place, len(targets))
		}
	}
}

// counting counts what is fetched of each blob.
type counting struct {
	http.RoundTripper
	mu    sync.Mutex
	blobs map[string]int
}

func (c *counting) RoundTrip(req *http.Request) (*http.Response, error) {
	if i := strings.Index(req.URL.Path, "/blobs/"); i >= 0 && req.Method == http.MethodGet {
		c.mu.Lock()
		c.blobs[req.URL.Path[i:]]++
		c.mu.Unlock()
	}
	return c.RoundTripper.RoundTrip(req)
}

func TestForms(t *testing.T) {
	h := buildHidden(t)
	var first []string
	for _, scheme := range []string{"oci", "oci-archive", "docker-archive"} {
		t.Run(scheme, func(t *testing.T) {
			at := h.write(t, scheme)
			src, err := Open(scheme, at, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if want := scheme + ":" + filepath.ToSlash(at); src.Name() != want {
				t.Errorf("name %q, want %q", src.Name(), want)
			}
			ss, cover := found(t, src)
			h.check(t, ss, cover, scheme != "docker-archive")
			got := values(ss)
			if first == nil {
				first = got
			}
			if len(got) != len(first) || !slices.Equal(got, first) {
				t.Errorf("%d values, %d in the first form", len(got), len(first))
			}
		})
	}
}

// walk walks a reference that is going to fail.
func walk(t testing.TB, at string, o Options) (finding.Coverage, error) {
	t.Helper()
	src, err := Registry(at, o)
	if err != nil {
		return finding.Coverage{}, err
	}
	led := new(sources.Ledger)
	err = src.Walk(context.Background(), 2, led, func(int, sources.Blob) error { return nil })
	return led.Coverage(), err
}

func wants(t testing.TB, err, kind error, words ...string) {
	t.Helper()
	if err == nil || !isKind(err, kind) {
		t.Errorf("error %v, want %v", err, kind)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

func isKind(err, kind error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == kind //nolint:errorlint // a kind is one of the values above
}

// TestOneCredential finds a value in a repository and in an image, and expects one credential of it.
func TestOneCredential(t *testing.T) {
	h := buildHidden(t)
	shared := h.plants[1]
	r := repo.New(t)
	r.Write("deploy/.env", "token = \""+shared.value+"\"\n")
	r.Commit("settings")
	g, err := git.New(t.Context(), r.Dir, git.Options{})
	if err != nil {
		t.Fatal(err)
	}
	set, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	keys := identity.New(bytes.Repeat([]byte{7}, identity.KeySize), nil, nil)
	ids := func(ss []finding.Sighting) map[string]finding.Credential {
		out := map[string]finding.Credential{}
		for _, c := range correlate.Correlate(correlate.Input{Sightings: ss, Keys: keys, Kind: set.Detector, AsOf: epoch}).Credentials {
			out[c.ID] = c
		}
		return out
	}
	inGit, err := scan.Run(t.Context(), g, new(sources.Ledger), scan.Options{Set: set, Workers: 1, DecodeDepth: 5, Decode: decode.Default(), ArchiveDepth: 2, Unpack: unpack.Default()})
	if err != nil {
		t.Fatal(err)
	}
	var first []string
	for _, scheme := range []string{"oci", "oci-archive", "docker-archive"} {
		src, err := Open(scheme, h.write(t, scheme), Options{})
		if err != nil {
			t.Fatal(err)
		}
		inImage, _ := found(t, src)
		alone := slices.Sorted(maps.Keys(ids(inImage)))
		if first == nil {
			first = alone
		}
		if !slices.Equal(alone, first) {
			t.Errorf("%s: %d ids, others than in the first form", scheme, len(alone))
		}
		both := ids(append(slices.Clone(inGit), inImage...))
		if len(both) != len(alone) {
			t.Errorf("%s: %d credentials, %d without the repository", scheme, len(both), len(alone))
		}
		one := false
		for _, c := range both {
			kinds := map[string]bool{}
			for _, s := range c.Sightings {
				kinds[s.Where.Source] = true
			}
			one = one || kinds["git"] && kinds["image"]
		}
		if !one {
			t.Errorf("%s: no credential is in both", scheme)
		}
	}
}
