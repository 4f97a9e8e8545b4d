package git

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

const (
	maxPointer = 8 << 10  // bytes of .git files, commondir, HEAD
	maxConfig  = 1 << 20  // of a configuration
	maxShallow = 64 << 20 // of the list of edges
	maxLog     = 16 << 20 // of a stash's log
	maxMailmap = 4 << 20  // of a .mailmap
	onWindows  = runtime.GOOS == "windows"
)

// layout says where the parts of a repository stand. All paths are absolute.
type layout struct {
	gitDir    string // of a linked worktree: its own
	commonDir string // what worktrees share
	workTree  string // "" for a bare repository and for a git directory named by itself
}

// discover finds the repository that path belongs to. A bare repository or git directory counts only if path names it: one
// that lies in a parent folder of a work tree may have been planted there.
func discover(path string) (layout, error) {
	path = filepath.Clean(path)
	if filepath.Base(path) == ".git" {
		if fi, err := os.Stat(path); err == nil && fi.Mode().IsRegular() {
			path = filepath.Dir(path)
		}
	}
	if l, err := top(path); err == nil || !errors.Is(err, ErrNotRepository) {
		return l, err
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		l, err := workTree(dir)
		if err == nil || !errors.Is(err, ErrNotRepository) {
			return l, err
		}
		if dir == filepath.Dir(dir) {
			return layout{}, ErrNotRepository
		}
	}
}

// top is the repository whose top is dir itself.
func top(dir string) (layout, error) {
	l, err := workTree(dir)
	if errors.Is(err, ErrNotRepository) {
		return gitDir(dir, "")
	}
	return l, err
}

// workTree is the repository whose work tree begins at dir.
func workTree(dir string) (layout, error) {
	dot := filepath.Join(dir, ".git")
	fi, err := os.Stat(dot)
	switch {
	case err != nil:
		if errors.Is(err, fs.ErrNotExist) {
			return layout{}, ErrNotRepository
		}
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return layout{}, fmt.Errorf("look at %s: %w", dot, err)
	case fi.IsDir():
		return gitDir(dot, dir)
	case !fi.Mode().IsRegular():
		return layout{}, ErrNotRepository
	}
	b, err := readFile(dot, maxPointer)
	if err != nil {
		return layout{}, err
	}
	to, ok := strings.CutPrefix(strings.TrimRight(string(b), "\r\n"), "gitdir: ")
	if !ok || to == "" || strings.ContainsAny(to, "\x00\n") {
		return layout{}, ErrNotRepository
	}
	l, err := gitDir(filepath.Clean(resolve(dir, to, onWindows)), dir)
	if errors.Is(err, ErrNotRepository) {
		// Going on to the parents would scan something else than what was asked for.
		return layout{}, fmt.Errorf("%s points to a git directory that is not there", dot)
	}
	return l, err
}

// gitDir is the repository whose git directory is dir, by the signs that git goes by: HEAD, objects and refs.
func gitDir(dir, workTree string) (layout, error) {
	l := layout{gitDir: dir, commonDir: dir, workTree: workTree}
	if !isHead(filepath.Join(dir, "HEAD")) {
		return layout{}, ErrNotRepository
	}
	b, err := readFile(filepath.Join(dir, "commondir"), maxPointer)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return layout{}, err
	}
	if err == nil {
		to := strings.TrimRight(string(b), "\r\n")
		if to == "" || strings.ContainsAny(to, "\x00\n") {
			return layout{}, ErrNotRepository
		}
		l.commonDir = filepath.Clean(resolve(dir, to, onWindows))
	}
	for _, sub := range []string{"objects", "refs"} {
		if fi, err := os.Stat(filepath.Join(l.commonDir, sub)); err != nil || !fi.IsDir() {
			return layout{}, ErrNotRepository
		}
	}
	return l, nil
}

func isHead(path string) bool {
	if to, err := os.Readlink(path); err == nil { // how old versions kept a symbolic ref
		return strings.HasPrefix(filepath.ToSlash(to), "refs/")
	}
	b, err := readFile(path, maxPointer)
	if err != nil {
		return false
	}
	b = bytes.TrimSpace(b)
	if to, ok := bytes.CutPrefix(b, []byte("ref:")); ok {
		return bytes.HasPrefix(bytes.TrimSpace(to), []byte("refs/"))
	}
	return isHex(string(b))
}

