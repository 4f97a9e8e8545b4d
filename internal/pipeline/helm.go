package pipeline

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
	"sprawl/internal/environ"
)

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
				if v := p.value.Value; refs && v != "" && p.value.Tag == "!!str" && !strings.Contains(v, "__") && !strings.Contains(v, "{{") {
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
