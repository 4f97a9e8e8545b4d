package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sprawl/internal/identity"
	"sprawl/inventory"
)

// inventoryHelp is what --inventory takes.
const inventoryHelp = "join what was found with this export of a provider, or with every file of this folder (may be repeated); " +
	"FILE,format=NAME,as-of=DATE,scope=OWNER/REPO,environment=NAME,column.FIELD=HEADING says what the file does not"

// export is one --inventory: a file and what is known of it.
type export struct {
	path, format string
	meta         inventory.Meta
	among        bool // it is one file of a folder that was named
}

// parseExport takes the value of --inventory apart. A file whose name has a comma is given as ./NAME with the comma doubled.
func parseExport(v string) (export, error) {
	parts := strings.Split(strings.ReplaceAll(v, ",,", "\x00"), ",")
	for i := range parts {
		parts[i] = strings.ReplaceAll(parts[i], "\x00", ",")
	}
	e := export{path: parts[0], meta: inventory.Meta{Name: filepath.ToSlash(parts[0])}}
	for _, p := range parts[1:] {
		k, val, ok := strings.Cut(p, "=")
		column, isColumn := strings.CutPrefix(k, "column.")
		switch {
		case !ok || val == "":
			return e, usage("write it as FILE,format=NAME,as-of=2026-01-31; a comma of a name is doubled", "--inventory %q: %q is not KEY=VALUE", v, p)
		case k == "format":
			if _, known := inventory.Named(val); !known {
				return e, usage("leave it out: exports are recognised by their content; docs/inventory.md lists the formats", "--inventory: no format is called %q", val)
			}
			e.format = val
		case k == "as-of":
			at, err := parseAsOf(val)
			if err != nil {
				return e, usage("write it as 2026-01-31", "--inventory %q: %q is not a time", v, val)
			}
			e.meta.AsOf = at
		case k == "scope":
			e.meta.Scope = val
		case k == "environment":
			e.meta.Environment = val
		case isColumn && column != "":
			if e.meta.Columns == nil {
				e.meta.Columns = map[string]string{}
			}
			e.meta.Columns[val] = column
		default:
			return e, usage("use format, as-of, scope, environment or column.FIELD", "--inventory %q: unknown key %q", v, k)
		}
	}
	return e, nil
}

// exports lists the files that --inventory names. That one can be opened is checked before anything is scanned.
func exports(values []string) ([]export, error) {
	var out []export
	for _, v := range values {
		e, err := parseExport(v)
		if err != nil {
			return nil, err
		}
		st, err := os.Stat(e.path)
		if err != nil {
			var p *fs.PathError
			if errors.As(err, &p) {
				err = p.Err
			}
			return nil, usage("name a file that a provider's command has written: sprawl settle lists the commands", "inventory %s: %w", e.path, err)
		}
		if !st.IsDir() {
			out = append(out, e)
			continue
		}
		entries, err := os.ReadDir(e.path)
		if err != nil {
			return nil, usage("check its owner and mode", "inventory %s: %w", e.path, err)
		}
		n := 0
		for _, x := range entries {
			if !x.Type().IsRegular() || strings.HasPrefix(x.Name(), ".") {
				continue
			}
			one := e
			one.among = true
			one.path = filepath.Join(e.path, x.Name())
			one.meta.Name = filepath.ToSlash(one.path)
			out = append(out, one)
			n++
		}
		if n == 0 {
			return nil, usage("name a folder that holds exports", "inventory %s: no file in it", e.path)
		}
	}
	return out, nil
}

// loadInventories reads exports. One that is no export is a mistake of the command line where it was named, and a trouble where
// its folder was; what is wrong within one is a trouble, and the rest of it counts.
func loadInventories(ctx context.Context, es []export, keys *identity.Keys, now time.Time) ([]*inventory.Inventory, []inventory.Trouble, error) {
	var invs []*inventory.Inventory
	var troubles []inventory.Trouble
	for _, e := range es {
		f, err := os.Open(e.path)
		if err != nil {
			return nil, nil, usage("check its owner and mode", "inventory: %w", err)
		}
		e.meta.Now, e.meta.Sum = now, keys.Sum
		if st, err := f.Stat(); err == nil && e.meta.AsOf.IsZero() {
			e.meta.AsOf = st.ModTime()
		}
		inv, ts, err := inventory.Load(ctx, f, e.format, e.meta)
		_ = f.Close()
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if e.among && errors.Is(err, inventory.ErrForeign) {
			msg := strings.TrimPrefix(err.Error(), e.meta.Name+": ")
			troubles = append(troubles, inventory.Trouble{File: e.meta.Name, Msg: msg})
			continue
		}
		if err != nil {
			return nil, nil, usage("make it again: sprawl settle lists the commands; or say what it is with FILE,format=NAME", "inventory %w", err)
		}
		invs, troubles = append(invs, inv), append(troubles, ts...)
	}
	return invs, troubles, nil
}
