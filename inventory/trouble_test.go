package inventory_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"sprawl/internal/testkit/exports"
	"sprawl/inventory"
)

// said is what was told of a load, a line each.
func said(troubles []inventory.Trouble) string {
	var b strings.Builder
	for _, t := range troubles {
		fmt.Fprintln(&b, t)
	}
	return b.String()
}

// keysOf is the ids of rows, in their order.
func keysOf(inv *inventory.Inventory) string {
	var out []string
	for i := range inv.Rows {
		out = append(out, inv.Rows[i].Record.Key)
	}
	return strings.Join(out, " ")
}

// TestBadRows: what is wrong with a row is told with file and row, and the rest is used.
func TestBadRows(t *testing.T) {
	const accounts = "gcp-service-accounts"
	account := func(fields string) string {
		return `{"email": "a@acme-prod.iam.gserviceaccount.com", "uniqueId": "1", "projectId": "acme-prod"` + fields + `}`
	}
	tests := []struct {
		name, format, text string
		keys               string // of the rows that stay
		told               []string
		partial            string
	}{
		{
			"a row without its id", accounts, `[{"projectId": "x", "uniqueId": "2"}, ` + account("") + `]`,
			"a@acme-prod.iam.gserviceaccount.com", []string{"export: row 1: has no email"}, "",
		},
		{
			"a row that is no object", accounts, `[7, null, ["x"], ` + account("") + `]`,
			"a@acme-prod.iam.gserviceaccount.com", []string{"export: row 1: has no email"}, "",
		},
		{
			"a row that is not JSON", accounts, `[{"email": tru}, ` + account("") + `]`,
			"a@acme-prod.iam.gserviceaccount.com", []string{"export: row 1: malformed: not JSON"}, "",
		},
		{
			"a list in place of a text", accounts, `[` + account(`, "displayName": ["x"]`) + `]`,
			"a@acme-prod.iam.gserviceaccount.com", []string{"export: row 1: displayName is a list or an object and not a text"}, "",
		},
		{
			"rows of something else", "okta-users", `[` + account("") + `]`,
			"", []string{"export: row 1: has none of the fields of okta-users", "export: no row could be used"}, "none of its rows could be used",
		},
		{
			"a repeated row", accounts, `[` + account("") + `, ` + account("") + `]`,
			"a@acme-prod.iam.gserviceaccount.com", []string{"export: row 2: repeats row 1 and was left out"}, "",
		},
		{
			"a date in the future", "okta-users", `[{"id": "u1", "status": "ACTIVE", "created": "2030-01-01T00:00:00Z", "profile": {"login": "a@acme.example"}}]`,
			"u1", []string{"export: row 1: principal_created lies in the future (2030-01-01T00:00:00Z) and was left out: a clock is wrong"}, "",
		},
		{
			"a clock that is fast", "okta-users", `[{"id": "u1", "status": "ACTIVE", "created": "2026-10-31T18:00:00Z", "profile": {"login": "a@acme.example"}}]`,
			"u1", []string{"export: row 1: principal_created is later than the export itself (2026-10-31T12:00:00Z): is the date of the export right, and its clock?"}, "",
		},
		{
			"a date that is none", "okta-users", `[{"id": "u1", "status": "ACTIVE", "created": "the other day", "profile": {"login": "a@acme.example"}}]`,
			"u1", []string{"export: row 1: created is not a time"}, "",
		},
		{
			"two organisations", "github-app-installations",
			`{"installations": [{"id": 1, "app_slug": "ci", "account": {"login": "acme"}, "permissions": {}}, {"id": 2, "app_slug": "ci", "account": {"login": "umbrella"}, "permissions": {}}]}`,
			"1 2", []string{"export: rows of 2 organisations stand in one file: each is kept with its own"}, "",
		},
		{
			"two projects", accounts, `[` + account("") + `, {"email": "b@acme-dev.iam.gserviceaccount.com", "uniqueId": "2", "projectId": "acme-dev"}]`,
			"a@acme-prod.iam.gserviceaccount.com b@acme-dev.iam.gserviceaccount.com", []string{"export: rows of 2 projects stand in one file: each is kept with its own"}, "",
		},
		{
			"cut off", accounts, `[` + account("") + `, {"email": "b@acme`,
			"a@acme-prod.iam.gserviceaccount.com", []string{"export: the file is cut off: what is not in it may still exist"}, "the file is cut off",
		},
		{
			"damaged", accounts, `[` + account("") + ` ` + account("") + `]`,
			"a@acme-prod.iam.gserviceaccount.com", []string{"export: the file is damaged behind row 1: what is not in it may still exist"}, "the file is damaged behind row 1",
		},
		{
			"another page follows", "datadog-keys", `{"data": [{"type": "api_keys", "id": "k1", "attributes": {"name": "x"}}], "links": {"next": "https://example.test"}}`,
			"k1", []string{"the listing goes on behind its last page"}, "the listing goes on behind its last page",
		},
		{
			"all pages in one file", "okta-users", `[{"id": "u1", "status": "ACTIVE", "profile": {"login": "a"}}][{"id": "u2", "status": "ACTIVE", "profile": {"login": "b"}}]`,
			"u1 u2", nil, "",
		},
		{
			"fewer rows than it says", "mongodb-atlas-keys", `{"results": [{"publicKey": "abcdefgh", "id": "1"}], "totalCount": 3}`,
			"abcdefgh", []string{"the listing says it has 3 rows and 1 are here"}, "the listing says it has 3 rows and 1 are here",
		},
		{"an empty listing", accounts, `[]`, "", []string{"export: no row could be used"}, ""},
		{
			"an unknown column", "aws-credential-report",
			"user,arn,access_key_1_active,access_key_1_last_rotated,shoe_size\na,arn:aws:iam::664418975074:user/a,false,N/A,44\n",
			"arn:aws:iam::664418975074:user/a",
			[]string{`export: column "shoe_size" is not known and was left out`, `export: column "password_enabled" is missing: what it would tell stays unknown`}, "",
		},
		{
			"a row that does not fit", "aws-credential-report",
			"user,arn,access_key_1_active,access_key_1_last_rotated\na,arn:aws:iam::664418975074:user/a\nb,arn:aws:iam::664418975074:user/b,false,N/A\n",
			"arn:aws:iam::664418975074:user/a arn:aws:iam::664418975074:user/b", []string{"export: row 1: the row does not fit the header: 2 cells under 4 columns"}, "",
		},
		{
			"a table that is cut off", "aws-credential-report",
			"user,arn,access_key_1_active,access_key_1_last_rotated\na,arn:aws:iam::664418975074:user/a,false,N/A\nb,arn:aws:iam::664418975074:user/b,fal",
			"arn:aws:iam::664418975074:user/a arn:aws:iam::664418975074:user/b", []string{"export: the file is cut off"}, "the file is cut off",
		},
		{
			"a quote that nobody closes", "aws-credential-report",
			"user,arn,access_key_1_active,access_key_1_last_rotated\na,arn:aws:iam::664418975074:user/a,false,N/A\n\"" + strings.Repeat(strings.Repeat("x", 1<<16)+"\n", 70),
			"arn:aws:iam::664418975074:user/a", []string{"export: row 2: longer than 4 MiB and skipped: is a quote not closed?"}, "the file is cut off",
		},
		{
			"a row that is too long", accounts, `[` + account(`, "displayName": "`+strings.Repeat("x", 5<<20)+`"`) + `, {"email": "b@acme-prod.iam.gserviceaccount.com", "projectId": "acme-prod"}]`,
			"b@acme-prod.iam.gserviceaccount.com", []string{"export: row 1: longer than 4 MiB and skipped"}, "",
		},
		{
			"a certificate that is none", "x509-certificates", "-----BEGIN " + "CERTIFICATE-----\neA==\n-----END " + "CERTIFICATE-----\n",
			"", []string{"export: row 1: is not a certificate"}, "none of its rows could be used",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inv, troubles := load(t, tt.format, []byte(tt.text), inventory.Meta{Name: "export", AsOf: taken, Now: exports.Now})
			if got := keysOf(inv); got != tt.keys {
				t.Errorf("rows %q, want %q", got, tt.keys)
			}
			for _, want := range tt.told {
				if !strings.Contains(said(troubles), want) {
					t.Errorf("nobody says %q:\n%s", want, said(troubles))
				}
			}
			if tt.told == nil && len(troubles) > 0 {
				t.Errorf("trouble where there is none:\n%s", said(troubles))
			}
			if inv.Partial != tt.partial {
				t.Errorf("partial %q, want %q", inv.Partial, tt.partial)
			}
			if inv.Partial != "" && len(inv.Lists) > 0 {
				t.Error("a listing that is not whole says that it is")
			}
		})
	}
}

