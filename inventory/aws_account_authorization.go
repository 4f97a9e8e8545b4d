package inventory

import (
	"maps"
	"slices"
	"sprawl/finding"
	"strings"
)

// awsAccountAuthorization is the answer of GetAccountAuthorizationDetails: users with their tags, groups and policies, and the
// policies themselves. How much a user may do is worked out here, since the documents are of no other use.
func awsAccountAuthorization() listing {
	// What an answer does not have may be anything: an empty list is printed as one.
	whole := func(r *Row, o Object, lists ...string) {
		for _, l := range lists {
			if _, ok := o.m[l]; !ok {
				r.give("inline", "unknown")
			}
		}
		for _, p := range o.Objects("AttachedManagedPolicies[]") {
			if p.Text("PolicyArn") == "" {
				r.give("inline", "unknown")
			}
		}
	}
	policies := func(r *Row, o Object, list, doc string) {
		for _, p := range o.Objects(list) {
			r.give("inline", awsDocument(p.Objects(doc)))
			r.give("policy", p.Text("PolicyName"))
		}
	}
	return listing{
		Name: "aws-account-authorization", Title: "AWS account authorization details", System: "aws-iam",
		Command:    "aws iam get-account-authorization-details > account-authorization.json",
		Permission: "iam:GetAccountAuthorizationDetails",
		Docs:       iamAPI + "API_GetAccountAuthorizationDetails.html",
		Joins:      "user (parent)",
		Decides:    "how much the user may do, by which policies, and under which conditions; owner, team and environment by tags",
		Signs:      []string{"UserDetailList[].Arn", "UserDetailList GroupDetailList", "UserDetailList Policies"},
		One:        []string{"aws.account"},
		Mappings: []Mapping{
			{
				Rows: "UserDetailList[]", Class: Principal, Key: "Arn",
				Facts: []Take{
					{From: "UserName", To: "user"},
					{From: "CreateDate", To: "principal_created", As: when},
					{From: "GroupList[]", To: "role"},
					{From: "AttachedManagedPolicies[].PolicyName", To: "policy"},
					{From: "AttachedManagedPolicies[].PolicyArn", To: "attached"},
					{From: "PermissionsBoundary.PermissionsBoundaryArn", To: "boundary"},
				},
				Finish: func(o Object, r *Row, m Meta) error {
					policies(r, o, "UserPolicyList[]", "PolicyDocument")
					whole(r, o, "UserPolicyList", "AttachedManagedPolicies", "GroupList")
					return finishAWSUser(o, r, m)
				},
			},
			{
				Rows: "GroupDetailList[]", Class: "group", Key: "GroupName",
				Facts: []Take{{From: "AttachedManagedPolicies[].PolicyArn", To: "attached"}, {From: "AttachedManagedPolicies[].PolicyName", To: "policy"}},
				Finish: func(o Object, r *Row, _ Meta) error {
					policies(r, o, "GroupPolicyList[]", "PolicyDocument")
					whole(r, o, "GroupPolicyList", "AttachedManagedPolicies")
					return nil
				},
			},
			{
				Rows: "Policies[]", Class: "policy", Key: "Arn",
				Finish: func(o Object, r *Row, _ Meta) error {
					for _, v := range o.Objects("PolicyVersionList[]") {
						if v.Text("IsDefaultVersion") == "true" {
							r.give("inline", awsDocument(v.Objects("Document")))
						}
					}
					return nil
				},
			},
		},
		End: awsAccess,
	}
}

// awsManaged are managed policies whose name says what they allow, where the export leaves their documents out
// (https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html).
var awsManaged = map[string]string{
	"AdministratorAccess": "admin", "IAMFullAccess": "admin", "PowerUserAccess": "write",
	"ReadOnlyAccess": "read", "ViewOnlyAccess": "read", "SecurityAudit": "read",
}

