package match

import "bytes"

var referenceStarts = []string{"${", "$(", "$[", "{{", "<%", "#{", "@{", "[[", "{%", "arn:", "vault:", "ref:", "ref+", "op://", "file:", "env:", "ssm:", "secrets.", "secret://", "process.env", "os.environ",
	"os.getenv", "getenv", "env.", "var.", "@microsoft.keyvault", "!ref", "!sub", "!getatt", "!secret", "!vault", "kms:", "gcp:", "awssm:", "cyberark:", "keychain:", "keyring:", "data:", "sha256:", "sha256-", "sha384-",
	"sha512-", "sha1-", "sha512:", "md5:", "ssh-rsa ", "ssh-ed25519 ", "-----begin", "//", "/*", "#", "--", "id=", "type=", "src=", "projects/", "resolve:ssm", "{{resolve", "enc[", "secretmanager:", "azurekeyvault", "urn:", "\\u", "\\x", "\\0"}

// refers reports whether a value only names where the real one is, or is something of another nature altogether.
func refers(a *assignment, v []byte) bool {
	first, last := v[0], v[len(v)-1]
	if a.quote != 0 && (isSpace(first) || isSpace(last) && a.op != opElement) {
		return true // the quote belonged to another string
	}
	if a.quote != 0 && isQuote(first) && len(v) > 1 {
		switch v[1] {
		case '.', '+', ' ', ',', ')', '$', '{', '<', '%', ';':
			return true // the string was cut open for an expression
		}
	}
	if first == '-' && len(v) > 2 && isLetter(v[1]) && (isSpace(v[2]) || bytes.Contains(v, []byte(" -")) || bytes.Contains(v, []byte(" /"))) {
		return true // options: -b --body, -p:X /p:X
	}
	for _, p := range referenceStarts {
		if hasFold(v, p) {
			return !(p == "#" && len(v) > 4 && a.quote != 0)
		}
	}
	switch {
	case first == '$' && len(v) > 1 && (isLetter(v[1]) || v[1] == '_' || v[1] == '{'):
		// $2b$… and the like are hashes; a password may begin with the sign and hold more than a name.
		for _, c := range v[1:] {
			if !isIdent(c) && c != ':' && c != '[' && c != ']' && c != '>' && c != '(' && c != ')' {
				return c == '/' || c == '}' || c == '\''
			}
		}
		return a.quote != '\'' || !hasDigitAndUpper(v)
	case first == '%' && (last == '%' || len(v) <= 4 || v[1] == '('):
		return true
	case first == '<' && (last == '>' || bytes.IndexByte(v, '>') > 0), first == '{' && last == '}', first == '[' && last == ']', first == '(' && last == ')':
		return true
	case first == '_' && last == '_' && len(v) > 4 && v[1] == '_':
		return true
	case first == '@' && (last == '@' || a.quote == 0 && allCaps(v[1:])), last == ']' && indexed(v), first == ':' && isLetter(v[1]):
		return true
	case first == '&' && a.quote == 0, first == '*' && a.quote == 0:
		return true // an anchor or alias of YAML, an address or pointer of C
	case bytes.Contains(v, []byte("${")), bytes.Contains(v, []byte("{{")), bytes.Contains(v, []byte("$(")), bytes.Contains(v, []byte("#{")), bytes.Contains(v, []byte("<%")):
		return true
	case ofKind(v), filledIn(v), a.quote != 0 && cutOut(v), a.quote == '`' && structTag(v), patternLike(v), bareURL(v), placeInFile(v):
		return true
	case a.quote != 0 && (bytes.Contains(v, []byte("%s")) || bytes.Contains(v, []byte("%v")) || bytes.Contains(v, []byte("%d")) || bytes.Contains(v, []byte("{}")) || bytes.Contains(v, []byte("%("))):
		return true
	}
	return false
}

// filledIn reports whether a name in braces stands in a value, which Python's format and others fill in: shop-{env}.
func filledIn(v []byte) bool {
	const least = 3
	for i, c := range v {
		if c != '{' {
			continue
		}
		n := 0
		for i++; i < len(v) && (isLetter(v[i]) || v[i] == '_' || v[i] == '.'); i++ {
			n++
		}
		if n >= least && i < len(v) && v[i] == '}' {
			return true
		}
	}
	return false
}

func hasDigitAndUpper(v []byte) bool {
	d, u := false, false
	for _, c := range v {
		d = d || isDigit(c)
		u = u || isUpper(c)
	}
	return d && u
}

