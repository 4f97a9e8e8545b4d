package join_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sprawl/finding"
	"sprawl/internal/join"
	"sprawl/internal/testkit/exports"
	"sprawl/inventory"
)

const account = "664418975074"

// token is a credential of a kind with a value that no detector made, for values that must share an end.
func token(s *exports.Set, kind, provider, value string, facts ...finding.Fact) finding.Credential {
	secret := finding.NewSecret([]byte(value))
	return finding.Credential{
		ID: s.Keys().ID(secret), Kind: kind, Provider: provider, Facts: facts, FirstSeen: exports.Day, LastSeen: exports.Day,
		Sightings: []finding.Sighting{{Kind: kind, Parts: []finding.Part{{Role: finding.RoleSecret, Secret: secret}}}},
	}
}

// keys are what a credential was joined with, the surest first: "exact:ID".
func keys(rs []finding.Record) string {
	var out []string
	for _, r := range rs {
		out = append(out, string(r.Match)+":"+r.Key)
	}
	return strings.Join(out, " ")
}

func notes(res join.Result) string {
	var b strings.Builder
	for _, n := range res.Notes {
		fmt.Fprintf(&b, "%s: %s\n", n.Source, n.Msg)
	}
	return b.String()
}

func invs(in ...*inventory.Inventory) []*inventory.Inventory { return in }

// authorised is a listing of tokens by their last eight characters.
func authorised(t *testing.T, s *exports.Set, eights ...string) *inventory.Inventory {
	t.Helper()
	var rows []string
	for i, e := range eights {
		rows = append(rows, fmt.Sprintf(`{"login": "user%d", "credential_id": %d, "credential_type": "personal access token", "token_last_eight": %q, "scopes": []}`, i, i+1, e))
	}
	return read(t, s, "github-credential-authorizations", "["+strings.Join(rows, ",")+"]")
}

// TestSharedEnd: a part of a value joins one row and one credential, or nothing.
func TestSharedEnd(t *testing.T) {
	const kind = "github-personal-access-token"
	value := func(s *exports.Set, n int) string {
		v, err := s.Value(kind, n)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	tests := []struct {
		name  string
		build func(s *exports.Set) ([]finding.Credential, *inventory.Inventory)
		want  []string // keys of each credential
		note  string
	}{
		{"one and one", func(s *exports.Set) ([]finding.Credential, *inventory.Inventory) {
			v := value(s, 1)
			return []finding.Credential{token(s, kind, "github", v)}, authorised(t, s, v[len(v)-8:], "abcdEFGH")
		}, []string{"suffix:1"}, ""},
		{"two rows", func(s *exports.Set) ([]finding.Credential, *inventory.Inventory) {
			v := value(s, 1)
			return []finding.Credential{token(s, kind, "github", v)}, authorised(t, s, v[len(v)-8:], v[len(v)-8:])
		}, []string{""}, "2 rows show the same last 8 characters: which of them it is cannot be told"},
		{"two credentials", func(s *exports.Set) ([]finding.Credential, *inventory.Inventory) {
			a, b := value(s, 1), value(s, 2)
			b = b[:len(b)-8] + a[len(a)-8:]
			return []finding.Credential{token(s, kind, "github", a), token(s, kind, "github", b)}, authorised(t, s, a[len(a)-8:])
		}, []string{"", ""}, "2 found credentials have the last 8 characters that row 1 shows: which of them it is cannot be told"},
		{"of another kind", func(s *exports.Set) ([]finding.Credential, *inventory.Inventory) {
			v := value(s, 1)
			return []finding.Credential{token(s, "gitlab-personal-access-token", "gitlab", v)}, authorised(t, s, v[len(v)-8:])
		}, []string{""}, ""},
		{"of another person", func(s *exports.Set) ([]finding.Credential, *inventory.Inventory) {
			v := value(s, 1)
			return []finding.Credential{token(s, kind, "github", v, finding.Fact{Field: "user", Value: "somebody"})}, authorised(t, s, v[len(v)-8:])
		}, []string{""}, ""},
		{"of the person, written otherwise", func(s *exports.Set) ([]finding.Credential, *inventory.Inventory) {
			v := value(s, 1)
			return []finding.Credential{token(s, kind, "github", v, finding.Fact{Field: "user", Value: "User0"})}, authorised(t, s, v[len(v)-8:])
		}, []string{"suffix:1"}, ""},
		{"two credentials, one of another person", func(s *exports.Set) ([]finding.Credential, *inventory.Inventory) {
			a, b := value(s, 1), value(s, 2)
			b = b[:len(b)-8] + a[len(a)-8:]
			return []finding.Credential{token(s, kind, "github", a), token(s, kind, "github", b, finding.Fact{Field: "user", Value: "somebody"})}, authorised(t, s, a[len(a)-8:])
		}, []string{"suffix:1", ""}, ""},
		{"a value that can be guessed", func(s *exports.Set) ([]finding.Credential, *inventory.Inventory) {
			return []finding.Credential{token(s, kind, "github", "summer-of-2019")}, authorised(t, s, "-of-2019")
		}, []string{""}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := world()
			cs, inv := tt.build(s)
			res := join.Join(cs, invs(inv), s.Keys())
			for i := range cs {
				if got := keys(res.Records[cs[i].ID]); got != tt.want[i] {
					t.Errorf("credential %d is joined with %q, want %q", i, got, tt.want[i])
				}
			}
			if got := notes(res); tt.note == "" && got != "" || !strings.Contains(got, tt.note) {
				t.Errorf("notes %q, want %q", got, tt.note)
			}
		})
	}
}

