package match

import (
	"bytes"
	"slices"
	"strings"
)

// assignment is one "name operator value" of a text. Offsets are bytes in it.
type assignment struct {
	nameStart, nameEnd int
	start, end         int // of the value, quotes and schemes such as "Bearer" left out
	op                 op
	quote              byte      // the quote around the value, 0 for none
	more               bool      // further words follow an unquoted value: prose
	joined             bool      // the value is one operand of a larger expression
	flow               bool      // stands inside brackets, a string, a query or a connection string: no expression
	scheme             bool      // an authentication scheme was passed over
	listed             bool      // a pair among other strings of one list
	argument           nameClass // what the value is as an argument of a known call, nameOther if it is none
	row                bool      // they are cells of a table's row
	listing            bool      // a dash joins them, as in a list of somebody's: name - 'value'
	lot                bool      // so little joins name and value that only a value drawn by lot is one, or a password that somebody thought up
	trailed            bool      // listed only in that another string follows: flag.String("password", "x", "of the shop")
	said               bool      // a sentence joins them: the token is "x"
	returns            bool      // the value is what a function of the name returns
	template           bool      // a string in which expressions stand between braces
	column             column    // of a table in which the value stands
	until              byte      // what ends an unquoted value besides, 0 for nothing
	valued             bool      // a value was read, or looked for
	behind             bool      // the line before the name was looked at, up to lineOfWord bytes of it
	seen               int       // the end of what was read, up to seenAhead bytes less
	first              int       // where what was read begins, if before the name
}

// op is how the value follows the name.
type op uint8

const (
	opNone    op = iota
	opEqual      // = := ?= += <-
	opColon      // : =>
	opCompare    // == != ===
	opCall       // name("value")
	opPair       // "name", "value"
	opSpace      // --name value, ENV name value, name "value"
	opElement    // <name>value</name>
	opDefault    // ${name:-value}, name || "value"
)

func isIdent(c byte) bool { return identByte[c] }

var identByte = table("a-zA-Z0-9_.-")

// identAround finds the name that the bytes [i, j) belong to. It refuses one that goes on for more than maxIdent to a side: a
// run of that length is data.
func identAround(b []byte, i, j int) (s, e int, ok bool) {
	s, e = i, j
	for least := max(0, i-maxIdent-1); s > least && identByte[b[s-1]]; {
		s--
	}
	for _, c := range b[j:min(len(b), j+maxIdent+1)] {
		if !identByte[c] {
			break
		}
		e++
	}
	if i-s > maxIdent || e-j > maxIdent {
		return 0, 0, false
	}
	if s > 0 && b[s-1] == '\\' && s < i && (b[s] == 'n' || b[s] == 't' || b[s] == 'r') {
		s++ // "\npassword=…" within a string
	}
	for s < i && (b[s] == '-' || b[s] == '.') {
		s++
	}
	for e > j && (b[e-1] == '-' || b[e-1] == '.') {
		e--
	}
	return s, e, true
}

// identRun is the run of bytes of names around the name [s, e): what a name begins and ends with and does not belong to it was
// passed over.
func identRun(b []byte, s, e int) (from, to int) {
	for from = s; from > 0 && isIdent(b[from-1]); from-- {
	}
	for to = e; to < len(b) && isIdent(b[to]); to++ {
	}
	return from, to
}

// reader walks over a text within a bound.
type reader struct {
	b     []byte
	i     int
	limit int // never read at or beyond
}

func (r *reader) peek() byte {
	if r.i < r.limit {
		return r.b[r.i]
	}
	return 0
}

func (r *reader) peekAt(n int) byte {
	if r.i+n < r.limit {
		return r.b[r.i+n]
	}
	return 0
}

func (r *reader) rest() []byte {
	if r.i >= r.limit {
		return nil
	}
	return r.b[r.i:r.limit]
}

// blanks passes over spaces and tabs and says whether there were any.
func (r *reader) blanks() bool {
	i := r.i
	for r.i < r.limit && isBlank(r.b[r.i]) {
		r.i++
	}
	return r.i > i
}

// gap passes over white space with at most one line break, which a backslash may hide, and says whether it held one.
func (r *reader) gap() (broken bool) {
	for r.i < r.limit {
		switch c := r.b[r.i]; {
		case isBlank(c) || c == '\r':
		case c == '\n' && !broken:
			broken = true
		case c == '\\' && (r.peekAt(1) == '\n' || r.peekAt(1) == '\r'):
		default:
			return broken
		}
		r.i++
	}
	return broken
}

// quoteAt returns the quote at the reader, written plain, behind backslashes or as an entity, and how many bytes it takes.
func (r *reader) quoteAt() (q byte, n int) {
	switch c := r.peek(); {
	case isQuote(c):
		return c, 1
	case c == '\\' && isQuote(r.peekAt(1)):
		return r.peekAt(1), 2
	case c == '\\' && r.peekAt(1) == '\\' && r.peekAt(2) == '\\' && isQuote(r.peekAt(3)):
		return r.peekAt(3), 4
	case c == '&' && hasFold(r.rest(), "&quot;"):
		return '&', 6
	case c == '&' && hasFold(r.rest(), "&#39;"):
		return '&', 5
	}
	return 0, 0
}

// parse reads what follows the name [s, e), and says whether that is a value.
func (a *assignment) parse(b []byte, s, e int) bool {
	*a = assignment{nameStart: s, nameEnd: e, seen: e, first: s}
	r := reader{b: b, i: e, limit: min(len(b), e+maxGap)}
	if r.peek() == '(' { // a call, as most names in programs are: nothing stands around the name
		a.seen = r.i + quoteAhead
		if !a.operator(&r, s, false, false) {
			return false
		}
		return a.value(b, r.i)
	}
	if a.typedInto(&r) {
		return a.value(b, r.i)
	}
	// Around the name: quotes, brackets, a tag.
	quoted := false
	if q, n := r.quoteAt(); q != 0 {
		quoted = true
		r.i += n
	}
	if r.peek() == '>' || !quoted && s > 0 && (b[s-1] == '<' || b[s-1] == ':') && r.peek() == ' ' || quoted && hasFold(r.rest(), ` serializeas="`) {
		a.seen = e + maxGap
		if a.element(&r, quoted) {
			return a.value(b, r.i)
		}
		if r.peek() == '>' {
			return false
		}
	}
	if r.peek() == '<' && (hasFold(r.rest(), "</name>") || hasFold(r.rest(), "</key>") || hasFold(r.rest(), "</stringprop>")) {
		a.seen = e + maxGap
		return a.sibling(&r)
	}
	if assigned(b, s) {
		if a.nameValue(&r) {
			return a.value(b, r.i)
		}
		if a.valueName(b) {
			return true
		}
	}
	spaced := r.blanks()
	if r.peek() == ')' && a.columnOf(&r, s) {
		a.op = opEqual
		return a.value(b, r.i)
	}
	for r.peek() == ']' || quoted && r.peek() == ')' {
		quoted = quoted && r.peek() == ')'
		r.i++
		r.blanks()
	}
	if r.peek() == '[' { // char password[32] = "…"
		j := r.i + 1
		for j < r.limit && isDigit(b[j]) {
			j++
		}
		a.seen = max(a.seen, j)
		if j < r.limit && b[j] == ']' {
			r.i = j + 1
			spaced = r.blanks()
		}
	}
	if c := r.peek(); c == '\n' || c == '\r' || c == '*' {
		a.nextLine(&r)
		spaced = true
	}
	if r.peek() == '!' && r.peekAt(1) != '=' || r.peek() == '?' && (r.peekAt(1) == ':' || r.peekAt(1) == ' ') {
		r.i++ // optional or definite, as TypeScript and Kotlin mark it
		r.blanks()
	}
	a.seen = max(a.seen, r.i+quoteAhead)
	if !a.operator(&r, s, quoted, spaced) {
		return false
	}
	return a.value(b, r.i)
}

