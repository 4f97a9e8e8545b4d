package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Export is one listing as package inventory reads it.
type Export struct {
	Name               string // "live:aws/credential-report"
	Format             string
	Scope, Environment string // what it is of, where the listing doesn't say
	Data               []byte
	AsOf               time.Time
}

// Trouble is a listing that could not be taken: nothing is known of what it would have said.
type Trouble struct{ Name, Why string }

// Admin takes listings with an operator's own credentials.
type Admin struct {
	Client *Client
	Now    func() time.Time
	// Getenv and ReadFile are where credentials are looked for: the usual variables and files of each provider's own tools.
	Getenv   func(string) string
	ReadFile func(string) ([]byte, error)
	// Bases are addresses instead of a provider's public one.
	Bases map[string]*url.URL
	// Alone makes a client that trusts these certificates (PEM) and no others: a cluster's own authority vouches for the cluster alone.
	Alone func(pem []byte) (*Client, error)
}

// Provider is one that listings are taken from.
type Provider struct {
	Name  string
	Scope string // what stands behind the colon in NAME:SCOPE, "" where nothing does
	Needs bool   // a scope has to be there
	Where string // where credentials are looked for
	Lists string // the formats of package inventory that it gives
	pull  func(ctx context.Context, p *pull) error
}

// Providers is the table of them.
func Providers() []Provider {
	return []Provider{
		{Name: "aws", Where: "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN; else AWS_PROFILE of ~/.aws/credentials; AWS_REGION, AWS_ENDPOINT_URL",
			Lists: "aws-access-keys aws-credential-report aws-account-authorization aws-account-aliases aws-cloudtrail-trails", pull: pullAWS},
		{Name: "entra", Where: "AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET; AZURE_AUTHORITY_HOST for another cloud",
			Lists: "entra-applications entra-users entra-oauth-grants entra-sign-ins", pull: pullEntra},
		{Name: "gcp", Scope: "PROJECT", Needs: true, Where: "CLOUDSDK_AUTH_ACCESS_TOKEN (gcloud auth print-access-token)",
			Lists: "gcp-service-accounts gcp-service-account-keys gcp-key-activity gcp-api-keys gcp-iam-policy", pull: pullGCP},
		{Name: "github", Scope: "ORGANISATION", Needs: true, Where: "GH_TOKEN, else GITHUB_TOKEN",
			Lists: "github-credential-authorizations github-personal-access-tokens github-audit-log github-users github-app-installations github-webhooks github-actions-secrets github-secret-scanning github-ssh-keys github-environments github-teams github-repository-properties", pull: pullGitHub},
		{Name: "gitlab", Scope: "GROUP", Where: "GITLAB_TOKEN",
			Lists: "gitlab-access-tokens gitlab-users gitlab-ci-variables gitlab-deploy-tokens gitlab-ssh-keys gitlab-webhooks", pull: pullGitLab},
		{Name: "kubernetes", Where: "the current context of KUBECONFIG, else of ~/.kube/config: its server, authority and token", Lists: "kubernetes", pull: pullKubernetes},
		{Name: "vault", Where: "VAULT_ADDR, VAULT_TOKEN, VAULT_NAMESPACE", Lists: "vault-accessors", pull: pullVault},
	}
}

// ErrNoCredentials is returned where an operator has none for a provider, or not all that is needed.
var ErrNoCredentials = errors.New("no credentials")

// ByName finds "NAME" or "NAME:SCOPE" in the table.
func ByName(spec string) (p Provider, scope string, err error) {
	name, scope, _ := strings.Cut(spec, ":")
	all := Providers()
	i := slices.IndexFunc(all, func(p Provider) bool { return p.Name == name })
	switch {
	case i < 0:
		return Provider{}, "", fmt.Errorf("no provider is called %q", name)
	case all[i].Needs && scope == "":
		return Provider{}, "", fmt.Errorf("%s needs to know of what: %s:%s", name, name, all[i].Scope)
	case all[i].Scope == "" && scope != "":
		return Provider{}, "", fmt.Errorf("%s takes nothing behind a colon", name)
	case scope != "" && strings.ContainsFunc(scope, func(r rune) bool { return r <= ' ' || strings.ContainsRune("?#%\\", r) || r > '~' }):
		return Provider{}, "", fmt.Errorf("%q is no name of a %s", scope, strings.ToLower(all[i].Scope))
	}
	return all[i], scope, nil
}