// TestHint: three characters are shared by chance among a few hundred secrets; those that do not share theirs are joined.
func TestHint(t *testing.T) {
	s := world()
	const kind = "azure-client-secret"
	first := map[string][]int{}
	var cs []finding.Credential
	var rows []string
	for n := range 800 {
		v, err := s.Value(kind, n)
		if err != nil {
			t.Fatal(err)
		}
		first[v[:3]] = append(first[v[:3]], n)
		cs = append(cs, token(s, kind, "azure", v))
		rows = append(rows, fmt.Sprintf(`{"keyId": "k%d", "hint": %q, "startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2027-01-01T00:00:00Z"}`, n, v[:3]))
	}
	inv := read(t, s, "entra-app-secrets", "["+strings.Join(rows, ",")+"]", scope("app"))
	res := join.Join(cs, invs(inv), s.Keys())
	shared := 0
	for _, ns := range first {
		for _, n := range ns {
			want := fmt.Sprintf("suffix:k%d", n)
			if len(ns) > 1 {
				want = ""
				shared++
			}
			if got := keys(res.Records[cs[n].ID]); got != want {
				t.Errorf("secret %d is joined with %q, want %q", n, got, want)
			}
		}
	}
	if shared < 2 || shared > 20 {
		t.Errorf("%d of 800 secrets share their first three characters: the test shows nothing", shared)
	}
	if !strings.Contains(notes(res), "show the same first 3 characters") {
		t.Errorf("nobody says what could not be told: %s", notes(res))
	}
}

// TestChain: an audit log leads from the hash of a token to its id, the id to the grant, and the grant to its holder.
func TestChain(t *testing.T) {
	s := world()
	cs := plant(t, s, "", map[string][]int{"github-fine-grained-token": {3}})
	all := invs(
		read(t, s, "github-audit-log", fixture(t, "github-audit-log")),
		read(t, s, "github-personal-access-tokens", fixture(t, "github-personal-access-tokens")),
		read(t, s, "github-users", fixture(t, "github-users")),
	)
	res := join.Join(cs, all, s.Keys())
	if got, want := keys(res.Records[cs[0].ID]), "hash:98716 hash:98716 parent:Alice"; got != want {
		t.Errorf("joined with %q, want %q", got, want)
	}
	// Without the log nothing says which of the grants it is.
	res = join.Join(cs, all[1:], s.Keys())
	if got := keys(res.Records[cs[0].ID]); got != "" {
		t.Errorf("without the log it is joined with %q", got)
	}
}

