package environ

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sprawl/finding"
)

// The names that classifiers by substring fall for.
func TestTraps(t *testing.T) {
	kinds := map[string]func(string) []Evidence{
		"path": Path, "file": File, "key": Key, "host": Host, "branch": Branch, "image": Image,
		"job":      func(s string) []Evidence { return Job("job", s) },
		"declared": func(s string) []Evidence { return Declared("environment", s) },
	}
	for _, c := range []struct {
		kind, in   string
		env, class string
		why        string
	}{
		{"path", "product/config.yaml", "", "", ""},
		{"path", "src/reproduce/a.yaml", "", "", ""},
		{"path", "delivery/a.yaml", "", "", ""},
		{"path", "contest/a.yaml", "", "", ""},
		{"path", "latest/a.yaml", "", "", ""},
		{"path", "device/a.yaml", "", "", ""},
		{"path", "devise/a.yaml", "", "", ""},
		{"path", "products.yaml", "", "", ""},
		{"path", "attestation/productivity/alive/olive/deliver.json", "", "", ""},
		{"path", "devops/a.yaml", "", "", ""},
		{"path", "dev-ops/a.yaml", "", "", ""},
		{"path", "DevOps/a.yaml", "", "", ""},
		{"path", "dev/null", "dev", "nonprod", "folder dev"},
		{"path", "usr/local/etc/a.conf", "", "", ""},
		{"path", "multi-stage/Dockerfile", "", "", ""},
		{"path", "stage1/Dockerfile", "", "", ""},
		{"path", "live-reload/a.json", "", "", ""},
		{"path", "livekit/a.json", "", "", ""},
		{"path", "liveness/probe.yaml", "", "", ""},
		{"path", "production-ready.md", "", "", ""},
		{"path", "prod-like/a.yaml", "staging", "nonprod", "folder prod-like"},
		{"path", "preprod/a.yaml", "staging", "nonprod", "folder preprod"},
		{"path", "pre-prod/a.yaml", "staging", "nonprod", "folder pre-prod"},
		{"path", "non-prod/a.yaml", "dev", "nonprod", "folder non-prod"},
		{"path", "nonprod/a.yaml", "dev", "nonprod", "folder nonprod"},
		{"path", "non_production/a.yaml", "dev", "nonprod", "folder non_production (non-production)"},
		{"path", "prod/a.yaml", "prod", "prod", "folder prod"},
		{"path", "envs/prod-eu-1/a.yaml", "prod", "prod", "folder prod-eu-1 (prod)"},
		{"path", "staging/prod/a.yaml", "prod", "prod", "folder prod"},
		{"path", "prod/staging/a.yaml", "staging", "nonprod", "folder staging"},
		{"path", "testdata/prod.yaml", "prod", "prod", "file name prod.yaml (prod)"},
		{"path", "tests/a.yaml", "test", "nonprod", "folder tests"},
		{"path", "docs/a.yaml", "example", "unknown", "folder docs"},
		{"file", "a/.env.production", "prod", "prod", "file name .env.production (production)"},
		{"file", "application-prod.yml", "prod", "prod", "file name application-prod.yml (prod)"},
		{"file", "values-staging.yaml", "staging", "nonprod", "file name values-staging.yaml (staging)"},
		{"file", "appsettings.Development.json", "dev", "nonprod", "file name appsettings.Development.json (Development)"},
		{"file", "docker-compose.test.yml", "test", "nonprod", "file name docker-compose.test.yml (test)"},
		{"file", "app.prod2.tfvars", "prod", "prod", "file name app.prod2.tfvars (prod2)"},
		{"file", "client_test.go", "", "", ""},
		{"file", "docs.yml", "", "", ""},
		{"file", "latest.yaml", "", "", ""},
		{"file", "productionize.sh", "", "", ""},
		{"key", "PROD_DB_PASSWORD", "prod", "prod", "name PROD_DB_PASSWORD (PROD)"},
		{"key", "stagingToken", "staging", "nonprod", "name stagingToken (staging)"},
		{"key", "PRODUCT_KEY", "", "", ""},
		{"key", "REPRODUCE_TOKEN", "", "", ""},
		{"key", "DEVICE_TOKEN", "", "", ""},
		{"key", "DEVTOOLS_TOKEN", "", "", ""},
		{"key", "NON_PROD_TOKEN", "dev", "nonprod", "name NON_PROD_TOKEN (NON-PROD)"},
		{"key", "PREPROD_TOKEN", "staging", "nonprod", "name PREPROD_TOKEN (PREPROD)"},
		{"key", "LATEST_TOKEN", "", "", ""},
		{"key", "SK_LIVE", "prod", "prod", "name SK_LIVE (LIVE)"},
		{"key", "DELIVERY_LIVE_RELOAD_KEY", "", "", ""},
		{"host", "db.prod.internal", "prod", "prod", "host db.prod.internal (prod)"},
		{"host", "https://u@api-stg.acme.io:8443/x", "staging", "nonprod", "host api-stg.acme.io:8443 (stg)"},
		{"host", "localhost:5432", "local", "nonprod", "host localhost is local"},
		{"host", "api.acme.dev", "", "", ""},
		{"host", "product.acme.io", "", "", ""},
		{"host", "prod.example.com", "", "", ""},
		{"branch", "main", "", "", ""},
		{"branch", "production", "", "", ""},
		{"branch", "release/1.2", "", "", ""},
		{"branch", "develop", "dev", "nonprod", "branch develop"},
		{"branch", "staging", "staging", "nonprod", "branch staging"},
		{"image", "acme/api:prod", "prod", "prod", "image acme/api:prod"},
		{"image", "acme/api:latest", "", "", ""},
		{"image", "reg:5000/acme/product-api:1.2-dev", "dev", "nonprod", "image reg:5000/acme/product-api:1.2-dev (dev)"},
		{"image", "acme/staging-api@sha256:00", "staging", "nonprod", "image acme/staging-api (staging)"},
		{"job", "deploy-prod", "prod", "prod", "job deploy-prod (prod)"},
		{"job", "test", "", "", ""},
		{"job", "publish-docs", "", "", ""},
		{"job", "build-product", "", "", ""},
		{"job", "deploy_staging", "staging", "nonprod", "job deploy_staging (staging)"},
		{"declared", "production", "production", "prod", "environment production"},
		{"declared", "prod-eu", "prod-eu", "prod", "environment prod-eu (prod)"},
		{"declared", "github-pages", "github-pages", "unknown", "environment github-pages"},
		{"declared", "pypi", "pypi", "unknown", "environment pypi"},
		{"declared", "canary", "canary", "nonprod", "environment canary"},
		{"declared", "non-prod", "non-prod", "nonprod", "environment non-prod"},
		{"declared", "${{ inputs.env }}", "", "", ""},
		{"declared", "product", "product", "unknown", "environment product"},
	} {
		var got finding.Environment
		if all := Classify(kinds[c.kind](c.in)); len(all) > 0 {
			got = all[0]
		}
		want := finding.Environment{Name: c.env, Class: finding.EnvClass(c.class), Why: c.why}
		if got != want {
			t.Errorf("%s %q:\n got %+v\nwant %+v", c.kind, c.in, got, want)
		}
	}
}

