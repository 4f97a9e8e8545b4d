// Package estate makes an organisation: users and keys at an AWS that a server plays, three repositories with owners and
// pipelines, two images, and what administrators of four systems export. The same credentials stand on both sides, so that
// what is found can be held against what is listed.
//
// It is for tests. It needs git and moto (internal/testkit/moto). Every value is made when the test runs, none stands in a file
// of this repository, and the same are made each time.
package estate

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sprawl/detectors"
	"sprawl/internal/testkit/moto"
	"sprawl/internal/testkit/repo"
	"sprawl/internal/vectors"
)

// Now is when the organisation is looked at: two days after the exports were taken.
var Now = time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)

// Taken is when the exports were taken.
var Taken = day(2025, time.December, 31)

// Estate is the organisation. Paths are absolute.
type Estate struct {
	Repositories map[string]*repo.Repo // payments, web, tools
	Images       map[string]string     // by name, OCI layouts
	Exports      string                // a folder
	Keys         map[string]Key        // AWS access keys by what they are
	Values       map[string]string     // other secrets, by kind
}

// New makes it.
func New(t testing.TB) *Estate {
	t.Helper()
	e := &Estate{Exports: t.TempDir(), Values: map[string]string{}, Images: map[string]string{}, Repositories: map[string]*repo.Repo{}}
	a := makeAccount(t, moto.Start(t, day(2023, time.May, 1)))
	e.Keys = a.keys
	for i, kind := range []string{
		"github-personal-access-token", "stripe-test-secret-key", "gcp-service-account-key", "slack-bot-token", "discord-bot-token", "anthropic-api-key", "azure-access-token",
	} {
		e.Values[kind] = value(t, kind, uint64(i))
	}
	e.payments(t)
	e.web(t)
	e.tools(t)
	e.images(t)
	a.export(e.Exports, Taken)
	e.others(t)
	return e
}

// Targets are the arguments of a scan of all of it.
func (e *Estate) Targets() []string {
	var out []string
	for _, n := range []string{"payments", "web", "tools"} {
		out = append(out, "git:"+e.Repositories[n].Dir)
	}
	for _, n := range []string{"payments", "web"} {
		out = append(out, "oci:"+e.Images[n])
	}
	return out
}

// Inventories are the values of --inventory. A table of one's own needs its columns named.
func (e *Estate) Inventories() []string {
	var out []string
	for _, n := range []string{
		"access-keys.json", "credential-report.csv", "account-authorization.json", "trails.json", "gcp-keys.json", "gcp-activity.json", "audit-log.json", "members.json",
	} {
		out = append(out, filepath.Join(e.Exports, n))
	}
	return append(out, filepath.Join(e.Exports, "payments-secrets.json")+",scope=acme/payments",
		filepath.Join(e.Exports, "own.csv")+",format=csv,column.kind=Kind,column.value=Secret,column.integration=Vendor,column.restriction=Bound to")
}

func value(t testing.TB, kind string, seed uint64) string {
	t.Helper()
	for _, d := range detectors.All() {
		if d.ID == kind {
			return vectors.Make(d, rand.New(rand.NewPCG(seed, 0xe57a7e)))[0].Text
		}
	}
	t.Fatalf("no kind is called %s", kind)
	return ""
}

// pair is an access key as configuration has it.
func pair(k Key, indent string) string {
	return fmt.Sprintf("%[1]sAWS_ACCESS_KEY_ID: %[2]s\n%[1]sAWS_SECRET_ACCESS_KEY: %[3]s\n", indent, k.ID, k.Secret)
}

func dotenv(k Key) string {
	return "AWS_ACCESS_KEY_ID=" + k.ID + "\nAWS_SECRET_ACCESS_KEY=" + k.Secret + "\n"
}

func (e *Estate) repository(t testing.TB, name string) *repo.Repo {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	r := repo.NewIn(t, dir)
	e.Repositories[name] = r
	return r
}

