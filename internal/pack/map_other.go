//go:build !unix

package pack

import (
	"errors"
	"os"
)

// mapFile is left to systems where git may delete a file that is mapped; elsewhere its repack would fail.
func mapFile(*os.File, int64) ([]byte, error) { return nil, errors.ErrUnsupported }

func unmapFile([]byte) error { return nil }
