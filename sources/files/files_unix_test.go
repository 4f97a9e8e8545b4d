//go:build unix

package files

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"sprawl/finding"
)

// TestSpecialFiles: a FIFO that nobody writes to holds nothing up.
func TestSpecialFiles(t *testing.T) {
	root, err := os.MkdirTemp("", "f") // the name of a socket is limited to about a hundred bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	if err := syscall.Mkfifo(filepath.Join(root, "fifo"), 0o644); err != nil {
		t.Skip(err)
	}
	l, err := net.Listen("unix", filepath.Join(root, "socket"))
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	if err := os.WriteFile(filepath.Join(root, "a"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	w, err := run(t, Dir(root, Options{}))
	if err != nil || len(w.files) != 1 || w.skips["fifo"] != finding.ReasonSpecialFile || w.skips["socket"] != finding.ReasonSpecialFile {
		t.Errorf("error %v, files %v, skips %v", err, w.files, w.skips)
	}

	_, err = run(t, Dir(filepath.Join(root, "fifo"), Options{}))
	if err == nil || !strings.Contains(err.Error(), "pipe its content in") {
		t.Errorf("a FIFO as the target: %v", err)
	}
}

// TestReadError: the memory of a process is a regular file that cannot be read at its start.
func TestReadError(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	w, err := run(t, Dir("/proc/self/mem", Options{}))
	c := w.led.Coverage()
	if err != nil || len(w.files) != 0 || c.Skipped[finding.ReasonUnreadable] != 1 || c.Complete() {
		t.Errorf("error %v, files %d, skips %v", err, len(w.files), c.Skips)
	}
}

// TestSwappedForALink: what is a link by the time it is opened leads nowhere outside.
func TestSwappedForALink(t *testing.T) {
	outside := tree(t, map[string]string{"secret": "outside"})
	root := tree(t, map[string]string{"a": "x"})
	if err := os.Symlink(filepath.Join(outside, "secret"), filepath.Join(root, "b")); err != nil {
		t.Skip(err)
	}
	r, err := os.OpenRoot(root)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if f, err := r.OpenFile("b", os.O_RDONLY|openFlags, 0); err == nil {
		_ = f.Close()
		t.Error("opened a file outside the root")
	}
}

// TestLinkAsTarget: a link that was asked for by name is followed.
func TestLinkAsTarget(t *testing.T) {
	root := tree(t, map[string]string{"sub/a": "x"})
	for name, to := range map[string]string{"d": "sub", "f": "sub/a"} {
		if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
			t.Skip(err)
		}
		w, err := run(t, Dir(filepath.Join(root, name), Options{}))
		if err != nil || w.files["a"] != "x" {
			t.Errorf("%s: error %v, files %v", name, err, w.files)
		}
	}
}
