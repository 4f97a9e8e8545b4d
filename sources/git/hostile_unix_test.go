//go:build unix

package git

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sprawl/internal/testkit/repo"
)

// A repository that belongs to somebody else, as in a container with a mounted folder, is read without a question: git
// refuses it because its configuration could run something, which is off here.
func TestForeignOwner(t *testing.T) {
	g := findGit(t)
	if os.Geteuid() != 0 {
		t.Skip("only root can give a folder away")
	}
	r := repo.New(t)
	r.Write("a", "a\n")
	r.Commit("a")
	r.Write("b", "b\n")
	r.Add()
	err := filepath.WalkDir(r.Dir, func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(p, 12345, 12345)
	})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := r.Try("-c", "safe.directory=", "status"); err == nil || !strings.Contains(out, "dubious ownership") {
		t.Skipf("this git does not mind: %v %s", err, out)
	}
	for _, o := range []Options{{}, {Mode: Staged}, {Mode: Range, Base: strings.Repeat("0", 40), Head: "HEAD"}} {
		o.Git = g
		s, err := New(t.Context(), r.Dir, o)
		if o.Mode == Range {
			if err == nil || strings.Contains(err.Error(), "dubious") {
				t.Errorf("range: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := walkAll(t, s); len(got.contents()) == 0 || !got.cover.Complete() {
			t.Errorf("mode %d: %+v", o.Mode, got.cover)
		}
	}
}

// Whoever opens a FIFO waits for a writer that never comes.
func TestPlantedFIFOs(t *testing.T) {
	g := findGit(t)
	for _, name := range []string{"refs/heads/fifo", "packed-refs", "config", "HEAD", "commondir", "shallow", "index", "refs/stash", "logs/refs/stash", "objects/info/alternates", "info/grafts", "object"} {
		r := repo.New(t)
		r.Write("a", "a\n")
		r.Commit("a")
		path := filepath.Join(r.GitDir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if name == "object" {
			id := r.Blob("loose\n")
			path = filepath.Join(r.GitDir, "objects", id[:2], id[2:])
		}
		_ = os.Remove(path)
		if err := syscall.Mkfifo(path, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, o := range []Options{{}, {Git: g}, {Git: g, Mode: Staged}} {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			done := make(chan error, 1)
			go func() {
				s, err := New(ctx, r.Dir, o)
				if err == nil {
					_, err = tryWalk(ctx, s)
				}
				done <- err
			}()
			select {
			case err := <-done:
				if errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s: git waits", name)
				}
			case <-time.After(40 * time.Second):
				t.Errorf("%s: waits for ever", name)
			}
			cancel()
		}
	}
}
