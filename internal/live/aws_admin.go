package live

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"sprawl/finding"
)

// AWSCredentials are an operator's: the variables of AWS's tools, else a profile of the credentials file
// (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html). Only keys are read; who signs in otherwise exports them first.
func (a *Admin) AWSCredentials() (AWSKey, error) {
	if id, secret := a.Getenv("AWS_ACCESS_KEY_ID"), a.Getenv("AWS_SECRET_ACCESS_KEY"); id != "" && secret != "" {
		return AWSKey{id, finding.NewSecret([]byte(secret)), finding.NewSecret([]byte(a.Getenv("AWS_SESSION_TOKEN")))}, nil
	}
	const hint = `eval "$(aws configure export-credentials --format env)"`
	file, profile := a.Getenv("AWS_SHARED_CREDENTIALS_FILE"), a.Getenv("AWS_PROFILE")
	if file == "" {
		home := a.Getenv("HOME")
		if home == "" {
			home = a.Getenv("USERPROFILE")
		}
		file = path.Join(home, ".aws", "credentials")
	}
	if profile == "" {
		profile = "default"
	}
	text, err := a.ReadFile(file)
	if err != nil {
		return AWSKey{}, fmt.Errorf("%w: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or: %s", ErrNoCredentials, hint)
	}
	section, fields := "", map[string]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section = strings.TrimSpace(strings.Trim(line, "[]"))
			continue
		}
		if k, v, ok := strings.Cut(line, "="); ok && section == profile {
			fields[strings.TrimSpace(k)] = strings.TrimSpace(v)
		}
	}
	id, secret := fields["aws_access_key_id"], fields["aws_secret_access_key"]
	if id == "" || secret == "" {
		return AWSKey{}, fmt.Errorf("%w: profile %s of %s holds no key; %s", ErrNoCredentials, profile, file, hint)
	}
	return AWSKey{id, finding.NewSecret([]byte(secret)), finding.NewSecret([]byte(fields["aws_session_token"]))}, nil
}

