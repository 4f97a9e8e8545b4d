// Package detectors is the table of credential kinds: what each looks like, what it proves and says of itself offline, and
// what is known of every credential of its kind. A kind is a row; providers with structure or facts of their own have a file
// each, the long tail stands in tables by field.
//
// It knows bytes only: no path, no repository, no network. Rows are compiled and run by internal/match. No literal in it
// looks like a credential: prefixes stand alone, vectors are generated.
package detectors

import (
	"math/rand/v2"

	"sprawl/finding"
)

// Detector is one kind of credential.
//
// A value is found by any of Shapes, Named or Structures. Where both an id and a secret of one kind are found close to each
// other they are one credential (see Pair).
type Detector struct {
	ID       string // "aws-access-key": lower-case words joined by hyphens; stable in every output
	Provider string // "aws": lower case; "" for kinds without a provider
	Title    string // "AWS access key"
	Was      []string

	Shapes     []Shape
	Named      []Named
	Structures []Structure
	Pair       Pair

	// Check judges a match by checksum or structure; nil means no check. It is called with the bytes of the match.
	Check func(Match) finding.Proof
	// Facts says what the match says of itself; nil means nothing. Forged content is input like any other: no panic, no
	// fact that is not there.
	Facts func(Match) []finding.Fact
	// Sample makes a value that Check proves, for vectors; nil where any value of the shape will do.
	Sample func(r *rand.Rand) []byte
	// Severity is the severity of an unproven sighting at HEAD; zero means high.
	Severity finding.Severity
	// Paths limits the kind to files whose path matches one of these globs (doublestar, against the lower-cased slash path);
	// empty means everywhere. It is applied after matching, when places are known.
	Paths []string

	// Own marks a row of a user's settings: its form is taken at its word, where a built-in one has to allow for what people type
	// instead of a value.
	Own bool

	// Harmless marks what looks like a secret and is known to be none: a public key, an encrypted container. A match is not
	// reported, and neither is anything that was found inside it.
	Harmless bool

	Traits Traits
	// Silent is a page about the kind that was read for traits and says none, Sought that pages were looked for and none was
	// found. Of a row of a provider's one of the three holds: traits, a silent page, sought in vain.
	Silent string
	Sought bool
	// Rotate and Revoke say how in one line each, a command where there is one. {ident} stands for the public half.
	Rotate, Revoke string
	// Docs is the provider's page about the kind; Format names where its format is confirmed (a page, an SDK, "corpus",
	// "undocumented").
	Docs, Format string
	// Introspection is how its provider is asked about it, nil where that is not known or would change something.
	Introspection *Introspection
}

// Traits is finding.Traits, so that rows read as what they are.
type Traits = finding.Traits

// Match is the parts of one match as Check and Facts see them. Missing parts are nil. The bytes are not to be kept.
type Match struct {
	ID, Secret, User, Host []byte
	Name                   string // the name it was assigned to, as written
	Block                  []byte // the whole structure, where a Structure found it
}

// Value is the secret half, or the id where there is no secret.
func (m Match) Value() []byte {
	if m.Secret != nil {
		return m.Secret
	}
	return m.ID
}

// Shape is a token with a form of its own: pieces one after the other, e.g. Lit("ghp_"), Chars(Base62, 36). One piece at
// least is a Lit of two bytes or more within a fixed distance from the start, or follows pieces of bounded length: it is what
// the prefilter looks for.
type Shape struct {
	Role   finding.Role // zero means RoleSecret
	Pieces []Piece
	// Left and Right are the bytes that may not stand directly before and after the token. Zero Left means WordBytes; zero
	// Right means the class of the last piece and WordBytes.
	Left, Right *Class
	// Keep is how many bytes at the start a masked value may show: the literal prefix. Zero means the length of a leading Lit.
	Keep int
	// NeedName, if set, asks for one of these folded words within 64 bytes before the token or in the name it is assigned to.
	NeedName []string
	// MinEntropy in bits a byte of the part behind the first literal; less is not reported. 0 means 2.0 where at least 16
	// bytes are random.
	MinEntropy float64
}

// Piece is a literal or a run of a class.
type Piece struct {
	Lit      string
	Fold     bool // Lit matches without regard to ASCII case
	Class    *Class
	Min, Max int // of Class
}

// Lit is a piece that must stand as it is.
func Lit(s string) Piece { return Piece{Lit: s} }

