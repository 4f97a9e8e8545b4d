// Package files is the source of plain files: a directory, a single file, standard input.
package files

import (
	"context"
	"io"

	"sprawl/sources"
)

// Options of a walk.
type Options struct {
	Exclude []string // doublestar globs against the slash path below the root
	MaxFile int64    // bytes a file may have to be handed out whole; larger ones come in windows. 0 means 50 MiB
}

type dir struct{}

func (dir) Name() string { return "dir:" }
func (dir) Walk(context.Context, int, *sources.Ledger, func(int, sources.Blob) error) error {
	return nil
}

// Dir walks the files below root, or the single file root.
func Dir(root string, o Options) sources.Source { return dir{} }

// Stdin reads r to its end.
func Stdin(r io.Reader) sources.Source { return dir{} }
