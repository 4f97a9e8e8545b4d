package match

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"sprawl/detectors"
	"sprawl/finding"
)

// What reads like an assignment of a secret and is none, beside a twin of the same form that is one.
func TestNoSecrets(t *testing.T) {
	s := compiled(t)
	v := draw(seeded(31), base62, 20)
	for _, c := range []struct{ quiet, loud string }{
		{`"token=" + v + "&x=" + w`, `"token=` + v + `"`},
		{"tokenBytes = of(\"a-zA-Z0-9_.\")", "token = of(\"" + v + "\")"},
		{"API_TOKEN=[a-f0-9]{40}", "API_TOKEN=" + v},
		{`api_token = "https://www.example.org/rfc/rfc7519"`, `api_token = "` + v + `"`},
		{"certs/server.key:395:16", "server.key: " + v},
		{`[]string{"authtoken", "registry", "webhook"}`, `set("authtoken", "` + v + `")`},
		{`{"data[].type=api_keys", "data[].attributes.last4"}`, `{"api_keys", "` + v + `"}`},
		{"salt: " + v, "secret: " + v},
		{"password_hash_salt: " + v, "password: " + v},
		{"password: " + base64.StdEncoding.EncodeToString([]byte("example")), "password: " + base64.StdEncoding.EncodeToString([]byte(v))},
		{"Pass `force=True` to it", "password `" + v + "`"},
		{"Password  config.Secret `yaml:\"password\"`", "token config.Secret = \"" + v + "\""},
		{`STORAGE_KEY = "deployment-table-sizing"`, `STORAGE_KEY = "` + v + `"`},
		{`"password": "Adgangskode"`, `"password": "` + v + `"`},
		{`"password": "L\u00f6senord"`, `"password": "` + v + `"`},
		{"password: SECRET[db.password]", "password: " + v},
		{"vcenter_password: @VMWARE_PASSWORD", "vcenter_password: " + v},
		{"SUBNET_ID_KEY = \"" + v + "\"", "SUBNET_KEY_TOKEN = \"" + v + "\""},
		{`clerk_publishable_key: ` + v, `clerk_secret_key: ` + v},
		{"only when the current token is 'Kind.Unknown'", "the current token is '" + v + "'"},
		{"password: P@ssw0rd!", "password: P@ssw0rd-" + v},
		{"Password=Bekr\u00e4fta l\u00f6senord", "Password=" + v},
		{`table.PrimaryKey("PK_OrderOfShop", x => x.Id);`, `client.PrimaryKey("` + v + `", x => x.Id);`},
		{`"accessKey": "` + draw(seeded(48), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 20) + `"`, `"secretKey": "` + v + `"`},
		{`password = "shop-{env_name}-1"`, `password = "shop-` + v + `-1"`},
		{`#storageKey = 'sf_toggle_data';`, `#storageKey = '` + v + `';`},
		{`$secret = 'test-webhook';`, `$secret = '` + v + `';`},
		{`secrets: "APP-DB-ID,APP-DB-KEY"`, `secrets: "` + v + `,"`},
		{`"Passwords" => $"{faker.Pick("Office", "Lab")} of floor {n}",`, `"Passwords" => $"` + v + `",`},
		{`['97', "Harry Potter\nand the Chamber of Secrets", "Rowling\nJoanne K."]`, `['97', "Client Secret", "` + v + `"]`},
		{`["97", "The Harbour and its Secrets", "Rowling\nJoanne K."]`, `["97", "My Client Secret", "` + v + `"]`},
		{`encode_credentials "robot", ENV["X"]`, `encode_credentials "robot", "` + v + `"`},
		{"return_secret = '" + "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE" + draw(seeded(46), base62, 86) + "=='", "return_secret = '" + "MGkwEwYHKoZ" + v + "'"},
	} {
		if got := sightings(t, s, c.quiet, "app.yaml"); len(got) > 0 {
			t.Errorf("%q: reported as %s", c.quiet, got[0].Kind)
		}
		if len(sightings(t, s, c.loud, "app.yaml")) == 0 {
			t.Errorf("the twin of %q is not reported", c.quiet)
		}
	}
}