// Pull takes all listings of a provider that it can. What it may not take is a Trouble; the error is the context's, or says that
// there was nothing to begin with.
func (a *Admin) Pull(ctx context.Context, spec string) ([]Export, []Trouble, error) {
	p, scope, err := ByName(spec)
	if err != nil {
		return nil, nil, err
	}
	run := &pull{Admin: a, provider: p.Name, scope: scope, client: a.Client}
	if err := p.pull(ctx, run); err != nil {
		return nil, nil, fmt.Errorf("live %s: %w", spec, err)
	}
	return run.exports, run.troubles, ctx.Err()
}

// pull is one provider's listings being taken.
type pull struct {
	*Admin
	provider, scope string
	client          *Client
	base            *url.URL
	header          http.Header
	hosts           []string
	hide            [][]byte
	exports         []Export
	troubles        []Trouble
}

// at says where to ask and with which credential. secret is what header holds of it.
func (p *pull) at(address string, secret string, header ...string) error {
	base := p.Bases[p.provider]
	if base == nil {
		var err error
		if base, err = Base(address, p.client.o.Private); err != nil {
			return fmt.Errorf("%q: %w", address, err)
		}
	}
	p.base, p.hosts, p.header = base, []string{base.Host}, http.Header{}
	if secret != "" {
		p.hide = append(p.hide, []byte(secret))
	}
	for i := 0; i < len(header); i += 2 {
		p.header.Set(header[i], header[i+1])
	}
	return nil
}

// env is the first of variables that is set.
func (p *pull) env(names ...string) string {
	for _, n := range names {
		if v := p.Getenv(n); v != "" {
			return v
		}
	}
	return ""
}

func (p *pull) add(what, format string, data []byte, scope string) {
	if empty(data) {
		return
	}
	p.exports = append(p.exports, Export{Name: p.name(what), Format: format, Scope: scope, Data: data, AsOf: p.Now()})
}

func (p *pull) name(what string) string { return "live:" + p.provider + "/" + what }

// miss notes a listing that could not be taken, and returns the error only where nothing more can be.
func (p *pull) miss(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	p.troubles = append(p.troubles, Trouble{p.name(what), err.Error()})
	return nil
}

// errStatus is an answer that is no listing.
type errStatus int

func (e errStatus) Error() string {
	switch int(e) {
	case http.StatusUnauthorized:
		return "the credentials are not accepted (401)"
	case http.StatusForbidden:
		return "the credentials do not suffice (403)"
	case http.StatusNotFound:
		return "it is not there, or the credentials do not suffice (404)"
	}
	return fmt.Sprintf("answered with %d", int(e))
}

