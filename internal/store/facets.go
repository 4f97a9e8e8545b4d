package store

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sprawl/finding"
)

// facets is what of a credential is worth a new version when it changes. Texts are not: many of them hold an age.
type facets struct {
	Status       Status                     `json:"status"`
	Severity     finding.Severity           `json:"severity"`
	Tier         finding.Tier               `json:"tier"`
	Conditions   map[string]finding.Verdict `json:"conditions"`
	Owner        string                     `json:"owner"`
	Environments []string                   `json:"environments"`
	Decision     string                     `json:"decision"`
	Places       string                     `json:"places"`  // a hash of them
	Targets      []string                   `json:"targets"` // of the places, sorted
}

func facetsOf(c *finding.Credential) facets {
	f := facets{
		Status: status(c), Severity: c.Severity, Tier: c.Tier, Owner: c.Owner.Name,
		Conditions: make(map[string]finding.Verdict, len(c.Conditions)), Environments: make([]string, 0, len(c.Environments)),
	}
	for _, k := range c.Conditions {
		f.Conditions[k.ID] = k.Verdict
	}
	for _, e := range c.Environments {
		f.Environments = append(f.Environments, e.Name+"="+string(e.Class))
	}
	slices.Sort(f.Environments)
	if d := c.Decision; d != nil {
		f.Decision = strings.Join([]string{d.Kind, d.Value, d.By, d.Until.UTC().Format(time.DateOnly)}, " ")
	}
	f.Places, f.Targets = placesOf(c)
	return f
}

func placesOf(c *finding.Credential) (sum string, targets []string) {
	places := make([]string, 0, len(c.Sightings))
	for i := range c.Sightings {
		w := &c.Sightings[i].Where
		layer := ""
		if w.Layer != nil {
			layer = w.Layer.Digest
		}
		places = append(places, strings.Join([]string{w.Source, w.Target, w.Path, string(w.State), layer}, "\x00"))
		targets = append(targets, w.Target)
	}
	slices.Sort(places)
	slices.Sort(targets)
	h := sha256.Sum256([]byte(strings.Join(slices.Compact(places), "\n")))
	return hex.EncodeToString(h[:8]), slices.Compact(targets)
}

// status is where a credential stands that some target holds. The provider's word comes first, and only where a record is surely of
// this very credential.
func status(c *finding.Credential) Status {
	said := slices.Clone(c.Facts)
	for _, r := range c.Records {
		if r.Match == finding.MatchExact || r.Match == finding.MatchHash {
			said = append(said, r.Facts...)
		}
	}
	if f, ok := newest(said, "status"); ok && slices.Contains([]string{"revoked", "inactive", "disabled", "deleted", "expired"}, strings.ToLower(f.Value)) {
		return Revoked
	}
	if f, ok := newest(said, "rotated"); ok {
		if at, err := time.Parse(time.RFC3339, f.Value); err == nil && !c.FirstSeen.IsZero() && at.After(c.FirstSeen) {
			return Rotated
		}
	}
	if c.Decision != nil {
		return Decided
	}
	return Exposed
}

// newest is the fact of a field that was said last.
func newest(fs []finding.Fact, field string) (finding.Fact, bool) {
	var best finding.Fact
	ok := false
	for _, f := range fs {
		if f.Field == field && (!ok || f.AsOf.After(best.AsOf)) {
			best, ok = f, true
		}
	}
	return best, ok
}

// compare says what became of a credential, What Still for nothing worth a word. A credential that is new has no was.
func compare(was *facets, is facets) Change {
	if was == nil {
		c := Change{What: New, Is: is.Severity}
		if is.Status != Exposed {
			c.Detail = string(is.Status)
		}
		return c
	}
	verdicts, met, eased := verdicts(was.Conditions, is.Conditions)
	c := Change{What: Still, Was: was.Severity, Is: is.Severity, Detail: verdicts}
	switch {
	case is.Status != was.Status:
		c.What = map[Status]What{Exposed: Reopened, Decided: Settled, Rotated: WasRotate, Revoked: WasRevoke, Cleared: Vanished}[is.Status]
		c.Detail = strings.TrimSuffix(fmt.Sprintf("%s → %s, %s", was.Status, is.Status, verdicts), ", ")
	case is.Severity.Rank() < was.Severity.Rank():
		c.What = Escalated
	case is.Severity.Rank() > was.Severity.Rank():
		c.What = Eased
	case met:
		c.What = Escalated
	case eased:
		c.What = Eased
	}
	return c
}

// verdicts lists the conditions that are judged otherwise, and says whether one is met now that was not, and whether one that was met
// is a plain no: evidence that is missing eases nothing.
func verdicts(was, is map[string]finding.Verdict) (text string, met, eased bool) {
	var words []string
	for _, id := range slices.Sorted(maps.Keys(is)) {
		before := cmp.Or(was[id], finding.VerdictCannotTell)
		if is[id] == before {
			continue
		}
		words = append(words, fmt.Sprintf("%s: %s → %s", id, before, is[id]))
		met = met || is[id] == finding.VerdictYes
		eased = eased || before == finding.VerdictYes && is[id] == finding.VerdictNo
	}
	return strings.Join(words, ", "), met, eased
}
