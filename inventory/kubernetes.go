package inventory

import (
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strings"

	"sprawl/finding"
)

const kubernetesLabels = "https://kubernetes.io/docs/reference/labels-annotations-taints/"

// kubernetes is what "kubectl get … -o json" prints of secrets, service accounts, bindings of cluster roles and cert-manager's
// certificates. The data of secrets is summed and dropped; a certificate in them is read.
func kubernetes() listing {
	var ms []Mapping
	for _, at := range []struct{ rows, cond string }{{"items[]", ""}, {"", ""}} {
		kind := func(k string, m Mapping) Mapping {
			m.Rows, m.If = at.rows, "kind="+k
			return m
		}
		ms = append(ms,
			kind("Secret", kubernetesSecret()), kind("ServiceAccount", kubernetesAccount()), kind("ClusterRoleBinding", kubernetesBinding()), kind("RoleBinding", kubernetesBinding()),
			kind("Certificate", certManagerCertificate()),
		)
	}
	return listing{
		Name: "kubernetes", Title: "Kubernetes secrets, service accounts, bindings and certificates", System: "kubernetes",
		Command:    "kubectl get secrets,serviceaccounts,clusterrolebindings,rolebindings -A -o json > kubernetes.json (holds the secrets: remove it when done); kubectl get certificates -A -o json for cert-manager",
		Permission: "get and list of these resources in every namespace",
		Docs:       kubernetesLabels,
		Joins:      "namespace and name of the secret (exact), value (exact), service account (parent), serial number (exact)",
		Decides:    "age, last use of an old token, its account's roles, owner and environment by label",
		Lists:      nil,
		Signs: []string{
			"items[].apiVersion items[].data", // a release of Helm is longer than what is looked at
			"items[].kind=Secret", "items[].kind=ServiceAccount", "items[].kind=ClusterRoleBinding", "items[].kind=RoleBinding", "items[].kind=Certificate",
			"kind=Secret metadata.name", "kind=ServiceAccount metadata.name", "kind=Certificate metadata.name",
			"kind=ClusterRoleBinding metadata.name", "kind=RoleBinding metadata.name",
		},
		Mappings: ms,
		Fold:     false,
		End:      kubernetesRoles,
	}
}

func kubernetesSecret() Mapping {
	return Mapping{
		Class: Credential, Key: "metadata.name",
		Facts: []Take{
			{From: "metadata.name", To: "secret_name"}, {From: "metadata.namespace", To: "namespace"}, {From: "type", To: "type"}, {From: "metadata.creationTimestamp", To: "created", As: when},
			{From: "metadata.labels.kubernetes.io/legacy-token-last-used", To: "last_used", As: when}, {From: "metadata.labels.kubernetes.io/legacy-token-invalid-since", To: "status", As: func(any) (string, error) { return "inactive", nil }},
			{From: "metadata.annotations.kubernetes.io/service-account.name", To: "user"},
		},
		Finish: func(o Object, r *Row, m Meta) error {
			ns, name := o.Text("metadata.namespace"), o.Text("metadata.name")
			r.Record.Key = ns + "/" + name
			r.Keys = append(r.Keys, Key{"kubernetes.secret", within(ns, name)})
			r.belongs("kubernetes.namespace", ns)
			if sa := o.Text("metadata.annotations.kubernetes.io/service-account.name"); sa != "" {
				r.belongs("kubernetes.account", within(ns, sa))
			}
			r.labels(o, "metadata.labels")
			r.labels(o, "metadata.annotations")
			if o.Text("type") == "kubernetes.io/service-account-token" {
				r.Kinds = []string{"kubernetes-service-account-token"}
				r.give("expires", "never")
				if r.Fact("last_used") == "" {
					// The label is kept since 1.26; before, or where it was never used since, there is none.
					r.give("last_used_before", r.Fact("created"))
				}
			}
			for _, data := range o.Objects("data") {
				for _, k := range slices.Sorted(maps.Keys(data.m)) {
					s, _ := asText(data.m[k])
					b, err := base64.StdEncoding.DecodeString(s)
					if err != nil {
						return errors.New("data is not base64")
					}
					switch {
					case k == "ca.crt" || k == "namespace" || plainly(k):
					case k == "tls.crt":
						r.certificate(b)
					case len(b) >= 8:
						if key, ok := m.key("value", string(b)); ok && len(r.Keys) < maxFacts {
							r.Keys = append(r.Keys, key)
						}
					}
				}
			}
			return nil
		},
	}
}

