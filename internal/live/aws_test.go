package live

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"sprawl/finding"
	"sprawl/internal/testkit/moto"
	"sprawl/inventory"
)

// setup is an administrator of moto's account before anybody is asked for credentials.
func setup(t *testing.T, s *moto.Server) *iam.Client {
	t.Helper()
	return iam.NewFromConfig(aws.Config{Region: awsRegion, BaseEndpoint: &s.URL, Credentials: credentials.NewStaticCredentialsProvider("nobody", "nothing", ""), RetryMaxAttempts: 1})
}

// user makes a user with policies, tags and a key.
func user(t *testing.T, c *iam.Client, name, policy string, tags map[string]string) AWSKey {
	t.Helper()
	ctx := t.Context()
	in := &iam.CreateUserInput{UserName: &name}
	for k, v := range tags {
		in.Tags = append(in.Tags, types.Tag{Key: &k, Value: &v})
	}
	if _, err := c.CreateUser(ctx, in); err != nil {
		t.Fatal(err)
	}
	if policy != "" {
		if _, err := c.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: &name, PolicyArn: aws.String("arn:aws:iam::aws:policy/" + policy)}); err != nil {
			t.Fatal(err)
		}
	}
	k, err := c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &name})
	if err != nil {
		t.Fatal(err)
	}
	return AWSKey{ID: *k.AccessKey.AccessKeyId, Secret: finding.NewSecret([]byte(*k.AccessKey.SecretAccessKey))}
}

func admin(t *testing.T, s *moto.Server, now *time.Time, key AWSKey) *Admin {
	t.Helper()
	env := map[string]string{"AWS_ACCESS_KEY_ID": key.ID, "AWS_SECRET_ACCESS_KEY": string(key.Secret.Reveal()), "AWS_ENDPOINT_URL": s.URL}
	return &Admin{
		Client: New(Options{Now: func() time.Time { return *now }, Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }, Private: true}),
		Now:    func() time.Time { return *now }, Getenv: func(n string) string { return env[n] },
		ReadFile: func(string) ([]byte, error) { return nil, fs.ErrNotExist },
	}
}

// load reads exports as a run does, and returns the rows by the provider's key.
func load(t *testing.T, es []Export, now time.Time) map[string][]inventory.Row {
	t.Helper()
	rows := map[string][]inventory.Row{}
	for _, e := range es {
		inv, troubles, err := inventory.Load(t.Context(), strings.NewReader(string(e.Data)), e.Format, inventory.Meta{Name: e.Name, AsOf: e.AsOf, Now: now, Scope: e.Scope, Environment: e.Environment})
		if err != nil || len(troubles) > 0 {
			t.Fatalf("%s: %v %v", e.Name, err, troubles)
		}
		if inv.Partial != "" {
			t.Errorf("%s: %s", e.Name, inv.Partial)
		}
		for _, r := range inv.Rows {
			rows[r.Record.Key] = append(rows[r.Record.Key], r)
		}
	}
	return rows
}

func fact(rows []inventory.Row, field string) string {
	var out []string
	for i := range rows {
		if v := rows[i].Fact(field); v != "" {
			out = append(out, v)
		}
	}
	return strings.Join(out, " ")
}

// TestAWS: an account's listings come out as its exports would, and a key without the right to list leaves what cannot be told.
func TestAWS(t *testing.T) {
	made := time.Date(2023, 4, 5, 6, 7, 8, 0, time.UTC)
	now := made
	s := moto.Start(t, made)
	c := setup(t, s)
	root := user(t, c, "ops", "AdministratorAccess", nil)
	shop := user(t, c, "svc-shop", "ReadOnlyAccess", map[string]string{"owner": "shop@acme.example", "env": "prod"})
	low := user(t, c, "low", "", nil)
	if _, err := c.UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{UserName: aws.String("low"), AccessKeyId: &low.ID, Status: types.StatusTypeInactive}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateAccountAlias(t.Context(), &iam.CreateAccountAliasInput{AccountAlias: aws.String("acme-prod")}); err != nil {
		t.Fatal(err)
	}
	s.Enforce()
	now = made.AddDate(2, 0, 0)
	s.Set(now)

	a := admin(t, s, &now, root)
	es, troubles, err := a.Pull(t.Context(), "aws")
	if err != nil || len(troubles) != 1 || troubles[0] != (Trouble{"live:aws/trails", "there is no trail in this region"}) {
		t.Fatalf("%v %v", err, troubles)
	}
	rows := load(t, es, now)

	makeTrail(t, s, root)
	if es, troubles, err = a.Pull(t.Context(), "aws"); err != nil || len(troubles) != 0 {
		t.Fatalf("%v %v", err, troubles)
	}
	const arn = "arn:aws:cloudtrail:us-east-1:123456789012:trail/all"
	if got := load(t, es, now)[arn]; fact(got, "logging") == "" {
		t.Errorf("the trail: %+v", got)
	}
	if got := rows[shop.ID]; fact(got, "status") != "active" || fact(got, "created") != "2023-04-05T06:07:08Z" || fact(got, "user") != "svc-shop" {
		t.Errorf("the key: %+v", got)
	}
	if got := rows[low.ID]; fact(got, "status") != "inactive" {
		t.Errorf("the inactive key: %+v", got)
	}
	who := rows["arn:aws:iam::123456789012:user/svc-shop"]
	if !strings.Contains(fact(who, "policy"), "ReadOnlyAccess") || !strings.Contains(fact(who, "owner"), "shop@acme.example") || fact(who, "access") == "" {
		t.Errorf("the user: %+v", who)
	}
	if got := rows["123456789012"]; fact(got, "account_name") != "acme-prod" {
		t.Errorf("the account: %+v", got)
	}
	for _, call := range a.Client.Calls() {
		if call.Provider != "aws" || call.Status == 0 || !strings.HasPrefix(call.What, "POST ") || strings.Contains(call.What, "/") {
			t.Errorf("recorded: %+v", call)
		}
	}

	// One that may do nothing: every listing is a trouble, and none is an answer.
	poor := user(t, iamAs(s, root), "poor", "", nil)
	es, troubles, err = admin(t, s, &now, poor).Pull(t.Context(), "aws")
	if err != nil || len(es) != 0 || len(troubles) != 5 {
		t.Fatalf("%d exports, %v, %v", len(es), troubles, err)
	}
	for _, x := range troubles {
		if !strings.Contains(x.Why, "may not") || strings.Contains(x.Why, string(poor.Secret.Reveal())) {
			t.Errorf("%+v", x)
		}
	}
}

