package detectors

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"strings"

	"sprawl/finding"
)

func webauth() []Detector {
	return []Detector{
		{
			ID: "basic-auth-header", Title: "HTTP Basic credentials",
			Structures: []Structure{{Anchors: []string{"Basic ", "basic ", "BASIC "}, Reach: Local(1024), Parse: parseBasic}},
			Facts: func(m Match) []finding.Fact {
				user, _ := basicPair(m.Value())
				return facts(fact("user", string(user)))
			},
			Sample: func(r *rand.Rand) []byte {
				return []byte("Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("robot:"+string(draw(r, Base62, 18)))))
			},
			Rotate: "change the account's password and update every consumer", Revoke: "disable the account",
			Docs: rfcBasic, Format: rfcBasic,
		},
		{
			ID: "curl-user", Title: "credentials on a curl command line",
			Structures: []Structure{{Anchors: []string{"curl "}, Reach: Block(4096), Parse: parseCurl}},
			Facts:      urlFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte("curl -s -u robot:" + string(draw(r, Base62, 18)) + " https://api.internal.test/v1/items")
			},
			Rotate: "change the account's password, and read it from a file: curl --netrc", Revoke: "disable the account",
			Docs: "https://curl.se/docs/manpage.html#-u", Format: "https://curl.se/docs/manpage.html#-u",
		},
		{
			ID: "password-hash", Provider: "", Title: "password hash",
			Shapes: []Shape{
				Token(Lit("$apr1$"), Range(hashDigits, 1, 8), Lit("$"), Chars(hashDigits, 22)),
				Token(Lit("$2a$"), Chars(Digits, 2), Lit("$"), Chars(hashDigits, 53)),
				Token(Lit("$2b$"), Chars(Digits, 2), Lit("$"), Chars(hashDigits, 53)),
				Token(Lit("$2y$"), Chars(Digits, 2), Lit("$"), Chars(hashDigits, 53)),
				Token(Lit("$1$"), Range(hashDigits, 2, 8), Lit("$"), Chars(hashDigits, 22)),
				Token(Lit("$5$"), Range(hashDigits, 2, 16), Lit("$"), Chars(hashDigits, 43)),
				Token(Lit("$5$rounds="), Range(Digits, 4, 9), Lit("$"), Range(hashDigits, 1, 16), Lit("$"), Chars(hashDigits, 43)),
				Token(Lit("$6$"), Range(hashDigits, 2, 16), Lit("$"), Chars(hashDigits, 86)),
				Token(Lit("$6$rounds="), Range(Digits, 4, 9), Lit("$"), Range(hashDigits, 1, 16), Lit("$"), Chars(hashDigits, 86)),
				Token(Lit("$y$"), Range(hashDigits, 2, 8), Lit("$"), Range(hashDigits, 8, 86), Lit("$"), Chars(hashDigits, 43)),
				Token(Lit("$P$"), Chars(hashDigits, 31)),
				Token(Lit("$S$"), Chars(hashDigits, 52)),
				Token(Lit("$argon2id$v="), Range(Digits, 1, 3), Lit("$m="), Range(Of("0-9,tp="), 5, 30), Lit("$"), Range(Base64, 11, 64), Lit("$"), Range(Base64, 16, 128)),
				Token(Lit("$argon2i$v="), Range(Digits, 1, 3), Lit("$m="), Range(Of("0-9,tp="), 5, 30), Lit("$"), Range(Base64, 11, 64), Lit("$"), Range(Base64, 16, 128)),
				Token(Lit("pbkdf2_sha256$"), Range(Digits, 4, 8), Lit("$"), Range(Base62, 8, 32), Lit("$"), Chars(Base64, 43), Lit("=")),
				Token(Lit("pbkdf2:sha256:"), Range(Digits, 4, 8), Lit("$"), Range(Base62, 8, 32), Lit("$"), Chars(Hex, 64)),
				Token(Lit("scrypt:32768:8:1$"), Range(Base62, 8, 32), Lit("$"), Chars(Hex, 128)),
				Token(Lit("$8$"), Chars(hashDigits, 14), Lit("$"), Chars(hashDigits, 43)),
				Token(Lit("$9$"), Chars(hashDigits, 14), Lit("$"), Chars(hashDigits, 43)),
				Token(Lit("$krb5asrep$23$"), Range(Of("a-zA-Z0-9@:._-"), 32, 160), Lit("$"), Range(Hex, 64, 4000)),
				Token(Lit("$krb5tgs$23$*"), Range(Of("a-zA-Z0-9@:._/$-"), 4, 200), Lit("*$"), Chars(Hex, 32), Lit("$"), Range(Hex, 64, 4000)),
				Token(Lit("{SSHA}"), Range(Base64, 28, 48), Range(Of("="), 0, 2)),
				Token(Lit("{SHA}"), Chars(Base64, 27), Lit("=")),
			},
			Severity: finding.SevLow,
			Rotate:   "change the password: a hash can be guessed offline", Revoke: "lock the account",
			Docs: "https://man7.org/linux/man-pages/man5/crypt.5.html", Format: "https://man7.org/linux/man-pages/man5/crypt.5.html",
		},
		{
			ID: "htpasswd-entry", Title: "htpasswd entry",
			Structures: []Structure{{Anchors: []string{":$apr1$", ":$2y$", ":$2a$", ":$2b$", ":{SHA}", ":$5$", ":$6$"}, Reach: Local(300), Parse: parseHtpasswd}},
			Severity:   finding.SevLow,
			Facts:      urlFacts,
			Paths:      []string{"**/.htpasswd*", "**/htpasswd*", "**/*.htpasswd", ".htpasswd*", "htpasswd*", "*.htpasswd"},
			Sample: func(r *rand.Rand) []byte {
				return []byte("robot:$2y$05$" + string(draw(r, hashDigits, 53)))
			},
			Rotate: "htpasswd -B FILE {ident}", Revoke: "htpasswd -D FILE {ident}",
			Docs: "https://httpd.apache.org/docs/2.4/programs/htpasswd.html", Format: "https://httpd.apache.org/docs/2.4/misc/password_encryptions.html",
		},
	}
}

