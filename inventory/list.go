package inventory

// listings is every format. A new one is a file beside the others, a line here, and a fixture in testdata, FORMAT.json or
// FORMAT+VARIANT.json, in which values are expressions (see internal/testkit/exports) and no other format sees its own. "go test
// ./inventory -update" writes its golden records and its section of docs/inventory.md.
func listings() []listing {
	return []listing{
		awsCredentialReport(), awsAccessKeys(), awsAccountAuthorization(), awsUsers(), awsAccounts(), awsAccountAliases(),
		awsTrails(), awsSelectors(), awsEvents(), awsCertificates(),

		gcpServiceAccountKeys(), gcpServiceAccounts(), gcpKeyActivity(), gcpIAMPolicy(), gcpAuditLog(), gcpAPIKeys(),

		entraApplications(), entraSecrets(), entraSignIns(), entraGrants(), entraUsers(),
		azureStorageAccounts(), azureStorageKeys(), azureDiagnostics(), azureDevOpsTokens(),

		githubCredentialAuthorizations(), githubTokens(), githubSecretScanning(), githubAuditLog(), githubInstallations(),
		githubWebhooks(), githubSecrets(), githubEnvironments(), githubUsers(), githubTeams(), githubProperties(),
		gitlabKeys(), githubKeys(),
		gitlabTokens(), gitlabVariables(), gitlabDeployTokens(), gitlabWebhooks(), gitlabUsers(),

		kubernetes(), vaultAccessors(), pemCertificates(),

		slackIntegrations(), slackUsers(), stripeWebhooks(), datadogKeys(), cloudflareTokens(), openAIKeys(), anthropicKeys(),
		dockerHubTokens(), jfrogTokens(), databricksTokens(), terraformCloudTokens(), oktaTokens(), oktaUsers(), tailscaleKeys(),
		sendgridKeys(), twilioKeys(), npmTokens(), sentryTokens(), elasticKeys(), mongodbAtlasKeys(), mailgunKeys(), grafanaTokens(),
		digitalOceanKeys(), dopplerTokens(), snowflakeTokens(), googleGrants(), googleUsers(),

		ownTable(),
	}
}
