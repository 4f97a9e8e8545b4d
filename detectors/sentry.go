package detectors

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"time"

	"sprawl/finding"
)

const sentryTokens = "https://docs.sentry.io/account/auth-tokens/"

func sentry() []Detector {
	return []Detector{
		{
			ID: "sentry-organisation-token", Provider: "sentry", Title: "Sentry organisation token",
			Shapes: []Shape{Token(Lit("sntrys_eyJ"), Range(Base64Pad.Or(Of("-")), 40, 500), Lit("_"), Chars(Base64, 43))},
			Check:  func(m Match) finding.Proof { return proven(sentryPayload(m) != nil) },
			Facts:  sentryFacts,
			Sample: func(r *rand.Rand) []byte {
				body := `{"iat": 1700000000.5, "url": "https://sentry.io", "region_url": "https://us.sentry.io", "org": "shop-` + string(draw(r, Lower, 4)) + `"}`
				return []byte("sntrys_" + base64.StdEncoding.EncodeToString([]byte(body)) + "_" + string(draw(r, Base64, 43)))
			},
			Traits: Traits{Scoped: yes(sentryTokens), Overlap: yes(sentryTokens), HumanIssued: no(sentryTokens)},
			Rotate: "make a new one under Settings > Organization tokens, update every consumer, then revoke this one",
			Revoke: "revoke it under Settings > Organization tokens",
			Docs:   sentryTokens, Format: "https://github.com/getsentry/rfcs/blob/main/text/0091-ci-upload-tokens.md",
		},
		{
			ID: "sentry-user-token", Provider: "sentry", Title: "Sentry user token",
			Shapes: []Shape{Token(Lit("sntryu_"), Chars(Hex, 64))},
			Traits: Traits{Scoped: yes(sentryTokens), Overlap: yes(sentryTokens), HumanIssued: yes(sentryTokens)},
			Rotate: "make a new one under User settings > Personal tokens; better, an organisation token",
			Revoke: "revoke it under User settings > Personal tokens",
			Docs:   sentryTokens, Format: fromCorpus,
		},
		{
			ID: "sentry-integration-token", Provider: "sentry", Title: "Sentry integration or app token",
			Shapes: []Shape{Token(Lit("sntryi_"), Chars(Hex, 64)), Token(Lit("sntrya_"), Chars(Hex, 64)), Token(Lit("sntryr_"), Chars(Hex, 64))},
			Traits: Traits{Scoped: yes(sentryTokens)},
			Rotate: "make a new one under Settings > Custom integrations, update every consumer, then revoke this one",
			Revoke: "revoke it under Settings > Custom integrations",
			Docs:   sentryTokens, Format: fromCorpus,
		},
		{
			ID: "sentry-token", Provider: "sentry", Title: "Sentry token of the old form",
			Named:  []Named{{Keywords: []string{"sentry"}, Names: []string{"token", "key", "auth", "secret"}, Not: []string{"dsn", "release", "commit"}, Value: []Shape{Token(Chars(Hex, 64))}}},
			Rotate: "make an organisation token under Settings > Organization tokens, update every consumer, then revoke this one",
			Revoke: "revoke it under User settings > Personal tokens",
			Docs:   sentryTokens, Format: fromCorpus,
		},
		{
			ID: "sentry-dsn-secret", Provider: "sentry", Title: "Sentry DSN with its secret key",
			Shapes: []Shape{
				{Pieces: []Piece{Lit("https://"), Chars(Hex, 32), Lit(":"), Chars(Hex, 32), Lit("@"), Range(Of("a-z0-9.-"), 4, 100), Lit("/"), Range(Digits, 1, 20)}, Keep: len("https://")},
			},
			Severity: finding.SevLow,
			Rotate:   "make a new client key under Project settings > Client keys, without its deprecated secret half",
			Revoke:   "disable it under Project settings > Client keys",
			Docs:     "https://docs.sentry.io/concepts/key-terms/dsn-explainer/", Format: "https://docs.sentry.io/concepts/key-terms/dsn-explainer/",
		},
	}
}

func sentryPayload(m Match) map[string]any {
	v := bytes.TrimPrefix(m.Value(), []byte("sntrys_"))
	i := bytes.LastIndexByte(v, '_')
	if i < 0 {
		return nil
	}
	b, err := base64.RawStdEncoding.DecodeString(string(bytes.TrimRight(v[:i], "=")))
	if err != nil {
		return nil
	}
	o := object(b)
	if text(o, "org") == "" {
		return nil
	}
	return o
}

func sentryFacts(m Match) []finding.Fact {
	o := sentryPayload(m)
	issued := seconds(o, "iat")
	if s := text(o, "iat"); issued == "" && s != "" { // some installations write an ISO date
		if _, err := time.Parse(time.RFC3339, s); err == nil {
			issued = s
		}
	}
	return facts(fact("issued", issued), fact("organisation", text(o, "org")), fact("host", text(o, "url")), fact("region", text(o, "region_url")))
}
