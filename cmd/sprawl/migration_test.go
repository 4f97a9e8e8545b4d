package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sprawl/internal/testkit/planted"
	"sprawl/internal/testkit/repo"
)

// TestPeersValuesAreNeverPrinted feeds import, compare and detectors test files that hold tokens in plaintext, well-formed and
// not, and searches what they print and write for them.
func TestPeersValuesAreNeverPrinted(t *testing.T) {
	r := repo.New(t)
	known, unknown := planted.Token(2001), planted.Token(2002)
	r.Write("deploy/prod/app.env", "A=1\nTOKEN="+known+" # gitleaks:allow\n")
	r.Commit("first")
	if c := sprawl(t, []string{"init", r.Dir}); c.code != exitClean {
		t.Fatal(c.stderr)
	}
	dir := t.TempDir()
	n := 0
	file := func(name, text string) string {
		n++
		path := filepath.Join(dir, fmt.Sprint(n), name)
		if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		planted.WriteFile(t, path, text)
		return path
	}
	quoted := func(v string) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	var imports, compares, tests []string
	for _, v := range []string{known, unknown} {
		leaks := `[{"RuleID":"r","Secret":` + quoted(v) + `,"Match":` + quoted("TOKEN="+v) + `,"File":"deploy/prod/app.env","StartLine":2}]`
		hog := `{"SourceMetadata":{"Data":{"Git":{"file":"a","line":1}}},"DetectorName":"Github","Raw":` + quoted(v) + `,"RawV2":` + quoted("id"+v) + `}`
		fisher := `{"findings":[{"rule":{"id":"kf"},"finding":{"snippet":` + quoted(v) + `,"line":1,"path":"a"}}]}`
		imports = append(imports,
			file("baseline.json", leaks), file("broken.json", leaks[:len(leaks)-3]), file(".gitleaksignore", v+"\n"+v+":a:b\na:"+v+":3\n# "+v+"\n"),
			file("rules.toml", "[[rules]]\nid = \"r\"\nregex = \"(\"\ndescription = \""+v+"\"\n"), file("broken.toml", "[[rules]]\nid = "+v+"\n"),
			file("rules.yml", "rules:\n- {name: a, id: np.a.1, pattern: 'TOKEN=(gh[o-q]_\\w{36})', examples: ['TOKEN="+v+"']}\n"), file("broken.yml", "rules: ["+v+"\n- a"),
			file("notes.txt", v))
		compares = append(compares, file("gl.json", leaks), file("th.json", hog), file("kf.json", fisher), file("broken.json", fisher[:len(fisher)-1]), file("a.env", v))
		tests = append(tests,
			file("rows.yaml", "detectors:\n- {id: a, title: a, forms: ['acx_[a-z]{9}'], positive: ['"+v+"'], negative: ['"+v+"']}\n"),
			file("rows.yaml", "detectors:\n- {id: a, title: a, pattern: {regexp: '"+v+"('}, positive: ['"+v+"'], negative: [b]}\n"),
			file("rows.yaml", "detectors:\n- {id: "+v+", title: a}\n"))
	}
	var out []string
	run := func(args ...string) {
		c := sprawl(t, append(args, "--log-level", "debug"))
		out = append(out, c.stdout, c.stderr)
		for i, v := range []string{known, unknown} {
			if strings.Contains(c.stdout+c.stderr, v) {
				t.Errorf("%s %s prints token %d", args[0], filepath.Base(args[1]), i)
			}
		}
	}
	for _, f := range imports {
		run("import", f, "--target", r.Dir)
		run("import", f, "--target", r.Dir, "--print", "--all")
	}
	run("import", "--tags", "--target", r.Dir, "--as", "false-positive")
	for _, f := range compares {
		run("compare", f, "--target", r.Dir)
	}
	for _, f := range tests {
		run("detectors", "test", f)
		run("scan", r.Dir, "--policy", f)
	}
	policy, err := os.ReadFile(filepath.Join(r.Dir, policyName))
	if err != nil {
		t.Fatal(err)
	}
	out = append(out, string(policy))
	all := strings.Join(out, "\n")
	if len(all) < 5000 || !strings.Contains(all, "1 both") || !strings.Contains(all, "look again") {
		t.Fatalf("only %d bytes were printed: did the commands run?\n%s", len(all), all)
	}
	for _, v := range []string{known, unknown} {
		for i, form := range append(planted.Forms(v), v[:20], v[20:]) {
			if strings.Contains(strings.ToLower(all), strings.ToLower(form)) {
				t.Errorf("a token was printed or written in form %d", i)
			}
		}
	}
}
