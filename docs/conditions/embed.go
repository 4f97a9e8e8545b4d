// Package conditions is the documentation of the conditions: one page each, named by its id, for whoever prints them.
package conditions

import "embed"

// Pages holds ID.md for every condition, and README.md.
//
//go:embed *.md
var Pages embed.FS
