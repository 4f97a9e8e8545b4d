package match

import (
	"cmp"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"sprawl/detectors"
	"sprawl/finding"
)

// Kinds of what has no row of its own.
const (
	GenericSecret   = "generic-secret"
	GenericPassword = "generic-password"
)

// defaultPairLines is how far apart the halves of one credential may stand where the row does not say.
const defaultPairLines = 8

func validGlob(g string) bool { return doublestar.ValidatePattern(g) }

// Resolve weighs the candidates of one blob, whole texts and decoded pieces alike, against each other and against one path
// ("" for a message), and returns what is to be reported, ordered by place. The caller has filled the parts' Span and Snippet,
// Decode and Allow; Where is left to it. Resolve does not change cs and may be called again for another path; it serves any
// number of goroutines.
func (s *Set) Resolve(cs []Candidate, slashPath string) []finding.Sighting {
	where := evidenceOf(slashPath)
	crowd, vectors := crowds(cs)
	kinds, near := lists(cs)
	live := make([]*resolved, 0, len(cs))
	for i := range cs {
		c := &cs[i]
		if len(c.Parts) == 0 || c.Detector != nil && !allowed(c.Detector.Paths, where.lower) {
			continue
		}
		if c.Nearby && (where.lock || near[c.Detector] > crowdFrom) {
			continue
		}
		r := &resolved{Candidate: *c, order: i}
		if where.test && c.Proof != finding.ProofProven && kinds[c.Detector] > tableFrom {
			r.Tier = finding.TierGeneric
			r.Why += "; one of a table in a test"
		}
		if c.Detector == nil {
			shift := where.shift + crowd[c.Name]
			v := c.Parts[0].Value.Reveal()
			if where.names(v) {
				continue
			}
			if where.test && (testName(c.Name) || interleaved(v) || vectors > 1 && vectorLike(v)) {
				shift += shiftFixture
			}
			if c.Bare && where.source {
				shift += bareInSource
			}
			if r.Score = moved(c.Score, shift); r.Score < genericThreshold {
				continue
			}
			if shift < 0 && where.why != "" {
				r.Why += ", in " + where.why
			}
		}
		live = append(live, r)
	}
	slices.SortStableFunc(live, bySpan)
	live = dropHarmless(live)
	live = dropUnpaired(live)
	live = dropCovered(live)
	live = joinPairs(live)
	lowerAlone(live)
	out := make([]finding.Sighting, 0, len(live))
	for _, r := range live {
		out = append(out, r.sighting())
	}
	return out
}

// resolved is a candidate on its way to being a sighting. The candidate is a copy; its slices are shared until joined.
type resolved struct {
	Candidate
	order   int
	aliases []string
	gone    bool
	joined  bool // with its other half
}

// canonical is the part the credential is known by: the secret, or the first.
func (r *resolved) canonical() *Part {
	for i := range r.Parts {
		if r.Parts[i].Role == finding.RoleSecret {
			return &r.Parts[i]
		}
	}
	return &r.Parts[0]
}

func (r *resolved) has(role finding.Role) bool {
	return slices.ContainsFunc(r.Parts, func(p Part) bool { return p.Role == role })
}

func (r *resolved) kind() string {
	if r.Detector != nil {
		return r.Detector.ID
	}
	if r.Name == commandName {
		return GenericPassword
	}
	if classOf(r.Name) == namePassword {
		return GenericPassword
	}
	return GenericSecret
}

func bySpan(a, b *resolved) int {
	p, q := a.canonical(), b.canonical()
	return cmp.Or(cmp.Compare(p.Span.Start, q.Span.Start), cmp.Compare(p.Span.End, q.Span.End), cmp.Compare(p.Start, q.Start),
		strings.Compare(idOf(&a.Candidate), idOf(&b.Candidate)), cmp.Compare(len(a.Decode), len(b.Decode)), cmp.Compare(a.order, b.order))
}

