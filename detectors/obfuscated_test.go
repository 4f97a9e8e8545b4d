package detectors

import (
	"math/rand/v2"
	"strings"
	"testing"

	"sprawl/finding"
)

// TestObfuscated: a password comes out of what its program wrote, and of nothing else that stands there.
func TestObfuscated(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	hexOf := func(n int) string { return strings.ToUpper(string(draw(r, Hex, n))) }
	kinds := map[string]Detector{}
	for _, d := range obfuscated() {
		kinds[d.ID] = d
	}
	parse := func(id, text string) []Found {
		for _, st := range kinds[id].Structures {
			for _, a := range st.Anchors {
				if i := strings.Index(text, a); i >= 0 {
					return st.Parse([]byte(text), i)
				}
			}
		}
		t.Fatalf("%s: no anchor", id)
		return nil
	}
	pass := string(draw(r, Base62, 12))
	session := "[Sessions\\shop]\nHostName=files.internal.test\nUserName=robot\nPassword="
	for _, c := range []struct {
		id, text string
		want     int
	}{
		{"group-policy-password", `<Properties cpassword="` + preference(pass) + `" userName="robot"/>`, 1},
		{"group-policy-password", `<Properties cpassword="" userName="robot"/>`, 0},
		{"group-policy-password", `<Properties cpassword="` + string(draw(r, Base62, 43)) + `"/>`, 0},
		{"group-policy-password", `<Properties cpassword="` + preference("password") + `"/>`, 0},
		{"group-policy-password", `cpassword="` + preference(pass)[:20], 0},
		{"junos-type-9-secret", `secret "` + type9(r, pass) + `"; ## SECRET-DATA`, 1},
		{"junos-type-9-secret", type9(r, "secret"), 0},
		{"junos-type-9-secret", "enable secret 9 $9$" + string(draw(r, Base62, 14)) + "$" + string(draw(r, Base62, 43)), 0},
		{"junos-type-9-secret", "$9$", 0},
		{"junos-type-9-secret", "$9$QQ", 0},
		{"winscp-password", session + winscp("robotfiles.internal.test"+pass), 1},
		{"winscp-password", "[HKEY\\Sessions\\shop]\n\"HostName\"=\"files.internal.test\"\n\"UserName\"=\"robot\"\n\"Password\"=\"" + winscp("robotfiles.internal.test"+pass) + "\"", 1},
		{"winscp-password", session + winscp("otherfiles.internal.test"+pass), 0},
		{"winscp-password", "Password=" + winscp("robotfiles.internal.test"+pass), 0},
		{"winscp-password", session + "A35C", 0},
		{"winscp-password", session + "A35C" + hexOf(60), 0},
		{"rclone-obscured-password", "type = sftp\npass = " + rclone(draw(r, Visible, 16), pass), 1},
		{"rclone-obscured-password", "type = sftp\npass = " + string(draw(r, Base62, 43)), 0},
		{"rclone-obscured-password", "pass = ", 0},
		{"vnc-password", "[ultravnc]\npasswd=" + vnc(pass[:8]) + "7A", 1},
		{"vnc-password", "[TightVNC]\npasswd=" + vnc("ab12!"), 1},
		{"vnc-password", "[ultravnc]\npasswd=" + hexOf(12), 0},
		{"vnc-password", "[other]\npasswd=" + vnc(pass[:8]), 0},
	} {
		got := parse(c.id, c.text)
		if len(got) != c.want {
			t.Errorf("%s: %d found, want %d, in %d bytes", c.id, len(got), c.want, len(c.text))
		}
		for _, f := range got {
			if f.Proof != finding.ProofProven || f.Parts[0].Role != finding.RoleSecret {
				t.Errorf("%s: proof %s", c.id, f.Proof)
			}
			for _, p := range f.Parts[1:] {
				if v := c.text[p.Start:p.End]; v != "robot" && v != "files.internal.test" {
					t.Errorf("%s: %s is %q", c.id, p.Role, v)
				}
			}
		}
	}
}
