package detectors

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"strconv"

	"sprawl/finding"
)

const (
	gitlabTokens  = "https://docs.gitlab.com/security/tokens/"
	gitlabPATs    = "https://docs.gitlab.com/user/profile/personal_access_tokens/"
	gitlabDeploy  = "https://docs.gitlab.com/user/project/deploy_tokens/"
	gitlabFormat  = "https://handbook.gitlab.com/handbook/engineering/architecture/design-documents/cells/routable_tokens/"
	gitlabRunners = "https://docs.gitlab.com/security/tokens/#runner-authentication-tokens"
)

// gitlabRow is a kind known by its prefix, in its classic form and, since 2025, in the routable one that says whose it is.
func gitlabRow(id, title, prefix string, classic Piece, d Detector) Detector {
	d.ID, d.Provider, d.Title = id, "gitlab", title
	d.Shapes = []Shape{
		Token(Lit(prefix), classic),
		Token(Lit(prefix), Range(Base64URL, 27, 300), Lit("."), Chars(LowerNum, 9)),
		Token(Lit(prefix), Range(Base64URL, 27, 300), Lit("."), Chars(LowerNum, 2), Lit("."), Chars(LowerNum, 9)), // with a version
	}
	d.Check, d.Facts = routableProof, routableFacts
	d.Sample = func(r *rand.Rand) []byte {
		body := "o:" + strconv.FormatInt(1+r.Int64N(9e5), 36) + "\nu:" + strconv.FormatInt(1+r.Int64N(9e5), 36)
		for range 16 {
			body += string([]byte{byte(r.IntN(256))})
		}
		payload := base64.RawURLEncoding.EncodeToString([]byte(body + "\x10"))
		size := strconv.FormatInt(int64(len(payload)), 36)
		v := prefix + payload + "." + "0"[:2-len(size)] + size
		return append([]byte(v), checksum([]byte(v), base36Digits, 7)...)
	}
	if d.Format == "" {
		d.Format = gitlabFormat
	}
	return d
}

