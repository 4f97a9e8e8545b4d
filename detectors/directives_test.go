package detectors_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"sprawl/finding"
)

// TestDirectives has one line for each directive and call; PASS stands for the password.
func TestDirectives(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, c := range []struct{ text, user, host string }{
		{"listen stats\n  stats auth robot:PASS\n", "robot", ""},
		{`config := "stats auth robot:PASS\r\n"`, "robot", ""},
		{"<auth-user-pass>\nrobot\nPASS\n</auth-user-pass>", "robot", ""},
		{"<auth-user-pass>\r\nrobot\r\nPASS\r\n</auth-user-pass>", "robot", ""},
		{`: PSK "PASS"`, "", ""},
		{"# peers\nrobot : EAP \"PASS\"\n", "robot", ""},
		{"[smtp.internal.test]:587 robot@internal.test:PASS\n", "robot@internal.test", "smtp.internal.test"},
		{"[smtp.internal.test]:25\trobot:PASS", "robot", "smtp.internal.test"},
		{"user robot on >PASS ~* +@all", "robot", ""},
		{"redis-cli ACL SETUSER robot on >PASS allkeys", "robot", ""},
		{"tacacs-server key PASS\n", "", ""},
		{"tacacs-server host 10.0.0.1 key 0 PASS\n", "", ""},
		{"radius-server host 10.0.0.1 auth-port 1812 key PASS", "", ""},
		{"crypto isakmp key PASS address 10.0.0.1", "", ""},
		{"cache_peer proxy.internal.test parent 3128 0 no-query login=robot:PASS\n", "robot", "proxy.internal.test"},
		{"NEO4J_AUTH=neo4j/PASS", "neo4j", ""},
		{"  NEO4J_AUTH: \"robot/PASS\"\n", "robot", ""},
		{"$USER3$=PASS\n", "", ""},
		{"# Secrets for authentication using CHAP\n# client server secret\nrobot * \"PASS\" *\n", "robot", ""},
		{"# Secrets for authentication using PAP\r\nrobot\tvpn\tPASS\t*\r\n", "robot", ""},
		{"#cloud-config\nchpasswd:\n  list: |\n    robot:PASS\n", "robot", ""},
		{"chpasswd:\n  expire: false\n  list:\n    - robot:PASS\n", "robot", ""},
		{"lt-cred-mech\n#user=a:b\nuser=robot:PASS\n", "robot", ""},
		{"ftp -n <<END\nopen ftp.internal.test\nuser robot PASS\nbinary\nEND\n", "robot", "ftp.internal.test"},
		{"ftp -inv host << EOF\nquote USER robot\nquote pass PASS\nEOF\n", "", ""},
		{"BUNDLE_GEMS__INTERNAL__TEST=robot:PASS", "robot", ""},
		{"---\nBUNDLE_GEMS__INTERNAL__TEST: \"robot:PASS\"\n", "robot", ""},
		{`headers.Authorization = "Basic " + btoa("robot:PASS")`, "robot", ""},
		{`base64.b64encode(b'robot@internal.test:PASS').decode()`, "robot@internal.test", ""},
		{"Buffer.from(`robot:PASS`).toString('base64')", "robot", ""},
		{"export BUNDLE_GITHUB__COM=PASS:x-oauth-basic", "", ""},
		{`my $db = DBI->connect("dbi:Pg:dbname=shop", "robot", "PASS", { RaiseError => 1 });`, "robot", ""},
		{`$db = DBI->connect($source, $user, 'PASS') or die;`, "", ""},
		{`ssh.connect("10.0.0.5", 22, "robot", "PASS")`, "robot", "10.0.0.5"},
		{`MySQLdb.connect('db.internal.test', 'robot', 'PASS', 'shop')`, "robot", "db.internal.test"},
	} {
		pass := draw(r, 15) + "4"
		got := onLine(t, strings.ReplaceAll(c.text, "PASS", pass))
		if got[finding.RoleSecret] != pass || got[finding.RoleUser] != c.user || got[finding.RoleHost] != c.host {
			t.Errorf("%s: %d bytes of a password, user %q, host %q", c.text, len(got[finding.RoleSecret]), got[finding.RoleUser], got[finding.RoleHost])
		}
	}
	for _, text := range []string{
		"stats auth admin", "stats auth admin:password", "stats auth :", "<auth-user-pass>", "<auth-user-pass>\nrobot", `: PSK "`, `: EAP "${SECRET}"`, "]:587 a:b", "x[1]:587 a:b4cdefgh",
		"x login=a:b4cdefgh", "cache_peer a parent 1 2 login=PASS", "cache_peer a parent 1 2 login=*:nopassword", "NEO4J_AUTH", "NEO4J_AUTH=none", "NEO4J_AUTH=neo4j/password", "NEO4J_AUTH=${USER}/${PASS}",
		"$USER1$=/usr/lib/nagios/plugins", "x $USER3$=b4cdefgh", "$USER3", "$USER3$=", "# Secrets for authentication using CHAP", "# Secrets for authentication using CHAP\n", "# Secrets for authentication using CHAP\n# a b c4defgh\n\nx\n",
		"chpasswd:", "chpasswd:\n", "chpasswd:\n  list: |\n    robot:R\n", "chpasswd:\n  expire: false\npackage_update: true\n", "x chpasswd:\n  robot:b4cdefgh\n",
		"ftp -n reads what a script says\nuser := word(b, verb)\n", "of authentication using CHAP\nfor x = b4cdefgh y\n", "# authentication using CHAP\nfunc (x) b4cdefgh {\na b b4cdefgh\n",
		"lt-cred-mech", "lt-cred-mech\nuser=robot:0x0102030405060708", "lt-cred-mech\nuser=a\n", "ftp -n", "ftp -n host\nuser robot\n", "ftp -p host\nuser robot b4cdefgh\n", "sftp -n host\nuser robot b4cdefgh\n", "ftp -n <<E\nquote PASV b4cdefgh\n",
		`btoa(`, `btoa(x)`, `btoa("`, `btoa("user")`, `btoa("user:password")`, `btoa('{"user":"b4cdefgh"}')`, `btoa("http://b4cdefgh")`, `btoa("user:" + password)`, "btoa(`${user}:${password}`)", `Buffer.from("time 10:20:30")`,
		"BUNDLE_PATH", "BUNDLE_PATH: a:b4cdefgh", "BUNDLE_GEMS__COM: ", "BUNDLE_GEMS__COM: token", "MY_BUNDLE_A__B: a:b4cdefgh", "BUNDLE_BUILD__NOKOGIRI: \"--use-system-libraries\"",
		"[host]:587", "[host]:587\tuser", "turned on >log4.txt", "user x on >nopass", "tacacs-server key 7 0102030405", "tacacs-server key ", "radius-server host 10.0.0.1", "isakmp key",
		`DBI->connect($a, $b, $c)`, `DBI->connect(`, `socket.connect("10.0.0.1", 80)`, `db.connect(host, user, "s3cret-thing")`, `x.connect("signal", 1, "changed", "slot1234")`, `x.connect("a.b", "c", `,
	} {
		if got := onLine(t, text); got != nil {
			t.Errorf("%s: found %d parts", text, len(got))
		}
	}
}
