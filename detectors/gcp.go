package detectors

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"

	"sprawl/finding"
)

const (
	gcpKeys   = "https://cloud.google.com/iam/docs/keys-create-delete"
	gcpUsage  = "https://cloud.google.com/iam/docs/service-account-recent-usage"
	gcpBest   = "https://cloud.google.com/iam/docs/best-practices-for-managing-service-account-keys"
	gcpAPI    = "https://cloud.google.com/docs/authentication/api-keys"
	gcpOAuth  = "https://support.google.com/cloud/answer/15549257"
	gcpTokens = "https://cloud.google.com/docs/authentication/token-types"
)

func gcp() []Detector {
	return []Detector{
		{
			ID: "gcp-service-account-key", Provider: "gcp", Title: "Google Cloud service-account key",
			Structures: []Structure{{Anchors: []string{"service_account"}, Reach: Local(8 << 10), Parse: parseServiceAccount}},
			Facts: func(m Match) []finding.Fact {
				o := unescaped(m.Block)
				return facts(fact("project", text(o, "project_id")), fact("email", text(o, "client_email")), fact("key_id", text(o, "private_key_id")), fact("user", text(o, "client_id")))
			},
			Sample: sampleServiceAccount,
			Traits: Traits{Expires: no(gcpBest), Scoped: yes(gcpBest), LastUsed: yes(gcpUsage), Overlap: yes(gcpKeys), RotateAPI: yes(gcpKeys), HumanIssued: no(gcpBest)},
			Rotate: "gcloud iam service-accounts keys create NEW.json --iam-account {ident}, update every consumer, then disable the old key",
			Revoke: "gcloud iam service-accounts keys disable KEY_ID --iam-account {ident}",
			Docs:   gcpKeys, Format: gcpKeys,
		},
		{
			ID: "gcp-api-key", Provider: "gcp", Title: "Google API key",
			Shapes:   []Shape{Token(Lit("AIza"), Chars(Base64URL, 35))},
			Severity: finding.SevMedium, // often meant for browsers; what it reaches depends on its restrictions
			Traits:   Traits{Expires: no(gcpAPI), Scoped: yes(gcpAPI), Overlap: yes(gcpAPI), RotateAPI: yes(gcpAPI), Restricted: yes(gcpAPI)},
			Rotate:   "gcloud services api-keys create, with restrictions; update every consumer, then delete the old key",
			Revoke:   "gcloud services api-keys delete $(gcloud services api-keys lookup KEY --format='value(name)')",
			Docs:     gcpAPI, Format: fromCorpus,
		},
		{
			ID: "gcp-gemini-key", Provider: "gcp", Title: "Google Gemini API key",
			Shapes: []Shape{Token(Lit("AQ.Ab"), Range(Base64URL, 44, 60))},
			Traits: Traits{Overlap: yes(gcpAPI)},
			Rotate: "make a second key at https://aistudio.google.com/apikey, update every consumer, then delete this one",
			Revoke: "delete it at https://aistudio.google.com/apikey",
			Docs:   "https://ai.google.dev/gemini-api/docs/api-key", Format: fromCorpus,
		},
		{
			ID: "gcp-oauth-client-secret", Provider: "gcp", Title: "Google OAuth client secret",
			Shapes: []Shape{Token(Lit("GOCSPX-"), Chars(Base64URL, 28))},
			Named:  byAs("google gcp googleusercontent", "secret", run(Base64URL, 24)),
			Sample: func(r *rand.Rand) []byte {
				return []byte(string(draw(r, Digits, 12)) + "-" + string(draw(r, LowerNum, 32)) + googleClients + " / Aa0" + string(draw(r, Base62, 21)))
			},
			Structures: []Structure{{Anchors: []string{googleClients}, Reach: Local(len(googleClients) + googleClientReach + 1), Parse: parseGoogleClient}},
			Traits:     Traits{Overlap: yes(gcpOAuth)},
			Rotate:     "add a second secret to the client under APIs & Services > Credentials, update the application, then disable this one",
			Revoke:     "disable the secret at the client under APIs & Services > Credentials",
			Docs:       gcpOAuth, Format: fromCorpus,
		},
		{
			ID: "gcp-oauth-access-token", Provider: "gcp", Title: "Google OAuth access token",
			Shapes:   []Shape{Token(Lit("ya29."), Range(Base64URL, 30, 2048))},
			Severity: finding.SevLow, // an hour's life
			Traits:   Traits{Expires: yes(gcpTokens), Scoped: yes(gcpTokens), Overlap: yes(gcpTokens), RotateAPI: yes(gcpTokens)},
			Rotate:   "let it expire within the hour",
			Revoke:   "curl -X POST https://oauth2.googleapis.com/revoke --data-urlencode token=TOKEN",
			Docs:     gcpTokens, Format: gcpTokens,
		},
		{
			ID: "gcp-oauth-refresh-token", Provider: "gcp", Title: "Google OAuth refresh token",
			Shapes: []Shape{Token(Lit("1//0"), Range(Base64URL, 40, 512))},
			Traits: Traits{Scoped: yes(gcpTokens), HumanIssued: yes(gcpTokens)},
			Rotate: "sign in again: gcloud auth application-default login",
			Revoke: "curl -X POST https://oauth2.googleapis.com/revoke --data-urlencode token=TOKEN",
			Docs:   gcpTokens, Format: fromCorpus,
		},
		{
			ID: "gcp-hmac-key", Provider: "gcp", Title: "Google Cloud Storage HMAC key",
			Shapes: []Shape{PublicID(Lit("GOOG1"), Range(UpperNum, 19, 56))},
			Named: []Named{{
				Keywords: []string{"gcs", "google", "goog", "hmac"}, Names: []string{"secret", "hmac"},
				Value: []Shape{Token(Chars(Base64, 40))}, MinEntropy: 4.1, Near: -1,
			}},
			Traits: Traits{Expires: no("https://cloud.google.com/storage/docs/authentication/hmackeys"), Overlap: yes("https://cloud.google.com/storage/docs/authentication/hmackeys"), RotateAPI: yes("https://cloud.google.com/storage/docs/authentication/hmackeys")},
			Rotate: "gcloud storage hmac create ACCOUNT, update every consumer, then deactivate {ident}",
			Revoke: "gcloud storage hmac update {ident} --deactivate",
			Docs:   "https://cloud.google.com/storage/docs/authentication/hmackeys", Format: "https://cloud.google.com/storage/docs/authentication/hmackeys",
		},
		{
			ID: "gcp-recaptcha-key", Provider: "gcp", Title: "reCAPTCHA secret key",
			Named: []Named{{
				Keywords: []string{"recaptcha", "captcha"}, Names: []string{"secret", "private"}, Not: []string{"sitekey", "public"},
				Value: []Shape{Token(Lit("6L"), Chars(Base64URL, 38))}, Near: -1,
			}},
			Severity: finding.SevLow,
			Rotate:   "make a new key at https://www.google.com/recaptcha/admin",
			Revoke:   "delete the key at https://www.google.com/recaptcha/admin",
			Docs:     "https://developers.google.com/recaptcha/docs/verify", Format: fromCorpus,
		},
	}
}

