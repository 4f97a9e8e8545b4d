// Package inventory reads what providers say of the credentials they have issued: exports that an administrator takes with a
// read-only command, one file here for each format. A format is recognised by its content, and the listing that an API returns
// is the export, so that one table of mappings serves a file and a live answer.
//
// An export comes in as a stream and goes out as rows: a finding.Record with the keys by which a found credential is
// recognised. Rows are read one at a time; what is wrong with one is told in a Trouble and the rest still counts.
//
// It never calls a provider, never decides what a row means for a credential (internal/join and internal/risk do), and never
// keeps a secret: a value that stands in an export is summed by the caller's key as it is read, and dropped.
package inventory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"sprawl/finding"
)

// Format is one kind of export.
type Format struct {
	Name       string // "aws-access-keys": lower-case words joined by hyphens, stable
	Title      string
	System     string // of its records: "aws-iam"
	Command    string // the read-only command that makes it, as one would type it
	Permission string // the least permission that the command needs
	Docs       string // the provider's page, SDK or source that names the fields
	Joins      string // by what its rows are joined, in words
	Decides    string // what they can decide, in words

	// Lists are the kinds of credential that it lists every one of, within its Inventory's Within: one that should stand there
	// and does not is unknown to the provider's administrator.
	Lists []string

	// Sniff says whether the beginning of an export is of this format.
	Sniff func(*Head) bool
	// Load reads an export to its end. It returns what it could use, what it could not, and an error only where the input as a
	// whole is of no use: it cannot be read, or is something else. It does not close r.
	Load func(ctx context.Context, r io.Reader, m Meta) (*Inventory, []Trouble, error)
}

// Meta is what the caller knows of an export.
type Meta struct {
	Name string // the file as a person knows it, with slashes
	// AsOf is when the export was taken: as the user said, else when the file was last written.
	AsOf time.Time
	// Now is the time the run judges by. What claims to have happened later is a clock's fault.
	Now time.Time
	// Scope is what the export is of, where it doesn't say: "acme/payments", an account, a project. Empty where nobody said.
	Scope string
	// Environment is the deployment environment that a listing of secrets or variables belongs to, where it doesn't say.
	Environment string
	// Columns maps the columns of a table of one's own to fields; only the format "csv" asks for it.
	Columns map[string]string
	// Sum turns a form of a secret into the key that both sides compare, HMAC(key, form ‖ derived): see identity.Keys.Sum. nil
	// means that nothing derived from a secret is kept and such rows join by their other keys alone.
	Sum func(form string, derived []byte) string
}

// Class says what a row is about.
type Class string

// Classes.
const (
	// Credential is a key, token or certificate that the provider lists.
	Credential Class = "credential"
	// Reference is a secret known by name, scope and environment: the other side of ${{ secrets.NAME }}.
	Reference Class = "reference"
	// Principal is a user, service account or application: what is true of it is true of its keys.
	Principal Class = "principal"
	// Account is an account, project, organisation or tenant, and what is logged there.
	Account Class = "account"
	// Event is use: who called, from where, for what, folded to one row a credential.
	Event Class = "event"
	// ThirdParty is somebody else's access: an installed application, a grant, a webhook.
	ThirdParty Class = "third-party"
)

// Key is what a row is recognised by.
//
// A Form with a dot is an identifier in a provider's name space and Value is the identifier: "aws.key_id", "github.user",
// "x509.serial". One without is a form of the secret, as internal/identity derives it, and Value is Meta.Sum of it: "value",
// "sha256" (of the value, whatever encoding the export prints), "last:8", "first:3", "ends:13+4".
type Key struct{ Form, Value string }

// Match is how sure a join by the key is.
func (k Key) Match() finding.Match {
	switch {
	case k.Form == "value" || strings.Contains(k.Form, "."):
		return finding.MatchExact
	case k.Form == "sha256":
		return finding.MatchHash
	}
	return finding.MatchSuffix
}

// Row is one thing that an export says.
type Row struct {
	Class  Class
	Record finding.Record // Match is for the join to set
	Kinds  []string       // detectors' ids of what it can be; empty means that its keys alone decide
	Keys   []Key          // of itself; a row joined by one of them lends the credential the others
	// Parents are what it belongs to: the user, account, project, creator. Forms with a dot, never one of a secret.
	Parents []Key
	Number  int // where it stands: from 1, the header of a table not counted

	// Of a Reference: its name, the scope it can be used in ("acme/payments", "acme"; "" where neither export nor user says), and
	// the environments it's bound to ("" is all of them).
	Name, Scope, Environment string
}

// Fact is the first value of a field, "" if there is none.
func (r *Row) Fact(field string) string {
	for i := range r.Record.Facts {
		if r.Record.Facts[i].Field == field {
			return r.Record.Facts[i].Value
		}
	}
	return ""
}

// Inventory is one export, read.
type Inventory struct {
	Format, System, Name string
	AsOf                 time.Time
	Rows                 []Row
	// Lists are the kinds it lists every one of, within Within; nothing where it may list only some.
	Lists []string
	// Within are the accounts, projects, organisations or users whose credentials it lists. Empty means that it does not say, and
	// then nobody can tell what is missing from it.
	Within []Key
	// Partial says why it's not the whole listing ("another page follows"), "" if nothing speaks for that.
	Partial string
}

// Trouble is what is wrong with one row, or with the file where Row is 0. Msg never repeats a value of the row.
type Trouble struct {
	File string
	Row  int
	Msg  string
}

func (t Trouble) String() string {
	if t.Row == 0 {
		return t.File + ": " + t.Msg
	}
	return fmt.Sprintf("%s: row %d: %s", t.File, t.Row, t.Msg)
}

// ErrForeign is returned for input that is of no known format, or not of the one it was said to be.
var ErrForeign = errors.New("not an export that can be read")

// Formats lists every format, the ones with more specific signs first.
func Formats() []Format {
	var out []Format
	for _, l := range listings() {
		out = append(out, l.format())
	}
	return out
}

// Named returns the format with a name.
func Named(name string) (Format, bool) {
	for _, f := range Formats() {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
}

// Load recognises an export by its first 64 KiB and reads it. format, if not empty, is the name of the format instead; where there
// are Columns it is a table of one's own.
func Load(ctx context.Context, r io.Reader, format string, m Meta) (*Inventory, []Trouble, error) {
	r = plain(r)
	if format == "" && len(m.Columns) > 0 {
		format = "csv"
	}
	if format != "" {
		f, ok := Named(format)
		if !ok {
			return nil, nil, fmt.Errorf("%s: no format is called %q; there are %s", m.Name, format, names())
		}
		return f.Load(ctx, r, m)
	}
	head := make([]byte, headSize)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, nil, fmt.Errorf("read %s: %w", m.Name, err)
	}
	head = head[:n]
	h := NewHead(head)
	for _, f := range Formats() {
		if f.Sniff(h) {
			return f.Load(ctx, io.MultiReader(bytes.NewReader(head), r), m)
		}
	}
	return nil, nil, fmt.Errorf("%s: %w: %s", m.Name, ErrForeign, h.why())
}

func names() string {
	var s []string
	for _, f := range Formats() {
		s = append(s, f.Name)
	}
	return strings.Join(s, ", ")
}
