package main

import (
	"os"
	"testing"

	"sprawl/finding"
	"sprawl/internal/identity"
	"sprawl/internal/testkit/planted"
)

func token(seed uint64) string { return planted.Token(seed) }

func testPath() string { return os.Getenv("PATH") }

func writeFile(path, text string) error { return os.WriteFile(path, []byte(text), 0o600) }

// TestEveryHidingPlace finds a token in each place of the planted repository, loose and packed.
func TestEveryHidingPlace(t *testing.T) {
	r, plants := planted.Build(t)
	keys := identity.New(testKey, nil, nil)
	for _, form := range []string{"loose", "packed"} {
		t.Run(form, func(t *testing.T) {
			if form == "packed" {
				r.Git("repack", "-q", "-A", "-d", "-f", "--depth=50", "--window=50")
			}
			c := sprawl(t, []string{"scan", "git:" + r.Dir, "--format", "jsonl"}, withKey())
			found, sum := c.lines(t)
			byID := map[string]wireFinding{}
			for _, f := range found {
				byID[f.ID] = f
			}
			hits := 0
			for _, p := range plants {
				f, ok := byID[keys.ID(finding.NewSecret([]byte(p.Value)))]
				switch {
				case !ok:
					t.Errorf("%s: not found", p.Place)
				case f.Proof != "proven":
					t.Errorf("%s: proof %s", p.Place, f.Proof)
				case len(f.Locations) == 0:
					t.Errorf("%s: no place", p.Place)
				default:
					hits++
				}
			}
			t.Logf("%d of %d places", hits, len(plants))
			if extra := len(found) - len(plants); extra > 0 {
				for _, f := range found {
					t.Logf("  %s %s %+v", f.Kind, f.Tier, f.Locations)
				}
				t.Errorf("%d findings that nobody planted", extra)
			}
			if !sum.Complete {
				t.Error("the scan says that it is incomplete")
			}
			if c.code != exitFindings {
				t.Errorf("exit %d, want %d", c.code, exitFindings)
			}
		})
	}
}
