package gitexec

import (
	"slices"
	"strings"
	"testing"

	"sprawl/internal/testkit/repo"
)

// Every command that is let through, in the forms the product uses, on a repository full of traps.
var harmless = []string{
	"version", "rev-parse --verify --quiet HEAD", "symbolic-ref --quiet HEAD", "for-each-ref --format=%(objectname)%20%(refname)",
	"merge-base HEAD HEAD~1", "rev-list --objects --all", "rev-list --objects --all --missing=print", "ls-tree -r HEAD", "ls-files --stage -z",
	"diff-index --cached --raw -z --no-renames --ignore-submodules=none HEAD --", "diff-index --cached --name-only HEAD~1 --",
	"diff-tree -r HEAD~1 HEAD", "cat-file -p HEAD:a.txt", "cat-file -e HEAD:lost.txt", "cat-file --batch-all-objects --batch-check --unordered",
	"config --list",
}

func TestHostileRepository(t *testing.T) {
	g := find(t)
	for _, promisor := range []bool{false, true} {
		h := repo.Plant(t, promisor)
		r, err := g.Repo(h.GitDir, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range harmless {
			_, _ = r.Run(t.Context(), strings.Fields(line)...)
			if s := h.Sprung(); len(s) > 0 {
				t.Fatalf("promisor %v: git %s: %q", promisor, line, s)
			}
		}
		for _, mode := range []string{"--batch", "--batch-check"} {
			out, _ := r.RunInput(t.Context(), strings.NewReader(h.Missing+"\n"), "cat-file", mode)
			if s := h.Sprung(); len(s) > 0 {
				t.Fatalf("promisor %v: git cat-file %s: %q", promisor, mode, s)
			}
			t.Logf("promisor %v, cat-file %s of a missing object: %q", promisor, mode, out)
		}
	}
}

// The layers do not lean on each other: without GIT_NO_LAZY_FETCH, which older versions do not know, and even without
// GIT_ALLOW_PROTOCOL, a missing object is fetched from nobody.
func TestEachLayerHolds(t *testing.T) {
	g := find(t)
	for _, without := range [][]string{
		{"GIT_NO_LAZY_FETCH"}, {"GIT_ALLOW_PROTOCOL"}, {"GIT_NO_LAZY_FETCH", "GIT_ALLOW_PROTOCOL"}, {"GIT_NO_LAZY_FETCH", "GIT_PROXY_COMMAND"},
		{"GIT_NO_LAZY_FETCH", "GIT_OPTIONAL_LOCKS", "GIT_ASKPASS", "SSH_ASKPASS", "GIT_EDITOR", "GIT_PAGER", "GIT_PROXY_COMMAND"},
	} {
		h := repo.Plant(t, true)
		cmd := g.command(t.Context(), h.GitDir, nil, []string{"cat-file", "--batch"})
		cmd.Env = slices.DeleteFunc(cmd.Env, func(kv string) bool {
			name, _, _ := strings.Cut(kv, "=")
			return slices.Contains(without, name)
		})
		cmd.Stdin = strings.NewReader(h.Missing + "\n")
		out, err := cmd.CombinedOutput()
		if s := h.Sprung(); len(s) > 0 {
			t.Errorf("without %v: %q (%v, %s)", without, s, err, out)
		}
	}
}