// nextLine passes over what may stand between a name and its operator: a line break before =, as Java's formatters write it, one
// between an option and its argument in a list of YAML, and the asterisks that end a bold name in a table.
func (a *assignment) nextLine(r *reader) {
	n := *r
	if n.peek() == '*' {
		for n.peek() == '*' {
			n.i++
		}
	} else {
		n.gap()
	}
	bold := n.b[n.i-1] == '*'
	n.blanks()
	a.seen = max(a.seen, n.i+2)
	if c := n.peek(); bold && (c == '|' || c == ':' || c == '=' || dash(n.rest()) > 0) || !bold && (c == '=' || c == '-' && optionAt(r.b, a.nameStart)) && isBlank(n.peekAt(1)) {
		*r = n
	}
}

// optionAt reports whether the name at s is that of an option: --name.
func optionAt(b []byte, s int) bool { return s > 1 && b[s-1] == '-' && b[s-2] == '-' }

// element reads the rest of an opening tag; the value is the text up to the next tag.
func (a *assignment) element(r *reader, quoted bool) bool {
	i := r.i
	if r.peek() == ' ' {
		for i < r.limit && r.b[i] != '>' && r.b[i] != '<' && r.b[i] != '\n' {
			i++
		}
	}
	if i >= r.limit || r.b[i] != '>' || r.b[i-1] == '/' || r.b[i-1] == '-' || r.b[i-1] == '=' {
		return false
	}
	if !quoted && r.peek() == '>' {
		// The name must be a tag's: <name> or <ns:name>.
		s := a.nameStart
		if s == 0 || r.b[s-1] != '<' && r.b[s-1] != ':' {
			return false
		}
	}
	r.i = i + 1
	r.gap()
	if hasFold(r.rest(), "<value>") {
		r.i += len("<value>")
	}
	if bytes.HasPrefix(r.rest(), []byte("<![CDATA[")) {
		r.i += len("<![CDATA[")
	}
	a.op = opElement
	return true
}

// sibling reads <name>X</name><value>…</value>, the <key>X</key><string>…</string> of property lists, and what JMeter and KeePass
// write likewise.
func (a *assignment) sibling(r *reader) bool {
	i := bytes.IndexByte(r.rest(), '>')
	r.i += i + 1
	r.gap()
	for _, tag := range []string{"<value>", "<string>", "<data>", "<value ", "<stringprop "} {
		if hasFold(r.rest(), tag) {
			i := r.i + len(tag) - 1
			for i < r.limit && r.b[i] != '>' && r.b[i] != '\n' {
				i++
			}
			if a.seen = max(a.seen, i+1); i == r.limit || r.b[i] != '>' {
				return false
			}
			a.op = opElement
			return a.value(r.b, i+1)
		}
	}
	return false
}

// maxPrefix is how long the prefix of an attribute may be that names a space of names.
const maxPrefix = 12

// assigned reports whether the name at s is a value itself: name: X.
func assigned(b []byte, s int) bool {
	i := s - 1
	for i >= 0 && s-i < 8 && (isQuote(b[i]) || b[i] == '\\' || isBlank(b[i])) {
		i--
	}
	return i >= 0 && (b[i] == ':' || b[i] == '=')
}

// nameValue reads the second half of name: X, value: Y as Kubernetes, ECS and XML attributes write it.
func (a *assignment) nameValue(r *reader) bool {
	n := *r
	defer func() { a.seen = max(a.seen, n.i+seenAhead) }()
	for n.i < n.limit && (isBlank(n.b[n.i]) || n.b[n.i] == ',' || n.b[n.i] == ';') {
		n.i++
	}
	n.gap()
	if _, k := n.quoteAt(); k > 0 {
		n.i += k
	}
	ahead := n.rest()
	if k := bytes.IndexByte(ahead[:min(len(ahead), maxPrefix)], ':'); k > 0 && !hasFold(ahead, "value") {
		for _, c := range n.rest()[:k] {
			if !isLetter(c) {
				return false
			}
		}
		n.i += k + 1 // android:value="X"
	}
	if !hasFold(n.rest(), "value") && !hasFold(n.rest(), "parametervalue") && !hasFold(n.rest(), "content=") {
		return false
	}
	for n.i < n.limit && isLetter(n.b[n.i]) {
		n.i++
	}
	if _, k := n.quoteAt(); k > 0 {
		n.i += k
	}
	n.blanks()
	if c := n.peek(); c != ':' && c != '=' {
		return false
	}
	n.i++
	if n.peek() == '>' {
		n.i++
	}
	a.op = opColon
	*r = n
	return true
}

// valueName goes back to the value in value: Y, name: X, of which nameValue reads the other order.
func (a *assignment) valueName(b []byte) bool {
	const most = 256 // before the name
	i, least := a.nameStart, max(0, a.nameStart-most)
	back := func(f func(byte) bool) (n int) {
		for ; i > least && f(b[i-1]); i-- {
			n++
		}
		return n
	}
	marks := func(c byte) bool { return isQuote(c) || c == '\\' }
	// word goes back over what joins a key and its value, and over the key if it is one of those.
	word := func(keys ...string) bool {
		back(marks)
		back(isBlank)
		if i == least || b[i-1] != ':' && b[i-1] != '=' {
			return false
		}
		i--
		back(isBlank)
		back(marks)
		e := i
		back(isLetter)
		return slices.ContainsFunc(keys, func(k string) bool { return len(k) == e-i && hasFold(b[i:e], k) }) && i > 0 && !isWord(b[i-1])
	}
	defer func() { a.first = min(a.first, i-2) }()
	if !word("name", "key") {
		return false
	}
	if isQuote(b[i-1]) {
		for i--; i > least && b[i-1] == '\\'; i-- {
		}
	}
	if back(func(c byte) bool { return isSpace(c) || c == ',' }) == 0 || i == least {
		return false
	}
	end, quote := i, b[i-1]
	if !isQuote(quote) {
		quote = 0
		back(func(c byte) bool { return plainByte[c] })
	} else {
		for end--; end > least && b[end-1] == '\\'; end-- {
		}
		i = end
		back(func(c byte) bool { return c != quote && c != '\n' })
	}
	start := i
	if start >= end || !word("value") {
		return false
	}
	a.start, a.end, a.quote, a.op, a.valued = start, end, quote, opColon, true
	return true
}

