package match

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sprawl/detectors"
	"sprawl/finding"
)

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

func draw(r *rand.Rand, alphabet string, n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(out)
}

func seeded(n uint64) *rand.Rand { return rand.New(rand.NewPCG(n, 7)) }

// rows is a small table with one row for every way of being found.
func rows() []detectors.Detector {
	sum := func(v []byte) string { return fmt.Sprintf("%08x", crc32.ChecksumIEEE(v)) }
	return []detectors.Detector{
		{ID: "acme-token", Provider: "acme", Title: "Acme token",
			Shapes: []detectors.Shape{detectors.Token(detectors.Lit("acm"+"e_"), detectors.Chars(detectors.Base62, 24), detectors.Chars(detectors.Hex, 8))},
			Check: func(m detectors.Match) finding.Proof {
				v := m.Value()
				if len(v) < 8 {
					return finding.ProofNone
				}
				if sum(v[:len(v)-8]) == string(v[len(v)-8:]) {
					return finding.ProofProven
				}
				return finding.ProofRefuted
			},
			Facts: func(m detectors.Match) []finding.Fact {
				return []finding.Fact{{Field: "key_id", Value: fmt.Sprint(len(m.Value())), Source: "offline"}}
			}},
		{ID: "short-key", Provider: "short", Title: "Short prefix",
			Shapes: []detectors.Shape{detectors.Token(detectors.Lit("Q."), detectors.Chars(detectors.Base64URL, 22), detectors.Lit("."), detectors.Chars(detectors.Base64URL, 20))}},
		{ID: "infix-key", Provider: "infix", Title: "Literal in the middle",
			Shapes: []detectors.Shape{detectors.Token(detectors.Range(detectors.Digits, 8, 10), detectors.Lit(":ZZ"), detectors.Chars(detectors.Base64URL, 33))}},
		{ID: "marked-key", Provider: "marked", Title: "Literal within its own class",
			Shapes: []detectors.Shape{detectors.Token(detectors.Lit("mk-"), detectors.Range(detectors.Base64URL, 10, 40), detectors.Lit("M4RK"), detectors.Range(detectors.Base64URL, 10, 40))}},
		{ID: "podio-key", Provider: "podio", Title: "Known by its name",
			Named: []detectors.Named{{Keywords: []string{"podio"}, Not: []string{"public"}, Value: []detectors.Shape{detectors.Token(detectors.Chars(detectors.HexAny, 32))}}}},
		{ID: "cloud-pair", Provider: "cloud", Title: "Two halves", Pair: detectors.Pair{Require: true},
			Shapes: []detectors.Shape{detectors.PublicID(detectors.Lit("CLD"+"ID"), detectors.Chars(detectors.UpperNum, 16))},
			Named: []detectors.Named{{Keywords: []string{"cloud"}, Names: []string{"secret"},
				Value: []detectors.Shape{detectors.Token(detectors.Chars(detectors.Base64, 40))}}}},
		{ID: "block-key", Provider: "", Title: "A structure",
			Structures: []detectors.Structure{{Anchors: []string{"<<KEY "}, Reach: detectors.Block(200), Parse: func(b []byte, at int) []detectors.Found {
				end := bytes.IndexByte(b[at:min(len(b), at+200)], '\n')
				if end < 20 {
					return nil
				}
				return []detectors.Found{{Start: at, End: at + end, Proof: finding.ProofProven, Parts: []detectors.FoundPart{
					{Role: finding.RoleUser, Start: at + 6, End: at + 10}, {Role: finding.RoleSecret, Start: at + 11, End: at + end}}}}
			}}}},
		{ID: "dot-file", Provider: "dot", Title: "Only in one file", Paths: []string{"**/.dotrc"},
			Shapes: []detectors.Shape{detectors.Token(detectors.Lit("dot"+"tok:"), detectors.Chars(detectors.Hex, 20))}},
	}
}

func compiled(t testing.TB) *Set {
	t.Helper()
	s, err := Compile(rows())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func acmeToken(r *rand.Rand) string {
	v := "acm" + "e_" + draw(r, base62, 24)
	return v + fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(v)))
}

// place fills the outer coordinates as a caller of Match does for a text that was not decoded.
func place(b []byte, cs []Candidate) []Candidate {
	out := make([]Candidate, len(cs))
	copy(out, cs)
	for i := range out {
		out[i].Parts = append([]Part(nil), out[i].Parts...)
		for j := range out[i].Parts {
			p := &out[i].Parts[j]
			p.Span = finding.Span{Line: 1 + bytes.Count(b[:p.Start], []byte("\n")), EndLine: 1 + bytes.Count(b[:p.End], []byte("\n")), Start: int64(p.Start), End: int64(p.End)}
		}
	}
	return out
}

func sightings(t testing.TB, s *Set, text, path string) []finding.Sighting {
	t.Helper()
	b := []byte(text)
	return s.Resolve(place(b, s.NewMatcher().Match(b)), path)
}

