package git

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"sprawl/finding"
	"sprawl/internal/pack"
	"sprawl/sources"
)

// Seen is what a walk over all of a repository has seen, so that the next looks only at what is new. It holds ids of objects,
// and nothing of what they contain.
type Seen struct {
	Print    string // of refs and objects: where it is the same, nothing is new
	Complete bool   // nothing was missing or damaged
	Objects  int64  // how many were seen
	IDs      []byte // raw ids of all objects, or of blobs alone if Complete is false; one behind the other, sorted
}

// Since has the next Walk leave out what an earlier one has seen, and remember what it sees: a zero Seen leaves nothing out. It
// is for the mode Whole, before Walk. What an earlier walk could not read is tried again.
//
// It reports whether nothing is new. The next Walk then hands out nothing, whatever comes into the repository meanwhile.
func (s *Source) Since(seen Seen) (same bool) {
	s.since, s.known, s.same, s.again = &seen, nil, false, false
	if n := s.hashSize(); len(seen.IDs)%n != 0 {
		s.since = &Seen{}
	}
	if s.since.Complete {
		if o, err := s.objects(); err == nil { // Walk tells of the error
			print := s.print(o)
			s.same = print != "" && print == s.since.Print
			_ = o.close()
		}
	}
	return s.same
}

// Again is Since for a caller that wants all of the repository anew and yet reads only blobs that are new: the rest it leaves out
// because an earlier walk handed it out and nothing was found in it. Seen then holds blobs alone; see Without.
func (s *Source) Again(seen Seen) (same bool) {
	same = s.Since(seen)
	s.again = true
	return same
}

// Without is what was seen but for some objects, by the ids of their blobs, so that a walk after Again reads them once more. Others
// are ignored.
func (s *Source) Without(seen Seen, ids []string) Seen {
	n := s.hashSize()
	drop := make(map[string]bool, len(ids))
	for _, id := range ids {
		if raw, err := hex.DecodeString(id); err == nil && len(raw) == n {
			drop[string(raw)] = true
		}
	}
	if len(drop) == 0 {
		return seen
	}
	kept := make([]byte, 0, len(seen.IDs))
	for i := 0; i+n <= len(seen.IDs); i += n {
		if id := seen.IDs[i : i+n]; !drop[string(id)] {
			kept = append(kept, id...)
		}
	}
	seen.IDs = kept
	return seen
}

// Seen is what the last Walk has seen, what it left out included. It reports false where Walk did not end well or Since was not
// called.
func (s *Source) Seen() (Seen, bool) {
	if s.seen == nil {
		return Seen{}, false
	}
	return *s.seen, true
}

func (s *Source) hashSize() int {
	if s.format.sha256 {
		return pack.SHA256.Size()
	}
	return pack.SHA1.Size()
}

// print names everything that a walk depends on.
func (s *Source) print(o objects) string {
	p, ok := o.(packed)
	if !ok {
		return ""
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\nHEAD %s %s\n", p.store.Print(), s.tips.head, s.tips.branch)
	for _, r := range s.tips.refs {
		fmt.Fprintf(h, "%s %s\n", r.id, r.name)
	}
	for _, id := range s.tips.stash {
		fmt.Fprintf(h, "stash %s\n", id)
	}
	shallow := make([]string, 0, len(s.tips.shallow))
	for id := range s.tips.shallow {
		shallow = append(shallow, id)
	}
	slices.Sort(shallow)
	fmt.Fprintf(h, "%q", shallow)
	return hex.EncodeToString(h.Sum(nil))
}

// unchanged stands for a walk where nothing is new.
func (s *Source) unchanged(led *sources.Ledger) {
	led.Saw(s.since.Objects)
	led.Reused(s.since.Objects)
	cover := s.coverage()
	cover.Notes = append(cover.Notes, "nothing is new since the scan that is remembered")
	s.shallowSkip(led)
	led.Target(cover)
	s.seen = s.since
}

// plan is what a walk visits: all objects of the types, or those that are new. reused counts the others.
func (s *Source) plan(o objects, types pack.Types, first []pack.ID, reused *int64) pack.Plan {
	p := pack.Plan{Types: types, First: first}
	if s.since == nil || len(s.since.IDs) == 0 {
		return p
	}
	s.known = pack.NewSet(s.since.IDs, s.hashSize())
	if store, ok := o.(packed); ok && s.since.Complete && !s.again {
		// Where all that was seen is still there, it need not be looked at to be counted.
		if lacks, err := store.store.Lacks(s.known); err == nil && lacks == 0 {
			*reused, p.Beyond = s.since.Objects, s.known
			return p
		}
	}
	raw := make([]byte, 0, 32)
	p.Want = func(id pack.ID) bool {
		raw = id.AppendRaw(raw[:0])
		if s.known.Has(raw) {
			*reused++
			return false
		}
		return true
	}
	return p
}

// remember fills s.seen after a walk.
func (s *Source) remember(o objects, print string, w *walk, objects int64) error {
	p, ok := o.(packed)
	if s.since == nil || !ok {
		return nil
	}
	complete := len(w.missing) == 0 && len(w.lost) == 0 && !w.unopened
	ids, err := p.store.IDs(!complete || s.again, w.lost)
	if err != nil {
		return err
	}
	s.seen = &Seen{Print: print, Complete: complete, Objects: objects, IDs: ids}
	return nil
}

// shallowSkip records that a clone lacks parents.
func (s *Source) shallowSkip(led *sources.Ledger) {
	if n := len(s.tips.shallow); n > 0 {
		led.Skip(finding.Skip{Target: s.target, Reason: finding.ReasonShallow,
			Detail: fmt.Sprintf("the parents of %d commits were left out of the clone: git fetch --unshallow gets them", n)})
	}
}
