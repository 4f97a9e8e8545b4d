// Package planted builds a repository that holds one token in every place where a token can hide. Tokens are made when the
// test runs and carry a valid checksum; no two are equal.
//
// It is for tests, and needs the git executable.
package planted

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"sprawl/internal/testkit/repo"
)

// Plant is one token and where it stands.
type Plant struct {
	Place string // in words
	Value string
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// Token is a GitHub personal access token that no one ever had: the prefix, 30 random characters and their CRC-32 in base 62.
func Token(seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 0x5eed))
	b := make([]byte, 30)
	for i := range b {
		b[i] = base62[r.IntN(len(base62))]
	}
	sum := crc32.ChecksumIEEE(b)
	check := make([]byte, 6)
	for i := len(check) - 1; i >= 0; i-- {
		check[i] = base62[sum%62]
		sum /= 62
	}
	return "gh" + "p_" + string(b) + string(check)
}

// Build makes the repository. Plants come in the order of the list in the project's documentation.
func Build(t testing.TB) (*repo.Repo, []Plant) {
	t.Helper()
	r := repo.New(t)
	var plants []Plant
	plant := func(place string) string {
		v := Token(uint64(len(plants) + 1))
		plants = append(plants, Plant{place, v})
		return v
	}
	assign := func(v string) string { return "# settings\nname = \"demo\"\ntoken = \"" + v + "\"\nport = 80\n" }

	r.Write("README", "A demonstration.\n")
	r.Write("config/head.toml", assign(plant("HEAD")))
	r.Write("config/old.toml", assign(plant("deleted later")))
	r.Commit("first")
	r.Remove("config/old.toml")
	r.Commit("drop the old settings")

	r.Branch("feature")
	r.Write("config/feature.toml", assign(plant("other branch")))
	r.Commit("settings of the feature")
	r.Switch("main")

	r.Switch(r.ID("HEAD")) // detached
	r.Write("config/tagged.toml", assign(plant("tag only")))
	r.Commit("released from nowhere")
	r.Tag("v1", "")
	r.Switch("main")

	r.Write("config/stashed.toml", assign(plant("stash")))
	r.Stash("for later")

	r.Branch("doomed")
	r.Write("config/dangling.toml", assign(plant("dangling commit")))
	r.Commit("an experiment")
	r.Switch("main")
	r.DeleteBranch("doomed")

	r.Branch("side")
	r.Write("side.txt", "side\n")
	r.Commit("side")
	r.Switch("main")
	r.Write("main.txt", "main\n")
	r.Commit("main")
	r.EvilMerge("side", "merge side", map[string]string{"config/merged.toml": assign(plant("merge resolution only"))})
	r.Remove("config/merged.toml")
	r.Commit("drop what the merge brought")

	r.Write("log.txt", "1\n")
	r.Commit("Rotate the token\n\nIt was " + plant("commit message") + " until now.")
	r.Tag("v2", "second release, upload with "+plant("tag message"))
	r.Note("HEAD", "deployed with "+plant("note")+"\n")
	r.Branch("fix-" + plant("branch name"))
	r.Switch("main")

	b64 := base64.StdEncoding.EncodeToString
	r.Write("deploy/secret.yaml", "apiVersion: v1\nkind: Secret\ndata:\n  token: "+b64([]byte(plant("base64")))+"\n")
	r.Write("deploy/twice.yaml", "data: "+b64([]byte(b64([]byte("token: "+plant("base64 twice")+"\n"))))+"\n")
	r.Write("src/hex.c", "static const char *k = \""+hex.EncodeToString([]byte(plant("hex")))+"\";\n")
	r.Write("src/url.txt", "https://example.test/?q="+percent(plant("percent"))+"&x=1\n")
	r.Write("src/escaped.json", "{\"token\": \""+unicodeEscape(plant("unicode escape"))+"\"}\n")
	r.Write("windows/settings.reg", utf16LE("[settings]\r\ntoken="+plant("UTF-16")+"\r\n"))
	r.Write("pack/a.zip", zipped(t, map[string]string{"inner/app.env": "TOKEN=" + plant("zip") + "\n"}))
	r.Write("pack/b.tar.gz", tarGz(t, "inner/app.env", "TOKEN="+plant("tar.gz")+"\n"))
	r.Write("pack/c.docx", zipped(t, map[string]string{
		"[Content_Types].xml": `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"word/document.xml":   "<w:document><w:body><w:p><w:r><w:t>the token is " + plant("docx") + "</w:t></w:r></w:p></w:body></w:document>",
	}))
	r.Write("notes.ipynb", "{\"cells\": [{\"cell_type\": \"code\", \"source\": [\"import os\\n\", \"os.environ[\\\"GH_TOKEN\\\"] = \\\""+plant("notebook")+"\\\"\\n\"]}]}\n")
	r.Write(".github/workflows/ci.yml", "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    env:\n      GH_TOKEN: "+plant("workflow file")+"\n")
	r.Write("bin/tool", elf(plant("inside an ELF binary")))
	r.Write("web/app.min.js", longLine(plant("400 kB line")))
	moved := assign(plant("under a renamed path"))
	r.Write("before/settings.toml", moved)
	r.Commit("everything else")
	r.Rename("before/settings.toml", "after/settings.toml")
	r.Commit("move the settings")
	return r, plants
}

func percent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02X", s[i])
	}
	return b.String()
}

func unicodeEscape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "\\u%04x", s[i])
	}
	return b.String()
}

func utf16LE(s string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

func zipped(t testing.TB, files map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"[Content_Types].xml", "word/document.xml", "inner/app.env"} {
		content, ok := files[name]
		if !ok {
			continue
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Unix(1700000000, 0).UTC()})
		if err == nil {
			_, err = w.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func tarGz(t testing.TB, name, content string) string {
	t.Helper()
	var b bytes.Buffer
	g := gzip.NewWriter(&b)
	w := tar.NewWriter(g)
	err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))})
	if err == nil {
		_, err = w.Write([]byte(content))
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = g.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// elf is a header and bytes around the token, NUL-terminated as in a string table.
func elf(v string) string {
	r := rand.New(rand.NewPCG(7, 7))
	noise := make([]byte, 4096)
	for i := range noise {
		noise[i] = byte(r.IntN(256))
	}
	head := "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00\x3e\x00\x01\x00\x00\x00"
	return head + string(noise) + "\x00usage: tool [-v]\x00" + v + "\x00GCC: (GNU)\x00" + string(noise)
}

// longLine is one line of minified script with the token in its middle.
func longLine(v string) string {
	var b strings.Builder
	r := rand.New(rand.NewPCG(9, 9))
	half := func(n int) {
		for b.Len() < n {
			fmt.Fprintf(&b, "function f%d(a,b){var c=a+b*%d;return c>%d?f%d(b,c):{k:\"v%d\",x:!0}}", r.IntN(1e6), r.IntN(99), r.IntN(9999), r.IntN(1e6), r.IntN(1e4))
		}
	}
	half(200_000)
	b.WriteString("var t=\"" + v + "\";")
	half(400_000)
	b.WriteByte('\n')
	return b.String()
}

// Forms are the ways in which a value could stand in an output: as it is and encoded.
func Forms(v string) []string {
	return []string{
		v, v[len("ghp_"):], v[:20], v[len(v)-20:],
		base64.StdEncoding.EncodeToString([]byte(v))[:40], base64.RawURLEncoding.EncodeToString([]byte(v))[:40],
		hex.EncodeToString([]byte(v)), percent(v), unicodeEscape(v), utf16LE(v)[2:],
	}
}

// WriteFile is a plain file for targets that are no repository.
func WriteFile(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
