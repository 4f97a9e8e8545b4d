package detectors

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"strconv"
	"strings"

	"sprawl/finding"
)

// identified are kinds whose values name themselves, their account or their environment in clear.
func identified() []Detector {
	const (
		sendgrid  = "https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys"
		twilio    = "https://www.twilio.com/docs/iam/api-keys"
		twilioTok = "https://www.twilio.com/docs/iam/api/authtoken"
		doppler   = "https://docs.doppler.com/docs/service-tokens"
		tailscale = "https://tailscale.com/kb/1085/auth-keys"
		postman   = "https://learning.postman.com/docs/developer/postman-api/authentication/"
		elastic   = "https://www.elastic.co/docs/deploy-manage/api-keys/elasticsearch-api-keys"
		onepass   = "https://developer.1password.com/docs/service-accounts/"
		discord   = "https://discord.com/developers/docs/reference#authentication"
		discHook  = "https://discord.com/developers/docs/resources/webhook"
		telegram  = "https://core.telegram.org/bots/features#botfather"
	)
	part := func(sep string, n int, field string, guess bool) func(Match) []finding.Fact {
		return func(m Match) []finding.Fact {
			p := strings.Split(string(m.Value()), sep)
			if len(p) <= n {
				return nil
			}
			f := fact(field, p[n])
			f.Inferred = guess
			return facts(f)
		}
	}
	dopplerRow := func(id, title, prefix, where string, d Detector) Detector {
		d.ID, d.Provider, d.Title = id, "doppler", title
		d.Shapes = append(d.Shapes, Token(Lit(prefix), Range(Base62, 40, 44)))
		d.Rotate = "make a new one under " + where + ", update every consumer, then revoke this one"
		d.Revoke = "curl -X POST https://api.doppler.com/v3/auth/revoke -d '{\"token\":\"TOKEN\"}'"
		d.Docs, d.Format = doppler, doppler
		return d
	}
	ts := func(id, title, kind string, tr Traits) Detector {
		return Detector{
			ID: id, Provider: "tailscale", Title: title,
			Shapes: []Shape{Token(Lit("tskey-"+kind+"-"), Range(Base62, 6, 20), Lit("-"), Range(Base62, 16, 48))},
			Facts:  part("-", 2, "key_id", false),
			Traits: tr,
			Rotate: "make a new one under Settings > Keys, update every consumer, then revoke this one",
			Revoke: "curl -X DELETE https://api.tailscale.com/api/v2/tailnet/-/keys/KEY_ID",
			Docs:   tailscale, Format: tailscale,
		}
	}
	bot := []Shape{}
	for _, p := range []string{"MT", "MD", "Mj", "Mz", "NT", "ND", "Nj", "Nz", "OD", "OT"} { // base64 of the first digits of a snowflake
		bot = append(bot, Shape{Pieces: []Piece{Lit(p), Chars(Of("AEIMQUYcgk"), 1), Chars(Of("w-z0-5"), 1), Range(Base62, 19, 22), Lit("."), Chars(Base64URL, 6), Lit("."), Range(Base64URL, 27, 42)}})
	}
	return []Detector{
		{
			ID: "sendgrid-api-key", Provider: "sendgrid", Title: "SendGrid API key",
			Shapes: []Shape{Token(Lit("SG."), Chars(Base64URL, 22), Lit("."), Chars(Base64URL, 43))},
			Facts:  part(".", 1, "key_id", false),
			Traits: Traits{Expires: no(sendgrid), Scoped: yes(sendgrid), Overlap: yes(sendgrid), RotateAPI: yes(sendgrid)},
			Rotate: "make a second key with the same scopes (POST /v3/api_keys), update every consumer, then delete this one",
			Revoke: "curl -X DELETE https://api.sendgrid.com/v3/api_keys/KEY_ID",
			Docs:   sendgrid, Format: sendgrid,
		},
		{
			ID: "twilio-auth-token", Provider: "twilio", Title: "Twilio account and auth token",
			Shapes: []Shape{PublicID(Lit("AC"), Chars(Hex, 32))},
			Named:  []Named{{Keywords: []string{"twilio", "authtoken"}, Names: []string{"token", "auth", "secret"}, Not: []string{"sid"}, Value: []Shape{Token(Chars(Hex, 32))}, MinEntropy: 2.8}},
			Traits: Traits{Expires: no(twilioTok), Scoped: no(twilioTok), Overlap: yes(twilioTok), RotateAPI: yes(twilioTok)},
			Rotate: "make a secondary auth token, update every consumer, then promote it; better, use an API key",
			Revoke: "promote a secondary auth token: POST https://accounts.twilio.com/v1/AuthTokens/Promote",
			Docs:   twilioTok, Format: "https://www.twilio.com/docs/glossary/what-is-a-sid",
		},
		{
			ID: "twilio-api-key", Provider: "twilio", Title: "Twilio API key",
			Shapes: []Shape{PublicID(Lit("SK"), Chars(Hex, 32))},
			Named:  []Named{{Keywords: []string{"twilio"}, Names: []string{"secret"}, Value: []Shape{Token(Chars(Base62, 32))}, MinEntropy: 3.8}},
			Traits: Traits{Expires: no(twilio), Scoped: yes(twilio), Overlap: yes(twilio), RotateAPI: yes(twilio)},
			Rotate: "make a second API key, update every consumer, then delete {ident}",
			Revoke: "curl -X DELETE https://api.twilio.com/2010-04-01/Accounts/ACCOUNT/Keys/{ident}.json",
			Docs:   twilio, Format: "https://www.twilio.com/docs/glossary/what-is-a-sid",
		},
		dopplerRow("doppler-service-token", "Doppler service token", "dp.st.", "the config's Access tab", Detector{
			Shapes: []Shape{Token(Lit("dp.st."), Range(Of("a-z0-9_-"), 2, 60), Lit("."), Range(Base62, 40, 44))},
			Facts: func(m Match) []finding.Fact { // the config stands in the token; its name begins with the environment's
				if p := strings.Split(string(m.Value()), "."); len(p) == 4 {
					return facts(fact("environment", p[2]))
				}
				return nil
			},
			Traits: Traits{Scoped: yes(doppler), Overlap: yes(doppler), RotateAPI: yes(doppler), HumanIssued: no(doppler)},
		}),
		dopplerRow("doppler-personal-token", "Doppler personal token", "dp.pt.", "Tokens > Personal", Detector{Traits: Traits{HumanIssued: yes(doppler)}}),
		dopplerRow("doppler-cli-token", "Doppler CLI token", "dp.ct.", "Tokens > CLI", Detector{Traits: Traits{HumanIssued: yes(doppler)}}),
		dopplerRow("doppler-service-account-token", "Doppler service account token", "dp.sa.", "Team > Service accounts", Detector{Traits: Traits{HumanIssued: no(doppler)}}),
		dopplerRow("doppler-scim-token", "Doppler SCIM token", "dp.scim.", "Team > Provisioning", Detector{}),
		dopplerRow("doppler-audit-token", "Doppler audit token", "dp.audit.", "Tokens > Audit", Detector{}),
		ts("tailscale-api-key", "Tailscale API access token", "api", Traits{Expires: yes("https://tailscale.com/kb/1101/api"), Scoped: no("https://tailscale.com/kb/1101/api"), Overlap: yes("https://tailscale.com/kb/1101/api"), HumanIssued: yes("https://tailscale.com/kb/1101/api")}),
		ts("tailscale-auth-key", "Tailscale auth key", "auth", Traits{Expires: yes(tailscale), Overlap: yes(tailscale), RotateAPI: yes(tailscale)}),
		ts("tailscale-oauth-secret", "Tailscale OAuth client secret", "client", Traits{Expires: no("https://tailscale.com/kb/1215/oauth-clients"), Scoped: yes("https://tailscale.com/kb/1215/oauth-clients"), Overlap: yes("https://tailscale.com/kb/1215/oauth-clients")}),
		ts("tailscale-other-key", "Tailscale SCIM or webhook key", "scim", Traits{}),
		{
			ID: "postman-api-key", Provider: "postman", Title: "Postman API key",
			Shapes: []Shape{Token(Lit("PMAK-"), Chars(HexAny, 24), Lit("-"), Chars(HexAny, 34))},
			Facts: func(m Match) []finding.Fact { // the first part looks like a Mongo ObjectId, which begins with a time
				v := m.Value()
				if len(v) < 13 {
					return nil
				}
				sec, err := strconv.ParseInt(string(v[5:13]), 16, 64)
				if err != nil || sec < 1325376000 || sec > 2051222400 { // 2012: Postman is not older; 2035: a dummy
					return nil
				}
				return facts(inferred("created", stamp(sec)))
			},
			Traits: Traits{LastUsed: yes(postman), HumanIssued: yes(postman)},
			Rotate: "regenerate it under Settings > API keys", Revoke: "delete it under Settings > API keys",
			Docs: postman, Format: fromCorpus,
		},
		{
			ID: "elastic-api-key", Provider: "elastic", Title: "Elasticsearch API key",
			Named: []Named{{Keywords: []string{"elastic", "elasticsearch", "kibana", "esapikey"}, Names: []string{"key", "authorization"}, Value: []Shape{Token(Range(Base64, 54, 60), Range(Of("="), 0, 2))}, MinEntropy: 4.2}},
			Check: func(m Match) finding.Proof {
				if id, _ := elasticPair(m.Value()); id != "" {
					return finding.ProofProven
				}
				return finding.ProofNone
			},
			Facts: func(m Match) []finding.Fact {
				id, _ := elasticPair(m.Value())
				return facts(fact("key_id", id))
			},
			Sample: func(r *rand.Rand) []byte {
				return []byte(base64.StdEncoding.EncodeToString([]byte(string(draw(r, Base64URL, 20)) + ":" + string(draw(r, Base64URL, 22)))))
			},
			Traits: Traits{Scoped: yes(elastic), Overlap: yes(elastic), RotateAPI: yes(elastic)},
			Rotate: "make a second key with an expiration (POST /_security/api_key), update every consumer, then invalidate this one",
			Revoke: "curl -X DELETE https://HOST/_security/api_key -d '{\"ids\":[\"KEY_ID\"]}'",
			Docs:   elastic, Format: elastic,
		},
		{
			ID: "1password-service-account-token", Provider: "1password", Title: "1Password service account token",
			Shapes: []Shape{Token(Lit("ops_eyJ"), Range(Base64URL, 200, 2000), Range(Of("="), 0, 2))},
			Check: func(m Match) finding.Proof {
				o := segment(bytes.TrimRight(bytes.TrimPrefix(m.Value(), []byte("ops_")), "="))
				return proven(text(o, "signInAddress") != "" && text(o, "secretKey") != "")
			},
			// The payload holds a secret key and an unlock key: only the two fields that name the account leave it.
			Facts: func(m Match) []finding.Fact {
				o := segment(bytes.TrimRight(bytes.TrimPrefix(m.Value(), []byte("ops_")), "="))
				return facts(inferred("email", text(o, "email")), inferred("host", text(o, "signInAddress")))
			},
			Sample: func(r *rand.Rand) []byte {
				body := `{"signInAddress":"shop.1password.test","userAuth":{"method":"SRPg-4096","alg":"PBES2g-HS256","iterations":650000,"salt":"` + string(draw(r, Base62, 22)) + `"},"email":"robot` + string(draw(r, Digits, 3)) + `@1passwordserviceaccounts.test","srpX":"` + string(draw(r, Hex, 64)) + `","muk":{"k":"` + string(draw(r, Base62, 43)) + `"},"secretKey":"A3-` + string(draw(r, UpperNum, 26)) + `","deviceUuid":"` + string(draw(r, LowerNum, 26)) + `"}`
				return []byte("ops_" + base64.RawURLEncoding.EncodeToString([]byte(body)))
			},
			Traits: Traits{Scoped: yes(onepass), HumanIssued: no(onepass)},
			Rotate: "rotate the token on the service account's page: the old one can be kept for up to three days",
			Revoke: "revoke the token on the service account's page",
			Docs:   onepass, Format: undocumented,
		},
		{
			ID: "1password-secret-key", Provider: "1password", Title: "1Password account Secret Key",
			Shapes: []Shape{
				Token(Lit("A3-"), Chars(UpperNum, 6), Lit("-"), Chars(UpperNum, 6), Lit("-"), Chars(UpperNum, 5), Lit("-"), Chars(UpperNum, 5), Lit("-"), Chars(UpperNum, 5), Lit("-"), Chars(UpperNum, 5)),
				Token(Lit("A3-"), Chars(UpperNum, 6), Lit("-"), Chars(UpperNum, 11), Lit("-"), Chars(UpperNum, 5), Lit("-"), Chars(UpperNum, 5), Lit("-"), Chars(UpperNum, 5)),
			},
			Traits: Traits{HumanIssued: yes("https://support.1password.com/secret-key-security/")},
			Rotate: "regenerate it under My profile", Revoke: "regenerate it under My profile",
			Docs: "https://support.1password.com/secret-key-security/", Format: fromCorpus,
		},
		{
			ID: "discord-bot-token", Provider: "discord", Title: "Discord bot token",
			Shapes: bot,
			Check:  func(m Match) finding.Proof { return proven(discordBot(m) != "") },
			Facts:  func(m Match) []finding.Fact { return facts(inferred("account", discordBot(m))) },
			Sample: func(r *rand.Rand) []byte {
				id := base64.RawStdEncoding.EncodeToString([]byte("1" + string(draw(r, Digits, 17))))
				return []byte(id + "." + string(draw(r, Base62, 6)) + "." + string(draw(r, Base62, 38)))
			},
			Traits: Traits{Expires: no(discord), Overlap: no(discord), RotateAPI: no(discord), HumanIssued: no(discord)},
			Rotate: "reset it on the application's Bot page: the old one ends at once", Revoke: "reset it on the application's Bot page",
			Docs: discord, Format: fromCorpus,
		},
		{
			ID: "discord-webhook", Provider: "discord", Title: "Discord webhook",
			Shapes: []Shape{
				{Pieces: []Piece{Lit("discord.com/api/webhooks/"), Range(Digits, 17, 20), Lit("/"), Range(Base64URL, 60, 72)}, Left: Letters, Keep: len("discord.com/api/webhooks/")},
				{Pieces: []Piece{Lit("discordapp.com/api/webhooks/"), Range(Digits, 17, 20), Lit("/"), Range(Base64URL, 60, 72)}, Left: Letters, Keep: len("discordapp.com/api/webhooks/")},
			},
			Facts:    part("/", 3, "key_id", false),
			Severity: finding.SevMedium,
			Traits:   Traits{Expires: no(discHook), Scoped: yes(discHook), Overlap: yes(discHook)},
			Rotate:   "make a second webhook, update the sender, then delete this one", Revoke: "curl -X DELETE URL",
			Docs: discHook, Format: discHook,
		},
		{
			ID: "discord-client-secret", Provider: "discord", Title: "Discord client secret",
			Named:  []Named{{Keywords: []string{"discord"}, Names: []string{"secret"}, Value: []Shape{Token(Chars(Base64URL, 32))}, MinEntropy: 3.5}},
			Rotate: "reset it on the application's OAuth2 page", Revoke: "reset it on the application's OAuth2 page",
			Docs: "https://discord.com/developers/docs/topics/oauth2", Format: fromCorpus,
		},
		{
			ID: "telegram-bot-token", Provider: "telegram", Title: "Telegram bot token",
			Shapes: []Shape{
				{Pieces: []Piece{Range(Digits, 7, 12), Lit(":AA"), Range(Base64URL, 32, 33)}},
				{Pieces: []Piece{Lit("bot"), Range(Digits, 7, 12), Lit(":AA"), Range(Base64URL, 32, 33)}},
			},
			Named:  []Named{{Keywords: []string{"telegram", "tgbot"}, Value: []Shape{Token(Range(Digits, 5, 16), Lit(":"), Range(Base64URL, 34, 35))}}},
			Facts:  part(":", 0, "account", false),
			Traits: Traits{Expires: no(telegram), Scoped: no(telegram), Overlap: no(telegram), HumanIssued: no(telegram)},
			Rotate: "/revoke to @BotFather makes a new one: the old one ends at once", Revoke: "/revoke to @BotFather",
			Docs: telegram, Format: telegram,
		},
	}
}