// TestAssignments holds one case a syntax: the recogniser finds the value, whole and alone, and its name.
func TestAssignments(t *testing.T) {
	s := compiled(t)
	m := s.NewMatcher()
	v := draw(seeded(1), base62, 24)
	for _, c := range []struct{ syntax, text, name string }{
		{"shell", "DB_PASSWORD=%s\n", "DB_PASSWORD"},
		{"shell export, quoted", "export API_TOKEN=\"%s\" # production", "API_TOKEN"},
		{"shell, single quotes", "API_TOKEN='%s'; run", "API_TOKEN"},
		{"shell default", "PASSWORD=${DB_PASSWORD:-%s}", "DB_PASSWORD"},
		{"prefix to a command", "PGPASSWORD=%s psql -h db", "PGPASSWORD"},
		{"dotenv at the end", "API_KEY=%s", "API_KEY"},
		{"windows", "set API_KEY=%s\r\n", "API_KEY"},
		{"windows, lasting", "setx API_KEY %s\r\n", "API_KEY"},
		{"PowerShell", "$env:API_KEY = \"%s\"", "API_KEY"},
		{"PowerShell, secure string", "$Password = ConvertTo-SecureString '%s' -AsPlainText -Force", "Password"},
		{"csh", "setenv API_KEY %s", "API_KEY"},
		{"make", "API_KEY := %s\n", "API_KEY"},
		{"make, if unset", "API_KEY ?= %s\n", "API_KEY"},
		{"INI", "[db]\npassword = %s\n", "password"},
		{"INI, comment", "password = %s ; of the old host\n", "password"},
		{"TOML", "[db]\npassword = \"%s\"\n", "password"},
		{"TOML, inline", "db = { user = \"x\", password = \"%s\" }", "password"},
		{"properties", "spring.datasource.password=%s\n", "spring.datasource.password"},
		{"properties, colon", "spring.datasource.password: %s\n", "spring.datasource.password"},
		{"YAML", "db:\n  password: %s\n", "password"},
		{"YAML, quoted", "password: '%s'\n", "password"},
		{"YAML, comment", "password: %s # rotate me\n", "password"},
		{"YAML, flow", "{user: x, password: %s}", "password"},
		{"YAML, block scalar", "password: |\n  %s\nother: 1\n", "password"},
		{"YAML, folded scalar", "password: >-\n  %s\n", "password"},
		{"YAML, tag", "password: !!str %s\n", "password"},
		{"Kubernetes env", "env:\n  - name: DB_PASSWORD\n    value: %s\n", "DB_PASSWORD"},
		{"Kubernetes env, quoted", "env:\n  - name: \"DB_PASSWORD\"\n    value: \"%s\"\n", "DB_PASSWORD"},
		{"ECS", "{\"name\": \"DB_PASSWORD\", \"value\": \"%s\"}", "DB_PASSWORD"},
		{"Compose list", "environment:\n  - DB_PASSWORD=%s\n", "DB_PASSWORD"},
		{"JSON", "{\"user\":\"x\",\"password\":\"%s\"}", "password"},
		{"JSON, spaced", "{\n  \"password\" : \"%s\",\n}", "password"},
		{"JSON within a string", "\"{\\\"password\\\": \\\"%s\\\"}\"", "password"},
		{"JSON within JSON within a string", `"{\\\"password\\\":\\\"%s\\\"}"`, "password"},
		{"HTML entities", "{&quot;password&quot;: &quot;%s&quot;}", "password"},
		{"XML element", "<db><password>%s</password></db>", "password"},
		{"XML element over lines", "<password>\n    %s\n</password>", "password"},
		{"XML element with attributes", "<password type=\"plain\">%s</password>", "password"},
		{"XML namespace", "<ns:password>%s</ns:password>", "password"},
		{"XML CDATA", "<password><![CDATA[%s]]></password>", "password"},
		{"XML attribute", "<db user=\"x\" password=\"%s\"/>", "password"},
		{"XML key and value", "<add key=\"ApiKey\" value=\"%s\" />", "ApiKey"},
		{"XML named entry", "<entry key=\"password\">%s</entry>", "password"},
		{"Hadoop", "<property><name>db.password</name><value>%s</value></property>", "db.password"},
		{"property list", "<key>ApiToken</key>\n<string>%s</string>", "ApiToken"},
		{"HCL", "variable \"x\" {\n  db_password = \"%s\"\n}", "db_password"},
		{"Terraform, named", "environment {\n  name  = \"DB_PASSWORD\"\n  value = \"%s\"\n}", "DB_PASSWORD"},
		{"Dockerfile ENV", "FROM x\nENV DB_PASSWORD %s\n", "DB_PASSWORD"},
		{"Dockerfile ENV, equals", "ENV DB_PASSWORD=%s OTHER=1\n", "DB_PASSWORD"},
		{"Dockerfile ARG", "ARG DB_PASSWORD=%s\n", "DB_PASSWORD"},
		{"Go", "dbPassword := \"%s\"", "dbPassword"},
		{"Go, typed", "const apiToken string = \"%s\"", "apiToken"},
		{"Go, bytes", "var hmacSecret = []byte(\"%s\")", "hmacSecret"},
		{"Go, field", "cfg := Config{User: \"x\", Password: \"%s\"}", "Password"},
		{"Go, map", "m[\"password\"] = \"%s\"", "password"},
		{"Go, raw string", "token := `%s`", "token"},
		{"JavaScript", "const apiKey = '%s';", "apiKey"},
		{"JavaScript, default", "const secret = process.env.JWT_SECRET || '%s';", "process.env.JWT_SECRET"},
		{"JavaScript, comparison", "if (password === '%s') {", "password"},
		{"TypeScript", "private apiKey: string = '%s';", "apiKey"},
		{"Python", "password = '%s'", "password"},
		{"Python, typed", "password: str = \"%s\"", "password"},
		{"Python, bytes", "secret_key = b'%s'", "secret_key"},
		{"Python, argument", "connect(user='x', password='%s')", "password"},
		{"Python, environment", "os.environ[\"API_KEY\"] = \"%s\"", "API_KEY"},
		{"Python, environment with default", "os.environ.get('API_KEY', '%s')", "API_KEY"},
		{"Python, triple quotes", "token = \"\"\"%s\"\"\"", "token"},
		{"Java", "private static final String DB_PASSWORD = \"%s\";", "DB_PASSWORD"},
		{"Java, setter", "ds.setPassword(\"%s\");", "ds.setPassword"},
		{"Java, properties", "props.setProperty(\"password\", \"%s\");", "password"},
		{"Java, map", "env.put(\"api_key\", \"%s\");", "api_key"},
		{"Java, comparison", "password.equals(\"%s\")", "password.equals"},
		{"C#", "public string ApiKey { get; } = \"x\"; var password = @\"%s\";", "password"},
		{"Ruby", "config.secret_key = '%s'", "config.secret_key"},
		{"Ruby, hash", ":password => '%s',", "password"},
		{"Ruby, fetch", "ENV.fetch('API_KEY', '%s')", "API_KEY"},
		{"PHP", "$password = '%s';", "password"},
		{"PHP, array", "'password' => '%s',", "password"},
		{"PHP, define", "define('DB_PASSWORD', '%s');", "DB_PASSWORD"},
		{"Perl", "my $password = q(x); $api_key = \"%s\";", "api_key"},
		{"C", "#define API_KEY \"%s\"", "API_KEY"},
		{"C, array", "char password[] = \"%s\";", "password"},
		{"Rust", "let password: &str = \"%s\";", "password"},
		{"Kotlin", "val apiKey: String = \"%s\"", "apiKey"},
		{"Swift", "static let apiSecret = \"%s\"", "apiSecret"},
		{"Scala wrapped", "val secret = Secret(\"%s\")", "secret"},
		{"SDK pointer", "Password: aws.String(\"%s\"),", "Password"},
		{"R", "api_key <- \"%s\"", "api_key"},
		{"SQL", "CREATE USER x IDENTIFIED BY '%s';", "IDENTIFIED"},
		{"SQL Server", "CREATE LOGIN x WITH PASSWORD = '%s'", "PASSWORD"},
		{"PostgreSQL", "ALTER ROLE x PASSWORD '%s'", "PASSWORD"},
		{"connection string", "\"Server=db;User Id=x;Password=%s;Timeout=3\"", "Password"},
		{"connection string with spaces", "host=db user=x password=%s sslmode=off", "password"},
		{"query", "https://x.example/a?user=x&api_key=%s&b=c", "api_key"},
		{"header", "Authorization: Bearer %s\r\n", "Authorization"},
		{"header in code", "headers = {\"Authorization\": \"Bearer %s\"}", "Authorization"},
		{"header on a command line", "curl -H 'X-Api-Key: %s' https://x.example", "X-Api-Key"},
		{"header call", "req.Header.Set(\"X-Api-Key\", \"%s\")", "X-Api-Key"},
		{"curl user", "curl -s -u admin:%s https://x.example", "-u"},
		{"curl user, long", "curl --user 'admin:%s' https://x.example", "-u"},
		{"flag", "tool --password %s --verbose", "password"},
		{"flag with equals", "tool --api-token=%s", "api-token"},
		{"line break in a string", "\"user=x\\npassword=%s\\n\"", "password"},
		{"concatenated next line", "password = \\\n  \"%s\"", "password"},
		{"Python, environment or", "os.getenv(\"API_TOKEN\") or \"%s\"", "API_TOKEN"},
		{"brackets", "TOKEN = (\n    \"%s\"\n)", "TOKEN"},
		{"the first of a list", "session({secret: [\"%s\", \"x\"]})", "secret"},
		{"headers in lists", "{\"authorization\":[\"Bearer %s\"]}", "authorization"},
		{"webpack", "API_KEY: JSON.stringify(\"%s\")", "API_KEY"},
		{"a value below", "password:\n  value: %s\n", "password"},
		{".NET settings", "<setting name=\"ApiKey\" serializeAs=\"String\"><value>%s</value></setting>", "ApiKey"},
		{"a flag's default", "flag.String(\"password\", \"%s\", \"of the shop\")", "password"},
		{"a form filled", "page.fill(\"#password\", \"%s\")", "password"},
		{"LDAP client", "ldap_default_authtok = %s\n", "ldap_default_authtok"},
		{"Rails", "production:\n  secret_key_base: %s\n", "secret_key_base"},
		{"Terraform, state", "{\"outputs\": {\"db_password\": {\"value\": \"%s\", \"type\": \"string\"}}}", "db_password"},
		{"Terraform, a variable's default", "variable \"db_password\" {\n  type        = string\n  description = \"of the shop\"\n  default     = \"%s\"\n}", "db_password"},
		{"Azure template", "{\"adminPassword\": {\"type\": \"securestring\", \"defaultValue\": \"%s\"}}", "adminPassword"},
		{"CloudFormation", "Parameters:\n  DBPassword:\n    Type: String\n    NoEcho: true\n    Default: %s\n", "DBPassword"},
		{"arguments in a list", "args: [\"--verbose\", \"--token\", \"%s\"]", "token"},
		{"arguments in lines", "args:\n  - --token\n  - %s\n", "token"},
		{"arguments in lines, quoted", "args:\n  - \"--token\"\n  - \"%s\"\n", "token"},
		{"argparse", "parser.add_argument(\"--password\", default=\"%s\")", "password"},
		{"headers in a log", "headers={Authorization=[Bearer %s]}", "Authorization"},
		{"a label and the next line", "Password:\n%s\n", "Password"},
		{"Gradle", "buildConfigField \"String\", \"API_KEY\", \"\\\"%s\\\"\"", "API_KEY"},
		{"HAProxy", "  user robot insecure-password %s\n", "insecure-password"},
		{"prose name", "API key: %s", "API key"},
		{"prose, quoted", "The password is \"%s\".", "password"},
		{"prose, in Markdown", "- Password is `%s`", "Password"},
		{"prose, a colon", "password is: %s\n", "password"},
		{"prose, plain", "the token is %s\n", "token"},
		{"a list with dashes", "Token - '%s'", "Token"},
		{"table", "| Password | %s |", "Password"},
		{"table, bold and code", "| **API_KEY** | `%s` |", "API_KEY"},
		{"table without borders", "Name | Value\napi_key | %s\n", "api_key"},
		{"wiki table", "||Password|%s|", "Password"},
		{"directive", "# redis\nrequirepass %s\n", "requirepass"},
		{"directive, indented", "  password %s\r\n", "password"},
		{"router", "enable secret 0 %s\n!", "secret"},
		{"router, user", "username robot password 0 %s\n", "password"},
		{"npm config", "npm config set //npm.internal.test/:_authToken %s", "_authToken"},
		{"short name", "$pw = \"%s\";", "pw"},
		{"short name in prose", "login: robot / pw: %s\n", "pw"},
		{"notes, a sentence and bold", "The token is **%s**.\n", "token"},
		{"reStructuredText", "Token: ``%s``\n", "Token"},
		{"JSON, value before name", "{\"value\": \"%s\", \"name\": \"API_TOKEN\"}", "API_TOKEN"},
		{"JSON in JSON, value before name", "\"{\\\"value\\\":\\\"%s\\\",\\\"name\\\":\\\"API_TOKEN\\\"}\"", "API_TOKEN"},
		{"YAML, value before name", "env:\n- value: %s\n  name: API_TOKEN\n", "API_TOKEN"},
		{"XML, value before name", "<add value=\"%s\" key=\"ClientSecret\"/>", "ClientSecret"},
		{"notes, what was", "# the old token was %s\n", "token"},
		{"Erlang", "{password, \"%s\"},", "password"},
		{"Ruby, pepper", "config.pepper = '%s'", "config.pepper"},
		{"notes, a user and a slash", "Credentials: robot / %s\n", "Credentials"},
		{"Wi-Fi", "network={\n psk=\"%s\"\n}", "psk"},
		{"Java, broken before =", "static final String API_SECRET\n        = \"%s\";", "API_SECRET"},
		{"notes, a dash", "Wifi token – %s\n", "token"},
		{"notes, an arrow", "* API key -> %s", "API key"},
		{"notes, bold", "**Token:** `%s`", "Token"},
		{"notes, bold name", "- **Token**: %s\n", "Token"},
		{"a heading and what is below", "### API token\n\n    %s\n", "token"},
		{"a heading and what is fenced", "## The token\n```text\n%s\n```\n", "token"},
		{"SQL, columns", "INSERT INTO users (name, password, email) VALUES ('robot', '%s', 'x');", "password"},
		{"SQL, columns over lines", "INSERT INTO `users` (`name`, `password`)\nVALUES\n  ('robot', '%s');", "password"},
		{"comma-separated values", "name,password,mail\r\nrobot,%s,x\r\n", "password"},
		{"comma-separated values, quoted", "\"name\",\"token\"\n\"robot\",\"%s\"\n", "token"},
		{"Java, returned", "public String getPassword() {\n    return \"%s\";\n}", "getPassword"},
		{"Python, returned", "def api_token(self) -> str:\n    return \"%s\"\n", "api_token"},
		{"JavaScript, returned", "getToken() { return '%s' }", "getToken"},
		{"JavaScript, returned by an arrow", "const getToken = () => \"%s\"", "getToken"},
		{"Cypress", "cy.get(\"#password\").clear().type(\"%s\")", "password"},
		{"Cypress, selector", "cy.get('input[name=\"password\"]').type('%s')", "password"},
		{"Selenium", "driver.find_element(By.ID, \"password\").send_keys(\"%s\")", "password"},
		{"Selenium, Java", "driver.findElement(By.id(\"password\")).sendKeys(\"%s\");", "password"},
		{"Playwright", "await page.getByLabel('Password').fill('%s')", "Password"},
		{"Puppeteer", "await page.type('#password', '%s')", "password"},
		{"Puppeteer, selector", "await page.type('input[name=password]', '%s')", "password"},
		{"a page's script", "document.getElementById(\"password\").value = \"%s\";", "password"},
		{"put together of two", "fetch(\"https://api.internal.test/x?access_token=\" + \"%s\")", "access_token"},
		{"a list over lines", "API_KEYS = [\n    '%s',\n    'x',\n]", "API_KEYS"},
		{"Android manifest", "<meta-data android:name=\"com.acme.API_KEY\" android:value=\"%s\"/>", "com.acme.API_KEY"},
		{"Composer", "{\"bearer\": {\"repo.internal.test\": \"%s\"}}", "bearer"},
		{"fish", "set -gx API_TOKEN %s\n", "API_TOKEN"},
		{"Lisp", "(def api-key \"%s\")", "api-key"},
		{"VyOS", "set system login user robot authentication plaintext-password '%s'", "plaintext-password"},
		{"what the name says besides", "old_api_token_do_not_use = \"%s\"", "old_api_token_do_not_use"},
		{"what it is for", "api_token_for_tests = \"%s\"", "api_token_for_tests"},
		{"a word that ends in pass", "remotepass = %s\n", "remotepass"},
		{"JMeter", "<stringProp name=\"Argument.name\">password</stringProp>\n  <stringProp name=\"Argument.value\">%s</stringProp>", "password"},
		{"KeePass", "<Key>Password</Key>\n<Value ProtectInMemory=\"True\">%s</Value>", "Password"},
		{"Robot Framework", "*** Variables ***\n${PASSWORD}    %s\n", "PASSWORD"},
		{"Gherkin", "When I fill in \"Password\" with \"%s\"", "Password"},
		{"Gherkin, in a sentence", "Given I log in as \"robot\" with password \"%s\"", "password"},
		{"a parameter's name and value", "aws ssm put-parameter --name /shop/password --value %s --type SecureString", "password"},
		{"Org", "* token :: %s\n", "token"},
		{"AsciiDoc", "password:: %s\n", "password"},
		{"Markdown, a column", "| env | token |\n|---|---|\n| prod | %s |\n", "token"},
		{"by the way", "nc -x host 80 # token %s", "token"},
		{"bearer anywhere", "request.setValue(\"Bearer %s\", forHTTPHeaderField: name)", "Bearer"},
		{"what it is for, in prose", "-- token for the shop's user: %s\n", "token"},
		{"a comment", "/* db token: %s */", "token"},
		{"a list of one", "api_token:\n  - %s\n", "api_token"},
		{"French", "mot_de_passe=%s\n", "mot_de_passe"},
		{"Spanish", "contraseña: %s\n", "contraseña"},
		{"Dutch", "wachtwoord = \"%s\"", "wachtwoord"},
		{"Russian", "Пароль: %s\n", "Пароль"},
		{"Chinese", "密码：%s\n", "密码"},
		{"Japanese", "パスワード: %s\n", "パスワード"},
		{"passwords by user", "PASSWORDS = {\"robot\": \"%s\"}", "PASSWORDS"},
		{"user and password in one", "axios({ auth: \"robot:%s\", x: 1 })", "auth"},
		{"Ruby, fetched or else", "ENV.fetch(\"API_TOKEN\") { \"%s\" }", "API_TOKEN"},
		{"Lua", "token = [[%s]]\n", "token"},
		{"Python, lambda", "get_token = lambda: \"%s\"", "get_token"},
		{"an abbreviation before the word", "APIkey: %s\n", "APIkey"},
		{"an abbreviation before pass", "SMTPpass=%s\n", "SMTPpass"},
		{"XML, words before the token", "<secret>Token %s</secret>", "secret"},
		{"braces left from a manual", "curl -u \"robot\":\"{%s}\" https://host", commandName},
		{"header without colon", "curl -H \"Authorization Bearer %s\"", "Authorization"},
	} {
		t.Run(c.syntax, func(t *testing.T) {
			b := fmt.Appendf(nil, c.text, v)
			for _, x := range m.Match(b) {
				if x.Detector == nil && string(x.Parts[0].Value.Reveal()) == v {
					if x.Name != c.name {
						t.Errorf("name %q, want %q", x.Name, c.name)
					}
					return
				}
			}
			got := []string{}
			for _, x := range m.Match(b) {
				got = append(got, fmt.Sprintf("%s at [%d,%d)", x.Name, x.Parts[0].Start, x.Parts[0].End))
			}
			t.Errorf("not found in %q; found %q", c.text, got)
		})
	}
}

