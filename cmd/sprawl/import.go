package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sprawl/internal/migrate"
	"sprawl/internal/policy"
)

type importFlags struct {
	target string
	as     string
	tags   bool
	all    bool
	print  bool
}

func (a *app) importCommand() *cobra.Command {
	var f scanFlags
	var i importFlags
	c := &cobra.Command{
		Use:   "import [FILE…]",
		Short: "Take over rules and decisions of other scanners",
		Long: `Take over what was written for other scanners, and say what could not be taken over and why. A FILE is

  rules      of gitleaks or betterleaks (TOML), of kingfisher, noseyparker or titus (YAML; a folder is read whole)
  decisions  a gitleaks, detect-secrets or kingfisher baseline, or a .gitleaksignore

Rules become rows under detectors: in ` + policyName + `, each with texts that were tried on it; those that a built-in kind finds too
are left out. Decisions and inline tags (--tags) become entries of the baseline, or marks: the target is scanned for the values
they are about, and what is proven or in production is named. Values are neither printed nor written.`,
		Example: `  sprawl import .gitleaks.toml .gitleaksignore
  sprawl import --print rules/ > rows.yaml
  sprawl import .secrets.baseline --as false-positive
  sprawl import --tags`,
		RunE: func(c *cobra.Command, args []string) error { return a.importFiles(c.Context(), args, f, i) },
	}
	f.add(c)
	p := c.Flags()
	p.StringVar(&i.target, "target", ".", "the repository or folder whose policy is written and in which decisions are looked up")
	p.StringVar(&i.as, "as", "baseline", "what decisions become: baseline (seen before, not judged) or false-positive (marks)")
	p.BoolVar(&i.tags, "tags", false, "take over inline tags such as gitleaks:allow from the files that stand now")
	p.BoolVar(&i.all, "all", false, "write rows that built-in kinds cover too")
	p.BoolVar(&i.print, "print", false, "print the rows instead of writing them; the report goes to standard error")
	return c
}

// imported is what the files held.
type imported struct {
	rules   []*migrate.Rules // one for each tool
	decided []decidedFile
}

type decidedFile struct {
	name, format string
	entries      []migrate.Decided
}

func (a *app) importFiles(ctx context.Context, args []string, f scanFlags, i importFlags) error {
	switch {
	case len(args) == 0 && !i.tags:
		return usage("sprawl import --help lists what is read", "no file is named, and --tags is not given")
	case i.as != "baseline" && i.as != string(policy.FalsePositive):
		return usage("use baseline or false-positive", "unknown value %q of --as", i.as)
	}
	in, err := readImports(args)
	if err != nil {
		return err
	}
	r, err := a.newRun(ctx, "import", []string{i.target}, f)
	if err != nil {
		return err
	}
	say := a.stdout
	if i.print {
		say = a.stderr
	}
	data := r.policy.data
	var rows []policy.Detector
	for _, x := range in.rules {
		covered, err := x.Settle(a.table())
		if err != nil {
			return err
		}
		take := x.Rows
		if !i.all {
			take = slices.DeleteFunc(slices.Clone(take), func(d policy.Detector) bool {
				return slices.ContainsFunc(covered, func(c migrate.Covered) bool { return c.ID == d.ID.Value })
			})
		}
		rows = append(rows, take...)
		if err := reportRules(say, x, len(covered), len(take)); err != nil {
			return err
		}
	}
	if i.print {
		out, _, err := policy.AddDetectors(nil, rows)
		if err != nil {
			return usage("", "%w", err)
		}
		_, err = a.stdout.Write(out)
		return err
	}
	data, there, err := policy.AddDetectors(data, rows)
	if err != nil {
		return usage("mend the file by hand, or use --print", "%w", err)
	}
	if len(there) > 0 {
		if _, err := fmt.Fprintf(say, "already there and left as they are: %s\n", some(there)); err != nil {
			return err
		}
	}
	if len(in.decided) > 0 || i.tags {
		if data, err = a.importDecisions(ctx, r, in.decided, i, data); err != nil {
			return err
		}
	}
	path, err := r.policyFile()
	if err != nil {
		return err
	}
	if bytes.Equal(data, r.policy.data) {
		_, err := fmt.Fprintf(say, "%s: nothing to change\n", path)
		return err
	}
	if _, err := parsePolicy(data, path, path); err != nil {
		return err
	}
	if err := replaceFile(path, data); err != nil {
		return err
	}
	_, err = fmt.Fprintf(say, "wrote %s\nnext: look through it and commit it\n", path)
	return err
}

// some is a list of words, of a long one the beginning.
func some(list []string) string {
	const most = 8
	if n := len(list) - most; n > 0 {
		return strings.Join(list[:most], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(list, ", ")
}

// readImports reads files, and the rule files of folders.
func readImports(args []string) (imported, error) {
	var in imported
	byTool := map[string]*migrate.Rules{}
	one := func(name string, must bool) error {
		data, err := os.ReadFile(name) //nolint:gosec // the files the operator named
		if err != nil {
			return usage("name a file that can be read", "%w", err)
		}
		f, err := migrate.Read(name, data)
		switch {
		case errors.Is(err, migrate.ErrUnknown) && !must:
			return nil
		case err != nil:
			return usage("sprawl import --help lists what is read", "%s: %w", name, err)
		case f.Rules == nil:
			in.decided = append(in.decided, decidedFile{name, f.Format, f.Decided})
			return nil
		}
		if x := byTool[f.Rules.Tool]; x != nil {
			x.Add(f.Rules)
			return nil
		}
		byTool[f.Rules.Tool] = f.Rules
		in.rules = append(in.rules, f.Rules)
		return nil
	}
	for _, arg := range args {
		st, err := os.Stat(arg)
		if err != nil {
			return in, usage("name a file that can be read", "%w", err)
		}
		if !st.IsDir() {
			if err := one(arg, true); err != nil {
				return in, err
			}
			continue
		}
		before := len(in.rules) + len(in.decided)
		err = filepath.WalkDir(arg, func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return usage("name a folder that can be read", "%w", err)
			}
			if ext := strings.ToLower(filepath.Ext(path)); e.Type().IsRegular() && (ext == ".toml" || ext == ".yml" || ext == ".yaml") {
				return one(path, false)
			}
			return nil
		})
		if err != nil {
			return in, err
		}
		if len(in.rules)+len(in.decided) == before {
			return in, usage("name the folder of rules", "%s holds no rule file that is known", arg)
		}
	}
	return in, nil
}

// reportRules says how many rules load, which do not and why, and what those that load leave behind.
func reportRules(w io.Writer, r *migrate.Rules, covered, taken int) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d of %d rules load; built-in kinds find %d of them too; %d rows\n", r.Tool, len(r.Rows), r.Total, covered, taken)
	for _, x := range []struct {
		head    string
		remarks []migrate.Remark
	}{{"does not load", r.Left}, {"loads", r.Notes}} {
		var order []string
		ids := map[string][]string{}
		for _, m := range x.remarks {
			if ids[m.Why] == nil {
				order = append(order, m.Why)
			}
			ids[m.Why] = append(ids[m.Why], m.ID)
		}
		for _, why := range order {
			list := ids[why]
			if list[0] == "" {
				fmt.Fprintf(&b, "  %s\n", clean(why))
				continue
			}
			fmt.Fprintf(&b, "  %s: %s (%d): %s\n", x.head, clean(why), len(list), clean(strings.Join(list, " ")))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
