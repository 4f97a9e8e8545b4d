package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sprawl/finding"
	"sprawl/internal/identity"
	kit "sprawl/internal/testkit/exports"
	"sprawl/internal/testkit/planted"
	"sprawl/internal/testkit/repo"
)

const trapAccount = "664418975074"

// trap is a repository with AWS keys, and exports beside it.
type trap struct {
	t    *testing.T
	repo *repo.Repo
	set  *kit.Set
	dir  string
	args []string
}

func newTrap(t *testing.T) *trap {
	t.Helper()
	x := &trap{t: t, repo: repo.New(t), set: kit.New(identity.New(testKey, nil, nil)), dir: t.TempDir()}
	x.repo.Now = time.Date(2025, time.June, 1, 9, 0, 0, 0, time.UTC)
	return x
}

// key writes the n-th key of the account into a file and returns its id.
func (x *trap) key(path string, n int) string {
	x.t.Helper()
	code, err := x.set.Code("aws-access-key "+trapAccount, n)
	if err != nil {
		x.t.Fatal(err)
	}
	x.repo.Write(path, code)
	id, err := x.set.AccessKey(trapAccount, n)
	if err != nil {
		x.t.Fatal(err)
	}
	return id
}

// export writes an inventory as of a day.
func (x *trap) export(name, asOf, text string) {
	x.t.Helper()
	p := filepath.Join(x.dir, name)
	planted.WriteFile(x.t, p, text)
	x.args = append(x.args, "--inventory", p+",as-of="+asOf)
}

func (x *trap) scan(more ...string) []verdictLine {
	x.t.Helper()
	args := append([]string{"scan", "git:" + x.repo.Dir, "--format", "jsonl", "--as-of", "2026-01-02T03:04:05Z"}, more...)
	c := sprawl(x.t, append(args, x.args...), withKey())
	if c.code != exitFindings {
		x.t.Fatalf("exit %d: %s", c.code, c.stderr)
	}
	return verdictLines(x.t, c.stdout)
}

// of is the finding with a public half, or of a kind.
func of(t *testing.T, lines []verdictLine, what string) verdictLine {
	t.Helper()
	i := slices.IndexFunc(lines, func(l verdictLine) bool { return l.Type == "finding" && (l.Ident == what || l.Kind == what) })
	if i < 0 {
		t.Fatalf("%s is not found", what)
	}
	return lines[i]
}

func (l verdictLine) condition(t *testing.T, id string, want finding.Verdict, words string) {
	t.Helper()
	for _, c := range l.Conditions {
		if c.ID != id {
			continue
		}
		if c.Verdict != string(want) || !strings.Contains(c.Why+strings.Join(c.Evidence, "\n"), words) {
			t.Errorf("%s: %s %q %q, want %s with %q", id, c.Verdict, c.Why, c.Evidence, want, words)
		}
		return
	}
	t.Errorf("no condition %s", id)
}

func userKeys(user, id, status, created string) string {
	return fmt.Sprintf(`{"AccessKeyMetadata": [{"UserName": %q, "AccessKeyId": %q, "Status": %q, "CreateDate": %q}]}`+"\n", user, id, status, created)
}

// A key that was rotated is another credential, of the same principal: the old one is judged by its own row.
func TestTrapRotatedKey(t *testing.T) {
	x := newTrap(t)
	before := x.key("deploy/app.env", 1)
	x.repo.Commit("one")
	x.repo.Advance(90 * 24 * time.Hour)
	after := x.key("deploy/app.env", 2)
	x.repo.Commit("rotate")
	x.export("keys.json", "2026-01-01", userKeys("svc", before, "Inactive", "2024-05-01T00:00:00Z")+userKeys("svc", after, "Active", "2025-12-20T00:00:00Z"))
	lines := x.scan()
	was, is := of(t, lines, before), of(t, lines, after)
	if was.ID == is.ID || was.Severity != "info" || is.Severity == "info" {
		t.Errorf("severities %s and %s", was.Severity, is.Severity)
	}
	was.condition(t, "outlives-task", finding.VerdictYes, "switched off")
	was.condition(t, "long-lived", finding.VerdictYes, "created 2024-05-01")
	is.condition(t, "long-lived", finding.VerdictNo, "created 2025-12-20")
	is.condition(t, "shared-identity", finding.VerdictYes, "same principal")
}

