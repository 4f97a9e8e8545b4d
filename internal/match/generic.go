package match

import (
	"bytes"
	"math"
	"strings"
	"unicode/utf8"
)

// verdict is what the classifier says of one assignment.
type verdict struct {
	score   float64 // probability
	entropy float64
}

// judge scores the value v of assignment a with a name of class c, or refuses it outright.
func judge(a *assignment, c nameClass, name, v []byte) (verdict, bool) {
	f, h, ok := measure(a, c, name, v)
	if !ok {
		return verdict{}, false
	}
	return verdict{score: sigmoid(dot(&f)), entropy: h}, true
}

func dot(f *[features]float64) float64 {
	z := 0.0
	for k, x := range f {
		z += weights[k] * x
	}
	return z
}

// maxJudged is from where on a value is data: of hexadecimal digits, half as many.
const maxJudged = 2048

// measure takes the features of an assignment and the entropy of its value, or refuses it outright.
func measure(a *assignment, c nameClass, name, v []byte) (f [features]float64, h float64, ok bool) {
	if c == nameOther || len(v) < 4 || len(v) >= maxJudged || len(v) >= maxJudged/2 && allHex(v) {
		return f, 0, false
	}
	if refers(a, v) || inert(v) || anyDummy(v) || encodedDummy(v) || disguised(v) {
		return f, 0, false
	}
	h = entropy(v)
	odd := oddness(v)
	chosen := c == namePassword || indexFold(name, "secret") >= 0 // by somebody, perhaps
	joined, like := joinedWords(v) && !(chosen && wordAndNumber(v)), nameLike(name, v)
	if a.op == opSpace && a.quote != 0 && len(name) == 4 && hasFold(name, "pass") {
		return f, 0, false // the verb: pass `force=True` to it
	}
	if titled(v) || escaped(v) {
		return f, 0, false // a word or a sentence of an interface
	}
	if c != namePassword && (thingNamed(v) || publicKey(v) || accessID(name, v)) || namesListed(v) || a.template && bytes.IndexByte(v, '{') >= 0 {
		return f, 0, false
	}
	if joined && (like || a.op == opPair || bytes.Count(v, []byte(":")) > 1 || v[len(v)-1] == '-' || v[len(v)-1] == '.') || a.listed && !byLot(v) && !(a.trailed && c == namePassword && thoughtUp(v)) {
		return f, 0, false // "storage.mysql.password" of a table of names; what a token begins with; name:password:uid; a list of words
	}
	on := func(k feature, yes bool) {
		if yes {
			f[k] = 1
		}
	}
	f[fBias] = 1
	on(fNamePassword, c == namePassword)
	on(fNameSecret, c == nameSecret)
	on(fNameWeak, c == nameWeak)
	on(fQuoted, a.quote != 0)
	on(fSpaced, a.op == opSpace)
	on(fCall, a.op == opCall)
	on(fCompare, a.op == opCompare)
	on(fPair, a.op == opPair)
	on(fDefault, a.op == opDefault)
	on(fElement, a.op == opElement)
	on(fScheme, a.scheme)
	on(fMore, a.more)
	on(fJoined, a.joined)

	var n struct{ lower, upper, digit, other, punct, space, high int }
	for _, x := range v {
		switch {
		case isLower(x):
			n.lower++
		case isUpper(x):
			n.upper++
		case isDigit(x):
			n.digit++
		case x >= 0x80:
			n.high++
		case isSpace(x):
			n.space++
		default:
			n.other++
			if typedSign[x] {
				n.punct++
			}
		}
	}
	if n.high*4 > len(v) && !utf8.Valid(v) {
		return f, 0, false // of a picture, of what is compressed
	}
	letters := n.lower+n.upper == len(v)
	want := 8
	if c != namePassword {
		want = 12
	}
	f[fShort] = float64(max(0, want-len(v)))
	on(fVeryShort, len(v) < 6)
	on(fLong16, len(v) >= 16)
	on(fLong24, len(v) >= 24)
	on(fHuge, len(v) > 200)
	f[fOdd] = min(2.5, max(-2.5, odd-4.6)) * min(1, float64(len(v))/10)
	f[fEntropy] = max(0, min(1.5, h-3))
	if allHex(v) {
		f[fOdd] = min(f[fOdd], 1) // the letters a to f seldom make words: that is no evidence
	}
	on(fLow, h < 2.3)
	kinds := -1
	for _, k := range []int{n.lower, n.upper, n.digit, n.other} {
		if k > 0 {
			kinds++
		}
	}
	f[fMixed] = float64(max(0, kinds))
	on(fDigits, n.digit == len(v))
	on(fLetters, letters)
	on(fLowerWord, letters && odd < 4.4)
	on(fHex, len(v) >= 16 && allHex(v) && n.digit > 0 && n.digit < len(v))
	on(fPunct, n.punct > 0 && n.space == 0)
	on(fSpaces, n.space > 0)
	on(fPhrase, n.space >= 2)
	on(fForeign, n.high > 0)
	on(fIdent, joined && (odd <= plainWords || c != namePassword && odd <= oddWords && lettersJoined(v)))
	if c != namePassword && identifier(v) && !(chosen && wordAndNumber(v)) && odd <= plainWords {
		f[fIdent] = slotWeight // the name of a slot in a store, of a column, of an event
	}
	on(fCode, a.quote == 0 && codeLike(a, v))
	on(fPath, pathLike(v))
	on(fUUID, isUUID(v))
	on(fNameLike, like)
	on(fTest, testLike(v))
	on(fCounted, counted(v) >= 5)
	on(fBase64, len(v) >= 16 && len(v)%4 == 0 && v[len(v)-1] == '=' && n.space == 0)
	on(fBareName, c == nameWeak && len(name) < 8)
	on(fList, bytes.IndexByte(v, ',') >= 0 && (c != namePassword || bytes.IndexByte(v, '=') > 0) || bytes.Count(v, []byte("=")) > 2)
	on(fEscapes, bytes.Count(v, []byte("\\")) >= 2)
	on(fOddSign, !chosen && oddSign(v))
	on(fMail, mailLike(v))
	return f, h, true
}

