package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sprawl/detectors"
)

// docsCommand writes what is documented of commands and flags, from the same table that parses them, and of kinds, from the
// table that finds them, so that none of it can say anything else. A test holds the files in docs to it.
func (a *app) docsCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "docs FOLDER",
		Short:  "Write cli.md, detectors.md, classifier.md, manual pages and shell completions into a folder",
		Hidden: true,
		Args:   exactArgs(1, "the repository's own is docs"),
		RunE: func(c *cobra.Command, args []string) error {
			files, err := documents(c.Root(), a.table())
			if err != nil {
				return err
			}
			for name, data := range files {
				path := filepath.Join(args[0], filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // documentation is for everybody
					return incomplete("", "write documentation: %w", err)
				}
				if err := os.WriteFile(path, data, 0o644); err != nil { //nolint:gosec // documentation is for everybody
					return incomplete("", "write documentation: %w", err)
				}
			}
			return nil
		},
	}
}

// documents gives every file by its slash path.
func documents(root *cobra.Command, table []detectors.Detector) (map[string][]byte, error) {
	root.DisableAutoGenTag = true
	classifier, err := classifierPage()
	if err != nil {
		return nil, fmt.Errorf("classifier.md: %w", err)
	}
	files := map[string][]byte{"cli.md": manual(root), "detectors.md": detectorsPage(table), "classifier.md": classifier}
	for _, c := range commandsOf(root) {
		files["man/"+strings.ReplaceAll(c.CommandPath(), " ", "-")+".1"] = manPage(c)
	}
	for _, s := range []struct {
		file string
		gen  func(*bytes.Buffer) error
	}{
		{"sprawl.bash", func(b *bytes.Buffer) error { return root.GenBashCompletionV2(b, true) }},
		{"_sprawl", func(b *bytes.Buffer) error { return root.GenZshCompletion(b) }},
		{"sprawl.fish", func(b *bytes.Buffer) error { return root.GenFishCompletion(b, true) }},
		{"sprawl.ps1", func(b *bytes.Buffer) error { return root.GenPowerShellCompletionWithDesc(b) }},
	} {
		var b bytes.Buffer
		if err := s.gen(&b); err != nil {
			return nil, fmt.Errorf("completions %s: %w", s.file, err)
		}
		files["completions/"+s.file] = b.Bytes()
	}
	return files, nil
}

// commandsOf is a command and all that are below it and shown, in the order of help.
func commandsOf(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, k := range c.Commands() {
		if !k.Hidden && k.Name() != "help" && k.Name() != "completion" {
			all = append(all, commandsOf(k)...)
		}
	}
	return all
}

// usageLine is a command as it is typed, with the placeholder for flags at its end.
func usageLine(c *cobra.Command) string {
	s := c.CommandPath() + strings.TrimPrefix(c.Use, c.Name())
	if flagsOf(c) != nil {
		s += " [flags]"
	}
	return s
}

// flagsOf lists a command's own flags by name; those of the root are its own alone.
func flagsOf(c *cobra.Command) []*pflag.Flag {
	var all []*pflag.Flag
	c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && f.Name != "help" {
			all = append(all, f)
		}
	})
	if !c.HasParent() {
		c.PersistentFlags().VisitAll(func(f *pflag.Flag) { all = append(all, f) })
	}
	slices.SortFunc(all, func(x, y *pflag.Flag) int { return strings.Compare(x.Name, y.Name) })
	return all
}

// flagWords is how a flag is typed, its default and what it does. A default that depends on the machine is left to the words.
func flagWords(f *pflag.Flag) (typed, def, what string) {
	kind, what := pflag.UnquoteUsage(f)
	typed = "--" + f.Name
	if f.Shorthand != "" {
		typed = "-" + f.Shorthand + ", " + typed
	}
	if kind != "" {
		typed += " " + strings.ToUpper(strings.TrimSuffix(kind, "Array"))
	}
	def = f.DefValue
	switch {
	case f.Name == "workers", def == "[]", def == "false":
		def = ""
	}
	return typed, def, what
}

// manual is docs/cli.md.
func manual(root *cobra.Command) []byte {
	var b bytes.Buffer
	b.WriteString("# Commands and flags\n\nWritten by `go run ./cmd/sprawl docs docs` from the table that parses them; a change here is lost.\n")
	for _, c := range commandsOf(root) {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n```\n%s\n```\n", c.CommandPath(), strings.TrimSuffix(c.Short, "."), usageLine(c))
		if c.Long != "" {
			fmt.Fprintf(&b, "\n```text\n%s\n```\n", strings.TrimRight(c.Long, "\n"))
		}
		if c.Example != "" {
			fmt.Fprintf(&b, "\n```sh\n%s\n```\n", dedent(c.Example))
		}
		fs := flagsOf(c)
		if len(fs) == 0 {
			continue
		}
		if !c.HasParent() {
			b.WriteString("\nFlags of every command:\n")
		}
		b.WriteString("\n| flag | default | |\n|---|---|---|\n")
		cell := strings.NewReplacer("|", `\|`, "<", "&lt;", "\n", " ")
		for _, f := range fs {
			typed, def, what := flagWords(f)
			if def != "" {
				def = "`" + def + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", typed, cell.Replace(def), cell.Replace(what))
		}
	}
	return b.Bytes()
}

// dedent takes the two blanks away by which help sets examples in.
func dedent(s string) string {
	lines := strings.Split(strings.Trim(s, "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimPrefix(l, "  ")
	}
	return strings.Join(lines, "\n")
}

// manPage is a page of section 1 in the macros of man(7). It has no date: a page says the same whenever it is made.
func manPage(c *cobra.Command) []byte {
	var b bytes.Buffer
	name := strings.ReplaceAll(c.CommandPath(), " ", "-")
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"sprawl\" \"User Commands\"\n", roff(strings.ToUpper(name)))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(name), roff(c.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.nf\n%s\n.fi\n", roffLines(usageLine(c)))
	if c.Long != "" {
		fmt.Fprintf(&b, ".SH DESCRIPTION\n.nf\n%s\n.fi\n", roffLines(c.Long))
	}
	if fs := flagsOf(c); len(fs) > 0 {
		b.WriteString(".SH OPTIONS\n")
		for _, f := range fs {
			typed, def, what := flagWords(f)
			if def != "" {
				what += " (default " + def + ")"
			}
			fmt.Fprintf(&b, ".TP\n\\fB%s\\fR\n%s\n", roff(typed), roffLines(what))
		}
	}
	if c.Example != "" {
		fmt.Fprintf(&b, ".SH EXAMPLES\n.nf\n%s\n.fi\n", roffLines(dedent(c.Example)))
	}
	var see []string
	if c.HasParent() {
		see = append(see, c.Parent().CommandPath())
	}
	for _, k := range commandsOf(c)[1:] {
		if k.Parent() == c {
			see = append(see, k.CommandPath())
		}
	}
	if len(see) > 0 {
		for i, s := range see {
			see[i] = "\\fB" + roff(strings.ReplaceAll(s, " ", "-")) + "\\fR(1)"
		}
		fmt.Fprintf(&b, ".SH SEE ALSO\n%s\n", strings.Join(see, ", "))
	}
	return b.Bytes()
}

// roff writes text so that troff prints it: backslashes and hyphens, which it would set as another character, are escaped.
func roff(s string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...").Replace(s)
}

// roffLines is roff for lines, none of which troff may take for a request.
func roffLines(s string) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	for i, l := range lines {
		l = roff(l)
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			l = `\&` + l
		}
		lines[i] = l
	}
	return strings.Join(lines, "\n")
}
