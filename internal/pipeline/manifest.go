package pipeline

import (
	"bytes"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
	"sprawl/internal/environ"
)

// Manifests of what runs: Kubernetes and docker-compose.

func yamlExt(ext string) bool { return ext == ".yml" || ext == ".yaml" }

// hasKeys reports whether lines of the file begin with each of the keys; JSON is not indented by habit alone.
func hasKeys(t *text, keys ...string) bool {
	head := t.data
	const enough = 1 << 20
	if len(head) > enough {
		head = head[:enough]
	}
	for _, k := range keys {
		found := bytes.HasPrefix(head, []byte(k+":")) || bytes.Contains(head, []byte("\n"+k+":")) || bytes.Contains(head, []byte(`"`+k+`":`)) ||
			bytes.HasPrefix(head, append(slices.Clone(bom), k...))
		if !found {
			return false
		}
	}
	return true
}

func kubernetesPath(_, _, ext string) bool { return yamlExt(ext) || ext == ".json" }

func kubernetesHead(t *text) bool { return hasKeys(t, "apiVersion", "kind") }

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
		r.note(finding.Span{}, "a template: read with its directives blanked out")
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

// descendMaps calls f with every mapping below n.
func (t *text) descendMaps(n *yaml.Node, depth int, f func(*yaml.Node)) {
	if n = t.deref(n); n == nil || depth > maxDepth || t.steps <= 0 {
		return
	}
	t.steps--
	switch n.Kind {
	case yaml.MappingNode:
		f(n)
		for _, p := range t.pairs(n) {
			t.descendMaps(p.value, depth+1, f)
		}
	case yaml.SequenceNode:
		for _, c := range n.Content {
			t.descendMaps(c, depth+1, f)
		}
	}
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

func composePath(_, base, ext string) bool {
	return yamlExt(ext) && (strings.HasPrefix(base, "docker-compose") || strings.HasPrefix(base, "compose.") || strings.HasPrefix(base, "compose-") || strings.HasSuffix(base, ".compose"+ext) ||
		strings.HasPrefix(base, "docker-stack"))
}

// docker-compose. https://docs.docker.com/reference/compose-file/
func readCompose(r *reader) error {
	for _, doc := range r.yaml() {
		for _, p := range r.pairs(r.get(doc, "services")) {
			r.service(p.key, p.value)
		}
		for _, p := range r.pairs(r.get(doc, "secrets")) {
			u := finding.Use{Span: r.between(r.offset(p.key.Line, p.key.Column), r.offset(p.key.Line, p.key.Column)+len(p.key.Value)), As: "secrets"}
			if e := r.get(p.value, "environment"); e != nil {
				u.As, u.Span = "secret "+p.key.Value, r.span(e)
				r.use("host", e.Value, u)
			} else if b := r.str(p.value, "external"); b == "true" || r.get(p.value, "external", "name") != nil {
				r.use("swarm", p.key.Value, u)
			}
		}
	}
	return r.parseErr
}

func (r *reader) service(key, n *yaml.Node) {
	var ev []environ.Evidence
	var to []finding.Consumer
	if im := r.str(n, "image"); im != "" {
		to = []finding.Consumer{imageConsumer(im)}
		ev = append(ev, environ.Image(im)...)
	}
	// environment is a mapping or a list of NAME=VALUE.
	type entry struct {
		name, value string
		node        *yaml.Node
	}
	var env []entry
	for _, where := range [][]string{{"environment"}, {"build", "args"}} {
		list := r.get(n, where...)
		for _, p := range r.pairs(list) {
			env = append(env, entry{p.key.Value, p.value.Value, p.value})
		}
		if list != nil && list.Kind == yaml.SequenceNode {
			for _, c := range r.items(list) {
				name, value, ok := strings.Cut(c.Value, "=")
				if !ok {
					value = "${" + name + "}"
				}
				env = append(env, entry{name, value, c})
			}
		}
	}
	for _, e := range env {
		ev = append(ev, environ.Setting(e.name, e.value)...)
	}
	ev = append(ev, environ.Job("service", key.Value)...)
	secrets := map[string]bool{}
	for _, e := range env {
		vs := variables(e.value)
		for _, v := range vs {
			if secretName(v.name) || secretName(e.name) {
				secrets[v.name] = true
				r.use("host", v.name, finding.Use{Span: r.locate(e.node, v.name, 0), Job: key.Value, As: e.name, Consumers: to}, ev)
			}
		}
		if len(vs) == 0 && secretName(e.name) && written(e.value) && e.node.Tag != "!!bool" {
			r.m.Literals = append(r.m.Literals, Literal{Name: e.name, Span: r.locate(e.node, e.value, 0), Job: key.Value})
		} else if _, def, ok := strings.Cut(e.value, ":-"); ok && secretName(e.name) {
			if def = strings.TrimSuffix(def, "}"); written(def) {
				r.m.Literals = append(r.m.Literals, Literal{Name: e.name, Span: r.locate(e.node, def, 0), Job: key.Value})
			}
		}
	}
	for _, where := range []string{"command", "entrypoint", "healthcheck"} {
		r.scalars(r.get(n, where), func(_ string, v *yaml.Node) {
			for _, x := range variables(v.Value) {
				if secretName(x.name) {
					secrets[x.name] = true
					r.use("host", x.name, finding.Use{Span: r.locate(v, x.name, 0), Job: key.Value, As: where, Consumers: to,
						Printed: "an argument of the " + where + " (line " + itoa(v.Line) + ")"}, ev)
				}
			}
		})
	}
	for _, s := range r.items(r.get(n, "secrets")) {
		at := s
		if s.Kind == yaml.MappingNode {
			at = r.get(s, "source")
		}
		if at != nil && at.Kind == yaml.ScalarNode {
			secrets[at.Value] = true
			r.use("swarm", at.Value, finding.Use{Span: r.span(at), Job: key.Value, As: "secrets", Consumers: to}, ev)
		}
	}
	j := Job{Name: key.Value, Span: r.span(key), Environments: environ.Classify(ev, r.pathEvidence()), Secrets: slices.Sorted(maps.Keys(secrets))}
	if len(to) > 0 {
		j.Steps = []Step{{Name: "image", Span: r.span(r.get(n, "image")), Consumer: &to[0]}}
	}
	r.m.Jobs = append(r.m.Jobs, j)
	r.spanOf(r.span(key), r.end(n), ev)
}

func dockerfilePath(_, base, ext string) bool {
	return base == "dockerfile" || base == "containerfile" || strings.HasPrefix(base, "dockerfile.") || ext == ".dockerfile" || ext == ".containerfile"
}

// Dockerfiles. https://docs.docker.com/reference/dockerfile/
func readDockerfile(r *reader) error {
	stage := "stage 0"
	n := 0
	args := map[string]bool{} // build arguments with a secret's name
	j := Job{Name: stage}
	secrets := map[string]bool{}
	flush := func() {
		if len(secrets) > 0 || len(j.Steps) > 0 {
			j.Secrets = slices.Sorted(maps.Keys(secrets))
			r.m.Jobs = append(r.m.Jobs, j)
		}
		secrets = map[string]bool{}
	}
	var to []finding.Consumer
	for _, in := range instructions(r.text) {
		body := string(r.data[in.body:in.end])
		switch in.word {
		case "FROM":
			flush()
			fields := strings.Fields(body)
			for len(fields) > 0 && strings.HasPrefix(fields[0], "--") {
				fields = fields[1:]
			}
			if len(fields) == 0 {
				continue
			}
			stage = "stage " + itoa(n)
			if len(fields) > 2 && strings.EqualFold(fields[1], "as") {
				stage = fields[2]
			}
			n++
			c := imageConsumer(fields[0])
			to = []finding.Consumer{c}
			j = Job{Name: stage, Span: r.between(in.start, in.end), Steps: []Step{{Name: "FROM", Span: r.between(in.body, in.end), Consumer: &c}}}
		case "ARG", "ENV":
			for _, a := range assignments(body) {
				at := r.between(in.body+a.at, in.body+a.at+len(a.value))
				switch {
				case !secretName(a.name):
				case a.set && written(a.value):
					r.m.Literals = append(r.m.Literals, Literal{Name: a.name, Span: at, Job: stage})
				case in.word == "ARG" && !a.set:
					args[a.name] = true
					secrets[a.name] = true
					r.use("build", a.name, finding.Use{Span: r.between(in.body+a.nameAt, in.body+a.nameAt+len(a.name)), Job: stage, As: "ARG", Consumers: to,
						Printed: "kept in the image's history as a build argument (line " + itoa(r.between(in.start, in.end).Line) + ")"})
				case in.word == "ENV" && a.set:
					for _, v := range variables(a.value) {
						if args[v.name] {
							r.use("build", v.name, finding.Use{Span: r.between(in.body+a.at+v.at, in.body+a.at+v.at+len(v.name)+1), Job: stage, As: a.name, Consumers: to,
								Printed: "kept in the image's configuration as ENV (line " + itoa(at.Line) + ")"})
						}
					}
				}
			}
		case "RUN":
			for _, f := range strings.Fields(body) {
				rest, ok := strings.CutPrefix(f, "--mount=")
				if !ok || !strings.Contains(","+rest+",", ",type=secret,") && !strings.Contains(","+rest+",", ",type=ssh,") {
					continue
				}
				id := "ssh"
				for _, kv := range strings.Split(rest, ",") {
					if v, ok := strings.CutPrefix(kv, "id="); ok {
						id = v
					}
				}
				i := strings.Index(body, f)
				secrets[id] = true
				r.use("build", id, finding.Use{Span: r.between(in.body+i, in.body+i+len(f)), Job: stage, As: "--mount", Consumers: to})
			}
			sc := parseScript(body)
			for _, v := range variables(body) {
				if args[v.name] {
					at := r.between(in.body+v.at, in.body+v.at+len(v.name)+1)
					u := finding.Use{Span: at, Job: stage, As: "RUN", Consumers: to, Printed: sc.printed(v.at, true)}
					if u.Printed != "" {
						u.Printed += " (line " + itoa(at.Line) + ")"
					}
					r.use("build", v.name, u)
				}
			}
		}
	}
	flush()
	return nil
}

type instruction struct {
	word             string
	start, body, end int
}

// instructions splits a Dockerfile; a backslash at the end of a line continues it, a comment line inside is skipped.
func instructions(t *text) []instruction {
	var out []instruction
	const most = 10_000
	for i := 0; i < len(t.lines) && len(out) < most; i++ {
		start, end := t.lines[i], t.lineEnd(i)
		line := bytes.TrimSpace(t.data[start:end])
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		for start < end && (t.data[start] == ' ' || t.data[start] == '\t') {
			start++
		}
		word := start
		for word < end && letter(t.data[word]) {
			word++
		}
		in := instruction{word: strings.ToUpper(string(t.data[start:word])), start: start, body: word}
		for i+1 < len(t.lines) && (bytes.HasSuffix(bytes.TrimRight(t.data[t.lines[i]:t.lineEnd(i)], " \t\r\n"), []byte("\\")) || bytes.HasPrefix(bytes.TrimSpace(t.data[t.lines[i]:t.lineEnd(i)]), []byte("#"))) {
			i++
		}
		in.end = t.lineEnd(i)
		if in.word != "" {
			out = append(out, in)
		}
	}
	return out
}

// lineEnd is the end of line i from 0, without its break.
func (t *text) lineEnd(i int) int {
	end := len(t.data)
	if i+1 < len(t.lines) {
		end = t.lines[i+1]
	}
	for end > t.lines[i] && (t.data[end-1] == '\n' || t.data[end-1] == '\r') {
		end--
	}
	return end
}

type assignment struct {
	name, value string
	nameAt, at  int // of name and value
	set         bool
}

// assignments reads NAME=VALUE NAME="a b" …, NAME, and the old form NAME VALUE.
func assignments(s string) []assignment {
	var out []assignment
	words := parseScript(s).commands
	if len(words) == 0 {
		return nil
	}
	for i, w := range words[0].words {
		raw := s[w.start:min(w.end, len(s))]
		name, _, ok := strings.Cut(raw, "=")
		if !ok && i == 0 && len(words[0].words) > 1 && !strings.Contains(words[0].words[1].text, "=") {
			v := words[0].words[1]
			last := words[0].words[len(words[0].words)-1]
			return []assignment{{name: raw, value: s[v.start:min(last.end, len(s))], nameAt: w.start, at: v.start, set: true}}
		}
		a := assignment{name: name, nameAt: w.start, at: w.start + len(name) + 1, set: ok}
		if ok {
			a.value = raw[len(name)+1:]
			if q := strings.Trim(a.value, `"'`); len(q) == len(a.value)-2 {
				a.value, a.at = q, a.at+1
			}
		}
		out = append(out, a)
	}
	return out
}

func dotenvPath(_, base, ext string) bool {
	return base == ".env" || strings.HasPrefix(base, ".env.") || ext == ".env" || base == ".envrc" || strings.HasPrefix(base, "env.")
}

// Environment files: NAME=VALUE, with or without export.
func readDotenv(r *reader) error {
	var ev []environ.Evidence
	type line struct {
		name, value string
		at          int
	}
	var all []line
	for i := range r.lines {
		if r.steps--; r.steps <= 0 {
			break
		}
		start, end := r.lines[i], r.lineEnd(i)
		s := string(r.data[start:end])
		trimmed := strings.TrimLeft(s, " \t\uFEFF")
		at := start + len(s) - len(trimmed)
		if rest, ok := strings.CutPrefix(trimmed, "export "); ok {
			at, trimmed = at+len("export "), rest
		}
		name, value, ok := strings.Cut(trimmed, "=")
		name = strings.TrimSpace(name)
		if !ok || !identifier(strings.ReplaceAll(strings.ReplaceAll(name, ".", "_"), "-", "_")) {
			continue
		}
		at += strings.Index(trimmed, "=") + 1
		if v := strings.TrimLeft(value, " \t"); v != value {
			at, value = at+len(value)-len(v), v
		}
		value = strings.TrimRight(value, " \t")
		if len(value) > 1 && (value[0] == '"' || value[0] == '\'') {
			if k := strings.IndexByte(value[1:], value[0]); k >= 0 {
				value, at = value[1:1+k], at+1
			}
		} else if k := strings.Index(value, " #"); k >= 0 {
			value = strings.TrimRight(value[:k], " \t")
		}
		ev = append(ev, environ.Setting(name, value)...)
		all = append(all, line{name, value, at})
	}
	for _, l := range all {
		at := r.between(l.at, l.at+len(l.value))
		if strings.HasPrefix(l.value, "op://") || strings.HasPrefix(l.value, "vault:") || strings.HasPrefix(l.value, "arn:aws:secretsmanager:") {
			scheme, _, _ := strings.Cut(l.value, ":")
			r.use("store "+scheme, l.value, finding.Use{Span: at, As: l.name}, ev)
			continue
		}
		if !secretName(l.name) {
			continue
		}
		vs := variables(l.value)
		for _, v := range vs {
			if v.name != l.name && secretName(v.name) {
				r.use("host", v.name, finding.Use{Span: r.between(l.at+v.at, l.at+v.at+len(v.name)+1), As: l.name}, ev)
			}
		}
		if len(vs) == 0 && written(l.value) {
			r.m.Literals = append(r.m.Literals, Literal{Name: l.name, Span: at})
		}
	}
	if len(r.lines) > 0 && len(ev) > 0 {
		r.spanOf(r.between(0, 0), r.between(len(r.data), len(r.data)), ev)
	}
	return nil
}

func agentPath(p, base, ext string) bool {
	dir := path.Base(path.Dir(p))
	switch base {
	case ".mcp.json", "mcp.json", "claude_desktop_config.json", ".claude.json", "mcp_config.json", "cline_mcp_settings.json", "mcp_settings.json", "mcp-config.json", "opencode.json", "opencode.jsonc", "mcp.yaml", "mcp.yml":
		return true
	case "settings.json", "settings.local.json":
		return dir == ".claude" || dir == ".gemini" || dir == ".zed" || dir == ".qwen"
	case "config.json", "config.yaml", "config.yml":
		return dir == ".continue" || dir == ".codex" || dir == ".goose"
	}
	return ext == ".json" && strings.Contains(p, "/.continue/mcpservers/")
}

// Agents and the MCP servers they start: machine identities that act without a person.
// https://modelcontextprotocol.io, code.visualstudio.com/docs/copilot/customization/mcp-servers
func readAgent(r *reader) error {
	r.uncomment()
	for _, doc := range r.yaml() {
		for _, key := range []string{"mcpServers", "servers", "mcp", "context_servers", "extensions", "projects"} {
			n := r.get(doc, key)
			if s := r.get(n, "servers"); s != nil {
				n = s
			}
			if key == "projects" { // .claude.json keeps servers for each project
				for _, p := range r.pairs(n) {
					for _, q := range r.pairs(r.get(p.value, "mcpServers")) {
						r.server(q.key, q.value)
					}
				}
				continue
			}
			for _, p := range r.pairs(n) {
				r.server(p.key, p.value)
			}
			for _, c := range r.items(n) {
				if c.Kind == yaml.MappingNode && n.Kind == yaml.SequenceNode {
					if name := r.get(c, "name"); name != nil {
						r.server(name, c)
					}
				}
			}
		}
		// The environment of the agent itself.
		if env := r.get(doc, "env"); env != nil {
			r.server(&yaml.Node{Kind: yaml.ScalarNode, Value: "agent", Line: env.Line, Column: env.Column}, &yaml.Node{Kind: yaml.MappingNode,
				Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: "env"}, env}, Line: env.Line, Column: env.Column})
		}
		for _, n := range []string{"apiKey", "api_key"} {
			r.descendMaps(doc, 0, func(m *yaml.Node) {
				if v := r.get(m, n); v != nil {
					r.literal(n, v)
				}
			})
		}
	}
	return r.parseErr
}

