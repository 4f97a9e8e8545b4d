package pipeline

import (
	"go.yaml.in/yaml/v4"
)

// The walk over nodes. All of it follows aliases and merge keys, and takes from the budget what it looks at.

// deref follows aliases.
func (t *text) deref(n *yaml.Node) *yaml.Node {
	for depth := 0; n != nil && n.Kind == yaml.AliasNode; depth++ {
		if t.steps--; t.steps <= 0 || depth > 16 {
			return nil
		}
		n = n.Alias
	}
	return n
}

// pair is one entry of a mapping; both halves are set, and value is no alias.
type pair struct{ key, value *yaml.Node }

// pairs are the entries of a mapping with its merge keys resolved: what stands in the mapping itself before what is merged in,
// and the first of what is merged before the second. It is nil for what is no mapping.
func (t *text) pairs(n *yaml.Node) []pair { return t.merged(n, 0) }

func (t *text) merged(n *yaml.Node, depth int) []pair {
	if n = t.deref(n); n == nil || n.Kind != yaml.MappingNode || depth > 8 {
		return nil
	}
	out := make([]pair, 0, len(n.Content)/2)
	var from []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		if t.steps--; t.steps <= 0 {
			return out
		}
		key, value := n.Content[i], t.deref(n.Content[i+1])
		if value == nil {
			continue
		}
		if key.Kind == yaml.ScalarNode && key.Value == "<<" {
			if value.Kind == yaml.SequenceNode {
				from = append(from, value.Content...)
			} else {
				from = append(from, value)
			}
			continue
		}
		out = append(out, pair{key, value})
	}
	if len(from) == 0 {
		return out
	}
	seen := map[string]bool{}
	for _, p := range out {
		seen[p.key.Value] = true
	}
	for _, f := range from {
		for _, p := range t.merged(f, depth+1) {
			if !seen[p.key.Value] {
				seen[p.key.Value] = true
				out = append(out, p)
			}
		}
	}
	return out
}

// get is the value at a path of keys, nil if there is none.
func (t *text) get(n *yaml.Node, keys ...string) *yaml.Node {
	for _, k := range keys {
		found := (*yaml.Node)(nil)
		for _, p := range t.pairs(n) {
			if p.key.Value == k {
				found = p.value
				break
			}
		}
		if found == nil {
			return nil
		}
		n = found
	}
	return t.deref(n)
}

// items are the elements of a list; a value that is no list is its only element.
func (t *text) items(n *yaml.Node) []*yaml.Node {
	n = t.deref(n)
	switch {
	case n == nil || isNull(n):
		return nil
	case n.Kind != yaml.SequenceNode:
		return []*yaml.Node{n}
	}
	out := make([]*yaml.Node, 0, len(n.Content))
	for _, c := range n.Content {
		if t.steps--; t.steps <= 0 {
			break
		}
		if c = t.deref(c); c != nil {
			out = append(out, c)
		}
	}
	return out
}

// str is the text of a scalar at a path of keys, "" for anything else.
func (t *text) str(n *yaml.Node, keys ...string) string {
	if n = t.get(n, keys...); n == nil || n.Kind != yaml.ScalarNode || isNull(n) {
		return ""
	}
	return n.Value
}

// strs are the texts of a list of scalars, or of one.
func (t *text) strs(n *yaml.Node) []string {
	var out []string
	for _, c := range t.items(n) {
		if c.Kind == yaml.ScalarNode {
			out = append(out, c.Value)
		}
	}
	return out
}

// scalars calls f with every scalar below n that is a value, with the key it stands under.
func (t *text) scalars(n *yaml.Node, f func(key string, v *yaml.Node)) { t.descend(n, "", 0, f) }

func (t *text) descend(n *yaml.Node, key string, depth int, f func(string, *yaml.Node)) {
	if n = t.deref(n); n == nil || depth > maxDepth || t.steps <= 0 {
		return
	}
	t.steps--
	switch n.Kind {
	case yaml.ScalarNode:
		f(key, n)
	case yaml.MappingNode:
		for _, p := range t.pairs(n) {
			t.descend(p.value, p.key.Value, depth+1, f)
		}
	case yaml.SequenceNode:
		for _, c := range n.Content {
			t.descend(c, key, depth+1, f)
		}
	}
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// descendMaps calls f with every mapping below n.
func (t *text) descendMaps(n *yaml.Node, depth int, f func(*yaml.Node)) {
	if n = t.deref(n); n == nil || depth > maxDepth || t.steps <= 0 {
		return
	}
	t.steps--
	switch n.Kind {
	case yaml.MappingNode:
		f(n)
		for _, p := range t.pairs(n) {
			t.descendMaps(p.value, depth+1, f)
		}
	case yaml.SequenceNode:
		for _, c := range n.Content {
			t.descendMaps(c, depth+1, f)
		}
	}
}

func yamlExt(ext string) bool { return ext == ".yml" || ext == ".yaml" }
