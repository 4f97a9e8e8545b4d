package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sprawl/finding"
)

// asOf is the clock of every sample.
var asOf = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// planted is what every sample's secrets consist of; no output may hold it.
const planted = "planted-value-that-must-not-appear"

func at(daysAgo int) time.Time { return asOf.AddDate(0, 0, -daysAgo) }

func change(commit string, daysAgo int) *finding.Change {
	return &finding.Change{
		Commit: strings.Repeat(commit, 40/len(commit)), Author: "Ada Author <ada@acme.example>", When: at(daysAgo),
	}
}

// part is a part of width bytes that stands behind front on its line.
func part(role finding.Role, line int, front, value, back string) finding.Part {
	col := len(front) + 1
	return finding.Part{
		Role: role, Secret: finding.NewSecret([]byte(planted)),
		Span:    finding.Span{Line: line, Column: col, EndLine: line, EndColumn: col + len(value)},
		Snippet: finding.Snippet{Text: front + value + back, Column: len(front), Width: len(value)},
	}
}

// sighting is a masked value in a file.
func sighting(target, path string, line int, state finding.State) finding.Sighting {
	return finding.Sighting{
		Kind: "acme-token", Tier: finding.TierShaped, Name: "token", Masked: strings.Repeat("*", 24),
		Parts: []finding.Part{part(finding.RoleSecret, line, `token = "`, strings.Repeat("*", 24), `"`)},
		Where: finding.Location{Source: "git", Target: target, Path: path, State: state},
	}
}

func id(prefix string, n int) string { return fmt.Sprintf("%s-%08dexample000000000", prefix, n) }

// samplePair is an access key of two halves in seven places, with everything that can be known of a credential.
func samplePair() *finding.Credential {
	first := finding.Sighting{
		Kind: "aws-access-key", Provider: "aws", Tier: finding.TierShaped, Name: "secret_key",
		Parts: []finding.Part{
			part(finding.RoleSecret, 15, `secret_key = "`, strings.Repeat("*", 40), `"`),
			part(finding.RoleID, 14, `access_key = "`, "EXAMPLE-KEY-ID-0001", `"`),
			part(finding.RoleHost, 40, `region = "`, "eu-example-1", `"`),
		},
		Where: finding.Location{
			Source: "git", Target: "acme/payments", Path: "deploy/prod/terraform.tfvars", State: finding.StateHead,
			Added: change("4f1c09e0", 1128), Refs: []string{"main", "release/1.9"}, Was: []string{"terraform.tfvars"},
		},
		Print: "print-0001",
	}
	staging := sighting("acme/payments", ".github/workflows/deploy.yml", 31, finding.StateHistory)
	staging.Where.Added, staging.Where.Gone = change("5a2b10f1", 1100), change("6b3c21a2", 1017)
	image := sighting("payments:1.9", "app/.env", 3, finding.StateLayer)
	image.Where.Source = "image"
	image.Where.Layer = &finding.Layer{
		Digest: "sha256:" + strings.Repeat("91be04c2", 8), Index: 3, CreatedBy: "COPY . /app", Created: at(300),
	}
	c := &finding.Credential{
		ID: id("c", 1), Kind: "aws-access-key", Provider: "aws", Title: "AWS access key",
		Aliases: []string{"generic-secret"}, Tier: finding.TierShaped, Proof: finding.ProofNone,
		Severity: finding.SevCritical, Redacted: strings.Repeat("*", 40), Ident: "EXAMPLE-KEY-ID-0001",
		Why:       "the provider's form of an id, with a secret half one line below it",
		FirstSeen: at(1128), LastSeen: at(2),
		Sightings: []finding.Sighting{first, staging, image},
		Facts: []finding.Fact{
			{Field: "account", Value: "000000000000", Source: "offline", Inferred: true},
			{Field: "user", Value: "svc-payments", Source: "inventory:credential-report.csv", AsOf: at(4)},
		},
		Records: []finding.Record{{
			System: "aws-iam", Key: "EXAMPLE-KEY-ID-0001", Match: finding.MatchExact, Source: "credential-report.csv row 7", AsOf: at(4),
			Facts: []finding.Fact{
				{Field: "user", Value: "svc-payments", Source: "inventory:credential-report.csv", AsOf: at(4)},
				{Field: "created", Value: at(1129).Format(time.RFC3339), Source: "inventory:credential-report.csv", AsOf: at(4)},
			},
		}},
		Environments: []finding.Environment{
			{Name: "prod", Class: finding.EnvProd, Why: "path segment prod"},
			{Name: "staging", Class: finding.EnvNonprod, Why: "environment staging of deploy.yml"},
		},
		Owner:     finding.Owner{Candidates: []string{"Ada Author <ada@acme.example>"}},
		Workloads: []string{"payments"}, Targets: []string{"s3.example"},
		Conditions: []finding.Condition{
			{
				ID: "long-lived", Verdict: finding.VerdictYes, Why: "1128 days since it was first committed", Bound: "at-least",
				Refs:      []string{"NHI7:2025", "PR.AA-01"},
				Threshold: &finding.Threshold{Value: "90 days", Source: "CIS AWS Foundations", Version: "7.0 §2.12"},
			},
			{ID: "cross-environment", Verdict: finding.VerdictYes, Why: "prod and staging", Refs: []string{"NHI8:2025"}},
			{ID: "unattributed", Verdict: finding.VerdictYes, Why: "no CODEOWNERS entry, no owner tag, no catalog entry", Refs: []string{"NHI1:2025"}},
			{ID: "shared", Verdict: finding.VerdictNo, Why: "one repository"},
			{ID: "over-scoped", Verdict: finding.VerdictCannotTell, Why: "no policy export", Settle: []string{"aws-iam policies"}},
			{ID: "poorly-logged", Verdict: finding.VerdictCannotTell, Why: "no trail export", Settle: []string{"aws-cloudtrail"}},
		},
		Fix: []string{
			"aws iam create-access-key --user-name svc-payments, then replace it in 3 places",
			"aws iam update-access-key --status Inactive --access-key-id EXAMPLE-KEY-ID-0001",
			"once it is dead no history needs rewriting: sprawl mark " + finding.ShortID(id("c", 1)) + " resolved",
		},
		Docs: "https://docs.example/iam/access-keys",
	}
	for i := range 4 {
		s := sighting("acme/payments", fmt.Sprintf("old/%d/terraform.tfvars", i), 14, finding.StateHistory)
		s.Where.Added, s.Where.Gone = change("7c4d32b3", 1090-i), change("8d5e43c4", 900-i)
		c.Sightings = append(c.Sightings, s)
	}
	return c
}

