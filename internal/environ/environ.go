// Package environ says which deployment environment a name speaks of: a path, a file name, a declared environment, a variable,
// a host, a branch, an image reference. Evidence has tiers; the first tier with a hit decides and everything found in it is
// kept, so that a credential that stands in two environments is seen to. Names are compared token by token, never by substring.
//
// It never reads a file and never looks at a value; what it concludes carries the words that decided it.
package environ

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"sprawl/finding"
)

// Tier ranks evidence; a lower one decides before a higher one.
type Tier int

// Tiers, from what is surest to what is weakest.
const (
	TierOverride    Tier = iota // the user's own word
	TierProvider                // the provider's word: tags, a mode in the key, an account's name
	TierDeclaration             // a deployment declaration: GitHub or GitLab environment, namespace, image
	TierJob                     // the name of a job, stage, service or container
	TierFile                    // the name of the file
	TierSegment                 // a folder of the path
	TierName                    // a variable's name, a host
	TierBranch                  // never enough for prod
)

// Evidence is one reason to believe in an environment.
type Evidence struct {
	Tier        Tier
	Environment finding.Environment
}

// Classify keeps what the first tier with a hit says: one environment for each class and name, sorted. Without evidence it
// returns nil, which means unknown and never "not production".
func Classify(evidence ...[]Evidence) []finding.Environment {
	all := slices.Concat(evidence...)
	if len(all) == 0 {
		return nil
	}
	first := slices.MinFunc(all, func(a, b Evidence) int { return cmp.Compare(a.Tier, b.Tier) }).Tier
	var out []finding.Environment
	for _, e := range all {
		if e.Tier == first {
			out = append(out, e.Environment)
		}
	}
	return Merge(out)
}

// Merge sorts environments by class and name and keeps the first reason for each.
func Merge(all ...[]finding.Environment) []finding.Environment {
	out := slices.Concat(all...)
	slices.SortStableFunc(out, func(a, b finding.Environment) int {
		return cmp.Or(cmp.Compare(rank(a.Class), rank(b.Class)), cmp.Compare(a.Name, b.Name))
	})
	return slices.CompactFunc(out, func(a, b finding.Environment) bool { return a.Class == b.Class && a.Name == b.Name })
}

func rank(c finding.EnvClass) int {
	return slices.Index([]finding.EnvClass{finding.EnvProd, finding.EnvNonprod, finding.EnvVendor, finding.EnvUnknown}, c)
}

// Spans reports whether environments lie in two of the zones prod, nonprod and vendor, and names one of each zone, production
// first. Unknown is no zone.
func Spans(all []finding.Environment) (a, b finding.Environment, ok bool) {
	for _, e := range Merge(all) {
		switch {
		case e.Class == finding.EnvUnknown:
		case a.Class == "":
			a = e
		case e.Class != a.Class:
			return a, e, true
		}
	}
	return a, b, false
}

// Asserted is the provider's word: what an account, tag, project or the key itself is called. Unlike Declared it says nothing
// where no token is known.
func Asserted(what, name string) []Evidence { return named(TierProvider, what, name) }

// Declared is a deployment declaration. A name that no token explains is kept, with class unknown: "github-pages" is where
// the job deploys to, and it is neither production nor not. A name that is computed when the pipeline runs says nothing.
func Declared(what, name string) []Evidence {
	name = strings.TrimSpace(name)
	if name == "" || strings.Contains(name, "${{") || strings.Contains(name, "{{") || strings.HasPrefix(name, "$") {
		return nil
	}
	e := finding.Environment{Name: name, Class: finding.EnvUnknown, Why: what + " " + name}
	if h, ok := find(split(name), lenient); ok {
		e.Class, e.Why = h.class, e.Why+h.reason(name)
	}
	return []Evidence{{TierDeclaration, e}}
}

// Known is a deployment declaration in which any name may stand, such as a namespace or a label: it speaks only where a token
// is known.
func Known(what, name string) []Evidence {
	e := named(TierDeclaration, what, name)
	if len(e) > 0 && e[0].Environment.Class == finding.EnvUnknown {
		return nil
	}
	return e
}

