package introspect

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sprawl/finding"
	"sprawl/internal/live"
)

// awsTags are the tags that say who answers for a user and where it belongs, by their names without case and separators.
var awsTags = map[string]string{"owner": "owner", "contact": "owner", "team": "team", "environment": "environment", "env": "environment", "stage": "environment"}

// awsAdmin are managed policies that allow everything, or to take everything.
var awsAdmin = []string{"AdministratorAccess", "IAMFullAccess"}

// askAWS asks STS who the key is, which needs no permission, and IAM what the key may know of itself.
func askAWS(ctx context.Context, o *Options, p *parts, hosts []*url.URL) (Asked, error) {
	if p.id == "" || p.secret == "" {
		return Asked{}, errSkip("one half of it is not known")
	}
	place := live.AWSPlace{Region: o.AWSRegion}
	if len(o.Bases["aws"]) > 0 {
		place.Endpoint = hosts[0]
	}
	key := o.Client.AWS(live.AWSKey{ID: p.id, Secret: finding.NewSecret([]byte(p.secret))}, place)
	a := Asked{Host: key.Host(), At: o.Now()}
	add := func(field, value string) {
		if value != "" {
			a.Facts = append(a.Facts, finding.Fact{Field: field, Value: value, Source: source(a.Host), AsOf: a.At})
		}
	}
	who, err := key.Identity(ctx)
	if err != nil {
		// Codes: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html. A key that was made inactive is answered
		// like one that was deleted; a signature that does not match says that the halves are not of one pair.
		switch live.Code(err) {
		case "InvalidClientTokenId":
			a.Status = "inactive"
		case "ExpiredToken", "ExpiredTokenException":
			a.Status = "expired"
		default:
			return a, err
		}
		add("status", a.Status)
		add("key_id", p.id)
		return a, nil
	}
	add("key_id", p.id)
	add("account", who.Account)
	add("arn", who.ARN)
	add("user", who.User)
	a.Status = "active"
	if who.User == "" { // root, or a role
		add("status", a.Status)
		return a, nil
	}
	k, err := key.Key(ctx, who.User)
	if k.Status != "" {
		a.Status = k.Status
	}
	add("status", a.Status)
	add("created", stampOf(k.Created))
	add("last_used", stampOf(k.LastUsed))
	if k.NeverUsed {
		add("last_used", "never")
	}
	if k.ActiveKeys > 0 {
		add("principal_keys", strconv.Itoa(k.ActiveKeys))
	}
	add("principal_created", stampOf(k.UserCreated))
	for _, name := range sorted(k.Tags) {
		if field := awsTags[strings.NewReplacer("-", "", "_", "", ":", "").Replace(strings.ToLower(name))]; field != "" {
			add(field, k.Tags[name])
		}
	}
	for _, name := range k.Policies {
		add("policy", name)
	}
	if slices.ContainsFunc(k.Policies, func(n string) bool { return slices.Contains(awsAdmin, n) }) {
		add("access", "admin")
	}
	a.Facts = Forget(a.Facts, a.At)
	return a, err
}

func stampOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func sorted(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
