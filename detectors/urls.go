package detectors

import (
	"bytes"
	"math/rand/v2"
	"net/url"
	"strings"

	"sprawl/finding"
)

const (
	rfcURI   = "https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1"
	rfcBasic = "https://www.rfc-editor.org/rfc/rfc7617"
)

// placeholder reports whether a value stands for a secret instead of being one: a reference, a pattern, a word of the manual.
func placeholder(v []byte) bool {
	if len(v) == 0 {
		return true
	}
	switch v[0] {
	case '$', '%', '{', '<', '[', '*', '(', '@', '#', '&':
		// A percent sign may also begin an escape.
		if v[0] != '%' || len(v) < 3 || !HexAny.Has(v[1]) || !HexAny.Has(v[2]) {
			return len(v) > 1
		}
	}
	for _, s := range []string{"${", "{{", "$(", "<%", "#{", "%s", "%v", "%d", "...", "***", "process.env", "os.environ"} {
		if bytes.Contains(v, []byte(s)) {
			return true
		}
	}
	if bytes.IndexByte(v, '_') > 0 && all(v, variableNames) || bytes.IndexByte(v, ' ') > 0 && all(v, Of("a-zA-Z ")) {
		return true // the name of a variable, words of prose
	}
	l := strings.Trim(strings.ToLower(string(v)), "_-.<>[]{}")
	if strings.Trim(l, l[:min(1, len(l))]) == "" {
		return true
	}
	switch l {
	case "password", "passwd", "pass", "pwd", "passw0rd", "pw", "secret", "token", "user", "username", "userpass", "changeme", "change-me", "change_me", "example",
		"yourpassword", "your-password", "your_password", "your-token", "your_token", "mypassword", "mypass", "dbpassword", "db_password", "db_pass", "db-password",
		"xxx", "redacted", "hidden", "placeholder", "null", "none", "nil", "undefined", "string", "todo", "x-oauth-basic", "test", "foo", "bar", "baz":
		return true
	}
	return strings.HasPrefix(l, "your_") || strings.HasPrefix(l, "your-") || strings.Contains(l, "redacted") || strings.Contains(l, "placeholder")
}

// variableNames are what the names of variables are written with that stand where their values belong, and what joins several.
var variableNames = Of("A-Z_:")

// urlRow is a kind of URL with a password in it, told apart by its scheme.
func urlRow(id, provider, title string, schemes []string, d Detector) Detector {
	d.ID, d.Provider, d.Title = id, provider, title
	var anchors []string
	for _, s := range schemes {
		anchors = append(anchors, s+"://")
		if !strings.Contains(s, "+") && s != "http" && s != "https" {
			anchors = append(anchors, s+"+") // SQLAlchemy names the driver: postgresql+psycopg2://
		}
	}
	d.Structures = []Structure{{Anchors: anchors, Reach: Local(1024), Parse: parseURL, Read: readURL}}
	if d.Facts == nil {
		d.Facts = urlFacts
	}
	d.Sample = func(r *rand.Rand) []byte {
		return []byte(schemes[0] + "://app" + string(draw(r, Lower, 4)) + ":" + string(draw(r, Base62, 20)) + "@db" + string(draw(r, Digits, 2)) + ".internal.test/shop")
	}
	if d.Format == "" {
		d.Format = rfcURI
	}
	if d.Docs == "" {
		d.Docs = rfcURI
	}
	return d
}

