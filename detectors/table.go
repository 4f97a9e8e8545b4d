package detectors

import (
	"strings"

	"sprawl/finding"
)

// tail is a row of the tables by field: a kind that is known by its form or by its name, and of which nothing else is known.
// Its traits are unknown, but for what pages says.
type tail struct {
	id, provider, title string
	shapes              []Shape
	named               []Named
	severity            finding.Severity
	docs                string // the provider's page
	where               string // where the provider's console replaces and ends it
}

// The severities of the tables, short enough to stand in a row; the zero value is high.
const (
	high   = finding.Severity("")
	medium = finding.SevMedium
	low    = finding.SevLow
)

func table(rows []tail) []Detector {
	out := make([]Detector, len(rows))
	for i, t := range rows {
		out[i] = Detector{
			ID: t.id, Provider: t.provider, Title: t.title, Shapes: t.shapes, Named: t.named, Severity: t.severity,
			Rotate: "make a new one (" + t.where + "), update every consumer, then revoke this one",
			Revoke: "revoke it (" + t.where + ")",
			Docs:   t.docs, Format: fromCorpus,
		}
	}
	return out
}

// anyByte is a Left for tokens before which anything may stand: a URL whose host begins earlier.
var anyByte = Of("\x00")

// tok is a literal prefix and n bytes, or n to m, of a class.
func tok(prefix string, c *Class, n ...int) Shape {
	return Token(Lit(prefix), Range(c, n[0], n[len(n)-1]))
}

// run is n bytes, or n to m, of a class: the value of a Named.
func run(c *Class, n ...int) Shape { return Token(Range(c, n[0], n[len(n)-1])) }

// uuid is a UUID in either case. Letters beyond f are let pass: what stands under a provider's name need not be a true one.
func uuid() Shape { return uuidOf(Base62) }

// by names a value by the words of its provider.
// A UUID needs a word for keys beside them: under a provider's name most are ids of other things.
func by(words string, values ...Shape) []Named {
	out := byAs(words, "", values...)
	for i := range out {
		if v := &out[i].Value[0]; len(v.Pieces) == len(uuid().Pieces) && v.Pieces[1].Lit == "-" {
			out[i].Names = strings.Fields(keyWords)
		}
	}
	return out
}

// byAs asks for one of names in the assigned name beside one of words: for providers whose name is a common word, or whose
// values are. Every value is a Named of its own, because what chance gives depends on its alphabet.
func byAs(words, names string, values ...Shape) []Named {
	out := make([]Named, len(values))
	keywords, within := strings.Fields(words), strings.Fields(names)
	for i, v := range values {
		out[i] = Named{Keywords: keywords, Names: within, Value: []Shape{v}, MinEntropy: leastEntropy(v), Loose: true}
	}
	return out
}

// leastEntropy is what nearly every random value of a shape has and identifiers of its length mostly have not: they repeat
// letters more than chance does.
func leastEntropy(s Shape) float64 {
	length, size := 0, 0
	for i, p := range s.Pieces {
		length += p.Min + len(p.Lit)
		if p.Class == Base64URL { // some of what is URL-safe base64 is padded
			s.Pieces[i].Class = paddedURL
		}
		if p.Class != nil {
			size = max(size, p.Class.Size())
		}
	}
	switch {
	case size > 24 && length >= 40:
		return 3.8
	case size > 24 && length >= 28:
		return 3.5
	case size > 24 && length >= 20:
		return 3.2
	case length >= 32:
		return 2.8
	}
	return 0
}

var paddedURL = Base64URL.Or(Of("="))

// keyWords are what the names of keys and tokens end in.
const keyWords = "key token secret auth pass credential api"
