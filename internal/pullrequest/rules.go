package pullrequest

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
	"sprawl/internal/policy"
)

// Workflows is the folder that GitHub reads workflows from.
const Workflows = ".github/workflows"

// MaxWorkflow is the size in bytes up to which a workflow is read.
const MaxWorkflow = 1 << 20

// Kinds of Rule.
const (
	KindPolicy      = "policy-changed"
	KindPermissions = "workflow-permissions"
	KindTrigger     = "workflow-trigger"
	KindGate        = "gate-changed"
)

// Rule is one thing that a change does to the rules it is judged by, or to what its author could do once it is merged.
type Rule struct {
	Kind     string
	Severity finding.Severity
	Path     string
	Line     int // of the new content, 0 for none
	Message  string
}

// File is a file before and after a change. Before holds what each tree had that the change started from, and is empty for a new
// file; After is nil for a removed one.
type File struct {
	Path   string
	Before [][]byte
	After  []byte
}

// changed reports whether the change touched the file at all: what stands in any of the trees before it is not of its making.
func (f File) changed() bool {
	if f.After == nil {
		return len(f.Before) > 0
	}
	return !slices.ContainsFunc(f.Before, func(b []byte) bool { return bytes.Equal(b, f.After) })
}

// Policy says what a change does to the policy.
func Policy(f File) []Rule {
	if !f.changed() {
		return nil
	}
	r := Rule{Kind: KindPolicy, Severity: finding.SevMedium, Path: f.Path, Line: 1}
	const judged = "; the policy of the base judged this change, the new one counts once it is merged"
	var old *policy.Policy
	if len(f.Before) > 0 {
		old, _ = policy.Parse(f.Before[0], f.Path) // a broken one was reported when it was loaded
	}
	if old == nil {
		old = policy.New(nil)
	}
	if f.After == nil {
		r.Line = 0
		r.Message = "removes the policy, with " + amounts(len(old.Baseline), len(old.Marks), len(old.Exceptions)) + judged
		return []Rule{r}
	}
	now, err := policy.Parse(f.After, f.Path)
	if err != nil {
		r.Severity = finding.SevHigh
		r.Message = "leaves a policy that cannot be read: scans will fail once it is merged"
		return []Rule{r}
	}
	var what []string
	note := func(s string, n int) {
		if n > 0 {
			what = append(what, fmt.Sprintf(s, n))
		}
	}
	note("%d more in the baseline", added(now.Baseline, old.Baseline))
	note("%d fewer in the baseline", added(old.Baseline, now.Baseline))
	note("%d more marks", added(now.Marks, old.Marks))
	note("%d fewer marks", added(old.Marks, now.Marks))
	note("%d more exceptions", added(now.Exceptions, old.Exceptions))
	note("%d fewer exceptions", added(old.Exceptions, now.Exceptions))
	if !slices.Equal(now.Exclude, old.Exclude) {
		what = append(what, "other excluded paths")
	}
	if !maps.Equal(now.FailOn, old.FailOn) {
		what = append(what, "other thresholds in fail-on")
	}
	if !bytes.Equal(now.Salt, old.Salt) {
		if old.Salt != nil {
			r.Severity = finding.SevHigh
			what = append(what, "another salt, by which every entry made so far is void")
		} else {
			what = append(what, "a salt")
		}
	}
	r.Message = "edits the policy"
	if len(what) > 0 {
		r.Message += " (" + strings.Join(what, ", ") + ")"
	}
	r.Message += judged
	return []Rule{r}
}

func amounts(baseline, marks, exceptions int) string {
	return fmt.Sprintf("%d in the baseline, %d marks, %d exceptions", baseline, marks, exceptions)
}

func added[V any](now, old map[string]V) int {
	n := 0
	for k := range now {
		if _, ok := old[k]; !ok {
			n++
		}
	}
	return n
}

