package pipeline

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"sprawl/finding"
)

// fixtures are the files of testdata/repos by path.
func fixtures(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	all, err := filepath.Glob("testdata/repos/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range all {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			out[f.Name] = f.Data
		}
	}
	return out
}

// check holds a model to what its comment says.
func check(t *testing.T, p string, data []byte, m *Model, err error) {
	t.Helper()
	if m == nil {
		if err != nil {
			t.Errorf("%s: an error without a model: %v", p, err)
		}
		return
	}
	var se *SyntaxError
	if err != nil {
		if !errors.As(err, &se) {
			t.Errorf("%s: %T: %v", p, err, err)
		} else if len(m.Notes) == 0 {
			t.Errorf("%s: an error and no note", p)
		}
	}
	span := func(what string, s finding.Span) {
		if s.Start < 0 || s.End < s.Start || s.End > int64(len(data)) || s.Line < 0 || s.EndLine < s.Line {
			t.Errorf("%s: %s: span %+v of %d bytes", p, what, s, len(data))
		}
	}
	for _, r := range m.References {
		if r.Name == "" || r.System == "" || len(r.Uses) == 0 {
			t.Errorf("%s: reference %+v", p, r)
		}
		for _, u := range r.Uses {
			if u.Where.Path == p {
				span("use", u.Span)
			}
		}
	}
	for _, l := range m.Literals {
		span("literal", l.Span)
	}
	for _, s := range m.Spans {
		span("environment", s.Start)
		span("end of an environment", s.End)
		if s.End.EndLine < s.Start.Line {
			t.Errorf("%s: an environment from line %d to %d", p, s.Start.Line, s.End.EndLine)
		}
	}
}

// Variants of every fixture that are cut off, mangled or mixed up give a message and never a panic.
func TestMalformed(t *testing.T) {
	files := fixtures(t)
	for _, p := range slices.Sorted(maps.Keys(files)) {
		data := files[p]
		for name, bad := range map[string][]byte{
			"empty":       {},
			"half":        data[:len(data)/2],
			"two thirds":  data[:2*len(data)/3],
			"NUL":         append([]byte("a: \x00\n"), data...),
			"not UTF-8":   append([]byte("a: \xff\xfe\n"), data...),
			"UTF-16":      []byte("\xff\xfea\x00:\x00 \x00b\x00"),
			"tabs":        []byte(strings.ReplaceAll(string(data), "  ", "\t")),
			"no quotes":   []byte(strings.NewReplacer(`"`, "", "'", "").Replace(string(data))),
			"no brackets": []byte(strings.NewReplacer("{", "", "]", "", ")", "").Replace(string(data))),
			"CR LF":       []byte(strings.ReplaceAll(string(data), "\n", "\r\n")),
			"BOM":         append([]byte("\xEF\xBB\xBF"), data...),
			"a list":      []byte("- a\n- {b: c}\n"),
			"a word":      []byte("word"),
			"reversed":    reversed(data),
			"conflict":    []byte("<<<<<<< HEAD\n" + string(data) + "=======\n>>>>>>> x\n"),
		} {
			m, err := Read(p, bad)
			check(t, p+" "+name, bad, m, err)
			if err != nil && len(err.Error()) > 300 {
				t.Errorf("%s %s: a message of %d bytes", p, name, len(err.Error()))
			}
		}
	}
}

func reversed(b []byte) []byte {
	lines := strings.Split(string(b), "\n")
	slices.Reverse(lines)
	return []byte(strings.Join(lines, "\n"))
}

// The messages name the line, and nothing of the file.
func TestMessages(t *testing.T) {
	deep := strings.Repeat("[", 200) + strings.Repeat("]", 200)
	for _, c := range []struct{ path, data, want string }{
		{".github/workflows/a.yml", "on: push\njobs: [\n", ".github/workflows/a.yml:3:1: not valid YAML: did not find expected node content"},
		{".github/workflows/a.yml", "on: push\njobs:\n\ta: b\n", ".github/workflows/a.yml:3:1: not valid YAML: found character that cannot start any token"},
		{".github/workflows/a.yml", "on: *unknown\n", ".github/workflows/a.yml:1:5: an alias without its anchor"},
		{".github/workflows/a.yml", "on: " + deep, ".github/workflows/a.yml:1:105: nested too deep"},
		{".github/workflows/a.yml", "on: \x01\n", ".github/workflows/a.yml:1:5: a control character"},
		{".github/workflows/a.yml", "on: \xff\n", ".github/workflows/a.yml: not UTF-8"},
		{".github/workflows/a.yml", strings.Repeat("[a,b]: c\n", 200_000), ".github/workflows/a.yml: too many entries"},
		{".github/workflows/a.yml", strings.Repeat("# a comment\n", 380_000), ".github/workflows/a.yml: larger than 4 MiB, not read as github-actions"},
		{"Jenkinsfile", "pipeline { stage('a", "Jenkinsfile:1:18: a string without an end"},
		{"main.tf", "a = \"b\nc = 1\n", "main.tf:1:5: a string without an end"},
		{"main.tf", "a {\n", "main.tf:2:1: a block without an end"},
		{".codex/config.toml", "a = 1\nb = [\n", ".codex/config.toml:2:6: not valid TOML"},
		{".codex/config.toml", strings.Repeat("[", 30_000), ".codex/config.toml: too many entries"},
		{"main.tf", "}\n", "main.tf:1:1: a closing brace too many"},
		{"main.tf", "/* a\n", "main.tf:1:1: a comment without an end"},
	} {
		_, err := Read(c.path, []byte(c.data))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s %.30q:\n got %v\nwant %s", c.path, c.data, err, c.want)
		}
	}
}