// TestSlots: the credential report alone does not say which slot a key is; beside the list of keys it does.
func TestSlots(t *testing.T) {
	const kind = "aws-access-key " + account
	s := world()
	cs := plant(t, s, "", map[string][]int{kind: {1, 2}})
	one := in(t, cs, "aws-access-key-"+account+"-1", kind)
	report := read(t, s, "aws-credential-report", fixture(t, "aws-credential-report"))
	events := read(t, s, "aws-cloudtrail-events", fixture(t, "aws-cloudtrail-events"))
	lists := read(t, s, "aws-access-keys", fixture(t, "aws-access-keys"))
	user := "arn:aws:iam::" + account + ":user/svc-payments"

	res := join.Join(cs, invs(report, events), s.Keys())
	got := keys(res.Records[one.ID])
	if !strings.Contains(got, "parent:"+user) || strings.Contains(got, "#") {
		t.Errorf("by its user alone it is joined with %q", got)
	}
	if !strings.Contains(notes(res), "matched by user, slot ambiguous") {
		t.Errorf("nobody says that the slot is not known: %s", notes(res))
	}

	res = join.Join(cs, invs(report, lists), s.Keys())
	if got := keys(res.Records[one.ID]); !strings.Contains(got, "exact:"+user+"#1") || strings.Contains(got, "#2") {
		t.Errorf("beside the list of keys it is joined with %q", got)
	}
	if strings.Contains(notes(res), "ambiguous") {
		t.Errorf("the slot is known, and yet: %s", notes(res))
	}
	for _, r := range res.Records[one.ID] {
		if r.System == "aws-credential-report" && r.Match == finding.MatchExact && !slices.ContainsFunc(r.Facts, func(f finding.Fact) bool { return f.Field == "last_used" && f.Value == "2026-10-30T21:00:00Z" }) {
			t.Errorf("the slot does not say when it was last used: %v", r.Facts)
		}
	}
}

// TestUnlisted: a credential that a whole listing of its account does not hold is told, and nothing is told of a listing that may
// hold it.
func TestUnlisted(t *testing.T) {
	const kind = "aws-access-key " + account
	report, list := fixture(t, "aws-credential-report"), fixture(t, "aws-access-keys")
	tests := []struct {
		name   string
		prefix string
		invs   func(s *exports.Set) []*inventory.Inventory
		want   string
		note   string
	}{
		{"whole", "", func(s *exports.Set) []*inventory.Inventory {
			return invs(read(t, s, "aws-credential-report", report), read(t, s, "aws-access-keys", list))
		}, "a whole listing of account " + account + " does not hold it", ""},
		{"the keys of some users", "", func(s *exports.Set) []*inventory.Inventory {
			return invs(read(t, s, "aws-access-keys", list))
		}, "", ""},
		{"the keys of a user are missing", "", func(s *exports.Set) []*inventory.Inventory {
			short, _, _ := strings.Cut(list, ",\n") // the second of svc-payments' keys is gone
			return invs(read(t, s, "aws-credential-report", report), read(t, s, "aws-access-keys", short+"\n]}"))
		}, "", ""},
		{"cut off", "", func(s *exports.Set) []*inventory.Inventory {
			return invs(read(t, s, "aws-credential-report", report), read(t, s, "aws-access-keys", strings.TrimSpace(list)[:len(list)-10]))
		}, "", ""},
		{"of another account", "", func(s *exports.Set) []*inventory.Inventory {
			swap := strings.NewReplacer(account, "222222222222")
			return invs(read(t, s, "aws-credential-report", swap.Replace(report)), read(t, s, "aws-access-keys", swap.Replace(list)))
		}, "", ""},
		{"older than the code", "later/", func(s *exports.Set) []*inventory.Inventory {
			return invs(read(t, s, "aws-credential-report", report), read(t, s, "aws-access-keys", list))
		}, "", "the export is older than the first place that holds it: whether it is listed now cannot be told"},
		{"of something else", "", func(s *exports.Set) []*inventory.Inventory {
			return invs(read(t, s, "gcp-service-account-keys", fixture(t, "gcp-service-account-keys")))
		}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := world()
			cs := plant(t, s, tt.prefix, map[string][]int{kind: {1, 7}}) // of which 7 is in no list
			res := join.Join(cs, tt.invs(s), s.Keys())
			stranger := in(t, cs, tt.prefix+"aws-access-key-"+account+"-7", kind)
			got := ""
			for _, u := range res.Unlisted {
				if u.Credential != stranger.ID || u.System != "aws-iam" || !u.AsOf.Equal(taken) {
					t.Errorf("%+v is not what was asked for", u)
				}
				got = u.Why
			}
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("told %q, want %q", got, tt.want)
			}
			if !strings.Contains(notes(res), tt.note) {
				t.Errorf("notes %q, want %q", notes(res), tt.note)
			}
		})
	}
}

