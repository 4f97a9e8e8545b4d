// Package identity turns a secret into names that give nothing away: the id that reports show and the match that a baseline
// or a mark in a repository is written under.
//
// Two keys serve two purposes. The organisation key is secret and joins repositories, images and nights. The repository salt
// is public, stands in the policy file, and lets laptops, CI and a fork's pull request agree on what is accepted without any
// key. A value is identified by its bytes alone: never by its kind, place or name, so that none of these can change an id.
// Sharing tells, for the time of a comparison, which of our values another tool's holds or is a piece of.
//
// It never writes, prints or returns a secret.
package identity

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/crypto/argon2"

	"sprawl/finding"
)

// Sizes in bytes.
const (
	KeySize  = 32
	SaltSize = 16
)

// KeyPrefix begins the text form of an organisation key, so that a leaked one can be recognised, by us first of all.
const KeyPrefix = "sprawl-key-1-"

// Argon2id parameters for guessable values: the first choice of the OWASP Password Storage Cheat Sheet with one lane,
// m=19 MiB t=2 p=1, about 20 ms a value.
const (
	argonTime    = 2
	argonMemory  = 19 * 1024
	argonThreads = 1
)

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Keys makes ids and matches. It is safe for concurrent use.
type Keys struct {
	scope finding.KeyScope
	key   []byte
	salt  []byte

	mu   sync.Mutex
	slow map[[sha256.Size]byte][]byte // Argon2id of guessable values, by their hash; in memory only
}

// New makes Keys. org is the organisation key or nil, salt the repository's salt or nil, random KeySize fresh bytes that serve
// where there is neither.
func New(org, salt, random []byte) *Keys {
	k := &Keys{salt: salt, slow: map[[sha256.Size]byte][]byte{}}
	switch {
	case org != nil:
		k.scope, k.key = finding.KeyOrganisation, org
	case salt != nil:
		k.scope, k.key = finding.KeyRepository, salt
	default:
		k.scope, k.key = finding.KeyRun, random
	}
	return k
}

// Scope says which key makes the ids.
func (k *Keys) Scope() finding.KeyScope { return k.scope }

// KeyID names the key without giving it away; it is empty for ids that are good for one run.
func (k *Keys) KeyID() string {
	if k.scope == finding.KeyRun {
		return ""
	}
	return encoding.EncodeToString(sum(k.key, "key id", nil)[:5])
}

// HasSalt reports whether Match and Fingerprint can be made.
func (k *Keys) HasSalt() bool { return k.salt != nil }

// ID is "c-" and 26 base32 characters: 128 bits of an HMAC-SHA-256 of the canonical value.
func (k *Keys) ID(s finding.Secret) string { return "c-" + k.name("credential", s) }

// PublicID is the id of a credential of which only the public half is known. It is never slow: what it hides is printed.
func (k *Keys) PublicID(s finding.Secret) string {
	return "c-" + encoding.EncodeToString(sum(k.key, "public half", s.Reveal())[:16])
}

// NoticeID names a notice by what it says.
func (k *Keys) NoticeID(parts ...string) string {
	return "n-" + encoding.EncodeToString(sum(k.key, "notice", []byte(strings.Join(parts, "\x00")))[:16])
}

// name makes the keyed name. With the salt as key anyone can try guesses, so guessable values go through Argon2id first, as
// their baseline entries do; with a secret key there is nothing to try against.
func (k *Keys) name(purpose string, s finding.Secret) string {
	v := Canonical(s.Reveal())
	if k.scope == finding.KeyRepository && Guessable(v) {
		v = k.stretch(v)
	}
	return encoding.EncodeToString(sum(k.key, purpose, v)[:16])
}

// Match is how baseline, marks and exceptions name a value: "m-…", or "g-…" for a guessable value, whose Argon2id costs
// about 20 ms. It is empty without a salt.
func (k *Keys) Match(s finding.Secret) string {
	if k.salt == nil {
		return ""
	}
	v := Canonical(s.Reveal())
	prefix := "m-"
	if Guessable(v) {
		prefix, v = "g-", k.stretch(v)
	}
	return prefix + encoding.EncodeToString(sum(k.salt, "match", v)[:16])
}

