// Package finding is the vocabulary that every other package speaks: what a scan saw (Sighting), which credential that is
// (Credential), what is known of it (Fact, Record, Traits), what follows (Condition) and what was not looked at (Coverage).
//
// It imports the standard library only and holds data, never behaviour of a source, a detector or a report. A secret's bytes
// live in Secret and nowhere else: every other field may be printed.
package finding

import (
	"time"
)

// Role says which half of a credential a Part is.
type Role string

// Roles. A credential is identified by its RoleSecret part where it has one.
const (
	RoleID     Role = "id"     // the public half: an access key id, a client id
	RoleSecret Role = "secret" // the half that must not be known
	RoleUser   Role = "user"
	RoleHost   Role = "host"
)

// Tier says how sure a detector is that a value is a credential of its kind; the order is from surest to least sure.
type Tier string

// Tiers.
const (
	TierProven  Tier = "proven"  // a checksum or a parsed structure holds
	TierShaped  Tier = "shaped"  // the provider's own prefix or form
	TierNamed   Tier = "named"   // an assignment that carries the provider's name
	TierGeneric Tier = "generic" // an assignment to a secret-like name, judged by a classifier
)

// Tiers lists the tiers from surest to least sure.
func Tiers() []Tier { return []Tier{TierProven, TierShaped, TierNamed, TierGeneric} }

// Rank is 0 for the surest tier; an unknown tier ranks last.
func (t Tier) Rank() int {
	for i, x := range Tiers() {
		if x == t {
			return i
		}
	}
	return len(Tiers())
}

// Proof is what a checksum or structure check said of a value.
type Proof string

// Proofs. A refuted value keeps its tier and is reported with a lower severity: malformed, truncated or fabricated.
const (
	ProofNone    Proof = "none"
	ProofProven  Proof = "proven"
	ProofRefuted Proof = "refuted"
)

// State says where, in the life of its source, a location stands.
type State string

// States of a location. StateWorktree is a plain file; StateStaged a blob of the index; StateRefName and StateMessage have no path.
const (
	StateHead         State = "head"          // reachable from the tip of a branch's current tree
	StateHistory      State = "history"       // in an older commit of a branch, no longer at its tip
	StateDangling     State = "dangling"      // no ref reaches it
	StateStash        State = "stash"         // only a stash reaches it
	StateTag          State = "tag"           // only a tag reaches it
	StateMerge        State = "merge"         // born in a merge commit: no parent holds it
	StateNote         State = "note"          // a git note
	StateStaged       State = "staged"        // the index
	StateWorktree     State = "worktree"      // a file on disk or standard input
	StateLayer        State = "layer"         // visible in an image's final file system
	StateLayerDeleted State = "layer-deleted" // in a layer, deleted or overwritten by a later one
	StateRefName      State = "ref-name"      // the name of a branch or tag
	StateMessage      State = "message"       // a commit or tag message
	StateInventory    State = "inventory"     // a row of an inventory, no place in code
)

// Span is a stretch of text. Lines and columns count from 1; columns count bytes; EndColumn is one past the last byte.
// Start and End are byte offsets, End exclusive. Inside a decoded value or an archive entry the numbers are those of the
// text that holds the encoded form, or of the entry; Decode says which.
type Span struct {
	Line, Column, EndLine, EndColumn int
	Start, End                       int64
}

// Step is one layer of encoding or packing that was undone to reach a value: "base64", "zip" with Entry "a/b.txt".
type Step struct {
	Name  string `json:"name"`
	Entry string `json:"entry,omitempty"` // the member's path inside an archive
}

// Snippet is the line around a part as a person may see it: every known value in it already masked at its own width.
type Snippet struct {
	Text   string // one line, without its line break, cut to a window around the part
	Column int    // where the part starts in Text, in bytes from 0
	Width  int    // how many bytes of Text belong to the part
}

// Part is one half of a credential at one place.
type Part struct {
	Role    Role
	Secret  Secret `json:"Secret,omitzero"`
	Span    Span
	Snippet Snippet
}

// Change is a commit that added or removed something.
type Change struct {
	Commit string    // full object id
	Author string    // "Name <address>" after mailmap
	When   time.Time // committer date: author dates are more easily forged
}

// Location is one place in one source. Path uses slashes; it is empty for messages and ref names.
type Location struct {
	Source string // "git", "dir", "stdin", "ci", "image", …
	Target string // the target as the user named it, never with credentials
	Path   string
	State  State
	Added  *Change  // first commit that holds it here; nil outside git
	Gone   *Change  // first commit that no longer holds it; nil while it stands, or outside git
	Refs   []string // branches and tags that hold it now, or held it last; short names, sorted
	Was    []string // earlier paths of the same file, oldest first
	Layer  *Layer
}

