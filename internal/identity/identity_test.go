package identity

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"sprawl/finding"
)

func random(seed uint64, n int, alphabet string) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return b
}

const base62 = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

func TestScopes(t *testing.T) {
	org, salt, rnd := bytes.Repeat([]byte{1}, KeySize), bytes.Repeat([]byte{2}, SaltSize), bytes.Repeat([]byte{3}, KeySize)
	s := finding.NewSecret(random(1, 40, base62))
	for _, c := range []struct {
		name string
		k    *Keys
		want finding.KeyScope
	}{
		{"organisation", New(org, salt, rnd), finding.KeyOrganisation},
		{"repository", New(nil, salt, rnd), finding.KeyRepository},
		{"run", New(nil, nil, rnd), finding.KeyRun},
	} {
		if c.k.Scope() != c.want {
			t.Errorf("%s: scope %s", c.name, c.k.Scope())
		}
		if id := c.k.ID(s); len(id) != 28 || !strings.HasPrefix(id, "c-") {
			t.Errorf("%s: id of %d characters", c.name, len(id))
		}
		if (c.k.KeyID() == "") != (c.want == finding.KeyRun) {
			t.Errorf("%s: key id %q", c.name, c.k.KeyID())
		}
	}
	// The match depends on the salt alone, so that people with and without the organisation's key agree.
	if a, b := New(org, salt, rnd).Match(s), New(nil, salt, nil).Match(s); a != b || !strings.HasPrefix(a, "m-") {
		t.Error("the match depends on more than the salt")
	}
	if New(org, nil, rnd).Match(s) != "" {
		t.Error("a match without a salt")
	}
	if New(org, salt, rnd).ID(s) == New(nil, salt, rnd).ID(s) {
		t.Error("ids of two keys are equal")
	}
}

func TestGuessableUsesTheSlowForm(t *testing.T) {
	k := New(nil, bytes.Repeat([]byte{2}, SaltSize), nil)
	if m := k.Match(finding.NewSecret([]byte("hunter" + "2-winter"))); !strings.HasPrefix(m, "g-") {
		t.Errorf("a password's match is %q", m[:2])
	}
}

func TestGuessable(t *testing.T) {
	for _, v := range []string{"", "admin", "Winter2024!", "correcthorsebatterystaple", "P@ssw0rd-P@ssw0rd", strings.Repeat("ab", 40), "CompanyName-2019-database"} {
		if !Guessable([]byte(v)) {
			t.Errorf("%q counts as strong", v)
		}
	}
	weak := 0
	for seed := range uint64(1000) {
		for _, v := range [][]byte{random(seed, 32, "0123456789abcdef"), random(seed, 36, base62), random(seed, 40, base62+"+/")} {
			if Guessable(v) {
				weak++
			}
		}
	}
	if weak > 0 {
		t.Errorf("%d of 3000 random tokens count as guessable", weak)
	}
}

func TestCanonicalPEM(t *testing.T) {
	body := string(random(7, 64, base62)) + "\n" + string(random(8, 30, base62))
	file := "-----BEGIN " + "PRIVATE KEY-----\n" + body + "\n-----END " + "PRIVATE KEY-----\n"
	for name, form := range map[string]string{
		"json":       strings.ReplaceAll(file, "\n", `\n`),
		"yaml":       "  " + strings.ReplaceAll(file, "\n", "\n    "),
		"crlf":       strings.ReplaceAll(file, "\n", "\r\n"),
		"javascript": strings.ReplaceAll(file, "\n", "\\n\" +\n\t\""),
	} {
		if name == "javascript" {
			form = strings.ReplaceAll(form, " +", "") // the recogniser joins the pieces first
		}
		if !bytes.Equal(Canonical([]byte(file)), Canonical([]byte(form))) {
			t.Errorf("%s: another canonical form", name)
		}
	}
}

func TestKeyText(t *testing.T) {
	b := bytes.Repeat([]byte{9}, KeySize)
	got, err := ParseKey(FormatKey(b) + "\n")
	if err != nil || !bytes.Equal(got, b) {
		t.Fatal("the text form does not survive")
	}
	for _, bad := range []string{"", "x", FormatKey(b)[:40], FormatKey(b[:31])} {
		_, err := ParseKey(bad)
		if err == nil {
			t.Errorf("a key of %d characters is taken", len(bad))
		} else if bad != "" && len(bad) > 1 && strings.Contains(err.Error(), bad) {
			t.Error("the error repeats the key")
		}
	}
}

func TestFingerprint(t *testing.T) {
	k := New(nil, bytes.Repeat([]byte{2}, SaltSize), nil)
	s := finding.NewSecret(random(1, 40, base62))
	a := k.Fingerprint(s, "a.env", 0)
	if a == k.Fingerprint(s, "b.env", 0) || a == k.Fingerprint(s, "a.env", 1) || a != k.Fingerprint(s, "a.env", 0) {
		t.Error("fingerprints do not tell places apart, or are not stable")
	}
}