// sampleStates stands in every state there is.
func sampleStates() *finding.Credential {
	c := &finding.Credential{
		ID: id("c", 2), Kind: "acme-token", Provider: "acme", Title: "Acme token", Tier: finding.TierProven,
		Proof: finding.ProofProven, Severity: finding.SevHigh, Redacted: strings.Repeat("*", 24), Why: "its checksum holds",
		FirstSeen: at(400), LastSeen: at(1),
		Records: []finding.Record{
			{System: "acme", Key: "42", Match: finding.MatchSuffix, Source: "tokens.csv row 2"},
			{System: "acme", Key: "acme-org", Match: finding.MatchParent, Inferred: true, Source: "orgs.json"},
		},
		Owner: finding.Owner{Name: "team-payments", How: "codeowners"},
		Facts: []finding.Fact{
			{Field: "scope", Value: "repo", Source: "offline"}, {Field: "expires", Value: at(-30).Format(time.RFC3339), Source: "offline"},
			{Field: "user", Value: "svc", Source: "offline"}, {Field: "key_id", Value: "k1", Source: "offline"},
		},
	}
	for i, state := range slices.Backward(stateOrder) {
		s := sighting("acme/api", fmt.Sprintf("conf/%02d.ini", i), i+1, state)
		s.Where.Added = change(fmt.Sprintf("%02x", i+16), 400-i)
		s.Print = fmt.Sprintf("print-02%02d", i)
		switch state {
		case finding.StateMessage, finding.StateRefName, finding.StateDangling, finding.StateInventory:
			s.Where.Path = ""
		case finding.StateLayer, finding.StateLayerDeleted:
			s.Where.Source, s.Where.Target = "image", "api:2"
			s.Where.Layer = &finding.Layer{Digest: "sha256:" + strings.Repeat("ab", 32), Base: true, DeletedBy: "sha256:" + strings.Repeat("cd", 32)}
		case finding.StateHistory:
			s.Where.Gone = change("9e", 100)
		}
		switch state {
		case finding.StateRefName, finding.StateTag:
			s.Where.Refs = []string{"v1.0"}
		case finding.StateInventory:
			s.Parts[0].Span, s.Parts[0].Snippet = finding.Span{}, finding.Snippet{}
		}
		c.Sightings = append(c.Sightings, s)
	}
	return c
}