// unescaped parses an object that may stand as a string inside another document.
func unescaped(b []byte) map[string]any {
	if o := object(b); o != nil {
		return o
	}
	if len(b) > 64<<10 {
		return nil
	}
	var s string
	if json.Unmarshal([]byte(`"`+string(b)+`"`), &s) != nil {
		return nil
	}
	return object([]byte(s))
}

// parseServiceAccount finds the key file's object, also where it stands escaped in a string of another file.
func parseServiceAccount(b []byte, at int) []Found {
	start, end := braces(b, at, 8<<10)
	if start < 0 {
		return nil
	}
	o := unescaped(b[start:end])
	if text(o, "type") != "service_account" {
		return nil
	}
	key := bytes.Index(b[start:end], []byte("-----BEGIN"))
	stop := bytes.LastIndex(b[start:end], []byte("KEY-----"))
	if key < 0 || stop < key {
		return nil
	}
	f := Found{Start: start, End: end, Proof: finding.ProofNone}
	f.Parts = append(f.Parts, FoundPart{finding.RoleSecret, start + key, start + stop + len("KEY-----")})
	if e := text(o, "client_email"); e != "" {
		if i := bytes.Index(b[start:end], []byte(e)); i >= 0 {
			f.Parts = append(f.Parts, FoundPart{finding.RoleID, start + i, start + i + len(e)})
		}
	}
	p := readPEM([]byte(text(o, "private_key")))
	if len(p.body) < 40 {
		return nil
	}
	f.Proof = proven(p.parsed && len(text(o, "private_key_id")) == 40)
	return []Found{f}
}

func sampleServiceAccount(r *rand.Rand) []byte {
	project := "shop-" + string(draw(r, Digits, 6))
	b, _ := json.MarshalIndent(map[string]string{
		"type": "service_account", "project_id": project, "private_key_id": string(draw(r, Hex, 40)),
		"private_key": string(pemText("PRIVATE KEY", samplePKCS8(r))), "client_email": "robot@" + project + ".iam.gserviceaccount.com",
		"client_id": string(draw(r, Digits, 21)), "token_uri": "https://oauth2.googleapis.com/token",
	}, "", "  ")
	return b
}

// googleClients is what every OAuth client's id ends with.
const googleClients = ".apps.googleusercontent.com"

// googleClientReach is how far from the end of a client's id its secret may stand, and how far before it the id begins.
const googleClientReach = 64

// parseGoogleClient reads a client's id and, behind it and nothing but signs, the secret as it was before it had a prefix: 24
// letters and digits.
func parseGoogleClient(b []byte, at int) []Found {
	const length = 24
	i := at + len(googleClients)
	limit := min(len(b), i+googleClientReach)
	for i < limit && bytes.IndexByte([]byte(" \t\r\n,;:|/\"'"), b[i]) >= 0 {
		i++
	}
	e := i
	for e < limit && Base64URL.Has(b[e]) {
		e++
	}
	if e-i != length || i == at+len(googleClients) || e < len(b) && bytes.IndexByte([]byte(".=:/+@"), b[e]) >= 0 {
		return nil
	}
	lower, upper, digit := false, false, false
	for _, c := range b[i:e] {
		lower, upper, digit = lower || c >= 'a' && c <= 'z', upper || c >= 'A' && c <= 'Z', digit || c >= '0' && c <= '9'
	}
	s := at
	for s > 0 && at-s < googleClientReach && (WordBytes.Has(b[s-1]) || b[s-1] == '-') {
		s--
	}
	if !lower || !upper || !digit || s == at {
		return nil
	}
	return []Found{{Parts: []FoundPart{{finding.RoleSecret, i, e}, {finding.RoleID, s, at + len(googleClients)}}, Start: s, End: e, Tier: finding.TierNamed}}
}
