package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/conformance"
	"sprawl/internal/vectors"
)

// detectorsPage is docs/detectors.md: every kind, what it looks like, what proves it, what it says of itself, what is known of
// every credential of its kind, and how it is replaced.
func detectorsPage(rows []detectors.Detector) []byte {
	var b bytes.Buffer
	b.WriteString("# Kinds of credential\n\nWritten by `go run ./cmd/sprawl docs docs` from the table of kinds; a change here is lost.\n\n")
	known := conformance.TallyOf(rows)
	fmt.Fprintf(&b, "%d kinds. Their form is confirmed by ", len(rows))
	for i, s := range []conformance.Source{conformance.Page, conformance.Corpus, conformance.None} {
		if i > 0 {
			b.WriteString(", by ")
		}
		fmt.Fprintf(&b, "%s for %d", s, known.Confirmed[s])
	}
	fmt.Fprintf(&b, ". Traits are known of %d; about %d a page was read that says none; for %d pages were looked for in vain; the others are issued by anybody. No verdict rests on what is not known.\n\n", known.Traits, known.Silent, known.Sought)
	b.WriteString(`*Proof* says what the value itself proves offline. *Says* lists the facts that are read from it. *Traits*: expires, scoped,
last use shown, overlap (two may be valid at once), rotate by API, restricted (to addresses or hosts), human (belongs to a
person); ` + "`+`" + ` yes, ` + "`-`" + ` no, left out: not known; *none* leads to a page that says none. The form is confirmed by the page behind *form*, or by what stands there.

| kind | looks like | proof | says | traits | rotate | form |
|---|---|---|---|---|---|---|
`)
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(x, y detectors.Detector) int { return strings.Compare(x.ID, y.ID) })
	cell := strings.NewReplacer("|", `\|`, "<", "&lt;", "\n", " ", "*", `\*`, "_", `\_`)
	for i := range rows {
		d := &rows[i]
		title := cell.Replace(d.Title)
		if d.Docs != "" {
			title = "[" + title + "](" + d.Docs + ")"
		}
		fmt.Fprintf(&b, "| `%s`<br>%s | %s | %s | %s | %s | %s | %s |\n", d.ID, title, cell.Replace(looks(d)), proof(d), strings.Join(says(*d), ", "),
			traitWords(d), cell.Replace(d.Rotate), confirmed(d))
	}
	return b.Bytes()
}

// looks says what a kind looks like; of a long list the beginning.
func looks(d *detectors.Detector) string {
	const most = 3
	var out []string
	for _, s := range d.Shapes {
		out = append(out, s.Words())
	}
	for _, n := range d.Named {
		out = append(out, n.Words())
	}
	for _, s := range d.Structures {
		out = append(out, s.Words())
	}
	if n := len(out) - most; n > 0 {
		out = append(out[:most], fmt.Sprintf("%d more forms", n))
	}
	return strings.Join(out, "; ")
}

func proof(d *detectors.Detector) string {
	switch {
	case len(d.Structures) > 0:
		return "structure"
	case d.Check != nil:
		return "checksum or structure"
	}
	return ""
}

// says lists the fields of the facts that a kind's own vectors give.
func says(d detectors.Detector) []string {
	if d.Facts == nil {
		return nil
	}
	var fields []string
	r := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // the page is the same whenever it is made
	for range 8 {
		for _, v := range vectors.Make(d, r) {
			for _, f := range d.Facts(matchOf(d, v)) {
				if !slices.Contains(fields, f.Field) {
					fields = append(fields, f.Field)
				}
			}
		}
	}
	slices.Sort(fields)
	return fields
}

// matchOf is a vector as a row's functions see it.
func matchOf(d detectors.Detector, v vectors.Vector) detectors.Match {
	m := detectors.Match{Secret: []byte(v.Text)}
	if v.Role == finding.RoleID {
		return detectors.Match{ID: []byte(v.Text)}
	}
	if !v.Whole {
		return m
	}
	text := []byte(v.Text)
	for _, s := range d.Structures {
		for _, a := range s.Anchors {
			at := bytes.Index(text, []byte(a))
			if at < 0 {
				continue
			}
			for _, f := range s.Parse(text, at) {
				m = detectors.Match{Block: text[f.Start:f.End]}
				for _, p := range f.Parts {
					part := text[p.Start:p.End]
					switch p.Role {
					case finding.RoleID:
						m.ID = part
					case finding.RoleUser:
						m.User = part
					case finding.RoleHost:
						m.Host = part
					default:
						m.Secret = part
					}
				}
				return m
			}
		}
	}
	return m
}

func traitWords(d *detectors.Detector) string {
	if d.Silent != "" {
		return "[none](" + d.Silent + ")"
	}
	var out []string
	for _, t := range []struct {
		name string
		t    finding.Trait
	}{
		{"expires", d.Traits.Expires}, {"scoped", d.Traits.Scoped}, {"last use", d.Traits.LastUsed}, {"overlap", d.Traits.Overlap},
		{"rotate", d.Traits.RotateAPI}, {"restricted", d.Traits.Restricted}, {"human", d.Traits.HumanIssued},
	} {
		sign := map[finding.Answer]string{finding.Yes: "+", finding.No: "-"}[t.t.Value]
		if sign != "" {
			out = append(out, "["+sign+t.name+"]("+t.t.Source+")")
		}
	}
	return strings.Join(out, " ")
}

func confirmed(d *detectors.Detector) string {
	switch conformance.SourceOf(d) {
	case conformance.Page:
		return "[page](" + d.Format + ")"
	case conformance.Corpus:
		return "several scanners"
	}
	return "not confirmed"
}
