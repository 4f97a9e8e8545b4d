package scan

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sprawl/finding"
	"sprawl/internal/match"
)

// root is a text that lines and columns refer to: a blob, an archive's entry, a file that is encoded as a whole.
type root struct {
	text   []byte
	offset int64
	line   int
}

// snippetBefore and snippetAfter are the bytes of its line that are shown around a part.
const (
	snippetBefore = 60
	snippetAfter  = 60
	maskedWidth   = 40 // of an encoded or multi-line stretch
)

// masked is a stretch of the text that must not be shown, and what stands for it.
type masked struct {
	start, end int
	by         string
}

// finish turns byte offsets into lines and columns and makes the snippets. Every secret of the text is masked in each of them.
func (r *root) finish(cs []match.Candidate) {
	if len(cs) == 0 {
		return
	}
	var hide []masked
	for i := range cs {
		for j := range cs[i].Parts {
			p := &cs[i].Parts[j]
			if p.Role == finding.RoleID || p.Role == finding.RoleHost || p.Role == finding.RoleUser {
				continue
			}
			m := masked{int(p.Span.Start), int(p.Span.End), match.Mask(p.Value.Reveal(), cs[i].Keep)}
			if len(cs[i].Decode) > 0 || len(m.by) > maskedWidth && bytes.IndexByte(r.text[m.start:m.end], '\n') >= 0 {
				m.by = strings.Repeat("*", min(m.end-m.start, maskedWidth))
			}
			hide = append(hide, m)
		}
	}
	hide = merge(hide)
	lines := lineIndex{text: r.text}
	for i := range cs {
		c := &cs[i]
		for j := range c.Parts {
			p := &c.Parts[j]
			start, end := int(p.Span.Start), int(p.Span.End)
			l, from := lines.at(start)
			p.Snippet = r.snippet(start, end, from, hide)
			if c.Allow == nil {
				c.Allow = allow(r.text, from, start)
			}
			p.Span.Line, p.Span.Column = r.line+l+1, start-from+1
			l, from = lines.at(end)
			p.Span.EndLine, p.Span.EndColumn = r.line+l+1, end-from+1
			p.Span.Start, p.Span.End = p.Span.Start+r.offset, p.Span.End+r.offset
		}
	}
}

// merge joins overlapping stretches.
func merge(hide []masked) []masked {
	slices.SortFunc(hide, func(a, b masked) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end)) })
	out := hide[:0]
	for _, m := range hide {
		if n := len(out); n > 0 && m.start < out[n-1].end {
			if m.end > out[n-1].end {
				out[n-1].end = m.end
				out[n-1].by = strings.Repeat("*", min(m.end-out[n-1].start, maskedWidth))
			}
			continue
		}
		out = append(out, m)
	}
	return out
}

// snippet is the line from byte lineStart around text[start:end], masked. It is empty where the line is not text.
func (r *root) snippet(start, end, lineStart int, hide []masked) finding.Snippet {
	lo := max(lineStart, start-snippetBefore)
	hi := end
	if i := bytes.IndexByte(r.text[start:end], '\n'); i >= 0 {
		hi = start + i
	}
	stop := min(len(r.text), hi+snippetAfter)
	if i := bytes.IndexByte(r.text[hi:stop], '\n'); i >= 0 {
		stop = hi + i
	}
	// Not to begin or end inside a character, nor inside a value that is hidden.
	for lo > lineStart && lo < start && !utf8.RuneStart(r.text[lo]) {
		lo++
	}
	for stop > hi && stop < len(r.text) && !utf8.RuneStart(r.text[stop]) {
		stop--
	}
	var s finding.Snippet
	var b strings.Builder
	at := lo
	i, _ := slices.BinarySearchFunc(hide, lo, func(m masked, lo int) int {
		if m.end <= lo {
			return -1
		}
		return 1
	})
	for ; i < len(hide) && hide[i].start < stop; i++ {
		m := hide[i]
		if m.start > at {
			if at <= start && start < m.start {
				s.Column, s.Width = b.Len()+start-at, min(hi, m.start)-start
			}
			b.Write(r.text[at:m.start])
		}
		if m.start <= start && start < m.end {
			s.Column, s.Width = b.Len(), len(m.by)
		}
		b.WriteString(m.by)
		at = max(at, m.end)
	}
	if at < stop {
		if at <= start {
			s.Column, s.Width = b.Len()+start-at, hi-start
		}
		b.Write(r.text[at:stop])
	}
	s.Text = strings.TrimRight(b.String(), "\r")
	if !utf8.ValidString(s.Text) || strings.ContainsFunc(s.Text, func(c rune) bool { return unicode.IsControl(c) && c != '\t' && c != '\r' && c != '\x1b' }) {
		return finding.Snippet{}
	}
	return s
}

// lineIndex counts lines up to ascending offsets; going back costs a restart.
type lineIndex struct {
	text            []byte
	off, line, from int
}

// at returns the lines before offset off and where its line begins.
func (x *lineIndex) at(off int) (line, from int) {
	off = min(off, len(x.text))
	if off < x.from {
		x.off, x.line, x.from = 0, 0, 0
	}
	for x.off < off {
		i := bytes.IndexByte(x.text[x.off:off], '\n')
		if i < 0 {
			break
		}
		x.off += i + 1
		x.line++
		x.from = x.off
	}
	x.off = max(x.off, x.from)
	return x.line, x.from
}

