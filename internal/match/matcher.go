package match

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"sprawl/detectors"
	"sprawl/finding"
)

type structure struct {
	det         int32
	row         *detectors.Structure
	back, ahead int // bytes before an anchor, and from its start on, that may decide
}

type anchor struct {
	of   int32 // in Set.structs
	text string
	fold bool // it matches without regard to ASCII case; text is lower
}

type named struct {
	det    int32
	row    *detectors.Named
	near   int
	values []shape
	strict []shape // values without what Loose lets pass

	least int             // bytes of its shortest value
	bytes detectors.Class // that values are made of
}

// measure fills in least and bytes.
func (n *named) measure() {
	n.least = maxValue
	for i := range n.values {
		s := &n.values[i]
		n.least = min(n.least, s.minLen)
		for j := range s.pieces {
			p := &s.pieces[j]
			if p.Class != nil {
				n.bytes = *n.bytes.Or(p.Class)
			}
			for k := range len(p.Lit) {
				c := oneByte(p.Lit[k], p.Fold)
				n.bytes = *n.bytes.Or(&c)
			}
		}
	}
}

// room returns the first place in b[i:limit] from which on a value may stand, as far as the row of its bytes is long enough, or
// limit, and the end of what was looked at. Mostly there is none, and a look at a few bytes tells.
func (n *named) room(b []byte, i, limit int) (at, far int) {
	last := limit // what begins from here on reaches limit
	for last > i && n.bytes.Has(b[last-1]) {
		last--
	}
	for at = i; at+n.least <= last; {
		j := at + n.least - 1
		for j >= at && n.bytes.Has(b[j]) {
			j--
		}
		if j < at {
			return at, limit
		}
		at = j + 1
	}
	if last == limit {
		return limit, limit
	}
	end := limit
	for end < len(b) && end-last < n.least && n.bytes.Has(b[end]) {
		end++
	}
	if end-last < n.least {
		return limit, end + 1
	}
	return last, end
}

// word is something that names are made of: a keyword of named kinds, a generic trigger, or both.
type word struct {
	text    string
	rows    []int32 // in Set.named
	generic bool
	prosaic bool // it stands in sentences: nothing is looked for where another word follows
	command bool // a command that takes -u user:password
	// A name that the word stands in is left to the generic words in it, if it has one, unless it holds one of wants or is called:
	// each of the rows asks for a word in the name, of which all but those are generic ones.
	leaves bool
	solo   bool // it leaves names to others and looks for nothing beside it: as all of a name it stands for nothing
	wants  []string
	firsts uint32 // the letters that wants begin with
}

func (w *word) add(row int32) {
	if !slices.Contains(w.rows, row) {
		w.rows = append(w.rows, row)
	}
}

// word returns the entry of a word; the pointer is good until the next call.
func (s *Set) word(text string) *word {
	i, ok := s.wordAt[text]
	if !ok {
		i = int32(len(s.words))
		s.wordAt[text] = i
		s.words = append(s.words, word{text: text})
	}
	return &s.words[i]
}

// besideProvider are words that say of a provider's name what is meant, and too short to be looked for without one.
var besideProvider = []string{"pat", "pw"}

func (s *Set) addGenericWords() {
	for _, w := range genericTriggers {
		s.word(w).generic = true
	}
	for _, w := range prosaic {
		s.word(w).prosaic = true
	}
	for _, w := range calleeWords {
		s.word(w)
	}
	s.word("curl").command = true
}

// addLeaves says of every word whether it leaves the names that it stands in to others.
func (s *Set) addLeaves() {
	for i := range s.words {
		w := &s.words[i]
		w.leaves, w.wants = !w.generic && !w.command, slices.Clip(besideProvider)
		for _, r := range w.rows {
			names := s.named[r].row.Names
			w.leaves = w.leaves && len(names) > 0
			for _, n := range names {
				if !slices.ContainsFunc(genericTriggers, func(g string) bool { return strings.Contains(n, g) }) && !slices.Contains(w.wants, n) {
					w.wants = append(w.wants, n)
				}
			}
		}
		w.leaves = w.leaves && !containsAny([]byte(w.text), w.wants)
		w.solo = w.leaves && !slices.ContainsFunc(w.rows, func(r int32) bool { return s.named[r].near > 0 })
		for _, x := range w.wants {
			w.leaves = w.leaves && isLower(x[0])
			w.firsts |= 1 << (x[0] - 'a')
		}
	}
}

// Matcher runs a Set over texts. It holds scratch memory and serves one goroutine; it allocates only for what it finds.
type Matcher struct {
	set   *Set
	b     []byte
	cands []Candidate

	x     *Memory // of the text at hand
	fresh []found // in it, to be evaluated from next on
	next  int
	at    cursors
	own   Memory // of Match

	places places // scratch of scan
	sifted sifted

	identStart, identEnd int        // the name that was read last
	identFrom, identTo   int        // from where to where was decided about it
	assignment           assignment // of that name
	valued               bool       // a value was judged
	run                  classRun
	escapes              struct {
		lo, hi int
		found  bool
	}
	words  nameWords
	folded []byte
	rows   []int32
	whole  map[int32]int // calls of a structure that reads the whole text

	observe func(start, end int, f [features]float64) // of Examples
}

