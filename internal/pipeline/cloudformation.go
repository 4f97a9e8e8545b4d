package pipeline

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
)

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
						if strings.Contains(v.Value[start:start+n], "${") { // the name of another resource
							at = start + n + 2
							continue
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
