package main

import (
	"fmt"
	"os/exec"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// eventCommand writes a GitHub event about the repository in the current folder: event FILE BASE HEAD MERGE for a pull request,
// with GITHUB_SHA set to the merge commit; event FILE BEFORE AFTER push [forced] for a push. zero and gone stand for no commit.
func eventCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: event FILE BASE HEAD MERGE|push [forced]")
	}
	id := func(rev string) string {
		switch rev {
		case "zero":
			return strings.Repeat("0", 40)
		case "gone":
			return strings.Repeat("7", 40)
		}
		cmd := exec.Command("git", "rev-parse", "--verify", rev+"^{commit}")
		cmd.Dir = ts.MkAbs(".")
		out, err := cmd.Output()
		ts.Check(err)
		return strings.TrimSpace(string(out))
	}
	base, head := id(args[1]), id(args[2])
	const repository = `"repository":{"full_name":"acme/app","default_branch":"main"}`
	text := fmt.Sprintf(`{"ref":"refs/heads/%s","before":"%s","after":"%s","forced":%v,"deleted":%v,%s}`,
		args[2], base, head, len(args) > 4, args[2] == "zero", repository)
	sha := head
	if args[3] != "push" {
		sha = id(args[3])
		text = fmt.Sprintf(`{"number":7,%s,"pull_request":{"number":7,"commits":2,"base":{"sha":"%s","repo":{"full_name":"acme/app"}},"head":{"sha":"%s","repo":{"full_name":"acme/app"}}}}`,
			repository, base, head)
	}
	ts.Setenv("GITHUB_SHA", sha)
	ts.Check(writeFile(ts.MkAbs(args[0]), text))
}