// LitFold is a literal without regard to ASCII case.
func LitFold(s string) Piece { return Piece{Lit: s, Fold: true} }

// Chars is exactly n bytes of a class.
func Chars(c *Class, n int) Piece { return Piece{Class: c, Min: n, Max: n} }

// Range is min to max bytes of a class, as many as there are.
func Range(c *Class, min, max int) Piece { return Piece{Class: c, Min: min, Max: max} }

// Token is a shape of a secret half.
func Token(p ...Piece) Shape { return Shape{Pieces: p} }

// PublicID is a shape of a public half.
func PublicID(p ...Piece) Shape { return Shape{Role: finding.RoleID, Pieces: p} }

// Named is a value that has no form of its own and is known by the name it is given: "keyword … operator … value".
type Named struct {
	Role finding.Role // zero means RoleSecret
	// Keywords are lower-case words without separators; one must occur in the assigned name (compared folded, with
	// separators left out), or stand up to Near bytes before it on the same line or the one before.
	Keywords []string
	// Names, if set, are folded words of which one must occur in the assigned name itself, beside the keyword.
	Names []string
	// Not are folded words that must not occur in the assigned name.
	Not []string
	// Value is what the whole value must look like, one of them; no literal is needed in it.
	Value []Shape
	// MinEntropy in bits a byte; 0 means 2.5 for values of 16 bytes and more.
	MinEntropy float64
	// Loose lets any letter and digit stand where Value has a long run of some of them, in a value that is assigned or on its
	// keyword's line: providers change their alphabets, and rule sets agree on lengths sooner than on case.
	Loose bool
	// Random asks for a value that looks drawn by lot, neither words nor a path: for rows that know of a value no more than
	// the name it is given.
	Random bool
	// Near is how far before the value a keyword may stand with no operator between; 0 means 40, negative means an
	// assignment is required.
	Near int
}

// Pair says how the halves of a composite find each other.
type Pair struct {
	// Lines is how far apart they may stand; 0 means 8.
	Lines int
	// Require is set where a secret half alone is too weak to report.
	Require bool
}

// Structure is a format that is parsed where an anchor stands.
type Structure struct {
	// Anchors are literals of at least 3 bytes (those of 4 and more cost less), matched with case; with Fold they are lower
	// case and match in either.
	Anchors []string
	Fold    bool
	// Reach is how many bytes around an anchor decide a match.
	Reach Reach
	// Parse is given the text and where an anchor begins. It returns what it found, or nothing. It is a function of the
	// bytes within Reach alone, and never panics on hostile input.
	Parse func(b []byte, at int) []Found
	// Read, if set, is told of the same where Parse found nothing, and returns the bytes that it read for that: [from, to) of
	// the text, or more at its ends. Texts that differ elsewhere need not be parsed again.
	Read func(b []byte, at int) (from, to int)
	// Source is what Parse was made of where it is data, a user's pattern: a change to it changes the hash of the rules.
	Source string
}

// Found is one credential that a Structure found.
type Found struct {
	Kind       string // id of a more specific kind in the table, "" for the detector's own
	Parts      []FoundPart
	Start, End int // the whole structure
	Proof      finding.Proof
	Tier       finding.Tier // of what is not proven; zero means shaped
}

// FoundPart is where a part stands.
type FoundPart struct {
	Role       finding.Role
	Start, End int
}

// ReachKind is how far from its anchor a match may depend on bytes.
type ReachKind int

// Reach kinds.
const (
	ReachLocal ReachKind = iota // N bytes on either side
	ReachBlock                  // from the anchor to an end marker, at most N bytes, and 128 bytes before
	ReachWhole                  // the whole blob
	ReachAlone                  // a text of at most N bytes that is nothing but the credential
)

// Reach is a ReachKind with its number.
type Reach struct {
	Kind ReachKind
	N    int
}

// Local reaches n bytes on either side.
func Local(n int) Reach { return Reach{ReachLocal, n} }

// Block reaches from the anchor at most max bytes ahead.
func Block(max int) Reach { return Reach{ReachBlock, max} }

// Whole reaches everywhere.
func Whole() Reach { return Reach{ReachWhole, 0} }

// Alone is the reach of a structure without anchors: every text of at most n bytes is parsed at 0. Only paths tell such a credential, a
// file of nothing but random letters, from other files.
func Alone(n int) Reach { return Reach{ReachAlone, n} }
