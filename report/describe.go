package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"sprawl/finding"
)

// The words that several formats share. Everything here returns raw text: the format makes it safe.

// stateOrder is from what matters most to least: what anybody who opens the source sees, before what takes a search.
var stateOrder = []finding.State{
	finding.StateHead, finding.StateWorktree, finding.StateStaged, finding.StateLayer, finding.StateMerge, finding.StateTag,
	finding.StateHistory, finding.StateLayerDeleted, finding.StateMessage, finding.StateRefName, finding.StateNote,
	finding.StateStash, finding.StateDangling, finding.StateInventory,
}

// stateRank is 0 for the worst state; an unknown one ranks last.
func stateRank(s finding.State) int {
	if i := slices.Index(stateOrder, s); i >= 0 {
		return i
	}
	return len(stateOrder)
}

// worst returns the indexes of at most max sightings, worst state first and otherwise in the order they have. It keeps no
// more than max of them in memory.
func worst(all []finding.Sighting, max int) []int {
	var keep []int
	for i := range all {
		at, _ := slices.BinarySearchFunc(keep, i, func(k, i int) int {
			return cmp.Or(cmp.Compare(stateRank(all[k].Where.State), stateRank(all[i].Where.State)), cmp.Compare(k, i))
		})
		if at == max {
			continue
		}
		if len(keep) == max {
			keep = keep[:max-1]
		}
		keep = slices.Insert(keep, at, i)
	}
	return keep
}

// stateWords says in a few words where a location stands.
func stateWords(w *finding.Location) string {
	switch w.State {
	case finding.StateHead:
		return "at HEAD"
	case finding.StateHistory:
		if w.Gone != nil && !w.Gone.When.IsZero() {
			return "removed " + day(w.Gone.When) + ", still in history"
		}
		return "still in history"
	case finding.StateDangling:
		return "in an unreachable object"
	case finding.StateStash:
		return "in a stash"
	case finding.StateTag:
		if len(w.Refs) > 0 {
			return "only in tag " + w.Refs[0]
		}
		return "only in a tag"
	case finding.StateMerge:
		return "born in a merge commit"
	case finding.StateNote:
		return "in a git note"
	case finding.StateStaged:
		return "staged"
	case finding.StateWorktree:
		return "on disk"
	case finding.StateLayer:
		return "in the image" + layerWords(w)
	case finding.StateLayerDeleted:
		return "deleted, still in the image" + layerWords(w)
	case finding.StateRefName:
		return "in the name of a branch or tag"
	case finding.StateMessage:
		return "in a message"
	case finding.StateInventory:
		return "in an inventory"
	}
	return string(w.State)
}

func layerWords(w *finding.Location) string {
	if w.Layer == nil {
		return ""
	}
	s := ", layer " + shortHash(w.Layer.Digest)
	if w.Layer.Base {
		s += " of the base"
	}
	return s
}