func urls() []Detector {
	const role = "ALTER ROLE {ident} PASSWORD 'NEW'"
	return []Detector{
		urlRow("postgres-url", "postgresql", "PostgreSQL URL with a password", []string{"postgres", "postgresql", "pgsql", "postgis", "cockroachdb", "redshift"}, Detector{
			Traits: Traits{Scoped: yes("https://www.postgresql.org/docs/current/ddl-priv.html"), RotateAPI: yes("https://www.postgresql.org/docs/current/sql-alterrole.html"), Overlap: no("https://www.postgresql.org/docs/current/sql-alterrole.html")},
			Rotate: role, Revoke: "ALTER ROLE {ident} NOLOGIN", Docs: "https://www.postgresql.org/docs/current/libpq-connect.html", Format: "https://www.postgresql.org/docs/current/libpq-connect.html",
		}),
		urlRow("mysql-url", "mysql", "MySQL or MariaDB URL with a password", []string{"mysql", "mysql2", "mariadb", "mysqlx"}, Detector{
			Traits: Traits{Scoped: yes("https://dev.mysql.com/doc/refman/8.4/en/privilege-system.html"), RotateAPI: yes("https://dev.mysql.com/doc/refman/8.4/en/alter-user.html"), Overlap: yes("https://dev.mysql.com/doc/refman/8.4/en/password-management.html"), Restricted: yes("https://dev.mysql.com/doc/refman/8.4/en/account-names.html")},
			Rotate: "ALTER USER {ident} IDENTIFIED BY 'NEW' RETAIN CURRENT PASSWORD, update every consumer, then DISCARD OLD PASSWORD",
			Revoke: "ALTER USER {ident} ACCOUNT LOCK", Docs: "https://dev.mysql.com/doc/refman/8.4/en/connecting-using-uri-or-key-value-pairs.html",
		}),
		urlRow("mongodb-url", "mongodb", "MongoDB URL with a password", []string{"mongodb", "mongodb+srv"}, Detector{
			Traits: Traits{Scoped: yes("https://www.mongodb.com/docs/manual/core/authorization/"), RotateAPI: yes("https://www.mongodb.com/docs/manual/reference/method/db.changeUserPassword/")},
			Rotate: "make a second user, move every consumer, then drop the first: db.createUser, db.dropUser",
			Revoke: "db.changeUserPassword('{ident}', NEW)", Docs: "https://www.mongodb.com/docs/manual/reference/connection-string/", Format: "https://www.mongodb.com/docs/manual/reference/connection-string/",
		}),
		urlRow("redis-url", "redis", "Redis URL with a password", []string{"redis", "rediss", "valkey", "valkeys"}, Detector{
			Traits: Traits{Scoped: yes("https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/"), Overlap: yes("https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/"), RotateAPI: yes("https://redis.io/docs/latest/commands/acl-setuser/")},
			Rotate: "ACL SETUSER {ident} >NEW, update every consumer, then ACL SETUSER {ident} <OLD",
			Revoke: "ACL SETUSER {ident} off", Docs: "https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/",
		}),
		urlRow("amqp-url", "rabbitmq", "AMQP URL with a password", []string{"amqp", "amqps", "rabbitmq"}, Detector{
			Traits: Traits{Scoped: yes("https://www.rabbitmq.com/docs/access-control"), RotateAPI: yes("https://www.rabbitmq.com/docs/access-control")},
			Rotate: "rabbitmqctl change_password {ident}", Revoke: "rabbitmqctl clear_password {ident}",
			Docs: "https://www.rabbitmq.com/docs/uri-spec", Format: "https://www.rabbitmq.com/docs/uri-spec",
		}),
		urlRow("smtp-url", "", "mail server URL with a password", []string{"smtp", "smtps", "imap", "imaps", "pop3", "pop3s", "submission"}, Detector{
			Rotate: "change the mailbox's or relay user's password", Revoke: "disable the mailbox or relay user",
		}),
		urlRow("ftp-url", "", "file transfer URL with a password", []string{"ftp", "ftps", "sftp", "scp", "smb", "cifs", "webdav", "webdavs"}, Detector{
			Severity: finding.SevMedium, Rotate: "change the account's password", Revoke: "disable the account",
		}),
		urlRow("ldap-url", "", "LDAP URL with a password", []string{"ldap", "ldaps"}, Detector{
			Rotate: "change the bind user's password", Revoke: "disable the bind user",
		}),
		{
			ID: "database-url", Title: "URL of another scheme with a password",
			Structures: []Structure{{Anchors: schemeEnds(), Reach: Local(1024), Parse: parseOtherURL, Read: readURL}},
			Facts:      urlFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte("clickhouse://app" + string(draw(r, Lower, 4)) + ":" + string(draw(r, Base62, 20)) + "@db" + string(draw(r, Digits, 2)) + ".internal.test/shop")
			},
			Rotate: "change the user's password and update every consumer", Revoke: "lock the user",
			Docs: rfcURI, Format: rfcURI,
		},
		{
			ID: "mysql-dsn", Provider: "mysql", Title: "MySQL data source name with a password",
			Structures: []Structure{{Anchors: []string{"@tcp(", "@unix("}, Reach: Local(512), Parse: parseDSN}},
			Facts:      urlFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte("app" + string(draw(r, Lower, 4)) + ":" + string(draw(r, Base62, 20)) + "@tcp(db" + string(draw(r, Digits, 2)) + ".internal.test:3306)/shop")
			},
			Traits: Traits{Scoped: yes("https://dev.mysql.com/doc/refman/8.4/en/privilege-system.html"), RotateAPI: yes("https://dev.mysql.com/doc/refman/8.4/en/alter-user.html"), Overlap: yes("https://dev.mysql.com/doc/refman/8.4/en/password-management.html"), Restricted: yes("https://dev.mysql.com/doc/refman/8.4/en/account-names.html")},
			Rotate: "ALTER USER {ident} IDENTIFIED BY 'NEW' RETAIN CURRENT PASSWORD, update every consumer, then DISCARD OLD PASSWORD",
			Revoke: "ALTER USER {ident} ACCOUNT LOCK", Docs: "https://github.com/go-sql-driver/mysql#dsn-data-source-name", Format: "https://github.com/go-sql-driver/mysql#dsn-data-source-name",
		},
		urlRow("basic-auth-url", "", "URL with a user and password", []string{"https", "http", "git", "ws", "wss", "svn", "hg", "git+https", "git+ssh"}, Detector{
			Severity: finding.SevMedium,
			Rotate:   "change the account's password, and keep it out of URLs", Revoke: "disable the account", Format: rfcURI,
		}),
		{
			ID: "git-credentials", Title: "stored git credential",
			Structures: []Structure{{Anchors: []string{"https://", "http://"}, Reach: Local(1024), Parse: parseURL, Read: readURL}},
			Paths:      []string{"**/.git-credentials", "**/git/credentials", ".git-credentials"},
			Facts:      urlFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte("https://robot:" + string(draw(r, Base62, 24)) + "@git.internal.test")
			},
			Rotate: "make a new token at the host, and use a credential helper that encrypts",
			Revoke: "revoke the token at the host",
			Docs:   "https://git-scm.com/docs/git-credential-store", Format: "https://git-scm.com/docs/git-credential-store",
		},
		{
			ID: "jdbc-url", Title: "JDBC URL with a password",
			Structures: []Structure{{Anchors: []string{"jdbc:"}, Reach: Local(1024), Parse: parseJDBC}},
			Facts:      urlFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte("jdbc:postgresql://db" + string(draw(r, Digits, 2)) + ".internal.test:5432/shop?user=app" + string(draw(r, Lower, 3)) + "&password=" + string(draw(r, Base62, 18)))
			},
			Rotate: "change the user's password and update every consumer", Revoke: "lock the user",
			Docs: "https://jdbc.postgresql.org/documentation/use/", Format: "https://jdbc.postgresql.org/documentation/use/",
		},
		{
			ID: "sql-connection-string", Title: "database connection string with a password",
			Structures: []Structure{{
				Anchors: []string{"Password=", "password=", "PASSWORD=", "Pwd=", "pwd=", "PWD=", "Password =", "password ="}, Reach: Local(1024), Parse: parseADO,
			}},
			Facts: urlFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte("Server=tcp:db" + string(draw(r, Digits, 2)) + ".internal.test,1433;Database=shop;User ID=app" + string(draw(r, Lower, 3)) + ";Password=" + string(draw(r, Base62, 18)) + ";Encrypt=True")
			},
			Rotate: "ALTER LOGIN {ident} WITH PASSWORD = 'NEW', and update every consumer",
			Revoke: "ALTER LOGIN {ident} DISABLE",
			Docs:   "https://learn.microsoft.com/en-us/dotnet/framework/data/adonet/connection-string-syntax", Format: "https://learn.microsoft.com/en-us/dotnet/framework/data/adonet/connection-string-syntax",
		},
		{
			ID: "libpq-connection-string", Provider: "postgresql", Title: "libpq connection string with a password",
			Structures: []Structure{{Anchors: []string{"password="}, Reach: Local(512), Parse: parseLibpq}},
			Facts:      urlFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte("host=db" + string(draw(r, Digits, 2)) + ".internal.test port=5432 user=app" + string(draw(r, Lower, 3)) + " password=" + string(draw(r, Base62, 18)) + " dbname=shop")
			},
			Rotate: role, Revoke: "ALTER ROLE {ident} NOLOGIN",
			Docs: "https://www.postgresql.org/docs/current/libpq-connect.html", Format: "https://www.postgresql.org/docs/current/libpq-connect.html",
		},
	}
}

