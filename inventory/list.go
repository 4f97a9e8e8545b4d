package inventory

// listings is every format. Where two could take one file, the more specific stands first.
func listings() []listing {
	return []listing{
		awsCredentialReport(), awsAccessKeys(), awsAccountAuthorization(), awsUsers(), awsAccounts(),
		awsTrails(), awsSelectors(), awsEvents(), awsCertificates(),

		gcpServiceAccountKeys(), gcpServiceAccounts(), gcpKeyActivity(), gcpIAMPolicy(), gcpAuditLog(), gcpAPIKeys(),

		entraApplications(), entraSecrets(), entraSignIns(), entraGrants(), entraUsers(),
		azureStorageAccounts(), azureStorageKeys(), azureDiagnostics(), azureDevOpsTokens(),

		githubCredentialAuthorizations(), githubTokens(), githubSecretScanning(), githubAuditLog(), githubInstallations(),
		githubWebhooks(), githubSecrets(), githubEnvironments(), githubUsers(),
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
