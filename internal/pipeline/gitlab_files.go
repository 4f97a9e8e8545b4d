package pipeline

import (
	stdctx "context"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"go.yaml.in/yaml/v4"
)

// Which files of a repository make up one pipeline of GitLab CI. https://docs.gitlab.com/ci/yaml/includes/

// gitlabLocals lists the local files that an `include` names; they may be globs.
func gitlabLocals(t *text, include *yaml.Node) []string {
	var out []string
	for _, n := range t.items(include) {
		s := t.str(n, "local")
		if n.Kind == yaml.ScalarNode && !strings.Contains(n.Value, "://") {
			s = n.Value
		}
		if s = strings.TrimPrefix(s, "/"); s != "" && !strings.Contains(s, "$") {
			out = append(out, path.Clean(s))
		}
	}
	return out
}

// gitlabFiles lists what a file includes, and what its jobs start as pipelines of their own.
func gitlabFiles(t *text) (includes, children []string) {
	for _, doc := range t.yaml() {
		includes = append(includes, gitlabLocals(t, t.get(doc, "include"))...)
		for _, p := range t.pairs(doc) {
			children = append(children, gitlabLocals(t, t.get(p.value, "trigger", "include"))...)
		}
	}
	return includes, children
}

// patterns are paths, some of them globs.
type patterns struct {
	exact map[string]bool
	globs []string
}

func newPatterns(all []string) patterns {
	const most = 100 // globs
	out := patterns{exact: map[string]bool{}}
	for _, p := range all {
		out.exact[p] = true
		if strings.ContainsAny(p, "*?[{") && len(out.globs) < most && !slices.Contains(out.globs, p) {
			out.globs = append(out.globs, p)
		}
	}
	return out
}

func (w patterns) match(p string) bool {
	return w.exact[p] || slices.ContainsFunc(w.globs, func(g string) bool {
		ok, err := doublestar.Match(g, p)
		return err == nil && ok
	})
}

// among lists the paths that are meant.
func (w patterns) among(paths []string) []string {
	if len(w.globs) == 0 && len(w.exact) < len(paths) {
		return slices.DeleteFunc(slices.Sorted(maps.Keys(w.exact)), func(p string) bool {
			_, ok := slices.BinarySearch(paths, p)
			return !ok
		})
	}
	var out []string
	for _, p := range paths {
		if w.match(p) {
			out = append(out, p)
		}
	}
	return out
}

// gitlabIncluded reads the files that GitLab pipelines include or start and that no path gives away.
func (c *collector) gitlabIncluded(ctx stdctx.Context, files iter.Seq2[string, []byte]) {
	const rounds = 5
	done := map[string]bool{}
	known := func(p string) bool { m := c.models[p]; return m != nil && m.System == GitLab }
	for range rounds {
		var want []string
		for _, m := range c.models {
			if m.System != GitLab || done[m.Path] {
				continue
			}
			done[m.Path] = true
			includes, children := gitlabFiles(m.text)
			for _, p := range slices.Concat(includes, children) {
				if !known(p) {
					want = append(want, p)
				}
			}
		}
		if len(want) == 0 {
			return
		}
		meant := newPatterns(want)
		for p, data := range files {
			if ctx.Err() != nil {
				return
			}
			if !known(p) && meant.match(p) {
				c.models[p], _ = read(gitlabSystem, newText(p, bytesClone(data)), nil)
			}
		}
	}
}

// gitlab reads the files again, each with what the whole pipeline defines.
func (c *collector) gitlab() {
	texts := map[string]*text{}
	for p, m := range c.models {
		if m.System == GitLab && len(m.text.data) <= MaxSize {
			texts[p] = m.text
		}
	}
	libraries := map[string]*gitlabLibrary{}
	for p, with := range gitlabPipelines(texts) {
		if len(with) < 2 {
			continue
		}
		key := strings.Join(with, "\x00")
		if libraries[key] == nil {
			var all []*text
			for _, w := range with {
				all = append(all, texts[w])
			}
			libraries[key] = newGitlabLibrary(all)
		}
		c.models[p], _ = read(gitlabSystem, texts[p], &handed{library: libraries[key]})
	}
}

// gitlabPipelines says for each file which files define a pipeline together with it, itself included, sorted.
func gitlabPipelines(texts map[string]*text) map[string][]string {
	paths := slices.Sorted(maps.Keys(texts))
	includes := map[string][]string{}
	below := map[string]bool{} // included by another
	started := map[string]bool{}
	const main = ".gitlab-ci.yml"
	links := 0
	for _, p := range paths {
		const most = 10_000
		if links > most { // nobody writes so many: what is left is read on its own
			break
		}
		in, children := gitlabFiles(texts[p])
		for _, q := range newPatterns(in).among(paths) {
			if links++; q != p {
				includes[p] = append(includes[p], q)
				below[q] = true
			}
		}
		for _, q := range newPatterns(children).among(paths) {
			started[q] = true
		}
	}
	// What nothing is seen to include, the main file does by means that were not followed.
	for _, p := range paths {
		if texts[main] != nil && p != main && !below[p] && !started[p] && path.Base(p) != main {
			includes[main] = append(includes[main], p)
			below[p] = true
		}
	}
	member := map[string]map[string]bool{}
	pipeline := func(root string) {
		all := []string{root}
		for i := 0; i < len(all); i++ {
			const most = 200 // GitLab allows 150 includes
			for _, q := range includes[all[i]] {
				if len(all) < most {
					all = appendNew(all, q)
				}
			}
		}
		for _, p := range all {
			if member[p] == nil {
				member[p] = map[string]bool{}
			}
			for _, q := range all {
				member[p][q] = true
			}
		}
	}
	for _, p := range paths {
		if !below[p] || started[p] {
			pipeline(p)
		}
	}
	out := map[string][]string{}
	for _, p := range paths {
		if member[p] == nil { // files that include each other in a circle
			pipeline(p)
		}
		out[p] = slices.Sorted(maps.Keys(member[p]))
	}
	return out
}