// One value that reads as two kinds is one credential: the surer kind names it, the other is an alias.
func TestTrapTwoKinds(t *testing.T) {
	x := newTrap(t)
	token := planted.Token(7)
	x.repo.Write("a.env", "GITHUB_TOKEN="+token+"\n")
	x.repo.Write("b.yaml", "database:\n  password: \""+token+"\"\n")
	x.repo.Write("c.txt", "curl -u robot:"+token+" https://registry.example/v2/\n")
	x.repo.Commit("one")
	var found []verdictLine
	for _, l := range x.scan() {
		if l.Type == "finding" {
			found = append(found, l)
		}
	}
	if len(found) != 1 || found[0].Kind != "github-personal-access-token" {
		t.Fatalf("%d findings: %+v", len(found), found)
	}
}

// An exception that has ended brings its finding back, and says so.
func TestTrapExpiredException(t *testing.T) {
	x := newTrap(t)
	id := x.key("deploy/app.env", 1)
	x.repo.Commit("one")
	policy := filepath.Join(x.dir, "policy.yaml")
	planted.WriteFile(t, policy, "salt: ce5dqmrvgaydcmzugu3donzygq\n")
	x.args = append(x.args, "--policy", policy)
	short := of(t, x.scan(), id).ID
	c := sprawl(t, []string{"accept", short, "--policy", policy, "--owner", "payments", "--approver", "security", "--reason", "moves", "--until", "2025-12-31",
		"--as-of", "2025-07-01", "git:" + x.repo.Dir}, withKey())
	if c.code != 0 {
		t.Fatalf("exit %d: %s", c.code, c.stderr)
	}
	for _, day := range []struct {
		asOf    string
		code    int
		verdict finding.Verdict
	}{{"2025-12-31", 0, finding.VerdictNo}, {"2026-01-01", exitFindings, finding.VerdictYes}} {
		c := sprawl(t, append([]string{"scan", "git:" + x.repo.Dir, "--format", "jsonl", "--as-of", day.asOf}, x.args...), withKey())
		if c.code != day.code {
			t.Fatalf("as of %s: exit %d: %s", day.asOf, c.code, c.stderr)
		}
		lines := verdictLines(t, c.stdout)
		l := of(t, lines, id)
		l.condition(t, "exception-lapsed", day.verdict, "2025-12-31")
		lapsed := slices.ContainsFunc(lines, func(l verdictLine) bool { return l.Type == "notice" && l.Kind == "exception-lapsed" })
		if (l.Decision == nil) != (day.code == exitFindings) || lapsed != (day.code == exitFindings) {
			t.Errorf("as of %s: decision %v, notice %v", day.asOf, l.Decision, lapsed)
		}
	}
}