// Words that have an environment's letters in them, wherever a name can stand, speak of none.
func TestTrapsEverywhere(t *testing.T) {
	traps := []string{
		"product", "products", "productivity", "producer", "produce", "reproduce", "reproduction", "coproduct", "prodigy",
		"delivery", "deliver", "alive", "olive", "liveness", "livestock", "relive", "livekit",
		"contest", "latest", "attest", "attestation", "fastest", "greatest", "protest", "testimony", "testament", "detest",
		"device", "devise", "devil", "developer", "developers", "devops", "devtools", "devcontainer", "dev-tools", "seldev",
		"backstage", "stages", "multistage", "multi-stage", "stage1", "next-stage", "upstage", "stagecoach",
		"uatu", "quality", "aqua", "qatar", "sandboxed", "canary-islands", "preview-image",
		"localhostess", "locale", "localize", "localization", "vocal", "local-path", "usr-local",
		"nonprofit", "non-production-ready", "production-ready", "production-grade", "live-reload", "go-live",
	}
	// A file ends in an extension and a host in a domain; the rest is the name alone.
	kinds := map[string]func(string) []Evidence{
		"folder":    func(s string) []Evidence { return Segment("app/" + s + "/a.txt") },
		"file":      func(s string) []Evidence { return File("app/" + s + ".yaml") },
		"key":       func(s string) []Evidence { return Key(strings.ToUpper(strings.ReplaceAll(s, "-", "_")) + "_TOKEN") },
		"host":      func(s string) []Evidence { return Host(s + ".acme.io") },
		"branch":    Branch,
		"image":     func(s string) []Evidence { return Image("acme/" + s + ":1.2") },
		"job":       func(s string) []Evidence { return Job("job", "build-"+s) },
		"namespace": func(s string) []Evidence { return Known("namespace", s) },
		"declared": func(s string) []Evidence {
			ev := Declared("environment", s)
			if len(ev) == 1 && ev[0].Environment.Class == finding.EnvUnknown {
				return nil // kept as a name, of no class
			}
			return ev
		},
	}
	for _, trap := range traps {
		for kind, classify := range kinds {
			declares := kind == "namespace" || kind == "declared"
			if declares && (strings.HasPrefix(trap, "canary") || strings.HasPrefix(trap, "preview")) {
				continue // a canary is an environment where one is declared
			}
			if got := classify(trap); len(got) > 0 {
				t.Errorf("%s %q is %+v", kind, trap, got[0].Environment)
			}
		}
	}
}

