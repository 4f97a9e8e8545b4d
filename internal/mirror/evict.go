package mirror

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// kept is one mirror on disk.
type kept struct {
	path  string // without its ending
	bytes int64
	used  time.Time // when it was last given back
}

// kept lists the mirrors. A folder that is not one of ours by its name and its note is none, wherever the user lets them be kept.
func (m *Mirrors) kept() ([]kept, error) {
	dirs, err := filepath.Glob(filepath.Join(escape(m.dir), "*", "*"+mirrorEnd))
	if err != nil {
		return nil, err
	}
	var out []kept
	for _, dir := range dirs {
		base := strings.TrimSuffix(dir, mirrorEnd)
		n, err := readNote(dir)
		st, lockErr := os.Stat(base + lockEnd)
		if err != nil || lockErr != nil || !ours(base) {
			continue
		}
		out = append(out, kept{base, n.Bytes, st.ModTime()})
	}
	return out, nil
}

// escape makes a path a pattern that matches nothing else.
func escape(path string) string {
	if filepath.Separator == '\\' { // there is no way to escape there, and these cannot be told from patterns
		return path
	}
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// ours reports whether a name ends as address.folder makes it.
func ours(base string) bool {
	i := strings.LastIndexByte(base, '-')
	hash := base[i+1:]
	return i > 0 && len(hash) == 2*hashBytes && strings.Trim(hash, "0123456789abcdef") == ""
}

// Evict removes mirrors that nobody has, those first that were given back longest ago, until the rest is within the budget. It
// returns how many bytes that freed. Without a budget it removes none.
func (m *Mirrors) Evict() (freed int64, err error) {
	all, err := m.kept()
	if err != nil || m.opts.Budget <= 0 {
		return 0, err
	}
	var total int64
	for _, k := range all {
		total += k.bytes
	}
	slices.SortFunc(all, func(a, b kept) int { return cmp.Or(a.used.Compare(b.used), cmp.Compare(a.path, b.path)) })
	for _, k := range all {
		if total <= m.opts.Budget {
			break
		}
		removed, e := k.evict()
		if err = errors.Join(err, e); removed {
			total, freed = total-k.bytes, freed+k.bytes
			m.opts.Log.Debug("mirror evicted", "path", k.path, "bytes", k.bytes)
		}
	}
	m.size.Store(total)
	return freed, err
}

// evict removes a mirror unless somebody has it, or had it after it was listed.
func (k kept) evict() (bool, error) {
	l, err := try(k.path + lockEnd)
	if l == nil {
		return false, err
	}
	defer l.release()
	if st, err := l.file.Stat(); err != nil || !st.ModTime().Equal(k.used) {
		return false, err
	}
	return true, remove(k.path + mirrorEnd)
}

// sweep removes what is not whole, or no longer, and belongs to nobody who is at work.
func (m *Mirrors) sweep() error {
	var err error
	for _, mark := range []string{newMark, oldMark} {
		left, _ := filepath.Glob(filepath.Join(escape(m.dir), "*", "*"+mark+"*")) // the pattern is good
		for _, dir := range left {
			base := dir[:strings.LastIndex(dir, mark)]
			if _, e := os.Stat(base + lockEnd); e != nil || !ours(base) {
				continue
			}
			l, e := try(base + lockEnd)
			if l == nil {
				err = errors.Join(err, e)
				continue
			}
			if e := discard(base, dir); e != nil { // it is in nobody's way, and will be tried again
				m.opts.Log.Warn("what a process that has ended left behind cannot be removed", "path", dir, "why", e)
			}
			l.release()
		}
	}
	return err
}

// size is how many bytes the files below a folder have; what cannot be read has none.
func size(dir string) int64 {
	var n int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if st, err := d.Info(); err == nil {
				n += st.Size()
			}
		}
		return nil
	})
	return n
}
