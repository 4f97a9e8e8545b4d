package detectors

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"strings"

	"sprawl/finding"
)

// embedded are secrets that a document holds in a place of its format.
func embedded() []Detector {
	const (
		secretDocs = "https://kubernetes.io/docs/concepts/configuration/secret/"
		tinkDocs   = "https://developers.google.com/tink/design/keysets"
		fzDocs     = "https://filezilla-project.org/"
		trueDocs   = "https://api.truenas.com/"
		jenkins    = "https://www.jenkins.io/doc/developer/security/secrets/"
		jenkinsSrc = "https://github.com/jenkinsci/jenkins/blob/master/core/src/main/java/hudson/util/Secret.java"
	)
	return []Detector{
		{
			ID: "kubernetes-secret", Provider: "kubernetes", Title: "value of a Kubernetes Secret",
			Structures: []Structure{{Anchors: []string{"kind: Secret", `kind: "Secret"`, "kind: 'Secret'", "kind: secret", `kind: "secret"`}, Reach: Local(secretSpan), Parse: parseKubernetesSecret}},
			Sample: func(r *rand.Rand) []byte {
				v := base64.StdEncoding.EncodeToString(draw(r, Base62, 18))
				return []byte("apiVersion: v1\nkind: Secret\nmetadata:\n  name: robot\ndata:\n  password: " + v + "\n")
			},
			Rotate: "replace what the Secret holds, kubectl apply, restart what reads it", Revoke: "kubectl delete secret NAME",
			Docs: secretDocs, Format: secretDocs,
		},
		{
			ID: "tink-keyset", Provider: "tink", Title: "Tink keyset in clear",
			Structures: []Structure{{Anchors: []string{"primaryKeyId"}, Reach: Local(keysetSpan), Parse: parseKeyset}},
			Sample: func(r *rand.Rand) []byte {
				v := base64.StdEncoding.EncodeToString(draw(r, Base62, 18))
				return []byte(`{"primaryKeyId":` + string(draw(r, Of("1-9"), 9)) + `,"key":[{"keyData":{"typeUrl":"type.googleapis.com/google.crypto.tink.AesGcmKey","value":"` + v +
					`","keyMaterialType":"SYMMETRIC"},"status":"ENABLED","outputPrefixType":"TINK"}]}`)
			},
			Traits: Traits{Overlap: yes(tinkDocs)},
			Rotate: "tinkey rotate-keyset, and keep the keyset encrypted by a KMS", Revoke: "tinkey disable-key --key-id ID",
			Docs: tinkDocs, Format: tinkDocs,
		},
		{
			ID: "filezilla-password", Provider: "filezilla", Title: "password of a FileZilla site",
			Structures: []Structure{{Anchors: []string{`<Pass encoding="base64">`}, Reach: Local(512), Parse: parseFileZilla}},
			Sample: func(r *rand.Rand) []byte {
				return []byte(`<Pass encoding="base64">` + base64.StdEncoding.EncodeToString(draw(r, Base62, 15)) + "</Pass>")
			},
			Rotate: "change the account's password on its server, and set a master password in FileZilla", Revoke: "disable the account on its server",
			Docs: fzDocs, Format: undocumented,
		},
		{
			ID: "jenkins-encrypted-secret", Provider: "jenkins", Title: "secret that a Jenkins controller encrypted",
			Structures: []Structure{{Anchors: []string{"{AQAAABAAAA"}, Reach: Block(jenkinsSpan), Parse: parseJenkins}},
			Severity:   finding.SevMedium, // it opens with the controller's master.key and hudson.util.Secret, which may stand next to it
			Sample: func(r *rand.Rand) []byte {
				return []byte("<secret>{" + base64.StdEncoding.EncodeToString(append([]byte("\x01\x00\x00\x00\x10\x00\x00\x00\x20"), draw(r, Visible, 16+32)...)) + "}</secret>")
			},
			Rotate: "issue what it holds anew at its provider and put that into the credential; keep secrets/ out of where JENKINS_HOME is stored",
			Revoke: "revoke what it holds at its provider",
			Docs:   jenkins, Format: jenkinsSrc,
		},
		{
			ID: "truenas-session-key", Provider: "truenas", Title: "TrueNAS API key of a session",
			Structures: []Structure{{Anchors: []string{"auth.login_with_api_key"}, Reach: Local(256), Parse: parseTrueNAS}},
			Sample: func(r *rand.Rand) []byte {
				return []byte(`{"method": "auth.login_with_api_key", "params": ["12-` + string(draw(r, Base62, 64)) + `"]}`)
			},
			Rotate: "make a second key (Credentials > Users > API keys), update every consumer, then delete this one", Revoke: "delete it under Credentials > Users > API keys",
			Docs: trueDocs, Format: trueDocs,
		},
	}
}