// NewMatcher makes one for the calling goroutine.
func (s *Set) NewMatcher() *Matcher {
	return &Matcher{set: s, folded: make([]byte, 0, 3*maxIdent), whole: map[int32]int{}}
}

// maxWhole bounds how often a structure that reads the whole text is parsed in one.
const maxWhole = 256

// Match returns what was found in b, ordered by place and detector. It depends on the bytes alone. The slice is valid until
// the next call, what its elements hold stays valid.
func (m *Matcher) Match(b []byte) []Candidate {
	return m.MatchInto(b, &m.own)
}

// ordered sorts and drops what was reached by two ways: the surer one stays.
func ordered(cs []Candidate) []Candidate {
	if len(cs) < 2 {
		return cs
	}
	slices.SortStableFunc(cs, func(x, y Candidate) int {
		p, q := &x.Parts[0], &y.Parts[0]
		return cmp.Or(cmp.Compare(p.Start, q.Start), cmp.Compare(p.End, q.End), strings.Compare(idOf(&x), idOf(&y)),
			cmp.Compare(p.Role, q.Role), cmp.Compare(x.Tier.Rank(), y.Tier.Rank()), cmp.Compare(len(y.Parts), len(x.Parts)), -cmp.Compare(len(x.Name), len(y.Name)),
			-cmp.Compare(x.Score, y.Score), strings.Compare(x.Why, y.Why))
	})
	return slices.CompactFunc(cs, func(x, y Candidate) bool {
		p, q := &x.Parts[0], &y.Parts[0]
		return p.Start == q.Start && p.End == q.End && p.Role == q.Role && x.Detector == y.Detector
	})
}

// shown is a name as it may be printed: in "KEY1,KEY2" and "user:KEY" what stands before a value may be a secret too. Such a
// name is left out.
func shown(name []byte) string {
	digits := 0
	for i := 0; i <= len(name); {
		j := i
		for j < len(name) && (isLetter(name[j]) || isDigit(name[j])) {
			if isDigit(name[j]) {
				digits++
			}
			j++
		}
		if w := name[i:j]; len(w) >= 12 && (oddness(w) >= 5.2 || len(w) >= 16 && allHex(w)) {
			return ""
		}
		i = j + 1
	}
	if len(name) >= 16 && digits >= 6 {
		return ""
	}
	return string(name)
}

func called(name string) string {
	if name == "" {
		return "its name"
	}
	return fmt.Sprintf("name %q", name)
}

// hideNames removes from every candidate a name that holds a value that was found.
func hideNames(cs []Candidate) {
	const (
		telling        = 8  // bytes from which a value within a name is no chance
		nameNeighbours = 16 // candidates are ordered by place
	)
	for i := range cs {
		c := &cs[i]
		if len(c.Name) < telling {
			continue
		}
		for j := max(0, i-nameNeighbours); j < min(len(cs), i+nameNeighbours); j++ {
			for k := range cs[j].Parts {
				if p := &cs[j].Parts[k]; p.Start < c.Start+len(c.Name)+maxBack && p.End > c.Start-maxBack && p.Role == finding.RoleSecret && p.End-p.Start >= telling &&
					strings.Contains(c.Name, string(p.Value.Reveal())) {
					c.Why = strings.ReplaceAll(c.Why, fmt.Sprintf("%q", c.Name), "of its own")
					c.Name = ""
				}
			}
		}
	}
}

func idOf(c *Candidate) string {
	if c.Detector == nil {
		return ""
	}
	return c.Detector.ID
}

// shape tries a shape of which the window stands at a point that is at. It reports whether a token stands there: else nothing
// was looked at but what was compared.
func (m *Matcher) shape(s *shape, at int) bool {
	b := m.b
	m.run.far = at
	for k := s.lo; k <= s.hi; k++ {
		start := at - k
		if start < 0 {
			break
		}
		end := s.at(b, start, &m.run)
		if end < 0 {
			continue
		}
		m.shaped(s, start, end)
		return true
	}
	return false
}

