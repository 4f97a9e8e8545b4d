package repo

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Hostile is a repository that tries to run something, or to call somebody, at every chance that git gives a repository.
// Every trap leaves a file of its own name behind and fails.
type Hostile struct {
	*Repo
	Missing string // a blob of HEAD, "lost.txt", that only the promisor remotes could give
	Base    string // HEAD's parent

	canaries string
	calls    atomic.Int64
}

// Plant makes a hostile repository. With promisor it is a partial clone besides, whose remotes are a program, an ssh host and
// a listener on this machine. The test is skipped on Windows, where the traps, shell scripts, would need another form.
func Plant(t testing.TB, promisor bool) *Hostile {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the traps are shell scripts")
	}
	h := &Hostile{Repo: New(t), canaries: t.TempDir()}
	h.Write("a.txt", "one\n")
	h.Base = h.Commit("one")
	h.Write("lost.txt", "lost\n")
	h.Write("a.txt", "two\n")
	h.Write(".gitattributes", "* filter=planted diff=planted merge=planted\n")
	h.Commit("two")
	h.Tag("signed", "a tag")
	h.Missing = h.ID("HEAD:lost.txt")
	h.Write("staged.txt", "staged\n")
	h.Add("staged.txt")
	h.Write(".gitmodules", "[submodule \"mod\"]\n\tpath = mod\n\turl = ext::"+h.trap("submodule-url")+"\n\tupdate = !"+h.trap("submodule-update")+"\n\tignore = all\n")
	h.Add(".gitmodules")
	h.Gitlink("mod", strings.Repeat("4", 40))

	// From here on git must not be run any more: it would step into its own traps.
	hooks := strings.Fields("applypatch-msg pre-applypatch post-applypatch pre-commit prepare-commit-msg commit-msg post-commit pre-rebase " +
		"post-checkout post-merge pre-push pre-receive update post-receive post-update push-to-checkout pre-auto-gc post-rewrite " +
		"sendemail-validate fsmonitor-watchman post-index-change reference-transaction proc-receive")
	other := filepath.Join(h.canaries, "hooks.d")
	for _, name := range hooks {
		h.copyTrap("hook-"+name, filepath.Join(h.GitDir, "hooks", name))
		h.copyTrap("hookspath-"+name, filepath.Join(other, name))
	}
	included := filepath.Join(h.canaries, "included.d")
	writeFile(t, included, "[core]\n\tfsmonitor = "+h.trap("included-fsmonitor")+"\n[diff]\n\texternal = "+h.trap("included-diff")+"\n")
	h.WriteGit("info/attributes", "* filter=planted diff=planted\n")

	var b strings.Builder
	set := func(section, key, value string) { fmt.Fprintf(&b, "[%s]\n\t%s = %s\n", section, key, value) }
	set("include", "path", included)
	set("core", "fsmonitor", h.trap("fsmonitor"))
	set("core", "hooksPath", other)
	set("core", "sshCommand", h.trap("ssh"))
	set("core", "gitProxy", h.trap("gitproxy"))
	set("core", "askPass", h.trap("askpass"))
	set("core", "editor", h.trap("editor"))
	set("core", "pager", h.trap("pager"))
	set("core", "alternateRefsCommand", h.trap("alternate-refs"))
	set("core", "attributesFile", filepath.Join(h.GitDir, "info", "attributes"))
	set("sequence", "editor", h.trap("sequence-editor"))
	set("interactive", "diffFilter", h.trap("diff-filter"))
	set(`filter "planted"`, "clean", h.trap("clean"))
	set(`filter "planted"`, "smudge", h.trap("smudge"))
	set(`filter "planted"`, "process", h.trap("process"))
	set(`filter "planted"`, "required", "true")
	set("diff", "external", h.trap("diff-external"))
	set(`diff "planted"`, "command", h.trap("diff-command"))
	set(`diff "planted"`, "textconv", h.trap("textconv"))
	set(`merge "planted"`, "driver", h.trap("merge-driver"))
	set("credential", "helper", h.trap("credential"))
	set("gpg", "program", h.trap("gpg"))
	set(`gpg "ssh"`, "program", h.trap("gpg-ssh"))
	set("log", "showSignature", "true")
	set("uploadpack", "packObjectsHook", h.trap("pack-objects"))
	for _, command := range strings.Fields("status rev-parse cat-file rev-list for-each-ref ls-files ls-tree diff-index diff-tree merge-base symbolic-ref version config") {
		set("alias", command, "!"+h.trap("alias-"+command))
		set("pager", command, h.trap("pager-"+command))
	}
	set("protocol", "allow", "always")
	for _, p := range strings.Fields("ext file git http https ssh fd") {
		set(fmt.Sprintf("protocol %q", p), "allow", "always")
	}
	if promisor {
		address := h.listen()
		set("extensions", "partialClone", "ext")
		set("core", "repositoryFormatVersion", "1")
		for name, url := range map[string]string{
			"ext":  "ext::" + h.trap("remote-ext"),
			"ssh":  "ssh://git@127.0.0.1/x.git",
			"git":  "git://" + address + "/x.git",
			"http": "http://" + address + "/x.git",
			"path": filepath.Join(h.canaries, "none.git"),
		} {
			section := fmt.Sprintf("remote %q", name)
			set(section, "url", url)
			set(section, "promisor", "true")
			set(section, "partialCloneFilter", "blob:none")
			set(section, "uploadpack", h.trap("uploadpack"))
		}
	}
	path := filepath.Join(h.GitDir, "objects", h.Missing[:2], h.Missing[2:])
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(h.GitDir, "config")
	honest, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, config, string(honest)+b.String())
	return h
}

// Sprung lists the traps that were stepped into so far, and calls that the listener got as "connection".
func (h *Hostile) Sprung() []string {
	h.t.Helper()
	files, err := filepath.Glob(filepath.Join(h.canaries, "*.sprung"))
	if err != nil {
		h.t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".sprung"))
	}
	if h.calls.Load() > 0 {
		names = append(names, "connection")
	}
	slices.Sort(names)
	return names
}

// trap writes a script that leaves its name behind and returns its path.
func (h *Hostile) trap(name string) string {
	h.t.Helper()
	path := filepath.Join(h.canaries, name)
	h.copyTrap(name, path)
	return path
}

func (h *Hostile) copyTrap(name, path string) {
	h.t.Helper()
	writeFile(h.t, path, "#!/bin/sh\n: >'"+filepath.Join(h.canaries, name)+".sprung'\nexit 1\n")
	if err := os.Chmod(path, 0o755); err != nil {
		h.t.Fatal(err)
	}
}

// listen counts connections until the test ends.
func (h *Hostile) listen() string {
	h.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			h.calls.Add(1)
			_ = c.Close()
		}
	})
	h.t.Cleanup(func() { _ = l.Close(); done.Wait() })
	return l.Addr().String()
}
