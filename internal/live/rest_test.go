package live

import (
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// sites answer by path: the start of METHOD PATH?QUERY decides, the longest first.
func sites(answers map[string]string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		best := ""
		at := r.Method + " " + r.URL.RequestURI()
		for k := range answers {
			if strings.HasPrefix(at, k) && len(k) > len(best) {
				best = k
			}
		}
		switch body := answers[best]; {
		case best == "":
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, "{}")
		case len(body) == 3:
			var status int
			fmt.Sscan(body, &status)
			w.WriteHeader(status)
			fmt.Fprint(w, "{}")
		default:
			fmt.Fprint(w, strings.ReplaceAll(body, "HOST", "http://"+r.Host))
		}
	}
}

// TestPulls takes each provider's listings from a server that answers with the documented fields.
func TestPulls(t *testing.T) {
	const certain = "2024-01-02T03:04:05Z"
	for _, c := range []struct {
		name, spec string
		env        map[string]string
		answers    map[string]string
		header     string            // that every request but the first carries, NAME: VALUE
		want       map[string]string // provider's key to FIELD=VALUE
		troubles   []string          // of which listing, and a part of why
		calls      []string          // requests that must have been made
	}{
		{
			name: "gitlab, as an administrator", spec: "gitlab", env: map[string]string{"GITLAB_TOKEN": hidden}, header: "PRIVATE-TOKEN: " + hidden,
			answers: map[string]string{
				"GET /api/v4/personal_access_tokens": `[{"id": 42, "name": "deploy", "revoked": false, "active": true, "created_at": "` + certain + `", "scopes": ["api"], "user_id": 17, "last_used_at": null, "expires_at": "2031-01-01"}]`,
				"GET /api/v4/users":                  `[{"id": 17, "username": "ada", "state": "active", "web_url": "https://git.acme.example/ada"}]`,
			},
			want: map[string]string{"42": "created=" + certain, "17": "user_status=active"},
		},
		{
			name: "gitlab, a group and its projects", spec: "gitlab:acme/shop", env: map[string]string{"GITLAB_TOKEN": hidden}, header: "PRIVATE-TOKEN: " + hidden,
			answers: map[string]string{
				"GET /api/v4/groups/acme%2Fshop/":                        "[]",
				"GET /api/v4/groups/acme%2Fshop/manage/":                 "403",
				"GET /api/v4/groups/acme%2Fshop/projects":                `[{"id": 1, "path_with_namespace": "acme/shop/web"}]`,
				"GET /api/v4/projects/acme%2Fshop%2Fweb/":                "[]",
				"GET /api/v4/projects/acme%2Fshop%2Fweb/variables":       `[{"variable_type": "env_var", "key": "DB_PASSWORD", "value": "not-a-secret", "protected": true, "masked": true, "environment_scope": "production"}]`,
				"GET /api/v4/projects/acme%2Fshop%2Fweb/deploy_tokens":   `[{"id": 9, "name": "pull", "username": "gitlab+deploy-token-9", "expires_at": null, "revoked": false, "expired": false, "scopes": ["read_registry"]}]`,
				"GET /api/v4/projects/acme%2Fshop%2Fweb/access_tokens?p": "404",
			},
			want:     map[string]string{"9": "user=gitlab+deploy-token-9", "DB_PASSWORD": ""},
			troubles: []string{"group-personal-access-tokens: do not suffice", "group-ssh-keys: do not suffice", "acme/shop/web/access-tokens: not there"},
		},
		{
			name: "vault", spec: "vault", env: map[string]string{"VAULT_TOKEN": hidden, "VAULT_ADDR": "https://vault.acme.example", "VAULT_NAMESPACE": "shop"}, header: "X-Vault-Namespace: shop",
			answers: map[string]string{
				"GET /v1/auth/token/accessors?list=true": `{"data": {"keys": ["accessor-1"]}}`,
				"POST /v1/auth/token/lookup-accessor":    `{"request_id": "r", "data": {"accessor": "accessor-1", "creation_time": 1700000000, "display_name": "root", "expire_time": null, "id": "", "orphan": true, "path": "auth/token/root", "policies": ["root"], "ttl": 0, "type": "service"}}`,
			},
			want: map[string]string{"accessor-1": "created=2023-11-14T22:13:20Z"},
		},
		{
			name: "gcp", spec: "gcp:acme-prod", env: map[string]string{"CLOUDSDK_AUTH_ACCESS_TOKEN": hidden}, header: "Authorization: Bearer " + hidden,
			answers: map[string]string{
				"GET /v1/projects/acme-prod/serviceAccounts?pageSize=100":                             `{"accounts": [{"name": "projects/acme-prod/serviceAccounts/a@acme-prod.iam.gserviceaccount.com", "email": "a@acme-prod.iam.gserviceaccount.com", "uniqueId": "1", "projectId": "acme-prod"}], "nextPageToken": "p 2"}`,
				"GET /v1/projects/acme-prod/serviceAccounts?pageSize=100&pageToken=p+2":               `{"accounts": [{"name": "projects/acme-prod/serviceAccounts/b@acme-prod.iam.gserviceaccount.com", "email": "b@acme-prod.iam.gserviceaccount.com", "uniqueId": "2", "projectId": "acme-prod"}]}`,
				"GET /v1/projects/acme-prod/serviceAccounts/a@acme-prod.iam.gserviceaccount.com/keys": `{"keys": [{"name": "projects/acme-prod/serviceAccounts/a@acme-prod.iam.gserviceaccount.com/keys/k1", "validAfterTime": "` + certain + `", "validBeforeTime": "9999-12-31T23:59:59Z", "keyType": "USER_MANAGED", "keyOrigin": "GOOGLE_PROVIDED"}]}`,
				"GET /v1/projects/acme-prod/serviceAccounts/b@":                                       "403",
				"GET /v1/projects/acme-prod/locations/global/activityTypes/":                          `{"activities": [{"fullResourceName": "//iam.googleapis.com/projects/acme-prod/serviceAccounts/a@acme-prod.iam.gserviceaccount.com/keys/k1", "activityType": "serviceAccountKeyLastAuthentication", "observationPeriod": {"startTime": "` + certain + `", "endTime": "2026-03-01T00:00:00Z"}, "activity": {"lastAuthenticatedTime": "2026-02-01T00:00:00Z"}}]}`,
				"POST /v1/projects/acme-prod:getIamPolicy":                                            `{"version": 1, "etag": "e", "bindings": [{"role": "roles/owner", "members": ["serviceAccount:a@acme-prod.iam.gserviceaccount.com"]}]}`,
			},
			want:     map[string]string{"projects/acme-prod/serviceAccounts/a@acme-prod.iam.gserviceaccount.com/keys/k1": "created=" + certain},
			troubles: []string{"b@acme-prod.iam.gserviceaccount.com/keys: do not suffice", "api-keys: not there"},
		},
		{
			name: "entra", spec: "entra", env: map[string]string{"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": hidden, "AZURE_AUTHORITY_HOST": "HOST"}, header: "Authorization: Bearer a-bearer",
			answers: map[string]string{
				"POST /t/oauth2/v2.0/token": `{"token_type": "Bearer", "expires_in": 3599, "access_token": "a-bearer"}`,
				"GET /v1.0/applications":    `{"@odata.nextLink": "HOST/v1.0/more", "value": [{"id": "o1", "appId": "app-1", "displayName": "shop", "createdDateTime": "` + certain + `", "passwordCredentials": [{"keyId": "k-1", "hint": "abc", "displayName": "ci", "startDateTime": "` + certain + `", "endDateTime": "2031-01-01T00:00:00Z"}], "keyCredentials": [], "owners": []}]}`,
				"GET /v1.0/more":            `{"value": [{"id": "o2", "appId": "app-2", "displayName": "web", "createdDateTime": "` + certain + `", "passwordCredentials": [], "keyCredentials": [], "owners": []}]}`,
				"GET /v1.0/users":           `{"value": [{"id": "u1", "userPrincipalName": "ada@acme.example", "displayName": "Ada", "accountEnabled": true, "createdDateTime": "` + certain + `"}]}`,
				"GET /v1.0/oauth2":          "403",
				"GET /beta/":                "403",
			},
			want:     map[string]string{"k-1": "created=" + certain, "app-2": "", "u1": "user_status=active"},
			troubles: []string{"grants: do not suffice", "sign-ins: do not suffice"},
		},
		{
			name: "a page that leads elsewhere is not followed", spec: "entra", env: map[string]string{"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": hidden, "AZURE_AUTHORITY_HOST": "HOST"},
			answers: map[string]string{
				"POST /t/oauth2/v2.0/token": `{"access_token": "a-bearer"}`,
				"GET /v1.0/":                "403",
				"GET /beta/":                "403",
				"GET /v1.0/users":           `{"@odata.nextLink": "https://elsewhere.example/", "value": [{"id": "u1", "userPrincipalName": "ada@acme.example", "accountEnabled": true}]}`,
			},
			troubles: []string{"applications: do not suffice", "users: refused", "grants: do not suffice", "sign-ins: do not suffice"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := play(t, sites(c.answers))
			for k, v := range c.env {
				if v == "HOST" {
					c.env[k] = p.server.URL
				}
			}
			a := p.admin(&clock{at: noon}, c.env, nil)
			es, troubles, err := a.Pull(t.Context(), c.spec)
			if err != nil {
				t.Fatal(err)
			}
			if len(c.want) > 0 {
				rows := load(t, es, noon)
				for key, want := range c.want {
					field, value, _ := strings.Cut(want, "=")
					if len(rows[key]) == 0 || field != "" && !slices.Contains(strings.Fields(fact(rows[key], field)), value) {
						t.Errorf("%s: %s of %+v", key, want, rows[key])
					}
				}
			}
			var got []string
			for _, x := range troubles {
				got = append(got, strings.TrimPrefix(x.Name, "live:"+strings.SplitN(c.spec, ":", 2)[0]+"/")+": "+x.Why)
			}
			if len(got) != len(c.troubles) {
				t.Fatalf("%q, want %q", got, c.troubles)
			}
			for i, want := range c.troubles {
				what, why, _ := strings.Cut(want, ": ")
				if !strings.HasPrefix(got[i], what+": ") || !strings.Contains(got[i], why) {
					t.Errorf("%q, want %q", got[i], want)
				}
			}
			name, value, _ := strings.Cut(c.header, ": ")
			for i, h := range p.heads {
				if c.header != "" && i > 0 && h.Get(name) != value {
					t.Errorf("%s carries %v", p.got[i], h)
				}
			}
			for _, text := range []string{fmt.Sprint(troubles), fmt.Sprint(a.Client.Calls()), fmt.Sprint(es)} {
				if strings.Contains(text, hidden) || strings.Contains(text, "a-bearer") && c.name == "entra" {
					t.Errorf("the operator's secret is in %.300s", text)
				}
			}
		})
	}
}

