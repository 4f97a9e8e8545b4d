package unpack

import (
	"archive/tar"
	"bufio"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"sprawl/finding"
)

// maxWindow is the memory a zstd stream may ask for; --long=27 needs more, and is skipped.
const maxWindow = 32 << 20

// stream unpacks what is compressed as a whole. A tar inside belongs to it and is no level of its own.
func (w *walker) stream(f frame, kind string, r io.Reader) error {
	in := &counter{r: r}
	var (
		z    io.Reader
		name string
	)
	switch kind {
	case "gzip":
		g, err := gzip.NewReader(bufio.NewReader(in))
		if err != nil {
			return w.trouble(f, "", fmt.Errorf("gzip header: %w", err))
		}
		z, name = g, g.Name
	case "bzip2":
		z = bzip2.NewReader(bufio.NewReader(in))
	case "zstd":
		d, err := newZstd(in)
		if err != nil {
			return w.trouble(f, "", fmt.Errorf("zstd header: %w", err))
		}
		defer d.Close()
		z = d
	}
	g := w.guard(z, in)
	b := bufio.NewReaderSize(g, firstBuffer)
	head, _ := b.Peek(HeadBytes)
	if isTar(head) {
		return w.tar(f, g, "tar."+map[string]string{"gzip": "gz", "bzip2": "bz2", "zstd": "zst"}[kind], b)
	}
	if name == "" {
		name = inner(f.label)
	}
	if err := w.begin(); err != nil {
		return w.trouble(f, "", err)
	}
	body, err := w.fill(f.depth, b, -1, 0)
	if len(body) > 0 || err == nil {
		if err := w.hand(f, finding.Step{Name: kind, Entry: label(name)}, body, int64(len(body))); err != nil {
			return err
		}
	}
	if err != nil {
		return w.trouble(f, "", err)
	}
	return nil
}

// inner is what a compressed file holds, by its name.
func inner(label string) string {
	base := path.Base(strings.ReplaceAll(label[strings.LastIndexByte(label, '!')+1:], `\`, "/"))
	switch ext := strings.ToLower(path.Ext(base)); ext {
	case ".gz", ".bz2", ".zst", ".z", ".zstd":
		return base[:len(base)-len(ext)]
	case ".tgz", ".tbz2", ".tzst":
		return base[:len(base)-len(ext)] + ".tar"
	}
	return base
}

func newZstd(r io.Reader) (*zstd.Decoder, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(1<<40),
		zstd.WithDecoderLowmem(true))
}

// tar reads a tar from r, which reads from under.
func (w *walker) tar(f frame, under *guard, step string, r io.Reader) error {
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		// A name that is absolute or climbs is a label like any other.
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return w.trouble(f, "", fmt.Errorf("tar header: %w", err))
		}
		if err := w.begin(); err != nil {
			return w.trouble(f, "", err)
		}
		if h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeGNUSparse {
			continue
		}
		name := label(h.Name)
		before := under.out
		body, err := w.fill(f.depth, t, h.Size, w.lim.left)
		// The holes of a sparse file are in no stream.
		if holes := int64(len(body)) - (under.out - before); holes > firstBuffer {
			w.lim.out += holes
			w.lim.left -= holes
		}
		if len(body) > 0 || err == nil {
			if err := w.hand(f, finding.Step{Name: step, Entry: name}, body, h.Size); err != nil {
				return err
			}
		}
		if err != nil {
			if end := w.trouble(f, name, err); end != nil {
				return end
			}
			var x *exceeded
			if errors.As(err, &x) && x.limit == LimitEntryBytes {
				continue
			}
			return nil // the stream under the tar is at its end, or no longer to be trusted
		}
	}
}

// ar reads an ar archive, the outer form of Debian packages and static libraries, with the long names of GNU and BSD (ar(5)).
func (w *walker) ar(f frame, r *io.SectionReader) error {
	const magic, header = 8, 60
	var h [header]byte
	var long []byte // GNU's table of names
	for at := int64(magic); at+1 < r.Size(); {
		if _, err := r.ReadAt(h[:], at); err != nil {
			return w.trouble(f, "", fmt.Errorf("ar header: %w", err))
		}
		size, err := strconv.ParseInt(strings.TrimSpace(string(h[48:58])), 10, 64)
		if err != nil || size < 0 || h[58] != '`' || h[59] != '\n' {
			return w.trouble(f, "", errors.New("ar header: not in form"))
		}
		if err := w.begin(); err != nil {
			return w.trouble(f, "", err)
		}
		name := strings.TrimRight(string(h[:16]), " ")
		body, err := w.fill(f.depth, w.guard(io.NewSectionReader(r, at+header, size), nil), min(size, r.Size()-at), size)
		if err == nil && at+header+size > r.Size() {
			err = io.ErrUnexpectedEOF
		}
		at += header + size + size&1

		if n, ok := strings.CutPrefix(name, "#1/"); ok {
			if k, err := strconv.Atoi(n); err == nil && k >= 0 && k <= len(body) && k <= maxName {
				name, body = strings.TrimRight(string(body[:k]), "\x00"), body[k:]
			}
		} else if name == "//" {
			long = append(long[:0], body[:min(len(body), keepBuffer)]...)
			continue
		} else if k, err := strconv.Atoi(strings.TrimPrefix(name, "/")); err == nil && k >= 0 && k < len(long) {
			name, _, _ = strings.Cut(string(long[k:min(len(long), k+maxName)]), "\n")
		}
		name = label(strings.TrimSuffix(name, "/"))
		if len(body) > 0 || err == nil {
			if err := w.hand(f, finding.Step{Name: "ar", Entry: name}, body, size); err != nil {
				return err
			}
		}
		if err != nil {
			if end := w.trouble(f, name, err); end != nil {
				return end
			}
		}
	}
	return nil
}
