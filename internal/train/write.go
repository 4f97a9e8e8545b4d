package train

import (
	"fmt"
	"go/format"
	"io"
	"strconv"
	"strings"

	"sprawl/internal/match"
)

// Write writes the weights as they stand in internal/match/weights.go, with where they come from.
func Write(w io.Writer, r Result, hash string, o Options) error {
	var b strings.Builder
	fmt.Fprintf(&b, "// Fitted to %d assignments of %s, pull %s, seed %d; %d held back.\n", r.Learnt, "data sha256:"+hash, number(o.Pull), o.Seed, r.Kept)
	fmt.Fprintf(&b, "// Held back: %s; before: %s.\n", r.Held, r.Before)
	b.WriteString("var weights = [features]float64{\n")
	for k, f := range match.Features() {
		if x := number(r.Weights[k]); x != "0" && x != "-0" {
			fmt.Fprintf(&b, "\tf%s: %s,\n", f.Name, x)
		}
	}
	b.WriteString("}\n")
	const head = "package p\n\n"
	out, err := format.Source([]byte(head + b.String()))
	if err != nil {
		return fmt.Errorf("format the weights: %w", err)
	}
	_, err = w.Write(out[len(head):])
	return err
}

func number(x float64) string { return strconv.FormatFloat(roundTo(x), 'f', -1, 64) }

// roundTo leaves two places: more would say more than the data do.
func roundTo(x float64) float64 {
	s, err := strconv.ParseFloat(strconv.FormatFloat(x, 'f', 2, 64), 64)
	if err != nil {
		return x
	}
	return s
}

// String is metrics in a line.
func (m Metrics) String() string {
	return fmt.Sprintf("%d secrets, %d others, precision %.3f, recall %.3f, F1 %.3f, AUC %.3f, log loss %.3f bits", m.Secrets, m.Others, m.Precision, m.Recall, m.F1, m.AUC, m.LogLoss)
}