// specific orders candidates for one stretch of text: the surer tier, then what says more of itself, then the longer, then the
// one reached by fewer steps.
func specific(a, b *resolved) int {
	refuted := func(r *resolved) int {
		if r.Proof == finding.ProofRefuted {
			return 1
		}
		return 0
	}
	nameless := func(r *resolved) int {
		if r.Detector == nil {
			return 1
		}
		return 0
	}
	p, q := a.canonical(), b.canonical()
	return cmp.Or(cmp.Compare(a.Tier.Rank(), b.Tier.Rank()), cmp.Compare(refuted(a), refuted(b)), cmp.Compare(nameless(a), nameless(b)), -cmp.Compare(p.Span.End-p.Span.Start, q.Span.End-q.Span.Start), -cmp.Compare(p.End-p.Start, q.End-q.Start),
		cmp.Compare(len(a.Decode), len(b.Decode)), -cmp.Compare(len(a.Parts), len(b.Parts)), strings.Compare(idOf(&a.Candidate), idOf(&b.Candidate)), -cmp.Compare(a.Score, b.Score), cmp.Compare(a.order, b.order))
}

// dropCovered leaves one candidate for every stretch of the outer text. The kinds of the others become its aliases, unless
// they are generic.
func dropCovered(live []*resolved) []*resolved {
	ranked := slices.Clone(live)
	slices.SortStableFunc(ranked, specific)
	var kept []*resolved
	// kept stays ordered by span so that a candidate meets only its neighbours: canonical parts of what is kept do not overlap,
	// except where several values were decoded from one.
	widest := int64(0)
	for _, r := range ranked {
		p := r.canonical()
		at, _ := slices.BinarySearchFunc(kept, p.Span.Start-widest, func(k *resolved, start int64) int { return cmp.Compare(k.canonical().Span.Start, start) })
		var over *resolved
		for i := at; i < len(kept) && kept[i].canonical().Span.Start < max(p.Span.End, p.Span.Start+1); i++ {
			if conflict(kept[i], r) {
				over = kept[i]
				break
			}
		}
		if over != nil {
			if r.Detector != nil && r.Detector != over.Detector && !slices.Contains(over.aliases, r.Detector.ID) {
				over.aliases = append(over.aliases, r.Detector.ID)
			}
			r.gone = true
			continue
		}
		widest = max(widest, p.Span.End-p.Span.Start)
		i, _ := slices.BinarySearchFunc(kept, r, bySpan)
		kept = slices.Insert(kept, i, r)
	}
	return dropWithin(live)
}

// conflict reports whether two candidates claim one stretch. Values decoded from one stretch by the same steps conflict only
// where they overlap in what was decoded.
func conflict(a, b *resolved) bool {
	p, q := a.canonical(), b.canonical()
	if p.Span.Start >= q.Span.End || q.Span.Start >= p.Span.End {
		return false
	}
	if len(a.Decode) > 0 && slices.Equal(a.Decode, b.Decode) && p.Span.Start == q.Span.Start && p.Span.End == q.Span.End {
		return p.Start < q.End && q.Start < p.End
	}
	return true
}

// dropWithin removes generic candidates inside a structure that was understood as a whole, or on another part of a kept one.
func dropWithin(live []*resolved) []*resolved {
	var out, blocks []*resolved
	for _, r := range live {
		if !r.gone && r.Detector != nil {
			blocks = append(blocks, r)
		}
	}
	for _, r := range live {
		if r.gone {
			continue
		}
		if r.Detector == nil {
			p := r.canonical()
			inside := slices.ContainsFunc(blocks, func(k *resolved) bool {
				for i := range k.Parts {
					q := &k.Parts[i]
					if p.Span.Start < q.Span.End && q.Span.Start < p.Span.End && !(len(r.Decode) > 0 && slices.Equal(r.Decode, k.Decode) && (p.Start >= q.End || q.Start >= p.End)) {
						return true
					}
				}
				return len(k.Parts) > 1 && slices.Equal(r.Decode, k.Decode) && sameText(r, k) && p.Start >= k.Start && p.End <= k.End
			})
			if inside {
				continue
			}
		}
		out = append(out, r)
	}
	return out
}

