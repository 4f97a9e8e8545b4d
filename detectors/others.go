package detectors

import "strings"

// other is a kind that public rule sets agree on little about: the shape of its value and its provider's name.
type other struct {
	provider, kind string
	prefix         string
	class          *Class
	min, max       int // of what follows the prefix; 0 for a UUID
}

// brands are what providers call themselves where their id here is another word.
var brands = map[string]string{"smartsheets": "smartsheet"}

// others is the rest of the catalogue: one row a kind. A value needs its provider's name close by and a name that promises
// a secret, or its prefix. Nothing was confirmed on a provider's page: the page is its site.
func others() []Detector {
	var out []Detector
	for _, o := range otherKinds {
		name := strings.ToUpper(o.provider[:1]) + o.provider[1:]
		words := o.provider
		if w, ok := brands[o.provider]; ok {
			words = w
		}
		d := Detector{
			ID: o.provider + "-" + o.kind, Provider: o.provider, Title: name + " " + strings.ReplaceAll(strings.ReplaceAll(o.kind, "-", " "), "api", "API"),
			Severity: medium,
			Rotate:   "make a new one in " + name + "'s console, update every consumer, then revoke this one",
			Revoke:   "revoke it in " + name + "'s console",
			Docs:     siteOf(o.provider), Format: fromCorpus,
		}
		switch {
		case o.prefix != "" && o.distinct():
			d.Shapes = []Shape{tok(o.prefix, o.class, o.min, o.max)}
		case o.prefix != "":
			d.Named = byAs(words, keyWords, tok(o.prefix, o.class, o.min, o.max))
		case o.max == 0:
			d.Named = byAs(words, keyWords, uuid())
		default:
			d.Named = byAs(words, keyWords, run(o.class, o.min, o.max))
		}
		out = append(out, d)
	}
	return out
}

// distinct reports whether the prefix is one that others would not use too: sk_ and the like are shared.
func (o other) distinct() bool {
	return len(o.prefix) >= 4 && !strings.HasPrefix(o.prefix, "sk_") && !strings.HasPrefix(o.prefix, "pk_") && !strings.HasPrefix(o.prefix, "key") && !strings.HasPrefix(o.prefix, "api") &&
		!strings.HasPrefix(o.prefix, "live") && !strings.HasPrefix(o.prefix, "test") && !strings.HasPrefix(o.prefix, "apk_") && !strings.HasPrefix(o.prefix, "secret")
}

