package inventory

import (
	"strings"
)

// Mapping says how one object of an export, or one row of a table, becomes rows. It is data: what a table cannot say stands in
// Finish.
type Mapping struct {
	// Rows is where the objects stand in the document: "[]", "data[]", "" for the document itself; Table for rows of a table.
	Rows string
	// Each, if set, is a list inside the object of which every element is a row. Paths are the element's; "^." goes up.
	Each string
	// If, if set, must hold for the object: PATH is there, PATH=TEXT is so.
	If string

	System string
	Class  Class
	Kinds  []string
	// Key is where the provider's own id stands.
	Key     string
	Facts   []Take
	Keys    []Take
	Parents []Take
	// Name, Scope and Environment are where those of a Reference stand.
	Name, Scope, Environment string
	// Finish completes or drops a row; an error drops it and is told, so it never repeats a value.
	Finish func(o Object, r *Row, m Meta) error
}

// Table is the Rows of a mapping for tables.
const Table = "table"

// Take is one value: from where, to which field or form, and how it is read. A path goes by dots; "[]" walks a list, "a|b" takes
// the first that is there, "^." goes to the object that holds this one. "'text'" is the text itself. A form without a dot is
// of a secret: what is read for it is summed and dropped.
type Take struct {
	From string
	To   string
	As   func(v any) (string, error)
}

// Object is one object of an export.
type Object struct {
	m  map[string]any
	up *Object
}

// All returns the values at a path; a null that stands there is one.
func (o Object) All(path string) []any {
	for alt := range strings.SplitSeq(path, "|") {
		if q := strings.TrimPrefix(alt, "'"); q != alt {
			return []any{strings.TrimSuffix(q, "'")}
		}
		at := o
		for strings.HasPrefix(alt, "^.") && at.up != nil {
			at, alt = *at.up, alt[2:]
		}
		if v := walk(at.m, alt); len(v) > 0 {
			return v
		}
	}
	return nil
}

// Text is the first value at a path as text, "" if there is none.
func (o Object) Text(path string) string {
	for _, v := range o.All(path) {
		if s, err := asText(v); err == nil && s != "" {
			return s
		}
	}
	return ""
}

// Texts are the values at a path as texts, without empty ones.
func (o Object) Texts(path string) []string {
	var out []string
	for _, v := range o.All(path) {
		if s, err := asText(v); err == nil && s != "" {
			out = append(out, s)
		}
	}
	return out
}

// Objects are the objects at a path, each of which goes up to o.
func (o Object) Objects(path string) []Object {
	var out []Object
	for _, v := range o.All(path) {
		if m, ok := v.(map[string]any); ok {
			out = append(out, Object{m, &o})
		}
	}
	return out
}

func (o Object) holds(cond string) bool {
	if cond == "" {
		return true
	}
	path, want, is := strings.Cut(cond, "=")
	if is {
		return o.Text(path) == want
	}
	return len(o.All(path)) > 0
}

// walk follows a path. A name may hold dots where no shorter name is there: "kubernetes.io/enforce".
func walk(v any, path string) []any {
	if path == "" {
		return []any{v}
	}
	if rest, ok := strings.CutPrefix(path, "[]"); ok {
		list, ok := v.([]any)
		if !ok {
			return nil
		}
		var out []any
		for _, e := range list {
			out = append(out, walk(e, strings.TrimPrefix(rest, "."))...)
		}
		return out
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	if v, ok := m[path]; ok {
		return []any{v}
	}
	for i := 0; i < len(path); i++ {
		switch {
		case path[i] == '.':
			if v, ok := m[path[:i]]; ok {
				return walk(v, path[i+1:])
			}
		case path[i] == '[' && strings.HasPrefix(path[i:], "[]"):
			if v, ok := m[path[:i]]; ok {
				return walk(v, path[i:])
			}
		}
	}
	return nil
}