// TestNamedAsPath: letters that are the name of a folder or a file of the path are no secret, and hide no path.
func TestNamedAsPath(t *testing.T) {
	s := compiled(t)
	name := draw(seeded(47), "abcdefghijklmnopqrstuvwxyz", 14)
	for path, found := range map[string]bool{"lib/a.py": true, name + "/a.py": false, "x/" + strings.ToUpper(name) + ".yaml": false, "x/" + name + "s/a.py": true} {
		if got := len(sightings(t, s, "secret = \""+name+"\"", path)); got != 1 && found || got > 0 && !found {
			t.Errorf("%s: %d found", path, got)
		}
	}
}

func TestMalformed(t *testing.T) {
	s := compiled(t)
	hex := []byte(draw(seeded(32), "abcdef", 8) + draw(seeded(33), "0123456789abcdef", 24))
	slipped := bytes.Clone(hex)
	slipped[17] = 'x'
	shouted := bytes.Clone(hex)
	shouted[5] -= 0x20
	for _, v := range []string{string(slipped), string(shouted), "acm" + "e_" + draw(seeded(34), base62, 12)} {
		if x := sightings(t, s, "other_token = "+v, ""); len(x) > 0 {
			t.Errorf("a malformed value is reported as %s, %s", x[0].Kind, x[0].Why)
		}
	}
	for _, v := range []string{string(hex), draw(seeded(35), base62, 32)} {
		if len(sightings(t, s, "other_token = "+v, "")) == 0 {
			t.Error("a sound value is not reported")
		}
	}
}

func TestStanding(t *testing.T) {
	r := draw(seeded(36), base62, 24)
	for _, c := range []struct {
		v    string
		want finding.Tier
	}{
		{r, finding.TierShaped}, {"x654321" + r, finding.TierGeneric}, {"fEdc-ba98" + r, finding.TierGeneric}, {r[:8] + "Fake" + r[:8], finding.TierGeneric},
		{r[:12] + r[:12], finding.TierGeneric}, {r + "%zz", finding.TierGeneric}, {r + "%2F", finding.TierShaped}, {"sandbox_" + r, finding.TierGeneric},
		{r + "1111" + "1111", finding.TierGeneric}, {r + "AAAAAAAA", finding.TierShaped}, {r[:8] + "_certificatename_" + r[8:], finding.TierGeneric},
	} {
		if got, _ := standing(finding.ProofNone, finding.TierShaped, []byte(c.v), 0); got != c.want {
			t.Errorf("%q stands as %s, want %s", c.v[:4], got, c.want)
		}
		if got, _ := standing(finding.ProofProven, finding.TierShaped, []byte(c.v), 0); got != finding.TierProven {
			t.Errorf("what is proven stands as %s", got)
		}
	}
}

func TestPlaceholderWords(t *testing.T) {
	for name, c := range map[string]struct {
		is  func([]byte) bool
		yes []string
		no  []string
	}{
		"leet":        {leet, []string{"p%40ssw0rd", "S3cr3t!", "MyPa55word"}, []string{"p%40rtner", "tr0ub4dor"}},
		"disguised":   {disguised, []string{"P@ssw0rd!", "passwo^rd", "my%20pass"}, []string{"P@ssw0rdOfMine", "word", ""}},
		"spoken":      {spoken, []string{"my-gitlab-token", "SuperSecret", "deploy_token_2"}, []string{"my-gitlab", "tok3n-9x", "correct.horse"}},
		"interleaved": {interleaved, []string{"A1B2C3D4", "xx9a1b2c3d4e", "h5j8k2l9p4r7s1v6"}, []string{"a1c7b2", "h5j8k2l9p4"}},
		"halves":      {halves, []string{"q8Zt2LxKq8Zt2LxK"}, []string{"q8Zt2LxKq8Zt2LxM", ""}},
		"stutters":    {stutters, []string{"xx8888-9999-aaaab"}, []string{"AAAAAAAAAAAA9999", ""}},
		"identifier":  {identifier, []string{"k8s_creds", "bs.dropdown", "layoutDataTable"}, []string{"word", "9f3k_27x1"}},
		"isTimeUUID":  {isTimeUUID, []string{"123e4567-e89b-12d3-a456-426614174000"}, []string{"123e4567-e89b-42d3-a456-426614174000", "123e4567"}},
		"encodedPair": {encodedPair, []string{base64.StdEncoding.EncodeToString([]byte("user:password"))}, []string{base64.StdEncoding.EncodeToString([]byte("user:k3Zq9xW2v1"))}},
	} {
		for _, v := range c.yes {
			if !c.is([]byte(v)) {
				t.Errorf("%s(%q) is false", name, v)
			}
		}
		for _, v := range c.no {
			if c.is([]byte(v)) {
				t.Errorf("%s(%q) is true", name, v)
			}
		}
	}
}