// ownSchemes are those that have a row.
var ownSchemes = func() map[string]bool {
	m := map[string]bool{}
	for s := range strings.FieldsSeq("postgres postgresql pgsql postgis cockroachdb redshift mysql mysql2 mariadb mysqlx mongodb redis rediss valkey valkeys amqp amqps rabbitmq " +
		"smtp smtps imap imaps pop3 pop3s submission ftp ftps sftp scp smb cifs webdav webdavs ldap ldaps https http git ws wss svn hg cloudinary") {
		m[s] = true
	}
	return m
}()

// schemeEnds are the last byte of a scheme and what follows it: four bytes, so that the prefilter's main path finds them.
func schemeEnds() []string {
	var out []string
	for _, c := range "abcdefghijklmnopqrstuvwxyz0123456789" {
		out = append(out, string(c)+"://")
	}
	return out
}

func parseOtherURL(b []byte, at int) []Found {
	start := at
	for start > 0 && start > at-schemeBack && schemeBytes.Has(b[start-1]) {
		start--
	}
	var lower [schemeBack + 1]byte
	scheme := lower[:0]
	for _, c := range b[start : at+1] {
		if c == '+' {
			break
		}
		if c-'A' < 26 {
			c |= 0x20
		}
		scheme = append(scheme, c)
	}
	if ownSchemes[string(scheme)] || len(scheme) < 2 {
		return nil
	}
	return parseURL(b, start)
}

