package correlate

import (
	"slices"
	"strings"

	"sprawl/finding"
	"sprawl/internal/owners"
)

// How an owner was found, from the surest on. A creator or an author is a contact and no owner: it says who made it, not who
// answers for it. A holder is the person whose own credential it is.
const (
	byOverride   = "override"
	byProvider   = "provider"
	byHolder     = "holder"
	byCreator    = "creator"
	byCatalog    = "catalog"
	byCodeowners = "codeowners"
	byAuthor     = "author"
)

// How exports tell whom to ask of a repository: its owner by a custom property, and the teams that may administer it.
const (
	ByProperty = "github-property"
	ByTeam     = "github-team"
)

// candidate is one name for an owner.
type candidate struct {
	name, how, where string
	team             bool
}

func (k candidate) String() string {
	s := k.name + " (" + k.how
	if k.where != "" {
		s += ", " + k.where
	}
	return s + ")"
}

// owns is false for whom one would ask: who made or wrote it, and a team that may administer the repository, which says who can and
// not who does.
func (k candidate) owns() bool { return k.how != byCreator && k.how != byAuthor && k.how != ByTeam }

// maxCandidates is how many a report lists.
const maxCandidates = 20

// owner finds who answers for a credential, by the order above, and keeps everybody who was named. Standing is the first of
// those who can own that is known to be there: a person who has left does not hide a team that has not.
func (j *judge) owner(c *finding.Credential) finding.Owner {
	o := finding.Owner{Candidates: []string{}}
	var all []candidate
	seen := map[[2]string]bool{}
	add := func(k candidate) {
		k.name = strings.TrimSpace(k.name)
		id := [2]string{k.name, k.how}
		if k.name != "" && !seen[id] {
			seen[id] = true
			all = append(all, k)
		}
	}
	if j.in.Owner != nil {
		o.Tried = append(o.Tried, "policy")
		if name, team, ok := j.in.Owner(c, nil); ok {
			add(candidate{name, byOverride, "", team})
		}
		for i := range c.Sightings {
			if name, team, ok := j.in.Owner(c, &c.Sightings[i]); ok {
				add(candidate{name, byOverride, "", team})
			}
		}
	}
	j.provider(c, add, &o)
	for _, n := range j.files(c, &o) {
		o.Files = append(o.Files, n)
		add(candidate{n.Name, n.How, n.Where, n.Team})
	}
	j.repositories(c, add)
	if as := authors(c); len(as) > 0 {
		o.Tried = append(o.Tried, "authors")
		for _, a := range as {
			if !a.machine() {
				add(candidate{name: a.String(), how: byAuthor})
			}
		}
	}

	for _, k := range all {
		if len(o.Candidates) < maxCandidates {
			o.Candidates = append(o.Candidates, k.String())
		}
		if !k.owns() {
			continue
		}
		here, gone := "", ""
		if !k.team && j.in.Account != nil {
			here, gone = j.in.Account(k.name)
		}
		if o.Name == "" {
			o.Name, o.How, o.Team = k.name, k.how, k.team
			switch {
			case gone != "":
				o.Active, o.ActiveWhy = finding.No, gone
			case here != "":
				o.Active, o.ActiveWhy = finding.Yes, here
			}
		}
		if o.Standing == "" && (k.team || here != "") {
			o.Standing, o.StandingWhy = k.String(), here
		}
		if here != "" && gone != "" {
			j.say(c, "contradiction", finding.SevLow, "exports do not agree whether "+k.name+", who "+verb(k.how)+" "+finding.ShortID(c.ID)+", is still there: "+here+", and "+gone)
		}
	}
	return o
}

// verb is what an owner does, by how it was found.
func verb(how string) string {
	if how == byHolder {
		return "holds"
	}
	return "owns"
}

// provider reads tags, holders and creators out of records. A record of the account or of a principal speaks for its keys too.
func (j *judge) provider(c *finding.Credential, add func(candidate), o *finding.Owner) {
	for _, pass := range []string{byProvider, byHolder, byCreator} {
		for _, r := range c.Records {
			if r.Match == finding.MatchSuffix {
				continue
			}
			if pass == byHolder && c.Traits.HumanIssued.Value != finding.No && fact(r, "user_type") == "human" && !strings.HasPrefix(fact(r, "user"), "<") { // <root_account> is nobody
				add(candidate{fact(r, "user"), byHolder, r.System, false})
			}
			for _, f := range r.Facts {
				switch f.Field {
				case "owner", "contact":
					if pass == byProvider {
						add(candidate{f.Value, byProvider, r.System, strings.HasPrefix(f.Value, "group:") || strings.HasPrefix(f.Value, "team:")})
					}
				case "team":
					if pass == byProvider {
						add(candidate{f.Value, byProvider, r.System, true})
					}
				case "creator", "created_by":
					if pass == byCreator {
						add(candidate{f.Value, byCreator, r.System, false})
					}
				}
			}
		}
	}
	if len(c.Records) > 0 {
		o.Tried = append(o.Tried, "provider")
	}
}

