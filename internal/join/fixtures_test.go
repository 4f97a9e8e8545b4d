package join_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sprawl/finding"
	"sprawl/internal/identity"
	"sprawl/internal/join"
	"sprawl/internal/testkit/exports"
	"sprawl/inventory"
)

// taken is when the exports were made.
var taken = exports.Now.Add(-12 * time.Hour)

func world() *exports.Set {
	return exports.New(identity.New(bytes.Repeat([]byte{7}, identity.KeySize), nil, nil))
}

// read renders a template and reads it.
func read(t *testing.T, s *exports.Set, format, text string, change ...func(*inventory.Meta)) *inventory.Inventory {
	t.Helper()
	b, err := s.Render(text)
	if err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	m := inventory.Meta{Name: format, AsOf: taken, Now: exports.Now, Sum: s.Keys().Sum}
	for _, c := range change {
		c(&m)
	}
	inv, _, err := inventory.Load(context.Background(), bytes.NewReader(b), format, m)
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

func scope(name string) func(*inventory.Meta) { return func(m *inventory.Meta) { m.Scope = name } }

// fixture is the template of a format.
func fixture(t *testing.T, name string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "inventory", "testdata", name+".*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%d fixtures are called %s (%v)", len(files), name, err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// plant finds the n-th credentials of kinds in code of their own, at code/KIND-N or below prefix.
func plant(t *testing.T, s *exports.Set, prefix string, kinds map[string][]int) []finding.Credential {
	t.Helper()
	files := map[string]string{}
	for kind, ns := range kinds {
		for _, n := range ns {
			text, err := s.Code(kind, n)
			if err != nil {
				t.Fatal(err)
			}
			files[prefix+strings.ReplaceAll(kind, " ", "-")+"-"+string(rune('0'+n))] = text
		}
	}
	cs, err := s.Find(files)
	if err != nil {
		t.Fatal(err)
	}
	return cs
}

// in is the credential that stands in a file, of a kind.
func in(t *testing.T, cs []finding.Credential, path, kind string) *finding.Credential {
	t.Helper()
	kind, _, _ = strings.Cut(kind, " ")
	for i := range cs {
		c := &cs[i]
		if (c.Kind == kind || slices.Contains(c.Aliases, kind)) && slices.ContainsFunc(c.Sightings, func(s finding.Sighting) bool { return s.Where.Path == path }) {
			return c
		}
	}
	t.Fatalf("no %s was found in %s", kind, path)
	return nil
}

// TestFixtures: what stands in code meets its row in the export of each format that says which it is, as surely as the
// documentation promises, and another credential of the same kind does not.
func TestFixtures(t *testing.T) {
	tests := []struct {
		format, kind string
		n            int
		match        finding.Match
		key          string // of the row, where it doesn't hold an id
		scope        string
	}{
		{"aws-access-keys", "aws-access-key 664418975074", 1, finding.MatchExact, "", ""},
		{"aws-cloudtrail-events", "aws-access-key 664418975074", 2, finding.MatchExact, "", ""},
		{"gcp-service-account-keys", "gcp-service-account-key", 1, finding.MatchExact, "", ""},
		{"gcp-key-activity", "gcp-service-account-key", 1, finding.MatchExact, "", ""},
		{"gcp-audit-log", "gcp-service-account-key", 1, finding.MatchExact, "", ""},
		{"gcp-api-keys", "gcp-api-key", 1, finding.MatchExact, "u2", ""},
		{"entra-applications", "azure-client-secret", 1, finding.MatchSuffix, "00000000-0000-4000-8000-000000000003", ""},
		{"entra-app-secrets", "azure-client-secret", 1, finding.MatchSuffix, "00000000-0000-4000-8000-000000000003", ""},
		{"azure-storage-keys", "azure-storage-key", 2, finding.MatchExact, "acmeledger/key2", "acmeledger"},
		{"github-credential-authorizations", "github-personal-access-token", 1, finding.MatchSuffix, "161195", ""},
		{"github-credential-authorizations", "private-key", 1, finding.MatchExact, "161197", ""},
		{"github-audit-log", "github-personal-access-token", 1, finding.MatchHash, "", ""},
		{"github-audit-log", "github-fine-grained-token", 3, finding.MatchHash, "98716", ""},
		{"github-secret-scanning", "github-personal-access-token", 1, finding.MatchExact, "https://github.com/acme/web/security/secret-scanning/2", ""},
		{"github-ssh-keys", "private-key", 2, finding.MatchExact, "2", ""},
		{"gitlab-ssh-keys", "private-key", 1, finding.MatchExact, "5", ""},
		{"gitlab-ci-variables", "gitlab-personal-access-token", 1, finding.MatchExact, "DEPLOY_TOKEN", "acme/api"},
		{"kubernetes", "kubernetes-service-account-token", 1, finding.MatchExact, "shop/robot-token-x", ""},
		{"kubernetes", "private-key", 1, finding.MatchExact, "shop/shop-tls", ""},
		{"x509-certificates", "private-key", 2, finding.MatchExact, "CN=host2.acme.example#10020000000000000000", ""},
		{"datadog-keys", "datadog-api-key", 1, finding.MatchSuffix, "00000000-0000-4000-8000-000000000020", ""},
		{"openai-keys", "openai-project-key", 2, finding.MatchSuffix, "key_2", ""},
		{"anthropic-keys", "anthropic-api-key", 1, finding.MatchSuffix, "apikey_1", ""},
		{"jfrog-tokens", "jfrog-access-token", 1, finding.MatchExact, "", ""},
		{"tailscale-keys", "tailscale-auth-key", 1, finding.MatchExact, "", ""},
		{"sendgrid-keys", "sendgrid-api-key", 2, finding.MatchExact, "", ""},
		{"twilio-keys", "twilio-api-key", 1, finding.MatchExact, "", "acme"},
		{"npm-tokens", "npm-access-token", 1, finding.MatchSuffix, "", ""},
		{"sentry-tokens", "sentry-organisation-token", 1, finding.MatchSuffix, "1", ""},
		{"elastic-api-keys", "elastic-api-key", 1, finding.MatchExact, "", ""},
		{"mongodb-atlas-keys", "mongodb-atlas-api-key", 1, finding.MatchSuffix, "testpubk", ""},
		{"mailgun-keys", "mailgun-signing-key", 1, finding.MatchSuffix, "", ""},
		{"digitalocean-spaces-keys", "digitalocean-spaces-key", 1, finding.MatchExact, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.format+"/"+tt.kind, func(t *testing.T) {
			s := world()
			inv := read(t, s, tt.format, fixture(t, tt.format), scope(tt.scope))
			const other = 9 // of which no fixture speaks
			cs := plant(t, s, "code/", map[string][]int{tt.kind: {tt.n, other}})
			path := "code/" + strings.ReplaceAll(tt.kind, " ", "-") + "-"
			c := in(t, cs, path+string(rune('0'+tt.n)), tt.kind)
			res := join.Join(cs, []*inventory.Inventory{inv}, s.Keys())
			if !slices.ContainsFunc(res.Records[c.ID], func(r finding.Record) bool { return r.Match == tt.match && (tt.key == "" || r.Key == tt.key) }) {
				t.Errorf("not joined with %q by %s but with %v; notes %v", tt.key, tt.match, res.Records[c.ID], res.Notes)
			}
			for _, r := range res.Records[in(t, cs, path+string(rune('0'+other)), tt.kind).ID] {
				if r.Match != finding.MatchParent {
					t.Errorf("another of its kind is joined with %q by %s", r.Key, r.Match)
				}
			}
		})
	}
}
