package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/bradleyfalzon/ghinstallation/v2"
)

// errInstallation marks what went wrong while an App's token was made and has no better name.
var errInstallation = errors.New("no token for the App")

// credential is what calls go by.
type credential interface {
	token(ctx context.Context) (string, error)
	// renew gives another token than the one that was refused; the same again if there is no other.
	renew(ctx context.Context, refused string) (string, error)
	// identity is the same for all tokens that are shown the same things, and gives none of them away.
	identity() string
	next() string // what to do where it is not accepted
}

// static is a token as it was given.
type static string

func (s static) token(context.Context) (string, error)         { return string(s), nil }
func (s static) renew(context.Context, string) (string, error) { return string(s), nil }
func (s static) identity() string                              { return digest("token", string(s)) }
func (s static) next() string                                  { return "the token may have expired or been revoked: make a new one" }

// installation is an App at one account. Its tokens last an hour.
type installation struct {
	app   App
	apps  *ghinstallation.AppsTransport
	base  *url.URL
	turn  chan struct{} // holds one: who has it may use what is below
	found *ghinstallation.Transport
}

func newInstallation(app App, key []byte, next http.RoundTripper, base *url.URL) (*installation, error) {
	if app.Installation == 0 && app.Owner == "" {
		return nil, errors.New("github: an App needs its installation's id, or the account where it is installed")
	}
	apps, err := ghinstallation.NewAppsTransport(next, app.ID, key)
	if err != nil {
		return nil, errors.New("github: the App's key is not an RSA key in PEM")
	}
	apps.BaseURL = strings.TrimSuffix(base.String(), "/")
	i := &installation{app: app, apps: apps, base: base, turn: make(chan struct{}, 1)}
	i.turn <- struct{}{}
	return i, nil
}

func (i *installation) identity() string {
	return digest("app", fmt.Sprint(i.app.ID), fmt.Sprint(i.app.Installation), strings.ToLower(i.app.Owner))
}

func (i *installation) next() string {
	return "check the App's id and key, and that it is still installed"
}

func (i *installation) token(ctx context.Context) (string, error) { return i.renew(ctx, "") }

func (i *installation) renew(ctx context.Context, refused string) (string, error) {
	select {
	case <-i.turn:
		defer func() { i.turn <- struct{}{} }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if err := i.find(ctx); err != nil {
		return "", err
	}
	token, err := i.ask(ctx)
	if err != nil || token != refused {
		return token, err
	}
	i.found = ghinstallation.NewFromAppsTransport(i.apps, i.found.InstallationID())
	return i.ask(ctx)
}

// find looks the installation up where it was not given.
func (i *installation) find(ctx context.Context) error {
	if i.found != nil {
		return nil
	}
	id := i.app.Installation
	if id == 0 {
		apps := library(i.apps, i.base).Apps
		in, res, err := apps.FindOrganizationInstallation(ctx, i.app.Owner)
		if res != nil && res.Response != nil && res.StatusCode == http.StatusNotFound {
			in, _, err = apps.FindUserInstallation(ctx, i.app.Owner)
		}
		if err != nil {
			return fmt.Errorf("find where the App is installed: %w", reason(ctx, i.base.Host, i.next(), err))
		}
		id = in.GetID()
	}
	i.found = ghinstallation.NewFromAppsTransport(i.apps, id)
	return nil
}

func (i *installation) ask(ctx context.Context) (string, error) {
	token, err := i.found.Token(ctx)
	var answer *ghinstallation.HTTPError
	if !errors.As(err, &answer) || answer.Response == nil {
		return token, err
	}
	_ = answer.Response.Body.Close() // the library leaves it open
	return "", status(i.base.Host, i.next(), answer.Response.StatusCode, answer.Response.Header, "")
}

// bearer puts the token on, and another one where it is refused.
type bearer struct {
	next http.RoundTripper
	who  credential
}

func (b *bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	token, err := b.who.token(r.Context())
	if err != nil {
		return nil, err
	}
	res, err := b.with(r, token)
	if err != nil || res.StatusCode != http.StatusUnauthorized {
		return res, err
	}
	fresh, err := b.who.renew(r.Context(), token)
	switch {
	case err != nil:
		return nil, err
	case fresh == token:
		return res, nil
	}
	return b.with(r, fresh)
}

// with sends the request as one that carries the token. What the answer says of limits was read on the way, and go-github, which
// would refuse calls by its own reading of it, need not see it.
func (b *bearer) with(r *http.Request, token string) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	for _, h := range []string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} {
		res.Header.Del(h)
	}
	return res, nil
}
