package repo

import (
	"slices"
	"testing"
)

// A trap that cannot spring proves nothing: plain git has to step into those that matter most.
func TestTrapsSpring(t *testing.T) {
	unfiltered := []string{"-c", "core.fsmonitor=", "-c", "filter.planted.process=", "-c", "filter.planted.smudge=", "-c", "filter.planted.required=false"}
	unfiltered = unfiltered[:len(unfiltered):len(unfiltered)]
	for _, c := range []struct {
		name     string
		promisor bool
		args     []string
		want     []string
	}{
		{"status", false, []string{"status"}, []string{"fsmonitor"}},
		{"index", false, []string{"ls-files", "--stage"}, []string{"fsmonitor"}},
		{"add", false, []string{"-c", "core.fsmonitor=", "add", "--renormalize", "a.txt"}, []string{"process"}},
		{"ref", false, []string{"update-ref", "refs/x", "HEAD"}, []string{"hookspath-reference-transaction"}},
		{"diff", false, append(unfiltered, "diff", "HEAD~1", "HEAD"), []string{"diff-command"}},
		{"textconv", false, append(unfiltered, "cat-file", "--textconv", "HEAD:a.txt"), []string{"textconv"}},
		{"filters", false, []string{"cat-file", "--filters", "HEAD:a.txt"}, []string{"process"}},
		{"missing object", true, []string{"cat-file", "-e", "HEAD:lost.txt"}, []string{"remote-ext", "ssh", "gitproxy", "connection"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := Plant(t, c.promisor)
			out, _ := h.Try(c.args...)
			for _, want := range c.want {
				if sprung := h.Sprung(); !slices.Contains(sprung, want) {
					t.Errorf("%s did not spring, but %q: %s", want, sprung, out)
				}
			}
		})
	}
}
