package mirror

import (
	"context"
	"errors"
	nethttp "net/http"
	"syscall"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/http"
)

// Without a git executable go-git fetches, over https and http. It takes proxies and certificate authorities from the process's
// environment, follows no redirect beyond the first request, and knows SHA-1 repositories alone.

func (j *job) initGo(dir string) error {
	if j.want.Format != "sha1" {
		return &Error{Kind: Refused, URL: j.ad.text, Detail: "a repository of " + j.want.Format + " is fetched by a git executable alone"}
	}
	if _, err := git.PlainInit(dir, true); err != nil {
		return disk(j.ad.text, err)
	}
	return nil
}

func (j *job) fetchGo(ctx context.Context, dir string) error {
	repo, err := git.PlainOpen(dir)
	if err != nil {
		return &Error{Kind: Corrupt, URL: j.ad.text, Detail: err.Error(), Err: err}
	}
	o := &git.FetchOptions{Tags: git.NoTags, Prune: true, Force: true}
	for _, s := range specs {
		o.RefSpecs = append(o.RefSpecs, config.RefSpec(s))
	}
	if j.auth.Token != "" {
		o.Auth = &http.BasicAuth{Username: j.auth.user(), Password: j.auth.Token}
	}
	remote := git.NewRemote(repo.Storer, &config.RemoteConfig{Name: "origin", URLs: []string{j.where()}})
	err = remote.FetchContext(ctx, o)
	switch {
	case err == nil, errors.Is(err, git.NoErrAlreadyUpToDate), errors.Is(err, transport.ErrEmptyRemoteRepository):
		return nil
	}
	return &Error{Kind: goKind(err), URL: j.ad.text, Detail: said(j.auth, []byte(err.Error())), Err: err}
}

func goKind(err error) Kind {
	var status *http.Err
	switch {
	case errors.Is(err, transport.ErrAuthenticationRequired), errors.Is(err, transport.ErrAuthorizationFailed):
		return Denied
	case errors.Is(err, transport.ErrRepositoryNotFound):
		return NotFound
	case errors.Is(err, plumbing.ErrObjectNotFound):
		return Corrupt
	case errors.Is(err, syscall.ENOSPC):
		return Disk
	case errors.As(err, &status) && status.Response != nil && status.StatusCode() == nethttp.StatusTooManyRequests:
		return Limited
	}
	return Network
}