// Setting is a variable that says in which mode a program runs (NODE_ENV=production), or an input of such a name.
func Setting(key, value string) []Evidence {
	if !settings[strings.ToLower(strings.NewReplacer("-", "_", ".", "_").Replace(key))] {
		return nil
	}
	e := named(TierDeclaration, key+" is", value)
	if len(e) > 0 && e[0].Environment.Class == finding.EnvProd && modes[strings.ToLower(key)] {
		return nil
	}
	return e
}

// modes are settings whose production means "optimised": staging runs with them too, and so does every build.
var modes = map[string]bool{"node_env": true, "rails_env": true, "rack_env": true, "mix_env": true, "go_env": true, "flask_env": true}

// settings are names of variables and inputs that hold an environment.
var settings = map[string]bool{
	"node_env": true, "rails_env": true, "rack_env": true, "app_env": true, "aspnetcore_environment": true, "dotnet_environment": true,
	"spring_profiles_active": true, "django_env": true, "flask_env": true, "mix_env": true, "go_env": true, "vercel_env": true,
	"environment": true, "environment_name": true, "env": true, "env_name": true, "stage": true, "deploy_env": true, "deploy_environment": true,
	"deployment_environment": true, "target_env": true, "target_environment": true, "tf_workspace": true, "tf_var_environment": true,
	"tf_var_env": true, "cluster_env": true, "vault_env": true, "sentry_environment": true, "dd_env": true, "namespace": true,
	"deployment_tier": true, "tier": true, "pulumi_stack": true,
}

// Job is the name of a job, stage, service or container. Words that every pipeline has (test, ci, docs) say what the job does,
// not where.
func Job(what, name string) []Evidence {
	h, ok := find(split(name), strict)
	if !ok || h.env == "test" || h.env == "ci" || h.env == "example" || h.env == "local" {
		return nil
	}
	return []Evidence{{TierJob, finding.Environment{Name: h.env, Class: h.class, Why: what + " " + name + h.reason(name)}}}
}

// File is the base name of a path: values-prod.yaml, .env.production, appsettings.Development.json.
func File(p string) []Evidence {
	base := path.Base(p)
	if p == "" || base == "." || base == "/" {
		return nil
	}
	h, ok := find(split(base), strict)
	// test_client.py and docs.yml name a subject; foo.test.env and test.tfvars an environment.
	if !ok || h.env == "example" || h.env == "ci" || (h.env == "test" || h.env == "local") && !(configuration(base) && lastToken(base, h.token)) {
		return nil
	}
	return []Evidence{{TierFile, finding.Environment{Name: h.env, Class: h.class, Why: "file name " + base + h.reason(base)}}}
}

// lastToken reports whether a token stands right before the extension, or is all there is: app.test.yaml, not test-plan.yaml.
func lastToken(base, token string) bool {
	base = strings.TrimPrefix(base, ".")
	if i := strings.LastIndexByte(base, '.'); i > 0 && !strings.EqualFold(base[i+1:], token) {
		base = base[:i]
	}
	return strings.HasSuffix(base, token)
}

// configuration reports whether a file holds settings rather than code or text.
func configuration(base string) bool {
	l := strings.ToLower(base)
	if strings.HasPrefix(l, ".env") || strings.HasPrefix(l, "env.") || strings.HasSuffix(l, ".env") {
		return true
	}
	switch path.Ext(l) {
	case ".tfvars", ".properties", ".ini", ".conf", ".cfg", ".toml", ".json", ".yaml", ".yml", ".env", ".config", ".xml":
		return true
	}
	return false
}

// Segment is the folders of a path; the one furthest right that speaks decides.
func Segment(p string) []Evidence {
	parts := strings.Split(path.Dir(p), "/")
	for i := len(parts) - 1; i >= 0; i-- {
		s := parts[i]
		if s == "local" && i > 0 && (parts[i-1] == "usr" || parts[i-1] == "var" || parts[i-1] == "opt") {
			continue
		}
		if h, ok := find(split(s), strict); ok {
			return []Evidence{{TierSegment, finding.Environment{Name: h.env, Class: h.class, Why: "folder " + s + h.reason(s)}}}
		}
	}
	return nil
}

