package inventory

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strings"
)

const githubREST = "https://docs.github.com/en/rest/"

// githubTokenKinds are the kinds that belong to a person or an application and that the organisation's listings show.
var githubTokenKinds = []string{
	"github-personal-access-token", "github-fine-grained-token", "github-oauth-token", "github-user-to-server-token",
	"github-installation-token", "github-refresh-token", "github-token",
}

// githubAccess says how much the scopes of a classic token allow
// (https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps). No scope at all is public data alone.
func githubAccess(scopes []string) string {
	sum := "narrow"
	for _, s := range scopes {
		s = strings.ToLower(strings.TrimSpace(s))
		switch {
		case s == "admin:org" || s == "admin:enterprise" || s == "site_admin" || s == "delete_repo" || s == "manage_runners:enterprise":
			sum = moreAccess(sum, "admin")
		case s == "repo" || s == "public_repo" || s == "workflow" || s == "user" || s == "project" || s == "codespace" || strings.HasPrefix(s, "write:") || strings.HasPrefix(s, "admin:") || strings.HasPrefix(s, "manage_") || s == "delete:packages":
			sum = moreAccess(sum, "write")
		case strings.HasPrefix(s, "read:"):
			sum = moreAccess(sum, "read")
		}
	}
	return sum
}

// githubPermissions says how much the permissions of an application or fine-grained token allow; what is "write" on
// administration lets it give itself the rest.
func githubPermissions(r *Row, o Object, path string) {
	sum := ""
	var walk func(prefix string, m map[string]any)
	walk = func(prefix string, m map[string]any) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if inner, ok := m[k].(map[string]any); ok {
				walk(k+" ", inner)
				continue
			}
			level, err := asText(m[k])
			if err != nil || level == "" {
				continue
			}
			r.give("permissions", prefix+k+":"+level)
			switch {
			case level == "admin" || level == "write" && (k == "administration" || k == "organization_administration" || k == "members"):
				sum = moreAccess(sum, "admin")
			case level == "write":
				sum = moreAccess(sum, "write")
			default:
				sum = moreAccess(sum, "read")
			}
		}
	}
	for _, p := range o.All(path) {
		if m, ok := p.(map[string]any); ok {
			walk("", m)
		}
	}
	if sum == "write" && len(o.All(path)) > 0 && o.Text("repository_selection") == "selected" {
		sum = "narrow"
	}
	r.give("access", sum)
}

// githubRepo is "owner/name" in a URL of GitHub's API or pages, "" if there is none.
func githubRepo(url string) string {
	for _, mark := range []string{"/repos/", "github.com/"} {
		if _, rest, ok := strings.Cut(url, mark); ok {
			if p := strings.Split(rest, "/"); len(p) > 1 && p[0] != "repos" && p[0] != "orgs" && p[0] != "user" && p[0] != "users" {
				return p[0] + "/" + p[1]
			}
		}
	}
	return ""
}

// sshFingerprint is what ssh-keygen -l prints of a line of authorized_keys: the SHA-256 of the key's blob, in base64.
func sshFingerprint(v any) (string, error) {
	s, err := asText(v)
	if err != nil || s == "" {
		return "", err
	}
	for word := range strings.FieldsSeq(s) {
		if b, err := base64.StdEncoding.DecodeString(word); err == nil && len(b) > 16 && bytes.HasPrefix(b, []byte{0, 0, 0}) {
			sum := sha256.Sum256(b)
			return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:]), nil
		}
	}
	return "", errors.New("is not a public key")
}

// fingerprintText brings "SHA256:…" to one form; MD5 fingerprints, which nobody compares any more, are left out.
func fingerprintText(v any) (string, error) {
	s, err := asText(v)
	if err != nil || !strings.HasPrefix(s, "SHA256:") {
		return "", err
	}
	return strings.TrimRight(s, "="), nil
}
