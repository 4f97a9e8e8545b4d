package inventory

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Readings of a value. Each returns "" for what is not there, and an error that does not repeat the value.

func asText(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return strings.TrimSpace(v), nil
	case json.Number:
		return v.String(), nil
	case bool:
		return strconv.FormatBool(v), nil
	}
	return "", fmt.Errorf("is a list or an object and not a text")
}

// stamps are the layouts seen in exports, most frequent first.
var stamps = []string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999999999Z0700",
	"2006-01-02 15:04:05 UTC",
	"2006-01-02 15:04:05 -0700",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05",
	"2006-01-02",
	time.RFC1123Z,
	time.RFC1123,
	"2006-01-02T15:04Z",
	"2006-01-02 15:04",
	"2006-01",
}

// readTime reads a time in any of the ways exports write one: a layout of stamps, or seconds or milliseconds since 1970. ok is
// false for the words that stand for none and for the zero times that Go and Unix programs print.
func readTime(v any) (t time.Time, ok bool, err error) {
	s, err := asText(v)
	if err != nil {
		return time.Time{}, false, err
	}
	switch strings.ToLower(s) {
	case "", "0", "-1", "n/a", "no_information", "not_supported", "none", "null", "never", "false", "-":
		return time.Time{}, false, nil
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil && len(s) > 4 {
		switch {
		case math.IsNaN(n) || n <= 0 || n >= 1e17:
			return time.Time{}, false, fmt.Errorf("is not a time")
		case n >= 1e14: // microseconds
			n /= 1e6
		case n >= 1e11: // milliseconds
			n /= 1e3
		}
		sec, frac := math.Modf(n)
		return time.Unix(int64(sec), int64(frac*1e9)).UTC(), true, nil
	}
	for _, layout := range stamps {
		if t, err := time.Parse(layout, s); err == nil {
			if t.Year() < 1971 {
				return time.Time{}, false, nil
			}
			return t.UTC(), true, nil
		}
	}
	return time.Time{}, false, fmt.Errorf("is not a time")
}

// when is a time as RFC 3339 in UTC, to the second.
func when(v any) (string, error) {
	t, ok, err := readTime(v)
	if !ok || err != nil {
		return "", err
	}
	return t.Format(time.RFC3339), nil
}

// used is when for a last use: what stands there and is no time means never.
func used(v any) (string, error) {
	if s, err := when(v); s != "" || err != nil {
		return s, err
	}
	if s, _ := asText(v); strings.EqualFold(s, "not_supported") {
		return "", nil
	}
	return "never", nil
}

// expiry is when for an end: what stands there and is no time means never, and so do the years with which providers write it.
func expiry(v any) (string, error) {
	t, ok, err := readTime(v)
	switch {
	case err != nil:
		return "", err
	case !ok || t.Year() >= 9999:
		return "never", nil
	}
	return t.Format(time.RFC3339), nil
}

// is reads a word or a truth as another word; others are left out.
func is(pairs ...string) func(any) (string, error) {
	m := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return func(v any) (string, error) {
		s, err := asText(v)
		if err != nil {
			return "", err
		}
		return m[strings.ToLower(s)], nil
	}
}

// Truths that say whether something is in use.
var (
	activeIf   = is("true", "active", "false", "inactive")
	inactiveIf = is("true", "inactive", "false", "active")
	revokedIf  = is("true", "revoked")
	expiredIf  = is("true", "expired")
)

// lower is for e-mail addresses and logins, which providers compare without case.
func lower(v any) (string, error) {
	s, err := asText(v)
	return strings.ToLower(s), err
}

// tail is what stands behind the last slash: a resource name's own part.
func tail(v any) (string, error) {
	s, err := asText(v)
	return s[strings.LastIndexByte(s, '/')+1:], err
}

// digest reads a SHA-256 in base64, with or without padding, or hexadecimal, and returns it in hexadecimal, which is how the
// form "sha256" is summed.
func digest(v any) (string, error) {
	s, err := asText(v)
	if err != nil || s == "" {
		return "", err
	}
	s = strings.TrimPrefix(strings.TrimPrefix(s, "SHA256:"), "sha256:")
	for _, dec := range []func(string) ([]byte, error){
		hex.DecodeString,
		base64.RawStdEncoding.DecodeString,
		base64.RawURLEncoding.DecodeString,
	} {
		if b, err := dec(strings.TrimRight(s, "=")); err == nil && len(b) == 32 {
			return hex.EncodeToString(b), nil
		}
	}
	return "", fmt.Errorf("is not a SHA-256")
}

// ends reads a value of which a provider shows the two ends, "sk-ab...wxyz" or "sk-ab****wxyz", and returns the form of a secret
// that goes with it and its derived value.
func ends(s string) (form, derived string, ok bool) {
	i := strings.IndexAny(s, ".*…•")
	if i < 0 {
		return "", "", false
	}
	j := strings.LastIndexAny(s, ".*…•")
	for j < len(s) && s[j] >= 0x80 || j < len(s) && (s[j] == '.' || s[j] == '*') {
		j++
	}
	// Between them stands nothing but the mask: "SG.abc" is no masked value, "sk-a...b" is.
	if strings.Trim(s[i:j], ".*…•") != "" || len([]rune(s[i:j])) < 2 && !strings.HasPrefix(s[i:], "…") {
		return "", "", false
	}
	a, b := s[:i], s[j:]
	if len(a) > 64 || len(b) > 64 || len(a)+len(b) < 3 {
		return "", "", false
	}
	switch {
	case a == "":
		return "last:" + strconv.Itoa(len(b)), b, true
	case b == "":
		return "first:" + strconv.Itoa(len(a)), a, true
	}
	return fmt.Sprintf("ends:%d+%d", len(a), len(b)), a + b, true
}

// plainWords are the last words of names whose values are no secrets: a password "postgres" in code is not the user of that name in a
// secret.
var plainWords = map[string]bool{
	"user": true, "username": true, "login": true, "email": true, "host": true, "hostname": true, "port": true, "address": true, "addr": true,
	"database": true, "dbname": true, "db": true, "name": true, "region": true, "zone": true, "endpoint": true, "bucket": true, "env": true, "environment": true,
	"version": true, "path": true, "enabled": true, "type": true, "namespace": true, "scheme": true, "schema": true, "driver": true,
}

// plainly reports whether the last word of a name says that its value is no secret: "DB_HOST", "database.user".
func plainly(name string) bool {
	words := strings.FieldsFunc(strings.ToLower(name), func(c rune) bool { return c == '_' || c == '-' || c == '.' })
	return len(words) > 0 && plainWords[words[len(words)-1]]
}
