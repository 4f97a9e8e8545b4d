// Package state is the file in which a scan keeps what it has seen of repositories, so that the next costs only what is new:
// ids of objects, prints of refs and stores, and under which rules they were looked at.
//
// It never holds anything of what objects contain, never judges whether a state still fits, and never leaves half a file: one
// is written whole beside the old one and put in its place.
package state

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"

	"sprawl/internal/wholefile"
)

// Repository is what is kept of one.
type Repository struct {
	Rules    string // names the rules that objects were looked at under, limits and decoders included
	Print    string // of its refs and objects
	Complete bool   // nothing of it was missing or damaged
	Objects  int64  // how many were seen
	IDs      []byte // raw ids, one behind the other, sorted
}

// State is what is kept of all repositories, by a name that the caller gives them. The zero State is empty.
type State struct {
	of      map[string]Repository
	changed bool
}

// ErrDamaged says that a file is no state, or not all of one.
var ErrDamaged = errors.New("it is no state of a scan, or damaged")

const (
	magic   = "sprawl-state 1\n"
	sumLen  = 2*sha256.Size + len("sum \n")
	maxFile = 4 << 30
)

// header precedes a repository's ids.
type header struct {
	Name     string `json:"name"`
	Rules    string `json:"rules"`
	Print    string `json:"print"`
	Complete bool   `json:"complete"`
	Objects  int64  `json:"objects"`
	Bytes    int    `json:"bytes"` // of ids
}

// Read reads a state. A file that is not there is an empty one; the error of any other that is none wraps ErrDamaged.
func Read(path string) (*State, error) {
	s := &State{of: map[string]Repository{}}
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() || st.Size() > maxFile {
		return nil, fmt.Errorf("read %s: %w", path, ErrDamaged)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if err := s.parse(b); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return s, nil
}

func (s *State) parse(b []byte) error {
	n := len(b) - sumLen
	if n < len(magic) || string(b[:len(magic)]) != magic || string(b[n:]) != sumOf(b[:n]) {
		return ErrDamaged
	}
	for b = b[len(magic):n]; len(b) > 0; {
		line, rest, ok := bytes.Cut(b, []byte("\n"))
		var h header
		if !ok || json.Unmarshal(line, &h) != nil || h.Bytes < 0 || h.Bytes > len(rest) {
			return ErrDamaged
		}
		s.of[h.Name] = Repository{Rules: h.Rules, Print: h.Print, Complete: h.Complete, Objects: h.Objects, IDs: rest[:h.Bytes:h.Bytes]}
		b = rest[h.Bytes:]
	}
	return nil
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return "sum " + hex.EncodeToString(sum[:]) + "\n"
}

// Get is what is kept of a repository under the rules: the zero Repository if nothing is, or other rules were in force.
func (s *State) Get(name, rules string) Repository {
	r := s.of[name]
	if r.Rules != rules {
		return Repository{Rules: rules}
	}
	return r
}

// Put keeps a repository.
func (s *State) Put(name string, r Repository) {
	if old, ok := s.of[name]; ok && old.Rules == r.Rules && old.Print == r.Print && old.Complete == r.Complete && bytes.Equal(old.IDs, r.IDs) {
		return
	}
	if s.of == nil {
		s.of = map[string]Repository{}
	}
	s.of[name], s.changed = r, true
}

// Write puts the state in place of the file at path. It does nothing where nothing has changed since it was read.
func (s *State) Write(path string) (err error) {
	if !s.changed {
		return nil
	}
	err = wholefile.Write(path, 0o600, func(w io.Writer) error {
		sum := sha256.New()
		both := io.MultiWriter(w, sum)
		_, err := io.WriteString(both, magic)
		for _, name := range slices.Sorted(maps.Keys(s.of)) {
			r := s.of[name]
			line, err1 := json.Marshal(header{name, r.Rules, r.Print, r.Complete, r.Objects, len(r.IDs)})
			_, err2 := both.Write(append(line, '\n'))
			_, err3 := both.Write(r.IDs)
			err = errors.Join(err, err1, err2, err3)
		}
		_, err4 := io.WriteString(w, "sum "+hex.EncodeToString(sum.Sum(nil))+"\n")
		return errors.Join(err, err4)
	})
	if err == nil {
		s.changed = false
	}
	return err
}
