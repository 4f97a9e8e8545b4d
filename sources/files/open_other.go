//go:build !unix

package files

import "runtime"

const openFlags = 0

const devices = runtime.GOOS == "windows"
