package detectors

import "math/bits"

// Class is a set of bytes.
type Class [4]uint64

// Has reports whether c is in the class.
func (s *Class) Has(c byte) bool { return s[c>>6]>>(c&63)&1 != 0 }

// Table is the class as what is asked most reads it fastest: by byte.
func (s *Class) Table() (t [256]bool) {
	for c := range t {
		t[c] = s.Has(byte(c))
	}
	return t
}

// Of makes a class from ranges written as in a bracket expression: "a-z0-9_". A hyphen that stands first or last is itself.
func Of(spec string) *Class {
	var s Class
	for i := 0; i < len(spec); i++ {
		lo := spec[i]
		hi := lo
		if i+2 < len(spec) && spec[i+1] == '-' {
			hi = spec[i+2]
			i += 2
		}
		for c := int(lo); c <= int(hi); c++ {
			s[c>>6] |= 1 << (c & 63)
		}
	}
	return &s
}

// Or is the union.
func (s *Class) Or(o *Class) *Class {
	return &Class{s[0] | o[0], s[1] | o[1], s[2] | o[2], s[3] | o[3]}
}

// Within reports whether every byte of the class is one of o.
func (s *Class) Within(o *Class) bool { return *s.Or(o) == *o }

// Size is the number of bytes in the class.
func (s *Class) Size() int {
	return bits.OnesCount64(s[0]) + bits.OnesCount64(s[1]) + bits.OnesCount64(s[2]) + bits.OnesCount64(s[3])
}

// The classes that credentials are made of.
var (
	Digits    = Of("0-9")
	Lower     = Of("a-z")
	Upper     = Of("A-Z")
	Letters   = Of("a-zA-Z")
	Hex       = Of("0-9a-f")
	HexUpper  = Of("0-9A-F")
	HexAny    = Of("0-9a-fA-F")
	LowerNum  = Of("a-z0-9")
	UpperNum  = Of("A-Z0-9")
	Base62    = Of("a-zA-Z0-9")
	Base32    = Of("A-Z2-7")
	Base64    = Of("a-zA-Z0-9+/")
	Base64Pad = Of("a-zA-Z0-9+/=")
	Base64URL = Of("a-zA-Z0-9_-")
	WordBytes = Of("a-zA-Z0-9_")
	Visible   = Of("!-~")
	UUIDBytes = Of("0-9a-fA-F-")
)