// samplePayload is how the claims of the examples on jwt.io begin: sub 1234567890, name John Doe.
var samplePayload = []byte("eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9l")

// ofKind reports whether a value has the form of a kind that has a row of its own and was judged there: a password's hash, the
// example of a JWT.
func ofKind(v []byte) bool {
	for _, p := range []string{"$2a$", "$2b$", "$2x$", "$2y$", "$1$", "$5$", "$6$", "$y$", "$argon2", "$pbkdf2", "$scrypt$", "{ssha", "{sha", "{md5}", "{smd5}", "{crypt}", "{bcrypt}", "{argon2", "{pbkdf2", "{scrypt"} {
		if hasFold(v, p) {
			return true
		}
	}
	return bytes.Contains(v, samplePayload)
}

// allCaps reports whether a value is the name of a variable of an environment: DB_PASSWORD.
func allCaps(v []byte) bool {
	for _, c := range v {
		if !isUpper(c) && !isDigit(c) && c != '_' {
			return false
		}
	}
	return bytes.IndexByte(v, '_') > 0
}

// indexed reports whether a value that ends in ] is a look-up: SECRET[database.password].
func indexed(v []byte) bool {
	i := bytes.IndexByte(v, '[')
	if i < 1 {
		return false
	}
	for _, c := range v[:i] {
		if !isWord(c) {
			return false
		}
	}
	for _, c := range v[i+1 : len(v)-1] {
		if !isIdent(c) && !isQuote(c) {
			return false
		}
	}
	return true
}

// cutOut reports whether a value is the expression between two strings: "token=" + value + "&…" holds one that begins and ends
// with an operator.
func cutOut(v []byte) bool {
	return len(v) > 2 && bytes.IndexByte([]byte("+.,&"), v[0]) >= 0 && bytes.IndexByte([]byte("+.,&("), v[len(v)-1]) >= 0
}

// structTag reports whether a value is a tag of Go: yaml:"password".
func structTag(v []byte) bool {
	i := 0
	for i < len(v) && isWord(v[i]) {
		i++
	}
	return i > 0 && bytes.HasPrefix(v[i:], []byte(`:"`))
}

// patternLike reports whether a value is a regular expression, or the alphabet of a class.
func patternLike(v []byte) bool {
	for _, s := range []string{"(?:", "(?i)", "[^", "a-zA-Z", "A-Za-z", "a-z0-9", "A-Z0-9", "0-9a-", "0-9A-"} {
		if bytes.Contains(v, []byte(s)) {
			return true
		}
	}
	for i := bytes.IndexByte(v, '['); i >= 0 && i+4 < len(v); {
		// [a-f…] and [0-9…], of which some more follow.
		if v[i+2] == '-' && (isLetter(v[i+1]) || isDigit(v[i+1])) && bytes.IndexByte(v[i:], ']') > 0 {
			return true
		}
		k := bytes.IndexByte(v[i+1:], '[')
		if k < 0 {
			break
		}
		i += 1 + k
	}
	return bytes.IndexByte(v, '{') > 0 && (bytes.Contains(v, []byte("\\d")) || bytes.Contains(v, []byte("\\w")) || bytes.Contains(v, []byte("\\S")))
}

// bareURL reports whether a value is an address with nothing in it that would open it: no user, no query, no random segment.
func bareURL(v []byte) bool {
	i := bytes.Index(v, []byte("://"))
	if i < 1 || i > 12 {
		return false
	}
	rest := v[i+3:]
	if bytes.ContainsAny(rest, "@?=") {
		return false
	}
	for seg := range bytes.SplitSeq(rest, []byte("/")) {
		if len(seg) >= segmentFrom && byLot(seg) {
			return false
		}
	}
	return true
}

// segmentFrom is the length from which a segment of a URL may be a secret.
const segmentFrom = 16

// placeInFile reports whether a value is a line and a column, as compilers and searches print them: server.key:12:8.
func placeInFile(v []byte) bool {
	n := 0
	for i := 0; n < 2; n++ {
		s := i
		for i < len(v) && isDigit(v[i]) {
			i++
		}
		if i == s || i-s > 6 {
			return false
		}
		if n == 1 {
			return i == len(v) || !isWord(v[i])
		}
		if i == len(v) || v[i] != ':' {
			return false
		}
		i++
	}
	return false
}
