package detectors

const (
	npmTokens  = "https://docs.npmjs.com/about-access-tokens"
	dockerPATs = "https://docs.docker.com/security/access-tokens/"
	dockerOATs = "https://docs.docker.com/enterprise/security/access-tokens/"
)

// registries is the kinds of package and image registries.
func registries() []Detector {
	return append([]Detector{
		{
			ID: "npm-access-token", Provider: "npm", Title: "npm access token",
			Shapes: []Shape{Token(Lit("npm_"), Chars(Base62, 36))},
			Check:  crcToken(len("npm_")), Sample: crcSample("npm_", 36),
			Traits: Traits{Scoped: yes(npmTokens), Overlap: yes(npmTokens), RotateAPI: yes(npmTokens), Restricted: yes(npmTokens), HumanIssued: yes(npmTokens)},
			Rotate: "publish with a trusted publisher, or make a granular token with an expiry (npm token create), then revoke this one",
			Revoke: "npm token revoke ID",
			Docs:   npmTokens, Format: githubFormat,
		},
		{
			ID: "npm-legacy-token", Provider: "npm", Title: "npm access token of the old form",
			Named:  []Named{{Keywords: []string{"npmtoken", "npmauth", "authtoken", "npmregistry"}, Value: []Shape{Token(Lit("NpmToken."), Chars(Hex, 8), Lit("-"), Chars(Hex, 4), Lit("-"), Chars(Hex, 4), Lit("-"), Chars(Hex, 4), Lit("-"), Chars(Hex, 12)), uuid()}, MinEntropy: 2.8}},
			Traits: Traits{Expires: no(npmTokens)},
			Rotate: "make a granular token with an expiry (npm token create), then revoke this one",
			Revoke: "npm token revoke ID",
			Docs:   npmTokens, Format: fromCorpus,
		},
		{
			ID: "docker-personal-token", Provider: "docker", Title: "Docker personal access token",
			Shapes: []Shape{tok("dckr_pat_", Base64URL, 27)},
			Traits: Traits{Scoped: yes(dockerPATs), LastUsed: yes("https://docs.docker.com/reference/api/hub/latest/"), Overlap: yes(dockerPATs), RotateAPI: yes("https://docs.docker.com/reference/api/hub/latest/"), HumanIssued: yes(dockerPATs)},
			Rotate: "make a second token with an expiry at app.docker.com, update every consumer, then deactivate this one",
			Revoke: "curl -X PATCH https://hub.docker.com/v2/access-tokens/UUID -d '{\"is_active\":false}'",
			Docs:   dockerPATs, Format: fromCorpus,
		},
		{
			ID: "docker-organisation-token", Provider: "docker", Title: "Docker organisation access token",
			Shapes: []Shape{tok("dckr_oat_", Base64URL, 32)},
			Traits: Traits{Scoped: yes(dockerOATs), LastUsed: yes("https://docs.docker.com/reference/api/hub/latest/"), Overlap: yes(dockerOATs), RotateAPI: yes("https://docs.docker.com/reference/api/hub/latest/"), HumanIssued: no(dockerOATs)},
			Rotate: "make a second token with an expiry at app.docker.com, update every consumer, then deactivate this one",
			Revoke: "curl -X PATCH https://hub.docker.com/v2/orgs/NAME/access-tokens/ID -d '{\"is_active\":false}'",
			Docs:   dockerOATs, Format: fromCorpus,
		},
	}, table([]tail{
		{"clojars-token", "clojars", "Clojars deploy token", []Shape{tok("CLOJARS_", Hex, 60), tok("CLOJARS_", LowerNum, 60)}, nil, high, "https://github.com/clojars/clojars-web/wiki/Deploy-Tokens", "clojars.org > Deploy tokens"},
		{"cloudsmith-api-key", "cloudsmith", "Cloudsmith API key", []Shape{tok("csa_", Hex, 30), tok("ccs_", Hex, 38)}, by("cloudsmith", run(Hex, 40)), high, "https://help.cloudsmith.io/reference/introduction", "cloudsmith.io > Settings > API settings"},
		{"cratesio-token", "cratesio", "crates.io token", []Shape{tok("cio", Base62, 32)}, nil, high, "https://crates.io/docs/trusted-publishing", "crates.io > Account settings > API tokens"},
		{"docker-hub-password", "docker", "Docker registry password", nil, byAs("dockerhub dockerpass dockertoken dockerpassword dockerregistry", "pass token secret pat", run(Of("!#-&(-;=-~"), 8, 64)), high, dockerPATs, "app.docker.com > Account settings"},
		{"docker-swarm-join-token", "docker", "Docker Swarm join token", []Shape{Token(Lit("SWMTKN-1-"), Range(LowerNum, 48, 52), Lit("-"), Range(LowerNum, 24, 26))}, nil, high, "https://docs.docker.com/engine/swarm/swarm-mode/", "docker swarm join-token --rotate worker|manager"},
		{"docker-swarm-unlock-key", "docker", "Docker Swarm unlock key", []Shape{tok("SWMKEY-1-", Base64, 40, 50)}, nil, high, "https://docs.docker.com/engine/swarm/swarm_manager_locking/", "docker swarm unlock-key --rotate"},
		{"gradle-credential", "gradle", "Gradle repository password", nil, byAs("mavenpassword nexuspassword ossrhpassword sonatypepassword orggradleproject artifactorypassword gradlepublish signingpassword", "pass secret key", run(Of("!#-&(-;=-~"), 8, 64)), high, "https://docs.gradle.org/current/userguide/declaring_repositories.html", "the repository's account page"},
		{"gradle-plugin-portal-key", "gradle", "Gradle plugin portal secret", nil, by("gradlepublishsecret", run(Base62, 48)), high, "https://docs.gradle.org/current/userguide/publishing_gradle_plugins.html", "plugins.gradle.org > Your profile > API keys"},
		{"nuget-api-key", "nuget", "NuGet API key", []Shape{tok("oy2", LowerNum, 43)}, nil, high, "https://learn.microsoft.com/en-us/nuget/nuget-org/publish-a-package", "nuget.org > API keys"},
		{"nuget-config-password", "nuget", "password in a NuGet configuration", []Shape{{Pieces: []Piece{LitFold("<add key=\"ClearTextPassword\" value=\""), Range(Of("!#-%(-;=?-~"), 4, 128)}, Left: Of("`"), Right: Of("!#-%(-;=?-~"), Keep: len(`<add key="ClearTextPassword" value="`)}}, by("cleartextpassword", run(Of("!#-&(-;=-~"), 6, 128)), high, "https://learn.microsoft.com/en-us/nuget/reference/nuget-config-file", "the feed's account page"},
		{"packagecloud-token", "packagecloud", "packagecloud token", nil, byAs("packagecloud", keyWords, run(Hex, 48)), high, "https://packagecloud.io/docs/api", "packagecloud.io > API token"},
		{"pyx-api-key", "pyx", "pyx API key", []Shape{tok("sk-pyx-", Base62, 64), tok("sk-pyx-2", Base62, 45)}, nil, high, "https://astral.sh/pyx", "pyx console > API keys"},
		{"rubygems-api-key", "rubygems", "RubyGems API key", []Shape{tok("rubygems_", Hex, 48)}, nil, high, "https://guides.rubygems.org/api-key-scopes/", "rubygems.org > Settings > API keys"},
		{"vscode-marketplace-token", "azure", "Visual Studio Marketplace token", nil, byAs("vscepat ovsxpat", "pat", run(LowerNum, 52), uuid()), high, "https://code.visualstudio.com/api/working-with-extensions/publishing-extension", "dev.azure.com > Personal access tokens"},
	})...)
}
