package image

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"sprawl/internal/testkit/planted"
)

// TestPrint follows a repository through a night: the same again, a tag moved, a tag added.
func TestPrint(t *testing.T) {
	f := newFake(t)
	f.image(t, "a", f.layer(t, entry{name: "a.env", body: planted.Token(9001)}))
	f.image(t, "b", f.layer(t, entry{name: "b.env", body: planted.Token(9002)}))
	f.bend = func(w http.ResponseWriter, r *http.Request) bool {
		var answer map[string]any
		switch {
		case strings.HasSuffix(r.URL.Path, "/_catalog"):
			answer = map[string]any{"repositories": []string{"demo", "other"}}
		case strings.HasSuffix(r.URL.Path, "/tags/list"):
			tags := slices.DeleteFunc(slices.Sorted(maps.Keys(f.content)), func(key string) bool { return strings.Contains(key, ":") })
			answer = map[string]any{"name": "demo", "tags": tags}
		default:
			return false
		}
		_ = json.NewEncoder(w).Encode(answer)
		return true
	}
	look := func() string {
		t.Helper()
		p, err := Print(t.Context(), f.host()+"/demo:*", Options{})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first := look()
	if again := look(); again != first {
		t.Error("nothing is new, and it says so no longer")
	}
	f.image(t, "b", f.layer(t, entry{name: "b.env", body: planted.Token(9003)}))
	moved := look()
	if moved == first {
		t.Error("a tag was moved, and nothing is new")
	}
	f.content["c"], f.media["c"] = f.content["a"], f.media["a"]
	if look() == moved {
		t.Error("a tag was added, and nothing is new")
	}
	if _, err := Print(t.Context(), f.host()+"/demo:none*", Options{}); !errors.Is(err, ErrEmpty) {
		t.Errorf("no tag: %v", err)
	}
	repos, err := Repositories(t.Context(), f.host()+"/de*", Options{})
	if err != nil || !slices.Equal(repos, []string{f.host() + "/demo"}) {
		t.Errorf("repositories: %q, %v", repos, err)
	}
}
