// Package pipeline reads configuration that hands secrets to machines as what it is: which secret goes to which job, in which
// environment, on which event, to whose code. It covers CI systems, deployment manifests, infrastructure code, environment
// files and the configuration of agents, each by a reader of its own, and resolves what one file says of another inside one
// repository (reusable workflows, composite actions, local includes).
//
// It gathers evidence and never judges: internal/risk does. It never reads a file or a clock, runs nothing, follows no reference
// out of the bytes it was given, and keeps no value that it meets: a literal is a name and a place.
package pipeline

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
	"sprawl/internal/environ"
)

// MaxSize is the size in bytes above which a file is not read: a pipeline of that size was not written by anybody.
const MaxSize = 4 << 20

// Systems, as they stand in finding.Reference.System.
const (
	GitHub     = "github-actions"
	GitLab     = "gitlab-ci"
	Kubernetes = "kubernetes"
	Compose    = "docker-compose"
	Dockerfile = "dockerfile"
	Terraform  = "terraform"
	Dotenv     = "dotenv"
	Agent      = "agent"
	CircleCI   = "circleci"
	Jenkins    = "jenkins"
	Azure      = "azure-pipelines"
	Bitbucket  = "bitbucket-pipelines"
	Buildkite  = "buildkite"
	Travis     = "travis-ci"
	Drone      = "drone"
	Woodpecker = "woodpecker"
	Tekton     = "tekton"
	ArgoCD     = "argo-cd"
	Argo       = "argo-workflows"
	Flux       = "flux"
	Helm       = "helm"
	Kustomize  = "kustomize"
	Ansible    = "ansible"
	Formation  = "cloudformation"
)

// All is the name of a reference that stands for every secret its user can see: secrets: inherit, toJSON(secrets).
const All = "*"

// Model is one file understood.
type Model struct {
	System, Path string
	Jobs         []Job
	References   []finding.Reference // by name and scope; their uses carry Path and no target, and have no conditions
	Literals     []Literal
	Spans        []EnvSpan
	Notes        []Note // what could not be read, in the order of the file

	calls []call // what other files of the repository are handed
	text  *text  // kept for reading again in the light of a caller
	alone bool   // it only runs when called
}

// Job is one unit of work and what it is given: a job, service, container, server, resource.
type Job struct {
	Name         string
	Span         finding.Span
	Environments []finding.Environment
	Triggers     []string
	Fork         finding.Answer
	ForkWhy      string
	Permissions  []string // "contents: write"; empty where the file says nothing
	Federation   Federation
	Steps        []Step
	Secrets      []string // names, sorted
}

// Federation is a short-lived identity instead of a stored key.
type Federation struct {
	Granted bool   // the job may ask for a token
	InUse   string // what exchanges it, "" if nothing seen does
}

// Step is one step of a job. Consumer is nil for a script of the file itself.
type Step struct {
	Name     string
	Span     finding.Span
	Consumer *finding.Consumer
	Secrets  []string // handed to this step itself, sorted
}

// Literal is a value written out under a name that reads as a secret's. Its span is the value's.
type Literal struct {
	Name   string
	Span   finding.Span
	Decode string // "base64" where the value is encoded by the format
	Job    string
	Uses   []finding.Use // what the file does with it, where the reader follows that; Where.Path and Span are the literal's
}

// EnvSpan says that lines Start.Line to End.Line belong to an environment by what the file itself declares. The file's name
// and folders are not repeated here: Inventory.Environments adds them.
type EnvSpan struct {
	Start, End  finding.Span
	Environment finding.Environment
}

// Note is something that was not understood.
type Note struct {
	Span finding.Span
	Text string
}

// SyntaxError says why a file could not be read. It quotes nothing of the file but keywords.
type SyntaxError struct {
	Path         string
	Line, Column int // 1-based, columns in bytes; 0 where the trouble is with the file as a whole
	Msg          string
}

func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return e.Path + ": " + e.Msg
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Path, e.Line, e.Column, e.Msg)
}

// system is one reader.
type system struct {
	name string
	// path reports whether a slash path looks like one of the system's files.
	path func(p, base, ext string) bool
	// head looks at the content where a path may belong to several systems; nil means that the path decides.
	head func(t *text) bool
	read func(r *reader) error
}

