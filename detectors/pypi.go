package detectors

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math/rand/v2"
	"strings"

	"sprawl/finding"
)

const (
	pypiDocs  = "https://pypi.org/help/#apitoken"
	pypiTrust = "https://docs.pypi.org/trusted-publishers/"
	macaroons = "https://github.com/rescrv/libmacaroons/blob/master/doc/format.txt"
)

func pypi() []Detector {
	return []Detector{{
		ID: "pypi-api-token", Provider: "pypi", Title: "PyPI API token",
		Shapes: []Shape{Token(Lit("pypi-AgE"), Range(Base64URL, 60, 1024)), Token(Lit("pypi-AgE"), Range(Base64URL, 60, 1024), Range(Of("="), 1, 2))},
		Check: func(m Match) finding.Proof {
			mac, ok := readMacaroon(m.Value())
			return proven(ok && strings.HasSuffix(mac.location, "pypi.org"))
		},
		Facts: pypiFacts, Sample: samplePyPI,
		Traits: Traits{Scoped: yes(pypiDocs), Overlap: yes(pypiDocs), RotateAPI: no(pypiDocs), HumanIssued: yes(pypiDocs)},
		Rotate: "publish with a trusted publisher (" + pypiTrust + "), or make a token for one project, then remove this one",
		Revoke: "remove it under Account settings > API tokens",
		Docs:   pypiDocs, Format: macaroons,
	}}
}

// macaroon is one of version 2 in binary form: location, identifier and caveats stand in clear.
type macaroon struct {
	location, identifier string
	caveats              []string
	signature            int // its length
}

func readMacaroon(token []byte) (m macaroon, ok bool) {
	token = bytes.TrimRight(bytes.TrimPrefix(token, []byte("pypi-")), "=")
	b, err := base64.RawURLEncoding.DecodeString(string(token))
	if err != nil || len(b) < 8 || b[0] != 2 {
		return m, false
	}
	b = b[1:]
	// Fields are (type, length, data); 0 ends a section; an empty section ends the caveats; the signature follows.
	for section := 0; len(b) > 0; {
		if b[0] == 0 {
			b = b[1:]
			section++
			continue
		}
		kind := b[0]
		n, used := binary.Uvarint(b[1:])
		if used <= 0 || n > uint64(len(b)-1-used) {
			return m, false
		}
		data := string(b[1+used : 1+used+int(n)])
		b = b[1+used+int(n):]
		switch {
		case kind == 1 && section == 0:
			m.location = data
		case kind == 2 && section == 0:
			m.identifier = data
		case kind == 2 && len(m.caveats) < 64:
			m.caveats = append(m.caveats, data)
		case kind == 6:
			m.signature = len(data)
		}
	}
	return m, m.location != "" && m.identifier != "" && m.signature == 32
}

// pypiFacts reads what the token may do: PyPI restricts tokens by caveats, as a list beginning with a number or, in older
// ones, as an object.
func pypiFacts(m Match) []finding.Fact {
	mac, ok := readMacaroon(m.Value())
	if !ok {
		return nil
	}
	out := []finding.Fact{fact("host", mac.location)}
	if id := object([]byte(mac.identifier)); id == nil {
		out = append(out, inferred("key_id", mac.identifier))
	}
	for _, c := range mac.caveats {
		if printable(c) {
			out = append(out, inferred("permissions", c))
		}
	}
	return facts(out...)
}

func samplePyPI(r *rand.Rand) []byte {
	field := func(kind byte, data string) []byte {
		return append(binary.AppendUvarint([]byte{kind}, uint64(len(data))), data...)
	}
	id := string(draw(r, Hex, 8)) + "-" + string(draw(r, Hex, 4)) + "-" + string(draw(r, Hex, 4)) + "-" + string(draw(r, Hex, 4)) + "-" + string(draw(r, Hex, 12))
	b := []byte{2}
	b = append(b, field(1, "pypi.org")...)
	b = append(b, field(2, id)...)
	b = append(b, 0)
	b = append(b, field(2, `[1,["shop"]]`)...)
	b = append(b, 0, 0)
	b = append(b, field(6, string(draw(r, Visible, 32)))...)
	return []byte("pypi-" + base64.RawURLEncoding.EncodeToString(b))
}
