package detectors_test

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/match"
	"sprawl/internal/vectors"
)

var kebab = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// withoutProvider are the kinds that no single provider issues.
var withoutProvider = strings.Fields(`
	ansible-vault basic-auth-header basic-auth-url command-line-password connect-call-password curl-user database-url erlang-cookie ftp-url git-credentials htpasswd-entry java-keystore
	jenkins-master-key rails-master-key jdbc-url jwe jwk-private-key jwt ldap-url openssh-private-key password-hash pgp-private-key pkcs12-file powershell-secure-string private-key
	public-key-or-certificate putty-private-key server-directive-password smtp-url sql-connection-string vapid-private-key`)

// TestRows holds every row to what the reports and the documentation rely on.
func TestRows(t *testing.T) {
	all := detectors.All()
	if !slices.IsSortedFunc(all, func(a, b detectors.Detector) int { return strings.Compare(a.ID, b.ID) }) {
		t.Error("rows are not sorted by id")
	}
	seen := map[string]bool{}
	for _, d := range append(all, detectors.Harmless()...) {
		t.Run(d.ID, func(t *testing.T) {
			for _, id := range append([]string{d.ID}, d.Was...) {
				if seen[id] {
					t.Errorf("id %q stands twice", id)
				}
				seen[id] = true
			}
			if !kebab.MatchString(d.ID) {
				t.Error("id is not lower-case words joined by hyphens")
			}
			if d.Title == "" || d.Rotate == "" || d.Revoke == "" {
				t.Error("title, rotate or revoke is missing")
			}
			if !strings.HasPrefix(d.Docs, "https://") {
				t.Errorf("docs %q is no page", d.Docs)
			}
			if !strings.HasPrefix(d.Format, "https://") && d.Format != "corpus" && d.Format != "undocumented" {
				t.Errorf("format %q is no page, corpus or undocumented", d.Format)
			}
			if d.Harmless == slices.ContainsFunc(all, func(x detectors.Detector) bool { return x.ID == d.ID }) {
				t.Error("harmless rows stand in Harmless, all others in All")
			}
			if d.Provider == "" && !slices.Contains(withoutProvider, d.ID) {
				t.Error("no provider, and no reason for that")
			}
			if len(d.Shapes)+len(d.Named)+len(d.Structures) == 0 {
				t.Error("nothing finds it")
			}
			if len(d.Structures) > 0 && d.Sample == nil {
				t.Error("a structure without a sample cannot be tested")
			}
			for name, trait := range map[string]finding.Trait{
				"expires": d.Traits.Expires, "scoped": d.Traits.Scoped, "last_used": d.Traits.LastUsed, "overlap": d.Traits.Overlap,
				"rotate_api": d.Traits.RotateAPI, "restricted": d.Traits.Restricted, "human_issued": d.Traits.HumanIssued,
			} {
				switch trait.Value {
				case finding.Unknown:
					if trait.Source != "" {
						t.Errorf("trait %s is unknown and has a source", name)
					}
				case finding.Yes, finding.No:
					if !strings.HasPrefix(trait.Source, "https://") {
						t.Errorf("trait %s is answered without a page", name)
					}
				default:
					t.Errorf("trait %s is %q", name, trait.Value)
				}
			}
		})
	}
}

// TestVectors holds every row's own functions to its own samples: a sample is proven, a damaged one is not, facts are clean.
func TestVectors(t *testing.T) {
	for _, d := range append(detectors.All(), detectors.Harmless()...) {
		t.Run(d.ID, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			vs := vectors.Make(d, r)
			if len(vs) == 0 {
				t.Fatal("no vectors")
			}
			for _, v := range vs {
				if !v.Whole {
					m := asMatch(v.Role, v.Text)
					checkFacts(t, d, m)
					if d.Check != nil && v.Checked {
						if got := d.Check(m); got != finding.ProofProven {
							t.Errorf("the sample is %s", got)
						}
						for _, x := range vectors.Mutations(v, r) {
							if x.Name == "changed end" && checksummed(d) && d.Check(asMatch(v.Role, x.Text)) == finding.ProofProven {
								t.Errorf("%s: still proven", x.Name)
							}
						}
					}
					continue
				}
				for _, around := range []struct{ before, after string }{{"", ""}, {"\n", "\n"}, {"# a line before\n", "\nand one behind\n"}} {
					text := around.before + v.Text + around.after
					if around.before != "" && v.File {
						continue // these are whole files
					}
					f, ok := parse(d, text)
					if !ok {
						t.Errorf("not found behind %q", around.before)
						continue
					}
					m := detectors.Match{Block: []byte(text[f.Start:f.End])}
					for _, p := range f.Parts {
						if p.Start < 0 || p.End > len(text) || p.Start >= p.End {
							t.Fatalf("part %s lies outside", p.Role)
						}
						b := []byte(text[p.Start:p.End])
						switch p.Role {
						case finding.RoleSecret:
							m.Secret = b
						case finding.RoleID:
							m.ID = b
						case finding.RoleUser:
							m.User = b
						case finding.RoleHost:
							m.Host = b
						}
					}
					if m.Secret == nil {
						t.Error("no secret part")
					}
					checkFacts(t, d, m)
				}
			}
		})
	}
}