// Layer is the part of an image that holds a location.
type Layer struct {
	Digest    string    `json:"digest"`
	Index     int       `json:"index"` // 0 is the lowest
	CreatedBy string    `json:"created_by,omitempty"`
	Created   time.Time `json:"created,omitzero"`
	DeletedBy string    `json:"deleted_by,omitempty"` // digest of the layer that hides it
	Base      bool      `json:"base"`                 // belongs to the base image
	Platform  string    `json:"platform,omitempty"`   // of the image: "linux/arm64", "" if it has none
}

// Sighting is one value at one place, as one detector saw it.
type Sighting struct {
	Kind     string // detector id
	Provider string // "" for kinds without a provider
	Name     string // the name it was assigned to, "" if none
	Tier     Tier
	Proof    Proof
	Why      string   // why it was reported, in words, without the value
	Aliases  []string // other kinds that matched the same span, sorted
	Parts    []Part   // at least one; RoleSecret first where there is one
	Masked   string   // the secret half, masked as the detector's shape allows
	Ident    string   // the public half in full, "" if there is none
	Ordinal  int      // how many times the same value stands in the same text before this one
	Where    Location
	Decode   []Step
	Facts    []Fact
	Joins    []Join
	Allow    *Allow // an inline sprawl:allow beside it
	Print    string // stable fingerprint of (credential, path family, ordinal) for SARIF; set by correlation, "" without a salt
}

// Allow is an inline "sprawl:allow REASON".
type Allow struct{ Reason string }

// Part returns the first part with the role, or nil.
func (s *Sighting) Part(r Role) *Part {
	for i := range s.Parts {
		if s.Parts[i].Role == r {
			return &s.Parts[i]
		}
	}
	return nil
}

// Canonical is the part that identifies the credential: the secret half, or the first part if there is none.
func (s *Sighting) Canonical() *Part {
	if p := s.Part(RoleSecret); p != nil {
		return p
	}
	if len(s.Parts) == 0 {
		return nil
	}
	return &s.Parts[0]
}

// Fact is one typed thing known of a credential, and from where. Fields are lower-case words joined by underscores; the ones
// in use: account, project, organisation, user, email, key_id, created, issued, not_before, expires, scope, permissions,
// environment, host, fingerprint, issuer, subject, audience, serial, service, region, mode, encrypted.
//
// What risk reads of a record besides: rotated, last_used (a time or "never"), status (active, inactive, revoked, expired),
// principal_created, principal_keys (how many are active), user_status (active, suspended, deleted), user_type (human,
// service), access (admin, write, read, narrow: the whole of what it may do, worked out by the loader), policy, role,
// restriction ("none", or what it is bound to), logging (on, off), owner, team, creator, integration (the third party it was
// issued to), workload, target, caller. Times are RFC 3339.
type Fact struct {
	Field    string    `json:"field"`
	Value    string    `json:"value"`
	Source   string    `json:"source"`             // "offline", "inventory:FILE", "introspect:HOST"
	AsOf     time.Time `json:"as_of,omitzero"`     // when the source said so; zero for what the secret itself says
	Inferred bool      `json:"inferred,omitempty"` // the format is not documented
}

// Join is a key made at sighting time by which a later inventory finds the credential: the SHA-256 form a provider's audit
// log prints, the last four or eight characters, a hint. Sum is already HMAC(key, derived), so that a stored Join gives
// nothing away.
type Join struct {
	Form string `json:"form"`
	Sum  string `json:"sum"`
}

// Match says how a Record was joined, from surest to least sure.
type Match string

// Matches.
const (
	MatchExact  Match = "exact"
	MatchHash   Match = "hash"
	MatchSuffix Match = "suffix" // "probable": unique within its inventory, still a guess
	MatchParent Match = "parent" // the account or principal is known, not the key
)

// Record is what an inventory says of a credential.
type Record struct {
	System   string    `json:"system"` // "aws-iam", "github", …
	Key      string    `json:"key"`    // the provider's own id of the credential
	Match    Match     `json:"match"`
	Inferred bool      `json:"inferred,omitempty"`
	Facts    []Fact    `json:"facts"`
	Source   string    `json:"source"` // file and row
	AsOf     time.Time `json:"as_of,omitzero"`
}

// Answer is yes, no or unknown.
type Answer string

// Answers. The zero value "" reads as unknown.
const (
	Unknown Answer = ""
	Yes     Answer = "yes"
	No      Answer = "no"
)

// Trait is one static property of a kind and the page that says so.
type Trait struct {
	Value  Answer `json:"value"`
	Source string `json:"source,omitempty"`
}

