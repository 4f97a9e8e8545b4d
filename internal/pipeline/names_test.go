package pipeline

import "testing"

func TestSecretName(t *testing.T) {
	for _, s := range []string{"DB_PASSWORD", "apiKey", "github-token", "AWS_ACCESS_KEY_ID", "SENTRY_DSN", "SSH_PRIVATE_KEY", "dockerPass", "SLACK_WEBHOOK_URL", "TEAMS_WEBHOOK", "SLACK_WEBHOOK_PROD", "DATABASE_URL", "clientSecret", "NPM_TOKEN"} {
		if !secretName(s) {
			t.Errorf("%s is none", s)
		}
	}
	for _, s := range []string{"TOKEN_URL", "SECRET_NAME", "MONKEY", "KEYBOARD", "COMPASS", "PASSED", "KEY", "cache-key", "secretName", "PUBLIC_URL", "TOKENIZER", "password_policy", "AUTHOR", "webhook_image_tag", "SecretsKMSKey", "secret_public_key", ""} {
		if secretName(s) {
			t.Errorf("%s is one", s)
		}
	}
}
