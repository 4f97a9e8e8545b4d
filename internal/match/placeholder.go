package match

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"

	"sprawl/detectors"
	"sprawl/finding"
)

// Words that nobody's secret is made of, folded and without separators. Each has five letters at least or is followed by
// something: in 40 random letters and digits one of five stands by chance once in 70,000 values.
const dummyList = "example changeme changethis changeit placeholder insert replaceme replacewith replacethis dummy yourpass yourtoken yoursecret yourkey yourapi youraccess yourclient yourown " +
	"yourprivate yourpersonal yourdb youruser youraws yourauth yourjwt yourgithub tokenhere keyhere secrethere passwordhere valuehere goeshere redacted fixme foobar barbaz notreal notasecret notavalid " +
	"fakekey faketoken fakesecret fakepass deadbeef abcdefgh qwertyui xxxxx enteryour putyour addyour setyour randomstring abc123abc123 invalidinvalid dummydummy fakefake thisisfake fakevalue"

// Words that tests put into what is else of a token's form.
const testList = "testtest testkey testtoken testsecret"

// Words that make a generic value none, but may be part of a real token: a configuration's name, a tenant's.
const weakDummyList = "sample todo lorem notused unused mytoken mysecret mykey myapikey undefined thisisa thisismy supersecret topsecret verysecret donotuse invalid nosecret removed masked hidden censored " +
	"obfuscated sanitized anonymized wrongpass wrongsecret badpass invalidpass incorrectpass encryptedvalue optional required default testpass somerandom base64encoded abc123 usesyour hunter keyvalue withhmac hmacsha myuuid doesnotmatter whatever"

var (
	dummyWords     = findable(dummyList)
	ofTestWords    = findable(testList)
	weakDummyWords = findable(weakDummyList)
	anyDummyWords  = findable(dummyList + " " + testList + " " + weakDummyList)
)

// dummy says in what way a value is evidently none: a filler, a counter, a placeholder. It returns "" for one that may be
// real. It is for what follows a literal prefix as well as for whole values; a proven value is never asked about.
func dummy(v []byte) string {
	if why := shapeless(v); why != "" || len(v) < 4 {
		return why
	}
	var buf [256]byte
	c := compact(buf[:0], v[:min(len(v), len(buf))])
	switch {
	case dummyWords.in(c):
		return "a placeholder"
	case ofTestWords.in(c):
		return "a word of tests"
	}
	return ""
}

// shapeless is what dummy says without looking for words.
func shapeless(v []byte) string {
	if len(v) < 4 {
		return ""
	}
	if allFew(v) {
		return "a repeated character"
	}
	if repeats(v) {
		return "a repeated group"
	}
	if counted(v)*2 > len(v) {
		return "a counting sequence"
	}
	if bytes.Contains(v, []byte("...")) || bytes.Contains(v, []byte("***")) || bytes.Contains(v, []byte("\u2026")) {
		return "shortened"
	}
	return ""
}

// weakDummy is for values without a form of their own.
func weakDummy(v []byte) bool { return counting(v, weakDummyWords) }

// anyDummy reports whether a value is one to dummy or to weakDummy.
func anyDummy(v []byte) bool { return shapeless(v) != "" || counting(v, anyDummyWords) }

// counting reports whether the letters and digits of a value count, or hold one of the words.
func counting(v []byte, words *wordSet) bool {
	var buf [256]byte
	c := compact(buf[:0], v[:min(len(v), len(buf))])
	return counted(c)*2 > len(c) || words.in(c)
}

// encodedDummy reports whether a value is base64 of text that is evidently no secret.
func encodedDummy(v []byte) bool {
	var buf [longestText]byte
	text := printable(buf[:], v)
	return len(text) > 0 && (inert(text) || anyDummy(text)) || dummyPair(text)
}

// encodedPair reports whether a value is base64 of a user and a password that is evidently none.
func encodedPair(v []byte) bool {
	var buf [longestText]byte
	return dummyPair(printable(buf[:], v))
}

func dummyPair(text []byte) bool {
	i := bytes.IndexByte(text, ':')
	if i < 1 || i == len(text)-1 || text[0] == '{' {
		return false
	}
	p := text[i+1:]
	return inert(p) || dummy(p) != "" || disguised(p) || spoken(p)
}

// longestText bounds what is decoded to see whether it is a placeholder.
const longestText = 64

