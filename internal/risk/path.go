package risk

import (
	"strings"

	"sprawl/finding"
)

// testWords are whole tokens of a path that mark sample data.
var testWords = map[string]bool{
	"test": true, "tests": true, "testing": true, "testdata": true, "fixture": true, "fixtures": true, "spec": true, "specs": true,
	"mock": true, "mocks": true, "example": true, "examples": true, "sample": true, "samples": true, "doc": true, "docs": true,
}

// onlyTests reports whether every place is a path that reads as tests, samples or documentation.
func onlyTests(c finding.Credential) bool {
	for i := range c.Sightings {
		if !testPath(c.Sightings[i].Where.Path) {
			return false
		}
	}
	return len(c.Sightings) > 0
}

// testPath compares tokens, never substrings: "contest" and "latest" are no tests.
func testPath(path string) bool {
	for _, w := range strings.FieldsFunc(strings.ToLower(path), func(r rune) bool { return strings.ContainsRune("/._- ", r) }) {
		if testWords[w] {
			return true
		}
	}
	return false
}
