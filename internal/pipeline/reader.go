package pipeline

import (
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
	"sprawl/internal/environ"
)

// handed is what a caller hands to a file that it calls.
type handed struct {
	path, job string
	triggers  []string
	fork      finding.Answer
	forkWhy   string
	envs      []environ.Evidence
	inputs    map[string]binding
	secrets   map[string][]string // name in the callee -> names in the caller
	inherit   bool
	ambient   []string // secrets that every step of the callee can read: in its environment, in the checkout's configuration
	library   *gitlabLibrary
	groups    []part            // variable groups of Azure Pipelines that reach the callee
	settings  map[string]string // variables of Azure Pipelines that the caller writes out
}

// binding is what an input holds: words known from the file, or secrets.
type binding struct {
	values  []string
	secrets []string
}

// call is one use of another file of the repository.
type call struct {
	to string // path
	in handed
}

// reader is one pass over one file.
type reader struct {
	*text
	m    *Model
	in   *handed
	uses int
	// written is what is done with values that are written out, by where they begin.
	written map[int64][]finding.Use
	refs    map[[2]string]int // scope, name -> index in m.References
}

func (r *reader) note(at finding.Span, text string) { r.keep(Note{Span: at, Text: text}) }

func (r *reader) remark(at finding.Span, text string) {
	r.keep(Note{Span: at, Text: text, Remark: true})
}

func (r *reader) keep(n Note) {
	const most = 100
	if len(r.m.Notes) < most {
		r.m.Notes = append(r.m.Notes, n)
	}
}

// use records one use of a secret. The environments are those of evidence and, after it, of the path and the name.
func (r *reader) use(scope, name string, u finding.Use, evidence ...[]environ.Evidence) {
	if name == "" || len(name) > maxName || platform(r.m.System, name) {
		return
	}
	evidence = append(evidence, r.pathEvidence(), environ.Key(name))
	u.Environments = environ.Classify(evidence...)
	if u.Where.Path == "" {
		u.Where.Path = r.path
	}
	k := [2]string{scope, name}
	i, ok := r.refs[k]
	if !ok {
		i = len(r.m.References)
		r.refs[k] = i
		r.m.References = append(r.m.References, finding.Reference{System: r.m.System, Scope: scope, Name: name})
	}
	ref := &r.m.References[i]
	const most, ofAll = 1000, 50_000 // places of one secret, and of all, in one file
	if r.uses++; len(ref.Uses) < most && r.uses < ofAll {
		ref.Uses = append(ref.Uses, u)
	}
}

// pathEvidence is what the path says. The file of a pipeline is named after what it does: test.yml runs tests.
func (r *reader) pathEvidence() []environ.Evidence {
	ev := environ.Path(r.path)
	switch r.m.System {
	case GitHub, GitLab, CircleCI, Jenkins, Azure, Bitbucket, Buildkite, Travis, Drone, Woodpecker:
		ev = slices.DeleteFunc(ev, func(e environ.Evidence) bool {
			return e.Environment.Name == "test" || e.Environment.Class == finding.EnvUnknown
		})
	}
	return ev
}

// useWritten records what is done with a value that is written out, if it is one that literal notes.
func (r *reader) useWritten(name string, v *yaml.Node, u finding.Use, evidence ...[]environ.Evidence) {
	if !noted(name, v) {
		return
	}
	const most = 100 // jobs that share one value
	at := r.span(v).Start
	if len(r.written[at]) >= most {
		return
	}
	if r.written == nil {
		r.written = map[int64][]finding.Use{}
	}
	u.Where.Path = r.path
	u.Environments = environ.Classify(append(evidence, r.pathEvidence(), environ.Key(name))...)
	r.written[at] = append(r.written[at], u)
}

// maxName is longer than any system allows the name of a secret to be.
const maxName = 300

// span records that lines belong to what evidence declares.
func (r *reader) spanOf(start, end finding.Span, evidence []environ.Evidence) {
	for _, e := range environ.Classify(evidence) {
		if e.Class != finding.EnvUnknown {
			r.m.Spans = append(r.m.Spans, EnvSpan{start, end, e})
		}
	}
}

