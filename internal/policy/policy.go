// Package policy reads and edits .sprawl.yaml: what a repository has decided about the credentials found in it.
//
// Bytes come in, a Policy or an *Error with line and column comes out; edits go from bytes to bytes and leave every line they
// do not concern as it was. It never opens a file, never asks for the time, never holds or prints a secret: entries are keyed
// by match, which is derived from the salt and the value elsewhere (internal/identity). An error quotes nothing of a value,
// because people paste secrets into the wrong file.
package policy

import (
	"bytes"
	"path"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"sprawl/finding"
)

// File is the name of the policy at the root of a repository.
const File = ".sprawl.yaml"

// Limits on a policy file. MaxSize holds a baseline of some 170,000 credentials.
const (
	MaxSize = 8 << 20 // bytes
	// maxTokens bounds what the YAML reader builds: 8 MiB of "[]," would otherwise become 2.8 GB of nodes.
	maxTokens = 600_000
	// maxDepth is far beyond what any section needs.
	maxDepth = 16
	// maxText is the longest reason, name or glob, in bytes.
	maxText = 2000
)

// Bounds of a salt in bytes.
const (
	MinSalt = 16
	MaxSalt = 32
)

// Policy is what a policy file says. The zero Policy is that of an empty or absent file. Nobody changes a Policy once it is
// parsed, so it may be read from any goroutine.
type Policy struct {
	// Salt makes matches and fingerprints; nil if the file has none. It is public.
	Salt []byte
	// FailOn says from which severity on a credential of a tier fails a run, Never included; tiers that the file does not
	// name are absent. FailsOn fills in the defaults.
	FailOn map[finding.Tier]finding.Severity
	// Exclude are path globs. An occurrence under one is not reported; the same value elsewhere is. See Excludes.
	Exclude []string
	// Baseline maps a match to the kind it was when it was recorded, a hint for readers that may be empty.
	Baseline map[string]string
	// Marks are what people said of a credential, Exceptions the risks taken on purpose; both by match.
	Marks      map[string]Mark
	Exceptions map[string]Exception

	// Environments and Owners are the user's own word, in the order of the file: the first rule that covers a place decides.
	Environments []Environment
	Owners       []Owner
	// Integrations is the register of third parties.
	Integrations []Integration
	Escalation   []Escalation
	// Thresholds come before those of the tool.
	Thresholds []Threshold
	// Detectors are the user's own rows of the table of kinds, raw.
	Detectors []Detector
	// Repositories says, in the policy of an organisation, up to which severity what a repository's own policy has decided counts:
	// by "baseline", "marks", "exceptions" and "inline". See Honours.
	Repositories map[string]finding.Severity
}

// Verdict is what a mark says.
type Verdict string

// Verdicts of a mark.
const (
	FalsePositive Verdict = "false-positive" // no credential
	Resolved      Verdict = "resolved"       // revoked or rotated: the value opens nothing any more
)

// Mark is one person's word on one credential.
type Mark struct {
	As     Verdict
	Reason string
	By     string
	On     time.Time // a day, at midnight UTC; zero if not given
}

// Requirement is a property that an exception rests on; it lapses when evidence contradicts it.
type Requirement string

// Requirements, and the conditions that contradict them.
const (
	RequireNarrowScope    Requirement = "narrow-scope"    // over-scoped
	RequireReadOnly       Requirement = "read-only"       // over-scoped, or access that is more than reading
	RequireLogging        Requirement = "logging"         // poorly-logged
	RequireLogged         Requirement = "logged"          // the same in another word
	RequireOneEnvironment Requirement = "one-environment" // cross-environment
	RequireOwner          Requirement = "owner"           // unattributed
)

// Requirements lists them.
func Requirements() []Requirement {
	return []Requirement{RequireNarrowScope, RequireReadOnly, RequireLogging, RequireLogged, RequireOneEnvironment, RequireOwner}
}

// Exception is a risk taken on purpose, with an end. Days are midnight UTC; Until is the last day it holds.
type Exception struct {
	Owner, Approver, Reason string
	Until, Created          time.Time
	Recertified             time.Time // when somebody last looked again; zero if never
	Requires                []Requirement
}

// Never as a value of FailOn lets no severity of a tier fail a run.
const Never finding.Severity = "never"

// New is a policy that holds nothing but a copy of the salt.
func New(salt []byte) *Policy { return &Policy{Salt: bytes.Clone(salt)} }

// FailsOn is the least severity at which a credential of the tier fails a run, or Never. Where the file is silent that is low
// for proven, shaped and named credentials; generic ones are a classifier's guess and only warn.
func (p *Policy) FailsOn(t finding.Tier) finding.Severity {
	if s, ok := p.FailOn[t]; ok {
		return s
	}
	if t == finding.TierGeneric {
		return Never
	}
	return finding.SevLow
}

// Fails reports whether a credential of the tier and severity fails a run.
func (p *Policy) Fails(t finding.Tier, s finding.Severity) bool {
	least := p.FailsOn(t)
	return least != Never && s.AtLeast(least)
}

// Honours reports whether a decision that a repository made for itself counts in a scan of the organisation whose policy this is:
// kind is that of a finding.Decision. Where the file is silent it does not.
func (p *Policy) Honours(kind string, s finding.Severity) bool {
	section := map[string]string{"baseline": "baseline", "mark": "marks", "exception": "exceptions", "inline": "inline"}[kind]
	most, ok := p.Repositories[section]
	return ok && most != Never && most.AtLeast(s)
}

// Excludes reports whether a slash path lies under one of the Exclude globs: the glob matches the path itself or one of the
// folders it is in. "vendor" is the folder at the top, "**/vendor" one at any depth.
func (p *Policy) Excludes(name string) bool {
	for _, glob := range p.Exclude {
		for dir := name; dir != "." && dir != "/" && dir != ""; dir = path.Dir(dir) {
			if doublestar.MatchUnvalidated(glob, dir) {
				return true
			}
		}
	}
	return false
}

// HasWeak reports whether any entry is keyed with the slow form, "g-": only then is it worth computing.
func (p *Policy) HasWeak() bool {
	for m := range p.Baseline {
		if weak(m) {
			return true
		}
	}
	for m := range p.Marks {
		if weak(m) {
			return true
		}
	}
	for m := range p.Exceptions {
		if weak(m) {
			return true
		}
	}
	return false
}

// matchLen is the length of a match behind its prefix: 128 bits in base32.
const matchLen = 26

// ValidMatch reports whether s has the form of a match: "m-" (HMAC) or "g-" (Argon2id, for guessable values) and 26
// lower-case base32 characters.
func ValidMatch(s string) bool {
	if len(s) != 2+matchLen || s[1] != '-' || s[0] != 'm' && s[0] != 'g' {
		return false
	}
	for _, c := range []byte(s[2:]) {
		if (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

func weak(match string) bool { return strings.HasPrefix(match, "g-") }

// validKind reports whether s may stand as a kind: lower-case words and digits joined by hyphens.
func validKind(s string) bool {
	if len(s) > 100 {
		return false
	}
	for i, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		case c == '-' && i > 0 && i < len(s)-1:
		default:
			return false
		}
	}
	return true
}
