//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package mirror

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func tryFile(f *os.File) (bool, error) {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, unix.EWOULDBLOCK):
			return false, nil
		case !errors.Is(err, unix.EINTR):
			return false, &os.PathError{Op: "lock", Path: f.Name(), Err: err}
		}
	}
}