// TestUnlistedByHint: a secret whose first characters the listing of its application does not show is not in it; one whose
// characters it shows twice may be.
func TestUnlistedByHint(t *testing.T) {
	s := world()
	const app = "00000000-0000-4000-8000-000000000002"
	inv := read(t, s, "entra-applications", fixture(t, "entra-applications"))
	of := finding.Fact{Field: "application", Value: app}
	secret := func(n int) finding.Credential {
		v, err := s.Value("azure-client-secret", n)
		if err != nil {
			t.Fatal(err)
		}
		return token(s, "azure-client-secret", "azure", v, of)
	}
	cs := []finding.Credential{secret(1), secret(5), token(s, "azure-client-secret", "azure", "password-of-payments", of)}
	res := join.Join(cs, invs(inv), s.Keys())
	var told []string
	for _, u := range res.Unlisted {
		told = append(told, u.Credential)
	}
	if !slices.Equal(told, []string{cs[1].ID}) {
		t.Errorf("told of %q, want of the second alone, %q", told, cs[1].ID)
	}
}

// TestListed: a row is found or not found once, however many exports list it.
func TestListed(t *testing.T) {
	s := world()
	const kind = "aws-access-key " + account
	cs := plant(t, s, "", map[string][]int{kind: {1}})
	all := invs(
		read(t, s, "aws-access-keys", fixture(t, "aws-access-keys")),
		read(t, s, "aws-credential-report", fixture(t, "aws-credential-report")),
		read(t, s, "github-app-installations", fixture(t, "github-app-installations")),
	)
	res := join.Join(cs, all, s.Keys())
	var got []string
	seen := map[string]bool{}
	for _, r := range res.Rows {
		state := "not found"
		if r.Found != "" {
			state = "found"
			if r.Found != cs[0].ID {
				t.Errorf("%s is found as %s", r.Record.Key, r.Found)
			}
		}
		if seen[r.ID] || !strings.HasPrefix(r.ID, "i-") {
			t.Errorf("%s stands there twice, or is no id", r.ID)
		}
		seen[r.ID] = true
		got = append(got, s.Hide(r.Record.System+" "+r.Record.Key)+": "+state)
	}
	want := []string{
		`aws-iam {{akia "664418975074" 1}}: found`, `aws-iam {{akia "664418975074" 2}}: not found`, `aws-iam {{akia "664418975074" 3}}: not found`,
		"github 1: not found", "github 2: not found",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
}

// TestTies: a listed variable whose value was found is tied to the credential; one that is not is a reference and no more.
func TestTies(t *testing.T) {
	s := world()
	cs := plant(t, s, "", map[string][]int{"gitlab-personal-access-token": {1}})
	res := join.Join(cs, invs(read(t, s, "gitlab-ci-variables", fixture(t, "gitlab-ci-variables"), scope("acme/api"))), s.Keys())
	if len(res.References) != 3 || len(res.Ties) != 1 || res.Ties[0].Credential != cs[0].ID || res.References[res.Ties[0].Reference].Name != "DEPLOY_TOKEN" {
		t.Errorf("references %v, ties %+v", res.References, res.Ties)
	}
}

// TestParents: what a credential says of its account, project or service account joins it with what is said of these.
func TestParents(t *testing.T) {
	s := world()
	aws, gcp := "aws-access-key "+account, "gcp-service-account-key"
	cs := plant(t, s, "", map[string][]int{aws: {1}, gcp: {1}})
	key := in(t, cs, "gcp-service-account-key-1", gcp)
	email, project := "", ""
	for _, f := range key.Facts {
		switch f.Field {
		case "email":
			email = f.Value
		case "project":
			project = f.Value
		}
	}
	swap := strings.NewReplacer("robot@acme-prod.iam.gserviceaccount.com", email, "acme-prod", project)
	all := invs(
		read(t, s, "aws-access-keys", fixture(t, "aws-access-keys")),
		read(t, s, "aws-users", fixture(t, "aws-users")),
		read(t, s, "aws-accounts", fixture(t, "aws-accounts")),
		read(t, s, "gcp-service-accounts", swap.Replace(fixture(t, "gcp-service-accounts"))),
		read(t, s, "gcp-iam-policy", swap.Replace(fixture(t, "gcp-iam-policy")), scope(project)),
	)
	res := join.Join(cs, all, s.Keys())
	got := s.Hide(keys(res.Records[in(t, cs, "aws-access-key-"+account+"-1", aws).ID]))
	if want := `exact:{{akia "664418975074" 1}} parent:arn:aws:iam::664418975074:user/svc-payments parent:664418975074`; got != want {
		t.Errorf("the access key is joined with %q, want %q", got, want)
	}
	got = keys(res.Records[key.ID])
	if !strings.Contains(got, "parent:"+email) || !strings.Contains(got, "parent:projects/"+project) || strings.Contains(got, "exact") {
		t.Errorf("the key of the service account is joined with %q", got)
	}
}

// TestOlder: what happened behind an export is not in it, and the credential says so.
func TestOlder(t *testing.T) {
	s := world()
	const kind = "sendgrid-api-key"
	cs := plant(t, s, "later/", map[string][]int{kind: {1}})
	res := join.Join(cs, invs(read(t, s, "sendgrid-keys", fixture(t, "sendgrid-keys"))), s.Keys())
	if !strings.Contains(notes(res), "the export is older than the first place that holds it: what has happened since is not in it") {
		t.Errorf("notes %q", notes(res))
	}
}

// TestOrder: neither the order of the credentials nor that of the exports decides anything.
func TestOrder(t *testing.T) {
	s := world()
	aws := "aws-access-key " + account
	cs := plant(t, s, "", map[string][]int{aws: {1, 2, 7}, "github-personal-access-token": {1, 2}, "private-key": {1}, "gitlab-personal-access-token": {1}})
	var all []*inventory.Inventory
	for _, f := range []string{"aws-access-keys", "aws-credential-report", "aws-users", "github-audit-log", "github-credential-authorizations", "github-secret-scanning", "gitlab-ssh-keys", "x509-certificates"} {
		all = append(all, read(t, s, f, fixture(t, f)))
	}
	shape := func(res join.Result) string {
		var out []string
		for id, rs := range res.Records {
			ks := strings.Fields(keys(rs))
			slices.Sort(ks)
			out = append(out, id+" "+strings.Join(ks, " "))
		}
		for _, u := range res.Unlisted {
			out = append(out, "unlisted "+u.Credential+u.Why)
		}
		for _, r := range res.Rows {
			out = append(out, "row "+r.ID+" "+r.Found)
		}
		slices.Sort(out)
		return strings.Join(out, "\n") + "\n" + notes(res)
	}
	want := shape(join.Join(cs, all, s.Keys()))
	back, turned := slices.Clone(cs), slices.Clone(all)
	slices.Reverse(back)
	slices.Reverse(turned)
	if diff := cmp.Diff(want, shape(join.Join(back, turned, s.Keys()))); diff != "" {
		t.Errorf("the other way round (-want +got):\n%s", diff)
	}
	if !strings.Contains(want, "unlisted") || !strings.Contains(want, "hash:") || !strings.Contains(want, "suffix:") {
		t.Errorf("the test joins too little to show anything:\n%s", want)
	}
}

// TestApply: the records are put into the credentials, behind those they had.
func TestApply(t *testing.T) {
	cs := []finding.Credential{{ID: "c-1", Records: []finding.Record{{Key: "a"}}}, {ID: "c-2"}}
	join.Apply(cs, join.Result{Records: map[string][]finding.Record{"c-1": {{Key: "b"}}}})
	if keys(cs[0].Records) != ":a :b" || len(cs[1].Records) != 0 {
		t.Errorf("%+v", cs)
	}
}

// TestClusters: a secret is named within its cluster. Where two clusters have one of the name, the value tells which it is.
func TestClusters(t *testing.T) {
	const kind = "kubernetes-service-account-token"
	s := world()
	cs := plant(t, s, "", map[string][]int{kind: {1}})
	facts := map[string]string{}
	for _, f := range cs[0].Facts {
		facts[f.Field] = f.Value
	}
	swap := strings.NewReplacer("robot-token-x", facts["secret_name"], `"name": "robot"`, fmt.Sprintf("%q: %q", "name", facts["account"]),
		`service-account.name": "robot"`, fmt.Sprintf(`service-account.name": %q`, facts["account"]), `"shop"`, fmt.Sprintf("%q", facts["namespace"]))
	text := swap.Replace(fixture(t, "kubernetes"))
	named := func(name string) func(*inventory.Meta) { return func(m *inventory.Meta) { m.Name = name } }
	prod := read(t, s, "kubernetes", text, named("prod"))
	dev := read(t, s, "kubernetes", strings.Replace(text, `(value "`+kind+`" 1)`, `(value "`+kind+`" 2)`, 1), named("dev"))
	blind := func(inv *inventory.Inventory) *inventory.Inventory { // without values: metadata alone
		out := *inv
		out.Rows = slices.Clone(inv.Rows)
		for i := range out.Rows {
			out.Rows[i].Keys = slices.DeleteFunc(slices.Clone(out.Rows[i].Keys), func(k inventory.Key) bool { return k.Form == "value" })
		}
		return &out
	}
	sources := func(res join.Result) string {
		var out []string
		for _, r := range res.Records[cs[0].ID] {
			name, _, _ := strings.Cut(r.Source, ":")
			out = append(out, string(r.Match)+" "+name)
		}
		slices.Sort(out)
		return strings.Join(slices.Compact(out), ", ")
	}
	for _, tt := range []struct {
		name string
		invs []*inventory.Inventory
		want string
		note bool
	}{
		{"one cluster", invs(blind(prod)), "exact prod, parent prod", false},
		{"the value tells", invs(dev, prod), "exact prod, parent prod", false},
		{"nothing tells", invs(blind(dev), blind(prod)), "", true},
	} {
		res := join.Join(cs, tt.invs, s.Keys())
		if got := sources(res); got != tt.want {
			t.Errorf("%s: joined with %q, want %q", tt.name, got, tt.want)
		}
		if got := strings.Contains(notes(res), "which of them it is cannot be told"); got != tt.note {
			t.Errorf("%s: notes %q", tt.name, notes(res))
		}
		if n := len(tt.invs); n == 2 {
			secrets := 0
			for _, r := range res.Rows {
				if strings.HasSuffix(r.Record.Key, facts["secret_name"]) {
					secrets++
				}
			}
			if secrets != 2 {
				t.Errorf("%s: %d secrets of that name are listed, not one for each cluster", tt.name, secrets)
			}
		}
	}
}

// TestNotListed: a listing that does not say whose it is still says that it does not hold a credential.
func TestNotListed(t *testing.T) {
	s := world()
	cs := plant(t, s, "", map[string][]int{"sendgrid-api-key": {1, 5}})
	res := join.Join(cs, invs(read(t, s, "sendgrid-keys", fixture(t, "sendgrid-keys"))), s.Keys())
	if len(res.Unlisted) != 0 {
		t.Errorf("told of %v", res.Unlisted)
	}
	want := in(t, cs, "sendgrid-api-key-5", "sendgrid-api-key").ID
	if len(res.Notes) != 1 || res.Notes[0].Credential != want || !strings.Contains(res.Notes[0].Msg, "the listing does not hold it") {
		t.Errorf("notes %v", res.Notes)
	}
}

// TestNewest: of two exports of one thing the newer one counts, whichever was named first; those of the same age both do.
func TestNewest(t *testing.T) {
	s := world()
	const kind = "aws-access-key " + account
	cs := plant(t, s, "", map[string][]int{kind: {1}})
	aged := func(days int) func(*inventory.Meta) {
		return func(m *inventory.Meta) { m.AsOf = taken.AddDate(0, 0, -days); m.Name = fmt.Sprint(days) }
	}
	text := fixture(t, "aws-access-keys")
	now := read(t, s, "aws-access-keys", strings.Replace(text, `"Active"`, `"Inactive"`, 1), aged(0))
	old := read(t, s, "aws-access-keys", text, aged(30))
	same := read(t, s, "aws-access-keys", text, aged(0))
	events := fixture(t, "aws-cloudtrail-events")
	for _, tt := range []struct {
		name string
		invs []*inventory.Inventory
		want string
	}{
		{"old first", invs(old, now), "inactive"},
		{"new first", invs(now, old), "inactive"},
		{"old alone", invs(old), "active"},
		{"of one age", invs(now, same), "inactive active"},
	} {
		var got []string
		for _, r := range join.Join(cs, tt.invs, s.Keys()).Records[cs[0].ID] {
			for _, f := range r.Facts {
				if f.Field == "status" {
					got = append(got, f.Value)
				}
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: its status is %q, want %q", tt.name, got, tt.want)
		}
	}
	rs := join.Join(cs, invs(read(t, s, "aws-cloudtrail-events", events, aged(0)), read(t, s, "aws-cloudtrail-events", events, aged(30))), s.Keys()).Records[cs[0].ID]
	if len(rs) != 2 {
		t.Errorf("of events of two times %d are kept: %v", len(rs), keys(rs))
	}
}