var hashDigits = Of("./a-zA-Z0-9")

// basicPair undoes the base64 of RFC 7617: printable user and password with a colon between.
func basicPair(v []byte) (user, pass []byte) {
	b, err := base64.RawStdEncoding.DecodeString(string(bytes.TrimRight(v, "=")))
	if err != nil {
		return nil, nil
	}
	user, pass, ok := bytes.Cut(b, []byte(":"))
	if !ok || len(pass) < 3 || !printable(string(b)) || !ascii(b) {
		return nil, nil
	}
	return user, pass
}

func ascii(b []byte) bool { return all(b, Of(" -~")) }

func parseBasic(b []byte, at int) []Found {
	from := at + len("Basic ")
	end := from
	for end < len(b) && end < from+1000 && Base64Pad.Has(b[end]) {
		end++
	}
	if end-from < 8 {
		return nil
	}
	_, pass := basicPair(b[from:end])
	if pass == nil || placeholder(pass) {
		return nil
	}
	start := at
	for n := 0; start > 0 && n < 32 && b[start-1] != '\n'; n++ {
		start--
	}
	if i := bytes.LastIndex(bytes.ToLower(b[start:at]), []byte("authorization")); i >= 0 {
		start += i
	} else {
		start = at
	}
	return []Found{{Parts: []FoundPart{{finding.RoleSecret, from, end}}, Start: start, End: end, Proof: finding.ProofProven}}
}

// parseCurl reads the command up to its end, over continued lines, and takes the argument of -u.
func parseCurl(b []byte, at int) []Found {
	if at > 0 && WordBytes.Has(b[at-1]) {
		return nil
	}
	var l commandLine
	l.read(b, at+len("curl"), min(len(b), at+4000))
	for k := range l.n {
		w := l.bare(l.words[k].start, l.words[k].end)
		switch v := string(b[w.start:w.end]); {
		case v == "-u" || v == "--user" || v == "-U" || v == "--proxy-user" || v == "--user=",
			strings.HasPrefix(v, "-") && !strings.HasPrefix(v, "--") && len(v) > 2 && len(v) < 6 && strings.HasSuffix(v, "u"): // -su user:pass
			if k+1 >= l.n {
				return nil
			}
			w = l.bare(l.words[k+1].start, l.words[k+1].end)
		case strings.HasPrefix(v, "--user="):
			w.start += len("--user=")
		case strings.HasPrefix(v, "-u") && strings.Contains(v, ":"):
			w.start += 2
		default:
			continue
		}
		user, pass, ok := bytes.Cut(b[w.start:w.end], []byte(":"))
		if !ok || len(pass) == 0 {
			if v := user; len(v) >= 20 && !placeholder(v) && all(v, WordBytes.Or(Of("-."))) && Entropy(v) > 3 {
				return []Found{{Parts: []FoundPart{{finding.RoleSecret, w.start, w.end}}, Start: at, End: w.end}} // a token instead of a user
			}
			return nil
		}
		if placeholder(pass) {
			return nil
		}
		p := w.start + len(user) + 1
		f := Found{Parts: []FoundPart{{finding.RoleSecret, p, w.end}}, Start: at, End: w.end}
		if len(user) > 0 {
			f.Parts = append(f.Parts, FoundPart{finding.RoleUser, w.start, w.start + len(user)})
		}
		return []Found{f}
	}
	return nil
}

func parseHtpasswd(b []byte, at int) []Found {
	start := at
	for start > 0 && at-start < 200 && b[start-1] != '\n' && b[start-1] != '\r' {
		start--
	}
	end := at + 1
	for end < len(b) && end < at+256 && b[end] > ' ' && b[end] != ':' {
		end++
	}
	if start == at || end-at < 20 || bytes.ContainsAny(b[start:at], " \t\"'=") {
		return nil
	}
	return []Found{{Parts: []FoundPart{{finding.RoleSecret, at + 1, end}, {finding.RoleUser, start, at}}, Start: start, End: end, Tier: finding.TierShaped}}
}
