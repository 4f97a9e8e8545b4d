package report

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"sprawl/finding"
)

// GitLab's reports (docs.gitlab.com, "Security scanner integration" and "Code Quality"). Both leave out what a decision covers:
// neither has a way to say that somebody accepted it.

// gitlabSchema is the version of the security report schemas that the report declares and GitLab validates by.
const gitlabSchema = "15.2.0"

// nameMax is how many characters GitLab's schema allows for a vulnerability's name.
const nameMax = 255

// gitlabReport writes gl-secret-detection-report.json: a vulnerability for each credential and path family.
type gitlabReport struct {
	w       *bufio.Writer
	h       finding.Header
	written int
	cut     int
	seen    map[string]int
}

func newGitLab(w io.Writer, _ Options) Reporter {
	return &gitlabReport{w: bufio.NewWriterSize(w, 64<<10), seen: map[string]int{}}
}

type gitlabIdentifier struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	Value string `json:"value"`
	URL   string `json:"url,omitempty"`
}

type gitlabCommit struct {
	SHA    string `json:"sha"`
	Author string `json:"author,omitempty"`
	Date   string `json:"date,omitempty"`
}

type gitlabLocation struct {
	File      string       `json:"file,omitempty"`
	StartLine int          `json:"start_line,omitempty"`
	EndLine   int          `json:"end_line,omitempty"`
	Commit    gitlabCommit `json:"commit"`
}

type gitlabLink struct {
	URL string `json:"url"`
}

type gitlabVulnerability struct {
	ID          string             `json:"id"`
	Category    string             `json:"category"`
	Name        string             `json:"name"`
	Description string             `json:"description"`
	Severity    string             `json:"severity"`
	Solution    string             `json:"solution,omitempty"`
	Identifiers []gitlabIdentifier `json:"identifiers"`
	Links       []gitlabLink       `json:"links,omitempty"`
	Location    gitlabLocation     `json:"location"`
}

type gitlabTool struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Version string `json:"version"`
	Vendor  struct {
		Name string `json:"name"`
	} `json:"vendor"`
}

type gitlabMessage struct {
	Level string `json:"level"`
	Value string `json:"value"`
}

func (r *gitlabReport) Begin(h finding.Header) error {
	r.h = h
	_, err := fmt.Fprintf(r.w, "{\"version\":%q,\"vulnerabilities\":[", gitlabSchema)
	return err
}

// maxVulnerabilities keeps a report within what GitLab takes in one file.
const maxVulnerabilities = 10000

func (r *gitlabReport) Item(it finding.Item) error {
	c := it.Credential
	if c == nil || c.Decision != nil {
		return nil
	}
	families, _ := pathFamilies(c)
	for _, f := range families {
		if r.written == maxVulnerabilities {
			r.cut++
			continue
		}
		b, err := marshal(r.vulnerability(c, f))
		if err != nil {
			return err
		}
		comma := ",\n"
		if r.written == 0 {
			comma = "\n"
		}
		r.written++
		if _, err := r.w.WriteString(comma + string(b)); err != nil {
			return err
		}
	}
	return nil
}

func (r *gitlabReport) vulnerability(c *finding.Credential, f family) gitlabVulnerability {
	s := familyFace(c, f)
	title := cutEnd(Visible(cmp.Or(c.Title, c.Kind)), nameMax-1)
	v := gitlabVulnerability{
		ID: uuid(unique(r.seen, familyPrint(c, f))), Category: "secret_detection", Name: title, Severity: gitlabSeverity(c.Severity),
		Description: gitlabText(headline(c, r.h.AsOf)) + ". " + gitlabText(count(int64(len(c.Sightings)), "place", "places")+" in all: sprawl show "+finding.ShortID(c.ID)),
		Solution:    cutEnd(gitlabText(strings.Join(c.Fix, ". ")), 7000),
		Identifiers: []gitlabIdentifier{
			{Type: "sprawl_kind", Name: "sprawl " + Visible(c.Kind), Value: c.Kind},
			{Type: "cwe", Name: "CWE-798", Value: "798", URL: "https://cwe.mitre.org/data/definitions/798.html"},
		},
	}
	if u := webURL(c.Docs); u != "" {
		v.Links = []gitlabLink{{u}}
	}
	at := span(s)
	v.Location = gitlabLocation{File: Visible(s.Where.Path), StartLine: at.Line, EndLine: max(at.EndLine, at.Line)}
	if v.Location.File == "" {
		v.Location.File, v.Location.StartLine, v.Location.EndLine = Visible(placeWords(&s.Where, finding.Span{})), 0, 0
	}
	v.Location.Commit.SHA = "0000000" // what GitLab's own analyzer writes where there is no commit
	if a := s.Where.Added; a != nil && a.Commit != "" {
		v.Location.Commit = gitlabCommit{SHA: a.Commit, Author: Visible(a.Author)}
		if !a.When.IsZero() {
			v.Location.Commit.Date = a.When.UTC().Format("2006-01-02T15:04:05Z")
		}
	}
	return v
}

