package detectors

import "strings"

// known is a provider of whose credentials nothing but the name they are given is public: no length and no alphabet that
// could be held against a value.
type known struct {
	name  string // lower-case letters and digits, as it stands in names of variables
	words string // further keywords
	// common is set where the name is a word of other meanings: then only an assignment counts.
	common bool
}

// tokenBytes are what issued tokens are spelt with.
var tokenBytes = Of("a-zA-Z0-9_.+/=~-")

// providers are the kinds of which only the provider is known: a value that looks drawn by lot, under a name that holds the
// provider's and says key, token or the like. A provider with a documented form has rows of its own and does not stand here.
func providers() []Detector {
	out := make([]Detector, len(knownProviders))
	for i, p := range knownProviders {
		name := titled(p.name)
		n := byAs(strings.TrimSpace(p.name+" "+p.words), keyWords, uuid(), Token(Chars(Base62, 1), Range(tokenBytes, 19, 600)))
		for j := range n {
			n[j].Random = true
			if p.common {
				n[j].Near = -1
			}
		}
		out[i] = Detector{
			ID: p.name + "-credential", Provider: p.name, Title: name + " credential",
			Named:    n,
			Severity: medium,
			Rotate:   "make a new one in " + name + "'s console, update every consumer, then revoke this one",
			Revoke:   "revoke it in " + name + "'s console",
			Docs:     siteOf(p.name), Format: undocumented,
		}
	}
	return out
}

func titled(provider string) string { return strings.ToUpper(provider[:1]) + provider[1:] }

var knownProviders = []known{
	{"akamai", "", false},
	{"apideck", "", false},
	{"bitwarden", "", false},
	{"bulksms", "", false},
	{"clicksend", "clicksendsms", false},
	{"convier", "", true},
	{"docusign", "", false},
	{"dotdigital", "", false},
	{"formbucket", "", false},
	{"gengo", "", true},
	{"godaddy", "", false},
	{"graphcms", "hygraph", false},
	{"larksuite", "", false},
	{"locationiq", "", false},
	{"manifest", "", true},
	{"mockaroo", "", false},
	{"mrticktock", "", false},
	{"nethunt", "", false},
	{"onedesk", "", false},
	{"onelogin", "", false},
	{"pganalyze", "", false},
	{"picatic", "", false},
	{"pyx", "", true},
	{"rechargepayments", "", false},
	{"signable", "", false},
	{"sirv", "", false},
	{"spectralops", "", false},
	{"swiftype", "", false},
	{"tencent", "", false},
	{"tines", "", true},
	{"wepay", "", false},
	{"wundergraph", "", false},
	{"zip", "", true},
	{"zipbooks", "", false},
	{"zulipchat", "zulip", false},
}
