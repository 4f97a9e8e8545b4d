package detectors

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"strconv"

	"sprawl/finding"
)

const jfrogTokens = "https://jfrog.com/help/r/jfrog-platform-administration-documentation/access-tokens"

func jfrog() []Detector {
	return []Detector{
		{
			ID: "jfrog-reference-token", Provider: "jfrog", Title: "JFrog reference token",
			Shapes: []Shape{Token(Lit("cmVmdGtuOjAx"), Chars(Base64URL, 52))},
			Check:  referenceProof, Facts: referenceFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte(base64.StdEncoding.EncodeToString([]byte("reftkn:01:" + "1893456000" + ":" + string(draw(r, Base62, 27)))))
			},
			Traits: Traits{Scoped: yes(jfrogTokens), Overlap: yes(jfrogTokens), RotateAPI: yes(jfrogTokens)},
			Rotate: "create a new one with an expiry (POST /access/api/v1/tokens), update every consumer, then revoke this one",
			Revoke: "curl -X DELETE https://HOST/access/api/v1/tokens/ID",
			Docs:   jfrogTokens, Format: undocumented,
		},
		{
			ID: "jfrog-api-key", Provider: "jfrog", Title: "JFrog Artifactory API key",
			Shapes: []Shape{Token(Lit("AKCp"), Range(Base62, 64, 72))},
			Traits: Traits{Expires: no("https://jfrog.com/help/r/jfrog-platform-administration-documentation/api-key"), Scoped: no("https://jfrog.com/help/r/jfrog-platform-administration-documentation/api-key")},
			Rotate: "replace it by an access token or a reference token: API keys have reached their end of life",
			Revoke: "curl -X DELETE https://HOST/artifactory/api/security/apiKey",
			Docs:   "https://jfrog.com/help/r/jfrog-platform-administration-documentation/api-key", Format: fromCorpus,
		},
		{
			ID: "jfrog-password", Provider: "jfrog", Title: "JFrog Artifactory encrypted password or key",
			Named: []Named{{
				Keywords: []string{"jfrog", "artifactory", "bintray", "xray"}, Names: []string{"key", "token", "pass", "secret", "auth"},
				Value: []Shape{Token(Chars(LowerNum, 73)), Token(Chars(Base62, 64)), Token(Chars(Hex, 40))}, MinEntropy: 3.2,
			}},
			Rotate: "replace it by an access token with an expiry",
			Revoke: "change the password or revoke the key under User profile",
			Docs:   jfrogTokens, Format: fromCorpus,
		},
	}
}

func referenceBody(m Match) (expiry int64, ok bool) {
	v := bytes.TrimRight(m.Value(), "=")
	b, err := base64.RawURLEncoding.DecodeString(string(v))
	if err != nil {
		return 0, false
	}
	p := bytes.Split(b, []byte(":"))
	if len(p) != 4 || string(p[0]) != "reftkn" || len(p[2]) != 10 || len(p[3]) < 16 {
		return 0, false
	}
	expiry, err = strconv.ParseInt(string(p[2]), 10, 64)
	return expiry, err == nil
}

func referenceProof(m Match) finding.Proof {
	_, ok := referenceBody(m)
	return proven(ok)
}

// referenceFacts reads the expiry, seconds since 1970; all zeros mean never.
func referenceFacts(m Match) []finding.Fact {
	expiry, ok := referenceBody(m)
	switch {
	case !ok:
		return nil
	case expiry == 0:
		return facts(inferred("expires", "never"))
	}
	return facts(inferred("expires", stamp(expiry)))
}
