package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"sprawl/finding"
)

// Forms of a secret by which a provider's listing recognises it without naming it. Beside these there are "first:N", "last:N"
// and "ends:N+M": the first N bytes, the last, the first N and the last M.
const (
	FormValue  = "value"  // all of it, in its canonical form: for an export that holds the value
	FormSHA256 = "sha256" // its SHA-256 in lower-case hexadecimal: GitHub's audit log prints the same in base64
)

// StoredForms are the forms worth keeping for exports to come, each named by the listing that shows it: the SHA-256 of GitHub's
// audit log, the last eight of its credential authorisations, the last four of Datadog, Sentry and Stripe, the first three of
// Entra.
func StoredForms() []string { return []string{FormValue, FormSHA256, "last:8", "last:4", "first:3"} }

// maxShown is how much of a value a listing may show: more would be the value.
const maxShown = 64

// Forms makes the keyed sums of a secret by which an inventory row finds it. A form that the value has not — it's too short to
// have ends, or nobody knows the form — is left out.
//
// A part of a guessable value, or a plain hash of it, would tell those who know the key more than the value's name does, so such
// a value has the form "value" alone.
//
// Under finding.KeyRepository and finding.KeyRun the sums are for comparing in memory: the salt is public, and with it anybody can
// try the 65,536 last fours. Only an organisation's key makes them fit to store; see Keepable.
func (k *Keys) Forms(s finding.Secret, forms ...string) []finding.Join {
	raw := Canonical(s.Reveal())
	if len(raw) == 0 {
		return nil
	}
	guessable := Guessable(raw)
	var out []finding.Join
	for _, form := range forms {
		if guessable && form != FormValue {
			continue
		}
		if d := derive(form, raw); d != nil {
			out = append(out, finding.Join{Form: form, Sum: k.Sum(form, d)})
		}
	}
	return out
}

// Keepable reports whether what Forms and Sum return may be written down.
func (k *Keys) Keepable() bool { return k.scope == finding.KeyOrganisation }

// Sum is HMAC(key, form ‖ derived) as text: how both sides of a join come to the same key. derived is what an export shows of a
// value; for FormValue it is the value itself, in any of the ways its surroundings may quote it. Neither is kept.
func (k *Keys) Sum(form string, derived []byte) string {
	if form == FormValue {
		derived = Canonical(derived)
	}
	return encoding.EncodeToString(sum(k.key, "form "+form, derived)[:16])
}

// derive is the form of a value, nil if it has none.
func derive(form string, v []byte) []byte {
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		// A listing that shows half of a value or more is not one to compare by: the value would have to be all there.
		if err != nil || n < 0 || n > maxShown || n > len(v) {
			return -1
		}
		return n
	}
	kind, arg, _ := strings.Cut(form, ":")
	switch kind {
	case FormValue:
		return v
	case FormSHA256:
		h := sha256.Sum256(v)
		return []byte(hex.EncodeToString(h[:]))
	case "first":
		if n := number(arg); n > 0 {
			return v[:n]
		}
	case "last":
		if n := number(arg); n > 0 {
			return v[len(v)-n:]
		}
	case "ends":
		a, b, ok := strings.Cut(arg, "+")
		n, m := number(a), number(b)
		if ok && n > 0 && m > 0 && n+m <= len(v) {
			return append(append(make([]byte, 0, n+m), v[:n]...), v[len(v)-m:]...)
		}
	}
	return nil
}

// InventoryID names a row of an inventory by what its provider calls it: "i-" and 26 characters.
func (k *Keys) InventoryID(parts ...string) string {
	return "i-" + encoding.EncodeToString(sum(k.key, "inventory", []byte(strings.Join(parts, "\x00")))[:16])
}
