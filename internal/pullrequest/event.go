// Package pullrequest knows what a change is that a CI system wants judged: between which commits it stands, and what it does to
// the rules by which it is judged.
//
// It reads what it is given, the payload of an event and the contents of files, all of which whoever opened the pull request may
// have written. It runs nothing, opens nothing and never reads a value that could be a secret.
package pullrequest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// MaxPayload is the size in bytes up to which an event is read. GitHub caps webhook payloads at 25 MB
// (docs.github.com, "Webhook events and payloads").
const MaxPayload = 25 << 20

// Event is a change as GitHub describes it (docs.github.com, "Events that trigger workflows" and "Webhook events and payloads").
// Commits are object ids of 40 or 64 hex digits, or empty.
type Event struct {
	Name       string // pull_request, pull_request_target, merge_group, push
	Base, Head string // Base is empty for the first push of a branch
	Sha        string // GITHUB_SHA: of a pull_request the merge commit that GitHub made
	Number     int    // of a pull request
	Commits    int    // of a pull request, 0 if not told
	Repository string // OWNER/NAME
	HeadRepo   string // OWNER/NAME that a pull request comes from
	Default    string // name of the default branch
	Ref        string // of a push
	Forced     bool   // of a push
}

// Fork reports whether the change comes from another repository, so that its author need not be able to write to this one.
func (e Event) Fork() bool { return e.Number > 0 && !strings.EqualFold(e.HeadRepo, e.Repository) }

// ErrNoChange says that an event is about no change: a schedule, a dispatch, a deleted branch.
var ErrNoChange = errors.New("the event is about no change")

// ReadEvent reads a payload. name is GITHUB_EVENT_NAME, sha is GITHUB_SHA. The error wraps ErrNoChange where there is nothing to
// compare.
func ReadEvent(name, sha string, payload []byte) (Event, error) {
	if len(payload) > MaxPayload {
		return Event{}, fmt.Errorf("the event has %d bytes, %d are read", len(payload), MaxPayload)
	}
	type repository struct {
		FullName      string `json:"full_name"`
		DefaultBranch string `json:"default_branch"`
	}
	type end struct {
		SHA  string      `json:"sha"`
		Repo *repository `json:"repo"` // null where a fork was deleted
	}
	var p struct {
		Number      int        `json:"number"`
		Repository  repository `json:"repository"`
		PullRequest *struct {
			Number  int `json:"number"`
			Commits int `json:"commits"`
			Base    end `json:"base"`
			Head    end `json:"head"`
		} `json:"pull_request"`
		MergeGroup *struct {
			BaseSHA string `json:"base_sha"`
			HeadSHA string `json:"head_sha"`
		} `json:"merge_group"`
		Before  string `json:"before"`
		After   string `json:"after"`
		Ref     string `json:"ref"`
		Forced  bool   `json:"forced"`
		Deleted bool   `json:"deleted"`
	}
	if err := json.Unmarshal(payload, &p); err != nil {
		var at *json.SyntaxError
		if errors.As(err, &at) {
			return Event{}, fmt.Errorf("the event is not JSON (at byte %d)", at.Offset)
		}
		return Event{}, errors.New("the event is not of GitHub's form")
	}
	e := Event{Name: name, Sha: sha, Repository: p.Repository.FullName, Default: p.Repository.DefaultBranch}
	switch {
	case p.PullRequest != nil:
		r := p.PullRequest
		e.Number, e.Commits, e.Base, e.Head = r.Number, r.Commits, r.Base.SHA, r.Head.SHA
		if e.Number == 0 {
			e.Number = p.Number
		}
		if r.Head.Repo != nil {
			e.HeadRepo = r.Head.Repo.FullName
		}
	case p.MergeGroup != nil:
		e.Base, e.Head = p.MergeGroup.BaseSHA, p.MergeGroup.HeadSHA
	case p.After != "":
		if p.Deleted || zero(p.After) {
			return e, fmt.Errorf("%w: a branch was deleted", ErrNoChange)
		}
		e.Ref, e.Forced, e.Base, e.Head = p.Ref, p.Forced, p.Before, p.After
		if zero(e.Base) {
			e.Base = ""
		}
	default:
		return e, fmt.Errorf("%w: %s", ErrNoChange, plain(name))
	}
	for _, id := range []string{e.Base, e.Head, e.Sha} {
		if id != "" && !objectID(id) {
			return Event{}, errors.New("the event names a commit by something else than its id")
		}
	}
	if e.Head == "" {
		return Event{}, errors.New("the event names no commit")
	}
	return e, nil
}

func objectID(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

func zero(id string) bool { return id != "" && strings.Trim(id, "0") == "" }

// plain makes a foreign word fit for a message.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '?'
	}, s)
	if s == "" {
		return "it has no name"
	}
	return s[:min(len(s), 60)]
}
