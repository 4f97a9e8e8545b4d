// Package pack reads git object stores: packs with their indexes, multi-pack-indexes, loose objects and alternates, under
// SHA-1 and SHA-256. It walks every object once, delta families depth-first so that each stream is inflated once, and reads
// single objects at random.
//
// It is made for hostile input: whatever stands in a store is bounds-checked, declared sizes are held against what the stored
// bytes can inflate to before anything is allocated, chains are followed without recursion, and damage is an error that names
// file and offset. It never writes, never runs git, never reads configuration, and never fetches what a partial clone left out.
//
// The formats are those of gitformat-pack(5), which describes indexes and multi-pack-indexes too, and gitrepository-layout(5).
package pack

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
)

// Type is an object's type, numbered as in the pack format.
type Type uint8

// Types, with the numbers of the pack format.
const (
	Commit Type = 1
	Tree   Type = 2
	Blob   Type = 3
	Tag    Type = 4
)

// String is the name that git stores: commit, tree, blob, tag.
func (t Type) String() string {
	switch t {
	case Commit:
		return "commit"
	case Tree:
		return "tree"
	case Blob:
		return "blob"
	case Tag:
		return "tag"
	}
	return "unknown"
}

// parseType is the inverse of String, 0 for anything else.
func parseType(name []byte) Type {
	for t := Commit; t <= Tag; t++ {
		if string(name) == t.String() {
			return t
		}
	}
	return 0
}

// Types is a set of types.
type Types uint8

// All holds every type.
const All = Types(1<<Commit | 1<<Tree | 1<<Blob | 1<<Tag)

// Of makes a set.
func Of(types ...Type) Types {
	var s Types
	for _, t := range types {
		s |= 1 << t
	}
	return s
}

// Has says whether t is in the set.
func (s Types) Has(t Type) bool { return s&(1<<t) != 0 }

// Hash is a store's object format.
type Hash uint8

// Hashes.
const (
	Detect Hash = iota // from the length of file names in the store; SHA-1 if there are none
	SHA1
	SHA256
)

// Size is the length of an id in bytes.
func (h Hash) Size() int {
	if h == SHA256 {
		return 32
	}
	return 20
}

// ID is an object id. It is comparable and free of pointers; the zero ID is none.
type ID struct {
	n uint8
	b [32]byte
}

// RawID makes an ID of 20 or 32 raw bytes.
func RawID(raw []byte) (ID, error) {
	if len(raw) != 20 && len(raw) != 32 {
		return ID{}, fmt.Errorf("object id of %d bytes: want 20 or 32", len(raw))
	}
	return rawID(raw), nil
}

func rawID(raw []byte) (id ID) {
	id.n = uint8(copy(id.b[:], raw))
	return id
}

// ParseID makes an ID of 40 or 64 hexadecimal digits.
func ParseID(s string) (ID, error) {
	if len(s) != 40 && len(s) != 64 {
		return ID{}, fmt.Errorf("object id of %d digits: want 40 or 64", len(s))
	}
	var id ID
	n, err := hex.Decode(id.b[:], []byte(s))
	if err != nil {
		return ID{}, fmt.Errorf("object id: %w", err)
	}
	id.n = uint8(n)
	return id, nil
}

// Hex is the id as git prints it, "" for the zero ID.
func (id ID) Hex() string { return hex.EncodeToString(id.b[:id.n]) }

// String is Hex.
func (id ID) String() string { return id.Hex() }

// AppendHex appends the id as git prints it.
func (id ID) AppendHex(dst []byte) []byte { return hex.AppendEncode(dst, id.b[:id.n]) }

// AppendRaw appends the id's bytes.
func (id ID) AppendRaw(dst []byte) []byte { return append(dst, id.b[:id.n]...) }

// IsZero says whether the id is none.
func (id ID) IsZero() bool { return id.n == 0 }

func (id *ID) raw() []byte { return id.b[:id.n] }

// Object is what Walk hands out. It, Bytes and Delta are valid during the visit only; nobody writes to them.
type Object struct {
	ID    ID
	Type  Type
	Size  int64  // of the whole object
	Bytes []byte // all of it, or a window: Size bytes unless Offset > 0 or Last is false

	// An object over Options.MaxObject comes in windows, in order, each beginning with the last Options.Overlap bytes of the
	// one before. All other objects have Offset 0 and Last true.
	Offset int64 // where Bytes begin in the object
	Last   bool  // Bytes reach the object's end

	// Delta holds the raw instructions that make Bytes from Base (see Runs), nil if the object is stored whole or its base was
	// not visited before it by the same worker.
	Delta    []byte
	Base     ID    // zero if Delta is nil
	BaseSize int64 // of Base

	// Depth is how many deltas deep the object was walked to. If Delta is set, Base is the latest object of Depth-1 that this
	// worker visited, so what is remembered of bases fits in a stack: at Depth, what stands there or deeper is done with.
	Depth   int
	Derived bool // other objects of this walk are stored as deltas of this one
}

