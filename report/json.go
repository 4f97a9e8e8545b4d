package report

import (
	"bufio"
	"bytes"
	"io"

	"sprawl/finding"
)

// jsonReport writes one object of the same lines as jsonl: schema, header, findings, references, inventory, notices, summary.
// Findings go out as they come; of the other three, which are few and small, the encoded form waits for its turn.
type jsonReport struct {
	w     *bufio.Writer
	first bool // no finding written yet
	held  [3]bytes.Buffer
}

func newJSON(w io.Writer, _ Options) Reporter {
	return &jsonReport{w: bufio.NewWriterSize(w, 64<<10), first: true}
}

func (r *jsonReport) Begin(h finding.Header) error {
	b, err := marshal(newHeader(h))
	if err != nil {
		return err
	}
	return r.write(`{"schema":"`, Schema, "\",\n\"header\":", string(b), ",\n\"findings\":[")
}

func (r *jsonReport) Item(it finding.Item) error {
	if it.Credential != nil {
		if !r.first {
			if err := r.w.WriteByte(','); err != nil {
				return err
			}
		}
		r.first = false
		if err := r.w.WriteByte('\n'); err != nil {
			return err
		}
		if err := writeCredential(r.w, it.Credential); err != nil {
			return err
		}
		return r.w.Flush()
	}
	v := wireItem(it)
	if v == nil {
		return nil
	}
	b, err := marshal(v)
	if err != nil {
		return err
	}
	held := &r.held[0]
	switch {
	case it.Inventory != nil:
		held = &r.held[1]
	case it.Notice != nil:
		held = &r.held[2]
	}
	if held.Len() > 0 {
		held.WriteByte(',')
	}
	held.WriteByte('\n')
	held.Write(b)
	return nil
}

func (r *jsonReport) End(s finding.Summary) error {
	for i, name := range []string{"references", "inventory", "notices"} {
		if err := r.write("],\n\"", name, `":[`, r.held[i].String()); err != nil {
			return err
		}
	}
	b, err := marshal(newSummary(s))
	if err != nil {
		return err
	}
	return r.write("],\n\"summary\":", string(b), "}\n")
}

func (r *jsonReport) write(text ...string) error {
	for _, s := range text {
		if _, err := r.w.WriteString(s); err != nil {
			return err
		}
	}
	return r.w.Flush()
}
