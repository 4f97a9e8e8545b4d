package detectors

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"

	"sprawl/finding"
)

const (
	visibleInfo = "https://cwe.mitre.org/data/definitions/214.html" // what stands on a command line, every process can read
	mysqlGuide  = "https://dev.mysql.com/doc/refman/8.4/en/password-security-user.html"
)

// program is a command that takes a password from its command line, or from what is piped to it.
//
// Options are listed as "-p" where the password is the next word, "-p+" where it follows without a blank, "-p*" for both; of a
// name of one letter behind one hyphen, or without any, letters count with their case.
type program struct {
	name string // as its anchor has it: lower case; with a blank and what follows, a verb
	more bool   // longer names count too: mysql for mysqldump
	verb string // how one of the words must begin; of two letters, "-b", an option among others: -nbB

	pass, user, host string // options
	pair             string // options of which the argument is user and password
	between          byte   // what stands between the two, here or where the password is looked for otherwise
	until            byte   // what ends the password: user/password@database

	site    bool // the last word, if it is no option's argument, is the host
	operand int  // which of the words that are no option is the password, from 1 or, from the end, -1
	named   int  // which is the user, likewise; 0 for none
	piped   bool // what is piped to it is the password
	spelt   bool // a word of letters is a password there, too

	kind string // other than command-line-password
}

