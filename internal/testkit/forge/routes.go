package forge

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// route is a way into the interface; {…} is any part of a path.
type route struct {
	method, path string
	who          []identity // who may take it; nil for everybody with a token
	do           func(s *Server, r *http.Request, args []string) reply
}

var routes = []route{
	{"GET", "/orgs/{org}", nil, func(s *Server, _ *http.Request, args []string) reply {
		return s.ofOrg(args[0], func() reply { return ok(s.organisation()) })
	}},
	{"GET", "/orgs/{org}/repos", nil, func(s *Server, r *http.Request, args []string) reply {
		return s.ofOrg(args[0], func() reply { return s.list(r, s.sorted(r, "created", s.repos), s.minimal) })
	}},
	{"GET", "/orgs/{org}/packages", nil, func(s *Server, r *http.Request, args []string) reply {
		return s.ofOrg(args[0], func() reply { return s.listPackages(r) })
	}},
	{"GET", "/orgs/{org}/installation", []identity{theApp}, func(s *Server, _ *http.Request, args []string) reply {
		return s.ofOrg(args[0], func() reply { return ok(s.installation()) })
	}},
	{"GET", "/users/{username}/repos", nil, func(s *Server, r *http.Request, args []string) reply {
		return s.ofOwner(args[0], func() reply { return s.list(r, s.sorted(r, "full_name", s.publicOnes()), s.minimal) })
	}},
	{"GET", "/users/{username}/packages", nil, func(s *Server, r *http.Request, args []string) reply {
		return s.ofOwner(args[0], func() reply { return s.listPackages(r) })
	}},
	{"GET", "/users/{username}/installation", []identity{theApp}, func(s *Server, _ *http.Request, args []string) reply {
		return s.ofOwner(args[0], func() reply { return ok(s.installation()) })
	}},
	{"GET", "/user", []identity{person}, func(s *Server, _ *http.Request, _ []string) reply { return ok(s.me()) }},
	{"GET", "/user", []identity{installed}, func(*Server, *http.Request, []string) reply {
		return refuse(http.StatusForbidden, "Resource not accessible by integration", "https://docs.github.com/rest/users/users#get-the-authenticated-user")
	}},
	{"GET", "/user/repos", []identity{person}, func(s *Server, r *http.Request, _ []string) reply {
		return s.list(r, s.sorted(r, "full_name", s.repos), s.full)
	}},
	{"GET", "/installation/repositories", []identity{installed}, func(s *Server, r *http.Request, _ []string) reply {
		rep := s.list(r, s.sorted(r, "created", s.repos), s.full)
		rep.body = object{"total_count": len(s.repos), "repository_selection": "all", "repositories": rep.body}
		return rep
	}},
	{"GET", "/repos/{owner}/{repo}", nil, func(s *Server, _ *http.Request, args []string) reply {
		return s.ofOwner(args[0], func() reply { return s.one(args[1]) })
	}},
	{"GET", "/rate_limit", nil, func(s *Server, _ *http.Request, _ []string) reply { return ok(s.rate()) }},
	{"POST", "/app/installations/{installation_id}/access_tokens", []identity{theApp}, func(s *Server, _ *http.Request, args []string) reply {
		return s.issue(args[0])
	}},
}

// match compares a request with the route, and returns what stood where the route has names.
func (t *route) match(method string, parts []string) ([]string, bool) {
	names := strings.Split(strings.Trim(t.path, "/"), "/")
	if method != t.method || len(names) != len(parts) {
		return nil, false
	}
	var args []string
	for i, n := range names {
		switch {
		case strings.HasPrefix(n, "{"):
			args = append(args, parts[i])
		case n != parts[i]:
			return nil, false
		}
	}
	return args, true
}

func (t *route) open(who identity) bool {
	if t.who == nil {
		return who != theApp
	}
	return slices.Contains(t.who, who)
}

func ok(body any) reply { return reply{status: http.StatusOK, body: body} }

func (s *Server) ofOwner(name string, do func() reply) reply {
	if !strings.EqualFold(name, s.o.Owner) {
		return missing()
	}
	return do()
}

func (s *Server) ofOrg(name string, do func() reply) reply {
	if s.o.Personal {
		return missing()
	}
	return s.ofOwner(name, do)
}

func (s *Server) publicOnes() []*Repository {
	return slices.DeleteFunc(slices.Clone(s.repos), func(r *Repository) bool { return r.Visibility != "public" })
}

// one is a repository by its name; where that has changed, the way to it.
func (s *Server) one(name string) reply {
	if r := s.find(name); r != nil {
		return ok(s.full(r))
	}
	r := s.byFormer(name)
	if r == nil {
		return missing()
	}
	to := s.URL + apiPath + "repos/" + s.o.Owner + "/" + r.Name
	rep := reply{status: http.StatusMovedPermanently, head: http.Header{"Location": {to}}}
	rep.body = object{"message": "Moved Permanently", "url": to, "documentation_url": "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects"}
	return rep
}

// sorted are repositories in the order that is asked for, or by default.
func (s *Server) sorted(r *http.Request, by string, rs []*Repository) []*Repository {
	q := r.URL.Query()
	by = cmp.Or(q.Get("sort"), by)
	down := q.Get("direction") == "desc" || q.Get("direction") == "" && by != "full_name"
	rs = slices.Clone(rs)
	slices.SortStableFunc(rs, func(a, b *Repository) int {
		var c int
		switch by {
		case "created":
			c = a.Created.Compare(b.Created)
		case "pushed", "updated":
			c = a.Pushed.Compare(b.Pushed)
		default:
			c = strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
		}
		if down {
			c = -c
		}
		return c
	})
	return rs
}

func (s *Server) list(r *http.Request, rs []*Repository, form func(*Repository) object) reply {
	return page(s, r, rs, form)
}

func (s *Server) listPackages(r *http.Request) reply {
	if r.URL.Query().Get("package_type") != "container" {
		return page(s, r, nil, s.pack)
	}
	return page(s, r, s.packages, s.pack)
}

// page is a part of a list, with the way to the others
// (https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api).
func page[T any](s *Server, r *http.Request, all []T, form func(T) object) reply {
	q := r.URL.Query()
	per, at := number(q.Get("per_page"), 30, 100), number(q.Get("page"), 1, 1<<20)
	last := max(1, (len(all)+per-1)/per)
	from := min(len(all), (at-1)*per)
	out := []object{}
	for _, v := range all[from:min(len(all), from+per)] {
		out = append(out, form(v))
	}
	rep := ok(out)
	var links []string
	link := func(rel string, n int) {
		q.Set("page", strconv.Itoa(n))
		links = append(links, fmt.Sprintf(`<%s%s?%s>; rel="%s"`, s.URL, r.URL.Path, q.Encode(), rel))
	}
	if at > 1 {
		link("prev", min(at-1, last))
	}
	if at < last {
		link("next", at+1)
		link("last", last)
	}
	if at > 1 {
		link("first", 1)
	}
	if len(links) > 0 {
		rep.head = http.Header{"Link": {strings.Join(links, ", ")}}
	}
	return rep
}

func number(s string, otherwise, most int) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return otherwise
	}
	return min(n, most)
}
