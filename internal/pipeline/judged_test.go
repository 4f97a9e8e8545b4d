package pipeline_test

import (
	"flag"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"sprawl/finding"
	"sprawl/internal/pipeline"
	"sprawl/internal/risk"
)

var repository = flag.String("repository", "", "a folder to read and judge, for a look by hand")

var owner = flag.String("owner", "", "owner of -repository")

// folder hands out the files below a folder.
func folder(dir string) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		root := os.DirFS(dir)
		_ = fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || pipeline.Recognises(p) == "" {
				return nil
			}
			b, err := fs.ReadFile(root, p)
			if err == nil && !yield(p, b) {
				return fs.SkipAll
			}
			return nil
		})
	}
}

// TestRepository prints what is found in the folder of -repository.
func TestRepository(t *testing.T) {
	if *repository == "" {
		t.Skip("no -repository")
	}
	inv, err := pipeline.Collect(t.Context(), pipeline.Options{Owner: *owner, Place: finding.Location{Source: "ci", Target: "repository", State: finding.StateWorktree}}, folder(*repository))
	if err != nil {
		t.Fatal(err)
	}
	jobs, uses, notes := 0, 0, 0
	counts := map[string]int{}
	for _, m := range inv.Models {
		jobs += len(m.Jobs)
		for _, n := range m.Notes {
			notes++
			fmt.Printf("note %s:%d %s\n", m.Path, n.Span.Line, n.Text)
		}
		for _, l := range m.Literals {
			fmt.Printf("literal %s:%d %s\n", m.Path, l.Span.Line, l.Name)
		}
	}
	for _, r := range inv.References {
		uses += len(r.Uses)
		risk.JudgeReference(&r)
		if !risk.Reported(r) {
			continue
		}
		fmt.Printf("%s %s [%s]\n", r.System, r.Name, r.Scope)
		for _, c := range r.Conditions {
			if c.Verdict == finding.VerdictYes || c.Bound == risk.ByName {
				counts[c.ID]++
				fmt.Printf("    %-22s %s: %s\n", c.ID, c.Verdict, c.Why)
			}
		}
	}
	fmt.Println(inv.Files, "jobs", jobs, "references", len(inv.References), "uses", uses, "notes", notes)
	for _, id := range slices.Sorted(maps.Keys(counts)) {
		fmt.Println(strings.Repeat(" ", 4), id, counts[id])
	}
}

