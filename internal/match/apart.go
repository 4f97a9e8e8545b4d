package match

import "bytes"

// Values that stand apart from their names: in notes, below a heading, in a column, returned by a function, entered into a field.

// dashes join a name and its value in notes.
var dashes = []string{"- ", "-> ", "– ", "— ", "→ "}

// dash is the length of the dash that b begins with, the blank behind it included; 0 without one.
func dash(b []byte) int {
	if len(b) > 0 && (b[0] == '-' || b[0] == 0xe2) {
		for _, d := range dashes {
			if len(b) > len(d) && string(b[:len(d)]) == d {
				return len(d)
			}
		}
	}
	return 0
}

// lineBefore is what stands on the line before the name at s, unless that is more than lineOfWord bytes.
func (a *assignment) lineBefore(b []byte, s int) (left []byte, ok bool) {
	from := max(0, s-lineOfWord)
	if k := bytes.LastIndexByte(b[from:s], '\n'); k >= 0 {
		a.first = min(a.first, from+k)
		return b[from+k+1 : s], true
	}
	a.first = min(a.first, from-1)
	return b[from:s], from == 0
}

// noteBytes are what a line of notes holds before a name: words, bullets, the marks of headings and of bold text.
var noteBytes = of("a-zA-Z0-9 \t*+#.)-")

func note(left []byte) bool {
	for _, c := range left {
		if !noteBytes.Has(c) && c < 0x80 {
			return false
		}
	}
	return true
}

// lone is the length of the word that the rest of the line consists of, 0 if it is not one word.
func (a *assignment) lone(b []byte, i, limit int) int {
	j := i
	for j < limit && b[j] > ' ' {
		j++
	}
	end := j
	for j < limit && (isBlank(b[j]) || b[j] == '\r') {
		j++
	}
	a.seen = max(a.seen, j+1)
	if j < len(b) && (j >= limit || b[j] != '\n') {
		return 0
	}
	return end - i
}

// noted reads a line of somebody's notes that holds a name, a dash and one word: Wifi password – x. Words may stand before it.
func (a *assignment) noted(r *reader, s int) bool {
	n := *r
	n.i += dash(n.rest())
	n.blanks()
	if a.lone(n.b, n.i, n.limit) == 0 {
		return false
	}
	if left, ok := a.lineBefore(n.b, s); !ok || !note(left) {
		return false
	}
	a.op, a.lot, a.row = opColon, true, true
	*r = n
	return true
}

// below goes on to what stands alone on a line below the name: a heading, or words of notes, and what is indented or fenced under it.
func (a *assignment) below(r *reader, s int) bool {
	const lines = 3
	b, i, breaks, fence := r.b, r.i, 0, false
	limit := min(len(b), i+maxGap)
	for i < limit && breaks <= lines {
		if c := b[i]; c == '\n' {
			breaks++
		} else if breaks > 0 && !fence && bytes.HasPrefix(b[i:limit], []byte("```")) {
			fence = true
			for i+1 < limit && b[i+1] != '\n' {
				i++
			}
		} else if !isBlank(c) && c != '\r' {
			break
		}
		i++
	}
	a.seen = max(a.seen, i+3)
	if breaks == 0 || breaks > lines || i >= limit {
		return false
	}
	n := a.lone(b, i, min(len(b), i+maxPlain))
	if v := b[i : i+n]; n == 0 || v[n-1] == ':' || bytes.IndexByte(bytes.TrimRight(v, "="), '=') >= 0 {
		return false // a key, or another assignment
	}
	left, ok := a.lineBefore(b, s)
	if !ok || !note(left) || breaks == 1 && !bytes.ContainsAny(left, "#abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		return false
	}
	a.op, a.lot = opColon, true
	r.i = i
	return true
}

// columnByte is what lists of columns are written with.
var columnByte = table("a-zA-Z0-9_., \t`\"[]-")

func columns(b []byte) int {
	i := 0
	for i < len(b) && columnByte[b[i]] {
		i++
	}
	return i
}

// column is where in the rows of a table a value stands: behind n commas, in lists of VALUES or else in lines of so many commas.
type column struct {
	values    bool
	n, commas int
}