var programs = []program{
	{name: "sshpass", pass: "-p*"},
	{name: "mysql", more: true, pass: "-p+", user: "-u*", host: "-h*"},
	{name: "mariadb", more: true, pass: "-p+", user: "-u*", host: "-h*"},
	{name: "mongo", more: true, pass: "-p*", user: "-u*", host: "-h* --host"},
	{name: "redis-cli", pass: "-a*", user: "--user", host: "-h*"},
	{name: "sqlcmd", pass: "-P*", user: "-U*", host: "-S*"},
	{name: "osql", pass: "-P*", user: "-U*", host: "-S*"},
	{name: "isql", pass: "-P*", user: "-U*", host: "-S*"},
	{name: "bcp", pass: "-P*", user: "-U*", host: "-S*"},
	{name: "schtasks", pass: "/rp", user: "/ru"},
	{name: "mc alias set", operand: 4, named: 3},
	{name: "ldapsearch", pass: "-w*", user: "-D*", host: "-H* -h*"},
	{name: "ldapmodify", pass: "-w*", user: "-D*", host: "-H* -h*"},
	{name: "ldapadd", pass: "-w*", user: "-D*", host: "-H* -h*"},
	{name: "ldapdelete", pass: "-w*", user: "-D*", host: "-H* -h*"},
	{name: "ldapwhoami", pass: "-w*", user: "-D*", host: "-H* -h*"},
	{name: "ldappasswd", pass: "-w* -s*", user: "-D*", host: "-H* -h*"},
	{name: "slappasswd", pass: "-s"},
	{name: "etcdctl", pair: "--user", between: ':'},
	{name: "http -", pair: "-a* --auth", between: ':'}, // HTTPie
	{name: "cqlsh", pass: "-p*", user: "-u*"},
	{name: "rabbitmqadmin", pass: "-p*", user: "-u*"},
	{name: "youtube-dl", pass: "-p*", user: "-u*"},
	{name: "yt-dlp", pass: "-p*", user: "-u*"},
	{name: "usermod", pass: "-p"},
	{name: "useradd", pass: "-p"},
	{name: "mkpasswd", operand: -1},
	{name: "wpa_passphrase", operand: 2, named: 1},
	{name: "mosquitto_passwd", verb: "-b", operand: -1},
	{name: "winrs", pass: "-p:+ /p:+ -password:+ /password:+", user: "-u:+ /u:+", host: "-r:+ /r:+"},
	{name: "netdom", pass: "/passwordd:+ /passwordo:+ /pd:+ /po:+", user: "/userd:+ /usero:+"},
	{name: "certutil", pass: "-p"},
	{name: "racadm", pass: "-p", user: "-u", host: "-r"},
	{name: "unrar", pass: "-p+"},
	{name: "rar a", pass: "-hp+ -p+"},
	{name: "qpdf --encrypt", operand: 1},
	{name: "smbmap", pass: "-p", user: "-u", host: "-H"},
	{name: "crackmapexec", pass: "-p", user: "-u"},
	{name: "netexec", pass: "-p", user: "-u"},
	{name: "evil-winrm", pass: "-p", user: "-u", host: "-i"},
	{name: "impacket-", more: true, operand: 1, between: ':', until: '@'},
	{name: "sshfs", piped: true},
	{name: "net rpc", pair: "-U*", between: '%'},
	{name: "net ads", pair: "-U*", between: '%'},
	{name: "smbclient", pair: "-U*", between: '%'},
	{name: "rpcclient", pair: "-U*", between: '%'},
	{name: "winexe", pair: "-U*", between: '%'},
	{name: "ncftp", more: true, pass: "-p*", user: "-u*"},
	{name: "sp_addlogin", operand: 2, named: 1},
	{name: "sp_addlinkedsrvlogin", operand: 5, named: 4},
	{name: "set-initial-password", operand: 1}, // neo4j-admin
	{name: "-setcookie", operand: 1},           // erl
	{name: "rocommunity", operand: 1},
	{name: "rwcommunity", operand: 1},
	{name: "lftp", pair: "-u*", between: ','},
	{name: "zip -", pass: "-P*"},
	{name: "unzip", pass: "-P*"},
	{name: "7z a", pass: "-p+"},
	{name: "7z x", pass: "-p+"},
	{name: "openssl passwd", operand: -1},
	{name: "openssl passwd", verb: "-stdin", piped: true},
	{name: "openssl", pass: "-k"},
	{name: "ssh-keygen", pass: "-N* -P*"},
	{name: "vault login", operand: 1},
	{name: "htpasswd", verb: "-b", operand: -1},
	{name: "net user", verb: "/add", operand: 2, named: 1},
	{name: "net use", verb: "/user:", operand: -1, user: "/user:+"},
	{name: "rabbitmqctl", verb: "add_user", operand: 3, named: 2},
	{name: "rabbitmqctl", verb: "change_password", operand: 3, named: 2},
	{name: "mosquitto_", more: true, pass: "-P*", user: "-u*", host: "-h*"},
	{name: "ipmitool", pass: "-P*", user: "-U*", host: "-H*"},
	{name: "snmpwalk", pass: "-c* -A* -X*"},
	{name: "snmpget", pass: "-c* -A* -X*"},
	{name: "snmpset", pass: "-c* -A* -X*"},
	{name: "xfreerdp", pass: "/p:+", user: "/u:+", host: "/v:+"},
	{name: "rdesktop", pass: "-p*", user: "-u*"},
	{name: "signtool", pass: "/p"},
	{name: "plink", pass: "-pw", user: "-l", spelt: true},
	{name: "pscp", pass: "-pw", user: "-l", spelt: true},
	{name: "psftp", pass: "-pw", user: "-l", spelt: true},
	{name: "psexec", pass: "-p", user: "-u", spelt: true, kind: "psexec-password"},
	{name: "sqlplus", operand: 1, between: '/', until: '@'},
	{name: "expdp", operand: 1, between: '/', until: '@'},
	{name: "impdp", operand: 1, between: '/', until: '@'},
	{name: "snmp-server community", operand: 1},
	{name: "nmcli", pass: "password wifi-sec.psk 802-11-wireless-security.psk"},
	{name: "twine", pass: "-p", user: "-u"},
	{name: "login", pass: "-p*", user: "-u* --username", site: true}, // docker, podman, helm registry, oras, az, cf, oc
	{name: "gh secret set", pass: "-b* --body"},
	{name: "composer config", verb: "http-basic", operand: 3, named: 2},
	{name: "composer config", verb: "github-oauth", operand: 2},
	{name: "composer config", verb: "gitlab-", operand: 2},
	{name: "composer config", verb: "bearer", operand: 2},
	{name: "poetry config", verb: "http-basic", operand: 3, named: 2},
	{name: "poetry config", verb: "pypi-token", operand: 2},
	{name: "cargo login", operand: 1},
	{name: "nuget add source", pass: "-p --password", user: "-u --username"},
	{name: "security import", pass: "-P"},
	{name: "security unlock-keychain", pass: "-p"},
	{name: "security create-keychain", pass: "-p"},
	{name: "set-key-partition-list", pass: "-k"},
	{name: "altool", pass: "-p --password", user: "-u --username"},
	{name: "doctl auth init", pass: "-t --access-token"},
	{name: "codecov", pass: "-t"},
	{name: "nuget setapikey", operand: 1},
	{name: "nuget push", pass: "-k"},
	{name: "chpasswd", piped: true, between: ':'},
	{name: "sudo -s", piped: true},
	{name: "passwd --stdin", piped: true},
	{name: "--password-stdin", piped: true, user: "-u* --username", site: true},
	{name: "--passphrase-fd", piped: true},
	{name: "--with-token", piped: true},
	{name: "cryptsetup", piped: true},
	{name: "kinit", piped: true},
	{name: "vncpasswd", piped: true},
	{name: "convertto-securestring", verb: "-asp", pass: "-string", operand: 1, piped: true, kind: "powershell-secure-string"},
}

