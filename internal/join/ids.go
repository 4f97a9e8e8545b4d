package join

import (
	"strings"

	"sprawl/finding"
	"sprawl/inventory"
)

// ids are the keys that a credential gives of itself in clear, offline or by introspection: its own and those of what it belongs
// to. A form is PROVIDER.FIELD unless a line of special says otherwise.
func ids(c *finding.Credential) (own, parents []inventory.Key) {
	add := func(to *[]inventory.Key, form, value string) {
		if value != "" {
			*to = append(*to, inventory.Key{Form: form, Value: value})
		}
	}
	if c.Provider != "" && c.Ident != "" {
		add(&own, c.Provider+".key_id", c.Ident)
	}
	field := map[string]string{}
	for _, f := range c.Facts {
		if _, ok := field[f.Field]; !ok {
			field[f.Field] = f.Value
		}
		switch f.Field {
		case "fingerprint":
			add(&own, "ssh.fingerprint", f.Value)
		case "serial":
			add(&own, "x509.serial", strings.ToLower(f.Value))
		case "jti":
			add(&own, "jwt.jti", f.Value)
		case "key_id":
			// A token's kid names the key that signed it, and every token of the issuer has it.
			if c.Provider != "" && c.Provider != "kubernetes" {
				add(&own, c.Provider+".key_id", f.Value)
			}
		case "email":
			add(&parents, "person.email", strings.ToLower(f.Value))
			if c.Provider != "" {
				add(&parents, c.Provider+".email", f.Value)
			}
		case "account", "project", "organisation", "user", "group", "application", "team":
			v := f.Value
			if c.Provider == "github" { // whose logins are compared without case
				v = strings.ToLower(v)
			}
			if c.Provider != "" && c.Provider != "kubernetes" {
				add(&parents, c.Provider+"."+f.Field, v)
			}
		}
	}
	switch c.Provider {
	case "kubernetes":
		ns, sa := field["namespace"], field["account"]
		if ns != "" && sa != "" {
			add(&parents, "kubernetes.account", ns+"/"+sa)
		}
		if ns != "" && field["secret_name"] != "" {
			add(&own, "kubernetes.secret", ns+"/"+field["secret_name"])
		}
		add(&parents, "kubernetes.namespace", ns)
	case "azure":
		// A host of a storage account begins with its name.
		for _, f := range []string{"account", "host"} {
			name, _, _ := strings.Cut(field[f], ".")
			add(&parents, "azure.storage_account", name)
		}
	}
	return own, parents
}

// wholeAccounts says of which AWS accounts listings of access keys are whole. list-access-keys answers for one user, so its
// exports cover an account only where a credential report counts every user's active keys and all of them are there.
func wholeAccounts(invs []*inventory.Inventory) map[*inventory.Inventory]map[inventory.Key]bool {
	listed := map[inventory.Key]int{} // aws.user -> active keys
	var keyLists []*inventory.Inventory
	for _, inv := range invs {
		if inv.System != "aws-iam" || inv.Partial != "" {
			continue
		}
		for i := range inv.Rows {
			r := &inv.Rows[i]
			if r.Class != inventory.Credential {
				continue
			}
			if r.Fact("status") != "active" {
				continue
			}
			for _, p := range r.Parents {
				if p.Form == "aws.user" {
					listed[p]++
				}
			}
		}
		keyLists = append(keyLists, inv)
	}
	whole := map[inventory.Key]bool{}
	broken := map[inventory.Key]bool{}
	for _, inv := range invs {
		if inv.System != "aws-credential-report" || inv.Partial != "" {
			continue
		}
		for i := range inv.Rows {
			r := &inv.Rows[i]
			if r.Class != inventory.Principal {
				continue
			}
			want, complete := r.Fact("principal_keys"), true
			for _, k := range r.Keys {
				if k.Form == "aws.user" && !atLeast(listed[k], want) {
					complete = false
				}
			}
			for _, p := range r.Parents {
				if p.Form == "aws.account" {
					whole[p] = true
					broken[p] = broken[p] || !complete
				}
			}
		}
	}
	out := map[*inventory.Inventory]map[inventory.Key]bool{}
	for _, inv := range keyLists {
		out[inv] = map[inventory.Key]bool{}
		for k := range whole {
			if !broken[k] {
				out[inv][k] = true
			}
		}
	}
	return out
}

func atLeast(n int, want string) bool {
	switch want {
	case "0":
		return true
	case "1":
		return n >= 1
	case "2":
		return n >= 2
	}
	return false
}