// An exception that rests on something lapses once evidence contradicts it, and can't be confirmed then.
func TestTrapRequirement(t *testing.T) {
	x := newTrap(t)
	id := x.key("deploy/app.env", 1)
	x.repo.Commit("one")
	policy := filepath.Join(x.dir, "policy.yaml")
	planted.WriteFile(t, policy, "salt: ce5dqmrvgaydcmzugu3donzygq\nescalation:\n  - {owner: \"*\", to: ciso@acme.example, after: 90d}\n")
	x.args = append(x.args, "--policy", policy)
	l := of(t, x.scan(), id)
	if !slices.Contains(l.Fix, "escalate: to ciso@acme.example, open for 214 days") {
		t.Errorf("nobody is told of what stays open: %q", l.Fix)
	}
	run := func(command string, more ...string) console {
		args := []string{command, l.ID, "--approver", "security", "--until", "2026-03-31", "--as-of", "2026-01-01", "--policy", policy, "git:" + x.repo.Dir}
		return sprawl(t, append(args, more...), withKey())
	}
	if c := run("accept", "--owner", "payments", "--reason", "telemetry only", "--require", "narrow-scope"); c.code != 0 {
		t.Fatalf("exit %d: %s", c.code, c.stderr)
	}
	judged := func() (verdictLine, int) {
		c := sprawl(t, append([]string{"scan", "git:" + x.repo.Dir, "--format", "jsonl", "--as-of", "2026-01-02T03:04:05Z"}, x.args...), withKey())
		return of(t, verdictLines(t, c.stdout), id), c.code
	}
	l, code := judged()
	l.condition(t, "exception-lapsed", finding.VerdictCannotTell, "if narrow-scope, which nothing shows")
	if code != 0 || l.Decision == nil {
		t.Errorf("exit %d, decision %v: what is shown by nothing ends nothing", code, l.Decision)
	}
	x.export("keys.json", "2026-01-01", userKeys("svc", id, "Active", "2025-05-01T00:00:00Z"))
	x.export("account.json", "2026-01-01", `{"UserDetailList": [{"UserName": "svc", "Arn": "arn:aws:iam::`+trapAccount+`:user/svc", "CreateDate": "2025-01-01T00:00:00Z", "UserPolicyList": [],
		"GroupList": [], "AttachedManagedPolicies": [{"PolicyName": "AdministratorAccess", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}]}]}`)
	l, code = judged()
	l.condition(t, "exception-lapsed", finding.VerdictYes, "requires narrow-scope, and evidence says otherwise: its access is admin")
	if code != exitFindings || l.Decision != nil {
		t.Errorf("exit %d, decision %v: it does not come back", code, l.Decision)
	}
	if c := run("recertify", x.args[:len(x.args):len(x.args)]...); c.code != exitUsage || !strings.Contains(c.stderr, "would not hold: it requires narrow-scope") {
		t.Errorf("exit %d: %s", c.code, c.stderr)
	}
}

// A third party that holds access is in the register, and somebody looked at it lately; or a notice says that it is not so.
func TestTrapThirdParties(t *testing.T) {
	x := newTrap(t)
	x.key("deploy/app.env", 1)
	x.repo.Commit("one")
	x.export("installations.json", "2026-01-01", `{"total_count": 3, "installations": [
		{"id": 1, "app_slug": "deskco", "account": {"login": "acme"}, "repository_selection": "all", "permissions": {"contents": "read"}, "created_at": "2024-01-01T00:00:00Z"},
		{"id": 2, "app_slug": "shipco", "account": {"login": "acme"}, "repository_selection": "all", "permissions": {"contents": "write"}, "created_at": "2024-01-01T00:00:00Z"},
		{"id": 3, "app_slug": "lateco", "account": {"login": "acme"}, "repository_selection": "all", "permissions": {"contents": "write"}, "created_at": "2024-01-01T00:00:00Z"}]}`)
	said := func() (out []string) {
		for _, l := range x.scan() {
			if l.Type == "notice" && l.Kind == "third-party-unreviewed" {
				out = append(out, l.Message[:min(60, len(l.Message))])
			}
		}
		slices.Sort(out)
		return out
	}
	if got := said(); len(got) != 1 || !strings.HasPrefix(got[0], "third parties hold access and there is no register of them") {
		t.Errorf("without a register: %q", got)
	}
	policy := filepath.Join(x.dir, "policy.yaml")
	planted.WriteFile(t, policy, "salt: ce5dqmrvgaydcmzugu3donzygq\nintegrations:\n  - {vendor: deskco, owner: security, reviewed: 2025-12-01}\n  - {vendor: lateco, owner: security, reviewed: 2025-01-01}\n")
	x.args = append(x.args, "--policy", policy)
	got := said()
	if len(got) != 2 || !strings.HasPrefix(got[0], "lateco was last reviewed 366 days ago") || !strings.HasPrefix(got[1], "shipco is not in the register") {
		t.Errorf("with a register: %q", got)
	}
}

