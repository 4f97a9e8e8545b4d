package pipeline

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
	"sprawl/internal/environ"
)

// Terraform and OpenTofu: configuration, variable files, state.
// https://developer.hashicorp.com/terraform/language

func terraformPath(p, base, ext string) bool {
	return ext == ".tf" || ext == ".tofu" || ext == ".tfvars" || strings.HasSuffix(base, ".tfvars.json") || strings.HasSuffix(base, ".tf.json") ||
		ext == ".tfstate" || strings.HasSuffix(base, ".tfstate.backup")
}

// stores are data sources and ephemeral resources that read a secret, and the attribute that names it.
var stores = map[string][]string{
	"aws_secretsmanager_secret_version":     {"secret_id", "secret_arn"},
	"aws_secretsmanager_secret":             {"name", "arn"},
	"aws_ssm_parameter":                     {"name"},
	"google_secret_manager_secret_version":  {"secret"},
	"azurerm_key_vault_secret":              {"name"},
	"vault_generic_secret":                  {"path"},
	"vault_kv_secret_v2":                    {"name"},
	"vault_kv_secret":                       {"path"},
	"onepassword_item":                      {"title", "uuid"},
	"doppler_secrets":                       {"config"},
	"kubernetes_secret":                     {"name"},
	"kubernetes_secret_v1":                  {"name"},
	"google_secret_manager_secret":          {"secret_id"},
	"google_secret_manager_regional_secret": {"secret_id"},
}