// sameText reports whether two candidates' own offsets may be compared: the distance to the outer text is the same.
func sameText(a, b *resolved) bool {
	p, q := a.canonical(), b.canonical()
	if len(a.Decode) == 0 {
		return p.Span.Start-int64(p.Start) == q.Span.Start-int64(q.Start)
	}
	return p.Span.Start == q.Span.Start && p.Span.End == q.Span.End
}

// dropHarmless removes what is known to be no secret, and what was found inside it: the numbers of a certificate, the lines of
// an encrypted container.
func dropHarmless(live []*resolved) []*resolved {
	var blocks []*resolved
	for _, r := range live {
		if r.Detector != nil && r.Detector.Harmless {
			blocks = append(blocks, r)
		}
	}
	if len(blocks) == 0 {
		return live
	}
	return slices.DeleteFunc(live, func(r *resolved) bool {
		if r.Detector != nil && r.Detector.Harmless {
			return true
		}
		p := &r.canonical().Span
		return slices.ContainsFunc(blocks, func(k *resolved) bool {
			q := &k.canonical().Span
			return p.Start >= q.Start && p.Start < q.End && !(len(r.Decode) > 0 && slices.Equal(r.Decode, k.Decode) && (r.canonical().Start >= k.End || k.Start >= r.canonical().End))
		})
	})
}

// half is one side of a possible pair.
func isHalf(r *resolved) bool {
	return r.Detector != nil && r.has(finding.RoleID) != r.has(finding.RoleSecret)
}

func pairLines(d *detectors.Detector) int { return cmp.Or(d.Pair.Lines, defaultPairLines) }

func lineGap(a, b *resolved) int {
	p, q := &a.canonical().Span, &b.canonical().Span
	switch {
	case p.EndLine < q.Line:
		return q.Line - p.EndLine
	case q.EndLine < p.Line:
		return p.Line - q.EndLine
	}
	return 0
}

// dropUnpaired removes secret halves that are too weak to stand alone and have no public half close by. It runs before
// overlap is decided, so that a weaker kind may still claim their place.
func dropUnpaired(live []*resolved) []*resolved {
	ids := map[*detectors.Detector][]*resolved{}
	for _, r := range live {
		if r.Detector != nil && r.Detector.Pair.Require && isHalf(r) && r.has(finding.RoleID) {
			ids[r.Detector] = append(ids[r.Detector], r)
		}
	}
	return slices.DeleteFunc(live, func(r *resolved) bool {
		if r.Detector == nil || !r.Detector.Pair.Require || !isHalf(r) || r.has(finding.RoleID) {
			return false
		}
		near := ids[r.Detector]
		i, _ := slices.BinarySearchFunc(near, r.canonical().Span.Line-pairLines(r.Detector), func(k *resolved, line int) int { return cmp.Compare(k.canonical().Span.Line, line) })
		return i >= len(near) || lineGap(near[i], r) > pairLines(r.Detector)
	})
}