// sampleKey is a key of many lines inside an archive inside base64.
func sampleKey() *finding.Credential {
	s := sighting("acme/infra", "backup/home.tar.gz.b64", 1, finding.StateWorktree)
	s.Where.Source = "dir"
	s.Parts = []finding.Part{part(finding.RoleSecret, 1, "", strings.Repeat("*", 31), "")}
	s.Parts[0].Span.EndLine, s.Parts[0].Span.EndColumn = 27, 30
	s.Decode = []finding.Step{{Name: "base64"}, {Name: "gzip"}, {Name: "tar", Entry: "home/ada/.ssh/id_rsa"}}
	return &finding.Credential{
		ID: id("c", 3), Kind: "private-key", Title: "Private key", Tier: finding.TierProven, Proof: finding.ProofProven,
		Severity: finding.SevHigh, Redacted: strings.Repeat("*", 16), Why: "it parses as an unencrypted RSA key",
		Sightings: []finding.Sighting{s},
		Facts:     []finding.Fact{{Field: "fingerprint", Value: "SHA256:example", Source: "offline"}},
	}
}

// sampleWide is a value late in a long line of wide characters and tabs, its user on the same line.
func sampleWide() *finding.Credential {
	front := "\t\t接続 := \"ホスト=db.example;ユーザー="
	text := front + "app" + ";パスワード=" + "******" + `;長い説明文がここに続いて行の終わりまで伸びている"; // コメント` + strings.Repeat("長", 40)
	mark := func(role finding.Role, value string) finding.Part {
		i := strings.Index(text, value)
		p := part(role, 120, text[:i], value, text[i+len(value):])
		return p
	}
	s := sighting("acme/infra", "src/データ/接続.go", 120, finding.StateStaged)
	s.Parts = []finding.Part{mark(finding.RoleSecret, "******"), mark(finding.RoleUser, "app")}
	return &finding.Credential{
		ID: id("c", 4), Kind: "generic-secret", Title: "Password", Tier: finding.TierGeneric, Severity: finding.SevMedium,
		Redacted: "******", Why: "assigned to a name that says password, score 0.93", Sightings: []finding.Sighting{s},
		Environments: []finding.Environment{{Name: "unknown", Class: finding.EnvUnknown}},
	}
}

// sampleRefuted failed its checksum and stands a long way into a minified line.
func sampleRefuted() *finding.Credential {
	s := sighting("acme/web", "static/very/deeply/nested/folder/of/a/front/end/project/dist/bundle.min.js", 1, finding.StateHead)
	s.Where.Added = change("af", 20)
	s.Parts = []finding.Part{part(finding.RoleSecret, 1, strings.Repeat("a=1;", 30)+`t="`, strings.Repeat("*", 40), `";`+strings.Repeat("b=2;", 30))}
	s.Parts[0].Span.Column, s.Parts[0].Span.EndColumn = 90124, 90164
	s.Allow = &finding.Allow{Reason: "vendor's example"}
	return &finding.Credential{
		ID: id("c", 5), Kind: "acme-token", Title: "Acme token", Tier: finding.TierShaped, Proof: finding.ProofRefuted,
		Severity: finding.SevLow, Redacted: "****", Why: "the provider's prefix, but its checksum does not hold",
		FirstSeen: at(20), LastSeen: at(20), Sightings: []finding.Sighting{s},
	}
}

func sampleSmall(n int, sev finding.Severity, state finding.State) *finding.Credential {
	s := sighting("acme/api", fmt.Sprintf("services/billing/internal/config/%d.yaml", n), n, state)
	s.Where.Added = change("b1", n)
	s.Print = fmt.Sprintf("print-%04d", n)
	return &finding.Credential{
		ID: id("c", n), Kind: "acme-token", Provider: "acme", Title: "Acme token", Tier: finding.TierNamed, Severity: sev,
		Redacted: "****", Why: "assigned to a name that says acme", FirstSeen: at(n), LastSeen: at(n), Sightings: []finding.Sighting{s},
	}
}

func sampleHeader() finding.Header {
	return finding.Header{
		Version: "0.1.0", RuleSet: "rules-0001", KeyScope: finding.KeyRepository, KeyID: "k-0001", Command: "scan",
		Targets: []string{"acme/payments", "acme/api", "api:2"}, AsOf: asOf,
	}
}

