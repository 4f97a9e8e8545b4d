package main

import (
	"strings"
	"testing"

	"sprawl/detectors"
)

func TestDetectorsCheck(t *testing.T) {
	d := detectors.Detector{ID: "acme-key", Provider: "acme", Title: "t", Rotate: "r", Revoke: "r", Docs: "https://acme.test", Format: "corpus", Sought: true,
		Shapes: []detectors.Shape{detectors.Token(detectors.Lit("acx_"), detectors.Chars(detectors.Base62, 30))}}
	c := sprawl(t, []string{"detectors", "check"}, withTable([]detectors.Detector{d}))
	if c.code != exitClean || !strings.Contains(c.stdout, "1 kinds: 1 vectors in ") || !strings.Contains(c.stdout, "form confirmed by agreement of several scanners' rules: 1 (100.0 %)") {
		t.Errorf("exit %d\n%s%s", c.code, c.stdout, c.stderr)
	}
	d.Docs = ""
	c = sprawl(t, []string{"detectors", "check"}, withTable([]detectors.Detector{d}))
	if c.code != exitFindings || !strings.Contains(c.stdout, "acme-key: no page of its provider\n") {
		t.Errorf("exit %d\n%s%s", c.code, c.stdout, c.stderr)
	}
}
