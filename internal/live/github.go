package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-github/v60/github"
)

// hub speaks to GitHub through the guard. go-github has no method for some of the listings and none that hands over what GitHub
// said as it said it, so every call is one of its NewRequest and Do.
type hub struct {
	*pull
	gh *github.Client
}

// pullGitHub takes an organisation's credentials, people, installations, hooks, secrets and teams, and its repositories' properties, keys, hooks, secrets
// and environments (https://docs.github.com/en/rest).
func pullGitHub(ctx context.Context, p *pull) error {
	token := p.env("GH_TOKEN", "GITHUB_TOKEN")
	if token == "" {
		return fmt.Errorf("%w: set GH_TOKEN", ErrNoCredentials)
	}
	if err := p.at("https://api.github.com", token); err != nil {
		return err
	}
	ask := Ask{Provider: p.provider, Hosts: p.hosts, Hide: p.hide}
	h := hub{p, github.NewClient(&http.Client{Transport: p.client.Doer(ask, nil)}).WithAuthToken(token)}
	base := *p.base
	base.Path += "/"
	h.gh.BaseURL, h.gh.UserAgent = &base, "sprawl"

	org := "orgs/" + url.PathEscape(p.scope)
	for _, l := range []struct{ what, path, format string }{
		{"credential-authorizations", "/credential-authorizations?per_page=100", "github-credential-authorizations"},
		{"personal-access-tokens", "/personal-access-tokens?per_page=100", "github-personal-access-tokens"},
		{"audit-log", "/audit-log?include=all&per_page=100", "github-audit-log"},
		{"members", "/members?per_page=100", "github-users"},
		{"installations", "/installations?per_page=100", "github-app-installations"},
		{"hooks", "/hooks?per_page=100", "github-webhooks"},
		{"secrets", "/actions/secrets?per_page=100", "github-actions-secrets"},
		{"secret-scanning", "/secret-scanning/alerts?per_page=100", "github-secret-scanning"},
		{"properties", "/properties/values?per_page=100", "github-repository-properties"},
	} {
		if _, err := h.list(ctx, l.what, org+l.path, l.format, p.scope, ""); err != nil {
			return err
		}
	}
	if err := h.teams(ctx, org); err != nil {
		return err
	}
	repos, err := h.list(ctx, "repositories", org+"/repos?per_page=100", "", "", "")
	if err != nil {
		return err
	}
	for _, name := range each(repos, "", "full_name") {
		if err := h.repository(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// teams takes the repositories of every team, a document for each page. A team that cannot be read leaves the listing cut off: who
// alone answers for a repository cannot be told without it.
func (h hub) teams(ctx context.Context, org string) error {
	missed := len(h.troubles)
	teams, err := h.list(ctx, "teams", org+"/teams?per_page=100", "", "", "")
	if err != nil {
		return err
	}
	var all bytes.Buffer
	for _, team := range each(teams, "", "slug") {
		pages, err := h.list(ctx, "teams/"+team+"/repositories", org+"/teams/"+url.PathEscape(team)+"/repos?per_page=100", "", "", "")
		if err != nil {
			return err
		}
		for d := json.NewDecoder(bytes.NewReader(pages)); d.More(); {
			page := teamPage{Team: team}
			if d.Decode(&page.Repositories) != nil {
				return h.miss(ctx, "teams/"+team+"/repositories", errors.New("the answer is not what its documentation says"))
			}
			if len(page.Repositories) == 0 {
				continue
			}
			if err := json.NewEncoder(&all).Encode(page); err != nil {
				return err
			}
		}
	}
	if all.Len() > 0 && len(h.troubles) > missed {
		all.WriteString("{")
	}
	h.add("teams", "github-teams", all.Bytes(), "")
	return nil
}

// teamPage is some of a team's repositories, as much of them as is read.
type teamPage struct {
	Team         string     `json:"team"`
	Repositories []teamRepo `json:"repositories"`
}

type teamRepo struct {
	FullName    string          `json:"full_name"`
	RoleName    string          `json:"role_name,omitempty"`
	Permissions map[string]bool `json:"permissions"`
}

func (h hub) repository(ctx context.Context, name string) error {
	owner, repo, ok := strings.Cut(name, "/")
	if !ok {
		return nil
	}
	at := "repos/" + url.PathEscape(owner) + "/" + url.PathEscape(repo)
	for _, l := range []struct{ what, path, format string }{
		{"keys", "/keys?per_page=100", "github-ssh-keys"},
		{"hooks", "/hooks?per_page=100", "github-webhooks"},
		{"secrets", "/actions/secrets?per_page=100", "github-actions-secrets"},
	} {
		if _, err := h.list(ctx, name+"/"+l.what, at+l.path, l.format, name, ""); err != nil {
			return err
		}
	}
	environments, err := h.list(ctx, name+"/environments", at+"/environments?per_page=100", "github-environments", name, "")
	if err != nil {
		return err
	}
	for _, e := range each(environments, "environments", "name") {
		if _, err := h.list(ctx, name+"/"+e+"/secrets", at+"/environments/"+url.PathEscape(e)+"/secrets?per_page=100", "github-actions-secrets", name, e); err != nil {
			return err
		}
	}
	return nil
}

// list takes all pages of a listing; format "" keeps it from the exports.
func (h hub) list(ctx context.Context, what, path, format, scope, environment string) ([]byte, error) {
	var all bytes.Buffer
	export := func() {
		if format != "" && !empty(all.Bytes()) {
			h.exports = append(h.exports, Export{Name: h.name(what), Format: format, Scope: scope, Environment: environment, Data: all.Bytes(), AsOf: h.Now()})
		}
	}
	for range maxPages {
		r, err := h.gh.NewRequest(http.MethodGet, path, nil)
		if err != nil {
			return nil, err
		}
		r.Header.Set("X-GitHub-Api-Version", "2022-11-28")
		res, err := h.gh.Do(ctx, r, &all)
		if err != nil {
			if all.Len() > 0 {
				all.WriteString("\n{")
			}
			export()
			return nil, h.miss(ctx, what, told(err))
		}
		all.WriteByte('\n')
		path = linked("", &Answer{Header: res.Header})
		if path == "" {
			export()
			return all.Bytes(), nil
		}
	}
	all.WriteString("{")
	export()
	return nil, h.miss(ctx, what, fmt.Errorf("more than %d pages", maxPages))
}

// told is an error of go-github by its status alone.
func told(err error) error {
	var limited *github.RateLimitError
	var slowed *github.AbuseRateLimitError
	var answer *github.ErrorResponse
	switch {
	case errors.As(err, &limited), errors.As(err, &slowed):
		return fmt.Errorf("GitHub is %w", ErrLimited)
	case errors.As(err, &answer) && answer.Response != nil && answer.Response.StatusCode == http.StatusTooManyRequests:
		return fmt.Errorf("GitHub is %w", ErrLimited)
	case errors.As(err, &answer) && answer.Response != nil:
		return errStatus(answer.Response.StatusCode)
	}
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