// makeTrail has the account log to a bucket.
func makeTrail(t *testing.T, s *moto.Server, k AWSKey) {
	t.Helper()
	cfg := aws.Config{Region: awsRegion, BaseEndpoint: &s.URL, Credentials: credentials.NewStaticCredentialsProvider(k.ID, string(k.Secret.Reveal()), ""), RetryMaxAttempts: 1}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.URL+"/logs", nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := cfg.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // the SHA-256 of no bytes
	r.Header.Set("X-Amz-Content-Sha256", nothing)
	if err := v4.NewSigner().SignHTTP(t.Context(), key, r, nothing, "s3", awsRegion, time.Now()); err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("make a bucket: %s", res.Status)
	}
	c := cloudtrail.NewFromConfig(cfg)
	if _, err := c.CreateTrail(t.Context(), &cloudtrail.CreateTrailInput{Name: aws.String("all"), S3BucketName: aws.String("logs"), IsMultiRegionTrail: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.StartLogging(t.Context(), &cloudtrail.StartLoggingInput{Name: aws.String("all")}); err != nil {
		t.Fatal(err)
	}
}

func iamAs(s *moto.Server, k AWSKey) *iam.Client {
	return iam.NewFromConfig(aws.Config{Region: awsRegion, BaseEndpoint: &s.URL, Credentials: credentials.NewStaticCredentialsProvider(k.ID, string(k.Secret.Reveal()), ""), RetryMaxAttempts: 1})
}

func TestAWSHosts(t *testing.T) {
	for region, want := range map[string]string{
		"":              "sts.us-east-1.amazonaws.com iam.amazonaws.com cloudtrail.us-east-1.amazonaws.com",
		"eu-west-1":     "sts.eu-west-1.amazonaws.com iam.amazonaws.com cloudtrail.eu-west-1.amazonaws.com",
		"us-gov-west-1": "sts.us-gov-west-1.amazonaws.com iam.us-gov.amazonaws.com cloudtrail.us-gov-west-1.amazonaws.com",
		"cn-north-1":    "sts.cn-north-1.amazonaws.com.cn iam.cn-north-1.amazonaws.com.cn cloudtrail.cn-north-1.amazonaws.com.cn",
	} {
		a, b, c := AWSPlace{Region: region}.hosts()
		if got := strings.Join([]string{a, b, c}, " "); got != want {
			t.Errorf("%q: %s", region, got)
		}
	}
}

func TestAWSCredentials(t *testing.T) {
	const file = "[default]\naws_access_key_id = one\naws_secret_access_key = two\n\n[shop]\naws_access_key_id=three\naws_secret_access_key=four\naws_session_token=five\n"
	for _, c := range []struct {
		name, want string
		env        map[string]string
	}{
		{"variables", "a/b/c", map[string]string{"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_SESSION_TOKEN": "c", "HOME": "/home/x"}},
		{"the default profile", "one/two/", map[string]string{"HOME": "/home/x"}},
		{"another profile", "three/four/five", map[string]string{"HOME": "/home/x", "AWS_PROFILE": "shop"}},
		{"a profile that is not there", "", map[string]string{"HOME": "/home/x", "AWS_PROFILE": "none"}},
		{"no file", "", map[string]string{"HOME": "/home/y"}},
	} {
		a := &Admin{Getenv: func(n string) string { return c.env[n] }, ReadFile: func(p string) ([]byte, error) {
			if p == "/home/x/.aws/credentials" {
				return []byte(file), nil
			}
			return nil, fs.ErrNotExist
		}}
		k, err := a.AWSCredentials()
		got := k.ID + "/" + string(k.Secret.Reveal()) + "/" + string(k.Session.Reveal())
		if c.want == "" {
			if !errors.Is(err, ErrNoCredentials) {
				t.Errorf("%s: %v", c.name, err)
			}
		} else if got != c.want || err != nil {
			t.Errorf("%s: %s %v", c.name, got, err)
		}
	}
}
