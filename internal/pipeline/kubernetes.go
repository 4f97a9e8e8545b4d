package pipeline

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
	"sprawl/internal/environ"
)

// hasKeys reports whether lines of the file begin with each of the keys; JSON is not indented by habit alone.
func hasKeys(t *text, keys ...string) bool {
	head := t.data
	const enough = 1 << 20
	if len(head) > enough {
		head = head[:enough]
	}
	for _, k := range keys {
		if !bytes.Contains(head, []byte(k)) {
			return false
		}
		found := bytes.HasPrefix(head, []byte(k+":")) || bytes.Contains(head, []byte("\n"+k+":")) || bytes.Contains(head, []byte(`"`+k+`":`)) ||
			bytes.HasPrefix(head, append(slices.Clone(bom), k...))
		if !found {
			return false
		}
	}
	return true
}

func kubernetesPath(_, _, ext string) bool { return yamlExt(ext) || ext == ".json" }

func kubernetesHead(t *text) bool { return t.objects() }

// Kubernetes objects. https://kubernetes.io/docs/reference/kubernetes-api/
func readKubernetes(r *reader) error {
	for _, doc := range r.yaml() {
		if r.str(doc, "kind") == "List" {
			for _, o := range r.items(r.get(doc, "items")) {
				r.object(o)
			}
			continue
		}
		r.object(doc)
	}
	if r.template {
		r.remark(finding.Span{}, "a template: read with its directives blanked out")
	}
	return nil
}

func (r *reader) object(o *yaml.Node) {
	kind, name := r.str(o, "kind"), r.str(o, "metadata", "name")
	if kind == "" || r.str(o, "apiVersion") == "" {
		return
	}
	ns := r.str(o, "metadata", "namespace")
	var ev []environ.Evidence
	ev = append(ev, environ.Known("namespace", ns)...)
	for _, p := range r.pairs(r.get(o, "metadata", "labels")) {
		switch p.key.Value[strings.LastIndexByte(p.key.Value, '/')+1:] {
		case "env", "environment", "stage", "tier":
			if p.key.Value != "tier" {
				ev = append(ev, environ.Known("label "+p.key.Value, p.value.Value)...)
			}
		}
	}
	k := &kube{reader: r, kind: kind, owner: strings.ToLower(kind) + "/" + name, ev: ev}
	if ns != "" && !strings.Contains(ns, "__") && !strings.Contains(ns, "{{") && !strings.Contains(ns, "$") {
		k.scope = "namespace " + ns
	}
	group, _, _ := strings.Cut(r.str(o, "apiVersion"), "/")
	switch {
	case kind == "Secret" && group == "v1":
		for _, p := range r.pairs(r.get(o, "data")) {
			if p.value.Kind == yaml.ScalarNode && written(p.value.Value) && !strings.Contains(p.value.Value, "__") {
				r.m.Literals = append(r.m.Literals, Literal{Name: p.key.Value, Span: r.span(p.value), Decode: "base64", Job: k.owner})
			}
		}
		for _, p := range r.pairs(r.get(o, "stringData")) {
			if p.value.Kind == yaml.ScalarNode && written(p.value.Value) && !strings.Contains(p.value.Value, "__") {
				r.m.Literals = append(r.m.Literals, Literal{Name: p.key.Value, Span: r.span(p.value), Job: k.owner})
			}
		}
	case kind == "ConfigMap":
		for _, p := range r.pairs(r.get(o, "data")) {
			r.literal(p.key.Value, p.value)
		}
	case kind == "ExternalSecret" || kind == "ClusterExternalSecret":
		k.external(o)
	case group == "tekton.dev":
		k.tekton(o)
	case group == "argoproj.io" && kind != "Rollout":
		k.argo(o)
	case strings.HasSuffix(group, "toolkit.fluxcd.io"):
		k.flux(o)
	}
	k.walk(o, 0)
	r.spanOf(r.span(o), r.end(o), k.ev)
	if len(k.jobs) == 0 && len(k.secrets) > 0 {
		k.jobs = append(k.jobs, Job{Name: k.owner, Span: r.span(o), Environments: environ.Classify(k.ev, r.pathEvidence()), Secrets: slices.Sorted(maps.Keys(k.secrets))})
	}
	r.m.Jobs = append(r.m.Jobs, k.jobs...)
}

type kube struct {
	*reader
	kind, owner, scope string
	ev                 []environ.Evidence
	jobs               []Job
	secrets            map[string]bool
}

func (k *kube) ref(name string, at *yaml.Node, u finding.Use, ev ...[]environ.Evidence) {
	if name == "" || strings.Contains(name, "__") || strings.ContainsAny(name, "{}$") {
		return
	}
	if k.secrets == nil {
		k.secrets = map[string]bool{}
	}
	k.secrets[name] = true
	u.Span = k.span(at)
	if u.Job == "" {
		u.Job = k.owner
	}
	k.use(k.scope, name, u, append(ev, k.ev)...)
}

