package detectors

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"

	"sprawl/finding"
)

const (
	npmrcDocs = "https://docs.npmjs.com/cli/v11/configuring-npm/npmrc"
	// The NSA's guidance on Cisco's types of passwords, of which 7 can be read back by anybody.
	ciscoTypes  = "https://media.defense.gov/2022/Feb/17/2002940795/-1/-1/1/CSI_CISCO_PASSWORD_TYPES_BEST_PRACTICES_20220217.PDF"
	bundlerDocs = "https://bundler.io/man/bundle-config.1.html#CREDENTIALS-FOR-GEM-SOURCES"
	kubeDocs    = "https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/"
)

func dotfiles() []Detector {
	return []Detector{
		{
			ID: "cisco-type-7-password", Provider: "cisco", Title: "password in a Cisco configuration, obfuscated as type 7",
			Structures: []Structure{{Anchors: []string{"password 7 ", "key 7 ", "key-string 7 ", "secret 7 "}, Reach: Local(256), Parse: parseType7}},
			Sample: func(r *rand.Rand) []byte {
				return []byte("username robot password 7 " + type7(r.IntN(16), string(draw(r, Base62, 12))))
			},
			Traits: Traits{Expires: no(ciscoTypes)},
			Rotate: "set a new one as type 8: username NAME algorithm-type sha256 secret NEW", Revoke: "no username NAME",
			Docs: ciscoTypes, Format: ciscoTypes,
		},
		{
			ID: "npm-registry-credential", Provider: "npm", Title: "npm registry credential",
			Structures: []Structure{{Anchors: []string{"_authToken", "_auth", "_password"}, Reach: Local(1024), Parse: parseNpmrc}},
			Facts:      npmrcFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte("//npm.internal.test/:_authToken=" + string(draw(r, Base62, 40)))
			},
			Rotate: "make a new token at the registry, update every consumer, then revoke this one", Revoke: "npm token revoke ID",
			Docs: npmrcDocs, Format: npmrcDocs,
		},
		{
			ID: "netrc-entry", Provider: "netrc", Title: "netrc entry",
			Structures: []Structure{{Anchors: []string{"machine ", "machine\t"}, Reach: Block(1024), Parse: parseNetrc}},
			Facts:      urlFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte("machine api.internal.test\n  login robot\n  password " + string(draw(r, Base62, 20)))
			},
			Rotate: "change the account's password or token at the host", Revoke: "disable the account at the host",
			Docs: "https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html", Format: "https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html",
		},
		{
			ID: "pgpass-entry", Provider: "postgresql", Title: "pgpass entry",
			Structures: []Structure{{Anchors: []string{":5432:", ":5433:", ":5434:", ":5435:", ":6432:", ":6543:", ":*:*:", "*:*:"}, Reach: Local(512), Parse: parsePgpass}},
			Paths:      []string{"**/.pgpass", "**/pgpass.conf", "**/pgpass", ".pgpass", "pgpass.conf", "pgpass"},
			Facts:      urlFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte("db.internal.test:5432:shop:app:" + string(draw(r, Base62, 18)))
			},
			Rotate: "ALTER ROLE {ident} PASSWORD 'NEW'", Revoke: "ALTER ROLE {ident} NOLOGIN",
			Docs: "https://www.postgresql.org/docs/current/libpq-pgpass.html", Format: "https://www.postgresql.org/docs/current/libpq-pgpass.html",
		},
		{
			ID: "pypirc-entry", Provider: "pypi", Title: "pypirc entry",
			Structures: []Structure{{Anchors: []string{"password"}, Reach: Local(1024), Parse: parsePypirc}},
			Paths:      []string{"**/.pypirc", ".pypirc"},
			Facts:      urlFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte("[internal]\nrepository = https://pypi.internal.test/\nusername = robot\npassword = " + string(draw(r, Base62, 20)))
			},
			Rotate: "make a new token at the index, or publish with a trusted publisher", Revoke: "revoke the token at the index",
			Docs: "https://packaging.python.org/en/latest/specifications/pypirc/", Format: "https://packaging.python.org/en/latest/specifications/pypirc/",
		},
		{
			ID: "bundler-source-credential", Provider: "rubygems", Title: "credential of Bundler for a source of gems",
			Structures: []Structure{{Anchors: []string{"BUNDLE_"}, Reach: Local(512), Parse: parseBundler}},
			Facts:      urlFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte("BUNDLE_GEMS__INTERNAL__TEST: \"robot:" + string(draw(r, Base62, 20)) + "\"")
			},
			Rotate: "make a new one at the source, bundle config set --global HOST USER:NEW", Revoke: "revoke it at the source",
			Docs: bundlerDocs, Format: bundlerDocs,
		},
		{
			ID: "docker-registry-auth", Provider: "docker", Title: "container registry login",
			Structures: []Structure{{Anchors: []string{`"auths"`, `\"auths\"`}, Reach: Block(32 << 10), Parse: parseDockerAuths}},
			Facts: func(m Match) []finding.Fact {
				user, _ := basicPair(m.Value())
				return facts(fact("user", string(user)), fact("host", string(m.Host)))
			},
			Sample: func(r *rand.Rand) []byte {
				return []byte(`{"auths": {"registry.internal.test": {"auth": "` + base64.StdEncoding.EncodeToString([]byte("robot:"+string(draw(r, Base62, 20)))) + `"}}}`)
			},
			Rotate: "make a new token at the registry, docker login, then revoke this one", Revoke: "revoke the token or change the password at the registry",
			Docs: "https://docs.docker.com/reference/cli/docker/login/", Format: "https://docs.docker.com/reference/cli/docker/login/",
		},
		{
			ID: "kubeconfig-client-key", Provider: "kubernetes", Title: "kubeconfig client key",
			Structures: []Structure{{Anchors: []string{"client-key-data"}, Reach: Block(16 << 10), Parse: parseClientKey}},
			Facts: func(m Match) []finding.Fact {
				b, err := base64.StdEncoding.DecodeString(string(m.Value()))
				if err != nil {
					return nil
				}
				return pemFacts(Match{Block: b})
			},
			Sample: func(r *rand.Rand) []byte {
				return []byte("client-key-data: " + base64.StdEncoding.EncodeToString(pemText("PRIVATE KEY", samplePKCS8(r))))
			},
			Traits: Traits{Expires: yes("https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/"), Scoped: yes("https://kubernetes.io/docs/reference/access-authn-authz/rbac/")},
			Rotate: "issue a new client certificate; better, use an exec plugin with short-lived tokens",
			Revoke: "Kubernetes has no revocation of client certificates: remove the bindings of its user, or roll the certificate authority",
			Docs:   kubeDocs, Format: kubeDocs,
		},
		{
			ID: "kubeconfig-token", Provider: "kubernetes", Title: "kubeconfig token",
			Structures: []Structure{{Anchors: []string{"token: "}, Reach: Local(1024), Parse: parseKubeToken}},
			Sample: func(r *rand.Rand) []byte {
				return []byte("users:\n- name: robot\n  user:\n    token: " + string(draw(r, Base62, 40)))
			},
			Traits: Traits{Scoped: yes("https://kubernetes.io/docs/reference/access-authn-authz/rbac/")},
			Rotate: "use an exec plugin with short-lived tokens", Revoke: "revoke it at the cluster's authenticator",
			Docs: kubeDocs, Format: kubeDocs,
		},
		{
			ID: "kubernetes-bootstrap-token", Provider: "kubernetes", Title: "Kubernetes bootstrap token",
			Shapes: []Shape{{Pieces: []Piece{Lit("--token "), Chars(LowerNum, 6), Lit("."), Chars(LowerNum, 16)}, NeedName: []string{"kubeadm", "bootstrap"}}},
			Named:  []Named{{Keywords: []string{"kubeadm", "bootstraptoken"}, Value: []Shape{Token(Chars(LowerNum, 6), Lit("."), Chars(LowerNum, 16))}, MinEntropy: 2.5}},
			Traits: Traits{Expires: yes("https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/"), Overlap: yes("https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/"), RotateAPI: yes("https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/")},
			Rotate: "kubeadm token create", Revoke: "kubeadm token delete {ident}",
			Docs: "https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/", Format: "https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/",
		},
	}
}