// pullAWS takes an account's users, keys, policies, alias and trails. The report has last uses and no key ids, the key lists have ids and
// none: both are needed.
func pullAWS(ctx context.Context, p *pull) error {
	key, err := p.AWSCredentials()
	if err != nil {
		return err
	}
	place := AWSPlace{Region: p.env("AWS_REGION", "AWS_DEFAULT_REGION"), Endpoint: p.Bases["aws"]}
	if address := p.env("AWS_ENDPOINT_URL"); place.Endpoint == nil && address != "" {
		if place.Endpoint, err = Base(address, p.client.o.Private); err != nil {
			return fmt.Errorf("AWS_ENDPOINT_URL: %w", err)
		}
	}
	a := p.client.AWS(key, place)
	for _, take := range []struct {
		what string
		do   func(context.Context, *pull) error
	}{
		{"access-keys", a.keys}, {"credential-report", a.report}, {"account-authorization", a.authorization}, {"account-aliases", a.aliases}, {"trails", a.trails},
	} {
		if err := take.do(ctx, p); err != nil {
			denied := Denied(err)
			if err = brief(err); denied {
				err = fmt.Errorf("the key may not: %w", err)
			}
			if err := p.miss(ctx, take.what, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// keys are the access keys of every user, in the form of list-access-keys.
func (a *AWS) keys(ctx context.Context, p *pull) error {
	var out bytes.Buffer
	users := iam.NewListUsersPaginator(a.iam, &iam.ListUsersInput{})
	for users.HasMorePages() {
		page, err := users.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, u := range page.Users {
			var all []types.AccessKeyMetadata
			keys := iam.NewListAccessKeysPaginator(a.iam, &iam.ListAccessKeysInput{UserName: u.UserName})
			for keys.HasMorePages() {
				k, err := keys.NextPage(ctx)
				if err != nil {
					return err
				}
				all = append(all, k.AccessKeyMetadata...)
			}
			if err := json.NewEncoder(&out).Encode(map[string]any{"AccessKeyMetadata": nonNil(all)}); err != nil {
				return err
			}
		}
	}
	if out.Len() > 0 {
		p.add("access-keys", "aws-access-keys", out.Bytes(), "")
	}
	return nil
}

// How long AWS takes to make a report: seconds.
const (
	reportTries = 20
	reportPause = 2 * time.Second
	// oldestReport is older than any that was just asked for; a time before that is a mistake.
	oldestReport = 24 * time.Hour
)

func (a *AWS) report(ctx context.Context, p *pull) error {
	for range reportTries {
		made, err := a.iam.GenerateCredentialReport(ctx, &iam.GenerateCredentialReportInput{})
		if err != nil {
			return err
		}
		if made.State == types.ReportStateTypeComplete {
			break
		}
		if err := p.client.o.Wait(ctx, reportPause); err != nil {
			return err
		}
	}
	r, err := a.iam.GetCredentialReport(ctx, &iam.GetCredentialReportInput{})
	if err != nil {
		return err
	}
	p.add("credential-report", "aws-credential-report", r.Content, "")
	// AWS makes a report at most every four hours: it is as of when it was made.
	if at := aws.ToTime(r.GeneratedTime); at.Before(p.Now()) && p.Now().Sub(at) < oldestReport {
		p.exports[len(p.exports)-1].AsOf = at
	}
	return nil
}

// authorization is get-account-authorization-details, its pages put together and its documents decoded as the CLI does.
func (a *AWS) authorization(ctx context.Context, p *pull) error {
	var users []types.UserDetail
	var groups []types.GroupDetail
	var policies []types.ManagedPolicyDetail
	pages := iam.NewGetAccountAuthorizationDetailsPaginator(a.iam, &iam.GetAccountAuthorizationDetailsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		users, groups, policies = append(users, page.UserDetailList...), append(groups, page.GroupDetailList...), append(policies, page.Policies...)
	}
	raw, err := json.Marshal(map[string]any{"UserDetailList": nonNil(users), "GroupDetailList": nonNil(groups), "Policies": nonNil(policies)})
	if err != nil {
		return err
	}
	var doc any
	if err := json.Unmarshal(raw, &doc); err != nil {
		return err
	}
	documents(doc)
	if raw, err = json.Marshal(doc); err != nil {
		return err
	}
	p.add("account-authorization", "aws-account-authorization", raw, "")
	return nil
}

// aliases is list-account-aliases with the account, which it does not name.
func (a *AWS) aliases(ctx context.Context, p *pull) error {
	var out struct {
		AccountAliases []string
		Account        string
	}
	pages := iam.NewListAccountAliasesPaginator(a.iam, &iam.ListAccountAliasesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		out.AccountAliases = append(out.AccountAliases, page.AccountAliases...)
	}
	if len(out.AccountAliases) == 0 {
		return nil
	}
	who, err := a.Identity(ctx)
	if err != nil {
		return err
	}
	out.Account = who.Account
	raw, err := json.Marshal(out)
	if err != nil {
		return err
	}
	p.add("account-aliases", "aws-account-aliases", raw, "")
	return nil
}

// documents replaces the URL-encoded texts of policy documents by what they say, and nulls where a list stands by empty ones.
func documents(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			documents(e)
		}
	case map[string]any:
		for k, e := range v {
			text, isText := e.(string)
			switch {
			case isText && (k == "PolicyDocument" || k == "Document" || k == "AssumeRolePolicyDocument"):
				var d any
				if plain, err := url.QueryUnescape(text); err == nil && json.Unmarshal([]byte(plain), &d) == nil {
					v[k] = d
				}
			case e == nil && (strings.HasSuffix(k, "List") || strings.HasSuffix(k, "Policies") || k == "Tags"):
				v[k] = []any{}
			default:
				documents(e)
			}
		}
	}
}

// nonNil is a list that encodes as one.
func nonNil[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}
