package match

import "sprawl/detectors"

// How far each matcher looks around what it decides on, in bytes. A caller that carries candidates over from one text to
// another relies on these: whatever lies further away than Set.Reach does not change a candidate.
const (
	minAnchor   = 3 // bytes of a structure's anchor
	minKeyword  = 3 // bytes of a keyword
	defaultNear = 40
	maxNear     = 256 // between a keyword and its value

	maxIdent    = 128  // of a name, to each side of a hit in it
	maxGap      = 128  // white space, brackets and type between a name and its value
	maxWrap     = 96   // of a call around a value: aws.String("…"), os.getenv("X", "…")
	maxValue    = 4096 // of a value
	maxPlain    = 1024 // of a value without quotes
	maxAfter    = 64   // after a value, to see what follows it
	maxBack     = 192  // before a value, to find its name
	needNameGap = 64   // between a word of Shape.NeedName and the token
	hashGap     = 24   // between a word such as sha256 and the digits it labels
	quoteAhead  = 8    // of an operator, and of the quotes and tags that may stand before it
	quoteBack   = 12   // before a name, to see its quotes and what opens them
	maxBlanks   = 64   // between a command and a name
	maxCommand  = 512  // of a command line with -u user:password
	maxSlide    = 256  // by which a shape's literal may stand away from its start
	escapeBack  = 8    // an escape sequence that ends where a token begins: \n, %3D, \u003d, a colour code
)

// What decides about a trigger lies at most so many bytes away from it, beside what it is itself and its row says. Derived
// texts rely on these; TestReach holds them against truncated texts.
const (
	blockBack   = 128                      // of a structure that reaches ahead
	nameBack    = maxBack + maxIdent + 128 // of the name that a value is assigned to, and what stands before that
	nearBack    = maxBack + maxBlanks + 16 // of the name before a value that only a word before it tells of
	wordBefore  = 18                       // of a word that says of a key or token which it is
	lineOfWord  = 128                      // a command, or an opening bracket with the name of a function, before a name
	nearAhead   = 32                       // behind a value that only a word before it tells of
	shapeAhead  = 512                      // behind a token: whether it is a line of a larger block
	anchorAhead = 128                      // behind what a structure reads
	seenAhead   = 16                       // behind what was passed over: the longest word that is looked for there
)

// Reach is how many bytes before a candidate's Start and behind its End may have taken part in the decision. Structures that
// reach further say so in their rows: Block and Whole are not counted here.
func (s *Set) Reach() int { return s.reach }

func (s *Set) measureReach() int {
	n := maxIdent + maxGap + maxWrap + maxValue + maxAfter
	for i := range s.structs {
		s.structs[i].back, s.structs[i].ahead = reachOf(s.structs[i].row.Reach)
	}
	for i := range s.anchors {
		s.longest = max(s.longest, len(s.anchors[i].text)+4)
	}
	for i := range s.words {
		s.longest = max(s.longest, len(s.words[i].text)+1+callAhead)
	}
	for i := range s.shapes {
		s.longest = max(s.longest, len(s.shapes[i].head)+4)
	}
	for i := range s.shapes {
		n = max(n, s.shapes[i].maxLen+maxBack+maxIdent)
	}
	for i := range s.named {
		for j := range s.named[i].values {
			n = max(n, s.named[i].values[j].maxLen+maxNear+maxBack+maxIdent)
		}
	}
	for i := range s.structs {
		if r := s.structs[i].row.Reach; r.Kind == detectors.ReachLocal {
			n = max(n, r.N)
		}
	}
	return n
}