// TestReferences: what only names a secret, or stands where one would, is none.
func TestReferences(t *testing.T) {
	s := compiled(t)
	for _, text := range []string{
		"password: ${DB_PASSWORD}", "password: {{ .Values.password }}", "password=$(cat /run/secrets/x)", "password = os.environ['DB_PASSWORD']",
		"token: <your-token>", "api_key = \"YOUR_API_KEY\"", "password=changeme", "secret: xxxxxxxxxxxxxxxx", "password: !secret db_password", "api_key = config.apiKey",
		"password = getPassword()", "password: string;", "token_type: Bearer", "max_tokens: 4096", "secret_name = \"prod/db/password\"", "public_key = \"" + draw(seeded(2), base62, 40) + "\"",
		"password: The password of the user", "password = arn:aws:secretsmanager:eu-west-1:1:secret:db", "\"password\": \"Passwort eingeben\"", "csrf_token = \"" + draw(seeded(3), base62, 32) + "\"",
		"password_field = \"#user_password\"", "API_KEY=%API_KEY%", "secretKeyRef:\n  name: db-credentials\n  key: password", "hash(\"password\", \"" + draw(seeded(4), base62, 12) + "\")",
		"INSERT INTO t (password, name) VALUES (?, ?)", "from x import user, password, host\nfrom y import a, b2cd3efg, c\n", "user,password\nrobot,required\n", "def get_token(self):\n    return self.make(\"" + draw(seeded(5), base62, 12) + "\")",
		"getTokenName() { return \"session.v2\" }", "cy.get(\"#password\").should(\"be.visible\")", "'x-psw' => ['psw'],\n'application/x-powershell' => ['ps1'],", "password - required\n", "The password is Base64-encoded.\n",
		"password SHA-512\n", "### Token\n\nDescribes the token.\n", "bypass = on\n", "compass: \"north4east\"", "token_not_found = \"E4041\"", "# OAuth tokens\nCLIENT_ID=" + draw(seeded(6), base62, 24) + "\n", "contraseña: la del usuario\n", "{\"password\": \"Пароль\"}", "Пароль: введите пароль\n", "enclave: \"north4east\"", "password for the user: required\n",
		"// name:password:UID:GID:GECOS:directory:shell\n", "to pass \"force=true\" on", "fill in \"Password\" with \"a password\"", "Token::new(3)", "Token:: value\n", "the bearer certificate123\n", "| a | token |\n|---|---|\n| b | required |\n",
		"password: \"1234567890123456\"", "token = \"abcdefghijklmnop\"", "{\"key\": \"9fK2xLq8Zt\", \"value\": \"eu\"}", "<entry key=\"a.b.v8_f\" value=\"on\"/>", "api_key: https://vault.example/v1/x",
	} {
		if got := sightings(t, s, text, "config.txt"); len(got) > 0 {
			t.Errorf("%q: reported as %s", text, got[0].Kind)
		}
	}
}