// programsBy are the programs by the first byte of their names, as |0x20 makes it of either case.
var programsBy = func() (by [256][]*program) {
	for i := range programs {
		p := &programs[i]
		by[p.name[0]|0x20] = append(by[p.name[0]|0x20], p)
	}
	return by
}()

func commands() []Detector {
	return []Detector{
		{
			ID: "command-line-password", Title: "password on a command line",
			Structures: []Structure{commandsOf(""), {Anchors: []string{`\r"`}, Reach: Local(maxLine), Parse: parseExpect}},
			Facts:      urlFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte("mysqldump -h db.internal.test -u robot -p" + string(draw(r, Base62, 18)) + " shop")
			},
			Rotate: "change the account's password, and hand it over by a file, a prompt or the environment: a command line stands in the list of processes and in the shell's history",
			Revoke: "disable the account",
			Docs:   visibleInfo, Format: mysqlGuide,
		},
		{
			ID: "powershell-secure-string", Title: "password written down for ConvertTo-SecureString",
			Structures: []Structure{commandsOf("powershell-secure-string")},
			Sample: func(r *rand.Rand) []byte {
				return []byte("ConvertTo-SecureString '" + string(draw(r, Base62, 16)) + "' -AsPlainText -Force")
			},
			Rotate: "change the account's password, and read it by Get-Credential, Get-Secret or a managed identity", Revoke: "disable the account",
			Docs: secureStringPage, Format: secureStringPage,
		},
		{
			ID: "psexec-password", Provider: "psexec", Title: "password on a PsExec command line",
			Structures: []Structure{commandsOf("psexec-password")},
			Facts:      urlFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte(`psexec \\host01 -u shop\robot -p ` + string(draw(r, Base62, 14)) + ` cmd`)
			},
			Rotate: "change the account's password", Revoke: "disable the account",
			Docs: "https://learn.microsoft.com/en-us/sysinternals/downloads/psexec", Format: "https://learn.microsoft.com/en-us/sysinternals/downloads/psexec",
		},
	}
}

const secureStringPage = "https://learn.microsoft.com/en-us/powershell/module/microsoft.powershell.security/convertto-securestring"

// maxLine is how much of a command line is read, to each side of the program's name.
const maxLine = 512

func commandsOf(kind string) Structure {
	var names []string
	for _, p := range programs {
		if p.kind == kind && !slices.Contains(names, p.name) {
			names = append(names, p.name)
		}
	}
	return Structure{Anchors: names, Fold: true, Reach: Local(2 * maxLine),
		Parse: func(b []byte, at int) []Found {
			if f, _, _ := commandAt(b, at); f.End > 0 {
				return []Found{f}
			}
			return nil
		},
		Read: func(b []byte, at int) (from, to int) { _, from, to = commandAt(b, at); return from, to },
	}
}

