package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"

	"sprawl/internal/identity"
)

// orgKey finds the organisation key: SPRAWL_KEY, the file SPRAWL_KEY_FILE names, or sprawl/key in the user's configuration
// folder. It is nil where there is none; one that can't be read or parsed is an error, since ids would silently be others.
func (a *app) orgKey() ([]byte, error) {
	if v := a.getenv("SPRAWL_KEY"); v != "" {
		k, err := identity.ParseKey(v)
		if err != nil {
			return nil, usage("set it to what sprawl key new wrote, or unset it", "SPRAWL_KEY: %w", err)
		}
		return k, nil
	}
	path, named := a.getenv("SPRAWL_KEY_FILE"), true
	if path == "" {
		named = false
		dir, err := a.configDir()
		if err != nil {
			return nil, nil // no home: no key
		}
		path = filepath.Join(dir, "sprawl", "key")
	}
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil, nil
	}
	if err != nil {
		return nil, usage("check SPRAWL_KEY_FILE", "organisation key: %w", err)
	}
	if runtime.GOOS != "windows" && st.Mode().Perm()&0o077 != 0 {
		return nil, usage("chmod 600 "+path, "organisation key %s can be read by others (mode %04o)", path, st.Mode().Perm())
	}
	b, err := os.ReadFile(path) //nolint:gosec // the operator's own file
	if err != nil {
		return nil, usage("check its owner and mode", "organisation key: %w", err)
	}
	k, err := identity.ParseKey(string(b))
	if err != nil {
		return nil, usage("write it anew with sprawl key new, or remove it", "organisation key %s: %w", path, err)
	}
	return k, nil
}

func (a *app) keyCommand() *cobra.Command {
	c := &cobra.Command{Use: "key", Short: "Make the organisation key that joins repositories, images and nights"}
	var out string
	n := &cobra.Command{
		Use:   "new -o FILE",
		Short: "Write a new organisation key to a file that only you can read",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			if out == "" {
				return usage("sprawl key new -o FILE, then set SPRAWL_KEY_FILE=FILE or put its content into SPRAWL_KEY", "key new needs -o: the key is written to a file and never printed")
			}
			b := make([]byte, identity.KeySize)
			if _, err := io.ReadFull(a.random, b); err != nil {
				return incomplete("try again", "read randomness: %w", err)
			}
			f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator's own path
			if errors.Is(err, fs.ErrExist) {
				return usage("name another file; replacing a key gives every credential a new id (docs/keys.md)", "%s exists and is left as it is", out)
			}
			if err != nil {
				return usage("name a file in a folder you can write to", "key new: %w", err)
			}
			_, err = io.WriteString(f, identity.FormatKey(b)+"\n")
			if err := errors.Join(err, f.Close()); err != nil {
				_ = os.Remove(out)
				return incomplete("free some room and try again", "write %s: %w", out, err)
			}
			_, err = fmt.Fprintf(a.stdout, "wrote %s (key %s)\nnext: SPRAWL_KEY_FILE=%s sprawl scan; keep a copy where your organisation keeps such things (docs/keys.md)\n",
				out, identity.New(b, nil, nil).KeyID(), out)
			return err
		},
	}
	n.Flags().StringVarP(&out, "output", "o", "", "file to write; must not exist")
	c.AddCommand(n)
	return group(c)
}

// noArgs is cobra.NoArgs with our kind of message.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("see: "+c.CommandPath()+" --help", "%s takes no argument, got %q", c.CommandPath(), args[0])
	}
	return nil
}

// group makes a command that only has sub-commands say so.
func group(c *cobra.Command) *cobra.Command {
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return c.Help()
		}
		return usage("see: "+c.CommandPath()+" --help", "unknown command %q", c.CommandPath()+" "+args[0])
	}
	return c
}
