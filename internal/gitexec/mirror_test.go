package gitexec

import (
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sprawl/internal/testkit/repo"
)

// What git would take for an option, a helper or a login is no URL of a Remote.
func TestRemoteURLs(t *testing.T) {
	for _, u := range []string{
		"", "-u", "--upload-pack=id", "origin", "./x", "/x", "ext::sh -c id", "fd::7", "ftp://h/x", "h:x", "-oProxyCommand=id@h:x", "u@-oProxyCommand=id:x",
		"https://u:" + "pw@h/x", "c:/x@y:z",
	} {
		if _, err := (Remote{URL: u}).parse(); err == nil {
			t.Errorf("%q is let through", u)
		} else if strings.Contains(err.Error(), "u:pw") {
			t.Errorf("%v", err)
		}
	}
	for u, scheme := range map[string]string{
		"https://h/x": "https", "http://h/x": "http", "ssh://git@h/x": "ssh", "git@h.example:a/b": "ssh", "git://h/x": "git", "file:///x": "file", FileURL("/a b"): "file",
	} {
		if p, err := (Remote{URL: u}).parse(); err != nil || p.Scheme != scheme {
			t.Errorf("%q: %v, %v", u, p, err)
		}
	}
}

func TestRemoteEnvironment(t *testing.T) {
	r := Remote{URL: "https://h:8443/x", Header: "Authorization: Basic " + "abc", Environ: []string{
		"https_proxy=http://p", "SSL_CERT_FILE=/ca.pem", "SSH_AUTH_SOCK=/s", "GIT_DIR=/elsewhere", "HOME=/home/u", "GIT_CONFIG_GLOBAL=/g", "GIT_ASKPASS=/evil", "AWS_PROFILE=x",
	}}
	u, err := url.Parse(r.URL)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"GIT_ALLOW_PROTOCOL=https", "https_proxy=http://p", "SSL_CERT_FILE=/ca.pem", "SSH_AUTH_SOCK=/s", "GIT_SSL_CAINFO=/ca.pem", "GIT_SSH_COMMAND=ssh -o BatchMode=yes",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=http.https://h:8443/.extraHeader", "GIT_CONFIG_VALUE_0=Authorization: Basic " + "abc",
	}
	if got := append(r.environ("https"), r.header(u)...); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// A remote's hooks and configuration run nothing, the user's configuration is not read, and refs are pruned.
func TestMirror(t *testing.T) {
	g := find(t)
	from := repo.New(t)
	from.Write("a", "a\n")
	id := from.Commit("a")
	from.Git("branch", "b")
	ran := filepath.Join(t.TempDir(), "ran")
	hook := "#!/bin/sh\ntouch " + ran + "\n"
	dir := filepath.Join(t.TempDir(), "m")
	if err := g.Init(t.Context(), dir, "sha1"); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "hooks"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"reference-transaction", "post-merge", "pre-auto-gc"} {
		if err := os.WriteFile(filepath.Join(dir, "hooks", name), []byte(hook), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	r, err := g.Repo(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	remote := Remote{URL: FileURL(from.GitDir), Environ: []string{"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=url./nowhere/.insteadOf", "GIT_CONFIG_VALUE_0=file://"}}
	out, err := g.List(t.Context(), remote, "HEAD", "refs/heads/*")
	if want := "ref: refs/heads/main\tHEAD\n" + id + "\tHEAD\n" + id + "\trefs/heads/b\n" + id + "\trefs/heads/main\n"; err != nil || string(out) != want {
		t.Errorf("%q, %v", out, err)
	}
	for _, want := range []string{"refs/heads/b\nrefs/heads/main\n", "refs/heads/main\n"} {
		if err := r.Mirror(t.Context(), remote, "+refs/heads/*:refs/heads/*"); err != nil {
			t.Fatal(err)
		}
		if out, err := r.Run(t.Context(), "for-each-ref", "--format=%(refname)"); err != nil || string(out) != want {
			t.Errorf("%q, %v; want %q", out, err, want)
		}
		_, _ = from.Try("branch", "-D", "b")
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("a hook ran")
	}
	remote.URL = FileURL(filepath.Join(t.TempDir(), "nothing"))
	if err := r.Mirror(t.Context(), remote, "+refs/heads/*:refs/heads/*"); !Said(err, "does not appear to be a git repository") {
		t.Errorf("%v", err)
	}
}
