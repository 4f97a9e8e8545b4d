package forge

import (
	"bytes"
	_ "embed" // GitHub's description
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// description is the part of GitHub's own OpenAPI description that the forge answers by (testdata/github-openapi.LICENSE), cut
// out by ../prism/trim.mjs.
//
//go:embed testdata/github-openapi.json
var description []byte

const descriptionURL = "https://api.github.com/openapi.json"

// Description is what GitHub says of its own answers. It may be used from any goroutine.
type Description struct {
	doc object

	mu       sync.Mutex
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema
}

// Describe reads it.
func Describe() (*Description, error) {
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(description))
	if err != nil {
		return nil, err
	}
	doc, _ := nullable(parsed).(object)
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft4) // OpenAPI 3.0 builds on Wright draft 00, which is draft 5: draft 4 in other words
	c.AssertFormat()
	if err := c.AddResource(descriptionURL, doc); err != nil {
		return nil, err
	}
	return &Description{doc: doc, compiler: c, compiled: map[string]*jsonschema.Schema{}}, nil
}

// nullable says in JSON Schema what OpenAPI 3.0 says in a word of its own.
func nullable(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = nullable(v[i])
		}
	case object:
		for k := range v {
			v[k] = nullable(v[k])
		}
		if v["nullable"] == true {
			delete(v, "nullable")
			return object{"anyOf": []any{v, object{"type": "null"}}}
		}
	}
	return v
}

// Check holds the body of an answer against the description. What is "" for an answer that belongs to no path; of it, and of a status
// that the description does not list for a path, only the form of an error is asked.
func (d *Description) Check(method, what string, status int, body []byte) error {
	s, err := d.schema(method, what, status)
	if err != nil {
		return err
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

func (d *Description) schema(method, what string, status int) (*jsonschema.Schema, error) {
	at, err := d.find(strings.ToLower(method), what, strconv.Itoa(status))
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if s, ok := d.compiled[at]; ok {
		return s, nil
	}
	s, err := d.compiler.Compile(descriptionURL + "#" + at)
	if err == nil {
		d.compiled[at] = s
	}
	return s, err
}

// find is where the schema of an answer stands, as a JSON pointer.
func (d *Description) find(method, what, status string) (string, error) {
	responses := inside(d.doc, "paths", what, method, "responses")
	answer, ok := responses[status].(object)
	if !ok {
		if status[0] != '2' {
			return pointer("components", "schemas", "basic-error"), nil
		}
		return "", fmt.Errorf("GitHub's description has no %s %s that answers %s", method, what, status)
	}
	at := []string{"paths", what, method, "responses", status}
	if ref, ok := answer["$ref"].(string); ok {
		at = strings.Split(strings.TrimPrefix(ref, "#/"), "/")
	}
	return pointer(append(at, "content", "application/json", "schema")...), nil
}

func inside(v object, path ...string) object {
	for _, p := range path {
		v, _ = v[p].(object)
	}
	return v
}

func pointer(parts ...string) string {
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("/" + escape.Replace(p))
	}
	return strings.ReplaceAll(strings.ReplaceAll(b.String(), "{", "%7B"), "}", "%7D")
}