// printable decodes a short base64 value into buf and returns the text, or nothing where it is none.
func printable(buf, v []byte) []byte {
	if len(v) < 8 || len(v)%4 != 0 || base64.StdEncoding.DecodedLen(len(v)) > len(buf) {
		return nil
	}
	for _, c := range bytes.TrimRight(v, "=") {
		if !detectors.Base64.Has(c) {
			return nil // an error of the decoder is an allocation
		}
	}
	n, err := base64.StdEncoding.Decode(buf, v)
	if err != nil || n < 4 {
		return nil
	}
	text := bytes.TrimSpace(buf[:n])
	for _, c := range text {
		if c < ' ' || c > '~' {
			return nil
		}
	}
	return text
}

func allDigits(v []byte) bool {
	for _, c := range v {
		if !isDigit(c) {
			return false
		}
	}
	return true
}

// wordSet holds words that are looked for within a value, sorted, and where those begin that start with two letters.
type wordSet struct {
	words []string
	from  [26*26 + 1]uint16
}

// findable makes a set of words that stand in a list, folded.
func findable(list string) *wordSet {
	s := wordSet{words: strings.Fields(list)}
	slices.Sort(s.words)
	for _, w := range s.words {
		s.from[int(w[0]-'a')*26+int(w[1]-'a')+1]++
	}
	for i := 1; i < len(s.from); i++ {
		s.from[i] += s.from[i-1]
	}
	return &s
}

// in reports whether one of the words stands in v, in whatever case.
func (s *wordSet) in(v []byte) bool {
	for i := 0; i+1 < len(v); i++ {
		x, y := lower(v[i])-'a', lower(v[i+1])-'a'
		if x >= 26 || y >= 26 {
			continue
		}
		k := int(x)*26 + int(y)
		for _, w := range s.words[s.from[k]:s.from[k+1]] {
			if hasFold(v[i:], w) {
				return true
			}
		}
	}
	return false
}

// plainly appends the letters of a value with those that digits and signs stand for: p%40ssw0rd1 gives passwordi. Signs and
// escapes that stand for no letter are left out.
func plainly(dst, v []byte) []byte {
	for i := 0; i < len(v) && len(dst) < cap(dst); i++ {
		c := v[i]
		if c == '%' && i+2 < len(v) && isHex(v[i+1]) && isHex(v[i+2]) {
			c = unhex(v[i+1])<<4 | unhex(v[i+2])
			i += 2
		}
		switch c {
		case '@', '4':
			c = 'a'
		case '$', '5':
			c = 's'
		case '0':
			c = 'o'
		case '3':
			c = 'e'
		case '1', '!':
			c = 'i'
		}
		if isLetter(c) {
			dst = append(dst, lower(c))
		}
	}
	return dst
}

