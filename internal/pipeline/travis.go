package pipeline

import (
	"go.yaml.in/yaml/v4"

	"sprawl/finding"
)

func travisPath(_, base, _ string) bool { return base == ".travis.yml" || base == ".travis.yaml" }

// Travis CI. https://docs.travis-ci.com/user/encryption-keys
func readTravis(r *reader) error {
	for _, doc := range r.yaml() {
		j := r.shellJob("build", "repository")
		j.fork, j.forkWhy = finding.No, "encrypted variables are not available to forks"
		// NAME=VALUE words, secure: values, or lists of them.
		r.scalars(r.get(doc, "env"), func(key string, v *yaml.Node) {
			if key == "secure" {
				r.use("encrypted in the file", "secure:"+itoa(v.Line), finding.Use{Span: r.span(v), Job: j.name, As: "env", Fork: j.fork, ForkWhy: j.forkWhy})
				return
			}
			for _, a := range assignments(v.Value) {
				if !a.set {
					continue
				}
				j.set[a.name] = true
				if secretName(a.name) && written(a.value) {
					r.m.Literals = append(r.m.Literals, Literal{Name: a.name, Span: r.locate(v, a.value, 0), Job: j.name})
				}
			}
		})
		for _, key := range []string{"before_install", "install", "before_script", "script", "after_success", "after_failure", "before_deploy", "after_deploy", "after_script"} {
			for _, s := range r.items(r.get(doc, key)) {
				j.script(s)
			}
		}
		for _, d := range r.items(r.get(doc, "deploy")) {
			for _, p := range r.pairs(d) {
				if s := r.get(p.value, "secure"); s != nil {
					r.use("encrypted in the file", "deploy."+p.key.Value, finding.Use{Span: r.span(s), Job: "deploy", As: p.key.Value, Fork: j.fork, ForkWhy: j.forkWhy})
				} else if p.value.Kind == yaml.ScalarNode {
					for _, x := range variables(p.value.Value) {
						if secretName(x.name) {
							j.add(j.scope, x.name, finding.Use{Span: r.locate(p.value, x.name, 0), As: p.key.Value})
						}
					}
					r.literal(p.key.Value, p.value)
				}
			}
		}
		j.done(doc, nil)
	}
	return r.parseErr
}