// columnOf goes on to the value in the column of the name: INSERT INTO t (name, password) VALUES ('x', 'y'), or the first line below
// a header of comma-separated values.
func (a *assignment) columnOf(r *reader, s int) bool {
	b := r.b
	i := r.i + columns(b[r.i:min(len(b), r.i+maxGap)])
	a.seen = max(a.seen, i+1)
	list := i < len(b) && b[i] == ')'
	// Most are arguments of a call, which the next word tells, or stand behind what no list of columns holds.
	switch {
	case list:
		t := reader{b: b, i: i + 1, limit: min(len(b), i+1+maxGap)}
		t.gap()
		if a.seen = max(a.seen, t.i+1); lower(t.peek()) != 'v' {
			return false
		}
	case i < len(b) && b[i] != '\n' && b[i] != '\r' || s > 0 && b[s-1] != '\n' && !columnByte[b[s-1]]:
		return false
	}
	left, ok := a.lineBefore(b, s)
	if !ok {
		return false
	}
	if list {
		k := bytes.LastIndexByte(left, '(')
		if k < 0 {
			return false
		}
		left = left[k+1:]
	}
	if columns(left) < len(left) {
		return false
	}
	n := bytes.Count(left, []byte(","))
	if list {
		return a.inserted(r, i+1, n)
	}
	return a.belowHeader(r, i, n, n+bytes.Count(b[r.i:i], []byte(",")))
}

// inserted goes on to the value behind n others of VALUES (…).
func (a *assignment) inserted(r *reader, i, n int) bool {
	const word = "values"
	t := reader{b: r.b, i: i, limit: min(len(r.b), i+maxGap)}
	t.gap()
	a.seen = max(a.seen, t.i+len(word))
	if !hasFold(t.rest(), word) {
		return false
	}
	t.i += len(word)
	t.gap()
	if a.seen = max(a.seen, t.i+1); t.peek() != '(' {
		return false
	}
	if t.i++; n > 0 && !a.pass(&t, n) {
		return false
	}
	t.gap()
	if a.seen = max(a.seen, t.i+1); !isQuote(t.peek()) {
		return false
	}
	a.column = column{values: true, n: n}
	*r = t
	return true
}

// belowHeader goes on to the field behind n others of the line below, if it holds as many as the header: commas, that is.
func (a *assignment) belowHeader(r *reader, i, n, commas int) bool {
	b := r.b
	for i < len(b) && b[i] == '\r' {
		i++
	}
	if e := bytes.TrimRight(b[r.i:i], " \t\r"); commas == 0 || i+1 >= len(b) || len(e) > 0 && e[len(e)-1] == ',' {
		return false // one string of a list on each line
	}
	i++
	at, ok := a.field(b, i, min(len(b), i+2*maxGap), column{n: n, commas: commas})
	if !ok {
		return false
	}
	a.lot, a.until, a.column = true, ',', column{n: n, commas: commas}
	r.i, r.limit = at, min(len(b), at+maxGap)
	return true
}

// field is where a column's value stands on the line at i.
func (a *assignment) field(b []byte, i, limit int, c column) (at int, ok bool) {
	at, seen := i, 0
	for ; i < limit && b[i] != '\n'; i++ {
		if b[i] == '"' {
			for i++; i < limit && b[i] != '"' && b[i] != '\n'; i++ {
			}
		} else if b[i] == ',' {
			if seen++; seen == c.n {
				at = i + 1
			}
		}
	}
	a.seen = max(a.seen, i+1)
	return at, seen == c.commas && (i < limit || i == len(b))
}

// nextRow goes on to the value in the next row of the table, if there is one within maxValue of the name.
func (a *assignment) nextRow(b []byte) bool {
	c := a.column
	if c.commas == 0 && !c.values {
		return false
	}
	limit := min(len(b), a.nameEnd+maxValue)
	i := a.end
	if c.values {
		if i++; i >= limit || !a.tuple(b, &i, limit) {
			return false
		}
	} else {
		for i < limit && b[i] != '\n' {
			i++
		}
		at, ok := 0, false
		if a.seen = max(a.seen, i+1); i+1 < limit {
			at, ok = a.field(b, i+1, limit, c)
		}
		if !ok {
			return false
		}
		i = at
	}
	a.quote, a.more, a.joined, a.flow, a.scheme, a.argument = 0, false, false, false, false, nameOther
	return a.value(b, i) && a.end < limit
}

// tuple goes from behind a value to the one in the next list of VALUES.
func (a *assignment) tuple(b []byte, i *int, limit int) bool {
	r := reader{b: b, i: *i, limit: limit}
	defer func() { a.seen = max(a.seen, r.i+1) }()
	for depth := 1; depth > 0; r.i++ {
		switch c := r.peek(); {
		case c == 0 || c == ';':
			return false
		case c == '(':
			depth++
		case c == ')':
			depth--
		case isQuote(c):
			for r.i++; r.i < limit && b[r.i] != c; r.i++ {
				if b[r.i] == '\\' {
					r.i++
				}
			}
		}
	}
	r.gap()
	if r.peek() != ',' {
		return false
	}
	r.i++
	r.gap()
	if r.peek() != '(' {
		return false
	}
	if r.i++; a.column.n > 0 && !a.pass(&r, a.column.n) {
		return false
	}
	r.gap()
	*i = r.i
	return isQuote(r.peek())
}

