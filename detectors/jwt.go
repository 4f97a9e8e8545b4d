package detectors

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"hash"
	"math/rand/v2"
	"strings"

	"sprawl/finding"
)

const (
	rfcJWT  = "https://www.rfc-editor.org/rfc/rfc7519"
	rfcJWK  = "https://www.rfc-editor.org/rfc/rfc7517"
	k8sDocs = "https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/"
)

// jwtReach is how long a token may be; servers limit a header line to 8 KiB or so.
const jwtReach = 12 << 10

// jwtAnchors are the base64 forms of `{"` and a lower-case letter: how the header of every JWT in compact form begins.
func jwtAnchors() []string {
	var out []string
	for c := byte('a'); c <= 'z'; c++ {
		out = append(out, base64.StdEncoding.EncodeToString([]byte{'{', '"', c}))
	}
	return out
}

// jwtRow is a kind of JWT that its claims tell apart.
func jwtRow(id, provider, title string, is func(claims map[string]any) bool, claims func(r *rand.Rand) map[string]any, d Detector) Detector {
	d.ID, d.Provider, d.Title = id, provider, title
	d.Structures = []Structure{{Anchors: jwtAnchors(), Reach: Local(jwtReach), Parse: func(b []byte, at int) []Found {
		end := jwtEnd(b, at)
		if end < 0 {
			return nil
		}
		_, c, ok := parseJWT(b[at:end])
		if !ok && id == "jwt" && brokenJWT(b[at:end]) {
			return []Found{{Parts: []FoundPart{{finding.RoleSecret, at, end}}, Start: at, End: end, Proof: finding.ProofRefuted, Tier: finding.TierGeneric}}
		}
		if !ok || !is(c) {
			return nil
		}
		return []Found{{Parts: []FoundPart{{finding.RoleSecret, at, end}}, Start: at, End: end, Proof: finding.ProofProven}}
	}}}
	if d.Facts == nil {
		d.Facts = jwtFacts
	}
	d.Sample = func(r *rand.Rand) []byte { return makeJWT(r, claims(r)) }
	d.Format = rfcJWT
	return d
}

func makeJWT(r *rand.Rand, claims map[string]any) []byte {
	head, _ := json.Marshal(map[string]string{"alg": "RS256", "kid": string(draw(r, Base62, 8))})
	body, _ := json.Marshal(claims)
	e := base64.RawURLEncoding
	return []byte(e.EncodeToString(head) + "." + e.EncodeToString(body) + "." + string(draw(r, Base62, 86)))
}