// Path is File and Segment together.
func Path(p string) []Evidence { return append(File(p), Segment(p)...) }

// Key is the name of a variable or secret: PROD_DB_PASSWORD, stagingToken.
func Key(name string) []Evidence {
	h, ok := find(split(name), strict)
	if !ok || h.env == "ci" || h.env == "example" || h.env == "local" {
		return nil
	}
	return []Evidence{{TierName, finding.Environment{Name: h.env, Class: h.class, Why: "name " + name + h.reason(name)}}}
}

// Host is a host name or a URL without its user part.
func Host(host string) []Evidence {
	h := strings.ToLower(host)
	if _, rest, ok := strings.Cut(h, "://"); ok {
		h = rest
	}
	if i := strings.IndexAny(h, "/?#"); i >= 0 {
		h = h[:i]
	}
	h = h[strings.LastIndexByte(h, '@')+1:]
	bare := h
	if i := strings.LastIndexByte(bare, ':'); i >= 0 && !strings.Contains(bare, "]") {
		bare = bare[:i]
	}
	at := func(env string, c finding.EnvClass, why string) []Evidence {
		return []Evidence{{TierName, finding.Environment{Name: env, Class: c, Why: why}}}
	}
	switch {
	case bare == "":
		return nil
	case bare == "localhost", strings.HasPrefix(bare, "127."), bare == "::1", bare == "0.0.0.0", strings.HasPrefix(h, "[::1]"),
		strings.HasSuffix(bare, ".localhost"), strings.HasSuffix(bare, ".local"), strings.HasSuffix(bare, ".test"):
		return at("local", finding.EnvNonprod, "host "+bare+" is local")
	case bare == "example.com", bare == "example.org", bare == "example.net", strings.HasSuffix(bare, ".example"), // RFC 2606
		strings.HasSuffix(bare, ".example.com"), strings.HasSuffix(bare, ".example.org"), strings.HasSuffix(bare, ".invalid"):
		return nil
	}
	// The last label is a top-level domain: prod.example.dev is production.
	if i := strings.LastIndexByte(bare, '.'); i > 0 {
		bare = bare[:i]
	}
	f, ok := find(split(bare), strict)
	if !ok || f.env == "example" || f.env == "ci" || f.env == "local" {
		return nil
	}
	return at(f.env, f.class, "host "+h+f.reason(h))
}

// Branch is weak: what stands on a default branch may go anywhere, so it never says prod.
func Branch(name string) []Evidence {
	h, ok := find(split(name), strict)
	switch {
	case ok && h.class == finding.EnvNonprod && h.env != "test":
		return []Evidence{{TierBranch, finding.Environment{Name: h.env, Class: h.class, Why: "branch " + name + h.reason(name)}}}
	case name == "develop":
		return []Evidence{{TierBranch, finding.Environment{Name: "dev", Class: finding.EnvNonprod, Why: "branch develop"}}}
	}
	return nil
}

// Image is an image reference: the tag first, then the repository.
func Image(ref string) []Evidence {
	ref, _, _ = strings.Cut(ref, "@")
	repo, tag := ref, ""
	if i := strings.LastIndexByte(ref, ':'); i > strings.LastIndexByte(ref, '/') {
		repo, tag = ref[:i], ref[i+1:]
	}
	for _, s := range []string{tag, repo} {
		if h, ok := find(split(s), strict); ok && h.env != "example" && h.env != "ci" && h.env != "local" {
			return []Evidence{{TierDeclaration, finding.Environment{Name: h.env, Class: h.class, Why: "image " + ref + h.reason(s)}}}
		}
	}
	return nil
}

// Override is the user's own word about paths.
func Override(name string, class finding.EnvClass, why string) []Evidence {
	return []Evidence{{TierOverride, finding.Environment{Name: name, Class: class, Why: why}}}
}

func named(t Tier, what, name string) []Evidence {
	h, ok := find(split(name), lenient)
	if !ok {
		return nil
	}
	return []Evidence{{t, finding.Environment{Name: h.env, Class: h.class, Why: what + " " + name + h.reason(name)}}}
}