func gitlab() []Detector {
	word := Chars(Base64URL, 20)
	return []Detector{
		gitlabRow("gitlab-personal-access-token", "GitLab personal, project or group access token", "glpat-", word, Detector{
			Traits: Traits{Expires: yes(gitlabPATs), Scoped: yes(gitlabPATs), LastUsed: yes(gitlabPATs), Overlap: yes(gitlabPATs), RotateAPI: yes(gitlabPATs)},
			Rotate: "curl -X POST https://GITLAB/api/v4/personal_access_tokens/self/rotate -H 'PRIVATE-TOKEN: TOKEN'",
			Revoke: "curl -X DELETE https://GITLAB/api/v4/personal_access_tokens/self -H 'PRIVATE-TOKEN: TOKEN'",
			Docs:   gitlabPATs,
		}),
		gitlabRow("gitlab-deploy-token", "GitLab deploy token", "gldt-", word, Detector{
			Traits: Traits{Scoped: yes(gitlabDeploy), Overlap: yes(gitlabDeploy), RotateAPI: no(gitlabDeploy), HumanIssued: no(gitlabDeploy)},
			Rotate: "make a new one under Settings > Repository > Deploy tokens, update every consumer, then revoke this one",
			Revoke: "curl -X DELETE https://GITLAB/api/v4/projects/ID/deploy_tokens/TOKEN_ID",
			Docs:   gitlabDeploy,
		}),
		gitlabRow("gitlab-runner-token", "GitLab runner authentication token", "glrt-", Range(Base64URL, 20, 27), Detector{
			Traits: Traits{RotateAPI: yes(gitlabRunners), HumanIssued: no(gitlabRunners)},
			Rotate: "curl -X POST https://GITLAB/api/v4/runners/reset_authentication_token --form token=TOKEN",
			Revoke: "delete the runner: curl -X DELETE https://GITLAB/api/v4/runners --form token=TOKEN",
			Docs:   gitlabRunners,
		}),
		{
			ID: "gitlab-runner-registration-token", Provider: "gitlab", Title: "GitLab runner registration token",
			Shapes: []Shape{Token(Lit("GR1348941"), word), Token(Lit("glrtr-"), word)},
			Traits: Traits{Expires: no(gitlabTokens), HumanIssued: no(gitlabTokens)},
			Rotate: "reset it under Settings > CI/CD > Runners; better, use runner authentication tokens",
			Revoke: "reset it under Settings > CI/CD > Runners",
			Docs:   gitlabTokens, Format: gitlabTokens,
		},
		gitlabRow("gitlab-trigger-token", "GitLab pipeline trigger token", "glptt-", Chars(Hex, 40), Detector{
			Traits: Traits{Overlap: yes("https://docs.gitlab.com/ci/triggers/")},
			Rotate: "make a new trigger under Settings > CI/CD > Pipeline trigger tokens, update the callers, then revoke this one",
			Revoke: "curl -X DELETE https://GITLAB/api/v4/projects/ID/triggers/TRIGGER_ID",
			Docs:   "https://docs.gitlab.com/ci/triggers/",
		}),
		{
			ID: "gitlab-ci-job-token", Provider: "gitlab", Title: "GitLab CI/CD job token",
			Shapes:   []Shape{Token(Lit("glcbt-"), Range(HexAny, 1, 5), Lit("_"), word), Token(Lit("glcbt-"), word)},
			Severity: finding.SevLow, // ends with its job
			Traits:   Traits{Expires: yes("https://docs.gitlab.com/ci/jobs/ci_job_token/"), HumanIssued: no("https://docs.gitlab.com/ci/jobs/ci_job_token/")},
			Rotate:   "nothing to do: it ended with its job",
			Revoke:   "cancel the job",
			Docs:     "https://docs.gitlab.com/ci/jobs/ci_job_token/", Format: gitlabTokens,
		},
		{
			ID: "gitlab-agent-token", Provider: "gitlab", Title: "GitLab agent for Kubernetes token",
			Shapes: []Shape{Token(Lit("glagent-"), Range(Base64URL, 50, 1024))},
			Traits: Traits{Overlap: yes("https://docs.gitlab.com/user/clusters/agent/work_with_agent/"), LastUsed: yes("https://docs.gitlab.com/user/clusters/agent/work_with_agent/"), HumanIssued: no(gitlabTokens)},
			Rotate: "make a second token for the agent, update the cluster, then revoke this one",
			Revoke: "curl -X DELETE https://GITLAB/api/v4/projects/ID/cluster_agents/AGENT/tokens/TOKEN_ID",
			Docs:   "https://docs.gitlab.com/user/clusters/agent/work_with_agent/", Format: gitlabTokens,
		},
		gitlabRow("gitlab-oauth-application-secret", "GitLab OAuth application secret", "gloas-", Chars(Base62, 64), Detector{
			Traits: Traits{RotateAPI: yes("https://docs.gitlab.com/api/applications/")},
			Rotate: "curl -X POST https://GITLAB/api/v4/applications/ID/renew-secret",
			Revoke: "curl -X DELETE https://GITLAB/api/v4/applications/ID",
			Docs:   "https://docs.gitlab.com/integration/oauth_provider/",
		}),
		gitlabRow("gitlab-feed-token", "GitLab feed token", "glft-", Chars(Base64URL, 20), Detector{
			Severity: finding.SevMedium,
			Traits:   Traits{Expires: no(gitlabTokens), HumanIssued: yes(gitlabTokens)},
			Rotate:   "reset it under Preferences > Access tokens > Feed token",
			Revoke:   "reset it under Preferences > Access tokens > Feed token",
			Docs:     gitlabTokens,
		}),
		gitlabRow("gitlab-incoming-mail-token", "GitLab incoming mail token", "glimt-", Chars(Base64URL, 25), Detector{
			Severity: finding.SevMedium,
			Traits:   Traits{Expires: no(gitlabTokens), HumanIssued: yes(gitlabTokens)},
			Rotate:   "reset it under Preferences > Access tokens > Incoming email token",
			Revoke:   "reset it under Preferences > Access tokens > Incoming email token",
			Docs:     gitlabTokens,
		}),
		gitlabRow("gitlab-scim-token", "GitLab SCIM token", "glsoat-", word, Detector{
			Rotate: "reset it under Settings > SAML SSO > SCIM token",
			Revoke: "reset it under Settings > SAML SSO > SCIM token",
			Docs:   gitlabTokens,
		}),
		gitlabRow("gitlab-feature-flags-token", "GitLab feature flags client token", "glffct-", word, Detector{
			Severity: finding.SevMedium,
			Rotate:   "reset it under Deploy > Feature flags > Configure",
			Revoke:   "reset it under Deploy > Feature flags > Configure",
			Docs:     gitlabTokens,
		}),
		gitlabRow("gitlab-workspace-token", "GitLab workspace token", "glwt-", word, Detector{
			Rotate: "restart the workspace",
			Revoke: "terminate the workspace",
			Docs:   gitlabTokens,
		}),
		{
			ID: "gitlab-session-cookie", Provider: "gitlab", Title: "GitLab session cookie",
			Shapes:   []Shape{{Pieces: []Piece{Lit("_gitlab_session="), Chars(Hex, 32)}}},
			Severity: finding.SevMedium,
			Traits:   Traits{HumanIssued: yes(gitlabTokens)},
			Rotate:   "sign out",
			Revoke:   "revoke the session under Preferences > Active sessions",
			Docs:     "https://docs.gitlab.com/user/profile/active_sessions/", Format: fromCorpus,
		},
		{
			ID: "gitlab-token", Provider: "gitlab", Title: "GitLab token without a prefix",
			Named: []Named{{
				Keywords: []string{"gitlab", "privatetoken"}, Names: []string{"token", "secret", "pass", "auth", "key"},
				Value: []Shape{Token(Chars(Base64URL, 20))}, MinEntropy: 3.2, Near: -1,
			}},
			Rotate: "make a new token with a prefix and an expiry date, then revoke this one",
			Revoke: "revoke it under Preferences > Access tokens",
			Docs:   gitlabPATs, Format: fromCorpus,
		},
	}
}

