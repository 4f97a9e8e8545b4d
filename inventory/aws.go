package inventory

import (
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
)

const iamAPI = "https://docs.aws.amazon.com/IAM/latest/APIReference/"

// awsAccount reads the account that an access key id names; "" for ids made before 2019, which name none, and for others. The
// layout is not documented; detectors reads it the same way, where it was checked against keys of known accounts.
func awsAccount(id string) string {
	if len(id) != 20 || !strings.HasPrefix(id, "AKIA") || id[4] == 'I' || id[4] == 'J' {
		return ""
	}
	raw, err := base32.StdEncoding.DecodeString(id[4:])
	if err != nil || len(raw) < 6 {
		return ""
	}
	var word [8]byte
	copy(word[2:], raw[:6])
	n := binary.BigEndian.Uint64(word[:]) & 0x7fffffffff80 >> 7
	if n > 999_999_999_999 {
		return ""
	}
	return fmt.Sprintf("%012d", n)
}

// arnAccount is the account in an ARN, and arnName what stands behind the last slash.
func arnAccount(arn string) string {
	p := strings.SplitN(arn, ":", 6)
	if len(p) == 6 && p[0] == "arn" {
		return p[4]
	}
	return ""
}

// awsUser names a user over accounts.
func awsUser(account, name string) string { return within(account, name) }

// within is a name within something, "" where either is missing.
func within(outer, name string) string {
	if outer == "" || name == "" {
		return ""
	}
	return outer + "/" + name
}

// awsSlot names a key by its user and the second it was made or last changed: the one thing that the credential report and
// list-access-keys both say of it.
func awsSlot(account, user, when string) string {
	u := awsUser(account, user)
	if u == "" || when == "" {
		return ""
	}
	return u + "@" + when
}

// labels takes what tags, labels and annotations say of owner and environment, whichever way a provider writes them.
func (r *Row) labels(o Object, path string) {
	for _, v := range o.All(path) {
		switch v := v.(type) {
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(v)) {
				if s, err := asText(v[k]); err == nil {
					r.label(k, s)
				}
			}
		case []any:
			for _, e := range v {
				t := Object{m: map[string]any{}}
				if m, ok := e.(map[string]any); ok {
					t.m = m
				}
				r.label(t.Text("Key|key"), t.Text("Value|value"))
			}
		}
	}
}

// label takes one of them.
func (r *Row) label(key, value string) {
	switch strings.ReplaceAll(strings.ToLower(key), "_", "-") {
	case "owner", "owners", "owned-by", "owner-email", "code-owner", "contact", "technical-contact":
		r.give("owner", value)
	case "team", "squad", "owner-team", "owning-team", "team-owner", "responsible-team":
		r.give("team", value)
	case "environment", "env", "stage", "app.kubernetes.io/environment":
		r.give("environment", value)
	}
}
