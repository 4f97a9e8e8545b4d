package detectors

// messaging is the kinds of mail, chat, telephony and marketing providers.
func messaging() []Detector {
	teams := func(host string) Shape {
		u := uuid().Pieces
		p := append([]Piece{Lit(host)}, u...)
		p = append(append(p, Lit("@")), u...)
		p = append(p, Lit("/IncomingWebhook/"), Chars(LowerNum, 32), Lit("/"))
		p = append(p, u...)
		return Shape{Pieces: p, Left: anyByte, Keep: len(host)}
	}
	return table([]tail{
		{"beamer-api-key", "beamer", "Beamer API key", nil, by("beamer", tok("b_", Of("a-z0-9=_-"), 44)), medium, "https://www.getbeamer.com/api", "app.getbeamer.com > Settings > API"},
		{"brevo-api-key", "brevo", "Brevo API key", []Shape{Token(Lit("xkeysib-"), Chars(Hex, 64), Lit("-"), Chars(Base62, 16)), Token(Lit("xsmtpsib-"), Chars(Hex, 64), Lit("-"), Chars(Base62, 16))}, nil, high, "https://developers.brevo.com/docs/getting-started", "app.brevo.com > SMTP & API"},
		{"courier-auth-token", "courier", "Courier auth token", []Shape{tok("pk_prod_", UpperNum, 28), tok("pk_test_", UpperNum, 28)}, nil, medium, "https://www.courier.com/docs/api-reference/introduction", "app.courier.com > Settings > API keys"},
		{"delighted-api-key", "delighted", "Delighted API key", nil, byAs("delighted", keyWords, run(Base62, 20, 40)), medium, "https://app.delighted.com/docs/api", "app.delighted.com > Account > API"},
		{"gitter-token", "gitter", "Gitter access token", nil, byAs("gitter", keyWords, run(Hex, 40), run(Base64URL, 40)), low, "https://developer.gitter.im/docs/authentication", "developer.gitter.im"},
		{"helpscout-secret", "helpscout", "Help Scout secret", nil, byAs("helpscout", keyWords, run(Base62, 32, 64)), high, "https://developer.helpscout.com/mailbox-api/overview/authentication/", "secure.helpscout.net > My apps"},
		{"hubspot-api-key", "hubspot", "HubSpot API key", nil, by("hubspot hapikey", uuid()), high, "https://developers.hubspot.com/docs/apps/legacy-apps/authentication/intro-to-auth", "app.hubspot.com > Settings > Integrations"},
		{"hubspot-private-app-token", "hubspot", "HubSpot private app token", []Shape{
			Token(append([]Piece{Lit("pat-na1-")}, uuid().Pieces...)...), Token(append([]Piece{Lit("pat-na2-")}, uuid().Pieces...)...), Token(append([]Piece{Lit("pat-eu1-")}, uuid().Pieces...)...), Token(append([]Piece{Lit("pat-ap1-")}, uuid().Pieces...)...),
		}, nil, high, "https://developers.hubspot.com/docs/apps/legacy-apps/private-apps/overview", "app.hubspot.com > Settings > Private apps"},
		{"intercom-token", "intercom", "Intercom access token", []Shape{tok("dG9rO", Base64, 51, 60)}, byAs("intercom", keyWords, run(Of("a-zA-Z0-9=_-"), 60)), high, "https://developers.intercom.com/docs/build-an-integration/learn-more/authentication", "app.intercom.com > Developer hub"},
		{"klaviyo-private-key", "klaviyo", "Klaviyo private key", nil, by("klaviyo", tok("pk_", Base62, 34), Token(Lit("pk_"), Chars(Base62, 6), Lit("_"), Chars(Hex, 34))), high, "https://developers.klaviyo.com/en/docs/authenticate_", "klaviyo.com > Settings > API keys"},
		{"lark-app-id", "lark", "Lark application id", []Shape{{Role: "id", Pieces: []Piece{Lit("cli_"), Chars(Base62, 16)}, NeedName: []string{"lark", "feishu"}}}, nil, low, "https://open.larksuite.com/document/", "open.larksuite.com > Developer console"},
		{"lark-app-secret", "lark", "Lark application secret", nil, byAs("lark feishu", keyWords, run(Base62, 32)), high, "https://open.larksuite.com/document/", "open.larksuite.com > Developer console"},
		{"lark-webhook", "lark", "Lark bot webhook", []Shape{hook("open.larksuite.com/open-apis/bot/v2/hook/", uuid().Pieces...), hook("open.feishu.cn/open-apis/bot/v2/hook/", uuid().Pieces...)}, nil, medium, "https://open.larksuite.com/document/", "the group's Bots settings"},
		{"mailchimp-api-key", "mailchimp", "Mailchimp API key", []Shape{Token(Chars(Hex, 32), Lit("-us"), Range(Digits, 1, 2))}, nil, high, "https://mailchimp.com/developer/marketing/guides/quick-start/", "mailchimp.com > Account > Extras > API keys"},
		{"mailchimp-transactional-key", "mailchimp", "Mailchimp Transactional key", []Shape{tok("md-", Base64URL, 22)}, by("mandrill", run(Base64URL, 22)), high, "https://mailchimp.com/developer/transactional/guides/quick-start/", "mandrillapp.com > Settings"},
		{"mailgun-api-key", "mailgun", "Mailgun private key", []Shape{{Pieces: []Piece{Lit("key-"), Chars(LowerNum, 32)}}, Token(Chars(Hex, 32), Lit("-"), Chars(Hex, 8), Lit("-"), Chars(Hex, 8))}, by("mailgun", run(Hex, 32), run(Base64URL, 72)), high, "https://documentation.mailgun.com/docs/mailgun/user-manual/api-key-mgmt/api-key-mgmt", "curl -X DELETE https://api.mailgun.net/v1/keys/ID"},
		{"mailgun-public-key", "mailgun", "Mailgun public validation key", []Shape{tok("pubkey-", Hex, 32)}, nil, low, "https://documentation.mailgun.com/docs/mailgun/user-manual/api-key-mgmt/api-key-mgmt", "app.mailgun.com > API security"},
		{"mailgun-signing-key", "mailgun", "Mailgun webhook signing key", nil, byAs("mailgun", "sign webhook", Token(Chars(Hex, 32), Lit("-"), Chars(Hex, 8), Lit("-"), Chars(Hex, 8)), run(Hex, 32)), medium, "https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks", "app.mailgun.com > API security"},
		{"mailjet-key", "mailjet", "Mailjet key", nil, byAs("mailjet", keyWords, run(Hex, 32), run(Base64Pad, 87, 88)), high, "https://dev.mailjet.com/email/guides/", "app.mailjet.com > API keys"},
		{"mattermost-token", "mattermost", "Mattermost access token", nil, byAs("mattermost", keyWords, run(LowerNum, 26)), high, "https://developers.mattermost.com/integrate/reference/personal-access-token/", "Profile > Security > Personal access tokens"},
		{"mattermost-webhook", "mattermost", "Mattermost incoming webhook", nil, by("mattermost", Token(Lit("https://"), Range(Of("a-z0-9.:-"), 4, 100), Lit("/hooks/"), Chars(LowerNum, 26))), medium, "https://developers.mattermost.com/integrate/webhooks/incoming/", "Integrations > Incoming webhooks"},
		{"messagebird-key", "messagebird", "MessageBird access key", nil, byAs("messagebird messagebirdapi", keyWords, run(Base62, 25)), high, "https://developers.messagebird.com/api/", "dashboard.messagebird.com > Developers"},
		{"messagebird-client-id", "messagebird", "MessageBird client id", nil, byAs("messagebird", "client id", uuid()), low, "https://developers.messagebird.com/api/", "dashboard.messagebird.com > Developers"},
		{"microsoft-teams-webhook", "microsoft-teams", "Microsoft Teams incoming webhook", []Shape{{
			Pieces: append(append([]Piece{Lit(".webhook.office.com/webhookb2/")}, uuid().Pieces...), Lit("@"), Chars(UUIDBytes, 36), Lit("/IncomingWebhook/"), Chars(LowerNum, 32), Lit("/"), Chars(UUIDBytes, 36)), Left: anyByte, Keep: len(".webhook.office.com/webhookb2/"),
		}, teams("outlook.office.com/webhook/"), teams("outlook.office365.com/webhook/")}, nil, medium, "https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook", "the channel's Connectors or Workflows"},
		{"nylas-api-key", "nylas", "Nylas API key", []Shape{tok("nyk_v0_", Base62, 64, 70)}, byAs("nylas", keyWords, run(Base62, 30)), high, "https://developer.nylas.com/docs/v3/auth/", "dashboard-v3.nylas.com > API keys"},
		{"postmark-token", "postmark", "Postmark server token", nil, by("postmark", uuid()), high, "https://postmarkapp.com/developer/api/overview", "account.postmarkapp.com > API tokens"},
		{"pubnub-key", "pubnub", "PubNub secret or publish key", []Shape{
			Token(append([]Piece{Lit("pub-c-")}, uuid().Pieces...)...), Token(Lit("sec-c-"), Range(Base62, 40, 64)),
		}, nil, medium, "https://www.pubnub.com/docs/general/metadata/basics", "admin.pubnub.com > Keysets"},
		{"pubnub-subscribe-key", "pubnub", "PubNub subscribe key", []Shape{Token(append([]Piece{Lit("sub-c-")}, uuid().Pieces...)...)}, nil, low, "https://www.pubnub.com/docs/general/metadata/basics", "admin.pubnub.com > Keysets"},
		{"resend-api-key", "resend", "Resend API key", []Shape{Token(Lit("re_"), Chars(Base62, 8), Lit("_"), Chars(Base62, 24))}, nil, high, "https://resend.com/docs/dashboard/api-keys/introduction", "resend.com > API keys"},
		{"sendbird-access-token", "sendbird", "Sendbird API token", nil, byAs("sendbird", keyWords, run(Hex, 40), run(Hex, 24)), high, "https://sendbird.com/docs/chat/platform-api/v3/prepare-to-use-api", "dashboard.sendbird.com > Settings > API tokens"},
		{"sendbird-application-id", "sendbird", "Sendbird application id", nil, byAs("sendbird", "id app", uuid()), low, "https://sendbird.com/docs/chat/platform-api/v3/prepare-to-use-api", "dashboard.sendbird.com > Settings"},
		{"telnyx-api-key", "telnyx", "Telnyx API key", []Shape{Token(Lit("KEY0"), Chars(Base64URL, 54))}, nil, high, "https://developers.telnyx.com/development/api-fundamentals/authentication", "portal.telnyx.com > API keys"},
		{"vonage-api-secret", "vonage", "Vonage API secret", nil, byAs("vonage nexmo", keyWords, run(Base62, 16)), high, "https://developer.vonage.com/en/account/secret-management", "dashboard.nexmo.com > API settings"},
		{"zendesk-secret", "zendesk", "Zendesk token or secret", nil, byAs("zendesk", keyWords, run(Base62, 40), run(Hex, 64)), high, "https://developer.zendesk.com/api-reference/introduction/security-and-auth/", "Admin Center > Apps and integrations > APIs"},
		{"zohocrm-token", "zohocrm", "Zoho access or refresh token", []Shape{Token(Lit("1000."), Chars(Hex, 32), Lit("."), Chars(Hex, 32))}, nil, high, "https://www.zoho.com/crm/developer/docs/api/v8/oauth-overview.html", "api-console.zoho.com"},
	})
}

// hook is a URL whose host and path are known and whose last part is the secret.
func hook(prefix string, rest ...Piece) Shape {
	return Shape{Pieces: append([]Piece{Lit(prefix)}, rest...), Left: Letters, Keep: len(prefix)}
}