// uncomment blanks out // and /* */ comments of JSON, byte for byte.
func (t *text) uncomment() {
	if t.parsed || path.Ext(t.path) == ".yaml" || path.Ext(t.path) == ".yml" {
		return
	}
	out := bytes.Clone(t.data)
	for i := 0; i < len(out); i++ {
		switch {
		case out[i] == '"':
			for i++; i < len(out) && out[i] != '"' && out[i] != '\n'; i++ {
				if out[i] == '\\' {
					i++
				}
			}
		case out[i] == '/' && i+1 < len(out) && out[i+1] == '/':
			for ; i < len(out) && out[i] != '\n' && out[i] != '\r'; i++ {
				out[i] = ' '
			}
		case out[i] == '/' && i+1 < len(out) && out[i+1] == '*':
			for ; i < len(out) && !(out[i] == '*' && i+1 < len(out) && out[i+1] == '/'); i++ {
				if out[i] != '\n' && out[i] != '\r' {
					out[i] = ' '
				}
			}
			for k := 0; k < 2 && i < len(out); k, i = k+1, i+1 {
				out[i] = ' '
			}
			i--
		case out[i] == '\t':
			out[i] = ' ' // YAML wants none
		}
	}
	t.data = out
}

// server is one MCP server and what it is given.
func (r *reader) server(key, n *yaml.Node) {
	if n == nil || n.Kind != yaml.MappingNode {
		return
	}
	name := key.Value
	args := r.items(r.get(n, "args"))
	cmd := r.get(n, "command")
	if cmd == nil {
		cmd = r.get(n, "cmd")
	}
	if cmd != nil && cmd.Kind == yaml.SequenceNode && len(args) == 0 { // opencode
		if all := r.items(cmd); len(all) > 0 {
			cmd, args = all[0], all[1:]
		}
	}
	var to []finding.Consumer
	if cmd != nil && cmd.Kind == yaml.ScalarNode {
		if c, ok := packageConsumer(cmd.Value, args); ok {
			to = []finding.Consumer{c}
		}
	}
	secrets := map[string]bool{}
	value := func(as string, v *yaml.Node, on string) {
		if v == nil || v.Kind != yaml.ScalarNode {
			return
		}
		found := false
		for _, x := range agentVariables(v.Value) {
			found = true
			if x.scope != "input" && !secretName(x.name) && !secretName(as) && !strings.EqualFold(as, "authorization") {
				continue
			}
			secrets[x.name] = true
			r.use(x.scope, x.name, finding.Use{Span: r.locate(v, x.text, 0), Job: name, As: as, Consumers: to, Printed: on})
		}
		if !found && (secretName(as) || strings.EqualFold(as, "authorization")) && written(v.Value) {
			r.m.Literals = append(r.m.Literals, Literal{Name: as, Span: r.span(v), Job: name})
		}
	}
	for _, where := range []string{"env", "environment", "envs", "headers", "http_headers"} {
		for _, p := range r.pairs(r.get(n, where)) {
			value(p.key.Value, p.value, "")
		}
	}
	if h := r.get(n, "requestInit", "headers"); h != nil {
		for _, p := range r.pairs(h) {
			value(p.key.Value, p.value, "")
		}
	}
	for i, a := range args {
		if a.Kind != yaml.ScalarNode {
			continue
		}
		flag := strings.TrimLeft(a.Value, "-")
		on := "an argument of the server's command (line " + itoa(a.Line) + ")"
		if k, v, ok := strings.Cut(flag, "="); ok && strings.HasPrefix(a.Value, "-") {
			value(k, &yaml.Node{Kind: yaml.ScalarNode, Value: v, Line: a.Line, Column: a.Column}, on)
			continue
		}
		if i > 0 && strings.HasPrefix(args[i-1].Value, "-") && !strings.HasPrefix(a.Value, "-") {
			prev := strings.TrimLeft(args[i-1].Value, "-")
			if prev == "header" || prev == "H" || prev == "e" || prev == "env" {
				if k, v, ok := strings.Cut(a.Value, map[bool]string{true: "=", false: ":"}[prev == "e" || prev == "env"]); ok {
					value(strings.TrimSpace(k), &yaml.Node{Kind: yaml.ScalarNode, Value: strings.TrimSpace(v), Line: a.Line, Column: a.Column}, on)
				}
				continue
			}
			value(prev, a, on)
			continue
		}
		value("", a, on)
	}
	if u := r.get(n, "url"); u != nil {
		value("url", u, "")
	}
	j := Job{Name: name, Span: r.span(key), Secrets: slices.Sorted(maps.Keys(secrets))}
	if len(to) > 0 {
		j.Steps = []Step{{Name: "command", Span: r.span(cmd), Consumer: &to[0]}}
	}
	if len(j.Secrets) > 0 || cmd != nil || r.get(n, "url") != nil {
		r.m.Jobs = append(r.m.Jobs, j)
	}
}

