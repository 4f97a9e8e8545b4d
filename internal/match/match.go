// Package match runs the table of detectors over bytes: prefilter, shape matchers, structures, the assignment recogniser and
// the generic classifier. What it finds is a function of the bytes alone; Resolve then weighs the candidates of one blob
// against each other and against the path it stands at.
//
// It never reads a file, never decodes or unpacks (internal/decode and internal/unpack do), and uses no regular expression
// for a built-in kind.
package match

import (
	"sprawl/detectors"
	"sprawl/finding"
)

// Candidate is one value that a detector matched in one text. Offsets are bytes in that text.
type Candidate struct {
	Detector *detectors.Detector // nil for a generic secret
	Tier     finding.Tier
	Proof    finding.Proof
	Name     string  // the name it was assigned to, as written
	Why      string  // why it matched, in words, without the value
	Score    float64 // the classifier's, for generic candidates; before path evidence
	Bare     bool    // a generic value without quotes: in source code an expression, not a value
	Nearby   bool    // a word before the value is all that tells of it: no form, no name it is assigned to
	Keep     int     // bytes at the start of the secret that a masked value may show
	Parts    []Part
	Facts    []finding.Fact
	Start    int // of everything that belongs to it, name or block included
	End      int

	// Decode is how the text was reached, outermost first; Allow the inline allow beside it. Both are filled by the caller
	// of Match, as are the parts' Span and Snippet: Resolve reads them.
	Decode []finding.Step
	Allow  *finding.Allow
}

// Part is where one half stands and what it is.
type Part struct {
	Role       finding.Role
	Value      finding.Secret
	Start, End int

	Span    finding.Span // in the outermost text
	Snippet finding.Snippet
}
