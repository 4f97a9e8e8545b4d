package scan_test

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"testing"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/decode"
	"sprawl/internal/match"
	"sprawl/internal/scan"
	"sprawl/internal/testkit/planted"
	"sprawl/internal/testkit/repo"
	"sprawl/internal/unpack"
	"sprawl/sources"
	"sprawl/sources/git"
)

// TestAgain changes a repository in every way that moves what was found in it, and has each time only what is new read: what comes
// out is what a scan of everything finds.
func TestAgain(t *testing.T) {
	set, err := match.Compile(detectors.All())
	if err != nil {
		t.Fatal(err)
	}
	r := repo.New(t)
	r.Write("config/app.env", "API_TOKEN="+planted.Token(1)+"\n")
	r.Write("README", "nothing\n")
	r.Commit("first, with " + planted.Token(2))
	r.Branch("side")
	r.Write("side.env", "API_TOKEN="+planted.Token(3)+"\n")
	r.Commit("aside")
	r.Switch("main")
	r.Pack()

	var seen git.Seen
	again := false
	look := func(remember bool) []string {
		src, err := git.New(t.Context(), r.Dir, git.Options{URL: "https://git.example/acme/shop.git"})
		if err != nil {
			t.Fatal(err)
		}
		if remember {
			src.Again(seen)
		}
		var held []string
		led := &sources.Ledger{}
		ss, err := scan.Run(t.Context(), src, led, scan.Options{Set: set, Workers: 2, DecodeDepth: 5, ArchiveDepth: 2, Decode: decode.Default(), Unpack: unpack.Default(),
			Held: func(ids []string) { held = ids }})
		if err != nil {
			t.Fatal(err)
		}
		if remember {
			got, ok := src.Seen()
			if !ok {
				t.Fatal("nothing is remembered")
			}
			seen = src.Without(got, held)
			if len(held) > 0 && bytes.Equal(seen.IDs, got.IDs) {
				t.Error("what was found would not be looked at again")
			}
		}
		c := led.Coverage()
		if !c.Complete() {
			t.Errorf("incomplete: %+v", c.Skips)
		}
		if remember && again && c.Reused == 0 {
			t.Error("everything was read anew")
		}
		again = again || remember
		var out []string
		for i := range ss {
			s := &ss[i]
			out = append(out, fmt.Sprint(s.Kind, s.Masked, s.Where.Target, s.Where.Path, s.Where.State, s.Where.Refs, s.Where.Was, change(s.Where.Added), change(s.Where.Gone), s.Parts[0].Span, s.Ordinal))
		}
		slices.Sort(out)
		return out
	}
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"the first time", func() {}},
		{"a file is renamed", func() { r.Rename("config/app.env", "config/prod.env"); r.Commit("moved") }},
		{"a value goes", func() { r.Write("config/prod.env", "API_TOKEN=\n"); r.Commit("gone") }},
		{"a branch is deleted", func() { r.DeleteBranch("side") }},
		{"it comes back elsewhere", func() { r.Write("deep/x.env", "API_TOKEN="+planted.Token(1)+"\n"); r.Commit("back") }},
		{"everything is packed anew", func() { r.Pack("--depth=50") }},
		{"a tag names an old commit", func() { r.Tag("v1", "with "+planted.Token(4)) }},
	} {
		step.do()
		want, got := look(false), look(true)
		if len(want) == 0 {
			t.Fatalf("%s: nothing is found", step.name)
		}
		if !slices.Equal(want, got) {
			t.Errorf("%s:\nwant %q\ngot  %q", step.name, want, got)
		}
	}
}

func change(c *finding.Change) string {
	if c == nil {
		return "-"
	}
	return cmp.Or(c.Commit, "?")
}