type agentVariable struct{ scope, name, text string }

// agentVariables lists ${input:ID}, ${env:NAME}, {env:NAME}, ${NAME} and $NAME.
func agentVariables(s string) []agentVariable {
	var out []agentVariable
	for _, form := range []struct{ open, scope string }{{"${input:", "input"}, {"${env:", "host"}, {"{env:", "host"}} {
		for at := 0; ; {
			i := strings.Index(s[at:], form.open)
			if i < 0 {
				break
			}
			start := at + i
			n := strings.IndexByte(s[start:], '}')
			if n < 0 {
				break
			}
			at = start + n + 1
			if form.open == "{env:" && start > 0 && s[start-1] == '$' {
				continue
			}
			out = append(out, agentVariable{form.scope, s[start+len(form.open) : at-1], s[start:at]})
		}
	}
	for _, v := range variables(s) {
		if strings.HasPrefix(s[v.at:], "${input:") || strings.HasPrefix(s[v.at:], "${env:") {
			continue
		}
		out = append(out, agentVariable{"host", v.name, v.name})
	}
	return out
}

// packageConsumer is the package that a launcher fetches and runs. A version of a registry cannot be replaced; no version, a
// range or a tag can.
func packageConsumer(cmd string, args []*yaml.Node) (finding.Consumer, bool) {
	base := strings.TrimSuffix(strings.TrimSuffix(path.Base(strings.ReplaceAll(cmd, "\\", "/")), ".cmd"), ".exe")
	var words []string
	for _, a := range args {
		words = append(words, a.Value)
	}
	if (base == "cmd" || base == "sh" || base == "bash") && len(words) > 1 { // cmd /c npx …
		if words[0] == "/c" || words[0] == "-c" {
			rest := strings.Fields(strings.Join(words[1:], " "))
			if len(rest) == 0 {
				return finding.Consumer{}, false
			}
			base, words = rest[0], rest[1:]
		}
	}
	takes := map[string]bool{}
	switch base {
	case "npx", "bunx", "pnpx", "pnpm", "yarn", "uvx", "pipx", "uv", "deno":
	case "docker", "podman":
		takes = set("-e", "--env", "-v", "--volume", "--name", "--network", "--mount", "-p", "--publish", "--env-file", "-w", "--user", "-u", "--entrypoint", "-l", "--label", "--platform")
	default:
		return finding.Consumer{}, false
	}
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case w == "run" || w == "dlx" || w == "exec" || w == "x" || w == "tool":
			continue
		case w == "--from" || w == "--package" || w == "-p" && base == "npx":
			continue // the next word is the package
		case takes[w]:
			i++
			continue
		case strings.HasPrefix(w, "-"):
			continue
		}
		if base == "docker" || base == "podman" {
			c := imageConsumer(w)
			c.Party = finding.PartyThird
			return c, true
		}
		c := finding.Consumer{Name: strings.TrimPrefix(w, "npm:"), Pinned: finding.No, Party: finding.PartyThird}
		for _, sep := range []string{"==", "@"} {
			if k := strings.LastIndex(c.Name, sep); k > 0 {
				c.Name, c.Pin = c.Name[:k], c.Name[k+len(sep):]
				break
			}
		}
		if strings.HasPrefix(w, ".") || strings.HasPrefix(w, "/") {
			c.Party, c.Pinned = finding.PartyLocal, finding.Yes
		} else if c.Pin != "" && digit(c.Pin[0]) && strings.Count(c.Pin, ".") >= 2 && !strings.ContainsAny(c.Pin, "xX*^~<>") {
			c.Pinned = finding.Yes
		}
		return c, true
	}
	return finding.Consumer{}, false
}
