package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"sprawl/internal/identity"
	"sprawl/internal/store"
)

func (a *app) storeCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "store",
		Short: "Move, keep and shorten the store of crawls",
		Args:  noArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.storeExport(), a.storeImport(), a.storePrune())
	return c
}

func (a *app) storeExport() *cobra.Command {
	var db dbFlags
	var out string
	c := &cobra.Command{
		Use:   "export",
		Short: "Write a whole store as lines of JSON: for safe keeping, or to move it to another database",
		Long: `Write a whole store as lines of JSON, first which key and form it has, last how many lines there are. What is under way is left out:
a crawl that has not ended begins anew where the store is read in. It holds no secret, and tells where each one stands.`,
		Example: `  sprawl store export --db acme.db -o acme.jsonl
  sprawl store import acme.jsonl --db postgres://scanner@db.internal/sprawl`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			st, err := a.openStore(c.Context(), db, "", true)
			if err != nil {
				return err
			}
			defer func() { _ = st.Close() }()
			return a.write(out, func(w io.Writer) error { return st.Export(c.Context(), w) })
		},
	}
	db.add(c)
	c.Flags().StringVarP(&out, "output", "o", "", "write to this file instead of standard output")
	return c
}

func (a *app) storeImport() *cobra.Command {
	var db dbFlags
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Read in what sprawl store export has written, into a store that is empty",
		Args:  exactArgs(1, "sprawl store export -o FILE writes one"),
		RunE: func(c *cobra.Command, args []string) error {
			ctx := c.Context()
			in, err := a.openReport(args[0])
			if err != nil {
				return err
			}
			defer func() { _ = in.Close() }()
			st, err := a.openOwnStore(ctx, db)
			if err != nil {
				return err
			}
			defer func() { _ = st.Close() }()
			if err := st.Import(ctx, in); err != nil {
				return usage("give a whole export, and a store that is new", "import %s: %w", args[0], err)
			}
			return nil
		},
	}
	db.add(c)
	return c
}

func (a *app) storePrune() *cobra.Command {
	var db dbFlags
	var keep int
	c := &cobra.Command{
		Use:   "prune",
		Short: "Forget runs and changes that are older than a number of days",
		Long: `Forget runs, changes, earlier versions of credentials and targets that are gone, where they are older than a number of days. What is
open stays, whatever its age. Every crawl does the same when it ends, by its --keep.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.pruneStore(c.Context(), db, keep) },
	}
	db.add(c)
	c.Flags().IntVar(&keep, "keep", 400, "for how many days")
	return c
}

func (a *app) pruneStore(ctx context.Context, db dbFlags, days int) error {
	if days < 1 {
		return usage("give the number of days that are kept", "--keep %d is too short", days)
	}
	st, err := a.openOwnStore(ctx, db)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	var removed map[string]int64
	if err := st.Update(ctx, func(tx *store.Tx) (err error) {
		removed, err = tx.Retain(a.now(), retention(days))
		return err
	}); err != nil {
		return storeFailure(st.String(), err)
	}
	return a.write("", func(w io.Writer) error {
		for _, table := range slices.Sorted(maps.Keys(removed)) {
			if _, err := fmt.Fprintf(w, "%8d %s\n", removed[table], table); err != nil {
				return err
			}
		}
		return nil
	})
}

// answersKept is how long a provider's answer is worth keeping that nobody asked for again.
const answersKept = 30 * 24 * time.Hour

func retention(days int) store.Retention {
	return store.Retention{History: time.Duration(days) * 24 * time.Hour, Answers: answersKept}
}

// openOwnStore opens a store to write in it, with the organisation's key.
func (a *app) openOwnStore(ctx context.Context, db dbFlags) (*store.Store, error) {
	key, err := a.orgKey()
	if err != nil {
		return nil, err
	}
	if key == nil {
		return nil, usage("set SPRAWL_KEY or SPRAWL_KEY_FILE", "a store is written with the organisation's key, and there is none")
	}
	return a.openStore(ctx, db, identity.New(key, nil, nil).KeyID(), false)
}
