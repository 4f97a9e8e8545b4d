package detectors

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"

	"sprawl/finding"
)

const (
	grafanaSA    = "https://grafana.com/docs/grafana/latest/administration/service-accounts/"
	grafanaCloud = "https://grafana.com/docs/grafana-cloud/security-and-account-management/authentication-and-permissions/access-policies/"
)

func grafana() []Detector {
	return []Detector{
		{
			ID: "grafana-service-account-token", Provider: "grafana", Title: "Grafana service account token",
			Shapes: []Shape{Token(Lit("glsa_"), Chars(Base62, 32), Lit("_"), Chars(HexAny, 8))},
			Traits: Traits{Scoped: yes(grafanaSA), LastUsed: yes(grafanaSA), Overlap: yes(grafanaSA), RotateAPI: yes(grafanaSA), HumanIssued: no(grafanaSA)},
			Rotate: "add a second token with an expiry to the service account, update every consumer, then delete this one",
			Revoke: "curl -X DELETE https://HOST/api/serviceaccounts/ID/tokens/TOKEN_ID",
			Docs:   grafanaSA, Format: fromCorpus,
		},
		{
			ID: "grafana-cloud-token", Provider: "grafana", Title: "Grafana Cloud access policy token",
			Shapes: []Shape{Token(Lit("glc_eyJ"), Range(Base64, 40, 400), Range(Of("="), 0, 2))},
			Check:  func(m Match) finding.Proof { return proven(text(grafanaPayload(m, "glc_"), "k") != "") },
			Facts: func(m Match) []finding.Fact {
				o := grafanaPayload(m, "glc_")
				region := ""
				if meta, ok := o["m"].(map[string]any); ok {
					region = text(meta, "r")
				}
				return facts(inferred("organisation", text(o, "o")), inferred("key_id", text(o, "n")), inferred("region", region))
			},
			Sample: func(r *rand.Rand) []byte {
				body := `{"o":"` + string(draw(r, Digits, 6)) + `","n":"robot","k":"` + string(draw(r, Base62, 24)) + `","m":{"r":"eu"}}`
				return []byte("glc_" + base64.StdEncoding.EncodeToString([]byte(body)))
			},
			Traits: Traits{Scoped: yes(grafanaCloud), Overlap: yes(grafanaCloud), RotateAPI: yes(grafanaCloud), Restricted: yes(grafanaCloud), HumanIssued: no(grafanaCloud)},
			Rotate: "add a second token to the access policy, update every consumer, then delete this one",
			Revoke: "delete it under Administration > Cloud access policies",
			Docs:   grafanaCloud, Format: undocumented,
		},
		{
			ID: "grafana-api-key", Provider: "grafana", Title: "Grafana API key of the old form",
			// Other products put {"k": into base64 too: a match without the name and organisation is none.
			Structures: []Structure{{Anchors: []string{"eyJrIjoi"}, Reach: Local(512), Parse: func(b []byte, at int) []Found {
				end := at
				for end < len(b) && end < at+500 && Base64Pad.Has(b[end]) {
					end++
				}
				o := grafanaPayload(Match{Secret: b[at:end]}, "")
				if text(o, "k") == "" || text(o, "n") == "" || text(o, "id") == "" {
					return nil
				}
				return []Found{{Parts: []FoundPart{{finding.RoleSecret, at, end}}, Start: at, End: end, Proof: finding.ProofProven}}
			}}},
			Facts: func(m Match) []finding.Fact {
				o := grafanaPayload(m, "")
				return facts(inferred("key_id", text(o, "n")), inferred("organisation", text(o, "id")))
			},
			Sample: func(r *rand.Rand) []byte {
				return []byte(base64.StdEncoding.EncodeToString([]byte(`{"k":"` + string(draw(r, Base62, 32)) + `","n":"robot","id":1}`)))
			},
			Traits: Traits{Scoped: yes("https://grafana.com/docs/grafana/latest/administration/service-accounts/migrate-api-keys/")},
			Rotate: "migrate it to a service account, then delete it",
			Revoke: "delete it under Administration > API keys",
			Docs:   "https://grafana.com/docs/grafana/latest/administration/service-accounts/migrate-api-keys/", Format: undocumented,
		},
	}
}

func grafanaPayload(m Match, prefix string) map[string]any {
	v := bytes.TrimRight(bytes.TrimPrefix(m.Value(), []byte(prefix)), "=")
	b, err := base64.RawStdEncoding.DecodeString(string(v))
	if err != nil {
		return nil
	}
	return object(b)
}
