package image

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"strings"

	"sprawl/finding"
	"sprawl/sources"
)

// maxPlaces is how many locations of one blob are spelled out. The names of further images are the last one's Refs.
const maxPlaces = 64

// maxRefs bounds those.
const maxRefs = 2000

// Locate says where the blobs of the last Walk are: one location for each image and each name of the file in it. An image's own
// names come in the order in which the walk met them.
func (s *Source) Locate(ctx context.Context, ids []string) iter.Seq2[sources.Located, error] {
	return func(yield func(sources.Located, error) bool) {
		r := s.last
		if r == nil {
			return
		}
		holders := map[*layer][]*img{}
		for _, i := range r.images {
			for n := range i.slots {
				l := i.slots[n].layer
				if at := holders[l]; len(at) == 0 || at[len(at)-1] != i {
					holders[l] = append(at, i)
				}
			}
		}
		for _, id := range ids {
			if err := ctx.Err(); err != nil {
				yield(sources.Located{}, err)
				return
			}
			l := sources.Located{ID: id}
			if places, ok := r.texts[id]; ok {
				l.Where = textPlaces(places)
			} else {
				l.Where = r.filePlaces(id, holders)
			}
			if len(l.Where) == 0 {
				l.Where = []finding.Location{{Source: "image", Target: s.name, State: finding.StateDangling}}
			}
			if !yield(l, nil) {
				return
			}
		}
	}
}

// places gathers locations up to the cap.
type places struct {
	out  []finding.Location
	more map[string]bool
}

func (p *places) add(i *img, path string, l *finding.Layer, state finding.State) {
	for _, name := range i.names {
		if len(p.out) < maxPlaces {
			p.out = append(p.out, finding.Location{Source: "image", Target: name, Path: path, State: state, Layer: l, Refs: i.refs(name)})
			continue
		}
		if p.more == nil {
			p.more = map[string]bool{}
		}
		if len(p.more) < maxRefs {
			_, short, _ := strings.Cut(name, ":")
			p.more[short] = true
		}
	}
}

func (p *places) locations() []finding.Location {
	if len(p.more) > 0 {
		last := &p.out[len(p.out)-1]
		refs := slices.Clone(last.Refs)
		for r := range p.more {
			refs = append(refs, r)
		}
		slices.Sort(refs)
		last.Refs = slices.Compact(refs)
	}
	return p.out
}

// refs are the tags of an image: those an archive gives it, or the tag in its name.
func (i *img) refs(name string) []string {
	if len(i.tags) > 0 {
		return slices.Sorted(slices.Values(i.tags[:min(len(i.tags), maxRefs)]))
	}
	if ref, ok := strings.CutPrefix(name, "image:"); ok && !strings.Contains(ref, "@") {
		if colon := strings.LastIndexByte(ref, ':'); colon > strings.LastIndexByte(ref, '/') {
			return []string{ref[colon+1:]}
		}
	}
	return nil
}

func textPlaces(at []placed) []finding.Location {
	var p places
	for _, t := range at {
		p.add(t.img, t.path, t.layer, finding.StateLayer)
	}
	return p.locations()
}

// filePlaces finds the images that hold a layer's entry, and what their upper layers do to it.
func (r *run) filePlaces(id string, holders map[*layer][]*img) []finding.Location {
	digest, rest, ok := strings.Cut(id, "#")
	number, path, ok2 := strings.Cut(rest, ":")
	ordinal, err := strconv.Atoi(number)
	l := r.layers[digest]
	if !ok || !ok2 || err != nil || l == nil {
		return nil
	}
	names := append([]string{path}, l.links[l.index.hash(path)]...)
	var p places
	for _, i := range holders[l] {
		for n, name := range names {
			at, state := r.look(i, l, name, ordinal, n > 0)
			p.add(i, name, at, state)
		}
	}
	return p.locations()
}

// look says what becomes of one path of a layer in the image's final file system. An image that holds the layer twice shows
// it where it shows last.
func (r *run) look(i *img, l *layer, path string, ordinal int, link bool) (*finding.Layer, finding.State) {
	n := 0
	for k := range i.slots {
		if i.slots[k].layer == l {
			n = k
		}
	}
	at := r.slotLayer(i, n)
	if l.flat != "" || path == "" {
		return at, finding.StateLayer
	}
	t := l.index.trail(path)
	if !link && l.index.replaced(t, ordinal) {
		at.DeletedBy = l.digest
		return at, finding.StateLayerDeleted
	}
	for _, upper := range i.slots[n+1:] {
		if upper.layer.flat == "" && upper.layer.index.hides(t) {
			at.DeletedBy = upper.layer.digest
			return at, finding.StateLayerDeleted
		}
	}
	return at, finding.StateLayer
}
