package match

import "testing"

// Every feature has a name, a group and words, and what the classifier says is what its vector scores.
func TestFeatures(t *testing.T) {
	seen := map[string]bool{}
	for i, f := range Features() {
		if f.Name == "" || f.Group == "" || f.What == "" || seen[f.Name] {
			t.Errorf("feature %d is %+v", i, f)
		}
		seen[f.Name] = true
	}
	set, err := Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("db_password = \"k3!Zq9xW2v\"\nauth_token = \"amber_table\"\n")
	m := set.NewMatcher()
	es := m.Examples(text)
	cs := m.Match(text)
	if len(es) != 2 || len(cs) != 1 {
		t.Fatalf("%d examples, %d candidates", len(es), len(cs))
	}
	w := Weights()
	if got := es[0].Features.Score(&w); got != cs[0].Score || es[0].Start != cs[0].Parts[0].Start {
		t.Errorf("score %v, the candidate has %v", got, cs[0].Score)
	}
	if got := es[1].Features.Score(&w); got >= Threshold() {
		t.Errorf("an identifier scores %v", got)
	}
}
