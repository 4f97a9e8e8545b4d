package match

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"math"
	"slices"
	"strings"
	"sync"

	"sprawl/detectors"
	"sprawl/finding"
)

// EngineVersion is part of every rule-set hash: it changes whenever the same rows would find other things in the same bytes.
const EngineVersion = "6"

// Set is a compiled table. It is immutable and may be shared by goroutines; each of them takes a Matcher of its own.
type Set struct {
	rows   []detectors.Detector
	byID   map[string]int32
	hash   func() string
	reach  int
	filter *filter

	longest int // bytes of a literal

	shapes    []shape         // of Detector.Shapes
	structs   []structure     // of Detector.Structures
	alone     []int32         // those of them that are whole texts
	loneliest int             // the longest of these, in bytes
	named     []named         // of Detector.Named
	values    []shape         // of named
	anchors   []anchor        // of structs
	formed    map[string]bool // providers whose credentials have a known form
	leads     map[string]int  // what tokens of a known form begin with, and how short they may be
	words     []word          // keywords and generic name words
	wordAt    map[string]int32
}

// Compile checks the rows and builds the tables that Match runs on. Every error names its row; all of them are returned.
func Compile(ds []detectors.Detector) (*Set, error) {
	s := &Set{rows: slices.Clone(ds), byID: make(map[string]int32, len(ds)), wordAt: make(map[string]int32, len(ds))}
	var fold folder
	var errs []error
	s.reserve()
	for i := range s.rows {
		d := &s.rows[i]
		if err := s.addRow(int32(i), d, &fold); err != nil {
			errs = append(errs, fmt.Errorf("detector %q (row %d): %w", d.ID, i, err))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	s.formed = formed(s.rows)
	s.leads = leads(s.shapes)
	s.addGenericWords()
	s.addLeaves()
	s.filter = s.buildFilter(&fold)
	s.hash = sync.OnceValue(func() string { return Hash(s.rows) })
	s.reach = s.measureReach()
	return s, nil
}

// Hash identifies the rules: it changes with any row's data and with EngineVersion, not with the address of a function.
func (s *Set) Hash() string { return s.hash() }

// Detector returns the row with the id, or with that former id, or nil. It is not to be changed.
func (s *Set) Detector(id string) *detectors.Detector {
	i, ok := s.byID[id]
	if !ok {
		return nil
	}
	return &s.rows[i]
}

// reserve makes room for what the rows hold, in one piece each.
func (s *Set) reserve() {
	var shapes, structs, anchors, names, values int
	for i := range s.rows {
		d := &s.rows[i]
		shapes, structs, names = shapes+len(d.Shapes), structs+len(d.Structures), names+len(d.Named)
		for j := range d.Structures {
			anchors += len(d.Structures[j].Anchors)
		}
		for j := range d.Named {
			values += len(d.Named[j].Value)
		}
	}
	s.shapes, s.values = make([]shape, 0, shapes), make([]shape, 0, values)
	s.structs, s.anchors = make([]structure, 0, structs), make([]anchor, 0, anchors)
	s.named, s.words = make([]named, 0, names), make([]word, 0, len(s.rows))
}

func (s *Set) addRow(i int32, d *detectors.Detector, fold *folder) error {
	if d.ID == "" || strings.Trim(d.ID, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || strings.HasPrefix(d.ID, "-") {
		return errors.New("id is not lower-case words joined by hyphens")
	}
	if d.Provider != strings.ToLower(d.Provider) {
		return fmt.Errorf("provider %q is not lower case", d.Provider)
	}
	for k := -1; k < len(d.Was); k++ {
		id := d.ID
		if k >= 0 {
			id = d.Was[k]
		}
		if j, ok := s.byID[id]; ok {
			return fmt.Errorf("id %q is taken by row %d", id, j)
		}
		s.byID[id] = i
	}
	if len(d.Shapes)+len(d.Named)+len(d.Structures) == 0 {
		return errors.New("has no shape, name or structure to be found by")
	}
	for j := range d.Shapes {
		sh, err := compileShape(i, &d.Shapes[j])
		if err == nil {
			err = sh.anchor(fold)
		}
		if err != nil {
			return fmt.Errorf("shape %d: %w", j, err)
		}
		sh.tails = sh.lead >= tellingLead
		s.shapes = append(s.shapes, sh)
	}
	for j := range d.Named {
		if err := s.addNamed(i, &d.Named[j]); err != nil {
			return fmt.Errorf("named %d: %w", j, err)
		}
	}
	for j := range d.Structures {
		st := &d.Structures[j]
		if st.Parse == nil {
			return fmt.Errorf("structure %d: no Parse", j)
		}
		switch alone := st.Reach.Kind == detectors.ReachAlone; {
		case alone && (len(st.Anchors) > 0 || st.Reach.N < 1 || len(d.Paths) == 0):
			return fmt.Errorf("structure %d: what stands alone needs a length and paths, and has no anchors", j)
		case alone:
			s.alone = append(s.alone, int32(len(s.structs)))
			s.loneliest = max(s.loneliest, st.Reach.N)
		case len(st.Anchors) == 0:
			return fmt.Errorf("structure %d: no anchor", j)
		}
		for _, a := range st.Anchors {
			if len(a) < minAnchor {
				return fmt.Errorf("structure %d: anchor %q is shorter than %d bytes", j, a, minAnchor)
			}
			if st.Fold && a != strings.ToLower(a) {
				return fmt.Errorf("structure %d: anchor %q is to be found in either case and not lower case", j, a)
			}
		}
		for _, a := range st.Anchors {
			s.anchors = append(s.anchors, anchor{of: int32(len(s.structs)), text: a, fold: st.Fold})
		}
		s.structs = append(s.structs, structure{det: i, row: st})
	}
	for _, g := range d.Paths {
		if g != strings.ToLower(g) {
			return fmt.Errorf("path glob %q is not lower case", g)
		}
		if !validGlob(g) {
			return fmt.Errorf("path glob %q is malformed", g)
		}
	}
	return nil
}

// plainWord reports whether a word is as names are compared: folded, without separators.
func plainWord(w string) bool {
	for i := range len(w) {
		if !isLower(w[i]) && !isDigit(w[i]) {
			return false
		}
	}
	return w != ""
}

func (s *Set) addNamed(det int32, n *detectors.Named) error {
	if len(n.Keywords) == 0 {
		return errors.New("no keyword")
	}
	if len(n.Value) == 0 {
		return errors.New("no value shape")
	}
	for _, list := range [][]string{n.Keywords, n.Names, n.Not} {
		for _, w := range list {
			if !plainWord(w) {
				return fmt.Errorf("word %q is not lower-case letters and digits without separators", w)
			}
		}
	}
	c := named{det: det, row: n, near: n.Near}
	if c.near == 0 {
		c.near = defaultNear
	}
	if c.near > maxNear {
		return fmt.Errorf("near %d is more than %d bytes", n.Near, maxNear)
	}
	for j := range n.Value {
		sh, err := compileShape(det, &n.Value[j])
		if err != nil {
			return fmt.Errorf("value %d: %w", j, err)
		}
		sh.role = cmp.Or(n.Value[j].Role, n.Role, finding.RoleSecret)
		sh.wholeToken()
		s.values = append(s.values, sh)
	}
	c.values = s.values[len(s.values)-len(n.Value):]
	c.strict = c.values
	if n.Loose {
		c.values = loosened(c.values)
	}
	c.measure()
	id := int32(len(s.named))
	s.named = append(s.named, c)
	for _, k := range n.Keywords {
		if len(k) < minKeyword {
			return fmt.Errorf("keyword %q is shorter than %d bytes", k, minKeyword)
		}
		s.word(k).add(id)
	}
	return nil
}

// Hash identifies rows without compiling them: it is the Hash of the Set that they make. It covers every field that is data.
// Functions are left out: a change to one is a change to EngineVersion. Fields are written with their lengths, so that no two
// tables read alike.
func Hash(rows []detectors.Detector) string {
	h := hasher{sum: sha256.New(), buf: make([]byte, 0, 8<<10)}
	h.text("sprawl rules", EngineVersion)
	h.number(len(rows))
	for i := range rows {
		d := &rows[i]
		h.text(d.ID, d.Provider, d.Title, string(d.Severity), d.Rotate, d.Revoke, d.Docs, d.Format)
		h.list(d.Was)
		h.list(d.Paths)
		for _, t := range traitsOf(&d.Traits) {
			h.text(string(t.Value), t.Source)
		}
		h.number(d.Pair.Lines, flag(d.Pair.Require), flag(d.Harmless), flag(d.Check != nil), flag(d.Facts != nil),
			len(d.Shapes), len(d.Named), len(d.Structures))
		for j := range d.Shapes {
			h.shape(&d.Shapes[j])
		}
		for j := range d.Named {
			n := &d.Named[j]
			h.text(string(n.Role))
			h.list(n.Keywords)
			h.list(n.Names)
			h.list(n.Not)
			h.float(n.MinEntropy)
			h.number(n.Near, flag(n.Loose), flag(n.Random), len(n.Value))
			for k := range n.Value {
				h.shape(&n.Value[k])
			}
		}
		for j := range d.Structures {
			st := &d.Structures[j]
			h.list(st.Anchors)
			h.number(int(st.Reach.Kind), st.Reach.N, flag(st.Fold))
			h.text(st.Source)
		}
	}
	h.sum.Write(h.buf)
	return hex.EncodeToString(h.sum.Sum(nil)[:16])
}

// traitsOf is every field of t, which a test counts.
func traitsOf(t *finding.Traits) [7]*finding.Trait {
	return [...]*finding.Trait{&t.Expires, &t.Scoped, &t.LastUsed, &t.Overlap, &t.RotateAPI, &t.Restricted, &t.HumanIssued}
}

// hasher writes fields into a hash, some thousand bytes at a time.
type hasher struct {
	sum hash.Hash
	buf []byte
}

func (h *hasher) number(ns ...int) {
	for _, n := range ns {
		h.buf = binary.AppendVarint(h.buf, int64(n))
	}
	if len(h.buf) > 7<<10 {
		h.sum.Write(h.buf)
		h.buf = h.buf[:0]
	}
}

func (h *hasher) float(x float64) {
	h.buf = binary.LittleEndian.AppendUint64(h.buf, math.Float64bits(x))
}

func (h *hasher) text(ss ...string) {
	for _, s := range ss {
		h.number(len(s))
		h.buf = append(h.buf, s...)
	}
}

func (h *hasher) list(ss []string) {
	h.number(len(ss))
	h.text(ss...)
}

func (h *hasher) class(c *detectors.Class) {
	h.number(flag(c != nil))
	if c != nil {
		for _, w := range c {
			h.buf = binary.LittleEndian.AppendUint64(h.buf, w)
		}
	}
}

func (h *hasher) shape(s *detectors.Shape) {
	h.text(string(s.Role))
	h.class(s.Left)
	h.class(s.Right)
	h.list(s.NeedName)
	h.float(s.MinEntropy)
	h.number(s.Keep, len(s.Pieces))
	for _, p := range s.Pieces {
		h.text(p.Lit)
		h.class(p.Class)
		h.number(flag(p.Fold), p.Min, p.Max)
	}
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
