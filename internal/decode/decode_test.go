package decode

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"mime/quotedprintable"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"
)

const alnum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// token makes something that looks like a credential and never stands in a file.
func token(r *rand.Rand) string {
	b := []byte("gh" + "p_")
	for range 36 {
		b = append(b, alnum[r.IntN(len(alnum))])
	}
	return string(b)
}

func seeded(n uint64) *rand.Rand { return rand.New(rand.NewPCG(n, 17)) }

// found decodes b to the last level and returns the chains of steps that lead to a text with want in it.
func found(tb testing.TB, b []byte, want string) (chains []string) {
	tb.Helper()
	d, lim := New(), NewBudget(Default())
	var walk func(b []byte, chain string)
	walk = func(b []byte, chain string) {
		d.Pieces(b, lim, func(p Piece) {
			checkPiece(tb, b, p)
			at := chain + p.Step.Name
			if p.Then.Name != "" {
				at += ">" + p.Then.Name
			}
			if i := bytes.Index(p.Text, []byte(want)); i >= 0 {
				chains = append(chains, at)
			}
			walk(p.Text, at+">")
		})
	}
	walk(b, "")
	return chains
}

// checkPiece holds what every piece promises.
func checkPiece(tb testing.TB, b []byte, p Piece) {
	tb.Helper()
	if p.Start < 0 || p.End > len(b) || p.Start >= p.End {
		tb.Fatalf("%s: piece [%d:%d] of %d bytes", p.Step.Name, p.Start, p.End, len(b))
	}
	last := p.Start
	for _, off := range []int{0, 1, len(p.Text) / 2, len(p.Text) - 1, len(p.Text)} {
		at := p.At(b, off)
		if at < p.Start || at > p.End || off > 0 && at < last {
			tb.Fatalf("%s: At(%d) = %d, outside [%d:%d] or before %d", p.Step.Name, off, at, p.Start, p.End, last)
		}
		last = max(last, at)
	}
}

func wrap(s, eol string, n int) string {
	var b strings.Builder
	for len(s) > n {
		b.WriteString(s[:n] + eol)
		s = s[n:]
	}
	return b.String() + s
}

func wide(s string, big, bom bool) []byte {
	var out []byte
	units := utf16.Encode([]rune(s))
	if bom {
		units = append([]uint16{0xfeff}, units...)
	}
	for _, u := range units {
		if big {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	return out
}

func each(s, format string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, format, s[i])
	}
	return b.String()
}

func zipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}

func zlibbed(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}

