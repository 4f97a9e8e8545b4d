// Package risk judges a credential by what is known of it: conditions first, then a severity from a documented table. It is a
// pure function of a credential, limits and a time, and every verdict has its evidence.
//
// It never reads a file or a clock, and knows neither sources nor detectors: traits and fixes stand in the credential.
package risk

import (
	"fmt"
	"time"

	"sprawl/finding"
)

// Condition is one row of the table.
type Condition struct {
	ID, Title string
	Refs      []string // OWASP NHI Top 10 (2025), NIST CSF 2.0, others; as printed
	Check     func(finding.Credential, time.Time) finding.Condition
}

// Conditions lists them in the order reports show.
func Conditions() []Condition {
	return []Condition{
		// https://owasp.org/www-project-non-human-identities-top-10/2025/2-secret-leakage/
		// PCI DSS 4.0.1 8.6.2: no passwords of system accounts hard-coded in scripts, configuration or source.
		{"embedded", "Embedded in code, pipeline or image", []string{"NHI2:2025", "PR.AA-01"}, embedded},
	}
}

func embedded(c finding.Credential, _ time.Time) finding.Condition {
	n, live := 0, 0
	for i := range c.Sightings {
		switch c.Sightings[i].Where.State {
		case finding.StateInventory:
		case finding.StateHead, finding.StateWorktree, finding.StateStaged, finding.StateLayer:
			n++
			live++
		default:
			n++
		}
	}
	v := finding.Condition{Verdict: finding.VerdictYes}
	switch {
	case n == 0:
		// Seen in an inventory alone: what was not scanned may hold it.
		v.Verdict = finding.VerdictCannotTell
		v.Why = "no scanned place holds it"
		v.Settle = []string{"a scan of the repositories and images that use it"}
	case live == 0:
		v.Why = fmt.Sprintf("%s, none of them current: history keeps it readable", count(n, "place"))
	default:
		v.Why = fmt.Sprintf("%s, %d of them current", count(n, "place"), live)
	}
	return v
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Judge fills Conditions and Severity. base is the severity of the kind.
func Judge(c *finding.Credential, base finding.Severity, asOf time.Time) {
	c.Conditions = c.Conditions[:0]
	for _, row := range Conditions() {
		v := row.Check(*c, asOf)
		v.ID, v.Refs = row.ID, row.Refs
		if v.Settle == nil {
			v.Settle = []string{}
		}
		c.Conditions = append(c.Conditions, v)
	}
	c.Severity = Severity(*c, base, asOf)
}

// Severity is the table of docs/severity.md. It starts at the kind's own severity and steps down where evidence speaks for
// less. Being gone from HEAD is not such evidence: a value stays valid until it is revoked.
func Severity(c finding.Credential, base finding.Severity, asOf time.Time) finding.Severity {
	if base == "" {
		base = finding.SevHigh
	}
	switch {
	case c.Redacted == "": // only the public half was seen
		return finding.SevInfo
	case expired(c, asOf):
		return finding.SevInfo
	case c.Proof == finding.ProofRefuted:
		return finding.SevLow
	}
	s := base
	if c.Tier == finding.TierGeneric && s.AtLeast(finding.SevMedium) {
		s = finding.SevMedium
	}
	if c.Proof != finding.ProofProven && onlyTests(c) {
		s = lower(s)
	}
	return s
}

func lower(s finding.Severity) finding.Severity {
	all := finding.Severities()
	return all[min(s.Rank()+1, len(all)-1)]
}

func expired(c finding.Credential, asOf time.Time) bool {
	for _, f := range c.Facts {
		if f.Field != "expires" {
			continue
		}
		if t, err := time.Parse(time.RFC3339, f.Value); err == nil && t.Before(asOf) {
			return true
		}
	}
	return false
}
