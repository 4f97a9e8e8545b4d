//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sprawl/internal/identity"
	testexports "sprawl/internal/testkit/exports"
	"sprawl/internal/testkit/repo"
)

// equals is an organisation of three repositories and two exports: a composite in one file and one whose halves stand in two
// repositories, owners by folder, pipelines that use secrets by name, a value in all three, one in the history alone, and one that a
// comment, one that the organisation has decided of.
func equals(t *testing.T) (repositories []string, inventory string) {
	t.Helper()
	set := testexports.New(identity.New(testKey, nil, nil))
	render := func(text string) string {
		b, err := set.Render(text)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	const account = "664418975074"
	pair := strings.TrimSpace(render(`{{code "aws-access-key ` + account + `" 7}}`))
	end := strings.LastIndexByte(pair, '\n') + 1
	public, private := pair[:end], pair[end:]+"\n"
	dir := t.TempDir()
	bare := func(name string, make func(r *repo.Repo)) {
		r := repo.NewIn(t, filepath.Join(dir, "work", name))
		r.Now = time.Date(2024, time.June, 3, 9, 0, 0, 0, time.UTC)
		make(r)
		at := filepath.Join(dir, name+".git")
		r.Git("clone", "-q", "--bare", r.Dir, at)
		repositories = append(repositories, at)
	}
	shared := render(`{{code "github-personal-access-token" 1}}`)
	bare("payments", func(r *repo.Repo) {
		r.Write(".github/CODEOWNERS", "/deploy/ @acme/payments\n/.github/ @acme/platform\n")
		r.Write("deploy/prod/app.env", render(`{{code "aws-access-key `+account+`" 1}}`)+"\n")
		r.Write("deploy/staging/app.env", render(`{{code "aws-access-key `+account+`" 1}}`)+"\n"+shared+"\n")
		r.Write(".github/workflows/deploy.yml", "name: deploy\non: {push: {branches: [main]}, pull_request_target: {}}\njobs:\n  production:\n    runs-on: ubuntu-latest\n    environment: production\n    steps:\n      - uses: shipco/ship-it@v2\n        with: {token: \"${{ secrets.SHIP_TOKEN }}\"}\n      - run: ./deploy\n        env: {DEPLOY_KEY: \"${{ secrets.DEPLOY_KEY }}\"}\n")
		r.Commit("first")
		r.Write("old.env", render(`{{code "slack-bot-token" 1}}`)+"\n")
		r.As(repo.Bob).Commit("for a while")
		r.Remove("old.env")
		r.Commit("and away")
		r.Branch("feature")
		r.Write("feature.env", render(`{{code "npm-access-token" 1}}`)+"\n")
		r.Commit("a feature")
		r.Switch("main")
	})
	bare("web", func(r *repo.Repo) {
		r.Write("CODEOWNERS", "* @grace\n")
		r.Write("config/ids.env", public)
		r.Write("config/chat.env", shared+"\n"+render(`{{code "gitlab-personal-access-token" 2}}`)+" # sprawl:allow of a fixture\n")
		r.Write(".gitlab-ci.yml", "deploy:\n  environment: staging\n  script:\n    - curl -H \"Token: $SHIP_TOKEN\" https://ship.example\n")
		r.Commit("first")
		r.Tag("v1", "first release")
	})
	bare("tools", func(r *repo.Repo) {
		r.Write("scripts/secret.env", private)
		r.Write("scripts/sync.env", shared+"\n"+render(`{{code "aws-access-key `+account+`" 1}}`)+"\n")
		r.Commit("first")
	})
	inventory = filepath.Join(dir, "exports")
	if err := os.Mkdir(inventory, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"aws-access-keys.json", "aws-credential-report.csv", "github-credential-authorizations.json"} {
		text, err := os.ReadFile(filepath.Join(fixtureDir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(inventory, name), []byte(render(string(text))), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return repositories, inventory
}

// TestCrawlEqualsScan crawls repositories one by one and brings together what is stored, and scans all of them at once: the reports
// differ in how targets and the run are named, and in nothing else.
func TestCrawlEqualsScan(t *testing.T) {
	t.Parallel()
	repositories, inventory := equals(t)
	dir := t.TempDir()
	program := programIn(t, dir, "SPRAWL_KEY="+identity.FormatKey(testKey))
	var list strings.Builder
	var targets []string
	for _, r := range repositories {
		fmt.Fprintln(&list, "file://"+filepath.ToSlash(r))
		targets = append(targets, "git:"+r)
	}
	writeAll(t, dir, map[string]string{
		"list.txt": list.String(),
		"org.yaml": "salt: ce5dqmrvgaydcmzugu3donzygq\nthresholds:\n  age: {default: 400d}\nrepositories:\n  inline: critical\n",
	})
	run := func(args ...string) string {
		p := program.Start(t, nil, nil, args...)
		if code := p.Wait(); code != 0 && code != exitFindings {
			t.Fatalf("%s: exit %d\n%s", args[0], code, p.Log())
		}
		return p.Stdout()
	}
	common := []string{"--policy", "org.yaml", "--inventory", inventory, "--format", "jsonl"}
	crawled := parsed(t, run(append([]string{"crawl", "list:list.txt", "--mirrors", "mirrors"}, common...)...))
	asOf, _ := crawled[0]["as_of"].(string)
	scanned := parsed(t, run(append(append([]string{"scan", "--as-of", asOf}, common...), targets...)...))
	if got := parsed(t, run("report", "--format", "jsonl")); cmp.Diff(crawled, got) != "" {
		t.Errorf("the report from the store is another one:\n%s", cmp.Diff(crawled, got))
	}
	findings, references := 0, 0
	for _, report := range [][]map[string]any{crawled, scanned} {
		for _, v := range report {
			switch v["type"] {
			case "finding":
				findings++
			case "reference":
				references++
				delete(v, "id") // made of the target's name
			}
			for _, of := range []string{"last_seen", "elapsed_ms"} {
				delete(v, of)
			}
			if v["type"] == "header" {
				delete(v, "command")
				delete(v, "targets")
			}
		}
	}
	if findings < 14 || references < 2 {
		t.Errorf("%d findings and %d references in both are too few to tell", findings, references)
	}
	if diff := cmp.Diff(named(scanned, "git:", ""), named(crawled, "file://", "")); diff != "" {
		t.Errorf("the crawl reports something else (-scan +crawl):\n%.9000s", diff)
	}
}

// named is a report with a prefix of every text that has it replaced.
func named(v any, prefix, with string) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, prefix, with)
	case []any:
		for i := range v {
			v[i] = named(v[i], prefix, with)
		}
	case map[string]any:
		for k := range v {
			v[k] = named(v[k], prefix, with)
		}
	case []map[string]any:
		for i := range v {
			named(v[i], prefix, with)
		}
	}
	return v
}

func parsed(t *testing.T, report string) (out []map[string]any) {
	t.Helper()
	for l := range strings.Lines(report) {
		var v map[string]any
		if err := json.Unmarshal([]byte(l), &v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	if len(out) < 2 {
		t.Fatal("an empty report")
	}
	return out
}

func writeAll(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