func (m *Matcher) shaped(s *shape, start, end int) {
	b, d := m.b, &m.set.rows[s.det]
	if s.lead > 0 && start > 1 && b[start-1] == '-' && b[start+s.lead-1] == '-' && isWord(b[start-2]) {
		return // the end of a longer prefix: px-api-
	}
	ns, ne := nameBefore(b, start)
	name := b[ns:ne]
	if len(s.needName) > 0 && !m.near(s.needName, b[max(0, start-needNameGap):start]) && !m.near(s.needName, name) {
		return
	}
	proof := m.check(d, s.role, b[start:end], name)
	v := b[start+s.lead : end]
	weak, tested := false, false
	if proof != finding.ProofProven {
		if i := bytes.LastIndexByte(v, '/'); i >= 0 && s.address() {
			v = v[i+1:] // of an address the last part is the secret
		}
		if why := dummy(v); why != "" {
			tested = s.lead >= tellingLead && ofTest(v, why)
			if weak = tested || s.lead >= tellingLead && patterned(v, why); !weak {
				return
			}
		}
		if s.minEntropy > 0 && entropy(v) < s.minEntropy && !weak || insideBlock(b, start, end, s.pieces[0].Lit) || s.lead <= shortLead && !tested && (wordy(v) || identifier(v) && oddness(v) <= plainWords || insideRun(b, start)) || cutShort(b, start, end) {
			return
		}
	}
	why := "a form of its own"
	if s.lead > 0 {
		why = fmt.Sprintf("prefix %q", s.pieces[0].Lit)
	} else if l := longestLit(s.pieces); l != "" {
		why = fmt.Sprintf("%q within it", l)
	}
	tier, but := standing(proof, finding.TierShaped, b[start:end], s.lead)
	switch {
	case tier == finding.TierProven:
	case tested:
		tier, but = finding.TierGeneric, "; words of a test stand in it"
	case weak:
		tier, but = finding.TierGeneric, fillerBut
	case s.tailed(b, end):
		tier, but = finding.TierGeneric, "; a word goes on behind it"
	}
	if tier == finding.TierShaped && b[start] == '/' && documentationURL(b, start) {
		tier, but = finding.TierGeneric, "; at a host of documentation"
	}
	if tier == finding.TierShaped && !d.Own && interleaved(v) {
		tier, but = finding.TierGeneric, "; letters and digits take turns, as in what is typed"
	}
	m.emit(Candidate{Detector: d, Tier: tier, Proof: proof, Name: shown(name), Why: why + checked(proof) + but, Keep: s.keep,
		Parts: []Part{{Role: s.role, Value: finding.NewSecret(b[start:end]), Start: start, End: end}}, Start: min(from(ns, ne, start), start), End: max(ne, end)})
}

// tellingLead is the length from which a literal tells a kind even of what repeats or counts behind it.
const tellingLead = 4

// shortLead is the length up to which a literal stands at the start of words, too, and in base64 by chance.
const shortLead = 4

// insideRun reports whether base64 of some length goes before the token at i, joined to it by a sign of its alphabet.
func insideRun(b []byte, i int) bool {
	const run = 24
	if i <= run || b[i-1] != '/' && b[i-1] != '+' {
		return false
	}
	for _, c := range b[i-run : i] {
		if !detectors.Base64.Has(c) {
			return false
		}
	}
	return true
}

func longestLit(ps []detectors.Piece) string {
	l := ""
	for _, p := range ps {
		if len(p.Lit) > len(l) {
			l = p.Lit
		}
	}
	return l
}

func from(ns, ne, start int) int {
	if ne > ns && ns < start {
		return ns
	}
	return start
}

func tierOf(p finding.Proof, t finding.Tier) finding.Tier {
	if p == finding.ProofProven {
		return finding.TierProven
	}
	return t
}

func checked(p finding.Proof) string {
	switch p {
	case finding.ProofProven:
		return " with a valid checksum"
	case finding.ProofRefuted:
		return ", its checksum does not hold: malformed, truncated or fabricated"
	}
	return ""
}

// check asks the row's own check of a value that stands alone.
func (m *Matcher) check(d *detectors.Detector, role finding.Role, v, name []byte) finding.Proof {
	if d.Check == nil {
		return finding.ProofNone
	}
	x := detectors.Match{Name: string(name)}
	if role == finding.RoleID {
		x.ID = v
	} else {
		x.Secret = v
	}
	return cmp.Or(d.Check(x), finding.ProofNone)
}

// emit adds a candidate with what it says of itself.
func (m *Matcher) emit(c Candidate) {
	if p := &c.Parts[0]; p.Role == finding.RoleSecret && isPublished(m.b[p.Start:p.End]) {
		return
	}
	if c.Detector != nil && c.Detector.Facts != nil {
		c.Facts = c.Detector.Facts(matchOf(&c, m.b))
	}
	m.cands = append(m.cands, c)
}

// matchOf shows the parts of a candidate to its row's functions; text is nil where it is no longer at hand.
func matchOf(c *Candidate, text []byte) detectors.Match {
	x := detectors.Match{Name: c.Name}
	for i := range c.Parts {
		v := c.Parts[i].Value.Reveal()
		switch c.Parts[i].Role {
		case finding.RoleID:
			x.ID = v
		case finding.RoleUser:
			x.User = v
		case finding.RoleHost:
			x.Host = v
		default:
			x.Secret = v
		}
	}
	if text != nil && len(c.Parts) > 0 && c.Start < c.End {
		x.Block = text[c.Start:c.End]
	}
	return x
}

// near reports whether one of the words stands in b, separators left out.
func (m *Matcher) near(words []string, b []byte) bool {
	if len(b) == 0 {
		return false
	}
	m.folded = compact(m.folded[:0], b)
	return containsAny(m.folded, words)
}

func containsAny(folded []byte, words []string) bool {
	for _, w := range words {
		if bytes.Contains(folded, []byte(w)) {
			return true
		}
	}
	return false
}

