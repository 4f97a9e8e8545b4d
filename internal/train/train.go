// Package train fits the weights of the generic classifier to labelled texts, and says what they are worth.
//
// Labelled texts come in as JSONL; every assignment that the classifier would be asked about becomes a vector of features
// (internal/match) and a label; logistic regression finds weights close to those in use; what comes out is a table of weights as
// Go source, with the hash of the data, the seed and the metrics on texts held back. Nothing of a text or a value is kept or
// printed, and the same data and seed give the same weights.
package train

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"

	"sprawl/internal/match"
)

// Sample is one labelled assignment. Text numbers the text it came from: texts, not assignments, are held back.
type Sample struct {
	Text     int
	Features match.Vector
	Secret   bool
}

// Options of Fit.
type Options struct {
	Seed  uint64  // which texts are held back
	Hold  float64 // share of texts held back, 0 to 0.9
	Pull  float64 // strength of the pull to Start: what a weight off by one costs, in samples; above 0
	Start match.Vector
	Leave func(match.Feature) bool // features to leave out: their weight is 0; nil for none
}

// Result is what Fit found.
type Result struct {
	Weights      match.Vector
	Train, Held  Metrics // of Weights
	Before       Metrics // of Start, on what was held back
	Learnt, Kept int     // assignments learnt from, and held back
}

// Metrics say how well weights tell secrets from the rest, at the threshold in use.
type Metrics struct {
	Secrets, Others       int
	Precision, Recall, F1 float64
	AUC                   float64 // chance that a secret scores higher than another value
	LogLoss               float64 // bits
}

// maxRounds of Newton's method; it mostly takes less than ten.
const maxRounds = 50

// Fit finds the weights. It needs secrets and others on both sides of the split.
func Fit(samples []Sample, o Options) (Result, error) {
	if o.Pull <= 0 || o.Hold < 0 || o.Hold > 0.9 {
		return Result{}, errors.New("the pull is above 0 and what is held back 0 to 0.9 of the texts")
	}
	var out map[int]bool
	learn, held := split(samples, o)
	for _, part := range [][]Sample{learn, held} {
		if len(part) > 0 && (!slices.ContainsFunc(part, func(s Sample) bool { return s.Secret }) || !slices.ContainsFunc(part, func(s Sample) bool { return !s.Secret })) {
			return Result{}, errors.New("too few labelled assignments: both sides of the split need secrets and others")
		}
	}
	if len(learn) == 0 {
		return Result{}, errors.New("no labelled assignment")
	}
	if o.Leave != nil {
		out = map[int]bool{}
		for k, f := range match.Features() {
			out[k] = o.Leave(f)
		}
	}
	w := newton(learn, o, out)
	start := o.Start
	for k := range start {
		if out[k] {
			start[k] = 0
		}
	}
	return Result{Weights: w, Train: Measure(learn, &w), Held: Measure(held, &w), Before: Measure(held, &start), Learnt: len(learn), Kept: len(held)}, nil
}

func split(samples []Sample, o Options) (learn, held []Sample) {
	r := rand.New(rand.NewPCG(o.Seed, o.Seed^0x9E3779B97F4A7C15)) //nolint:gosec // the split is to be the same every time
	back := map[int]bool{}
	for _, s := range samples {
		if _, ok := back[s.Text]; !ok {
			back[s.Text] = r.Float64() < o.Hold
		}
		if back[s.Text] {
			held = append(held, s)
		} else {
			learn = append(learn, s)
		}
	}
	return learn, held
}

// newton maximises the likelihood of the samples less the pull to the start.
func newton(samples []Sample, o Options, out map[int]bool) match.Vector {
	const n = numFeatures
	w := o.Start
	for k := range w {
		if out[k] {
			w[k] = 0
		}
	}
	objective := func(w *match.Vector) float64 {
		sum := 0.0
		for k := range w {
			if !out[k] {
				d := w[k] - o.Start[k]
				sum += o.Pull * d * d / 2
			}
		}
		for i := range samples {
			p := samples[i].Features.Score(w)
			if !samples[i].Secret {
				p = 1 - p
			}
			sum -= math.Log(max(p, 1e-300))
		}
		return sum
	}
	now := objective(&w)
	for range maxRounds {
		var grad [n]float64
		var hess [n][n]float64
		for k := range w {
			hess[k][k] = o.Pull
			if out[k] {
				hess[k][k] = 1
				continue
			}
			grad[k] = o.Pull * (w[k] - o.Start[k])
		}
		for i := range samples {
			f := &samples[i].Features
			p := f.Score(&w)
			d := p
			if samples[i].Secret {
				d = p - 1
			}
			q := p * (1 - p)
			for k, x := range f {
				if x == 0 || out[k] {
					continue
				}
				grad[k] += d * x
				for l := 0; l <= k; l++ {
					if f[l] != 0 && !out[l] {
						hess[k][l] += q * x * f[l]
					}
				}
			}
		}
		step := solve(&hess, &grad)
		scale := 1.0
		for ; scale > 1e-6; scale /= 2 {
			next := w
			for k := range next {
				next[k] -= scale * step[k]
			}
			if v := objective(&next); v < now {
				w, now = next, v
				break
			}
		}
		if scale <= 1e-6 {
			break
		}
		most := 0.0
		for _, s := range step {
			most = max(most, math.Abs(s)*scale)
		}
		if most < 1e-7 {
			break
		}
	}
	return w
}

