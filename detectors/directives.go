package detectors

import (
	"bytes"
	"math/rand/v2"
	"strings"

	"sprawl/finding"
)

const (
	aclPage     = "https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/"
	connectPage = "https://metacpan.org/pod/DBI#connect"
)

// directives are passwords that stand where a server or a library takes one, without a word for it.
func directives() []Detector {
	return []Detector{
		{
			ID: "server-directive-password", Title: "password in a directive of a server's configuration",
			Structures: []Structure{
				{Anchors: []string{"stats auth "}, Reach: Local(maxLine), Parse: parseStatsAuth},
				{Anchors: []string{"<auth-user-pass>"}, Reach: Local(maxLine), Parse: parseInlineAuth},
				{Anchors: []string{`: PSK "`, `: EAP "`, `: XAUTH "`}, Reach: Local(maxLine), Parse: parseIPsec},
				{Anchors: []string{"]:587", "]:465", "]:25 ", "]:25\t"}, Reach: Local(maxLine), Parse: parseRelay},
				{Anchors: []string{" on >"}, Reach: Local(maxLine), Parse: parseACL},
				{Anchors: []string{"tacacs-server ", "radius-server ", "isakmp key "}, Reach: Local(maxLine), Parse: parseServerKey},
				{Anchors: []string{" login="}, Reach: Local(maxLine), Parse: parseCachePeer},
				{Anchors: []string{"NEO4J_AUTH"}, Reach: Local(maxLine), Parse: parseNeo4jAuth},
				{Anchors: []string{"$USER"}, Reach: Local(maxLine), Parse: parseNagiosMacro},
				{Anchors: []string{"authentication using CHAP", "authentication using PAP"}, Reach: Block(4 << 10), Parse: parsePPP},
				{Anchors: []string{"lt-cred-mech"}, Reach: Block(4 << 10), Parse: parseTurn},
				{Anchors: []string{"chpasswd:"}, Reach: Block(1 << 10), Parse: parseChpasswd},
				{Anchors: []string{"ftp -"}, Reach: Block(4 << 10), Parse: parseFTP},
			},
			Facts: urlFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte("  stats auth robot:" + string(draw(r, Base62, 16)))
			},
			Rotate: "set a new one at both ends, and keep it in a file that the configuration names", Revoke: "remove the account",
			Docs: aclPage, Format: aclPage,
		},
		{
			ID: "connect-call-password", Title: "password among the arguments of a call that connects",
			Structures: []Structure{
				{Anchors: []string{".connect(", "DBI->connect("}, Reach: Local(maxLine), Parse: parseConnect},
				{Anchors: []string{"btoa(", "b64encode(", "base64_encode(", "encode64(", "Buffer.from("}, Reach: Local(maxLine), Parse: parseEncoded},
			},
			Facts: urlFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte(`my $db = DBI->connect("dbi:mysql:shop", "robot", "` + string(draw(r, Base62, 16)) + `");`)
			},
			Rotate: "change the account's password, and read it from the environment or a secret store", Revoke: "disable the account",
			Docs: connectPage, Format: connectPage,
		},
	}
}

// lineOf returns where the line around at begins and ends, of which maxLine bytes to each side are read.
func lineOf(b []byte, at int) (start, end int) {
	start = at
	for start > 0 && at-start < maxLine && b[start-1] != '\n' {
		start--
	}
	end = at
	for end < len(b) && end-at < maxLine && b[end] != '\n' && b[end] != '\r' {
		end++
	}
	return start, end
}

// wordAt returns the word at i, blanks before it left out, without the quotes around it.
func wordAt(b []byte, i, limit int) argument {
	for i < limit && (b[i] == ' ' || b[i] == '\t') {
		i++
	}
	quoted := i < limit && isQuoteByte(b[i])
	if quoted {
		i++
	}
	s := i
	for i < limit && b[i] > ' ' && b[i] != '"' && b[i] != '\'' && b[i] != '`' && !breaksLine(b[i:limit]) {
		i++
	}
	if quoted && (i >= limit || b[i] != b[s-1]) {
		return argument{}
	}
	return argument{s, i}
}

// breaksLine reports whether a line break that a string of a program spells out stands at the start of b, and ends the string.
func breaksLine(b []byte) bool {
	return len(b) > 2 && b[0] == '\\' && (b[1] == 'n' || b[1] == 'r') && (isQuoteByte(b[2]) || b[2] == '\\')
}

// given is what is found of a password at s, of a user and a host where they are there.
func given(b []byte, at int, s, user, host argument) []Found {
	if s.end <= s.start || !typed(b[s.start:s.end]) {
		return nil
	}
	f := login(b, at, s, user, host)
	f.Tier = finding.TierNamed
	return []Found{f}
}