// commandAt reads the command whose name begins at at, and says from where to where it read. Where there is no password in it,
// what it found is empty.
func commandAt(b []byte, at int) (f Found, from, to int) {
	from, to = at-1, at
	if at > 0 && (WordBytes.Has(b[at-1]) || strings.IndexByte("-.$@", b[at-1]) >= 0) {
		return f, from, to + 1
	}
	l := commandLine{inner: at > 0 && b[at-1] == '('}
	limit := min(len(b), at+maxLine)
	for _, p := range programsBy[b[at]|0x20] {
		n := len(p.name)
		if at+n > len(b) || !strings.EqualFold(string(b[at:at+n]), p.name) {
			to = max(to, at+n+1)
			continue
		}
		args, ok := p.arguments(b, at, limit)
		if to = max(to, args+2); !ok {
			continue
		}
		if l.end == 0 {
			l.read(b, args, limit)
			to = max(to, l.end+4)
		}
		if p.verb != "" && !l.holds(p.verb) {
			continue
		}
		s, back, pipe := p.password(&l, at)
		if from = min(from, back-1); s.end > s.start && (typed(b[s.start:s.end]) || p.spelt && spelt(b[s.start:s.end])) {
			if pipe > 0 {
				l.read(b, pipe+1, limit) // options stand before the one that says so, too
			}
			return p.found(&l, at, s), from, to
		}
	}
	return f, from, to
}

// arguments returns where the arguments of a program begin whose name begins at at, if it is one that is run.
func (p *program) arguments(b []byte, at, limit int) (i int, ok bool) {
	if p.name == "login" && (at == 0 || b[at-1] != ' ') {
		return at, false // a verb: docker login
	}
	i = at + len(p.name)
	if b[i-1] == '-' && p.name[0] != '-' {
		i--
	}
	for p.more && i < limit && (Letters.Has(b[i]) || b[i] == '-' && i+1 < limit && Letters.Has(b[i+1])) {
		i++
	}
	if i+4 <= limit && strings.EqualFold(string(b[i:i+4]), ".exe") {
		i += 4
	}
	if i >= limit {
		return i, p.piped
	}
	switch c := b[i]; {
	case c <= ' ', c == '-' && p.name[len(p.name)-1] == '-':
		return i, true
	case c == '"' || c == '\'':
		if i+1 < limit && b[i+1] == ',' { // ["mysql", "-pX"]
			return i + 2, true
		}
		return i + 1, p.piped || i+1 < limit && b[i+1] == ' ' // "C:\tools\plink" -pw X
	}
	return i, p.piped
}

// commandLine is a command's arguments as a shell tells them apart.
type commandLine struct {
	b     []byte
	words [48]argument
	n     int
	end   int      // of what was read
	inner bool     // it stands in brackets: $(openssl passwd X)
	here  argument // what is fed to it: <<< X
}

// argument is a word of a command line: where it stands, quotes included.
type argument struct{ start, end int }

// read cuts the line that goes on at i into words, up to the end of the command.
func (l *commandLine) read(b []byte, i, limit int) {
	l.b, l.n = b, 0
	for l.n < len(l.words) {
		var more bool
		if i, more = l.gap(i, limit); !more {
			break
		}
		if i+3 < limit && string(b[i:i+3]) == "<<<" {
			if j, more := l.gap(i+3, limit); more {
				l.here = argument{j, l.word(j, limit)}
				i = l.here.end
			}
			break
		}
		j := l.word(i, limit)
		if j == i {
			break
		}
		l.words[l.n] = argument{i, j}
		l.n++
		i = j
	}
	l.end = i
}