// run is a report to be.
type run struct {
	header  finding.Header
	items   []finding.Item
	summary finding.Summary
}

func credentials(all ...*finding.Credential) []finding.Item {
	var items []finding.Item
	for _, c := range all {
		items = append(items, finding.Item{Credential: c})
	}
	return items
}

// summarise counts the items as a scan would.
func summarise(items []finding.Item) finding.Summary {
	s := finding.Summary{
		BySeverity: map[finding.Severity]int{}, ByTier: map[finding.Tier]int{}, FailOn: "medium", Elapsed: 1234 * time.Millisecond,
		Coverage: finding.Coverage{
			Targets: []finding.TargetCoverage{
				{Source: "git", Target: "acme/payments", Tip: strings.Repeat("4f1c09e0", 5), Refs: 12, Commits: 340, Notes: []string{}},
				{Source: "image", Target: "api:2"},
			},
			Seen: 18204, Scanned: 18200, Reused: 17476, Bytes: 48_300_000,
			Skipped: map[finding.Reason]int64{finding.ReasonTooLarge: 2, finding.ReasonLFS: 1, finding.ReasonSubmodule: 1},
			Skips: []finding.Skip{
				{Target: "acme/payments", Object: strings.Repeat("0a", 20), Path: "assets/film.mov", Reason: finding.ReasonTooLarge, Detail: "over 50 MiB", Size: 73_400_320},
				{Target: "acme/payments", Path: "third_party/lib", Reason: finding.ReasonSubmodule},
			},
		},
	}
	for _, it := range items {
		if it.Notice != nil {
			s.Notices++
		}
		c := it.Credential
		if c == nil {
			continue
		}
		if c.Decision != nil {
			switch c.Decision.Kind {
			case "baseline":
				s.Baseline++
			case "mark":
				s.Marked++
			case "exception":
				s.Excepted++
			case "inline":
				s.Inline += len(c.Sightings)
			}
			continue
		}
		s.Credentials++
		s.Places += len(c.Sightings)
		s.BySeverity[c.Severity]++
		s.ByTier[c.Tier]++
		for _, k := range c.Conditions {
			if k.Verdict == finding.VerdictCannotTell {
				s.CannotTell++
			}
		}
		if c.Severity.AtLeast(finding.SevMedium) {
			s.Failing++
		}
	}
	return s
}