// payments has owners by folder, an old key in two environments and in a pipeline that shows all that can be done wrong.
func (e *Estate) payments(t testing.TB) {
	r := e.repository(t, "payments")
	old := e.Keys["payments old"]
	r.Now = day(2024, time.June, 3)
	r.Write(".github/CODEOWNERS", "/deploy/ @acme/payments\n/.github/ @acme/payments\n/reports/ @acme/reports\n")
	r.Write("deploy/values-prod.yaml", "aws:\n"+pair(old, "  "))
	r.Commit("deploy")
	r.Now = day(2024, time.September, 1)
	r.Write("deploy/values-staging.yaml", "aws:\n"+pair(old, "  "))
	r.Write(".github/workflows/deploy.yml", `name: deploy
on:
  push: {branches: [main]}
  pull_request_target: {types: [opened]}
jobs:
  production:
    runs-on: ubuntu-latest
    environment: production
    env:
`+pair(old, "      ")+`    steps:
      - uses: actions/checkout@v4
        with: {ref: "${{ github.event.pull_request.head.sha }}"}
      - uses: shipco/ship-it@v2
      - run: echo "$AWS_SECRET_ACCESS_KEY"
  notify:
    runs-on: ubuntu-latest
    environment: staging
    steps:
      - uses: shipco/ship-it@v2
        with:
          token: ${{ secrets.SHIP_TOKEN }}
`)
	r.As(repo.Bob).Commit("pipeline")
	r.Now = day(2025, time.December, 2)
	r.Write("reports/job.env", dotenv(e.Keys["reports"]))
	r.As(repo.Ada).Commit("reports")
	r.Now = day(2025, time.December, 21)
	r.Write("deploy/rotation/new.env", dotenv(e.Keys["payments new"]))
	r.Commit("the next key")
}

// web is owned by one person, who has left.
func (e *Estate) web(t testing.TB) {
	r := e.repository(t, "web")
	r.Now = day(2025, time.July, 1)
	r.Write("CODEOWNERS", "* @grace\n")
	r.Write("config/checkout.env", "STRIPE_KEY="+e.Values["stripe-test-secret-key"]+"\n")
	r.Write("config/robot.json", e.Values["gcp-service-account-key"]+"\n")
	r.Write("config/chat.env", "SLACK_TOKEN="+e.Values["slack-bot-token"]+"\n")
	r.Write(".github/workflows/release.yml", `name: release
on: {push: {tags: ["v*"]}}
jobs:
  release:
    runs-on: ubuntu-latest
    env:
      GH_TOKEN: `+e.Values["github-personal-access-token"]+`
    steps:
      - run: gh release create "$GITHUB_REF_NAME"
`)
	r.Commit("web")
}

// tools is where things are put that nobody has a place for.
func (e *Estate) tools(t testing.TB) {
	r := e.repository(t, "tools")
	r.Now = day(2024, time.June, 20)
	r.Write("scripts/sync.env", dotenv(e.Keys["payments old"]))
	r.Write("scripts/legacy.env", dotenv(e.Keys["legacy"]))
	r.Write("scripts/gone.env", dotenv(e.Keys["deleted"]))
	r.Commit("scripts")
	r.Now = day(2025, time.March, 3)
	r.Write("scripts/forgotten.env", dotenv(e.Keys["forgotten"]))
	r.Write("bot/.env", "DISCORD_TOKEN="+e.Values["discord-bot-token"]+"\n")
	r.Write("bot/model.env", "ANTHROPIC_API_KEY="+e.Values["anthropic-api-key"]+"\n")
	r.Write(".github/workflows/nightly.yml", `on:
  schedule: [{cron: "0 3 * * *"}]
  pull_request_target: {types: [opened]}
jobs:
  nightly:
    runs-on: ubuntu-latest
    env:
`+pair(e.Keys["ada"], "      ")+`    steps:
      - uses: actions/checkout@v4
        with: {ref: "${{ github.event.pull_request.head.sha }}"}
      - run: ./nightly.sh
`)
	r.Commit("more scripts")
}

