// Package pipeline reads configuration that hands secrets to machines as what it is: which secret goes to which job, in which
// environment, on which event, to whose code. It covers CI systems, deployment manifests, infrastructure code, environment
// files and the configuration of agents, each by a reader of its own, and resolves what one file says of another inside one
// repository (reusable workflows, composite actions, local includes).
//
// It gathers evidence and never judges: internal/risk does. It never reads a file or a clock, runs nothing, follows no reference
// out of the bytes it was given, and keeps no value that it meets: a literal is a name and a place.
package pipeline

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"sprawl/finding"
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

	outputs map[string]bool // variables that scripts of the file set for others
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

// Note is something that was not understood, or a remark on how the file was read.
type Note struct {
	Span   finding.Span
	Text   string
	Remark bool // nothing went wrong
}

// Trouble is the first note that is no remark.
func (m *Model) Trouble() (Note, bool) {
	i := slices.IndexFunc(m.Notes, func(n Note) bool { return !n.Remark })
	if i < 0 {
		return Note{}, false
	}
	return m.Notes[i], true
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
var systems = sync.OnceValue(func() []system {
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
		azureSystem,
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
})

// Those that Collect reads a second time.
var (
	githubSystem = system{name: GitHub, path: githubPath, read: readGitHub}
	gitlabSystem = system{name: GitLab, path: gitlabPath, read: readGitLab}
	azureSystem  = system{name: Azure, path: azurePath, read: readAzure}
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
	t.lines = lineStarts(t.data)
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
		why := Note{Text: err.Error()}
		var se *SyntaxError
		if asSyntax(err, &se) {
			why = Note{Span: finding.Span{Line: se.Line, Column: se.Column, EndLine: se.Line, EndColumn: se.Column}, Text: se.Msg}
		}
		m.Notes = append([]Note{why}, m.Notes...) // before what it led to
	}
	if t.steps <= 0 {
		r.note(finding.Span{}, "too much to follow: what its anchors stand for was not read to the end")
	}
	r.finish()
	return m, err
}
