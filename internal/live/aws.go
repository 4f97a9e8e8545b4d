package live

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"sprawl/finding"
)

// AWSKey is an access key; Session is empty for a long-lived one.
type AWSKey struct {
	ID              string
	Secret, Session finding.Secret
}

// AWSPlace says which AWS: the region, by which also the partition goes ("" is us-east-1), and an address instead of all of AWS's own.
type AWSPlace struct {
	Region   string
	Endpoint *url.URL
}

const awsRegion = "us-east-1" // where the services that have no region are signed for

func (p AWSPlace) region() string {
	if p.Region == "" {
		return awsRegion
	}
	return p.Region
}

// hosts are the services' own (https://docs.aws.amazon.com/general/latest/gr/iam-service.html, …/sts.html, …/ct.html).
func (p AWSPlace) hosts() (sts, iam, trail string) {
	if p.Endpoint != nil {
		return p.Endpoint.Host, p.Endpoint.Host, p.Endpoint.Host
	}
	r, suffix := p.region(), ".amazonaws.com"
	iam = "iam.amazonaws.com"
	switch {
	case strings.HasPrefix(r, "cn-"):
		suffix += ".cn"
		iam = "iam.cn-north-1" + suffix
	case strings.HasPrefix(r, "us-gov-"):
		iam = "iam.us-gov" + suffix
	}
	return "sts." + r + suffix, iam, "cloudtrail." + r + suffix
}

// AWS is a client for one key. Nothing is called before a method is.
type AWS struct {
	id    string
	host  string
	sts   *sts.Client
	iam   *iam.Client
	trail trail
}

// AWS makes one.
func (c *Client) AWS(key AWSKey, place AWSPlace) *AWS {
	atSTS, atIAM, atTrail := place.hosts()
	secret := key.Secret.Reveal()
	ask := Ask{Provider: "aws", Hosts: []string{atSTS, atIAM, atTrail}, Hide: [][]byte{secret, key.Session.Reveal()}}
	endpoint := func(host string) *string {
		if place.Endpoint != nil {
			return aws.String(place.Endpoint.String())
		}
		return aws.String("https://" + host)
	}
	cfg := aws.Config{
		Region: place.region(), RetryMaxAttempts: 1, HTTPClient: c.Doer(ask, awsAction), Credentials: credentials.NewStaticCredentialsProvider(key.ID, string(secret), string(key.Session.Reveal())),
	}
	return &AWS{
		id: key.ID, host: atSTS,
		sts:   sts.NewFromConfig(cfg, func(o *sts.Options) { o.BaseEndpoint = endpoint(atSTS) }),
		iam:   iam.NewFromConfig(cfg, func(o *iam.Options) { o.BaseEndpoint = endpoint(atIAM) }),
		trail: trail{c, ask, cfg.Credentials, *endpoint(atTrail), place.region()},
	}
}

// awsAction names a call by its action: in the form of the older services, in a header of the newer.
func awsAction(r *http.Request, body []byte) string {
	if t := r.Header.Get("X-Amz-Target"); t != "" {
		return r.Method + " " + t[strings.LastIndexByte(t, '.')+1:]
	}
	if q, err := url.ParseQuery(string(body)); err == nil && q.Get("Action") != "" {
		return r.Method + " " + q.Get("Action")
	}
	return r.Method + " " + r.URL.Path
}

// Host is where identities are asked for.
func (a *AWS) Host() string { return a.host }

// Code is the error code that AWS answered with, "" for an error that is none of AWS's.
func Code(err error) string {
	var api smithy.APIError
	var decoding *smithy.DeserializationError
	if errors.As(err, &api) && !errors.As(err, &decoding) {
		return api.ErrorCode()
	}
	return ""
}

// Denied reports whether an error says that the key may not do this; everything else is still unknown then.
func Denied(err error) bool {
	if errors.Is(err, errStatus(http.StatusForbidden)) {
		return true
	}
	var res interface{ HTTPStatusCode() int }
	if Code(err) == "" && errors.As(err, &res) {
		return res.HTTPStatusCode() == http.StatusForbidden
	}
	return slices.Contains([]string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}, Code(err))
}

// Identity is who a key is.
type Identity struct{ Account, ARN, User string }

