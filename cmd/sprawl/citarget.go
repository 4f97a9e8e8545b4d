package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"sprawl/internal/pipeline"
	"sprawl/sources/ci"
	"sprawl/sources/files"
	"sprawl/sources/git"
)

// openCI opens what of a path is configuration of pipelines: its files, or, of a repository without a work tree and where a
// branch is named, those at the tips of branches.
//
// Which system reads a file depends on where the file lies in its repository. So a folder or file inside one is read from the
// top, as far as it was asked for.
func (a *app) openCI(ctx context.Context, arg string, f scanFlags) ([]target, error) {
	if arg == "" {
		arg = "."
	}
	if _, err := os.Stat(arg); err != nil {
		return nil, missing(arg, err)
	}
	top, below := ciTop(arg)
	asked := func(p string) bool { return below == "" || p == below || strings.HasPrefix(p, below+"/") }
	owner := ""
	if git.Recognise(top) && (below == "" || len(f.branches) > 0) {
		repo, err := a.openGit(ctx, top, f)
		if err != nil {
			return nil, err
		}
		for _, tip := range repo.tips {
			owner = tip.owner
		}
		if repo.root == "" || len(f.branches) > 0 {
			var out []target
			for _, tip := range repo.tips {
				t := repo
				tip.only(asked)
				tip.place.Target = arg
				tip.place.Source = "ci"
				t.name, t.tips = "ci:"+filepath.ToSlash(arg), []*tree{tip}
				t.source = ci.Tree(arg, tip.place, func(yield func(string, []byte) bool) { _ = tip.walk(ctx, yield) }, tip.keep(ctx))
				out = append(out, t)
			}
			return out, nil
		}
	}
	t, err := openDir(top, f)
	if err != nil {
		return nil, err
	}
	t.name = "ci:" + filepath.ToSlash(arg)
	keep := func(string, []byte) bool { return false }
	for _, tip := range t.tips {
		tip.only(asked)
		tip.place.Source, tip.place.Target, tip.owner = "ci", arg, owner
		keep = tip.keep(ctx)
	}
	want := func(p string) bool { return recognised(p) && asked(p) }
	t.source = ci.Filter(arg, files.Dir(top, files.Options{Exclude: f.exclude, MaxFile: f.maxFile, Want: want}), keep)
	return []target{t}, nil
}

// ciTop is the folder from which the files of a path are named, and where the path lies below it, "" if it is the folder
// itself: the repository around it; without one, what holds the folder with a dot that systems know (.github, .circleci), or
// the folder of a file.
func ciTop(arg string) (top, below string) {
	abs, err := filepath.Abs(arg)
	if err != nil {
		return arg, ""
	}
	at := func(dir string) (string, string) {
		rel, err := filepath.Rel(dir, abs)
		if err != nil || rel == "." {
			return arg, ""
		}
		return dir, filepath.ToSlash(rel)
	}
	for dir := abs; ; dir = filepath.Dir(dir) {
		if git.Recognise(dir) {
			return at(dir)
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	parts := strings.Split(filepath.ToSlash(abs), "/")
	const near = 3 // .github/workflows/deploy.yml
	for i := max(1, len(parts)-near); i < len(parts); i++ {
		if slices.Contains(ciFolders, parts[i]) {
			return at(filepath.FromSlash(strings.Join(parts[:i], "/") + "/"))
		}
	}
	if st, err := os.Stat(abs); err == nil && !st.IsDir() {
		return at(filepath.Dir(abs))
	}
	return arg, ""
}

// ciFolders are folders at the top of a repository by which systems know their files.
var ciFolders = []string{".github", ".circleci", ".gitlab", ".gitlab-ci", ".buildkite", ".woodpecker", ".azure-pipelines", ".azuredevops", ".pipelines", ".vscode", ".cursor", ".claude", ".codex"}

// only leaves out what nobody asked for.
func (t *tree) only(asked func(path string) bool) {
	all := t.walk
	t.walk = func(ctx context.Context, visit func(string, []byte) bool) error {
		return all(ctx, func(path string, data []byte) bool { return !asked(path) || visit(path, data) })
	}
}

// keep reports which files are configuration of pipelines: those whose path and content say so, and those that one of them
// includes or calls.
func (t *tree) keep(ctx context.Context) ci.Keep {
	included := sync.OnceValue(func() map[string]bool {
		return pipeline.Included(ctx, func(yield func(string, []byte) bool) { _ = t.walk(ctx, yield) })
	})
	return func(p string, data []byte) bool { return pipeline.Sniff(p, data) != "" || included()[p] }
}