// What schemes and hosts are spelt with; a scheme may stand within another, as in jdbc:postgresql.
var (
	schemeBytes  = Of("a-zA-Z0-9+.-")
	schemesBytes = Of("a-zA-Z0-9+.:-")
	hostBytes    = Of("a-zA-Z0-9._:[]-")
	hostFirst    = Of("a-zA-Z0-9[")
)

// urlBytes are those of a URL, with what people write into passwords although it belongs escaped, and authorityBytes what of them
// is read up to a URL's path.
var (
	urlBytes       = Of("!#-&(-;=?-[]_a-~^")
	authorityBytes = Of("!$-&(-;=@-[]_a-~^")
)

// Bytes of a URL that are read.
const (
	schemeBack  = 24   // from a scheme's last byte to its start
	schemeAhead = 40   // from a scheme's start to the end of what separates it
	authority   = 1000 // behind that
)

// authorityOf is how many bytes at i, authority at most, may belong to what stands before the path of a URL.
func authorityOf(b []byte, i int) int {
	for n, c := range b[i:min(len(b), i+authority)] {
		if !authorityTable[c] {
			return n
		}
	}
	return min(len(b)-i, authority)
}

var authorityTable = authorityBytes.Table()

// readURL is what parseURL and parseOtherURL read of a URL without a password.
func readURL(b []byte, at int) (from, to int) {
	from, to = at-schemeBack-1, at+schemeAhead
	if i := bytes.Index(b[at:min(len(b), to)], []byte("://")); i >= 0 {
		to = at + i + len("://") + authority
		end := at + i + len("://")
		if n := authorityOf(b, end); end+n < min(len(b), to) {
			return from, end + n + 1
		}
	}
	return from, to
}

