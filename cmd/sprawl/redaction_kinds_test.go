package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/vectors"
	"sprawl/report"
)

// TestNoKindIsPrinted scans samples of every kind, alone and beside each other on a line, and searches every format for every
// value that was found, and for the middle of long ones.
func TestNoKindIsPrinted(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(11, 13))
	var line strings.Builder
	for i, d := range detectors.All() {
		for j, v := range vectors.Make(d, r) {
			text := v.Text
			switch {
			case v.Name != "":
				text = v.Name + " = \"" + text + "\"\n"
			case v.Near != "":
				text = v.Near + " " + text
			}
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d-%d.txt", i, j)), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(v.Text, "\n") && line.Len() < 1<<16 {
				fmt.Fprintf(&line, "%s:%s ", v.Text, v.Text)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "line.txt"), []byte(line.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &app{
		stderr: io.Discard, getenv: func(string) string { return "" }, environ: []string{"PATH=" + testPath()}, now: time.Now,
		random: rand.NewChaCha8([32]byte{1}), configDir: func() (string, error) { return t.TempDir(), nil },
		table: detectors.All, log: slog.New(slog.DiscardHandler),
	}
	run, err := a.newRun(t.Context(), "scan", []string{"dir:" + dir}, scanFlags{policy: "none", workers: 2, archiveDepth: 2, decodeDepth: 5, maxFile: 50 << 20})
	if err != nil {
		t.Fatal(err)
	}
	res, err := run.do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const least = 12
	values, kinds := map[string][]value{}, map[string]bool{} // by their first bytes
	n := 0
	for i := range res.found.Credentials {
		c := &res.found.Credentials[i]
		for j := range c.Sightings {
			for _, p := range c.Sightings[j].Parts {
				v := string(p.Secret.Reveal())
				if p.Role != finding.RoleSecret || len(v) < least || c.Tier == finding.TierGeneric {
					continue // a short or generic value may be a word of a report
				}
				kinds[c.Kind] = true
				all := []string{v}
				if len(v) > 120 {
					all = append(all, v[len(v)/2:len(v)/2+40])
				}
				for _, v := range all {
					values[v[:least]] = append(values[v[:least]], value{v, c.Kind})
					n++
				}
			}
		}
	}
	if len(kinds) < len(detectors.All())/2 {
		t.Fatalf("%d kinds were found, of %d", len(kinds), len(detectors.All()))
	}
	sum := res.summarise("none", func(finding.Credential) bool { return false })
	for _, f := range report.Formats() {
		var b bytes.Buffer
		if err := render(f.New(&b, report.Options{Width: 100, All: true, Skipped: true}), res, sum); err != nil {
			t.Fatal(err)
		}
		out := b.String()
		for i := 0; i+least <= len(out); i++ {
			for _, v := range values[out[i:i+least]] {
				if strings.HasPrefix(out[i:], v.text) {
					t.Errorf("%s prints a value of %s", f.Name, v.kind)
				}
			}
		}
	}
	t.Logf("%d values of %d kinds", n, len(kinds))
}

type value struct{ text, kind string }
