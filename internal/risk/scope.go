package risk

import (
	"strings"
	"time"

	"sprawl/finding"
)

// broad are words of a scope, role or policy that stand for everything, or for the power to grant oneself everything, in lower
// case. Where a provider's page says what a word opens it is named.
var broad = map[string]string{
	"*": "", "*:*": "", "*/*": "", "all": "", "admin": "", "administrator": "", "owner": "", "root": "", "superuser": "", "full_access": "", "full-access": "", "fullaccess": "",
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_job-functions.html
	"administratoraccess": "aws", "poweruseraccess": "aws", "iamfullaccess": "aws",
	// https://cloud.google.com/iam/docs/roles-overview#basic: basic roles include thousands of permissions
	"roles/owner": "gcp", "roles/editor": "gcp", "editor": "gcp", "https://www.googleapis.com/auth/cloud-platform": "gcp",
	// https://learn.microsoft.com/en-us/azure/role-based-access-control/built-in-roles
	"contributor": "azure", "user access administrator": "azure", "global administrator": "azure", "directory.readwrite.all": "azure",
	// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps: repo is full access to all repositories
	"repo": "github", "admin:org": "github", "admin:enterprise": "github", "site_admin": "github", "delete_repo": "github", "administration:write": "github",
	// https://docs.gitlab.com/user/profile/personal_access_tokens/#personal-access-token-scopes
	"api": "gitlab", "sudo": "gitlab", "admin_mode": "gitlab",
	// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles
	"cluster-admin": "kubernetes",
	// https://supabase.com/docs/guides/api/api-keys: service_role bypasses row level security
	"service_role": "supabase",
	"super_admin":  "okta", "org_admin": "okta",
	"unrestricted": "stripe", "full access": "sendgrid",
}

// broadWord returns the word of a list that stands for everything; words are separated by blanks, commas or semicolons.
func broadWord(v, provider string) string {
	is := func(w string) bool {
		of, ok := broad[strings.ToLower(strings.TrimSpace(w))]
		return ok && (of == "" || of == provider)
	}
	if is(v) {
		return strings.TrimSpace(v)
	}
	for _, w := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\n' }) {
		w = strings.Trim(w, `"'[]`)
		if is(w) || is(w[strings.LastIndexByte(w, '/')+1:]) && strings.HasPrefix(w, "arn:") {
			return w
		}
	}
	return ""
}

// whole reports whether what is said of a principal holds for each of its keys: whether a key opens exactly what its
// principal may. Elsewhere a token may be narrower than who holds it.
func whole(provider string, a atom) bool {
	if a.sure != parental {
		return a.sure == certain
	}
	switch provider {
	case "aws", "gcp", "azure", "kubernetes":
		return true
	}
	return false
}

// overScoped asks whether it may do more than a task could need.
//
// A no takes the whole of what it may do: a loader's summary of an export that holds all policies, or the signed permissions
// of a shared access signature. A list of scopes alone is not that: another list may add to it.
func overScoped(c *finding.Credential, _ Limits, _ time.Time) finding.Condition {
	access := atoms(c, "access")
	// Reading is narrow for a key that is bound to something; for one of a principal it is all that the account holds.
	if a, ok := first(access, func(a atom) bool {
		return whole(c.Provider, a) && (a.is("narrow") || a.sure == certain && a.is("read", "read-only"))
	}); ok {
		return no("its access is "+strings.ToLower(a.Value), a.String())
	}
	lists := atoms(c, "permissions", "scope", "role", "policy")
	if c.Kind == "azure-sas" {
		for _, a := range lists {
			if a.offline && a.Field == "permissions" && a.sure == certain && strings.Trim(a.Value, "rl") == "" && a.Value != "" {
				return no("it may read and list only, as signed", a.String())
			}
		}
	}
	holds := func(a atom) bool { return a.sure == probable || whole(c.Provider, a) }
	if a, ok := first(access, func(a atom) bool { return holds(a) && a.is("admin", "full", "broad") }); ok {
		return yes(probably(a, "its access is "+strings.ToLower(a.Value)), a.String())
	}
	if a, ok := first(lists, func(a atom) bool { return holds(a) && broadWord(a.Value, c.Provider) != "" }); ok {
		return yes(probably(a, a.Field+" "+broadWord(a.Value, c.Provider)), a.String())
	}
	if t := c.Traits.Scoped; t.Value == finding.No {
		return yes("its kind cannot be limited: it opens everything its account may", sourced("limited in scope", t))
	}
	if a, ok := first(access, func(a atom) bool { return whole(c.Provider, a) && a.is("read", "read-only") }); ok {
		return cannotTell("it may only read, and how much of its account that is, is not known", a.String())
	}
	if a, ok := first(append(access, lists...), func(atom) bool { return true }); ok {
		return cannotTell("what is known of its scope is not the whole", a.String())
	}
	return cannotTell("nothing says what it may do")
}

