package live

import (
	"context"
	"fmt"
	"net/url"
)

// pullGitLab takes what an administrator, or with a group what its owner, may list (https://docs.gitlab.com/api/rest/).
func pullGitLab(ctx context.Context, p *pull) error {
	token := p.env("GITLAB_TOKEN")
	if token == "" {
		return fmt.Errorf("%w: set GITLAB_TOKEN", ErrNoCredentials)
	}
	if err := p.at("https://gitlab.com", token, "PRIVATE-TOKEN", token); err != nil {
		return err
	}
	const api, all = "/api/v4", "?per_page=100"
	one := func(what, path, format, scope string) ([]byte, error) {
		return p.take(ctx, list{what: what, path: api + path + all, format: format, scope: scope, next: linked})
	}
	if p.scope == "" {
		if _, err := one("personal-access-tokens", "/personal_access_tokens", "gitlab-access-tokens", ""); err != nil {
			return err
		}
		_, err := one("users", "/users", "gitlab-users", "")
		return err
	}
	group := "/groups/" + url.PathEscape(p.scope)
	for _, l := range []struct{ what, path, format string }{
		{"group-personal-access-tokens", "/manage/personal_access_tokens", "gitlab-access-tokens"},
		{"group-access-tokens", "/access_tokens", "gitlab-access-tokens"},
		{"group-ssh-keys", "/manage/ssh_keys", "gitlab-ssh-keys"},
		{"group-deploy-tokens", "/deploy_tokens", "gitlab-deploy-tokens"},
		{"group-variables", "/variables", "gitlab-ci-variables"},
		{"group-members", "/members/all", "gitlab-users"},
		{"group-webhooks", "/hooks", "gitlab-webhooks"},
	} {
		if _, err := one(l.what, group+l.path, l.format, p.scope); err != nil {
			return err
		}
	}
	projects, err := p.take(ctx, list{what: "projects", path: api + group + "/projects" + all + "&include_subgroups=true&simple=true&archived=false", next: linked})
	if err != nil {
		return err
	}
	names := each(projects, "", "path_with_namespace")
	for _, name := range names {
		project := "/projects/" + url.PathEscape(name)
		for _, l := range []struct{ what, path, format string }{
			{"access-tokens", "/access_tokens", "gitlab-access-tokens"},
			{"deploy-tokens", "/deploy_tokens", "gitlab-deploy-tokens"},
			{"deploy-keys", "/deploy_keys", "gitlab-ssh-keys"},
			{"variables", "/variables", "gitlab-ci-variables"},
			{"webhooks", "/hooks", "gitlab-webhooks"},
		} {
			if _, err := one(name+"/"+l.what, project+l.path, l.format, name); err != nil {
				return err
			}
		}
	}
	return nil
}
