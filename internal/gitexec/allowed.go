package gitexec

import (
	"fmt"
	"slices"
	"strings"
)

// rule says which forms of a command are let through: one of the must words has to be there, none of never may.
type rule struct {
	must  []string
	never []string
	args  int // most arguments that are not options, 0 for any number
}

// rules are the commands that read and run nothing. In particular missing: status, diff, diff-files, diff-index without
// --cached (they refresh the index: fsmonitor, clean filters), log and show (pager, signatures, text conversion), archive,
// grep, checkout, submodule, remote, fetch.
var rules = map[string]rule{
	"version":      {},
	"rev-parse":    {},
	"merge-base":   {},
	"for-each-ref": {never: []string{"signature"}}, // a format with %(signature) runs gpg
	"symbolic-ref": {must: []string{"--quiet"}, never: []string{"-d", "--delete", "-m"}, args: 1},
	"cat-file":     {never: []string{"--textconv", "--filters"}},
	"rev-list":     {never: []string{"--alternate-refs", "--disk-usage"}},
	"ls-tree":      {},
	"ls-files":     {must: []string{"--stage"}, never: []string{"-m", "--modified", "-o", "--others", "-d", "--deleted", "-k", "--killed", "--with-tree", "--eol"}},
	"diff-index":   {must: []string{"--cached"}, never: []string{"-p", "-u", "--patch", "--ext-diff", "--textconv", "--stat", "--merge-base"}},
	"diff-tree":    {never: []string{"-p", "-u", "--patch", "--ext-diff", "--textconv", "--stat"}},
	"config":       {must: []string{"--list", "--get", "--get-all", "--get-regexp"}},
}

// allowed reports whether a command may run. It guards against a slip in this program, not against its arguments being
// foreign: those that are (revisions) stand behind --end-of-options or are object ids.
func allowed(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("git without a command")
	}
	r, ok := rules[args[0]]
	if !ok {
		return fmt.Errorf("git %s is not among the commands that run nothing", clean(args[0]))
	}
	if len(r.must) > 0 && !slices.ContainsFunc(args[1:], func(a string) bool { return slices.Contains(r.must, a) }) {
		return fmt.Errorf("git %s without %s", args[0], strings.Join(r.must, " or "))
	}
	plain := 0
	for _, a := range args[1:] {
		if a == "--" || a == "--end-of-options" {
			break
		}
		if !strings.HasPrefix(a, "-") {
			plain++
		}
		for _, n := range r.never {
			if a == n || strings.HasPrefix(a, n+"=") || !strings.HasPrefix(n, "-") && strings.Contains(a, n) {
				return fmt.Errorf("git %s with %s", args[0], n)
			}
		}
	}
	if r.args > 0 && plain > r.args {
		return fmt.Errorf("git %s with more than %d arguments", args[0], r.args)
	}
	return nil
}