func kubernetesAccount() Mapping {
	return Mapping{
		Class: Principal, Key: "metadata.name",
		Facts: []Take{
			{From: "metadata.name", To: "user"}, {From: "metadata.namespace", To: "namespace"}, {From: "metadata.creationTimestamp", To: "principal_created", As: when}, {From: "'service'", To: "user_type"},
			{From: "metadata.annotations.eks.amazonaws.com/role-arn", To: "role"}, {From: "metadata.annotations.iam.gke.io/gcp-service-account", To: "role"}, {From: "metadata.annotations.azure.workload.identity/client-id", To: "role"},
		},
		Finish: func(o Object, r *Row, _ Meta) error {
			ns, name := o.Text("metadata.namespace"), o.Text("metadata.name")
			r.Record.Key = ns + "/" + name
			r.Keys = append(r.Keys, Key{"kubernetes.account", within(ns, name)})
			r.belongs("kubernetes.namespace", ns)
			r.labels(o, "metadata.labels")
			r.labels(o, "metadata.annotations")
			return nil
		},
	}
}

func kubernetesBinding() Mapping {
	return Mapping{
		Class: "binding",
		Finish: func(o Object, r *Row, _ Meta) error {
			r.give("role", o.Text("roleRef.kind")+"/"+o.Text("roleRef.name"))
			r.give("kind", o.Text("kind"))
			for _, s := range o.Objects("subjects[]") {
				if s.Text("kind") == "ServiceAccount" {
					ns := s.Text("namespace")
					if ns == "" {
						ns = o.Text("metadata.namespace")
					}
					r.give("member", ns+"/"+s.Text("name"))
				}
				if s.Text("kind") == "Group" && (strings.HasPrefix(s.Text("name"), "system:serviceaccounts") || s.Text("name") == "system:authenticated" || s.Text("name") == "system:unauthenticated") {
					r.give("group", s.Text("name"))
				}
			}
			return nil
		},
	}
}

// kubernetesRoles gives accounts the roles that bindings name. Only the roles that every cluster has say by their name what they
// allow (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles).
func kubernetesRoles(l *loading) {
	known := map[string]string{
		"cluster-admin": "admin", "admin": "write", "edit": "write", "view": "read",
		"system:basic-user": "narrow", "system:discovery": "narrow", "system:public-info-viewer": "narrow", "system:service-account-issuer-discovery": "narrow",
	}
	// An account also has what its groups have, and only a file with bindings of both kinds shows all of it.
	kinds, groups := map[string]bool{}, true
	for i := range l.inv.Rows {
		if b := &l.inv.Rows[i]; b.Class == "binding" {
			kinds[b.Fact("kind")] = true
			groups = groups && (b.Fact("group") == "" || known[tailOf(b.Fact("role"))] == "narrow")
		}
	}
	whole := len(kinds) == 2 && groups && l.inv.Partial == ""
	keep := l.inv.Rows[:0:0]
	at := map[string]*Row{}
	var order []string
	for i := range l.inv.Rows {
		b := &l.inv.Rows[i]
		if b.Class != "binding" {
			keep = append(keep, *b)
			continue
		}
		role := b.Fact("role")
		for _, f := range b.Record.Facts {
			if f.Field != "member" {
				continue
			}
			r := at[f.Value]
			if r == nil {
				r = &Row{Class: Principal, Number: b.Number, Record: finding.Record{System: "kubernetes-rbac", Key: f.Value, Source: b.Record.Source, AsOf: l.meta.AsOf}}
				r.Keys = []Key{{"kubernetes.account", f.Value}}
				at[f.Value] = r
				order = append(order, f.Value)
			}
			r.give("role", role)
			access := known[tailOf(role)]
			if access == "admin" && b.Fact("kind") != "ClusterRoleBinding" {
				access = "write" // everything in one namespace
			}
			if access == "" {
				access = "unknown"
			}
			r.give("access_of_role", access)
		}
	}
	for _, who := range order {
		r := at[who]
		sum, all := "", whole
		kept := r.Record.Facts[:0]
		for _, f := range r.Record.Facts {
			if f.Field == "access_of_role" {
				sum = moreAccess(sum, f.Value)
				all = all && f.Value != "unknown"
				continue
			}
			f.Source, f.AsOf = l.source, l.meta.AsOf
			kept = append(kept, f)
		}
		r.Record.Facts = kept
		if all && sum != "" || sum == "admin" || sum == "write" {
			r.Record.Facts = append(r.Record.Facts, finding.Fact{Field: "access", Value: sum, Source: l.source, AsOf: l.meta.AsOf})
		}
		keep = append(keep, *r)
	}
	l.inv.Rows = keep
}