// parseURL reads SCHEME://user:password@host. What follows is no part of the secret, so it does not belong to the finding.
func parseURL(b []byte, at int) []Found {
	if at > 0 && (Letters.Has(b[at-1]) || Digits.Has(b[at-1])) {
		return nil
	}
	i := bytes.Index(b[at:min(len(b), at+schemeAhead)], []byte("://"))
	if i < 0 || !all(b[at:at+i], schemesBytes) {
		return nil
	}
	from := at + i + 3
	end := from + authorityOf(b, from)
	// A password may hold an @, or a slash where nobody escaped it: the last @ before a host decides.
	auth := b[from:end]
	if slash := bytes.IndexByte(auth, '/'); slash >= 0 && bytes.IndexByte(auth[:slash], '@') >= 0 {
		auth = auth[:slash]
	}
	cut := bytes.LastIndexByte(auth, '@')
	if cut < 0 {
		return nil
	}
	user, pass, ok := bytes.Cut(auth[:cut], []byte(":"))
	host := auth[cut+1:]
	if tokenAsUser(b[at:at+i], user, pass) {
		pass, user, ok = user, nil, true
	}
	if n := bytes.IndexAny(host, "/,;)]}&"); n >= 0 {
		host = host[:n]
	}
	if slash := bytes.IndexByte(pass, '/'); slash > 0 && all(pass[:slash], Digits) {
		return nil // host:port/@path
	}
	if !ok || placeholder(pass) || len(host) < 2 || bytes.IndexByte(user, '/') >= 0 || bytes.IndexByte(user, '@') >= 0 && bytes.IndexByte(pass, '/') >= 0 || !hostLike(host) && !template(host) {
		return nil
	}
	f := Found{Start: at, End: from + cut + 1 + len(host)}
	p := from
	if len(user) > 0 || b[from] == ':' {
		p += len(user) + 1
	}
	f.Parts = []FoundPart{{finding.RoleSecret, p, p + len(pass)}}
	if len(user) > 0 {
		f.Parts = append(f.Parts, FoundPart{finding.RoleUser, from, from + len(user)})
	}
	if h := from + cut + 1; !template(host) {
		f.Parts = append(f.Parts, FoundPart{finding.RoleHost, h, h + len(host)})
	}
	return []Found{f}
}

// parseDSN reads user:password@tcp(host:port)/database, as Go's driver of MySQL takes it.
func parseDSN(b []byte, at int) []Found {
	const most = 256
	from := at
	for from > 0 && at-from < most && authorityBytes.Has(b[from-1]) && b[from-1] != '/' {
		from--
	}
	user, pass, ok := bytes.Cut(b[from:at], []byte(":"))
	open := at + bytes.IndexByte(b[at:], '(')
	n := bytes.IndexByte(b[open:min(len(b), open+most)], ')')
	if !ok || at-from == most || len(user) == 0 || placeholder(pass) || n < 1 || from > 1 && b[from-1] == '/' {
		return nil
	}
	p := from + len(user) + 1
	f := Found{Start: from, End: open + n + 1, Parts: []FoundPart{{finding.RoleSecret, p, at}, {finding.RoleUser, from, from + len(user)}}}
	if host := b[open+1 : open+n]; len(host) > 0 && hostLike(host) {
		f.Parts = append(f.Parts, FoundPart{finding.RoleHost, open + 1, open + n})
	}
	return []Found{f}
}

