//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package mirror

import (
	"errors"
	"os"
)

func tryFile(f *os.File) (bool, error) {
	return false, &os.PathError{Op: "lock", Path: f.Name(), Err: errors.ErrUnsupported}
}
