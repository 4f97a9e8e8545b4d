package compare

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// MaxSize is how large a report may be, in bytes.
const MaxSize = 256 << 20

// ErrUnknown says that a file is of no report that is read here.
var ErrUnknown = errors.New("not a report of gitleaks, trufflehog, kingfisher or detect-secrets (JSON)")

// Read reads a report. names makes the name of a value, and lists those of ours that it shares much with behind it; what it is
// given is not to be kept.
func Read(data []byte, names func(value []byte) []string) ([]Theirs, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("larger than %d MiB", MaxSize>>20)
	}
	var out []Theirs
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))))
	for n := 1; ; n++ {
		var raw json.RawMessage
		if err := dec.Decode(&raw); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("value %d is not JSON", n)
		}
		ts, err := read(raw, names)
		if err != nil {
			return nil, err
		}
		out = append(out, ts...)
	}
	return out, nil
}

func read(raw json.RawMessage, names func([]byte) []string) ([]Theirs, error) {
	if raw[0] == '[' {
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			return nil, ErrUnknown
		}
		var out []Theirs
		for _, x := range list {
			if len(x) == 0 || x[0] != '{' {
				return nil, ErrUnknown
			}
			ts, err := read(x, names)
			if err != nil {
				return nil, err
			}
			out = append(out, ts...)
		}
		return out, nil
	}
	var x struct {
		leaks
		hog
		fisher
		Results map[string][]secretsResult
		// kingfisher's totals stand in an object of their own, in JSONL as two lines.
		Summary, Metadata, Audit json.RawMessage
	}
	if err := json.Unmarshal(raw, &x); err != nil {
		if bytes.Contains(raw, []byte(`"scan_duration"`)) {
			return nil, nil // "findings" is their number
		}
		return nil, ErrUnknown
	}
	switch {
	case x.RuleID != "" && x.File != "":
		return []Theirs{x.leaks.theirs(names)}, nil
	case x.DetectorName != "":
		return []Theirs{x.hog.theirs(names)}, nil
	case x.Results != nil:
		return detectSecrets(x.Results), nil
	case len(x.Matches) > 0 || x.Findings != nil:
		var out []Theirs
		for _, m := range append(x.Matches, x.Findings...) {
			ts, err := read(m, names)
			if err != nil {
				return nil, err
			}
			out = append(out, ts...)
		}
		return out, nil
	case x.Rule != nil && x.Finding != nil:
		return []Theirs{x.fisher.theirs(names)}, nil
	case x.Summary != nil || x.Metadata != nil || x.Audit != nil || bytes.Contains(raw, []byte(`"scan_duration"`)):
		return nil, nil
	}
	return nil, ErrUnknown
}

// leaks is a finding of gitleaks and betterleaks 1.
type leaks struct {
	RuleID, Secret, File, Commit string
	StartLine                    int
}

func (x *leaks) theirs(names func([]byte) []string) Theirs {
	t := Theirs{Tool: "gitleaks", Rule: x.RuleID, Path: slashed(x.File), Commit: x.Commit, Line: x.StartLine}
	t.value(x.Secret, names)
	return t
}

// value names a value that is not redacted.
func (t *Theirs) value(s string, names func([]byte) []string) {
	if len(s) >= 4 && !strings.Contains(s, "REDACTED") && !strings.Contains(s, "***") && !strings.HasSuffix(s, "...") {
		for _, n := range names([]byte(s)) {
			if !slices.Contains(t.Names, n) {
				t.Names = append(t.Names, n)
			}
		}
	}
}

// hog is a finding of trufflehog, one in a line.
type hog struct {
	DetectorName, Raw, RawV2 string
	Verified                 bool
	SourceMetadata           struct {
		Data map[string]struct {
			Commit, File string
			Line         int
		}
	}
}

func (x *hog) theirs(names func([]byte) []string) Theirs {
	t := Theirs{Tool: "trufflehog", Rule: x.DetectorName, Live: x.Verified}
	for _, k := range slices.Sorted(maps.Keys(x.SourceMetadata.Data)) {
		d := x.SourceMetadata.Data[k]
		t.Path, t.Commit, t.Line = slashed(d.File), d.Commit, d.Line
	}
	t.value(x.Raw, names)
	if x.RawV2 != "" {
		// The halves of a pair stand one behind the other: an id or a host, then the secret.
		t.value(strings.TrimPrefix(x.RawV2, x.Raw), names)
		t.value(x.RawV2, names)
	}
	return t
}

// fisher is a finding of kingfisher, or what holds some.
type fisher struct {
	Rule    *struct{ Name, ID string }
	Finding *struct {
		Snippet, Path string
		Line          int
		Validation    struct{ Status string }
		Git           *struct {
			Commit struct{ ID string }
			File   struct {
				Path string
				Line int
			}
		} `json:"git_metadata"`
	}
	Matches, Findings []json.RawMessage
}

func (x *fisher) theirs(names func([]byte) []string) Theirs {
	f := x.Finding
	t := Theirs{Tool: "kingfisher", Rule: x.Rule.ID, Path: slashed(f.Path), Line: f.Line, Live: strings.HasPrefix(f.Validation.Status, "Active")}
	if g := f.Git; g != nil {
		t.Commit = g.Commit.ID
		if g.File.Path != "" {
			t.Path = slashed(g.File.Path)
		}
	}
	t.value(f.Snippet, names)
	return t
}

type secretsResult struct {
	Type     string
	Hashed   string `json:"hashed_secret"`
	Line     int    `json:"line_number"`
	IsSecret *bool  `json:"is_secret"`
}

func detectSecrets(results map[string][]secretsResult) []Theirs {
	var out []Theirs
	for _, file := range slices.Sorted(maps.Keys(results)) {
		for _, x := range results[file] {
			out = append(out, Theirs{Tool: "detect-secrets", Rule: x.Type, Path: slashed(file), Line: x.Line, SHA1: strings.ToLower(x.Hashed),
				Ignored: x.IsSecret != nil && !*x.IsSecret})
		}
	}
	return out
}