// Traits is what is known of every credential of a kind, whoever holds it.
type Traits struct {
	Expires     Trait `json:"expires"`      // issued with an end
	Scoped      Trait `json:"scoped"`       // can be limited to less than everything
	LastUsed    Trait `json:"last_used"`    // the provider shows when it was last used
	Overlap     Trait `json:"overlap"`      // two may be valid at once, so rotation needs no downtime
	RotateAPI   Trait `json:"rotate_api"`   // can be replaced by a call
	Restricted  Trait `json:"restricted"`   // can be bound to addresses, hosts or audiences
	HumanIssued Trait `json:"human_issued"` // belongs to a person, not to a service
}

// EnvClass is the zone an environment belongs to.
type EnvClass string

// Classes of environment.
const (
	EnvProd    EnvClass = "prod"
	EnvNonprod EnvClass = "nonprod"
	EnvVendor  EnvClass = "vendor"
	EnvUnknown EnvClass = "unknown"
)

// Environment is where a credential reaches, and what decided that.
type Environment struct {
	Name  string   `json:"name"`
	Class EnvClass `json:"class"`
	Why   string   `json:"why"`
}

// Owner is who answers for a credential and how that was found; Name is empty where nobody does.
//
// How is override, provider, holder (the person whose own it is), catalog, codeowners, github-property, or "" for none. A creator,
// an author or a team that may administer the repository is a contact and no owner, and stands among Candidates, each of which ends
// with how it was found.
type Owner struct {
	Name       string   `json:"name"`
	How        string   `json:"how"`
	Candidates []string `json:"candidates"`
	// Team says that Name is a group: a group does not leave. Active is whether somebody's export says that a person still
	// has an account; Unknown where none was asked.
	Team      bool   `json:"team,omitempty"`
	Active    Answer `json:"active,omitempty"`
	ActiveWhy string `json:"active_why,omitempty"`
	// Standing is the first candidate for an owner that is known to be there: a team, or a person with an account. It need not
	// be Name.
	Standing string `json:"standing,omitempty"`
	// StandingWhy is the export that shows it, "" for a team.
	StandingWhy string `json:"standing_why,omitempty"`
	// Tried lists what was asked, whether or not it had an answer: "policy", "provider", "catalog", "codeowners", "authors".
	Tried []string `json:"tried,omitempty"`
	// Files are those whom files beside it name, before anybody else's word: what is left to say once the files are out of reach.
	Files []Named `json:"files,omitempty"`
}

// Named is one whom a file makes an owner: how it was found, by which line, and whether that is a group.
type Named struct {
	Name  string `json:"name"`
	How   string `json:"how"`
	Where string `json:"where,omitempty"`
	Team  bool   `json:"team,omitempty"`
}

// Exception is a risk that somebody took on purpose. Days are midnight UTC; Until is the last day it holds.
type Exception struct {
	Owner, Approver, Reason string
	Created, Until          time.Time
	Recertified             time.Time // zero if never
	Requires                []string  // narrow-scope, read-only, logging, one-environment, owner
	Where                   string    // FILE:LINE, "" if not known
}

// Severity orders what to do first.
type Severity string

// Severities.
const (
	SevCritical Severity = "critical"
	SevHigh     Severity = "high"
	SevMedium   Severity = "medium"
	SevLow      Severity = "low"
	SevInfo     Severity = "info"
)

// Severities lists them from worst to least.
func Severities() []Severity {
	return []Severity{SevCritical, SevHigh, SevMedium, SevLow, SevInfo}
}

// Rank is 0 for critical; an unknown severity ranks last.
func (s Severity) Rank() int {
	for i, x := range Severities() {
		if x == s {
			return i
		}
	}
	return len(Severities())
}

// AtLeast reports whether s is as bad as o or worse.
func (s Severity) AtLeast(o Severity) bool { return s.Rank() <= o.Rank() }

// Verdict is three-valued: what cannot be told is never a no.
type Verdict string

// Verdicts.
const (
	VerdictYes        Verdict = "yes"
	VerdictNo         Verdict = "no"
	VerdictCannotTell Verdict = "cannot-tell"
)

// Threshold is the number a condition was judged by and who says so.
type Threshold struct {
	Value   string `json:"value"`
	Source  string `json:"source"`
	Version string `json:"version,omitempty"`
}

// Condition is one judgement of one credential.
type Condition struct {
	ID        string     `json:"id"`
	Verdict   Verdict    `json:"verdict"`
	Why       string     `json:"why"`
	Bound     string     `json:"bound,omitempty"` // exact, at-least, at-most
	Refs      []string   `json:"refs"`            // "NHI2:2025", "PR.AA-05"
	Threshold *Threshold `json:"threshold,omitempty"`
	Settle    []string   `json:"settle"` // the evidence that would decide it; any one of them may be enough
	// Evidence is what the verdict rests on, one line each with its source; Why sums it up.
	Evidence []string `json:"evidence,omitempty"`
}