func sampleFull() run {
	decided := func(n int, d finding.Decision) *finding.Credential {
		c := sampleSmall(n, finding.SevHigh, finding.StateHead)
		c.Decision = &d
		return c
	}
	items := credentials(
		samplePair(), sampleStates(), sampleKey(), sampleWide(), sampleRefuted(),
		sampleSmall(6, finding.SevLow, finding.StateHistory), sampleSmall(7, finding.SevInfo, finding.StateDangling),
		decided(8, finding.Decision{Kind: "baseline"}),
		decided(9, finding.Decision{Kind: "mark", Value: "false-positive", Reason: "documentation", By: "ada"}),
		decided(10, finding.Decision{Kind: "exception", Reason: "vendor migrates in spring", By: "grace", Until: at(-90)}),
		decided(11, finding.Decision{Kind: "inline", Reason: "test fixture"}),
	)
	items[9].Credential.Exception = &finding.Exception{
		Owner: "team-payments", Approver: "grace", Reason: "vendor migrates in spring", Created: at(200), Until: at(-90), Recertified: at(20),
		Requires: []string{"read-only"}, Where: ".sprawl.yaml:31",
	}
	items[5].Credential.Exception = &finding.Exception{
		Owner: "team-api", Approver: "ada", Reason: "gone by autumn", Created: at(300), Until: at(23), Where: ".sprawl.yaml:12",
	}
	items[0].Credential.Uses = []finding.Use{{
		Where: finding.Location{Source: "ci", Target: "acme/payments", Path: "deploy/compose.yml", State: finding.StateHead}, Span: finding.Span{Line: 9, Column: 7, EndLine: 9, EndColumn: 30},
		Job: "worker", As: "AWS_SECRET_ACCESS_KEY", Environments: []finding.Environment{{Name: "prod", Class: finding.EnvProd, Why: "name of the file"}},
		Consumers: []finding.Consumer{{Name: "registry.example/worker", Pin: "1.9", Pinned: finding.No, Party: finding.PartyImage}},
	}}
	workflow := finding.Location{Source: "ci", Target: "acme/payments", Path: ".github/workflows/deploy.yml", State: finding.StateHead}
	items = append(items,
		finding.Item{Reference: &finding.Reference{
			ID: id("r", 1), System: "github-actions", Name: "AWS_SECRET_ACCESS_KEY", Scope: "environment prod", Where: workflow,
			Span:         finding.Span{Line: 31, Column: 11, EndLine: 31, EndColumn: 40},
			Environments: []finding.Environment{{Name: "prod", Class: finding.EnvProd, Why: "environment of the job"}},
			Conditions: []finding.Condition{{
				ID: "static-where-federated", Verdict: finding.VerdictYes, Why: "the action can take a role instead", Refs: []string{"NHI4:2025"},
			}, {
				ID: "cross-environment", Verdict: finding.VerdictCannotTell, Bound: "by-name", Why: "possible, by name: prod and nonprod", Refs: []string{"NHI8:2025"},
			}},
			Uses: []finding.Use{{
				Where: workflow, Span: finding.Span{Line: 31, Column: 11, EndLine: 31, EndColumn: 40}, Job: "deploy", As: "aws-secret-access-key",
				Triggers: []string{"push"}, Fork: finding.No, ForkWhy: "what starts it takes write access: push",
				Environments: []finding.Environment{{Name: "prod", Class: finding.EnvProd, Why: "environment of the job"}},
				Consumers:    []finding.Consumer{{Name: "aws-actions/configure-aws-credentials", Pin: "v4", Pinned: finding.No, Party: finding.PartyThird}},
				Static:       &finding.Static{What: "a static AWS key", Instead: "a role"},
			}},
		}},
		finding.Item{Reference: &finding.Reference{ID: id("r", 2), System: "github-actions", Name: "SENTRY_DSN", Where: workflow}},
		finding.Item{Inventory: &finding.InventoryRow{
			ID: id("i", 1), Found: id("c", 1), Record: finding.Record{System: "aws-iam", Key: "EXAMPLE-KEY-ID-0001", Match: finding.MatchExact, Source: "credential-report.csv row 7"},
		}},
		finding.Item{Inventory: &finding.InventoryRow{
			ID: id("i", 2), Record: finding.Record{System: "aws-iam", Key: "EXAMPLE-KEY-ID-0002", Source: "credential-report.csv row 8", AsOf: at(4)},
		}},
		finding.Item{Notice: &finding.Notice{
			ID: id("n", 1), Kind: "exception-lapsed", Severity: finding.SevMedium,
			Message: "the exception for " + finding.ShortID(id("c", 6)) + " ended on 2026-11-01 and nobody renewed it",
			Where:   &finding.Location{Source: "dir", Target: ".", Path: ".sprawl.yaml", State: finding.StateWorktree},
			Span:    finding.Span{Line: 12, Column: 3, EndLine: 12, EndColumn: 20},
		}},
		finding.Item{Notice: &finding.Notice{ID: id("n", 2), Kind: "policy-changed", Severity: finding.SevInfo, Message: "this change edits the policy"}},
	)
	return run{sampleHeader(), items, summarise(items)}
}

func sampleClean() run {
	s := summarise(nil)
	s.Coverage.Skipped, s.Coverage.Skips = nil, nil
	s.Coverage.Scanned, s.Coverage.Reused = s.Coverage.Seen, 0
	return run{sampleHeader(), nil, s}
}

func sampleIncomplete() run {
	s := summarise(nil)
	s.Coverage.Targets[0].Shallow, s.Coverage.Targets[1].Partial = true, true
	s.Coverage.Targets[1].Notes = []string{"the tag moved during the scan"}
	s.Coverage.Skipped[finding.ReasonShallow] = 1
	s.Coverage.Skipped[finding.ReasonUnreadable] = 5
	for i := range 5 {
		s.Coverage.Skips = append(s.Coverage.Skips, finding.Skip{
			Target: "api:2", Path: fmt.Sprintf("var/lib/%d.db", i), Reason: finding.ReasonUnreadable, Detail: "permission denied",
		})
	}
	return run{sampleHeader(), nil, s}
}

func sampleEmpty() run {
	return run{sampleHeader(), nil, finding.Summary{Coverage: finding.Coverage{
		Skipped: map[finding.Reason]int64{finding.ReasonNothing: 1},
		Skips:   []finding.Skip{{Target: "no/such", Reason: finding.ReasonNothing}},
	}}}
}