func std(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
func raw(s string) string { return base64.RawStdEncoding.EncodeToString([]byte(s)) }

func TestEncodings(t *testing.T) {
	tok := token(seeded(1))
	// Text whose base64 has - and _ in the URL alphabet.
	odd := "user?>~" + tok + "~?>ÿ"
	long := strings.Repeat("some text before it, ", 5) + tok + strings.Repeat(", some after it", 5)
	for _, c := range []struct{ name, text, chain string }{
		{"base64", "token: " + std(tok), "base64"},
		{"base64 without padding", "token=" + raw(tok) + ";", "base64"},
		{"base64 in quotes", `{"auth":"` + std("user:"+tok) + `"}`, "base64"},
		{"base64 after a scheme", "Authorization: Basic " + std("x:"+tok), "base64"},
		{"base64url", "k = " + base64.URLEncoding.EncodeToString([]byte(odd)), "base64url"},
		{"base64url without padding", base64.RawURLEncoding.EncodeToString([]byte(odd)), "base64url"},
		{"base64 behind a path", "example.test/v2/keys/" + raw(tok), "base64"},
		{"base64 behind an identifier", "prefix_" + raw(tok), "base64"},
		{"base64 behind a hyphen", "my-long-option-name-" + raw(tok), "base64"},
		{"base64 behind an escaped line break", `"cert\n` + std(tok) + `\n"`, "base64"},
		{"base64 in a data URI", "url(data:text/plain;base64," + std(tok) + ")", "base64"},
		{"base64 over lines of 64", "-----BEGIN X-----\n" + wrap(std(long), "\n", 64) + "\n-----END X-----\n", "base64"},
		{"base64 over lines of 76, CRLF", wrap(std(long), "\r\n", 76) + "\r\n", "base64"},
		{"base64 indented as in YAML", "data:\n  k: |\n    " + wrap(std(long), "\n    ", 48) + "\n  other: 1\n", "base64"},
		{"base64 over written-out line breaks", `{"k":"` + wrap(std(long), `\n`, 64) + `\n"}`, "base64"},
		{"base64 without padding over lines", wrap(raw(long+"x"), "\n", 60) + "\n\nnext", "base64"},
		{"base64 of base64", std(std(tok)), "base64>base64"},
		{"base64 of UTF-16LE", "powershell -enc " + std(string(wide("$t='"+tok+"'", false, false))), "base64>utf-16"},
		{"base64 of UTF-16BE with a mark", std(string(wide("$t='"+tok+"'", true, true))), "base64>utf-16"},
		{"base64 of gzip", "release: " + std(zipped("a: "+tok)), "base64>gzip"},
		{"base64 twice of gzip", std(std(zipped("a: " + tok))), "base64>base64>gzip"},
		{"base64 of zlib", std(zlibbed("a: " + tok)), "base64>zlib"},
		{"hex", "key=" + hex.EncodeToString([]byte(tok)), "hex"},
		{"hex upper case", "0x" + strings.ToUpper(hex.EncodeToString([]byte(tok))), "hex"},
		{"hex of gzip", hex.EncodeToString([]byte(zipped("a: " + tok))), "hex>gzip"},
		{"percent, one telling escape", "https://example.test/?t=" + strings.Replace(tok, "_", "%5F", 1), "percent"},
		{"percent, everything", `"` + each(tok, "%%%02x") + `"`, "percent"},
		{"percent twice", "t=" + url.QueryEscape(strings.Replace(tok, "_", "%5f", 1)), "percent>percent"},
		{"unicode escapes", `{"token":"` + each(tok, `\u%04x`) + `"}`, "unicode-escape"},
		{"one unicode escape", `{"token":"` + strings.Replace(tok, "_", `\u005f`, 1) + `"}`, "unicode-escape"},
		{"unicode escape with braces", "'" + strings.Replace(tok, "_", `\u{5f}`, 1) + "'", "unicode-escape"},
		{"long unicode escapes", "'" + each(tok, `\U%08X`) + "'", "unicode-escape"},
		{"byte escapes", "b'" + each(tok, `\x%02x`) + "'", "unicode-escape"},
		{"octal escapes", "$'" + each(tok, `\%03o`) + "'", "unicode-escape"},
		{"unicode escapes in JSON in JSON", `"{\"token\":\"` + strings.Replace(tok, "_", `\\u005f`, 1) + `\"}"`,
			"unicode-escape>unicode-escape"},
		{"decimal references", "<t>" + each(tok, "&#%d;") + "</t>", "html"},
		{"hexadecimal references", "<t>" + each(tok, "&#x%x;") + "</t>", "html"},
		{"named reference", "<t>" + strings.Replace(tok, "_", "&lowbar;", 1) + "</t>", "html"},
		{"UTF-16LE with a mark", string(wide("token = "+tok+"\r\n", false, true)), "utf-16"},
		{"UTF-16BE with a mark", string(wide("token = "+tok+"\r\n", true, true)), "utf-16"},
		{"UTF-16LE without", string(wide("token = "+tok+"\r\n", false, false)), "utf-16"},
		{"UTF-16BE without", string(wide("token = "+tok+"\r\n", true, false)), "utf-16"},
		{"UTF-16 with other scripts", string(wide("名前 = "+tok+" 🔑\r\n", false, true)), "utf-16"},
		{"UTF-16LE in a binary", "\x7fELF\x01\x02\x03" + strings.Repeat("\xfe\x01", 99) + string(wide(tok, false, false)) + "\xff\xff",
			"utf-16"},
		{"UTF-16BE in a binary, odd offset", "MZ\x90" + strings.Repeat("\x02\xf1\x00", 99) + string(wide(tok, true, false)) + "\x07",
			"utf-16"},
		{"quoted-printable equals sign", "TOKEN=3D" + tok + "\n", "quoted-printable"},
		{"quoted-printable soft break", strings.Repeat("x ", 20) + tok[:20] + "=\r\n" + tok[20:] + "\r\n", "quoted-printable"},
		{"joined by +", `t := "` + tok[:9] + `" + "` + tok[9:] + `"`, "joined"},
		{"joined by + over lines", "t = \"" + tok[:9] + "\" +\n    \"" + tok[9:20] + "\" +\n    \"" + tok[20:] + `"`, "joined"},
		{"joined, operator leads", "t = '" + tok[:9] + "'\n    + '" + tok[9:] + "'", "joined"},
		{"joined by . over lines", "$t = '" + tok[:9] + "' .\n    '" + tok[9:] + "';", "joined"},
		{"adjacent literals", "t = (\"" + tok[:9] + "\"\n     \"" + tok[9:] + "\")", "joined"},
		{"adjacent literals, the first a word", "t = (\"" + tok[:4] + "\"\n     \"" + tok[4:] + "\")", "joined"},
		{"adjacent literals, formatted", "t = ('" + tok[:9] + "'\r\n     f'" + tok[9:] + "')", "joined"},
		{"Visual Basic", "t = \"" + tok[:9] + "\" & _\r\n    \"" + tok[9:] + "\"\r\n", "joined"},
		{"backslash", "export T=" + tok[:9] + "\\\n" + tok[9:] + "\n", "joined"},
		{"backslash, YAML", "t: \"" + tok[:9] + "\\\n    " + tok[9:] + "\"\n", "joined"},
		{"base64 in joined literals", "k = \"" + std(tok)[:20] + "\" +\n    \"" + std(tok)[20:] + "\"", "joined>base64"},
		{"base64 of percent of hex", std("value is " + url.PathEscape("x="+hex.EncodeToString([]byte("the token "+tok)))),
			"base64>hex"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, ctx := range [][2]string{{"", ""}, {"before\n", "\nafter\n"}, {strings.Repeat("plain text, ", 999) + "\n", "\n" + strings.Repeat(
				"and more of it\n", 999)}} {
				text := ctx[0] + c.text + ctx[1]
				if strings.HasPrefix(c.name, "UTF-16") && !strings.Contains(c.name, "binary") {
					text = c.text
				}
				got := found(t, []byte(text), tok)
				if len(got) == 0 {
					t.Fatalf("not found (%d bytes before)", len(ctx[0]))
				}
				ok := false
				for _, g := range got {
					ok = ok || g == c.chain
				}
				if !ok {
					t.Errorf("found by %q, want %q", got, c.chain)
				}
			}
		})
	}
}

