package migrate

import (
	"bytes"
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"sprawl/finding"
)

// Decided is one finding that somebody decided to live with, in another tool's words. Of Value, SHA1 and the place, one at
// least tells which.
type Decided struct {
	Tool, Rule   string
	Commit, Path string // slash path; Commit is "" where the file does not say
	Line         int    // from 1; 0 where the file does not say
	Value        finding.Secret
	HasValue     bool
	SHA1         string // of the value, lower-case hexadecimal
	False        bool   // somebody looked and said that it is none
	Source       string // the entry itself, for the list of those that cannot be resolved; it holds no value
}

// readIgnore reads a .gitleaksignore: COMMIT:PATH:RULE:LINE or PATH:RULE:LINE in a line, # begins a comment.
func readIgnore(data []byte) []Decided {
	var out []Decided
	for _, line := range strings.Split(string(data), "\n") {
		line, _, _ = strings.Cut(strings.TrimSpace(line), " #")
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		out = append(out, fingerprint(line))
	}
	return out
}

// fingerprint reads one entry; what is not one comes back with its Source alone.
func fingerprint(s string) Decided {
	d := Decided{Tool: "gitleaks", Source: shownEntry(s)}
	parts := strings.Split(s, ":")
	if len(parts) < 3 {
		return d
	}
	line, err := strconv.Atoi(parts[len(parts)-1])
	if err != nil || line < 1 {
		return d
	}
	d.Line, d.Rule = line, parts[len(parts)-2]
	rest := parts[:len(parts)-2]
	if len(rest) > 1 && isCommit(rest[0]) {
		d.Commit, rest = rest[0], rest[1:]
	}
	d.Path = slashed(strings.Join(rest, ":"))
	return d
}

// shownEntry is an entry as it may be printed: a fingerprint holds no value, a line that is none may be one.
func shownEntry(s string) string {
	if parts := strings.Split(s, ":"); len(parts) >= 3 && len(s) < 500 {
		if isCommit(parts[0]) {
			parts = parts[1:]
		}
		if !slices.ContainsFunc(strings.FieldsFunc(strings.Join(parts, "/"), func(r rune) bool { return r == '/' || r == '.' || r == '-' }), drawn) {
			return s
		}
	}
	return "an entry of " + strconv.Itoa(len(s)) + " bytes that is no fingerprint"
}

// drawn reports whether a word of a path or a rule looks drawn by lot: long, and of letters of both cases and digits.
func drawn(w string) bool {
	const lower, upper, digits = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
	return len(w) >= 20 && strings.ContainsAny(w, digits) && (strings.ContainsAny(w, lower) && strings.ContainsAny(w, upper) || strings.Trim(w, digits+"abcdef") == "")
}

func isCommit(s string) bool {
	if len(s) < 7 || len(s) > 64 {
		return false
	}
	return strings.Trim(s, "0123456789abcdef") == ""
}

func slashed(p string) string {
	p = strings.ReplaceAll(p, `\`, "/")
	return strings.TrimPrefix(path.Clean(p), "./")
}

// leaksFinding is a finding of a gitleaks report; a baseline is one.
type leaksFinding struct {
	RuleID, Secret, Match, File, Commit, Fingerprint string
	StartLine                                        int
}

// detectSecrets is a .secrets.baseline.
type detectSecrets struct {
	Version string
	Results map[string][]struct {
		Type       string
		Filename   string
		Hashed     string `json:"hashed_secret"`
		IsVerified bool   `json:"is_verified"`
		IsSecret   *bool  `json:"is_secret"`
		Line       int    `json:"line_number"`
	}
}

func readJSON(data []byte) (File, error) {
	if data[0] == '[' {
		var list []leaksFinding
		if json.Unmarshal(data, &list) != nil {
			return File{}, ErrUnknown
		}
		var out []Decided
		for _, x := range list {
			if x.RuleID == "" || x.File == "" {
				return File{}, ErrUnknown
			}
			d := Decided{Tool: "gitleaks", Rule: x.RuleID, Commit: x.Commit, Path: slashed(x.File), Line: x.StartLine, Source: shownEntry(strings.TrimPrefix(x.Commit+":"+x.File+":"+x.RuleID+":"+strconv.Itoa(x.StartLine), ":"))}
			if !redacted(x.Secret) {
				d.Value, d.HasValue = finding.NewSecret([]byte(x.Secret)), true
			}
			out = append(out, d)
		}
		return File{Format: "gitleaks baseline", Decided: out}, nil
	}
	var b detectSecrets
	if json.Unmarshal(data, &b) != nil || b.Results == nil || !bytes.Contains(data, []byte(`"plugins_used"`)) && !bytes.Contains(data, []byte(`"hashed_secret"`)) {
		return File{}, ErrUnknown
	}
	var out []Decided
	for _, name := range slices.Sorted(maps.Keys(b.Results)) {
		for _, x := range b.Results[name] {
			file := slashed(name)
			out = append(out, Decided{Tool: "detect-secrets", Rule: x.Type, Path: file, Line: x.Line, SHA1: strings.ToLower(x.Hashed),
				False: x.IsSecret != nil && !*x.IsSecret, Source: file + ":" + strconv.Itoa(x.Line) + " (" + x.Type + ")"})
		}
	}
	return File{Format: "detect-secrets baseline", Decided: out}, nil
}

// redacted reports whether a report shows no value: gitleaks --redact writes REDACTED, or stars from some byte on.
func redacted(s string) bool {
	return len(s) < 4 || strings.Contains(s, "REDACTED") || strings.HasSuffix(s, "...") || strings.Contains(s, "***")
}

type kingfisherBaseline struct {
	File        string `yaml:"filepath"`
	Fingerprint string
	Line        int `yaml:"linenum"`
}

func kingfisherDecided(list []kingfisherBaseline) []Decided {
	var out []Decided
	for _, x := range list {
		out = append(out, Decided{Tool: "kingfisher", Path: slashed(x.File), Line: x.Line, Source: slashed(x.File) + ":" + strconv.Itoa(x.Line)})
	}
	return out
}

// tags are the comments by which other tools are told to look away. before means that the comment stands on the line before
// what it is about.
var tags = []struct {
	text, tool string
	before     bool
}{
	{"gitleaks:allow", "gitleaks", false},
	{"betterleaks:allow", "betterleaks", false},
	{"pragma: allowlist secret", "detect-secrets", false},
	{"pragma: whitelist secret", "detect-secrets", false},
	{"pragma: allowlist nextline secret", "detect-secrets", true},
	{"pragma: whitelist nextline secret", "detect-secrets", true},
	{"trufflehog:ignore", "trufflehog", false},
	{"kingfisher:ignore", "kingfisher", false},
	{"kingfisher:allow", "kingfisher", false},
	{"ggignore", "ggshield", false},
	{"noseyparker:ignore", "noseyparker", false},
}

// Tag is the inline tag that is about a line of a text, as the tool it speaks to and its words; ok is false where there is none.
// Lines count from 1.
func Tag(lines [][]byte, line int) (tool, tag string, ok bool) {
	at := func(n int) string {
		if n < 1 || n > len(lines) {
			return ""
		}
		return strings.ToLower(string(lines[n-1][:min(len(lines[n-1]), 4096)]))
	}
	for _, t := range tags {
		n := line
		if t.before {
			n--
		}
		if strings.Contains(at(n), t.text) {
			return t.tool, t.text, true
		}
	}
	return "", "", false
}