// routableParts splits PREFIX payload "." [version "."] length crc; ok is false for the classic form.
func routableParts(v []byte) (payload, signed, sum []byte, ok bool) {
	dash, dot := bytes.IndexByte(v, '-'), bytes.IndexByte(v, '.')
	if dash < 0 || dot < dash || len(v)-dot < 10 {
		return nil, nil, nil, false
	}
	return v[dash+1 : dot], v[:len(v)-7], v[len(v)-7:], true
}

// routableProof compares the CRC-32 of everything before it; the classic form has none.
func routableProof(m Match) finding.Proof {
	_, signed, sum, ok := routableParts(m.Value())
	if !ok {
		return finding.ProofNone
	}
	return proven(string(checksum(signed, base36Digits, 7)) == string(sum))
}

// routableFacts reads the lines "o:", "u:", "p:", "g:" of a routable payload, ids in base 36; random bytes and a byte that
// counts them follow.
func routableFacts(m Match) []finding.Fact {
	payload, _, _, ok := routableParts(m.Value())
	if !ok || routableProof(m) != finding.ProofProven {
		return nil
	}
	b, err := base64.RawURLEncoding.DecodeString(string(payload))
	if err != nil || len(b) < 2 || int(b[len(b)-1])+1 > len(b) {
		return nil
	}
	b = b[:len(b)-1-int(b[len(b)-1])]
	var out []finding.Fact
	for line := range bytes.SplitSeq(b, []byte("\n")) {
		key, value, ok := bytes.Cut(line, []byte(":"))
		field := map[string]string{"o": "organisation", "u": "user", "p": "project", "g": "group"}[string(key)]
		if !ok || field == "" {
			continue
		}
		if n, err := strconv.ParseUint(string(value), 36, 63); err == nil {
			out = append(out, fact(field, strconv.FormatUint(n, 10)))
		}
	}
	return facts(out...)
}