// joinPairs joins each secret half with the nearest public half of its kind, each at most once, the nearest pairs first.
func joinPairs(live []*resolved) []*resolved {
	type pair struct {
		id, secret *resolved
		lines      int
		bytes      int64
	}
	byKind := map[*detectors.Detector][]*resolved{}
	var kinds []*detectors.Detector
	for _, r := range live {
		if isHalf(r) {
			if byKind[r.Detector] == nil {
				kinds = append(kinds, r.Detector)
			}
			byKind[r.Detector] = append(byKind[r.Detector], r)
		}
	}
	for _, d := range kinds {
		var pairs []pair
		halves := byKind[d]
		for i, a := range halves {
			// Neighbours suffice: of a long list of halves only the nearest can be a half's other one.
			for j := i + 1; j < len(halves) && j <= i+maxPairNeighbours; j++ {
				b := halves[j]
				lines := lineGap(a, b)
				if lines > pairLines(d) {
					break
				}
				if a.has(finding.RoleID) == b.has(finding.RoleID) {
					continue
				}
				p := pair{a, b, lines, b.canonical().Span.Start - a.canonical().Span.Start}
				if b.has(finding.RoleID) {
					p.id, p.secret = b, a
					p.bytes++ // of two equally near the secret follows its id
				}
				pairs = append(pairs, p)
			}
		}
		slices.SortStableFunc(pairs, func(x, y pair) int { return cmp.Or(cmp.Compare(x.lines, y.lines), cmp.Compare(x.bytes, y.bytes)) })
		for _, p := range pairs {
			if !p.id.gone && !p.secret.gone && !p.secret.joined {
				p.secret.join(p.id)
			}
		}
		if d.Pair.Require {
			for _, r := range halves {
				if r.has(finding.RoleSecret) && !r.joined {
					r.gone = true // its public half went to another
				}
			}
		}
	}
	return slices.DeleteFunc(live, func(r *resolved) bool { return r.gone })
}

// lowerAlone lowers public halves that were found without their secrets and whose rows give them a low severity: an application's
// or an account's id is shown to everybody who uses it (RFC 6749, section 2.2).
func lowerAlone(live []*resolved) {
	for _, r := range live {
		if r.Detector != nil && r.Detector.Severity == finding.SevLow && r.Proof != finding.ProofProven && !r.has(finding.RoleSecret) && r.Tier.Rank() < finding.TierGeneric.Rank() {
			r.Tier = finding.TierGeneric
			r.Why += "; the public half alone"
		}
	}
}

// maxPairNeighbours bounds how many halves of one kind are compared with each.
const maxPairNeighbours = 32

// join takes the public half into the secret one.
func (r *resolved) join(id *resolved) {
	parts := slices.Clone(r.Parts)
	for _, p := range id.Parts {
		if !slices.ContainsFunc(parts, func(q Part) bool { return q.Role == p.Role }) {
			parts = append(parts, p)
		}
	}
	r.Parts = parts
	secretFirst(r.Parts)
	r.joined = true
	id.gone = true
	for _, a := range id.aliases {
		if !slices.Contains(r.aliases, a) {
			r.aliases = append(r.aliases, a)
		}
	}
	d := r.Detector
	if d.Check != nil && r.Proof == finding.ProofNone {
		r.Proof = cmp.Or(d.Check(matchOf(&r.Candidate, nil)), finding.ProofNone)
	}
	if id.Proof == finding.ProofProven && r.Proof == finding.ProofNone {
		r.Proof = finding.ProofProven
	}
	if id.Tier.Rank() < r.Tier.Rank() {
		r.Tier = id.Tier
		r.Why += "; its public half: " + id.Why
	}
	r.Tier = tierOf(r.Proof, r.Tier)
	if r.Allow == nil {
		r.Allow = id.Allow
	}
	facts := slices.Clone(r.Facts)
	more := id.Facts
	if d.Facts != nil {
		more = append(d.Facts(matchOf(&r.Candidate, nil)), more...)
	}
	for _, f := range more {
		if !slices.Contains(facts, f) {
			facts = append(facts, f)
		}
	}
	r.Facts = facts
}

