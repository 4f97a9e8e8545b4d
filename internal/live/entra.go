package live

import (
	"context"
	"fmt"
	"net/url"
	"strings"
)

// entraClouds are the authorities of Microsoft's clouds and their Graphs (https://learn.microsoft.com/graph/deployments).
var entraClouds = map[string]string{
	"login.microsoftonline.com":        "https://graph.microsoft.com",
	"login.microsoftonline.us":         "https://graph.microsoft.us",
	"login.partner.microsoftonline.cn": "https://microsoftgraph.chinacloudapi.cn",
	"login.chinacloudapi.cn":           "https://microsoftgraph.chinacloudapi.cn",
}

// pullEntra takes applications with the dates of their secrets, users, grants, and when which was used last.
func pullEntra(ctx context.Context, p *pull) error {
	tenant, client, secret := p.env("AZURE_TENANT_ID"), p.env("AZURE_CLIENT_ID"), p.env("AZURE_CLIENT_SECRET")
	if tenant == "" || client == "" || secret == "" {
		return fmt.Errorf("%w: set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET", ErrNoCredentials)
	}
	authority := strings.TrimSuffix(p.env("AZURE_AUTHORITY_HOST"), "/")
	if authority == "" {
		authority = "https://login.microsoftonline.com"
	}
	u, err := Base(authority, p.client.o.Private)
	if err != nil {
		return fmt.Errorf("AZURE_AUTHORITY_HOST: %w", err)
	}
	graph := entraClouds[u.Host]
	if graph == "" && p.Bases[p.provider] == nil {
		return fmt.Errorf("AZURE_AUTHORITY_HOST %s is of no known cloud: give --live-host entra=https://… for its Graph", u.Host)
	}
	if base := p.Bases[p.provider]; base != nil {
		graph = base.String()
	}
	if p.base, err = Base(authority, p.client.o.Private); err != nil {
		return err
	}
	p.hosts, p.hide = []string{u.Host}, [][]byte{[]byte(secret)}
	p.header = map[string][]string{"Content-Type": {"application/x-www-form-urlencoded"}}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {client}, "client_secret": {secret}, "scope": {graph + "/.default"}}
	a, err := p.get(ctx, "POST", "/"+url.PathEscape(tenant)+"/oauth2/v2.0/token", []byte(form.Encode()))
	if err != nil {
		return p.miss(ctx, "token", err)
	}
	bearer := field1(a.Body, "access_token")
	if bearer == "" {
		return p.miss(ctx, "token", fmt.Errorf("no access token came back"))
	}
	if err := p.at(graph, bearer, "Authorization", "Bearer "+bearer); err != nil {
		return err
	}
	for _, l := range []list{
		{what: "applications", path: "/v1.0/applications?$select=id,appId,displayName,createdDateTime,passwordCredentials,keyCredentials,notes,tags&$expand=owners", format: "entra-applications"},
		{what: "users", path: "/v1.0/users?$select=id,userPrincipalName,mail,displayName,department,accountEnabled,createdDateTime,employeeLeaveDateTime", format: "entra-users"},
		{what: "grants", path: "/v1.0/oauth2PermissionGrants", format: "entra-oauth-grants"},
		{what: "sign-ins", path: "/beta/reports/appCredentialSignInActivities", format: "entra-sign-ins"},
	} {
		l.next = inBody("@odata.nextLink")
		l.page = without("@odata.nextLink")
		if _, err := p.take(ctx, l); err != nil {
			return err
		}
	}
	return nil
}
