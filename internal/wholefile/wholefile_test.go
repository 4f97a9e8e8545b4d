package wholefile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestWrite holds that a file is replaced as a whole, keeps its permissions, and that a failure leaves the old one and nothing else.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "report")
	if err := Write(path, 0o640, text("one")); err != nil || read(t, path) != "one" {
		t.Fatalf("new: %v", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, 0o640, text("two")); err != nil || read(t, path) != "two" {
		t.Fatalf("again: %v", err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("permissions %v, want those it had", st.Mode())
	}
	stop := errors.New("stop")
	if err := Write(path, 0o640, func(w io.Writer) error { return errors.Join(text("half")(w), stop) }); !errors.Is(err, stop) || read(t, path) != "two" {
		t.Errorf("a failure: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".sprawl-*")); len(left) > 0 {
		t.Errorf("%d files are left behind", len(left))
	}
}

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
	if s := <-got; s != "down the pipe" {
		t.Errorf("the pipe gave %q", s)
	}
	if st, err := os.Lstat(pipe); err != nil || st.Mode()&os.ModeNamedPipe == 0 {
		t.Error("the pipe is no pipe any more")
	}
	if err := Write(os.DevNull, 0o644, text("x")); err != nil {
		t.Error(err)
	}
	if st, err := os.Lstat(os.DevNull); err != nil || st.Mode()&os.ModeDevice == 0 {
		t.Fatal("the null device is no device any more")
	}
}