// lineAround is the line that holds a position, at most n bytes to either side.
func lineAround(b []byte, at, n int) (start, end int) {
	start, end = at, at
	for start > 0 && start > at-n && b[start-1] != '\n' {
		start--
	}
	for end < len(b) && end < at+n && b[end] != '\n' {
		end++
	}
	return start, end
}

// assigned skips blanks, one of the operators and a quote, and returns the value up to a blank or quote.
func assigned(b []byte, from, limit int, ops string) (start, end int) {
	i := from
	for i < limit && (b[i] == ' ' || b[i] == '\t' || b[i] == '"' || b[i] == '\'' || b[i] == '\\') {
		i++
	}
	if i >= limit || strings.IndexByte(ops, b[i]) < 0 {
		return -1, -1
	}
	for i++; i < limit && (b[i] == ' ' || b[i] == '\t' || b[i] == '"' || b[i] == '\'' || b[i] == '\\'); i++ {
	}
	start = i
	for i < limit && b[i] > ' ' && b[i] != '"' && b[i] != '\'' && b[i] != '\\' && b[i] != '`' {
		i++
	}
	return start, i
}

func parseNpmrc(b []byte, at int) []Found {
	start, stop := lineAround(b, at, 900)
	from := at
	for from < stop && (Letters.Has(b[from]) || b[from] == '_') {
		from++
	}
	switch string(b[at:from]) {
	case "_authToken", "_auth", "_password":
	default:
		return nil
	}
	if at > 0 && WordBytes.Has(b[at-1]) {
		return nil
	}
	s, e := assigned(b, from, stop, "=")
	if s < 0 || e-s < 8 || placeholder(b[s:e]) || !all(b[s:e], Of("a-zA-Z0-9._~+/=-")) {
		return nil
	}
	f := Found{Parts: []FoundPart{{finding.RoleSecret, s, e}}, Start: at, End: e}
	if i := bytes.LastIndex(b[start:at], []byte("//")); i >= 0 {
		h := start + i + 2
		if n := bytes.IndexAny(b[h:at], "/:"); n > 0 {
			f.Parts = append(f.Parts, FoundPart{finding.RoleHost, h, h + n})
			f.Start = start + i
		}
	}
	return []Found{f}
}

