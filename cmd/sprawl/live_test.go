package main

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/testkit/moto"
	"sprawl/internal/vectors"
)

// withClock starts the clock at a time; it goes on by itself, so that what is spaced takes its time.
func withClock(at time.Time) option {
	start := time.Now()
	return func(a *app) { a.now = func() time.Time { return at.Add(time.Since(start)) } }
}

// liveFinding is what these tests read of a finding.
type liveFinding struct {
	Type, Kind, Ident string
	Records           []finding.Record
	Message           string // of a notice
}

func liveLines(t *testing.T, c console) (byIdent map[string]liveFinding, notices []string) {
	t.Helper()
	byIdent = map[string]liveFinding{}
	for l := range strings.Lines(c.stdout) {
		var f liveFinding
		if err := json.Unmarshal([]byte(l), &f); err != nil {
			t.Fatalf("%v: %s%s", err, l, c.stderr)
		}
		switch f.Type {
		case "finding":
			byIdent[f.Ident] = f
		case "notice":
			notices = append(notices, f.Message)
		}
	}
	return byIdent, notices
}

// facts are the values of a field, with where each is from.
func (f liveFinding) facts(field string) []string {
	var out []string
	for _, r := range f.Records {
		for _, x := range r.Facts {
			if x.Field == field {
				where, _, _ := strings.Cut(x.Source, ":")
				out = append(out, where+"="+x.Value)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// awsAccount is a moto with users, each with one key.
type awsAccount struct {
	t    *testing.T
	moto *moto.Server
	iam  *iam.Client
	keys map[string][2]string
}

func newAccount(t *testing.T, at time.Time) *awsAccount {
	s := moto.Start(t, at)
	return &awsAccount{t, s, iam.NewFromConfig(motoConfig(s, [2]string{"nobody", "nothing"})), map[string][2]string{}}
}

func motoConfig(s *moto.Server, key [2]string) aws.Config {
	return aws.Config{Region: "us-east-1", BaseEndpoint: &s.URL, Credentials: credentials.NewStaticCredentialsProvider(key[0], key[1], ""), RetryMaxAttempts: 1}
}

func (a *awsAccount) user(name, policy string, tags ...types.Tag) {
	a.t.Helper()
	ctx := a.t.Context()
	if _, err := a.iam.CreateUser(ctx, &iam.CreateUserInput{UserName: &name, Tags: tags}); err != nil {
		a.t.Fatal(err)
	}
	if policy != "" {
		if _, err := a.iam.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: &name, PolicyArn: aws.String("arn:aws:iam::aws:policy/" + policy)}); err != nil {
			a.t.Fatal(err)
		}
	}
	k, err := a.iam.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &name})
	if err != nil {
		a.t.Fatal(err)
	}
	a.keys[name] = [2]string{*k.AccessKey.AccessKeyId, *k.AccessKey.SecretAccessKey}
}

