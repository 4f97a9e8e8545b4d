package detectors

// variants are further forms of credentials whose providers have rows elsewhere: older and newer ones, and those of their
// lesser products.
func variants() []Detector {
	const (
		azure   = "https://learn.microsoft.com/en-us/azure/ai-services/authentication"
		entra   = "https://learn.microsoft.com/en-us/entra/identity-platform/refresh-tokens"
		bedrock = "https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html"
		sts     = "https://www.alibabacloud.com/help/en/ram/product-overview/what-is-sts"
		yandexK = "https://yandex.cloud/en/docs/iam/concepts/authorization/"
		ibmKey  = "https://cloud.ibm.com/docs/account?topic=account-userapikey"
		ibmSL   = "https://cloud.ibm.com/docs/account?topic=account-classic_keys"
	)
	dotted := Base64URL.Or(Of(".="))
	return table([]tail{
		{"alibaba-sts-token", "alibaba", "Alibaba Cloud STS security token", []Shape{{Pieces: []Piece{Lit("CAIS"), Range(Base64Pad, 40, 1500)}, NeedName: []string{"alibaba", "aliyun", "securitytoken", "ststoken", "ossststoken"}}}, nil, medium, sts, "let it expire within hours; RAM > Roles"},
		{"atlassian-old-token", "atlassian", "Atlassian API token of the old form", nil, byAs("atlassian confluence jira", keyWords, run(Base62.Or(Of("-")), 24)), high, "https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/", "id.atlassian.com > Security > API tokens"},
		{"azure-openai-old-key", "azure", "Azure OpenAI key of the old form", nil, byAs("openai", "key", run(Hex, 32)), high, azure, "portal.azure.com > the resource > Keys and endpoint"},
		{"azure-refresh-token", "azure", "Microsoft Entra refresh token", []Shape{{Pieces: []Piece{Chars(Of("01"), 1), Lit(".A"), Range(Base64URL, 40, 100), Lit(".Ag"), Range(dotted, 200, 2000)}}}, nil, high, entra, "az ad user revoke-sign-in-sessions, or entra.microsoft.com > Users > Revoke sessions"},
		{"azure-search-old-key", "azure", "Azure service key of 52 characters", nil, byAs("azure", keyWords, run(Base62, 52)), medium, azure, "portal.azure.com > the resource > Keys"},
		{"bedrock-short-lived-key", "aws", "Amazon Bedrock API key, short-lived", []Shape{Token(Lit("bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t"), Range(Base64Pad, 0, 4000))}, nil, medium, bedrock, "let it expire within 12 hours"},
		{"bitwarden-client-secret", "bitwarden", "Bitwarden personal API key", nil, by("apikeyclientsecret bwclientsecret bitwarden", run(Base62, 30)), high, "https://bitwarden.com/help/personal-api-key/", "vault.bitwarden.com > Settings > Security > Keys"},
		{"branch-api-key", "branch", "Branch key", nil, by("branch", tok("key_live_", Base62, 32), tok("key_test_", Base62, 32), tok("secret_live_", Base62, 40)), low, "https://help.branch.io/developers-hub/docs/branch-key-secret", "dashboard.branch.io > Account settings"},
		{"buildkite-portal-token", "buildkite", "Buildkite portal secret or token", []Shape{tok("bkps_", Base62, 40, 400), tok("bkpat_", Base62, 40, 400)}, nil, high, "https://buildkite.com/docs/apis/portals", "buildkite.com > Portals"},
		{"cloudinary-secret", "cloudinary", "Cloudinary API secret", nil, byAs("cloudinary", "secret apisecret", run(Base64URL, 24, 40)), high, "https://cloudinary.com/documentation/developer_onboarding_faq_find_credentials", "console.cloudinary.com > Settings > API keys"},
		{"customerio-app-key", "customerio", "Customer.io app key", nil, by("cioapp cioapi ciotracking ciosite customerio", run(Hex, 32), run(Hex, 20)), high, "https://docs.customer.io/accounts-and-workspaces/managing-credentials/", "fly.customer.io > Account settings > API credentials"},
		{"ebay-client-secret", "ebay", "eBay client id and secret", []Shape{{Role: "id", Pieces: []Piece{Range(Base62, 3, 20), Lit("-"), Range(Base62, 3, 20), Lit("-PRD-"), Range(Hex, 8, 9), Lit("-"), Chars(Hex, 8)}}, Token(Lit("PRD-"), Range(Hex, 8, 12), Lit("-"), Chars(Hex, 4), Lit("-"), Chars(Hex, 4), Lit("-"), Chars(Hex, 4), Lit("-"), Range(Hex, 4, 8))}, nil, high, "https://developer.ebay.com/api-docs/static/oauth-credentials.html", "developer.ebay.com > Application keys > Rotate (reset) Cert ID"},
		{"ibm-classic-key", "ibm", "IBM Cloud classic infrastructure API key", []Shape{{Pieces: []Piece{Lit("softlayer.com/soap/v3"), Range(Of(".0-9"), 0, 2), Lit("/"), Chars(Hex, 64)}, Left: anyByte, Keep: len("softlayer.com/")}, {Pieces: []Piece{Lit("softlayer.com/rest/v3"), Range(Of(".0-9"), 0, 2), Lit("/"), Chars(Hex, 64)}, Left: anyByte, Keep: len("softlayer.com/")}}, by("softlayer slapikey slkey slpass slpwd sltoken", run(Hex, 64)), high, ibmSL, "cloud.ibm.com > Manage > Access (IAM) > API keys"},
		{"ibm-cloudant-password", "ibm", "IBM Cloudant password", nil, byAs("cloudant", "password passwd pass pwd pw key secret token", run(Hex, 64)), high, "https://cloud.ibm.com/docs/Cloudant?topic=Cloudant-work-with-your-account", "cloud.ibm.com > the Cloudant instance > Service credentials"},
		{"ibm-iam-api-key", "ibm", "IBM Cloud IAM API key", nil, by("iamapikey iamkey iampassword iampwd cloudiam", run(Base64URL, 44)), high, ibmKey, "ibmcloud iam api-key-delete NAME"},
		{"lark-access-token", "lark", "Lark access token", nil, byAs("lark larksuite feishu", "token access", Token(Chars(Of("atu"), 1), Lit("-"), Range(dotted, 14, 60))), medium, "https://open.larksuite.com/document/", "let it expire within hours"},
		{"lighton-paradigm-key", "lightonparadigm", "LightOn Paradigm API key", nil, byAs("paradigm lighton", keyWords, run(Base64URL, 40, 80)), medium, "https://paradigm.lighton.ai/docs", "paradigm.lighton.ai > Profile > API keys"},
		{"line-channel-token", "line", "LINE channel access token", nil, byAs("line linemsg linebot linechannel", keyWords, Token(Range(Base64, 160, 176), Range(Of("="), 0, 2))), high, "https://developers.line.biz/en/docs/basics/channel-access-token/", "developers.line.biz > Channel > Messaging API"},
		{"mercury-sandbox-token", "mercury", "Mercury sandbox API token", []Shape{tok("mercury_sandbox_", Base64URL, 40, 120)}, nil, low, "https://docs.mercury.com/docs/getting-started", "sandbox.mercury.com > Settings > API tokens"},
		{"myintervals-api-token", "myintervals", "Intervals API token", nil, byAs("myintervals", keyWords, run(LowerNum, 11)), medium, "https://www.myintervals.com/api/", "myintervals.com > My account > API access"},
		{"newrelic-mobile-token", "newrelic", "New Relic mobile application token", []Shape{Token(Lit("AA"), Chars(Hex, 40), Lit("-NRMA")), Token(Lit("eu01xx"), Chars(Hex, 36), Lit("-NRMA"))}, nil, low, "https://docs.newrelic.com/docs/mobile-monitoring/", "one.newrelic.com > Mobile > Settings"},
		{"notion-refresh-token", "notion", "Notion refresh token", []Shape{tok("nrt_", Base64URL, 40, 60)}, nil, high, "https://developers.notion.com/docs/authorization", "notion.so > My connections"},
		{"onfido-live-token", "onfido", "Onfido live API token", []Shape{tok("api_live.", dotted, 28, 80), tok("api_live_us.", dotted, 28, 80), tok("api_live_ca.", dotted, 28, 80)}, nil, high, "https://documentation.onfido.com/api/latest/#api-tokens", "dashboard.onfido.com > Developers > Tokens"},
		{"ovh-application-key", "ovh", "OVHcloud application or consumer key", nil, byAs("ovh", "applicationkey appkey consumerkey", run(Base62, 16), run(Base64URL, 32)), medium, "https://help.ovhcloud.com/csm/en-gb-api-getting-started-ovhcloud-api", "auth.eu.ovhcloud.com > API"},
		{"persona-api-key", "persona", "Persona API key", []Shape{tok("persona_production_", Base64URL, 20, 80)}, nil, high, "https://docs.withpersona.com/reference/api-keys", "app.withpersona.com > API > Keys"},
		{"rainforest-api-key", "rainforestpay", "Rainforest API key", nil, by("rainforest", tok("apikey_", Hex, 64)), high, "https://docs.rainforestpay.com/docs/api-keys", "the platform's portal > API keys"},
		{"saladcloud-api-key", "saladcloud", "SaladCloud API key", []Shape{tok("salad_cloud_", Base64URL, 40, 100)}, nil, high, "https://docs.salad.com/reference/api-usage", "portal.salad.com > API access"},
		{"segment-source-token", "segment", "Segment access token", nil, byAs("segment", keyWords, Token(Chars(Base64URL, 43), Lit("."), Chars(Base64URL, 43))), high, "https://segment.com/docs/connections/", "app.segment.com > Settings > Access management"},
		{"splunk-observability-token", "splunk", "Splunk Observability access token", nil, byAs("splunk signalfx sfx", keyWords, run(Base64URL, 22)), high, "https://help.splunk.com/en/splunk-observability-cloud/administer/authentication-and-security/authentication-tokens/", "Splunk Observability > Settings > Access tokens"},
		{"yandex-key-like", "yandex", "Yandex Cloud key", nil, byAs("yandex", keyWords, Token(Lit("YC"), Chars(Base64URL, 38)), Token(Lit("t1."), Range(Base64URL, 1, 700), Lit("."), Range(Base64URL, 80, 90)), tok("pdct.1.1.", Of("a-zA-Z0-9."), 40, 100), run(Of("a-zA-Z0-9.-"), 83, 86)), high, yandexK, "yc iam access-key delete ID"},
	})
}
