package main

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sprawl/internal/testkit/repo"
)

var redraw = flag.Bool("update", false, "write the picture of a terminal")

// TestPicture holds docs/examples/terminal.svg to what the program prints: `go test ./cmd/sprawl -run TestPicture -update`
// scans a small repository and draws the output, colours and all.
func TestPicture(t *testing.T) {
	file, err := filepath.Abs("../../docs/examples/terminal.svg")
	if err != nil {
		t.Fatal(err)
	}
	r := repo.New(t)
	t.Chdir(r.Dir)
	r.Write("deploy/prod/app.env", "LOG_LEVEL=info\nGH_TOKEN="+token(7)+"\n")
	r.Write("ci/staging/release.sh", "#!/bin/sh\nexport GITHUB_TOKEN="+token(7)+"\n")
	r.Commit("deploy")
	r.Write("docs/setup.md", "curl -H 'Authorization: token "+token(8)+"' https://api.github.com\n")
	r.Commit("document the API")
	r.Remove("docs/setup.md")
	r.Commit("remove it again")
	c := sprawl(t, []string{"scan", "--color", "always"}, withKey(), func(a *app) {
		a.stdoutTTY = &tty{width: 96}
		a.now = func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
	})
	if c.code != exitFindings {
		t.Fatalf("exit %d: %s", c.code, c.stderr)
	}
	got := picture("$ sprawl scan\n" + c.stdout)
	if err := xml.Unmarshal(got, new(struct{})); err != nil {
		t.Fatalf("not XML: %v", err)
	}
	if *redraw {
		if err := os.WriteFile(file, got, 0o644); err != nil { //nolint:gosec // documentation is for everybody
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what sprawl prints: go test ./cmd/sprawl -run TestPicture -update", file)
	}
}

// picture draws lines with SGR colours as SVG, in the colours of the reader's theme. Links (OSC 8) are left out. Each run of one
// colour is set to the width of its cells, so that carets stand below their value in any monospaced font.
func picture(text string) []byte {
	const cell, line, pad = 8.4, 19, 16
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	wide := 0
	var body bytes.Buffer
	for i, l := range lines {
		x, class := 0, ""
		fmt.Fprintf(&body, "<text y=\"%d\">", pad+line*(i+1)-5)
		for l != "" {
			if rest, ok := strings.CutPrefix(l, "\x1b]8;;"); ok {
				_, l, _ = strings.Cut(rest, "\x1b\\")
				continue
			}
			if rest, ok := strings.CutPrefix(l, "\x1b["); ok {
				var code string
				code, l, _ = strings.Cut(rest, "m")
				class = ""
				if code != "0" {
					class = "c" + strings.ReplaceAll(code, ";", " c")
				}
				continue
			}
			run, n := l, strings.IndexByte(l, 0x1b)
			if n >= 0 {
				run = l[:n]
			}
			l = l[len(run):]
			cells := utf8.RuneCountInString(run) // the program prints narrow characters here
			if strings.TrimSpace(run) != "" {
				var esc bytes.Buffer
				_ = xml.EscapeText(&esc, []byte(run))
				fmt.Fprintf(&body, "<tspan x=\"%.1f\" textLength=\"%.1f\"", pad+float64(x)*cell, float64(cells)*cell)
				if class != "" {
					fmt.Fprintf(&body, " class=\"%s\"", class)
				}
				fmt.Fprintf(&body, ">%s</tspan>", strings.ReplaceAll(esc.String(), " ", "\u00a0"))
			}
			x += cells
		}
		wide = max(wide, x)
		body.WriteString("</text>\n")
	}
	var b bytes.Buffer
	width, height := 2*pad+int(float64(wide)*cell+1), 2*pad+line*len(lines)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="What sprawl scan prints">
<style>
rect{fill:#fff;stroke:#d5dae0}text{font:14px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;fill:#1b2027}
.c1{font-weight:700}.c2{fill:#6a737d}.c31{fill:#b00020}.c32{fill:#1f7a4d}.c33{fill:#8a6100}.c34{fill:#0b57b0}.c36{fill:#0f6070}
@media(prefers-color-scheme:dark){rect{fill:#14181d;stroke:#39414b}text{fill:#e6e9ed}
.c2{fill:#98a2ad}.c31{fill:#ff8a9b}.c32{fill:#62c391}.c33{fill:#e6c15c}.c34{fill:#86b8f5}.c36{fill:#76cbd8}}
</style>
<rect x=".5" y=".5" width="%d" height="%d" rx="8"/>
`, width, height, width, height, width-1, height-1)
	b.Write(body.Bytes())
	b.WriteString("</svg>\n")
	return b.Bytes()
}