func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

func allHex(v []byte) bool {
	for _, c := range v {
		if !isHex(c) {
			return false
		}
	}
	return true
}

var inertWords = words("null none nil true false undefined string str secret secrets password passwd pwd token tokens key apikey void empty blank unknown unset number integer int boolean bool object any required optional " +
	"default auto automatic yes no enabled disabled self this text plain basic bearer oauth oauth2 digest hidden user username admin root guest public private value values function return new const let var public static " +
	"password1 mypassword yourpassword the a an is and or for in of to with from must should will can cannot not are was passphrase auth api tbd xxx n/a na credentials credential login bytes char varchar securestring " +
	"header query cookie body path file env vault prompt ask interactive implicit explicit jwt saml ldap kerberos ntlm hmac aes rsa pass fail failed skip allow deny inherit always never md5 sha1 sha256 sha512 bcrypt scrypt argon2 pbkdf2")

// inert reports whether a value is a word of the language around it rather than a secret.
func inert(v []byte) bool {
	var buf [24]byte
	if len(v) > len(buf) {
		return false
	}
	w := buf[:0]
	for _, c := range v {
		w = append(w, lower(c))
	}
	w = bytes.Trim(w, ".,:;!?()[]{}-_*")
	return len(w) == 0 || inertWords[string(w)]
}

// joinedWords reports whether a value is letters joined by _ - . / or case, without a digit but a number or two at a word's end.
func joinedWords(v []byte) bool {
	joints := 0
	for i, c := range v {
		switch {
		case isLetter(c):
			if i > 0 && isUpper(c) && isLower(v[i-1]) {
				joints++
			}
		case isJoint(c):
			joints++
		case isDigit(c) && (i >= len(v)-4 || i > 0 && !isLetter(v[i-1])):
		case isDigit(c) && i >= 4 && (isJoint(v[i+1]) || isDigit(v[i+1]) && isJoint(v[i+2])): // pkcs12-file
		default:
			return false
		}
	}
	return joints > 0
}

// slotWeight is how much more an identifier tells against a key or token than against a password.
const slotWeight = 3

// plainWords is the oddness up to which letters are words, and oddWords that up to which they may be where separators cut them:
// sf_toggle_data.
const (
	plainWords = 5.0
	oddWords   = 5.6
)

// lettersJoined reports whether a value is a few words of letters, with separators between: more of them make a phrase.
func lettersJoined(v []byte) bool {
	joints := 0
	for _, c := range v {
		if isJoint(c) {
			joints++
		} else if !isLetter(c) {
			return false
		}
	}
	return joints > 0 && joints < 4
}

