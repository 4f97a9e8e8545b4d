package repo

import "testing"

// The ids are constants so that a change to what they depend on cannot pass unseen: every other test counts on them.
func TestIDsAreConstant(t *testing.T) {
	r := New(t)
	r.Write("a.txt", "one\n")
	first := r.Commit("first")
	r.Branch("side")
	r.As(Bob).Write("b.txt", "two\n")
	r.Commit("on the side")
	r.As(Ada).Switch("main")
	r.Rename("a.txt", "c/a.txt")
	r.Commit("move")
	merge := r.Merge("side", "merge")
	tag := r.Tag("v1", "release one")
	r.Note("HEAD", "noted\n")
	r.Write("c/a.txt", "three\n")
	stash := r.Stash("later")
	blob := r.Blob("nobody\n")
	r.Pack()
	for _, c := range []struct{ what, got, want string }{
		{"first commit", first, "9321ea0c5226830a316e740437503dfa0936bdae"},
		{"merge", merge, "daedb658579983e67069d273df569bae9211b44f"},
		{"tag", tag, "008557edac53cbe1ece12cad32a2a168af9c7e6e"},
		{"stash", stash, "1c2d81664a0248bd930dbd5078654f56b8eff983"},
		{"blob", blob, "973d2e1d958a661f6ee4f6e5d871c88eaf9b306f"},
		{"notes", r.ID("refs/notes/commits"), "a1153cb855fd09c72acf2a265bc462410daf631b"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %s, want %s", c.what, c.got, c.want)
		}
	}
}
