package scan

import (
	"fmt"
	"strings"
	"testing"

	"sprawl/finding"
)

// TestMaskKnown plants one value in everything else that a sighting prints.
func TestMaskKnown(t *testing.T) {
	value := strings.Repeat("k3Y+", 8)
	in := "before " + value + " after"
	ss := []finding.Sighting{
		{Parts: []finding.Part{{Role: finding.RoleSecret, Secret: finding.NewSecret([]byte(value))}}},
		{
			Name: in, Ident: in, Why: in, Facts: []finding.Fact{{Field: "user", Value: in}}, Allow: &finding.Allow{Reason: in},
			Decode: []finding.Step{{Name: "zip", Entry: in}}, Parts: []finding.Part{{Snippet: finding.Snippet{Text: in}}},
			Where: finding.Location{Path: in, Refs: []string{in}, Was: []string{in}, Layer: &finding.Layer{CreatedBy: in}},
		},
	}
	MaskKnown(ss)
	s := ss[1]
	all := fmt.Sprint(s.Name, s.Ident, s.Why, s.Facts, s.Allow, s.Decode, s.Parts[0].Snippet.Text, s.Where.Path, s.Where.Refs, s.Where.Was, s.Where.Layer.CreatedBy)
	if strings.Contains(all, value) {
		t.Error(strings.ReplaceAll(all, value, "VALUE"))
	}
	if n := strings.Count(all, "before ****"); n != 11 {
		t.Errorf("%d of 11 places are masked: %s", n, all)
	}
}
