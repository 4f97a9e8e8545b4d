package match

import (
	"strings"
	"testing"

	"sprawl/detectors"
)

// nearbyRows are kinds that only a name or a word tells: one of a word of its own, one of a common word, one with a loose
// alphabet.
func nearbyRows() []detectors.Detector {
	hex32 := []detectors.Shape{detectors.Token(detectors.Chars(detectors.Hex, 32))}
	names := strings.Fields("key token secret")
	return []detectors.Detector{
		{ID: "zorbix-key", Provider: "zorbix", Title: "Zorbix key", Named: []detectors.Named{{Keywords: []string{"zorbix"}, Names: names, Value: hex32}}},
		{ID: "basket-key", Provider: "basket", Title: "Basket key", Named: []detectors.Named{{Keywords: []string{"basket"}, Names: names, Value: hex32, Near: -1}}},
		{ID: "quux-key", Provider: "quux", Title: "Quux key", Named: []detectors.Named{{Keywords: []string{"quux"}, Names: names, Value: hex32, Loose: true}}},
		{ID: "frobnic-key", Provider: "frobnic", Title: "Frobnic key", Named: []detectors.Named{{Keywords: []string{"frobnic"}, Value: []detectors.Shape{detectors.Token(detectors.Chars(detectors.LowerNum, 32))}}}},
	}
}

// TestNearby holds what lies between a provider's name and a value to what people write there.
func TestNearby(t *testing.T) {
	s, err := Compile(nearbyRows())
	if err != nil {
		t.Fatal(err)
	}
	m := s.NewMatcher()
	r := seeded(41)
	hex, alnum := draw(r, "0123456789abcdef", 32), draw(r, base62, 32)
	for _, x := range []struct{ name, text, kind string }{
		{"a word of its own and a role", "zorbix SECRET " + hex, "zorbix-key"},
		{"a role joined to the value", "zorbix-secret-" + hex, "zorbix-key"},
		{"nothing but a blank before a digest's form", "zorbix " + hex, ""},
		{"nothing but a blank before a token", "quux " + alnum, "quux-key"},
		{"two words of a name", "basket token = '" + hex + "'", "basket-key"},
		{"three words of a name", "Basket API key: " + hex, "basket-key"},
		{"a common word is no name of the value's", "basket holds " + hex, ""},
		{"another word between", "basket of token = '" + hex + "'", ""},
		{"a digest's form that a role announces", "frobnic TOKEN " + hex, "frobnic-key"},
		{"a digest's form in a larger alphabet", "frobnic at " + hex, ""},
		{"a strict alphabet", "zorbix_key = " + alnum, ""},
		{"a loose one", "quux_key = " + alnum, "quux-key"},
		{"a loose one stays strict on the next line", "# quux\nvalue = " + alnum, ""},
		{"a call that sets up a library", "zorbix.init(\"" + hex + "\")", "zorbix-key"},
	} {
		t.Run(x.name, func(t *testing.T) {
			got := ""
			for _, c := range m.Match([]byte(x.text + "\n")) {
				if c.Detector != nil {
					got = c.Detector.ID
				}
			}
			if got != x.kind {
				t.Errorf("found %q, want %q", got, x.kind)
			}
		})
	}
}

