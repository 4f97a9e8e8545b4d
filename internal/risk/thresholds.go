package risk

import (
	"slices"
	"strings"
	"time"

	"sprawl/finding"
)

// Test is what a number is compared with.
type Test string

// Tests.
const (
	TestAge       Test = "age"       // since it was issued or last rotated
	TestLifetime  Test = "lifetime"  // from issue to expiry
	TestUnused    Test = "unused"    // since it was last used
	TestReview    Test = "review"    // since somebody looked at a third party's access
	TestException Test = "exception" // how long a risk may be accepted
)

// Tests lists them.
func Tests() []Test { return []Test{TestAge, TestLifetime, TestUnused, TestReview, TestException} }

// Basis says who stands behind a number.
type Basis string

// Bases.
const (
	BasisStandard Basis = "standard"     // a benchmark or standard
	BasisProvider Basis = "provider"     // the provider's own limit or default
	BasisTool     Basis = "tool default" // nobody published a number for the kind
	BasisPolicy   Basis = "policy"       // the user's own
)

// Threshold is a number and who says so. Section ids move with every version of a benchmark, so the version belongs to it.
type Threshold struct {
	Kinds           []string // detector ids; one that ends in * is a prefix; empty means every kind
	Test            Test
	Max             time.Duration
	Source, Version string
	Basis           Basis
}

const day = 24 * time.Hour

// Thresholds is the built-in table. The first row that fits counts; a default stands last of each test.
func Thresholds() []Threshold { return slices.Clone(thresholds) }

var thresholds = []Threshold{
	// CIS Amazon Web Services Foundations Benchmark: 90 days is §1.14 of v3.0, §1.13 of v5.0, §2.13 of v6.0, §2.12 of v7.0.
	{[]string{"aws-access-key"}, TestAge, 90 * day, "CIS AWS Foundations §2.12", "7.0", BasisStandard},
	{[]string{"aws-access-key"}, TestUnused, 45 * day, "CIS AWS Foundations §2.11", "7.0", BasisStandard},
	// https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html
	{[]string{"aws-bedrock-short-term-key"}, TestLifetime, 12 * time.Hour, "Amazon Bedrock, short-term API keys", "", BasisProvider},
	{[]string{"gcp-service-account-key"}, TestAge, 90 * day, "CIS Google Cloud Platform Foundation §1.8", "5.0", BasisStandard},
	{[]string{"gcp-service-account-key"}, TestUnused, 180 * day, "Prowler, default for service account keys", "", BasisTool},
	{[]string{"gcp-api-key", "gcp-gemini-key"}, TestAge, 90 * day, "CIS Google Cloud Platform Foundation §1.16", "5.0", BasisStandard},
	{[]string{"azure-client-secret*"}, TestAge, 180 * day, "Microsoft, guidance for application secrets (every six months)", "", BasisProvider},
	{[]string{"azure-storage-key"}, TestAge, 90 * day, "Prowler; CIS Azure Foundations §9.3.1.2 asks for rotation without a number", "6.0", BasisTool},
	{[]string{"azure-sas"}, TestLifetime, time.Hour, "CIS Azure Foundations §4.5", "3.0", BasisStandard},
	{[]string{"alibaba-access-key"}, TestAge, 90 * day, "CIS Alibaba Cloud Foundation §1.6", "2.0", BasisStandard},
	// https://docs.github.com/en/organizations/managing-programmatic-access-to-your-organization
	{[]string{"github-fine-grained-token"}, TestLifetime, 366 * day, "GitHub, default maximum for organisations", "", BasisProvider},
	{[]string{"github-personal-access-token"}, TestUnused, 365 * day, "GitHub, removal of tokens that are unused for a year", "", BasisProvider},
	// https://docs.gitlab.com/user/profile/personal_access_tokens/
	{[]string{"gitlab-personal-access-token", "gitlab-token"}, TestLifetime, 365 * day, "GitLab 16.0, maximum lifetime", "", BasisProvider},
	{[]string{"npm-access-token"}, TestLifetime, 90 * day, "npm, maximum of granular tokens", "", BasisProvider},
	{[]string{"circleci-personal-token"}, TestLifetime, 365 * day, "CircleCI, maximum for new tokens", "", BasisProvider},
	{[]string{"mongodb-atlas-service-secret"}, TestLifetime, 8 * time.Hour, "Prowler, default for Atlas service accounts", "", BasisTool},
	{[]string{"vercel-token"}, TestUnused, 90 * day, "Prowler, default for Vercel tokens", "", BasisTool},
	// NIST SP 800-57 Part 1: cryptoperiods of one to three years for private authentication keys.
	{[]string{"*private-key", "openssh-*", "putty-*", "pgp-*", "pkcs12-*"}, TestAge, 2 * 365 * day, "NIST SP 800-57 Part 1 §5.3.6", "rev. 5", BasisStandard},

	{nil, TestAge, 365 * day, "usual default of secret governance tools, for want of a published number", "", BasisTool},
	{nil, TestUnused, 45 * day, "CIS Controls, dormant accounts, §5.3", "8.1", BasisStandard},
	{nil, TestReview, 90 * day, "CIS Controls, quarterly review of service accounts, §5.5", "8.1", BasisStandard},
	{nil, TestException, 365 * day, "a year at most, for want of a published number", "", BasisTool},
}

// Limits is what a judgement is made by.
type Limits struct {
	Overrides    []Threshold   // the policy's, looked at before the built-in table
	Integrations []Integration // the register of third parties
	// Exports are the formats of the inventories at hand, by the name that records have in their Source. What a record came from
	// is not asked for again.
	Exports map[string]string
}

// Integration is a third party that may hold credentials.
type Integration struct {
	Vendor, Owner, Contract string
	Reviewed, NextReview    time.Time
	// Match are names by which it shows itself: a provider, an application, "owner/action", a host. Vendor is always one.
	Match []string
}

// For is the threshold of a test for a kind; ok is false where neither the policy nor the table has one. The policy's row for
// the kind comes before its row for every kind.
func (l Limits) For(t Test, kind string) (Threshold, bool) {
	for _, named := range []bool{true, false} {
		for _, r := range l.Overrides {
			if r.Test == t && (len(r.Kinds) > 0) == named && r.covers(kind) {
				return r, true
			}
		}
	}
	for _, r := range thresholds {
		if r.Test == t && r.covers(kind) {
			return r, true
		}
	}
	return Threshold{}, false
}

func (t Threshold) covers(kind string) bool {
	if len(t.Kinds) == 0 {
		return true
	}
	for _, k := range t.Kinds {
		if p, ok := strings.CutSuffix(k, "*"); ok && strings.HasPrefix(kind, p) {
			return true
		}
		if s, ok := strings.CutPrefix(k, "*"); ok && strings.HasSuffix(kind, s) {
			return true
		}
		if k == kind {
			return true
		}
	}
	return false
}

// printed is the threshold as reports show it.
func (t Threshold) printed() *finding.Threshold {
	source := t.Source
	if t.Basis == BasisTool || t.Basis == BasisPolicy {
		source += " (" + string(t.Basis) + ")"
	}
	return &finding.Threshold{Value: "at most " + days(t.Max), Source: source, Version: t.Version}
}