// AllowTag is what an inline allow begins with; the reason follows on the same line.
const AllowTag = "sprawl:allow"

// maxAllowLine bounds how far the tag may stand from the value on its line.
const maxAllowLine = 512

// allow looks for the tag on the line of at, behind it or before it, and on the line above if that holds a comment alone.
func allow(text []byte, from, at int) *finding.Allow {
	lo := max(from, at-maxAllowLine)
	hi := min(len(text), at+maxAllowLine)
	if i := bytes.IndexByte(text[at:hi], '\n'); i >= 0 {
		hi = at + i
	}
	if a := tag(text[lo:hi], false); a != nil {
		return a
	}
	if from == 0 {
		return nil
	}
	lo = max(0, from-1-maxAllowLine)
	if i := bytes.LastIndexByte(text[lo:from-1], '\n'); i >= 0 {
		lo += i + 1
	}
	return tag(text[lo:from-1], true)
}

// tag reads an allow out of a line; alone asks that nothing but a comment's opening stands before it.
func tag(line []byte, alone bool) *finding.Allow {
	i := bytes.Index(line, []byte(AllowTag))
	if i < 0 {
		return nil
	}
	if alone && len(bytes.Trim(line[:i], " \t#/*<!-;{%\"'")) > 0 {
		return nil
	}
	reason := line[i+len(AllowTag):]
	if len(reason) > 0 && reason[0] != ' ' && reason[0] != ':' && reason[0] != '\t' {
		// "sprawl:allowed" is not a tag.
		if bytes.IndexByte([]byte("*-\"'#}%"), reason[0]) < 0 {
			return nil
		}
	}
	text := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, string(reason))
	for _, closer := range []string{"*/", "-->", "#}", "%}"} {
		text, _, _ = strings.Cut(text, closer)
	}
	text = strings.Trim(text, " \t:\"'")
	if letters := strings.IndexFunc(text, unicode.IsLetter); letters < 0 || len(text) < 3 {
		text = ""
	}
	return &finding.Allow{Reason: text}
}

// minKnown is the shortest value that is looked for in the snippets of other texts; shorter ones are words.
const minKnown = 8

// MaskKnown hides every known value wherever it stands in what a sighting prints: a line can hold a value that only another file names
// as a secret. It is called once, when all sightings are in.
func MaskKnown(ss []finding.Sighting) {
	known := map[string][]string{} // by their first bytes
	seen := map[string]bool{}
	for i := range ss {
		for j := range ss[i].Parts {
			p := &ss[i].Parts[j]
			if p.Role == finding.RoleSecret && p.Secret.Len() >= minKnown {
				v := string(p.Secret.Reveal())
				if !seen[v] {
					seen[v] = true
					known[v[:minKnown]] = append(known[v[:minKnown]], v)
				}
			}
		}
	}
	for i := range ss {
		s := &ss[i]
		for j := range s.Parts {
			maskSnippet(&s.Parts[j].Snippet, known)
		}
		s.Name, s.Ident, s.Why = maskText(s.Name, known), maskText(s.Ident, known), maskText(s.Why, known)
		for j, f := range s.Facts {
			if m := maskText(f.Value, known); m != f.Value {
				s.Facts = slices.Clone(s.Facts)
				s.Facts[j].Value = m
			}
		}
		s.Where.Path = maskText(s.Where.Path, known)
		// A branch can be named after a token; these slices are shared between sightings.
		s.Where.Refs = maskAll(s.Where.Refs, known)
		s.Where.Was = maskAll(s.Where.Was, known)
		if l := s.Where.Layer; l != nil {
			if by := maskText(l.CreatedBy, known); by != l.CreatedBy {
				masked := *l
				masked.CreatedBy = by
				s.Where.Layer = &masked
			}
		}
		if a := s.Allow; a != nil {
			s.Allow = &finding.Allow{Reason: maskText(a.Reason, known)}
		}
		for j, d := range s.Decode {
			if m := maskText(d.Entry, known); m != d.Entry {
				s.Decode = slices.Clone(s.Decode)
				s.Decode[j].Entry = m
			}
		}
	}
}

func maskAll(list []string, known map[string][]string) []string {
	for i, t := range list {
		if m := maskText(t, known); m != t {
			list = slices.Clone(list)
			list[i] = m
			return maskAll(list, known)
		}
	}
	return list
}

func maskSnippet(s *finding.Snippet, known map[string][]string) {
	for i := 0; i+minKnown <= len(s.Text); i++ {
		for _, v := range known[s.Text[i:i+minKnown]] {
			if strings.HasPrefix(s.Text[i:], v) {
				by := strings.Repeat("*", min(len(v), maskedWidth))
				s.Text = s.Text[:i] + by + s.Text[i+len(v):]
				if s.Column > i {
					s.Column = max(i, s.Column-len(v)+len(by))
				}
				break
			}
		}
	}
}

func maskText(t string, known map[string][]string) string {
	s := finding.Snippet{Text: t}
	maskSnippet(&s, known)
	return s.Text
}