// login is a secret, and a user and a host where they are there.
func login(b []byte, at int, s, user, host argument) Found {
	f := Found{Start: min(at, s.start), End: s.end}
	f.Parts = append(f.Parts, FoundPart{finding.RoleSecret, s.start, s.end})
	add := func(role finding.Role, a argument) {
		if a.end > a.start && !placeholder(b[a.start:a.end]) {
			f.Parts = append(f.Parts, FoundPart{role, a.start, a.end})
			f.Start, f.End = min(f.Start, a.start), max(f.End, a.end)
		}
	}
	add(finding.RoleUser, user)
	add(finding.RoleHost, host)
	return f
}

// userAndPassword cuts user:password.
func userAndPassword(b []byte, w argument) (user, password argument) {
	i := bytes.IndexByte(b[w.start:w.end], ':')
	if i < 1 {
		return argument{}, argument{}
	}
	return argument{w.start, w.start + i}, argument{w.start + i + 1, w.end}
}

// parseStatsAuth reads HAProxy's account for its page of statistics: stats auth USER:PASSWORD.
// https://docs.haproxy.org/3.0/configuration.html#4.2-stats%20auth
func parseStatsAuth(b []byte, at int) []Found {
	_, end := lineOf(b, at)
	user, password := userAndPassword(b, wordAt(b, at+len("stats auth "), end))
	return given(b, at, password, user, argument{})
}

// parseInlineAuth reads the account that OpenVPN takes from its configuration: the user on a line, the password on the next.
// https://openvpn.net/community-docs/community-articles/openvpn-2-6-manual.html
func parseInlineAuth(b []byte, at int) []Found {
	var lines [2]argument
	i := at + len("<auth-user-pass>")
	for k := range lines {
		for i < len(b) && (b[i] == '\r' || b[i] == ' ') {
			i++
		}
		if i >= len(b) || b[i] != '\n' {
			return nil
		}
		i++
		_, end := lineOf(b, i)
		lines[k] = wordAt(b, i, end)
		i = end
	}
	return given(b, at, lines[1], lines[0], argument{})
}

// parseIPsec reads a line of ipsec.secrets: WHO : PSK "SECRET".
// https://wiki.strongswan.org/projects/strongswan/wiki/IpsecSecrets
func parseIPsec(b []byte, at int) []Found {
	start, end := lineOf(b, at)
	i := at + bytes.IndexByte(b[at:end], '"') + 1
	n := bytes.IndexByte(b[i:end], '"')
	if n < 0 {
		return nil
	}
	return given(b, at, argument{i, i + n}, wordAt(b, start, at), argument{})
}

// parseRelay reads an account of Postfix's for a host that takes its mail: [HOST]:PORT USER:PASSWORD.
// https://www.postfix.org/SASL_README.html#client_sasl_enable
func parseRelay(b []byte, at int) []Found {
	start, end := lineOf(b, at)
	if b[start] != '[' || at-start < 2 {
		return nil
	}
	host := argument{start + 1, at}
	if !hostLike(b[host.start:host.end]) {
		return nil
	}
	i := at + len("]:")
	for i < end && Digits.Has(b[i]) {
		i++
	}
	if i >= end || b[i] > ' ' {
		return nil
	}
	user, password := userAndPassword(b, wordAt(b, i, end))
	return given(b, at, password, user, host)
}

// parseACL reads the password of a user of Redis: user NAME on >PASSWORD, ACL SETUSER NAME on >PASSWORD.
func parseACL(b []byte, at int) []Found {
	start, end := lineOf(b, at)
	left := strings.Fields(string(b[start:at]))
	if n := len(left); n < 2 || !strings.EqualFold(strings.Trim(left[n-2], `"'`), "user") && !strings.EqualFold(left[n-2], "setuser") {
		return nil
	}
	user := bytes.LastIndexByte(b[start:at], ' ') + 1
	return given(b, at, wordAt(b, at+len(" on >"), end), argument{start + user, at}, argument{})
}

// parseServerKey reads the key that a router shares with a server or a peer: tacacs-server host 10.0.0.1 key KEY. A figure before the
// key says how it is hidden; 0 says that it is not.
// https://www.cisco.com/c/en/us/support/docs/security-vpn/terminal-access-controller-access-control-system-tacacs-/10384-security.html
func parseServerKey(b []byte, at int) []Found {
	const word = "key "
	_, end := lineOf(b, at)
	i := bytes.Index(b[at:end], []byte(word))
	if i < 1 {
		return nil
	}
	w := wordAt(b, at+i+len(word), end)
	if w.end-w.start == 1 && w.end < end {
		if b[w.start] != '0' {
			return nil
		}
		w = wordAt(b, w.end, end)
	}
	return given(b, at, w, argument{}, argument{})
}

