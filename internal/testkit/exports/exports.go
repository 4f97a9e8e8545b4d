// Package exports makes what providers' read-only commands print, out of templates and generated values: no literal that
// looks like a credential stands in a template. It also writes the code in which the same values are found, so that both sides of a
// join come from one place.
//
// It is for tests. It reads no export and joins nothing.
package exports

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"text/template"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/identity"
	"sprawl/internal/vectors"
)

// Set is a world of generated values. The same expression makes the same value in every set.
type Set struct {
	values map[string]string // "KIND N" -> secret value
	calls  map[string]string // generated text -> the expression that made it
	keys   *identity.Keys
}

// New returns an empty set. keys make its sums.
func New(keys *identity.Keys) *Set {
	return &Set{values: map[string]string{}, calls: map[string]string{}, keys: keys}
}

// Render fills a template. Its functions are
//
//	code KIND N         a file in which the N-th credential of a kind is found
//	value KIND N        a secret of a kind of the table, or a password where there is no such kind
//	ident KIND N        what the N-th credential of a kind says of itself in clear: its public half, or the id inside it
//	akia ACCOUNT N      the id of an AWS access key of an account
//	hex LENGTH N        hexadecimal digits that are no secret
//	certificate N       an X.509 certificate in PEM, of the key of sshpub N
//	sshpub N            the public half of an SSH key, as a line of authorized_keys
//	fingerprint N       its SHA-256 fingerprint
//	first/last N TEXT, base64 TEXT, sha256 TEXT (in base64), line TEXT (line breaks as \n)
func (s *Set) Render(text string) ([]byte, error) {
	t, err := template.New("export").Option("missingkey=error").Funcs(template.FuncMap{
		"code": s.Code, "value": s.Value, "ident": s.Ident, "akia": s.AccessKey, "hex": s.hex,
		"certificate": s.certificate, "sshpub": s.sshPublic, "fingerprint": s.fingerprint,
		"first": func(n int, v string) string { return v[:n] },
		"last": func(n int, v string) string {
			end := v[len(v)-n:]
			if n >= 12 { // long enough to be an id
				s.made(fmt.Sprintf("last %d", n), end)
			}
			return end
		},
		"base64": func(v string) string { return base64.StdEncoding.EncodeToString([]byte(v)) },
		"sha256": func(v string) string {
			h := sha256.Sum256([]byte(v))
			return base64.StdEncoding.EncodeToString(h[:])
		},
		"line": func(v string) string { return strings.ReplaceAll(v, "\n", `\n`) },
	}).Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, nil)
	return b.Bytes(), err
}

// Value is the n-th secret of a kind.
func (s *Set) Value(kind string, n int) (string, error) {
	name := fmt.Sprintf("%s %d", kind, n)
	if v, ok := s.values[name]; ok {
		return v, nil
	}
	v, err := vectorOf(kind, n)
	if err != nil {
		return "", err
	}
	s.values[name] = secret(v.Text)
	return s.values[name], nil
}

// secret is the value in a connection string, or all of a text that is none.
func secret(text string) string {
	if _, rest, ok := strings.Cut(text, "AccountKey="); ok {
		text, _, _ = strings.Cut(rest, ";")
	}
	return text
}

// made remembers what an expression made.
func (s *Set) made(expr, text string) string {
	s.calls[text] = "{{" + expr + "}}"
	return text
}

// Hide puts back the expressions of what was generated and is no secret, so that a golden file holds no id that looks like a real one.
func (s *Set) Hide(text string) string {
	texts := make([]string, 0, len(s.calls))
	for t := range s.calls {
		texts = append(texts, t)
	}
	slices.SortFunc(texts, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	for _, t := range texts {
		text = strings.ReplaceAll(text, t, s.calls[t])
	}
	return text
}

// Secrets are the values made so far, by the names that Sum gives them.
func (s *Set) Secrets() map[string]string { return s.values }

// Sum is what an inventory.Meta needs: a sum of what an export shows of a value. It names the value that has that form instead of
// summing; "sum of something else" was read out of what is no generated value.
func (s *Set) Sum(form string, derived []byte) string {
	sum := s.keys.Sum(form, derived)
	var names []string
	for name, v := range s.values {
		for _, j := range s.keys.Forms(finding.NewSecret([]byte(v)), form) {
			if j.Sum == sum {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return "sum of something else"
	}
	return "sum of " + strings.Join(slices.Sorted(slices.Values(names)), " or ")
}

// random is the source of randomness of the n-th thing of a sort.
func random(sort string, n int) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(sort))
	return rand.New(rand.NewPCG(h.Sum64(), uint64(n)))
}

// vectorOf makes the n-th value of a kind by the kind's own row.
func vectorOf(kind string, n int) (vectors.Vector, error) {
	r := random(kind, n)
	if kind == "password" {
		return vectors.Vector{Text: string(pick(r, base62, 24)), Role: finding.RoleSecret, Name: "db_password"}, nil
	}
	d := detectorOf(kind)
	if d == nil {
		return vectors.Vector{}, fmt.Errorf("no kind is called %q", kind)
	}
	vs := vectors.Make(*d, r)
	i := slices.IndexFunc(vs, func(v vectors.Vector) bool { return v.Role == finding.RoleSecret })
	if i < 0 {
		return vectors.Vector{}, fmt.Errorf("the row of %q makes no secret", kind)
	}
	return vs[i], nil
}

// idOf makes the n-th public half of a kind, "" where it has none.
func idOf(kind string, n int) string {
	for _, v := range vectors.Make(*detectorOf(kind), random(kind+" id", n)) {
		if v.Role == finding.RoleID {
			return v.Text
		}
	}
	return ""
}

var rows = sync.OnceValue(func() map[string]*detectors.Detector {
	byID := map[string]*detectors.Detector{}
	for _, d := range detectors.All() {
		byID[d.ID] = &d
	}
	return byID
})

func detectorOf(kind string) *detectors.Detector { return rows()[kind] }

const (
	base62   = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	hexadecs = "0123456789abcdef"
)

func pick(r *rand.Rand, alphabet string, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return b
}

func (s *Set) hex(length, n int) string {
	return s.made(fmt.Sprintf("hex %d %d", length, n), string(pick(random("hex", n), hexadecs, length)))
}
