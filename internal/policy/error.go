package policy

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Error is what is wrong with a policy file, and where. Line and Column count from 1, Column in bytes; both are 0 where the
// trouble is with the file as a whole.
type Error struct {
	File         string
	Line, Column int
	Msg          string
	Hint         string // what to do about it, "" if Msg says enough
}

// Error is "FILE:LINE:COLUMN: what is wrong; what to do".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
	}
	b.WriteString(": " + e.Msg)
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	return b.String()
}

// at makes an error at a position of the YAML reader, which counts columns in characters.
func (f *file) at(line, column int, hint, format string, args ...any) *Error {
	e := &Error{File: f.name, Line: line, Column: column, Msg: fmt.Sprintf(format, args...), Hint: hint}
	if line < 1 || line > len(f.lines) {
		e.Line, e.Column = 0, 0
		return e
	}
	text := f.line(line - 1)
	n := 0
	for i := 1; i < column && n < len(text); i++ {
		_, size := utf8.DecodeRune(text[n:])
		n += size
	}
	e.Column = n + 1
	return e
}

// fail makes an error at a node.
func (f *file) fail(n *yaml.Node, hint, format string, args ...any) *Error {
	return f.at(n.Line, n.Column, hint, format, args...)
}

// syntax turns the YAML reader's error into ours. The reader's scanner and parser speak in fixed sentences; what its other
// stages say may quote the file.
func (f *file) syntax(err error) error {
	const hint = "check indentation, quotes and brackets"
	var many *yaml.LoadErrors
	if errors.As(err, &many) {
		return f.at(0, 0, "remove everything from the second --- on", "more than one YAML document")
	}
	var one *yaml.LoadError
	if !errors.As(err, &one) {
		return f.at(0, 0, hint, "not readable as YAML")
	}
	line, column := one.Mark.Line, one.Mark.Column
	switch {
	case strings.Contains(one.Message, "max depth"):
		return f.at(line, column, "", "nested deeper than %d levels", maxDepth)
	case strings.Contains(one.Message, "anchor"):
		return f.at(line, column, "write the value out where it is needed", "anchors and aliases are not allowed in a policy")
	case strings.HasPrefix(one.Message, "found character that cannot start any token") && f.tabAt(line):
		return f.at(line, column, "indent with spaces", "a tab cannot indent YAML")
	case one.Stage == "scanner" || one.Stage == "parser":
		return f.at(line, column, hint, "not valid YAML: %s", one.Message)
	}
	return f.at(line, column, hint, "not readable as YAML")
}

func (f *file) tabAt(line int) bool {
	return line >= 1 && line <= len(f.lines) && strings.HasPrefix(strings.TrimLeft(string(f.line(line-1)), " "), "\t")
}