// tokenAsUser reports whether a token stands where the user does, as git hosts take it: https://TOKEN@host, TOKEN:x-oauth-basic@.
func tokenAsUser(scheme, user, pass []byte) bool {
	const least = 20
	if len(pass) > 0 && string(pass) != "x-oauth-basic" || !bytes.HasSuffix(scheme, []byte("http")) && !bytes.HasSuffix(scheme, []byte("https")) {
		return false
	}
	return len(user) >= least && all(user, WordBytes.Or(Of("-"))) && !all(user, Letters.Or(Of("_-"))) && Entropy(user) >= 3 && !placeholder(user)
}

// template reports whether a host is filled in later: the password before it may stand in clear all the same.
func template(h []byte) bool {
	for _, p := range []string{"%s", "%v", "${", "{", "$"} {
		if bytes.HasPrefix(h, []byte(p)) {
			return true
		}
	}
	return false
}

func hostLike(h []byte) bool {
	return all(h, hostBytes) && hostFirst.Has(h[0])
}

func urlFacts(m Match) []finding.Fact {
	user, err := url.PathUnescape(string(m.User))
	if err != nil {
		user = string(m.User)
	}
	host := string(m.Host)
	if i := strings.LastIndexByte(host, ':'); i > 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	return facts(fact("user", user), fact("host", host))
}

// parseJDBC reads jdbc:…?user=…&password=… and the semicolon form.
func parseJDBC(b []byte, at int) []Found {
	end := at
	for end < len(b) && end < at+1000 && urlBytes.Has(b[end]) {
		end++
	}
	run := b[at:end]
	f := Found{Start: at, End: end}
	field := func(role finding.Role, names ...string) {
		for _, n := range names {
			i := bytes.Index(bytes.ToLower(run), []byte(n+"="))
			if i < 1 || !strings.ContainsRune("?&;:(/", rune(run[i-1])) {
				continue
			}
			v := i + len(n) + 1
			l := bytes.IndexAny(run[v:], "&;)")
			if l < 0 {
				l = len(run) - v
			}
			if l > 0 {
				f.Parts = append(f.Parts, FoundPart{role, at + v, at + v + l})
			}
			return
		}
	}
	field(finding.RoleSecret, "password", "pwd", "passwd")
	if thin := []byte("jdbc:oracle:thin:"); len(f.Parts) == 0 && bytes.HasPrefix(bytes.ToLower(run), thin) { // USER/PASSWORD@HOST
		i := len(thin)
		u, p := bytes.IndexByte(run[i:], '/'), bytes.IndexByte(run[i:], '@')
		if u < 1 || p < u+2 {
			return nil
		}
		f.Parts = append(f.Parts, FoundPart{finding.RoleSecret, at + i + u + 1, at + i + p}, FoundPart{finding.RoleUser, at + i, at + i + u})
	}
	if len(f.Parts) == 0 || placeholder(b[f.Parts[0].Start:f.Parts[0].End]) {
		return nil
	}
	field(finding.RoleUser, "user", "username", "uid")
	if i := bytes.Index(run, []byte("://")); i > 0 {
		h := i + 3
		if l := bytes.IndexAny(run[h:], "/;?:"); l > 0 {
			f.Parts = append(f.Parts, FoundPart{finding.RoleHost, at + h, at + h + l})
		}
	}
	return []Found{f}
}