// thingNamed reports whether a value is the name of a key or an index of a database, as tools call them: PK_Order, ix_order_customer.
func thingNamed(v []byte) bool {
	const most = 48
	if len(v) < 4 || len(v) > most || v[2] != '_' || !isLetter(v[3]) || isUpper(v[0]) != isUpper(v[1]) {
		return false
	}
	switch string([]byte{lower(v[0]), lower(v[1])}) {
	case "pk", "fk", "ix", "ak", "uq", "uk", "ck", "df":
		return countDigits(v) <= 2
	}
	return false
}

func countDigits(v []byte) (n int) {
	for _, c := range v {
		if isDigit(c) {
			n++
		}
	}
	return n
}

// namesListed reports whether a value is a list of names in capitals: DB_USER,DB_PASSWORD.
func namesListed(v []byte) bool {
	commas := 0
	for _, c := range v {
		switch {
		case c == ',':
			commas++
		case !isUpper(c) && c != '_' && c != '-' && c != ' ':
			return false
		}
	}
	return commas > 0
}

// accessID reports whether a value is the number of an access key, as stores that speak the protocol of S3 give it out: the half that
// is no secret. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
func accessID(name, v []byte) bool {
	const length, word = 20, "accesskey"
	if len(v) != length {
		return false
	}
	for _, c := range v {
		if !isUpper(c) && !isDigit(c) {
			return false
		}
	}
	var buf [maxIdent]byte
	return bytes.HasSuffix(compact(buf[:0], name[max(0, len(name)-maxIdent):]), []byte(word))
}

// publicKeys are how the public keys of the usual algorithms begin, as base64 of their X.509 form (RFC 5280, SubjectPublicKeyInfo): those
// of curves in full, of RSA after a length.
var publicKeys = []string{"MFkwEwYHKoZIzj0", "MHYwEAYHKoZIzj0", "MIGbMBAGByqGSM49", "MFYwEAYHKoZIzj0", "MCowBQYDK2Vw", "MCowBQYDK2Vu", "MIIBIjANBgkqhkiG9w0BAQEFAAOC", "MIICIjANBgkqhkiG9w0BAQEFAAOC", "MIGfMA0GCSqGSIb3DQEBAQUAA4GN"}

// publicKey reports whether a value is the public half of a key pair.
func publicKey(v []byte) bool {
	if v[0] != 'M' {
		return false
	}
	for _, p := range publicKeys {
		if bytes.HasPrefix(v, []byte(p)) {
			return true
		}
	}
	return false
}

// identifier reports whether a value is words joined by _ - . : or case, with a digit here and there: k8s_creds, bs.dropdown.
func identifier(v []byte) bool {
	joints, digits := 0, 0
	for i, c := range v {
		switch {
		case isLetter(c):
			if i > 0 && isUpper(c) && isLower(v[i-1]) {
				joints++
			}
		case isDigit(c):
			digits++
		case c == '_' || c == '-' || c == '.' || c == ':':
			joints++
		default:
			return false
		}
	}
	return joints > 0 && digits*4 <= len(v)
}

// wordAndNumber reports whether a value is a word, a joint and a number, as people make passwords of words: Summer_24, tiger-1287. Behind
// a small letter the number is longer: columns, events and hosts are named likewise.
func wordAndNumber(v []byte) bool {
	i := 0
	for i < len(v) && isLetter(v[i]) {
		i++
	}
	const word = 4
	number := 2
	if i < word || i >= len(v) || !isLower(v[1]) || !isLower(v[i-1]) || v[i] != '_' && v[i] != '-' && v[i] != '.' {
		return false
	}
	if isLower(v[0]) {
		number++
	}
	return len(v)-i > number && allDigits(v[i+1:])
}

// titled reports whether a value is a word of which the first letter is a capital and nothing else is: Adgangskode, Bekräfta.
func titled(v []byte) bool {
	for i, c := range v {
		if i == 0 && !isUpper(c) || i > 0 && !isLower(c) && c < 0x80 {
			return false
		}
	}
	return len(v) >= 6
}

// escaped reports whether a value holds a letter beyond ASCII as an escape: L\u00f6senord.
func escaped(v []byte) bool {
	for i := 0; i+5 < len(v); i++ {
		if v[i] == '\\' && v[i+1] == 'u' && isHex(v[i+2]) && isHex(v[i+3]) && isHex(v[i+4]) && isHex(v[i+5]) {
			return true
		}
	}
	return false
}

