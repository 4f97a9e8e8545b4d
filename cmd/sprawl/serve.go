package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"sprawl/internal/serve"
)

// serveFlags are those of the pages over a store.
type serveFlags struct {
	db     dbFlags
	listen string
	token  string // a file
}

func (a *app) serveCommand() *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use:   "serve",
		Short: "Show what a store holds as pages for a browser on this machine",
		Long: `Show what crawls have left in a store as pages: what to do first, every credential with what became of it, runs and what they changed,
trends, exceptions that are due, what was not seen, and all of that as of a past day. The pages read and never write; no secret
stands in a store.

They are for this machine alone: anything but a loopback address is refused, and the address that is printed holds a token without
which nothing is answered. From another machine, use ssh -L.`,
		Example: `  sprawl serve --db acme.db
  sprawl serve --db postgres://reader@db.internal/sprawl --listen 127.0.0.1:8443 --token-file ~/.config/sprawl/serve-token`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.serve(c.Context(), f) },
	}
	f.db.add(c)
	p := c.Flags()
	p.StringVar(&f.listen, "listen", "127.0.0.1:0", "loopback address to answer at; port 0 is any that is free")
	p.StringVar(&f.token, "token-file", "", "keep the token in this file, which only you may read, so that an address stays good; it is written where there is none, and not printed")
	return c
}

func (a *app) serve(ctx context.Context, f serveFlags) (err error) {
	token, err := a.serveToken(f.token)
	if err != nil {
		return err
	}
	l, err := serve.Listen(ctx, f.listen)
	if err != nil {
		return usage("leave out --listen, or name another port of 127.0.0.1", "%w", err)
	}
	defer func() { _ = l.Close() }() // again, where it has been served
	st, err := a.openStore(ctx, f.db, "", true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	pages, err := serve.New(serve.Stored(st), serve.Options{Token: token, Now: a.now, Log: a.log})
	if err != nil {
		return err
	}
	address := "http://" + l.Addr().String() + "/"
	if f.token == "" {
		address += "?token=" + token
	}
	if _, err := fmt.Fprintln(a.stdout, address); err != nil {
		return incomplete("", "write the address: %w", err)
	}
	if !a.quiet {
		hint := "open the address above in a browser of this machine"
		if f.token != "" {
			hint += ", with ?token= and what stands in " + f.token
		}
		_, _ = fmt.Fprintf(a.stderr, "serving %s; %s; Ctrl-C ends it\n", clean(st.String()), clean(hint))
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	warm := make(chan struct{})
	go func() {
		defer close(warm)
		if err := pages.Warm(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("the store could not be read", "error", err)
		}
	}()
	err = serve.Run(ctx, l, pages, a.log)
	stop()
	<-warm
	if err != nil {
		return incomplete("try again", "%w", err)
	}
	return nil
}

// serveToken is the token of a file, which is written where there is none; without a file it is good for this run alone.
func (a *app) serveToken(path string) (string, error) {
	if path == "" {
		return serve.NewToken(a.random)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator's own path
	if errors.Is(err, fs.ErrExist) {
		return readToken(path)
	}
	if err != nil {
		return "", usage("name a file in a folder you can write to", "--token-file: %w", err)
	}
	token, err := serve.NewToken(a.random)
	if err == nil {
		_, err = io.WriteString(f, token+"\n")
	}
	if err := errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(path)
		return "", incomplete("free some room and try again", "write %s: %w", path, err)
	}
	return token, nil
}

func readToken(path string) (string, error) {
	st, err := os.Stat(path)
	if err != nil {
		return "", usage("check its owner and mode", "--token-file: %w", err)
	}
	if runtime.GOOS != "windows" && st.Mode().Perm()&0o077 != 0 {
		return "", usage("chmod 600 "+path, "the token in %s can be read by others (mode %04o)", path, st.Mode().Perm())
	}
	b, err := os.ReadFile(path) //nolint:gosec // the operator's own file
	if err != nil {
		return "", usage("check its owner and mode", "--token-file: %w", err)
	}
	token := strings.TrimSpace(string(b))
	if !serve.ValidToken(token) {
		return "", usage("remove it: sprawl serve writes one", "%s does not hold a token of sprawl serve", path)
	}
	return token, nil
}