const (
	secretSpan   = 4096 // bytes of a manifest on either side of its kind
	keysetSpan   = 4096 // bytes of a keyset behind its first member
	leastSecret  = 6    // bytes of a value of a Secret
	leastUnnamed = 16   // bytes of one whose key does not say what it is
	jenkinsSpan  = 32 << 10
	keysetLead   = 64 // between the bracket that opens a keyset and its first member
)

// openKeys are keys of a Secret that hold what is no secret.
var openKeys = map[string]bool{"username": true, "user": true, "host": true, "hostname": true, "port": true, "url": true, "uri": true, "endpoint": true, "database": true, "dbname": true, "name": true, "email": true,
	"region": true, "namespace": true, "server": true, "ca.crt": true, "tls.crt": true, "cert": true, "certificate": true, "type": true, "provider": true, "login": true, "domain": true}

// parseKubernetesSecret reads the values below data and stringData of the YAML document around a kind.
func parseKubernetesSecret(b []byte, at int) []Found {
	if end := at + len("kind: Secret"); end < len(b) && (WordBytes.Has(b[end]) && b[end] != '"' && b[end] != '\'') || at > 0 && (WordBytes.Has(b[at-1]) || b[at-1] == '-') {
		return nil
	}
	from, to := max(0, at-secretSpan), min(len(b), at+secretSpan)
	if i := bytes.LastIndex(b[from:at], []byte("\n---")); i >= 0 {
		from += i + 1
	}
	if i := bytes.Index(b[at:to], []byte("\n---")); i >= 0 {
		to = at + i
	}
	line, _ := lineAround(b, at, secretSpan)
	var out []Found
	for _, m := range secretMembers(b, from, to, at-line) {
		v, opens := b[m.start:m.end], secretKey(m.key)
		if m.encoded {
			raw, err := base64.StdEncoding.DecodeString(string(v))
			if err != nil {
				continue
			}
			v = bytes.TrimSpace(raw)
		}
		switch {
		case len(v) < leastSecret, openKeys[m.key], strings.HasSuffix(m.key, "-id"), strings.HasSuffix(m.key, "_id"):
		case m.encoded && v[0] == '{' && json.Valid(v):
			out = append(out, m.found())
		case placeholder(v), !opens && (len(v) < leastUnnamed || Entropy(v) < 3):
		default:
			out = append(out, m.found())
		}
	}
	return out
}

// secretKey reports whether a key of a Secret says that its value opens something.
func secretKey(key string) bool {
	for _, w := range []string{"pass", "pwd", "pw", "secret", "token", "key", "cred", "auth", "dockercfg", "dockerconfig", "kubeconfig", "htpasswd", "dsn"} {
		if strings.Contains(key, w) {
			return true
		}
	}
	return false
}

// member is one key of data or stringData and where its value stands, a block's only line included.
type member struct {
	key        string // lower case
	encoded    bool   // base64, as data is
	start, end int
}

func (m member) found() Found {
	return Found{Parts: []FoundPart{{finding.RoleSecret, m.start, m.end}}, Start: m.start, End: m.end}
}

// secretMembers lists the members of a manifest's data and stringData, which stand at an indent. A block of several lines is a
// file, which is read for itself.
func secretMembers(b []byte, from, to, indent int) []member {
	var out []member
	var inside, encoded bool
	depthOf, block := -1, 0 // of the keys; lines of the block that the last one holds, 0 for none
	for i := from; i < to; {
		end := to
		if n := bytes.IndexByte(b[i:to], '\n'); n >= 0 {
			end = i + n
		}
		text := bytes.TrimSpace(b[i:end])
		depth := bytes.IndexFunc(b[i:end], func(r rune) bool { return r != ' ' && r != '\t' })
		start := i + depth
		i = end + 1
		switch {
		case len(text) == 0 || text[0] == '#':
		case depth <= indent:
			encoded = bytes.HasPrefix(text, []byte("data:"))
			inside, depthOf, block = depth == indent && (encoded || bytes.HasPrefix(text, []byte("stringData:"))), -1, 0
		case !inside:
		case depthOf >= 0 && depth > depthOf:
			if m := len(out) - 1; block == 1 {
				out[m].start, out[m].end = start, start+len(text)
			} else if block == 2 {
				out = out[:m]
			}
			if block > 0 {
				block++
			}
		default:
			if block == 1 { // a block of no line
				out = out[:len(out)-1]
			}
			depthOf, block = depth, 0
			key, value, ok := bytes.Cut(text, []byte(":"))
			v := bytes.TrimSpace(value)
			if !ok || len(v) == 0 {
				continue
			}
			if v[0] == '|' || v[0] == '>' {
				block = 1
			}
			s, e := start+len(text)-len(v), start+len(text)
			if len(v) > 1 && (v[0] == '"' || v[0] == '\'') && v[len(v)-1] == v[0] {
				s, e = s+1, e-1
			}
			out = append(out, member{strings.ToLower(strings.Trim(string(key), `"' `)), encoded, s, e})
		}
	}
	return out
}