// TestPartial: pages that stop coming leave a listing that says that it is not whole.
func TestPartial(t *testing.T) {
	n := 0
	p := play(t, func(w http.ResponseWriter, r *http.Request) {
		if n++; n == 2 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		if r.URL.Path == "/api/v4/users" {
			fmt.Fprint(w, "[]")
			return
		}
		w.Header().Set("Link", `</api/v4/personal_access_tokens?page=2>; rel="next"`)
		fmt.Fprint(w, `[{"id": 42, "name": "deploy", "revoked": false, "active": true, "created_at": "2024-01-02T03:04:05Z", "scopes": ["api"], "user_id": 17}]`)
	})
	a := p.admin(&clock{at: noon}, map[string]string{"GITLAB_TOKEN": hidden}, nil)
	es, troubles, err := a.Pull(t.Context(), "gitlab")
	if err != nil || len(troubles) != 1 || !strings.Contains(troubles[0].Why, "502") {
		t.Fatalf("%v %v", troubles, err)
	}
	if !strings.HasSuffix(string(es[0].Data), "\n{") {
		t.Errorf("%q", es[0].Data)
	}
}

// kube is a kubeconfig with two contexts.
func kube(server, authority, token string) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: one
contexts:
- {name: other, context: {cluster: nowhere, user: nobody}}
- {name: one, context: {cluster: here, user: me}}
clusters:
- {name: nowhere, cluster: {server: "https://nowhere.example"}}
- {name: here, cluster: {server: %q, certificate-authority-data: %q}}
users:
- {name: me, user: {%s}}
`, server, authority, token)
}

// TestKubernetes: a cluster is asked by its own authority, in pages, and what it says is read as kubectl's list is.
func TestKubernetes(t *testing.T) {
	answer := sites(map[string]string{
		"GET /api/v1/secrets?limit=500":                              `{"kind": "SecretList", "metadata": {"continue": "c 2"}, "items": [{"metadata": {"name": "legacy", "namespace": "shop", "uid": "u1", "creationTimestamp": "2022-01-02T03:04:05Z", "annotations": {"kubernetes.io/service-account.name": "web"}}, "type": "kubernetes.io/service-account-token", "data": {}}]}`,
		"GET /api/v1/secrets?limit=500&continue=c+2":                 `{"kind": "SecretList", "metadata": {}, "items": [{"metadata": {"name": "second", "namespace": "shop", "uid": "u2", "creationTimestamp": "2023-01-02T03:04:05Z", "annotations": {"kubernetes.io/service-account.name": "web"}}, "type": "kubernetes.io/service-account-token", "data": {}}]}`,
		"GET /api/v1/serviceaccounts":                                `{"kind": "ServiceAccountList", "metadata": {}, "items": [{"metadata": {"name": "web", "namespace": "shop", "creationTimestamp": "2022-01-01T00:00:00Z"}}]}`,
		"GET /apis/rbac.authorization.k8s.io/v1/clusterrolebindings": `{"kind": "ClusterRoleBindingList", "metadata": {}, "items": [{"metadata": {"name": "all"}, "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"}, "subjects": [{"kind": "ServiceAccount", "name": "web", "namespace": "shop"}]}]}`,
		"GET /apis/rbac.authorization.k8s.io/v1/rolebindings":        "403",
	})
	var got []http.Header
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { got = append(got, r.Header); answer(w, r) }))
	s.Config.ErrorLog = quiet()
	s.StartTLS()
	t.Cleanup(s.Close)
	authority := base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	k := &clock{at: noon}
	admin := func(config string) *Admin {
		files := map[string]string{"/home/x/.kube/config": config, "/home/x/.kube/token": hidden + "\n"}
		return &Admin{
			Client: New(k.options()), Now: func() time.Time { return k.at }, Getenv: func(n string) string { return map[string]string{"HOME": "/home/x"}[n] },
			ReadFile: func(n string) ([]byte, error) {
				if f, ok := files[n]; ok {
					return []byte(f), nil
				}
				return nil, fs.ErrNotExist
			},
			Alone: func([]byte) (*Client, error) { return New(trusting(s, k.options())), nil },
		}
	}
	for _, token := range []string{fmt.Sprintf("token: %q", hidden), "tokenFile: token"} {
		rows, es, troubles := pulled(t, admin(kube(s.URL, authority, token)), "kubernetes", noon)
		if len(es) != 3 || len(troubles) != 1 || !strings.Contains(troubles[0].Why, "403") {
			t.Errorf("%d exports, %v", len(es), troubles)
		}
		if len(rows) < 3 || got[0].Get("Authorization") != "Bearer "+hidden {
			t.Errorf("%v %v", rows, got)
		}
	}
	for name, config := range map[string]string{"no token": kube(s.URL, authority, ""), "no context": "current-context: none\n", "no YAML": "a: [", "an authority that is none": kube(s.URL, "%%", "token: x")} {
		if _, _, err := admin(config).Pull(t.Context(), "kubernetes"); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	// The system's authorities do not vouch for it, and its own does for nobody else.
	a := admin(kube(s.URL, authority, "token: x"))
	a.Alone = func([]byte) (*Client, error) { return nil, errors.New("no") }
	if _, _, err := a.Pull(t.Context(), "kubernetes"); err == nil {
		t.Error("a cluster of an own authority is asked without it")
	}
}

func TestEntraClouds(t *testing.T) {
	for authority, graph := range entraClouds {
		for _, address := range []string{"https://" + authority, graph} {
			if _, err := Base(address, false); err != nil {
				t.Errorf("%s: %v", address, err)
			}
		}
	}
	a := &Admin{Client: New((&clock{at: noon}).options()), Now: func() time.Time { return noon }, Bases: map[string]*url.URL{},
		Getenv: func(n string) string {
			return map[string]string{"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s", "AZURE_AUTHORITY_HOST": "https://login.acme.example"}[n]
		}}
	if _, _, err := a.Pull(t.Context(), "entra"); err == nil || !strings.Contains(err.Error(), "no known cloud") || len(a.Client.Calls()) != 0 {
		t.Errorf("%v", err)
	}
}
