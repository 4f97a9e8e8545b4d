package inventory_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"sprawl/inventory"
)

// FuzzLoad reads anything as any format: format 0 is found by content, others are the list's. The seeds are the fixtures.
func FuzzLoad(f *testing.F) {
	formats := inventory.Formats()
	s := world()
	for _, name := range fixtures(f) {
		n := slices.IndexFunc(formats, func(g inventory.Format) bool { return g.Name == formatOf(name) })
		text := fixture(f, s, name)
		f.Add(byte(n+1), text)
		f.Add(byte(0), text)
	}
	f.Add(byte(0), []byte(`{"UserDetailList":[{"Arn":"0"}`))
	f.Add(byte(0), []byte("\xff\xfe[\x00]\x00"))
	f.Add(byte(0), []byte("sep=;\na;b\n\"1;2\n"))
	f.Add(byte(0), []byte(`{"a":{"b":[[[{"c":1e400}]]]}}`+"\x1e"))
	f.Fuzz(func(t *testing.T, n byte, text []byte) {
		format := ""
		if i := int(n) % (len(formats) + 1); i > 0 {
			format = formats[i-1].Name
		}
		m := inventory.Meta{
			Name: "export", AsOf: taken, Now: taken, Scope: "scope", Columns: ownColumns[format],
			Sum: func(form string, derived []byte) string { return "sum of " + form },
		}
		inv, troubles, err := inventory.Load(context.Background(), bytes.NewReader(text), format, m)
		if err != nil {
			if inv != nil || !errors.Is(err, inventory.ErrForeign) {
				t.Fatalf("%v", err)
			}
			return
		}
		if inv.Partial != "" && len(inv.Lists) > 0 {
			t.Error("a listing that is not whole says that it is")
		}
		if len(troubles) > 60 {
			t.Errorf("%d troubles", len(troubles))
		}
		for i := range inv.Rows {
			r := &inv.Rows[i]
			wellFormed(t, inv, r)
			for _, f := range r.Record.Facts {
				if len(f.Value) > 420 || strings.ContainsAny(f.Value, "\x00\n\r\x1b") {
					t.Errorf("row %d: %s is not fit to print", r.Number, f.Field)
				}
			}
		}
	})
}