// Workflow says what a change does to a workflow that gives its author, or anybody who can start it, more than before.
func Workflow(f File) []Rule {
	if !f.changed() {
		return nil
	}
	var out []Rule
	add := func(kind string, sev finding.Severity, line int, format string, args ...any) {
		out = append(out, Rule{kind, sev, f.Path, line, fmt.Sprintf(format, args...)})
	}
	old := workflow{granted: map[string]map[string]string{}, triggers: map[string]int{}}
	known := len(f.Before) > 0
	gate := false
	for _, b := range f.Before {
		w, err := readWorkflow(b)
		if err != nil {
			continue
		}
		gate = gate || w.gate
		for job, scopes := range w.granted {
			if old.granted[job] == nil {
				old.granted[job] = map[string]string{}
			}
			for s, l := range scopes {
				if level(l) > level(old.granted[job][s]) {
					old.granted[job][s] = l
				}
			}
		}
		maps.Copy(old.triggers, w.triggers)
	}
	if f.After == nil {
		if gate {
			add(KindGate, finding.SevHigh, 0, "removes a workflow that runs sprawl")
		}
		return out
	}
	now, err := readWorkflow(f.After)
	if err != nil {
		if gate {
			add(KindGate, finding.SevHigh, 1, "leaves a workflow that cannot be read, which used to run sprawl")
		}
		return out
	}
	if gate && !now.gate {
		add(KindGate, finding.SevHigh, 1, "changes a workflow so that it no longer runs sprawl")
	}
	for _, job := range slices.Sorted(maps.Keys(now.granted)) {
		where, line := "the workflow", now.lines[job]
		if job != "" {
			where = "job " + plain(job)
		}
		before, had := old.granted[job]
		if !had {
			before = old.granted[""] // a job without permissions has the workflow's
		}
		var wider []string
		for _, scope := range slices.Sorted(maps.Keys(now.granted[job])) {
			l := now.granted[job][scope]
			was := before[scope]
			if all := before[every]; level(all) > level(was) {
				was = all
			}
			if level(l) > level(was) && level(l) >= level("write") {
				name := every
				if scope != every {
					name = plain(scope)
				}
				wider = append(wider, name+": "+plain(l))
			}
		}
		if len(wider) > 0 {
			add(KindPermissions, finding.SevMedium, line, "gives %s the permissions %s", where, strings.Join(wider, ", "))
		}
	}
	if _, had := old.granted[""]; known && had {
		if _, has := now.granted[""]; !has {
			add(KindPermissions, finding.SevMedium, 1, "takes the permissions block away from the workflow: its token gets the repository's default, which may be to write")
		}
	}
	for _, t := range slices.Sorted(maps.Keys(now.triggers)) {
		if _, had := old.triggers[t]; !had && (t == "pull_request_target" || t == "workflow_run" || t == "issue_comment") {
			add(KindTrigger, finding.SevHigh, now.triggers[t], "starts the workflow on %s: then it runs with secrets and a token that writes, for changes by anybody", t)
		}
	}
	return out
}

// every stands for all scopes: write-all, read-all.
const every = "all scopes"

func level(l string) int {
	switch l {
	case "read":
		return 1
	case "write":
		return 2
	}
	return 0
}

// workflow is what of a workflow decides what it may do. Jobs are keys; "" is the workflow itself.
type workflow struct {
	granted  map[string]map[string]string
	lines    map[string]int
	triggers map[string]int // lines
	gate     bool           // a step runs sprawl
}

func readWorkflow(data []byte) (workflow, error) {
	w := workflow{granted: map[string]map[string]string{}, lines: map[string]int{}, triggers: map[string]int{}}
	if len(data) > MaxWorkflow {
		return w, fmt.Errorf("a workflow of %d bytes", len(data))
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return w, fmt.Errorf("a workflow that is not YAML: %w", err)
	}
	if len(doc.Content) == 0 {
		return w, nil
	}
	top := follow(doc.Content[0])
	w.permissions("", child(top, "permissions"))
	on := child(top, "on")
	if on != nil {
		switch on.Kind {
		case yaml.ScalarNode:
			w.triggers[on.Value] = on.Line
		case yaml.SequenceNode:
			for _, n := range on.Content {
				w.triggers[follow(n).Value] = n.Line
			}
		case yaml.MappingNode:
			for i := 0; i+1 < len(on.Content); i += 2 {
				w.triggers[on.Content[i].Value] = on.Content[i].Line
			}
		}
	}
	jobs := child(top, "jobs")
	if jobs == nil || jobs.Kind != yaml.MappingNode {
		return w, nil
	}
	for i := 0; i+1 < len(jobs.Content); i += 2 {
		job := follow(jobs.Content[i+1])
		w.permissions(jobs.Content[i].Value, child(job, "permissions"))
		steps := child(job, "steps")
		if steps == nil || steps.Kind != yaml.SequenceNode {
			continue
		}
		for _, s := range steps.Content {
			s = follow(s)
			uses, run := child(s, "uses"), child(s, "run")
			w.gate = w.gate || runsSprawl(uses) || runsSprawl(run)
		}
	}
	return w, nil
}

func runsSprawl(n *yaml.Node) bool {
	if n == nil {
		return false
	}
	for _, word := range strings.FieldsFunc(n.Value, func(r rune) bool { return strings.ContainsRune(" \t\n/@;&|()\"'", r) }) {
		if word == "sprawl" || word == "sprawl.exe" {
			return true
		}
	}
	return false
}

func (w *workflow) permissions(job string, n *yaml.Node) {
	if n == nil {
		return
	}
	granted := map[string]string{}
	switch n.Kind {
	case yaml.ScalarNode:
		switch n.Value {
		case "write-all":
			granted[every] = "write"
		case "read-all":
			granted[every] = "read"
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			granted[n.Content[i].Value] = follow(n.Content[i+1]).Value
		}
	}
	w.granted[job], w.lines[job] = granted, n.Line
}

// follow goes to what an alias stands for. An alias never stands for an alias.
func follow(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

// child is the value of a key, nil where there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return follow(n.Content[i+1])
		}
	}
	return nil
}
