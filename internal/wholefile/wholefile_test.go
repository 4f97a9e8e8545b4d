package wholefile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
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
