package match

import "bytes"

// roleWords are what the text between a provider's name and a value calls the value, folded.
var roleWords = []string{"key", "token", "secret", "access", "private", "auth", "pass", "pwd", "credential", "bearer", "init"}

// lineRoles are what a line says before it comes to a provider's name.
var lineRoles = []string{"secret", "token", "apikey", "credential", "password", "authorization"}

// lineBack is how far before a keyword the line is read for what it promises.
const lineBack = 64

// promised reports whether the text around a keyword that ends at from says that a secret follows at start: a word for it
// between the two or earlier on the line, or nothing between them but what joins a name and its value.
func (m *Matcher) promised(from, keyword, start int) bool {
	b := m.b
	if from > start || keyword > from {
		return false
	}
	if adjacent(b[from:start]) {
		return true
	}
	m.folded = compact(m.folded[:0], b[keyword:start])
	if containsAny(m.folded, roleWords) {
		return true
	}
	left := b[max(0, keyword-lineBack):keyword]
	if i := bytes.LastIndexByte(left, '\n'); i >= 0 {
		left = left[i+1:]
	}
	m.folded = compact(m.folded[:0], left)
	return containsAny(m.folded, lineRoles)
}

// beside reports whether a value that could be nothing but a token stands one blank behind a word: provider VALUE. Digests
// stand so behind many a word.
func beside(gap, v []byte) bool {
	return len(gap) == 1 && isBlank(gap[0]) && len(v) >= besideLen && !allHex(v) && byLot(v)
}

// besideLen is the length from which beside asks nothing more of a value's surroundings.
const besideLen = 20

// phrase extends a name that begins at s, and is split into w, by the word before it, where the name itself says no more than
// that it is a key or token: "provider token = …", "Provider API key: …". It returns where the phrase begins.
func phrase(b []byte, s int, w *nameWords) int {
	if w.n == 0 || w.n > 3 || s < 4 || !isBlank(b[s-1]) {
		return s
	}
	for i := range w.n {
		if !w.is(i, inPhrase) {
			return s
		}
	}
	var buf [maxPhrase]byte
	i := s
	for range 3 {
		e := i - 1
		j := e
		for j > 0 && s-j < maxPhrase && isWord(b[j-1]) {
			j--
		}
		if e-j < minKeyword || e-j > maxPhrase-8 || j > 0 && (b[j-1] == '.' || b[j-1] == '/' || b[j-1] == '$') {
			return s
		}
		if i = j; !(j > 0 && isBlank(b[j-1]) && vocabulary[string(compact(buf[:0], b[j:e]))]&inPhrase != 0) {
			return i
		}
	}
	return s
}

// maxPhrase is how far before a name its words are read.
const maxPhrase = 40

// called reports whether the text between a keyword and a value on its line calls the value a key, a token or the like.
func (m *Matcher) called(gap []byte) bool {
	return bytes.IndexByte(gap, '\n') < 0 && m.near(roleWords, gap)
}

// adjacent reports whether a gap holds nothing but blanks, quotes and an operator.
func adjacent(gap []byte) bool {
	quote, op := false, false
	for _, c := range gap {
		switch {
		case isBlank(c):
		case isQuote(c):
			quote = true
		case c == '=' || c == ':':
			op = true
		case c == '>' && op:
		default:
			return false
		}
	}
	return quote || op
}

// glued reports whether a separator before i joins a value to a word that promises it: provider-secret-VALUE,
// providerTOKEN.VALUE. from is where the keyword ends.
func glued(b []byte, from, i int) bool {
	if i <= from || b[i-1] != '-' && b[i-1] != '.' {
		return false
	}
	left := b[from : i-1]
	for _, w := range roleWords {
		if n := len(left) - len(w); n >= 0 && hasFold(left[n:], w) {
			return true
		}
	}
	return false
}

// byLot reports whether a value looks drawn by lot: neither words nor a path, a host or a date.
func byLot(v []byte) bool {
	if isUUID(v) {
		return true
	}
	if allHex(v) {
		return entropy(v) >= 3
	}
	digits := countDigits(v)
	return digits > 0 && digits*4 < len(v)*3 && oddness(v) >= 4.8 && entropy(v) >= 3.2 && !pathLike(v) && !joinedWords(v)
}

// thoughtUp reports whether a value is what people make of a word where a password must not be one: Summer2024, tr0ubador&3.
// Names of algorithms and versions are not of that kind.
func thoughtUp(v []byte) bool {
	const least, most = 8, 64
	if len(v) < least || len(v) > most {
		return false
	}
	letters, digits, signs := 0, 0, 0
	for _, c := range v {
		switch {
		case isLetter(c):
			letters++
		case isDigit(c):
			digits++
		case typedSign[c]:
			signs++
		case c != '-' && c != '_' && c != '.' && c != '+' && c != '~':
			return false
		}
	}
	return letters >= 4 && (digits >= 3 && !identifier(v) || digits > 0 && signs > 0)
}

// breaks are bytes that belong to no token and yet to the value that holds one: "abc?def" is not abc.
var breaks = of("?!^%#@*$[{|~")

// whole reports whether the token [start, end) is all of the value it stands in.
func whole(b []byte, start, end int) bool {
	if end < len(b) {
		if c := b[end]; breaks.Has(c) || c >= 0x80 {
			return false
		}
	}
	if start == 0 {
		return true
	}
	c := b[start-1]
	if c == '=' && start > 1 && isQuote(b[start-2]) {
		return false // "=value": a piece of something else
	}
	if c == '&' {
		return false // user&time&value: the rest of a value of several fields
	}
	if !isQuote(c) {
		return !breaks.Has(c) || c == '{' || c == '|' || c == '['
	}
	return end == len(b) || isQuote(b[end]) || isSpace(b[end]) || b[end] == '\\' || b[end] == '&'
}

// cutShort reports whether a token that a quote opens is followed by something that belongs to no token: "key_VALUE!VALUE".
func cutShort(b []byte, start, end int) bool {
	return start > 0 && isQuote(b[start-1]) && end < len(b) && breaks.Has(b[end]) && b[end] != '|' || goesOn(b, end)
}

// goesOn reports whether a hyphen joins a token that ends at end to more that was drawn by lot: a longer token of another kind.
func goesOn(b []byte, end int) bool {
	const more = 20
	if end >= len(b) || b[end] != '-' {
		return false
	}
	i := end + 1
	for i < len(b) && i-end <= more && (isLetter(b[i]) || isDigit(b[i])) {
		i++
	}
	return i-end > more && byLot(b[end+1:i])
}
