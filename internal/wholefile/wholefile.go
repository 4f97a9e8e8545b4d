// Package wholefile writes files that appear whole or not at all: beside the old one, then in its place. A device or a pipe is
// written to as it is, and a link's target is replaced instead of the link.
//
// It never leaves half a file, and never puts a file where something else than a file was.
package wholefile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrPlace says that nothing can be written at a path: there is no such folder, it may not be written to, or the path is a folder.
var ErrPlace = errors.New("no file can be written there")

// Write has fill write to path. A file that is there keeps its permissions, a new one gets perm. Errors of the place wrap ErrPlace;
// after any other one the file is as it was.
func Write(path string, perm fs.FileMode, fill func(io.Writer) error) error {
	if to, err := filepath.EvalSymlinks(path); err == nil {
		path = to
	}
	switch st, err := os.Stat(path); {
	case err != nil:
	case st.IsDir():
		return fmt.Errorf("%s is a folder: %w", path, ErrPlace)
	case st.Mode().IsRegular():
		perm = st.Mode().Perm()
	default:
		return through(path, fill)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".sprawl-*")
	if err != nil {
		return errors.Join(ErrPlace, err)
	}
	w := bufio.NewWriterSize(f, 1<<16)
	err = fill(w)
	err = errors.Join(err, w.Flush(), f.Sync(), f.Close())
	if err == nil {
		err = os.Chmod(f.Name(), perm)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// through writes to what is no file.
func through(path string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return errors.Join(ErrPlace, err)
	}
	w := bufio.NewWriterSize(f, 1<<16)
	err = fill(w)
	return errors.Join(err, w.Flush(), f.Close())
}