// An owner who has left owns nothing; a team beside that person does.
func TestTrapOwnerWhoLeft(t *testing.T) {
	x := newTrap(t)
	alone, both := x.key("a/app.env", 1), x.key("b/app.env", 2)
	x.repo.Write(".github/CODEOWNERS", "/a/ @grace\n/b/ @grace @acme/payments\n")
	x.repo.Commit("one")
	x.export("members.json", "2026-01-01", `[{"login": "grace", "type": "User", "site_admin": false, "suspended_at": "2025-11-30T00:00:00Z"}]`)
	lines := x.scan()
	of(t, lines, alone).condition(t, "unattributed", finding.VerdictYes, "has left")
	of(t, lines, alone).condition(t, "outlives-task", finding.VerdictYes, "its owner has left")
	of(t, lines, both).condition(t, "unattributed", finding.VerdictNo, "@acme/payments")
	// And where two exports do not agree, both are told.
	x.export("workspace.json", "2026-01-01", `[{"login": "Grace", "type": "User", "site_admin": false, "suspended_at": null}]`)
	lines = x.scan()
	of(t, lines, alone).condition(t, "unattributed", finding.VerdictNo, "workspace.json:1: active")
	if !slices.ContainsFunc(lines, func(l verdictLine) bool {
		return l.Type == "notice" && l.Kind == "contradiction" && strings.Contains(l.Message, "do not agree whether @grace")
	}) {
		t.Error("nobody says that the exports do not agree")
	}
}

// Clocks differ by minutes: what lies further ahead is left out, decides nothing and is told.
func TestTrapClockSkew(t *testing.T) {
	x := newTrap(t)
	near, far := x.key("a.env", 1), x.key("b.env", 2)
	x.repo.Now = time.Date(2026, time.January, 1, 20, 0, 0, 0, time.UTC)
	x.repo.Commit("one")
	x.export("keys.json", "2026-01-02T03:04:05Z", userKeys("a", near, "Active", "2026-01-02T03:07:00Z")+userKeys("b", far, "Active", "2026-03-01T00:00:00Z"))
	lines := x.scan()
	of(t, lines, near).condition(t, "long-lived", finding.VerdictNo, "0 hours old")
	l := of(t, lines, far)
	for _, c := range l.Conditions {
		if c.ID == "long-lived" && (c.Verdict != string(finding.VerdictCannotTell) || strings.Contains(c.Why, "2026-03-01")) {
			t.Errorf("a date in the future decides: %+v", c)
		}
	}
	if !slices.ContainsFunc(lines, func(l verdictLine) bool {
		return l.Type == "notice" && l.Kind == "inventory" && strings.Contains(l.Message, "keys.json: row 2: created lies in the future")
	}) {
		t.Error("nobody says that a clock is wrong")
	}
}

