package moto

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// TestClockAndEnforcement: a key is as old as the clock says, and once calls are checked an invented key is refused.
func TestClockAndEnforcement(t *testing.T) {
	old := time.Date(2023, 4, 5, 6, 7, 8, 0, time.UTC)
	s := Start(t, old)
	ctx := t.Context()
	of := func(id, secret string) aws.Config {
		return aws.Config{Region: "us-east-1", BaseEndpoint: &s.URL, Credentials: credentials.NewStaticCredentialsProvider(id, secret, ""), RetryMaxAttempts: 1}
	}
	first := iam.NewFromConfig(of("nobody", "nothing"))
	if _, err := first.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("root-of-tests")}); err != nil {
		t.Fatal(err)
	}
	if _, err := first.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: aws.String("root-of-tests"), PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")}); err != nil {
		t.Fatal(err)
	}
	made, err := first.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("root-of-tests")})
	if err != nil {
		t.Fatal(err)
	}
	s.Enforce()
	later := old.AddDate(1, 0, 0)
	s.Set(later)
	if _, err := first.ListUsers(ctx, &iam.ListUsersInput{}); err == nil {
		t.Error("an invented key may list users")
	}
	signed := of(*made.AccessKey.AccessKeyId, *made.AccessKey.SecretAccessKey)
	who, err := sts.NewFromConfig(signed).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil || !strings.HasSuffix(*who.Arn, ":user/root-of-tests") {
		t.Fatalf("%v %v", who, err)
	}
	keys, err := iam.NewFromConfig(signed).ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: aws.String("root-of-tests")})
	if err != nil || len(keys.AccessKeyMetadata) != 1 || !keys.AccessKeyMetadata[0].CreateDate.Equal(old) {
		t.Fatalf("%+v %v", keys, err)
	}
	used, err := iam.NewFromConfig(signed).GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: made.AccessKey.AccessKeyId})
	if err != nil || !used.AccessKeyLastUsed.LastUsedDate.Equal(later) {
		t.Errorf("%+v %v", used, err)
	}
}
