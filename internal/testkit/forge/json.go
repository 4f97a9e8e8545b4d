package forge

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"
)

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// encode writes JSON as GitHub does, on one line.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // maps of plain values have no such error
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// node is an object's global id, which says nothing that anybody reads.
func node(kind string, id int64) string {
	return base64.StdEncoding.EncodeToString([]byte(kind + strconv.FormatInt(id, 10)))
}

const ownerID = 42

// account is the owner as other objects mention it.
func (s *Server) account() object {
	kind := "Organization"
	if s.o.Personal {
		kind = "User"
	}
	return user(s.URL, s.o.Owner, ownerID, kind)
}

func user(base, login string, id int64, kind string) object {
	at := base + apiPath + "users/" + login
	u := object{
		"login": login, "id": id, "node_id": node("U", id), "avatar_url": base + "/avatars/u/" + strconv.FormatInt(id, 10), "gravatar_id": "", "url": at,
		"html_url": base + "/" + login, "type": kind, "site_admin": false, "user_view_type": "public",
	}
	for _, l := range []struct{ name, path string }{
		{"followers", "/followers"}, {"following", "/following{/other_user}"}, {"gists", "/gists{/gist_id}"}, {"starred", "/starred{/owner}{/repo}"}, {"subscriptions", "/subscriptions"},
		{"organizations", "/orgs"}, {"repos", "/repos"}, {"events", "/events{/privacy}"}, {"received_events", "/received_events"},
	} {
		u[l.name+"_url"] = at + l.path
	}
	return u
}

// me is the person whose token it is: the account itself where that is a person's.
func (s *Server) me() object {
	login, id := "octocat", int64(1)
	if s.o.Personal {
		login, id = s.o.Owner, ownerID
	}
	u := user(s.URL, login, id, "User")
	for _, k := range []string{"name", "company", "blog", "location", "email", "hireable", "bio"} {
		u[k] = nil
	}
	for _, k := range []string{"public_repos", "public_gists", "followers", "following"} {
		u[k] = 0
	}
	u["created_at"], u["updated_at"] = "2020-01-01T00:00:00Z", "2024-01-01T00:00:00Z"
	return u
}

func (s *Server) organisation() object {
	at := s.URL + apiPath + "orgs/" + s.o.Owner
	public := len(s.publicOnes())
	return object{
		"login": s.o.Owner, "id": ownerID, "node_id": node("O", ownerID), "url": at, "repos_url": at + "/repos", "events_url": at + "/events", "hooks_url": at + "/hooks",
		"issues_url": at + "/issues", "members_url": at + "/members{/member}", "public_members_url": at + "/public_members{/member}", "avatar_url": s.URL + "/avatars/u/42",
		"description": nil, "html_url": s.URL + "/" + s.o.Owner, "has_organization_projects": true, "has_repository_projects": true, "public_repos": public, "public_gists": 0,
		"followers": 0, "following": 0, "type": "Organization", "created_at": "2020-01-01T00:00:00Z", "updated_at": "2024-01-01T00:00:00Z", "archived_at": nil,
		"total_private_repos": len(s.repos) - public, "owned_private_repos": len(s.repos) - public,
	}
}

// below are the addresses that GitHub hangs below a repository's own.
var below = []struct{ name, path string }{
	{"archive", "/{archive_format}{/ref}"}, {"assignees", "/assignees{/user}"}, {"blobs", "/git/blobs{/sha}"}, {"branches", "/branches{/branch}"},
	{"collaborators", "/collaborators{/collaborator}"}, {"comments", "/comments{/number}"}, {"commits", "/commits{/sha}"}, {"compare", "/compare/{base}...{head}"},
	{"contents", "/contents/{+path}"}, {"contributors", "/contributors"}, {"deployments", "/deployments"}, {"downloads", "/downloads"}, {"events", "/events"}, {"forks", "/forks"},
	{"git_commits", "/git/commits{/sha}"}, {"git_refs", "/git/refs{/sha}"}, {"git_tags", "/git/tags{/sha}"}, {"hooks", "/hooks"}, {"issue_comment", "/issues/comments{/number}"},
	{"issue_events", "/issues/events{/number}"}, {"issues", "/issues{/number}"}, {"keys", "/keys{/key_id}"}, {"labels", "/labels{/name}"}, {"languages", "/languages"},
	{"merges", "/merges"}, {"milestones", "/milestones{/number}"}, {"notifications", "/notifications{?since,all,participating}"}, {"pulls", "/pulls{/number}"},
	{"releases", "/releases{/id}"}, {"stargazers", "/stargazers"}, {"statuses", "/statuses/{sha}"}, {"subscribers", "/subscribers"}, {"subscription", "/subscription"},
	{"tags", "/tags"}, {"teams", "/teams"}, {"trees", "/git/trees{/sha}"},
}

