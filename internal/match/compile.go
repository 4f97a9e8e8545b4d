package match

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"

	"sprawl/detectors"
	"sprawl/finding"
)

// EngineVersion is part of every rule-set hash: it changes whenever the same rows would find other things in the same bytes.
const EngineVersion = "1"

// Set is a compiled table. It is immutable and may be shared by goroutines; each of them takes a Matcher of its own.
type Set struct {
	rows   []detectors.Detector
	byID   map[string]int32
	hash   string
	reach  int
	filter *filter

	shapes  []shape     // of Detector.Shapes
	structs []structure // of Detector.Structures
	named   []named     // of Detector.Named
	anchors []anchor    // of structs
	words   []word      // keywords and generic name words
	wordAt  map[string]int32
}

// Compile checks the rows and builds the tables that Match runs on. Every error names its row; all of them are returned.
func Compile(ds []detectors.Detector) (*Set, error) {
	s := &Set{rows: slices.Clone(ds), byID: make(map[string]int32, len(ds)), wordAt: map[string]int32{}}
	var errs []error
	for i := range s.rows {
		d := &s.rows[i]
		if err := s.addRow(int32(i), d); err != nil {
			errs = append(errs, fmt.Errorf("detector %q (row %d): %w", d.ID, i, err))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	s.addGenericWords()
	s.filter = s.buildFilter()
	s.hash = hashRows(s.rows)
	s.reach = s.measureReach()
	return s, nil
}

// Hash identifies the rules: it changes with any row's data and with EngineVersion, not with the address of a function.
func (s *Set) Hash() string { return s.hash }

// Detector returns the row with the id, or with that former id, or nil. It is not to be changed.
func (s *Set) Detector(id string) *detectors.Detector {
	i, ok := s.byID[id]
	if !ok {
		return nil
	}
	return &s.rows[i]
}

func (s *Set) addRow(i int32, d *detectors.Detector) error {
	if d.ID == "" || strings.Trim(d.ID, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || strings.HasPrefix(d.ID, "-") {
		return errors.New("id is not lower-case words joined by hyphens")
	}
	if d.Provider != strings.ToLower(d.Provider) {
		return fmt.Errorf("provider %q is not lower case", d.Provider)
	}
	for _, id := range append([]string{d.ID}, d.Was...) {
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
			err = sh.anchor()
		}
		if err != nil {
			return fmt.Errorf("shape %d: %w", j, err)
		}
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
		if len(st.Anchors) == 0 {
			return fmt.Errorf("structure %d: no anchor", j)
		}
		for _, a := range st.Anchors {
			if len(a) < minAnchor {
				return fmt.Errorf("structure %d: anchor %q is shorter than %d bytes", j, a, minAnchor)
			}
		}
		for _, a := range st.Anchors {
			s.anchors = append(s.anchors, anchor{of: int32(len(s.structs)), text: a})
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

func (s *Set) addNamed(det int32, n *detectors.Named) error {
	if len(n.Keywords) == 0 {
		return errors.New("no keyword")
	}
	if len(n.Value) == 0 {
		return errors.New("no value shape")
	}
	for _, list := range [][]string{n.Keywords, n.Names, n.Not} {
		for _, w := range list {
			if w == "" || strings.Trim(w, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
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
		c.values = append(c.values, sh)
	}
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

// hashRows covers every field that is data. Functions are left out: a change to one is a change to EngineVersion.
func hashRows(rows []detectors.Detector) string {
	h := sha256.New()
	put := func(xs ...any) {
		for _, x := range xs {
			fmt.Fprintf(h, "%d:%v\n", len(fmt.Sprint(x)), x)
		}
	}
	put("sprawl rules", EngineVersion, len(rows))
	for i := range rows {
		d := &rows[i]
		put(d.ID, d.Provider, d.Title, d.Was, d.Severity, d.Paths, d.Traits, d.Rotate, d.Revoke, d.Docs, d.Format,
			d.Pair, d.Check != nil, d.Facts != nil, len(d.Shapes), len(d.Named), len(d.Structures))
		for j := range d.Shapes {
			hashShape(h, &d.Shapes[j])
		}
		for j := range d.Named {
			n := &d.Named[j]
			put(n.Role, n.Keywords, n.Names, n.Not, n.MinEntropy, n.Near, len(n.Value))
			for k := range n.Value {
				hashShape(h, &n.Value[k])
			}
		}
		for j := range d.Structures {
			put(d.Structures[j].Anchors, d.Structures[j].Reach)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func hashShape(h hash.Hash, s *detectors.Shape) {
	class := func(c *detectors.Class) any {
		if c == nil {
			return "-"
		}
		return *c
	}
	fmt.Fprintln(h, s.Role, class(s.Left), class(s.Right), s.Keep, s.NeedName, s.MinEntropy, len(s.Pieces))
	for _, p := range s.Pieces {
		fmt.Fprintf(h, "%q %v %v %d %d\n", p.Lit, p.Fold, class(p.Class), p.Min, p.Max)
	}
}
