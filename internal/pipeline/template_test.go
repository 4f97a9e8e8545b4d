package pipeline

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A template parses once its directives are blanked out, and no byte is moved.
func TestBlank(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"a value", "name: {{ .Name }}-x\n", "name: ___________-x\n"},
		{"a line of its own", "a:\n  {{- if .X }}\n  b: c\n", "a:\n  " + strings.Repeat(" ", len("{{- if .X }}")) + "\n  b: c\n"},
		{"two on a line", "{{- $x := 1 }}{{ if $x }}\na: b\n", strings.Repeat(" ", 25) + "\na: b\n"},
		{"over two lines", "a: b\n{{- /* one\ntwo */ -}}\n", "a: b\n          \n          \n"},
		{"a block after a key", "labels: {{- include \"x\" . | nindent 4 }}\n  a: b\n", "labels: " + strings.Repeat(" ", len("{{- include `x` . | nindent 4 }}")) + "\n  a: b\n"},
		{"first in a text", "a: |\n{{ if .X }}\n    b\n", "a: |\n    _______\n    b\n"},
		{"alone in a text", "a: |\n  {{ .X }}\nb: c\n", "a: |\n          \nb: c\n"},
		{"a key", "{{ .Key }}: v\n", "__________: v\n"},
		{"Jinja", "{% for x in y %}\n- {{ x }}\n", strings.Repeat(" ", 16) + "\n- _______\n"},
		{"an expression of GitHub Actions", "a: ${{ b }}\n", "a: ${{ b }}\n"},
		{"no end", "a: {{ b\n", "a: {{ b\n"},
	} {
		if d := cmp.Diff(c.want, string(blank([]byte(c.in)))); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}
