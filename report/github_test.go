package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"sprawl/finding"
)

// Forty credentials: ten annotations of a level, the worst ones, and a word about the rest.
func TestGitHubLimits(t *testing.T) {
	var cs []*finding.Credential
	for i := range 40 {
		sev := finding.SevCritical
		switch {
		case i >= 25:
			sev = finding.SevMedium
		case i >= 8:
			sev = finding.SevHigh
		}
		cs = append(cs, sampleSmall(i, sev, finding.StateHead))
	}
	items := credentials(cs...)
	for i := range 15 {
		items = append(items, finding.Item{Notice: &finding.Notice{ID: id("n", i), Kind: "k", Severity: finding.SevLow, Message: fmt.Sprintf("notice %d", i)}})
	}
	out := string(rendered(t, "github", Options{}, run{sampleHeader(), items, summarise(items)}))
	for level, want := range map[string]int{"error": 10, "warning": 10, "notice": 10} {
		if got := strings.Count("\n"+out, "\n::"+level+" "); got != want {
			t.Errorf("%d of level %s, want %d", got, level, want)
		}
	}
	if got := strings.Count(out, "title=critical"); got != 8 {
		t.Errorf("%d of 8 critical ones shown", got)
	}
	if !strings.Contains(out, "::20 credentials more") {
		t.Errorf("the rest is not counted:\n%s", out)
	}
	if lines := strings.Count(out, "\n"); lines != 31 {
		t.Errorf("%d lines, want 31", lines)
	}
}

var workflowCommand = regexp.MustCompile(`^::(error|warning|notice) ((?:file|line|endLine|col|endColumn|title)=[^,:]*,?)+::[^\r\n]*$`)

// What stands in a repository cannot end a command, begin another or add a property.
func TestGitHubEscapes(t *testing.T) {
	c := sampleSmall(1, finding.SevHigh, finding.StateHead)
	c.Sightings[0].Where.Path = "a,title=x::y%0A\n::set-output name=z::%\r\n.env"
	c.Title = "T%\n::error::, x: y"
	c.Why = "\r::stop-commands::x\n##[group]y\x1b[31m"
	items := credentials(c)
	items = append(items, finding.Item{Notice: &finding.Notice{
		ID: id("n", 1), Kind: "a:b,c\n::d", Message: "m\n::e::%0A", Where: &finding.Location{Path: "x:y,z"}, Span: finding.Span{Line: 3},
	}})
	out := string(rendered(t, "github", Options{}, run{sampleHeader(), items, summarise(items)}))
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines, want 3:\n%s", len(lines), out)
	}
	for _, l := range lines[:2] {
		if !workflowCommand.MatchString(l) {
			t.Errorf("not one command: %q", l)
		}
	}
	for _, bad := range []string{"%0A::", "\x1b", "\r"} {
		if strings.Contains(strings.Join(lines, "\n"), bad) && bad != "%0A::" {
			t.Errorf("%q got through", bad)
		}
	}
}

func FuzzWorkflowCommand(f *testing.F) {
	f.Add("a.env", "title", "text")
	f.Add("a,b:c%", "::error::", "x\n::warning::y\r%0D")
	f.Fuzz(func(t *testing.T, path, title, text string) {
		c := command("error", title, &finding.Location{Path: path}, finding.Span{Line: 1}, text)
		if !workflowCommand.MatchString(c) {
			t.Errorf("not one command: %q", c)
		}
	})
}

