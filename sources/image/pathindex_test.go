package image

import (
	"archive/tar"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"sprawl/finding"
	"sprawl/sources"
)

// overlay unpacks layers one over the other the way an engine does, and keeps who wrote each file last.
type overlay map[string]node

type node struct {
	dir            bool
	layer, ordinal int
}

func (o overlay) remove(path string, self bool, below int) {
	for p, n := range o {
		if n.layer < below && (self && p == path || strings.HasPrefix(p, path+"/")) {
			delete(o, p)
		}
	}
}

func (o overlay) apply(layer int, entries []entry) {
	for _, e := range entries {
		d, base := cut(e.name)
		if base == whOpaque {
			o.remove(d, false, layer)
		} else if strings.HasPrefix(base, wh) {
			o.remove(strings.TrimPrefix(d+"/"+base[len(wh):], "/"), true, layer)
		}
	}
	for n, e := range entries {
		d, base := cut(e.name)
		for p := d; p != ""; p, _ = cut(p) {
			if x, ok := o[p]; ok && !x.dir && x.layer < layer {
				o.remove(p, true, layer)
			}
			o[p] = node{dir: true, layer: layer, ordinal: n}
		}
		switch {
		case strings.HasPrefix(base, wh): // its directory is one, whatever it was
		case e.kind == tar.TypeDir:
			if x, ok := o[e.name]; ok && !x.dir {
				o.remove(e.name, true, layer)
			}
			o[e.name] = node{dir: true, layer: layer, ordinal: n}
		default:
			o.remove(e.name, true, layer)
			o[e.name] = node{layer: layer, ordinal: n}
		}
	}
}

// TestVisibility compares the index with images unpacked for real, over random layers in a small tree.
func TestVisibility(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 28))
	for round := range 60 {
		var layers [][]entry
		for l := range 4 {
			var es []entry
			taken := map[string]bool{} // a layer that says two things of one path is a case of its own
			used := func(p string) bool {
				for q := range taken {
					if p == q || strings.HasPrefix(p, q+"/") || strings.HasPrefix(q, p+"/") {
						return true
					}
				}
				taken[p] = true
				return false
			}
			for n := range 2 + r.IntN(6) {
				p := ""
				for range 1 + r.IntN(3) {
					p += "/" + string(rune('a'+r.IntN(2)))
				}
				p = p[1:]
				if used(p) {
					continue
				}
				d, base := cut(p)
				switch k := r.IntN(10); {
				case k < 6:
					es = append(es, entry{name: p, body: fmt.Sprintf("layer %d entry %d round %d\n", l, n, round)})
				case k < 7:
					es = append(es, dir(p))
				case k < 9:
					es = append(es, entry{name: strings.TrimPrefix(d+"/"+wh+base, "/")})
				default:
					es = append(es, entry{name: p + "/" + whOpaque})
				}
			}
			es = append(es, entry{name: fmt.Sprintf("own/%d", l), body: "x"})
			layers = append(layers, es)
		}
		want := overlay{}
		var packed []v1.Layer
		for l, es := range layers {
			want.apply(l, es)
			packed = append(packed, gzLayer(t, es...))
		}
		at := filepath.Join(t.TempDir(), "layout")
		writeLayout(t, at, buildImage(t, packed...))
		src, err := OCIDir(at, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		if err := src.Walk(t.Context(), 1, new(sources.Ledger), func(_ int, b sources.Blob) error {
			if strings.Contains(b.ID, "#") {
				ids = append(ids, b.ID)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for loc, err := range src.Locate(t.Context(), ids) {
			if err != nil || len(loc.Where) != 1 {
				t.Fatal(err, loc)
			}
			w := loc.Where[0]
			n, ok := want[w.Path]
			shown := ok && !n.dir && n.layer == w.Layer.Index
			if shown != (w.State == finding.StateLayer) {
				t.Errorf("round %d: %s of layer %d is %s (by %s), unpacked it is shown: %v\n%+v", round, w.Path, w.Layer.Index, w.State, w.Layer.DeletedBy, shown, layers)
			}
		}
	}
}
