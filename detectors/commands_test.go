package detectors_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"sprawl/detectors"
	"sprawl/finding"
)

// onLine runs every kind of password on a command line over a text and returns what it found, by role.
func onLine(t *testing.T, text string) map[finding.Role]string {
	t.Helper()
	for _, d := range detectors.All() {
		if !slices.Contains([]string{"command-line-password", "connect-call-password", "powershell-secure-string", "psexec-password", "server-directive-password", "bundler-source-credential"}, d.ID) {
			continue
		}
		f, ok := parse(d, text)
		if !ok {
			continue
		}
		out := map[finding.Role]string{}
		for _, p := range f.Parts {
			out[p.Role] = text[p.Start:p.End]
			if p.Start < f.Start || p.End > f.End {
				t.Errorf("a part stands outside of what was found")
			}
		}
		return out
	}
	return nil
}

// TestCommands has one command line a program; PASS stands for the password.
func TestCommands(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for _, c := range []struct{ text, user, host string }{
		{"sshpass -p PASS ssh robot@host", "", ""},
		{"sshpass -p 'PASS' ssh robot@host", "", ""},
		{"sshpass -pPASS scp a robot@host:", "", ""},
		{`os.system("sshpass -p PASS ssh robot@host")`, "", ""},
		{`run: "sshpass -p 'PASS' ssh robot@host"`, "", ""},
		{`subprocess.run(["sshpass", "-p", "PASS", "ssh", "host"])`, "", ""},
		{`"script": "sshpass -p \"PASS\" ssh host"`, "", ""},
		{"mysql -u robot -pPASS -h db.internal.test shop", "robot", "db.internal.test"},
		{"mysqldump -urobot -p'PASS' shop > x.sql", "robot", ""},
		{"/usr/bin/mysqladmin --user=root -pPASS ping", "", ""},
		{`CMD ["mysql", "-urobot", "-pPASS"]`, "robot", ""},
		{"mariadb-dump -p\"PASS\" shop", "", ""},
		{"mongosh -u robot -p PASS --host db.internal.test", "robot", "db.internal.test"},
		{"redis-cli -h cache.internal.test -a PASS ping", "", "cache.internal.test"},
		{"sqlcmd -S db.internal.test -U sa -P PASS -Q 'select 1'", "sa", "db.internal.test"},
		{"osql -S db.internal.test -U sa -P PASS -Q x", "sa", "db.internal.test"},
		{"bcp shop.dbo.t out x -S db.internal.test -U sa -P PASS", "sa", "db.internal.test"},
		{"schtasks /create /tn x /ru robot /rp PASS", "robot", ""},
		{"mc alias set shop https://s3.internal.test robot PASS", "robot", ""},
		{"ldapsearch -x -D cn=robot,dc=test -w PASS -H ldap://dir.internal.test", "cn=robot,dc=test", "ldap://dir.internal.test"},
		{"ncftpput -u robot -p PASS ftp.internal.test /in x", "robot", ""},
		{"composer config http-basic.repo.internal.test robot PASS", "robot", ""},
		{"composer config --global --auth github-oauth.github.com PASS", "", ""},
		{"poetry config http-basic.shop robot PASS", "robot", ""},
		{"poetry config pypi-token.pypi PASS", "", ""},
		{"cargo login PASS", "", ""},
		{"dotnet nuget add source https://nuget.internal.test -n x -u robot -p PASS", "robot", ""},
		{"security unlock-keychain -p PASS build.keychain", "", ""},
		{"xcrun altool --upload-app -f x -u robot -p PASS", "robot", ""},
		{"doctl auth init -t PASS", "", ""},
		{"gh secret set X -bPASS", "", ""},
		{"slappasswd -s PASS", "", ""},
		{"etcdctl --user root:PASS get x", "root", ""},
		{"http -a robot:PASS https://internal.test", "robot", ""},
		{"cqlsh -u robot -p PASS db", "robot", ""},
		{"usermod -p PASS robot", "", ""},
		{"mkpasswd -m sha-512 PASS", "", ""},
		{"wpa_passphrase home PASS", "home", ""},
		{"mosquitto_passwd -b file robot PASS", "", ""},
		{"winrs -r:host -u:robot -p:PASS cmd", "robot", "host"},
		{"netdom join host /domain:d /userd:robot /passwordd:PASS", "robot", ""},
		{"racadm -r bmc.internal.test -u root -p PASS getsysinfo", "root", "bmc.internal.test"},
		{"rar a -hpPASS x.rar dir", "", ""},
		{"qpdf --encrypt PASS PASS 256 -- a b", "", ""},
		{"impacket-psexec robot:PASS@host.internal.test", "robot", ""},
		{"sshfs -o password_stdin robot@host:/ /mnt <<< 'PASS'", "", ""},
		{"net rpc user -U robot%PASS -S host", "robot", ""},
		{"EXEC sp_addlogin 'robot', 'PASS', 'shop'", "robot", ""},
		{"EXEC sp_addlinkedsrvlogin 'db', 'false', NULL, 'robot', 'PASS'", "robot", ""},
		{"neo4j-admin dbms set-initial-password PASS", "", ""},
		{"erl -sname robot -setcookie PASS", "", ""},
		{"rocommunity PASS 10.0.0.0/8", "", ""},
		{"useradd -p $(openssl passwd -6 PASS) robot", "", ""},
		{"smbclient //host/share -U robot%PASS", "robot", ""},
		{"lftp -u robot,PASS ftp.internal.test", "robot", ""},
		{"zip -r -P PASS x.zip dir", "", ""},
		{"unzip -P PASS x.zip", "", ""},
		{"7z a -pPASS x.7z dir", "", ""},
		{"openssl enc -aes-256-cbc -k PASS -in x", "", ""},
		{"htpasswd -bc .htpasswd robot PASS", "", ""},
		{"htpasswd -nbB robot PASS", "", ""},
		{"net user robot PASS /add", "robot", ""},
		{`net use z: \\host\share PASS /user:robot`, "robot", ""},
		{"rabbitmqctl add_user robot PASS", "robot", ""},
		{"mosquitto_pub -u robot -P PASS -t x -m y", "robot", ""},
		{"ipmitool -I lanplus -H bmc.internal.test -U robot -P PASS power on", "robot", "bmc.internal.test"},
		{"xfreerdp /u:robot /p:PASS /v:host.internal.test", "robot", "host.internal.test"},
		{"signtool sign /f cert.pfx /p PASS app.exe", "", ""},
		{"plink.exe -ssh robot@host -pw PASS", "", ""},
		{`"C:\Tools\plink.exe" -pw PASS host`, "", ""},
		{"PsExec.exe \\\\host01 -u shop\\robot -p PASS cmd", `shop\robot`, ""},
		{"nmcli dev wifi connect home password PASS", "", ""},
		{"twine upload -u robot -p PASS dist/*", "robot", ""},
		{"docker login -u robot -p PASS registry.internal.test", "robot", "registry.internal.test"},
		{"podman login registry.internal.test -u robot -p \"PASS\"", "robot", ""},
		{"az login --service-principal -u app -p PASS --tenant x", "app", ""},
		{"docker login \\\n  -u robot \\\n  -p PASS", "robot", ""},
		{"gh secret set TOKEN --body 'PASS'", "", ""},
		{"nuget setapikey PASS -source https://nuget.internal.test", "", ""},
		{"docker login -u robot -p PASS", "robot", ""},
		{"az login -u robot@shop.test -p PASS --tenant shop.test", "robot@shop.test", ""},
		{"echo PASS | docker login -u robot --password-stdin", "robot", ""},
		{"echo -n 'PASS' | docker login --username robot --password-stdin registry.internal.test", "robot", "registry.internal.test"},
		{"printf '%s' 'PASS' | docker login --password-stdin", "", ""},
		{"docker login --password-stdin <<< \"PASS\"", "", ""},
		{"echo 'robot:PASS' | chpasswd", "robot", ""},
		{"echo PASS | sudo -S apt-get update", "", ""},
		{"echo \"PASS\" | gh auth login --with-token", "", ""},
		{"openssl passwd -6 PASS", "", ""},
		{"echo PASS | openssl passwd -1 -stdin", "", ""},
		{"ssh-keygen -t ed25519 -N 'PASS' -f key", "", ""},
		{"expect \"assword:\"\nsend \"PASS\\r\"", "", ""},
		{"expect -re {[Pp]assphrase} { send -- \"PASS\\r\" }", "", ""},
		{"nmcli con modify home wifi-sec.psk 'PASS'", "", ""},
		{"ConvertTo-SecureString 'PASS' -AsPlainText -Force", "", ""},
		{"ConvertTo-SecureString -String \"PASS\" -AsPlainText -Force", "", ""},
		{"(ConvertTo-SecureString -AsPlainText -Force 'PASS')", "", ""},
		{"$p = 'PASS' | ConvertTo-SecureString -AsPlainText -Force", "", ""},
	} {
		pass := draw(r, 16)
		got := onLine(t, strings.ReplaceAll(c.text, "PASS", pass)+"\n")
		if got[finding.RoleSecret] != pass {
			t.Errorf("%s: no password", c.text)
		}
		if got[finding.RoleUser] != c.user || got[finding.RoleHost] != c.host {
			t.Errorf("%s: user %q at %q", c.text, got[finding.RoleUser], got[finding.RoleHost])
		}
	}
}