// returned goes on to what a function of the name returns, if that is all it does: getPassword() { return "x"; }. The reader is
// behind the opening bracket.
func (a *assignment) returned(r *reader) bool {
	const (
		parameters = 24
		result     = 48
		word       = "return"
	)
	b, i := r.b, r.i
	limit := min(len(b), i+maxGap)
	defer func() { a.seen = max(a.seen, i+len(word)+1) }()
	for e := min(limit, i+parameters); i < e && (isWord(b[i]) || isBlank(b[i]) || b[i] == '&'); i++ {
	}
	if i >= limit || b[i] != ')' {
		return false
	}
	i++
	arrow, open := false, false
	for e := min(limit, i+result); i < e && !open; i++ {
		switch c := b[i]; {
		case c == '{':
			open = true
		case c == '=':
			if i+1 < e && b[i+1] == '>' {
				i++
			}
			arrow, open = true, true
		case c == ':' && i+1 < e && (b[i+1] == '\n' || b[i+1] == '\r'):
			open = true
		case c == '\n' || c == '\r':
		case !typeByte[c] && c != ':' && c != '-':
			return false
		}
	}
	if !open {
		return false
	}
	t := reader{b: b, i: i, limit: limit}
	t.gap()
	if arrow && t.peek() == '{' {
		t.i++
		t.gap()
		arrow = false
	}
	if i = t.i; hasFold(t.rest(), word) && !isWord(t.peekAt(len(word))) {
		t.i += len(word)
		t.blanks()
	} else if !arrow {
		return false
	}
	i = t.i
	if q, _ := t.quoteAt(); q == 0 {
		return false
	}
	*r = t
	return true
}

// fieldCalls enter text into a field, and fieldSteps may stand before them.
var (
	fieldCalls = words("type fill send_keys sendkeys setvalue set_value val presssequentially value addvalue input_text clearandtype")
	fieldSteps = words("clear click focus first")
)

// typedInto goes on to what a test of a page enters into the field of the name: cy.get("#password").type("x"), or
// page.type("input[name=password]", "x").
func (a *assignment) typedInto(r *reader) bool {
	const brackets = 8
	b, i := r.b, r.i
	if c := r.peek(); c != ']' && c != '\\' && !isQuote(c) {
		return false
	}
	selector, closed := false, false
	for e := min(len(b), i+brackets); i < e; i++ {
		if c := b[i]; c == ']' {
			selector = true
		} else if c == ')' {
			closed = true
		} else if !isQuote(c) && c != '\\' {
			break
		}
	}
	a.seen = max(a.seen, i+1)
	t := reader{b: b, i: i, limit: min(len(b), i+maxGap)}
	if selector && t.peek() == ',' && isQuote(b[i-1]) {
		t.i++
		t.gap()
		a.seen = max(a.seen, t.i+1)
		return a.enters(r, t)
	}
	for closed && t.peek() == '.' {
		t.i++
		from := t.i
		for t.i < t.limit && isWord(b[t.i]) {
			t.i++
		}
		var buf [16]byte
		call := buf[:0]
		for _, c := range b[from:min(t.i, from+len(buf))] {
			call = append(call, lower(c))
		}
		t.blanks()
		a.seen = max(a.seen, t.i+2)
		switch c := t.peek(); {
		case fieldSteps[string(call)] && c == '(' && t.peekAt(1) == ')':
			t.i += 2
			continue
		case !fieldCalls[string(call)] || c != '(' && c != '=':
			return false
		}
		t.i++
		t.gap()
		a.seen = max(a.seen, t.i+1)
		return a.enters(r, t)
	}
	return false
}

func (a *assignment) enters(r *reader, t reader) bool {
	if q, _ := t.quoteAt(); q == 0 {
		return false
	}
	a.op = opCall
	*r = t
	return true
}

// across goes over the end of a string that a name ends, to the one that is put together with it: "?token=" + "x". n is the length
// of the quote at the reader.
func (a *assignment) across(r *reader, n int) bool {
	t := *r
	t.i += n
	t.blanks()
	a.seen = max(a.seen, t.i+3)
	from := t.i
	for t.peek() == '+' || t.peek() == '.' {
		t.i++
	}
	if t.i == from {
		return false
	}
	t.blanks()
	a.seen = max(a.seen, t.i+1)
	if q, _ := t.quoteAt(); q == 0 {
		return false
	}
	*r = t
	return true
}

// long reports whether a value has the length of a token and letters of both cases and digits.
func long(v []byte) bool {
	const least = 20
	lo, up, di := false, false, false
	for _, c := range v {
		lo, up, di = lo || isLower(c), up || isUpper(c), di || isDigit(c)
		if !tokenBytes.Has(c) || c == ':' || c == '|' || c == '%' {
			return false
		}
	}
	return len(v) >= least && lo && up && di
}