// get asks below the base; path may be whole, where a provider names its next page: then its host must still be ours.
func (p *pull) get(ctx context.Context, method, path string, body []byte) (*Answer, error) {
	u, err := url.Parse(path)
	if err != nil {
		return nil, errors.New("the next page is no address")
	}
	if !u.IsAbs() {
		if u, err = url.Parse(p.base.String() + path); err != nil {
			return nil, errors.New("not an address")
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("not a request")
	}
	if len(body) == 0 {
		r.Body, r.GetBody, r.ContentLength = nil, nil, 0
	}
	r.Header = p.header.Clone()
	if r.Header.Get("Accept") == "" {
		r.Header.Set("Accept", "application/json")
	}
	if len(body) > 0 && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	a, err := p.client.Do(ctx, Ask{Provider: p.provider, Hosts: p.hosts, What: method + " " + u.Path, Hide: p.hide}, r)
	if err != nil {
		return nil, err
	}
	if a.Status >= 300 {
		return nil, errStatus(a.Status)
	}
	if !json.Valid(a.Body) {
		return nil, errors.New("the answer is not JSON")
	}
	return a, nil
}

// maxPages ends a listing that never does.
const maxPages = 500

// list is one listing over all its pages.
type list struct {
	what, path, format string
	scope              string
	// next says where the page after this one is, "" for nowhere.
	next func(path string, a *Answer) string
	// post is a body that asks, where the listing is no GET.
	post []byte
	// page changes a page before it is read; nil leaves it.
	page func([]byte) []byte
}

// take takes a listing to its end. A page that fails leaves what came before, and a Trouble.
func (p *pull) take(ctx context.Context, l list) ([]byte, error) {
	var all bytes.Buffer
	method := http.MethodGet
	if l.post != nil {
		method = http.MethodPost
	}
	path := l.path
	for range maxPages {
		a, err := p.get(ctx, method, path, l.post)
		if err != nil {
			if all.Len() > 0 {
				all.WriteString("\n{") // cut off: whoever reads it sees that it is not all
				p.export(l, all.Bytes())
			}
			return nil, p.miss(ctx, l.what, err)
		}
		body := a.Body
		if l.page != nil {
			body = l.page(body)
		}
		all.Write(body)
		all.WriteByte('\n')
		if path = ""; l.next != nil {
			path = l.next(l.path, a)
		}
		if path == "" {
			p.export(l, all.Bytes())
			return all.Bytes(), nil
		}
	}
	all.WriteString("{")
	p.export(l, all.Bytes())
	return nil, p.miss(ctx, l.what, fmt.Errorf("more than %d pages", maxPages))
}

func (p *pull) export(l list, data []byte) {
	if l.format != "" {
		p.add(l.what, l.format, data, l.scope)
	}
}

// linked follows the Link header with rel="next" (RFC 8288), as GitLab and GitHub page.
func linked(_ string, a *Answer) string {
	for _, l := range strings.Split(a.Header.Get("Link"), ",") {
		target, rel, _ := strings.Cut(strings.TrimSpace(l), ";")
		if strings.Contains(rel, `rel="next"`) {
			return strings.Trim(target, "<>")
		}
	}
	return ""
}

// inBody follows a whole address in the body.
func inBody(field string) func(string, *Answer) string {
	return func(_ string, a *Answer) string { return field1(a.Body, field) }
}

// token puts what the body calls the next page into a parameter of the first address.
func token(field, parameter string) func(string, *Answer) string {
	return func(first string, a *Answer) string {
		t := field1(a.Body, strings.Split(field, ".")...)
		if t == "" {
			return ""
		}
		sep := "?"
		if strings.Contains(first, "?") {
			sep = "&"
		}
		return first + sep + parameter + "=" + url.QueryEscape(t)
	}
}

// field1 is a text in an object of objects.
func field1(body []byte, names ...string) string {
	for i, n := range names {
		var o map[string]json.RawMessage
		if json.Unmarshal(body, &o) != nil {
			return ""
		}
		body = o[n]
		if i == len(names)-1 {
			var s string
			if json.Unmarshal(body, &s) == nil {
				return s
			}
		}
	}
	return ""
}

// empty reports whether documents hold nothing: empty lists, and objects of them. There is nothing to read then.
func empty(data []byte) bool {
	d := json.NewDecoder(bytes.NewReader(data))
	for d.More() {
		var doc any
		if d.Decode(&doc) != nil {
			return false
		}
		switch doc := doc.(type) {
		case []any:
			if len(doc) > 0 {
				return false
			}
		case map[string]any:
			for _, v := range doc {
				switch v := v.(type) {
				case []any:
					if len(v) > 0 {
						return false
					}
				case map[string]any:
					if len(v) > 0 {
						return false
					}
				}
			}
		}
	}
	return true
}

// each reads a field of every object of a listing of several documents: arrays, or objects with the array at list.
func each(data []byte, list, field string) []string {
	var out []string
	d := json.NewDecoder(bytes.NewReader(data))
	for d.More() {
		var raw json.RawMessage
		if d.Decode(&raw) != nil {
			break
		}
		if list != "" {
			var o map[string]json.RawMessage
			if json.Unmarshal(raw, &o) != nil {
				continue
			}
			raw = o[list]
		}
		var rows []map[string]any
		if json.Unmarshal(raw, &rows) != nil {
			continue
		}
		for _, r := range rows {
			switch v := r[field].(type) {
			case string:
				out = append(out, v)
			case float64:
				out = append(out, fmt.Sprintf("%.0f", v))
			}
		}
	}
	return out
}

// without leaves a field of the outermost object out: that another page follows is no news once it was followed.
func without(field string) func([]byte) []byte {
	return func(page []byte) []byte {
		var o map[string]json.RawMessage
		if json.Unmarshal(page, &o) != nil {
			return page
		}
		delete(o, field)
		out, err := json.Marshal(o)
		if err != nil {
			return page
		}
		return out
	}
}