func TestReservedHosts(t *testing.T) {
	for h, want := range map[string]bool{"example.com": true, "db.Example.ORG:5432": true, "x.test": true, "notexample.com": false, "db.internal": false, "example.com.evil.io": false, "test": false, "": false} {
		if reservedHost([]byte(h)) != want {
			t.Errorf("%q: %v", h, !want)
		}
	}
	b := []byte("https://hooks.example.com/hooks/abc")
	if i := bytes.Index(b, []byte("/hooks/")); !documentationURL(b, i) || documentationURL(b[8:], i-8) {
		t.Error("the host before a path is not read")
	}
}

// A word before a value is weak evidence: in a lock file, in a list, behind the label of a digest it is none.
func TestNearbyIsWeak(t *testing.T) {
	s := compiled(t)
	r := seeded(37)
	text := "podio key " + draw(r, "0123456789abcdef", 32) + "\n"
	if len(sightings(t, s, text, "a.txt")) != 1 || len(sightings(t, s, text, "go.sum")) != 0 || len(sightings(t, s, text, "x/any.lock")) != 0 {
		t.Error("a lock file is read like any other")
	}
	list := ""
	for range 2 * crowdFrom {
		list += "podio key " + draw(r, "0123456789abcdef", 32) + "\n"
	}
	if n := len(sightings(t, s, list, "a.txt")); n != 0 {
		t.Errorf("a list gives %d sightings", n)
	}
	for _, c := range []string{"podio h1:%s", "podio sha256-%s", "branch 'main' of podio/x\n%s\tbranch", "podio key: *** then %s"} {
		if x := sightings(t, s, fmt.Sprintf(c, draw(r, "0123456789abcdef", 32)), "a.txt"); len(x) != 0 {
			t.Errorf("%q: reported as %s", c, x[0].Kind)
		}
	}
}

func TestTestsAndVectors(t *testing.T) {
	s := compiled(t)
	r := seeded(38)
	token := func() string { return "acm" + "e_" + draw(r, base62, 24) + draw(r, "0123456789abcdef", 8) + "\n" }
	table := ""
	for range tableFrom + 1 {
		table += token()
	}
	x := sightings(t, s, table, "token_test.go")
	if len(x) != tableFrom+1 || slices.ContainsFunc(x, func(x finding.Sighting) bool { return x.Tier != finding.TierGeneric }) {
		t.Errorf("a table of vectors gives %d sightings, or others than generic ones", len(x))
	}
	if n := len(sightings(t, s, table, "tokens.txt")); n != tableFrom+1 {
		t.Errorf("a list of tokens gives %d sightings", n)
	}
	if n := len(sightings(t, s, token(), "token_test.go")); n != 1 {
		t.Errorf("one token of a test gives %d sightings", n)
	}
	fixture := "sessionTestToken = \"" + draw(r, base62, 40) + "\"\n"
	if len(sightings(t, s, fixture, "a_test.go")) != 0 || len(sightings(t, s, fixture, "a.go")) != 1 {
		t.Error("a fixture of a test is not told from a token")
	}
	vectors := ""
	for i := range 3 {
		vectors += fmt.Sprintf("SharedSecret%c: \"%s\",\n", 'A'+i, draw(r, "0123456789abcdef", 64))
	}
	if n := len(sightings(t, s, vectors, "x/testdata/kem.json")); n != 0 {
		t.Errorf("vectors give %d sightings", n)
	}
}

