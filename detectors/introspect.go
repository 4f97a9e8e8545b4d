package detectors

import "strings"

// introspections is the table of what providers can be asked with the credential itself. A line of kinds shares one row.
func introspections() map[string]Introspection {
	const (
		form    = "Content-Type: application/x-www-form-urlencoded"
		json    = "Content-Type: application/json"
		bearer  = "Authorization: Bearer {secret}"
		token   = "Authorization: Token {secret}"
		vaultAt = "https://developer.hashicorp.com/vault/api-docs/auth/token#lookup-a-token-self"
	)
	alive := map[int]string{200: "active", 401: "revoked"}
	or := func(more map[int]string) map[int]string {
		out := map[int]string{200: "active", 401: "revoked"}
		for k, v := range more {
			out[k] = v
		}
		return out
	}
	as := func(pairs ...string) []Reading { // "path", "field" or "field as"
		var out []Reading
		for i := 0; i+1 < len(pairs); i += 2 {
			field, how, _ := strings.Cut(pairs[i+1], " ")
			out = append(out, Reading{pairs[i], field, how})
		}
		return out
	}
	return map[string]Introspection{
		"aws-access-key": {By: "aws", Method: "POST", Host: "sts.us-east-1.amazonaws.com", Path: "/ GetCallerIdentity; iam.amazonaws.com: GetAccessKeyLastUsed, ListAccessKeys, GetUser, ListAttachedUserPolicies", Effect: EffectLastUsed,
			Status: map[int]string{200: "active"}, Docs: "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"},
		"gcp-service-account-key": {Host: "www.googleapis.com", Path: "/service_accounts/v1/metadata/x509/{fact.email}", Effect: EffectPublic,
			Says: []Says{{Path: "{fact.key_id}", Status: "active"}, {Path: "", Status: "inactive"}}, Docs: "https://developers.google.com/identity/protocols/oauth2/service-account"},
		"gcp-oauth-access-token": {Method: "POST", Host: "oauth2.googleapis.com", Path: "/tokeninfo", Header: []string{form}, Body: "access_token={secret}", Effect: EffectLogged,
			Status: map[int]string{200: "active", 400: "expired"}, Facts: as("azp", "application", "aud", "audience", "scope", "scope words", "exp", "expires unix", "email", "email"),
			Docs: "https://developers.google.com/identity/sign-in/web/backend-auth"},
		"digitalocean-personal-token digitalocean-oauth-token": {Host: "api.digitalocean.com", Path: "/v2/account", Header: []string{bearer}, Effect: EffectLogged, Status: alive,
			Facts: as("account.uuid", "user", "account.email", "email", "account.team.name", "team", "account.team.uuid", "organisation"), Docs: "https://docs.digitalocean.com/reference/api/digitalocean/#tag/Account"},
		"databricks-token": {Path: "/api/2.0/preview/scim/v2/Me", Header: []string{bearer}, Effect: EffectLastUsed, Status: or(map[int]string{403: "revoked"}),
			Facts: as("id", "user", "userName", "login", "displayName", "name", "emails[].value", "email", "groups[].display", "group"), Docs: "https://docs.databricks.com/api/workspace/currentuser/me"},
		"github-personal-access-token github-oauth-token github-user-to-server-token github-fine-grained-token github-token": {
			Host: "api.github.com", Elsewhere: true, Path: "/user", Header: []string{bearer, "Accept: application/vnd.github+json", "X-GitHub-Api-Version: 2022-11-28"}, Effect: EffectLastUsed, Status: alive,
			Facts: as("login", "user", "type", "account_type", "created_at", "principal_created time", "email", "email", "header:X-OAuth-Scopes", "scope words", "header:GitHub-Authentication-Token-Expiration", "expires time"),
			Docs:  "https://docs.github.com/en/rest/users/users#get-the-authenticated-user"},
		"gitlab-personal-access-token gitlab-token": {Host: "gitlab.com", Elsewhere: true, Path: "/api/v4/personal_access_tokens/self", Header: []string{"PRIVATE-TOKEN: {secret}"}, Effect: EffectLastUsed,
			Says: []Says{{"revoked", "true", "revoked"}, {"active", "false", "inactive"}}, Status: alive,
			Facts: as("id", "key_id", "name", "name", "created_at", "created time", "last_used_at", "last_used time", "expires_at", "expires end", "scopes[]", "scope", "user_id", "user"),
			Docs:  "https://docs.gitlab.com/api/personal_access_tokens/#self-inform"},
		"npm-access-token npm-legacy-token": {Host: "registry.npmjs.org", Elsewhere: true, Path: "/-/whoami", Header: []string{bearer}, Effect: EffectLogged, Status: alive, Facts: as("username", "user"),
			Docs: "https://github.com/npm/registry/blob/main/docs/REGISTRY-API.md"},
		"jfrog-access-token": {Path: "/access/api/v1/tokens/{fact.jti}", Header: []string{bearer}, Effect: EffectLogged, Status: alive,
			Facts: as("token_id", "key_id", "subject", "subject", "issued_at", "created unix", "expiry", "expires unix", "description", "name", "scope", "scope words"), Docs: "https://jfrog.com/help/r/jfrog-rest-apis/get-token-by-id"},
		"terraform-cloud-token": {Host: "app.terraform.io", Elsewhere: true, Path: "/api/v2/account/details", Header: []string{bearer, "Content-Type: application/vnd.api+json"}, Effect: EffectLastUsed, Status: alive,
			Facts: as("data.id", "user", "data.attributes.username", "name", "data.attributes.email", "email", "data.attributes.is-service-account", "service_account"), Docs: "https://developer.hashicorp.com/terraform/cloud-docs/api-docs/account"},
		"buildkite-user-token": {Host: "api.buildkite.com", Path: "/v2/access-token", Header: []string{bearer}, Effect: EffectLogged, Status: alive,
			Facts: as("uuid", "key_id", "description", "name", "created_at", "created time", "scopes[]", "scope", "user.name", "user", "user.email", "email"), Docs: "https://buildkite.com/docs/apis/rest-api/access-token"},
		"circleci-personal-token circleci-token": {Host: "circleci.com", Elsewhere: true, Path: "/api/v2/me", Header: []string{"Circle-Token: {secret}"}, Effect: EffectLogged, Status: alive,
			Facts: as("id", "user", "login", "login", "name", "name"), Docs: "https://circleci.com/docs/api/v2/index.html#tag/User"},
		"pulumi-token": {Host: "api.pulumi.com", Elsewhere: true, Path: "/api/user", Header: []string{"Authorization: token {secret}", "Accept: application/vnd.pulumi+8"}, Effect: EffectLastUsed, Status: alive,
			Facts: as("githubLogin", "user", "name", "name", "email", "email", "organizations[].githubLogin", "organisation", "tokenInfo.name", "token_name"), Docs: "https://www.pulumi.com/docs/reference/cloud-rest-api/"},
		"netlify-token": {Host: "api.netlify.com", Path: "/api/v1/user", Header: []string{bearer}, Effect: EffectLogged, Status: alive,
			Facts: as("id", "user", "full_name", "name", "email", "email", "created_at", "principal_created time"), Docs: "https://open-api.netlify.com/#tag/user/operation/getCurrentUser"},
		"heroku-api-key": {Host: "api.heroku.com", Path: "/account", Header: []string{bearer, "Accept: application/vnd.heroku+json; version=3"}, Effect: EffectLogged, Status: alive,
			Facts: as("id", "user", "email", "email", "created_at", "principal_created time", "default_organization.name", "organisation"), Docs: "https://devcenter.heroku.com/articles/platform-api-reference#account-info"},
		"vercel-token": {Host: "api.vercel.com", Path: "/v5/user/tokens/current", Header: []string{bearer}, Effect: EffectLastUsed, Status: or(map[int]string{403: "revoked"}),
			Facts: as("token.id", "key_id", "token.name", "name", "token.createdAt", "created unix-ms", "token.expiresAt", "expires unix-ms", "token.activeAt", "last_used unix-ms", "token.scopes[].type", "scope"), Docs: "https://vercel.com/docs/rest-api/authentication/get-auth-token-metadata"},
		"fastly-token": {Host: "api.fastly.com", Path: "/tokens/self", Header: []string{"Fastly-Key: {secret}"}, Effect: EffectLastUsed, Status: alive,
			Facts: as("id", "key_id", "name", "name", "user_id", "user", "created_at", "created time", "last_used_at", "last_used time", "expires_at", "expires end", "scope", "scope words", "services[]", "service", "ip", "address"), Docs: "https://www.fastly.com/documentation/reference/api/auth-tokens/user/"},
		"openai-api-key openai-project-key openai-service-account-key": {Host: "api.openai.com", Path: "/v1/models", Header: []string{bearer}, Effect: EffectLastUsed, Status: alive,
			Facts: as("header:OpenAI-Organization", "organisation"), Docs: "https://platform.openai.com/docs/api-reference/models/list"},
		"anthropic-api-key": {Host: "api.anthropic.com", Path: "/v1/models?limit=1", Header: []string{"x-api-key: {secret}", "anthropic-version: 2023-06-01"}, Effect: EffectLogged, Status: alive,
			Facts: as("header:anthropic-organization-id", "organisation"), Docs: "https://platform.claude.com/docs/en/api/models/list"},
		"anthropic-admin-key": {Host: "api.anthropic.com", Path: "/v1/organizations/me", Header: []string{"x-api-key: {secret}", "anthropic-version: 2023-06-01"}, Effect: EffectLogged, Status: alive,
			Facts: as("id", "organisation", "name", "name"), Docs: "https://platform.claude.com/docs/en/api/admin-api/organization/get-me"},
		"slack-bot-token slack-user-token slack-workspace-token slack-legacy-token": {Method: "POST", Host: "slack.com", Path: "/api/auth.test", Header: []string{bearer, form}, Effect: EffectLogged,
			Says:  []Says{{"ok", "true", "active"}, {"error", "token_revoked", "revoked"}, {"error", "token_expired", "expired"}, {"error", "account_inactive", "inactive"}, {"error", "invalid_auth", "revoked"}, {"ok", "false", ""}},
			Facts: as("team_id", "team", "team", "organisation", "user_id", "user", "user", "name", "bot_id", "bot", "enterprise_id", "enterprise", "url", "host", "header:X-OAuth-Scopes", "scope words"),
			Docs:  "https://docs.slack.dev/reference/methods/auth.test/"},
		"stripe-secret-key stripe-test-secret-key stripe-restricted-key stripe-test-restricted-key": {Host: "api.stripe.com", Path: "/v1/account", Header: []string{bearer}, Effect: EffectLastUsed,
			Says: []Says{{"error.code", "api_key_expired", "expired"}}, Status: alive,
			Facts: as("id", "account", "email", "email", "country", "country", "business_profile.name", "name"), Docs: "https://docs.stripe.com/api/accounts/retrieve"},
		"datadog-api-key": {Host: "api.datadoghq.com", Elsewhere: true, Path: "/api/v1/validate", Header: []string{"DD-API-KEY: {secret}"}, Effect: EffectLastUsed,
			Says: []Says{{"valid", "true", "active"}}, Status: map[int]string{200: "active", 403: "revoked"}, Docs: "https://docs.datadoghq.com/api/latest/authentication/#validate-api-key"},
		"cloudflare-api-token cloudflare-user-token": {Host: "api.cloudflare.com", Path: "/client/v4/user/tokens/verify", Header: []string{bearer}, Effect: EffectLastUsed,
			Says: []Says{{"result.status", "active", "active"}, {"result.status", "disabled", "inactive"}, {"result.status", "expired", "expired"}}, Status: map[int]string{401: "revoked"},
			Facts: as("result.id", "key_id", "result.expires_on", "expires end", "result.not_before", "not_before time"), Docs: "https://developers.cloudflare.com/api/resources/user/subresources/tokens/methods/verify/"},
		"sendgrid-api-key": {Host: "api.sendgrid.com", Elsewhere: true, Path: "/v3/scopes", Header: []string{bearer}, Effect: EffectLogged, Status: alive, Facts: as("scopes[]", "scope"),
			Docs: "https://www.twilio.com/docs/sendgrid/api-reference/api-key-permissions/retrieve-a-list-of-scopes-for-which-this-user-has-access"},
		"twilio-auth-token": {Host: "api.twilio.com", Path: "/2010-04-01/Accounts/{id}.json", Header: []string{"Authorization: Basic {id}:{secret}"}, Effect: EffectLogged,
			Says: []Says{{"status", "suspended", "inactive"}, {"status", "closed", "inactive"}}, Status: alive,
			Facts: as("sid", "account", "friendly_name", "name", "type", "account_type", "date_created", "principal_created time", "owner_account_sid", "organisation"), Docs: "https://www.twilio.com/docs/iam/api/account"},
		"huggingface-token huggingface-organisation-token": {Host: "huggingface.co", Path: "/api/whoami-v2", Header: []string{bearer}, Effect: EffectLogged, Status: alive,
			Facts: as("name", "user", "email", "email", "orgs[].name", "organisation", "auth.accessToken.displayName", "token_name", "auth.accessToken.role", "role", "auth.accessToken.createdAt", "created time"), Docs: "https://huggingface.co/docs/hub/api#get-apiwhoami-v2"},
		"vault-service-token": {Path: "/v1/auth/token/lookup-self", Header: []string{"X-Vault-Token: {secret}"}, Effect: EffectLogged, Status: map[int]string{200: "active", 403: "revoked"},
			Facts: as("data.accessor", "accessor", "data.creation_time", "created unix", "data.expire_time", "expires end", "data.display_name", "name", "data.entity_id", "entity", "data.policies[]", "policy", "data.path", "issued_by", "data.period", "period", "data.orphan", "orphan", "data.num_uses", "uses"),
			Docs:  vaultAt},
		"vault-batch-token": {Path: "/v1/auth/token/lookup-self", Header: []string{"X-Vault-Token: {secret}"}, Effect: EffectLogged, Status: map[int]string{200: "active", 403: "expired"},
			Facts: as("data.creation_time", "created unix", "data.expire_time", "expires end", "data.display_name", "name", "data.policies[]", "policy"), Docs: vaultAt},
		"kubernetes-service-account-token": {Method: "POST", Path: "/apis/authentication.k8s.io/v1/selfsubjectreviews", Header: []string{bearer, json}, Body: `{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}`, Effect: EffectLogged,
			Status: map[int]string{201: "active", 200: "active", 401: "revoked"}, Facts: as("status.userInfo.username", "subject", "status.userInfo.uid", "uid", "status.userInfo.groups[]", "group"),
			Docs: "https://kubernetes.io/docs/reference/access-authn-authz/authentication/#self-subject-review"},
		"grafana-service-account-token grafana-api-key": {Path: "/api/org", Header: []string{bearer}, Effect: EffectLastUsed, Status: alive, Facts: as("id", "organisation", "name", "name"), Docs: "https://grafana.com/docs/grafana/latest/developers/http_api/org/"},
		"doppler-service-token doppler-personal-token doppler-cli-token doppler-service-account-token": {Host: "api.doppler.com", Path: "/v3/me", Header: []string{bearer}, Effect: EffectLastUsed, Status: alive,
			Facts: as("slug", "key_id", "name", "name", "type", "token_type", "workplace.name", "organisation", "created_at", "created time", "last_seen_at", "last_used time"), Docs: "https://docs.doppler.com/reference/auth-me"},
		"sentry-user-token sentry-token sentry-organisation-token": {Host: "sentry.io", Elsewhere: true, Path: "/api/0/", Header: []string{bearer}, Effect: EffectLastUsed, Status: alive,
			Facts: as("user.id", "user", "user.email", "email", "user.name", "name", "auth.scopes[]", "scope"), Docs: "https://docs.sentry.io/api/auth/"},
		"okta-token": {Path: "/api/v1/users/me", Header: []string{"Authorization: SSWS {secret}", "Accept: application/json"}, Effect: EffectLastUsed, Status: alive,
			Facts: as("id", "user", "profile.email", "email", "profile.login", "login", "created", "principal_created time", "status", "user_status lower"), Docs: "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/"},
		"shopify-access-token": {Path: "/admin/oauth/access_scopes.json", Header: []string{"X-Shopify-Access-Token: {secret}"}, Effect: EffectLogged, Status: alive, Facts: as("access_scopes[].handle", "scope"), Docs: "https://shopify.dev/docs/api/admin-rest/latest/resources/accessscope"},
		"elastic-api-key": {Path: "/_security/_authenticate", Header: []string{"Authorization: ApiKey {secret}"}, Effect: EffectLogged, Status: alive,
			Facts: as("username", "user", "api_key.id", "key_id", "api_key.name", "name", "roles[]", "role", "email", "email"), Docs: "https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-security-authenticate"},
		"postman-api-key": {Host: "api.getpostman.com", Path: "/me", Header: []string{"X-Api-Key: {secret}"}, Effect: EffectLastUsed, Status: alive,
			Facts: as("user.id", "user", "user.username", "name", "user.email", "email"), Docs: "https://learning.postman.com/docs/developer/postman-api/authentication/"},
		"linear-api-key": {Method: "POST", Host: "api.linear.app", Path: "/graphql", Header: []string{"Authorization: {secret}", json}, Body: `{"query":"{ viewer { id name email createdAt admin } organization { id name } }"}`, Effect: EffectLastUsed,
			Says: []Says{{"data.viewer.id", "", "active"}, {"errors[].extensions.code", "AUTHENTICATION_ERROR", "revoked"}}, Status: map[int]string{401: "revoked"},
			Facts: as("data.viewer.id", "user", "data.viewer.name", "name", "data.viewer.email", "email", "data.viewer.createdAt", "principal_created time", "data.organization.name", "organisation"), Docs: "https://linear.app/developers/graphql"},
		"airtable-personal-token airtable-oauth-token": {Host: "api.airtable.com", Path: "/v0/meta/whoami", Header: []string{bearer}, Effect: EffectLastUsed, Status: alive, Facts: as("id", "user", "email", "email", "scopes[]", "scope"), Docs: "https://airtable.com/developers/web/api/get-user-id-scopes"},
		"launchdarkly-access-token": {Host: "app.launchdarkly.com", Path: "/api/v2/caller-identity", Header: []string{"Authorization: {secret}"}, Effect: EffectLastUsed, Status: alive,
			Facts: as("tokenId", "key_id", "tokenName", "name", "accountId", "account", "memberId", "user", "environmentName", "environment", "projectName", "project", "serviceToken", "service_account"), Docs: "https://launchdarkly.com/docs/api/other/get-caller-identity"},
		"figma-token": {Host: "api.figma.com", Path: "/v1/me", Header: []string{"X-Figma-Token: {secret}"}, Effect: EffectLogged, Status: map[int]string{200: "active"},
			Facts: as("id", "user", "email", "email", "handle", "name"), Docs: "https://developers.figma.com/docs/rest-api/users-endpoints/"},
		"notion-token": {Host: "api.notion.com", Path: "/v1/users/me", Header: []string{bearer, "Notion-Version: 2022-06-28"}, Effect: EffectLogged, Status: alive,
			Facts: as("id", "user", "name", "name", "bot.workspace_name", "organisation", "bot.owner.type", "owner_type", "bot.owner.user.person.email", "email"), Docs: "https://developers.notion.com/reference/get-self"},
		"asana-token": {Host: "app.asana.com", Path: "/api/1.0/users/me", Header: []string{bearer}, Effect: EffectLogged, Status: alive,
			Facts: as("data.gid", "user", "data.name", "name", "data.email", "email", "data.workspaces[].name", "organisation"), Docs: "https://developers.asana.com/reference/getuser"},
		"discord-bot-token": {Host: "discord.com", Path: "/api/v10/users/@me", Header: []string{"Authorization: Bot {secret}"}, Effect: EffectLogged, Status: alive,
			Facts: as("id", "user", "username", "name"), Docs: "https://discord.com/developers/docs/resources/user#get-current-user"},
		"telegram-bot-token": {Host: "api.telegram.org", Path: "/bot{secret}/getMe", Effect: EffectLogged, Status: or(map[int]string{404: "revoked"}),
			Facts: as("result.id", "user", "result.username", "name"), Docs: "https://core.telegram.org/bots/api#getme"},
		"snyk-token": {Host: "api.snyk.io", Elsewhere: true, Path: "/rest/self?version=2024-10-15", Header: []string{"Authorization: token {secret}"}, Effect: EffectLogged, Status: alive,
			Facts: as("data.id", "user", "data.attributes.name", "name", "data.attributes.email", "email", "data.attributes.org_context", "organisation", "data.type", "account_type"), Docs: "https://docs.snyk.io/snyk-api/reference/users"},
		"linode-token": {Host: "api.linode.com", Path: "/v4/profile", Header: []string{bearer}, Effect: EffectLogged, Status: alive,
			Facts: as("username", "user", "email", "email", "restricted", "restricted", "header:X-OAuth-Scopes", "scope words"), Docs: "https://techdocs.akamai.com/linode-api/reference/get-profile"},
		"mapbox-secret-token": {Host: "api.mapbox.com", Path: "/tokens/v2?access_token={secret}", Effect: EffectLogged,
			Says:  []Says{{"code", "TokenValid", "active"}, {"code", "TokenExpired", "expired"}, {"code", "TokenRevoked", "revoked"}, {"code", "TokenInvalid", "revoked"}},
			Facts: as("token.user", "user", "token.authorization", "key_id", "token.usage", "mode", "token.created", "created time", "token.expires", "expires time"), Docs: "https://docs.mapbox.com/api/accounts/tokens/#retrieve-a-token"},
		"square-access-token": {Method: "POST", Host: "connect.squareup.com", Path: "/oauth2/token/status", Header: []string{bearer, json}, Body: "{}", Effect: EffectLogged, Status: alive,
			Facts: as("client_id", "application", "merchant_id", "account", "expires_at", "expires end", "scopes[]", "scope"), Docs: "https://developer.squareup.com/reference/square/o-auth-api/retrieve-token-status"},
		"intercom-token": {Host: "api.intercom.io", Elsewhere: true, Path: "/me", Header: []string{bearer, "Accept: application/json"}, Effect: EffectLogged, Status: alive,
			Facts: as("id", "user", "email", "email", "name", "name", "app.id_code", "account", "app.name", "organisation", "app.created_at", "principal_created unix"), Docs: "https://developers.intercom.com/docs/references/rest-api/api.intercom.io/admins/identifyadmin"},
		"mailgun-api-key": {Host: "api.mailgun.net", Elsewhere: true, Path: "/v4/domains?limit=1", Header: []string{"Authorization: Basic api:{secret}"}, Effect: EffectLogged, Status: alive,
			Facts: as("items[].name", "host", "items[].created_at", "principal_created time"), Docs: "https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/domains"},
		"azure-sas": {By: "azure-sas", Host: "{fact.account}.blob.core.windows.net", Path: "/?comp=list&maxresults=1", Effect: EffectBillable,
			Status: map[int]string{200: "active"}, Docs: "https://learn.microsoft.com/rest/api/storageservices/list-containers2"},
	}
}

// introspectable puts the table into the rows.
func introspectable(all []Detector) []Detector {
	by := map[string]*Introspection{}
	for kinds, row := range introspections() {
		for kind := range strings.FieldsSeq(kinds) {
			by[kind] = &row
		}
	}
	for i := range all {
		all[i].Introspection = by[all[i].ID]
	}
	return all
}