// fact is the first value that a record has for a field.
func fact(r finding.Record, field string) string {
	for _, f := range r.Facts {
		if f.Field == field {
			return f.Value
		}
	}
	return ""
}

// files reads who owns the places of a credential out of catalogs and code owners' files: what the targets' files say, or what they
// said when their targets were at hand.
func (j *judge) files(c *finding.Credential, o *finding.Owner) []finding.Named {
	if j.parts != nil {
		return named(j.parts[c.ID], o)
	}
	if j.in.Files == nil {
		return nil
	}
	type place struct{ target, path string }
	var places []place
	asked, catalogs := true, true
	for i := range c.Sightings {
		w := &c.Sightings[i].Where
		if w.Path == "" || w.Source != "git" && w.Source != "github" && w.Source != "ci" || w.State == finding.StateInventory {
			continue
		}
		if p := (place{w.Target, w.Path}); !slices.Contains(places, p) && len(places) < 100 {
			places = append(places, p)
		}
	}
	if len(places) == 0 {
		return nil
	}
	var byCatalogs, byFiles []finding.Named
	for _, p := range places {
		t := j.tree(p.target)
		found, ok := t.Catalog(p.path)
		catalogs = catalogs && ok && t.Err() == nil
		for _, f := range found {
			byCatalogs = append(byCatalogs, finding.Named{Name: f.Name, How: byCatalog, Where: f.Where, Team: f.Team})
		}
		found, ok = t.For(p.path)
		asked = asked && ok
		for _, f := range found {
			byFiles = append(byFiles, finding.Named{Name: f.Name, How: byCodeowners, Where: f.Where, Team: f.Team})
		}
	}
	if catalogs {
		o.Tried = append(o.Tried, byCatalog)
	}
	if asked {
		o.Tried = append(o.Tried, byCodeowners)
	}
	return append(byCatalogs, byFiles...)
}

// named is what the files of several targets said, catalogs first. Where one target could not say, nobody was asked.
func named(parts []*finding.Credential, o *finding.Owner) (out []finding.Named) {
	for _, how := range []string{byCatalog, byCodeowners} {
		asked := len(parts) > 0
		for _, p := range parts {
			asked = asked && slices.Contains(p.Owner.Tried, how)
			for _, n := range p.Owner.Files {
				if n.How == how && !slices.Contains(out, n) {
					out = append(out, n)
				}
			}
		}
		if asked {
			o.Tried = append(o.Tried, how)
		}
	}
	return out
}

// repositories asks exports about the repositories that hold it.
func (j *judge) repositories(c *finding.Credential, add func(candidate)) {
	if j.in.Origin == nil || j.in.Listed == nil {
		return
	}
	asked := map[string]bool{}
	for i := range c.Sightings {
		w := &c.Sightings[i].Where
		if asked[w.Target] || w.Source != "git" || w.State == finding.StateInventory {
			continue
		}
		asked[w.Target] = true
		if name := j.in.Origin(w.Target); name != "" {
			for _, l := range j.in.Listed(name) {
				add(candidate{l.Name, l.How, l.Where, l.Team})
			}
		}
	}
}

func (j *judge) tree(target string) *owners.Tree {
	t := j.trees[target]
	if t == nil {
		t = owners.Read(func(path string) ([]byte, error) { return j.in.Files(target, path) })
		j.trees[target] = t
	}
	return t
}

// person is an author as a commit names one.
type person struct{ name, mail string }

func (p person) String() string {
	if p.mail == "" {
		return p.name
	}
	return p.name + " <" + p.mail + ">"
}

// machine reports whether nobody reads what is sent there.
func (p person) machine() bool {
	l := strings.ToLower(p.name + " " + p.mail)
	return strings.Contains(l, "[bot]") || strings.Contains(l, "noreply") || strings.Contains(l, "no-reply") || strings.HasSuffix(strings.ToLower(p.name), "-bot")
}

// authors lists who added it, the latest first.
func authors(c *finding.Credential) []person {
	const most = 10
	var changes []*finding.Change
	for i := range c.Sightings {
		if a := c.Sightings[i].Where.Added; a != nil && a.Author != "" {
			changes = append(changes, a)
		}
	}
	slices.SortStableFunc(changes, func(a, b *finding.Change) int { return b.When.Compare(a.When) })
	var out []person
	for _, a := range changes {
		name, mail, _ := strings.Cut(a.Author, "<")
		p := person{strings.TrimSpace(name), strings.TrimSuffix(strings.TrimSpace(mail), ">")}
		if !slices.Contains(out, p) && len(out) < most {
			out = append(out, p)
		}
	}
	return out
}
