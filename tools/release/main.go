// Command release packs binaries that are built already into archives: a .tar.gz for each system, a .zip for Windows, with the
// licence, the licences of all that was linked, documentation, completions and manual pages, and SHA256SUMS over them.
//
// The same binaries and files give the same bytes: order, times, modes and owners are fixed. It reads the modules out of the
// binaries themselves, so that the notices are about what was linked and nothing else, and fails where a module has no licence.
package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

func main() {
	var o options
	flag.StringVar(&o.dist, "dist", "dist", "folder with sprawl_OS_ARCH[.exe]; archives are written there and binaries removed")
	flag.StringVar(&o.root, "root", ".", "the repository")
	flag.StringVar(&o.version, "version", "unknown", "version, part of the archives' names")
	flag.StringVar(&o.modules, "modules", "", "module cache (go env GOMODCACHE)")
	flag.StringVar(&o.goroot, "goroot", "", "Go installation (go env GOROOT)")
	unix := flag.Int64("time", 0, "time of every file in seconds since 1970")
	flag.Parse()
	o.when = time.Unix(*unix, 0).UTC()
	if err := release(o); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

type options struct {
	dist, root, version, modules, goroot string
	when                                 time.Time
}

// extra are the files beside the binary; folders are taken whole.
var extra = []string{"LICENSE", "README.md", "CHANGELOG.md", "docs/man", "docs/completions"}

type entry struct {
	name string
	mode fs.FileMode
	data []byte
}

func release(o options) error {
	if regexp.MustCompile(`[^A-Za-z0-9._+-]`).MatchString(o.version) {
		return fmt.Errorf("version %q is no part of a file name", o.version)
	}
	binaries, err := filepath.Glob(filepath.Join(o.dist, "sprawl_*_*"))
	if err != nil {
		return err
	}
	if len(binaries) == 0 {
		return fmt.Errorf("no binaries in %s", o.dist)
	}
	docs, err := read(o.root, extra)
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, binary := range binaries {
		name := filepath.Base(binary)
		exe := "sprawl" + path.Ext(name)
		name = "sprawl_" + o.version + strings.TrimPrefix(strings.TrimSuffix(name, ".exe"), "sprawl")
		data, err := os.ReadFile(binary)
		if err != nil {
			return err
		}
		text, err := notices(binary, o)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(binary), err)
		}
		entries := append([]entry{{exe, 0o755, data}, {"THIRD_PARTY_NOTICES.txt", 0o644, text}}, docs...)
		pack, ext := tarball, ".tar.gz"
		if strings.HasSuffix(exe, ".exe") {
			pack, ext = zipped, ".zip"
		}
		var b bytes.Buffer
		if err := pack(&b, name, entries, o.when); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(o.dist, name+ext), b.Bytes(), 0o644); err != nil { //nolint:gosec // to be read by all
			return err
		}
		if err := os.Remove(binary); err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(b.Bytes()), name+ext)
	}
	return os.WriteFile(filepath.Join(o.dist, "SHA256SUMS"), []byte(sums.String()), 0o644) //nolint:gosec // to be read by all
}

// read loads files and folders below root, in order of their names.
func read(root string, names []string) ([]entry, error) {
	var out []entry
	for _, name := range names {
		err := filepath.WalkDir(filepath.Join(root, filepath.FromSlash(name)), func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(root, p)
			if err != nil {
				return err
			}
			data, err := os.ReadFile(p)
			out = append(out, entry{filepath.ToSlash(rel), 0o644, data})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func tarball(w io.Writer, top string, entries []entry, when time.Time) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	for _, e := range entries {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: top + "/" + e.name, Mode: int64(e.mode), Size: int64(len(e.data)), ModTime: when, Format: tar.FormatUSTAR}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		if _, err := t.Write(e.data); err != nil {
			return err
		}
	}
	return errors.Join(t.Close(), z.Close())
}

func zipped(w io.Writer, top string, entries []entry, when time.Time) error {
	z := zip.NewWriter(w)
	for _, e := range entries {
		h := &zip.FileHeader{Name: top + "/" + e.name, Method: zip.Deflate, Modified: when}
		h.SetMode(e.mode)
		f, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := f.Write(e.data); err != nil {
			return err
		}
	}
	return z.Close()
}

// legal are the files that a licence asks to pass on.
var legal = regexp.MustCompile(`(?i)^((un)?licen[cs]e|copying|copyright|notice|patents|authors)([.-].*)?$`)

// notices are the licences of the modules that a binary was linked from, of Go itself first.
func notices(binary string, o options) ([]byte, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString("sprawl is under the licence in LICENSE. These parts are linked into it, each under its own.\n")
	if err := one(&b, "The Go programming language "+info.GoVersion, o.goroot); err != nil {
		return nil, err
	}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		if err := one(&b, m.Path+" "+m.Version, filepath.Join(o.modules, filepath.FromSlash(escaped(m.Path)+"@"+escaped(m.Version)))); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

func one(b *bytes.Buffer, title, dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(b, "\n%s\n%s\n%s\n", strings.Repeat("=", 80), title, strings.Repeat("=", 80))
	licensed := false
	for _, f := range files {
		if !legal.MatchString(f.Name()) || f.IsDir() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return err
		}
		lower := strings.ToLower(f.Name())
		licensed = licensed || slices.ContainsFunc([]string{"licen", "unlicen", "copying"}, func(s string) bool { return strings.HasPrefix(lower, s) })
		fmt.Fprintf(b, "\n--- %s\n\n%s\n", f.Name(), bytes.TrimSpace(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))))
	}
	if !licensed {
		return fmt.Errorf("%s has no licence in %s", title, dir)
	}
	return nil
}

// escaped is a path as the module cache writes it: capitals as a mark and the small letter.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsUpper(r) {
			b.WriteByte('!')
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}