// operator reads what joins name and value.
func (a *assignment) operator(r *reader, s int, quoted, spaced bool) bool {
	b := r.b
	two := [2]byte{r.peek(), r.peekAt(1)}
	switch {
	case two[0] == '=' && two[1] == '=', two == [2]byte{'!', '='}:
		a.op = opCompare
		for r.i += 2; r.peek() == '='; r.i++ {
		}
	case two == [2]byte{'=', '>'}:
		a.op = opColon
		r.i += 2
	case two == [2]byte{'=', '~'}:
		return false
	case two == [2]byte{0xef, 0xbc} && r.peekAt(2) == 0x9a: // a colon of full width
		a.op = opColon
		r.i += 3
	case two[0] == '=':
		a.op = opEqual
		r.i++
	case two == [2]byte{':', '='}, two == [2]byte{'?', '='}, two == [2]byte{'+', '='}, two == [2]byte{'.', '='}, two == [2]byte{'<', '-'}:
		a.op = opEqual
		r.i += 2
	case two == [2]byte{':', ':'} && (r.peekAt(2) == '=' || r.peekAt(2) == ':' && r.peekAt(3) == '='):
		a.op = opEqual
		for r.i += 2; r.peek() == ':' || r.peek() == '='; r.i++ {
		}
	case two == [2]byte{':', ':'}:
		a.op, a.lot = opColon, true // a list of terms
		r.i += 2
		return isBlank(r.peek())
	case two == [2]byte{':', '-'}:
		a.op, a.flow = opDefault, true
		r.i += 2
	case two == [2]byte{'|', '|'}, two == [2]byte{'?', '?'}:
		a.op = opDefault
		for r.i += 2; r.peek() == '='; r.i++ {
		}
	case two[0] == ':':
		a.op = opColon
		if r.i++; r.peek() == '*' && r.peekAt(1) == '*' {
			r.i += 2 // **Password:** x
		}
		a.typed(r)
	case two[0] == '(':
		a.op = opCall
		r.i++
		if !a.passedTo(r, b[s:a.nameEnd], 1) && !isQuote(r.peek()) && a.returned(r) {
			a.op, a.returns = opEqual, true
		}
	case (two[0] == ',' || two[0] == '\n' || two[0] == '\r') && a.columnOf(r, s):
		a.op = opEqual
	case two[0] == ',':
		if s == 0 {
			return false
		}
		option := optionAt(b, s)
		switch {
		case option:
			s -= 2 // ["--password", "x"]
		case s > 1 && b[s-1] == '#' && isQuote(b[s-2]):
			s-- // fill("#password", "x")
		}
		if s == 0 {
			return false
		}
		tuple := !quoted && b[s-1] == '{' // Erlang: {password, "x"}
		a.behind = quoted || b[s-1] == '(' || bytes.IndexByte(b[s:a.nameEnd], '_') >= 0
		// A bare name before a comma is an argument or a list's member, unless it stands for a macro or a variable's name.
		if !quoted && b[s-1] != '(' && !tuple && !macro(b, s, a.nameEnd) || quoted && !isQuote(b[s-1]) && (b[s-1] != ' ' || !a.titles(b, s)) && b[s-1] != '\\' || !takesPair(b, s) {
			return false
		}
		a.op, a.listed, a.lot = opPair, !option && listBefore(b, s), tuple
		if !quoted && macro(b, s, a.nameEnd) {
			a.op = opEqual // setopt(h, OPT_PASSWORD, "x") assigns
		}
		r.i++
		if n := *r; option {
			n.gap()
			if a.seen = max(a.seen, n.i+len("default=")); hasFold(n.rest(), "default=") {
				r.i = n.i + len("default=") // add_argument("--password", default="x")
			}
		}
	case two == [2]byte{'o', 'r'} && isBlank(b[r.i-1]) && r.peekAt(2) == ' ' && isQuote(r.peekAt(3)):
		a.op = opDefault // os.getenv("TOKEN") or "x"
		r.i += 3
	case two[0] == '{' && quoted && spaced && declared(b, s):
		a.op = opEqual // variable "password" { default = "x" }
	case two[0] == '{' && quoted && b[r.i-1] == ' ' && b[r.i-2] == ')':
		a.op = opDefault // ENV.fetch("TOKEN") { "x" }
		r.i++
	case quoted && spaced && lower(two[0]) == 'w' && hasFold(r.rest(), "with "):
		a.op, a.lot = opColon, true // fill in "Password" with "x"
		r.i += len("with ")
		return isQuote(r.peek())
	case two[0] == '}' && s > 1 && b[s-1] == '{' && isBlank(r.peekAt(1)) && (isBlank(r.peekAt(2)) || r.peekAt(1) == '\t'):
		r.i++ // ${PASSWORD}    x
		r.blanks()
		a.op, a.lot = opColon, true
		return a.lone(b, r.i, r.limit) > 0
	case quoted && !(spaced && optionAt(b, s) && two == [2]byte{'-', ' '}):
		return false
	case spaced && isQuote(two[0]):
		if a.passedTo(r, b[s:a.nameEnd], 2) {
			a.op = opCall // basic_auth "user", "password"
			return true
		}
		// In prose, as of to pass "x" on, a word is no value.
		if s > 1 && isLower(b[s]) && b[s-1] == ' ' && isWord(b[s-2]) && bytes.IndexByte(b[s:a.nameEnd], '-') < 0 && !a.commanded(b, s) {
			a.lot = true
		}
		a.op = opSpace
	case spaced && a.typedAfter(r):
		a.op = opEqual
	case spaced && two == [2]byte{'-', ' '} && optionAt(b, s):
		a.op = opSpace
		r.i += 2
	case spaced && two == [2]byte{'-', '-'} && hasFold(r.rest(), "--value "):
		a.op = opSpace // put-parameter --name /x/password --value x
		r.i += len("--value ")
	case spaced && (s > 0 && b[s-1] == '-' || a.commanded(b, s)):
		a.op = opSpace
	case spaced && hasFold(r.rest(), "by "): // IDENTIFIED BY 'x'
		sql := isUpper(r.peek())
		r.i += 3
		a.op = opSpace
		return sql || isQuote(r.peek())
	case two[0] == '|' && a.headed(r, s):
		a.op = opColon
	case two[0] == '|' && two[1] != '|' && two[1] != '=':
		a.op, a.lot = opColon, true
		r.i++
		return a.cell(b, s)
	case spaced && two == [2]byte{'-', ' '} && isQuote(r.peekAt(2)):
		a.op, a.lot, a.listing = opColon, true, true
		r.i += 2
	case spaced && dash(r.rest()) > 0 && a.noted(r, s):
	case spaced && s+len("authorization") == a.nameEnd && hasFold(b[s:], "authorization") && (hasFold(r.rest(), "bearer ") || hasFold(r.rest(), "token ")):
		a.op = opColon // the colon was forgotten
	case spaced && (lower(two[0]) == 'i' || lower(two[0]) == 'w') && a.told(r):
	case (two[0] == '\n' || two[0] == '\r') && a.below(r, s):
	case spaced && a.named(r):
	case spaced && a.mentioned(r):
	case spaced && a.directive(r, s):
		a.op = opSpace
	default:
		return false
	}
	return true
}

// cell reports whether the name at s is the first of two cells of a table's row: | name | value |. Where no bar stands before it,
// a shell's pipe might follow.
func (a *assignment) cell(b []byte, s int) bool {
	i := s
	for i > 0 && s-i < maxBlanks && (isBlank(b[i-1]) || b[i-1] == '*' || b[i-1] == '`') {
		i--
	}
	a.first = min(a.first, i-1)
	if i > 0 && b[i-1] == '|' {
		a.row = true
		return true
	}
	return i == 0 || b[i-1] == '\n'
}

// told reads what a sentence says of a name: the password is "x".
func (a *assignment) told(r *reader) bool {
	n, word := *r, "is"
	if lower(n.peek()) == 'w' {
		word = "was"
	}
	if after := n.peekAt(len(word)); !hasFold(n.rest(), word) || !isBlank(after) && after != ':' {
		return false
	}
	n.i += len(word)
	colon := n.peek() == ':'
	n.i++
	n.blanks()
	for n.peek() == '*' { // in bold
		n.i, a.until = n.i+1, '*'
	}
	a.seen = max(a.seen, n.i+1)
	a.op, a.lot, a.said = opColon, !colon && !isQuote(n.peek()), true
	*r = n
	return true
}

// directive reports whether the value is the rest of a line that begins with the name, as in requirepass X, or follows the 0 that
// says of a password in a router's configuration that it is not encrypted, or a key of npm's configuration.
func (a *assignment) directive(r *reader, s int) bool {
	b := r.b
	if b[s] == '_' && s > 0 && b[s-1] == ':' {
		return true // npm config set //host/:_authToken X
	}
	plain := r.peek() == '0' && isBlank(r.peekAt(1))
	if plain {
		r.i += 2
		r.blanks()
	}
	plain = plain || hasFold(b[s:a.nameEnd], "insecure-password") // HAProxy: user X insecure-password Y
	i := s
	for i > 0 && s-i < maxBlanks && isBlank(b[i-1]) {
		i--
	}
	if a.first = min(a.first, i-1); !plain && i > 0 && b[i-1] != '\n' {
		return false
	}
	i = r.i
	for i < r.limit && b[i] > ' ' {
		i++
	}
	e := i
	for i < r.limit && (isBlank(b[i]) || b[i] == '\r') {
		i++
	}
	a.seen = max(a.seen, i+1)
	if i < len(b) && b[i] != '\n' || e == r.i {
		return false
	}
	if plain {
		return true
	}
	if allHex(b[r.i:e]) {
		return false // a digest, of a file named so
	}
	a.lot = true
	return bytes.IndexByte(b[s:a.nameEnd], '.') < 0
}