// Options bound what a store costs. Zero fields take the defaults.
type Options struct {
	Hash      Hash  // object format; Detect by default, better given from extensions.objectFormat
	MaxObject int64 // bytes; a larger object is visited in windows. Default 64 MiB
	MaxBase   int64 // bytes; a larger object is not held whole, and what derives from it is too large. Default 512 MiB, as core.bigFileThreshold
	Window    int   // bytes of a window of a larger object. Default 16 MiB
	Overlap   int   // bytes that a window repeats of the one before it. Default 64 KiB, at most half a window
	Cache     int64 // bytes of recently used bases that Read keeps. Default 96 MiB, as core.deltaBaseCacheLimit

	Verify       bool // hash every object again, report those that do not match their id
	NoAlternates bool // ignore info/alternates: it names folders outside the store
	NoMap        bool // read with ReadAt where memory maps would be used
}

const (
	defaultMaxObject = 64 << 20
	defaultMaxBase   = 512 << 20
	defaultWindow    = 16 << 20
	defaultOverlap   = 64 << 10
	defaultCache     = 96 << 20
)

func (o *Options) fill() {
	if o.MaxObject <= 0 {
		o.MaxObject = defaultMaxObject
	}
	if o.Window <= 0 {
		o.Window = defaultWindow
	}
	if o.Overlap <= 0 {
		o.Overlap = defaultOverlap
	}
	o.MaxObject = min(o.MaxObject, math.MaxInt-1<<20) // on 32 bits
	if o.MaxBase <= 0 {
		o.MaxBase = defaultMaxBase
	}
	o.MaxBase = max(o.MaxObject, min(o.MaxBase, math.MaxInt-1<<20))
	o.Overlap = min(o.Overlap, o.Window/2)
	if o.Cache <= 0 {
		o.Cache = defaultCache
	}
}

// Reason classes a Trouble.
type Reason uint8

// Reasons.
const (
	Corrupt  Reason = iota + 1 // Err is a *CorruptError
	Missing                    // Err is a *MissingError: a delta's base is not in the store
	TooLarge                   // Err is a *TooLargeError
	Mismatch                   // Err is a *CorruptError: the bytes do not hash to the id; the object was visited all the same
	Unopened                   // a pack, index, folder or alternate could not be opened: Trouble.ID is zero
)

// String is one or two words.
func (r Reason) String() string {
	switch r {
	case Corrupt:
		return "corrupt"
	case Missing:
		return "base missing"
	case TooLarge:
		return "too large"
	case Mismatch:
		return "id mismatch"
	case Unopened:
		return "unopened"
	}
	return "unknown"
}

// Trouble is one object that could not be visited, or a part of the store that could not be opened. It ends nothing.
type Trouble struct {
	Reason Reason
	ID     ID    // zero if it is not one object
	Type   Type  // 0 if that cannot be told
	Size   int64 // of the object in bytes, 0 if that cannot be told
	Err    error // never nil
}

// CorruptError is malformed input.
type CorruptError struct {
	Pack   string // the file: pack, index or loose object
	Offset int64  // in Pack, -1 if it is the file as a whole
	ID     ID     // zero if it is not one object
	Err    error
}

func (e *CorruptError) Error() string {
	s := e.Pack
	if e.Offset >= 0 {
		s = fmt.Sprintf("%s at offset %d", s, e.Offset)
	}
	if !e.ID.IsZero() {
		s = fmt.Sprintf("object %s in %s", e.ID.Hex(), s)
	}
	return fmt.Sprintf("read %s: %v", s, e.Err)
}

func (e *CorruptError) Unwrap() error { return e.Err }

// MissingError says that the store does not hold an object: never written, pruned, or left out of a partial clone.
type MissingError struct{ ID ID }

func (e *MissingError) Error() string { return "object " + e.ID.Hex() + " is not in the store" }

// TooLargeError says that an object, or one it derives from, is over Options.MaxBase; from Read, over Options.MaxObject.
type TooLargeError struct {
	ID    ID // the object that is over the limit
	Size  int64
	Limit int64
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("object %s of %d bytes is over the limit of %d", e.ID.Hex(), e.Size, e.Limit)
}

// reasonOf classes the errors that reading an object can give.
func reasonOf(err error) Reason {
	var missing *MissingError
	var large *TooLargeError
	switch {
	case errors.As(err, &missing):
		return Missing
	case errors.As(err, &large):
		return TooLarge
	}
	return Corrupt
}
