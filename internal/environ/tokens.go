package environ

import (
	"strings"
	"unicode"

	"sprawl/finding"
)

// hit is the token that decided.
type hit struct {
	env   string
	class finding.EnvClass
	token string // as written
}

// reason says which part of a longer name decided.
func (h hit) reason(whole string) string {
	if h.token == whole {
		return ""
	}
	return " (" + h.token + ")"
}

type mode int

const (
	strict  mode = iota // a name that may speak of many things
	lenient             // a name that is known to be an environment's
)

// words are whole tokens, in lower case.
var words = map[string]string{
	"prod": "prod", "production": "prod", "prd": "prod", "live": "prod",
	"stag": "staging", "staging": "staging", "stage": "staging", "stg": "staging", "uat": "staging", "qa": "staging", "preprod": "staging",
	"preproduction": "staging", "preprd": "staging", "canary": "staging", "preview": "staging", "acceptance": "staging",
	"dev": "dev", "development": "dev", "develop": "dev", "sandbox": "dev", "nonprod": "dev", "nonproduction": "dev", "nonprd": "dev",
	"test": "test", "tests": "test", "testing": "test", "testdata": "test", "fixtures": "test", "fixture": "test", "spec": "test", "specs": "test",
	"mock": "test", "mocks": "test", "ci": "ci", "local": "local",
	"example": "example", "examples": "example", "sample": "example", "samples": "example", "doc": "example", "docs": "example",
}

// declaredOnly are too common outside of a declaration to speak of an environment.
var declaredOnly = map[string]bool{"canary": true, "preview": true, "acceptance": true, "develop": true}

// negations turn the production that follows them into what it is not. They are tokens of their own: pre-prod, non_production.
var negations = map[string]string{"pre": "staging", "non": "dev", "not": "dev", "no": "dev", "un": "dev", "sub": "staging", "semi": "staging", "quasi": "staging"}

// subjects are tokens beside an environment's word that make it a word about something else: dev-ops, multi-stage, live-reload.
var (
	after = map[string]string{ // word -> tokens that follow it, between blanks
		"dev":        " ops tools tool tooling container containers null kit rel dependencies deps requirements guide docs mode server ",
		"live":       " reload preview view stream streaming test tests check chat blog data demo kit ness site share edit updates patch ",
		"stage":      " 0 1 2 3 4 5 6 7 8 9 one two three build builder manager diff ",
		"staging":    " area dir directory buffer path ",
		"prod":       " ready dependencies deps ",
		"production": " ready grade quality dependencies deps ",
		"test":       " server ",
		"local":      " storage time path bin lib share dev cluster file ", // local-path is a storage class
		"sandbox":    " runtime escape ",
	}
	before = map[string]string{
		"stage": " multi build first second third last final next each per back on mid center main up down single two one ",
		"live":  " go time to be keep stay windows not ",
		"local": " usr var opt dot is thread ",
	}
)

func find(tokens []string, m mode) (hit, bool) {
	best := hit{}
	ok := false
	for i, t := range tokens {
		low := strings.ToLower(t)
		env, known := words[strings.TrimRight(low, "0123456789")]
		if !known || m == strict && declaredOnly[low] {
			continue
		}
		next, prev := "", ""
		if i+1 < len(tokens) {
			next = strings.ToLower(tokens[i+1])
		}
		if i > 0 {
			prev = strings.ToLower(tokens[i-1])
		}
		word := strings.TrimRight(low, "0123456789")
		if word != low && word == "stage" { // stage1 is a step
			continue
		}
		if next != "" && strings.Contains(after[word], " "+next+" ") || prev != "" && strings.Contains(before[word], " "+prev+" ") {
			continue
		}
		// live is an environment where it is all that is said, or stands at an end: sk_live, live-db.
		if word == "live" && m == strict && len(tokens) > 1 && i != 0 && i != len(tokens)-1 {
			continue
		}
		if env == "prod" && next == "like" {
			env, t = "staging", t+"-"+tokens[i+1]
		}
		if env == "prod" && negations[prev] != "" {
			env, t = negations[prev], tokens[i-1]+"-"+t
		}
		if low == "test" && m == strict && env == "test" && ok {
			continue
		}
		if !ok || stronger(env, best.env) {
			best, ok = hit{env, class(env), t}, true
		}
	}
	return best, ok
}

// stronger says which of two words of one name decides: staging-ci-docs is staging. Between two deployments the last one
// stands, for names go from the general to the particular.
func stronger(env, than string) bool { return weight(env) >= weight(than) }

func weight(env string) int {
	switch env {
	case "prod", "staging", "dev":
		return 3
	case "test", "local":
		return 2
	case "ci":
		return 1
	}
	return 0
}

func class(env string) finding.EnvClass {
	switch env {
	case "prod":
		return finding.EnvProd
	case "staging", "dev", "test", "local":
		return finding.EnvNonprod
	}
	return finding.EnvUnknown // ci, example: no deployment
}

// split cuts a name into tokens at everything that is no letter or digit and where the case says that a word begins:
// "appsettings.ProdEU-2" is appsettings, Prod, EU, 2.
func split(s string) []string {
	var out []string
	runes := []rune(s)
	start := -1
	flush := func(end int) {
		if start >= 0 && end > start {
			out = append(out, string(runes[start:end]))
		}
		start = -1
	}
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush(i)
			continue
		case start < 0:
			start = i
			continue
		case unicode.IsUpper(r) && unicode.IsLower(runes[i-1]),
			unicode.IsUpper(r) && i+1 < len(runes) && unicode.IsLower(runes[i+1]) && unicode.IsUpper(runes[i-1]):
			flush(i)
			start = i
		}
	}
	flush(len(runes))
	return out
}