func (r *resolved) sighting() finding.Sighting {
	x := finding.Sighting{Kind: r.kind(), Name: r.Name, Tier: r.Tier, Proof: cmp.Or(r.Proof, finding.ProofNone), Why: r.Why,
		Decode: r.Decode, Facts: r.Facts, Allow: r.Allow}
	if r.Detector != nil {
		x.Provider = r.Detector.Provider
	}
	for _, a := range r.aliases {
		if a != x.Kind {
			x.Aliases = append(x.Aliases, a)
		}
	}
	slices.Sort(x.Aliases)
	parts := slices.Clone(r.Parts)
	secretFirst(parts)
	for _, p := range parts {
		x.Parts = append(x.Parts, finding.Part{Role: p.Role, Secret: p.Value, Span: p.Span, Snippet: p.Snippet})
	}
	if p := r.canonical(); p.Role == finding.RoleSecret {
		x.Masked = Mask(p.Value.Reveal(), r.Keep)
	}
	return x
}

func allowed(globs []string, lowerPath string) bool {
	if len(globs) == 0 {
		return true
	}
	for _, g := range globs {
		if ok, _ := doublestar.Match(g, lowerPath); ok {
			return true
		}
	}
	return false
}

// evidence is what a path says of generic candidates.
type evidence struct {
	lower  string
	shift  float64 // of the logit
	source bool    // a file of a programming language: a value without quotes is an expression there
	test   bool    // a test, or an example
	lock   bool    // a lock file: names, versions and digests
	why    string
}

// names reports whether a value of letters is the name of a folder or a file of the path: it is that of a thing.
func (e *evidence) names(v []byte) bool {
	const least = 5
	if len(v) < least || !allLetters(v) {
		return false
	}
	for part := range strings.SplitSeq(e.lower, "/") {
		if stem, _, _ := strings.Cut(part, "."); len(stem) == len(v) && hasFold(v, stem) {
			return true
		}
	}
	return false
}

// Shifts of the logit, see evidenceOf.
const (
	bareInSource = -6.0
	shiftLock    = -8.0
	shiftMin     = -3.0
	shiftI18n    = -2.5
	shiftTest    = -0.4
	shiftDocs    = -0.4
	shiftVectors = -1.2
	shiftFixture = -12.0 // in a test, under a name that says so or of what seldom opens anything
	crowdShift   = 2.0   // for each doubling over
	crowdFrom    = 3     // generic secrets of one name in one blob
)

var (
	sourceExts = words(".go .js .mjs .cjs .jsx .ts .tsx .java .kt .kts .scala .groovy .py .rb .php .cs .vb .c .h .cc .cpp .hpp .m .mm .swift .rs .pl .pm .lua .dart .ex .exs .erl .hs .clj .fs .jl .r .vue .svelte .cshtml .jsp .erb .twig .proto .sol .zig .nim .ml .tf .hcl .sql .less .scss .css")
	docExts    = words(".md .markdown .rst .adoc .asciidoc .tex .ipynb")
	lockNames  = words("package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml go.sum cargo.lock poetry.lock pdm.lock uv.lock pipfile.lock composer.lock gemfile.lock podfile.lock mix.lock flake.lock packages.lock.json bun.lock " +
		"gradle.lockfile .terraform.lock.hcl deno.lock conan.lock pubspec.lock shrinkwrap.yaml chart.lock")
	testDirs   = words("test tests testing testdata test-data test_data fixture fixtures spec specs mock mocks __tests__ __mocks__ example examples sample samples demo demos e2e integration-tests")
	vectorDirs = words("testdata test-data test_data fixture fixtures vectors testvectors test-vectors test_vectors kat wycheproof cassettes snapshots __snapshots__")
	docDirs    = words("doc docs documentation wiki guide guides tutorial tutorials")
	i18nDirs   = words("i18n l10n locale locales lang langs languages translations messages")
)

