package pipeline

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
	"sprawl/internal/environ"
)

// Kinds of Kubernetes that are pipelines themselves: Tekton, Argo CD, Argo Workflows, Flux.

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
