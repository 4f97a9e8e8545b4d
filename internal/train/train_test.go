package train

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"sprawl/detectors"
	"sprawl/internal/match"
)

func generated(t *testing.T, seed uint64, n int) ([]Sample, string) {
	t.Helper()
	set, err := match.Compile(detectors.All()[:1]) // the classifier needs no kinds
	if err != nil {
		t.Fatal(err)
	}
	var data bytes.Buffer
	if err := Generate(&data, seed, n); err != nil {
		t.Fatal(err)
	}
	samples, hash, err := Read(&data, set)
	if err != nil {
		t.Fatal(err)
	}
	return samples, hash
}

// Weights that are learnt from nothing tell generated secrets from the rest, and do so again from the same data.
func TestFit(t *testing.T) {
	samples, hash := generated(t, 1, 3000)
	if len(samples) < 1200 || len(hash) != 64 {
		t.Fatalf("%d samples", len(samples))
	}
	o := Options{Seed: 1, Hold: 0.3, Pull: 1}
	r, err := Fit(samples, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Log("learnt: ", r.Held)
	if r.Held.F1 < 0.9 || r.Held.AUC < 0.95 || r.Held.LogLoss >= r.Before.LogLoss || r.Held.LogLoss > 0.4 {
		t.Errorf("held back: %s; before: %s", r.Held, r.Before)
	}
	if r.Learnt+r.Kept != len(samples) || r.Kept < len(samples)/5 {
		t.Errorf("%d learnt, %d held back of %d", r.Learnt, r.Kept, len(samples))
	}
	again, _ := Fit(samples, o)
	if again.Weights != r.Weights {
		t.Error("the same data and seed give other weights")
	}
	// From the weights in use it is not made worse.
	o.Start = match.Weights()
	tuned, err := Fit(samples, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Log("in use: ", tuned.Before)
	t.Log("tuned:  ", tuned.Held)
	if tuned.Held.LogLoss > tuned.Before.LogLoss {
		t.Errorf("held back: %s; before: %s", tuned.Held, tuned.Before)
	}
	// A stronger pull leaves them nearer.
	o.Pull = 1e6
	if still, _ := Fit(samples, o); distance(still.Weights, match.Weights()) > 1e-2 || distance(tuned.Weights, match.Weights()) < 0.1 {
		t.Error("the pull does not hold")
	}
}

func distance(a, b match.Vector) float64 {
	d := 0.0
	for k := range a {
		d += (a[k] - b[k]) * (a[k] - b[k])
	}
	return d
}

// The value's own characters tell what its name cannot: without them the rest is no good on generated data.
func TestAblate(t *testing.T) {
	samples, _ := generated(t, 2, 2500)
	list, err := Ablate(samples, Options{Seed: 1, Hold: 0.3, Pull: 1})
	if err != nil {
		t.Fatal(err)
	}
	by := map[match.Group]Metrics{}
	for _, a := range list {
		t.Logf("without %q: %s", a.Without, a.Held)
		by[a.Without] = a.Held
	}
	if len(list) != 4 || by[match.OfValue].AUC > by[""].AUC-0.1 || by[""].AUC < by[match.OfName].AUC-0.01 {
		t.Errorf("%v", by)
	}
}

func TestRead(t *testing.T) {
	set, err := match.Compile(detectors.All()[:1])
	if err != nil {
		t.Fatal(err)
	}
	secret := strings.Repeat("q7", 4) + "Zx9k2" // stands for nothing
	lines := `{"text":"db_password = \"` + secret + `\"\napi_secret = \"amber_table\"\n","secrets":["` + secret + `"]}

{"text":"db_password = \"` + secret + `\"\napi_secret = \"amber_table\"\nsmtp_password = \"` + secret + `1\"\nauth_token = \"` + secret + `2\"\n","labels":[{"from":1,"to":1,"label":"T"},{"from":2,"to":2,"label":"F"},{"from":3,"to":3,"label":"X"}]}
`
	samples, _, err := Read(strings.NewReader(lines), set)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range samples {
		got = append(got, map[bool]string{true: "T", false: "F"}[s.Secret])
	}
	if len(got) != 4 || strings.Join(got, "") != "TFTF" {
		t.Errorf("labels are %v", got)
	}
	for _, bad := range []string{"{", `{"secrets":[]}`, "[]"} {
		if _, _, err := Read(strings.NewReader("\n"+bad+secret), set); err == nil || !strings.Contains(err.Error(), "line 2") || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if _, err := Fit(samples[:1], Options{Pull: 1}); err == nil {
		t.Error("one sample is enough")
	}
	if _, err := Fit(samples, Options{}); err == nil {
		t.Error("no pull is enough")
	}
}

// What is written is a table that Go reads, with where it comes from, and holds the weights to two places.
func TestWrite(t *testing.T) {
	samples, hash := generated(t, 3, 600)
	o := Options{Seed: 4, Hold: 0.3, Pull: 1, Start: match.Weights()}
	r, err := Fit(samples, o)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Write(&b, r, hash, o); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"data sha256:" + hash + ", pull 1, seed 4;", "// Held back: ", "var weights = [features]float64{\n\tfBias:         ", "\tfPath:         -"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
}

func TestMeasure(t *testing.T) {
	w := match.Vector{1}
	at := func(x float64, secret bool) Sample { return Sample{Features: match.Vector{x}, Secret: secret} }
	m := Measure([]Sample{at(3, true), at(-1, true), at(-1, false), at(2, false), at(-4, false)}, &w)
	if m.Secrets != 2 || m.Others != 3 || m.Precision != 0.5 || m.Recall != 0.5 || m.F1 != 0.5 || m.AUC != (3+1.5)/6 {
		t.Errorf("%+v", m)
	}
}

// TestWeightsInUse holds what stands beside the weights to what they do.
func TestWeightsInUse(t *testing.T) {
	samples, hash := generated(t, 1, 3000)
	use := match.Weights()
	want := fmt.Sprintf("// On 3,000 generated texts, seed 1, data sha256:%s:\n// %s.\n", hash, Measure(samples, &use))
	source, err := os.ReadFile("../match/weights.go")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(source), want) {
		t.Errorf("internal/match/weights.go does not say:\n%s", want)
	}
}