var otherKinds = []other{
	{"ai21", "api-key", "", Hex, 0, 0},
	{"aikido", "client-secret", "AIK_SECRET_", Base62, 64, 64},
	{"aikidoci", "deploy-token", "AIK_CI_", Base62, 20, 44},
	{"appoptics", "api-key", "", Base64URL, 71, 71},
	{"asaas", "api-token", "", Base64URL, 20, 100},
	{"avaza", "personal-token", "", Hex, 40, 40},
	{"baseten", "api-key", "", Base62, 32, 32},
	{"bitrise", "access-token", "", Base64URL, 60, 120},
	{"bitrise", "personal-token", "", Base64URL, 60, 120},
	{"bombbomb", "api-key", "", Base64, 88, 88},
	{"bravesearch", "api-key", "", Base64URL, 24, 40},
	{"caflou", "api-key", "", Base62, 155, 155},
	{"canadiandigitalservicenotify", "api-key", "", Hex, 0, 0},
	{"canva", "client-secret", "", Base64URL, 51, 51},
	{"cartesia", "api-key", "sk_car_", Base64URL, 20, 20},
	{"civo", "api-key", "", Base62, 50, 50},
	{"clay", "api-key", "", Hex, 20, 20},
	{"clerk", "secret-key", "sk_", Base62, 32, 32},
	{"close", "api-key", "", Base62, 45, 45},
	{"cloudconvert", "api-key", "", Base64, 600, 700},
	{"cloudsight", "api-key", "", Base62, 20, 24},
	{"cockroachdb", "api-key", "CCDB1_", Base62, 40, 40},
	{"cockroachdb", "service-token", "CCDB1_", Base62, 40, 40},
	{"codemagic", "api-key", "", Base64URL, 43, 43},
	{"coderabbit", "api-key", "", Hex, 58, 58},
	{"configcat", "api-key", "", Base64URL, 22, 22},
	{"coze", "personal-token", "", Base62, 64, 64},
	{"cypress", "api-key", "", Hex, 0, 0},
	{"d7network", "api-key", "", Base62, 23, 23},
	{"databento", "api-key", "db-", Base62, 29, 29},
	{"databox", "api-key", "", Base62, 21, 21},
	{"datastaxastra", "api-token", "", Base62, 20, 20},
	{"deviantart", "access-token", "", Base62, 40, 80},
	{"deviantart", "client-secret", "", Hex, 32, 32},
	{"devin", "api-key", "apk_", Base64, 80, 100},
	{"devin", "personal-token", "apk_user_", Base64, 120, 180},
	{"devin", "session-token", "apk_user_", Base64, 120, 180},
	{"dfuse", "api-key", "", Base62, 32, 32},
	{"documo", "api-key", "", Base62, 154, 154},
	{"dropboxsign", "api-key", "", Base64, 64, 64},
	{"exa", "api-key", "", Hex, 0, 0},
	{"exoscale", "api-key", "", Base62, 24, 30},
	{"exoscale", "secret-key", "", Base64URL, 40, 60},
	{"fal", "api-key", "", Hex, 32, 32},
	{"finage", "api-key", "", Base62, 32, 32},
	{"firecrawl", "api-key", "fc-", Hex, 32, 32},
	{"flexport", "api-key", "", Base64URL, 40, 40},
	{"flightlabs", "api-key", "", Base64URL, 300, 350},
	{"friendli", "api-key", "", Base62, 46, 46},
	{"front", "api-key", "", Base64URL, 188, 244},
	{"gitalk", "oauth-token", "", Hex, 40, 40},
	{"gitea", "access-token", "", Hex, 40, 40},
	{"greptile", "api-key", "", Base64, 48, 48},
	{"highnote", "secret-key", "", Base64, 69, 69},
	{"influxdb", "api-token", "", Base64, 88, 88},
	{"infomaniak", "api-token", "", Base64URL, 60, 100},
	{"instantly", "api-key", "", Base64, 66, 66},
	{"iterable", "api-key", "", Base62, 32, 36},
	{"jina", "api-key", "jina_", Base62, 60, 60},
	{"kimi", "api-key", "sk-", Base64URL, 48, 48},
	{"kling", "secret-key", "", Base62, 32, 32},
	{"kontent", "api-key", "", Base64URL, 36, 36},
	{"langfuse", "secret-key", "pk-lf-", Hex, 12, 12},
	{"lexigram", "api-key", "", Base62, 301, 301},
	{"lichess", "personal-token", "lip_", Base64URL, 16, 60},
	{"lightonparadigm", "api-key", "", Base64URL, 40, 80},
	{"llamacloud", "api-key", "llx-", Base62, 44, 52},
	{"logz", "api-key", "", Base62, 0, 0},
	{"mailersend", "api-token", "", Base62, 30, 100},
	{"mem0", "api-key", "m0-", Base62, 24, 44},
	{"mercury", "api-token", "", Base62, 40, 50},
	{"minimax", "api-key", "sk-api-", Base64URL, 119, 119},
	{"nasa", "api-key", "", Base62, 40, 40},
	{"neon", "api-key", "napi_", Base62, 64, 64},
	{"nightfall", "api-key", "", Base62, 32, 32},
	{"onesignal", "api-key", "", Hex, 0, 0},
	{"onfido", "api-token", "", Base64URL, 20, 80},
	{"packagist", "access-token", "packagist_acs_", Hex, 68, 68},
	{"packagist", "organisation-token", "packagist_ort_", Hex, 68, 68},
	{"packagist", "update-token", "packagist_out_", Hex, 68, 68},
	{"paddle", "api-key", "", Base62, 26, 26},
	{"pagarme", "api-key", "", Base62, 30, 30},
	{"pendo", "api-key", "", Base62, 32, 64},
	{"pinterest", "access-token", "pina_", Base64URL, 20, 200},
	{"polar", "oauth-token", "polar_at_", Base64URL, 20, 100},
	{"polar", "organisation-token", "polar_oat_", Base62, 40, 50},
	{"polar", "personal-token", "polar_pat_", Base64URL, 20, 100},
	{"polymarket", "api-key", "", Hex, 0, 0},
	{"polymarket", "password", "", Base64URL, 16, 128},
	{"polymarket", "private-key", "", Hex, 64, 64},
	{"polymarket", "secret-key", "", Base64, 40, 40},
	{"polymarket", "session-token", "", Base64URL, 16, 128},
	{"polymarket", "token", "", Hex, 40, 40},
	{"prooffull", "api-key", "prf_", Base64URL, 20, 80},
	{"rainforestpay", "api-key", "", Hex, 64, 64},
	{"reallysimplesystems", "api-key", "", Base64URL, 916, 1000},
	{"redirectpizza", "api-token", "rpa_", Base62, 30, 30},
	{"retell", "api-key", "", Hex, 28, 28},
	{"retell", "deploy-token", "", Hex, 28, 28},
	{"riot", "api-key", "", Base64URL, 36, 36},
	{"rockset", "api-key", "", Base62, 64, 64},
	{"runpod", "api-key", "rpa_", Base62, 40, 40},
	{"salescookie", "session-token", "", Base62, 32, 32},
	{"samsara", "api-token", "samsara_api_", Base62, 26, 32},
	{"saucelabs", "api-token", "", Hex, 36, 36},
	{"scrapfly", "api-key", "scp-", Base62, 32, 32},
	{"simplynoted", "api-key", "", Base62, 340, 360},
	{"smartsheets", "api-key", "", Base62, 37, 37},
	{"sparkpost", "api-key", "", Base62, 40, 40},
	{"speechtext", "api-key", "", Hex, 32, 32},
	{"teamcity", "api-token", "", Base64URL, 48, 48},
	{"temporalcloud", "api-key", "", Base64URL, 20, 20},
	{"thunderstore", "api-token", "tss_", Base64URL, 20, 80},
	{"ubidots", "api-token", "", Base62, 30, 30},
	{"unkeyroot", "api-key", "unkey_", Base62, 20, 32},
	{"upcloud", "api-token", "ucat_", Base62, 24, 32},
	{"upstage", "api-key", "", Base62, 40, 50},
	{"upstash", "api-token", "", Base62, 32, 48},
	{"valtown", "api-token", "vtwn_", Base64URL, 20, 80},
	{"vastai", "api-key", "", Hex, 64, 64},
	{"voiceflow", "api-key", "", Hex, 24, 24},
	{"voyageai", "api-key", "", Base64URL, 43, 43},
	{"web3storage", "api-key", "", Base64URL, 100, 300},
	{"wiz", "client-secret", "", Base62, 53, 56},
	{"woocommerce", "client-secret", "cs_", Hex, 40, 40},
	{"workato", "api-token", "", Base64URL, 64, 64},
	{"workos", "api-key", "", Base64, 69, 69},
	{"wpengine", "api-key", "", Base62, 24, 64},
	{"xendit", "api-key", "", Base62, 56, 72},
	{"zai", "api-key", "", Hex, 32, 32},
	{"zhipu", "api-key", "", Hex, 32, 32},
	{"zoho", "client-secret", "", Base62, 30, 30},
	{"zoho", "refresh-token", "", Hex, 32, 32},
	{"zuploconsumer", "client-secret", "zpka_", Base62, 32, 32},
}