// TestForeign: what is no export is an error that says what it is instead.
func TestForeign(t *testing.T) {
	tests := []struct{ name, format, text, want string }{
		{"nothing", "", "", "the file is empty"},
		{"blanks", "", " \n\n", "the file is empty"},
		{"an empty listing", "", "[]", "a JSON document without rows: name its format if it is an empty listing"},
		{"another JSON", "", `{"scripts": {"build": "make"}}`, "a JSON document whose fields no format has"},
		{"another table", "", "colour,size\nred,4\n", "a table whose columns no format has: give a column map to read it as csv"},
		{"prose", "", "Dear administrator,\n", "neither JSON nor a table nor PEM"},
		{"bytes", "", "\x7fELF\x02\x01\x01\x00\x00\x00", "neither JSON nor a table nor PEM"},
		{"a page of the browser", "", "<!doctype html><title>Sign in</title>", "neither JSON nor a table nor PEM"},
		{"JSON without rows", "aws-access-keys", `{"Accounts": [{"Id": "1"}]}`, "nothing in it stands where its rows would"},
		{"a table in place of JSON", "aws-access-keys", "a,b\n1,2\n", "nothing in it stands where its rows would"},
		{"cut off before its first row", "aws-access-keys", `{"Access`, "it is cut off before its first row"},
		{"an empty file", "aws-access-keys", "", "the file is empty"},
		{"an empty table", "aws-credential-report", "", "the file is empty"},
		{"a table without its header", "aws-credential-report", "a,arn:aws:iam::664418975074:user/a,false,N/A\n", "its first line names none of the columns"},
		{"too deep", "aws-access-keys", strings.Repeat(`{"AccessKeyMetadata":`, 300), "it is cut off before its first row"},
		{"no such format", "aws-keys", "[]", `no format is called "aws-keys"; there are aws-credential-report`},
		{"a table of one's own without a map", "csv", "a,b\n1,2\n", "needs a map of columns to fields"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inv, troubles, err := inventory.Load(context.Background(), strings.NewReader(tt.text), tt.format, inventory.Meta{Name: "export", AsOf: taken, Now: exports.Now})
			if err == nil {
				t.Fatalf("no error; %d rows, %s", len(inv.Rows), said(troubles))
			}
			if !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "export: ") {
				t.Errorf("%q does not say %q of the file", err, tt.want)
			}
		})
	}
}