// finish sorts what the reader gathered, so that a model depends on the bytes alone.
func (r *reader) finish() {
	// Names are copied: as parts of the file's text they would keep all of it, values included, in memory.
	for i := range r.m.References {
		ref := &r.m.References[i]
		ref.Name, ref.Scope = strings.Clone(ref.Name), strings.Clone(ref.Scope)
		for k := range ref.Uses {
			ref.Uses[k].As, ref.Uses[k].Job = strings.Clone(ref.Uses[k].As), strings.Clone(ref.Uses[k].Job)
		}
		settle(ref)
	}
	for i := range r.m.Literals {
		l := &r.m.Literals[i]
		for _, u := range r.written[l.Span.Start] {
			u.Span = l.Span
			l.Uses = append(l.Uses, u)
		}
		l.Name, l.Job = strings.Clone(l.Name), strings.Clone(l.Job)
	}
	slices.SortFunc(r.m.References, compareReferences)
	slices.SortStableFunc(r.m.Literals, func(a, b Literal) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	// What an anchor brings to several jobs stands in the file once.
	r.m.Literals = slices.CompactFunc(r.m.Literals, func(a, b Literal) bool { return a.Span == b.Span && a.Name == b.Name })
}

func compareReferences(a, b finding.Reference) int {
	return cmp.Or(cmp.Compare(a.System, b.System), cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Where.Target, b.Where.Target))
}

// settle sorts the uses of a reference, drops repetitions, and sums them up.
func settle(ref *finding.Reference) {
	slices.SortStableFunc(ref.Uses, func(a, b finding.Use) int {
		return cmp.Or(cmp.Compare(a.Where.Target, b.Where.Target), cmp.Compare(a.Where.Path, b.Where.Path), cmp.Compare(a.Span.Start, b.Span.Start), cmp.Compare(a.Job, b.Job))
	})
	ref.Uses = slices.CompactFunc(ref.Uses, sameUse)
	var envs []finding.Environment
	for _, u := range ref.Uses {
		envs = append(envs, u.Environments...)
	}
	ref.Environments = environ.Merge(envs)
	if len(ref.Uses) > 0 {
		ref.Where, ref.Span = ref.Uses[0].Where, ref.Uses[0].Span
	}
}

func sameUse(a, b finding.Use) bool {
	return a.Where.Target == b.Where.Target && a.Where.Path == b.Where.Path && a.Span == b.Span && a.Job == b.Job && a.As == b.As &&
		a.Fork == b.Fork && a.ForkWhy == b.ForkWhy && a.Printed == b.Printed && slices.Equal(a.Triggers, b.Triggers) &&
		slices.Equal(a.Environments, b.Environments) && slices.Equal(a.Consumers, b.Consumers)
}

// literal notes a value written out under the name of a secret.
func (r *reader) literal(name string, v *yaml.Node) {
	if !noted(name, v) {
		return
	}
	r.m.Literals = append(r.m.Literals, Literal{Name: name, Span: r.span(v)})
}

// noted reports whether a value under a name is a literal.
func noted(name string, v *yaml.Node) bool {
	return secretName(name) && v != nil && v.Kind == yaml.ScalarNode && v.Tag != "!!bool" && written(v.Value)
}

// written reports whether a value is written out: not empty, not computed, not a flag.
func written(v string) bool {
	switch strings.ToLower(strings.TrimSpace(v)) {
	case "", "true", "false", "yes", "no", "null", "none", "~", "inherit":
		return false
	}
	for _, mark := range []string{"${", "$(", "{{", "<%", "%("} {
		if strings.Contains(v, mark) {
			return false
		}
	}
	return !strings.HasPrefix(v, "$") && !strings.HasPrefix(v, "<")
}

// printedIn looks at $NAME and, where the file has it, ${{ env.NAME }}.
func (r *reader) printedIn(n *yaml.Node, name string) string {
	sh := r.shell(n)
	for _, at := range sh.byName[name] {
		if how := sh.printed(at, true); how != "" {
			return how + r.lineAt(n, n.Value, at)
		}
	}
	for _, at := range sh.byName["env."+name] {
		if how := sh.printed(at, false); how != "" {
			return how + r.lineAt(n, n.Value, at)
		}
	}
	return ""
}

// lineAt names the line of the file that holds an offset of a scalar, as far as its style lets it be known.
func (r *reader) lineAt(n *yaml.Node, value string, at int) string {
	line := n.Line
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		line++
	}
	if n.Style&yaml.FoldedStyle == 0 {
		line += strings.Count(value[:at], "\n")
	}
	return " (line " + itoa(line) + ")"
}