// parseCachePeer reads the account that Squid has at another proxy: cache_peer HOST … login=USER:PASSWORD.
// https://www.squid-cache.org/Doc/config/cache_peer/
func parseCachePeer(b []byte, at int) []Found {
	const directive = "cache_peer "
	start, end := lineOf(b, at)
	line := bytes.TrimLeft(b[start:at], " \t")
	if !bytes.HasPrefix(line, []byte(directive)) {
		return nil
	}
	user, password := userAndPassword(b, wordAt(b, at+len(" login="), end))
	host := wordAt(b, at-len(line)+len(directive), at)
	return given(b, at, password, user, host)
}

// parseNeo4jAuth reads the account that a container of Neo4j begins with: NEO4J_AUTH=USER/PASSWORD.
// https://neo4j.com/docs/operations-manual/current/docker/introduction/#docker-auth
func parseNeo4jAuth(b []byte, at int) []Found {
	_, end := lineOf(b, at)
	s, e := assigned(b, at+len("NEO4J_AUTH"), end, "=:")
	if s < 0 {
		return nil
	}
	i := bytes.IndexByte(b[s:e], '/')
	if i < 1 || i > 64 {
		return nil
	}
	return given(b, at, argument{s + i + 1, e}, argument{s, s + i}, argument{})
}

// parseNagiosMacro reads a macro of a resource file, where passwords of checks belong: $USER3$=PASSWORD. Paths stand there too.
// https://assets.nagios.com/downloads/nagioscore/docs/nagioscore/4/en/configmain.html#resource_file
func parseNagiosMacro(b []byte, at int) []Found {
	start, end := lineOf(b, at)
	i := at + len("$USER")
	for i < end && Digits.Has(b[i]) {
		i++
	}
	if start != at || i+2 > end || string(b[i:i+2]) != "$=" {
		return nil
	}
	w := argument{i + 2, end}
	if v := b[w.start:w.end]; bytes.IndexByte(v, '/') >= 0 || bytes.IndexByte(v, ' ') >= 0 {
		return nil
	}
	return given(b, at, w, argument{}, argument{})
}

// perLine collects what a function finds in each of the lines behind the one that holds at, up to n bytes on or to a line that does not
// belong to what it reads.
func perLine(b []byte, at, n int, read func(start, end int) (found []Found, belongs bool)) (out []Found) {
	limit := min(len(b), at+n)
	for _, i := lineOf(b, at); i < limit; {
		start := i + 1
		_, i = lineOf(b, min(start, limit))
		if i < limit {
			found, belongs := read(start, i)
			if !belongs {
				break
			}
			out = append(out, found...)
		}
		for i < limit && b[i] != '\n' {
			i++
		}
	}
	return out
}

// parsePPP reads the lines of a file of secrets of pppd behind its heading: CLIENT SERVER SECRET [ADDRESSES].
// https://man7.org/linux/man-pages/man8/pppd.8.html (AUTHENTICATION)
func parsePPP(b []byte, at int) []Found {
	if start, _ := lineOf(b, at); b[start] != '#' {
		return nil
	}
	return perLine(b, at, 4<<10-maxLine, func(start, end int) ([]Found, bool) {
		if len(bytes.TrimSpace(b[start:end])) == 0 || b[start] == '#' {
			return nil, true
		}
		user := wordAt(b, start, end)
		server := wordAt(b, unquoted(b, user, end), end)
		secret := wordAt(b, unquoted(b, server, end), end)
		for _, w := range []argument{user, server} {
			if w.end <= w.start || !all(b[w.start:w.end], peerBytes) {
				return nil, false
			}
		}
		return given(b, start, secret, user, argument{}), true
	})
}

// peerBytes are what pppd's names of peers are made of: * stands for any.
var peerBytes = Of("a-zA-Z0-9_.@*\\-")

// unquoted is where to go on behind a word.
func unquoted(b []byte, w argument, end int) int {
	if w.end > 0 && w.end < end && isQuoteByte(b[w.end]) {
		return w.end + 1
	}
	return max(w.end, 0)
}

// parseChpasswd reads the accounts that cloud-init gives their passwords, as a list of lines: NAME:PASSWORD. R stands for one drawn by lot.
// https://docs.cloud-init.io/en/latest/reference/modules.html#set-passwords
func parseChpasswd(b []byte, at int) []Found {
	if at > 0 && b[at-1] != '\n' {
		return nil
	}
	return perLine(b, at, 1<<10-maxLine, func(start, end int) ([]Found, bool) {
		line := wordAt(b, start+len(b[start:end])-len(bytes.TrimLeft(b[start:end], " \t-")), end)
		if line.start == start && start < end {
			return nil, false // the next key
		}
		user, password := userAndPassword(b, line)
		if user.end == 0 || !all(b[user.start:user.end], userBytes) {
			return nil, true
		}
		return given(b, start, password, user, argument{}), true
	})
}

