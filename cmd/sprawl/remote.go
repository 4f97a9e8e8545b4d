package main

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"strings"

	"sprawl/internal/mirror"
)

// isRemote tells a repository elsewhere from a path.
func isRemote(arg string) bool {
	return strings.Contains(arg, "://") || strings.HasPrefix(arg, "git@")
}

// openRemote fetches a repository into the mirrors and opens the copy, which is this process's until the command ends. Reports name
// it by its URL. Neither git's configuration nor its credential helpers are asked.
func (a *app) openRemote(ctx context.Context, remote string, f scanFlags) (target, error) {
	name, err := mirror.Clean(remote)
	if err != nil {
		return target{}, remoteFailure(err)
	}
	if f.change() {
		return target{}, usage("clone it, and name the clone", "%s: --staged, --range and --pr scan a repository on disk", name)
	}
	o, err := a.gitOptions(ctx, f)
	if err != nil {
		return target{}, err
	}
	mirrors, err := a.openMirrors(o.Git, f.mirrors)
	if err != nil {
		return target{}, err
	}
	m, err := mirrors.Fetch(ctx, remote, a.remoteLogin(remote), mirror.Remote{})
	if err != nil {
		return target{}, remoteFailure(err)
	}
	a.atEnd = append(a.atEnd, m.Close)
	o.Env, o.URL = nil, name
	return openSource(ctx, m.Path, o, "", f.branches)
}

// remoteLogin is the credential for a remote: GitHub's token for github.com, and none for any other host.
func (a *app) remoteLogin(remote string) mirror.Auth {
	u, err := url.Parse(remote)
	if err != nil || u.Scheme != "https" || !strings.EqualFold(u.Host, "github.com") || u.User != nil {
		return mirror.Auth{}
	}
	return mirror.Auth{Token: cmp.Or(a.getenv("GH_TOKEN"), a.getenv("GITHUB_TOKEN"))}
}

// remoteFailure gives the typed errors of internal/mirror their exit code, as gitFailure does.
func remoteFailure(err error) error {
	var e *mirror.Error
	if !errors.As(err, &e) {
		return err
	}
	next := map[mirror.Kind]string{
		mirror.NotFound: "check the URL; a private repository of github.com is found with GH_TOKEN set",
		mirror.Denied:   "set GH_TOKEN for github.com; of other hosts, clone it with git and scan the clone",
		mirror.Limited:  "try again later",
		mirror.Network:  "try again; https_proxy and SSL_CERT_FILE say how hosts are reached",
		mirror.Disk:     "free some room, name another folder with --mirrors, or set --mirror-budget",
		mirror.Corrupt:  "git clone it, and see what git says",
		mirror.Refused:  "write it as git:https://HOST/PATH, git:ssh://HOST/PATH or git:git@HOST:PATH",
	}[e.Kind]
	code := exitIncomplete
	if e.Kind == mirror.Refused || e.Kind == mirror.NotFound {
		code = exitUsage
	}
	return &failure{code, e, next}
}