func readTerraform(r *reader) error {
	switch p := strings.ToLower(r.path); {
	case strings.HasSuffix(p, ".tfstate"), strings.HasSuffix(p, ".tfstate.backup"):
		return r.state()
	case strings.HasSuffix(p, ".json"):
		r.detab()
		for _, doc := range r.yaml() {
			var ev []environ.Evidence
			r.scalars(doc, func(key string, v *yaml.Node) {
				ev = append(ev, terraformSetting(key, v.Value)...)
				r.literal(key, v)
			})
			r.spanOf(r.between(0, 0), r.between(len(r.data), len(r.data)), ev)
		}
		return r.parseErr
	}
	attrs, blocks, err := hcl(r.text)
	var ev []environ.Evidence
	variableFile := strings.HasSuffix(strings.ToLower(r.path), ".tfvars")
	for _, a := range attrs {
		if a.text && len(a.block) == 0 && variableFile {
			ev = append(ev, terraformSetting(a.name, a.value)...)
		}
	}
	if variableFile {
		r.spanOf(r.between(0, 0), r.between(len(r.data), len(r.data)), ev)
	}
	jobs := map[string]*Job{}
	job := func(block []string, at finding.Span) *Job {
		name := strings.Join(block, " ")
		if jobs[name] == nil {
			jobs[name] = &Job{Name: name, Span: at, Environments: environ.Classify(ev, r.pathEvidence())}
		}
		return jobs[name]
	}
	// Variables that hold secrets, by their own word or their name.
	sensitive, hasDefault := map[string]bool{}, map[string]bool{}
	for _, a := range attrs {
		if len(a.block) >= 2 && a.block[0] == "variable" {
			switch {
			case a.name == "sensitive" && a.value == "true":
				sensitive[a.block[1]] = true
			case a.name == "default":
				hasDefault[a.block[1]] = a.value != "null" && a.value != ""
			}
		}
	}
	for _, b := range blocks {
		if len(b.path) == 2 && b.path[0] == "variable" && (sensitive[b.path[1]] || secretName(b.path[1])) && !hasDefault[b.path[1]] {
			r.use("variable", b.path[1], finding.Use{Span: b.span, Job: strings.Join(b.path, " "), As: "variable"}, ev)
		}
	}
	for _, a := range attrs {
		isSecret := secretName(a.name) || a.name == "default" && len(a.block) >= 2 && a.block[0] == "variable" && (sensitive[a.block[1]] || secretName(a.block[1]))
		name := a.name
		if a.name == "default" && len(a.block) >= 2 {
			name = a.block[1]
		}
		if a.text && isSecret && written(a.value) {
			r.m.Literals = append(r.m.Literals, Literal{Name: name, Span: a.span, Job: strings.Join(a.block, " ")})
		}
		if len(a.block) > 2 && (a.block[0] == "data" || a.block[0] == "ephemeral") && a.text && !strings.Contains(a.value, "${") {
			if slices.Contains(stores[a.block[1]], a.name) {
				j := job(a.block, a.span)
				j.Secrets = appendNew(j.Secrets, a.value)
				r.use("store "+a.block[1], a.value, finding.Use{Span: a.span, Job: j.Name, As: a.name}, ev)
			}
		}
		if a.text && !strings.Contains(a.value, "${") || len(a.block) > 0 && a.block[0] == "variable" {
			continue
		}
		for _, u := range varUses(a.value) {
			if !sensitive[u.name] && !secretName(u.name) {
				continue
			}
			j := job(a.block, a.span)
			j.Secrets = appendNew(j.Secrets, u.name)
			use := finding.Use{Span: r.between(int(a.span.Start)+u.at, int(a.span.Start)+u.at+len("var.")+len(u.name)), Job: j.Name, As: a.name}
			if a.name == "command" && len(a.block) > 0 && slices.Contains(a.block, "provisioner") {
				use.Printed = "a command line of a provisioner (line " + itoa(use.Span.Line) + ")"
			}
			r.use("variable", u.name, use, ev)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(jobs)) {
		jobs[name].Secrets = sorted(jobs[name].Secrets)
		r.m.Jobs = append(r.m.Jobs, *jobs[name])
	}
	return err
}

// detab lets YAML read JSON that is indented by tabs.
func (t *text) detab() {
	if t.parsed {
		return
	}
	out := bytesClone(t.data)
	for i, c := range out {
		if c == '\t' {
			out[i] = ' '
		}
	}
	t.data = out
}

func terraformSetting(key, value string) []environ.Evidence { return environ.Setting(key, value) }

type varUse struct {
	name string
	at   int
}

func varUses(s string) []varUse {
	var out []varUse
	for at := 0; len(out) < 1000; {
		i := strings.Index(s[at:], "var.")
		if i < 0 {
			break
		}
		start := at + i
		k := start + len("var.")
		for k < len(s) && (wordByte(s[k]) || s[k] == '-') {
			k++
		}
		if (start == 0 || !wordByte(s[start-1]) && s[start-1] != '.') && k > start+len("var.") {
			out = append(out, varUse{s[start+len("var.") : k], start})
		}
		at = k
	}
	return out
}

// state reads a state file: every attribute in it is a value that was applied, written out.
func (r *reader) state() error {
	r.detab()
	for _, doc := range r.yaml() {
		for _, res := range r.items(r.get(doc, "resources")) {
			addr := strings.Trim(r.str(res, "type")+"."+r.str(res, "name"), ".")
			for _, in := range r.items(r.get(res, "instances")) {
				hidden := map[string]bool{}
				for _, s := range r.items(r.get(in, "sensitive_attributes")) {
					for _, step := range r.items(s) {
						if v := r.str(step, "value"); v != "" {
							hidden[v] = true
						}
					}
				}
				r.scalars(r.get(in, "attributes"), func(key string, v *yaml.Node) {
					if (hidden[key] || secretName(key)) && v.Tag == "!!str" && written(v.Value) {
						r.m.Literals = append(r.m.Literals, Literal{Name: key, Span: r.span(v), Job: addr})
					}
				})
			}
		}
		for _, p := range r.pairs(r.get(doc, "outputs")) {
			if v := r.get(p.value, "value"); v != nil && v.Kind == yaml.ScalarNode && v.Tag == "!!str" && written(v.Value) && (r.str(p.value, "sensitive") == "true" || secretName(p.key.Value)) {
				r.m.Literals = append(r.m.Literals, Literal{Name: p.key.Value, Span: r.span(v), Job: "output"})
			}
		}
	}
	return r.parseErr
}