// structure parses at an anchor. It reports whether anything was found: else nothing was looked at but what the row says.
func (m *Matcher) structure(ref int32, at int) (some bool) {
	b, a := m.b, &m.set.anchors[ref]
	st := &m.set.structs[a.of]
	if st.row.Reach.Kind == detectors.ReachWhole {
		if m.whole[a.of]++; m.whole[a.of] > maxWhole {
			return false
		}
	}
	for _, f := range st.row.Parse(b, at) {
		m.found(st, &f)
		some = true
	}
	return some
}

// alone parses a short text as what is a credential as a whole.
func (m *Matcher) alone() {
	if len(m.b) > m.set.loneliest {
		return
	}
	for _, i := range m.set.alone {
		st := &m.set.structs[i]
		if len(m.b) > st.row.Reach.N {
			continue
		}
		for _, f := range st.row.Parse(m.b, 0) {
			m.found(st, &f)
		}
	}
}

func (m *Matcher) found(st *structure, f *detectors.Found) {
	b, d := m.b, &m.set.rows[st.det]
	if f.Kind != "" {
		if d = m.set.Detector(f.Kind); d == nil {
			d = &m.set.rows[st.det]
		}
	}
	if len(f.Parts) == 0 {
		return
	}
	c := Candidate{Detector: d, Proof: cmp.Or(f.Proof, finding.ProofNone), Start: f.Start, End: f.End}
	for _, p := range f.Parts {
		if p.Start < 0 || p.End > len(b) || p.Start >= p.End {
			return
		}
		if c.End <= c.Start {
			c.Start, c.End = p.Start, p.End
		}
		c.Start, c.End = min(c.Start, p.Start), max(c.End, p.End)
		c.Parts = append(c.Parts, Part{Role: cmp.Or(p.Role, finding.RoleSecret), Value: finding.NewSecret(b[p.Start:p.End]), Start: p.Start, End: p.End})
	}
	c.Start, c.End = max(0, c.Start), min(len(b), c.End)
	secretFirst(c.Parts)
	if c.Proof == finding.ProofNone && d.Check != nil {
		c.Proof = cmp.Or(d.Check(matchOf(&c, b)), finding.ProofNone)
	}
	p := &c.Parts[0]
	if v := b[p.Start:p.End]; p.Role == finding.RoleSecret && encodedPair(v) {
		return
	}
	same := accountName(&c, b[p.Start:p.End])
	padded := false
	if v := b[p.Start:p.End]; c.Proof != finding.ProofProven && p.Role == finding.RoleSecret && len(v) < 128 && !same {
		why := dummy(v)
		padded = len(v) > maxWeak && filler(v, why)
		if why != "" && !padded || inert(v) || isTimeUUID(v) || f.Tier != finding.TierShaped && refers(&assignment{quote: '"'}, v) {
			return
		}
	}
	var but string
	c.Tier = tierOf(c.Proof, cmp.Or(f.Tier, finding.TierShaped))
	if v := b[p.Start:p.End]; p.Role == finding.RoleSecret && len(v) < maxWeak && c.Proof != finding.ProofProven {
		weak := testLike(v) || nameLike(nil, v) || weakDummy(v) || encodedDummy(v) || leet(v) || indexFold(v, "pass") >= 0 || ofUser(&c, v)
		switch example := documentationHost(&c); {
		case same:
			c.Tier, but = finding.TierGeneric, "; the same as its user"
		case weak && (example || ofUser(&c, v) && loopbackHost(&c)) || disguised(v) || spoken(v) || len(v) < shortest:
			return
		case weak:
			c.Tier, but = finding.TierGeneric, "; a weak one"
		case example:
			c.Tier, but = finding.TierGeneric, "; at a host of documentation"
		case loopbackHost(&c):
			c.Tier, but = finding.TierGeneric, "; at the machine itself"
		}
	}
	switch {
	case c.Proof == finding.ProofRefuted && saysNone(b[p.Start:p.End]):
		c.Tier, but = finding.TierGeneric, ofItself
	case padded:
		c.Tier, but = finding.TierGeneric, fillerBut
	}
	ns, ne := nameBefore(b, p.Start)
	c.Name = shown(b[ns:ne])
	c.Why = "the structure of its kind"
	if st.row.Source != "" {
		c.Why = "the pattern of its kind"
	}
	switch c.Proof {
	case finding.ProofProven:
		c.Why += ", parsed and sound"
	case finding.ProofRefuted:
		c.Why += ", which does not hold: malformed, truncated or fabricated"
	}
	c.Why += but
	m.emit(c)
}

// shortest is the length under which a password in a structure is one of a manual.
const shortest = 3

func secretFirst(ps []Part) {
	slices.SortStableFunc(ps, func(a, b Part) int { return cmp.Compare(roleRank(a.Role), roleRank(b.Role)) })
}

func roleRank(r finding.Role) int {
	switch r {
	case finding.RoleSecret:
		return 0
	case finding.RoleID:
		return 1
	case finding.RoleUser:
		return 2
	}
	return 3
}

// shortWord is the length from which a word counts wherever it stands.
const shortWord = 4

