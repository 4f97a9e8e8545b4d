package detectors

import "fmt"

// further is one more form of a kind that has a row elsewhere.
type further struct {
	id     string
	shapes []Shape
	named  []Named
}

// extend adds the further forms to their rows. It panics where there is no such row: both tables are part of the program.
func extend(rows []Detector) []Detector {
	at := make(map[string]int, len(rows))
	for i := range rows {
		at[rows[i].ID] = i
	}
	for _, f := range furtherForms() {
		i, ok := at[f.id]
		if !ok {
			panic(fmt.Sprintf("further form of %q, which is no kind", f.id))
		}
		rows[i].Shapes = append(rows[i].Shapes, f.shapes...)
		rows[i].Named = append(rows[i].Named, f.named...)
	}
	return rows
}

// furtherForms are older and newer forms of known kinds, and what public rule sets let pass beside the documented ones.
func furtherForms() []further {
	lowerURL := Of("a-z0-9=_-")
	dotted := Base64URL.Or(Of(".="))
	return []further{
		{"alchemy-api-key", []Shape{hook("alchemyapi.io/v2/", Range(Base64URL, 21, 64))}, nil},
		{"algolia-api-key", nil, byAs("algolia", "app id", Shape{Role: "id", Pieces: []Piece{Chars(UpperNum, 10)}})},
		{"anthropic-api-key", []Shape{Token(Lit("sk-ant-api"), Range(Digits, 2, 3), Lit("-"), Range(Base64URL, 80, 120), Lit("AA"))}, nil},
		{"asana-token", nil, byAs("asana", keyWords,
			Token(Chars(Of("012"), 1), Lit("/"), Range(Base62.Or(Of("/")), 32, 80)),
			Token(Range(Digits, 1, 60), Lit("/"), Range(Digits, 13, 60), Lit(":"), Chars(Base62, 32)),
			Token(Range(Digits, 1, 60), Lit("/"), Range(Digits, 13, 60), Lit("/"), Range(Digits, 13, 60), Lit(":"), Chars(Base62, 32)))},
		{"baseten-api-key", nil, byAs("baseten", keyWords, Token(Chars(Base62, 8), Lit("."), Chars(Base62, 32)))},
		{"brevo-api-key", []Shape{tok("xkeysib-", Base64URL, 81)}, nil},
		{"cloudflare-origin-ca-key", []Shape{Token(Lit("v1.0-"), Range(Hex, 24, 64), Lit("-"), Range(Hex, 96, 160))}, nil},
		{"cloudsmith-api-key", []Shape{tok("csa_", Base62, 36)}, nil},
		{"cockroachdb-api-key", []Shape{Token(Lit("CCDB1_"), Chars(Base62, 22), Lit("_"), Chars(Base62, 40))}, nil},
		{"coderabbit-api-key", []Shape{tok("cr-", Hex, 58)}, nil},
		{"coinbase-key", nil, byAs("coinbase", keyWords, run(Base62, 32), run(Base62, 16))},
		{"confluent-key", nil, byAs("confluent", keyWords, run(Base62, 16))},
		{"datadog-api-key", nil, byAs("datadog", keyWords, run(Base62, 32), run(Base62, 40))},
		{"datastaxastra-api-token", []Shape{tok("AstraCS:", Base62, 20, 40)}, nil},
		{"figma-token", []Shape{tok("figp_", Base64URL.Or(Of("=")), 38, 46)}, nil},
		{"finage-api-key", []Shape{tok("API_KEY", UpperNum, 24)}, byAs("finage", keyWords, tok("API_KEY", UpperNum, 20, 28))},
		{"flyio-token", nil, by("flyio flytoken flyapitoken flyaccesstoken", Token(Lit("FlyV1 "), Range(Base64Pad.Or(Of("_,-")), 60, 2000)))},
		{"frameio-token", []Shape{tok("fio-u-", Base64URL.Or(Of("=")), 64)}, nil},
		{"fullstory-api-key", nil, byAs("fullstory", keyWords, Token(Lit("na1."), Range(Base64Pad, 28, 120)), run(Base64Pad, 80, 140))},
		{"gitlab-runner-registration-token", []Shape{tok("glrtr-", Base64URL, 20, 60)}, nil},
		{"gitlab-session-cookie", []Shape{{Pieces: []Piece{Lit("_gitlab_session="), Chars(LowerNum, 32)}, Keep: len("_gitlab_session=")}}, nil},
		{"gocardless-token", nil, by("gocardless", tok("live_", lowerURL, 40))},
		{"hellosign-credential", nil, by("hellosign", Token(Chars(Of("a-zA-Z0-9+/-"), 64), Chars(Of("="), 2)))},
		{"imagekit-key", nil, by("imagekit", tok("private_", Base64Pad, 10, 128))},
		{"kimi-api-key", nil, by("moonshot kimi", tok("sk-", Base64URL, 40, 60))},
		{"kraken-key", nil, byAs("kraken", keyWords, run(Of("a-zA-Z0-9/=_+-"), 80, 90))},
		{"linenotify-credential", nil, by("linenotify", run(Base62, 43), run(Base62, 50, 54))},
		{"mailchimp-api-key", nil, by("mailchimp", Token(Chars(Base62, 32), Lit("-us"), Range(Digits, 1, 2)))},
		{"mapbox-secret-token", []Shape{Token(Lit("sk.eyJ1"), Range(Base64URL, 24, 1200), Lit("."), Range(Base64URL, 20, 40))}, nil},
		{"mattermost-token", nil, by("mattermostpat mmaccesstoken mmtoken mmpat mmapikey mmapitoken mmbottoken", run(LowerNum, 26))},
		{"mercury-api-token", []Shape{tok("mercury_production_", Base64URL, 40, 120)}, nil},
		{"mergify-key", []Shape{tok("mergify_application_key_", Base64URL, 40, 200)}, nil},
		{"netlify-token", nil, byAs("netlify", keyWords, run(Hex, 60, 64))},
		{"newrelic-user-key", nil, byAs("newrelic", keyWords, Token(Chars(Upper, 4), Lit("-"), Chars(Base64URL, 42)))},
		{"nightfall-api-key", []Shape{tok("NF-", Base62, 32)}, nil},
		{"notion-token", []Shape{tok("ntn_", Base62, 46)}, nil},
		{"nuget-api-key", nil, byAs("nuget", keyWords, run(LowerNum, 46))},
		{"openweathermap-key", nil, by("pyowm", run(Hex, 32))},
		{"pagarme-api-key", []Shape{tok("ak_live_", Base62, 30)}, nil},
		{"paypal-client-secret", nil, byAs("paypal", "clientid", Token(Lit("A"), Range(Base64URL, 78, 119)))},
		{"paypal-client-secret", nil, byAs("paypal", keyWords, Token(Lit("E"), Range(Base64URL, 59, 119)), Token(Lit("A"), Range(Base64URL, 79, 119)))},
		{"planetscale-password", nil, byAs("planetscale pscale", "id user", Shape{Role: "id", Pieces: []Piece{Chars(LowerNum, 12)}})},
		{"plivo-credential", nil, by("plivo", Shape{Role: "id", Pieces: []Piece{Chars(Of("MS"), 1), Lit("A"), Chars(UpperNum, 18)}})},
		{"retell-api-key", []Shape{tok("key_", Hex, 28)}, nil},
		{"runpod-api-key", []Shape{Token(Lit("rpa_"), Chars(UpperNum, 40), Range(Base62, 2, 8))}, nil},
		{"scale-api-key", []Shape{tok("live_auth_", Hex, 32)}, nil},
		{"sendgrid-api-key", nil, byAs("sendgrid sengrid", keyWords, Token(Lit("SG."), Chars(Of("a-zA-Z0-9=_.-"), 66)))},
		{"shopify-access-token", []Shape{tok("shpat_", Base62, 32, 40), tok("shpca_", Base62, 32, 40), tok("shppa_", Base62, 32, 40)}, nil},
		{"shopify-shared-secret", []Shape{tok("shpss_", Base62, 32, 40)}, nil},
		{"slack-workspace-token", nil, by("slack", tok("xapp-", Base64.Or(Of("-")), 30, 160))},
		{"spotify-token", nil, byAs("spotify", "token access bearer", Token(Lit("BQ"), Range(Base64URL, 80, 400)))},
		{"square-access-token", []Shape{tok("EAAAE", Base64URL, 60, 66), tok("EAAAl", Base64URL, 60, 66)}, nil},
		{"stability-api-key", nil, byAs("stablediffusion stabilityai", keyWords, tok("sk-", Base62, 48))},
		{"sumologic-access-id", nil, byAs("sumo", "id token access", Shape{Role: "id", Pieces: []Piece{Lit("su"), Chars(Base62, 12)}})},
		{"thingsboard-token", []Shape{{Pieces: []Piece{Lit("/api/v1/"), Chars(Base62, 20), Lit("/telemetry")}, Left: anyByte, Keep: len("/api/v1/")}}, nil},
		{"truenas-api-key", nil, by("truenas loginwithapikey", Token(Range(Digits, 1, 3), Lit("-"), Chars(Base62, 64)))},
		{"twitter-bearer-token", nil, byAs("twitter", "token bearer", Token(Chars(Upper, 22), Lit("%"), Range(Base64URL.Or(Of("%")), 60, 180)))},
		{"typeform-token", nil, byAs("typeform", keyWords, run(Base62, 40, 44), tok("tfp_", Base62, 40))},
		{"ubidots-api-token", []Shape{tok("BBFF-", Base62, 30), tok("BBUS-", Base62, 30)}, nil},
		{"vastai-api-key", nil, by("vastai vastapikey", run(Hex, 64))},
		{"voyageai-api-key", []Shape{{Pieces: []Piece{Lit("pa-"), Chars(Base64URL, 43)}, MinEntropy: 4.2}}, nil},
		{"wakatime-api-key", []Shape{tok("waka_", LowerNum, 40)}, nil},
		{"workos-api-key", []Shape{tok("sk_live_a2V5XzAx", Base64Pad, 50, 100), tok("sk_test_a2V5XzAx", Base64Pad, 50, 100)}, nil},
		{"wundergraph-credential", []Shape{tok("cosmo_", Hex, 32)}, nil},
		{"yelp-api-key", nil, byAs("yelp", keyWords, run(dotted, 128))},
		{"youtube-api-key", nil, byAs("youtube", keyWords, run(Base64URL, 39))},
		{"zai-api-key", nil, byAs("zai zhipu bigmodel", keyWords, Token(Chars(Hex, 32), Lit("."), Chars(Base62, 16)))},
	}
}
