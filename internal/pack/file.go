package pack

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
)

// file is an immutable file of the store: mapped, or read piece by piece.
type file struct {
	path string
	size int64
	data []byte   // the map; nil if it is read with f
	f    *os.File // nil if it is mapped
}

// openFile maps the file, or keeps it open for ReadAt where that is not to be had.
func openFile(path string, noMap bool) (*file, error) {
	f, st, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	r := &file{path: path, size: st.Size()}
	if !noMap && r.size > 0 {
		if r.data, err = mapFile(f, r.size); err == nil {
			return r, f.Close()
		}
		r.data = nil // Too large for the address space, or a file system without maps.
	}
	r.f = f
	return r, nil
}

// openRegular opens a file but no pipe, which would block, and no device.
func openRegular(path string) (*os.File, fs.FileInfo, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("open %s: not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	if st, err = f.Stat(); err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, st, nil
}

func (f *file) close() error {
	if f.f != nil {
		return f.f.Close()
	}
	data := f.data
	f.data = nil
	if data == nil {
		return nil
	}
	return unmapFile(data)
}

// How much a view reads at once: in the order of a file, and along delta chains, which jump.
const (
	readAhead = 64 << 10
	readChain = 8 << 10
)

// view reads from one file at a time for one goroutine.
type view struct {
	ahead int64 // readAhead if 0
	f     *file
	off   int64 // where buf begins in f
	buf   []byte
}

// at returns n bytes at off, fewer if the file ends before, valid until the next call. Memory that it takes is bounded by the
// file's size.
func (v *view) at(f *file, off, n int64) ([]byte, error) {
	if off < 0 || off > f.size || n < 0 {
		return nil, io.ErrUnexpectedEOF
	}
	n = min(n, f.size-off)
	if f.f == nil {
		return f.data[off : off+n : off+n], nil
	}
	if v.f == f && off >= v.off && off+n <= v.off+int64(len(v.buf)) {
		return v.buf[off-v.off:][:n:n], nil
	}
	want := int(min(max(n, cmp.Or(v.ahead, readAhead)), f.size-off))
	v.f = nil
	if cap(v.buf) < want {
		v.buf = make([]byte, want)
	}
	v.buf = v.buf[:want]
	if _, err := f.f.ReadAt(v.buf, off); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	v.f, v.off = f, off
	return v.buf[:n:n], nil
}

// whole returns all of a file: its map, valid until close, or a copy, after which the file is closed.
func (f *file) whole() ([]byte, error) {
	if f.f == nil {
		return f.data, nil
	}
	b := make([]byte, f.size)
	_, err := f.f.ReadAt(b, 0)
	err = errors.Join(err, f.f.Close())
	f.f = nil
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.path, err)
	}
	return b, nil
}

// faultError stands for a page that could not be had: the file was truncated under its map, or the disk failed.
type faultError struct{ err error }

func (e *faultError) Error() string { return "the file shrank or failed while it was mapped" }
func (e *faultError) Unwrap() error { return e.err }

// guard runs do, which reads mapped files, and turns a fault on a mapped page into an error. Other panics pass. The goroutine
// must have debug.SetPanicOnFault set, else the fault is fatal.
func guard(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			// The runtime documents this interface for the panics that SetPanicOnFault makes.
			if f, ok := r.(interface {
				error
				Addr() uintptr
			}); ok {
				err = &faultError{f}
				return
			}
			panic(r)
		}
	}()
	return do()
}

// guarded is guard for goroutines that are not the package's own.
func guarded(do func() error) error {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	return guard(do)
}
