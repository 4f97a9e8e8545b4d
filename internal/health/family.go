package health

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// kind is a type of metrics.
type kind string

const (
	counter kind = "counter"
	gauge   kind = "gauge"
)

// family is a metric with a value for each value of its label, or with one value where it has no label. It writes itself in Prometheus'
// text format, https://prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4. Its methods may be called from many
// goroutines.
//
// It is not one of client_golang, which registers descriptions of protocol buffers when a process starts, nor of VictoriaMetrics/metrics,
// which reads files below /proc and /sys then and writes no text of HELP: every scan would pay for it, and most serve no metrics.
type family struct {
	kind              kind
	name, label, help string

	mu     sync.Mutex
	values map[string]float64
}

func newFamily(k kind, name, label, help string) *family {
	return &family{kind: k, name: name, label: label, help: help, values: map[string]float64{}}
}

// add raises the value of a label's value; "" where there is no label.
func (f *family) add(value string, by float64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.values[value] += by
}

// set replaces it.
func (f *family) set(value string, to float64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.values[value] = to
}

// write writes nothing where there is no value.
func (f *family) write(w io.Writer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.values) == 0 {
		return
	}
	head(w, f.name, f.help, string(f.kind))
	for _, value := range slices.Sorted(maps.Keys(f.values)) {
		sample(w, f.name, f.label, value, f.values[value])
	}
}

// single writes a family that has one value and is not kept.
func single(w io.Writer, k kind, name, help string, v float64) {
	f := newFamily(k, name, "", help)
	f.set("", v)
	f.write(w)
}

// histogram counts observations by upper bounds, which rise, and adds them up.
type histogram struct {
	name, help string
	bounds     []float64

	mu     sync.Mutex
	counts []float64 // of observations above the bound before and not above this one; one more than bounds
	sum    float64
}

func newHistogram(name, help string, bounds []float64) *histogram {
	return &histogram{name: name, help: help, bounds: bounds, counts: make([]float64, len(bounds)+1)}
}

func (h *histogram) observe(v float64) {
	n, _ := slices.BinarySearch(h.bounds, v)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.counts[n]++
	h.sum += v
}

func (h *histogram) write(w io.Writer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	head(w, h.name, h.help, "histogram")
	var total float64
	for n, count := range h.counts {
		total += count
		bound := "+Inf"
		if n < len(h.bounds) {
			bound = number(h.bounds[n])
		}
		sample(w, h.name+"_bucket", "le", bound, total)
	}
	sample(w, h.name+"_sum", "", "", h.sum)
	sample(w, h.name+"_count", "", "", total)
}

func head(w io.Writer, name, help, kind string) {
	_, _ = fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// escapes are those of a label's value.
var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func sample(w io.Writer, name, label, value string, v float64) {
	if label != "" {
		name += "{" + label + `="` + escapes.Replace(value) + `"}`
	}
	_, _ = io.WriteString(w, name+" "+number(v)+"\n")
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
