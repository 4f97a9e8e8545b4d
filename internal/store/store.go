// Package store keeps what an organisation's scans have seen from one night to the next: runs, targets and what was scanned of each,
// what every target holds, the credentials that follow from all of them together, and how their verdicts changed.
//
// One file of SQLite or a PostgreSQL database, by the same SQL. It knows neither sources nor matchers, and it never holds a secret:
// a finding.Secret is written as nothing and read back empty; all other text in it is masked before it comes here.
package store

import (
	"time"

	"sprawl/finding"
)

// Kind is what a target is.
type Kind string

// Kinds of target.
const (
	Repository Kind = "git"
	Image      Kind = "image"
)

// Target is one thing to scan, as a list names it.
type Target struct {
	ID   int64  // of its row; 0 before it has one
	Key  string // what stays when it is renamed: "github:api.github.com:1296269"; else the same as Name
	Name string // as reports name it: "git:https://github.com/acme/shop.git", "image:ghcr.io/acme/shop"; never with credentials; of those not gone one has it
	Kind Kind
	Root string // what listed it: "github:acme", "list:targets.txt", "image:registry.example"
	URL  string // what is fetched, without credentials; of an image the repository in its registry
	Host string // who is asked, with the port if it has one: jobs are queued by it

	// The rest is what a list says beside; zero where it does not.
	Repository    string // "acme/shop"
	DefaultBranch string
	Visibility    string // public, private, internal
	Archived      bool
	Fork          bool
	Topics        []string
	Pushed        time.Time
	Size          int64 // bytes, as the list has it
}

// Scanned is what is remembered of a target's last scan, so that the next looks only at what is new. The zero Scanned remembers
// nothing.
type Scanned struct {
	Refs     string // of the remote when it was fetched: the same again means that there is nothing to fetch
	Print    string // of what was scanned
	Rules    string // what it was scanned by: a change of rules forgets the rest
	Complete bool
	Objects  int64
	Seen     []byte // ids of objects, as the source keeps them
	At       time.Time
}

// Scan is what a scan of one target leaves. It replaces what the target held before.
type Scan struct {
	Scanned     Scanned
	Credentials []finding.Credential
	References  []finding.Reference
	Notices     []finding.Notice
	Coverage    finding.Coverage
	Suppressed  Suppressed
	Elapsed     time.Duration
	Fetched     int64 // bytes
}

// Suppressed counts what a target's own policy decided and the organisation's did not take over, or did.
type Suppressed struct {
	Baseline, Marks, Exceptions, Inline, Excluded int // credentials; of Excluded, places
	Honoured                                      int // of them, within the organisation's limits
}

// State is how far a target has come in a run.
type State string

// States of a target in a run.
const (
	Pending    State = "pending"    // listed, not scanned yet
	Done       State = "done"       // scanned
	Same       State = "same"       // nothing new since the last scan
	Incomplete State = "incomplete" // scanned in part
	Failed     State = "failed"     // not scanned; what it held before still counts
	Gone       State = "gone"       // no list names it any more, or the server does not know it
)

// Outcome is a target in a run.
type Outcome struct {
	Target Target
	State  State
	Reason string // for Incomplete, Failed and Gone: a word ("auth", "network", "corrupt", …)
	Detail string // and a sentence, without credentials
	Tries  int
	At     time.Time
}

// RunState is how far a run has come.
type RunState string

// States of a run.
const (
	Running     RunState = "running"
	Complete    RunState = "complete"
	Partial     RunState = "incomplete" // some target is Incomplete or Failed, or a list could not be read to its end
	Interrupted RunState = "interrupted"
)

// Run is one night.
type Run struct {
	ID      int64
	State   RunState
	Started time.Time
	Ended   time.Time // zero while it runs
	Roots   []string  // what was to be crawled
	Version string    // of the tool
	RuleSet string
	KeyID   string
	Summary *finding.Summary // once ended
	Counts  Counts
}

// Counts is what a run cost and covered.
type Counts struct {
	Targets  map[State]int `json:"targets"`
	Calls    int64         `json:"calls"`    // of a provider's interface
	Spared   int64         `json:"spared"`   // of them, answered from what was kept (304)
	Fetched  int64         `json:"fetched"`  // bytes
	Scanned  int64         `json:"scanned"`  // bytes matched
	Unlisted []string      `json:"unlisted"` // lists that could not be read to their end, with the reason
}

// Status is where a credential stands.
type Status string

// Statuses of a credential. Rotated and Revoked are the provider's word.
const (
	Exposed Status = "open"
	Decided Status = "decided" // a mark, an exception or a baseline covers it
	Rotated Status = "rotated"
	Revoked Status = "revoked"
	Cleared Status = "gone" // no target that was looked at holds it any more
)

// Change is what happened to a credential in a run.
type Change struct {
	Run        int64
	At         time.Time
	Credential string // id
	What       What
	Was, Is    finding.Severity // Was is "" for what is new
	Detail     string           // "long-lived: no → yes"; never a value
}

// What is a kind of change.
type What string

// Kinds of change. Still is counted and not kept.
const (
	New       What = "new"
	Still     What = "still"
	Vanished  What = "gone"
	WasRotate What = "rotated"
	WasRevoke What = "revoked"
	Reopened  What = "reopened"
	Escalated What = "escalated" // a worse severity, or a condition that is met now
	Eased     What = "eased"
	Settled   What = "decided" // a decision covers it now
)

// Known is a credential as the store knows it.
type Known struct {
	Credential finding.Credential // judged; FirstSeen is the earliest the store or any place knows
	Status     Status
	FirstRun   int64     // that saw it
	FirstAt    time.Time // start of that run: it survives what happens to the targets
	LastRun    int64
	GoneAt     time.Time // zero while some target holds it
}