// TestLiveAWS follows an account's keys through listings and introspection: inventories speak first, what our own call caused is no
// evidence, in this run or the next, and what a key may not tell stays unknown.
func TestLiveAWS(t *testing.T) {
	made := time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)
	a := newAccount(t, made)
	a.user("ops", "AdministratorAccess")
	a.user("shop", "ReadOnlyAccess", types.Tag{Key: aws.String("Owner"), Value: aws.String("shop@acme.example")}, types.Tag{Key: aws.String("env"), Value: aws.String("prod")})
	a.user("low", "")
	a.user("off", "ReadOnlyAccess")
	a.user("gone", "")
	ctx := t.Context()
	off, gone := a.keys["off"], a.keys["gone"]
	if _, err := a.iam.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: aws.String("off"), AccessKeyId: &off[0], Status: types.StatusTypeInactive}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.iam.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: aws.String("gone"), AccessKeyId: &gone[0]}); err != nil {
		t.Fatal(err)
	}
	a.moto.Enforce()
	used := made.AddDate(1, 0, 0)
	a.moto.Set(used)
	if _, err := sts.NewFromConfig(motoConfig(a.moto, a.keys["shop"])).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}); err != nil {
		t.Fatal(err)
	}

	dir := t.TempDir()
	for _, name := range []string{"shop", "low", "off", "gone"} {
		k := a.keys[name]
		text := fmt.Sprintf("aws_access_key_id = %s\naws_secret_access_key = %s\n", k[0], k[1])
		if err := os.WriteFile(filepath.Join(dir, name+".ini"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	asked := filepath.Join(t.TempDir(), "asked.jsonl")
	scan := func(at time.Time) (map[string]liveFinding, []string) {
		t.Helper()
		a.moto.Set(at)
		ops := a.keys["ops"]
		c := sprawl(t, []string{"scan", "--format", "jsonl", "--policy", "none", "--live", "aws", "--introspect", "aws-access-key", "--live-host", "aws=" + a.moto.URL, "--live-private", "--asked", asked, "dir:" + dir},
			withKey(), withClock(at), withEnv(map[string]string{"AWS_ACCESS_KEY_ID": ops[0], "AWS_SECRET_ACCESS_KEY": ops[1]}))
		if c.code != exitFindings {
			t.Fatalf("exit %d: %s", c.code, c.stderr)
		}
		for name, k := range a.keys {
			if strings.Contains(c.stdout+c.stderr, k[1]) {
				t.Fatalf("the secret of %s is in the output", name)
			}
		}
		return liveLines(t, c)
	}
	day1 := made.AddDate(1, 6, 0)
	found, notices := scan(day1)

	shop := found[a.keys["shop"][0]]
	for field, want := range map[string]string{
		"status": "[introspect=active inventory=active]", "created": "[introspect=2024-02-03T04:05:06Z inventory=2024-02-03T04:05:06Z]", "account": "[introspect=123456789012 inventory=123456789012]",
	} {
		if got := fmt.Sprint(shop.facts(field)); got != want {
			t.Errorf("%s: %s, want %s", field, got, want)
		}
	}
	if got := shop.facts("policy"); !slices.Contains(got, "inventory=ReadOnlyAccess") || !slices.Contains(got, "introspect=ReadOnlyAccess") {
		t.Errorf("policies: %v", got)
	}
	if got := shop.facts("owner"); !slices.Contains(got, "introspect=shop@acme.example") || !slices.Contains(got, "inventory=shop@acme.example") {
		t.Errorf("owner: %v", got)
	}
	// The use before our call is evidence, and the one that we caused is not.
	if got := fmt.Sprint(shop.facts("last_used")); !strings.Contains(got, used.Format(time.RFC3339)) || strings.Contains(got, day1.Format(time.DateOnly)) || strings.Contains(got, "introspect") {
		t.Errorf("last used: %s", got)
	}
	if got := fmt.Sprint(found[off[0]].facts("status")); got != "[introspect=inactive inventory=inactive]" {
		t.Errorf("the inactive key: %s", got)
	}
	if got := fmt.Sprint(found[gone[0]].facts("status")); got != "[introspect=inactive]" {
		t.Errorf("the deleted key: %s", got)
	}
	if !slices.ContainsFunc(notices, func(n string) bool { return strings.Contains(n, "unknown to its provider") }) {
		t.Errorf("nobody says that the deleted key is not listed: %q", notices)
	}
	// What it may not ask is not answered by silence: introspection knows who it is, and no more.
	low := found[a.keys["low"][0]]
	if got := fmt.Sprint(low.facts("user"), low.facts("policy"), low.facts("created")); got != "[introspect=low inventory=low] [] [inventory=2024-02-03T04:05:06Z]" {
		t.Errorf("the key with no rights: %s", got)
	}

	// The order, by what was recorded: every listing before the first call with a found key.
	text, err := os.ReadFile(asked)
	if err != nil {
		t.Fatal(err)
	}
	var whats []string
	for l := range strings.Lines(string(text)) {
		var line struct{ Type, What string }
		if err := json.Unmarshal([]byte(l), &line); err != nil {
			t.Fatal(err)
		}
		if line.Type == "call" {
			whats = append(whats, line.What)
		}
	}
	first := slices.Index(whats, "POST GetCallerIdentity")
	for i, w := range whats {
		if listing := slices.Contains([]string{"POST ListUsers", "POST GetCredentialReport", "POST GetAccountAuthorizationDetails"}, w); listing && i > first || w == "" {
			t.Errorf("call %d is %q, and a found key was sent at %d", i, w, first)
		}
	}
	if first < 3 {
		t.Errorf("the first call with a found key is number %d of %q", first, whats)
	}
	for name, k := range a.keys {
		if strings.Contains(string(text), k[1]) {
			t.Errorf("the secret of %s was kept", name)
		}
	}

	// The next night the listing has the date of our call, and nobody takes it for a use.
	day2 := day1.AddDate(0, 0, 1)
	found, notices = scan(day2)
	if got := found[a.keys["shop"][0]].facts("last_used"); len(got) != 0 {
		t.Errorf("last used, the night after: %v", got)
	}
	if !slices.ContainsFunc(notices, func(n string) bool { return strings.Contains(n, "were left out: our own calls") }) {
		t.Errorf("nobody says so: %q", notices)
	}
	// Within the day it is not asked again, and what it told is still known.
	before, err := os.ReadFile(asked)
	if err != nil {
		t.Fatal(err)
	}
	found, _ = scan(day2.Add(time.Hour))
	after, err := os.ReadFile(asked)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(after), "GetCallerIdentity") - strings.Count(string(before), "GetCallerIdentity"); n != 0 {
		t.Errorf("asked %d times again", n)
	}
	if got := found[a.keys["shop"][0]].facts("policy"); !slices.Contains(got, "introspect=ReadOnlyAccess") {
		t.Errorf("what was learned is lost: %v", got)
	}
}

// secretOf makes a value of a kind.
func secretOf(t *testing.T, kind string) string {
	t.Helper()
	for _, d := range detectors.All() {
		if d.ID == kind {
			return vectors.Make(d, rand.New(rand.NewPCG(7, 7)))[0].Text
		}
	}
	t.Fatalf("no kind %s", kind)
	return ""
}

// gitlab is a GitLab that knows one token, and a file with its certificate.
func gitlab(t *testing.T, secret string) (address, authority string, asked *atomic.Int32) {
	t.Helper()
	asked = &atomic.Int32{}
	const row = `{"id": 42, "name": "deploy", "revoked": false, "active": true, "created_at": "2022-07-20T10:00:00.000Z", "scopes": ["api"], "user_id": 17, "last_used_at": %q, "expires_at": null}`
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		switch {
		case r.URL.Path == "/api/v4/personal_access_tokens/self" && r.Header.Get("PRIVATE-TOKEN") == secret:
			_, _ = fmt.Fprintf(w, row, "2026-01-02T03:04:05.000Z")
		case r.URL.Path == "/api/v4/personal_access_tokens" && r.Header.Get("PRIVATE-TOKEN") == "operator":
			_, _ = fmt.Fprintf(w, "["+row+"]", "2025-10-06T09:00:00.000Z")
		case r.URL.Path == "/api/v4/users" && r.Header.Get("PRIVATE-TOKEN") == "operator":
			_, _ = io.WriteString(w, `[{"id": 17, "username": "ada", "state": "active", "web_url": "https://git.acme.example/ada"}]`)
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	authority = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return s.URL, authority, asked
}

// TestLiveGitLab: nothing is asked unless a flag says so; a host in what was scanned never is; and what a token tells of itself finds
// the row that lists it.
func TestLiveGitLab(t *testing.T) {
	secret := secretOf(t, "gitlab-personal-access-token")
	address, authority, asked := gitlab(t, secret)
	elsewhere, _, strays := gitlab(t, secret)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ci.env"), []byte("GITLAB_URL="+elsewhere+"\nGITLAB_TOKEN="+secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := withEnv(map[string]string{"GITLAB_TOKEN": "operator", "HTTPS_PROXY": ""})
	scan := func(args ...string) console {
		t.Helper()
		c := sprawl(t, slices.Concat([]string{"scan", "--format", "jsonl", "--policy", "none", "--log-level", "info"}, args, []string{"dir:" + dir}), withKey(), env, withClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)))
		if strings.Contains(c.stdout+c.stderr, secret) {
			t.Fatal("the secret is in the output")
		}
		if strays.Load() != 0 {
			t.Fatal("a host that stands beside the secret was asked")
		}
		return c
	}
	if c := scan(); c.code != exitFindings || asked.Load() != 0 {
		t.Fatalf("without flags: exit %d, asked %d times", c.code, asked.Load())
	}
	at := []string{"--live-host", "gitlab=" + address, "--live-ca", authority}
	refused := scan(append(at, "--introspect", "gitlab-personal-access-token")...)
	if _, notices := liveLines(t, refused); asked.Load() != 0 || !strings.Contains(strings.Join(notices, "\n"), "refused") {
		t.Errorf("a private address without the switch: asked %d times, %q", asked.Load(), notices)
	}
	at = append(at, "--live-private")
	alone, _ := liveLines(t, scan(append(at, "--introspect", "gitlab-personal-access-token")...))
	if got := alone[""]; asked.Load() != 1 || fmt.Sprint(got.facts("key_id"), got.facts("expires"), got.facts("last_used")) != "[introspect=42] [introspect=never] []" {
		t.Errorf("introspection alone: asked %d times, %+v", asked.Load(), got)
	}
	c := scan(append(at, "--introspect", "all", "--live", "gitlab")...)
	both, _ := liveLines(t, c)
	got := both[""]
	if i := slices.IndexFunc(got.Records, func(r finding.Record) bool {
		return r.Key == "42" && r.Match == finding.MatchExact && strings.HasPrefix(r.Source, "live:gitlab")
	}); i < 0 || !slices.Contains(got.facts("last_used"), "inventory=2025-10-06T09:00:00Z") {
		t.Errorf("the token's own id does not find its row: %+v", got.Records)
	}
	if !strings.Contains(c.stderr, "personal_access_tokens/self") || strings.Contains(c.stderr, "operator") {
		t.Errorf("the log: %s", c.stderr)
	}

	// The list of all that is known asks in the same way.
	held := sprawl(t, slices.Concat([]string{"inventory", "--format", "json", "--policy", "none", "--live", "gitlab"}, at, []string{"dir:" + t.TempDir()}), withKey(), env)
	var holdings []holding
	if err := json.Unmarshal([]byte(held.stdout), &holdings); err != nil {
		t.Fatalf("%v: %s", err, held.stderr)
	}
	if !slices.ContainsFunc(holdings, func(h holding) bool { return h.Ident == "42" && h.Listed && !h.Found && h.Since == "2022-07-20" }) {
		t.Errorf("%+v", holdings)
	}

	// A provider that gives nothing is told, and the scan is incomplete.
	bad := sprawl(t, slices.Concat([]string{"scan", "--format", "jsonl", "--policy", "none", "--fail-on", "none", "--live", "gitlab"}, at, []string{"dir:" + dir}), withKey(), withEnv(map[string]string{"GITLAB_TOKEN": "stranger"}))
	if _, notices := liveLines(t, bad); bad.code != exitIncomplete || !strings.Contains(strings.Join(notices, "\n"), "not accepted (401)") {
		t.Errorf("exit %d, %q", bad.code, notices)
	}
}

