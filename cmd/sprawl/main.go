// Command sprawl finds credentials that have sprawled through git histories, directories and streams, and says which
// credential each one is.
//
// This package holds flags, wiring and exit codes, and nothing else. It is the only one that reads the clock, randomness, the
// environment and the terminal.
package main

import (
	"context"
	"crypto/rand"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"sprawl/detectors"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	a := &app{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		getenv: os.Getenv, environ: os.Environ(), now: time.Now, random: rand.Reader, configDir: os.UserConfigDir, table: detectors.All,
		stdoutTTY: terminal(os.Stdout), stderrTTY: terminal(os.Stderr),
	}
	code := a.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// terminal is nil where f is no terminal.
func terminal(f *os.File) *tty {
	fd := int(f.Fd())
	if !term.IsTerminal(fd) {
		return nil
	}
	w, _, err := term.GetSize(fd)
	if err != nil {
		w = 0
	}
	return &tty{width: w}
}
