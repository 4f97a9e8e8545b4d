package unpack

import (
	"bytes"
	"strings"
)

// isOffice reports whether an entry is XML whose text stands in runs: WordprocessingML, DrawingML and SpreadsheetML
// (ECMA-376), OpenDocument text (ISO/IEC 26300).
func isOffice(name string, b []byte) bool {
	if !strings.HasSuffix(name, ".xml") {
		return false
	}
	head := b[:min(len(b), 4<<10)]
	for _, ns := range []string{
		"http://schemas.openxmlformats.org/wordprocessingml/", "http://schemas.openxmlformats.org/drawingml/",
		"http://schemas.openxmlformats.org/spreadsheetml/", "http://purl.oclc.org/ooxml/",
		"urn:oasis:names:tc:opendocument:xmlns:text:",
	} {
		if bytes.Contains(head, []byte(ns)) {
			return true
		}
	}
	return false
}

// officeText drops the tags of b and decodes the five references of XML. An element that ends a paragraph, a cell or a line
// becomes a line break.
func officeText(b []byte) []byte {
	out := make([]byte, 0, len(b)/4)
	for len(b) > 0 {
		i := bytes.IndexAny(b, "<&")
		if i < 0 {
			return append(out, b...)
		}
		out = append(out, b[:i]...)
		b = b[i:]
		if b[0] == '&' {
			n := 1
			for _, ref := range [...]struct{ name, text string }{
				{"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}, {"&quot;", `"`}, {"&apos;", "'"}, {"&", "&"},
			} {
				if bytes.HasPrefix(b, []byte(ref.name)) {
					out, n = append(out, ref.text...), len(ref.name)
					break
				}
			}
			b = b[n:]
			continue
		}
		end := bytes.IndexByte(b, '>')
		if end < 0 {
			return out
		}
		if breaks(b[1:end]) {
			out = append(out, '\n')
		}
		b = b[end+1:]
	}
	return out
}

// breaks reports whether a tag stands between two lines of text.
func breaks(tag []byte) bool {
	name := bytes.TrimPrefix(tag, []byte("/"))
	if i := bytes.IndexAny(name, " /\t\r\n"); i >= 0 {
		name = name[:i]
	}
	ends := len(tag) > 0 && (tag[0] == '/' || tag[len(tag)-1] == '/')
	if i := bytes.IndexByte(name, ':'); i >= 0 {
		name = name[i+1:]
	}
	switch string(name) {
	case "p", "h", "si", "br", "cr", "tab", "line-break", "row", "tr", "tc", "table-cell", "c":
		return ends
	}
	return false
}