// parseBundler reads an account for a source of gems, whose name stands in that of the variable with a double underscore for each
// dot: BUNDLE_GEMS__CONTRIBSYS__COM=USER:PASSWORD.
func parseBundler(b []byte, at int) []Found {
	if at > 0 && WordBytes.Has(b[at-1]) {
		return nil
	}
	_, end := lineOf(b, at)
	i := at
	for i < end && WordBytes.Has(b[i]) {
		i++
	}
	if !bytes.Contains(b[at:i], []byte("__")) {
		return nil
	}
	s, e := assigned(b, i, end, "=:")
	if s < 0 {
		return nil
	}
	user, password := userAndPassword(b, argument{s, e})
	if string(b[password.start:password.end]) == "x-oauth-basic" {
		user, password = argument{}, user // a token in the place of the user
	}
	return given(b, at, password, user, argument{})
}

func npmrcFacts(m Match) []finding.Fact {
	user, _ := basicPair(m.Value())
	return facts(fact("host", string(m.Host)), fact("user", string(user)))
}

// parseNetrc reads "machine HOST login USER password SECRET" with any blanks between.
func parseNetrc(b []byte, at int) []Found {
	if at > 0 && b[at-1] != '\n' && b[at-1] != ' ' && b[at-1] != '"' && b[at-1] != '\'' && b[at-1] != '>' {
		return nil
	}
	f := Found{Start: at}
	limit := min(len(b), at+1000)
	next := func(i int) (int, int) {
		for i < limit && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
			i++
		}
		j := i
		for j < limit && b[j] > ' ' && b[j] != '"' && b[j] != '\'' {
			j++
		}
		return i, j
	}
	var secret bool
	for i := at; i < limit; {
		ks, ke := next(i)
		key := string(b[ks:ke])
		if ke == ks || key == "machine" && ks != at {
			break
		}
		vs, ve := next(ke)
		if ve == vs {
			break
		}
		switch key {
		case "machine":
			f.Parts = append(f.Parts, FoundPart{finding.RoleHost, vs, ve})
		case "login":
			f.Parts = append(f.Parts, FoundPart{finding.RoleUser, vs, ve})
		case "password":
			f.Parts = append([]FoundPart{{finding.RoleSecret, vs, ve}}, f.Parts...)
			secret = true
		case "account", "port":
		default:
			i = limit
			continue
		}
		f.End = ve
		i = ve
	}
	if !secret || len(f.Parts) < 2 || placeholder(b[f.Parts[0].Start:f.Parts[0].End]) {
		return nil
	}
	return []Found{f}
}

// parsePgpass reads host:port:database:user:password; a backslash escapes.
func parsePgpass(b []byte, at int) []Found {
	start, end := lineAround(b, at, 500)
	end = start + len(bytes.TrimRight(b[start:end], "\r "))
	var cuts []int
	for i := start; i < end && len(cuts) < 4; i++ {
		if b[i] == '\\' {
			i++
		} else if b[i] == ':' {
			cuts = append(cuts, i)
		}
	}
	if len(cuts) < 4 || end-cuts[3] < 2 || b[start] == '#' || placeholder(b[cuts[3]+1:end]) {
		return nil
	}
	return []Found{{Parts: []FoundPart{{finding.RoleSecret, cuts[3] + 1, end}, {finding.RoleUser, cuts[2] + 1, cuts[3]}, {finding.RoleHost, start, cuts[0]}}, Start: start, End: end}}
}