// What a harmless structure holds is not reported, what stands beside it is.
func TestHarmless(t *testing.T) {
	table := append(rows(), detectors.Detector{ID: "public-block", Title: "a public block", Harmless: true,
		Structures: []detectors.Structure{{Anchors: []string{"<<PUBLIC "}, Reach: detectors.Block(400), Parse: func(b []byte, at int) []detectors.Found {
			end := bytes.Index(b[at:min(len(b), at+400)], []byte(">>"))
			if end < 0 {
				return nil
			}
			return []detectors.Found{{Start: at, End: at + end, Proof: finding.ProofProven, Parts: []detectors.FoundPart{{Role: finding.RoleSecret, Start: at, End: at + end}}}}
		}}}})
	s, err := Compile(table)
	if err != nil {
		t.Fatal(err)
	}
	secret := "password = \"" + draw(seeded(39), base62, 20) + "\"\n"
	if x := sightings(t, s, "<<PUBLIC\n"+secret+">>\n", "a.txt"); len(x) != 1 {
		t.Fatalf("without its anchor: %d sightings", len(x))
	}
	if x := sightings(t, s, "<<PUBLIC \n"+secret+">>\n", "a.txt"); len(x) != 0 {
		t.Errorf("inside: reported as %s", x[0].Kind)
	}
	if x := sightings(t, s, "<<PUBLIC \n"+strings.Repeat("x", 20)+">>\n"+secret, "a.txt"); len(x) != 1 || x[0].Kind != GenericPassword {
		t.Errorf("beside: %+v", x)
	}
}

// TestThoughtUp: passwords as people make them up are taken where little joins them to their name, names of algorithms are not.
func TestThoughtUp(t *testing.T) {
	for word, want := range map[string]bool{"Summer" + "2024": true, "tiger" + "12!": true, "Blue-sky" + "77#": true, "SHA-256": false, "Base64-encoded": false, "PBKDF2": false, "Argon2id": false, "required": false, "utf8mb4": false, "OAuth2.0": false, "IPv6-only": false, "a1!": false,
		"https://x/1234": false} {
		if thoughtUp([]byte(word)) != want {
			t.Errorf("%q: want %v", word, want)
		}
	}
	// A word and a number with a joint between them are one where the name asks for what people make up, and a name elsewhere.
	s := compiled(t)
	word, small := "Summer", "tiger"
	for _, x := range []struct {
		text, value string
		found       bool
	}{
		{"db_password: %s\n", word + "_2024", true}, {"MYSQL_PASSWORD=%s\n", small + "-1287", true}, {"define('DB_PASSWORD', '%s');", word + ".99", true}, {"session_secret: %s\n", word + "_4711", true},
		{"The password is **%s**.\n", word + "!4711", true}, {"password: %s\n", small + "-12", false}, {"api_key: %s\n", word + "_2024", false}, {"token = %s\n", word + "_2024", false},
		{"password: %s\n", "FALCON_2024", false}, {"password: %s\n", "Password_123", false},
	} {
		if got := sightings(t, s, fmt.Sprintf(x.text, x.value), "config.txt"); len(got) != 1 && x.found || len(got) > 0 && !x.found {
			t.Errorf("%q: %d found", x.text, len(got))
		}
	}
	v := "Orange" + "Monkey" + "32" + "42!"
	for _, syntax := range []string{"rootpw %s\n", "  password %s\n", "The admin password is %s.\n", "Wifi password – %s\n", "**Password:** `%s`", "name,password\nrobot,%s\n", "masterauth %s", "## Password\n\n%s\n", "using password %s for robot\n",
		"flag.String(\"password\", \"%s\", \"of the shop\")", "psk=\"%s\"\n", "JIRA_PASSWORD=%s\n", "vault_db_password: %s\n"} {
		if got := sightings(t, s, fmt.Sprintf(syntax, v), "config.txt"); len(got) != 1 || got[0].Kind != GenericPassword {
			t.Errorf("%q: %d found", syntax, len(got))
		}
	}
}

