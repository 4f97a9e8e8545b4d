package detectors

import (
	"bytes"

	"sprawl/finding"
)

const (
	slackTokens   = "https://docs.slack.dev/authentication/tokens"
	slackRotation = "https://docs.slack.dev/authentication/using-token-rotation"
	slackHooks    = "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"
	slackRevoke   = "curl https://slack.com/api/auth.revoke -H 'Authorization: Bearer TOKEN'"
)

func slack() []Detector {
	num := Range(Digits, 9, 15)
	kept := Traits{Expires: no(slackTokens), Scoped: yes(slackTokens)}
	rotated := Traits{Expires: yes(slackRotation), Scoped: yes(slackTokens), RotateAPI: yes(slackRotation)}
	return []Detector{
		{
			ID: "slack-bot-token", Provider: "slack", Title: "Slack bot token",
			Shapes: []Shape{
				Token(Lit("xoxb-"), num, Lit("-"), num, Lit("-"), Range(Base62, 20, 40)),
				Token(Lit("xoxb-"), num, Lit("-"), Range(Base62, 18, 34)),
			},
			Traits: kept,
			Rotate: "reinstall the app, or turn token rotation on",
			Revoke: slackRevoke, Docs: slackTokens, Format: slackTokens,
		},
		{
			ID: "slack-user-token", Provider: "slack", Title: "Slack user token",
			Shapes: []Shape{Token(Lit("xoxp-"), num, Lit("-"), num, Lit("-"), num, Lit("-"), Range(Base62, 28, 40)), Token(Lit("xoxp-"), num, Lit("-"), num, Lit("-"), Range(Base62, 20, 40)), Token(Lit("xoxp-1-"), Range(Base64URL, 60, 250))},
			Traits: Traits{Expires: no(slackTokens), Scoped: yes(slackTokens), HumanIssued: yes(slackTokens)},
			Rotate: "reinstall the app, or turn token rotation on; better, use a bot token",
			Revoke: slackRevoke, Docs: slackTokens, Format: slackTokens,
		},
		{
			ID: "slack-app-token", Provider: "slack", Title: "Slack app-level token",
			Shapes: []Shape{Token(Lit("xapp-"), Range(Digits, 1, 5), Lit("-"), Range(UpperNum, 8, 14), Lit("-"), num, Lit("-"), Range(Hex, 32, 64))},
			Facts: func(m Match) []finding.Fact {
				if p := bytes.Split(m.Value(), []byte("-")); len(p) > 2 {
					return facts(inferred("application", string(p[2])))
				}
				return nil
			},
			Traits: kept,
			Rotate: "make a new one under Basic information > App-level tokens, update the app, then revoke this one",
			Revoke: "revoke it under Basic information > App-level tokens",
			Docs:   slackTokens, Format: slackTokens,
		},
		{
			ID: "slack-rotating-token", Provider: "slack", Title: "Slack rotating access token",
			Shapes:   []Shape{Token(Lit("xoxe.xox"), Chars(Of("bp"), 1), Lit("-1-"), Range(Base62, 100, 220))},
			Severity: finding.SevMedium, Traits: rotated,
			Rotate: "let it expire within 12 hours; the app refreshes it with oauth.v2.access",
			Revoke: slackRevoke, Docs: slackRotation, Format: slackRotation,
		},
		{
			ID: "slack-refresh-token", Provider: "slack", Title: "Slack refresh token",
			Shapes: []Shape{Token(Lit("xoxe-1-"), Range(Base62, 100, 220))},
			Traits: rotated,
			Rotate: "use it once: every refresh replaces it",
			Revoke: slackRevoke, Docs: slackRotation, Format: slackRotation,
		},
		{
			ID: "slack-legacy-token", Provider: "slack", Title: "Slack legacy or session token",
			Shapes: []Shape{
				Token(Lit("xoxa-"), Range(Base64URL, 20, 160)), Token(Lit("xoxr-"), Range(Base64URL, 20, 160)), Token(Lit("xoxo-"), Range(Base64URL, 20, 160)),
				Token(Lit("xoxs-"), Range(Base64URL, 20, 160)), Token(Lit("xoxc-"), Range(Base64URL, 20, 160)), Token(Lit("xoxd-"), Range(Of("a-zA-Z0-9%+/=_-"), 40, 400)),
			},
			Rotate: "replace it by an app's bot token",
			Revoke: slackRevoke, Docs: slackTokens, Format: fromCorpus,
		},
		{
			ID: "slack-webhook", Provider: "slack", Title: "Slack incoming webhook",
			Shapes: []Shape{
				{Pieces: []Piece{Lit("hooks.slack.com/services/T"), Range(Base62, 7, 13), Lit("/B"), Range(Base62, 7, 13), Lit("/"), Range(Base62, 20, 32)}, Left: Letters, Keep: len("hooks.slack.com/services/")},
				{Pieces: []Piece{Lit("hooks.slack.com/workflows/T"), Range(Base62, 7, 13), Lit("/A"), Range(Base62, 7, 13), Lit("/"), Range(Digits, 14, 22), Lit("/"), Range(Base62, 20, 32)}, Left: Letters, Keep: len("hooks.slack.com/workflows/")},
				{Pieces: []Piece{Lit("hooks.slack.com/triggers/T"), Range(Base62, 7, 13), Lit("/"), Range(Digits, 10, 22), Lit("/"), Range(Base62, 20, 40)}, Left: Letters, Keep: len("hooks.slack.com/triggers/")},
			},
			Facts: func(m Match) []finding.Fact {
				if p := bytes.Split(m.Value(), []byte("/")); len(p) > 3 {
					return facts(inferred("organisation", string(p[2])))
				}
				return nil
			},
			Severity: finding.SevMedium,
			Traits:   Traits{Expires: no(slackHooks), Scoped: yes(slackHooks), Overlap: yes(slackHooks)},
			Rotate:   "add a new webhook under Incoming webhooks, update the sender, then remove this one",
			Revoke:   "remove it under Incoming webhooks of the app",
			Docs:     slackHooks, Format: slackHooks,
		},
	}
}
