package policy

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"go.yaml.in/yaml/v4"

	"sprawl/finding"
)

// Where says which places or credentials a rule is about. Every list that is given must have an entry that fits; a rule has at
// least one. Paths, targets, hosts and names are globs (doublestar), accounts and kinds are compared as they are.
type Where struct {
	Paths, Targets, Branches, Names, Hosts, Accounts, Kinds []string
}

// Subject is what a Where is compared with. Fields that are not known are empty and fit no list.
type Subject struct {
	Path, Target, Name, Kind  string
	Branches, Hosts, Accounts []string
}

// Covers reports whether the rule is about the subject.
func (w Where) Covers(s Subject) bool {
	given := false
	for _, x := range []struct {
		globs, have []string
		exact       bool
	}{
		{w.Paths, []string{s.Path}, false}, {w.Targets, []string{s.Target}, false}, {w.Branches, s.Branches, false}, {w.Names, []string{s.Name}, false},
		{w.Hosts, s.Hosts, false}, {w.Accounts, s.Accounts, true}, {w.Kinds, []string{s.Kind}, true},
	} {
		if len(x.globs) == 0 {
			continue
		}
		given = true
		if !slices.ContainsFunc(x.have, func(v string) bool {
			return v != "" && slices.ContainsFunc(x.globs, func(g string) bool {
				return g == v || !x.exact && doublestar.MatchUnvalidated(g, v)
			})
		}) {
			return false
		}
	}
	return given
}

// Whole reports whether the rule is about credentials as such and not about places: it can be asked without one.
func (w Where) Whole() bool {
	return len(w.Paths) == 0 && len(w.Targets) == 0 && len(w.Branches) == 0 && len(w.Names) == 0 && len(w.Hosts) == 0
}

// Environment is a rule that names an environment. The first that covers a place decides, before every other evidence.
type Environment struct {
	Name  string
	Class finding.EnvClass
	Where
}

// Owner is a rule that names an owner. The first that covers a place decides.
type Owner struct {
	Owner string
	Team  bool // a group does not leave; a name with a slash is one unless the file says otherwise
	Where
}

// Integration is a third party in the register. Days are midnight UTC, zero where not given.
type Integration struct {
	Vendor, Owner, Contract string
	Reviewed, NextReview    time.Time
	Match                   []string // names by which it shows itself: "owner/action", an application, a host
}

// Escalation says to whom what an owner leaves open for longer than After goes. Owner "*" stands for everybody, and for nobody.
type Escalation struct {
	Owner, To string
	After     time.Duration
}

// Threshold is a number of the user's own. Kind is empty for every kind.
type Threshold struct {
	Test, Kind      string
	Max             time.Duration
	Source, Version string // who says so
}

// Tests of a threshold.
const (
	TestAge       = "age"
	TestLifetime  = "lifetime"
	TestUnused    = "unused"
	TestReview    = "review"
	TestException = "exception"
)

func tests() []string { return []string{TestAge, TestLifetime, TestUnused, TestReview, TestException} }

// Escalate is the first rule for an owner.
func (p *Policy) Escalate(owner string) (Escalation, bool) {
	for _, e := range p.Escalation {
		if e.Owner == "*" || strings.EqualFold(e.Owner, owner) {
			return e, true
		}
	}
	return Escalation{}, false
}

// wheres are the keys of a Where.
func (f *file) wheres(w *Where) []field {
	globs := func(to *[]string, what string, glob bool) func(*yaml.Node) error {
		return func(n *yaml.Node) (err error) { *to, err = f.words(n, what, glob); return err }
	}
	return []field{
		{key: "paths", read: func(n *yaml.Node) (err error) { w.Paths, err = f.exclude(n); return err }},
		{key: "targets", read: globs(&w.Targets, "targets", true)},
		{key: "branches", read: globs(&w.Branches, "branches", true)},
		{key: "names", read: globs(&w.Names, "names", true)},
		{key: "hosts", read: globs(&w.Hosts, "hosts", true)},
		{key: "accounts", read: globs(&w.Accounts, "accounts", false)},
		{key: "kinds", read: globs(&w.Kinds, "kinds", false)},
	}
}

func (w Where) empty() bool { return w.Whole() && len(w.Accounts) == 0 && len(w.Kinds) == 0 }

// words is a list of texts.
func (f *file) words(n *yaml.Node, what string, glob bool) ([]string, error) {
	if null(n) {
		return nil, nil
	}
	if n.Kind != yaml.SequenceNode {
		return nil, f.fail(n, "write one `- word` line for each", "%s is a list", what)
	}
	var out []string
	for _, item := range n.Content {
		s, err := f.text(item, "an entry of "+what)
		if err != nil {
			return nil, err
		}
		if glob && !doublestar.ValidatePattern(s) {
			return nil, f.fail(item, "check brackets and braces", "not a valid glob")
		}
		out = append(out, s)
	}
	return out, nil
}