func TestShapesAnywhere(t *testing.T) {
	s := compiled(t)
	m := s.NewMatcher()
	r := seeded(5)
	tokens := map[string]func() string{
		"acme-token": func() string { return acmeToken(r) },
		"short-key":  func() string { return "Q." + draw(r, base62, 22) + "." + draw(r, base62, 20) },
		"infix-key":  func() string { return draw(r, "0123456789", 9) + ":Z" + "Z" + draw(r, base62, 33) },
		"marked-key": func() string { return "mk" + "-" + draw(r, base62+"-", 20) + "M4" + "RK" + draw(r, base62, 20) },
	}
	for id, fresh := range tokens {
		for _, form := range []string{"%s", "%s and text behind", "text before %s", "(%s)", "\"%s\"", "x=%s;y", "line\n%s\nline", "\"\\n%s\"", "%%3D%s", "\x1b[31m%s\x1b[0m", "%s %s", "%s,%s,%s"} {
			n := strings.Count(form, "%s")
			vs := []any{}
			for range n {
				vs = append(vs, fresh())
			}
			b := fmt.Appendf(nil, form, vs...)
			found := 0
			for _, c := range m.Match(b) {
				if c.Detector != nil && c.Detector.ID == id && c.Parts[0].Value.Reveal() != nil && vs[found] == string(c.Parts[0].Value.Reveal()) {
					found++
				}
			}
			if found != n {
				t.Errorf("%s in %q: found %d of %d", id, form, found, n)
			}
		}
		for what, mutate := range map[string]func(string) string{
			"one byte more":         func(v string) string { return v + "a" },
			"part of a longer word": func(v string) string { return "9" + v },
			"a letter cut":          func(v string) string { return v[:len(v)-1] },
		} {
			if id == "marked-key" && what != "part of a longer word" {
				continue // its length varies
			}
			for _, c := range m.Match([]byte(mutate(fresh()))) {
				if c.Detector != nil && c.Detector.ID == id && !(id == "infix-key" && what == "part of a longer word") {
					t.Errorf("%s, %s: still found", id, what)
				}
			}
		}
	}
}