func TestLiveFlags(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--live", "acme"}, "no provider is called"},
		{[]string{"--live", "github"}, "github:ORGANISATION"},
		{[]string{"--live", "vault:x"}, "nothing behind a colon"},
		{[]string{"--introspect", "acme-token"}, "no kind is called"},
		{[]string{"--introspect", "postgres-url"}, "nothing can be asked"},
		{[]string{"--live-private"}, "nobody is to be asked"},
		{[]string{"--introspect", "all", "--live-host", "gitlab=http://git.acme.example"}, "not an https address"},
		{[]string{"--introspect", "all", "--live-host", "gitlab"}, "not PROVIDER=ADDRESS"},
		{[]string{"--introspect", "all", "--canary", "12"}, "no AWS account"},
		{[]string{"--introspect", "all", "--live-ca", "nowhere.pem"}, "--live-ca"},
		{[]string{"--introspect", "all", "--staged"}, "without asking anybody"},
		{[]string{"--introspect", "all", "--asked", "x.jsonl"}, "without a key"},
		{[]string{"--live", "aws"}, "no credentials"},
		{[]string{"--live", "gitlab"}, "GITLAB_TOKEN"},
		{[]string{"--live", "github:acme"}, "GH_TOKEN"},
		{[]string{"--live", "gcp:acme"}, "CLOUDSDK_AUTH_ACCESS_TOKEN"},
		{[]string{"--live", "entra"}, "AZURE_TENANT_ID"},
		{[]string{"--live", "vault"}, "VAULT_ADDR"},
		{[]string{"--live", "kubernetes"}, "no kubeconfig"},
	} {
		dir := t.TempDir()
		got := sprawl(t, slices.Concat([]string{"scan", "--policy", "none"}, c.args, []string{"dir:" + dir}), withEnv(map[string]string{"HOME": dir}))
		if got.code != exitUsage || !strings.Contains(got.stderr, c.want) || !strings.Contains(got.stderr, "next:") {
			t.Errorf("%q: exit %d, %s", c.args, got.code, got.stderr)
		}
	}
}

// TestListIntrospect: an operator can see where each secret would go, and what that does.
func TestListIntrospect(t *testing.T) {
	c := sprawl(t, []string{"detectors", "list", "--introspect"})
	lines := strings.Split(strings.TrimSpace(c.stdout), "\n")
	n := 0
	for _, d := range detectors.All() {
		if d.Introspection == nil {
			continue
		}
		n++
		if !slices.ContainsFunc(lines, func(l string) bool {
			return strings.HasPrefix(l, d.ID+" ") && strings.Contains(l, d.Introspection.Path) && strings.Contains(l, string(d.Introspection.Effect)) && strings.Contains(l, "https://")
		}) {
			t.Errorf("%s is not in the list", d.ID)
		}
	}
	if c.code != 0 || len(lines) != n+1 || n < 25 {
		t.Errorf("exit %d, %d lines for %d kinds", c.code, len(lines), n)
	}
}