func jwt() []Detector {
	k8s := func(c map[string]any) bool { return strings.HasPrefix(text(c, "sub"), "system:serviceaccount:") }
	supabase := func(c map[string]any) bool {
		return strings.HasPrefix(text(c, "iss"), "supabase") && text(c, "role") != ""
	}
	jfrog := func(c map[string]any) bool {
		return strings.HasPrefix(text(c, "iss"), "jfac@") || strings.HasPrefix(text(c, "iss"), "jfrt@") || strings.HasPrefix(text(c, "iss"), "jffe@")
	}
	entra := func(c map[string]any) bool {
		iss := text(c, "iss")
		return strings.HasPrefix(iss, "https://sts.windows.net/") || strings.HasPrefix(iss, "https://login.microsoftonline.com/")
	}
	calendly := func(c map[string]any) bool { return strings.HasPrefix(text(c, "iss"), "https://auth.calendly.com") }
	return []Detector{
		jwtRow("azure-access-token", "azure", "Microsoft Entra access or identity token", entra,
			func(r *rand.Rand) map[string]any {
				return map[string]any{"iss": "https://sts.windows.net/" + string(draw(r, Hex, 32)) + "/", "appid": string(draw(r, Hex, 32)), "tid": string(draw(r, Hex, 32)), "iat": 1700000000, "exp": 1700003600}
			}, Detector{
				Facts: func(m Match) []finding.Fact {
					_, c, _ := parseJWT(m.Value())
					return facts(append(jwtFacts(m), fact("organisation", text(c, "tid")), fact("application", text(c, "appid")), fact("user", text(c, "upn")), fact("permissions", text(c, "scp")))...)
				},
				Severity: finding.SevLow,
				Traits:   Traits{Expires: yes("https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens"), Scoped: yes("https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens"), Overlap: yes("https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens")},
				Rotate:   "let it expire within the hour or so", Revoke: "revoke the user's sign-in sessions, or disable the application",
				Docs: "https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens",
			}),
		jwtRow("calendly-token", "calendly", "Calendly personal access token", calendly,
			func(r *rand.Rand) map[string]any {
				return map[string]any{"iss": "https://auth.calendly.com", "iat": 1700000000, "jti": string(draw(r, Hex, 32)), "user_uuid": string(draw(r, Hex, 32))}
			}, Detector{
				Rotate: "make a second token under Integrations > API & webhooks, update every consumer, then delete this one",
				Revoke: "delete it under Integrations > API & webhooks",
				Docs:   "https://developer.calendly.com/how-to-authenticate-with-personal-access-tokens",
			}),
		jwtRow("jwt", "", "JSON Web Token",
			func(c map[string]any) bool {
				return !k8s(c) && !supabase(c) && !jfrog(c) && !entra(c) && !calendly(c)
			},
			func(r *rand.Rand) map[string]any {
				return map[string]any{"iss": "https://id.test/", "sub": string(draw(r, LowerNum, 12)), "iat": 1700000000, "exp": 1900000000}
			}, Detector{
				Severity: finding.SevMedium,
				Rotate:   "ask its issuer for a new one, with a short life",
				Revoke:   "revoke it at its issuer, or roll the key that signed it",
				Docs:     rfcJWT,
			}),
		jwtRow("kubernetes-service-account-token", "kubernetes", "Kubernetes service-account token", k8s,
			func(r *rand.Rand) map[string]any {
				return map[string]any{
					"iss": "kubernetes/serviceaccount", "kubernetes.io/serviceaccount/namespace": "shop",
					"kubernetes.io/serviceaccount/service-account.name": "robot", "sub": "system:serviceaccount:shop:robot",
					"kubernetes.io/serviceaccount/secret.name": "robot-" + string(draw(r, LowerNum, 5)),
				}
			}, Detector{
				Facts:  k8sFacts,
				Traits: Traits{LastUsed: yes("https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-legacy-token-last-used"), Scoped: yes("https://kubernetes.io/docs/reference/access-authn-authz/rbac/"), Overlap: yes(k8sDocs), RotateAPI: yes(k8sDocs), HumanIssued: no(k8sDocs)},
				Rotate: "use a bound token: kubectl create token ACCOUNT -n NAMESPACE, or a projected volume",
				Revoke: "kubectl delete secret NAME -n NAMESPACE; for a bound token delete its pod or service account",
				Docs:   k8sDocs,
			}),
		jwtRow("supabase-jwt", "supabase", "Supabase anon or service_role key", supabase,
			func(r *rand.Rand) map[string]any {
				return map[string]any{"iss": "supabase", "ref": string(draw(r, Lower, 20)), "role": "service_role", "iat": 1700000000, "exp": 2000000000}
			}, Detector{
				Facts: func(m Match) []finding.Fact {
					_, c, _ := parseJWT(m.Value())
					return facts(append(jwtFacts(m), fact("project", text(c, "ref")), fact("permissions", text(c, "role")))...)
				},
				Traits: Traits{Expires: yes("https://supabase.com/docs/guides/api/api-keys"), HumanIssued: no("https://supabase.com/docs/guides/api/api-keys")},
				Rotate: "replace it by a secret key (sb_secret_) under Project settings > API keys",
				Revoke: "disable the legacy keys under Project settings > API keys, or roll the JWT secret",
				Docs:   "https://supabase.com/docs/guides/api/api-keys",
			}),
		jwtRow("jfrog-access-token", "jfrog", "JFrog access token", jfrog,
			func(r *rand.Rand) map[string]any {
				return map[string]any{"iss": "jfac@" + string(draw(r, LowerNum, 12)), "sub": "jfac@x/users/robot", "scp": "applied-permissions/user", "iat": 1700000000, "jti": string(draw(r, Hex, 32))}
			}, Detector{
				Facts: func(m Match) []finding.Fact {
					_, c, _ := parseJWT(m.Value())
					return facts(append(jwtFacts(m), fact("key_id", text(c, "jti")), fact("scope", text(c, "scp")))...)
				},
				Traits: Traits{Scoped: yes(jfrogTokens), Overlap: yes(jfrogTokens), RotateAPI: yes(jfrogTokens)},
				Rotate: "create a new one with an expiry (POST /access/api/v1/tokens), update every consumer, then revoke this one",
				Revoke: "curl -X DELETE https://HOST/access/api/v1/tokens/{ident}",
				Docs:   jfrogTokens,
			}),
		{
			ID: "jwe", Title: "encrypted JSON Web Token",
			Structures: []Structure{{Anchors: jwtAnchors(), Reach: Local(jwtReach), Parse: parseJWE}},
			Severity:   finding.SevLow,
			Sample: func(r *rand.Rand) []byte {
				head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"dir","enc":"A256GCM"}`))
				return []byte(head + ".." + string(draw(r, Base62, 16)) + "." + string(draw(r, Base62, 90)) + "." + string(draw(r, Base62, 22)))
			},
			Rotate: "ask its issuer for a new one, with a short life",
			Revoke: "revoke it at its issuer",
			Docs:   "https://www.rfc-editor.org/rfc/rfc7516", Format: "https://www.rfc-editor.org/rfc/rfc7516",
		},
		{
			ID: "jwk-private-key", Title: "private key as JSON Web Key",
			Structures: []Structure{{Anchors: []string{`"kty"`}, Reach: Local(8 << 10), Parse: parseJWK}},
			Facts: func(m Match) []finding.Fact {
				o := object(m.Block)
				return facts(fact("key_id", text(o, "kid")))
			},
			Sample: func(r *rand.Rand) []byte {
				return []byte(`{"kty":"OKP","crv":"Ed25519","kid":"` + string(draw(r, LowerNum, 8)) + `","x":"` + string(draw(r, Base62, 43)) + `","d":"` + string(draw(r, Base62, 43)) + `"}`)
			},
			Traits: Traits{Expires: no(rfcJWK)},
			Rotate: "make a new key, publish both public halves, then sign with the new one",
			Revoke: "take its public half out of the published key set",
			Docs:   rfcJWK, Format: rfcJWK,
		},
	}
}

// jwtEnd is where a compact JWT that begins at `at` ends; -1 if there is none.
func jwtEnd(b []byte, at int) int {
	if at > 0 && Base64URL.Has(b[at-1]) {
		return -1
	}
	dots := 0
	i := at
	for limit := min(len(b), at+jwtReach-minSignature); i < limit; i++ {
		if b[i] == '.' {
			if dots++; dots > 2 {
				break
			}
		} else if !Base64URL.Has(b[i]) {
			break
		}
	}
	if dots < 2 || bytes.HasSuffix(b[at:i], []byte(".")) || dots > 2 && jwtGoesOn(b[i+1:]) {
		return -1
	}
	return i
}

// jwtGoesOn reports whether what follows a dot behind the third segment is a segment too: three make a token in compact form.
func jwtGoesOn(rest []byte) bool {
	if len(rest) < minSignature {
		return false
	}
	for _, c := range rest[:minSignature] {
		if !Base64URL.Has(c) {
			return false
		}
	}
	return true
}

// minSignature is how short the last segment of a token may be.
const minSignature = 20

// parseJWT reads header and claims of a compact JWT; ok asks for a JSON header with an algorithm and JSON claims.
func parseJWT(v []byte) (header, claims map[string]any, ok bool) {
	p := bytes.Split(v, []byte("."))
	if len(p) != 3 || len(p[2]) < minSignature {
		return nil, nil, false
	}
	header, claims = segment(p[0]), segment(p[1])
	return header, claims, text(header, "alg") != "" && claims != nil && !sampleSigned(text(header, "alg"), v)
}

// brokenJWT reports whether a token's claims can be read and its header cannot: something went wrong with it on its way.
func brokenJWT(v []byte) bool {
	p := bytes.Split(v, []byte("."))
	return len(p) == 3 && len(p[2]) >= minSignature && segment(p[0]) == nil && segment(p[1]) != nil && string(p[2]) != sampleSignature
}

// sampleSignature is that of the token that jwt.io shows first.
const sampleSignature = "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"

// sampleKeys are what the examples of jwt.io were and are signed with: whatever they sign, everybody can.
var sampleKeys = []string{"your-256-bit-secret", "your-384-bit-secret", "your-512-bit-secret", "a-string-secret-at-least-256-bits-long",
	"a-valid-string-secret-that-is-at-least-384-bits-long", "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long"}

// sampleSigned reports whether a token is signed with one of sampleKeys.
func sampleSigned(alg string, v []byte) bool {
	var sum func() hash.Hash
	switch alg {
	case "HS256":
		sum = sha256.New
	case "HS384":
		sum = sha512.New384
	case "HS512":
		sum = sha512.New
	default:
		return false
	}
	dot := bytes.LastIndexByte(v, '.')
	sig, err := base64.RawURLEncoding.DecodeString(string(v[dot+1:]))
	if err != nil {
		return false
	}
	for _, k := range sampleKeys {
		h := hmac.New(sum, []byte(k))
		h.Write(v[:dot])
		if hmac.Equal(h.Sum(nil), sig) {
			return true
		}
	}
	return false
}

func segment(s []byte) map[string]any {
	b, err := base64.RawURLEncoding.DecodeString(string(s))
	if err != nil {
		return nil
	}
	return object(b)
}

func jwtFacts(m Match) []finding.Fact {
	h, c, ok := parseJWT(m.Value())
	if !ok {
		return nil
	}
	aud := text(c, "aud")
	if list, ok := c["aud"].([]any); ok {
		var s []string
		for _, a := range list {
			if t, ok := a.(string); ok {
				s = append(s, t)
			}
		}
		aud = strings.Join(s, " ")
	}
	return facts(
		fact("issued", seconds(c, "iat")), fact("expires", seconds(c, "exp")), fact("not_before", seconds(c, "nbf")),
		fact("issuer", text(c, "iss")), fact("subject", text(c, "sub")), fact("audience", aud), fact("key_id", text(h, "kid")),
	)
}

// k8sFacts adds where the account lives. A legacy token has no exp: it is valid until its Secret is deleted.
func k8sFacts(m Match) []finding.Fact {
	_, c, _ := parseJWT(m.Value())
	sub := strings.Split(text(c, "sub"), ":")
	if len(sub) != 4 {
		return jwtFacts(m)
	}
	out := append(jwtFacts(m), fact("namespace", sub[2]), fact("account", sub[3]), fact("secret_name", text(c, "kubernetes.io/serviceaccount/secret.name")))
	return facts(out...)
}

func parseJWE(b []byte, at int) []Found {
	if at > 0 && Base64URL.Has(b[at-1]) {
		return nil
	}
	i, dots := at, 0
	for limit := min(len(b), at+jwtReach); i < limit && (Base64URL.Has(b[i]) || b[i] == '.'); i++ {
		if b[i] == '.' {
			dots++
		}
	}
	if dots != 4 {
		return nil
	}
	head, _, _ := bytes.Cut(b[at:i], []byte("."))
	if text(segment(head), "enc") == "" {
		return nil
	}
	return []Found{{Parts: []FoundPart{{finding.RoleSecret, at, i}}, Start: at, End: i, Proof: finding.ProofProven}}
}

// parseJWK finds the object around a "kty" and its private member: "d", or "k" of a symmetric key.
func parseJWK(b []byte, at int) []Found {
	start, end := braces(b, at, 8<<10)
	if start < 0 {
		return parseJWKMembers(b, at)
	}
	o := object(b[start:end])
	member := "d"
	if text(o, "kty") == "oct" {
		member = "k"
	}
	v := text(o, member)
	if len(v) < 16 {
		return nil
	}
	for i := 0; i < len(v); i++ {
		if !Base64URL.Has(v[i]) {
			return nil
		}
	}
	i := bytes.Index(b[start:end], []byte(`"`+v+`"`))
	if i < 0 {
		return nil
	}
	i += start + 1
	return []Found{{Parts: []FoundPart{{finding.RoleSecret, i, i + len(v)}}, Start: start, End: end, Proof: finding.ProofProven}}
}

// parseJWKMembers reads the private member behind a kty whose object is not there: a piece of a key that was copied.
func parseJWKMembers(b []byte, at int) []Found {
	const within = 600
	limit := min(len(b), at+within)
	s, e := assigned(b, at+len(`"kty`), limit, ":")
	if s < 0 {
		return nil
	}
	member := `"d"`
	switch string(b[s:e]) {
	case "oct":
		member = `"k"`
	case "RSA", "EC", "OKP":
	default:
		return nil
	}
	i := bytes.Index(b[e:limit], []byte(member))
	if i < 0 {
		return nil
	}
	s, e = assigned(b, e+i+len(member)-1, limit, ":")
	if s < 0 || e-s < 16 || !all(b[s:e], Base64URL) {
		return nil
	}
	return []Found{{Parts: []FoundPart{{finding.RoleSecret, s, e}}, Start: at, End: e}}
}

// braces is the innermost {…} around a position, at most n bytes on either side; -1 if there is none.
func braces(b []byte, at, n int) (start, end int) {
	depth := 0
	start = -1
	for i := at - 1; i >= max(0, at-n); i-- {
		if b[i] == '}' {
			depth++
		} else if b[i] == '{' {
			if depth == 0 {
				start = i
				break
			}
			depth--
		}
	}
	if start < 0 {
		return -1, -1
	}
	depth = 0
	for i := at; i < min(len(b), at+n); i++ {
		if b[i] == '{' {
			depth++
		} else if b[i] == '}' {
			if depth == 0 {
				return start, i + 1
			}
			depth--
		}
	}
	return -1, -1
}
