package detectors

const (
	ddKeys   = "https://docs.datadoghq.com/account_management/api-app-keys/"
	nrKeys   = "https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/"
	dynaKeys = "https://docs.dynatrace.com/docs/manage/identity-access-management/access-tokens-and-oauth-clients/access-tokens"
)

// monitoring is the kinds of observability, feature flag and analytics providers.
func monitoring() []Detector {
	return append([]Detector{
		{
			ID: "datadog-api-key", Provider: "datadog", Title: "Datadog API key",
			Named:  byAs("datadog ddapi ddkey ddapikey dogapi", "", run(Hex, 32)),
			Traits: Traits{Expires: no(ddKeys), Scoped: no(ddKeys), LastUsed: yes("https://docs.datadoghq.com/api/latest/key-management/"), Overlap: yes(ddKeys), RotateAPI: yes("https://docs.datadoghq.com/api/latest/key-management/")},
			Rotate: "make a second key (POST /api/v2/api_keys), update every agent, then delete this one",
			Revoke: "curl -X DELETE https://api.datadoghq.com/api/v2/api_keys/ID",
			Docs:   ddKeys, Format: fromCorpus,
		},
		{
			ID: "datadog-application-key", Provider: "datadog", Title: "Datadog application key",
			Shapes: []Shape{tok("ddapp_", Base62, 34)},
			Named:  byAs("datadog ddapp ddapplication dogapp", "", run(Hex, 40), run(Base62, 40)),
			Traits: Traits{Expires: no(ddKeys), Scoped: yes(ddKeys), LastUsed: yes("https://docs.datadoghq.com/api/latest/key-management/"), Overlap: yes(ddKeys), RotateAPI: yes("https://docs.datadoghq.com/api/latest/key-management/")},
			Rotate: "make a second key with the same scopes for a service account, update every consumer, then delete this one",
			Revoke: "curl -X DELETE https://api.datadoghq.com/api/v2/application_keys/ID",
			Docs:   ddKeys, Format: fromCorpus,
		},
		{
			ID: "dynatrace-token", Provider: "dynatrace", Title: "Dynatrace token",
			Shapes: []Shape{Token(Lit("dt0"), Chars(Lower, 1), Chars(Digits, 2), Lit("."), Range(UpperNum, 8, 24), Lit("."), Chars(UpperNum, 64)), Token(Lit("dt0"), Chars(Lower, 1), Chars(Digits, 2), Lit("."), Range(Base62, 8, 24), Lit("."), Chars(Base62, 64))},
			Facts:  publicPart(".", 2),
			Traits: Traits{Scoped: yes(dynaKeys), Overlap: yes(dynaKeys), RotateAPI: yes(dynaKeys)},
			Rotate: "make a second token with an expiry, update every consumer, then delete this one",
			Revoke: "curl -X DELETE https://HOST/api/v2/apiTokens/ID",
			Docs:   dynaKeys, Format: dynaKeys,
		},
	}, table([]tail{
		{"airbrake-key", "airbrake", "Airbrake user or project key", nil, byAs("airbrake", keyWords, run(Hex, 40), run(Hex, 32)), medium, "https://docs.airbrake.io/docs/devops-tools/api/", "airbrake.io > User settings > API keys"},
		{"amplitude-key", "amplitude", "Amplitude key", nil, byAs("amplitude", keyWords, run(Hex, 32)), medium, "https://amplitude.com/docs/apis/authentication", "amplitude.com > Settings > Projects"},
		{"baremetrics-api-key", "baremetrics", "Baremetrics API key", []Shape{tok("lk_", Base64URL, 22), tok("sk_", Base64URL, 22)}, byAs("baremetrics", keyWords, run(Base64URL, 25)), medium, "https://developers.baremetrics.com/", "app.baremetrics.com > Settings > API"},
		{"clearbit-api-key", "clearbit", "Clearbit API key", nil, byAs("clearbit", keyWords, tok("sk_", Of("a-z0-9_"), 32), run(Base64URL, 35)), medium, "https://clearbit.com/docs", "dashboard.clearbit.com > API"},
		{"datadog-client-token", "datadog", "Datadog client token", []Shape{{Pieces: []Piece{Lit("pub"), Chars(Hex, 32)}}}, nil, low, ddKeys, "app.datadoghq.com > Organization settings > Client tokens"},
		{"fullstory-api-key", "fullstory", "FullStory API key", []Shape{tok("na1.", Base64Pad, 60, 120), tok("eu1.", Base64Pad, 60, 120)}, nil, medium, "https://developer.fullstory.com/server/authentication/", "app.fullstory.com > Settings > API keys"},
		{"honeycomb-api-key", "honeycomb", "Honeycomb key", []Shape{Token(Lit("hcaik_"), Range(LowerNum, 58, 64)), Token(Lit("hcbik_"), Range(LowerNum, 58, 64)), Token(Lit("hcxik_"), Range(LowerNum, 58, 64)), Token(Lit("hcxmk_"), Range(LowerNum, 26, 64))}, by("honeycomb", run(Hex, 32), run(Base62, 22)), medium, "https://docs.honeycomb.io/configure/environments/manage-api-keys/", "ui.honeycomb.io > Environment settings > API keys"},
		{"launchdarkly-access-token", "launchdarkly", "LaunchDarkly access token", []Shape{Token(append([]Piece{Lit("api-")}, uuidOf(HexAny).Pieces...)...)}, byAs("launchdarkly", keyWords, run(Base64URL, 40)), high, "https://launchdarkly.com/docs/home/account/api", "app.launchdarkly.com > Authorization"},
		{"launchdarkly-sdk-key", "launchdarkly", "LaunchDarkly SDK key", []Shape{Token(append([]Piece{Lit("sdk-")}, uuid().Pieces...)...), Token(append([]Piece{Lit("mob-")}, uuid().Pieces...)...)}, nil, medium, "https://launchdarkly.com/docs/sdk/concepts/client-side-server-side", "app.launchdarkly.com > Environments"},
		{"logdna-key", "logdna", "Mezmo (LogDNA) ingestion key", nil, byAs("logdna mezmo", keyWords, run(Hex, 32)), medium, "https://docs.mezmo.com/docs/ingestion-key", "app.mezmo.com > Settings > API keys"},
		{"logzio-token", "logzio", "Logz.io token", nil, byAs("logzio", keyWords, run(Letters, 32), uuid()), medium, "https://docs.logz.io/docs/user-guide/admin/authentication-tokens/", "app.logz.io > Settings > Manage tokens"},
		{"lumigo-token", "lumigo", "Lumigo token", nil, byAs("lumigo", keyWords, tok("t_", Hex, 20)), medium, "https://docs.lumigo.io/docs/lumigo-tokens", "platform.lumigo.io > Settings > Tracing"},
		{"newrelic-browser-key", "newrelic", "New Relic browser key", []Shape{tok("NRJS-", Hex, 19)}, nil, low, nrKeys, "one.newrelic.com > API keys"},
		{"newrelic-insert-key", "newrelic", "New Relic insert or query key", []Shape{tok("NRII-", Base64URL, 32), tok("NRIQ-", Base64URL, 32)}, nil, medium, nrKeys, "one.newrelic.com > API keys"},
		{"newrelic-license-key", "newrelic", "New Relic license key", []Shape{Token(Range(HexAny, 36, 36), Lit("NRAL")), Token(Lit("eu01x"), Range(Of("0-9a-fA-Fx"), 31, 31), Lit("NRAL"))}, byAs("newrelic", "license licence", run(Hex, 40)), medium, nrKeys, "one.newrelic.com > API keys"},
		{"newrelic-user-key", "newrelic", "New Relic user key", []Shape{tok("NRAK-", UpperNum, 27), tok("NRAA-", Hex, 27), tok("NRRA-", Hex, 42), tok("NRAK-", Base62, 27)}, nil, high, nrKeys, "one.newrelic.com > API keys"},
		{"newrelic-user-id", "newrelic", "New Relic user API id", nil, byAs("newrelic", "id apiid userid", run(Base62, 64)), low, nrKeys, "one.newrelic.com > API keys"},
		{"newrelic-pixie-key", "newrelic", "New Relic Pixie key", []Shape{Token(append([]Piece{Lit("px-api-")}, uuidOf(Hex).Pieces...)...), Token(append([]Piece{Lit("px-dep-")}, uuidOf(Hex).Pieces...)...)}, nil, medium, "https://docs.px.dev/reference/admin/api-keys/", "work.withpixie.ai > Admin"},
		{"opsgenie-api-key", "atlassian", "Opsgenie API key", nil, byAs("opsgenie", keyWords, uuid()), medium, "https://support.atlassian.com/opsgenie/docs/api-key-management/", "app.opsgenie.com > Settings > API key management"},
		{"optimizely-token", "optimizely", "Optimizely token", []Shape{Token(Lit("2:"), Chars(Base64URL, 54))}, byAs("optimizely", keyWords, run(Of("0-9A-Za-z:_-"), 54, 56)), medium, "https://docs.developers.optimizely.com/web-experimentation/docs/personal-access-token", "app.optimizely.com > Profile > API access"},
		{"pagerduty-api-key", "pagerduty", "PagerDuty API key", []Shape{Token(Lit("u+"), Chars(Base64URL, 18))}, byAs("pagerduty pdapi pdtoken", "", run(Base64URL.Or(Of("+")), 20), run(Hex, 32)), high, "https://support.pagerduty.com/main/docs/api-access-keys", "pagerduty.com > Integrations > API access keys"},
		{"posthog-personal-key", "posthog", "PostHog personal API key", []Shape{tok("phx_", Base64URL, 41, 49), tok("phx_", Base64URL, 60)}, nil, high, "https://posthog.com/docs/api", "posthog.com > Settings > Personal API keys"},
		{"posthog-project-key", "posthog", "PostHog project API key", []Shape{tok("phc_", Base64URL, 40, 44)}, nil, low, "https://posthog.com/docs/api", "posthog.com > Settings > Project"},
		{"rollbar-token", "rollbar", "Rollbar access token", nil, byAs("rollbar", keyWords, run(Hex, 32)), medium, "https://docs.rollbar.com/docs/access-tokens", "rollbar.com > Project settings > Access tokens"},
		{"rootly-api-key", "rootly", "Rootly API key", []Shape{tok("rootly_", Hex, 64)}, nil, high, "https://docs.rootly.com/api-reference/overview", "rootly.com > Organization settings > API keys"},
		{"segment-public-api-token", "segment", "Segment Public API token", []Shape{tok("sgp_", Base62, 64)}, nil, high, "https://docs.segmentapis.com/", "app.segment.com > Settings > Workspace > Access management"},
		{"segment-write-key", "segment", "Segment write key", nil, byAs("segment", "writekey apikey secret", run(Base62, 32), run(Base64URL, 43)), low, "https://segment.com/docs/connections/find-writekey/", "app.segment.com > Sources > Settings"},
		{"splunk-token", "splunk", "Splunk HEC token", nil, byAs("splunk hec", keyWords, uuid()), medium, "https://help.splunk.com/en/splunk-enterprise/get-data-in/", "Splunk > Data inputs > HTTP Event Collector"},
		{"sumologic-access-id", "sumologic", "Sumo Logic access id", nil, by("sumologic sumoaccess sumoid", Shape{Role: "id", Pieces: []Piece{Lit("su"), Chars(Base62, 12)}}), low, "https://www.sumologic.com/help/docs/manage/security/access-keys/", "sumologic.com > Administration > Access keys"},
		{"sumologic-access-key", "sumologic", "Sumo Logic access key", nil, by("sumologic sumoaccess sumokey sumotoken", run(Base62, 64)), high, "https://www.sumologic.com/help/docs/manage/security/access-keys/", "sumologic.com > Administration > Access keys"},
		{"wakatime-api-key", "wakatime", "WakaTime API key", []Shape{Token(append([]Piece{Lit("waka_")}, uuid().Pieces...)...), Token(Lit("waka_tok_"), Range(Base62, 36, 64)), Token(Lit("waka_sec_"), Range(Base62, 36, 64)), Token(Lit("waka_ref_"), Range(Base62, 36, 64))}, byAs("wakatime", keyWords, uuid()), low, "https://wakatime.com/developers", "wakatime.com > Settings > Account"},
	})...)
}