// TestPlace: a value maps back to where its encoded form stands.
func TestPlace(t *testing.T) {
	tok := token(seeded(2))
	enc := std("k=" + tok)
	for _, c := range []struct{ step, text, from, to string }{
		{Hex, "a\n" + hex.EncodeToString([]byte(tok)) + " b", hex.EncodeToString([]byte(tok))[:4], " b"},
		{Percent, "see https://x.test/" + each(tok, "%%%02x") + " b", "%67%68", " b"},
		{UnicodeEscape, "say \"" + each(tok, `\u%04x`) + "\" b", `\u0067\u0068`, "\" b"},
		{HTML, "say " + each(tok, `&#%d;`) + " b", `&#103;&#104;`, " b"},
		{QuotedPrintable, "a=3D" + tok + " b", tok[:4], " b"},
		{Joined, "t := \"" + tok[:9] + "\" + \"" + tok[9:] + "\" b", tok[:9], "\" b"},
		{Base64, "a " + enc + " b", enc[2:], " b"},
		{UTF16, string(wide("t="+tok+"\n b", false, true)), string(wide(tok[:3], false, false)), string(wide("\n b", false, false))},
	} {
		t.Run(c.step, func(t *testing.T) {
			b, n := []byte(c.text), 0
			New().Pieces(b, NewBudget(Default()), func(p Piece) {
				i := bytes.Index(p.Text, []byte(tok))
				if p.Step.Name != c.step || i < 0 {
					return
				}
				n++
				from, to := p.At(b, i), p.At(b, i+len(tok))
				if want := strings.Index(c.text, c.from); from != want {
					t.Errorf("starts at %d, want %d", from, want)
				}
				want := strings.LastIndex(c.text, c.to)
				if c.step == Base64 {
					want = len(c.text) - len(c.to)
				}
				if to != want {
					t.Errorf("ends at %d, want %d", to, want)
				}
			})
			if n != 1 {
				t.Fatalf("%d pieces hold the token, want 1", n)
			}
		})
	}
}