// wordEdges reports whether a short word stands on its own; a generic one may end a longer one: apikey, dbpwd.
func wordEdges(b []byte, at int, w *word) bool {
	if len(w.text) >= shortWord {
		return true
	}
	end := at + len(w.text)
	if len(w.text) < minKeyword {
		return at > 0 && noLetter.Has(b[at-1]) && end < len(b) && joint.Has(b[end])
	}
	if end < len(b) && isLetter(b[end]) && !(isUpper(b[end]) && isLower(b[end-1])) && !(w.generic && lower(b[end]) == 's') {
		return false
	}
	return w.generic || at == 0 || !isLetter(b[at-1]) || isLower(b[at-1]) && isUpper(b[at])
}

// plainAround is how much around a word of two letters must be ASCII text: in data it stands everywhere.
const plainAround = 6

func plainText(b []byte) bool {
	for _, c := range b {
		if c >= 0x7f || c < ' ' && !isSpace(c) {
			return false
		}
	}
	return true
}

// word tries what a word at at may mean, and returns from where to where that was decided.
func (m *Matcher) word(w *word, at int) (from, to int) {
	b, end := m.b, at+len(w.text)
	from, to = at-maxIdent-2, end+maxIdent+2
	if len(w.text) < minKeyword && !plainText(b[max(0, at-plainAround):min(len(b), end+plainAround)]) {
		return at - plainAround - 1, end + plainAround + 1
	}
	if w.prosaic && len(w.rows) == 0 && end+1 < len(b) && b[end] == ' ' && isLower(b[end+1]) {
		return at - 1, end + 2
	}
	if w.command {
		m.command(at)
	}
	if at < m.identStart || at >= m.identEnd {
		if w.leaves && w.alone(b, at) {
			return m.beside(w, at, at-2, end+callAhead)
		}
		switch s, e, ok := identAround(b, at, end); {
		case !ok:
		case w.leaves && !w.called(b, e) && (e-s == len(w.text) || !w.wanted(b[s:e])):
			from, to = identRun(b, s, e)
			from, to = from-2, to+callAhead
		default:
			m.identStart, m.identEnd = s, e
			m.identFrom, m.identTo = m.ident(s, e)
		}
	}
	if at >= m.identStart && at < m.identEnd {
		from, to = m.identFrom, max(end, m.identTo)
	}
	if w.command {
		to = max(to, at+maxCommand)
	}
	return m.beside(w, at, from, to)
}

// beside looks for values that stand beside a word without being assigned, and widens what was read to decide about it.
func (m *Matcher) beside(w *word, at, from, to int) (int, int) {
	end := at + len(w.text)
	m.run.far, m.valued = 0, false
	for _, r := range w.rows {
		n := &m.set.named[r]
		if n.near > 0 {
			m.value(n, w.text, end, end+n.near+1, nil)
		}
	}
	to = max(to, m.run.far+2)
	if m.valued {
		from, to = min(from, at-nearBack), to+nearAhead
	} else {
		from = min(from, at-escapeBack-2)
	}
	return from, to
}

// callAhead is how far behind a name its bracket may stand.
const callAhead = 8

// wanted reports whether one of the words that w wants stands in a name.
func (w *word) wanted(name []byte) bool {
	for i, c := range name {
		if w.firsts>>(lower(c)-'a')&1 == 0 {
			continue
		}
		for _, x := range w.wants {
			if hasFold(name[i:], x) {
				return true
			}
		}
	}
	return false
}

// alone reports whether the word at at is all of a name, and that is not called.
func (w *word) alone(b []byte, at int) bool {
	end := at + len(w.text)
	return (at == 0 || !identByte[b[at-1]]) && (end == len(b) || !identByte[b[end]]) && !w.called(b, end)
}

// called reports whether the name that ends at i, in which the word stands, is called: an opening bracket follows, and behind the name
// of a provider a string. It reads callAhead bytes.
func (w *word) called(b []byte, i int) bool {
	end := min(len(b), i+callAhead)
	for i < end && (isBlank(b[i]) || isQuote(b[i])) {
		i++
	}
	if i == end || b[i] != '(' || len(w.rows) == 0 {
		return i < end && b[i] == '('
	}
	for i++; i < end && isBlank(b[i]); i++ {
	}
	return i < end && (isQuote(b[i]) || i+1 < end && isLetter(b[i]) && isQuote(b[i+1]))
}

// ident reads the assignment to a name, if it is one, and tries what the name may stand for. It returns from where to where
// that was decided.
func (m *Matcher) ident(s, e int) (from, to int) {
	b := m.b
	a := &m.assignment
	ok := a.parse(b, s, e)
	from, to = identRun(b, s, e)
	if from = min(from, a.first); a.behind {
		from = min(from, s-lineOfWord)
	}
	switch {
	case !a.valued:
		return from - quoteBack, max(a.seen, to) + 2
	case !ok || a.end <= a.start:
		return from - quoteBack, max(a.seen, to) + seenAhead
	}
	a.userBefore(b)
	name := b[s:e]
	m.words.split(name)
	m.generic(a, s, e)
	if a.column != (column{}) {
		first := *a
		for a.nextRow(b) {
			m.generic(a, s, e)
		}
		first.seen, first.first = max(first.seen, a.seen), min(first.first, a.first)
		*a = first
	}
	if p := phrase(b, s, &m.words); p < s {
		a.nameStart, name = p, b[p:e]
		m.words.split(name)
	}
	m.run.far = 0
	for _, r := range m.rowsOf(name) {
		m.value(&m.set.named[r], "", a.start, min(a.end, a.start+maxGap), a)
	}
	// What stands before the name is a word of it, or words that tell of a digest.
	return min(from, a.first, s-maxPhrase) - quoteBack, max(a.seen, to, m.run.far) + seenAhead
}

