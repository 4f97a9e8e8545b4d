//go:build unix

package wholefile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestPlaces holds what a path may be besides a file.
func TestPlaces(t *testing.T) {
	dir := t.TempDir()
	file, link, pipe := filepath.Join(dir, "file"), filepath.Join(dir, "link"), filepath.Join(dir, "pipe")
	if err := errors.Join(os.WriteFile(file, []byte("old"), 0o600), os.Symlink("file", link), syscall.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := Write(link, 0o644, text("new")); err != nil || read(t, file) != "new" {
		t.Errorf("through a link: %v", err)
	}
	if st, err := os.Lstat(link); err != nil || st.Mode()&os.ModeSymlink == 0 {
		t.Error("the link is no link any more")
	}
	for _, p := range []string{dir, filepath.Join(dir, "none", "file")} {
		if err := Write(p, 0o644, text("x")); !errors.Is(err, ErrPlace) {
			t.Errorf("%s: %v, want ErrPlace", p, err)
		}
	}
	got := make(chan string, 1)
	go func() {
		f, err := os.Open(pipe)
		if err != nil {
			got <- err.Error()
			return
		}
		b, _ := io.ReadAll(f)
		_ = f.Close()
		got <- string(b)
	}()
	if err := Write(pipe, 0o644, text("down the pipe")); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Lstat(pipe); err != nil || st.Mode()&os.ModeNamedPipe == 0 {
		t.Fatal("the pipe is no pipe any more") // and the null device below is spared
	}
	select {
	case s := <-got:
		if s != "down the pipe" {
			t.Errorf("the pipe gave %q", s)
		}
	case <-time.After(time.Minute):
		t.Fatal("nothing came out of the pipe")
	}
	if err := Write(os.DevNull, 0o644, text("x")); err != nil {
		t.Error(err)
	}
	if st, err := os.Lstat(os.DevNull); err != nil || st.Mode()&os.ModeDevice == 0 {
		t.Fatal("the null device is no device any more")
	}
}
