package live

import (
	"context"
	"fmt"
	"net/url"
)

// Hosts of Google's services; with a base of the operator's own, all of them are there.
const (
	gcpIAM      = "https://iam.googleapis.com"
	gcpResource = "https://cloudresourcemanager.googleapis.com"
	gcpActivity = "https://policyanalyzer.googleapis.com"
	gcpAPIKeys  = "https://apikeys.googleapis.com"
)

// pullGCP takes a project's service accounts, their keys and use, API keys, and who may do what
// (https://cloud.google.com/iam/docs/reference/rest, …/policy-intelligence/docs/reference/policyanalyzer/rest).
func pullGCP(ctx context.Context, p *pull) error {
	bearer := p.env("CLOUDSDK_AUTH_ACCESS_TOKEN", "GOOGLE_OAUTH_ACCESS_TOKEN")
	if bearer == "" {
		return fmt.Errorf("%w: export CLOUDSDK_AUTH_ACCESS_TOKEN=$(gcloud auth print-access-token)", ErrNoCredentials)
	}
	project := "projects/" + url.PathEscape(p.scope)
	paged := token("nextPageToken", "pageToken")
	take := func(host string, l list) ([]byte, error) {
		if err := p.at(host, bearer, "Authorization", "Bearer "+bearer); err != nil {
			return nil, err
		}
		l.scope = p.scope
		return p.take(ctx, l)
	}
	accounts, err := take(gcpIAM, list{what: "service-accounts", path: "/v1/" + project + "/serviceAccounts?pageSize=100", format: "gcp-service-accounts", next: paged})
	if err != nil {
		return err
	}
	for _, email := range each(accounts, "accounts", "email") {
		if _, err := take(gcpIAM, list{what: email + "/keys", path: "/v1/" + project + "/serviceAccounts/" + url.PathEscape(email) + "/keys?keyTypes=USER_MANAGED", format: "gcp-service-account-keys"}); err != nil {
			return err
		}
	}
	if _, err := take(gcpActivity, list{what: "key-activity", path: "/v1/" + project + "/locations/global/activityTypes/serviceAccountKeyLastAuthentication/activities:query", format: "gcp-key-activity", next: paged}); err != nil {
		return err
	}
	if _, err := take(gcpAPIKeys, list{what: "api-keys", path: "/v2/" + project + "/locations/global/keys?pageSize=300", format: "gcp-api-keys", next: paged}); err != nil {
		return err
	}
	_, err = take(gcpResource, list{what: "iam-policy", path: "/v1/" + project + ":getIamPolicy", format: "gcp-iam-policy", post: []byte("{}")})
	return err
}
