package report

import (
	"bufio"
	"io"

	"sprawl/finding"
)

// jsonlReport writes one object a line: header, then finding, reference, inventory and notice in the order they come, then
// summary. Each line is handed on when it is complete.
type jsonlReport struct{ w *bufio.Writer }

func newJSONL(w io.Writer, _ Options) Reporter { return &jsonlReport{bufio.NewWriterSize(w, 64<<10)} }

func (r *jsonlReport) Begin(h finding.Header) error { return r.line(newHeader(h)) }

func (r *jsonlReport) Item(it finding.Item) error {
	if it.Credential == nil {
		return r.line(wireItem(it))
	}
	if err := writeCredential(r.w, it.Credential); err != nil {
		return err
	}
	return r.flush()
}

func (r *jsonlReport) End(s finding.Summary) error { return r.line(newSummary(s)) }

func (r *jsonlReport) line(v any) error {
	if v == nil {
		return nil
	}
	b, err := marshal(v)
	if err != nil {
		return err
	}
	if _, err := r.w.Write(b); err != nil {
		return err
	}
	return r.flush()
}

func (r *jsonlReport) flush() error {
	if err := r.w.WriteByte('\n'); err != nil {
		return err
	}
	return r.w.Flush()
}

// wireItem is the JSON of an item that is no credential; nil for an empty one.
func wireItem(it finding.Item) any {
	switch {
	case it.Reference != nil:
		return newReference(it.Reference)
	case it.Inventory != nil:
		return newInventoryRow(it.Inventory)
	case it.Notice != nil:
		return newNotice(it.Notice)
	}
	return nil
}

// writeCredential writes one finding object without a line break. Locations go out one at a time: a value that was copied
// through a history may have tens of thousands, and only one is ever encoded in memory.
func writeCredential(w *bufio.Writer, c *finding.Credential) error {
	b, err := marshal(newCredential(c))
	if err != nil {
		return err
	}
	const end = "]}" // of the empty locations, which are the last field
	if _, err := w.Write(b[:len(b)-len(end)]); err != nil {
		return err
	}
	first := true
	for i := range c.Sightings {
		s := &c.Sightings[i]
		err := parts(s, func(p *finding.Part) error {
			b, err := marshal(newLocation(s, p))
			if err != nil {
				return err
			}
			if !first {
				if err := w.WriteByte(','); err != nil {
					return err
				}
			}
			first = false
			_, err = w.Write(b)
			return err
		})
		if err != nil {
			return err
		}
	}
	_, err = w.WriteString(end)
	return err
}