func unhex(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// leet reports whether a value holds a word for passwords in disguise: p%40ssw0rd, S3cr3t!.
func leet(v []byte) bool {
	var buf [maxWeak]byte
	w := plainly(buf[:0], v)
	return bytes.Contains(w, []byte("password")) || bytes.Contains(w, []byte("secret")) || bytes.Contains(w, []byte("passwd"))
}

// disguised reports whether a value is a word for passwords and nothing else, but for digits and signs behind it.
func disguised(v []byte) bool {
	for len(v) > 0 && !isLetter(v[len(v)-1]) {
		v = v[:len(v)-1]
	}
	if len(v) >= maxWeak {
		return false
	}
	var buf [maxWeak]byte
	switch string(plainly(buf[:0], v)) {
	case "password", "pasword", "mypass", "mypassword", "userpassword", "passwd", "clientsecret", "testpassword", "adminpassword", "rootpassword":
		return true
	}
	return false
}

// spoken reports whether a value is made of words, one of them for secrets: my-gitlab-token, SuperSecret.
func spoken(v []byte) bool {
	for i, c := range v {
		if !isLetter(c) && c != '_' && c != '-' && c != '.' && !(isDigit(c) && i >= len(v)-2) {
			return false
		}
	}
	var buf [maxIdent]byte
	w := compact(buf[:0], v[:min(len(v), len(buf))])
	for _, k := range []string{"password", "passwd", "secret", "token", "apikey", "passphrase", "credential", "accesskey", "pass"} {
		if bytes.Contains(w, []byte(k)) {
			return true
		}
	}
	return false
}

// ofUser reports whether a password begins with its user's name.
func ofUser(c *Candidate, v []byte) bool {
	for i := range c.Parts {
		if u := c.Parts[i].Value.Reveal(); c.Parts[i].Role == finding.RoleUser && len(u) > 1 && len(u) <= len(v) && bytes.EqualFold(v[:len(u)], u) {
			return true
		}
	}
	return false
}

// accountName reports whether a password is its user's name, as accounts come from their makers, at a host that can be reached:
// root:root@10.0.0.5. At a host of one name, as in a composition of containers, it is anybody's.
func accountName(c *Candidate, v []byte) bool {
	if len(v) < shortest || !ofUser(c, v) || loopbackHost(c) || documentationHost(c) {
		return false
	}
	for i := range c.Parts {
		switch p := &c.Parts[i]; p.Role {
		case finding.RoleUser:
			if u := p.Value.Reveal(); len(u) != len(v) || !defaultAccounts[strings.ToLower(string(u))] {
				return false
			}
		case finding.RoleHost:
			h := p.Value.Reveal()
			return bytes.IndexByte(h, '.') > 0 && indexFold(h, ".local") < 0
		}
	}
	return false
}

// defaultAccounts are names that programs come with.
var defaultAccounts = words("root admin administrator postgres mysql sa guest")

func loopbackHost(c *Candidate) bool {
	for i := range c.Parts {
		if h := c.Parts[i].Value.Reveal(); c.Parts[i].Role == finding.RoleHost && (hasFold(h, "localhost") || hasFold(h, "127.") || hasFold(h, "[::1]")) {
			return true
		}
	}
	return false
}

// documentationHost reports whether a host is one of the names that are reserved for documents and tests (RFC 2606, RFC 6761).
func documentationHost(c *Candidate) bool {
	for i := range c.Parts {
		if c.Parts[i].Role == finding.RoleHost && reservedHost(c.Parts[i].Value.Reveal()) {
			return true
		}
	}
	return false
}

// documentationURL reports whether the path at i belongs to a URL of such a host.
func documentationURL(b []byte, i int) bool {
	s := i
	for s > 0 && i-s < maxBack && hostByte(b[s-1]) {
		s--
	}
	return s > 2 && b[s-1] == '/' && b[s-2] == '/' && reservedHost(b[s:i])
}

func hostByte(c byte) bool { return isLetter(c) || isDigit(c) || c == '.' || c == '-' || c == ':' }

func reservedHost(h []byte) bool {
	if j := bytes.IndexByte(h, ':'); j >= 0 {
		h = h[:j]
	}
	j := bytes.LastIndexByte(h, '.')
	if j < 0 {
		return false
	}
	switch strings.ToLower(string(h[j+1:])) {
	case "test", "example", "invalid":
		return true
	case "com", "net", "org":
		return hasFold(h[bytes.LastIndexByte(h[:j], '.')+1:], "example.")
	}
	return false
}

// allFew reports whether at most two different letters or digits make up the value, separators left out.
func allFew(v []byte) bool {
	var a, b byte
	n := 0
	for _, c := range v {
		if !isLetter(c) && !isDigit(c) && c != '*' && c != '.' && c != '#' && c != '?' {
			continue
		}
		n++
		switch {
		case a == 0 || a == c:
			a = c
		case b == 0 || b == c:
			b = c
		default:
			return false
		}
	}
	return n*2 >= len(v) && (b == 0 || n >= 8)
}

// repeats reports whether a group of up to 16 bytes, three times at least, makes up the value.
func repeats(v []byte) bool {
	for p := 1; p <= 16 && p*3 <= len(v) && len(v) >= 8; p++ {
		ok := true
		for i := p; i < len(v); i++ {
			if v[i] != v[i-p] {
				ok = false
				break
			}
		}
		if ok {
			return true
		}
	}
	return false
}

// counted is how many bytes belong to runs such as 12345, abcde, fedcba or aaaaa of at least four.
func counted(v []byte) int {
	total := 0
	for i := 0; i < len(v); {
		if i+1 < len(v) {
			// Mostly neither step leads from one byte to the next.
			if x, y := lower(v[i]), lower(v[i+1]); x != '9' && (y > x+1 || x > y+1) {
				i++
				continue
			}
		}
		n := 1
		for _, step := range []int{1, -1, 0} {
			j := i
			for j+1 < len(v) && (isLetter(v[j]) || isDigit(v[j])) && follows(v[j], v[j+1], step) {
				j++
			}
			n = max(n, j-i+1)
		}
		if n >= 4 {
			total += n
		}
		if n > 1 {
			n--
		}
		i += n
	}
	return min(total, len(v))
}

func follows(a, b byte, step int) bool {
	a, b = lower(a), lower(b)
	if a == '9' && (b == '0' || b == 'a') && step == 1 {
		return true
	}
	return int(b)-int(a) == step && isDigit(a) == isDigit(b) && (isDigit(b) || isLetter(b))
}

// interleaved reports whether letters and digits take turns as they do where somebody types at random, or count while they do:
// A1B2C3D4. Of values drawn by lot one of a million does either.
func interleaved(v []byte) bool {
	const counting, typing = 8, 16
	turns, counts := 1, 1
	for i := 1; i < len(v); i++ {
		if !(isLetter(v[i]) && isDigit(v[i-1]) || isDigit(v[i]) && isLetter(v[i-1])) {
			turns, counts = 1, 1
			continue
		}
		turns++
		if counts == 1 || follows(v[i-2], v[i], 1) {
			counts++
		} else {
			counts = 2
		}
		if counts >= counting || turns >= typing {
			return true
		}
	}
	return false
}

// isUUID reports whether v is 8-4-4-4-12 hexadecimal digits.
func isUUID(v []byte) bool {
	if len(v) != 36 {
		return false
	}
	for i, c := range v {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if !isHex(c) {
			return false
		}
	}
	return true
}

// isTimeUUID reports whether v is a UUID of version 1, 2 or 6: a time and a machine, which nobody takes for a secret.
func isTimeUUID(v []byte) bool { return isUUID(v) && (v[14] == '1' || v[14] == '2' || v[14] == '6') }

// Lines of wrapped base64, as PEM, MIME and dumps have them.
const (
	blockLine    = 56
	blockLineMax = 128
)

// insideBlock reports whether the token [start, end) is all of a line in the middle of base64 that was wrapped: such a line
// begins with any few letters once in a while. lead is the token's literal, which a list of tokens repeats.
func insideBlock(b []byte, start, end int, lead string) bool {
	if n := end - start; n < blockLine || n > blockLineMax {
		return false
	}
	filler := func(c byte) bool {
		return isSpace(c) && c != '\n' || isQuote(c) || c == '+' || c == ',' || c == '\\' || c == '#' || c == '*'
	}
	i, j := start, end
	for i > 0 && start-i < blockLineMax && filler(b[i-1]) {
		i--
	}
	for j < len(b) && j-end < blockLineMax && (filler(b[j]) || b[j] == '/') {
		j++
	}
	whole := func(line []byte) bool {
		line = bytes.TrimFunc(line, func(r rune) bool { return r < 128 && filler(byte(r)) })
		if len(line) < blockLine || bytes.HasPrefix(line, []byte(lead)) {
			return false
		}
		return bytes.IndexFunc(line, func(r rune) bool { return r > 127 || !detectors.Base64Pad.Has(byte(r)) }) < 0
	}
	if i > 0 && b[i-1] == '\n' {
		k := i - 1
		for k > 0 && i-k < 2*blockLineMax && b[k-1] != '\n' {
			k--
		}
		if whole(b[k : i-1]) {
			return true
		}
	}
	if j < len(b) && b[j] == '\n' && (i == 0 || b[i-1] == '\n') {
		if k := bytes.IndexByte(b[j+1:min(len(b), j+2*blockLineMax)], '\n'); k > 0 && whole(b[j+1:j+1+k]) {
			return true
		}
	}
	return false
}

// digested reports whether base64 at i is labelled as a digest, as lock files do: h1:…, sha512-….
func digested(b []byte, i int) bool {
	for _, w := range []string{"h1:", "sha1-", "sha256-", "sha384-", "sha512-", "sha256:", "sha512:", "md5-", "sha1$", "sha256$"} {
		if i >= len(w) && hasFold(b[i-len(w):i], w) {
			return true
		}
	}
	return false
}

// digestLike reports whether a value has the form of an MD5, a SHA-1 or a SHA-2: most of these are commits and checksums.
func digestLike(v []byte) bool {
	switch len(v) {
	case 32, 40, 64, 128:
		return allHex(v)
	}
	return false
}

// hashContext reports whether digits at i are labelled as a digest or a commit.
func hashContext(b []byte, i int) bool {
	left := b[max(0, i-hashGap):i]
	if n := bytes.LastIndexByte(left, '\n'); n >= 0 {
		left = left[n+1:]
	}
	for _, w := range []string{"sha1", "sha-1", "sha2", "sha-2", "sha5", "sha-5", "sha3", "md5", "digest", "checksum", "commit", "integrity", "revision", "etag", "blake", "crc", "fingerprint", "thumbprint"} {
		if indexFold(left, w) >= 0 {
			return true
		}
	}
	return false
}
