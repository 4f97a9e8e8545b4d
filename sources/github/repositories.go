package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	gh "github.com/google/go-github/v60/github"
)

const perPage = 100 // the most that GitHub gives

// Repository is one as a list has it.
type Repository struct {
	ID            int64 // survives renames
	Name          string
	FullName      string // "acme/shop"
	CloneURL      string // over HTTPS, without a user
	DefaultBranch string
	Visibility    string // public, private, internal
	Archived      bool
	Fork          bool
	Disabled      bool // by GitHub: git does not get it
	Topics        []string
	PushedAt      time.Time
	SizeKB        int64 // of its git objects, as GitHub has it at times
}

// Choice is what becomes of repositories of a sort.
type Choice int

// Choices; the zero one takes them.
const (
	Take Choice = iota
	Leave
	Only // and no others
)

func (c Choice) takes(is bool) bool { return c == Take || (c == Only) == is }

// Filter says which repositories are visited. The zero one takes all. It is applied here and not by the server, so that one kept
// list serves every filter.
type Filter struct {
	Archived, Forks Choice
	Visibility      []string // public, private, internal; none for all
	Topics          []string // any of them; none for all
	// Include and Exclude are patterns of doublestar for names ("shop-*"), or for full names where they hold a slash. Letters are
	// as good as capitals.
	Include, Exclude []string
	Skipped          func(r Repository, why string) // told of what is not visited; nil for nobody
}

// check finds patterns that are none.
func (f *Filter) check() error {
	for _, p := range slices.Concat(f.Include, f.Exclude) {
		if !doublestar.ValidatePattern(p) {
			return fmt.Errorf("%q is not a pattern of names", p)
		}
	}
	return nil
}

// skips says why a repository is not visited; "" where it is.
func (f *Filter) skips(r *Repository) string {
	matches := func(patterns []string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool { return named(p, r) })
	}
	folded := func(list []string, v string) bool {
		return slices.ContainsFunc(list, func(w string) bool { return strings.EqualFold(v, w) })
	}
	switch {
	case !f.Archived.takes(r.Archived):
		return "archived"
	case !f.Forks.takes(r.Fork):
		return "fork"
	case len(f.Visibility) > 0 && !folded(f.Visibility, r.Visibility):
		return "visibility"
	case len(f.Topics) > 0 && !slices.ContainsFunc(r.Topics, func(t string) bool { return folded(f.Topics, t) }):
		return "topics"
	case len(f.Include) > 0 && !matches(f.Include):
		return "not included"
	case matches(f.Exclude):
		return "excluded"
	}
	return ""
}

// Takes reports whether a repository is visited.
func (f *Filter) Takes(r Repository) bool { return f.skips(&r) == "" }

func named(pattern string, r *Repository) bool {
	name := r.Name
	if strings.Contains(pattern, "/") {
		name = r.FullName
	}
	ok, err := doublestar.Match(strings.ToLower(pattern), strings.ToLower(name))
	return ok && err == nil
}

// Repositories visits what an organisation holds, a page of up to 100 at a time; where there is no such organisation, what the
// user of that name owns: all of it that this identity is shown. A repository is visited once. An error in the middle of the list
// comes after the pages before it were visited: the list is then incomplete. An error of visit ends the list and is handed back as it is.
//
// While a list is read, a repository that is deleted can hide another one behind it: what is missing against an earlier list is
// gone only if Repository says so.
func (c *Client) Repositories(ctx context.Context, owner string, f Filter, visit func([]Repository) error) error {
	if err := cmp.Or(f.check(), account(owner)); err != nil {
		return err
	}
	seen := map[int64]bool{}
	filtered := func(page []*gh.Repository) error {
		var out []Repository
		for _, g := range page {
			r, err := c.repository(g)
			if err != nil {
				return err
			}
			if seen[r.ID] {
				continue
			}
			seen[r.ID] = true
			if why := f.skips(&r); why == "" {
				out = append(out, r)
			} else if f.Skipped != nil {
				f.Skipped(r, why)
			}
		}
		if len(out) == 0 {
			return nil
		}
		return visit(out)
	}
	what := "list the repositories of " + owner
	err := walk(ctx, c, what, c.ofOrganisation(ctx, owner), filtered)
	if !errors.Is(err, ErrNotFound) || len(seen) > 0 {
		return err
	}
	list, err := c.ofUser(ctx, what, owner)
	if err != nil {
		return err
	}
	return walk(ctx, c, what, list, filtered)
}

// Repository looks at one by its full name, also at a former one: the ID of what is there now tells. ErrNotFound where nothing is.
func (c *Client) Repository(ctx context.Context, fullName string) (Repository, error) {
	owner, name, ok := strings.Cut(fullName, "/")
	if err := account(owner); err != nil || !ok || !plain(name, "-_.") {
		return Repository{}, fmt.Errorf("%q is not the name of a repository", fullName)
	}
	g, _, err := c.gh.Repositories.Get(ctx, owner, name)
	if err != nil {
		return Repository{}, c.told(ctx, "look at "+fullName, err)
	}
	return c.repository(g)
}

// repository takes over what a list says, if it can be true.
func (c *Client) repository(g *gh.Repository) (Repository, error) {
	r := Repository{
		ID: g.GetID(), Name: g.GetName(), FullName: g.GetFullName(), DefaultBranch: g.GetDefaultBranch(), Visibility: g.GetVisibility(),
		Archived: g.GetArchived(), Fork: g.GetFork(), Disabled: g.GetDisabled(), Topics: g.Topics, PushedAt: g.GetPushedAt().Time, SizeKB: int64(g.GetSize()),
	}
	if r.Visibility == "" { // servers before GitHub Enterprise Server 3
		r.Visibility = "public"
		if g.GetPrivate() {
			r.Visibility = "private"
		}
	}
	u, err := url.Parse(g.GetCloneURL())
	if err != nil || u.Host == "" || r.ID == 0 || strings.Count(r.FullName, "/") != 1 {
		return Repository{}, fmt.Errorf("the list of %s names a repository without a number, a name or an address", c.base.Host)
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	r.CloneURL = u.String()
	return r, nil
}

// pages is one page of a list, by its number.
type pages[T any] func(o gh.ListOptions) ([]T, *gh.Response, error)

// walk visits a list page by page. A list that single sign-on keeps parts of is incomplete.
func walk[T any](ctx context.Context, c *Client, what string, list pages[T], visit func([]T) error) error {
	partial := false
	for o := (gh.ListOptions{PerPage: perPage, Page: 1}); ; {
		page, res, err := list(o)
		if err != nil {
			return c.told(ctx, what, err)
		}
		if err := visit(page); err != nil {
			return err
		}
		// https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api#personal-access-tokens-and-saml-sso
		partial = partial || strings.HasPrefix(res.Header.Get("X-GitHub-SSO"), "partial-results")
		if res.NextPage <= o.Page {
			break
		}
		o.Page = res.NextPage
	}
	if partial {
		return c.told(ctx, what, &Refused{c.base.Host, "some organisations demand single sign-on and are left out", "authorise the token for them under Settings, Developer settings, Configure SSO"})
	}
	return nil
}
