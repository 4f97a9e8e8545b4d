package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"sprawl/internal/testkit/program"
	"sprawl/internal/testkit/repo"
)

// TestWorkflowsAreSound lints action.yml, the example workflows and this repository's own with the tools that their readers use.
func TestWorkflowsAreSound(t *testing.T) {
	workflows, err := filepath.Glob(filepath.Join(repositoryRoot, "examples", "github", "*.yml"))
	if err != nil || len(workflows) < 4 {
		t.Fatalf("workflows %q, %v", workflows, err)
	}
	own, err := filepath.Glob(filepath.Join(repositoryRoot, ".github", "workflows", "*.yml"))
	if err != nil || len(own) == 0 {
		t.Fatalf("workflows %q, %v", own, err)
	}
	workflows = append(workflows, own...)
	for name, args := range map[string][]string{
		"actionlint": workflows,
		"zizmor":     append([]string{"--offline", "--no-progress", "--persona=regular", filepath.Join(repositoryRoot, "action.yml")}, workflows...),
	} {
		t.Run(name, func(t *testing.T) {
			exe := program.Find(t, name)
			out, err := exec.Command(exe, args...).CombinedOutput()
			if err != nil {
				t.Errorf("%s: %v\n%s", name, err, out)
			}
			// The same tool finds what is wrong: it does read these files.
			text, err := os.ReadFile(workflows[0])
			if err != nil {
				t.Fatal(err)
			}
			broken := filepath.Join(t.TempDir(), "broken.yml")
			bad := strings.Replace(string(text), "    steps:\n", "    steps:\n      - run: echo ${{ github.event.pull_request.title }}\n", 1)
			if err := os.WriteFile(broken, []byte(bad), 0o600); err != nil {
				t.Fatal(err)
			}
			args := replaced(args, workflows, broken)
			if out, err := exec.Command(exe, args...).CombinedOutput(); err == nil {
				t.Errorf("%s finds nothing in a broken workflow:\n%s", name, out)
			}
		})
	}
}

// TestHookFiles lets the framework itself judge the hooks that this repository offers, and the example that takes them.
func TestHookFiles(t *testing.T) {
	exe := program.Find(t, "pre-commit")
	for _, args := range [][]string{
		{"validate-manifest", filepath.Join(repositoryRoot, ".pre-commit-hooks.yaml")},
		{"validate-config", filepath.Join(repositoryRoot, "examples", "hooks", "pre-commit-config.yaml")},
	} {
		if out, err := exec.Command(exe, args...).CombinedOutput(); err != nil {
			t.Errorf("%q: %v\n%s", args, err, out)
		}
	}
}

// replaced is args with one file in the place of others.
func replaced(args, others []string, file string) []string {
	return append(append([]string{}, args[:len(args)-len(others)]...), file)
}

// TestPipelineExamples runs the scripts of the examples for other systems in a clone, with the variables that those set.
func TestPipelineExamples(t *testing.T) {
	r := origin(t)
	base, head := r.ID("main"), r.ID("topic")
	c := repo.Open(t, checkout(t, r, "refs/heads/topic", "topic", 0))
	for _, tt := range []struct {
		file    string
		env     map[string]string
		exit    int
		reports []string
		holds   string // in the first report
		lacks   string
	}{
		{"gitlab/gitlab-ci.yml", map[string]string{"CI_MERGE_REQUEST_DIFF_BASE_SHA": base, "CI_COMMIT_SHA": head}, 1,
			[]string{"gl-secret-detection-report.json", "gl-code-quality-report.json"}, "new.env", "old.env"},
		{"gitlab/gitlab-ci.yml", map[string]string{"CI_COMMIT_SHA": head}, 1,
			[]string{"gl-secret-detection-report.json", "gl-code-quality-report.json"}, "old.env", ""},
		{"azure-pipelines.yml", map[string]string{"REASON": "PullRequest", "TARGET": "refs/heads/main", "STAGING": "."}, 1, []string{"sprawl.sarif"}, "new.env", "old.env"},
		{"azure-pipelines.yml", map[string]string{"REASON": "IndividualCI", "STAGING": "."}, 1, []string{"sprawl.sarif"}, "old.env", ""},
		{"bitbucket-pipelines.yml", map[string]string{"BITBUCKET_PR_DESTINATION_BRANCH": "main"}, 1, []string{"sprawl.sarif"}, "new.env", "old.env"},
	} {
		script := firstScript(t, filepath.Join(repositoryRoot, "examples", tt.file))
		cmd := exec.Command("bash", "-eu", "-o", "pipefail", "-c", script)
		cmd.Dir = c.Dir
		cmd.Env = []string{"PATH=" + testPath(), "HOME=" + t.TempDir()}
		for k, v := range tt.env {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
		out, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != tt.exit {
			t.Errorf("%s %v: exit %d, want %d\n%s", tt.file, tt.env, got, tt.exit, out)
		}
		for i, name := range tt.reports {
			data, err := os.ReadFile(c.Path(name))
			if err != nil {
				t.Errorf("%s: %v\n%s", tt.file, err, out)
				continue
			}
			text := string(data)
			if i == 0 && (!strings.Contains(text, tt.holds) || tt.lacks != "" && strings.Contains(text, tt.lacks)) {
				t.Errorf("%s %v: %s has not what it should:\n%s", tt.file, tt.env, name, text)
			}
			c.Remove(name)
		}
	}
}

// firstScript is the first script that a pipeline's file holds, a text or a list of lines.
func firstScript(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	script := ""
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for i, c := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 0 && (c.Value == "script" || c.Value == "bash") && script == "" {
				v := n.Content[i+1]
				script = v.Value
				for _, l := range v.Content {
					script += l.Value + "\n"
				}
			}
			walk(c)
		}
	}
	walk(&doc)
	if script == "" {
		t.Fatalf("%s holds no script", file)
	}
	return script
}