// A file that is no YAML is still searched for names.
func TestText(t *testing.T) {
	m, err := Read(".github/workflows/a.yml", []byte("on: push\njobs: [\n run: ${{ secrets.deploy_key }}\n"))
	if err == nil || len(m.References) != 1 || m.References[0].Name != "DEPLOY_KEY" || m.References[0].Span.Line != 3 || len(m.Notes) < 2 {
		t.Errorf("%+v, %v", m, err)
	}
	m, err = Read(".gitlab-ci.yml", []byte("a: [\n script: echo $DEPLOY_TOKEN $HOME\n"))
	if err == nil || len(m.References) != 1 || m.References[0].Name != "DEPLOY_TOKEN" {
		t.Errorf("%+v, %v", m, err)
	}
}

// Files made to cost much cost little.
func TestBounded(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for i := 'b'; i < 'k'; i++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", i, i, strings.Repeat(fmt.Sprintf("*%c, ", i-1), 9))
	}
	merge := "a0: &a0 {x: y}\n"
	for i := 1; i < 60; i++ {
		merge += fmt.Sprintf("a%d: &a%d {<<: [*a%d, *a%d]}\n", i, i, i-1, i-1)
	}
	many := "on: push\nenv:\n"
	for i := range 5_000 {
		many += fmt.Sprintf("  V%d: ${{ secrets.S%d }}\n", i, i)
	}
	many += "jobs:\n  a:\n    steps:\n"
	steps := ""
	for i := range 2_000 {
		steps += fmt.Sprintf("      - uses: a/b%d@v1\n      - run: echo $V%d\n", i, i)
	}
	script := "a:\n  script:\n"
	jobs := ""
	for i := range 3_000 {
		jobs += fmt.Sprintf("j%d: {extends: .a}\n", i)
	}
	for _, c := range []struct{ name, path, data string }{
		{"alias bomb", "k.yaml", "apiVersion: v1\nkind: X\n" + bomb + "spec: *j\n"},
		{"alias bomb in a workflow", ".github/workflows/a.yml", "on: push\n" + bomb + "jobs: {a: {outputs: *j}}\n"},
		{"merge bomb", ".gitlab-ci.yml", merge},
		{"a cycle", ".gitlab-ci.yml", "a: &a {script: [*a], variables: *a}\nb: &b [*b]\nc: {script: *b}\n"},
		{"a cycle of extends", ".gitlab-ci.yml", "a: {extends: [b, b, b]}\nb: {extends: [a, a, a]}\n"},
		{"many variables and steps", ".github/workflows/a.yml", many + steps},
		{"one script for many jobs", ".gitlab-ci.yml", jobs + "." + script + "    - |\n" + strings.Repeat("      ./run --token $DEPLOY_TOKEN\n", 20_000)},
		{"template marks", "k.yaml", "apiVersion: v1\nkind: [\n" + strings.Repeat("{{", 1_000_000)},
		{"documents without an end", "a.tf", strings.Repeat("a = <<X\n", 300_000)},
		{"comments", "a.tf", strings.Repeat("/**/", 500_000)},
		{"heredocs", ".gitlab-ci.yml", "a:\n  script:\n    - |\n" + strings.Repeat("      cat <<X$TOKEN\n", 100_000)},
		{"brackets in an expression", ".github/workflows/a.yml", "on: push\njobs: {a: {if: '" + strings.Repeat("a[", 500_000) + "'}}\n"},
		{"indexes", ".github/workflows/a.yml", "on: push\njobs: {a: {if: " + strings.Repeat("a[b]", 100_000) + "}}\n"},
		{"strings", "Jenkinsfile", strings.Repeat("credentialsId: 'a' ", 20_000)},
		{"assignments", ".gitlab-ci.yml", "a:\n  script: " + strings.Repeat("A_TOKEN=x;B_TOKEN=$B_TOKEN;", 50_000) + "\n"},
		{"a matrix in a long text", ".github/workflows/a.yml", "on: push\njobs:\n  a:\n    strategy: {matrix: {x: [a, b, c, d]}}\n    env:\n      STAGE_ENV: " + strings.Repeat("${{ matrix.x }}", 50_000) + "\n"},
		{"parameters in a long text", "azure-pipelines.yml", "parameters: [{name: a, values: [b, c, d]}]\njobs:\n  - job: a\n    environment: " + strings.Repeat("${{ parameters.a }}", 50_000) + "\n"},
		{"variables made of each other", "azure-pipelines.yml", doubling()},
		{"templates in a circle", "azure-pipelines.yml", "jobs:\n" + strings.Repeat("  - template: azure-pipelines.yml\n", 20_000)},
		{"outputs", "azure-pipelines.yml", "steps:\n  - bash: " + strings.Repeat("task.setvariable ", 100_000) + "\n"},
		{"tables", ".codex/config.toml", strings.Repeat("[a.b]\n[[c]]\n", 4_000)},
		{"keys", ".codex/config.toml", dotted(30_000)},
		{"variables of an agent", ".mcp.json", `{"servers":{"a":{"env":{"TOKEN":"` + strings.Repeat("${env:A}", 200_000) + `"}}}}`},
	} {
		start := time.Now()
		m, err := Read(c.path, []byte(c.data))
		check(t, c.path, []byte(c.data), m, err)
		if d := time.Since(start); d > time.Minute { // what is not bounded takes hours
			t.Errorf("%s: %s", c.name, d)
		} else {
			t.Logf("%s: %s", c.name, d)
		}
	}
}