// awsAccess gives every user the sum of what its policies and groups allow, where all of them are known, and drops the rows that
// only served to find out.
func awsAccess(l *loading) {
	groups, known := map[string]*Row{}, map[string]string{}
	for i := range l.inv.Rows {
		switch r := &l.inv.Rows[i]; r.Class {
		case "group":
			groups[r.Record.Key] = r
		case "policy":
			known[r.Record.Key] = r.Fact("inline")
		}
	}
	for i := range l.inv.Rows {
		r := &l.inv.Rows[i]
		if r.Class != Principal {
			continue
		}
		sum, all, bound := "", true, []string{}
		take := func(from *Row) {
			for _, f := range from.Record.Facts {
				access := ""
				switch f.Field {
				case "inline":
					access = f.Value
				case "attached":
					if access = known[f.Value]; access == "" {
						access = awsManaged[f.Value[strings.LastIndexByte(f.Value, '/')+1:]]
					}
				default:
					continue
				}
				access, cond, _ := strings.Cut(access, " ")
				if access == "" || access == "unknown" {
					all = false
					continue
				}
				bound = append(bound, cond)
				sum = moreAccess(sum, access)
			}
		}
		take(r)
		for _, f := range slices.Clone(r.Record.Facts) {
			if f.Field != "role" {
				continue
			}
			g := groups[f.Value]
			if g == nil {
				all = false
				continue
			}
			take(g)
			for _, p := range g.Record.Facts {
				if p.Field == "policy" {
					r.Record.Facts = append(r.Record.Facts, p)
				}
			}
		}
		r.Record.Facts = slices.DeleteFunc(r.Record.Facts, func(f finding.Fact) bool { return f.Field == "inline" || f.Field == "attached" })
		add := func(field, value string) {
			if value != "" {
				r.Record.Facts = append(r.Record.Facts, finding.Fact{Field: field, Value: value, Source: l.source, AsOf: l.meta.AsOf})
			}
		}
		if b := r.Fact("boundary"); b != "" && sum != "" {
			most, _, _ := strings.Cut(known[b], " ")
			switch most {
			case "", "unknown":
				all = all && sum != "admin" && sum != "write" // it may allow less, and nothing says how much
				if !all {
					sum = ""
				}
			default:
				sum = accessRank[min(slices.Index(accessRank, sum), slices.Index(accessRank, most))]
			}
		}
		switch {
		case sum == "admin" || all && sum != "":
			add("access", sum)
		case all:
			add("access", "narrow") // no policy at all
		}
		if all && sum != "" {
			if slices.Contains(bound, "") {
				add("restriction", "none")
			} else {
				add("restriction", strings.Join(slices.Compact(slices.Sorted(slices.Values(bound))), ", "))
			}
		}
	}
	l.inv.Rows = slices.DeleteFunc(l.inv.Rows, func(r Row) bool { return r.Class == "group" || r.Class == "policy" })
}

// accessRank orders how much a principal may do.
var accessRank = []string{"", "narrow", "read", "write", "admin"}

func moreAccess(a, b string) string {
	if slices.Index(accessRank, b) > slices.Index(accessRank, a) {
		return b
	}
	return a
}

// awsDocument says how much a policy document allows, followed by the network conditions under which all of it holds: "read",
// "write aws:sourceip". admin is everything on everything, or the rights to give it to oneself; narrow is named actions on named
// resources; read is reading alone; write is the rest. "unknown" where there is no document.
func awsDocument(docs []Object) string {
	if len(docs) == 0 {
		return "unknown"
	}
	sum, bound, allows := "", "", 0
	statements := append(docs[0].Objects("Statement[]"), docs[0].Objects("Statement")...)
	if len(statements) == 0 {
		return "unknown"
	}
	for _, s := range statements {
		switch s.Text("Effect") {
		case "Allow":
		case "Deny":
			continue
		default:
			return "unknown"
		}
		sum = moreAccess(sum, awsStatement(s))
		cond := awsCondition(s)
		if allows++; allows == 1 {
			bound = cond
		} else if bound != cond {
			bound = ""
		}
	}
	if sum == "" {
		sum = "narrow" // nothing is allowed
	}
	return strings.TrimSpace(sum + " " + bound)
}

func awsStatement(s Object) string {
	list := func(name string) []string { return append(s.Texts(name+"[]"), s.Texts(name)...) }
	actions, resources := list("Action"), list("Resource")
	everywhere := len(resources) == 0 || slices.Contains(resources, "*")
	// "arn:aws:s3:::*" names a service and nothing in it.
	wide := slices.ContainsFunc(resources, func(r string) bool { return strings.HasPrefix(r[strings.LastIndexByte(r, ':')+1:], "*") })
	if len(actions) == 0 { // NotAction: everything but a few
		return "write"
	}
	reads, named := true, !everywhere && !wide
	for _, a := range actions {
		service, verb, _ := strings.Cut(strings.ToLower(a), ":")
		if everywhere && (service == "*" || service == "iam" && verb == "*" || a == "*") {
			return "admin"
		}
		if strings.Contains(verb, "*") || verb == "" {
			named = false
		}
		if !slices.ContainsFunc([]string{"get", "list", "describe", "head", "batchget", "query", "scan", "view", "lookup", "search", "select"}, func(p string) bool { return strings.HasPrefix(verb, p) }) {
			reads = false
			if service == "iam" || service == "*" {
				named = false // what changes permissions can give itself others
			}
		}
	}
	switch {
	case named:
		return "narrow"
	case reads:
		return "read"
	}
	return "write"
}

// awsCondition names the global condition keys that bind a statement to a network.
func awsCondition(s Object) string {
	var out []string
	for _, c := range s.Objects("Condition") {
		for _, op := range slices.Sorted(maps.Keys(c.m)) {
			keys, _ := c.m[op].(map[string]any)
			for _, k := range slices.Sorted(maps.Keys(keys)) {
				switch k := strings.ToLower(k); k {
				case "aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip":
					out = append(out, k)
				}
			}
		}
	}
	return strings.Join(out, ",")
}