// Decision is what somebody decided of a credential.
type Decision struct {
	Kind   string    `json:"kind"`            // baseline, mark, exception, inline
	Value  string    `json:"value,omitempty"` // for a mark: false-positive, resolved
	Reason string    `json:"reason,omitempty"`
	By     string    `json:"by,omitempty"`
	Until  time.Time `json:"until,omitzero"`
}

// Credential is one value, wherever it was seen. Sightings hold one entry a place, versions of one file folded.
type Credential struct {
	ID           string // "c-" and 26 characters; the first 8 are shown
	Kind         string
	Provider     string
	Title        string
	Aliases      []string // other kinds and linked public halves
	Tier         Tier
	Proof        Proof
	Severity     Severity
	Redacted     string // the secret half, masked
	Ident        string // the public half in full, "" if there is none
	Why          string
	FirstSeen    time.Time // zero if no place has a date
	LastSeen     time.Time
	Sightings    []Sighting
	Facts        []Fact
	Records      []Record
	Traits       Traits
	Environments []Environment
	Owner        Owner
	Workloads    []string
	Targets      []string
	// Uses are what pipelines do with it, where the value itself stands in one or a listing ties it to the name of a secret.
	Uses       []Use
	Conditions []Condition
	Decision   *Decision
	Exception  *Exception // whether or not it still holds
	Fix        []string
	Docs       string
}

// ShortID is the form of an id that people read and type.
func ShortID(id string) string {
	if len(id) > 10 {
		return id[:10]
	}
	return id
}

// Reference is a named secret that pipelines use; no value was seen. References of one system, scope and name are one.
type Reference struct {
	ID, System, Name, Scope string
	Listed                  bool     // a provider's listing says that this is the scope; else it is what the file can tell
	Where                   Location // of the first use
	Span                    Span     // of the first use
	Environments            []Environment
	Uses                    []Use // every place, by path and position
	Conditions              []Condition
}

// Use is one place where a pipeline names a secret, and what the pipeline does with it there.
type Use struct {
	Where        Location
	Span         Span
	Job          string // the job, service, container or server that gets it; "" for all of a file
	As           string // the variable or input it becomes, "" if it stands in a text
	Environments []Environment
	Triggers     []string // events that start it, sorted; empty where the file does not say
	Fork         Answer   // whether somebody without write access can make it run with the secret; Unknown where the file cannot tell
	ForkWhy      string   // what decided Fork, or what would
	Consumers    []Consumer
	Static       *Static // set where it is a long-lived cloud key and the same system can federate
	Printed      string  // how it reaches a log or a command line, "" if it does not
	Whole        bool    // it names every secret at once; this one may be among them
}

// Consumer is somebody's code that is handed a secret.
type Consumer struct {
	Name   string // "owner/action", "orb namespace/name", an image or package
	Pin    string // the version as written, "" if there is none
	Pinned Answer // Yes for a content hash, No for what can be moved to other code
	Party  Party
}

// Party says whose code a consumer is.
type Party string

// Parties.
const (
	PartyLocal    Party = "local"    // of the same repository
	PartyPlatform Party = "platform" // the CI system's own
	PartyOwn      Party = "own"      // another repository of the same owner
	PartyThird    Party = "third"
	PartyImage    Party = "image" // what a job runs in, not a step of it
)

// Spot is where something stands as people write it: the target and the path, without a target that is the current folder.
func (l *Location) Spot() string {
	switch {
	case l.Path == "":
		return l.Target
	case l.Target == "" || l.Target == ".":
		return l.Path
	}
	return l.Target + " " + l.Path
}

// Static is a long-lived key where a short-lived one could be had.
type Static struct {
	What    string // what makes it a static key, in words
	Instead string // what the system offers, in words
	Doubt   string // what speaks against it, "" if nothing
}

// InventoryRow is a credential that a provider lists.
type InventoryRow struct {
	ID     string
	Record Record
	Found  string // id of the Credential it was joined with, "" if no code holds it
	Kind   string // the detector's id, where the listing holds one kind alone
}

// Notice is something to know that is no credential: a lapsed exception, an allow without a reason, a policy change.
type Notice struct {
	ID       string // "n-" and 26 characters
	Kind     string
	Severity Severity
	Message  string
	Where    *Location
	Span     Span
}

// Item is one line of a report: exactly one field is set.
type Item struct {
	Credential *Credential
	Reference  *Reference
	Inventory  *InventoryRow
	Notice     *Notice
}