// systems are tried in order; the first that recognises path and head reads the file.
func systems() []system {
	return []system{
		githubSystem,
		gitlabSystem,
		{name: Compose, path: composePath, read: readCompose},
		{name: Dockerfile, path: dockerfilePath, read: readDockerfile},
		{name: Terraform, path: terraformPath, read: readTerraform},
		{name: Agent, path: agentPath, read: readAgent},
		{name: Dotenv, path: dotenvPath, read: readDotenv},
		{name: CircleCI, path: circlePath, read: readCircle},
		{name: Jenkins, path: jenkinsPath, read: readJenkins},
		{name: Azure, path: azurePath, read: readAzure},
		{name: Bitbucket, path: bitbucketPath, read: readBitbucket},
		{name: Buildkite, path: buildkitePath, read: readBuildkite},
		{name: Travis, path: travisPath, read: readTravis},
		{name: Drone, path: dronePath, read: readDrone},
		{name: Woodpecker, path: woodpeckerPath, read: readDrone},
		{name: Kustomize, path: kustomizePath, read: readKustomize},
		{name: Helm, path: helmPath, read: readHelm},
		{name: Ansible, path: ansiblePath, read: readAnsible},
		{name: Tekton, path: kubernetesPath, head: apiGroup("tekton.dev/"), read: readKubernetes},
		{name: ArgoCD, path: kubernetesPath, head: argoCD, read: readKubernetes},
		{name: Argo, path: kubernetesPath, head: apiGroup("argoproj.io/"), read: readKubernetes},
		{name: Flux, path: kubernetesPath, head: apiGroup("toolkit.fluxcd.io/"), read: readKubernetes},
		{name: Formation, path: formationPath, head: formationHead, read: readFormation},
		{name: Kubernetes, path: kubernetesPath, head: kubernetesHead, read: readKubernetes},
	}
}

// Those that Collect reads a second time.
var (
	githubSystem = system{name: GitHub, path: githubPath, read: readGitHub}
	gitlabSystem = system{name: GitLab, path: gitlabPath, read: readGitLab}
)

// Recognises says which system a path belongs to, "" if none. YAML and JSON of no telling name may be one of several: the
// answer for them is Kubernetes, and Sniff, which has the content, knows better.
//
// A CI system reads its files at the top of a repository: what stands in a folder of vendored code runs nowhere, and is none.
func Recognises(p string) string {
	if vendored(p) {
		return ""
	}
	base, ext := strings.ToLower(path.Base(p)), strings.ToLower(path.Ext(p))
	for _, s := range systems() {
		if s.head == nil && s.path(p, base, ext) {
			return s.name
		}
	}
	if formationPath(p, base, ext) {
		return Kubernetes
	}
	return ""
}

func vendored(p string) bool {
	for _, s := range strings.Split(path.Dir(p), "/") {
		switch s {
		case "vendor", "node_modules", "third_party", "bower_components", "site-packages", ".terraform":
			return true
		}
	}
	return false
}

// Sniff says which system reads a file, "" if none does.
func Sniff(p string, data []byte) string {
	if Recognises(p) == "" {
		return ""
	}
	if s := find(newText(p, data)); s != nil {
		return s.name
	}
	return ""
}

// find is the first system that recognises path and content.
func find(t *text) *system {
	base, ext := strings.ToLower(path.Base(t.path)), strings.ToLower(path.Ext(t.path))
	for _, s := range systems() {
		if s.path(t.path, base, ext) && (s.head == nil || s.head(t)) {
			return &s
		}
	}
	return nil
}

// Read understands one file on its own. It returns nil without an error for a file of no system. A file that cannot be parsed
// is searched as text: the model then has a note, and the error, a *SyntaxError, says why.
func Read(p string, data []byte) (*Model, error) {
	if Recognises(p) == "" {
		return nil, nil
	}
	t := newText(p, data)
	if s := find(t); s != nil {
		return read(*s, t, nil)
	}
	return nil, nil
}

// read runs one reader. in is what a caller hands over, nil for a file on its own.
func read(s system, t *text, in *handed) (*Model, error) {
	m := &Model{System: s.name, Path: t.path, text: t}
	r := &reader{text: t, m: m, in: in, refs: map[[2]string]int{}}
	if len(t.data) > MaxSize {
		err := &SyntaxError{Path: t.path, Msg: fmt.Sprintf("larger than %d MiB, not read as %s", MaxSize>>20, s.name)}
		m.Notes = []Note{{Text: err.Msg}}
		return m, err
	}
	t.steps = maxSteps
	err := s.read(r)
	if err == nil && t.parseErr != nil {
		err = t.parseErr
	}
	if err != nil {
		var se *SyntaxError
		if asSyntax(err, &se) {
			r.note(finding.Span{Line: se.Line, Column: se.Column, EndLine: se.Line, EndColumn: se.Column}, "%s", se.Msg)
		} else {
			r.note(finding.Span{}, "%s", err)
		}
	}
	if t.steps <= 0 {
		r.note(finding.Span{}, "too much to follow: what its anchors stand for was not read to the end")
	}
	r.finish()
	return m, err
}

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
	library   *gitlabLibrary
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

func (r *reader) note(at finding.Span, format string, args ...any) {
	const most = 100
	if len(r.m.Notes) < most {
		r.m.Notes = append(r.m.Notes, Note{at, fmt.Sprintf(format, args...)})
	}
}

// use records one use of a secret. The environments are those of evidence and, after it, of the path and the name.
func (r *reader) use(scope, name string, u finding.Use, evidence ...[]environ.Evidence) {
	if name == "" || len(name) > maxName {
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