// pairCalls are parts of the names of functions that take a name and its value.
var pairCalls = []string{"set", "put", "add", "define", "header", "env", "propert", "param", "append", "attr", "with", "insert", "config", "store", "entry", "pair", "field", "option", "write", "get", "lookup", "fetch", "override",
	"export", "secret", "map", "of", "var", "default", "arg", "assign", "register", "bind", "form", "data", "value", "flag", "fill", ".type"}

var pairCallsBy = func() (by [256][]string) {
	for _, w := range pairCalls {
		by[w[0]] = append(by[w[0]], w)
	}
	return by
}()

// takesPair reports whether the list that the name at s leads holds a name and its value: hash("password", "x") does not.
func takesPair(b []byte, s int) bool {
	i := s
	for i > 0 && s-i < 4 && (isQuote(b[i-1]) || b[i-1] == '\\' || isBlank(b[i-1])) {
		i--
	}
	if i == 0 || b[i-1] != '(' {
		return true
	}
	e := i - 1
	for i = e; i > 0 && e-i < 48 && (isWord(b[i-1]) || b[i-1] == '.'); {
		i--
	}
	if i == e {
		return true
	}
	for ; i < e; i++ {
		for _, w := range pairCallsBy[lower(b[i])] {
			if hasFold(b[i:e], w) {
				return true
			}
		}
	}
	return false
}

// titles reports whether the words before the name at s, a few in one string with it, are its own: "Client Secret".
func (a *assignment) titles(b []byte, s int) bool {
	const most = 16
	i := s
	for i > 0 && s-i < most && (isWord(b[i-1]) || isBlank(b[i-1])) {
		i--
	}
	a.first = min(a.first, i-1)
	return i > 0 && isQuote(b[i-1])
}

// macro reports whether the name [s, e) is a constant among the arguments of a call, as in setopt(h, OPT_PASSWORD, "x").
func macro(b []byte, s, e int) bool {
	if !bytes.Contains(b[s:e], []byte("_")) || bytes.ContainsFunc(b[s:e], func(c rune) bool { return c > 127 || isLower(byte(c)) }) {
		return false
	}
	from := max(0, s-maxBlanks)
	if n := bytes.LastIndexByte(b[from:s], '\n'); n >= 0 {
		from += n
	}
	left := bytes.TrimRight(b[from:s], " ")
	i := bytes.LastIndexByte(left, '(')
	return i > 0 && left[len(left)-1] == ',' && isWord(left[i-1]) && bytes.IndexByte(left[i:], '"') < 0 && takesPair(b, from+i+1)
}

// callArgument is what the name of a call ends in that takes a secret among other things, folded and without separators, which
// argument that is, from 1, and what it is.
type callArgument struct {
	name  string
	n     int
	class nameClass
}

var callArguments = []callArgument{
	{"networkcredential", 2, namePassword}, {"basicauth", 2, namePassword}, {"passwordauthentication", 2, namePassword}, {"passwordcredentials", 2, namePassword},
	{"passwordcredential", 2, namePassword}, {"passwordauthenticationtoken", 2, namePassword}, {"wifibegin", 2, namePassword}, {"signin", 2, namePassword},
	{"ftp_login", 3, namePassword}, {"login", 2, namePassword}, {"plainauth", 3, namePassword}, {"getconnection", 3, namePassword}, {"mysqliconnect", 3, namePassword},
	{"mysqlconnect", 3, namePassword}, {"mysqlpconnect", 3, namePassword}, {"pymysqlconnect", 3, namePassword}, {"odbcconnect", 3, namePassword}, {"imapopen", 3, namePassword},
	{"ldapbind", 3, namePassword}, {"ssh2authpassword", 3, namePassword}, {"sequelize", 3, namePassword}, {"=mysqli", 3, namePassword}, {"=pdo", 3, namePassword},
	{"=credentials", 4, namePassword}, {"jwtsign", 2, nameSecret}, {"jwtverify", 2, nameSecret}, {"jwtencode", 2, nameSecret}, {"createhmac", 2, nameSecret},
	{"secretkeyspec", 1, nameSecret}, {"scryptsync", 1, nameSecret}, {"pbkdf2sync", 1, nameSecret}, {"=fernet", 1, nameSecret},
	{"hmacnew", 1, nameSecret}, {"hmacnew", 2, nameSecret}, {"aesnew", 1, nameSecret}, {"newcipher", 1, nameSecret}, {"cipheriv", 2, nameSecret}, {"newcookiestore", 1, nameSecret},
	{"signedstring", 1, nameSecret}, {"hmacshakeyfor", 1, nameSecret}, {"signwith", 2, nameSecret}, {"symmetricsecuritykey", 1, nameSecret}, {"clientsecretcredential", 3, nameSecret},
	{"opensslencrypt", 3, nameSecret}, {"openssldecrypt", 3, nameSecret}, {"withcredentials", 2, namePassword}, {"storeload", 2, namePassword}, {"hashsync", 1, namePassword},
	{"generatefrompassword", 1, namePassword}, {"oauthhandler", 2, nameSecret}, {"=wpdb", 2, namePassword}, {"encodecredentials", 2, namePassword}, {"mysqldbconnect", 3, namePassword}, {"pymssqlconnect", 3, namePassword},
	{"mssql_connect", 3, namePassword}, {"cxoracleconnect", 2, namePassword}, {"oracledbconnect", 2, namePassword}, {"oci_connect", 2, namePassword}, {"oci_pconnect", 2, namePassword},
	{"oci_new_connect", 2, namePassword}, {"cookieparser", 1, nameSecret}, {"pgp_sym_encrypt", 2, nameSecret}, {"pgp_sym_decrypt", 2, nameSecret},
}

// callsBy are the calls by the last letter of their names.
var callsBy = func() (by [256][]*callArgument) {
	for i := range callArguments {
		x := &callArguments[i]
		last := x.name[len(x.name)-1]
		by[last] = append(by[last], x)
	}
	return by
}()

// calleeWords stand in names of such calls that hold no other word that is looked for.
var calleeWords = []string{"login", "signin", "getconnection", "mysqli", "mysql_connect", "mysql_pconnect", "odbc_connect", "imap_open", "ldap_bind", "wifi", "pymysql", "sequelize", "pdo", "hmac", "scrypt",
	"pbkdf2", "fernet", "aes", "newcipher", "cipheriv", "signedstring", "signwith", "openssl_", "hashsync",
	"wpdb", "mysqldb", "mssql", "cx_oracle", "oracledb", "oci_", "pgp_sym"}

// passedTo goes on to the argument of the named call that is a secret, if it is such a call and has so many; from is the least
// number of that argument. A name with an underscore is told as it is written, one behind = is all of the name.
func (a *assignment) passedTo(r *reader, name []byte, from int) bool {
	if len(name) < len("pdo") {
		return false
	}
	calls := callsBy[lower(name[len(name)-1])]
	if len(calls) == 0 {
		return false
	}
	var buf [maxIdent]byte
	var folded []byte
	before := lower(name[len(name)-2])
	for _, x := range calls {
		if x.name[len(x.name)-2] != before && before != '_' {
			continue
		}
		if folded == nil {
			folded = compact(buf[:0], name[max(0, len(name)-maxIdent):])
		}
		what, whole := strings.CutPrefix(x.name, "=")
		if !(whole && string(folded) == what || !whole && bytes.HasSuffix(folded, []byte(what))) &&
			!(strings.IndexByte(what, '_') > 0 && len(name) >= len(what) && hasFold(name[len(name)-len(what):], what)) {
			continue
		}
		if t := *r; x.n >= from && (x.n > 1 && a.pass(&t, x.n-1) || x.n == 1 && a.written(t)) {
			*r, a.argument = t, x.class
			return true
		}
	}
	return false
}

// written reports whether a string follows, or a call around one.
func (a *assignment) written(r reader) bool {
	const ahead = 32
	r.gap()
	i := r.i
	for i < r.limit && i < r.i+ahead && (isWord(r.b[i]) || r.b[i] == '.' || r.b[i] == '[' || r.b[i] == ']' || r.b[i] == '(') {
		i++
	}
	a.seen = max(a.seen, i+1)
	return i < r.limit && isQuote(r.b[i])
}

