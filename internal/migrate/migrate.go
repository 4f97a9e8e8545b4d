// Package migrate reads what other scanners' users have written down: rules, and decisions about findings.
//
// Rules of gitleaks and betterleaks (TOML) and of kingfisher, noseyparker and titus (YAML) come out as rows of .sprawl.yaml
// (policy.Detector), each with texts it was tried on, beside a list of what could not be taken over and why. Baselines, ignore
// files and inline tags come out as Decided: where somebody decided something, and the value or its hash if the file has it.
//
// It opens no file, runs no expression of a rule file, and no message quotes a value: people keep real ones in examples.
package migrate

import (
	"bytes"
	"encoding/json"
	"errors"
	"path"
	"strings"

	"sprawl/internal/policy"
)

// Limits on what is read.
const (
	MaxSize  = 64 << 20 // bytes of a file
	maxRules = 10000    // of a file
)

// Rules is a rule file as read.
type Rules struct {
	Tool  string // gitleaks, betterleaks, kingfisher, noseyparker, titus
	Total int    // rules in the file
	Rows  []policy.Detector
	Left  []Remark // rules that do not load, in the order of the file
	Notes []Remark // what rules that load leave behind
}

// Remark is something about one rule; ID is the file's own, "" for the file as a whole.
type Remark struct{ ID, Why string }

func (r *Rules) leave(id, why string) { r.Left = append(r.Left, Remark{id, why}) }
func (r *Rules) note(id, why string)  { r.Notes = append(r.Notes, Remark{id, why}) }

// ErrUnknown says that a file is of no format that is read here.
var ErrUnknown = errors.New("not a rule file, baseline or ignore file that is known")

// File is what a file turned out to be: one of the two is set.
type File struct {
	Format  string // in words, for messages
	Rules   *Rules
	Decided []Decided
}

// Read finds out what a file is, by its name and what it begins with, and reads it. The error is ErrUnknown, or says where the
// file cannot be parsed.
func Read(name string, data []byte) (File, error) {
	if len(data) > MaxSize {
		return File{}, errors.New("larger than 64 MiB")
	}
	base := strings.ToLower(path.Base(strings.ReplaceAll(name, `\`, "/")))
	text := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")), " \t\r\n")
	switch {
	case strings.HasSuffix(base, ".gitleaksignore") || strings.HasSuffix(base, ".betterleaksignore"):
		return File{Format: "gitleaks ignore file", Decided: readIgnore(data)}, nil
	case strings.HasSuffix(base, ".toml"):
		r, err := readTOML(data)
		return File{Format: "rules", Rules: r}, err
	case len(text) > 0 && (text[0] == '[' || text[0] == '{') && json.Valid(text):
		return readJSON(text)
	case strings.HasSuffix(base, ".yml") || strings.HasSuffix(base, ".yaml"):
		return readYAML(data)
	}
	return File{}, ErrUnknown
}

// Add takes another file's rules of the same tool in.
func (r *Rules) Add(o *Rules) {
	r.Total += o.Total
	r.Rows = append(r.Rows, o.Rows...)
	r.Left = append(r.Left, o.Left...)
	r.Notes = append(r.Notes, o.Notes...)
}