func TestNamed(t *testing.T) {
	s := compiled(t)
	v := draw(seeded(6), "0123456789abcdef", 32)
	for _, c := range []struct {
		text string
		want bool
	}{
		{"podio_token = '%s'", true}, {"PODIO_KEY=%s", true}, {"podio token '%s'", true}, {"podio key is %s", true}, {"# podio\n%s\n", true},
		{"po_dio_token = '%s'", true}, {"podio:\n\n\n%s", false}, {"podio" + strings.Repeat(" x", 30) + " %s", false}, {"podio_public_token = '%s'", false},
		{"podio sha256: %s", false}, {"podio https://x.example/%s", false}, {"podio %s-1234", false}, {"other_token = '%s'", false},
	} {
		got := false
		for _, x := range sightings(t, s, fmt.Sprintf(c.text, v), "") {
			got = got || x.Kind == "podio-key" && x.Tier == finding.TierNamed
		}
		if got != c.want {
			t.Errorf("%q: found %v, want %v", c.text, got, c.want)
		}
	}
}

func TestProof(t *testing.T) {
	s := compiled(t)
	v := acmeToken(seeded(7))
	x := sightings(t, s, "token = "+v, "a.env")
	if len(x) != 1 || x[0].Tier != finding.TierProven || x[0].Proof != finding.ProofProven || x[0].Name != "token" || len(x[0].Facts) != 1 {
		t.Fatalf("a sound token: %+v", x)
	}
	if strings.Contains(x[0].Why, v[5:20]) || !strings.Contains(x[0].Why, "valid checksum") {
		t.Errorf("why: %s", x[0].Why)
	}
	broken := []byte(v)
	broken[len(broken)-1] ^= 1
	x = sightings(t, s, "token = "+string(broken), "a.env")
	if len(x) != 1 || x[0].Tier != finding.TierShaped || x[0].Proof != finding.ProofRefuted {
		t.Fatalf("a broken token: %+v", x)
	}
	for _, filler := range []string{strings.Repeat("x", 32), "EXAMPLE" + draw(seeded(8), base62, 17) + "00000000", "1234567890abcdefghijklmn00000000"} {
		if x := sightings(t, s, "acm"+"e_"+filler, ""); len(x) != 0 {
			t.Errorf("a filler is reported: %+v", x[0].Why)
		}
	}
	// What repeats a word behind a literal may be somebody's own: it is said, and not believed.
	if x := sightings(t, s, "acm"+"e_"+strings.Repeat("bed4", 8), ""); len(x) != 1 || x[0].Tier != finding.TierGeneric {
		t.Errorf("a pattern: %+v", x)
	}
}

// TestNamesHoldNoSecret: what stands before a value is its name, unless it is a value itself.
func TestNamesHoldNoSecret(t *testing.T) {
	s := compiled(t)
	r := seeded(25)
	for range 200 {
		one, two, unknown := acmeToken(r), acmeToken(r), draw(r, base62, 24)
		for _, form := range []string{"%s,%s", "%s:%s", "%s = %s", "(%s, \"%s\")", "\"%s\": \"%s\""} {
			for _, first := range []string{one, unknown} {
				for _, x := range sightings(t, s, fmt.Sprintf(form, first, two), "") {
					if x.Name != "" || strings.Contains(x.Why, first) || strings.Contains(x.Why, two) {
						t.Fatalf("%q: a value is shown as a name", form)
					}
				}
			}
		}
	}
}

func TestNeedName(t *testing.T) {
	s, err := Compile([]detectors.Detector{{ID: "need-name", Shapes: []detectors.Shape{{NeedName: []string{"megacorp"}, Pieces: []detectors.Piece{detectors.Lit("MC"), detectors.Chars(detectors.Hex, 32)}}}}})
	if err != nil {
		t.Fatal(err)
	}
	v := "MC" + draw(seeded(23), "0123456789abcdef", 32)
	for text, want := range map[string]bool{
		"MEGA_CORP_KEY=%s": true, "# megacorp\n%s": true, "other_key=%s": false, "megacorp" + strings.Repeat(".", 70) + " %s": false,
	} {
		got := false
		for _, c := range s.NewMatcher().Match(fmt.Appendf(nil, text, v)) {
			got = got || c.Detector != nil
		}
		if got != want {
			t.Errorf("%q: found %v", text, got)
		}
	}
}

// TestWrappedBase64: a line of a dump that begins like a token is none; a list of tokens is a list of tokens.
func TestWrappedBase64(t *testing.T) {
	s, err := Compile([]detectors.Detector{{ID: "base-key", Shapes: []detectors.Shape{detectors.Token(detectors.Lit("BQ"+"Zx"), detectors.Range(detectors.Base64, 40, 90))}}})
	if err != nil {
		t.Fatal(err)
	}
	r := seeded(24)
	token := func() string { return "BQ" + "Zx" + draw(r, base62+"+/", 60) }
	line := func() string { return draw(r, base62+"+/", 64) }
	count := func(text string) (n int) {
		for _, c := range s.NewMatcher().Match([]byte(text)) {
			if c.Detector != nil {
				n++
			}
		}
		return n
	}
	for _, c := range []struct {
		what, text string
		want       int
	}{
		{"alone", token(), 1}, {"a list", token() + "\n" + token() + "\n" + token() + "\n", 3},
		{"within a dump", line() + "\n" + token() + "\n" + line() + "\n", 0}, {"first of a dump", token() + "\n" + line() + "\n", 0},
		{"within strings", "\"" + line() + "\" +\n\"" + token() + "\" +\n", 0}, {"assigned above a dump", "key = " + token() + "\n" + line() + "\n", 1},
	} {
		if got := count(c.text); got != c.want {
			t.Errorf("%s: %d, want %d", c.what, got, c.want)
		}
	}
}

func TestPairs(t *testing.T) {
	s := compiled(t)
	r := seeded(9)
	id := func() string { return "CLD" + "ID" + draw(r, "ABCDEFGHJKLMNPQR23456789", 16) }
	secret := func() string { return draw(r, base62, 40) }
	kinds := func(text string) (pairs, ids, secrets, other int) {
		for _, x := range sightings(t, s, text, "") {
			switch {
			case x.Kind != "cloud-pair":
				other++
			case len(x.Parts) == 2:
				pairs++
			case x.Parts[0].Role == finding.RoleID:
				ids++
			default:
				secrets++
			}
		}
		return
	}
	for _, c := range []struct {
		what, text                 string
		pairs, ids, secrets, other int
	}{
		{"pair", "id: " + id() + "\ncloud_secret: " + secret(), 1, 0, 0, 0},
		{"secret first", "cloud_secret: " + secret() + "\nid: " + id(), 1, 0, 0, 0},
		{"two pairs", "id: " + id() + "\ncloud_secret: " + secret() + "\nid: " + id() + "\ncloud_secret: " + secret(), 2, 0, 0, 0},
		{"one id, two secrets", "id: " + id() + "\ncloud_secret: " + secret() + "\ncloud_secret: " + secret(), 1, 0, 0, 0},
		{"id alone", "id: " + id(), 0, 1, 0, 0},
		{"too far", "id: " + id() + strings.Repeat("\n", 12) + "cloud_secret: " + secret(), 0, 1, 0, 1},
		{"secret alone is generic", "cloud_secret: " + secret(), 0, 0, 0, 1},
	} {
		p, i, x, o := kinds(c.text)
		if p != c.pairs || i != c.ids || x != c.secrets || o != c.other {
			t.Errorf("%s: %d pairs, %d ids, %d secrets, %d other", c.what, p, i, x, o)
		}
	}
	x := sightings(t, s, "id: "+id()+"\ncloud_secret: "+secret(), "")
	if x[0].Parts[0].Role != finding.RoleSecret || x[0].Tier != finding.TierShaped || x[0].Masked == "" {
		t.Errorf("the secret half leads, the surer tier counts: %+v", x[0])
	}
}

