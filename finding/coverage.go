package finding

import "time"

// Reason says why something was not scanned.
type Reason string

// Reasons. The first group is a declared limit or choice and leaves a scan complete; the second group was asked for and not
// read, and makes it incomplete.
const (
	ReasonTooLarge    Reason = "too-large"
	ReasonExcluded    Reason = "excluded"
	ReasonSubmodule   Reason = "submodule"
	ReasonLFS         Reason = "lfs-pointer"
	ReasonSpecialFile Reason = "special-file" // socket, device, FIFO
	ReasonSymlink     Reason = "symlink"      // not followed; what it points to is scanned where it stands
	ReasonLimit       Reason = "limit"        // an archive's or decoder's limit on bytes, ratio, entries or depth
	ReasonUnsupported Reason = "unsupported"  // a container format without a reader; matched as bytes
	ReasonDamaged     Reason = "damaged"      // a container that ends early or is none; matched as bytes, and opened as far as it goes

	ReasonUnreadable Reason = "unreadable"
	ReasonCorrupt    Reason = "corrupt"
	ReasonMissing    Reason = "missing" // an object that the repository names and does not hold
	ReasonShallow    Reason = "shallow" // history beyond a shallow clone's edge
	ReasonNothing    Reason = "nothing" // a target in which there was nothing to scan
)

// Incomplete reports whether the reason makes a scan incomplete.
func (r Reason) Incomplete() bool {
	switch r {
	case ReasonUnreadable, ReasonCorrupt, ReasonMissing, ReasonShallow, ReasonNothing:
		return true
	}
	return false
}

// Skip is one thing that was not scanned, or not to its end.
type Skip struct {
	Target string `json:"target"`
	Object string `json:"object,omitempty"` // object id, if it has one
	Path   string `json:"path,omitempty"`
	Reason Reason `json:"reason"`
	Detail string `json:"detail,omitempty"`
	Size   int64  `json:"size,omitempty"` // bytes, 0 if not known
}

// TargetCoverage is what was seen of one target.
type TargetCoverage struct {
	Source  string   `json:"source"`
	Target  string   `json:"target"`
	Tip     string   `json:"tip,omitempty"` // commit at HEAD
	Refs    int      `json:"refs"`
	Commits int      `json:"commits"`
	Shallow bool     `json:"shallow"`
	Partial bool     `json:"partial"`
	Notes   []string `json:"notes"` // anything else a reader should know, a sentence each
}

// Coverage is the ledger of a run.
type Coverage struct {
	Targets []TargetCoverage `json:"targets"`
	Seen    int64            `json:"seen"`    // objects: blobs, files, messages, ref names
	Scanned int64            `json:"scanned"` // of them matched whole
	Reused  int64            `json:"reused"`  // of them known from an earlier run
	Bytes   int64            `json:"bytes"`   // matched, before decoding
	Skipped map[Reason]int64 `json:"skipped"` // counts, also of what Skips no longer lists
	Skips   []Skip           `json:"skips"`   // sorted by target, path, object
}

// Complete reports whether everything that was asked for was read.
func (c *Coverage) Complete() bool {
	for r, n := range c.Skipped {
		if n > 0 && r.Incomplete() {
			return false
		}
	}
	return true
}

// KeyScope says which key made the ids of a report.
type KeyScope string

// Scopes of identity. Ids of different scopes or key ids must not be compared.
const (
	KeyOrganisation KeyScope = "organisation" // SPRAWL_KEY: stable across repositories, images and nights
	KeyRepository   KeyScope = "repository"   // the policy's salt: stable for this repository and its forks
	KeyRun          KeyScope = "run"          // random: good for this report alone
)

// Header opens a report.
type Header struct {
	Version  string // of the tool
	RuleSet  string // hash of the detector table and user rows
	KeyScope KeyScope
	KeyID    string // names the key without giving it away; "" for KeyRun
	Command  string // the mode: scan, staged, range, init
	Targets  []string
	AsOf     time.Time
}

// Summary closes a report.
type Summary struct {
	Credentials int              // reported, without those a decision covers
	Places      int              // their locations
	BySeverity  map[Severity]int // of Credentials
	ByTier      map[Tier]int
	Base        int // credentials that were there before the change that was scanned
	Baseline    int // credentials covered by the baseline
	Marked      int // by a mark
	Excepted    int // by an exception
	Inline      int // sightings covered by an inline allow
	CannotTell  int // verdicts
	References  int // secrets that pipelines name, those not worth a line too
	Notices     int
	Failing     int // credentials at or above the threshold
	FailOn      string
	Coverage    Coverage
	Elapsed     time.Duration
}