func isJoint(c byte) bool { return jointByte[c] }

var (
	jointByte = table("_.:/ |[]-")
	typedSign = table("!@#$%^&*?") // what people put into passwords where they must
)

// codeLike reports whether an unquoted value is an expression of a programming language.
func codeLike(a *assignment, v []byte) bool {
	if bytes.IndexByte(v, '(') >= 0 || bytes.IndexByte(v, '[') > 0 || bytes.Contains(v, []byte("->")) || bytes.Contains(v, []byte("::")) {
		return true
	}
	// user.password, self._token, config.Secret: words joined by dots that begin with a letter.
	dots := 0
	for i, c := range v {
		switch {
		case c == '.':
			if i == 0 || i == len(v)-1 || !isWord(v[i-1]) || !isLetter(v[i+1]) && v[i+1] != '_' {
				return false
			}
			dots++
		case isWord(c) || c == '?' && i > 0:
		default:
			return false
		}
	}
	return dots > 0 && oddness(v) < 5.2
}

// tokenBytes is what issued tokens are spelt with: base64 of both kinds, and separators.
var tokenBytes = of("a-zA-Z0-9_.~:/+|%-")

func oddSign(v []byte) bool {
	v = bytes.TrimRight(v, "=")
	return bytes.IndexFunc(v, func(r rune) bool { return r > 127 || !tokenBytes.Has(byte(r)) }) >= 0
}

// shortPath is the length under which two slashes make a path, whatever the names between them are.
const shortPath = 32

func pathLike(v []byte) bool {
	if i := bytes.Index(v, []byte("://")); i > 0 && i < 12 {
		return true
	}
	if v[0] == '/' && (oddness(v) < 5 || len(v) < shortPath && bytes.Count(v, []byte("/")) > 1) || bytes.HasPrefix(v, []byte("./")) || bytes.HasPrefix(v, []byte("../")) || bytes.HasPrefix(v, []byte("~/")) || len(v) > 2 && v[1] == ':' && v[2] == '\\' {
		return true
	}
	if n := bytes.Count(v, []byte("/")); n > 1 && oddness(v) < 4.6 {
		return true
	}
	if i := bytes.LastIndexByte(v, '.'); i > 0 {
		switch ext := string(v[i+1:]); strings.ToLower(ext) {
		case "pem", "key", "json", "txt", "yml", "yaml", "js", "ts", "py", "go", "java", "jks", "p12", "pfx", "crt", "cer", "com", "org", "net", "io", "html", "php", "xml", "conf", "cfg", "env", "local", "svg", "png", "md", "properties", "gpg", "asc":
			return true
		}
	}
	return false
}

// nameLike reports whether a value is made of the name it is assigned to, or is led by a word for secrets.
func nameLike(name, v []byte) bool {
	var nb, vb [maxIdent]byte
	n := compact(nb[:0], name[:min(len(name), len(nb))])
	w := compact(vb[:0], v[:min(len(v), len(vb))])
	for len(w) > 0 && isDigit(w[len(w)-1]) {
		w = w[:len(w)-1]
	}
	if len(w) == 0 {
		return false
	}
	if bytes.Contains(n, w) || len(n) > 3 && bytes.Contains(w, n) {
		return true
	}
	for _, k := range []string{"password", "passwd", "secret", "token", "apikey", "passphrase", "credential", "accesskey", "privatekey"} {
		if bytes.Contains(w, []byte(k)) {
			return true
		}
	}
	return false
}

// testLike reports whether a value holds a word of tests and demonstrations.
func testLike(v []byte) bool { return testWords.in(v) }

var testWords = findable("test demo admin user hello world foo bar mock fake local guest welcome temp stub value")

// mailLike reports whether a value is an address or an account.
func mailLike(v []byte) bool {
	if i := bytes.IndexByte(v, '\\'); i > 0 && i < len(v)-2 && oddness(v) < 5 {
		return bytes.IndexFunc(v, func(c rune) bool { return c != '\\' && c != '.' && c != '-' && (c > 127 || !isWord(byte(c))) }) < 0 // DOMAIN\user
	}
	i := bytes.IndexByte(v, '@')
	if i <= 0 {
		return false
	}
	j := bytes.LastIndexByte(v, '.')
	if j < i+2 || j > len(v)-3 {
		return false
	}
	for _, c := range v[j+1:] {
		if !isLetter(c) {
			return false
		}
	}
	return true
}