// rules reads a list of mappings.
func rules[T any](f *file, n *yaml.Node, what string, read func(*yaml.Node) (T, error)) ([]T, error) {
	if null(n) {
		return nil, nil
	}
	if n.Kind != yaml.SequenceNode {
		return nil, f.fail(n, "write one `- key: value` entry for each", "%s is a list", what)
	}
	var out []T
	for _, item := range n.Content {
		v, err := read(item)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func (f *file) environments(n *yaml.Node) ([]Environment, error) {
	return rules(f, n, "environments", func(n *yaml.Node) (Environment, error) {
		var e Environment
		err := f.mapping(n, "an environment", append([]field{
			{key: "name", need: true, read: f.readText(&e.Name, "a name")},
			{key: "class", need: true, read: func(n *yaml.Node) (err error) {
				e.Class, err = oneOf(f, n, []finding.EnvClass{finding.EnvProd, finding.EnvNonprod, finding.EnvVendor})
				return err
			}},
		}, f.wheres(&e.Where)...))
		if err == nil && e.Where.empty() {
			err = f.fail(n, "add paths, targets, branches, names, hosts, accounts or kinds", "an environment that covers nothing")
		}
		return e, err
	})
}

func (f *file) owners(n *yaml.Node) ([]Owner, error) {
	return rules(f, n, "owners", func(n *yaml.Node) (Owner, error) {
		var o Owner
		said := false
		err := f.mapping(n, "an owner", append([]field{
			{key: "owner", need: true, read: f.readText(&o.Owner, "an owner")},
			{key: "team", read: func(n *yaml.Node) (err error) { said = true; o.Team, err = f.flag(n); return err }},
		}, f.wheres(&o.Where)...))
		if err == nil && o.Where.empty() {
			err = f.fail(n, "add paths, targets, branches, names, hosts, accounts or kinds", "an owner of nothing")
		}
		if !said {
			o.Team = strings.Contains(o.Owner, "/")
		}
		return o, err
	})
}

func (f *file) integrations(n *yaml.Node) ([]Integration, error) {
	return rules(f, n, "integrations", func(n *yaml.Node) (Integration, error) {
		var i Integration
		err := f.mapping(n, "an integration", []field{
			{key: "vendor", need: true, read: f.readText(&i.Vendor, "a vendor")},
			{key: "owner", read: f.readText(&i.Owner, "an owner")},
			{key: "contract", read: f.readText(&i.Contract, "a contract")},
			{key: "reviewed", read: f.readDay(&i.Reviewed)},
			{key: "next-review", read: f.readDay(&i.NextReview)},
			{key: "match", read: func(n *yaml.Node) (err error) { i.Match, err = f.words(n, "match", false); return err }},
		})
		if err == nil && !i.NextReview.IsZero() && i.NextReview.Before(i.Reviewed) {
			err = f.fail(n, "", "an integration whose next review lies before the last")
		}
		return i, err
	})
}

func (f *file) escalation(n *yaml.Node) ([]Escalation, error) {
	return rules(f, n, "escalation", func(n *yaml.Node) (Escalation, error) {
		e := Escalation{Owner: "*"}
		err := f.mapping(n, "an escalation", []field{
			{key: "owner", read: f.readText(&e.Owner, "an owner")},
			{key: "to", need: true, read: f.readText(&e.To, "an address")},
			{key: "after", need: true, read: func(n *yaml.Node) (err error) { e.After, err = f.duration(n); return err }},
		})
		return e, err
	})
}

// thresholds is a mapping of tests, each to a mapping from kind, or default, to a number.
func (f *file) thresholds(n *yaml.Node) ([]Threshold, error) {
	if null(n) {
		return nil, nil
	}
	var out []Threshold
	var fields []field
	for _, test := range tests() {
		fields = append(fields, field{key: test, read: func(n *yaml.Node) error {
			if null(n) {
				return nil
			}
			if n.Kind != yaml.MappingNode {
				return f.fail(n, "write `default: 90d`, or a kind and its number", "%s is a mapping from kind to number", test)
			}
			for i := 0; i+1 < len(n.Content); i += 2 {
				key, value := n.Content[i], n.Content[i+1]
				t := Threshold{Test: test, Kind: key.Value}
				if t.Kind == "default" {
					t.Kind = ""
				} else if !validKind(t.Kind) {
					return f.fail(key, "write a kind as in `aws-access-key`, or `default`", "not a kind")
				}
				err := f.number(value, &t)
				if err != nil {
					return err
				}
				out = append(out, t)
			}
			return nil
		}})
	}
	return out, f.mapping(n, "thresholds", fields)
}

func (f *file) number(n *yaml.Node, t *Threshold) (err error) {
	if n.Kind != yaml.MappingNode {
		t.Max, err = f.duration(n)
		return err
	}
	return f.mapping(n, "a threshold", []field{
		{key: "max", need: true, read: func(n *yaml.Node) (err error) { t.Max, err = f.duration(n); return err }},
		{key: "source", read: f.readText(&t.Source, "a source")},
		{key: "version", read: f.readText(&t.Version, "a version")},
	})
}

// duration is a whole number of days, weeks, hours or years: 90d, 12w, 8h, 2y.
func (f *file) duration(n *yaml.Node) (time.Duration, error) {
	const hint = "write it as in 90d, 12w, 8h or 2y"
	if n.Kind != yaml.ScalarNode || len(n.Value) < 2 {
		return 0, f.fail(n, hint, "not a length of time")
	}
	unit, ok := map[byte]time.Duration{'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour, 'y': 365 * 24 * time.Hour}[n.Value[len(n.Value)-1]]
	count, err := strconv.ParseUint(n.Value[:len(n.Value)-1], 10, 31)
	if !ok || err != nil || count == 0 || float64(count)*float64(unit) > math.MaxInt64/2 {
		return 0, f.fail(n, hint, "not a length of time")
	}
	return time.Duration(count) * unit, nil
}

func (f *file) flag(n *yaml.Node) (bool, error) {
	if n.Kind != yaml.ScalarNode || n.Value != "true" && n.Value != "false" {
		return false, f.fail(n, "write true or false", "not true or false")
	}
	return n.Value == "true", nil
}
