package pipeline

import (
	"errors"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2/unstable"
	"go.yaml.in/yaml/v4"
)

// TOML becomes the same tree that YAML does, so that one reader reads both. https://toml.io/en/v1.0.0

// toml parses the file once into docs, with the lines and columns of each key and value.
func (t *text) toml() {
	if t.parsed || len(t.data) > MaxSize {
		return
	}
	t.parsed = true
	brackets := 0
	for _, c := range t.data {
		if c == '[' || c == '{' {
			brackets++
		}
	}
	const most = 20_000 // the parser recurses into each
	if brackets > most {
		t.parseErr = &SyntaxError{Path: t.path, Msg: "too many entries"}
		return
	}
	if !utf8.Valid(t.data) {
		t.parseErr = &SyntaxError{Path: t.path, Msg: "not UTF-8"}
		return
	}
	p := &unstable.Parser{}
	p.Reset(t.data)
	c := &tomlTree{text: t, parser: p}
	root := c.mapping(0)
	table := root
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = c.table(root, e.Key(), e.Kind == unstable.ArrayTable)
		case unstable.KeyValue:
			c.set(table, e, 0)
		}
	}
	t.docs = []*yaml.Node{root}
	var bad *unstable.ParserError
	if errors.As(p.Error(), &bad) {
		line, column := t.position(int(p.Range(bad.Highlight).Offset))
		t.parseErr = &SyntaxError{Path: t.path, Line: line, Column: column, Msg: "not valid TOML"}
	}
}

type tomlTree struct {
	*text
	parser *unstable.Parser
}

// at gives a node the position of an offset, as the YAML reader counts it.
func (c *tomlTree) at(n *yaml.Node, offset int) *yaml.Node {
	line, column := c.position(offset)
	start := offset - (column - 1)
	n.Line, n.Column = line, utf8.RuneCount(c.data[start:offset])+1
	return n
}

func (c *tomlTree) mapping(offset int) *yaml.Node {
	return c.at(&yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}, offset)
}

// child is the mapping under a key: the one that is there, or a new one. The last element stands for a list of tables.
func (c *tomlTree) child(in *yaml.Node, key *unstable.Node, list bool) *yaml.Node {
	name, offset := string(key.Data), int(key.Raw.Offset)
	for i := 0; i+1 < len(in.Content); i += 2 {
		if c.steps--; c.steps <= 0 {
			break
		}
		if in.Content[i].Value != name {
			continue
		}
		found := in.Content[i+1]
		if found.Kind == yaml.SequenceNode {
			if n := len(found.Content); n > 0 && !list && found.Content[n-1].Kind == yaml.MappingNode {
				return found.Content[n-1]
			}
			m := c.mapping(offset)
			found.Content = append(found.Content, m)
			return m
		}
		if found.Kind == yaml.MappingNode {
			return found
		}
		break
	}
	m := c.mapping(offset)
	value := m
	if list {
		value = c.at(&yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{m}}, offset)
	}
	in.Content = append(in.Content, c.key(key), value)
	return m
}

func (c *tomlTree) key(n *unstable.Node) *yaml.Node {
	return c.at(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: string(n.Data)}, int(n.Raw.Offset))
}

func (c *tomlTree) table(root *yaml.Node, key unstable.Iterator, list bool) *yaml.Node {
	in := root
	for key.Next() {
		k := key.Node()
		in = c.child(in, k, list && key.IsLast())
	}
	return in
}

// set puts a key and its value into a table.
func (c *tomlTree) set(table *yaml.Node, e *unstable.Node, depth int) {
	for key := e.Key(); key.Next(); {
		k := key.Node()
		if !key.IsLast() {
			table = c.child(table, k, false)
			continue
		}
		table.Content = append(table.Content, c.key(k), c.value(e.Value(), int(k.Raw.Offset), depth))
	}
}

// value is a node of the tree; near is where it stands, for values that do not say so.
func (c *tomlTree) value(n *unstable.Node, near, depth int) *yaml.Node {
	if n.Raw.Length > 0 {
		near = int(n.Raw.Offset)
	}
	if depth > maxDepth {
		return c.mapping(near)
	}
	switch n.Kind {
	case unstable.Array:
		out := c.at(&yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}, near)
		for it := n.Children(); it.Next(); {
			out.Content = append(out.Content, c.value(it.Node(), near, depth+1))
		}
		return out
	case unstable.InlineTable:
		out := c.mapping(near)
		for it := n.Children(); it.Next(); {
			if e := it.Node(); e.Kind == unstable.KeyValue {
				c.set(out, e, depth+1)
			}
		}
		return out
	case unstable.Bool:
		return c.at(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: string(n.Data)}, near)
	case unstable.String:
		return c.at(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: string(n.Data)}, near)
	}
	return c.at(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: string(n.Data)}, near) // numbers and times
}