// declared reports whether the quoted name at s is that of a variable of Terraform.
func declared(b []byte, s int) bool {
	const word = "variable "
	return s > len(word) && string(b[s-1-len(word):s-1]) == word
}

// pass goes over n arguments of a call, up to what follows the last comma.
func (a *assignment) pass(r *reader, n int) bool {
	b, depth := r.b, 0
	limit := min(len(b), r.i+2*maxGap)
	i := r.i
	defer func() { a.seen = max(a.seen, i) }()
	for ; i < limit; i++ {
		switch c := b[i]; {
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			if depth--; depth < 0 {
				return false
			}
		case c == ';':
			return false
		case isQuote(c):
			for i++; i < limit && b[i] != c && b[i] != '\n'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
		case c == ',' && depth == 0:
			if n--; n == 0 {
				r.i, r.limit = i+1, min(len(b), i+1+maxGap)
				return true
			}
		}
	}
	return false
}

// listBefore reports whether another string stands before the quoted name at s in the same list.
func listBefore(b []byte, s int) bool {
	i := s
	skip := func(f func(byte) bool) {
		for i > 0 && s-i < maxBlanks && f(b[i-1]) {
			i--
		}
	}
	skip(func(c byte) bool { return isQuote(c) || c == '\\' })
	skip(isSpace)
	if i == 0 || b[i-1] != ',' {
		return false
	}
	i--
	skip(isSpace)
	return i > 0 && isQuote(b[i-1])
}

// typed passes over an annotation between : and =, as in password: str = "x".
func (a *assignment) typed(r *reader) {
	n := *r
	n.blanks()
	i, read := typeEnd(n.rest())
	a.seen = max(a.seen, n.i+read)
	if i > 0 {
		n.i += i
		n.blanks()
		a.seen = max(a.seen, n.i+2)
		if n.peek() == '=' && n.peekAt(1) != '=' && n.peekAt(1) != '>' {
			a.op = opEqual
			n.i++
			*r = n
		}
	}
}

// typedAfter passes over a type that follows the name, as in var token string = "x" or password VARCHAR(20) DEFAULT 'x'.
func (a *assignment) typedAfter(r *reader) bool {
	n := *r
	i, read := typeEnd(n.rest())
	a.seen = max(a.seen, n.i+read)
	if i == 0 {
		return false
	}
	n.i += i
	n.blanks()
	a.seen = max(a.seen, n.i+len("default "))
	if hasFold(n.rest(), "default ") {
		n.i += len("default ")
		*r = n
		return true
	}
	if n.peek() != '=' || n.peekAt(1) == '=' {
		return false
	}
	n.i++
	*r = n
	return true
}

var (
	typeByte  = table("a-zA-Z0-9_<>[]&|?.*', ()-")
	typeWords = []string{"str", "byte", "char", "any", "text", "secret", "object", "auto"}
	typeFirst = of("sbcatoSBCATO") // what they begin with
)

// typeMost is how much of a type is read.
const typeMost = 48

// typeEnd is the length of a type's name at the start of b, 0 if none stands there, and how much of b was read for it.
func typeEnd(b []byte) (length, read int) {
	n := 0
	for n < len(b) && n < typeMost && typeByte[b[n]] {
		if isBlank(b[n]) && n+1 < len(b) && b[n+1] == '=' {
			break
		}
		n++
	}
	if n == 0 || isDigit(b[0]) {
		return 0, n + 2
	}
	// A type is followed by = or by a default, else nobody asks: mostly these are words of a sentence.
	next := n
	for next < len(b) && isBlank(b[next]) {
		next++
	}
	assigned := next < len(b) && (b[next] == '=' || lower(b[next]) == 'd')
	if !assigned && !bytes.Contains(b[:n], []byte("efault ")) && !bytes.Contains(b[:n], []byte("EFAULT ")) || !holdsType(b[:min(n, 24)]) {
		return 0, next + 2
	}
	if i := indexFold(b[:n], " default "); i > 0 {
		return i, next + 2
	}
	return n, next + 2
}

// holdsType reports whether one of typeWords stands in b.
func holdsType(b []byte) bool {
	for i, c := range b {
		if typeFirst.Has(c) {
			for _, w := range typeWords {
				if hasFold(b[i:], w) {
					return true
				}
			}
		}
	}
	return false
}

// exported reports whether the name is one of the environment, which a shell's export sets.
func (a *assignment) exported(b []byte) bool {
	const word = "export "
	s := a.nameStart - len(word)
	a.first = min(a.first, s-1)
	return s >= 0 && string(b[s:a.nameStart]) == word && (s == 0 || !isWord(b[s-1]))
}

// commanded is commandBefore for the name at s.
func (a *assignment) commanded(b []byte, s int) bool {
	yes, from := commandBefore(b, s)
	a.first = min(a.first, from)
	return yes
}

// commands make what follows a name its value.
var commands = strings.Fields("env arg #define %define define setenv setx set add")

// commandBefore reports whether the word before s makes what follows the name its value: ENV X v, #define X v. It reads from
// from.
func commandBefore(b []byte, s int) (yes bool, from int) {
	i := s
	for i > 0 && s-i < maxBlanks && isBlank(b[i-1]) {
		i--
	}
	if i == s {
		return false, i - 1
	}
	e := i
	for i > 0 && e-i < 12 && (isLetter(b[i-1]) || b[i-1] == '#' || b[i-1] == '%') {
		i--
	}
	if i > 1 && b[i-1] == '-' && b[i-2] == ' ' && e-i <= 3 { // set -gx X v
		for i -= 2; i > 0 && s-i < maxBlanks && isBlank(b[i-1]); i-- {
		}
		for e = i; i > 0 && e-i < 12 && isLetter(b[i-1]); i-- {
		}
	}
	for _, w := range commands {
		if len(w) == e-i && hasFold(b[i:e], w) {
			// A word in prose is followed by names too; a command stands at the start of its line, or behind another in capitals.
			return i == 0 || b[i-1] == '\n' || b[i-1] == '\\' || isBlank(b[i-1]) && isUpper(b[e-1]), i - 1
		}
	}
	return false, i - 1
}

// Calls that hand their first argument on, and calls whose second argument is a default.
var (
	wrappers = words("string str byte bytes from secret secretstring stringptr ptr b64decode atob decode decodestring frombase64string encode some ok of valueof text " +
		"quote literal value char tostring fromstring securestring secretstr new base64 strdup plaintext mustparse unwrap u8 std nonsensitive sensitive password bytearray stringify getbytes")
	lookups = words("getenv env get environ lookup fetch getproperty config var getordefault default setdefault getstring getvalue envor getenvor option param")
)

// stringPrefix are the letters and signs that the strings of some languages begin with: bytes, raw strings, templates.
var stringPrefix = table("bBuUrRfFLN@$#")