// TestLogins reads passwords that stand behind a user: in calls, among the arguments of one, on command lines.
func TestLogins(t *testing.T) {
	s, err := Compile(nearbyRows())
	if err != nil {
		t.Fatal(err)
	}
	m := s.NewMatcher()
	pass := draw(seeded(43), base62, 19) + "7"
	letters := draw(seeded(44), base62[10:], 30)
	for _, x := range []struct {
		name, text string
		found      bool
	}{
		{"network credential", `new System.Net.NetworkCredential("robot", "` + pass + `")`, true},
		{"basic auth", `req.SetBasicAuth("robot", "` + pass + `")`, true},
		{"basic auth with a variable", `req.SetBasicAuth("robot", password)`, false},
		{"an option's constant", `curl_easy_setopt(h, CURLOPT_PASSWORD, "` + pass + `");`, true},
		{"an option's constant, letters", `curl_easy_setopt(h, CURLOPT_PASSWORD, "` + letters + `");`, true},
		{"a table of texts", `{ IDS_PASSWORD, "` + pass + `" },`, false},
		{"mail server", `smtp.login("robot@internal.test", "` + pass + `")`, true},
		{"mail server, a variable for the user", `server.login(user, "` + pass + `")`, true},
		{"mail server, a variable", `server.login("robot", password)`, false},
		{"three arguments before", `smtp.PlainAuth("", "robot@internal.test", "` + pass + `", host)`, true},
		{"JDBC", `DriverManager.getConnection("jdbc:mysql://db/shop", "root", "` + pass + `")`, true},
		{"JDBC, variables", `DriverManager.getConnection(url, user, "` + pass + `")`, true},
		{"JDBC, a URL alone", `DriverManager.getConnection("` + pass + `")`, false},
		{"PHP", `$db = mysqli_connect("db", "root", "` + pass + `", "shop");`, true},
		{"PHP, object", `$db = new mysqli($host, 'root', '` + pass + `', 'shop');`, true},
		{"PHP, a query", `mysqli_query($db, "root", "` + pass + `")`, false},
		{"microcontroller", `WiFi.begin("home", "` + pass + `");`, true},
		{"FTP in Java", `ftp.login("robot", "` + pass + `");`, true},
		{"FTP in PHP", `ftp_login($c, "robot", "` + pass + `");`, true},
		{"WordPress", `$other = new wpdb("robot", "` + pass + `", "shop", "db");`, true},
		{"MySQL in Python", `MySQLdb.connect("db", "robot", "` + pass + `", "shop")`, true},
		{"SQL Server in Python", `pymssql.connect("db", "robot", "` + pass + `", "shop")`, true},
		{"Oracle in Python", `cx_Oracle.connect("robot", "` + pass + `", dsn)`, true},
		{"Oracle in PHP", `$c = oci_connect('robot', '` + pass + `', '//db/shop');`, true},
		{"Express", `app.use(cookieParser("` + pass + `"))`, true},
		{"PDO", `new PDO("mysql:host=db", "robot", "` + pass + `");`, true},
		{"PyMySQL", `pymysql.connect("db", "robot", "` + pass + `", "shop")`, true},
		{"Sequelize", `new Sequelize("shop", "robot", "` + pass + `", {host: "db"})`, true},
		{"Sequelize, options alone", `new Sequelize({dialect: "x", storage: "` + pass + `"})`, false},
		{"sbt", `credentials += Credentials("Realm", "host", "robot", "` + pass + `")`, true},
		{"JWT signed", `jwt.sign({id: 1, list: [1, 2]}, "` + pass + `", {expiresIn: 1})`, true},
		{"JWT verified", `jwt.verify(token, '` + pass + `')`, true},
		{"JWT, a variable", `jwt.sign("` + letters + `", key)`, false},
		{"Ruby, no brackets", `http.basic_auth "robot", "` + pass + `"`, true},
		{"Java's key", `new SecretKeySpec("` + pass + `".getBytes(), "AES")`, true},
		{"a key derived", `crypto.scryptSync("` + pass + `", "salt", 24)`, true},
		{"HMAC", `crypto.createHmac("sha256", "` + pass + `")`, true},
		{"Fernet", `Fernet(b"` + pass + draw(seeded(45), base62, 24) + `=")`, true},
		{"HMAC in Python", `hmac.new(b"` + pass + `", msg, hashlib.sha256)`, true},
		{"HMAC in Go", `hmac.New(sha256.New, []byte("` + pass + `"))`, true},
		{"HMAC, a variable", `hmac.New(sha256.New, key)`, false},
		{"AES in Python", `AES.new(b"` + pass + `", AES.MODE_CBC, iv)`, true},
		{"AES in Go", `aes.NewCipher([]byte("` + pass + `"))`, true},
		{"AES in JavaScript", `crypto.createCipheriv("aes-256-cbc", "` + pass + `", iv)`, true},
		{"AES in PHP", `openssl_encrypt($d, "aes-256-cbc", "` + pass + `", 0, $iv)`, true},
		{"JWT signed in Go", `token.SignedString([]byte("` + pass + `"))`, true},
		{"JWT signed in Java", `.signWith(SignatureAlgorithm.HS512, "` + pass + `")`, true},
		{"JWT signed in C#", `new SymmetricSecurityKey(Encoding.UTF8.GetBytes("` + pass + `"))`, true},
		{"Azure", `new ClientSecretCredential("tenant", "client", "` + pass + `")`, true},
		{"a key store", `keyStore.load(in, "` + pass + `".toCharArray())`, true},
		{"a constructor named so", `new JwtTypeValidator("JWT", "` + letters + `")`, false},
		{"a list of many", `tokens = ["` + strings.Repeat("6659cea0", 2) + `", "x"]`, false},
		{"an object for a value", `"password": {"type": "string", "title": "` + pass + `"}`, false},
		{"a parameter without default", "DBPassword:\n  Type: String\n  Description: x\nDefault: " + pass, false},
		{"a key in the next line", "password:\n  " + pass + ":\n", false},
		{"an option's neighbour", `["--password-file", "` + pass + `"]`, false},
		{"a tuple", `requests.get(url, auth=("robot", "` + pass + `"))`, true},
		{"a tuple, a variable for the user", `httpx.get(url, auth=(user, "` + pass + `"))`, true},
		{"a list", `auth: ['robot', '` + pass + `']`, true},
		{"a tuple of variables", `auth=(user, password)`, false},
		{"a locale", `'en_PW' => '` + letters + `',`, false},
		{"a pipe", `password | ` + letters[:8] + ` -r`, false},
		{"a union of types", `  | Password | ` + "LongTokenName", false},
		{"prose", `the password is ` + letters[:5] + ` and not to be told`, false},
		{"a digest behind a name", `token ` + strings.Repeat("0a1b2c3d", 5), false},
		{"curl, plain", "curl -u robot:" + pass + " https://api.internal.test", true},
		{"curl, quoted password", "curl --user robot:'" + pass + "' -X PUT https://api.internal.test", true},
		{"curl, both quoted", `curl --user "robot":"` + pass + `" https://api.internal.test`, true},
		{"curl, a key for a user", `curl -u "` + pass + `:" https://api.internal.test`, true},
		{"curl, a variable", `curl -u "robot:$PASS" https://api.internal.test`, false},
		{"curl, a user alone", "curl -u robot: https://api.internal.test", false},
	} {
		t.Run(x.name, func(t *testing.T) {
			found := false
			for _, c := range m.Match([]byte(x.text + "\n")) {
				v := string(c.Parts[0].Value.Reveal())
				found = found || strings.HasPrefix(v, pass) || v == letters
			}
			if found != x.found {
				t.Errorf("found: %t, want %t", found, x.found)
			}
		})
	}
}
