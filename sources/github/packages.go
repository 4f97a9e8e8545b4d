package github

import (
	"context"
	"errors"
	"strings"
	"time"

	gh "github.com/google/go-github/v60/github"
)

// Package is a package of container images.
type Package struct {
	ID         int64
	Name       string
	Reference  string // where its images are: "ghcr.io/acme/shop", without a tag
	Visibility string
	Repository string // full name of the repository that it belongs to; "" for none
	UpdatedAt  time.Time
}

// Packages visits the packages of container images of an organisation or, where there is none, of a user, by the rules of
// Repositories. It takes a token with read:packages
// (https://docs.github.com/en/rest/packages/packages#list-packages-for-an-organization).
func (c *Client) Packages(ctx context.Context, owner string, visit func([]Package) error) error {
	if err := account(owner); err != nil {
		return err
	}
	what := "list the container images of " + owner
	seen := map[int64]bool{}
	once := func(page []*gh.Package) error {
		var out []Package
		for _, g := range page {
			if !seen[g.GetID()] {
				seen[g.GetID()] = true
				out = append(out, c.imagesOf(owner, g))
			}
		}
		if len(out) == 0 {
			return nil
		}
		return visit(out)
	}
	kind := "container"
	err := walk(ctx, c, what, func(o gh.ListOptions) ([]*gh.Package, *gh.Response, error) {
		return c.gh.Organizations.ListPackages(ctx, owner, &gh.PackageListOptions{PackageType: &kind, ListOptions: o})
	}, once)
	if !errors.Is(err, ErrNotFound) || len(seen) > 0 {
		return err
	}
	return walk(ctx, c, what, func(o gh.ListOptions) ([]*gh.Package, *gh.Response, error) {
		return c.gh.Users.ListPackages(ctx, owner, &gh.PackageListOptions{PackageType: &kind, ListOptions: o})
	}, once)
}

// imagesOf names a package's images as registries do: in small letters.
func (c *Client) imagesOf(owner string, g *gh.Package) Package {
	if login := g.GetOwner().GetLogin(); login != "" {
		owner = login
	}
	return Package{
		ID: g.GetID(), Name: g.GetName(), Visibility: g.GetVisibility(), Repository: g.GetRepository().GetFullName(), UpdatedAt: g.GetUpdatedAt().Time,
		Reference: c.registry + "/" + strings.ToLower(owner+"/"+g.GetName()),
	}
}