// isHex reports whether s is an object id.
func isHex(s string) bool {
	if len(s) != 40 && len(s) != 64 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// readFile reads a regular file of at most max bytes. What stands in its place in a planted repository, a FIFO or a device,
// is not opened.
func readFile(path string, max int64) ([]byte, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() {
		return nil, fmt.Errorf("read %s: not a regular file", path)
	}
	if fi.Size() > max {
		return nil, fmt.Errorf("read %s: %d bytes, of which at most %d are read", path, fi.Size(), max)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(b)) > max {
		err = fmt.Errorf("read %s: it grew beyond %d bytes", path, max)
	}
	return b, err
}

// special looks for what go-git or git would open at the start and is no file: who opens a planted FIFO waits for ever. What
// stands deeper, an object or an included configuration, can hold up git until the context ends, and nobody else.
func (l layout) special() error {
	check := func(path string) error {
		if fi, err := os.Stat(path); err == nil && !fi.Mode().IsRegular() && !fi.IsDir() {
			return fmt.Errorf("%s is not a regular file", path)
		}
		return nil
	}
	for _, dir := range []string{l.gitDir, l.commonDir} {
		for _, name := range []string{"HEAD", "config", "config.worktree", "packed-refs", "index", "objects/info/alternates"} {
			if err := check(filepath.Join(dir, name)); err != nil {
				return err
			}
		}
		err := filepath.WalkDir(filepath.Join(dir, "refs"), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || d.Type().IsRegular() {
				return nil // what cannot be read is for the reader of refs to report
			}
			return check(path)
		})
		if err != nil {
			return err
		}
		if l.gitDir == l.commonDir {
			break
		}
	}
	return nil
}

// Recognise reports whether path is the top of a work tree (also a linked one, or one whose git directory is elsewhere), a
// git directory, or a bare repository.
func Recognise(path string) bool {
	_, err := top(path)
	return err == nil
}

// format is what a repository's own configuration says of how it is stored.
type format struct {
	sha256   bool
	refs     string // "files", "reftable", …
	promisor bool   // a partial clone
	refused  string // an extension of the repository that is not known here, "" if there is none
	origin   string // the address of the remote "origin" as it stands there, "" if there is none
}

// readFormat reads the part of a git configuration that matters here. It follows no include, as git does not for these. It
// is no parser of configurations: a value that spans lines is cut, which no honest one of these does.
func readFormat(config []byte) format {
	f := format{refs: "files"}
	section, subsection := "", ""
	for line := range strings.Lines(string(config)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			head, rest, ok := cutSection(line)
			if !ok {
				section = ""
				continue
			}
			section, subsection, _ = strings.Cut(head, " ")
			section, subsection = strings.ToLower(section), strings.TrimSpace(subsection)
			line = rest
		}
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		key, value, has := strings.Cut(line, "=")
		key = strings.ToLower(strings.TrimSpace(key))
		value = configValue(value)
		switch {
		case section == "extensions" && subsection == "":
			switch key {
			case "objectformat":
				f.sha256 = strings.EqualFold(value, "sha256")
				if !f.sha256 && !strings.EqualFold(value, "sha1") {
					f.refused = key + " = " + value
				}
			case "refstorage":
				f.refs, _, _ = strings.Cut(strings.ToLower(value), ":")
			case "partialclone":
				f.promisor = f.promisor || value != ""
			}
		case section == "remote" && key == "url" && subsection == `"origin"`:
			f.origin = value
		case section == "remote" && subsection != "":
			f.promisor = f.promisor || key == "promisor" && (!has || yes(value)) || key == "partialclonefilter"
		}
	}
	return f
}

// Origin is where the repository was cloned from: "github.com" and "acme/shop" of https://github.com/acme/shop and of
// git@github.com:acme/shop.git; "" where its configuration names no origin, or one that is a path. The host may be an alias of ssh.
func (s *Source) Origin() (host, name string) {
	u := cmp.Or(s.opts.URL, s.format.origin)
	if _, rest, ok := strings.Cut(u, "://"); ok {
		host, name, _ = strings.Cut(rest, "/")
	} else if h, rest, ok := strings.Cut(u, ":"); ok && !strings.ContainsAny(h, `/\`) && len(h) > 1 {
		host, name = h, strings.TrimPrefix(rest, "/")
	}
	host = host[strings.LastIndexByte(host, '@')+1:]
	host, _, _ = strings.Cut(host, ":")
	return strings.ToLower(host), strings.TrimSuffix(strings.TrimSuffix(name, "/"), ".git")
}

// Owner is who owns the repository where it was cloned from: "acme" of https://github.com/acme/shop; "" where that is not known.
func (s *Source) Owner() string {
	_, name := s.Origin()
	owner, repo, _ := strings.Cut(name, "/")
	if repo == "" {
		return ""
	}
	return owner
}

// cutSection takes `[remote "x"] rest` apart.
func cutSection(line string) (head, rest string, ok bool) {
	quoted := false
	for i := 1; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == ']' && !quoted:
			return line[1:i], strings.TrimSpace(line[i+1:]), true
		}
	}
	return "", "", false
}

func configValue(v string) string {
	if i := strings.IndexAny(v, "#;"); i >= 0 && !strings.Contains(v[:i], `"`) {
		v = v[:i]
	}
	return strings.Trim(strings.TrimSpace(v), `"`)
}

func yes(v string) bool {
	switch strings.ToLower(v) {
	case "true", "yes", "on", "1":
		return true
	}
	return false
}