func TestOverlap(t *testing.T) {
	ds := append(rows(), detectors.Detector{ID: "hex-token", Provider: "podio", Title: "Another of the same form",
		Named: []detectors.Named{{Keywords: []string{"podio"}, Value: []detectors.Shape{detectors.Token(detectors.Chars(detectors.Hex, 32))}}}})
	s, err := Compile(ds)
	if err != nil {
		t.Fatal(err)
	}
	v := draw(seeded(10), "0123456789abcdef", 32)
	x := sightings(t, s, "podio_secret = \""+v+"\"", "")
	if len(x) != 1 || x[0].Tier != finding.TierNamed || len(x[0].Aliases) != 1 {
		t.Fatalf("one span, one sighting, one alias: %+v", x)
	}
	x = sightings(t, s, "<<KEY user "+draw(seeded(11), base62, 30)+"\n", "")
	if len(x) != 1 || x[0].Kind != "block-key" || x[0].Parts[0].Role != finding.RoleSecret {
		t.Fatalf("a structure: %+v", x)
	}

	// What was decoded from one stretch by the same steps stands beside each other; the raw stretch itself gives way.
	b := []byte("a_token = " + acmeToken(seeded(12)) + "\nb_token = " + acmeToken(seeded(13)))
	cs := place(b, s.NewMatcher().Match(b))
	for i := range cs {
		cs[i].Decode = []finding.Step{{Name: "base64"}}
		for j := range cs[i].Parts {
			cs[i].Parts[j].Span = finding.Span{Line: 1, EndLine: 1, Start: 5, End: 90}
		}
	}
	raw := Candidate{Tier: finding.TierGeneric, Name: "secret", Score: 0.9, Start: 0, End: 90, Parts: []Part{{Role: finding.RoleSecret, Value: finding.NewSecret([]byte("whatever it is")), Start: 5, End: 90, Span: finding.Span{Line: 1, EndLine: 1, Start: 5, End: 90}}}}
	if x := s.Resolve(append([]Candidate{raw}, cs...), ""); len(x) != 2 || x[0].Kind != "acme-token" || x[1].Kind != "acme-token" {
		t.Fatalf("decoded: %d sightings", len(x))
	}
}

func TestPaths(t *testing.T) {
	s := compiled(t)
	v := "dot" + "tok:" + draw(seeded(14), "0123456789abcdef", 20)
	if x := sightings(t, s, v, "home/x/.DotRC"); len(x) != 1 || x[0].Kind != "dot-file" {
		t.Errorf("in its file: %+v", x)
	}
	for _, p := range []string{"", "home/x/readme"} {
		if x := sightings(t, s, v, p); len(x) != 0 {
			t.Errorf("at %q: %+v", p, x)
		}
	}
	bare := "password = " + draw(seeded(15), base62, 12) + "\n"
	if x := sightings(t, s, bare, "app.ini"); len(x) != 1 || x[0].Kind != GenericPassword || x[0].Masked != blindMask {
		t.Errorf("in a configuration: %+v", x)
	}
	for _, p := range []string{"app.go", "package-lock.json"} {
		if x := sightings(t, s, bare, p); len(x) != 0 {
			t.Errorf("at %s: %+v", p, x)
		}
	}
}

func TestCrowd(t *testing.T) {
	s := compiled(t)
	r := seeded(16)
	var text strings.Builder
	for range 200 {
		fmt.Fprintf(&text, "{secret: \"%s\"},\n", draw(r, "0123456789abcdef", 40))
	}
	if x := sightings(t, s, text.String(), "data.json"); len(x) != 0 {
		t.Errorf("a table of data: %d sightings", len(x))
	}
}

func TestMask(t *testing.T) {
	r := seeded(17)
	long := "pre_" + draw(r, base62, 36)
	for _, c := range []struct {
		what, value string
		keep        int
		want        string
	}{
		{"long and random", long, 4, "pre_" + strings.Repeat("*", 32) + long[36:]},
		{"no prefix", long[4:], 0, strings.Repeat("*", 32) + long[36:]},
		{"24 hidden", draw(seeded(18), base62, 28), 0, ""},
		{"23 hidden", draw(seeded(18), base62, 27), 0, blindMask},
		{"words", strings.Repeat("correcthorsebattery", 3), 0, blindMask},
		{"lines", long + "\n" + long, 4, blindMask},
		{"empty", "", 0, blindMask},
		{"keep beyond the end", "abc", 9, blindMask},
	} {
		got := Mask([]byte(c.value), c.keep)
		if c.want != "" && got != c.want || c.want == "" && (len(got) != len(c.value) || strings.Count(got, "*") != 24) {
			t.Errorf("%s: %d stars in %d bytes", c.what, strings.Count(got, "*"), len(got))
		}
	}
}

func TestCompileNamesTheRow(t *testing.T) {
	tok := []detectors.Shape{detectors.Token(detectors.Lit("abcd"), detectors.Chars(detectors.Hex, 8))}
	for _, c := range []struct {
		what string
		d    detectors.Detector
		want string
	}{
		{"id", detectors.Detector{ID: "Bad_ID", Shapes: tok}, "hyphens"},
		{"nothing", detectors.Detector{ID: "x"}, "no shape"},
		{"no literal", detectors.Detector{ID: "x", Shapes: []detectors.Shape{detectors.Token(detectors.Chars(detectors.Hex, 32))}}, "no usable literal"},
		{"one byte", detectors.Detector{ID: "x", Shapes: []detectors.Shape{detectors.Token(detectors.Lit("-"), detectors.Chars(detectors.Base62, 32))}}, "no usable literal"},
		{"empty piece", detectors.Detector{ID: "x", Shapes: []detectors.Shape{detectors.Token(detectors.Lit("abcd"), detectors.Piece{})}}, "piece 1"},
		{"upper keyword", detectors.Detector{ID: "x", Named: []detectors.Named{{Keywords: []string{"ACME"}, Value: tok}}}, "lower-case"},
		{"short keyword", detectors.Detector{ID: "x", Named: []detectors.Named{{Keywords: []string{"ab"}, Value: tok}}}, "shorter"},
		{"no value", detectors.Detector{ID: "x", Named: []detectors.Named{{Keywords: []string{"acme"}}}}, "no value"},
		{"glob", detectors.Detector{ID: "x", Shapes: tok, Paths: []string{"[a"}}, "malformed"},
		{"anchor", detectors.Detector{ID: "x", Structures: []detectors.Structure{{Anchors: []string{"a"}, Parse: func([]byte, int) []detectors.Found { return nil }}}}, "anchor"},
	} {
		_, err := Compile([]detectors.Detector{c.d})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), fmt.Sprintf("%q", c.d.ID)) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	twice := detectors.Detector{ID: "x", Shapes: tok}
	if _, err := Compile([]detectors.Detector{twice, twice}); err == nil {
		t.Error("one id twice: no error")
	}
}

func TestHash(t *testing.T) {
	a, b := compiled(t), compiled(t)
	if a.Hash() != b.Hash() || len(a.Hash()) < 16 {
		t.Errorf("not stable: %s, %s", a.Hash(), b.Hash())
	}
	ds := rows()
	ds[0].Shapes[0].Pieces[1].Max++
	c, err := Compile(ds)
	if err != nil || c.Hash() == a.Hash() {
		t.Errorf("a longer shape has the same hash (%v)", err)
	}
	ds = rows()
	of := reflect.ValueOf(&ds[0].Traits).Elem()
	for i := range of.NumField() {
		field := of.Field(i)
		was := reflect.ValueOf(field.Interface())
		field.FieldByName("Source").SetString("https://example.com/trait")
		if Hash(ds) == a.Hash() {
			t.Errorf("another source of %s has the same hash", of.Type().Field(i).Name)
		}
		field.Set(was)
	}
	if a.Reach() <= maxValue {
		t.Errorf("reach %d", a.Reach())
	}
}