func collect(t *testing.T, files map[string]string) *pipeline.Inventory {
	t.Helper()
	inv, err := pipeline.Collect(t.Context(), pipeline.Options{Place: finding.Location{Source: "ci", Target: "repo"}}, func(yield func(string, []byte) bool) {
		for _, p := range slices.Sorted(maps.Keys(files)) {
			if !yield(p, []byte(files[p])) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

func judged(t *testing.T, inv *pipeline.Inventory, name, id string) finding.Condition {
	t.Helper()
	for _, r := range inv.References {
		if r.Name != name {
			continue
		}
		risk.JudgeReference(&r)
		for _, c := range r.Conditions {
			if c.ID == id {
				return c
			}
		}
	}
	t.Fatalf("no reference %s", name)
	return finding.Condition{}
}

// One name in a prod and a staging job is possible, by name; one value in two files of values is a yes, by value.
func TestNameAndValue(t *testing.T) {
	byName := judged(t, collect(t, map[string]string{
		".github/workflows/deploy.yml": `on: push
jobs:
  staging:
    environment: staging
    runs-on: ubuntu-latest
    steps:
      - run: ./deploy
        env:
          KEY: ${{ secrets.DEPLOY_KEY }}
  prod:
    environment: production
    runs-on: ubuntu-latest
    steps:
      - run: ./deploy
        env:
          KEY: ${{ secrets.DEPLOY_KEY }}
`}), "DEPLOY_KEY", "cross-environment")
	want := "possible, by name: prod (environment production; job prod, .github/workflows/deploy.yml:16) and nonprod (environment staging; job staging, .github/workflows/deploy.yml:9)"
	if byName.Verdict != finding.VerdictCannotTell || byName.Bound != risk.ByName || byName.Why != want {
		t.Errorf("%+v", byName)
	}

	value := "same-" + "in-both-files"
	files := map[string]string{
		"chart/values-prod.yaml":    "db:\n  host: a\n  password: " + value + "\n",
		"chart/values-staging.yaml": "db:\n  password: " + value + "\n",
	}
	inv := collect(t, files)
	var places []risk.Placed
	for _, m := range inv.Models {
		for _, l := range m.Literals {
			if got := files[m.Path][l.Span.Start:l.Span.End]; got != value {
				t.Errorf("%s: span holds %q", m.Path, got)
			}
			places = append(places, risk.Placed{At: fmt.Sprintf("%s:%d", m.Path, l.Span.Line), Environments: inv.Environments(m.Path, l.Span.Line, l.Name)})
		}
	}
	c := risk.CrossEnvironment(places, risk.ByValue)
	want = "by value: prod (file name values-prod.yaml (prod); chart/values-prod.yaml:3) and nonprod (file name values-staging.yaml (staging); chart/values-staging.yaml:2)"
	if c.Verdict != finding.VerdictYes || c.Why != want {
		t.Errorf("%+v", c)
	}
}

// What a provider lists and no pipeline names is unused, unless everything is handed on at once.
func TestListing(t *testing.T) {
	inv := collect(t, map[string]string{".github/workflows/a.yml": `on: push
jobs:
  prod:
    environment: production
    runs-on: ubuntu-latest
    steps:
      - run: echo ${{ secrets.used }}
  dev:
    environment: dev
    runs-on: ubuntu-latest
    steps:
      - run: make
        env: {A: "${{ secrets.USED }}", B: "${{ secrets.WIDE }}"}
`})
	listed := []pipeline.Listed{
		{System: pipeline.GitHub, Scope: "environment production", Name: "USED"},
		{System: pipeline.GitHub, Scope: "repository", Name: "USED"},
		{System: pipeline.GitHub, Scope: "organisation", Name: "WIDE"},
		{System: pipeline.GitHub, Scope: "repository", Name: "FORGOTTEN"},
	}
	var got []string
	for _, r := range append(pipeline.Resolve(listed, inv.References), pipeline.Unused(listed, inv.References)...) {
		got = append(got, fmt.Sprintf("%s of %s: %d uses, listed %v", r.Name, r.Scope, len(r.Uses), r.Listed))
	}
	want := []string{"USED of environment production: 1 uses, listed true", "WIDE of organisation: 1 uses, listed true",
		"USED of repository: 1 uses, listed true", "FORGOTTEN of repository: 0 uses, listed true"}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	all := collect(t, map[string]string{".github/workflows/a.yml": "on: push\njobs:\n  a:\n    uses: o/r/.github/workflows/x.yml@v1\n    secrets: inherit\n"})
	for _, r := range pipeline.Unused(listed[3:], all.References) {
		risk.JudgeReference(&r)
		for _, c := range r.Conditions {
			if c.ID == "outlives-task" && c.Verdict != finding.VerdictCannotTell {
				t.Errorf("%+v", c)
			}
		}
	}
}

// The platform's own tokens are never references.
func TestPlatformTokens(t *testing.T) {
	inv := collect(t, map[string]string{
		".github/workflows/a.yml": "on: pull_request_target\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: o/a@v1\n        with: {token: '${{ secrets.GITHUB_TOKEN }}', t: '${{ github.token }}', u: '${{ secrets.github_token }}'}\n",
		".gitlab-ci.yml":          "a:\n  script:\n    - echo $CI_JOB_TOKEN $CI_REGISTRY_PASSWORD ${CI_JOB_JWT_V2}\n",
		"Dockerfile":              "FROM x\nARG CI_JOB_TOKEN\n",
		"azure-pipelines.yml":     "steps:\n  - script: echo $(System.AccessToken)\n",
	})
	if len(inv.References) > 0 {
		t.Errorf("%+v", inv.References)
	}
}

// The user's word on a path decides before everything else.
func TestOverride(t *testing.T) {
	files := func(yield func(string, []byte) bool) {
		yield(".github/workflows/a.yml", []byte("on: push\njobs:\n  prod:\n    environment: production\n    steps: [{run: make, env: {A: '${{ secrets.A_TOKEN }}'}}]\n"))
	}
	inv, err := pipeline.Collect(t.Context(), pipeline.Options{Override: func(string) []finding.Environment {
		return []finding.Environment{{Name: "lab", Class: finding.EnvNonprod, Why: "policy"}}
	}}, files)
	if err != nil {
		t.Fatal(err)
	}
	if e := inv.References[0].Environments; len(e) != 1 || e[0].Name != "lab" {
		t.Errorf("%+v", e)
	}
	if e := inv.Environments("x/prod/a.yaml", 1, ""); len(e) != 1 || e[0].Name != "lab" {
		t.Errorf("%+v", e)
	}
}

// What a pipeline does with a value that is written out in it.
func TestUsesOfLiterals(t *testing.T) {
	inv := collect(t, map[string]string{".github/workflows/a.yml": `on: pull_request_target
env:
  API_TOKEN: example-written-out
jobs:
  deploy:
    environment: production
    runs-on: ubuntu-latest
    steps:
      - uses: some/action@v1
      - run: curl -H "token:$API_TOKEN" https://x.example
  other:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
`})
	uses := inv.Uses(".github/workflows/a.yml", 3, "API_TOKEN")
	if len(uses) != 2 {
		t.Fatalf("%+v", uses)
	}
	u := uses[0]
	if u.Job != "deploy" || u.Printed != "an argument of curl (line 10)" || len(u.Consumers) != 1 || u.Consumers[0].Name != "some/action" || len(u.Environments) != 1 ||
		u.Where.Target != "repo" || u.Span.Line != 3 {
		t.Errorf("%+v", u)
	}
	if uses[1].Fork != finding.Yes {
		t.Errorf("%+v", uses[1])
	}
	if e := inv.Declared(".github/workflows/a.yml", 9); len(e) != 1 || e[0].Class != finding.EnvProd {
		t.Errorf("%+v", e)
	}
	lab := collect(t, map[string]string{".gitlab-ci.yml": `variables:
  API_TOKEN: example-written-out
deploy:
  environment: production
  script:
    - curl -H "token:$API_TOKEN" https://x.example
`}).Uses(".gitlab-ci.yml", 2, "API_TOKEN")
	if len(lab) != 1 || lab[0].Job != "deploy" || lab[0].Printed != "an argument of curl (line 6)" {
		t.Errorf("%+v", lab)
	}
	if inv.Declared(".github/workflows/a.yml", 13) != nil || inv.Uses("x", 1, "") != nil {
		t.Error("something is known of nothing")
	}
}