// discordBot is the bot's user id, a snowflake in base64 before the first dot.
func discordBot(m Match) string {
	head, _, _ := bytes.Cut(m.Value(), []byte("."))
	id, err := base64.RawStdEncoding.DecodeString(string(head))
	if err != nil || len(id) < 17 || len(id) > 20 || !all(id, Digits) || bytes.Contains(id, []byte("123456789")) {
		return ""
	}
	return string(id)
}

// elasticPair is the id and key that the "encoded" form of an API key joins.
func elasticPair(v []byte) (id, key string) {
	b, err := base64.RawStdEncoding.DecodeString(string(bytes.TrimRight(v, "=")))
	if err != nil || !all(b, Base64URL.Or(Of(":"))) {
		return "", ""
	}
	id, key, ok := strings.Cut(string(b), ":")
	if !ok || len(id) != 20 || len(key) != 22 {
		return "", ""
	}
	return id, key
}

// publicPart is a fact about tokens whose first n parts are an id that the provider shows.
func publicPart(sep string, n int) func(Match) []finding.Fact {
	return func(m Match) []finding.Fact {
		p := strings.Split(string(m.Value()), sep)
		if len(p) <= n {
			return nil
		}
		return facts(fact("key_id", strings.Join(p[:n], sep)))
	}
}
