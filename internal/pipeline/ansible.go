package pipeline

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
)

func ansiblePath(p, base, ext string) bool {
	if ext != "" && !yamlExt(ext) {
		return false
	}
	s := "/" + p
	if strings.Contains(s, "/group_vars/") || strings.Contains(s, "/host_vars/") {
		return true
	}
	return yamlExt(ext) && (strings.Contains(s, "/roles/") && (strings.Contains(s, "/tasks/") || strings.Contains(s, "/vars/") || strings.Contains(s, "/defaults/") || strings.Contains(s, "/handlers/")) ||
		strings.Contains(s, "/playbooks/") || strings.HasPrefix(base, "playbook") || base == "site.yml")
}

// Ansible. https://docs.ansible.com/ansible/latest/vault_guide/
func readAnsible(r *reader) error {
	if bytes.HasPrefix(r.data, []byte("$ANSIBLE_VAULT;")) {
		r.remark(r.between(0, len("$ANSIBLE_VAULT")), "encrypted with Ansible Vault")
		return nil
	}
	vaulted := 0
	for _, doc := range r.yaml() {
		r.descendMaps(doc, 0, func(m *yaml.Node) {
			for _, p := range r.pairs(m) {
				v := p.value
				if v.Kind != yaml.ScalarNode {
					continue
				}
				if v.Tag == "!vault" || strings.HasPrefix(v.Value, "$ANSIBLE_VAULT;") {
					vaulted++
					continue
				}
				r.literal(p.key.Value, v)
				r.ansibleVariables(p.key.Value, v)
			}
		})
	}
	if vaulted > 0 {
		r.remark(finding.Span{}, itoa(vaulted)+" values encrypted with Ansible Vault")
	}
	return r.parseErr
}

// ansibleVariables reads {{ name }} and lookup('env', 'NAME').
func (r *reader) ansibleVariables(as string, v *yaml.Node) {
	s := v.Value
	for at := 0; ; {
		i := strings.Index(s[at:], "{{")
		if i < 0 {
			return
		}
		start := at + i + 2
		n := strings.Index(s[start:], "}}")
		if n < 0 {
			return
		}
		body := s[start : start+n]
		at = start + n + 2
		if j := strings.Index(body, "lookup("); j >= 0 {
			args := arguments(strings.TrimSuffix(strings.TrimSpace(body[j+len("lookup("):]), ")"))
			if len(args) > 1 {
				kind := strings.Trim(args[0], `'"`)
				name, written := ansibleString(args[1])
				if written && kind != "password" && (secretName(name) || strings.Contains(kind, "vault") || strings.Contains(kind, "secret")) {
					r.use("lookup "+kind, name, finding.Use{Span: r.locate(v, name, 0), As: as})
				}
			}
			continue
		}
		word := strings.TrimLeft(body, " ")
		k := 0
		for k < len(word) && wordByte(word[k]) {
			k++
		}
		if name := word[:k]; secretName(name) && name != as {
			r.use("variable", name, finding.Use{Span: r.locate(v, name, 0), As: as})
		}
	}
}

// ansibleString is what an argument says if it is one string and no expression; what closes the call may follow it.
func ansibleString(arg string) (string, bool) {
	if len(arg) < 2 || arg[0] != '\'' && arg[0] != '"' {
		return "", false
	}
	end := strings.IndexByte(arg[1:], arg[0])
	if end < 0 || !strings.HasPrefix(strings.TrimLeft(arg[end+2:]+")", " "), ")") {
		return "", false
	}
	return arg[1 : end+1], true
}