// TestOtherForms: a value under a provider's name that has none of the provider's known forms is reported where issuers of any kind
// use its form.
func TestOtherForms(t *testing.T) {
	s, err := Compile(detectors.All())
	if err != nil {
		t.Fatal(err)
	}
	r := seeded(9)
	for _, v := range []string{draw(r, "0123456789abcdef", 48), draw(r, "0123456789abcdef", 64), draw(r, "0123456789abcdef", 8) + "-" + draw(r, "0123456789abcdef", 4) + "-4" + draw(r, "0123456789abcdef", 3) + "-a" + draw(r, "0123456789abcdef", 3) + "-" + draw(r, "0123456789abcdef", 12)} {
		if got := sightings(t, s, "ANTHROPIC_API_KEY="+v+"\n", ".env"); len(got) != 1 {
			t.Errorf("%d bytes: %d found", len(v), len(got))
		}
	}
	// A shell's line within a file of a language.
	if got := sightings(t, s, "user_data = <<EOF\nexport API_TOKEN="+draw(r, base62, 32)+"\nEOF\n", "main.tf"); len(got) != 1 {
		t.Errorf("exported: %d found", len(got))
	}
	// One value in two places is no table of vectors.
	v := draw(r, "0123456789abcdef", 48)
	if got := sightings(t, s, "api_token: \""+v+"\"\n\n\nsecret = \""+v+"\"\n", "a_test.go"); len(got) != 2 {
		t.Errorf("in two places: %d found", len(got))
	}
}

// TestRows: each row of a table has its own credential.
func TestRows(t *testing.T) {
	s := compiled(t)
	r := seeded(10)
	var csv, sql, both strings.Builder
	want := map[string]bool{}
	csv.WriteString("name,password,mail\n")
	sql.WriteString("INSERT INTO users (name, password, mail) VALUES\n")
	for i := range 12 {
		v := draw(r, base62, 14) + "7!"
		want[v] = true
		fmt.Fprintf(&csv, "robot%d,%s,r%d@internal.test\n", i, v, i)
		fmt.Fprintf(&sql, "  ('robot (%d)', '%s', NULL)%s\n", i, v, []string{",", ";"}[i/11])
	}
	both.WriteString(csv.String() + "\nother,lines,follow here\n" + sql.String() + "INSERT INTO x (a) VALUES ('b');\n")
	for _, text := range []string{csv.String(), sql.String(), both.String(), strings.ReplaceAll(csv.String(), "\n", "\r\n")} {
		got := map[string]bool{}
		for _, x := range s.NewMatcher().Match([]byte(text)) {
			got[string(x.Parts[0].Value.Reveal())] = true
		}
		if !maps.Equal(got, want) {
			t.Errorf("%d of %d found", len(got), len(want))
		}
	}
}

// TestAlone: a file that is nothing but a key is known by its place, and by nothing else.
func TestAlone(t *testing.T) {
	s, err := Compile(detectors.All())
	if err != nil {
		t.Fatal(err)
	}
	key := draw(seeded(61), "0123456789abcdef", 32)
	for _, x := range []struct {
		name, text, path string
		want             int
	}{
		{"at its place", key, "config/master.key", 1}, {"with a line's end", key + "\n", "app/config/master.key", 1}, {"of an environment", key, "config/credentials/production.key", 1},
		{"elsewhere", key, "master.key", 0}, {"beside more", key + " # ours\n", "config/master.key", 0}, {"too long", key + "ab", "config/master.key", 0},
		{"far too long", key + strings.Repeat(" ", 400), "config/master.key", 0}, {"a filler", strings.Repeat("0", 32), "config/master.key", 0},
	} {
		got := sightings(t, s, x.text, x.path)
		if len(got) != x.want || len(got) == 1 && got[0].Kind != "rails-master-key" {
			t.Errorf("%s: %d sightings, want %d", x.name, len(got), x.want)
		}
	}
}
