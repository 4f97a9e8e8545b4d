package detectors

// prefixed are kinds known by a prefix or a form of their own that public rule sets agree on, and of which nothing else is
// known.
func prefixed() []Detector {
	id := func(p ...Piece) Shape { return Shape{Role: "id", Pieces: p} }
	alnum := uuidOf(LowerNum)
	return table([]tail{
		{"aikido-client-id", "aikido", "Aikido client id", []Shape{id(Lit("AIK_CLIENT_"), Chars(Base62, 24))}, nil, low, "https://www.aikido.dev/", "aikido.dev > Settings"},
		{"bedrock-api-key", "aws", "Amazon Bedrock short-lived API key", []Shape{tok("bedrock-api-key-", Base64Pad, 32, 1500)}, nil, high, "https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html", "it ends with its session, 12 hours at most"},
		{"buildkite-package-token", "buildkite", "Buildkite package or registry token", []Shape{tok("bkpt_", Base62, 40, 400), tok("bkar_", Base62, 40, 400)}, nil, high, "https://buildkite.com/docs/package-registries", "buildkite.com > Package registries"},
		{"coze-token", "coze", "Coze personal access token", []Shape{tok("pat_", Base62, 64)}, nil, high, "https://www.coze.com/", "coze.com > Authorization"},
		{"devcycle-key", "devcycle", "DevCycle SDK key", []Shape{tok("dvc_mobile_", LowerNum, 8, 32), tok("dvc_client_", LowerNum, 8, 32), tok("dvc_server_", LowerNum, 8, 32)}, nil, medium, "https://docs.devcycle.com/", "app.devcycle.com > Settings > Environments"},
		{"devin-service-token", "devin", "Devin service user token", []Shape{tok("cog_", Of("a-z2-7"), 52)}, nil, high, "https://docs.devin.ai/", "app.devin.ai > Settings"},
		{"discord-application-id", "discord", "Discord application id", nil, byAs("discord", "client token id", Shape{Role: "id", Pieces: []Piece{Range(Digits, 17, 19)}}), low, "https://discord.com/developers/docs/topics/oauth2", "discord.com/developers/applications"},
		{"discord-secret", "discord", "Discord key or secret of the old form", nil, byAs("discord", keyWords, run(Hex, 64), run(Of("a-z0-9=_-"), 32)), high, "https://discord.com/developers/docs/topics/oauth2", "discord.com/developers/applications"},
		{"flexport-token", "flexport", "Flexport token", []Shape{tok("shltm_", Base64URL, 40)}, nil, high, "https://apidocs.flexport.com/", "flexport.com > Settings > Developer"},
		{"friendli-token", "friendli", "Friendli token", []Shape{tok("flp_", Base62, 40, 56)}, nil, high, "https://friendli.ai/docs/", "friendli.ai > Settings > Tokens"},
		{"gitlab-job-token-old", "gitlab", "GitLab CI job token", []Shape{Token(Lit("glcbt-"), Range(Base62, 1, 5), Lit("_"), Chars(Base64URL, 20))}, nil, medium, "https://docs.gitlab.com/ci/jobs/ci_job_token/", "it ends with its job"},
		{"github-fine-grained-like", "github", "GitHub token of the fine-grained form", []Shape{tok("github_pat_", WordBytes, 82)}, nil, high, "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/managing-your-personal-access-tokens", "github.com > Settings > Developer settings"},
		{"grafana-cloud-like", "grafana", "Grafana key of an older form", []Shape{tok("glc_", Base64Pad, 32, 400), {Pieces: []Piece{Lit("eyJrIjoi"), Range(Base64Pad, 70, 400)}, NeedName: []string{"grafana"}}}, nil, high, "https://grafana.com/docs/grafana-cloud/account-management/authentication-and-permissions/access-policies/", "grafana.com > Access policies"},
		{"harness-token-like", "harness", "Harness token", []Shape{Token(Lit("pat."), Chars(Base64URL, 22), Lit("."), Chars(Base62, 24), Lit("."), Chars(Base62, 20))}, nil, high, "https://developer.harness.io/docs/platform/automation/api/add-and-manage-api-keys/", "app.harness.io > Profile"},
		{"highnote-key", "highnote", "Highnote key", []Shape{tok("sk_live_a2V5", Base64Pad, 60, 120), tok("rk_live_a2V5", Base64Pad, 60, 120)}, nil, high, "https://docs.highnote.com/", "dashboard.highnote.com > API keys"},
		{"langfuse-secret", "langfuse", "Langfuse secret key", []Shape{Token(append([]Piece{Lit("sk-lf-")}, alnum.Pieces...)...)}, nil, high, "https://langfuse.com/docs", "cloud.langfuse.com > Project settings"},
		{"launchdarkly-key-like", "launchdarkly", "LaunchDarkly key", []Shape{Token(append([]Piece{Lit("api-")}, alnum.Pieces...)...), Token(append([]Piece{Lit("sdk-")}, alnum.Pieces...)...)}, nil, medium, "https://launchdarkly.com/docs/home/account/api", "app.launchdarkly.com > Authorization"},
		{"mapbox-token-like", "mapbox", "Mapbox token", []Shape{Token(Lit("pk."), Chars(LowerNum, 60), Lit("."), Chars(LowerNum, 22)), Token(Lit("sk."), Chars(LowerNum, 60), Lit("."), Chars(LowerNum, 22))}, nil, low, "https://docs.mapbox.com/accounts/guides/tokens/", "console.mapbox.com > Tokens"},
		{"mattermost-hook", "mattermost", "Mattermost webhook", []Shape{{Pieces: []Piece{Lit("/hooks/"), Chars(LowerNum, 26)}, Left: anyByte, NeedName: []string{"mattermost", "mm"}, Keep: 7}}, nil, medium, "https://developers.mattermost.com/integrate/webhooks/incoming/", "Integrations > Incoming webhooks"},
		{"midtrans-key", "midtrans", "Midtrans server or client key", []Shape{{Pieces: []Piece{Lit("Mid-server-"), Range(Base64URL, 10, 40)}, Left: Base64URL}, {Pieces: []Piece{Lit("Mid-client-"), Range(Base64URL, 10, 40)}, Left: Base64URL}}, nil, high, "https://docs.midtrans.com/", "dashboard.midtrans.com > Settings > Access keys"},
		{"newrelic-insights-key", "newrelic", "New Relic Insights key", []Shape{tok("NRIQ-", Base64URL, 25, 40), tok("NRII-", Base64URL, 25, 40)}, nil, medium, "https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/", "one.newrelic.com > API keys"},
		{"newrelic-old-key", "newrelic", "New Relic key of the old form", nil, byAs("newrelic", keyWords, run(LowerNum, 64)), medium, "https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/", "one.newrelic.com > API keys"},
		{"onesignal-app-key", "onesignal", "OneSignal key", []Shape{tok("os_v2_app_", Of("a-z2-7"), 80, 110), tok("os_v2_org_", Of("a-z2-7"), 80, 110)}, nil, high, "https://documentation.onesignal.com/docs/en/keys-and-ids", "dashboard.onesignal.com > Settings > Keys"},
		{"packagist-key", "packagist", "Private Packagist API key", []Shape{tok("packagist_ack_", Hex, 24, 80)}, nil, high, "https://packagist.com/docs/api", "packagist.com > Settings > API access"},
		{"plaid-secret-like", "plaid", "Plaid id or secret", nil, byAs("plaid", keyWords, run(Base62, 24), run(Base62, 30)), medium, "https://plaid.com/docs/account/security/", "dashboard.plaid.com > Developers > Keys"},
		{"polymarket-key", "polymarket", "Polymarket key", nil, byAs("polykey polysecret polyprivate polyaddress polypass polyapi polymarket", keyWords, uuid(), Token(Lit("0x"), Chars(HexAny, 64)), Token(Lit("0x"), Chars(HexAny, 40)), run(Base64Pad, 40, 44)), high, "https://docs.polymarket.com/", "polymarket.com > Settings > Export"},
		{"posthog-oauth-token", "posthog", "PostHog OAuth token", []Shape{tok("pha_", Base62, 40, 64), tok("phr_", Base62, 40, 64), tok("phs_", Base62, 40, 64)}, nil, high, "https://posthog.com/docs/api", "posthog.com > Settings"},
		{"postman-collection-token", "postman", "Postman collection access token", []Shape{tok("PMAT-", UpperNum, 26)}, nil, medium, "https://learning.postman.com/docs/developer/postman-api/authentication/", "postman.com > Share > Via API"},
		{"pubnub-key-like", "pubnub", "PubNub key", []Shape{Token(append([]Piece{Lit("sub-c-")}, alnum.Pieces...)...), Token(append([]Piece{Lit("pub-c-")}, alnum.Pieces...)...)}, nil, low, "https://www.pubnub.com/docs/general/metadata/basics", "admin.pubnub.com > Keysets"},
		{"ramp-client-id", "ramp", "Ramp client id", []Shape{id(Lit("ramp_id_"), Chars(Base62, 40))}, nil, low, "https://docs.ramp.com/", "app.ramp.com > Developer"},
		{"robinhood-api-key", "robinhood", "Robinhood crypto API key", []Shape{Token(append([]Piece{Lit("rh-api-")}, uuid().Pieces...)...)}, nil, high, "https://docs.robinhood.com/", "robinhood.com > Settings > Crypto > API"},
		{"runway-api-key", "runway", "Runway API key", []Shape{tok("key_", Hex, 128)}, nil, high, "https://docs.dev.runwayml.com/", "dev.runwayml.com > API keys"},
		{"scale-api-key", "scale", "Scale API key", []Shape{tok("live_", Hex, 32)}, nil, high, "https://scale.com/docs", "dashboard.scale.com > API keys"},
		{"scrapfly-key", "scrapfly", "Scrapfly key", []Shape{tok("scp-live-", LowerNum, 32)}, nil, medium, "https://scrapfly.io/docs", "scrapfly.io > Dashboard"},
		{"deepseek-like-key", "deepseek", "DeepSeek API key", []Shape{tok("sk-", Hex, 32)}, nil, high, "https://api-docs.deepseek.com/", "platform.deepseek.com > API keys"},
		{"slack-webhook-like", "slack", "Slack webhook", []Shape{hook("hooks.slack.com/services/", Range(Base62.Or(Of("/")), 40, 60)), hook("hooks.slack.com/workflows/", Range(Base62.Or(Of("/")), 40, 80)), hook("hooks.slack.com/triggers/", Range(Base62.Or(Of("/")), 40, 80))}, nil, high, "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/", "api.slack.com > Your apps > Incoming webhooks"},
		{"slack-workspace-token", "slack", "Slack legacy workspace token", []Shape{tok("xoxa-", Base64URL, 10, 48), tok("xoxr-", Base64URL, 10, 48)}, nil, high, "https://docs.slack.dev/authentication/tokens", "api.slack.com > Your apps"},
		{"sonar-cloud-token", "sonar", "SonarQube Cloud scoped token", []Shape{tok("sqco_", Base62, 50, 64)}, nil, high, "https://docs.sonarsource.com/sonarqube-cloud/", "sonarcloud.io > My account > Security"},
		{"square-token-like", "square", "Square access token", []Shape{{Pieces: []Piece{Lit("EAAA"), Range(Base64URL, 22, 60)}, NeedName: []string{"square"}}}, nil, high, "https://developer.squareup.com/docs/build-basics/access-tokens", "developer.squareup.com > Applications"},
		{"stripe-prod-key", "stripe", "Stripe key of an older form", []Shape{tok("sk_prod_", Base62, 10, 200), tok("rk_prod_", Base62, 10, 200)}, nil, high, "https://docs.stripe.com/keys", "dashboard.stripe.com > Developers > API keys"},
		{"supabase-token-like", "supabase", "Supabase token", []Shape{tok("sbp_", LowerNum, 40)}, nil, high, "https://supabase.com/docs/reference/api/introduction", "supabase.com > Account > Access tokens"},
		{"teamwork-token", "teamwork", "Teamwork.com token", []Shape{Token(Lit("tkn.v1_"), Range(Base64, 60, 80), Range(Of("="), 0, 2))}, nil, high, "https://apidocs.teamwork.com/", "teamwork.com > Profile > API"},
		{"tencent-wechat-app-id", "tencent", "WeChat application id", []Shape{id(Lit("wx"), Chars(Hex, 16))}, nil, low, "https://developers.weixin.qq.com/doc/", "mp.weixin.qq.com"},
		{"vercel-token-like", "vercel", "Vercel token", []Shape{tok("vcp_", Base64URL, 56), tok("vci_", Base64URL, 56), tok("vca_", Base64URL, 56), tok("vcr_", Base64URL, 56), tok("vck_", Base64URL, 56)}, nil, high, "https://vercel.com/docs/rest-api", "vercel.com > Account settings > Tokens"},
		{"voiceflow-key", "voiceflow", "Voiceflow API key", []Shape{Token(Lit("VF."), Chars(Upper, 2), Lit("."), Chars(Hex, 24), Lit("."), Chars(Base62, 16)), Token(Lit("VF."), Chars(Hex, 24), Lit("."), Chars(Base62, 16))}, nil, high, "https://docs.voiceflow.com/", "creator.voiceflow.com > Settings > API keys"},
		{"xai-management-key", "xai", "xAI management key", []Shape{tok("xai-token-", Base62, 70, 100)}, nil, high, "https://docs.x.ai/docs/overview", "console.x.ai > API keys"},
		{"zhipu-key", "zhipu", "Zhipu API key", []Shape{Token(Chars(Hex, 32), Lit("."), Chars(Base62, 16))}, nil, high, "https://docs.bigmodel.cn/", "bigmodel.cn > API keys"},
		{"zuplo-api-key", "zuplo", "Zuplo API key", []Shape{Token(Lit("zpka_"), Chars(Base62, 32), Lit("_"), Chars(Hex, 8))}, nil, medium, "https://zuplo.com/docs/", "portal.zuplo.com > Services"},
	})
}

// uuidOf is 8-4-4-4-12 bytes of a class: some providers' go beyond hexadecimal digits.
func uuidOf(c *Class) Shape {
	return Token(Chars(c, 8), Lit("-"), Chars(c, 4), Lit("-"), Chars(c, 4), Lit("-"), Chars(c, 4), Lit("-"), Chars(c, 12))
}