// gap passes over what stands between two words, and says whether one follows.
func (l *commandLine) gap(i, limit int) (next int, more bool) {
	b := l.b
	for i < limit {
		switch c := b[i]; {
		case c == ' ' || c == '\t' || c == '\r' || c == ',':
			i++
		case (c == '\\' || c == '`' || c == '^') && i+1 < limit && (b[i+1] == '\n' || b[i+1] == '\r'): // the line goes on
			for i++; i < limit && (b[i] == '\n' || b[i] == '\r'); i++ {
			}
		case c == '\n' || c == '|' || c == ';' || c == '&' || c == ')' || c == ']' || c == '`' || c == '>' || c == '<' && (i+2 >= limit || b[i+1] != '<'):
			return i, false
		default:
			return i, true
		}
	}
	return i, false
}

// word returns the end of the word at i; i itself where the quote of a string ends that holds the command.
func (l *commandLine) word(i, limit int) int {
	b := l.b
	for i < limit {
		switch c := b[i]; {
		case c <= ' ' || c == '|' || c == ';' || c == '`' || c == '&' && (i+1 >= limit || b[i+1] <= ' ' || b[i+1] == '&'):
			return i
		case (c == ',' || c == ')' || c == ']') && i > 0 && isQuoteByte(b[i-1]), c == ')' && l.inner:
			return i
		case isQuoteByte(c), c == '\\' && i+1 < limit && isQuoteByte(b[i+1]):
			j := l.quoted(i, limit)
			if j < 0 {
				return i
			}
			i = j
		default:
			i++
		}
	}
	return i
}

func isQuoteByte(c byte) bool { return c == '"' || c == '\'' }

// quoted returns the end of the quoted text at i, or -1 where that is the end of another.
func (l *commandLine) quoted(i, limit int) int {
	b, open := l.b, 1
	if b[i] == '\\' {
		open = 2
	}
	q := b[i : i+open]
	if i += open; i >= limit || strings.IndexByte(" \t\r\n,)];", b[i]) >= 0 {
		return -1
	}
	for ; i+open <= limit && b[i] != '\n'; i++ {
		if bytes.HasPrefix(b[i:], q) {
			return i + open
		}
		if b[i] == '\\' && open == 1 && q[0] == '"' {
			i++
		}
	}
	return -1
}

// bare leaves out the quotes around a stretch.
func (l *commandLine) bare(s, e int) argument {
	b := l.b
	switch {
	case e-s >= 4 && b[s] == '\\' && isQuoteByte(b[s+1]) && b[e-2] == '\\' && b[e-1] == b[s+1]:
		return argument{s + 2, e - 2}
	case e-s >= 2 && isQuoteByte(b[s]) && b[e-1] == b[s]:
		for i := s + 1; i < e-1; i++ {
			if b[i] == b[s] && b[i-1] != '\\' {
				return argument{} // "user":"password"
			}
		}
		return argument{s + 1, e - 1}
	case e > s && bytes.ContainsAny(b[s:e], "\"'"):
		return argument{} // put together of several
	}
	return argument{s, e}
}

// holds reports whether a word begins as a verb or option does; one letter behind a hyphen may stand among others.
func (l *commandLine) holds(verb string) bool {
	for i := range l.n {
		a := l.bare(l.words[i].start, l.words[i].end)
		w := string(l.b[a.start:a.end])
		if len(verb) == 2 && verb[0] == '-' {
			if len(w) > 1 && w[0] == '-' && w[1] != '-' && strings.IndexByte(w, verb[1]) > 0 {
				return true
			}
		} else if len(w) >= len(verb) && strings.EqualFold(w[:len(verb)], verb) {
			return true
		}
	}
	return false
}

// option returns the argument of the first of the options that is there.
func (l *commandLine) option(options string) argument {
	for o := range strings.FieldsSeq(options) {
		how := byte(0)
		if c := o[len(o)-1]; c == '*' || c == '+' {
			o, how = o[:len(o)-1], c
		}
		fold := len(o) > 2 && o[0] != '/'
		for i := range l.n {
			w := l.words[i]
			if isQuoteByte(l.b[w.start]) && l.b[w.end-1] == l.b[w.start] {
				w = argument{w.start + 1, w.end - 1} // "-pX", as in a list of words
			}
			if w.end-w.start < len(o) {
				continue
			}
			if head := string(l.b[w.start : w.start+len(o)]); head != o && !(fold && strings.EqualFold(head, o)) {
				continue
			}
			switch rest := w.start + len(o); {
			case rest == w.end && how != '+' && i+1 < l.n:
				return l.bare(l.words[i+1].start, l.words[i+1].end)
			case rest < w.end && l.b[rest] == '=' && len(o) > 2:
				return l.bare(rest+1, w.end)
			case rest < w.end && how != 0:
				return l.bare(rest, w.end)
			}
		}
	}
	return argument{}
}