// TestPrefilterMissesNothing compares the bitmap walk with a search for every trigger at every place.
func TestPrefilterMissesNothing(t *testing.T) {
	s := compiled(t)
	r := seeded(19)
	plant := []string{"acm" + "e_", "Q.", "podio", "PODIO", "password", "Token", "key=", "<<KEY ", "jwt ", "mk-"}
	for round := range 300 {
		b := make([]byte, r.IntN(200)+round%10/9*r.IntN(5000))
		for i := range b {
			b[i] = byte(r.IntN(256))
			if round%2 == 0 {
				b[i] = base62[r.IntN(62)]
			}
		}
		for range 3 {
			p := plant[r.IntN(len(plant))]
			if len(b) > len(p) {
				copy(b[r.IntN(len(b)-len(p)+1):], p)
			}
		}
		var got, want []int
		var out places
		for from := 0; from < len(b); {
			n, next := s.filter.find(b, from, &out)
			for _, x := range out[:n] {
				for i := range 8 {
					if x&(128>>i) == 0 {
						continue
					}
					p := from + int(x>>8) + i
					g := le32(b[p:]) | folded
					if slices.ContainsFunc(s.filter.triggers(g), func(t trigger) bool { return t.gram == g }) {
						got = append(got, p)
					}
				}
			}
			from = next
		}
		grams := map[uint32]bool{}
		for _, t := range s.filter.trigs {
			grams[t.gram] = true
		}
		for p := 0; p+4 <= len(b); p++ {
			if grams[le32(b[p:])|folded] {
				want = append(want, p)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("round %d, %d bytes:\n%s", round, len(b), d)
		}
	}
}

// TestSiftKeepsWhatStands compares both steps of the prefilter, and the look at each trigger that follows, with a search for every
// trigger at every place: on all kinds, and on texts of pieces of their literals, whole, cut, and in the wrong case.
func TestSiftKeepsWhatStands(t *testing.T) {
	s, err := Compile(detectors.All())
	if err != nil {
		t.Fatal(err)
	}
	var pieces []string
	for i := range s.words {
		pieces = append(pieces, s.words[i].text, strings.ToUpper(s.words[i].text))
	}
	for i := range s.anchors {
		pieces = append(pieces, s.anchors[i].text, strings.ToUpper(s.anchors[i].text))
	}
	for i := range s.shapes {
		for _, p := range s.shapes[i].pieces {
			pieces = append(pieces, p.Lit)
		}
	}
	of := map[uint32][]int32{}
	for k, x := range s.filter.trigs {
		of[x.gram] = append(of[x.gram], int32(k))
	}
	r := seeded(29)
	m := s.NewMatcher()
	stood := 0
	for round := range 400 {
		var b []byte
		for range r.IntN(2 + round/4) {
			p := pieces[r.IntN(len(pieces))]
			switch r.IntN(4) {
			case 0:
				p = p[:r.IntN(len(p)+1)]
			case 1:
				p += draw(r, base62, r.IntN(40))
			}
			b = append(b, p...)
			if r.IntN(2) == 0 {
				b = append(b, " =.-/\n"[r.IntN(6)])
			}
		}
		m.begin(b, &m.own)
		m.scan(0, len(b), nil, 0)
		var want []found
		for p := 0; p+4 <= len(b); p++ {
			for _, k := range of[le32(b[p:])|folded] {
				if m.stands(s.filter.site(k), p) {
					want = append(want, found{int32(p), k})
				}
			}
		}
		stood += len(want)
		if !slices.Equal(m.fresh, want) {
			t.Fatalf("round %d, %d bytes: %d triggers, want %d", round, len(b), len(m.fresh), len(want))
		}
	}
	if stood < 1000 {
		t.Errorf("%d triggers stood in all", stood)
	}
}

// TestFarPlaces: a place is found however much lies before it in which there is none.
func TestFarPlaces(t *testing.T) {
	s := compiled(t)
	text := make([]byte, 20<<20)
	at := map[int]bool{7: true, 1<<20 - 3: true, 1<<20 + 5: true, 17<<20 + 1: true, len(text) - len("podio_"): true}
	for i := range at {
		copy(text[i:], "podio_")
	}
	m := s.NewMatcher()
	var x Memory
	m.MatchInto(text, &x)
	for _, p := range x.pos {
		site := s.filter.site(x.hits[0].trig)
		delete(at, int(p)-int(site.off))
	}
	if len(at) > 0 {
		t.Errorf("of five places %d are not found: %v", len(at), at)
	}
}

// TestLeaves: a provider's name that is a word of English leaves a name that it stands in to what else says that it is secret, and
// loses nothing by that.
func TestLeaves(t *testing.T) {
	s, err := Compile([]detectors.Detector{{ID: "line-key", Provider: "line", Title: "Line key", Named: []detectors.Named{{
		Keywords: []string{"line"}, Names: []string{"key", "token", "api"}, Value: []detectors.Shape{detectors.Token(detectors.Chars(detectors.Base62, 32))},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	all, err := Compile(s.rows)
	if err != nil {
		t.Fatal(err)
	}
	w := &s.words[s.wordAt["line"]]
	if !w.leaves || !slices.Contains(w.wants, "api") || slices.Contains(w.wants, "key") {
		t.Fatalf("leaves %v, wants %q", w.leaves, w.wants)
	}
	all.words[all.wordAt["line"]].leaves = false
	m, sure, value := s.NewMatcher(), all.NewMatcher(), draw(seeded(23), base62, 32)
	found := 0
	for _, name := range []string{"line", "LINE", "newline", "line_token", "LINE_API", "lineApi", "line token", "LINE_PAT", "line_pw", "line-name", "a.line.key", "line api key", "api line"} {
		for _, text := range []string{name + " = \"%s\"", name + ": %s", name + "(\"%s\")", name + " ( 'x', '%s' )", "\"" + name + "\", \"%s\"", "<" + name + ">%s</" + name + ">", "--" + name + " %s", "a " + name + "\n%s"} {
			b := []byte(fmt.Sprintf(text, value))
			got, want := told(m.Match(b)), told(sure.Match(b))
			if found += len(want); !slices.Equal(got, want) {
				t.Errorf("%q: %q, want %q", text, got, want)
			}
		}
	}
	if found < 20 {
		t.Errorf("%d found in all", found)
	}
}

func le32(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

func TestSameBytesSameAnswer(t *testing.T) {
	s := compiled(t)
	r := seeded(20)
	var text strings.Builder
	for i := range 50 {
		fmt.Fprintf(&text, "podio_token_%d = '%s'\nexport DB_PASSWORD=%s\n%s\n", i, draw(r, "0123456789abcdef", 32), draw(r, base62, 14), acmeToken(r))
	}
	b := []byte(text.String())
	plain := func(cs []Candidate) []string {
		var out []string
		for _, c := range cs {
			out = append(out, fmt.Sprintf("%s %s %s %d %d %d %s", idOf(&c), c.Tier, c.Name, c.Parts[0].Start, c.Parts[0].End, c.Start, c.Why))
		}
		return out
	}
	m := s.NewMatcher()
	first := plain(m.Match(b))
	if len(first) < 150 {
		t.Fatalf("found %d", len(first))
	}
	m.Match([]byte("password = other\n" + strings.Repeat("x", 300)))
	if !reflect.DeepEqual(first, plain(m.Match(b))) || !reflect.DeepEqual(first, plain(compiled(t).NewMatcher().Match(b))) {
		t.Error("the same bytes gave another answer")
	}
	// A shift by any number of bytes shifts the answer and nothing else.
	for n := 1; n < 6; n++ {
		if got := m.Match(append(bytes.Repeat([]byte("\n"), n), b...)); len(got) != len(first) {
			t.Errorf("shifted by %d: %d instead of %d", n, len(got), len(first))
		}
	}
}

// TestReachHolds cuts a text down to each candidate's declared reach: the same candidate is found there.
func TestReachHolds(t *testing.T) {
	s := compiled(t)
	r := seeded(22)
	var text strings.Builder
	for text.Len() < 60_000 {
		switch r.IntN(6) {
		case 0:
			fmt.Fprintf(&text, "podio key %s\n", draw(r, "0123456789abcdef", 32))
		case 1:
			fmt.Fprintf(&text, "\"password\": \"%s\",", draw(r, base62+"!$%", 4+r.IntN(30)))
		case 2:
			text.WriteString(acmeToken(r) + " ")
		case 3:
			text.WriteString(draw(r, base62+"=:\"'<>{}$\\ \n", r.IntN(2000)))
		case 4:
			fmt.Fprintf(&text, "secret=%s;", draw(r, base62+"&,", 10+r.IntN(1100)))
		case 5:
			fmt.Fprintf(&text, "- name: API_KEY\n  value: |\n    %s\n", draw(r, base62, 20))
		}
	}
	b := []byte(text.String())
	all := append([]Candidate(nil), s.NewMatcher().Match(b)...)
	m := s.NewMatcher()
	for _, c := range all {
		from := max(0, c.Start-s.Reach())
		found := false
		for _, x := range m.Match(b[from:min(len(b), c.End+s.Reach())]) {
			found = found || idOf(&x) == idOf(&c) && x.Start+from == c.Start && x.End+from == c.End && x.Name == c.Name && x.Tier == c.Tier && x.Score == c.Score && x.Why == c.Why
		}
		if !found {
			t.Errorf("%s at [%d,%d) is not found within its reach", idOf(&c), c.Start, c.End)
		}
	}
	if len(all) < 100 {
		t.Errorf("only %d candidates", len(all))
	}
}

func TestNothingFoundAllocatesNothing(t *testing.T) {
	m := compiled(t).NewMatcher()
	b := []byte(strings.Repeat("password := os.Getenv(name)\nfor key, value := range tokens { use(podio, value) }\n", 200))
	m.Match(b)
	if n := testing.AllocsPerRun(10, func() { m.Match(b) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestNoBlowUp holds that the time for repetitions of what opens something grows with their number, not with its square: eight times
// as many take less than 32 times as long. Each time is the best of three, and the ratio is measured up to five times, since the
// machine has other things to do.
func TestNoBlowUp(t *testing.T) {
	m := compiled(t).NewMatcher()
	fastest := func(unit string, size int) time.Duration {
		b := bytes.Repeat([]byte(unit), size/len(unit))
		best := time.Duration(math.MaxInt64)
		for range 3 {
			start := time.Now()
			m.Match(b)
			best = min(best, time.Since(start))
		}
		return best
	}
	for _, unit := range []string{"password=", "password='", "password", "acm" + "e_", "mk" + "-", "mk" + "-a", "Q.", "podio ", "podio", "\"", "'\\", "${", "{{", "<", "<password>", "key:", "key,\"", "curl -u ", "mysql -p", "sshpass -pa ", "docker login ", "echo a | sudo -s ", "auth=(", "login(", "login(a,", "password is ", "| key ", "key 0 ", "pw=", "password: {a: 1, ", "key:\n Type: x\n", "-\n--token\n- ", "[\"--key\", ", "\n password: |\n", "1", "a", " ", "password: \"\\\"", "<<KEY ",
		"-", "token(", "name: password, value: "} {
		const size, tries = 1 << 19, 5
		grows := func() bool {
			large := fastest(unit, size)
			return large < 50*time.Millisecond || large <= 32*fastest(unit, size/8)
		}
		for n := 1; !grows(); n++ {
			if n == tries {
				t.Errorf("%d bytes of %q took more than 32 times as long as %d, %d times over", size, unit, size/8, tries)
				break
			}
		}
	}
}

func FuzzMatch(f *testing.F) {
	s, err := Compile(rows())
	if err != nil {
		f.Fatal(err)
	}
	r := seeded(21)
	for _, x := range []string{"password = 'x'", "<password>", "name: DB_PASSWORD\n value: y", "podio token \"", "curl -u a:b", "x.login(a, 'b')", "auth=('a', 'b')", "| pw | x |", "password is 'x'", "key 0 x\n", "echo x | docker login --password-stdin", "\"password\": {\"value\": \"x\"}", "Password:\n  Type: String\n  Default: x", "[\"--token\", \"x\"]", "variable \"key\" {\n default = \"x\"", "key: |\n  z", "a\\\\\\\"token\\\\\\\":", "\"token\",\"", "${API_KEY:-", acmeToken(r),
		"\\\\\\\", name: \"token\"", "\"value\": \"x\", \"name\": \"token\"", "- value: x\n  key: token", "=\",key=token", "{token, \"", "the token was **x**", "token: ``x``", "credentials: a / x"} {
		f.Add([]byte(x))
	}
	m := s.NewMatcher()
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, c := range place(b, m.Match(b)) {
			if c.Start < 0 || c.End > len(b) || c.Start > c.End || len(c.Parts) == 0 {
				t.Fatalf("candidate [%d,%d) of %d bytes with %d parts", c.Start, c.End, len(b), len(c.Parts))
			}
			for _, p := range c.Parts {
				if p.Start < 0 || p.End > len(b) || p.Start >= p.End || !bytes.Equal(p.Value.Reveal(), b[p.Start:p.End]) {
					t.Fatalf("part [%d,%d) of %d bytes", p.Start, p.End, len(b))
				}
			}
		}
		s.Resolve(place(b, m.Match(b)), "a/b.txt")
	})
}

// TestUUIDWithFewLetters: the entropy that a row asks of any letters and digits is more than sixteen of them may have.
func TestUUIDWithFewLetters(t *testing.T) {
	chars := func(n int) detectors.Piece { return detectors.Chars(detectors.Base62, n) }
	row := detectors.Detector{ID: "x-key", Title: "x", Provider: "podio", Named: []detectors.Named{{Keywords: []string{"podio"}, MinEntropy: 3.5, Loose: true, Value: []detectors.Shape{
		detectors.Token(chars(8), detectors.Lit("-"), chars(4), detectors.Lit("-"), chars(4), detectors.Lit("-"), chars(4), detectors.Lit("-"), chars(12))}}}}
	s, err := Compile([]detectors.Detector{row})
	if err != nil {
		t.Fatal(err)
	}
	low := 0
	for i, r := 0, seeded(41); i < 200; i++ {
		hex := draw(r, "0123456789abcdef", 32)
		v := hex[:8] + "-" + hex[8:12] + "-4" + hex[13:16] + "-9" + hex[17:20] + "-" + hex[20:]
		if entropy([]byte(v)) < row.Named[0].MinEntropy {
			low++
		}
		if x := sightings(t, s, "PODIO_TOKEN="+v+"\n", "a.env"); len(x) != 1 {
			t.Errorf("draw %d of entropy %.2f: %d sightings", i, entropy([]byte(v)), len(x))
		}
	}
	if low == 0 {
		t.Error("no draw was of low entropy: nothing is shown")
	}
}