// What is nearly production is not production, in every spelling, and what decided is shown.
func TestNearlyProduction(t *testing.T) {
	for _, s := range []string{"preprod", "pre-prod", "pre_prod", "preProd", "PreProd", "PREPROD", "pre-production", "preproduction", "non-prod", "nonprod", "nonProd",
		"NON_PROD", "non-production", "nonproduction", "not-prod", "sub-prod", "prod-like", "preprd", "nonprd", "non-prd", "PRE_PROD_EU", "eu-non-prod-1"} {
		for kind, got := range map[string][]Evidence{"folder": Segment(s + "/a"), "declared": Declared("environment", s), "key": Key(s), "job": Job("job", s), "host": Host(s + ".acme.io"), "file": File(s + ".env")} {
			if len(got) != 1 || got[0].Environment.Class != finding.EnvNonprod {
				t.Errorf("%s %q is %+v", kind, s, got)
				continue
			}
			if why := strings.ToLower(got[0].Environment.Why); !strings.Contains(why, "pr") {
				t.Errorf("%s %q does not show what decided: %s", kind, s, got[0].Environment.Why)
			}
		}
	}
}

func TestClassify(t *testing.T) {
	// The first tier with a hit decides and keeps all it has; what stands below it says nothing any more.
	got := Classify(Path("testdata/values-prod.yaml"), Declared("environment", "staging"), Declared("environment", "qa"), Key("PROD_X"))
	want := []finding.Environment{
		{Name: "qa", Class: finding.EnvNonprod, Why: "environment qa"},
		{Name: "staging", Class: finding.EnvNonprod, Why: "environment staging"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if Classify(nil, Path("src/main.go")) != nil {
		t.Error("no evidence is an environment")
	}
	if e := Classify(Path("x/prod/a"), Override("dev", finding.EnvNonprod, "policy")); len(e) != 1 || e[0].Name != "dev" {
		t.Error("the user's word does not decide")
	}
}

func TestSpans(t *testing.T) {
	p, n, u := finding.Environment{Name: "p", Class: finding.EnvProd}, finding.Environment{Name: "n", Class: finding.EnvNonprod}, finding.Environment{Name: "u", Class: finding.EnvUnknown}
	v := finding.Environment{Name: "v", Class: finding.EnvVendor}
	for _, c := range []struct {
		in   []finding.Environment
		a, b string
		ok   bool
	}{
		{[]finding.Environment{n, p}, "p", "n", true},
		{[]finding.Environment{p, u}, "p", "", false},
		{[]finding.Environment{n, v}, "n", "v", true},
		{[]finding.Environment{n, n}, "n", "", false},
		{nil, "", "", false},
	} {
		if a, b, ok := Spans(c.in); a.Name != c.a || b.Name != c.b || ok != c.ok {
			t.Errorf("%v: %s %s %v", c.in, a.Name, b.Name, ok)
		}
	}
}