// TestUnreadable: a file that cannot be read is an error of its own, whether before or behind its beginning.
func TestUnreadable(t *testing.T) {
	broken := errors.New("disk on fire")
	for _, text := range []string{"", `[{"email": "a@acme-prod.iam.gserviceaccount.com", "uniqueId": "1", "projectId": "acme-prod"}, `} {
		_, _, err := inventory.Load(context.Background(), &failing{strings.NewReader(text), broken}, "gcp-service-accounts", inventory.Meta{Name: "export"})
		if !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v", len(text), err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, _, err := inventory.Load(ctx, strings.NewReader(`[{"email": "a"}]`), "gcp-service-accounts", inventory.Meta{Name: "export"})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

type failing struct {
	r   *strings.Reader
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	if f.r.Len() == 0 {
		return 0, f.err
	}
	return f.r.Read(p)
}

// TestCut: an export that ends anywhere gives rows of the whole one and never claims to be whole, or is no export at all.
func TestCut(t *testing.T) {
	const places = 24
	for _, name := range fixtures(t) {
		s := world()
		text, format := fixture(t, s, name), formatOf(name)
		m := meta(s, format)
		whole, _ := load(t, format, text, m)
		known := map[string]bool{}
		for i := range whole.Rows {
			known[whole.Rows[i].Record.System+whole.Rows[i].Record.Key] = true
		}
		for i := range places {
			part := text[:len(text)*i/places]
			inv, troubles, err := inventory.Load(context.Background(), bytes.NewReader(part), format, m)
			if err != nil {
				if !errors.Is(err, inventory.ErrForeign) {
					t.Errorf("%s, the first %d bytes: %v", name, len(part), err)
				}
				continue
			}
			for j := range inv.Rows {
				if r := &inv.Rows[j]; !known[r.Record.System+r.Record.Key] && bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
					t.Errorf("%s, the first %d bytes: row %d is not in the whole file", name, len(part), r.Number)
				}
			}
			open := bytes.HasSuffix(bytes.TrimSpace(part), []byte("}")) || bytes.HasSuffix(bytes.TrimSpace(part), []byte("]")) // between two documents
			if len(inv.Rows) < len(whole.Rows) && inv.Partial == "" && !open && len(inv.Lists) > 0 {
				t.Errorf("%s, the first %d bytes: %d of %d rows, and it says it's whole", name, len(part), len(inv.Rows), len(whole.Rows))
			}
			if len(inv.Rows) == 0 && len(troubles) == 0 {
				t.Errorf("%s, the first %d bytes: nothing read, nothing said", name, len(part))
			}
		}
	}
}

// TestEncodings: an export saved by PowerShell or a spreadsheet is the same export.
func TestEncodings(t *testing.T) {
	wide := func(text []byte, order binary.AppendByteOrder, mark bool) []byte {
		var b []byte
		if mark {
			b = order.AppendUint16(b, 0xFEFF)
		}
		for _, u := range utf16.Encode([]rune(string(text))) {
			b = order.AppendUint16(b, u)
		}
		return b
	}
	for _, name := range []string{"aws-credential-report", "aws-access-keys", "github-users", "snowflake-tokens+table"} {
		s := world()
		text := fixture(t, s, name)
		m := meta(s, formatOf(name))
		want := render(load(t, "", text, m))
		for how, b := range map[string][]byte{
			"a mark":     append([]byte("\xEF\xBB\xBF"), text...),
			"UTF-16LE":   wide(text, binary.LittleEndian, true),
			"UTF-16BE":   wide(text, binary.BigEndian, true),
			"no mark LE": wide(text, binary.LittleEndian, false),
			"no mark BE": wide(text, binary.BigEndian, false),
			"CRLF":       bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")),
		} {
			if got := render(load(t, "", b, m)); got != want {
				t.Errorf("%s with %s is read otherwise:\n%s", name, how, got)
			}
		}
	}
}

// TestManyTroubles: a file that is wrong everywhere says so fifty times and counts the rest.
func TestManyTroubles(t *testing.T) {
	text := "[" + strings.Repeat(`{"uniqueId": "1"},`, 199) + `{"uniqueId": "1"}]`
	_, troubles := load(t, "gcp-service-accounts", []byte(text), inventory.Meta{Name: "export"})
	if n := len(troubles); n > 53 {
		t.Errorf("%d troubles are told", n)
	}
	if !strings.Contains(said(troubles), "more troubles are not listed") {
		t.Errorf("the rest is not counted:\n%s", said(troubles))
	}
}

// TestFutureExport: the date of an export is doubted where it lies ahead.
func TestFutureExport(t *testing.T) {
	_, troubles := load(t, "gcp-service-accounts", []byte("[]"), inventory.Meta{Name: "export", AsOf: exports.Now.Add(48 * time.Hour), Now: exports.Now})
	if !strings.Contains(said(troubles), "export: the export is of 2026-11-03T00:00:00Z, which lies in the future") {
		t.Error(said(troubles))
	}
}

// TestNothingKept: without a Sum nothing that is made of a secret is kept, and no value of an export is in what is read, said or
// returned as an error, wherever in the export it stands.
func TestNothingKept(t *testing.T) {
	for _, name := range fixtures(t) {
		s := world()
		text := fixture(t, s, name)
		m := meta(s, formatOf(name))
		m.Sum = nil
		inv, troubles := load(t, formatOf(name), text, m)
		out := render(inv, troubles) + fmt.Sprintf("%+v", inv)
		for i := range inv.Rows {
			for _, k := range inv.Rows[i].Keys {
				if !strings.Contains(k.Form, ".") {
					t.Errorf("%s: row %d is joined by the form %s of a secret", name, inv.Rows[i].Number, k.Form)
				}
			}
		}
		// The same bytes as something else, and cut at every value.
		for _, other := range []string{"", "aws-access-keys", "aws-credential-report", "kubernetes", "x509-certificates"} {
			inv, troubles, err := inventory.Load(context.Background(), bytes.NewReader(text), other, m)
			out += fmt.Sprintf("%+v %v %v", inv, troubles, err)
		}
		for value, v := range s.Secrets() {
			for _, form := range []string{v, fmt.Sprintf("%q", v), fmt.Sprintf("%x", v)} {
				if strings.Contains(out, form) {
					t.Errorf("%s: the value of %s is in what was read", name, value)
				}
			}
		}
	}
}
