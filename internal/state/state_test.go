package state

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	s, err := Read(path)
	if err != nil {
		t.Fatalf("a file that is not there: %v", err)
	}
	one := Repository{Rules: "r1", Print: "p", Complete: true, Objects: 3, IDs: bytes.Repeat([]byte{1, '\n'}, 30)}
	s.Put("a\nb", one)
	s.Put("c", Repository{Rules: "r1"})
	if err := s.Write(path); err != nil {
		t.Fatal(err)
	}
	s, err = Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Get("a\nb", "r1"); got.Print != "p" || !got.Complete || got.Objects != 3 || !bytes.Equal(got.IDs, one.IDs) {
		t.Errorf("read back: %+v", got)
	}
	if got := s.Get("a\nb", "r2"); got.Print != "" || got.Complete || got.IDs != nil || got.Rules != "r2" {
		t.Errorf("under other rules: %+v", got)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm()&0o077 != 0 && filepath.Separator == '/' {
		t.Errorf("mode: %v, %v", st.Mode(), err)
	}
	// Nothing new is not written: the file that is gone stays so.
	s.Put("a\nb", one)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(path); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("written although nothing has changed")
	}
}

func TestDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	var s State
	s.Put("a", Repository{Rules: "r", IDs: make([]byte, 40)})
	if err := s.Write(path); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range good {
		flipped := bytes.Clone(good)
		flipped[n] ^= 1
		for _, b := range [][]byte{good[:n], flipped} {
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Read(path); !errors.Is(err, ErrDamaged) {
				t.Fatalf("byte %d: %v", n, err)
			}
		}
	}
	if _, err := Read(t.TempDir()); !errors.Is(err, ErrDamaged) {
		t.Errorf("a folder: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(magic), []byte(""))
	f.Add([]byte(magic+`{"name":"a","bytes":2}`+"\n"), []byte("ab"))
	f.Add([]byte(magic+`{"name":"a","bytes":-1}`+"\n"), []byte{})
	f.Fuzz(func(t *testing.T, head, ids []byte) {
		b := append(bytes.Clone(head), ids...)
		s := &State{of: map[string]Repository{}}
		if err := s.parse(append(b, sumOf(b)...)); err != nil && !errors.Is(err, ErrDamaged) {
			t.Error(err)
		}
	})
}
