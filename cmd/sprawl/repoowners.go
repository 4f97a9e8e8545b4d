package main

import (
	"slices"
	"strings"
	"time"

	"sprawl/internal/correlate"
	"sprawl/inventory"
)

// repositoryOwners says whom exports of GitHub name for a repository: its owners by custom properties of the newest export, and the
// teams that may administer or maintain it.
func repositoryOwners(invs []*inventory.Inventory) func(repository string) []correlate.Listed {
	type repository struct {
		properties []correlate.Listed
		asOf       time.Time
		teams      []correlate.Listed
	}
	by := map[string]*repository{}
	for _, inv := range invs {
		isTeams := inv.Format == "github-teams"
		if !isTeams && inv.Format != "github-repository-properties" {
			continue
		}
		for i := range inv.Rows {
			r := &inv.Rows[i]
			name := strings.ToLower(r.Fact("repository"))
			org, _, ok := strings.Cut(name, "/")
			if !ok {
				continue
			}
			if by[name] == nil {
				by[name] = &repository{}
			}
			switch b := by[name]; {
			case isTeams:
				t := correlate.Listed{Name: "@" + org + "/" + r.Fact("repository_team"), How: correlate.ByTeam, Where: r.Record.Source, Team: true}
				manages := slices.Contains([]string{"admin", "maintain"}, r.Fact("repository_permission"))
				if manages && !slices.ContainsFunc(b.teams, func(x correlate.Listed) bool { return x.Name == t.Name }) {
					b.teams = append(b.teams, t)
				}
			case b.asOf.IsZero() || r.Record.AsOf.After(b.asOf):
				b.asOf, b.properties = r.Record.AsOf, propertyOwners(r)
			}
		}
	}
	return func(name string) []correlate.Listed {
		b := by[strings.ToLower(name)]
		if b == nil {
			return nil
		}
		return slices.Concat(b.properties, b.teams)
	}
}

// propertyOwners are the owners and teams that properties of a repository name.
func propertyOwners(r *inventory.Row) []correlate.Listed {
	var out []correlate.Listed
	for _, f := range r.Record.Facts {
		if f.Field == "owner" || f.Field == "team" {
			team := f.Field == "team" || strings.HasPrefix(f.Value, "group:") || strings.HasPrefix(f.Value, "team:") || strings.HasPrefix(f.Value, "@") && strings.Contains(f.Value, "/")
			out = append(out, correlate.Listed{Name: f.Value, How: correlate.ByProperty, Where: r.Record.Source, Team: team})
		}
	}
	return out
}