// value reads the value at i.
func (a *assignment) value(b []byte, i int) bool {
	a.valued = true
	r := reader{b: b, i: i, limit: min(len(b), i+maxGap)}
	spaced := r.i < r.limit && isSpace(b[r.i])
	broken := r.gap()
	a.seen = max(a.seen, r.i)
	r.limit = min(len(b), r.i+maxValue+maxWrap)
	if r.i >= r.limit {
		return false
	}
	if a.op == opCall && a.variable(&r) {
		return false
	}
	if a.op == opElement {
		return a.plain(&r, spaced)
	}
	if !broken && a.op == opColon && (r.peek() == '|' || r.peek() == '>') {
		if a.block(&r) {
			return true
		}
	}
	if r.peek() == '{' && (a.op == opColon || a.op == opEqual) && !a.nested(&r) {
		r.limit = min(len(b), r.i+maxValue+maxWrap)
	}
	if broken && a.op == opColon {
		switch {
		case r.peek() == '-' && r.peekAt(1) == ' ' && a.alone(&reader{b, r.i + 2, r.limit}):
			r.i += 2 // a list of one
			broken, a.lot = false, true
		case hasFold(r.rest(), "type:"):
			broken = !a.parameter(&r)
		case hasFold(r.rest(), "value: "):
			r.i += len("value: ")
			broken = false
		}
		a.seen = max(a.seen, r.i+len("value: "))
	}
	if r.peek() == '!' && r.peekAt(1) == '!' { // a YAML tag
		for r.i < r.limit && !isSpace(b[r.i]) {
			r.i++
		}
		r.blanks()
		a.seen = max(a.seen, r.i)
	}
	a.function(&r)
	if r.peek() == '`' && r.peekAt(1) == '`' && r.peekAt(2) != '`' {
		r.i++ // reStructuredText: ``x``
	}
	q, n := r.quoteAt()
	if q != 0 && !spaced && a.op == opEqual && a.across(&r, n) {
		q, n = r.quoteAt()
	}
	if t := r; q == 0 && r.peek() == '[' && (a.op == opColon || a.op == opEqual) && !account(b[a.nameStart:a.nameEnd]) {
		t.i++
		t.gap()
		if a.seen = max(a.seen, t.i+quoteAhead); isQuote(t.peek()) {
			a.listed, r.i = true, t.i // the first of a list
			q, n = t.peek(), 1
		}
	}
	if q == 0 && !broken {
		j := 0
		for j < 3 && stringPrefix[r.peekAt(j)] {
			j++
		}
		if j > 0 && isQuote(r.peekAt(j)) {
			a.template = bytes.ContainsAny(b[r.i:r.i+j], "$fF")
			r.i += j
			q, n = r.quoteAt()
		}
	}
	if c := r.peek(); (c == '(' || c == '[') && a.op != opCall && account(b[a.nameStart:a.nameEnd]) {
		t := r
		if t.i++; a.pass(&t, 1) {
			t.gap()
			if q, n = t.quoteAt(); q != 0 {
				a.argument = namePassword // auth=("user", "password")
				r = t
				r.limit = min(len(b), r.i+maxValue)
			}
		}
	}
	if q == 0 && a.longBracket(&r) {
		return true
	}
	if q == 0 {
		q, n = a.wrapped(&r)
	}
	if q != 0 {
		if broken && a.op != opEqual && a.op != opCall && a.op != opPair && a.op != opColon {
			return false
		}
		r.i += n
		return a.inQuotes(&r, q, n)
	}
	if broken && a.op == opColon && a.alone(&r) {
		a.lot = true
		return a.plain(&r, spaced)
	}
	if broken || a.op == opCall || a.op == opPair || a.op == opCompare || a.op == opDefault && !a.flow {
		return false
	}
	return a.plain(&r, spaced)
}

// variable reports whether a variable stands at the reader and nothing else, as in most calls: f(x), f(x.y, z), f().
func (a *assignment) variable(r *reader) bool {
	const most = 32
	i, end := r.i, min(r.limit, r.i+most)
	for i < end && (isWord(r.b[i]) || r.b[i] == '.') {
		i++
	}
	if i < end && (r.b[i] == ',' || r.b[i] == ')') {
		a.seen = max(a.seen, i+1)
		return true
	}
	return false
}

// maxNested is how much of what stands in brackets behind a name is looked through for its value.
const maxNested = 256

// nested goes on to the value in "name": {"type": "string", "value": "x"}, as templates of clouds and the state of Terraform have
// it, to the default of a variable, to the token for a host: "github-oauth": {"github.com": "x"}, and to the first of several.
func (a *assignment) nested(r *reader) bool {
	n := reader{b: r.b, i: r.i + 1, limit: min(len(r.b), r.i+maxNested)}
	several := lower(r.b[a.nameEnd-1]) == 's'
	defer func() { a.seen = max(a.seen, n.i+seenAhead) }()
	for n.i < n.limit {
		for n.i < n.limit && (isSpace(n.b[n.i]) || n.b[n.i] == ',') {
			n.i++
		}
		q, k := n.quoteAt()
		n.i += k
		from := n.i
		for n.i < n.limit && isIdent(n.b[n.i]) {
			n.i++
		}
		key := n.b[from:n.i]
		if _, k := n.quoteAt(); q != 0 {
			n.i += k
		}
		n.blanks()
		c := n.peek()
		if len(key) == 0 || c != ':' && c != '=' {
			return false
		}
		n.i++
		n.blanks()
		if len(key) == 5 && hasFold(key, "value") || q != 0 && c == ':' && (bytes.IndexByte(key, '.') > 0 || several && classOf(string(key)) == nameOther) || len(key) == 7 && hasFold(key, "default") || len(key) == 12 && hasFold(key, "defaultvalue") {
			r.i, r.limit = n.i, min(len(n.b), n.i+maxValue+maxWrap)
			a.lot = a.lot || several
			return true
		}
		if q, k := n.quoteAt(); q != 0 {
			for n.i += k; n.i < n.limit && n.b[n.i] != q && n.b[n.i] != '\n'; n.i++ {
			}
			n.i++
			continue
		}
		for n.i < n.limit && n.b[n.i] != ',' && n.b[n.i] != '\n' && n.b[n.i] != '{' && n.b[n.i] != '}' {
			n.i++
		}
		if c := n.peek(); c != ',' && c != '\n' {
			return false
		}
	}
	return false
}

// parameter goes on to the default of a CloudFormation parameter of which the reader is at the type.
func (a *assignment) parameter(r *reader) bool {
	b, i := r.b, r.i
	limit := min(len(b), i+maxNested)
	indent := 0
	for j := i; j > 0 && isBlank(b[j-1]); j-- {
		indent++
	}
	defer func() { a.seen = max(a.seen, i+seenAhead) }()
	for i < limit {
		for i < limit && b[i] != '\n' {
			i++
		}
		i++
		n := i
		for i < limit && isBlank(b[i]) {
			i++
		}
		if i-n != indent {
			return false
		}
		if i < limit && hasFold(b[i:limit], "default:") {
			r.i = i + len("default:")
			r.blanks()
			r.limit = min(len(b), r.i+maxValue+maxWrap)
			return true
		}
	}
	return false
}

// alone reports whether the rest of the line is one word, and no key.
func (a *assignment) alone(r *reader) bool {
	i := r.i
	for i < r.limit && r.b[i] > ' ' {
		i++
	}
	a.seen = max(a.seen, i+1)
	return i > r.i && r.b[i-1] != ':' && (i == len(r.b) || r.b[i] == '\n' || r.b[i] == '\r')
}

// account reports whether a name stands for a user and a password together.
func account(name []byte) bool {
	for _, w := range []string{"auth", "credentials", "creds", "login"} {
		if n := len(name) - len(w); n >= 0 && hasFold(name[n:], w) {
			return true
		}
	}
	return false
}

// userBefore leaves out the user of a value that is both: auth: "robot:PASSWORD", credentials: robot / PASSWORD.
func (a *assignment) userBefore(b []byte) {
	if !account(b[a.nameStart:a.nameEnd]) {
		return
	}
	s, e := a.start, a.end // of the user, of both
	i := bytes.IndexByte(b[s:e], ':') + s
	const between = " / "
	switch {
	case i > s:
		i++
	case a.quote == 0 && bytes.HasPrefix(b[e:], []byte(between)):
		i = e + len(between)
		for e = i; e < len(b) && e < i+maxUser && plainByte[b[e]]; e++ {
		}
		a.seen = max(a.seen, e+1)
	default:
		return
	}
	for _, c := range bytes.TrimRight(b[s:i], ": /") {
		if !isWord(c) && c != '-' && c != '.' && c != '@' {
			return
		}
	}
	if p := b[i:e]; bytes.IndexByte(p, ':') < 0 && (byLot(p) || thoughtUp(p)) {
		a.start, a.end, a.more = i, e, false
		a.argument = namePassword
	}
}

// maxUser is how long a password is at most that stands behind its user.
const maxUser = 64

// wrapByte are what the names of calls around a value are written with.
var wrapByte = table(`a-zA-Z0-9_.[]:*&\ -`)

