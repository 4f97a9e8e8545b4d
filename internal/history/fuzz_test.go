package history

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzTree(f *testing.F) {
	id := bytes.Repeat([]byte{7}, 20)
	f.Add(fmt.Appendf(nil, "100644 a\x00%s40000 d\x00%s160000 s\x00%s", id, id, id))
	f.Add([]byte("100644 a\x00short"))
	f.Add([]byte("777777777 a\x00"))
	f.Fuzz(func(t *testing.T, content []byte) {
		var known ID
		copy(known[:], id)
		fo := newForest(20, map[ID]uint32{known: 0})
		want := 0
		r := treeReader{rest: content, size: 20}
		for {
			kind, name, oid, ok, err := r.next()
			if !ok {
				if err == nil && len(r.rest) > 0 {
					t.Fatal("stopped before the end without an error")
				}
				break
			}
			if len(name) == 0 || len(oid) != 20 {
				t.Fatalf("entry %q %x", name, oid)
			}
			if kind == entryTree || kind == entryBlob && bytes.Equal(oid, id) {
				want++
			}
		}
		// The second is written against the first.
		fo.record(ID{1}, content)
		fo.record(ID{2}, content)
		a, b := fo.index[ID{1}], fo.index[ID{2}]
		first, second := fo.entries(a, nil), fo.entries(b, nil)
		if len(first) != want || fmt.Sprint(first) != fmt.Sprint(second) {
			t.Fatalf("recorded %v and %v, want %d entries", first, second, want)
		}
	})
}

// FuzzForest writes trees against each other and reads them back.
func FuzzForest(f *testing.F) {
	f.Add([]byte("abcdef|abxdef|abdef|abcdefg||a|bcdef|abcdef"))
	f.Fuzz(func(t *testing.T, script []byte) {
		fo := newForest(20, nil)
		trees := bytes.Split(script, []byte{'|'})
		for i, letters := range trees {
			var content []byte
			for _, c := range letters {
				content = fmt.Appendf(content, "40000 n%d\x00%s", c&^1, bytes.Repeat([]byte{c}, 20))
			}
			fo.record(ID{1, byte(i), byte(i >> 8)}, content)
		}
		for i, letters := range trees {
			got := fo.entries(fo.index[ID{1, byte(i), byte(i >> 8)}], nil)
			if len(got) != len(letters) {
				t.Fatalf("tree %d: %d entries, want %d", i, len(got), len(letters))
			}
			for j, c := range letters {
				if name := fo.text[got[j].name]; name != fmt.Sprint("n", c&^1) || fo.ids[got[j].index()][0] != c {
					t.Fatalf("tree %d entry %d: %s", i, j, name)
				}
			}
		}
	})
}

func FuzzCommit(f *testing.F) {
	hex := strings.Repeat("ab", 20)
	f.Add([]byte("tree " + hex + "\nparent " + hex + "\nauthor A <a@b> 1 +0000\ncommitter C <c@d> 99999999999999999999 +0000\n\nmessage\n"))
	f.Add([]byte("tree " + hex + "\nauthor >< \ncommitter > -5\ngpgsig x\n y\n\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		c, err := parseCommit(content, 20)
		if err == nil && (c.when < 0 || c.when > maxSeconds) {
			t.Fatalf("date %d", c.when)
		}
		if err == nil {
			if _, err := utc(c.when).MarshalJSON(); err != nil {
				t.Fatal(err)
			}
			if s := (mailmap{}).apply(string(c.author)); !utf8.ValidString(s) || len(s) > maxIdent {
				t.Fatalf("author %q", s)
			}
		}
	})
}

func FuzzTag(f *testing.F) {
	f.Add([]byte("object " + strings.Repeat("ab", 20) + "\ntype commit\n"))
	f.Add([]byte("object " + strings.Repeat("ab", 32) + "\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		id, err := parseTag(content, 20)
		if err == nil && !bytes.Equal(bytes.ToLower(content[7:47]), []byte(id.Hex(20))) {
			t.Fatalf("read %s of %q", id.Hex(20), content)
		}
	})
}

func FuzzMailmap(f *testing.F) {
	f.Add("A <a@b> <c@d>\n", "X <c@d>")
	f.Add("A <a@b> X <c@d>\n# no\n<", "x <C@D>")
	f.Fuzz(func(t *testing.T, file, who string) {
		got := parseMailmap([]byte(file)).apply(who)
		if !utf8.ValidString(got) || len(got) > maxIdent {
			t.Fatalf("%q", got)
		}
	})
}

func TestMailmap(t *testing.T) {
	m := parseMailmap([]byte(`# comment
Proper Name <commit@example.com>
<proper@example.com> <Old@Example.com>
Joe <joe@example.com> <j1@example.com>
Jane <jane@example.com> Jane D <shared@example.com>
John <john@example.com> John D <shared@example.com>
Spaced   <  spaced@example.com  > <sp@example.com> # trailing
no address
Broken <unclosed
Later <j1@example.com>
`))
	for who, want := range map[string]string{
		"P <commit@example.com>":      "Proper Name <commit@example.com>",
		"P <COMMIT@example.com>":      "Proper Name <COMMIT@example.com>",
		"Old <old@example.com>":       "Old <proper@example.com>",
		"J <j1@example.com>":          "Later <joe@example.com>",
		"jane d <shared@example.com>": "Jane <jane@example.com>",
		"John D <shared@example.com>": "John <john@example.com>",
		"Other <shared@example.com>":  "Other <shared@example.com>",
		"S <sp@example.com>":          "Spaced <spaced@example.com>",
		"Nobody <x@example.com>":      "Nobody <x@example.com>",
		"<x@example.com>":             "<x@example.com>",
		"Bad \xff <x@example.com>":    "Bad \uFFFD <x@example.com>",
		"":                            "",
	} {
		if got := m.apply(who); got != want {
			t.Errorf("%q: got %q, want %q", who, got, want)
		}
	}
}