// parseTurn reads the accounts of a TURN server behind the line that turns them on: user=NAME:PASSWORD. A key in place of a password
// begins with 0x. https://github.com/coturn/coturn/blob/master/examples/etc/turnserver.conf
func parseTurn(b []byte, at int) []Found {
	return perLine(b, at, 4<<10-maxLine, func(start, end int) ([]Found, bool) {
		if !bytes.HasPrefix(b[start:end], []byte("user=")) {
			return nil, true
		}
		user, password := userAndPassword(b, wordAt(b, start+len("user="), end))
		return given(b, start, password, user, argument{}), true
	})
}

// parseFTP reads what a script hands to ftp -n, which does not ask: user NAME PASSWORD, quote PASS PASSWORD.
// https://man.freebsd.org/cgi/man.cgi?query=ftp
func parseFTP(b []byte, at int) []Found {
	if at > 0 && (WordBytes.Has(b[at-1]) || b[at-1] == '-') {
		return nil
	}
	start, end := lineOf(b, at)
	if options := wordAt(b, at+len("ftp "), end); bytes.IndexByte(b[options.start:options.end], 'n') < 0 {
		return nil
	}
	site := argument{start, start}
	return perLine(b, at, 1<<10, func(start, end int) ([]Found, bool) {
		verb := wordAt(b, start, end)
		next := wordAt(b, verb.end, end)
		last := wordAt(b, unquoted(b, next, end), end)
		if next.end == 0 || !all(b[next.start:next.end], userBytes) {
			return nil, true
		}
		switch whole := len(bytes.TrimSpace(b[unquoted(b, last, end):end])) == 0; string(bytes.ToLower(b[verb.start:verb.end])) {
		case "open":
			site = next
		case "user":
			if whole {
				return given(b, start, last, next, site), true
			}
		case "quote":
			if whole && bytes.EqualFold(b[next.start:next.end], []byte("pass")) {
				return given(b, start, last, argument{}, site), true
			}
		}
		return nil, true
	})
}

// parseEncoded reads the account that a call encodes for a header, as HTTP's Basic scheme has it: btoa("USER:PASSWORD").
// https://www.rfc-editor.org/rfc/rfc7617#section-2
func parseEncoded(b []byte, at int) []Found {
	limit := min(len(b), at+maxLine)
	i := at + bytes.IndexByte(b[at:limit], '(') + 1
	if i < limit && b[i] == 'b' { // Python's bytes
		i++
	}
	if i >= limit || !isQuoteByte(b[i]) && b[i] != '`' {
		return nil
	}
	n := bytes.IndexByte(b[i+1:limit], b[i])
	if n < 0 {
		return nil
	}
	user, password := userAndPassword(b, argument{i + 1, i + 1 + n})
	if !all(b[user.start:user.end], userBytes) || !all(b[password.start:password.end], oneWord) {
		return nil
	}
	return given(b, at, password, user, argument{})
}

// What names of users are made of, and what stands behind the colon where that is a word.
var (
	userBytes = Of("a-zA-Z0-9_.@+-")
	oneWord   = Of("!-9;-~")
)

// parseConnect reads a call that takes host, user and password in this order, among them a port, or as DBI does a source, user and
// password.
func parseConnect(b []byte, at int) []Found {
	limit := min(len(b), at+maxLine)
	i := at + bytes.IndexByte(b[at:limit], '(') + 1
	source := bytes.HasPrefix(b[at:], []byte("DBI"))
	var args [4]argument // those in quotes, others empty
	n, most := 0, len(args)
	if source {
		most--
	}
	for n < most && i < limit {
		for i < limit && (b[i] <= ' ' || b[i] == ',') {
			i++
		}
		if i >= limit || b[i] == ')' {
			break
		}
		if s := i; isQuoteByte(b[i]) {
			for i++; i < limit && b[i] != b[s] && b[i] != '\n'; i++ {
			}
			if i >= limit || b[i] != b[s] {
				return nil
			}
			args[n] = argument{s + 1, i}
			i++
		} else {
			for i < limit && (WordBytes.Has(b[i]) || b[i] == '$' || b[i] == '.') {
				i++
			}
			if i == s || !source && !Digits.Has(b[s]) {
				return nil // of variables none is known to be the host
			}
		}
		if n++; i < limit && b[i] != ',' && b[i] != ')' && b[i] > ' ' {
			return nil
		}
	}
	host, user, password := args[0], args[1], args[2]
	if source {
		return given(b, at, password, user, argument{})
	}
	if user.end == 0 { // a port
		user, password = args[2], args[3]
	}
	if h := b[host.start:host.end]; len(h) == 0 || user.end <= user.start || !hostLike(h) || bytes.IndexByte(h, '.') < 0 && string(h) != "localhost" {
		return nil
	}
	return given(b, at, password, user, host)
}