// wrapped passes over a call around a quoted value and returns the quote.
func (a *assignment) wrapped(r *reader) (q byte, n int) {
	b, i := r.b, r.i
	limit := min(r.limit, i+maxWrap)
	for i < limit && wrapByte[b[i]] {
		i++
	}
	a.seen = max(a.seen, i)
	if i < limit && isQuote(b[i]) && (bytes.Contains(b[r.i:i], []byte("SecureString ")) || bytes.Contains(b[r.i:i], []byte("SecureString -String "))) {
		r.i = i // PowerShell: ConvertTo-SecureString 'x' -AsPlainText
		return b[i], 1
	}
	if i >= limit || b[i] != '(' && b[i] != '{' || i == r.i && (b[i] != '(' || a.op != opEqual && a.op != opColon) {
		return 0, 0
	}
	e := i
	for e > r.i && !isWord(b[e-1]) {
		e--
	}
	s := e
	for s > r.i && (isLetter(b[s-1]) || isDigit(b[s-1]) || b[s-1] == '_') {
		s--
	}
	var word [32]byte
	w := word[:0]
	for _, c := range b[s:e] {
		if c != '_' && len(w) < len(word) {
			w = append(w, lower(c))
		}
	}
	c := reader{b: b, i: i + 1, limit: r.limit}
	c.gap()
	a.seen = max(a.seen, c.i)
	q, n = c.quoteAt()
	if q == 0 {
		return 0, 0
	}
	switch {
	case e == r.i, wrappers[string(w)], bytes.Contains(w, []byte("credential")), bytes.Contains(w, []byte("secret")):
		*r = c
		return q, n
	case lookups[string(w)]:
		j := c.i + n
		for j < limit && b[j] != q && b[j] != '\n' {
			j++
		}
		a.seen = max(a.seen, j)
		if j >= limit || b[j] != q {
			return 0, 0
		}
		c.i = j + 1
		for k := 0; k < 4 && (c.peek() == ')' || c.peek() == '|' || c.peek() == '?' || c.peek() == ',' || isBlank(c.peek())); k++ {
			c.i++
		}
		a.seen = max(a.seen, c.i)
		if q, n = c.quoteAt(); q != 0 {
			*r = c
			return q, n
		}
	}
	return 0, 0
}

// inQuotes reads up to the closing quote; q is '&' for an entity, and n how many bytes the opening one took.
func (a *assignment) inQuotes(r *reader, q byte, n int) bool {
	b := r.b
	a.quote = q
	triple := n == 1 && r.peek() == q && r.peekAt(1) == q
	if triple {
		r.i += 2
		r.gap()
	}
	a.seen = max(a.seen, r.i)
	a.schemes(r)
	if n == 1 && r.peek() == '\\' && isQuote(r.peekAt(1)) {
		n, q = 2, r.peekAt(1) // "\"x\"": a string of what is written out
		r.i += 2
	}
	a.start, a.seen = r.i, max(a.seen, r.i)
	for i := r.i; i < r.limit; i++ {
		a.seen = max(a.seen, i)
		c := b[i]
		switch {
		case c == '\n' && q != '`' && !triple, c == 0:
			return false
		case c == '\n' && triple:
			a.end = i
			return a.end > a.start
		case q == '&' && c == '&' && (hasFold(b[i:r.limit], "&quot;") || hasFold(b[i:r.limit], "&#39;")):
			return a.close(b, i, i+6)
		case c == '\\' && n > 1:
			// Opened behind a backslash: closed likewise; anything else is an escape inside.
			j := i
			for j < r.limit && b[j] == '\\' {
				j++
			}
			a.seen = max(a.seen, j)
			if j < r.limit && b[j] == q && j-i <= n {
				return a.close(b, i, j+1)
			}
			i = j
		case c == q && n > 1:
			return a.close(b, i, i+1) // the string that held the escaped one ended
		case c == '\\':
			if i+1 < r.limit && (b[i+1] == 'n' || b[i+1] == 'r') && i+2 < r.limit && b[i+2] == q {
				return a.close(b, i, i+3)
			}
			i++
		case c == q:
			return a.close(b, i, i+1)
		}
	}
	return false
}

// close ends a quoted value and looks at what follows.
func (a *assignment) close(b []byte, end, after int) bool {
	a.end = end
	r := reader{b: b, i: after, limit: min(len(b), after+maxAfter)}
	r.blanks()
	a.seen = max(a.seen, r.i)
	if r.peek() == '+' || r.peek() == '%' || r.peek() == '.' && a.op != opCall && isLetter(r.peekAt(1)) && !hasFold(r.rest(), ".to") && !hasFold(r.rest(), ".as") &&
		!hasFold(r.rest(), ".into") && !hasFold(r.rest(), ".enc") && !hasFold(r.rest(), ".get") {
		a.joined = true
	}
	if a.op == opPair && r.peek() == ',' {
		r.i++
		r.gap()
		a.seen = max(a.seen, r.i)
		if isQuote(r.peek()) && !a.listed {
			a.listed, a.trailed = true, true
		}
	}
	return a.end > a.start
}

// schemes passes over the word that says how to authenticate.
func (a *assignment) schemes(r *reader) {
	for _, w := range []string{"bearer ", "basic ", "token ", "apikey ", "api-key ", "bot ", "sso-key ", "digest ", "bearer+", "bearer%20"} {
		if hasFold(r.rest(), w) {
			r.i += len(w)
			r.blanks()
			a.scheme, a.seen = true, max(a.seen, r.i)
			if hasFold(r.rest(), "token=") {
				r.i += len("token=")
				if q, n := r.quoteAt(); q != 0 {
					r.i += n
				}
			}
			return
		}
	}
}

// block reads a YAML block scalar: its first line that is not empty.
func (a *assignment) block(r *reader) bool {
	b, i := r.b, r.i+1
	for i < r.limit && (b[i] == '-' || b[i] == '+' || isDigit(b[i])) {
		i++
	}
	for i < r.limit && (isBlank(b[i]) || b[i] == '\r') {
		i++
	}
	a.seen = max(a.seen, i)
	if i >= r.limit || b[i] != '\n' {
		return false
	}
	limit := min(r.limit, i+maxGap)
	for i < limit && isSpace(b[i]) {
		i++
	}
	a.start, a.seen = i, max(a.seen, i)
	for i < r.limit && b[i] != '\n' && b[i] != '\r' {
		i++
	}
	a.seen = max(a.seen, i)
	for i > a.start && isBlank(b[i-1]) {
		i--
	}
	a.end = i
	a.more = bytes.IndexByte(b[a.start:a.end], ' ') >= 0
	return a.end > a.start
}

// plainByte holds the bytes that never end a value without quotes.
var plainByte = func() (t [256]bool) {
	for c := range t {
		t[c] = c > ' ' && c != 0x7f
	}
	for _, c := range []byte("\"'`$<>{;&,\\|") {
		t[c] = false
	}
	return t
}()

