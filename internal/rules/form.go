package rules

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"sprawl/detectors"
)

// maxRun is how long a run of a form may be, in bytes.
const maxRun = 4096

// ParseForm reads a shape: text stands for itself, [class]{n}, [class]{n,m} or [class] for a run; a backslash takes the meaning
// from the byte behind it. A class is bytes and ranges, as in a-zA-Z0-9_; a hyphen that stands first or last is itself.
func ParseForm(s string) (detectors.Shape, error) {
	var ps []detectors.Piece
	if s == "" {
		return detectors.Shape{}, errors.New("an empty form")
	}
	for s != "" {
		if s[0] != '[' {
			var lit strings.Builder
			for s != "" && s[0] != '[' {
				switch {
				case s[0] == '\\' && len(s) > 1:
					s = s[1:]
				case strings.IndexByte(`(){}|*+?\`, s[0]) >= 0:
					return detectors.Shape{}, fmt.Errorf("a form has no %q: put \\ before it if it is meant as it stands, or write a pattern", s[0])
				}
				lit.WriteByte(s[0])
				s = s[1:]
			}
			ps = append(ps, detectors.Lit(lit.String()))
			continue
		}
		end := strings.IndexByte(s[1:], ']')
		if end <= 0 {
			return detectors.Shape{}, errors.New("a form with a [ that no ] closes")
		}
		spec := s[1 : 1+end]
		s = s[end+2:]
		if err := checkClass(spec); err != nil {
			return detectors.Shape{}, err
		}
		least, most := 1, 1
		if strings.HasPrefix(s, "{") {
			n, rest, ok := strings.Cut(s[1:], "}")
			lo, hi, ranged := strings.Cut(n, ",")
			if !ranged {
				hi = lo
			}
			var err, err2 error
			least, err = strconv.Atoi(lo)
			most, err2 = strconv.Atoi(hi)
			if !ok || err != nil || err2 != nil || least < 0 || most < least || most == 0 || most > maxRun {
				return detectors.Shape{}, fmt.Errorf("a form whose run is not {n} or {n,m} with at most %d bytes", maxRun)
			}
			s = rest
		}
		ps = append(ps, detectors.Range(detectors.Of(spec), least, most))
	}
	return detectors.Token(ps...), nil
}

func checkClass(spec string) error {
	if spec[0] == '^' {
		return errors.New("a form has no negated class: name the bytes that may stand there")
	}
	for i := 0; i < len(spec); i++ {
		if spec[i] == '\\' {
			return errors.New(`a form has no classes like \w: write a-zA-Z0-9_`)
		}
		if i+2 < len(spec) && spec[i+1] == '-' {
			if spec[i] > spec[i+2] {
				return fmt.Errorf("a class whose range %s runs backwards", spec[i:i+3])
			}
			i += 2
		}
	}
	return nil
}