// rowsOf lists the named rows a keyword of which stands in a name.
func (m *Matcher) rowsOf(name []byte) []int32 {
	m.rows = m.rows[:0]
	add := func(w *word) {
		for _, r := range w.rows {
			if !slices.Contains(m.rows, r) {
				m.rows = append(m.rows, r)
			}
		}
	}
	f := m.set.filter
	m.folded = compact(m.folded[:0], name)
	n := m.folded
	for p := 0; p+4 <= len(n); p++ {
		g := binary.LittleEndian.Uint32(n[p:]) | folded
		if !f.has(g) {
			continue
		}
		for _, t := range f.triggers(g) {
			x := &f.sites[t.site]
			if x.what != trigWord || t.gram != g {
				continue
			}
			w := &m.set.words[x.ref]
			if at := p - int(x.off); at >= 0 && len(w.text) >= 4 && bytes.HasPrefix(n[at:], []byte(w.text)) {
				add(w)
			}
		}
	}
	for i := range m.words.n {
		if w := m.words.at(i); len(w) < 4 {
			if j, ok := m.set.wordAt[string(w)]; ok {
				add(&m.set.words[j])
			}
		}
	}
	return m.rows
}

// value looks for a value of a named row that begins in [i, limit). a is the assignment whose value that is, or nil where a
// keyword merely stands before it: then at most one line break may lie between.
func (m *Matcher) value(n *named, keyword string, i, limit int, a *assignment) {
	b := m.b
	limit = min(limit, len(b))
	from := i
	broken := limit // from here on a line break lies between
	if a == nil && i < limit {
		if k := bytes.IndexByte(b[i:limit], '\n'); k >= 0 {
			broken = i + k
			if k = bytes.IndexByte(b[broken+1:limit], '\n'); k >= 0 {
				limit = broken + 1 + k
			}
		}
	}
	i, far := n.room(b, i, limit)
	if m.run.far = max(m.run.far, far, i+1); i >= limit {
		return
	}
	escapes := m.escapesIn(from, limit)
search:
	for ; i < limit; i++ {
		if b[i] <= ' ' {
			continue
		}
		if i > 0 && wordByte[b[i-1]] && !(a != nil && i == a.start) && !(escapes && escapeEnds(b, i)) {
			continue
		}
		joined := a == nil && glued(b, from, i)
		values := n.values
		if i > broken {
			values = n.strict
		}
		for j := range values {
			if !values[j].begins(b, i, &m.run) {
				continue
			}
			var end int
			if joined {
				end = values[j].behind(b, i, &m.run)
			} else {
				end = values[j].at(b, i, &m.run)
			}
			if end > i && m.namedValue(n, &values[j], keyword, from, i, end, a) {
				break search
			}
		}
	}
	m.run.far = max(m.run.far, i+1)
}

// escapesIn reports whether escape sequences may end in [lo, hi). Rows that one word leads to ask of one stretch.
func (m *Matcher) escapesIn(lo, hi int) bool {
	if x := &m.escapes; lo != x.lo || hi != x.hi {
		w := m.b[max(0, lo-escapeBack-1):max(lo, hi)]
		x.lo, x.hi = lo, hi
		x.found = bytes.IndexByte(w, '\\') >= 0 || bytes.IndexByte(w, '%') >= 0 || bytes.IndexByte(w, 0x1b) >= 0
	}
	return m.escapes.found
}

// hexEntropy is what is asked of hexadecimal digits at most, however large the alphabet that a row allows.
const hexEntropy = 2.8

// defaultNamedEntropy is what a value of 16 bytes and more must have where its row says nothing.
const defaultNamedEntropy = 2.5