// operand returns the n-th word that is no option, from the end where n is less than 0.
func (l *commandLine) operand(n int) argument {
	var out argument
	for i := range l.n {
		a := l.bare(l.words[i].start, l.words[i].end)
		if w := l.b[a.start:a.end]; len(w) > 0 && (w[0] == '-' || w[0] == '/' && a.start == l.words[i].start) {
			continue
		}
		out = a
		if n--; n == 0 {
			return out
		}
	}
	if n < 0 {
		return out
	}
	return argument{}
}

// password finds the password of a command, and says from where on it read, and where the pipe is if it came from one.
func (p *program) password(l *commandLine, at int) (s argument, from, pipe int) {
	from = at
	if p.pass != "" {
		s = l.option(p.pass)
	}
	if p.pair != "" {
		s = l.option(p.pair)
	}
	if s.end == 0 && p.operand != 0 {
		s = l.operand(p.operand)
	}
	if s.end == 0 && p.piped {
		if s = l.here; s.end > 0 {
			s = l.bare(s.start, s.end)
		} else {
			s, from, pipe = pipedTo(l.b, at)
		}
	}
	return s, from, pipe
}

// site returns the last word if it is the name of a host and no option's argument.
func (l *commandLine) site() argument {
	if l.n < 2 {
		return argument{}
	}
	w, before := l.words[l.n-1], l.words[l.n-2]
	a, b := l.bare(w.start, w.end), l.b[before.start:before.end]
	if v := l.b[a.start:a.end]; bytes.IndexByte(v, '.') < 1 || !hostLike(v) || b[0] == '-' && string(b) != "--password-stdin" {
		return argument{}
	}
	return a
}

// found is what a command says of a password at s.
func (p *program) found(l *commandLine, at int, s argument) Found {
	f := Found{Start: min(at, s.start), End: max(s.end, at+len(p.name)), Tier: finding.TierNamed}
	add := func(role finding.Role, a argument) {
		if a.end > a.start && !placeholder(l.b[a.start:a.end]) {
			f.Parts = append(f.Parts, FoundPart{role, a.start, a.end})
			f.Start, f.End = min(f.Start, a.start), max(f.End, a.end)
		}
	}
	user := l.option(p.user)
	if p.named != 0 {
		user = l.operand(p.named)
	}
	if p.between != 0 {
		i := bytes.IndexByte(l.b[s.start:s.end], p.between)
		if i < 1 || !typed(l.b[s.start+i+1:s.end]) {
			return Found{}
		}
		user = argument{s.start, s.start + i}
		s.start += i + 1
		if j := bytes.IndexByte(l.b[s.start:s.end], p.until); p.until != 0 && j > 0 {
			s.end = s.start + j
		}
	}
	if add(finding.RoleSecret, s); p.spelt && !typed(l.b[s.start:s.end]) {
		f.Tier = finding.TierGeneric
	}
	if len(f.Parts) == 0 {
		return Found{}
	}
	add(finding.RoleUser, user)
	host := l.option(p.host)
	if p.site {
		host = l.site()
	}
	add(finding.RoleHost, host)
	return f
}

