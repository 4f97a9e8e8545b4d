package pipeline

import (
	"slices"
	"strings"
)

// What the names of secrets, variables and code say.

// Words of a name, in lower case.
var (
	secretWords = set("token", "tokens", "secret", "secrets", "password", "passwd", "pwd", "passphrase", "passcode", "credential", "credentials", "creds",
		"apikey", "pat", "dsn", "kubeconfig", "bearer", "privatekey", "accesskey", "secretkey", "authtoken", "accesstoken", "pass")
	// keyWords make a secret of the "key" that follows them.
	keyWords = set("api", "access", "secret", "private", "signing", "encryption", "auth", "account", "service", "license", "deploy", "ssh", "gpg", "pgp",
		"storage", "shared", "master", "root", "app", "application", "integration", "write", "admin", "sas", "rsa", "ssl", "tls", "host", "sa")
	// aboutWords at the end of a name make it speak about a secret instead of being one.
	aboutWords = set("name", "names", "path", "file", "filename", "dir", "directory", "url", "uri", "endpoint", "ttl", "expiry", "expires", "expiration", "length",
		"size", "type", "format", "arn", "ref", "version", "policy", "field", "header", "prefix", "suffix", "enabled", "required", "count", "id", "ids",
		"issuer", "audience", "scope", "scopes", "algorithm", "user", "username", "host", "port", "region", "project", "provider", "store", "manager",
		"engine", "mount", "role", "namespace", "key_name", "rotation", "age", "days", "label", "location", "mode", "method", "timeout", "interval")
)

func set(s ...string) map[string]bool {
	m := make(map[string]bool, len(s))
	for _, x := range s {
		m[x] = true
	}
	return m
}

// words cuts a name at everything that is no letter or digit and at the start of a capitalised word.
func words(name string) []string {
	var out []string
	start := -1
	flush := func(end int) {
		if start >= 0 && end > start {
			out = append(out, strings.ToLower(name[start:end]))
		}
		start = -1
	}
	for i := range len(name) {
		c := name[i]
		switch {
		case !letter(c) && !digit(c):
			flush(i)
		case start < 0:
			start = i
		case upper(c) && !upper(name[i-1]), upper(c) && i+1 < len(name) && letter(name[i+1]) && !upper(name[i+1]) && upper(name[i-1]):
			flush(i)
			start = i
		}
	}
	flush(len(name))
	return out
}

func upper(c byte) bool  { return c >= 'A' && c <= 'Z' }
func letter(c byte) bool { return upper(c) || c >= 'a' && c <= 'z' || c >= 0x80 }
func digit(c byte) bool  { return c >= '0' && c <= '9' }
func wordByte(c byte) bool {
	return letter(c) || digit(c) || c == '_'
}

// secretName reports whether a name reads as that of a secret: DB_PASSWORD, apiKey, github-token, AWS_ACCESS_KEY_ID (which is
// one half), and not TOKEN_URL, SECRET_NAME or MONKEY.
func secretName(name string) bool {
	w := words(name)
	if len(w) == 0 || len(name) > maxName {
		return false
	}
	last := w[len(w)-1]
	if aboutWords[last] && !(last == "id" && len(w) > 2 && w[len(w)-2] == "key" && w[len(w)-3] == "access") {
		// WEBHOOK_URL is the secret itself.
		return last == "url" && len(w) > 1 && w[len(w)-2] == "webhook" || (last == "url" || last == "uri") && len(w) > 1 && dataStores[w[len(w)-2]]
	}
	if last == "key" && len(w) > 1 && (w[len(w)-2] == "kms" || w[len(w)-2] == "public") { // a name of a key, half of a pair
		return false
	}
	for i, x := range w {
		if secretWords[x] || x == "webhook" && i >= len(w)-2 { // SLACK_WEBHOOK_PROD is the secret itself, webhook_image_tag is not
			return true
		}
		if x == "key" && i > 0 && keyWords[w[i-1]] {
			return true
		}
	}
	return false
}

// dataStores are words before URL whose URL usually carries a password.
var dataStores = set("database", "db", "redis", "mongo", "mongodb", "postgres", "postgresql", "mysql", "amqp", "rabbitmq", "broker")

