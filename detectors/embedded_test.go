package detectors_test

import (
	"encoding/base64"
	"encoding/pem"
	"math/rand/v2"
	"strings"
	"testing"

	"sprawl/detectors"
	"sprawl/finding"
)

// row is the built-in row with an id.
func row(t *testing.T, id string) detectors.Detector {
	t.Helper()
	for _, d := range detectors.All() {
		if d.ID == id {
			return d
		}
	}
	t.Fatalf("no row %q", id)
	return detectors.Detector{}
}

// TestKeysBehindALead reads keys whose every line begins with the same: a log's clock, a comment's mark.
func TestKeysBehindALead(t *testing.T) {
	d := row(t, "private-key")
	r := rand.New(rand.NewPCG(11, 12))
	key := string(d.Sample(r))
	if b, _ := pem.Decode([]byte(key)); b == nil {
		t.Fatal("the sample is no PEM block")
	}
	for _, lead := range []string{"", "#6 0.245 ", "// ", "  *  ", "+ ", "2026-01-02T03:04:05Z app "} {
		text := "before\n" + lead + strings.ReplaceAll(strings.TrimSpace(key), "\n", "\n"+lead) + "\nafter\n"
		f, ok := parse(d, text)
		if !ok || f.Proof != finding.ProofProven {
			t.Errorf("behind %q: found %t, %s", lead, ok, f.Proof)
		}
		logged := `{"log": "run\\n` + lead + strings.ReplaceAll(strings.TrimSpace(key), "\n", `\\r\\n`+lead) + `\\nafter"}`
		if f, ok = parse(d, logged); !ok || f.Proof != finding.ProofProven {
			t.Errorf("behind %q in a string: found %t, %s", lead, ok, f.Proof)
		}
	}
}

// TestKeysInPieces reads keys that were cut within a line so that scanners pass over them, and keys of which a byte was damaged.
func TestKeysInPieces(t *testing.T) {
	d := row(t, "private-key")
	r := rand.New(rand.NewPCG(13, 14))
	key := strings.TrimSpace(string(d.Sample(r)))
	at := strings.Index(key, "\n") + 20
	for _, cut := range []string{"` + `", `" + "`, `"+"`, `" . "`, `' & '`} {
		if f, ok := parse(d, "k = `"+key[:at]+cut+key[at:]+"`\n"); !ok || f.Proof != finding.ProofProven {
			t.Errorf("cut by %q: found %t, %s", cut, ok, f.Proof)
		}
	}
	body := make([]byte, 1200)
	for i := range body {
		body[i] = byte(r.IntN(256))
	}
	long := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE" + " KEY", Bytes: body}))
	for _, x := range []struct {
		what, text string
		want       bool
	}{
		{"whole", long, true},
		{"one byte", long[:600] + "\xa1" + long[601:], true},
		{"padding within", long[:600] + "==" + long[602:], true},
		{"many bytes", strings.ReplaceAll(long, "a", "\xa1"), false},
		{"a sentence", long[:200] + " (the rest: see page 3, it is not shown here; ask #ops!) " + long[300:], false},
	} {
		f, ok := parse(d, x.text)
		if ok != x.want || ok && f.Proof == finding.ProofProven {
			t.Errorf("%s: found %t, %s", x.what, ok, f.Proof)
		}
	}
}

// TestJenkinsSecrets tells what a controller wrote from what was cut or only begins like it.
func TestJenkinsSecrets(t *testing.T) {
	d := row(t, "jenkins-encrypted-secret")
	whole := string(d.Sample(rand.New(rand.NewPCG(15, 16))))
	v := strings.TrimSuffix(strings.TrimPrefix(whole, "<secret>{"), "}</secret>")
	for _, x := range []struct {
		what, text string
		want       finding.Proof // "" for nothing found
	}{
		{"whole", whole, finding.ProofProven},
		{"in another element", "<password>{" + v + "}</password>", finding.ProofProven},
		{"cut", "<secret>{" + v[:len(v)-8] + "}</secret>", finding.ProofRefuted},
		{"without an end", "<secret>{" + v, ""},
		{"short", "<secret>{" + v[:20] + "}</secret>", ""},
		{"of words", "<secret>{" + v[:10] + " and more text than that}</secret>", ""},
	} {
		f, ok := parse(d, x.text)
		if ok != (x.want != "") || ok && f.Proof != x.want {
			t.Errorf("%s: found %t, %q", x.what, ok, f.Proof)
		}
	}
}

// TestKubernetesSecrets takes what a Secret holds and leaves its other keys alone.
func TestKubernetesSecrets(t *testing.T) {
	d := row(t, "kubernetes-secret")
	enc := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	const value = "correct-horse-7"
	for _, x := range []struct{ name, text, want string }{
		{"data before its kind", "apiVersion: v1\ndata:\n  pw: " + enc(value) + "\nkind: Secret\nmetadata:\n  name: a\n", enc(value)},
		{"quoted", "kind: Secret\ndata:\n  pw: \"" + enc(value) + "\"\n", enc(value)},
		{"a block", "kind: Secret\ndata:\n  pw: >-\n    " + enc(value) + "\n", enc(value)},
		{"in clear", "kind: Secret\nstringData:\n  pw: " + value + "\n", value},
		{"its user's name", "kind: Secret\ndata:\n  username: " + enc(value) + "\n", ""},
		{"a key that says nothing", "kind: Secret\ndata:\n  job: " + enc("prometheus") + "\n", ""},
		{"a file", "kind: Secret\nstringData:\n  conf.yml: |\n    pw: " + value + "\n    b: c\n  pw: " + value + "\n", value},
		{"not base64", "kind: Secret\ndata:\n  pw: {{ .Values.pw | b64enc }}\n", ""},
		{"another document", "kind: Secret\nmetadata:\n  name: a\n---\ndata:\n  pw: " + enc(value) + "\n", ""},
		{"another kind", "kind: SecretStore\ndata:\n  pw: " + enc(value) + "\n", ""},
		{"a member deeper down", "kind: Secret\nmetadata:\n  data:\n    pw: " + enc(value) + "\n", ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			got := ""
			if f, ok := parse(d, x.text); ok {
				got = x.text[f.Parts[0].Start:f.Parts[0].End]
			}
			if got != x.want {
				t.Errorf("found %d bytes, want %d", len(got), len(x.want))
			}
		})
	}
}