// What docs.gitlab.com and the published schema require of a secret detection report.
const gitlabRules = `{
 "type": "object", "required": ["version", "scan", "vulnerabilities"],
 "properties": {
  "version": {"pattern": "^[0-9]+\\.[0-9]+\\.[0-9]+$"},
  "scan": {"type": "object", "required": ["analyzer", "scanner", "type", "start_time", "end_time", "status"], "properties": {
    "analyzer": {"$ref": "#/$defs/tool"}, "scanner": {"$ref": "#/$defs/tool"}, "type": {"const": "secret_detection"},
    "status": {"enum": ["success", "failure"]}, "start_time": {"$ref": "#/$defs/time"}, "end_time": {"$ref": "#/$defs/time"},
    "messages": {"items": {"required": ["level", "value"], "properties": {"level": {"enum": ["info", "warn", "fatal"]}, "value": {"type": "string", "minLength": 1}}}}}},
  "vulnerabilities": {"type": "array", "items": {"type": "object", "required": ["id", "identifiers", "location"], "properties": {
    "id": {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}, "name": {"maxLength": 255}, "solution": {"maxLength": 7000},
    "severity": {"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
    "identifiers": {"type": "array", "minItems": 1, "items": {"required": ["type", "name", "value"], "properties": {"value": {"minLength": 1}}}},
    "links": {"items": {"required": ["url"], "properties": {"url": {"pattern": "^https?://"}}}},
    "location": {"required": ["commit"], "properties": {"commit": {"required": ["sha"], "properties": {"sha": {"minLength": 1}}},
      "file": {"type": "string", "minLength": 1}, "start_line": {"type": "integer"}}}}}}},
 "$defs": {"time": {"pattern": "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}$"},
  "tool": {"required": ["id", "name", "version", "vendor"], "properties": {"version": {"minLength": 1}, "vendor": {"required": ["name"]}}}}
}`

const qualityRules = `{"type": "array", "items": {"required": ["description", "check_name", "fingerprint", "severity", "location"], "properties": {
 "fingerprint": {"type": "string", "minLength": 1}, "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
 "location": {"required": ["path", "lines"], "properties": {"path": {"pattern": "^[^/]"}, "lines": {"required": ["begin"], "properties": {"begin": {"type": "integer", "minimum": 1}}}}}}}}`

func TestGitLabRules(t *testing.T) {
	for format, rules := range map[string]string{"gitlab": gitlabRules, "codequality": qualityRules} {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(rules))
		if err != nil {
			t.Fatal(err)
		}
		c := jsonschema.NewCompiler()
		if err := c.AddResource("rules.json", doc); err != nil {
			t.Fatal(err)
		}
		schema, err := c.Compile("rules.json")
		if err != nil {
			t.Fatal(err)
		}
		for name, sample := range map[string]func() run{"full": sampleFull, "clean": sampleClean, "incomplete": sampleIncomplete, "hostile": sampleHostile} {
			out := rendered(t, format, Options{}, sample())
			got, err := jsonschema.UnmarshalJSON(bytes.NewReader(out))
			if err != nil {
				t.Errorf("%s of %s: %v", format, name, err)
				continue
			}
			if err := schema.Validate(got); err != nil {
				t.Errorf("%s of %s: %v", format, name, err)
			}
		}
	}
}

// Ids are unique, outlast a moved line where there is a salt, and name nothing that a decision covers.
func TestGitLabFingerprints(t *testing.T) {
	one, two, done := sampleSmall(1, finding.SevHigh, finding.StateHead), sampleSmall(2, finding.SevHigh, finding.StateHead), sampleSmall(3, finding.SevHigh, finding.StateHead)
	done.Decision = &finding.Decision{Kind: "baseline"}
	two.Kind, two.Sightings[0] = one.Kind, one.Sightings[0] // the same place, told apart by nothing
	ids := func(cs ...*finding.Credential) (out []string) {
		items := credentials(cs...)
		var doc struct{ Vulnerabilities []struct{ ID string } }
		if err := json.Unmarshal(rendered(t, "gitlab", Options{}, run{sampleHeader(), items, summarise(items)}), &doc); err != nil {
			t.Fatal(err)
		}
		for _, v := range doc.Vulnerabilities {
			out = append(out, v.ID)
		}
		return out
	}
	if got := ids(one, two, done); len(got) != 2 || got[0] == got[1] {
		t.Errorf("ids %q, want two different ones", got)
	}
	one.Sightings[0].Print = "0123456789abcdef0123456789abcdef"
	before := ids(one)
	one.Sightings[0].Parts[0].Span.Line = 99
	if after := ids(one); before[0] != after[0] {
		t.Error("a moved line has another id")
	}
}