func TestSplice(t *testing.T) {
	tok := token(seeded(3))
	b := []byte("data:\n  client_secret: " + std(tok) + "\n")
	n := 0
	New().Pieces(b, NewBudget(Default()), func(p Piece) {
		n++
		text, lead := p.Splice(nil, b)
		if string(text) != "  client_secret: "+tok || lead != len("  client_secret: ") {
			t.Errorf("lead %d of %d bytes", lead, len(text))
		}
	})
	if n != 1 {
		t.Fatalf("%d pieces, want 1", n)
	}
}

// TestNothing: what looks encoded and is not worth matching.
func TestNothing(t *testing.T) {
	r := seeded(4)
	noise := make([]byte, 3000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	for name, text := range map[string]string{
		"nothing":                   "",
		"imports of Go":             "import (\n\t\"context\"\n\tlog \"example.com/a/log-b/v2\"\n\t\"os/exec\"\n)\n",
		"prose":                     strings.Repeat("The quick brown fox jumps over the lazy dog.\n", 50),
		"digest":                    "sha256:" + hex.EncodeToString(noise[:32]),
		"subresource integrity":     "sha512-" + std(string(noise[:64])),
		"binary in base64":          wrap(std(string(noise)), "\n", 76),
		"binary in hex":             hex.EncodeToString(noise),
		"short base64":              "k: " + std("only short text")[:16],
		"path":                      "github.com/some-organisation/some-repository/internal/package_name/file_name.go",
		"identifier":                "this_is_a_rather_long_identifier_name_in_snake_case and ALSO_ONE_IN_UPPER_CASE_LETTERS",
		"camel case":                "AbstractSingletonProxyFactoryBeanConfigurationProvider",
		"ruler":                     strings.Repeat("-", 80) + "\n" + strings.Repeat("/", 80) + "\n" + strings.Repeat("=", 80),
		"zeros":                     strings.Repeat("0", 400) + " " + strings.Repeat("A", 400),
		"percent signs":             "100% of 50%, width: 20%; printf(\"%d %s %20s\")",
		"escapes of other bytes":    `"\x1b[31m" "\033[0m" "\u00e9\u4e2d" "\n\t\"" "C:\\users\\x"`,
		"ampersands":                "a && b; x & y; ?a=1&b=2&c=3; &notanentity; &#; &#x; &#99999999;",
		"empty assignments":         "A=\nB=\nSOME_LONG_NAME=\nC=1\n",
		"sentences":                 "s := \"a sentence that goes on \" +\n\t\"in another literal\"",
		"list of strings":           "[\"abc\", \"def\",\n \"ghi\"]",
		"shell continuation":        "docker run \\\n  --rm \\\n  image\n",
		"bytes with NULs":           "\x00\x01\x00\x02abc\x00def\x00\x00\x00",
		"wide strings that are few": string(wide("short one", false, false)) + "\xff\xff\xff",
		"gzip at the outermost":     zipped("left to unpack"),
	} {
		t.Run(name, func(t *testing.T) {
			New().Pieces([]byte(text), NewBudget(Default()), func(p Piece) {
				t.Errorf("%s [%d:%d] decodes to %q", p.Step.Name, p.Start, p.End, p.Text)
			})
		})
	}
}

// TestRoundTrip: whatever text is encoded comes back as it was.
func TestRoundTrip(t *testing.T) {
	r := seeded(5)
	encoders := map[string]func(string) string{
		Base64:        func(s string) string { return "k: " + std(s) + "\n" },
		Hex:           func(s string) string { return "k: " + hex.EncodeToString([]byte(s)) + "\n" },
		Percent:       func(s string) string { return "k: " + each(s, "%%%02X") + "\n" },
		UnicodeEscape: func(s string) string { return each(s, `\x%02x`) },
		HTML:          func(s string) string { return each(s, "&#x%X;") },
		UTF16:         func(s string) string { return string(wide(s, r.IntN(2) == 0, true)) },
		QuotedPrintable: func(s string) string {
			var b strings.Builder
			w := quotedprintable.NewWriter(&b)
			_, _ = w.Write([]byte("=" + s))
			_ = w.Close()
			return b.String()
		},
	}
	for step, encode := range encoders {
		t.Run(step, func(t *testing.T) {
			for range 200 {
				text := make([]byte, 24+r.IntN(400))
				for i := range text {
					text[i] = ' ' + byte(r.IntN(95))
				}
				b, ok := []byte(encode(string(text))), false
				New().Pieces(b, NewBudget(Default()), func(p Piece) {
					checkPiece(t, b, p)
					ok = ok || p.Step.Name == step && bytes.Contains(p.Text, text)
				})
				if !ok {
					t.Fatalf("not decoded: %q", b)
				}
			}
		})
	}
}

// TestWrappedAtAnyWidth: base64 text over lines of any usual length comes back whole.
func TestWrappedAtAnyWidth(t *testing.T) {
	r := seeded(6)
	for width := 24; width <= 128; width += 4 {
		for range 20 {
			text := strings.Repeat("text ", 60+r.IntN(40)) + token(r)
			b := []byte("x\n" + wrap(std(text), "\n  ", width) + "\n")
			ok := false
			New().Pieces(b, NewBudget(Default()), func(p Piece) { ok = ok || string(p.Text) == text })
			if !ok {
				t.Fatalf("width %d: not decoded whole: %q", width, b)
			}
		}
	}
}

// hostile is one megabyte of what each finder looks for.
func hostile() map[string][]byte {
	const size = 1 << 20
	fill := func(s string) []byte { return bytes.Repeat([]byte(s), size/len(s)+1)[:size] }
	nested := "innermost text of them all"
	for range 24 {
		nested = std(nested)
	}
	return map[string][]byte{
		"percent": fill("%"), "percent escapes": fill("%41"), "percent of percent": fill("%25"), "far percent": fill("%5fxxxxxxxxx "),
		"backslashes": fill(`\`), "unicode": fill(`\u`), "unicode escapes": fill(`\u0041`), "spread escapes": fill(`\u0041` + strings.Repeat("x", 500)),
		"A": fill("A"), "a/": fill("a/"), "letters and hyphens": fill("abcdefg-"), "text in base64": fill(std("some text or other....")),
		"two alphabets": fill(std("some text?>?>?>") + "+some" + "c29tZSB0ZXh0ID4-IGFuZCBt-"), "heads only": fill("c29tZSB0ZXh0IGFuZCBtb3Jl/" + strings.Repeat("A", 75)),
		"hex": fill("6"), "short hex": fill("4142434445464748494a4b4c4d4e4f5g"), "ampersands": fill("&"), "entities": fill("&#65;"),
		"open entities": fill("&#x4141414"), "equals": fill("="), "encoded equals": fill("=3D"), "soft breaks": fill(strings.Repeat("x", 70) + "=\n"),
		"plus": fill("+"), "joined": fill(`"a"+`), "quotes": fill(`"`), "quotes and lines": fill("a\"\n\"a"), "continued": fill("a\\\n"),
		"blanks": fill("\" \t"), "line feeds": fill("\n"), "carriage returns": fill("\r\n"), "NUL": fill("\x00"), "wide": fill("A\x00"),
		"wide islands": fill(string(wide(strings.Repeat("x", 16), false, false)) + "\xff\xff\xff"), "wrapped": fill(strings.Repeat("QUJD", 16) + "\n"),
		"escaped breaks": fill(strings.Repeat("QUJD", 16) + `\n`), "nested base64": []byte(nested),
		"base64 of a bomb": []byte(std(zipped(strings.Repeat("\x00", 64<<20)))),
	}
}

// TestWorkIsBounded: one level costs a small multiple of the input, and all levels together no more than the budget allows.
func TestWorkIsBounded(t *testing.T) {
	for name, b := range hostile() {
		t.Run(name, func(t *testing.T) {
			d, lim := New(), NewBudget(Limits{MaxBytes: 4 << 20})
			pieces := 0
			d.Pieces(b, lim, func(p Piece) { checkPiece(t, b, p); pieces++ })
			if most := 8*int64(len(b)) + 4<<20; d.work > most {
				t.Errorf("one level: %d bytes looked at, more than %d", d.work, most)
			}

			d, lim = New(), NewBudget(Limits{MaxBytes: 4 << 20})
			var decoded int64
			var walk func(b []byte)
			walk = func(b []byte) {
				d.Pieces(b, lim, func(p Piece) { decoded += int64(len(p.Text)); walk(p.Text) })
			}
			walk(b)
			if decoded > 4<<20 || lim.Left() < 0 {
				t.Errorf("%d bytes decoded, %d left of %d", decoded, lim.Left(), 4<<20)
			}
			if most := 64 * int64(len(b)+4<<20); d.work > most {
				t.Errorf("all levels: %d bytes looked at, more than %d", d.work, most)
			}
		})
	}
}

func TestLimitsAreNamed(t *testing.T) {
	nested := "innermost text of them all"
	for range 50 {
		nested = std(nested)
		if len(nested) > 1<<20 {
			break
		}
	}
	for _, c := range []struct {
		name, text, hit string
		lim             Limits
	}{
		{"depth", nested, HitDepth, Limits{}},
		{"bytes", std(strings.Repeat("some text ", 500)), HitBytes, Limits{MaxBytes: 1000}},
		{"inflated bytes", std(zipped(strings.Repeat("some text ", 50000))), HitBytes, Limits{MaxBytes: 100_000}},
		{"neither", std("some text, not much of it"), "", Limits{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, lim := New(), NewBudget(c.lim)
			deepest := 0
			var walk func(b []byte, depth int)
			walk = func(b []byte, depth int) {
				deepest = max(deepest, depth)
				d.Pieces(b, lim, func(p Piece) { walk(p.Text, depth+1) })
			}
			walk([]byte(c.text), 0)
			if lim.Hit() != c.hit {
				t.Errorf("hit %q, want %q", lim.Hit(), c.hit)
			}
			if deepest > Default().MaxDepth {
				t.Errorf("%d levels deep", deepest)
			}
		})
	}
}

func TestNoAllocation(t *testing.T) {
	plain := []byte(strings.Repeat("func (s *Server) Serve(l net.Listener) error { return fmt.Errorf(\"%d\\n\", x+y) } // a=b & c\n", 500))
	encoded := []byte("token: " + std(token(seeded(7))) + "\nx: " + std(zipped(strings.Repeat("text ", 50))))
	d, lim := New(), NewBudget(Default())
	emit := func(Piece) {}
	for name, b := range map[string][]byte{"plain": plain, "encoded": encoded} {
		d.Pieces(b, lim, emit)
		if n := testing.AllocsPerRun(20, func() { lim.Reset(Default()); d.Pieces(b, lim, emit) }); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// TestPanicInCallback: a decoder whose callback panicked can still be used.
func TestPanicInCallback(t *testing.T) {
	tok := token(seeded(8))
	d := New()
	func() {
		defer func() { _ = recover() }()
		d.Pieces([]byte(std(tok)), NewBudget(Default()), func(Piece) { panic("callback") })
	}()
	n := 0
	d.Pieces([]byte(std(tok)), NewBudget(Default()), func(Piece) { n++ })
	if n != 1 || d.depth != 0 {
		t.Errorf("%d pieces at depth %d", n, d.depth)
	}
}

func FuzzPieces(f *testing.F) {
	tok := token(seeded(9))
	for _, s := range []string{
		std(tok), hex.EncodeToString([]byte(tok)), each(tok, "%%%02x"), each(tok, `\u%04x`), each(tok, "&#%d;"), string(wide(tok, true, true)),
		"a=3D" + tok, strings.Repeat("x", 60) + "=\n" + tok, `"` + tok + "\" +\n \"" + tok + `"`, std(zipped(tok)), std(zlibbed(tok)),
		wrap(std(tok+tok+tok), "\n ", 64), `\ud83d\ude00\ud83d`, "a\\\nb", "%", `\u{`, "&#x", "=\r", "\"\n", "\xff\xfe\x00",
	} {
		f.Add([]byte(s), uint8(24))
	}
	f.Fuzz(func(t *testing.T, b []byte, minLen uint8) {
		d, lim := New(), NewBudget(Limits{MaxBytes: 1 << 16, MaxDepth: 4, MinLen: int(minLen)})
		orig := bytes.Clone(b)
		var decoded int64
		var walk func(b []byte)
		walk = func(b []byte) {
			d.Pieces(b, lim, func(p Piece) {
				checkPiece(t, b, p)
				decoded += int64(len(p.Text))
				walk(p.Text)
			})
		}
		walk(b)
		if decoded > 1<<16 {
			t.Fatalf("%d bytes decoded", decoded)
		}
		if !bytes.Equal(b, orig) {
			t.Fatal("input changed")
		}
	})
}