// solve finds x of hess x = grad by Cholesky's factors; the lower half of hess is read.
func solve(hess *[numFeatures][numFeatures]float64, grad *[numFeatures]float64) [numFeatures]float64 {
	var l [numFeatures][numFeatures]float64
	for i := range numFeatures {
		for j := 0; j <= i; j++ {
			sum := hess[i][j]
			for k := range j {
				sum -= l[i][k] * l[j][k]
			}
			if i == j {
				l[i][i] = math.Sqrt(max(sum, 1e-12))
			} else {
				l[i][j] = sum / l[j][j]
			}
		}
	}
	var x [numFeatures]float64
	for i := range numFeatures {
		sum := grad[i]
		for k := range i {
			sum -= l[i][k] * x[k]
		}
		x[i] = sum / l[i][i]
	}
	for i := numFeatures - 1; i >= 0; i-- {
		sum := x[i]
		for k := i + 1; k < numFeatures; k++ {
			sum -= l[k][i] * x[k]
		}
		x[i] = sum / l[i][i]
	}
	return x
}

const numFeatures = len(match.Vector{})

// Measure scores samples with weights.
func Measure(samples []Sample, w *match.Vector) Metrics {
	var m Metrics
	type scored struct {
		p      float64
		secret bool
	}
	all := make([]scored, len(samples))
	hit, wrong := 0, 0
	for i := range samples {
		p := samples[i].Features.Score(w)
		all[i] = scored{p, samples[i].Secret}
		q := p
		if samples[i].Secret {
			m.Secrets++
		} else {
			m.Others++
			q = 1 - p
		}
		m.LogLoss -= math.Log2(max(q, 1e-12))
		if p >= match.Threshold() {
			if samples[i].Secret {
				hit++
			} else {
				wrong++
			}
		}
	}
	if len(samples) == 0 {
		return m
	}
	m.LogLoss /= float64(len(samples))
	if hit+wrong > 0 {
		m.Precision = float64(hit) / float64(hit+wrong)
	}
	if m.Secrets > 0 {
		m.Recall = float64(hit) / float64(m.Secrets)
	}
	if m.Precision+m.Recall > 0 {
		m.F1 = 2 * m.Precision * m.Recall / (m.Precision + m.Recall)
	}
	// The area is the mean rank of secrets; equal scores share theirs.
	slices.SortFunc(all, func(a, b scored) int {
		switch {
		case a.p < b.p:
			return -1
		case a.p > b.p:
			return 1
		}
		return 0
	})
	ranks := 0.0
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].p == all[i].p {
			j++
		}
		for k := i; k < j; k++ {
			if all[k].secret {
				ranks += float64(i+j+1) / 2
			}
		}
		i = j
	}
	if m.Secrets > 0 && m.Others > 0 {
		s, o := float64(m.Secrets), float64(m.Others)
		m.AUC = (ranks - s*(s+1)/2) / (s * o)
	}
	return m
}

// Ablation is what the classifier is worth without a group of features.
type Ablation struct {
	Without match.Group // "" for all features
	Held    Metrics
}

// Ablate fits once with all features and once without each group that tells something of a value: what the value's own
// characters add beyond its name and the way it is written, and what those add beyond it.
func Ablate(samples []Sample, o Options) ([]Ablation, error) {
	var out []Ablation
	for _, g := range []match.Group{"", match.OfValue, match.OfName, match.OfForm} {
		o := o
		if g != "" {
			o.Leave = func(f match.Feature) bool {
				return f.Name != "Bias" && (f.Group == g || f.Group == match.OfBoth && g != match.OfForm)
			}
		}
		r, err := Fit(samples, o)
		if err != nil {
			return nil, err
		}
		out = append(out, Ablation{g, r.Held})
	}
	return out, nil
}
