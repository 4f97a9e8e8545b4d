package finding

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
)

// Redacted is what every accidental way of printing a Secret shows.
const Redacted = "[redacted]"

// Secret holds the bytes of a credential. They sit behind a closure, because fmt walks into unexported fields and behind
// pointers without asking the value how it wants to be printed; it does not call functions. The zero Secret is empty.
//
// Reveal is the only way out; a linter rule lists the packages that may call it.
type Secret struct {
	reveal func() []byte
}

// NewSecret copies b.
func NewSecret(b []byte) Secret {
	if len(b) == 0 {
		return Secret{}
	}
	c := bytes.Clone(b)
	return Secret{reveal: func() []byte { return c }}
}

// Reveal returns the bytes themselves. The caller neither changes nor keeps them, nor lets them reach an output.
func (s Secret) Reveal() []byte {
	if s.reveal == nil {
		return nil
	}
	return s.reveal()
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.reveal == nil }

// Len is the length in bytes.
func (s Secret) Len() int { return len(s.Reveal()) }

// Equal compares two secrets.
func (s Secret) Equal(o Secret) bool { return bytes.Equal(s.Reveal(), o.Reveal()) }

// String, GoString, Format, LogValue, MarshalText and MarshalJSON all print Redacted.
func (s Secret) String() string { return Redacted }

// GoString see String.
func (s Secret) GoString() string { return Redacted }

// Format see String; it serves every verb and flag.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Redacted) }

// LogValue see String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalText see String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// MarshalJSON see String.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + Redacted + `"`), nil }

// UnmarshalJSON reads back an empty Secret, whatever stands there: none was written.
func (s *Secret) UnmarshalJSON([]byte) error { *s = Secret{}; return nil }
