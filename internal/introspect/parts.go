package introspect

import (
	"sprawl/finding"
)

// parts is what a credential has to fill the places of a request with.
type parts struct {
	secret, id, user, named string
	facts                   map[string][]string
}

func partsOf(c *finding.Credential) *parts {
	p := &parts{facts: map[string][]string{}}
	for i := range c.Sightings {
		s := &c.Sightings[i]
		for _, part := range s.Parts {
			var to *string
			switch part.Role {
			case finding.RoleSecret:
				to = &p.secret
			case finding.RoleID:
				to = &p.id
			case finding.RoleUser:
				to = &p.user
			case finding.RoleHost:
				to = &p.named
			}
			if to != nil && *to == "" {
				*to = string(part.Secret.Reveal())
			}
		}
	}
	if p.id == "" {
		p.id = c.Ident
	}
	for _, f := range c.Facts {
		p.facts[f.Field] = append(p.facts[f.Field], f.Value)
	}
	return p
}

// value is what stands for a place: "secret", "id", "user", "fact.FIELD".
func (p *parts) value(place string) string {
	switch place {
	case "secret":
		return p.secret
	case "id":
		return p.id
	case "user":
		return p.user
	}
	const fact = "fact."
	if len(place) > len(fact) && place[:len(fact)] == fact {
		if vs := p.facts[place[len(fact):]]; len(vs) > 0 {
			return vs[0]
		}
	}
	return ""
}

// host is the host that the credential names, "" if it names none. It only chooses among those that the operator gave.
func (p *parts) host() string {
	if p.named != "" {
		return p.named
	}
	return p.value("fact.host")
}

// hide are what no error may repeat.
func (p *parts) hide() [][]byte {
	var out [][]byte
	for _, v := range []string{p.secret, p.user} {
		if v != "" {
			out = append(out, []byte(v))
		}
	}
	return out
}