// pipedTo finds what the command at at is fed: echo X | command, 'X' | command. It read from from on; pipe is where the pipe stands.
func pipedTo(b []byte, at int) (s argument, from, pipe int) {
	line := at
	for line > 0 && at-line < maxLine && (b[line-1] != '\n' || line > 1 && b[line-2] == '\\') {
		line--
	}
	n := bytes.LastIndexByte(b[line:at], '|')
	if n < 1 || b[line+n-1] == '|' {
		return s, line, 0
	}
	pipe = line + n
	left := b[line:pipe]
	i, n := bytes.LastIndex(left, []byte("echo ")), len("echo ")
	if j := bytes.LastIndex(left, []byte("printf ")); j > i {
		i, n = j, len("printf ")
	}
	var l commandLine
	if i < 0 || i > 0 && WordBytes.Has(left[i-1]) {
		e := len(bytes.TrimRight(left, " \t"))
		if e < 3 || !isQuoteByte(left[e-1]) {
			return s, line, pipe
		}
		i = bytes.LastIndexByte(left[:e-1], left[e-1])
		if i < 0 || i > 0 && strings.IndexByte(" \t(=;", left[i-1]) < 0 {
			return s, line, pipe
		}
		return argument{line + i + 1, line + e - 1}, line, pipe
	}
	l.read(b, line+i+n, pipe)
	k := 0
	for k < l.n && (l.b[l.words[k].start] == '-' || k+1 < l.n && bytes.IndexByte(l.b[l.words[k].start:l.words[k].end], '%') >= 0) {
		k++ // -n, and the format of printf
	}
	if k+1 != l.n || l.end < pipe && len(bytes.TrimSpace(b[l.end:pipe])) > 0 {
		return s, line, pipe
	}
	return l.bare(l.words[k].start, l.words[k].end), line, pipe
}

// parseExpect reads what a script of Expect sends when it is asked for a password: send "PASSWORD\r".
func parseExpect(b []byte, at int) []Found {
	const near, most = 160, 128
	i := at
	for i > 0 && at-i < most && b[i-1] > ' ' && b[i-1] != '"' {
		i--
	}
	if i == 0 || b[i-1] != '"' || !typed(b[i:at]) {
		return nil
	}
	before := bytes.TrimRight(b[max(0, i-1-near):i-1], " -\\")
	if !bytes.HasSuffix(before, []byte("send")) || !bytes.Contains(before, []byte("assword")) && !bytes.Contains(before, []byte("assphrase")) {
		return nil
	}
	return []Found{{Parts: []FoundPart{{finding.RoleSecret, i, at}}, Start: i - 1, End: at, Tier: finding.TierNamed}}
}

// typed reports whether a word of a command line is a password rather than what stands for one, a word of the language or a
// place.
func typed(v []byte) bool {
	const least, most = 5, 256
	if len(v) < least || len(v) > most || placeholder(v) || v[0] == '-' || v[0] == '/' || v[0] == '\\' || v[0] == '!' || v[len(v)-1] == ':' {
		return false
	}
	if bytes.Contains(v, []byte("://")) || bytes.HasPrefix(v, []byte("./")) || bytes.HasPrefix(v, []byte("~/")) || bytes.IndexByte(v, '{') >= 0 || bytes.IndexByte(v, '$') > 0 && bytes.HasSuffix(v, []byte("}")) {
		return false
	}
	return !all(v, Letters.Or(Of("_./ -"))) || shuffled(v)
}

// spelt reports whether a word of letters may be somebody's password: it is long enough, and none of those that manuals have there.
func spelt(v []byte) bool {
	const least = 6
	if len(v) < least || placeholder(v) || !all(v, Letters) {
		return false
	}
	w := bytes.ToLower(v)
	for _, x := range []string{"pass", "pwd", "secret", "your", "example"} {
		if bytes.Contains(w, []byte(x)) {
			return false
		}
	}
	return true
}

// shuffled reports whether letters change their case as those of words joined do not.
func shuffled(v []byte) bool {
	const least, changes, doubles = 12, 5, 2
	n, two := 0, 0
	for i := 1; i < len(v); i++ {
		a, b := v[i-1]&0x20, v[i]&0x20
		if a != b {
			n++
		} else if a == 0 {
			two++
		}
	}
	return len(v) >= least && n >= changes && two >= doubles
}