// TestWordOnLine: where an option is a password's and nothing else, a word of letters is one, less surely.
func TestWordOnLine(t *testing.T) {
	for text, found := range map[string]bool{
		`psexec \\host01 -u robot -p {word} cmd`: true, "plink -pw {word} host": true, "mysql -p{word} shop": false,
		"plink -pw my{many} host": false, "plink -pw your{many} host": false, "plink -pw abc host": false, "psexec -p %PW% x": false,
	} {
		text = strings.NewReplacer("{word}", "braksu", "{many}", "password").Replace(text)
		if got := onLine(t, text+"\n"); (got[finding.RoleSecret] == "braksu") != found || !found && got != nil {
			t.Errorf("%s: found %v", text, got != nil)
		}
	}
}

// TestNoPasswordOnLine has commands that hold none.
func TestNoPasswordOnLine(t *testing.T) {
	for _, text := range []string{
		"docker run -p 8080:80 nginx1", "mkdir -p /srv/a1/b2", "ssh -p 2222 robot@host", "mysql -p shop2", "mysql -P 3306 -h db1", "mysql -u root -p$PASS shop", `mysql -p"$PASS"`,
		"mysql -p${MYSQL_PASSWORD} x", "mysql -p<password1>", "mysql -psecret", "mysql --protocol=tcp1", "mysql --port 3307 --print-defaults", "docker login -u robot -p ${{ secrets.PASS1 }}", "docker login -u robot -p %PASS1%",
		"docker login -u robot -p {{ registry_pass1 }}", "docker login -u robot -p \"$(cat pass1)\"", "docker login -u robot -p `cat pass1`", "docker login -u robot", "login -p pass1word",
		"echo $PASS1 | docker login --password-stdin", "cat pass1.txt | docker login --password-stdin", "echo a1 b2c3d4 | docker login --password-stdin", "make x1y2z3 || docker login --password-stdin",
		"sshpass -e ssh host1", "sshpass -f file1 ssh host1", `"sshpass -p " + pw1 + " ssh"`, `f"sshpass -p {pw1} ssh"`, "sshpass -p", "sshpass -p 'unclosed1", "htpasswd -c .htpasswd1 robot1", "zip -r x1.zip dir1",
		"ConvertTo-SecureString $p1 -AsPlainText -Force", "ConvertTo-SecureString 01000000d08c9ddf0115d1118c7a -Key $k", "Read-Host 'Enter 1' | ConvertTo-SecureString", "net user robot1 /add", "openssl rsa -in key1.pem",
		"mysqld_safe -px1y2z3w4", "libmysql -px1y2z3w4", "my-sshpass -p x1y2z3w4", "redis-cli -p 6380 ping", "unzip x1.zip -d dir1", `expect "$ "; send "make1 all2\r"`, `expect "prompt1"; send "make1\r"`, "ssh-keygen -N '' -f key1", "mongodb-passwords=PASSWORD1 --from-literal=mongodb-root-password=ROOT1",
	} {
		if got := onLine(t, text+"\n"); got != nil {
			t.Errorf("%s: found one", text)
		}
	}
}

