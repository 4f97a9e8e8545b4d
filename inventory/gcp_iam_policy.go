package inventory

import (
	"errors"
	"slices"
	"strings"

	"sprawl/finding"
)

// gcpIAMPolicy is the answer of getIamPolicy, and of asset search-all-iam-policies: who has which role, and what is logged.
func gcpIAMPolicy() listing {
	roles := func(each, project string) Mapping {
		return Mapping{
			Each: each, Class: "binding",
			Finish: func(o Object, r *Row, m Meta) error {
				p := tailOf(o.Text(project))
				if p == "" {
					p = m.Scope
				}
				role := o.Text("role")
				for _, who := range o.Texts("members[]") {
					kind, name, _ := strings.Cut(who, ":")
					r.give("member", kind+":"+strings.ToLower(name))
				}
				r.give("role", role)
				r.give("resource", o.Text("^.resource"))
				if c := o.Text("condition.expression"); c != "" {
					r.give("restriction", "condition")
				}
				r.give("project", p)
				return nil
			},
		}
	}
	audit := Mapping{
		If: "etag", Class: Account,
		Finish: func(o Object, r *Row, m Meta) error {
			project := m.Scope
			if project == "" {
				project = gcpOnlyProject(o)
			}
			if project == "" {
				return errors.New("the policy does not say of which project it is: name it with FILE,scope=PROJECT, and what is logged counts too")
			}
			r.Record.Key = "projects/" + project
			r.give("project", project)
			r.Keys = append(r.Keys, Key{"gcp.project", project})
			all := map[string]bool{}
			// Admin activity is always logged; reading and data only where a configuration says so
			// (https://cloud.google.com/logging/docs/audit/configure-data-access).
			data := "off"
			for _, c := range o.Objects("auditConfigs[]") {
				service := c.Text("service")
				for _, t := range c.Objects("auditLogConfigs[]") {
					r.give("logging_data", service+" "+t.Text("logType"))
					all[c.Text("service")+" "+t.Text("logType")] = true
					data = "partial"
					r.give("logging_excludes", t.Texts("exemptedMembers[]")...)
				}
			}
			if all["allServices DATA_READ"] && all["allServices DATA_WRITE"] && r.Fact("logging_excludes") == "" {
				data = "on"
			}
			// What administers is always logged, so the trace is never missing altogether.
			r.give("logging", map[string]string{"on": "on"}[data], map[string]string{"off": "partial", "partial": "partial"}[data])
			r.give("logging_reads", data)
			return nil
		},
	}
	one, found := roles("bindings[]", "^.nothing"), roles("policy.bindings[]", "^.project")
	found.Rows = "[]"
	return listing{
		Name: "gcp-iam-policy", Title: "Google Cloud IAM policy and audit configuration", System: "gcp-iam",
		Command:    "gcloud projects get-iam-policy PROJECT --format=json > iam-policy.json, or gcloud asset search-all-iam-policies --scope=organizations/ID --format=json",
		Permission: "resourcemanager.projects.getIamPolicy (roles/iam.securityReviewer), or cloudasset.assets.searchAllIamPolicies",
		Docs:       "https://cloud.google.com/iam/docs/reference/rest/v1/Policy",
		Joins:      "address of the service account (parent), project (parent)", Decides: "roles and how much they allow; whether data access is logged",
		Signs:    []string{"bindings[].role etag", "bindings auditConfigs", "[].policy.bindings"},
		Mappings: []Mapping{one, audit, found},
		End:      gcpRoles,
	}
}

// gcpOnlyProject is the project of every service account in a policy that belongs to one, if it is one.
func gcpOnlyProject(o Object) string {
	seen := map[string]bool{}
	for _, who := range o.Texts("bindings[].members[]") {
		if p := gcpProject(who); p != "" && !strings.HasPrefix(p, "gcp-sa-") {
			seen[p] = true
		}
	}
	if len(seen) != 1 {
		return ""
	}
	for p := range seen {
		return p
	}
	return ""
}

// gcpRoles turns bindings, each of a role, into principals, each with its roles in all projects.
func gcpRoles(l *loading) {
	at := map[string]*Row{}
	var order []string
	keep := l.inv.Rows[:0:0]
	// An export that shows an organisation's own policy holds those of everything below it.
	whole := l.inv.Partial == "" && slices.ContainsFunc(l.inv.Rows, func(r Row) bool {
		return strings.HasPrefix(r.Fact("resource"), "//cloudresourcemanager.googleapis.com/organizations/")
	})
	for i := range l.inv.Rows {
		b := &l.inv.Rows[i]
		if b.Class != "binding" {
			keep = append(keep, *b)
			continue
		}
		role := b.Fact("role")
		if a := gcpRole(role); a != "read" && a != "narrow" {
			whole = whole && !slices.ContainsFunc(b.Record.Facts, func(f finding.Fact) bool {
				return f.Field == "member" && (strings.HasPrefix(f.Value, "group:") || strings.HasPrefix(f.Value, "domain:") || strings.HasPrefix(f.Value, "all"))
			})
		}
		for _, f := range b.Record.Facts {
			if f.Field != "member" {
				continue
			}
			kind, email, _ := strings.Cut(f.Value, ":")
			if kind != "serviceAccount" && kind != "user" {
				continue
			}
			r := at[f.Value]
			if r == nil {
				r = &Row{Class: Principal, Number: b.Number, Record: finding.Record{System: l.System, Key: email, Source: b.Record.Source, AsOf: l.meta.AsOf}}
				r.Keys = []Key{{"gcp.email", email}, {"person.email", email}}
				if kind == "serviceAccount" {
					r.Keys = r.Keys[:1]
				}
				at[f.Value] = r
				order = append(order, f.Value)
			}
			r.give("role", role)
			if p := (finding.Fact{Field: "project", Value: b.Fact("project")}); p.Value != "" && !slices.Contains(r.Record.Facts, p) {
				r.give(p.Field, p.Value)
			}
			if b.Fact("restriction") != "" {
				r.give("restriction", "condition")
			}
		}
	}
	for _, who := range order {
		r := at[who]
		sum, all := "", whole
		for _, f := range r.Record.Facts {
			if f.Field == "role" {
				sum = moreAccess(sum, gcpRole(f.Value))
				all = all && gcpRole(f.Value) != ""
			}
		}
		// More may come from above the project, from a group, or with a role whose name does not say what it allows.
		if all || sum == "admin" || sum == "write" {
			r.give("access", sum)
		}
		for i := range r.Record.Facts {
			r.Record.Facts[i].Source, r.Record.Facts[i].AsOf = l.source, l.meta.AsOf
		}
		keep = append(keep, *r)
	}
	l.inv.Rows = keep
}

// gcpRole says how much a role allows, by its name (https://cloud.google.com/iam/docs/roles-overview): a basic role all of a
// project, another one a service. What a custom role allows its name does not say.
func gcpRole(role string) string {
	switch {
	case role == "roles/owner" || role == "roles/editor" || strings.HasPrefix(role, "roles/resourcemanager.") && strings.HasSuffix(role, "Admin") || role == "roles/iam.securityAdmin":
		return "admin"
	case role == "roles/viewer" || role == "roles/browser":
		return "read"
	case !strings.HasPrefix(role, "roles/"):
		return ""
	}
	name := strings.ToLower(role[strings.LastIndexByte(role, '.')+1:])
	switch {
	case strings.Contains(name, "admin"):
		return "write"
	case strings.Contains(name, "viewer") || strings.Contains(name, "reader") || strings.Contains(name, "reviewer"):
		return "read"
	}
	return "narrow"
}

func tailOf(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }
