package pipeline

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
	"sprawl/internal/environ"
)

// Kinds of Kubernetes that are pipelines themselves, and files about Kubernetes that are no objects: Helm values, Kustomize;
// and two formats of the same trade, Ansible and CloudFormation.

// apiGroup recognises custom resources by the group in apiVersion.
func apiGroup(groups ...string) func(*text) bool {
	return func(t *text) bool {
		if !kubernetesHead(t) {
			return false
		}
		for _, g := range groups {
			if bytes.Contains(t.data, []byte(g)) {
				return true
			}
		}
		return false
	}
}

// argoCD tells applications from workflows of the same group.
func argoCD(t *text) bool {
	return apiGroup("argoproj.io/")(t) && (bytes.Contains(t.data, []byte("kind: Application")) || bytes.Contains(t.data, []byte("kind: AppProject")))
}

// tekton reads tasks: a step is a container, its script a shell.
func (k *kube) tekton(o *yaml.Node) {
	k.descendMaps(o, 0, func(m *yaml.Node) {
		for _, key := range []string{"steps", "sidecars"} {
			for _, s := range k.items(k.get(m, key)) {
				if s.Kind != yaml.MappingNode {
					continue
				}
				k.container(s)
				k.containerScript(s, k.get(s, "script"))
			}
		}
	})
}

// argo reads workflows, whose templates hold one container or script each, and applications.
func (k *kube) argo(o *yaml.Node) {
	if k.kind == "Application" || k.kind == "ApplicationSet" {
		k.ev = append(environ.Known("destination namespace", k.str(o, "spec", "destination", "namespace")), environ.Known("application", k.str(o, "metadata", "name"))...)
		k.descendMaps(o, 0, func(m *yaml.Node) {
			if n, v := k.str(m, "name"), k.get(m, "value"); n != "" && v != nil {
				k.literal(n[strings.LastIndexByte(n, '.')+1:], v)
			}
		})
		return
	}
	k.descendMaps(o, 0, func(m *yaml.Node) {
		for _, key := range []string{"container", "script"} {
			c := k.get(m, key)
			if c == nil || c.Kind != yaml.MappingNode || k.get(c, "image") == nil {
				continue
			}
			if k.get(c, "name") == nil {
				if n := k.get(m, "name"); n != nil {
					c = &yaml.Node{Kind: yaml.MappingNode, Line: c.Line, Column: c.Column, Content: append([]*yaml.Node{{Kind: yaml.ScalarNode, Value: "name"}, n}, c.Content...)}
				}
			}
			k.container(c)
			k.containerScript(c, k.get(c, "source"))
		}
	})
}

// containerScript looks for variables that the container has from a secret.
func (k *kube) containerScript(c, script *yaml.Node) {
	if script == nil || script.Kind != yaml.ScalarNode {
		return
	}
	for _, e := range k.items(k.get(c, "env")) {
		s := k.get(e, "valueFrom", "secretKeyRef")
		if s == nil {
			continue
		}
		name := k.str(e, "name")
		if how := k.printedIn(script, name); how != "" {
			full := k.str(s, "name") + "/" + k.str(s, "key")
			u := finding.Use{As: name, Printed: how, Job: strings.TrimSpace(k.owner + " " + k.str(c, "name"))}
			k.ref(full, script, u)
		}
	}
}

// flux reads sources and releases: secretRef, valuesFrom, decryption.
func (k *kube) flux(o *yaml.Node) {
	k.descendMaps(k.get(o, "spec"), 0, func(m *yaml.Node) {
		for _, p := range k.pairs(m) {
			switch {
			case p.key.Value == "secretRef" || strings.HasSuffix(p.key.Value, "SecretRef"):
				if n := k.get(p.value, "name"); n != nil {
					k.ref(n.Value, n, finding.Use{As: p.key.Value})
				}
			case p.key.Value == "valuesFrom" || p.key.Value == "substituteFrom":
				for _, v := range k.items(p.value) {
					if k.str(v, "kind") == "Secret" {
						k.ref(k.str(v, "name"), k.get(v, "name"), finding.Use{As: p.key.Value})
					}
				}
			}
		}
	})
	k.values(k.get(o, "spec", "values"), false)
}

// values notes what a tree of settings writes out and, unless somebody else does, which secrets it names.
func (r *reader) values(n *yaml.Node, refs bool) {
	r.descendMaps(n, 0, func(m *yaml.Node) {
		for _, p := range r.pairs(m) {
			if p.value.Kind != yaml.ScalarNode || p.value.Tag == "!vault" {
				continue
			}
			k := p.key.Value
			switch {
			case k == "existingSecret" || strings.HasSuffix(k, "ExistingSecret") || k == "secretName" || strings.HasSuffix(k, "SecretName"):
				if v := p.value.Value; refs && v != "" && !strings.Contains(v, "__") && !strings.Contains(v, "{{") {
					r.use("", v, finding.Use{Span: r.span(p.value), As: k})
				}
			default:
				r.literal(k, p.value)
			}
		}
		// env: [{name: X, value: Y}] and valueFrom.secretKeyRef
		if name := r.str(m, "name"); name != "" {
			if v := r.get(m, "value"); v != nil {
				r.literal(name, v)
			}
			if s := r.get(m, "valueFrom", "secretKeyRef"); refs && s != nil {
				if sn := r.str(s, "name"); sn != "" && !strings.Contains(sn, "__") && !strings.Contains(sn, "{{") {
					r.use("", sn+"/"+r.str(s, "key"), finding.Use{Span: r.span(r.get(s, "name")), As: name})
				}
			}
		}
	})
}

func helmPath(_, base, ext string) bool {
	return yamlExt(ext) && (strings.HasPrefix(base, "values.") || strings.HasPrefix(base, "values-") || strings.HasPrefix(base, "values_") ||
		strings.HasSuffix(base, "-values"+ext) || strings.HasSuffix(base, ".values"+ext) || strings.HasSuffix(base, "_values"+ext))
}

// Helm values. https://helm.sh/docs/chart_template_guide/values_files/
func readHelm(r *reader) error {
	for _, doc := range r.yaml() {
		r.values(doc, true)
	}
	return r.parseErr
}

func kustomizePath(_, base, _ string) bool {
	return base == "kustomization.yaml" || base == "kustomization.yml" || base == "kustomization"
}

// Kustomize. https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/
func readKustomize(r *reader) error {
	for _, doc := range r.yaml() {
		ev := environ.Known("namespace", r.str(doc, "namespace"))
		for _, gen := range []string{"secretGenerator", "configMapGenerator"} {
			for _, g := range r.items(r.get(doc, gen)) {
				for _, l := range r.items(r.get(g, "literals")) {
					name, value, ok := strings.Cut(l.Value, "=")
					if ok && written(value) && (gen == "secretGenerator" || secretName(name)) {
						r.m.Literals = append(r.m.Literals, Literal{Name: name, Span: r.locate(l, value, 0), Job: r.str(g, "name")})
					}
				}
				for _, key := range []string{"envs", "files", "env"} {
					for _, f := range r.items(r.get(g, key)) {
						if gen == "secretGenerator" && f.Kind == yaml.ScalarNode {
							r.use("file", f.Value, finding.Use{Span: r.span(f), Job: r.str(g, "name"), As: key}, ev)
						}
					}
				}
			}
		}
		r.spanOf(r.between(0, 0), r.between(len(r.data), len(r.data)), ev)
	}
	return r.parseErr
}

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
		r.note(r.between(0, len("$ANSIBLE_VAULT")), "encrypted with Ansible Vault")
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
		r.note(finding.Span{}, "%d values encrypted with Ansible Vault", vaulted)
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
				kind, name := strings.Trim(args[0], `'"`), strings.Trim(strings.TrimRight(args[1], ") "), `'"`)
				if secretName(name) || strings.Contains(kind, "vault") || strings.Contains(kind, "secret") {
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

func formationPath(_, base, ext string) bool {
	return yamlExt(ext) || ext == ".json" || ext == ".template" || ext == ".cfn"
}

func formationHead(t *text) bool {
	return hasKeys(t, "Resources") && (bytes.Contains(t.data, []byte("AWSTemplateFormatVersion")) || bytes.Contains(t.data, []byte("AWS::")))
}

// CloudFormation. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/
func readFormation(r *reader) error {
	if strings.HasSuffix(strings.ToLower(r.path), ".json") {
		r.detab()
	}
	for _, doc := range r.yaml() {
		for _, p := range r.pairs(r.get(doc, "Parameters")) {
			hidden := strings.EqualFold(r.str(p.value, "NoEcho"), "true")
			d := r.get(p.value, "Default")
			switch {
			case !hidden && !secretName(p.key.Value):
			case d != nil && written(d.Value):
				r.m.Literals = append(r.m.Literals, Literal{Name: p.key.Value, Span: r.span(d), Job: "Parameters"})
			default:
				r.use("parameter", p.key.Value, finding.Use{Span: r.between(r.offset(p.key.Line, p.key.Column), r.offset(p.key.Line, p.key.Column)+len(p.key.Value)), As: "parameter"})
			}
		}
		for _, res := range r.pairs(r.get(doc, "Resources")) {
			j := Job{Name: res.key.Value, Span: r.span(res.key)}
			r.scalars(r.get(res.value, "Properties"), func(key string, v *yaml.Node) {
				for _, store := range []string{"secretsmanager", "ssm-secure"} {
					for at := 0; ; {
						open := "{{resolve:" + store + ":"
						i := strings.Index(v.Value[at:], open)
						if i < 0 {
							break
						}
						start := at + i + len(open)
						n := strings.Index(v.Value[start:], "}}")
						if n < 0 {
							break
						}
						name := strings.TrimSuffix(v.Value[start:start+n], ":SecretString")
						if !strings.HasPrefix(name, "arn:") {
							name, _, _ = strings.Cut(name, ":")
						}
						j.Secrets = appendNew(j.Secrets, name)
						r.use("store "+store, name, finding.Use{Span: r.locate(v, name, 0), Job: j.Name, As: key})
						at = start + n
					}
				}
				if strings.HasPrefix(v.Tag, "!") && v.Tag != "!!str" && !strings.HasPrefix(v.Tag, "!!") {
					return // !Ref, !GetAtt, !Sub
				}
				if key != "Ref" && key != "Fn::Sub" && key != "Fn::GetAtt" && !strings.Contains(v.Value, "{{resolve:") {
					r.literal(key, v)
				}
			})
			if len(j.Secrets) > 0 {
				j.Secrets = sorted(j.Secrets)
				r.m.Jobs = append(r.m.Jobs, j)
			}
		}
	}
	return r.parseErr
}
