//go:build unix

package files

import "syscall"

// openFlags keep an open from waiting for the other end of a FIFO.
const openFlags = syscall.O_NONBLOCK

// devices tells whether certain names are devices wherever they stand.
const devices = false