// mentioned reads what somebody says by the way: using password X for user Y. The value must look like nothing else.
func (a *assignment) mentioned(r *reader) bool {
	i := r.i
	for i < r.limit && r.b[i] > ' ' {
		i++
	}
	a.seen = max(a.seen, i+1)
	e := i
	for e > r.i && (r.b[e-1] == '.' || r.b[e-1] == ',' || r.b[e-1] == ';' || r.b[e-1] == ':' || r.b[e-1] == '"' || r.b[e-1] == '\'') {
		e--
	}
	v := r.b[r.i:e]
	if long(v) && byLot(v) {
		a.op, a.lot = opColon, true
		return true
	}
	if !thoughtUp(v) || bytes.IndexFunc(v, func(c rune) bool { return c == '!' || c == '#' || c == '@' || c == '%' || c == '&' || c == '*' }) < 1 {
		return false
	}
	a.op, a.lot = opColon, true
	return true
}

// function passes over the head of a function without arguments that is assigned: () => "x", lambda: "x".
func (a *assignment) function(r *reader) {
	if a.op != opEqual || r.peek() != '(' && r.peek() != 'l' {
		return
	}
	for _, head := range []string{"() => ", "lambda: "} {
		if hasFold(r.rest(), head) {
			r.i += len(head)
			a.returns = true
			return
		}
	}
}

// longBracket reads a string as Lua writes it: [[x]].
func (a *assignment) longBracket(r *reader) bool {
	const open, shut = "[[", "]]"
	if a.op != opEqual || !hasFold(r.rest(), open) {
		return false
	}
	s := r.i + len(open)
	i := s
	for i < r.limit && i < s+maxAfter && r.b[i] > ' ' && r.b[i] != ']' && !isQuote(r.b[i]) {
		i++
	}
	if a.seen = max(a.seen, i+len(shut)); i == s || i+1 >= r.limit || string(r.b[i:i+len(shut)]) != shut {
		return false
	}
	a.start, a.end, a.quote = s, i, '['
	return true
}

// headed goes on to the value below the name in a table of Markdown of which the name heads a column.
func (a *assignment) headed(r *reader, s int) bool {
	b, i := r.b, r.i
	limit := min(len(b), i+2*maxGap)
	for i < limit && b[i] != '\n' {
		i++
	}
	i++
	rule := i
	for i < limit && (b[i] == '|' || b[i] == '-' || b[i] == ':' || isBlank(b[i])) {
		i++
	}
	if a.seen = max(a.seen, i+1); i < rule+3 || i >= limit || b[i] != '\n' && b[i] != '\r' || bytes.IndexByte(b[rule:i], '-') < 0 {
		return false
	}
	left, ok := a.lineBefore(b, s)
	if !ok {
		return false
	}
	for i < limit && b[i] != '\n' {
		i++
	}
	i++
	n := bytes.Count(left, []byte("|"))
	if bytes.HasPrefix(bytes.TrimLeft(left, " \t"), []byte("|")) != (i < limit && b[i] == '|') {
		return false
	}
	for ; n > 0 && i < limit && b[i] != '\n'; i++ {
		if b[i] == '|' {
			n--
		}
	}
	a.seen = max(a.seen, i+1)
	if n > 0 || i >= limit {
		return false
	}
	a.lot, a.row = true, true
	r.i, r.limit = i, min(len(b), i+maxGap)
	return true
}

// named reads what says of a name whose it is: password for the shop's user: x.
func (a *assignment) named(r *reader) bool {
	const most = 40
	if !hasFold(r.rest(), "for ") && !hasFold(r.rest(), "of ") {
		return false
	}
	i := r.i
	for e := min(r.limit, i+most); i < e && (isWord(r.b[i]) || bytes.IndexByte([]byte(" .-'\"`@"), r.b[i]) >= 0); i++ {
	}
	if a.seen = max(a.seen, i+2); i+1 >= r.limit || r.b[i] != ':' || !isBlank(r.b[i+1]) {
		return false
	}
	a.op, a.lot = opColon, true
	r.i = i + 1
	return true
}

// commented reports whether the name stands in a comment that begins its line: what follows is text, in any language.
func (a *assignment) commented(b []byte) bool {
	left, ok := a.lineBefore(b, a.nameStart)
	if !ok {
		return false
	}
	left = bytes.TrimLeft(left, " \t")
	for _, mark := range []string{"//", "#", "--", "/*", "* ", "<!--", ";", "%"} {
		if bytes.HasPrefix(left, []byte(mark)) {
			return true
		}
	}
	return false
}