// nasty is what a hostile repository may call things. The bytes 0x9b and 0xff are not UTF-8.
const nasty = "a\x1b[31mred\x1b]8;;http://evil.example\x07\r\nfake: clean\u202egpj.exe\u2066\u200b\u0085<script>alert(1)</script>\x9b2J\xff{0}[x](javascript:1)`%20?#"

func sampleHostile() run {
	c := samplePair()
	c.Kind, c.Title, c.Why, c.Ident, c.Docs = "kind-"+nasty, nasty, nasty, nasty, "https://docs.example/"+nasty
	c.Fix = []string{nasty}
	c.Owner = finding.Owner{Name: nasty, How: nasty, Candidates: []string{nasty}}
	c.Environments = []finding.Environment{{Name: nasty, Class: finding.EnvProd, Why: nasty}}
	c.Facts = []finding.Fact{{Field: "user", Value: nasty, Source: nasty}}
	c.Records[0].Key, c.Records[0].Source = nasty, nasty
	c.Conditions[0].Why, c.Conditions[0].Threshold.Source = nasty, nasty
	c.Conditions[4].ID = nasty
	c.Conditions[1].Evidence, c.Conditions[1].Refs, c.Conditions[1].Settle = []string{nasty}, []string{nasty}, []string{nasty}
	c.Uses = []finding.Use{{
		Where: finding.Location{Target: nasty, Path: nasty}, Job: nasty, As: nasty, Triggers: []string{nasty}, Fork: finding.Yes, ForkWhy: nasty, Printed: nasty,
		Consumers: []finding.Consumer{{Name: nasty, Pin: nasty, Pinned: finding.No, Party: finding.PartyThird}}, Static: &finding.Static{What: nasty, Instead: nasty, Doubt: nasty},
	}}
	c.Exception = &finding.Exception{Owner: nasty, Approver: nasty, Reason: nasty, Created: at(9), Until: at(2), Requires: []string{nasty}, Where: nasty}
	for i := range c.Sightings {
		s := &c.Sightings[i]
		s.Name = nasty
		s.Where.Target, s.Where.Path, s.Where.Refs = nasty, "../../c:/"+nasty, []string{nasty}
		s.Where.Added = &finding.Change{Commit: nasty, Author: nasty, When: at(3)}
		s.Decode = []finding.Step{{Name: "zip", Entry: nasty}}
		for n := range s.Parts {
			t := &s.Parts[n].Snippet
			t.Text = nasty + t.Text + nasty
			t.Column += len(nasty)
		}
	}
	// Spans and windows that point nowhere.
	c.Sightings[0].Parts[1].Span = finding.Span{Line: 15, Column: -5, EndLine: 3, EndColumn: -9}
	c.Sightings[0].Parts[2].Snippet = finding.Snippet{Text: "x", Column: 1 << 40, Width: -3}
	c.Decision = nil
	items := credentials(c)
	row := sampleSmall(6, finding.SevLow, finding.StateMessage)
	row.Sightings[0].Where.Path, row.Sightings[0].Where.Added = "", &finding.Change{Commit: nasty, Author: nasty}
	row.Sightings[0].Parts = nil
	items = append(items, credentials(row)...)
	items = append(items,
		finding.Item{},
		finding.Item{Notice: &finding.Notice{ID: nasty, Kind: nasty, Severity: finding.SevHigh, Message: nasty, Where: &finding.Location{Path: nasty}}},
		finding.Item{Reference: &finding.Reference{ID: nasty, Name: nasty, Scope: nasty, Where: finding.Location{Path: nasty},
			Conditions: []finding.Condition{{ID: nasty, Verdict: finding.VerdictYes}}, Uses: c.Uses, System: nasty}},
		finding.Item{Inventory: &finding.InventoryRow{ID: nasty, Record: finding.Record{System: nasty, Key: nasty, Source: nasty}}},
	)
	s := summarise(items)
	s.Coverage.Targets[0].Target, s.Coverage.Targets[0].Notes = nasty, []string{nasty}
	s.Coverage.Skips[0].Target, s.Coverage.Skips[0].Path, s.Coverage.Skips[0].Detail = nasty, nasty, nasty
	s.Coverage.Skips[0].Reason = finding.ReasonCorrupt
	s.Coverage.Skipped[finding.ReasonCorrupt] = 1
	s.FailOn = nasty
	h := sampleHeader()
	h.KeyScope = finding.KeyRun
	return run{h, items, s}
}
