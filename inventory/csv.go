package inventory

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ownTable is a table of one's own: a spreadsheet of keys, the dashboard of a provider that lists none, a list of who has left.
// Meta.Columns maps its columns to fields: a field of finding.Fact, or one of the names of ownKeys.
func ownTable() listing {
	return listing{
		Name: "csv", Title: "A table of your own", System: "csv",
		Command: "sprawl scan --inventory 'keys.csv,column.provider=Provider,column.key_id=Key ID,column.rotated=Rotated,column.owner=Owner'", Permission: "none",
		Docs:  "https://www.rfc-editor.org/rfc/rfc4180",
		Joins: "the columns mapped to key_id (exact), value (exact), sha256 (hash), last, first or shown (probable), email (parent)", Decides: "what its columns say",
		Sniff:    func(*Head) bool { return false }, // by name or by columns, never by content
		Mappings: []Mapping{{Rows: Table}},
		Prepare:  ownMapping,
	}
}

// ownKeys are what a column may be mapped to beside the fields of a fact.
var ownKeys = map[string]string{
	"provider": "the provider's name, as in the table of kinds", "kind": "the id of a kind of credential",
	"key_id": "the provider's id of the credential", "value": "the credential itself, summed and dropped", "sha256": "its SHA-256",
	"last": "its last characters", "first": "its first characters", "shown": "its two ends with dots or stars between",
	"email": "of a person; without a key_id, value, hash or part the row is about the person",
}

func ownMapping(m Meta) ([]Mapping, error) {
	if len(m.Columns) == 0 {
		return nil, fmt.Errorf("a table of one's own needs a map of columns to fields: %s, or the field of a fact", strings.Join(slices.Sorted(maps.Keys(ownKeys)), ", "))
	}
	col := map[string]string{}
	for c, f := range m.Columns {
		if f != strings.ToLower(strings.TrimSpace(f)) || f == "" || strings.ContainsAny(f, " .") {
			return nil, fmt.Errorf("column %q is mapped to %q, which is no field", c, f)
		}
		col[f] = columnName(c)
	}
	out := Mapping{Rows: Table, Class: Credential}
	for _, f := range slices.Sorted(maps.Keys(col)) {
		t := Take{From: col[f], To: f}
		switch f {
		case "provider", "kind", "last", "first", "shown":
			continue
		case "value":
			out.Keys = append(out.Keys, t)
			continue
		case "sha256":
			t.As = digest
			out.Keys = append(out.Keys, t)
			continue
		case "created", "rotated", "issued", "not_before", "principal_created":
			t.As = when
		case "last_used":
			t.As = used
		case "expires":
			t.As = expiry
		case "status", "user_status", "user_type", "access", "environment":
			t.As = lower
		case "email":
			t.As = lower
		}
		out.Facts = append(out.Facts, t)
	}
	isKey := false
	for _, f := range []string{"key_id", "value", "sha256", "last", "first", "shown"} {
		isKey = isKey || col[f] != ""
	}
	if !isKey {
		out.Class = Principal
	}
	out.Finish = func(o Object, r *Row, m Meta) error {
		text := func(f string) string {
			if col[f] == "" {
				return ""
			}
			v, _ := o.m[col[f]].(string)
			return strings.TrimSpace(v)
		}
		if k := text("kind"); k != "" {
			r.Kinds = []string{k}
		}
		provider := text("provider")
		id := text("key_id")
		if id != "" && provider != "" {
			r.Keys = append(r.Keys, Key{provider + ".key_id", cutText(id)})
		} else if id != "" {
			return errors.New("has a key_id and no provider to whose ids it belongs")
		}
		r.Record.Key = cutText(id)
		part := func(form, v string) {
			if k, ok := m.key(form, v); ok {
				r.Keys = append(r.Keys, k)
			}
		}
		if s := text("last"); len(s) >= 3 && len(s) <= 64 {
			part(fmt.Sprintf("last:%d", len(s)), s)
		}
		if s := text("first"); len(s) >= 3 && len(s) <= 64 {
			part(fmt.Sprintf("first:%d", len(s)), s)
		}
		if form, d, ok := ends(text("shown")); ok {
			part(form, d)
		}
		if mail := strings.ToLower(text("email")); mail != "" {
			if r.Class == Principal {
				r.Record.Key = cutText(mail)
				r.Keys = append(r.Keys, Key{"person.email", cutText(mail)})
			} else {
				r.belongs("person.email", mail)
			}
		}
		if len(r.Keys) == 0 {
			return errors.New("has nothing by which it could be joined")
		}
		return nil
	}
	return []Mapping{out}, nil
}
