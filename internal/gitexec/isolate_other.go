//go:build !unix

package gitexec

import (
	"os"
	"os/exec"
)

func isolate(*exec.Cmd) {}

func isExecutable(path string) bool {
	fi, err := os.Stat(path)
	return err == nil && fi.Mode().IsRegular()
}
