// Package risk judges a credential by what is known of it: conditions first, then a severity from a documented table. It is a
// pure function of a credential, limits and a time, and every verdict has its evidence.
//
// A verdict is yes, no or cannot-tell, and what is not known is never a no. More than that: taking a piece of evidence away
// never turns a verdict into a no. So a no rests on evidence that decides it whatever else is known (a lifetime that the token
// itself states, the whole of a key's policies), is looked for before a yes, and never on all that was seen being harmless,
// because not everything was seen. A condition for which no such evidence exists has no no. Where certain evidence for a no
// meets evidence for a yes, one of the two is wrong; the no stands and Contradictions says so.
//
// It never reads a file or a clock, and knows neither sources nor detectors: traits and fixes stand in the credential.
package risk

import (
	"fmt"
	"slices"
	"time"

	"sprawl/finding"
)

// Condition is one row of the table.
type Condition struct {
	ID, Title string
	// Refs are OWASP Non-Human Identities Top 10 (2025), NIST CSF 2.0, and where they apply NIST AI RMF 1.0, PCI DSS 4.0.1,
	// CIS Controls 8.1; as printed.
	Refs []string
	// Reaches are the verdicts that some evidence leads to.
	Reaches []finding.Verdict
	Check   func(*finding.Credential, Limits, time.Time) finding.Condition
}

var (
	all3   = []finding.Verdict{finding.VerdictYes, finding.VerdictNo, finding.VerdictCannotTell}
	neverN = []finding.Verdict{finding.VerdictYes, finding.VerdictCannotTell}
)

// Conditions lists them in the order reports show. OWASP's ids are those of the published list of 2025
// (https://owasp.org/www-project-non-human-identities-top-10/2025/top-10-2025); PR.AA-05 of CSF 2.0 is PR.AC-4 of 1.1.
func Conditions() []Condition { return slices.Clone(conditions) }

var conditions = []Condition{
	{"long-lived", "Long-lived", []string{"NHI7:2025", "PR.AA-01", "PCI DSS 4.0.1 8.6.3"}, all3, longLived},
	{"over-scoped", "May do more than it needs", []string{"NHI5:2025", "PR.AA-05", "AI RMF MANAGE 2.4", "PCI DSS 4.0.1 7.2.5"}, all3, overScoped},
	{"poorly-logged", "Its use leaves no trace", []string{"DE.CM-03", "DE.CM-09", "AI RMF MEASURE 2.4", "CIS 8.1 8.2"}, all3, poorlyLogged},
	{"cross-environment", "Reaches several environments", []string{"NHI8:2025", "PR.AA-05", "PCI DSS 4.0.1 6.5.3"}, all3, spansEnvironments},
	{"shared", "Shared by several consumers", []string{"NHI9:2025", "PR.AA-05"}, neverN, sharedByConsumers},
	{"shared-identity", "Other keys of the same principal", []string{"NHI9:2025", "PR.AA-01"}, all3, sharedIdentity},
	// PCI DSS 4.0.1 8.6.2: no passwords of system accounts hard-coded in scripts, configuration or source.
	{"embedded", "Embedded in code, pipeline or image", []string{"NHI2:2025", "PR.AA-01", "PCI DSS 4.0.1 8.6.2"}, neverN, embedded},
	{"third-party-unreviewed", "With a third party that nobody owns or reviews", []string{"NHI3:2025", "GV.SC-04", "AI RMF GOVERN 6.1", "CIS 8.1 15.1"}, all3, thirdParty},
	{"outlives-task", "Outlives its task", []string{"NHI1:2025", "PR.AA-01", "PCI DSS 4.0.1 8.2.6", "CIS 8.1 5.3"}, all3, outlives},
	{"unrotatable", "Cannot be rotated", []string{"NHI7:2025", "PR.AA-01", "PCI DSS 4.0.1 8.6.3"}, all3, unrotatable},
	{"unattributed", "Nobody answers for it", []string{"NHI1:2025", "NHI10:2025", "ID.AM-08", "AI RMF GOVERN 2.1", "CIS 8.1 5.5"}, all3, unattributed},
	{"unconstrained", "Bound to nothing", []string{"NHI5:2025", "PR.AA-05"}, all3, unconstrained},
	{"persistent-identity", "An unmanaged machine identity", []string{"NHI1:2025", "NHI5:2025", "NHI7:2025", "PR.AA-01", "AI RMF GOVERN 1.6"}, all3, persistentIdentity},
	{"human-in-automation", "A person's credential in automation", []string{"NHI10:2025", "PR.AA-01", "PCI DSS 4.0.1 8.6.1"}, all3, personInAutomation},
	{"static-where-federated", "Static key where federation exists", []string{"NHI4:2025", "NHI6:2025", "PR.AA-03"}, all3, staticCredential},
	{"unpinned-consumer", "Handed to code that can be moved", []string{"NHI3:2025", "GV.SC-04"}, neverN, handedToUnpinned},
	{"fork-reachable", "Reachable from a fork", []string{"NHI6:2025", "PR.AA-05"}, neverN, reachableFromFork},
	{"printed", "Printed or on a command line", []string{"NHI2:2025", "PR.DS-01"}, neverN, printedSomewhere},
	{"exception-lapsed", "Accepted, and the acceptance does not hold", []string{"NHI1:2025", "GV.RM-04", "ID.RA-06", "AI RMF MANAGE 1.3"}, all3, exceptionLapsed},
}