// TestCommandsCutShort cuts lines everywhere: what is read ends with the text.
func TestCommandsCutShort(t *testing.T) {
	text := strings.ReplaceAll(`echo "robot:PASS" | chpasswd && mysql -u robot -p'PASS' -h db && docker login -p \"PASS\" <<< "PASS" | ConvertTo-SecureString -AsPlainText 'PASS'`, "PASS", "x1y2"+"z3w4")
	for i := range len(text) {
		onLine(t, text[:i])
		onLine(t, text[i:])
	}
}

func draw(r *rand.Rand, n int) string {
	const alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	b[n/2] = '7'
	return string(b)
}

// TestType7 reads a password of Cisco's documentation of the form back, and refuses digits of something else.
func TestType7(t *testing.T) {
	for _, d := range detectors.All() {
		if d.ID != "cisco-type-7-password" {
			continue
		}
		const digits = "0822455D" + "0A1640574A" // cisco and four more
		for text, want := range map[string]bool{
			"enable password 7 " + digits + "\n": true, "username robot password 7 " + digits: true,
			"password 7 " + digits[:12] + "\n":  false, // cisco: a word
			"password 7 99" + digits[2:] + "\n": false, "password 7 " + digits[:17] + "\n": false, "password 7 08" + strings.Repeat("F", 16) + "\n": false, "password 7 days1234567890\n": false, "password 7 ": false,
		} {
			if _, ok := parse(d, text); ok != want {
				t.Errorf("%s: found %t", text, ok)
			}
		}
	}
}