// unconstrained asks whether it could be bound to less than anybody, anywhere, for ever, and whether it is.
func unconstrained(c *finding.Credential, _ Limits, _ time.Time) finding.Condition {
	bound := atoms(c, "restriction")
	if a, ok := first(bound, func(a atom) bool { return whole(c.Provider, a) && !a.is("none", "") }); ok {
		return no("it is bound to "+a.Value, a.String())
	}
	if a, ok := first(bound, func(a atom) bool { return (a.sure == probable || whole(c.Provider, a)) && a.is("none") }); ok {
		return yes(probably(a, "it could be bound and is not"), a.String())
	}
	r, s := c.Traits.Restricted, c.Traits.Scoped
	switch {
	case r.Value == finding.No && s.Value == finding.No:
		return yes("its kind can be limited neither in scope nor to addresses, hosts or audiences", sourced("bound to addresses, hosts or audiences", r), sourced("limited in scope", s))
	case r.Value == finding.No:
		return cannotTell("its kind cannot be bound to addresses, hosts or audiences; it may be limited in scope", sourced("bound to addresses, hosts or audiences", r))
	case r.Value == finding.Yes:
		return cannotTell("its kind can be bound; nothing says whether this one is", sourced("bound to addresses, hosts or audiences", r))
	}
	return cannotTell("nothing says what it is bound to")
}

// poorlyLogged asks whether its use leaves a trace that its owner can read. Code never says so.
func poorlyLogged(c *finding.Credential, _ Limits, _ time.Time) finding.Condition {
	logs := atoms(c, "logging")
	if a, ok := first(logs, func(a atom) bool { return a.sure != probable && a.is("on", "enabled", "true") }); ok {
		return no("its use is logged", a.String())
	}
	if a, ok := first(logs, func(a atom) bool { return a.is("off", "disabled", "none", "false") }); ok {
		return yes(probably(a, "the logs that would show its use are off"), a.String())
	}
	if t := c.Traits.LastUsed; t.Value == finding.No {
		return yes("the provider does not show when one of its kind was used", sourced("last use shown", t))
	}
	if a, ok := first(atoms(c, "last_used"), func(atom) bool { return true }); ok {
		return cannotTell("its last use is shown; whether each use is logged is not known", a.String())
	}
	return cannotTell("nothing says whether its use is logged")
}

// unrotatable asks whether it can be replaced without a person and without an outage.
func unrotatable(c *finding.Credential, _ Limits, _ time.Time) finding.Condition {
	api, two := c.Traits.RotateAPI, c.Traits.Overlap
	switch {
	case api.Value == finding.Yes && two.Value == finding.Yes:
		return no("it can be replaced by a call, and old and new may be valid at once", sourced("replaced by a call", api), sourced("two valid at once", two))
	case api.Value == finding.No && two.Value == finding.No:
		return yes("it takes a person and an outage: no call replaces it, and there is one at a time", sourced("replaced by a call", api), sourced("two valid at once", two))
	}
	baked := 0
	for i := range c.Sightings {
		if c.Sightings[i].Where.Layer != nil {
			baked++
		}
	}
	why := "what its kind allows is known in part"
	if api.Value == finding.Unknown && two.Value == finding.Unknown {
		why = "nothing is known of how its kind is replaced"
	}
	if baked > 0 {
		why += "; " + count(baked, "image layer") + " would have to be built anew"
	}
	v := cannotTell(why)
	if api.Value != finding.Unknown {
		v.Evidence = append(v.Evidence, sourced("replaced by a call", api))
	}
	if two.Value != finding.Unknown {
		v.Evidence = append(v.Evidence, sourced("two valid at once", two))
	}
	return v
}

// sourced is a line of evidence from what is known of a kind.
func sourced(what string, t finding.Trait) string {
	s := what + ": " + string(t.Value) + " (known of its kind"
	if t.Source != "" {
		s += ", " + t.Source
	}
	return s + ")"
}