// Weak reports whether Match would be slow.
func (k *Keys) Weak(s finding.Secret) bool { return Guessable(Canonical(s.Reveal())) }

// Fingerprint is a name for one credential in one file that stays when lines move, for SARIF. family is the file's oldest
// known path, ordinal tells several results of one family apart. It is empty without a salt.
func (k *Keys) Fingerprint(s finding.Secret, family string, ordinal int) string {
	m := k.Match(s)
	if m == "" {
		return ""
	}
	return hex.EncodeToString(sum([]byte(m), "fingerprint", fmt.Appendf(nil, "%s\x00%d", family, ordinal))[:16])
}

func (k *Keys) stretch(v []byte) []byte {
	h := sha256.Sum256(v)
	k.mu.Lock()
	out, ok := k.slow[h]
	k.mu.Unlock()
	if ok {
		return out
	}
	out = argon2.IDKey(v, k.salt, argonTime, argonMemory, argonThreads, 32)
	k.mu.Lock()
	k.slow[h] = out
	k.mu.Unlock()
	return out
}

func sum(key []byte, purpose string, v []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte("sprawl/1 " + purpose + "\x00"))
	m.Write(v)
	return m.Sum(nil)
}

// Canonical is the form of a value that identity is made of: without the white space and quoting that its surroundings gave
// it. A PEM block is its body, so that a key has one id as a file, indented in YAML and with \n escapes in JSON.
func Canonical(v []byte) []byte {
	v = bytes.TrimSpace(v)
	if i := bytes.Index(v, []byte("-----BEGIN ")); i < 0 {
		return v
	}
	out := make([]byte, 0, len(v))
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c == '\\' && i+1 < len(v) && (v[i+1] == 'n' || v[i+1] == 'r' || v[i+1] == 't'):
			i++
		case c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '"' || c == '\'' || c == '\\' || c == ',' || c == '#':
		default:
			out = append(out, c)
		}
	}
	return out
}

// guessableBits is the estimate below which a value is treated as guessable.
const guessableBits = 80

// Guessable estimates whether a value could be found by guessing: under 80 bits. It errs towards yes, and depends on the value
// alone. Runs of letters of one case count as words, runs of digits as years or counters; what is left counts by its class.
func Guessable(v []byte) bool {
	if len(v) > 128 {
		return false
	}
	hexOnly := len(v) >= 24
	seen := map[byte]bool{}
	for _, c := range v {
		seen[c] = true
		hexOnly = hexOnly && (c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' || c == '-')
	}
	if len(seen) < 8 {
		return true
	}
	if hexOnly {
		return false
	}
	bits := 0.0
	for i := 0; i < len(v); {
		j := i + 1
		for j < len(v) && class(v[j]) == class(v[i]) {
			j++
		}
		n := float64(j - i)
		switch k := class(v[i]); {
		case k == 'd' && n >= 4:
			bits += 1.7 * n
		case k == 'd':
			bits += 3.3 * n
		case (k == 'l' || k == 'u') && n >= 4:
			bits += 1.5 * n
		case k == 'l' || k == 'u':
			bits += 4.7 * n
		default:
			bits += 4
		}
		i = j
	}
	return bits < guessableBits
}

func class(c byte) byte {
	switch {
	case c >= 'a' && c <= 'z':
		return 'l'
	case c >= 'A' && c <= 'Z':
		return 'u'
	case c >= '0' && c <= '9':
		return 'd'
	}
	return 's'
}

// ErrKey is what ParseKey returns: the text is never repeated.
var ErrKey = errors.New("not an organisation key: it begins with " + KeyPrefix + " and 52 base32 characters follow; make one with: sprawl key new")

// ParseKey reads the text form of an organisation key. No error repeats it.
func ParseKey(text string) ([]byte, error) {
	t, ok := strings.CutPrefix(strings.TrimSpace(text), KeyPrefix)
	if !ok {
		return nil, ErrKey
	}
	b, err := encoding.DecodeString(t)
	if err != nil || len(b) != KeySize {
		return nil, ErrKey
	}
	return b, nil
}

// FormatKey is the text form of KeySize random bytes. The caller writes it to a 0600 file or a secret store, never to a log.
func FormatKey(b []byte) string { return KeyPrefix + encoding.EncodeToString(b) }