// Authors write what dates they like. The committer's counts, and no date before git, or after now, is one.
func TestTrapForgedDates(t *testing.T) {
	for _, c := range []struct {
		name, author string
		committer    time.Time
		want         finding.Verdict
		words        string
	}{
		{"an old author date makes nothing old", "2012-01-01T00:00:00Z", time.Date(2025, time.December, 1, 0, 0, 0, 0, time.UTC), finding.VerdictCannotTell, "at least 32 days old"},
		{"a new author date makes nothing young", "2025-12-31T00:00:00Z", time.Date(2023, time.December, 1, 0, 0, 0, 0, time.UTC), finding.VerdictYes, "at least 763 days old"},
		{"a commit before git", "1999-01-01T00:00:00Z", time.Date(1999, time.December, 1, 0, 0, 0, 0, time.UTC), finding.VerdictCannotTell, "nothing says when it was issued"},
		{"a commit of tomorrow's", "2025-01-01T00:00:00Z", time.Date(2031, time.December, 1, 0, 0, 0, 0, time.UTC), finding.VerdictCannotTell, "nothing says when it was issued"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newTrap(t)
			id := x.key("a.env", 1)
			x.repo.Now = c.committer
			x.repo.Add("a.env")
			x.repo.Git("commit", "-q", "--date="+c.author, "-m", "one")
			of(t, x.scan(), id).condition(t, "long-lived", c.want, c.words)
		})
	}
}

// GitHub says who answers for a repository by a custom property. A team that may administer it is somebody to ask, however many there
// are: with one row less two teams would be one. A repository of the same name elsewhere is another one.
func TestTrapOwnerByGitHub(t *testing.T) {
	const (
		admin   = `{"team": "payments", "repositories": [{"full_name": "acme/Shop", "role_name": "admin", "permissions": {"admin": true, "pull": true}}]}`
		reader  = `{"team": "everybody", "repositories": [{"full_name": "acme/shop", "role_name": "read", "permissions": {"admin": false, "pull": true}}]}`
		second  = `{"team": "platform", "repositories": [{"full_name": "acme/shop", "role_name": "maintain", "permissions": {"maintain": true, "pull": true}}]}`
		another = `{"team": "platform", "repositories": [{"full_name": "acme/site", "role_name": "maintain", "permissions": {"maintain": true, "pull": true}}]}`
		owned   = `[{"repository_id": 1, "repository_name": "shop", "repository_full_name": "acme/shop", "properties": [{"property_name": "Owning_Team", "value": "Checkout"}]}]`
	)
	for _, c := range []struct {
		name, origin, teams, properties string
		want                            finding.Verdict
		why                             string
	}{
		{"one team", "git@github.com:acme/shop.git", admin + reader + another, "", finding.VerdictCannotTell, "@acme/payments (github-team"},
		{"a property before a team", "https://github.com/acme/shop", admin, owned, finding.VerdictNo, "Checkout (github-property"},
		{"two teams", "https://github.com/acme/shop", admin + second, "", finding.VerdictCannotTell, "@acme/platform (github-team"},
		{"cut off", "https://github.com/acme/shop", admin + "\n{", "", finding.VerdictCannotTell, "no owner was found"},
		{"of that name elsewhere", "https://gitlab.com/acme/shop", admin, owned, finding.VerdictCannotTell, "no owner was found"},
		{"no origin", "", admin, owned, finding.VerdictCannotTell, "no owner was found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newTrap(t)
			id := x.key("a.env", 1)
			x.repo.Commit("one")
			if c.origin != "" {
				x.repo.Git("remote", "add", "origin", c.origin)
			}
			x.export("teams.json", "2026-01-01", c.teams)
			if c.properties != "" {
				x.export("properties.json", "2026-01-01", c.properties)
			}
			of(t, x.scan(), id).condition(t, "unattributed", c.want, c.why)
		})
	}
}

// The alias of an account says which environment its keys are of, and another account's says nothing of them.
func TestTrapAccountAlias(t *testing.T) {
	for account, want := range map[string]string{"664418975074": "prod", "222222222222": ""} {
		x := newTrap(t)
		id := x.key("a.env", 1)
		x.repo.Commit("one")
		x.export("aliases.json", "2026-01-01", `{"AccountAliases": ["acme-production"], "Account": "`+account+`"}`)
		got := ""
		for _, e := range of(t, x.scan(), id).Environments {
			if strings.HasPrefix(e.Why, "account name by aws-iam") {
				got = e.Class
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q: %+v", account, got, want, of(t, x.scan(), id).Environments)
		}
	}
}
