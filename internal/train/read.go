package train

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"sprawl/internal/match"
)

// record is one labelled text. Either Secrets lists the values in it that are secrets, all others being none; or Labels says of
// lines what they hold (T a secret, F none, anything else not known), and other lines are not learnt from.
type record struct {
	Text    string
	Secrets []string
	Labels  []struct {
		From, To int // lines from 1
		Label    string
	}
}

// maxLine is how long a record may be, in bytes.
const maxLine = 16 << 20

// Read reads labelled texts and takes their assignments. hash is the SHA-256 of the data in hexadecimal. A record that cannot be
// read is an error with its line.
func Read(r io.Reader, set *match.Set) (samples []Sample, hash string, err error) {
	h := sha256.New()
	in := bufio.NewScanner(io.TeeReader(r, h))
	in.Buffer(nil, maxLine)
	m := set.NewMatcher()
	n := 0
	for in.Scan() {
		n++
		if len(bytes.TrimSpace(in.Bytes())) == 0 {
			continue
		}
		var x record
		if json.Unmarshal(in.Bytes(), &x) != nil || x.Text == "" {
			return nil, "", fmt.Errorf("line %d: not a labelled text: {\"text\": …, \"secrets\": […]} or {\"text\": …, \"labels\": […]}", n)
		}
		samples = append(samples, take(m, n, &x)...)
	}
	if err := in.Err(); err != nil {
		return nil, "", fmt.Errorf("line %d: %w", n+1, err)
	}
	return samples, hex.EncodeToString(h.Sum(nil)), nil
}

func take(m *match.Matcher, n int, x *record) []Sample {
	var out []Sample
	for _, e := range m.Examples([]byte(x.Text)) {
		secret, known := x.judge(e.Start, e.End)
		if known {
			out = append(out, Sample{Text: n, Features: e.Features, Secret: secret})
		}
	}
	return out
}

// judge says whether the value at [start, end) is a secret, if the labels say.
func (x *record) judge(start, end int) (secret, known bool) {
	if x.Labels == nil {
		for _, s := range x.Secrets {
			for at := 0; s != ""; at++ {
				i := strings.Index(x.Text[at:], s)
				if i < 0 {
					break
				}
				at += i
				if at < end && start < at+len(s) {
					return true, true
				}
			}
		}
		return false, true
	}
	line := 1 + strings.Count(x.Text[:start], "\n")
	for _, l := range x.Labels {
		if line < l.From || line > l.To {
			continue
		}
		switch l.Label {
		case "T":
			return true, true
		case "F":
			known = true
		default:
			return false, false
		}
	}
	return false, known
}