// platformNames are what a system gives every job by itself: short-lived, scoped to the job, and nobody's to manage.
var platformNames = map[string]map[string]bool{
	GitHub: set("GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_STEP_DEBUG", "ACTIONS_RUNNER_DEBUG"),
	GitLab: set("CI_JOB_TOKEN", "CI_JOB_JWT", "CI_JOB_JWT_V1", "CI_JOB_JWT_V2", "CI_REGISTRY_PASSWORD", "CI_DEPLOY_PASSWORD", "CI_DEPENDENCY_PROXY_PASSWORD",
		"CI_BUILD_TOKEN", "GITLAB_FEATURES"),
	Azure:      set("System.AccessToken", "SYSTEM_ACCESSTOKEN"),
	CircleCI:   set("CIRCLE_OIDC_TOKEN", "CIRCLE_OIDC_TOKEN_V2", "CIRCLE_INTERNAL_TASK_DATA"),
	Bitbucket:  set("BITBUCKET_STEP_OIDC_TOKEN"),
	Buildkite:  set("BUILDKITE_AGENT_ACCESS_TOKEN"),
	Drone:      set("DRONE_NETRC_PASSWORD", "DRONE_TOKEN"),
	Woodpecker: set("CI_NETRC_PASSWORD", "CI_SYSTEM_TOKEN"),
}

// platform reports whether a name is the system's own. The names of GitLab are nobody else's, wherever they are handed on to.
func platform(system, name string) bool {
	return platformNames[system][name] || platformNames[GitLab][name] || system == GitHub && strings.EqualFold(name, "github_token")
}

// cloudKeys are the variables that the cloud SDKs and providers read a static key from, and what speaks for federation
// instead. Sources: docs.aws.amazon.com/sdkref "environment variables", registry.terraform.io azurerm and google,
// learn.microsoft.com azure-identity EnvironmentCredential, cloud.google.com "application default credentials".
var cloudKeys = map[string]string{
	"AWS_SECRET_ACCESS_KEY": "aws", "AWS_ACCESS_KEY_ID": "aws",
	"AZURE_CLIENT_SECRET": "azure", "ARM_CLIENT_SECRET": "azure", "AZURE_CREDENTIALS": "azure", "ARM_ACCESS_KEY": "azure",
	"GOOGLE_CREDENTIALS": "gcp", "GOOGLE_APPLICATION_CREDENTIALS": "gcp", "GOOGLE_APPLICATION_CREDENTIALS_JSON": "gcp", "GCP_SA_KEY": "gcp",
	"GCP_CREDENTIALS": "gcp", "GCLOUD_SERVICE_KEY": "gcp", "GOOGLE_CLOUD_KEYFILE_JSON": "gcp", "GKE_SA_KEY": "gcp", "GCP_SERVICE_ACCOUNT_KEY": "gcp",
	"GOOGLE_SERVICE_ACCOUNT_KEY": "gcp", "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE": "gcp",
}

// otherEndpoint are variables that send an AWS SDK to a service that is not AWS, where AWS cannot federate.
var otherEndpoint = set("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "S3_ENDPOINT", "AWS_S3_ENDPOINT", "AWS_ENDPOINT", "R2_ENDPOINT")

// federates says, for a system, what it offers instead of a stored key; "" where it offers nothing by itself.
var federates = map[string]string{
	GitHub:    "GitHub's OIDC token (permissions: id-token: write)",          // docs.github.com "About security hardening with OpenID Connect"
	GitLab:    "GitLab's ID token (id_tokens)",                               // docs.gitlab.com/ci/secrets/id_token_authentication
	CircleCI:  "CircleCI's OIDC token ($CIRCLE_OIDC_TOKEN_V2)",               // circleci.com/docs/openid-connect-tokens
	Azure:     "a service connection with workload identity federation",      // learn.microsoft.com "workload identity federation"
	Bitbucket: "Bitbucket's OIDC token (oidc: true)",                         // support.atlassian.com "Integrate Pipelines with resource servers using OIDC"
	Buildkite: "Buildkite's OIDC token (buildkite-agent oidc request-token)", // buildkite.com/docs/agent/v3/cli-oidc
}

func appendNew(to []string, s ...string) []string {
	for _, x := range s {
		if !slices.Contains(to, x) {
			to = append(to, x)
		}
	}
	return to
}

func sorted(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}