// doubling is variables of which each stands for the one before it twice.
func doubling() string {
	var b strings.Builder
	b.WriteString("variables:\n  a0_token: $(X_TOKEN)\n")
	for i := range 40 {
		fmt.Fprintf(&b, "  a%d_token: $(a%d_token) $(a%d_token)\n", i+1, i, i)
	}
	b.WriteString("steps:\n  - bash: echo $(a40_token)\n")
	return b.String()
}

// dotted is keys of a table that each open one of their own.
func dotted(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "k%d.a = 1\n", i)
	}
	return b.String()
}

// fuzz feeds a reader with what its fixtures hold, mutated.
func fuzz(f *testing.F, system, at string) {
	for p, data := range fixtures(f) {
		if m, _ := Read(p, data); m != nil && m.System == system {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Read(at, data)
		check(t, at, data, m, err)
		again, _ := Read(at, data)
		if (m == nil) != (again == nil) || m != nil && told(m) != told(again) {
			t.Error("the same bytes read twice are not the same")
		}
	})
}

func told(m *Model) string {
	return describe(&Inventory{Models: []*Model{m}, References: m.References})
}

func FuzzGitHub(f *testing.F)     { fuzz(f, GitHub, ".github/workflows/a.yml") }
func FuzzAction(f *testing.F)     { fuzz(f, GitHub, "a/action.yml") }
func FuzzGitLab(f *testing.F)     { fuzz(f, GitLab, ".gitlab-ci.yml") }
func FuzzKubernetes(f *testing.F) { fuzz(f, Kubernetes, "k8s/a.yaml") }
func FuzzTekton(f *testing.F)     { fuzz(f, Tekton, "t/a.yaml") }
func FuzzArgo(f *testing.F)       { fuzz(f, Argo, "t/a.yaml") }
func FuzzArgoCD(f *testing.F)     { fuzz(f, ArgoCD, "t/a.yaml") }
func FuzzFlux(f *testing.F)       { fuzz(f, Flux, "t/a.yaml") }
func FuzzCompose(f *testing.F)    { fuzz(f, Compose, "docker-compose.yml") }
func FuzzDockerfile(f *testing.F) { fuzz(f, Dockerfile, "Dockerfile") }
func FuzzTerraform(f *testing.F)  { fuzz(f, Terraform, "main.tf") }
func FuzzState(f *testing.F)      { fuzz(f, Terraform, "terraform.tfstate") }
func FuzzDotenv(f *testing.F)     { fuzz(f, Dotenv, ".env") }
func FuzzAgent(f *testing.F)      { fuzz(f, Agent, ".mcp.json") }
func FuzzCodex(f *testing.F)      { fuzz(f, Agent, ".codex/config.toml") }
func FuzzCircleCI(f *testing.F)   { fuzz(f, CircleCI, ".circleci/config.yml") }
func FuzzJenkins(f *testing.F)    { fuzz(f, Jenkins, "Jenkinsfile") }
func FuzzAzure(f *testing.F)      { fuzz(f, Azure, "azure-pipelines.yml") }
func FuzzBitbucket(f *testing.F)  { fuzz(f, Bitbucket, "bitbucket-pipelines.yml") }
func FuzzBuildkite(f *testing.F)  { fuzz(f, Buildkite, ".buildkite/pipeline.yml") }
func FuzzTravis(f *testing.F)     { fuzz(f, Travis, ".travis.yml") }
func FuzzDrone(f *testing.F)      { fuzz(f, Drone, ".drone.yml") }
func FuzzHelm(f *testing.F)       { fuzz(f, Helm, "values.yaml") }
func FuzzKustomize(f *testing.F)  { fuzz(f, Kustomize, "kustomization.yaml") }
func FuzzAnsible(f *testing.F)    { fuzz(f, Ansible, "group_vars/all.yml") }
func FuzzFormation(f *testing.F)  { fuzz(f, Formation, "stack.yaml") }
