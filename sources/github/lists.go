package github

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	gh "github.com/google/go-github/v60/github"
)

// ofOrganisation lists by the time of creation: what is created while the list is read stands at its end and moves nothing.
func (c *Client) ofOrganisation(ctx context.Context, owner string) pages[*gh.Repository] {
	return func(o gh.ListOptions) ([]*gh.Repository, *gh.Response, error) {
		return c.gh.Repositories.ListByOrg(ctx, owner, &gh.RepositoryListByOrgOptions{Type: "all", Sort: "created", Direction: "asc", ListOptions: o})
	}
}

// ofUser is the fullest list of what a user owns that this identity may have: everything for the user himself and for an App that
// is installed there, else what is public.
func (c *Client) ofUser(ctx context.Context, what, owner string) (pages[*gh.Repository], error) {
	if i, ok := c.who.(*installation); ok {
		if strings.EqualFold(i.app.Owner, owner) {
			return c.ofInstallation(ctx, owner), nil
		}
		return c.public(ctx, owner), nil
	}
	me, _, err := c.gh.Users.Get(ctx, "")
	var refused *Refused
	if err != nil {
		if err = c.told(ctx, what, err); errors.As(err, &refused) { // a workflow's token is nobody's
			return c.public(ctx, owner), nil
		}
		return nil, err
	}
	if !strings.EqualFold(me.GetLogin(), owner) {
		return c.public(ctx, owner), nil
	}
	return func(o gh.ListOptions) ([]*gh.Repository, *gh.Response, error) {
		return c.gh.Repositories.ListByAuthenticatedUser(ctx, &gh.RepositoryListByAuthenticatedUserOptions{Affiliation: "owner", Sort: "created", Direction: "asc", ListOptions: o})
	}, nil
}

func (c *Client) public(ctx context.Context, owner string) pages[*gh.Repository] {
	return func(o gh.ListOptions) ([]*gh.Repository, *gh.Response, error) {
		return c.gh.Repositories.ListByUser(ctx, owner, &gh.RepositoryListByUserOptions{Type: "owner", Sort: "created", Direction: "asc", ListOptions: o})
	}
}

func (c *Client) ofInstallation(ctx context.Context, owner string) pages[*gh.Repository] {
	return func(o gh.ListOptions) ([]*gh.Repository, *gh.Response, error) {
		list, res, err := c.gh.Apps.ListRepos(ctx, &o)
		if err != nil {
			return nil, res, err
		}
		return slices.DeleteFunc(list.Repositories, func(r *gh.Repository) bool { return !strings.EqualFold(r.GetOwner().GetLogin(), owner) }), res, nil
	}
}

// account checks a name before it becomes a part of an address.
func account(name string) error {
	if !plain(name, "-_") {
		return fmt.Errorf("%q is not the name of an organisation or user", name)
	}
	return nil
}

// plain reports whether a name is made of letters, digits and some signs, and is not all dots.
func plain(name, signs string) bool {
	return strings.Trim(name, ".") != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(signs, r)
	})
}