// placeWords names a place inside its target: a path with line and column, or what there is instead of a path.
func placeWords(w *finding.Location, s finding.Span) string {
	p := w.Path
	if p == "" {
		switch {
		case w.State == finding.StateRefName && len(w.Refs) > 0:
			return "name " + w.Refs[0]
		case w.State == finding.StateMessage && w.Added != nil:
			p = "message of " + shortHash(w.Added.Commit)
		case w.State == finding.StateDangling:
			p = "unreachable object"
		case w.State == finding.StateMessage:
			p = "message"
		case w.Source == "stdin":
			p = "standard input"
		default:
			return stateWords(w)
		}
	}
	if s.Line == 0 {
		return p
	}
	if s.Column == 0 {
		return fmt.Sprintf("%s:%d", p, s.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p, s.Line, s.Column)
}

// decodeWords says what had to be undone to reach a value; "" for nothing.
func decodeWords(steps []finding.Step) string {
	var s []string
	for _, d := range steps {
		if d.Entry != "" {
			s = append(s, d.Name+" entry "+d.Entry)
		} else {
			s = append(s, d.Name)
		}
	}
	return strings.Join(s, ", then ")
}

// headline says what a credential is and why it matters, in clauses, as of a time.
func headline(c *finding.Credential, asOf time.Time) string {
	s := []string{cmp.Or(c.Title, c.Kind)}
	if c.Proof == finding.ProofRefuted {
		s = append(s, "malformed or made up")
	}
	var reach []string
	for _, e := range c.Environments {
		if e.Name != "" && e.Class != finding.EnvUnknown && !slices.Contains(reach, e.Name) {
			reach = append(reach, e.Name)
		}
	}
	switch {
	case len(reach) > 3:
		s = append(s, fmt.Sprintf("reaches %d environments", len(reach)))
	case len(reach) > 0:
		s = append(s, "reaches "+and(reach))
	}
	if at := worst(c.Sightings, 1); len(at) > 0 {
		w := c.Sightings[at[0]].Where
		w.Layer = nil // the place below names it
		s = append(s, stateWords(&w))
	}
	if !c.FirstSeen.IsZero() && asOf.After(c.FirstSeen) {
		s = append(s, "at least "+count(int64(asOf.Sub(c.FirstSeen)/(24*time.Hour)), "day", "days")+" old")
	}
	for _, k := range c.Conditions {
		if k.ID == "unattributed" && k.Verdict == finding.VerdictYes {
			s = append(s, "nobody owns it")
		}
	}
	return strings.Join(s, ", ")
}

// roleWords says what a part is beside the canonical one.
func roleWords(r finding.Role) string {
	switch r {
	case finding.RoleID:
		return "its public half"
	case finding.RoleSecret:
		return "its other half"
	case finding.RoleUser:
		return "its user"
	case finding.RoleHost:
		return "its host"
	}
	return string(r)
}

// factWords lists facts as "field value"; dates in them are cut to the day.
func factWords(facts []finding.Fact, max int) string {
	var s []string
	for i, f := range facts {
		if i == max {
			s = append(s, fmt.Sprintf("%d more", len(facts)-max))
			break
		}
		v := f.Value
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			v = day(t)
		}
		w := strings.ReplaceAll(f.Field, "_", " ") + " " + v
		if f.Inferred {
			w += " (inferred)"
		}
		s = append(s, w)
	}
	return strings.Join(s, ", ")
}

// reasonWords say why things were not scanned, one and many, and what to do about it; "" where nothing needs doing.
func reasonWords(r finding.Reason, n int64) (what, next string) {
	switch r {
	case finding.ReasonTooLarge:
		return fmt.Sprintf("%d too large", n), ""
	case finding.ReasonExcluded:
		return fmt.Sprintf("%d excluded", n), ""
	case finding.ReasonSubmodule:
		return count(n, "submodule", "submodules"), ""
	case finding.ReasonLFS:
		return count(n, "LFS pointer", "LFS pointers"), ""
	case finding.ReasonSpecialFile:
		return count(n, "special file", "special files"), ""
	case finding.ReasonSymlink:
		return count(n, "symbolic link", "symbolic links"), ""
	case finding.ReasonLimit:
		return fmt.Sprintf("%d beyond an unpacking limit", n), ""
	case finding.ReasonUnsupported:
		return fmt.Sprintf("%d of a format without a reader", n), ""
	case finding.ReasonDamaged:
		return count(n, "damaged archive", "damaged archives") + " matched as bytes", ""
	case finding.ReasonUnreadable:
		return fmt.Sprintf("%d could not be read", n), "give the scan permission to read them"
	case finding.ReasonCorrupt:
		return fmt.Sprintf("%d damaged", n), "run git fsck, or fetch a fresh copy"
	case finding.ReasonMissing:
		return count(n, "object", "objects") + " named but absent", "fetch the missing objects"
	case finding.ReasonShallow:
		return fmt.Sprintf("history cut off at %s of a shallow clone", count(n, "edge", "edges")), "run git fetch --unshallow"
	case finding.ReasonNothing:
		return count(n, "target", "targets") + " with nothing to scan", "check that the target is what you meant"
	}
	return fmt.Sprintf("%d %s", n, r), ""
}

