package main

import (
	"path/filepath"
	"strings"
	"testing"

	"sprawl/internal/testkit/githttp"
	"sprawl/internal/testkit/repo"
)

// A repository over HTTP is fetched once and brought up to date from then on; a limit is told apart from what is not there.
func TestScanRemote(t *testing.T) {
	root := t.TempDir()
	served := repo.NewIn(t, filepath.Join(root, "acme", "payments.git"), repo.Bare())
	w := repo.New(t)
	w.Write("a.env", "GH_TOKEN="+token(1)+"\n")
	w.Commit("a")
	w.Git("push", "-q", "--mirror", served.Dir)
	const password = "not-a-real-one"
	s := githttp.Serve(t, root, githttp.Options{Allow: githttp.Token(password)})
	url := strings.Replace(s.URL, "://", "://ada:"+password+"@", 1) + "/acme/payments.git"
	scan := func(url string) console {
		return sprawl(t, []string{"scan", "git:" + url, "--mirrors", filepath.Join(root, "mirrors"), "--format", "jsonl", "--log-level", "debug"}, withKey())
	}
	for range 2 { // the second time nothing is fetched
		c := scan(url)
		if c.code != exitFindings || !strings.Contains(c.stdout, `"target":"`+s.URL+`/acme/payments.git"`) || strings.Contains(c.stdout+c.stderr, password) {
			t.Errorf("exit %d: %s%s", c.code, c.stdout, c.stderr)
		}
	}
	if n := s.Requests("", githttp.Pack); n != 1 {
		t.Errorf("%d packs were fetched", n)
	}
	if c := scan(s.URL + "/acme/payments.git"); c.code != exitIncomplete || !strings.Contains(c.stderr, "no access") {
		t.Errorf("without a password: exit %d, %s", c.code, c.stderr)
	}
	s.Inject(githttp.Fault{Status: 429})
	if c := scan(url); c.code != exitIncomplete || !strings.Contains(c.stderr, "asked too often") || strings.Contains(c.stderr, password) {
		t.Errorf("limited: exit %d, %s", c.code, c.stderr)
	}
}
