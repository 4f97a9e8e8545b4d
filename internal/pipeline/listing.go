package pipeline

import (
	"maps"
	"slices"
	"strings"

	"sprawl/finding"
)

// Listed is a secret that a provider lists, without its value.
type Listed struct {
	System, Scope, Name string // Scope: "organisation", "repository", "environment NAME", "group NAME"
}

// Resolve gives references the scope that a listing knows, and splits those that stand for several listed secrets. A listing
// of a system is taken to be complete for the scopes it names; a name that it does not have keeps its scope.
func Resolve(listed []Listed, references []finding.Reference) []finding.Reference {
	by := map[[2]string][]Listed{}
	for _, l := range listed {
		k := [2]string{l.System, canonical(l.System, l.Name)}
		by[k] = append(by[k], l)
	}
	var out []finding.Reference
	for _, r := range references {
		at := by[[2]string{r.System, canonical(r.System, r.Name)}]
		if len(at) == 0 || r.Name == All || r.Scope != "" {
			out = append(out, r)
			continue
		}
		// A job takes its environment's secret before the repository's and the organisation's.
		groups := map[string][]finding.Use{}
		for _, u := range r.Uses {
			groups[scopeFor(u, at)] = append(groups[scopeFor(u, at)], u)
		}
		for _, scope := range slices.Sorted(maps.Keys(groups)) {
			s := r
			s.Scope, s.Listed, s.Uses = scope, scope != "", groups[scope]
			if scope != "" && len(r.Uses) > 0 {
				s.ID = referenceID(r.Uses[0].Where.Target, s)
			}
			settle(&s)
			out = append(out, s)
		}
	}
	slices.SortFunc(out, compareReferences)
	return out
}

func scopeFor(u finding.Use, at []Listed) string {
	wide := ""
	for _, l := range at {
		env, isEnv := strings.CutPrefix(l.Scope, "environment ")
		switch {
		case isEnv:
			for _, e := range u.Environments {
				if e.Name == env {
					return l.Scope
				}
			}
		case wide == "" || l.Scope == "repository":
			wide = l.Scope
		}
	}
	return wide
}

// Unused lists what a provider lists and no pipeline names: references that have no use. Where a pipeline hands on every
// secret at once, that use is kept with Whole set, for the secret may be among them. Call it with all references of the
// repositories that a listed secret is visible to.
func Unused(listed []Listed, references []finding.Reference) []finding.Reference {
	named := map[[2]string]bool{}
	whole := map[string][]finding.Use{}
	target := ""
	for _, r := range references {
		named[[2]string{r.System, canonical(r.System, r.Name)}] = true
		if r.Name == All {
			whole[r.System] = append(whole[r.System], r.Uses...)
		}
		if target == "" && len(r.Uses) > 0 {
			target = r.Uses[0].Where.Target
		}
	}
	var out []finding.Reference
	for _, l := range listed {
		if named[[2]string{l.System, canonical(l.System, l.Name)}] || platform(l.System, l.Name) {
			continue
		}
		r := finding.Reference{System: l.System, Scope: l.Scope, Name: l.Name, Listed: true}
		r.ID = referenceID(target, r)
		for _, u := range whole[l.System] {
			u.Whole = true
			r.Uses = append(r.Uses, u)
		}
		settle(&r)
		out = append(out, r)
	}
	slices.SortFunc(out, compareReferences)
	return out
}

// canonical is how a system compares names.
func canonical(system, name string) string {
	if system == GitHub {
		return strings.ToUpper(name)
	}
	return name
}