// Find returns the row of an id.
func Find(id string) (Condition, bool) {
	i := slices.IndexFunc(conditions, func(c Condition) bool { return c.ID == id })
	if i < 0 {
		return Condition{}, false
	}
	return conditions[i], true
}

// Judge fills Conditions and Severity. base is the severity of the kind.
func Judge(c *finding.Credential, base finding.Severity, l Limits, now time.Time) {
	c.Conditions = c.Conditions[:0]
	for _, row := range conditions {
		v := row.Check(c, l, now)
		v.ID, v.Refs, v.Settle = row.ID, row.Refs, []string{}
		if v.Verdict == finding.VerdictCannotTell {
			v.Settle = append(v.Settle, settles(c, l, row.ID)...)
		}
		c.Conditions = append(c.Conditions, v)
	}
	c.Severity = Severity(*c, base, l, now)
}

// Verdict is what a judged credential has for a condition.
func Verdict(c *finding.Credential, id string) finding.Verdict {
	for _, v := range c.Conditions {
		if v.ID == id {
			return v.Verdict
		}
	}
	return finding.VerdictCannotTell
}

// Severity is the table of docs/severity.md; the first row that fits decides. Being gone from HEAD lowers nothing: a value stays
// valid until it is revoked. It reads the verdicts in c.Conditions.
func Severity(c finding.Credential, base finding.Severity, l Limits, now time.Time) finding.Severity {
	if base == "" {
		base = finding.SevHigh
	}
	if _, ok := expired(&c, now); ok {
		return finding.SevInfo
	}
	if _, ok := dead(&c); ok {
		return finding.SevInfo
	}
	switch {
	case c.Redacted == "": // only the public half was seen
		return finding.SevInfo
	case c.Proof == finding.ProofRefuted:
		return finding.SevLow
	}
	s := base
	if c.Tier == finding.TierGeneric && s.AtLeast(finding.SevMedium) {
		s = finding.SevMedium
	}
	if _, ok := active(&c, l, now); ok {
		// Known to work: what the path reads as no longer speaks for less.
		prod := slices.ContainsFunc(c.Environments, func(e finding.Environment) bool { return e.Class == finding.EnvProd })
		_, record := first(atoms(&c, "access", "policy", "role", "scope", "permissions"), func(a atom) bool {
			return whole(c.Provider, a) && (a.is("admin", "full") || broadWord(a.Value, c.Provider) != "")
		})
		if s.AtLeast(finding.SevHigh) && (prod || record) {
			return finding.SevCritical
		}
		return s
	}
	if c.Proof != finding.ProofProven && onlyTests(c) {
		s = lower(s)
	}
	return s
}

// Contradictions lists what cannot all be true, in words, for a notice: certain evidence of a young age beside an older commit.
func Contradictions(c *finding.Credential, now time.Time) []string {
	var out []string
	seen, why := firstSeen(c, now)
	for _, a := range atoms(c, "created", "issued") {
		d, ok := when(a.Value, now)
		if ok && a.sure == certain && !seen.IsZero() && d.from.Sub(seen) > skew {
			out = append(out, fmt.Sprintf("%s was in code %s before it was made: %s, and %s", finding.ShortID(c.ID), days(d.from.Sub(seen)), a.String(), why))
		}
	}
	for _, field := range []string{"created", "access", "status", "user_status", "mode", "logging", "principal_keys"} {
		as := slices.DeleteFunc(atoms(c, field), func(a atom) bool { return a.sure != certain })
		for _, a := range as {
			if a.Value != as[0].Value && !sameDay(a, as[0]) {
				out = append(out, fmt.Sprintf("%s has two values of %s: %s, and %s", finding.ShortID(c.ID), field, as[0].String(), a.String()))
				break
			}
		}
	}
	return out
}

func sameDay(a, b atom) bool {
	x, ok := when(a.Value, time.Time{})
	y, ok2 := when(b.Value, time.Time{})
	return ok && ok2 && x.from.Sub(y.from).Abs() <= skew
}

func lower(s finding.Severity) finding.Severity {
	all := finding.Severities()
	return all[min(s.Rank()+1, len(all)-1)]
}