// skipped lists the reasons that do or don't make a scan incomplete, in words, and the first thing to do.
func skipped(c *finding.Coverage, incomplete bool) (what []string, next string) {
	reasons := make([]finding.Reason, 0, len(c.Skipped))
	for r, n := range c.Skipped {
		if n > 0 && r.Incomplete() == incomplete {
			reasons = append(reasons, r)
		}
	}
	slices.Sort(reasons)
	for _, r := range reasons {
		w, n := reasonWords(r, c.Skipped[r])
		what = append(what, w)
		next = cmp.Or(next, n)
	}
	return what, next
}

// targetWords counts targets by source, in the order they come.
func targetWords(all []finding.TargetCoverage) string {
	names := map[string][2]string{
		"git": {"repository", "repositories"}, "image": {"image", "images"}, "dir": {"folder", "folders"},
		"ci": {"set of pipelines", "sets of pipelines"}, "stdin": {"standard input", "standard inputs"},
	}
	var order, words []string
	n := map[string]int64{}
	for _, t := range all {
		if n[t.Source]++; n[t.Source] == 1 {
			order = append(order, t.Source)
		}
	}
	for _, s := range order {
		w, ok := names[s]
		if !ok {
			w = [2]string{s + " target", s + " targets"}
		}
		words = append(words, count(n[s], w[0], w[1]))
	}
	return strings.Join(words, ", ")
}

// skipWords is one skip in a line.
func skipWords(k finding.Skip) string {
	s := k.Target
	if at := cmp.Or(k.Path, k.Object); at != "" {
		s += "  " + at
	}
	s += ": " + string(k.Reason)
	if k.Size > 0 {
		s += ", " + size(k.Size)
	}
	if k.Detail != "" {
		s += ", " + k.Detail
	}
	return s
}

// and joins with commas and a last "and".
func and(s []string) string {
	if len(s) < 2 {
		return strings.Join(s, "")
	}
	return strings.Join(s[:len(s)-1], ", ") + " and " + s[len(s)-1]
}

func count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// size is in decimal units, as disks and providers count.
func size(n int64) string {
	if n < 1000 {
		return count(n, "byte", "bytes")
	}
	f, unit := float64(n)/1e3, "kB"
	for _, u := range []string{"MB", "GB", "TB"} {
		if f < 999.95 {
			break
		}
		f, unit = f/1e3, u
	}
	return fmt.Sprintf("%.1f %s", f, unit)
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func shortHash(s string) string {
	if _, h, ok := strings.Cut(s, ":"); ok {
		s = h
	}
	if len(s) > 7 {
		s = s[:7]
	}
	return s
}

// useWords says what a pipeline does with a secret in one place.
func useWords(u *finding.Use) string {
	s := strings.TrimSpace(u.Where.Target + " " + placeWords(&u.Where, u.Span))
	for _, x := range []struct{ front, text string }{
		{", job ", u.Job}, {", as ", u.As}, {", started by ", strings.Join(u.Triggers, " and ")}, {", ", forkWords(u)}, {", printed: ", u.Printed},
	} {
		if x.text != "" {
			s += x.front + x.text
		}
	}
	for _, c := range u.Consumers {
		name := c.Name
		if c.Pin != "" {
			name += " at " + c.Pin
		}
		party := map[finding.Party]string{
			finding.PartyLocal: "of the repository", finding.PartyPlatform: "the platform's own", finding.PartyOwn: "of the same owner", finding.PartyThird: "a third party's",
			finding.PartyImage: "an image",
		}[c.Party]
		if c.Pinned == finding.No {
			party = strings.TrimPrefix(party+", which can be moved to other code", ", ")
		}
		if party != "" {
			name += " (" + party + ")"
		}
		s += ", handed to " + name
	}
	if u.Static != nil {
		s += ", " + u.Static.What + " where there could be " + u.Static.Instead
		if u.Static.Doubt != "" {
			s += " (" + u.Static.Doubt + ")"
		}
	}
	if u.Whole {
		s += ", one of all secrets that are handed over at once"
	}
	return s
}

func forkWords(u *finding.Use) string {
	s := map[finding.Answer]string{finding.Yes: "within a fork's reach", finding.No: "out of a fork's reach"}[u.Fork]
	if s != "" && u.ForkWhy != "" {
		s += " (" + u.ForkWhy + ")"
	}
	return s
}