// keyset is the JSON form of a Tink keyset, https://developers.google.com/tink/design/keysets.
type keyset struct {
	Key []struct {
		KeyData struct {
			Value           string `json:"value"`
			KeyMaterialType string `json:"keyMaterialType"`
		} `json:"keyData"`
	} `json:"key"`
}

func parseKeyset(b []byte, at int) []Found {
	lead := max(0, at-keysetLead)
	open := bytes.LastIndexByte(b[lead:at], '{')
	if open < 0 {
		return nil
	}
	start := lead + open
	var k keyset
	d := json.NewDecoder(bytes.NewReader(b[start:min(len(b), at+keysetSpan)]))
	if d.Decode(&k) != nil {
		return nil
	}
	end := start + int(d.InputOffset())
	var out []Found
	for _, key := range k.Key {
		if t := key.KeyData.KeyMaterialType; t != "SYMMETRIC" && t != "ASYMMETRIC_PRIVATE" || len(key.KeyData.Value) < 16 {
			continue
		}
		if i := bytes.Index(b[start:end], []byte(key.KeyData.Value)); i >= 0 {
			i += start
			out = append(out, Found{Parts: []FoundPart{{finding.RoleSecret, i, i + len(key.KeyData.Value)}}, Start: start, End: end})
		}
	}
	return out
}

func parseFileZilla(b []byte, at int) []Found {
	s := at + len(`<Pass encoding="base64">`)
	n := bytes.IndexByte(b[s:min(len(b), s+400)], '<')
	if n < 4 {
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(string(b[s : s+n]))
	if err != nil || len(raw) < 3 || placeholder(raw) {
		return nil
	}
	return []Found{{Parts: []FoundPart{{finding.RoleSecret, s, s + n}}, Start: at, End: s + n}}
}

// parseJenkins reads what Secret.getEncryptedValue writes: in braces, base64 of a 1, the lengths of an initialisation vector and of a
// cipher text of AES in four bytes each, and both.
func parseJenkins(b []byte, at int) []Found {
	s := at + 1
	e, limit := s, min(len(b), at+jenkinsSpan-1)
	for e < limit && Base64Pad.Has(b[e]) {
		e++
	}
	if e == limit || b[e] != '}' {
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(string(b[s:e]))
	const head, block = 9, 16
	sound := err == nil && len(raw) > head+block && binary.BigEndian.Uint32(raw[1:]) == block &&
		uint64(binary.BigEndian.Uint32(raw[5:])) == uint64(len(raw)-head-block) && (len(raw)-head)%block == 0
	if !sound && e-s < minJenkins {
		return nil
	}
	return []Found{{Parts: []FoundPart{{finding.RoleSecret, s, e}}, Start: at, End: e + 1, Proof: proven(sound)}}
}

// minJenkins is how long the shortest sound value is, in characters.
const minJenkins = 56

// parseTrueNAS reads the first parameter of the call: the key's number, a hyphen and the key.
func parseTrueNAS(b []byte, at int) []Found {
	i := at + len("auth.login_with_api_key")
	limit := min(len(b), i+200)
	for i < limit && !Digits.Has(b[i]) {
		if !bytes.ContainsRune([]byte(" \t\r\n\"':,[\\params"), rune(b[i])) {
			return nil
		}
		i++
	}
	s := i
	for i < limit && (Base62.Has(b[i]) || b[i] == '-') {
		i++
	}
	if number, key, ok := bytes.Cut(b[s:i], []byte("-")); !ok || len(number) > 4 || len(key) != 64 || !all(key, Base62) {
		return nil
	}
	return []Found{{Parts: []FoundPart{{finding.RoleSecret, s, i}}, Start: at, End: i}}
}