// parseADO reads semicolon-separated name=value lists that name a server or a user beside the password.
func parseADO(b []byte, at int) []Found {
	inside := func(c byte) bool { return c >= ' ' && c < 0x7f && c != '"' && c != '`' && c != '<' && c != '>' }
	start, end := at, at
	for start > 0 && start > at-1000 && inside(b[start-1]) {
		start--
	}
	for end < len(b) && end < at+1000 && inside(b[end]) {
		end++
	}
	f := Found{Start: -1, End: end}
	known := 0
	for pos := start; pos < end; {
		stop := bytes.IndexByte(b[pos:end], ';')
		if stop < 0 {
			stop = end - pos
		}
		item := b[pos : pos+stop]
		key, value, ok := bytes.Cut(item, []byte("="))
		if ok {
			// A variable or an opening quote may stand before the first name.
			name := strings.ToLower(strings.TrimSpace(string(key)))
			vFrom := pos + len(key) + 1
			if inner, v, more := bytes.Cut(value, []byte("=")); more && f.Start < 0 {
				if t := strings.ToLower(strings.Trim(string(inner), " '\"")); t != "" && len(t) < 30 {
					name, value = t, v
					vFrom += len(inner) + 1
				}
			}
			if i := strings.LastIndexAny(name, "'(:"); i >= 0 {
				name = name[i+1:]
			}
			lead := len(value) - len(bytes.TrimLeft(value, " '"))
			v := bytes.Trim(value, " '")
			if i := bytes.IndexByte(v, '\''); i >= 0 {
				v = v[:i]
			}
			p := FoundPart{Start: vFrom + lead, End: vFrom + lead + len(v)}
			switch strings.ReplaceAll(strings.TrimSpace(name), " ", "") {
			case "password", "pwd":
				p.Role = finding.RoleSecret
			case "userid", "uid", "user", "username":
				p.Role = finding.RoleUser
				known++
			case "server", "datasource", "host", "address", "addr", "networkaddress":
				p.Role = finding.RoleHost
				known++
			case "database", "initialcatalog", "port", "driver", "provider", "integratedsecurity", "encrypt":
				known++
			}
			if p.Role != "" || known > 0 {
				if f.Start < 0 {
					f.Start = pos
				}
			}
			if p.Role != "" && p.End > p.Start {
				f.Parts = append(f.Parts, p)
			}
		}
		pos += stop + 1
	}
	secret := -1
	for i, p := range f.Parts {
		if p.Role == finding.RoleSecret {
			secret = i
		}
	}
	if secret < 0 || known < 2 || placeholder(b[f.Parts[secret].Start:f.Parts[secret].End]) {
		return nil
	}
	f.Parts[0], f.Parts[secret] = f.Parts[secret], f.Parts[0]
	return []Found{f}
}

// parseLibpq reads "host=… user=… password=…", separated by spaces.
func parseLibpq(b []byte, at int) []Found {
	if at > 0 && b[at-1] != ' ' && b[at-1] != '"' && b[at-1] != '\'' {
		return nil
	}
	inside := func(c byte) bool { return c >= ' ' && c < 0x7f && c != '"' && c != '`' && c != ';' }
	start, end := at, at
	for start > 0 && start > at-500 && inside(b[start-1]) {
		start--
	}
	for end < len(b) && end < at+500 && inside(b[end]) {
		end++
	}
	f := Found{Start: start, End: end}
	known := 0
	for pos := start; pos < end; {
		stop := bytes.IndexByte(b[pos:end], ' ')
		if stop < 0 {
			stop = end - pos
		}
		key, value, ok := bytes.Cut(b[pos:pos+stop], []byte("="))
		from := pos + len(key) + 1
		if ok {
			if i := bytes.LastIndexByte(value, '='); i >= 0 { // DSN=host=x
				key, value, from = value[:i], value[i+1:], from+i+1
			}
			value = bytes.Trim(value, "'")
			switch strings.Trim(string(key), "'(") {
			case "password":
				if pos <= at && at < pos+stop {
					f.Parts = append([]FoundPart{{finding.RoleSecret, from, from + len(value)}}, f.Parts...)
				}
			case "user":
				known++
				f.Parts = append(f.Parts, FoundPart{finding.RoleUser, from, from + len(value)})
			case "host", "hostaddr":
				known++
				f.Parts = append(f.Parts, FoundPart{finding.RoleHost, from, from + len(value)})
			case "dbname", "port", "sslmode":
				known++
			}
		}
		pos += stop + 1
	}
	if known < 2 || len(f.Parts) == 0 || f.Parts[0].Role != finding.RoleSecret || placeholder(b[f.Parts[0].Start:f.Parts[0].End]) {
		return nil
	}
	return []Found{f}
}
