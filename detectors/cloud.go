package detectors

import "sprawl/finding"

const (
	vaultTokens = "https://developer.hashicorp.com/vault/docs/concepts/tokens"
	tfeTokens   = "https://developer.hashicorp.com/terraform/cloud-docs/users-teams-organizations/api-tokens"
	dbxTokens   = "https://docs.databricks.com/aws/en/dev-tools/auth/pat"
	doTokens    = "https://docs.digitalocean.com/reference/api/create-personal-access-token/"
	cfTokens    = "https://developers.cloudflare.com/fundamentals/api/get-started/token-formats/"
	cfCreate    = "https://developers.cloudflare.com/fundamentals/api/get-started/create-token/"
	herokuAuth  = "https://devcenter.heroku.com/articles/authentication"
	flyTokens   = "https://fly.io/docs/security/tokens/"
)

// cloud is the kinds of hosting, infrastructure and database providers beyond the three with files of their own.
func cloud() []Detector {
	cf := func(id, title, prefix string) Detector {
		return Detector{
			ID: id, Provider: "cloudflare", Title: title,
			Shapes: []Shape{Token(Lit(prefix), Range(Base62, 40, 56))},
			Traits: Traits{Scoped: yes(cfCreate), LastUsed: yes("https://developers.cloudflare.com/api/resources/user/subresources/tokens/"), RotateAPI: yes("https://developers.cloudflare.com/fundamentals/api/how-to/roll-token/"), Restricted: yes(cfCreate), Overlap: yes(cfCreate)},
			Rotate: "curl -X PUT https://api.cloudflare.com/client/v4/user/tokens/ID/value: the old value ends at once",
			Revoke: "curl -X DELETE https://api.cloudflare.com/client/v4/user/tokens/ID",
			Docs:   cfCreate, Format: cfTokens,
		}
	}
	do := func(id, title, prefix string) Detector {
		return Detector{
			ID: id, Provider: "digitalocean", Title: title,
			Shapes: []Shape{tok(prefix, Hex, 64)},
			Traits: Traits{Scoped: yes(doTokens), Overlap: yes(doTokens)},
			Rotate: "make a second token with an expiry under API > Tokens, update every consumer, then delete this one",
			Revoke: "curl -X POST https://cloud.digitalocean.com/v1/oauth/revoke -d token=TOKEN, or delete it under API > Tokens",
			Docs:   doTokens, Format: fromCorpus,
		}
	}
	dor := do("digitalocean-refresh-token", "DigitalOcean refresh token", "dor_v1_")
	globalKey := cf("cloudflare-global-key", "Cloudflare global API key", "cfk_")
	globalKey.Traits = Traits{Scoped: no(cfTokens), HumanIssued: yes(cfTokens)}
	globalKey.Rotate, globalKey.Revoke = "change it under My Profile > API tokens, and use scoped tokens instead", "change it under My Profile > API tokens"
	return append([]Detector{
		{
			ID: "vault-service-token", Provider: "hashicorp", Title: "HashiCorp Vault service token",
			Shapes: []Shape{Token(Lit("hvs."), Range(Base64URL, 24, 160))},
			Named:  []Named{{Keywords: []string{"vault"}, Value: []Shape{Token(Lit("s."), Range(Base64URL, 24, 110))}, MinEntropy: 3.8, Near: 64}},
			Traits: Traits{Expires: yes(vaultTokens), Scoped: yes(vaultTokens), Overlap: yes(vaultTokens), RotateAPI: yes(vaultTokens)},
			Rotate: "vault token create with a short TTL; better, let the workload log in by an auth method",
			Revoke: "vault token revoke TOKEN",
			Docs:   vaultTokens, Format: vaultTokens,
		},
		{
			ID: "vault-batch-token", Provider: "hashicorp", Title: "HashiCorp Vault batch token",
			Shapes:   []Shape{Token(Lit("hvb."), Range(Base64URL, 100, 400)), {Pieces: []Piece{Lit("b.AAAA"), Range(Base64URL, 80, 400)}, NeedName: []string{"vault"}}},
			Severity: finding.SevMedium,
			Traits:   Traits{Expires: yes(vaultTokens), Scoped: yes(vaultTokens), Overlap: yes(vaultTokens), RotateAPI: yes(vaultTokens)},
			Rotate:   "let it expire; the workload logs in again",
			Revoke:   "a batch token cannot be revoked: revoke its parent, or the mount's leases",
			Docs:     vaultTokens, Format: vaultTokens,
		},
		{
			ID: "vault-recovery-token", Provider: "hashicorp", Title: "HashiCorp Vault recovery token",
			Shapes: []Shape{tok("hvr.", Base64URL, 24, 160)},
			Rotate: "vault operator generate-root -recovery-token", Revoke: "leave recovery mode: restart the server",
			Docs: vaultTokens, Format: vaultTokens,
		},
		{
			ID: "vault-approle-secret-id", Provider: "hashicorp", Title: "HashiCorp Vault AppRole secret id",
			Named:  []Named{{Keywords: []string{"vault", "approle"}, Names: []string{"secretid"}, Value: []Shape{uuid()}}},
			Traits: Traits{Overlap: yes("https://developer.hashicorp.com/vault/docs/auth/approle"), RotateAPI: yes("https://developer.hashicorp.com/vault/docs/auth/approle"), Restricted: yes("https://developer.hashicorp.com/vault/docs/auth/approle"), HumanIssued: no("https://developer.hashicorp.com/vault/docs/auth/approle")},
			Rotate: "vault write -f auth/approle/role/ROLE/secret-id, update the workload, then destroy this one",
			Revoke: "vault write auth/approle/role/ROLE/secret-id/destroy secret_id=ID",
			Docs:   "https://developer.hashicorp.com/vault/docs/auth/approle", Format: "https://developer.hashicorp.com/vault/docs/auth/approle",
		},
		{
			ID: "vault-unseal-key", Provider: "hashicorp", Title: "HashiCorp Vault unseal key",
			Shapes: []Shape{{Pieces: []Piece{Lit("Unseal Key "), Chars(Digits, 1), Lit(": "), Chars(Base64, 43), Lit("=")}, Keep: 13}, {Pieces: []Piece{Lit("Unseal Key "), Chars(Digits, 1), Lit(": "), Chars(Base64, 44)}, Keep: 13}},
			Named:  []Named{{Keywords: []string{"unseal", "vaultkey"}, Value: []Shape{Token(Chars(Base64, 43), Lit("=")), run(Base64, 44)}, MinEntropy: 4}},
			Traits: Traits{Expires: no("https://developer.hashicorp.com/vault/docs/concepts/seal")},
			Rotate: "vault operator rekey", Revoke: "vault operator rekey",
			Docs: "https://developer.hashicorp.com/vault/docs/concepts/seal", Format: "https://developer.hashicorp.com/vault/docs/concepts/seal",
		},
		{
			ID: "terraform-cloud-token", Provider: "hashicorp", Title: "HCP Terraform token",
			Shapes: []Shape{Token(Chars(Base62, 14), Lit(".atlasv1."), Range(paddedURL, 60, 70))},
			Traits: Traits{Scoped: yes(tfeTokens), LastUsed: yes(tfeTokens), Overlap: yes(tfeTokens), RotateAPI: yes(tfeTokens)},
			Rotate: "make a second token with an expiry, update every consumer, then delete this one",
			Revoke: "curl -X DELETE https://app.terraform.io/api/v2/authentication-tokens/ID",
			Docs:   tfeTokens, Format: fromCorpus,
		},
		{
			ID: "hcp-client-secret", Provider: "hashicorp", Title: "HashiCorp Cloud Platform client secret",
			Named:  []Named{{Keywords: []string{"hcp"}, Names: []string{"secret"}, Value: []Shape{run(Base64URL, 64)}, MinEntropy: 4.2, Near: -1}},
			Traits: Traits{Overlap: yes("https://developer.hashicorp.com/hcp/docs/hcp/iam/service-principal")},
			Rotate: "make a second key for the service principal, update every consumer, then delete this one",
			Revoke: "delete the key of the service principal",
			Docs:   "https://developer.hashicorp.com/hcp/docs/hcp/iam/service-principal", Format: fromCorpus,
		},
		{
			ID: "databricks-token", Provider: "databricks", Title: "Databricks personal access token",
			Shapes: []Shape{Token(Lit("dapi"), Chars(Hex, 32)), Token(Lit("dapi"), Chars(Hex, 32), Lit("-"), Chars(Digits, 1)), Token(Lit("dkea"), Chars(Hex, 32), Range(Of("-0-9"), 0, 2)), Token(Lit("dose"), Chars(Hex, 32), Range(Of("-0-9"), 0, 2))},
			Traits: Traits{Scoped: yes(dbxTokens), LastUsed: yes("https://docs.databricks.com/api/workspace/tokenmanagement"), Overlap: yes(dbxTokens), RotateAPI: yes("https://docs.databricks.com/api/workspace/tokens")},
			Rotate: "databricks tokens create --lifetime-seconds N, update every consumer, then delete this one",
			Revoke: "databricks token-management delete TOKEN_ID",
			Docs:   dbxTokens, Format: fromCorpus,
		},
		do("digitalocean-personal-token", "DigitalOcean personal access token", "dop_v1_"),
		do("digitalocean-oauth-token", "DigitalOcean OAuth token", "doo_v1_"),
		dor,
		cf("cloudflare-user-token", "Cloudflare user API token", "cfut_"),
		cf("cloudflare-account-token", "Cloudflare account API token", "cfat_"),
		globalKey,
		{
			ID: "cloudflare-api-token", Provider: "cloudflare", Title: "Cloudflare API token of the old form",
			Named: []Named{
				{Keywords: []string{"cloudflare", "cfapi", "cftoken"}, Not: []string{"zoneid", "accountid", "sha", "hash"}, Value: []Shape{run(Base64URL, 40)}, MinEntropy: 3.8},
				{Keywords: []string{"cloudflare", "cfapi", "xauthkey"}, Names: []string{"key", "token", "secret", "auth"}, Value: []Shape{run(Hex, 37)}, MinEntropy: 3},
			},
			Traits: Traits{Scoped: yes(cfCreate), LastUsed: yes("https://developers.cloudflare.com/api/resources/user/subresources/tokens/"), RotateAPI: yes("https://developers.cloudflare.com/fundamentals/api/how-to/roll-token/"), Restricted: yes(cfCreate)},
			Rotate: "roll it under My Profile > API tokens: the old value ends at once",
			Revoke: "curl -X DELETE https://api.cloudflare.com/client/v4/user/tokens/ID",
			Docs:   cfCreate, Format: fromCorpus,
		},
		{
			ID: "cloudflare-origin-ca-key", Provider: "cloudflare", Title: "Cloudflare Origin CA key",
			Shapes: []Shape{Token(Lit("v1.0-"), Chars(Hex, 24), Lit("-"), Chars(Hex, 146))},
			Traits: Traits{HumanIssued: yes("https://developers.cloudflare.com/fundamentals/api/get-started/ca-keys/")},
			Rotate: "change it under My Profile > API tokens > Origin CA key; better, use a scoped token",
			Revoke: "change it under My Profile > API tokens > Origin CA key",
			Docs:   "https://developers.cloudflare.com/fundamentals/api/get-started/ca-keys/", Format: fromCorpus,
		},
		{
			ID: "heroku-api-key", Provider: "heroku", Title: "Heroku API key",
			Shapes: []Shape{tok("HRKU-AA", Base64URL, 58), Token(append([]Piece{Lit("HRKU-")}, uuid().Pieces...)...)},
			Named:  []Named{{Keywords: []string{"heroku"}, Not: []string{"appid", "addon", "drain"}, Value: []Shape{uuid()}, MinEntropy: 2.8}},
			Traits: Traits{Scoped: yes("https://devcenter.heroku.com/articles/oauth"), Overlap: yes(herokuAuth), RotateAPI: yes(herokuAuth)},
			Rotate: "heroku authorizations:rotate ID", Revoke: "heroku authorizations:revoke ID",
			Docs: herokuAuth, Format: fromCorpus,
		},
		{
			ID: "flyio-token", Provider: "flyio", Title: "Fly.io token",
			Shapes: []Shape{tok("fo1_", Base64URL, 43), tok("FlyV1 fm1r_", Base64Pad.Or(Of("_,")), 100, 3000), tok("FlyV1 fm2_", Base64Pad.Or(Of("_,")), 100, 3000), tok("fm1a_", Base64Pad, 100, 1500), tok("fm1r_", Base64Pad, 100, 1500), tok("fm2_", Base64Pad, 100, 1500)},
			Traits: Traits{Scoped: yes(flyTokens), Overlap: yes(flyTokens)},
			Rotate: "fly tokens create deploy -x 720h, update every consumer, then revoke this one",
			Revoke: "fly tokens revoke ID",
			Docs:   flyTokens, Format: fromCorpus,
		},
	}, table([]tail{
		{"aiven-token", "aiven", "Aiven token", []Shape{tok("aivenv1", Base64Pad, 100, 600)}, by("aiven", run(Base64Pad, 372)), high, "https://aiven.io/docs/platform/concepts/authentication-tokens", "avn user access-token revoke"},
		{"alchemy-api-key", "alchemy", "Alchemy API key", []Shape{hook("g.alchemy.com/v2/", Range(Base64URL, 21, 64))}, by("alchemy", run(Base64URL, 32)), medium, "https://www.alchemy.com/docs", "dashboard.alchemy.com > Apps"},
		{"alibaba-access-key", "alibaba", "Alibaba Cloud AccessKey pair", []Shape{{Role: "id", Pieces: []Piece{Lit("LTAI"), Range(Base62, 12, 22)}}}, byAs("alibaba aliyun alicloud accesskeysecret accesskey oss", keyWords, run(Base62, 30)), high, "https://www.alibabacloud.com/help/en/ram/user-guide/create-an-accesskey-pair", "ram.console.aliyun.com > AccessKey"},
		{"alibaba-sts-key", "alibaba", "Alibaba Cloud temporary AccessKey", []Shape{{Role: "id", Pieces: []Piece{Lit("STS."), Range(Base62, 20, 60)}}}, byAs("alibaba aliyun alicloud", "securitytoken ststoken", run(Base64Pad, 60, 1000)), medium, "https://www.alibabacloud.com/help/en/ram/product-overview/what-is-sts", "let it expire"},
		{"clickhouse-key", "clickhouse", "ClickHouse Cloud key secret", []Shape{tok("4b1d", Base62, 38)}, byAs("clickhouse", keyWords, run(Base62, 38, 42)), high, "https://clickhouse.com/docs/cloud/manage/openapi", "console.clickhouse.cloud > API keys"},
		{"clickhouse-key-id", "clickhouse", "ClickHouse Cloud key id", nil, byAs("clickhouse", "keyid id", run(Base62, 20)), low, "https://clickhouse.com/docs/cloud/manage/openapi", "console.clickhouse.cloud > API keys"},
		{"cloudinary-url", "cloudinary", "Cloudinary URL with an API secret", []Shape{{Pieces: []Piece{Lit("cloudinary://"), Chars(Digits, 15), Lit(":"), Range(Base64URL, 24, 32), Lit("@"), Range(Base64URL, 2, 64)}, Keep: len("cloudinary://")}}, byAs("cloudinary", keyWords, run(Base64URL, 27)), high, "https://cloudinary.com/documentation/developer_onboarding_faq_find_credentials", "console.cloudinary.com > Settings > API keys"},
		{"confluent-key", "confluent", "Confluent Cloud API key", nil, byAs("confluent", "key token id", run(UpperNum, 16)), medium, "https://docs.confluent.io/cloud/current/security/authenticate/workload-identities/service-accounts/api-keys/overview.html", "confluent api-key delete KEY"},
		{"confluent-secret", "confluent", "Confluent Cloud API secret", []Shape{tok("cflt", Base64, 60)}, byAs("confluent", keyWords, run(Base64, 64)), high, "https://docs.confluent.io/cloud/current/security/authenticate/workload-identities/service-accounts/api-keys/overview.html", "confluent api-key delete KEY"},
		{"couchbase-capella-key", "couchbase", "Couchbase Capella API key", nil, byAs("couchbase capella", keyWords, run(Base64Pad, 60, 120)), high, "https://docs.couchbase.com/cloud/management-api-guide/management-api-start.html", "cloud.couchbase.com > Settings > API keys"},
		{"deno-deploy-token", "deno", "Deno Deploy token", []Shape{tok("ddp_", Base62, 36), tok("ddw_", Base62, 36), tok("ddo_", Base62, 36)}, nil, high, "https://docs.deno.com/deploy/", "dash.deno.com > Account settings > Access tokens"},
		{"digitalocean-spaces-key", "digitalocean", "DigitalOcean Spaces key", []Shape{{Role: "id", Pieces: []Piece{Lit("DO"), Chars(UpperNum, 18)}, NeedName: []string{"spaces", "digitalocean"}, MinEntropy: 3}}, byAs("digitalocean dospaces", "secret spaces", run(Base64, 43)), high, "https://docs.digitalocean.com/products/spaces/how-to/manage-access/", "cloud.digitalocean.com > Spaces > Access keys"},
		{"digitalocean-token-old", "digitalocean", "DigitalOcean token of the old form", nil, by("digitalocean dotoken doapi dropletkit", run(Hex, 64)), high, doTokens, "cloud.digitalocean.com > API > Tokens"},
		{"heroku-client-secret", "heroku", "Heroku OAuth client secret", nil, byAs("heroku", "oauthsecret clientsecret", run(LowerNum, 36)), high, "https://devcenter.heroku.com/articles/oauth", "heroku clients:rotate ID"},
		{"ibm-cloud-api-key", "ibm", "IBM Cloud API key", nil, byAs("ibm bluemix ibmcloud softlayer watson", keyWords, run(Base64URL, 44), run(Hex, 64)), high, "https://cloud.ibm.com/docs/account?topic=account-userapikey", "ibmcloud iam api-key-delete NAME"},
		{"infura-key", "infura", "Infura API key or secret", []Shape{hook("infura.io/v3/", Chars(Hex, 32))}, by("infura", run(Hex, 32)), medium, "https://docs.metamask.io/services/get-started/infura/", "app.infura.io > API keys"},
		{"linode-token", "linode", "Linode token", nil, byAs("linode", keyWords, run(Hex, 64)), high, "https://techdocs.akamai.com/linode-api/reference/get-started", "cloud.linode.com > API tokens"},
		{"mongodb-atlas-api-key", "mongodb", "MongoDB Atlas API private key", nil, byAs("mongodb atlas mongo", "private key apikey secret", uuid()), high, "https://www.mongodb.com/docs/atlas/configure-api-access/", "cloud.mongodb.com > Access manager > API keys"},
		{"mongodb-atlas-service-secret", "mongodb", "MongoDB Atlas service account secret", []Shape{tok("mdb_sa_sk_", Base64URL, 40)}, nil, high, "https://www.mongodb.com/docs/atlas/api/service-accounts-overview/", "cloud.mongodb.com > Access manager > Service accounts"},
		{"mongodb-atlas-service-id", "mongodb", "MongoDB Atlas service account client id", []Shape{{Role: "id", Pieces: []Piece{Lit("mdb_sa_id_"), Chars(Hex, 24)}}}, nil, low, "https://www.mongodb.com/docs/atlas/api/service-accounts-overview/", "cloud.mongodb.com > Access manager > Service accounts"},
		{"netlify-token", "netlify", "Netlify token", []Shape{tok("nfp_", Base62, 36), tok("nfc_", Base62, 36), tok("nfo_", Base62, 36), tok("nfu_", Base62, 36), tok("nfb_", Base62, 36)}, byAs("netlify", keyWords, run(Base64URL, 40, 46)), high, "https://docs.netlify.com/api/get-started/", "app.netlify.com > User settings > Applications"},
		{"ngrok-token", "ngrok", "ngrok key or authtoken", nil, by("ngrok", Token(Chars(Base62, 27), Lit("_"), Chars(Base62, 21)), Token(Range(Base62, 25, 32), Lit("_"), Range(Base62, 20, 26))), high, "https://ngrok.com/docs/agent/", "dashboard.ngrok.com > API keys"},
		{"openshift-token", "openshift", "OpenShift user token", []Shape{tok("sha256~", Base64URL, 43)}, nil, high, "https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/authentication_and_authorization/", "oc logout"},
		{"ovh-secret", "ovh", "OVHcloud application secret or consumer key", nil, byAs("ovh", "secret consumer", run(Hex, 32), run(Base62, 32)), high, "https://help.ovhcloud.com/csm/en-gb-api-getting-started-ovhcloud-api", "auth.eu.ovhcloud.com > API"},
		{"planetscale-oauth-token", "planetscale", "PlanetScale OAuth token", []Shape{tok("pscale_oauth_", Of("a-zA-Z0-9._=-"), 32, 64)}, nil, high, "https://planetscale.com/docs/api/reference/oauth", "app.planetscale.com > Settings"},
		{"planetscale-password", "planetscale", "PlanetScale password", []Shape{tok("pscale_pw_", Of("a-zA-Z0-9._=-"), 32, 64)}, nil, high, "https://planetscale.com/docs/concepts/connection-strings", "pscale password delete"},
		{"planetscale-token", "planetscale", "PlanetScale service token", []Shape{tok("pscale_tkn_", Of("a-zA-Z0-9._=-"), 32, 64)}, nil, high, "https://planetscale.com/docs/api/reference/service-tokens", "pscale service-token delete ID"},
		{"pulumi-token", "pulumi", "Pulumi access token", []Shape{tok("pul-", Hex, 40)}, nil, high, "https://www.pulumi.com/docs/administration/access-identity/access-tokens/", "app.pulumi.com > Access tokens"},
		{"render-api-key", "render", "Render API key", []Shape{tok("rnd_", Base62, 28, 36)}, nil, high, "https://render.com/docs/api", "dashboard.render.com > Account settings > API keys"},
		{"scaleway-access-key", "scaleway", "Scaleway API key", []Shape{{Role: "id", Pieces: []Piece{Lit("SCW"), Chars(UpperNum, 17)}}}, byAs("scaleway scw", keyWords, uuid()), high, "https://www.scaleway.com/en/docs/iam/how-to/create-api-keys/", "scw iam api-key delete ID"},
		{"scalingo-token", "scalingo", "Scalingo API token", []Shape{tok("tk-us-", Base64URL, 48)}, nil, high, "https://developers.scalingo.com/authentication", "dashboard.scalingo.com > API tokens"},
		{"scalr-token", "scalr", "Scalr API token", []Shape{tok("at-", Base62, 15, 60)}, byAs("scalr", keyWords, run(Base64URL, 43)), high, "https://docs.scalr.io/docs/api-authentication", "scalr.io > API tokens"},
		{"snowflake-token", "snowflake", "Snowflake programmatic access token", nil, byAs("snowflake", "token pat pass", run(Of("a-zA-Z0-9._-"), 100, 1000)), high, "https://docs.snowflake.com/en/user-guide/programmatic-access-tokens", "ALTER USER U REMOVE PROGRAMMATIC ACCESS TOKEN NAME"},
		{"supabase-access-token", "supabase", "Supabase management token", []Shape{tok("sbp_", Hex, 40), tok("sbp_oauth_", Hex, 40), tok("sbp_v0_", Hex, 40)}, nil, high, "https://supabase.com/docs/reference/api/introduction", "supabase.com > Account > Access tokens"},
		{"supabase-publishable-key", "supabase", "Supabase publishable key", []Shape{Token(Lit("sb_publishable_"), Chars(Base64URL, 31))}, nil, low, "https://supabase.com/docs/guides/api/api-keys", "supabase.com > Project settings > API keys"},
		{"supabase-secret-key", "supabase", "Supabase secret key", []Shape{tok("sb_secret_", Base64URL, 31)}, nil, high, "https://supabase.com/docs/guides/api/api-keys", "supabase.com > Project settings > API keys"},
		{"vercel-app-token", "vercel", "Vercel app token", []Shape{tok("vca_", Base62, 56), tok("vcr_", Base62, 56)}, nil, high, "https://vercel.com/docs/sign-in-with-vercel/tokens", "vercel.com > Account settings"},
		{"vercel-token", "vercel", "Vercel token or key", []Shape{tok("vcp_", Base62, 56), tok("vck_", Base62, 56), tok("vci_", Base62, 56)}, byAs("vercel zeit", keyWords, run(Base62, 24)), high, "https://vercel.com/docs/rest-api", "vercel.com > Account settings > Tokens"},
		{"vercel-blob-token", "vercel", "Vercel Blob token", []Shape{Token(Lit("vercel_blob_rw_"), Chars(Base62, 16), Lit("_"), Range(Base62, 28, 36))}, nil, high, "https://vercel.com/docs/vercel-blob", "vercel.com > Storage > Blob"},
		{"vultr-api-key", "vultr", "Vultr API key", nil, byAs("vultr", keyWords, run(UpperNum, 36)), high, "https://www.vultr.com/api/", "my.vultr.com > API"},
		{"yandex-api-key", "yandex", "Yandex Cloud API key", []Shape{tok("AQVN", Base64URL, 35, 38)}, nil, high, "https://yandex.cloud/en/docs/iam/concepts/authorization/api-key", "yc iam api-key delete ID"},
		{"yandex-aws-key", "yandex", "Yandex Cloud static access key", []Shape{tok("YCAJE", Base64URL, 20), tok("YCM", Base64URL, 38), tok("YCO", Base64URL, 38), tok("YCN", Base64URL, 38), tok("YCP", Base64URL, 38)}, nil, high, "https://yandex.cloud/en/docs/iam/concepts/authorization/access-key", "yc iam access-key delete ID"},
		{"yandex-token", "yandex", "Yandex OAuth or IAM token", []Shape{tok("y0_", Base64URL, 50, 64), {Pieces: []Piece{Lit("t1."), Range(Base64URL, 7, 700), Range(Of("="), 0, 2), Lit("."), Chars(Base64URL, 86), Range(Of("="), 0, 2)}}}, nil, high, "https://yandex.cloud/en/docs/iam/concepts/authorization/oauth-token", "yandex.com > ID > Connected devices"},
	})...)
}