func asMatch(role finding.Role, text string) detectors.Match {
	if role == finding.RoleID {
		return detectors.Match{ID: []byte(text)}
	}
	return detectors.Match{Secret: []byte(text)}
}

// parse runs a row's structures over a text, as the engine does at every anchor.
func parse(d detectors.Detector, text string) (detectors.Found, bool) {
	for _, s := range d.Structures {
		if s.Reach.Kind == detectors.ReachAlone {
			if fs := s.Parse([]byte(text), 0); len(fs) > 0 {
				return fs[0], true
			}
		}
		in := text
		if s.Fold {
			in = strings.ToLower(text)
		}
		for _, a := range s.Anchors {
			for at := 0; ; at++ {
				i := strings.Index(in[at:], a)
				if i < 0 {
					break
				}
				at += i
				if fs := s.Parse([]byte(text), at); len(fs) > 0 {
					return fs[0], true
				}
			}
		}
	}
	return detectors.Found{}, false
}

func checkFacts(t *testing.T, d detectors.Detector, m detectors.Match) {
	t.Helper()
	if d.Facts == nil {
		return
	}
	secret := string(m.Secret)
	for _, f := range d.Facts(m) {
		if f.Field == "" || f.Value == "" || f.Source != "offline" {
			t.Errorf("fact %q is incomplete", f.Field)
		}
		if strings.ContainsAny(f.Value, "\x00\n\r\x1b") {
			t.Errorf("fact %q has control bytes", f.Field)
		}
		if len(secret) > 0 && f.Value == secret {
			t.Errorf("fact %q is the secret", f.Field)
		}
	}
}

// FuzzRows feeds hostile bytes to every function of every row that takes them.
func FuzzRows(f *testing.F) {
	all := detectors.All()
	r := rand.New(rand.NewPCG(3, 4))
	for i, d := range all {
		if d.Sample != nil {
			f.Add(uint16(i), d.Sample(r))
		}
	}
	f.Fuzz(func(t *testing.T, row uint16, b []byte) {
		d := all[int(row)%len(all)]
		ms := []detectors.Match{{Secret: b}, {ID: b}, {Secret: b, Block: b, Host: b, User: b}}
		for _, s := range d.Structures {
			for _, a := range s.Anchors {
				for at := 0; at < min(len(b), 1<<12); at++ {
					i := strings.Index(string(b[at:]), a)
					if i < 0 {
						break
					}
					at += i
					for _, x := range s.Parse(b, at) {
						if x.Start < 0 || x.End > len(b) || x.Start > x.End {
							t.Fatalf("%s: block lies outside", d.ID)
						}
						for _, p := range x.Parts {
							if p.Start < x.Start || p.End > x.End || p.Start > p.End {
								t.Fatalf("%s: part %s lies outside its block", d.ID, p.Role)
							}
							ms = append(ms, detectors.Match{Secret: b[p.Start:p.End], Block: b[x.Start:x.End]})
						}
					}
				}
			}
		}
		for _, m := range ms {
			if d.Check != nil {
				d.Check(m)
			}
			if d.Facts != nil {
				d.Facts(m)
			}
		}
	})
}

// TestCompiles holds the table to what the engine accepts.
func TestCompiles(t *testing.T) {
	if _, err := match.Compile(append(detectors.All(), detectors.Harmless()...)); err != nil {
		t.Error(err)
	}
}
