package unpack

import (
	"bytes"

	"github.com/h2non/filetype"
)

// HeadBytes is how much of a file Kind needs to see: a tar header, and what the signatures of h2non/filetype look at.
const HeadBytes = 1 << 10

// kinds are formats with a signature at their start. Those of archives come from their specifications: APPNOTE 4.3, RFC 1952,
// RFC 8878, the bzip2, xz, 7z and RAR documentation, ar(5).
var kinds = []struct{ magic, kind string }{
	{"PK\x03\x04", "zip"},
	{"PK\x05\x06", "zip"}, // no entries
	{"PK\x07\x08", "zip"}, // first part of a split archive
	{"\x1f\x8b\x08", "gzip"},
	{"\x28\xb5\x2f\xfd", "zstd"},
	{"!<arch>\n", "ar"},
	{"\xfd7zXZ\x00", "xz"},
	{"7z\xbc\xaf\x27\x1c", "7z"},
	{"Rar!\x1a\x07", "rar"},
	{"\x04\x22\x4d\x18", "lz4"},
	{"LZIP\x01", "lzip"},
	{"\x1f\x9d", "compress"},
	{"MSCF\x00\x00\x00\x00", "cab"},
	{"xar!\x00\x1c", "xar"},
	{"\xed\xab\xee\xdb", "rpm"},
	{"hsqs", "squashfs"},
	{"070701", "cpio"},
	{"070702", "cpio"},
	{"SQLite format 3\x00", "sqlite"},
	{"\x7fELF", "elf"},
	{"\xca\xfe\xba\xbe", "class"}, // or a Mach-O for several processors
	{"\xcf\xfa\xed\xfe", "macho"},
	{"\xce\xfa\xed\xfe", "macho"},
	{"\x00asm", "wasm"},
	{"%PDF-", "pdf"},
}

// Kind names the format that head, the first HeadBytes of a file (what is longer is cut), begins with, in the words of this package's table or else
// of h2non/filetype (an extension: "png", "exe"). It is "" for text and for what is not known. Formats built on zip are "zip":
// they are read alike.
func Kind(head []byte) string {
	if len(head) < 4 {
		return ""
	}
	head = head[:min(len(head), HeadBytes)]
	for _, k := range kinds {
		if head[0] == k.magic[0] && len(head) >= len(k.magic) && string(head[:len(k.magic)]) == k.magic {
			return k.kind
		}
	}
	if isBzip2(head) {
		return "bzip2"
	}
	if isTar(head) {
		return "tar"
	}
	// Many signatures of filetype are two or three letters that a text may begin with.
	if bytes.IndexByte(head, 0) < 0 {
		return ""
	}
	t, err := filetype.Match(head)
	if err != nil || t == filetype.Unknown {
		return ""
	}
	switch t.Extension {
	case "zip", "gz", "bz2", "zst", "tar", "ar", "deb", "docx", "xlsx", "pptx", "epub":
		return "" // what it says there without the signatures above is not to be relied on
	}
	return t.Extension
}

// Opens reports whether Walk reads the kind.
func Opens(kind string) bool {
	switch kind {
	case "zip", "tar", "gzip", "bzip2", "zstd", "ar":
		return true
	}
	return false
}

// container reports whether a kind is one without a reader: its bytes are packed, so matching them is of no use.
func container(kind string) bool {
	switch kind {
	case "xz", "7z", "rar", "lz4", "lzip", "compress", "cab", "xar", "rpm", "squashfs":
		return true
	}
	return false
}

// Unsupported reports whether kind is a container that Walk does not read: it belongs in the ledger as such.
func Unsupported(kind string) bool { return container(kind) }

// isBzip2 wants the signature, the block size and the first block's mark (or that of an empty stream).
func isBzip2(b []byte) bool {
	return len(b) >= 10 && string(b[:3]) == "BZh" && b[3] >= '1' && b[3] <= '9' &&
		(string(b[4:10]) == "1AY&SY" || string(b[4:10]) == "\x17\x72\x45\x38\x50\x90")
}

// isTar checks the sum in the header, which tars older than POSIX have as well. An all-zero block is the end of a tar, not
// one.
func isTar(b []byte) bool {
	const size, at, n = 512, 148, 8
	if len(b) < size || b[0] == 0 {
		return false
	}
	want, digits := 0, 0
	for _, c := range b[at : at+n] {
		switch {
		case c >= '0' && c <= '7':
			want = want<<3 | int(c-'0')
			digits++
		case c != ' ' && c != 0:
			return false
		}
	}
	sum := n * 0x20 // the field itself counts as blanks
	for i, c := range b[:size] {
		if i < at || i >= at+n {
			sum += int(c)
		}
	}
	return digits > 0 && sum == want
}