func (m *Matcher) namedValue(n *named, s *shape, keyword string, after, start, end int, a *assignment) bool {
	m.valued = true
	b, d, v := m.b, &m.set.rows[n.det], m.b[start:end]
	least := cmp.Or(n.row.MinEntropy, s.minEntropy)
	if n.row.MinEntropy == 0 && len(v) >= entropyFrom {
		least = max(least, defaultNamedEntropy)
	}
	if n.row.Loose && (allHex(v) || isUUID(v)) {
		least = min(least, hexEntropy)
	}
	var ns, ne int
	if a != nil {
		ns, ne = a.nameStart, a.nameEnd
	} else {
		ns, ne = nameBefore(b, start)
	}
	name := b[ns:ne]
	if len(n.row.Names) > 0 || len(n.row.Not) > 0 {
		m.folded = compact(m.folded[:0], name)
		if containsAny(m.folded, n.row.Not) {
			return false
		}
		if len(n.row.Names) > 0 && !containsAny(m.folded, n.row.Names) && !(a == nil && (m.promised(after, after-len(keyword), start) || beside(b[after:start], v))) &&
			!(a != nil && a.op == opCall && !allHex(v) && byLot(v)) {
			return false
		}
	}
	if a == nil && end < len(b)-1 && (b[end] == '.' && isWord(b[end+1]) || b[end] == '"' && b[end+1] == ':') {
		return false
	}
	if a == nil && bytes.Contains(b[after:start], []byte("***")) {
		return false // what the keyword told of is masked; this is something else
	}
	if s.open && s.lead == 0 && (a == nil || start != a.start || !m.typed(a, name, v)) {
		return false
	}
	proof := m.check(d, s.role, v, name)
	weak := false
	if proof != finding.ProofProven {
		if why := dummy(v); why != "" {
			if weak = filler(v, why); !weak {
				return false
			}
		}
		if least > 0 && entropy(v) < least && !weak || isUUID(v) && !s.uuid || wordy(v) {
			return false
		}
		if a == nil && !n.row.Random && !s.hex && len(v) >= entropyFrom && allHex(v) && !allDigits(v) && !m.called(b[after:start]) || digested(b, start) || allHex(v) && hashContext(b, start) || slip(v[s.lead:]) && !s.uuid {
			return false
		}
		if a == nil && bytes.IndexByte(bytes.TrimRight(v, "="), '=') >= 0 {
			return false // "id=…": a name stands before the value
		}
		if a != nil && (n.row.Random || a.op == opCall) && m.words.classify() == nameOther && m.words.n > 0 && m.words.is(0, denies) {
			return false // the provider's token_id, token_url
		}
		if n.row.Random && !byLot(v) || !whole(b, start, end) {
			return false
		}
		if a == nil && (!drawn(v) || digestLike(v) && len(bytes.TrimSpace(b[after:start])) > 0 && !m.promised(after, after-len(keyword), start)) {
			return false
		}
		if (a == nil || a.joined) && len(v) < 8 {
			return false
		}
	}
	tier, but := standing(proof, finding.TierNamed, v, s.lead)
	if tier == finding.TierNamed && n.row.Random && a == nil && !m.promised(after, after-len(keyword), start) {
		tier, but = finding.TierGeneric, "; nothing says that it is a secret"
	}
	if weak && proof != finding.ProofProven {
		tier, but = finding.TierGeneric, fillerBut
	}
	if isTimeUUID(v) && proof != finding.ProofProven {
		tier, but = finding.TierGeneric, "; a UUID made of a time"
	}
	if tier == finding.TierNamed && m.ofDocumentation(end) {
		tier, but = finding.TierGeneric, "; for an account of documentation"
	}
	if tier == finding.TierNamed && proof != finding.ProofProven && len(v) < looseSure && !n.exact(v) {
		tier, but = finding.TierGeneric, "; not in the alphabet of its kind"
	}
	c := Candidate{Detector: d, Tier: tier, Proof: proof, Name: shown(name), Keep: s.keep, Nearby: a == nil && proof != finding.ProofProven,
		Parts: []Part{{Role: s.role, Value: finding.NewSecret(v), Start: start, End: end}}, Start: from(ns, ne, start), End: end}
	if a != nil {
		c.Why = called(c.Name) + " and the form of its kind"
	} else {
		c.Why = fmt.Sprintf("word %q close before it and the form of its kind", keyword)
	}
	c.Why += checked(proof) + but
	m.emit(c)
	return true
}

// accountAhead is how far behind a value the account that it belongs to is looked for.
const accountAhead = 96

// ofDocumentation reports whether the account close behind a value that ends at i is an address at a host that is reserved for
// documents and tests.
func (m *Matcher) ofDocumentation(i int) bool {
	m.run.far = max(m.run.far, i+accountAhead)
	ahead := m.b[i:min(len(m.b), i+accountAhead)]
	at := bytes.IndexByte(ahead, '@')
	if at < 1 || !isWord(ahead[at-1]) {
		return false
	}
	host := ahead[at+1:]
	n := 0
	for n < len(host) && hostByte(host[n]) {
		n++
	}
	return reservedHost(bytes.TrimRight(host[:n], ".:"))
}

// looseSure is the length from which a value's length says so much that its alphabet need not be the one of its kind.
const looseSure = 40

// exact reports whether a value has the form that its row gives, without what Loose lets pass.
func (n *named) exact(v []byte) bool {
	if !n.row.Loose {
		return true
	}
	var seen classRun
	return slices.ContainsFunc(n.strict, func(s shape) bool { return s.behind(v, 0, &seen) == len(v) })
}

// typed reports whether a value that may hold anything is assigned to its name, and reads as somebody's password.
func (m *Matcher) typed(a *assignment, name, v []byte) bool {
	if a == nil {
		return false
	}
	r, ok := judge(a, namePassword, name, v)
	return ok && r.score >= genericThreshold
}