// Identity asks STS, which needs no permission.
func (a *AWS) Identity(ctx context.Context) (Identity, error) {
	out, err := a.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return Identity{}, brief(err)
	}
	id := Identity{Account: aws.ToString(out.Account), ARN: aws.ToString(out.Arn)}
	if _, path, ok := strings.Cut(id.ARN, ":user/"); ok {
		id.User = path[strings.LastIndexByte(path, '/')+1:]
	}
	return id, nil
}

// Key is what IAM says of one access key and its user; a zero field was not told.
type Key struct {
	Status             string // active, inactive
	Created, LastUsed  time.Time
	NeverUsed          bool
	Service, UsedIn    string
	ActiveKeys         int
	UserCreated        time.Time
	Tags               map[string]string
	Policies, PolicyIs []string // names and ARNs of what is attached to the user itself
	Denied             []string // what the key may not ask
}

// Key asks what the key itself may ask about itself. What it may not is in Denied and no error.
func (a *AWS) Key(ctx context.Context, user string) (Key, error) {
	var k Key
	var failed error
	ask := func(what string, call func() error) {
		if failed != nil {
			return
		}
		if err := call(); Denied(err) {
			k.Denied = append(k.Denied, what)
		} else if err != nil {
			failed = brief(err)
		}
	}
	ask("iam:GetAccessKeyLastUsed", func() error {
		out, err := a.iam.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: &a.id})
		if err != nil || out.AccessKeyLastUsed == nil {
			return err
		}
		k.LastUsed, k.Service, k.UsedIn = aws.ToTime(out.AccessKeyLastUsed.LastUsedDate), aws.ToString(out.AccessKeyLastUsed.ServiceName), aws.ToString(out.AccessKeyLastUsed.Region)
		k.NeverUsed = k.LastUsed.IsZero()
		return nil
	})
	ask("iam:ListAccessKeys", func() error {
		out, err := a.iam.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: &user})
		if err != nil {
			return err
		}
		for _, m := range out.AccessKeyMetadata {
			if m.Status == types.StatusTypeActive {
				k.ActiveKeys++
			}
			if aws.ToString(m.AccessKeyId) == a.id {
				k.Status, k.Created = strings.ToLower(string(m.Status)), aws.ToTime(m.CreateDate)
			}
		}
		return nil
	})
	ask("iam:GetUser", func() error {
		out, err := a.iam.GetUser(ctx, &iam.GetUserInput{UserName: &user})
		if err != nil || out.User == nil {
			return err
		}
		k.UserCreated, k.Tags = aws.ToTime(out.User.CreateDate), map[string]string{}
		for _, t := range out.User.Tags {
			k.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
		return nil
	})
	ask("iam:ListAttachedUserPolicies", func() error {
		out, err := a.iam.ListAttachedUserPolicies(ctx, &iam.ListAttachedUserPoliciesInput{UserName: &user})
		if err != nil {
			return err
		}
		for _, p := range out.AttachedPolicies {
			k.Policies, k.PolicyIs = append(k.Policies, aws.ToString(p.PolicyName)), append(k.PolicyIs, aws.ToString(p.PolicyArn))
		}
		return nil
	})
	return k, failed
}

// brief is an error of the SDK without the request that it repeats.
func brief(err error) error {
	for _, guard := range []error{ErrRefused, ErrRedirect, ErrTooLarge, ErrLimited, ErrFailed, context.Canceled} {
		if errors.Is(err, guard) {
			var op *smithy.OperationError
			for errors.As(err, &op) {
				err = op.Err
			}
			return guardOf(err)
		}
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return &awsError{api}
	}
	var res interface{ HTTPStatusCode() int }
	if errors.As(err, &res) {
		return errStatus(res.HTTPStatusCode())
	}
	return err
}

// guardOf unwraps to the guard's own message.
func guardOf(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil || !strings.Contains(err.Error(), "request send failed") && !strings.Contains(err.Error(), "exceeded maximum number of attempts") && !strings.Contains(err.Error(), "https response error") {
			return err
		}
		err = next
	}
}

// awsError is an error of AWS by its code alone: its message may repeat parts of the request.
type awsError struct{ smithy.APIError }

func (e *awsError) Error() string { return "AWS answered " + e.ErrorCode() }

func (e *awsError) Unwrap() error { return e.APIError }
