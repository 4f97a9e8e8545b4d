package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"sprawl/detectors"
	"sprawl/finding"
)

// Exit codes.
const (
	exitClean       = 0
	exitFindings    = 1
	exitUsage       = 2
	exitIncomplete  = 3
	exitInterrupted = 130
)

// tty is what is known of a terminal.
type tty struct{ width int }

// app is the process as a value: everything outside comes through it, so that tests run commands in-process.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	environ        []string
	now            func() time.Time
	random         io.Reader
	configDir      func() (string, error)
	table          func() []detectors.Detector

	stdoutTTY, stderrTTY *tty

	logLevel string
	color    string
	quiet    bool
	paced    atomic.Bool // the collector is
	log      *slog.Logger
	atEnd    []func() error // of the command: what it has for itself is given back
}

// failure is an error with what to do about it and the exit code it stands for.
type failure struct {
	code int
	err  error
	hint string
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// usage is a failure of what was asked for.
func usage(hint, format string, args ...any) error {
	return &failure{exitUsage, fmt.Errorf(format, args...), hint}
}

// incomplete is a failure to read or write what was asked for.
func incomplete(hint, format string, args ...any) error {
	return &failure{exitIncomplete, fmt.Errorf(format, args...), hint}
}

// outcome is a finished run that does not exit 0; its report has said everything.
type outcome int

func (o outcome) Error() string { return fmt.Sprintf("exit %d", int(o)) }

// run executes one command line and returns the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	root := a.commands()
	root.SetArgs(args)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	err := root.ExecuteContext(ctx)
	for _, end := range a.atEnd {
		if e := end(); e != nil {
			a.log.Warn("at the end", "why", e)
		}
	}
	a.atEnd = nil
	return a.exit(ctx, err)
}

// exit is the one place where errors become text and a code.
func (a *app) exit(ctx context.Context, err error) int {
	var o outcome
	var f *failure
	switch {
	case err == nil:
		return exitClean
	case errors.As(err, &o):
		return int(o)
	case ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)):
		a.complain(errors.New("interrupted; nothing was reported"), "")
		return exitInterrupted
	case errors.As(err, &f):
		a.complain(f.err, f.hint)
		return f.code
	}
	a.complain(err, "see: sprawl --help")
	return exitUsage
}

func (a *app) complain(err error, hint string) {
	_, _ = fmt.Fprintf(a.stderr, "sprawl: %s\n", clean(err.Error()))
	if hint != "" {
		_, _ = fmt.Fprintf(a.stderr, "  next: %s\n", hint)
	}
}

// clean makes one safe line of a message that may quote a path or a provider's words.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
			return '?'
		}
		return r
	}, s)
}

// commands is the table that help, completions and the manual come from.
func (a *app) commands() *cobra.Command {
	root := &cobra.Command{
		Use:   "sprawl",
		Short: "Find credentials that have sprawled through code, and say which credential each one is",
		Long: `sprawl walks git histories, directories and streams, finds embedded credentials, and reports each one once,
with every place that holds it. Nothing leaves this machine unless a flag asks for it.

Exit codes: 0 clean, 1 findings, 2 usage or configuration, 3 something asked for was not read, 130 interrupted.`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		PersistentPreRunE: func(*cobra.Command, []string) error { return a.setLog() },
		Args:              cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return usage("see: sprawl --help", "unknown command %q", args[0])
		},
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("see: "+c.CommandPath()+" --help", "%w", err)
	})
	p := root.PersistentFlags()
	p.StringVar(&a.logLevel, "log-level", "warn", "what to log to stderr: debug, info, warn, error")
	p.StringVar(&a.color, "color", "auto", "colours and links: auto, always, never")
	p.BoolVarP(&a.quiet, "quiet", "q", false, "no progress")
	root.AddCommand(a.scanCommand(), a.initCommand(), a.baselineCommand(), a.markCommand(), a.acceptCommand(), a.recertifyCommand(), a.settleCommand(), a.inventoryCommand(), a.policyCommand(), a.showCommand(), a.reportCommand(), a.explainCommand(),
		a.detectorsCommand(), a.importCommand(), a.compareCommand(), a.hookCommand(), a.reviewCommand(), a.crawlCommand(), a.workerCommand(), a.serveCommand(), a.storeCommand(), a.keyCommand(), a.versionCommand(), a.trainCommand(), a.docsCommand())
	return root
}

func (a *app) setLog() error {
	var l slog.Level
	switch a.logLevel {
	case "debug":
		l = slog.LevelDebug
	case "info":
		l = slog.LevelInfo
	case "warn":
		l = slog.LevelWarn
	case "error":
		l = slog.LevelError
	default:
		return usage("use one of debug, info, warn, error", "unknown log level %q", a.logLevel)
	}
	switch a.color {
	case "auto", "always", "never":
	default:
		return usage("use one of auto, always, never", "unknown value %q of --color", a.color)
	}
	a.log = slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: l}))
	return nil
}

// colored follows https://no-color.org and https://bixense.com/clicolors: the flag, then NO_COLOR, then CLICOLOR_FORCE, then
// whether there is a terminal.
func (a *app) colored() bool {
	switch {
	case a.color == "always":
		return true
	case a.color == "never" || a.getenv("NO_COLOR") != "" || a.getenv("TERM") == "dumb":
		return false
	case a.getenv("CLICOLOR_FORCE") != "" && a.getenv("CLICOLOR_FORCE") != "0":
		return true
	}
	return a.stdoutTTY != nil
}

// severityFlag parses --fail-on.
func severityFlag(v string) (finding.Severity, error) {
	for _, s := range finding.Severities() {
		if v == string(s) {
			return s, nil
		}
	}
	return "", usage("use one of none, policy, critical, high, medium, low, info", "unknown severity %q in --fail-on", v)
}
