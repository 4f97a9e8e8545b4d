package detectors

import (
	"bytes"

	"sprawl/finding"
)

const (
	githubTokens  = "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github"
	githubFormat  = "https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/"
	githubPATs    = "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/managing-your-personal-access-tokens"
	githubExpiry  = "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/token-expiration-and-revocation"
	githubRevoke  = "curl -X POST https://api.github.com/credentials/revoke -d '{\"credentials\":[\"TOKEN\"]}'"
	githubInstall = "https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-an-installation-access-token-for-a-github-app"
	// githubStateless announced ghs_APPID_JWT, about 520 characters, in April 2026.
	githubStateless = "https://github.blog/changelog/2026-04-24-notice-about-upcoming-new-format-for-github-app-installation-tokens/"
	githubRefresh   = "https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens"
)

func githubRow(id, title, prefix string, d Detector) Detector {
	d.ID, d.Provider, d.Title = id, "github", title
	d.Shapes = []Shape{Token(Lit(prefix), Chars(Base62, 36))}
	d.Check, d.Sample = crcToken(len(prefix)), crcSample(prefix, 36)
	d.Format = githubFormat
	return d
}

func github() []Detector {
	return []Detector{
		githubRow("github-personal-access-token", "GitHub personal access token (classic)", "ghp_", Detector{
			Traits: Traits{Scoped: yes(githubPATs), LastUsed: yes("https://docs.github.com/en/rest/orgs/orgs"), Overlap: yes(githubPATs), RotateAPI: no(githubPATs), HumanIssued: yes(githubPATs)},
			Rotate: "make a fine-grained token at https://github.com/settings/tokens, update every consumer, then revoke this one",
			Revoke: githubRevoke, Docs: githubPATs,
		}),
		{
			ID: "github-fine-grained-token", Provider: "github", Title: "GitHub fine-grained personal access token",
			Shapes: []Shape{Token(Lit("github_pat_"), Chars(Base62, 22), Lit("_"), Chars(Base62, 59))},
			Traits: Traits{Scoped: yes(githubPATs), LastUsed: yes("https://docs.github.com/en/rest/orgs/personal-access-tokens"), Overlap: yes(githubPATs), RotateAPI: no(githubPATs), HumanIssued: yes(githubPATs)},
			Rotate: "regenerate it at https://github.com/settings/personal-access-tokens and update every consumer",
			Revoke: githubRevoke, Docs: githubPATs, Format: fromCorpus,
		},
		githubRow("github-oauth-token", "GitHub OAuth access token", "gho_", Detector{
			Traits: Traits{Scoped: yes(githubTokens), Overlap: yes(githubExpiry), HumanIssued: yes(githubTokens)},
			Rotate: "authorise the OAuth app again",
			Revoke: githubRevoke, Docs: githubTokens,
		}),
		githubRow("github-user-to-server-token", "GitHub App user access token", "ghu_", Detector{
			Traits: Traits{Expires: yes(githubRefresh), Scoped: yes(githubTokens), RotateAPI: yes(githubRefresh), HumanIssued: yes(githubTokens)},
			Rotate: "refresh it with the app's refresh token",
			Revoke: githubRevoke, Docs: githubRefresh,
		}),
		{
			ID: "github-installation-token", Provider: "github", Title: "GitHub App installation access token",
			Shapes: []Shape{
				Token(Lit("ghs_"), Chars(Base62, 36)),
				Token(Lit("ghs_"), Range(Base62, 1, 32), Lit("_eyJ"), Range(Base64URL, 8, 512), Lit("."), Range(Base64URL, 8, 4096), Lit("."), Range(Base64URL, 8, 1024)),
			},
			Check: installationProof, Facts: installationFacts, Sample: crcSample("ghs_", 36),
			Severity: finding.SevMedium, // an hour's life
			Traits:   Traits{Expires: yes(githubInstall), Scoped: yes(githubInstall), Overlap: yes(githubInstall), RotateAPI: yes(githubInstall), HumanIssued: no(githubTokens)},
			Rotate:   "let it expire within the hour; the app makes new ones with its private key",
			Revoke:   "curl -X DELETE https://api.github.com/installation/token -H 'Authorization: Bearer TOKEN'",
			Docs:     githubInstall, Format: githubStateless,
		},
		{
			ID: "github-refresh-token", Provider: "github", Title: "GitHub App refresh token",
			Shapes: []Shape{Token(Lit("ghr_"), Chars(Base62, 36)), Token(Lit("ghr_"), Chars(Base62, 76))},
			Check:  crcToken(4), Sample: crcSample("ghr_", 76),
			Traits: Traits{Expires: yes(githubRefresh), RotateAPI: yes(githubRefresh), HumanIssued: yes(githubTokens)},
			Rotate: "use it once: every refresh replaces it",
			Revoke: githubRevoke, Docs: githubRefresh, Format: githubFormat,
		},
		{
			ID: "github-token", Provider: "github", Title: "GitHub token of the old form or OAuth client secret",
			Named: []Named{{
				Keywords: []string{"github", "ghtoken"}, Names: []string{"token", "secret", "pass", "auth", "key", "pat", "credential"},
				Not:   []string{"sha", "commit", "rev", "hash", "digest", "ref"},
				Value: []Shape{Token(Chars(Hex, 40))}, Near: -1,
			}},
			Rotate: "replace it by a GitHub App or a fine-grained token at https://github.com/settings/tokens",
			Revoke: "revoke it at https://github.com/settings/tokens, or the client secret at the app's settings page",
			Docs:   githubTokens, Format: githubFormat,
		},
	}
}

// installationJWT is the JWT inside a stateless installation token, nil for the opaque form.
func installationJWT(m Match) []byte {
	v := m.Value()
	if i := bytes.Index(v, []byte("_eyJ")); i > 0 {
		return v[i+1:]
	}
	return nil
}

func installationProof(m Match) finding.Proof {
	if j := installationJWT(m); j != nil {
		_, _, ok := parseJWT(j)
		return proven(ok)
	}
	return crcToken(len("ghs_"))(m)
}

// installationFacts reads the times; GitHub asks not to rely on more, and documents none of it.
func installationFacts(m Match) []finding.Fact {
	_, claims, ok := parseJWT(installationJWT(m))
	if !ok {
		return nil
	}
	return facts(inferred("issued", seconds(claims, "iat")), inferred("expires", seconds(claims, "exp")))
}