// evidenceOf reads a path. It never raises a score: a path is no reason to take something for a secret.
func evidenceOf(p string) evidence {
	e := evidence{lower: strings.ToLower(p)}
	base, ext := path.Base(e.lower), path.Ext(e.lower)
	e.source = sourceExts[ext]
	add := func(shift float64, why string) {
		e.shift += shift
		if e.why == "" {
			e.why = why
		}
	}
	switch {
	case lockNames[base] || ext == ".lock" || ext == ".lockfile":
		e.lock = true
		add(shiftLock, "a lock file")
	case strings.Contains(base, ".min.") || ext == ".map" || strings.HasSuffix(base, ".bundle.js") || strings.HasSuffix(base, "-min.js"):
		add(shiftMin, "a minified file")
	}
	vectors := strings.Contains(base, "vectors")
	test, doc, i18n := strings.Contains(base, "_test.") || strings.Contains(base, ".test.") || strings.Contains(base, ".spec.") || strings.HasPrefix(base, "test_"), docExts[ext], false
	for dir := range strings.SplitSeq(path.Dir(e.lower), "/") {
		test = test || testDirs[dir]
		vectors = vectors || vectorDirs[dir]
		doc = doc || docDirs[dir]
		i18n = i18n || i18nDirs[dir]
	}
	if i18n || ext == ".po" || ext == ".pot" || ext == ".xlf" || ext == ".resx" || ext == ".arb" || ext == ".strings" || strings.HasPrefix(base, "messages_") {
		add(shiftI18n, "a file of translations")
	}
	e.test = test || vectors
	if test {
		add(shiftTest, "a test or an example")
	}
	if vectors {
		add(shiftVectors, "test data")
	}
	if doc {
		add(shiftDocs, "documentation")
	}
	return e
}

// crowds lowers generic secrets of which one blob holds many under one name, or many in hexadecimal under any: test vectors and
// tables of data, seldom keys. Passwords are left alone, since a list of accounts is real enough.
func crowds(cs []Candidate) (shift map[string]float64, vectors int) {
	var n map[string]float64
	var seen map[string]bool // vectors: one value in several places is one
	for i := range cs {
		c := &cs[i]
		if c.Detector != nil || c.Name == commandName || len(c.Parts) == 0 {
			continue
		}
		if n == nil {
			n = map[string]float64{}
		}
		n[c.Name]++
		if v := c.Parts[0].Value.Reveal(); vectorLike(v) && !seen[string(v)] {
			if seen == nil {
				seen = map[string]bool{}
			}
			seen[string(v)] = true
			vectors++
		}
	}
	for name, k := range n {
		n[name] = 0
		if k = max(k, float64(vectors)); k > crowdFrom && classOf(name) != namePassword {
			n[name] = -crowdShift * math.Log2(k/crowdFrom)
		}
	}
	return n, vectors
}

// lists counts the values of each kind in a blob, and those of which a word close before them is all that tells: more than a few
// of these are a list of something else, and in a test many of one kind are the table of vectors of whoever implements it,
// reported as generic.
func lists(cs []Candidate) (all, near map[*detectors.Detector]int) {
	for i := range cs {
		c := &cs[i]
		if c.Detector == nil {
			continue
		}
		if all == nil {
			all, near = map[*detectors.Detector]int{}, map[*detectors.Detector]int{}
		}
		all[c.Detector]++
		if c.Nearby {
			near[c.Detector]++
		}
	}
	return all, near
}

// tableFrom is how many values of one kind a test may hold before they are a table.
const tableFrom = 8

// vectorFrom is the length from which hexadecimal digits may be a test vector.
const vectorFrom = 32

func vectorLike(v []byte) bool { return len(v) >= vectorFrom && allHex(v) }

// testName reports whether a name says that its value is for a test, or is one of those that seldom open anything.
func testName(name string) bool {
	var w nameWords
	w.split([]byte(name))
	for i := range w.n {
		switch string(w.at(i)) {
		case "test", "tests", "testing", "mock", "stub", "sample":
			return true
		}
	}
	return w.classify() == nameWeak
}

func classOf(name string) nameClass {
	var w nameWords
	w.split([]byte(name))
	return w.classify()
}

// moved shifts a probability by its logit.
func moved(p, shift float64) float64 {
	if shift == 0 || p <= 0 || p >= 1 {
		return p
	}
	return sigmoid(math.Log(p/(1-p)) + shift)
}
