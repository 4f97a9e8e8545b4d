package estate

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"sprawl/internal/testkit/moto"
)

// Key is an access key.
type Key struct{ User, ID, Secret string }

// account is AWS as the organisation has it.
type account struct {
	t     testing.TB
	ctx   context.Context
	moto  *moto.Server
	admin aws.Config
	keys  map[string]Key
}

// narrow may fetch the objects of one bucket from one network; readOnly may look at everything.
const (
	narrow = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::reports/*",
		"Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}]}`
	managed = "arn:aws:iam::aws:policy/"
)

func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 9, 0, 0, 0, time.UTC)
}

// makeAccount makes users and keys over three years of the server's clock. From the second call on every one is signed and checked.
func makeAccount(t testing.TB, server *moto.Server) *account {
	t.Helper()
	a := &account{t: t, ctx: t.Context(), moto: server, keys: map[string]Key{}}
	server.Set(day(2023, time.May, 1))
	a.admin = a.config(Key{ID: "unsigned", Secret: "unsigned"})
	a.bucket("trail-of-acme")
	a.user("admin", managed+"AdministratorAccess", "")
	root := a.key("administrator", "admin")
	server.Enforce()
	a.admin = a.config(root)

	server.Set(day(2024, time.January, 10))
	a.user("svc-legacy", "", narrow)
	legacy := a.key("legacy", "svc-legacy")
	server.Set(day(2024, time.March, 1))
	a.user("svc-gone", managed+"ReadOnlyAccess", "")
	gone := a.key("deleted", "svc-gone")
	server.Set(day(2024, time.June, 1))
	a.user("svc-payments", managed+"AdministratorAccess", "", "team", "payments", "environment", "production")
	old := a.key("payments old", "svc-payments")
	server.Set(day(2025, time.January, 1))
	a.must(a.iam().DeleteAccessKey(a.ctx, &iam.DeleteAccessKeyInput{UserName: aws.String("svc-gone"), AccessKeyId: &gone.ID}))
	server.Set(day(2025, time.February, 1))
	a.user("svc-forgotten", managed+"ReadOnlyAccess", "", "owner", "lin@acme.example")
	a.key("forgotten", "svc-forgotten")
	a.user("svc-unseen", managed+"ReadOnlyAccess", "")
	a.key("in no code", "svc-unseen")
	server.Set(day(2025, time.March, 1))
	a.user("ada", managed+"PowerUserAccess", "")
	a.must(a.iam().CreateLoginProfile(a.ctx, &iam.CreateLoginProfileInput{UserName: aws.String("ada"), Password: aws.String("Made-up 1 for 2 a 3 test")}))
	ada := a.key("ada", "ada")
	server.Set(day(2025, time.June, 1))
	a.use(legacy)
	a.must(a.iam().UpdateAccessKey(a.ctx, &iam.UpdateAccessKeyInput{UserName: aws.String("svc-legacy"), AccessKeyId: &legacy.ID, Status: types.StatusTypeInactive}))
	server.Set(day(2025, time.December, 1))
	a.user("svc-reports", "", narrow, "team", "reports")
	reports := a.key("reports", "svc-reports")
	server.Set(day(2025, time.December, 20))
	a.key("payments new", "svc-payments")
	server.Set(day(2025, time.December, 30))
	for _, k := range []Key{old, ada, reports} {
		a.use(k)
	}
	trail := cloudtrail.NewFromConfig(a.admin)
	a.must(trail.CreateTrail(a.ctx, &cloudtrail.CreateTrailInput{
		Name: aws.String("all"), S3BucketName: aws.String("trail-of-acme"), IsMultiRegionTrail: aws.Bool(true), IncludeGlobalServiceEvents: aws.Bool(true),
	}))
	a.must(trail.StartLogging(a.ctx, &cloudtrail.StartLoggingInput{Name: aws.String("all")}))
	return a
}

func (a *account) config(k Key) aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: &a.moto.URL, Credentials: credentials.NewStaticCredentialsProvider(k.ID, k.Secret, ""), RetryMaxAttempts: 1,
	}
}

func (a *account) iam() *iam.Client { return iam.NewFromConfig(a.admin) }

func (a *account) must(_ any, err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *account) user(name, attached, inline string, tags ...string) {
	a.t.Helper()
	var ts []types.Tag
	for i := 0; i+1 < len(tags); i += 2 {
		ts = append(ts, types.Tag{Key: &tags[i], Value: &tags[i+1]})
	}
	a.must(a.iam().CreateUser(a.ctx, &iam.CreateUserInput{UserName: &name, Tags: ts}))
	if attached != "" {
		a.must(a.iam().AttachUserPolicy(a.ctx, &iam.AttachUserPolicyInput{UserName: &name, PolicyArn: &attached}))
	}
	if inline != "" {
		a.must(a.iam().PutUserPolicy(a.ctx, &iam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("own"), PolicyDocument: &inline}))
	}
}

func (a *account) key(label, user string) Key {
	a.t.Helper()
	out, err := a.iam().CreateAccessKey(a.ctx, &iam.CreateAccessKeyInput{UserName: &user})
	a.must(nil, err)
	k := Key{user, *out.AccessKey.AccessKeyId, *out.AccessKey.SecretAccessKey}
	a.keys[label] = k
	return k
}

// use signs a call with a key, which every user may make.
func (a *account) use(k Key) {
	a.t.Helper()
	a.must(sts.NewFromConfig(a.config(k)).GetCallerIdentity(a.ctx, &sts.GetCallerIdentityInput{}))
}

func (a *account) bucket(name string) {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.ctx, http.MethodPut, a.moto.URL+"/"+name, http.NoBody)
	a.must(nil, err)
	resp, err := http.DefaultClient.Do(r)
	a.must(nil, err)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		a.t.Fatalf("make a bucket: %s", resp.Status)
	}
}

// export asks as an administrator would and writes what the AWS CLI would print.
func (a *account) export(dir string, at time.Time) {
	a.t.Helper()
	a.moto.Set(at)
	client := a.iam()
	users, err := client.ListUsers(a.ctx, &iam.ListUsersInput{})
	a.must(nil, err)
	var keys []any
	for _, u := range users.Users {
		out, err := client.ListAccessKeys(a.ctx, &iam.ListAccessKeysInput{UserName: u.UserName})
		a.must(nil, err)
		keys = append(keys, printed(a.t, out))
	}
	a.write(dir, "access-keys.json", at, keys...)
	a.must(client.GenerateCredentialReport(a.ctx, &iam.GenerateCredentialReportInput{}))
	report, err := client.GetCredentialReport(a.ctx, &iam.GetCredentialReportInput{})
	a.must(nil, err)
	writeExport(a.t, dir, "credential-report.csv", string(report.Content), at)
	var all iam.GetAccountAuthorizationDetailsOutput
	pages := iam.NewGetAccountAuthorizationDetailsPaginator(client, &iam.GetAccountAuthorizationDetailsInput{
		Filter: []types.EntityType{types.EntityTypeUser, types.EntityTypeGroup, types.EntityTypeLocalManagedPolicy},
	})
	for pages.HasMorePages() {
		p, err := pages.NextPage(a.ctx)
		a.must(nil, err)
		all.UserDetailList = append(all.UserDetailList, p.UserDetailList...)
		all.GroupDetailList = append(all.GroupDetailList, p.GroupDetailList...)
		all.Policies = append(all.Policies, p.Policies...)
	}
	a.write(dir, "account-authorization.json", at, printed(a.t, all))
	logs := cloudtrail.NewFromConfig(a.admin)
	trails, err := logs.DescribeTrails(a.ctx, &cloudtrail.DescribeTrailsInput{})
	a.must(nil, err)
	documents := []any{map[string]any{"trailList": printed(a.t, trails).(map[string]any)["TrailList"]}}
	for _, t := range trails.TrailList {
		status, err := logs.GetTrailStatus(a.ctx, &cloudtrail.GetTrailStatusInput{Name: t.TrailARN})
		a.must(nil, err)
		documents = append(documents, map[string]any{"TrailARN": *t.TrailARN, "IsLogging": *status.IsLogging})
	}
	a.write(dir, "trails.json", at, documents...)
}

func (a *account) write(dir, name string, at time.Time, documents ...any) {
	a.t.Helper()
	text := ""
	for _, d := range documents {
		b, err := json.MarshalIndent(d, "", "    ")
		a.must(nil, err)
		text += string(b) + "\n"
	}
	writeExport(a.t, dir, name, text, at)
}

func writeExport(t testing.TB, dir, name, text string, at time.Time) {
	t.Helper()
	p := filepath.Join(dir, name)
	if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(p, at, at); err != nil {
		t.Fatal(err)
	}
}

// printed is an answer in the form in which the AWS CLI prints it: nothing of the transport, nothing empty, and policy documents
// taken out of their URL encoding.
func printed(t testing.TB, answer any) any {
	t.Helper()
	b, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return plain(t, v)
}

func plain(t testing.TB, v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			document := k == "PolicyDocument" || k == "AssumeRolePolicyDocument" || k == "Document"
			text, ok := e.(string)
			switch {
			case e == nil && (strings.HasSuffix(k, "List") || strings.HasSuffix(k, "Policies")):
				out[k] = []any{} // the CLI prints an empty list
			case k == "ResultMetadata" || e == nil:
			case document && ok:
				raw, err := url.QueryUnescape(text)
				if err != nil {
					t.Fatal(err)
				}
				var d any
				if err := json.Unmarshal([]byte(raw), &d); err != nil {
					t.Fatal(fmt.Errorf("%s: %w", k, err))
				}
				out[k] = d
			default:
				out[k] = plain(t, e)
			}
		}
		return out
	case []any:
		for i := range v {
			v[i] = plain(t, v[i])
		}
	}
	return v
}
