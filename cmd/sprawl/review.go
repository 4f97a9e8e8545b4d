package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"sprawl/internal/pullrequest"
	"sprawl/internal/review"
)

func (a *app) reviewCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "review REPORT",
		Short: "Comment on a pull request from a report, and write its check run",
		Long: `Bring a pull request on GitHub in step with a report in JSON Lines (- for standard input): a comment for each credential
that the change brings, on its line where the line is part of the change, and a check run for the commit. What an earlier run
wrote is updated; what the change no longer brings is marked as resolved. Other comments are left alone.

It runs in a step of a GitHub workflow, after the scan: repository and commit come from the event, the token from GITHUB_TOKEN.
Comments need the permission pull-requests: write, the check run needs checks: write; the token of a fork's pull request has
neither. This is the one command that writes anywhere but on this machine.`,
		Example: `  sprawl scan --pr --format github --also jsonl=report.jsonl
  sprawl review report.jsonl`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.review(c.Context(), args[0]) },
	}
}

func (a *app) review(ctx context.Context, path string) error {
	token := a.getenv("GITHUB_TOKEN")
	if token == "" {
		return usage("set it to ${{ github.token }} in the step's env", "review: GITHUB_TOKEN is not set")
	}
	e, err := a.readEvent()
	if err != nil {
		return err
	}
	t, err := reviewTarget(e, a.getenv("GITHUB_REPOSITORY"))
	if err != nil {
		return err
	}
	r, err := a.readReport(path)
	if err != nil {
		return err
	}
	api := cmp.Or(a.getenv("GITHUB_API_URL"), "https://api.github.com")
	c, err := review.New(api, token, nil)
	if err != nil {
		return usage("GITHUB_API_URL is set by GitHub's runner", "review: %w", err)
	}
	out, err := c.Publish(ctx, t, r)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	_, _ = fmt.Fprintf(a.stdout, "sprawl: comments: %d new, %d updated, %d resolved, %d as they were; %d credentials without one; check run: %s\n",
		out.Created, out.Updated, out.Resolved, out.Kept, out.Uncommented, cmp.Or(out.Conclusion, "not written"))
	if err != nil {
		return incomplete("give the job the permissions that are missing; docs/github-action.md says what each is for", "review: %w", err)
	}
	return nil
}

func (a *app) readReport(path string) (*review.Report, error) {
	in := a.stdin
	if path != "-" {
		f, err := os.Open(path) //nolint:gosec // the report that the operator named
		if err != nil {
			return nil, usage("sprawl scan --also jsonl=FILE writes one", "review: %w", err)
		}
		defer f.Close()
		in = f
	}
	r, err := review.Read(in)
	if err != nil {
		return nil, usage("sprawl scan --also jsonl=FILE writes one", "review: %w", err)
	}
	return r, nil
}

// reviewTarget is what an event is about. The repository is the runner's own word: an event is its author's.
func reviewTarget(e pullrequest.Event, repository string) (review.Target, error) {
	owner, name, ok := strings.Cut(cmp.Or(repository, e.Repository), "/")
	if !ok || !pathName(owner) || !pathName(name) {
		return review.Target{}, usage("GITHUB_REPOSITORY is set by GitHub's runner", "review: no repository is named as OWNER/NAME")
	}
	return review.Target{Owner: owner, Repository: name, Number: e.Number, Head: e.Head}, nil
}

// pathName reports whether s can stand in the path of a request as it is.
func pathName(s string) bool {
	return s != "" && s != "." && s != ".." && strings.IndexFunc(s, func(r rune) bool {
		return r != '-' && r != '_' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0
}
