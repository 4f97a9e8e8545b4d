package risk

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sprawl/finding"
)

func embedded(c *finding.Credential, _ Limits, _ time.Time) finding.Condition {
	n, live := 0, 0
	var at []string
	for i := range c.Sightings {
		w := &c.Sightings[i].Where
		if w.State == finding.StateInventory {
			continue
		}
		n++
		if current(w.State) {
			live++
		}
		if len(at) < 5 {
			at = append(at, w.Spot()+" ("+string(w.State)+")")
		}
	}
	switch {
	case n == 0:
		// Seen in an inventory alone: what was not scanned may hold it.
		return cannotTell("no scanned place holds it")
	case live == 0:
		return yes(fmt.Sprintf("%s, none of them current: history keeps it readable", count(n, "place")), at...)
	}
	return yes(fmt.Sprintf("%s, %d of them current", count(n, "place"), live), at...)
}

// spansEnvironments asks whether one value reaches two of the zones prod, nonprod and vendor.
//
// A no takes a mode in the value itself, such as a test key: it opens no production wherever it stands. That all places that
// were seen belong to one zone never makes a no.
func spansEnvironments(c *finding.Credential, _ Limits, _ time.Time) finding.Condition {
	if a, ok := first(atoms(c, "mode"), func(a atom) bool { return a.sure == certain && a.is("test", "sandbox") }); ok {
		return no("it opens the "+strings.ToLower(a.Value)+" mode only, wherever it stands", a.String())
	}
	var zones []finding.Environment
	for _, class := range []finding.EnvClass{finding.EnvProd, finding.EnvNonprod, finding.EnvVendor} {
		if i := slices.IndexFunc(c.Environments, func(e finding.Environment) bool { return e.Class == class }); i >= 0 {
			zones = append(zones, c.Environments[i])
		}
	}
	var why []string
	for _, z := range zones {
		why = append(why, z.Name+": "+z.Why)
	}
	switch len(zones) {
	case 0:
		return cannotTell("no place says which environment it belongs to")
	case 1:
		return cannotTell("only "+zones[0].Name+" was seen, and not everything was", why...)
	}
	names := make([]string, len(zones))
	for i, z := range zones {
		names[i] = z.Name
	}
	v := yes("one value reaches "+list(names), why...)
	v.Bound = ByValue
	return v
}

// consumers counts who uses it, in the unit of which there are most: repositories, images, jobs, callers. Units are not added
// up, because a repository, its pipeline and its image are one service.
func consumers(c *finding.Credential) (unit string, names []string) {
	sets := map[string]map[string]bool{"repository": {}, "image": {}, "job": {}, "caller": {}}
	for i := range c.Sightings {
		w := &c.Sightings[i].Where
		switch {
		case w.State == finding.StateInventory:
		case w.Layer != nil || w.Source == "image":
			sets["image"][imageName(w.Target)] = true
		case w.Source == "git" || w.Source == "github":
			sets["repository"][w.Target] = true
		}
	}
	for _, u := range c.Uses {
		sets["job"][u.Where.Target+" "+u.Where.Path+" "+u.Job] = true
	}
	for _, a := range atoms(c, "caller", "workload") {
		sets["caller"][a.Value] = true
	}
	for _, k := range []string{"repository", "image", "job", "caller"} {
		if len(sets[k]) > len(names) {
			unit, names = k, slices.Sorted(maps.Keys(sets[k]))
		}
	}
	return unit, names
}

// imageName is a reference without its tag and digest: versions of one image are one consumer.
func imageName(ref string) string {
	ref, _, _ = strings.Cut(ref, "@")
	if i := strings.LastIndexByte(ref, ':'); i > strings.LastIndexByte(ref, '/') {
		ref = ref[:i]
	}
	return ref
}

// sharedByConsumers counts consumers, never occurrences. More than one is shared: nobody publishes another number.
func sharedByConsumers(c *finding.Credential, _ Limits, _ time.Time) finding.Condition {
	unit, names := consumers(c)
	if len(names) < 2 {
		if len(names) == 0 {
			return cannotTell("no consumer was seen")
		}
		v := cannotTell("one "+unit+" was seen, and not everything was", names...)
		v.Bound = "at-least"
		return v
	}
	plural := unit + "s"
	if unit == "repository" {
		plural = "repositories"
	}
	v := yes(fmt.Sprintf("%d %s: %s", len(names), plural, some(names, 3)), names[:min(len(names), 10)]...)
	v.Bound = "at-least"
	return v
}

// sharedIdentity asks whether other keys open the same account as the same principal.
func sharedIdentity(c *finding.Credential, _ Limits, _ time.Time) finding.Condition {
	keys := atoms(c, "principal_keys")
	if a, ok := first(keys, func(a atom) bool { return a.sure != probable && a.Value == "1" }); ok {
		return no("its principal has this key and no other", a.String())
	}
	if a, ok := first(keys, func(a atom) bool { return a.Value != "" && a.Value != "0" && a.Value != "1" }); ok {
		return yes(probably(a, "its principal has "+a.Value+" active keys"), a.String())
	}
	if others := atoms(c, "sibling"); len(others) > 0 {
		return yes(fmt.Sprintf("%s of the same principal, found in this run", count(len(others), "other credential")), others[0].String())
	}
	return cannotTell("nothing says how many keys its principal has")
}