// others are the exports that no server here plays: as the providers' commands print them, with the fields that matter.
func (e *Estate) others(t testing.TB) {
	t.Helper()
	var gcp struct{ Project, ID, Email string }
	var file map[string]string
	if err := json.Unmarshal([]byte(e.Values["gcp-service-account-key"]), &file); err != nil {
		t.Fatal(err)
	}
	gcp.Project, gcp.ID, gcp.Email = file["project_id"], file["private_key_id"], file["client_email"]
	name := "projects/" + gcp.Project + "/serviceAccounts/" + gcp.Email + "/keys/" + gcp.ID
	e.json(t, "gcp-keys.json", []any{map[string]any{
		"name": name, "keyType": "USER_MANAGED", "keyOrigin": "GOOGLE_PROVIDED", "validAfterTime": "2025-06-20T08:00:00Z", "validBeforeTime": "9999-12-31T23:59:59Z",
	}})
	e.json(t, "gcp-activity.json", []any{map[string]any{
		"activityType": "serviceAccountKeyLastAuthentication", "fullResourceName": "//iam.googleapis.com/" + name,
		"activity":          map[string]any{"lastAuthenticatedTime": "2025-12-28T07:00:00Z"},
		"observationPeriod": map[string]any{"startTime": "2025-01-01T07:00:00Z", "endTime": "2025-12-30T07:00:00Z"},
	}})
	sum := sha256.Sum256([]byte(e.Values["github-personal-access-token"]))
	e.json(t, "audit-log.json", []any{map[string]any{
		"@timestamp": 1766995200000, "action": "git.push", "actor": "grace", "org": "acme", "repo": "acme/web", "hashed_token": base64.StdEncoding.EncodeToString(sum[:]),
		"programmatic_access_type": "Personal access token (classic)", "token_scopes": "repo,workflow", "actor_ip": "192.0.2.7", "user_agent": "git/2.50.0",
	}})
	e.json(t, "members.json", []any{
		map[string]any{"login": "grace", "id": 7, "type": "User", "site_admin": false, "suspended_at": "2025-11-30T00:00:00Z"},
		map[string]any{"login": "ada", "id": 8, "type": "User", "site_admin": false, "suspended_at": nil},
	})
	e.json(t, "payments-secrets.json", map[string]any{"total_count": 2, "secrets": []any{
		map[string]any{"name": "SHIP_TOKEN", "created_at": "2024-01-01T00:00:00Z", "updated_at": "2024-01-01T00:00:00Z"},
		map[string]any{"name": "OLD_DEPLOY_KEY", "created_at": "2023-01-01T00:00:00Z", "updated_at": "2023-01-01T00:00:00Z"},
	}})
	var own strings.Builder
	own.WriteString("Kind,Secret,Vendor,Bound to\n")
	for _, row := range [][]string{{"discord-bot-token", "", "none"}, {"slack-bot-token", "deskco", ""}} {
		fmt.Fprintf(&own, "%s,%s,%s,%s\n", row[0], e.Values[row[0]], row[1], row[2])
	}
	writeExport(t, e.Exports, "own.csv", own.String(), Taken)
}

func (e *Estate) json(t testing.TB, name string, v any) {
	t.Helper()
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	writeExport(t, e.Exports, name, string(b)+"\n", Taken)
}

// Policy is what the organisation has decided: a salt and its register of third parties. sprawl accept adds to it.
const Policy = `salt: ce5dqmrvgaydcmzugu3donzygq
integrations:
  - vendor: deskco
    owner: security
    contract: C-117
    reviewed: 2025-12-01
    next-review: 2026-06-01
escalation:
  - to: ciso@acme.example
    after: 90d
`

// WritePolicy writes the policy and returns its path.
func (e *Estate) WritePolicy(t testing.TB) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "acme.yaml")
	if err := os.WriteFile(p, []byte(Policy), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}