func parsePypirc(b []byte, at int) []Found {
	start, stop := lineAround(b, at, 500)
	if len(bytes.TrimSpace(b[start:at])) > 0 {
		return nil
	}
	s, e := assigned(b, at+len("password"), stop, "=:")
	if s < 0 || e-s < 3 || placeholder(b[s:e]) {
		return nil
	}
	f := Found{Parts: []FoundPart{{finding.RoleSecret, s, e}}, Start: at, End: e}
	section := bytes.LastIndexByte(b[max(0, at-900):at], '[') + max(0, at-900)
	if section < 0 {
		section = 0
	}
	if i := bytes.LastIndex(b[section:at], []byte("username")); i >= 0 {
		if us, ue := assigned(b, section+i+len("username"), at, "=:"); us >= 0 && ue > us {
			f.Parts = append(f.Parts, FoundPart{finding.RoleUser, us, ue})
			f.Start = us
		}
	}
	return []Found{f}
}

// parseDockerAuths walks "host": {"auth": "…"} pairs without asking for well-formed JSON: the file may stand in a string.
func parseDockerAuths(b []byte, at int) []Found {
	limit := min(len(b), at+32<<10)
	var out []Found
	for i := at; ; {
		n := bytes.Index(b[i:limit], []byte(`auth`))
		if n < 0 || len(out) >= 64 {
			return out
		}
		key := i + n
		i = key + len("auth")
		if i >= limit || b[i] != '"' && b[i] != '\\' {
			continue
		}
		s, e := assigned(b, i, limit, ":")
		if s < 0 || e-s < 8 || e-s > 8192 {
			continue
		}
		if _, pass := basicPair(b[s:e]); pass == nil || placeholder(pass) {
			continue
		}
		f := Found{Parts: []FoundPart{{finding.RoleSecret, s, e}}, Start: key, End: e, Proof: finding.ProofProven}
		if open := bytes.LastIndexByte(b[at:key], '{'); open > 0 {
			head := bytes.TrimRight(b[at:at+open], " \t\r\n:\"\\")
			if q := bytes.LastIndexAny(head, "\"'"); q >= 0 && q+1 < len(head) {
				f.Parts = append(f.Parts, FoundPart{finding.RoleHost, at + q + 1, at + len(head)})
				f.Start = at + q + 1
			}
		}
		out = append(out, f)
	}
}

func parseClientKey(b []byte, at int) []Found {
	s, e := assigned(b, at+len("client-key-data"), min(len(b), at+16<<10), ":=")
	if s < 0 || e-s < 64 {
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(string(b[s:e]))
	if err != nil || !bytes.Contains(raw, []byte("PRIVATE KEY")) {
		return nil
	}
	return []Found{{Parts: []FoundPart{{finding.RoleSecret, s, e}}, Start: at, End: e, Proof: finding.ProofProven}}
}

// parseKubeToken wants the "user:" of a kubeconfig right above.
func parseKubeToken(b []byte, at int) []Found {
	start, stop := lineAround(b, at, 900)
	if len(bytes.TrimSpace(b[start:at])) > 0 {
		return nil
	}
	above := b[max(0, at-300):start]
	i := bytes.LastIndex(above, []byte("user:"))
	if i < 0 || bytes.LastIndex(above, []byte("name:")) < 0 {
		return nil
	}
	s, e := assigned(b, at+len("token"), stop, ":")
	if s < 0 || e-s < 16 || placeholder(b[s:e]) {
		return nil
	}
	return []Found{{Parts: []FoundPart{{finding.RoleSecret, s, e}}, Start: at, End: e}}
}

// type7Key is what type 7 adds to each byte, from a place on that its first two digits give.
const type7Key = "dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87"

// type7 writes a password as type 7.
func type7(from int, password string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%02d", from)
	for i := range len(password) {
		fmt.Fprintf(&out, "%02X", password[i]^type7Key[(from+i)%len(type7Key)])
	}
	return out.String()
}

// parseType7 reads the digits behind the 7, and takes those that a password comes out of.
func parseType7(b []byte, at int) []Found {
	i := at + bytes.Index(b[at:min(len(b), at+16)], []byte(" 7 ")) + len(" 7 ")
	end := i
	for end < len(b) && end < i+128 && HexAny.Has(b[end]) {
		end++
	}
	if end-i < 12 || (end-i)%2 != 0 || end < len(b) && b[end] > ' ' && b[end] != '"' || !Digits.Has(b[i]) || !Digits.Has(b[i+1]) {
		return nil
	}
	from := int(b[i]-'0')*10 + int(b[i+1]-'0')
	code, err := hex.DecodeString(string(b[i+2 : end]))
	if err != nil || from >= len(type7Key) {
		return nil
	}
	for j := range code {
		if code[j] ^= type7Key[(from+j)%len(type7Key)]; code[j] < ' ' || code[j] > '~' {
			return nil
		}
	}
	if !typed(code) {
		return nil
	}
	return []Found{{Parts: []FoundPart{{finding.RoleSecret, i, end}}, Start: at, End: end}}
}