// plain reads a value without quotes.
func (a *assignment) plain(r *reader, spaced bool) bool {
	b := r.b
	a.schemes(r)
	if t := *r; !a.scheme && t.peek() == '[' {
		t.i++
		if a.schemes(&t); a.scheme {
			*r = t // Authorization=[Bearer x]
		}
	}
	if a.scheme {
		if q, n := r.quoteAt(); q != 0 {
			r.i += n
		}
	}
	a.start = r.i
	s := a.nameStart
	query := s > 0 && (b[s-1] == '?' || b[s-1] == '&')
	i := r.i
	limit := min(r.limit, r.i+maxPlain)
scan:
	for i < limit {
		c := b[i]
		if plainByte[c] && c != a.until {
			i++
			continue
		}
		switch {
		case c == '$' && i+1 < limit && (b[i+1] == '{' || b[i+1] == '('):
			i = a.closing(b, i+1, limit)
			continue
		case c == '{' && i+1 < limit && b[i+1] == '{':
			i = a.closing(b, i, limit)
			continue
		case c == '<':
			if a.op == opElement {
				break scan
			}
			if j := a.closing(b, i, min(limit, i+maxAfter)); i == a.start && j > i+1 {
				i = j
				continue
			}
			break scan
		case c == '>' && a.op == opElement:
		case isSpace(c) || c < ' ' || c == 0x7f || isQuote(c) && (a.op != opElement) || c == '>':
			break scan
		case c == ';' && a.op != opElement:
			break scan
		case c == '&' && (query || i+1 >= limit || b[i+1] == '&' || hasFold(b[i:limit], "&quot;") || a.pairAhead(b, i+1, limit)):
			break scan
		case c == ',' && (i+1 >= limit || isSpace(b[i+1]) || isQuote(b[i+1]) || b[i+1] == '\\' || a.pairAhead(b, i+1, limit)):
			break scan
		case c == '\\' && i+1 < limit && bytes.IndexByte([]byte("nrt\"'\n\r"), b[i+1]) >= 0:
			break scan
		case c == a.until:
			break scan
		case c == '|' && (a.row || i+1 < limit && b[i+1] == '|'):
			break scan
		}
		i++
	}
	a.seen = max(a.seen, i)
	if a.op == opElement && i < limit && isBlank(b[i]) {
		i = a.lastWord(b, i, limit)
	}
	if i-a.start >= maxPlain {
		return false
	}
	a.end = i
	if a.op == opElement && bytes.HasSuffix(b[a.start:i], []byte("]]>")) {
		a.end -= len("]]>")
	}
	if i < len(b) && (isQuote(b[i]) || b[i] == '&' || b[i] == '\\' || b[i] == ';' && i+1 < len(b) && isWord(b[i+1])) || query {
		a.flow = true // inside a string, a query or a connection string
	}
	for a.end > a.start {
		// A closing bracket that was not opened within the value belongs to what holds it.
		c := b[a.end-1]
		open := byte(0)
		switch c {
		case ')':
			open = '('
		case ']':
			open = '['
		case '}':
			open = '{'
		case ',':
			a.end--
			continue
		case '.':
			if i < len(b) && isSpace(b[i]) && a.op == opColon {
				a.end--
				continue
			}
		}
		if open == 0 || bytes.IndexByte(b[a.start:a.end], open) >= 0 {
			break
		}
		a.flow = true
		a.end--
	}
	r.limit = min(len(b), i+maxAfter)
	for i < r.limit && a.until != 0 && b[i] == a.until {
		i++
	}
	r.i = i
	spaces := r.blanks()
	a.seen = max(a.seen, r.i)
	if spaces && spaced && (isWord(r.peek()) || r.peek() == '(' || r.peek() == '\'') && !a.scheme && a.op != opSpace {
		a.more = true
	}
	switch c := r.peek(); {
	case c == '+' || c == '?' && spaced || c == '*' && r.peekAt(1) != '/':
		a.joined = true
	}
	return a.end > a.start
}

// lastWord goes on to the last of several words of an element, if that is a token: <secret>Token abc…</secret>. It returns where
// the value ends, which is i where it is no other.
func (a *assignment) lastWord(b []byte, i, limit int) int {
	e := i
	for e < limit && b[e] != '<' && b[e] != '\n' {
		e++
	}
	if a.seen = max(a.seen, e+1); e == limit || b[e] != '<' {
		return i
	}
	s := i + bytes.LastIndexByte(b[i:e], ' ') + 1
	if v := bytes.TrimRight(b[s:e], "}"); s > i && len(v) >= besideLen && bytes.IndexFunc(v, func(c rune) bool { return c != '=' && (c > 127 || !tokenBytes.Has(byte(c))) }) < 0 && byLot(v) {
		a.start, a.lot = s, true
		return e
	}
	return i
}

// pairAhead reports whether the next name=value or name: value begins at i.
func (a *assignment) pairAhead(b []byte, i, limit int) bool {
	j := i
	for limit = min(limit, i+maxAfter); j < limit && isIdent(b[j]); j++ {
	}
	a.seen = max(a.seen, j)
	return j > i && j < limit && (b[j] == '=' || b[j] == ':')
}

// closing is closing, and remembers how far it read.
func (a *assignment) closing(b []byte, i, limit int) int {
	j := closing(b, i, limit)
	if a.seen = max(a.seen, j); j == i+1 {
		a.seen = max(a.seen, i+2*maxWrap)
	}
	return j
}

// closing returns the position behind the bracket that closes the one at i, or behind i where none does before the line ends.
func closing(b []byte, i, limit int) int {
	limit = min(limit, i+maxWrap*2)
	open := b[i]
	shut := map[byte]byte{'{': '}', '(': ')', '<': '>'}[open]
	depth := 0
	for j := i; j < limit && b[j] != '\n'; j++ {
		switch b[j] {
		case open:
			depth++
		case shut:
			if depth--; depth == 0 {
				return j + 1
			}
		}
	}
	return i + 1
}

// nameBefore finds the name that a value starting at i is assigned to, looking backwards: an identifier, an operator, quotes.
// It returns an empty stretch if there is none.
func nameBefore(b []byte, i int) (s, e int) {
	floor := max(0, i-maxBack)
	j := i
	skip := func(f func(byte) bool) {
		for j > floor && f(b[j-1]) {
			j--
		}
	}
	quoteOrSlash := func(c byte) bool { return isQuote(c) || c == '\\' || c == '(' || c == '@' }
	skip(quoteOrSlash)
	k := j
	skip(isBlank)
	for _, w := range []string{"bearer", "basic", "token", "apikey", "bot"} {
		if j < k && j-len(w) >= floor && hasFold(b[j-len(w):j], w) && (j-len(w) == 0 || !isWord(b[j-len(w)-1])) {
			j -= len(w)
			skip(isBlank)
			skip(quoteOrSlash)
			skip(isBlank)
			break
		}
	}
	at := j
	skip(func(c byte) bool { return c == '=' || c == ':' || c == '>' || c == ',' || c == '|' || c == '?' })
	ops := at - j
	spaced := j < k && ops == 0
	if ops == 0 && !(j < i && b[j] == '(') && !spaced {
		return 0, 0
	}
	skip(isBlank)
	skip(func(c byte) bool { return c == ']' || c == ')' || isQuote(c) || c == '\\' })
	e = j
	skip(isIdent)
	s = j
	if e-s > maxIdent || s == floor && floor > 0 {
		return 0, 0
	}
	if spaced && !(s > 0 && b[s] == '-') {
		if yes, _ := commandBefore(b, s); !yes {
			return 0, 0
		}
	}
	for s < e && (b[s] == '-' || b[s] == '.') {
		s++
	}
	for _, t := range typeWords {
		// name: string = "x" and var name string = "x": one word further.
		if ops > 0 && e-s < 12 && hasFold(b[s:e], t) {
			j = s
			skip(func(c byte) bool {
				return isBlank(c) || c == ':' || c == '&' || c == '*' || c == ']' || c == '[' || c == '?'
			})
			e2 := j
			skip(isIdent)
			if j < e2 && b[e2-1] != '-' {
				w := b[j:e2]
				if !hasFold(w, "const") && !hasFold(w, "var") && !hasFold(w, "let") && !hasFold(w, "final") && !hasFold(w, "static") && !hasFold(w, "private") {
					return j, e2
				}
			}
			break
		}
	}
	if e-s == 5 && hasFold(b[s:e], "value") {
		if x, y := nameOfPair(b, s, floor); y > x {
			return x, y
		}
	}
	return s, e
}

// nameOfPair finds X in name: X, value: Y, where the word value begins at i.
func nameOfPair(b []byte, i, floor int) (s, e int) {
	j := i
	skip := func(f func(byte) bool) {
		for j > floor && f(b[j-1]) {
			j--
		}
	}
	skip(func(c byte) bool { return isSpace(c) || isQuote(c) || c == ',' || c == '\\' || c == ';' })
	e = j
	skip(isIdent)
	s = j
	skip(func(c byte) bool { return isBlank(c) || isQuote(c) || c == '\\' })
	if s == e || j == floor || b[j-1] != ':' && b[j-1] != '=' {
		return 0, 0
	}
	return s, e
}