// wordy reports whether a value is made of words: letters that follow each other as they do in English.
func wordy(v []byte) bool {
	for _, c := range v {
		if !isLetter(c) && c != '_' && c != '-' && c != '.' && c != '/' {
			return false
		}
	}
	return oddness(v) < wordsOddness
}

// wordsOddness is the oddness up to which letters follow each other as in words.
const wordsOddness = 4.6

// drawn reports whether a value looks drawn by lot, so that a word before it is enough.
func drawn(v []byte) bool {
	var lo, up, di int
	for _, c := range v {
		switch {
		case isLower(c):
			lo++
		case isUpper(c):
			up++
		case isDigit(c):
			di++
		}
	}
	switch {
	case di == len(v):
		return true
	case di > 0 && lo+up > 0:
		return !joinedWords(v) || oddness(v) > 5 || len(v) >= 32
	}
	return lo > 0 && up > 0 && oddness(v) >= 4.8 || oddness(v) >= 5.6
}

// generic judges the assignment's value by the classifier.
func (m *Matcher) generic(a *assignment, s, e int) {
	b := m.b
	if n := m.words.n - 1; a.returns && n > 0 && string(m.words.at(n)) == "get" {
		m.words.n = n
	}
	c := m.words.classify()
	if c == nameWeak && m.words.n == 1 {
		a.first = min(a.first, s-wordBefore)
		// "api key: …" and "Auth Token": the word before belongs to the name.
		if i := s - 1; i > 0 && b[i] == ' ' && isLetter(b[i-1]) {
			j := i
			for j > 0 && i-j < wordBefore-2 && isLetter(b[j-1]) {
				j--
			}
			m.words.split(b[j:e])
			switch x := m.words.classify(); {
			case x == nameSecret:
				c, s = x, j
			case x == nameOther && m.words.is(m.words.n-1, deniesAnywhere):
				c = nameOther // "Public Key:"
			}
			m.words.split(b[a.nameStart:e])
		}
	}
	if a.argument != nameOther {
		c = a.argument
	}
	v := b[a.start:a.end]
	if c == nameWeak && m.words.n == 1 && len(v) < leastBare && allLetters(v) {
		return // the key of a map, an entry of a table
	}
	if c == nameWeak && m.words.n > 1 && m.words.is(1, isPassword) && thoughtUp(v) {
		c = namePassword // PWD_ADMIN
	}
	if c == nameOther && foreignName(b[s:e]) {
		c, a.lot = namePassword, true
	}
	if n := b[s:e]; c == namePassword && len(n) > 3 && string(n[len(n)-3:]) == "_PW" && isLower(n[0]) {
		c = nameOther // en_PW: a locale, of Palau
	}
	if c == nameOther {
		return
	}
	if c == nameWeak && m.words.n == 1 {
		if a.seen = max(a.seen, a.end+maxAfter); namesPair(b, a) {
			return
		}
	}
	if a.said && c != namePassword && !byLot(v) && !thoughtUp(v) {
		return // when the current token is "Kind.Name"
	}
	if a.lot && !(c == namePassword && (a.row || thoughtUp(v))) && !byLot(v) || a.listing && oddSign(v) {
		return
	}
	r, ok := judge(a, c, b[s:e], v)
	if ok && m.observe != nil {
		f, _, _ := measure(a, c, b[s:e], v)
		m.observe(a.start, a.end, f)
	}
	if !ok || r.score < genericFloor {
		return
	}
	if r.score < malformedFloor && c != namePassword && m.documented() && !issued(v) || m.set.malformed(v) {
		return
	}
	if allHex(v) {
		a.first = min(a.first, a.start-maxBack)
		if len(v) >= 32 && hashContext(b, a.start) || indexFold(b[max(0, a.start-maxBack):a.start], "vector") >= 0 {
			return // a digest, or a test vector
		}
	}
	name := shown(b[s:e])
	m.emit(Candidate{Tier: finding.TierGeneric, Proof: finding.ProofNone, Name: name, Why: fmt.Sprintf("%s, entropy %.1f bits, not a reference", called(name), r.entropy),
		Score: r.score, Bare: a.quote == 0 && (a.op == opEqual || a.op == opColon) && !a.flow && !a.exported(b) && !((thoughtUp(v) || byLot(v)) && a.commented(b)), Start: min(s, a.start), End: max(e, a.end),
		Parts: []Part{{Role: finding.RoleSecret, Value: finding.NewSecret(v), Start: a.start, End: a.end}}})
}

// leastBare is the length from which letters alone may be the value of a name that says no more than key.
const leastBare = 16

func allLetters(v []byte) bool {
	for _, c := range v {
		if !isLetter(c) {
			return false
		}
	}
	return true
}

// namesPair reports whether the value of key: X is itself a name, whose value follows: {"key": X, "value": Y}.
func namesPair(b []byte, a *assignment) bool {
	i, limit := a.end, min(len(b), a.end+maxAfter)
	for i < limit && (isSpace(b[i]) || isQuote(b[i]) || b[i] == ',' || b[i] == ';' || b[i] == '\\') {
		i++
	}
	return hasFold(b[i:limit], "value")
}
