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
		"[host]:587", "[host]:587\tuser", "turned on >log4.txt", "user x on >nopass", "tacacs-server key 7 0102030405", "tacacs-server key ", "radius-server host 10.0.0.1", "isakmp key",
		`DBI->connect($a, $b, $c)`, `DBI->connect(`, `socket.connect("10.0.0.1", 80)`, `db.connect(host, user, "s3cret-thing")`, `x.connect("signal", 1, "changed", "slot1234")`, `x.connect("a.b", "c", `,
	} {
		if got := onLine(t, text); got != nil {
			t.Errorf("%s: found %d parts", text, len(got))
		}
	}
}
