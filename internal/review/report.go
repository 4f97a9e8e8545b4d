package review

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"sprawl/finding"
)

// maxReport is the size in bytes up to which a report is read: far beyond what anybody comments on.
const maxReport = 1 << 30

// Report is what is needed of a report in JSON Lines (docs/schema/report.schema.json).
type Report struct {
	AsOf     time.Time
	Scope    finding.KeyScope // whether ids outlast the run
	Findings []Finding        // worst first
	Notices  []Notice
	Failing  int
	Complete bool
}

// Finding is one credential. Its texts come masked, and hold what stands in repositories.
type Finding struct {
	ID         string           `json:"id"`
	Kind       string           `json:"kind"`
	Title      string           `json:"title"`
	Severity   finding.Severity `json:"severity"`
	Redacted   string           `json:"redacted"`
	Why        string           `json:"why"`
	Fix        []string         `json:"fix"`
	Conditions []struct {
		ID      string          `json:"id"`
		Verdict finding.Verdict `json:"verdict"`
		Why     string          `json:"why"`
	} `json:"conditions"`
	Decision *struct {
		Kind  string `json:"kind"`
		Value string `json:"value"`
		By    string `json:"by"`
	} `json:"decision"`
	Locations []Location `json:"locations"`
}

// Location is one place of a credential. Path is empty for what stands in no file.
type Location struct {
	Path    string          `json:"path"`
	Line    int             `json:"line"`
	EndLine int             `json:"end_line"`
	State   finding.State   `json:"state"`
	Commit  string          `json:"commit"`
	Layer   json.RawMessage `json:"layer"`
}

// Notice is a remark on the change itself.
type Notice struct {
	Kind     string           `json:"kind"`
	Severity finding.Severity `json:"severity"`
	Message  string           `json:"message"`
}

// Read reads a report. One without its last line was cut off, and is an error: nothing is concluded from half a report.
func Read(r io.Reader) (*Report, error) {
	d := json.NewDecoder(io.LimitReader(r, maxReport))
	out := &Report{}
	begun, ended := false, false
	for {
		var raw json.RawMessage
		if err := d.Decode(&raw); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("read the report: %w", err)
		}
		var line struct {
			Type, Schema string
			KeyScope     finding.KeyScope `json:"key_scope"`
			AsOf         time.Time        `json:"as_of"`
			Failing      int              `json:"failing"`
			Complete     bool             `json:"complete"`
		}
		if err := json.Unmarshal(raw, &line); err != nil {
			return nil, fmt.Errorf("read the report: %w", err)
		}
		if line.Schema != "sprawl/1" || ended {
			return nil, errors.New("not one report of sprawl in JSON Lines (scan --format jsonl writes one)")
		}
		var err error
		switch line.Type {
		case "header":
			begun, out.Scope, out.AsOf = true, line.KeyScope, line.AsOf
		case "finding":
			var f Finding
			err = json.Unmarshal(raw, &f)
			out.Findings = append(out.Findings, f)
		case "notice":
			var n Notice
			err = json.Unmarshal(raw, &n)
			out.Notices = append(out.Notices, n)
		case "summary":
			ended, out.Failing, out.Complete = true, line.Failing, line.Complete
		}
		if err != nil {
			return nil, fmt.Errorf("read the report: %w", err)
		}
	}
	if !begun || !ended {
		return nil, errors.New("the report is cut off: it has no first or no last line")
	}
	return out, nil
}