// minimal is a repository as lists of an account have it.
func (s *Server) minimal(r *Repository) object {
	at := s.URL + apiPath + "repos/" + s.o.Owner + "/" + r.Name
	host := s.URL[len("http://"):]
	o := object{
		"id": r.ID, "node_id": node("R", r.ID), "name": r.Name, "full_name": s.o.Owner + "/" + r.Name, "owner": s.account(), "private": r.Visibility != "public",
		"html_url": s.URL + "/" + s.o.Owner + "/" + r.Name, "description": nil, "fork": r.Fork, "url": at, "git_url": "git://" + host + "/" + s.o.Owner + "/" + r.Name + ".git",
		"ssh_url": "git@" + host + ":" + s.o.Owner + "/" + r.Name + ".git", "clone_url": s.CloneURL(r.Name), "svn_url": s.URL + "/" + s.o.Owner + "/" + r.Name,
		"mirror_url": nil, "homepage": nil, "language": nil, "forks_count": 0, "stargazers_count": 0, "watchers_count": 0, "size": r.SizeKB, "default_branch": r.DefaultBranch,
		"open_issues_count": 0, "is_template": false, "topics": append([]string{}, r.Topics...), "has_issues": true, "has_projects": true, "has_wiki": true, "has_pages": false,
		"has_downloads": true, "has_discussions": false, "archived": r.Archived, "disabled": r.Disabled, "visibility": r.Visibility, "pushed_at": stamp(r.Pushed),
		"created_at": stamp(r.Created), "updated_at": stamp(r.Pushed), "permissions": object{"admin": false, "push": false, "pull": true},
		"license": nil, "forks": 0, "open_issues": 0, "watchers": 0, "allow_forking": true, "web_commit_signoff_required": false,
	}
	for _, l := range below {
		o[l.name+"_url"] = at + l.path
	}
	return o
}

// full is a repository as it is shown alone.
func (s *Server) full(r *Repository) object {
	o := s.minimal(r)
	o["network_count"], o["subscribers_count"] = 0, 0
	return o
}

func (s *Server) pack(p *Package) object {
	at := s.URL + apiPath + "orgs/" + s.o.Owner + "/packages/container/" + p.Name
	o := object{
		"id": p.ID, "name": p.Name, "package_type": "container", "owner": s.account(), "version_count": 1, "visibility": p.Visibility, "url": at,
		"created_at": "2024-01-01T00:00:00Z", "updated_at": "2024-01-01T00:00:00Z", "html_url": s.URL + "/orgs/" + s.o.Owner + "/packages/container/package/" + p.Name,
	}
	if r := s.find(p.Repository); r != nil {
		o["repository"] = s.minimal(r)
	}
	return o
}

func (s *Server) installation() object {
	a := s.o.App
	at := s.URL + apiPath + "app/installations/" + strconv.FormatInt(a.Installation, 10)
	kind := "Organization"
	if s.o.Personal {
		kind = "User"
	}
	return object{
		"id": a.Installation, "app_id": a.ID, "app_slug": "sprawl", "target_id": ownerID, "target_type": kind, "single_file_name": nil, "repository_selection": "all",
		"access_tokens_url": at + "/access_tokens", "html_url": s.URL + "/organizations/" + s.o.Owner + "/settings/installations/" + strconv.FormatInt(a.Installation, 10),
		"repositories_url": s.URL + apiPath + "installation/repositories", "events": []string{}, "account": s.account(), "permissions": object{"contents": "read", "metadata": "read"},
		"created_at": "2024-01-01T00:00:00Z", "updated_at": "2024-01-01T00:00:00Z", "suspended_by": nil, "suspended_at": nil,
	}
}

func (s *Server) rate() object {
	one := func() object {
		return object{"limit": s.o.Limit, "used": s.used, "remaining": max(0, s.o.Limit-s.used), "reset": s.reset.Unix()}
	}
	return object{"resources": object{"core": one(), "search": one()}, "rate": one()}
}