// external reads external-secrets.io: the value lives in a store of its own.
func (k *kube) external(o *yaml.Node) {
	scope := k.scope
	if s := k.str(o, "spec", "secretStoreRef", "name"); s != "" {
		k.scope = "store " + s
	}
	k.descendMaps(k.get(o, "spec"), 0, func(n *yaml.Node) {
		for _, key := range []string{"remoteRef", "extract"} {
			if f := k.get(n, key); f != nil {
				name := k.str(f, "key")
				if p := k.str(f, "property"); p != "" {
					name += "/" + p
				}
				k.ref(name, k.get(f, "key"), finding.Use{As: k.str(n, "secretKey")})
			}
		}
	})
	k.scope = scope
}

// walk finds pods wherever a kind keeps them, custom resources included.
func (k *kube) walk(n *yaml.Node, depth int) {
	k.descendMaps(n, depth, func(m *yaml.Node) {
		for _, key := range []string{"containers", "initContainers", "ephemeralContainers"} {
			if list := k.get(m, key); list != nil && list.Kind == yaml.SequenceNode {
				for _, c := range k.items(list) {
					k.container(c)
				}
			}
		}
		for _, p := range k.pairs(m) {
			switch p.key.Value {
			case "imagePullSecrets":
				for _, s := range k.items(p.value) {
					k.ref(k.str(s, "name"), k.get(s, "name"), finding.Use{As: "imagePullSecrets"})
				}
			case "secret":
				if s := k.get(p.value, "secretName"); s != nil { // volumes
					k.ref(s.Value, s, finding.Use{As: "volume"})
				} else if k.get(p.value, "items") != nil { // projected
					k.ref(k.str(p.value, "name"), k.get(p.value, "name"), finding.Use{As: "volume"})
				}
			case "tls":
				for _, e := range k.items(p.value) {
					if s := k.get(e, "secretName"); s != nil {
						k.ref(s.Value, s, finding.Use{As: "tls"})
					}
				}
			case "existingSecret":
				if p.value.Kind == yaml.ScalarNode {
					k.ref(p.value.Value, p.value, finding.Use{As: p.key.Value})
				}
			}
		}
	})
}

// container reads one container of a pod.
func (k *kube) container(c *yaml.Node) {
	name := k.str(c, "name")
	if name == "" && k.get(c, "image") == nil {
		return
	}
	job := k.owner
	if name != "" {
		job += " " + name
	}
	ev := slices.Clone(k.ev)
	var to []finding.Consumer
	if im := k.str(c, "image"); im != "" {
		to = []finding.Consumer{imageConsumer(im)}
		ev = append(ev, environ.Image(im)...)
	}
	env := k.items(k.get(c, "env"))
	for _, e := range env {
		if v := k.get(e, "value"); v != nil && v.Kind == yaml.ScalarNode {
			ev = append(ev, environ.Setting(k.str(e, "name"), v.Value)...)
		}
	}
	held := k.secrets
	k.secrets = nil
	for _, e := range env {
		as := k.str(e, "name")
		if s := k.get(e, "valueFrom", "secretKeyRef"); s != nil {
			full := k.str(s, "name")
			if key := k.str(s, "key"); key != "" && full != "" {
				full += "/" + key
			}
			k.ref(full, k.get(s, "name"), finding.Use{Job: job, As: as, Consumers: to, Printed: k.onCommandLine(c, as)}, ev)
		}
		if v := k.get(e, "value"); v != nil && !strings.Contains(v.Value, "__") {
			k.literal(as, v)
			k.useWritten(as, v, finding.Use{Job: job, As: as, Consumers: to, Printed: k.onCommandLine(c, as)}, ev)
		}
	}
	for _, e := range k.items(k.get(c, "envFrom")) {
		if s := k.get(e, "secretRef", "name"); s != nil {
			k.ref(s.Value, s, finding.Use{Job: job, As: "envFrom", Consumers: to}, ev)
		}
	}
	j := Job{Name: job, Span: k.span(c), Environments: environ.Classify(ev, k.pathEvidence()), Secrets: slices.Sorted(maps.Keys(k.secrets))}
	if len(to) > 0 {
		j.Steps = []Step{{Name: "image", Span: k.span(k.get(c, "image")), Consumer: &to[0]}}
	}
	k.secrets = held
	if len(j.Secrets) > 0 {
		if k.secrets == nil {
			k.secrets = map[string]bool{}
		}
		for _, s := range j.Secrets {
			k.secrets[s] = true
		}
		k.jobs = append(k.jobs, j)
	}
}

// onCommandLine looks for $(NAME), which Kubernetes replaces itself, in command and args.
func (k *kube) onCommandLine(c *yaml.Node, name string) string {
	for _, key := range []string{"command", "args"} {
		for _, a := range k.items(k.get(c, key)) {
			if strings.Contains(a.Value, "$("+name+")") {
				return "an argument of the container (line " + itoa(a.Line) + ")"
			}
		}
	}
	return ""
}