func (r *gitlabReport) End(s finding.Summary) error {
	tool := gitlabTool{ID: "sprawl", Name: "sprawl", Version: cmp.Or(r.h.Version, "unknown")}
	tool.Vendor.Name = "sprawl"
	const layout = "2006-01-02T15:04:05"
	scan := struct {
		Analyzer  gitlabTool      `json:"analyzer"`
		Scanner   gitlabTool      `json:"scanner"`
		Type      string          `json:"type"`
		StartTime string          `json:"start_time"`
		EndTime   string          `json:"end_time"`
		Status    string          `json:"status"`
		Messages  []gitlabMessage `json:"messages,omitempty"`
	}{tool, tool, "secret_detection", r.h.AsOf.UTC().Format(layout), r.h.AsOf.Add(s.Elapsed).UTC().Format(layout), "success", nil}
	if what, next := skipped(&s.Coverage, true); len(what) > 0 {
		scan.Status = "failure"
		text := "not everything that was asked for was read: " + strings.Join(what, ", ")
		if next != "" {
			text += "; " + next
		}
		scan.Messages = append(scan.Messages, gitlabMessage{"warn", text})
	}
	if r.cut > 0 {
		scan.Messages = append(scan.Messages, gitlabMessage{"warn", fmt.Sprintf("%d places of less weight were left out", r.cut)})
	}
	b, err := marshal(scan)
	if err != nil {
		return err
	}
	if _, err := r.w.WriteString("],\n\"scan\":" + string(b) + "}\n"); err != nil {
		return err
	}
	return r.w.Flush()
}

// codeQuality writes gl-code-quality-report.json: an issue for each credential and path family that has a path.
type codeQuality struct {
	w       *bufio.Writer
	h       finding.Header
	written int
	seen    map[string]int
}

func newCodeQuality(w io.Writer, _ Options) Reporter {
	return &codeQuality{w: bufio.NewWriterSize(w, 64<<10), seen: map[string]int{}}
}

func (r *codeQuality) Begin(h finding.Header) error {
	r.h = h
	return r.w.WriteByte('[')
}

func (r *codeQuality) Item(it finding.Item) error {
	c := it.Credential
	if c == nil || c.Decision != nil {
		return nil
	}
	families, _ := pathFamilies(c)
	for _, f := range families {
		s := familyFace(c, f)
		if s.Where.Path == "" || r.written == maxVulnerabilities {
			continue
		}
		issue := struct {
			Description string `json:"description"`
			Check       string `json:"check_name"`
			Fingerprint string `json:"fingerprint"`
			Severity    string `json:"severity"`
			Location    struct {
				Path  string `json:"path"`
				Lines struct {
					Begin int `json:"begin"`
				} `json:"lines"`
			} `json:"location"`
		}{Description: Visible(headline(c, r.h.AsOf)), Check: c.Kind, Fingerprint: unique(r.seen, familyPrint(c, f)), Severity: qualitySeverity(c.Severity)}
		issue.Location.Path, issue.Location.Lines.Begin = Visible(s.Where.Path), max(span(s).Line, 1)
		b, err := marshal(issue)
		if err != nil {
			return err
		}
		comma := ",\n"
		if r.written == 0 {
			comma = "\n"
		}
		r.written++
		if _, err := r.w.WriteString(comma + string(b)); err != nil {
			return err
		}
	}
	return nil
}

// End says of an incomplete scan that it is: the format has no other place for it.
func (r *codeQuality) End(s finding.Summary) error {
	if what, _ := skipped(&s.Coverage, true); len(what) > 0 {
		text := "sprawl: not everything that was asked for was read: " + strings.Join(what, ", ")
		b, err := marshal(map[string]any{
			"description": text, "check_name": "incomplete", "fingerprint": hash("incomplete", text), "severity": "major",
			"location": map[string]any{"path": ".", "lines": map[string]int{"begin": 1}},
		})
		if err != nil {
			return err
		}
		if r.written > 0 {
			_ = r.w.WriteByte(',')
		}
		_, _ = r.w.WriteString("\n" + string(b))
	}
	_, _ = r.w.WriteString("]\n")
	return r.w.Flush()
}

// familyFace is the sighting that stands for a family: the one whose state matters most.
func familyFace(c *finding.Credential, f family) *finding.Sighting {
	best := f[0]
	for _, i := range f[1:] {
		if stateRank(c.Sightings[i].Where.State) < stateRank(c.Sightings[best].Where.State) {
			best = i
		}
	}
	return &c.Sightings[best]
}

// familyPrint names a credential in a file for good where the policy has a salt. Without one there is no name of a value that
// gives nothing away and outlasts a run: then it is the kind and the place.
func familyPrint(c *finding.Credential, f family) string {
	for _, i := range f {
		if p := c.Sightings[i].Print; p != "" {
			return p
		}
	}
	s := familyFace(c, f)
	commit := ""
	if s.Where.Path == "" && s.Where.Added != nil {
		commit = s.Where.Added.Commit
	}
	return hash(c.Kind, s.Where.Target, s.Where.Path, commit, fmt.Sprint(span(s).Line), fmt.Sprint(span(s).Column))
}

func hash(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		_, _ = fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// unique keeps fingerprints apart that would be the same: the second one of a name gets a number.
func unique(seen map[string]int, print string) string {
	seen[print]++
	if n := seen[print]; n > 1 {
		return hash(print, fmt.Sprint(n))
	}
	return print
}

// uuid gives a fingerprint the form that GitLab recommends for ids.
func uuid(print string) string {
	h := print
	if len(h) != 32 || strings.Trim(h, "0123456789abcdef") != "" {
		h = hash(print)
	}
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func gitlabSeverity(s finding.Severity) string {
	switch s {
	case finding.SevCritical:
		return "Critical"
	case finding.SevHigh:
		return "High"
	case finding.SevMedium:
		return "Medium"
	case finding.SevLow:
		return "Low"
	case finding.SevInfo:
		return "Info"
	}
	return "Unknown"
}

func qualitySeverity(s finding.Severity) string {
	switch s {
	case finding.SevCritical:
		return "blocker"
	case finding.SevHigh:
		return "critical"
	case finding.SevMedium:
		return "major"
	case finding.SevLow:
		return "minor"
	}
	return "info"
}

// gitlabText is text that GitLab reads as Markdown.
func gitlabText(s string) string { return markdownText(s) }
