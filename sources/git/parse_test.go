package git

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"sprawl/internal/pack"
)

func TestPaths(t *testing.T) {
	for _, c := range []struct {
		path string
		sep  byte
		want string
	}{
		{"a/b", '/', "a/b"}, {`a\b`, '/', `a\b`}, {`C:\a\b`, '\\', "C:/a/b"}, {`\\server\share\x`, '\\', "//server/share/x"}, {`a/b\c`, '\\', "a/b/c"},
	} {
		if got := slash(c.path, c.sep); got != c.want {
			t.Errorf("slash(%q, %q) = %q", c.path, c.sep, got)
		}
	}
	for _, c := range []struct {
		path    string
		windows bool
		want    bool
	}{
		{"/a", false, true}, {"a", false, false}, {"C:/a", false, false}, {"", false, false},
		{`C:\a`, true, true}, {"c:/a", true, true}, {`\\server\share`, true, true}, {"//server/share", true, true},
		{`\a`, true, false}, {"C:a", true, false}, {"a", true, false}, {"1:/a", true, false}, {"", true, false},
	} {
		if got := absolute(c.path, c.windows); got != c.want {
			t.Errorf("absolute(%q, %v) = %v", c.path, c.windows, got)
		}
	}
	for _, c := range []struct {
		base, path string
		windows    bool
		want       string
	}{
		{"/repo/mod", "../.git/modules/mod", false, "/repo/mod/../.git/modules/mod"},
		{"/repo/", "/elsewhere", false, "/elsewhere"},
		{`C:\repo\mod`, "../.git/modules/mod", true, `C:\repo\mod\..\.git\modules\mod`},
		{`C:\repo`, "D:/git/worktrees/x", true, `D:\git\worktrees\x`},
		{`C:\repo\`, "//server/share/x.git", true, `\\server\share\x.git`},
	} {
		if got := resolve(c.base, c.path, c.windows); got != c.want {
			t.Errorf("resolve(%q, %q, %v) = %q, want %q", c.base, c.path, c.windows, got, c.want)
		}
	}
}

func TestOwner(t *testing.T) {
	for url, want := range map[string]string{
		"https://github.com/acme/shop.git": "acme", "ssh://git@github.com/acme/shop": "acme", "git@gitlab.com:acme/team/shop.git": "acme",
		"ssh://git@host:22/acme/shop": "acme", "/srv/git/acme/shop": "", "../shop": "", `C:\git\shop`: "", "https://host/shop": "", "": "",
	} {
		s := &Source{format: readFormat([]byte("[remote \"up\"]\nurl = https://github.com/other/shop\n[remote \"origin\"]\n\turl = " + url + "\n"))}
		if got := s.Owner(); got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
}

func TestOrigin(t *testing.T) {
	for url, want := range map[string][2]string{
		"https://ada:pass@GitHub.com:443/acme/shop.git/": {"github.com", "acme/shop"}, "ssh://git@github.com/acme/shop": {"github.com", "acme/shop"},
		"git@github-work:acme/shop.git": {"github-work", "acme/shop"}, "/srv/git/acme/shop": {}, "../shop": {}, "": {},
	} {
		s := &Source{format: readFormat([]byte("[remote \"origin\"]\n\turl = " + url + "\n"))}
		if host, name := s.Origin(); host != want[0] || name != want[1] {
			t.Errorf("%s: %q %q, want %q", url, host, name, want)
		}
	}
}

func TestReadFormat(t *testing.T) {
	for config, want := range map[string]format{
		"": {refs: "files"},
		"[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n\trefstorage = reftable\n": {sha256: true, refs: "reftable"},
		"[Extensions]\nObjectFormat = SHA256 # said so\n":                                                         {sha256: true, refs: "files"},
		"[extensions] objectFormat = \"sha256\"\n":                                                                {sha256: true, refs: "files"},
		"[extensions]\n\trefStorage = reftable://x\n":                                                             {refs: "reftable"},
		"[extensions]\n\tobjectformat = sha512\n":                                                                 {refs: "files", refused: "objectformat = sha512"},
		"[extensions]\n\tpartialClone = origin\n":                                                                 {refs: "files", promisor: true},
		"[remote \"o]r\\\"\"]\n\tpromisor\n":                                                                      {refs: "files", promisor: true},
		"[remote \"origin\"]\n\tpromisor = false\n":                                                               {refs: "files"},
		"[remote \"origin\"]\n\tpartialclonefilter = blob:none\n":                                                 {refs: "files", promisor: true},
		"; [extensions]\n#objectformat = sha256\n[other]\nobjectformat = sha256\n":                                {refs: "files"},
		"[extensions \"x\"]\nobjectformat = sha256\n":                                                             {refs: "files"},
		"[extensions\nobjectformat = sha256\n":                                                                    {refs: "files"},
	} {
		if got := readFormat([]byte(config)); got != want {
			t.Errorf("%q: got %+v, want %+v", config, got, want)
		}
	}
}

const (
	one = "1111111111111111111111111111111111111111"
	two = "2222222222222222222222222222222222222222"
)

func TestParseCommit(t *testing.T) {
	c := parseCommit([]byte("tree " + one + "\nparent " + two + "\nparent " + one + "\nauthor A <b> x <a@b> 12 +0100\ncommitter C <c> 1700000000 -0230\n" +
		"gpgsig -----BEGIN\n line\n \n line\nmergetag object " + two + "\n type commit\n \n notes\n\nsubject\n\nbody\n"))
	if c.tree.Hex() != one || len(c.parents) != 2 || string(c.author) != "A <b> x <a@b>" || c.when != 1700000000 ||
		string(c.tags) != "object "+two+"\ntype commit\n\nnotes\n" || string(c.message) != "subject\n\nbody\n" {
		t.Errorf("%+v", c)
	}
	for _, b := range []string{"", "\n", "tree", "tree x\n\nm", "parent \nauthor\ncommitter\n\n", "author > > >", "committer a> 99999999999999999999999 +", " folded first\n\n"} {
		parseCommit([]byte(b))
	}
	if ch := change(one, []byte("x\xff<"), -1); !ch.When.IsZero() || ch.Author != "x\ufffd<" {
		t.Errorf("%+v", ch)
	}
}

func TestLFSPointer(t *testing.T) {
	sum := strings.Repeat("0f", 32)
	head := "version https://git-lfs.github.com/spec/v1\n"
	for _, c := range []struct {
		b    string
		size int64
		ok   bool
	}{
		{head + "oid sha256:" + sum + "\nsize 5\n", 5, true},
		{head + "ext-0-x sha256:" + sum + "\noid sha256:" + sum + "\r\nsize 5\r\n", 5, true},
		{head + "oid sha256:" + sum + "\nsize -5\n", 0, true},
		{head + "size 5\n", 0, false},
		{head + "oid md5:00\nsize 5\n", 0, false},
		{"x" + head + "oid sha256:" + sum + "\n", 0, false},
		{head + "oid sha256:" + sum + "\n" + strings.Repeat("x", 1024), 0, false},
	} {
		oid, size, ok := lfsPointer([]byte(c.b))
		if ok != c.ok || ok && (size != c.size || oid != sum) {
			t.Errorf("%q: %q %d %v", c.b, oid, size, ok)
		}
	}
}

func FuzzParse(f *testing.F) {
	raw, _ := hex.DecodeString(one)
	for _, s := range []string{
		"tree " + one + "\nparent " + two + "\nauthor a <b> 1 +0\ncommitter a <b> 1 +0\nmergetag x\n y\n\nmessage",
		"object " + one + "\ntype commit\ntag v1\ntagger a <b> 1 +0\n\nmessage",
		"100644 name\x00" + string(raw) + "40000 dir\x00" + string(raw) + "160000 mod\x00" + string(raw),
		"[extensions]\n\tobjectformat = sha256\n[remote \"x\"] promisor\n",
		":100644 100644 " + one + " " + two + " M\x00path\x00:000000 160000 " + one + " " + two + " A\x00mod\x00",
		"100644 " + one + " 2\tpath\x00",
		one + " blob 12", one + " missing",
		"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
		"gitdir: C:/x/y", `\\server\share`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c := parseCommit(b)
		if len(c.message) > len(b) || len(c.tags) > 2*len(b)+1 || len(c.parents) > maxParents {
			t.Fatal("more than there was")
		}
		change(one, c.author, c.when)
		tg := parseTag(b)
		change(one, tg.tagger, tg.when)
		for _, size := range []int{20, 32} {
			for rest := b; ; {
				e, next, ok := nextEntry(rest, size)
				if !ok {
					break
				}
				if len(e.name) == 0 || bytes.IndexByte(e.name, 0) >= 0 || len(next) >= len(rest) {
					t.Fatalf("entry %+v", e)
				}
				rest = next
			}
		}
		readFormat(b)
		_, _, _ = parseRaw(b)
		_, _ = parseStages(b)
		if h, err := parseHeader(b); err == nil && (h.size < 0 || h.typ < pack.Commit || h.typ > pack.Tag) {
			t.Fatalf("%+v", h)
		}
		_, _, _ = lfsPointer(b)
		for _, windows := range []bool{false, true} {
			if p := resolve("/base", string(b), windows); len(p) < len(b) {
				t.Fatalf("%q", p)
			}
		}
	})
}
