package match

// Group says what a feature looks at: with one group left out, training shows what it is worth.
type Group string

// Groups.
const (
	OfName  Group = "name"  // the name that a value is assigned to
	OfForm  Group = "form"  // how the assignment is written
	OfValue Group = "value" // the value's own characters
	OfBoth  Group = "both"  // the value against its name
)

// Feature is one input of the classifier.
type Feature struct {
	Name  string // as in the table of weights, without its f
	Group Group
	What  string
}

// Features lists them in the order of a Vector. docs/classifier.md is held to it by a test.
func Features() []Feature {
	out := make([]Feature, features)
	copy(out, featureTable[:])
	return out
}

// Vector is the features of one assignment.
type Vector [features]float64

// Score is the probability that weights give a vector.
func (v *Vector) Score(weights *Vector) float64 {
	z := 0.0
	for k, x := range v {
		z += weights[k] * x
	}
	return sigmoid(z)
}

// Weights are those in use; Threshold is the probability from which an assignment is a finding.
func Weights() Vector { return Vector(weights) }

// Threshold is the probability from which an assignment is reported, after the evidence of its path.
func Threshold() float64 { return genericThreshold }

// Example is an assignment as the classifier saw it.
type Example struct {
	Start, End int // of the value
	Features   Vector
}

// Examples runs over a text as Match does and returns every assignment that the classifier was asked about and did not refuse
// outright, whatever it said: what training learns from.
func (m *Matcher) Examples(b []byte) []Example {
	var out []Example
	m.observe = func(start, end int, f [features]float64) {
		out = append(out, Example{Start: start, End: end, Features: f})
	}
	m.Match(b)
	m.observe = nil
	return out
}

var featureTable = [features]Feature{
	fBias:         {"Bias", OfForm, "always 1"},
	fNamePassword: {"NamePassword", OfName, "the name is a password's: password, pwd, passphrase"},
	fNameSecret:   {"NameSecret", OfName, "the name is a secret's: secret, token, api key, credential"},
	fNameWeak:     {"NameWeak", OfName, "the name may be a secret's: key, auth, pass"},
	fQuoted:       {"Quoted", OfForm, "the value stands in quotes"},
	fSpaced:       {"Spaced", OfForm, "a blank is all that joins name and value: --name value, ENV name value"},
	fCall:         {"Call", OfForm, "name(\"value\")"},
	fCompare:      {"Compare", OfForm, "name == \"value\""},
	fPair:         {"Pair", OfForm, "\"name\", \"value\""},
	fDefault:      {"Default", OfForm, "${name:-value}"},
	fElement:      {"Element", OfForm, "<name>value</name>"},
	fScheme:       {"Scheme", OfForm, "behind Bearer, Basic and the like"},
	fMore:         {"More", OfForm, "further words follow a value without quotes"},
	fJoined:       {"Joined", OfForm, "an operand of an expression"},
	fShort:        {"Short", OfValue, "bytes short of 8, of 12 where the name is not a password's"},
	fVeryShort:    {"VeryShort", OfValue, "less than 6 bytes"},
	fLong16:       {"Long16", OfValue, "16 bytes and more"},
	fLong24:       {"Long24", OfValue, "24 bytes and more"},
	fHuge:         {"Huge", OfValue, "more than 200 bytes"},
	fOdd:          {"Odd", OfValue, "mean surprise of its letters and digits over 4.6 bits, from -2.5 to 2.5, weighed by length up to 10 bytes"},
	fEntropy:      {"Entropy", OfValue, "Shannon entropy over 3 bits a byte, up to 1.5"},
	fLow:          {"Low", OfValue, "entropy below 2.3 bits a byte"},
	fMixed:        {"Mixed", OfValue, "kinds of bytes beyond the first: lower, upper, digit, other"},
	fDigits:       {"Digits", OfValue, "nothing but digits"},
	fLetters:      {"Letters", OfValue, "nothing but letters"},
	fLowerWord:    {"LowerWord", OfValue, "letters that follow each other as in words"},
	fHex:          {"Hex", OfValue, "16 and more hexadecimal digits, letters and digits among them"},
	fPunct:        {"Punct", OfValue, "one of !@#$%^&*? and no blank"},
	fSpaces:       {"Spaces", OfValue, "white space within"},
	fPhrase:       {"Phrase", OfValue, "three words and more"},
	fForeign:      {"Foreign", OfValue, "bytes beyond ASCII"},
	fIdent:        {"Ident", OfValue, "reads as an identifier: words joined by _ - . or case"},
	fCode:         {"Code", OfValue, "without quotes, and reads as an expression"},
	fPath:         {"Path", OfValue, "a path or a URL"},
	fUUID:         {"UUID", OfValue, "a UUID"},
	fNameLike:     {"NameLike", OfBoth, "made of the name's own words, or led by words for secrets"},
	fTest:         {"Test", OfValue, "holds test, demo, admin and the like"},
	fCounted:      {"Counted", OfValue, "holds a counting sequence of five"},
	fBase64:       {"Base64", OfValue, "ends in = and has the length of base64"},
	fBareName:     {"BareName", OfName, "a short name that says nothing of what it opens"},
	fList:         {"List", OfValue, "pairs, or things with commas between"},
	fEscapes:      {"Escapes", OfValue, "two escape sequences and more"},
	fOddSign:      {"OddSign", OfValue, "a token or key with a sign that such alphabets lack"},
	fMail:         {"Mail", OfValue, "an address or an account"},
}
