// Package review keeps a pull request in step with a report: one comment for each credential that the change brings, on its line
// where the line is part of the change, and one check run for each commit. What is there already is updated, what the change no
// longer brings is marked as resolved, and what is as it should be is left alone.
//
// It reads reports and never a repository, so that the process that reads hostile bytes holds no token and the one that holds a
// token reads masked text alone. It writes to the pull request it is given and to nothing else, touches nobody else's comments,
// and never sends a value: reports hold none. Texts from repositories are shown as they are and never as markup.
package review

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"sprawl/finding"
)

const (
	// maxComments is how many comments a run writes at most: content that comes in faster is what GitHub limits first
	// (docs.github.com, "Rate limits for the REST API").
	maxComments = 30
	// maxPages ends every list: GitHub lists no more than 3,000 files of a pull request, 100 a page.
	maxPages = 30
	// checkName is what the check run is called, by which the next run finds it.
	checkName = "sprawl"
	timeout   = 30 * time.Second
)

// Target is a change on GitHub. Number is 0 for a commit that is in no pull request: then there is a check run alone.
type Target struct {
	Owner, Repository string
	Number            int
	Head              string // the commit's id: of a pull request the head, not the merge commit
}

// Outcome counts what was done.
type Outcome struct {
	Created, Updated, Resolved, Kept int
	Uncommented                      int    // credentials without a comment
	Conclusion                       string // of the check run, "" if there is none
}

// Client speaks to one GitHub.
type Client struct{ gh *github.Client }

// New is a client for the REST API at api, which is https, or http to this machine itself. The transport may be nil.
func New(api, token string, transport http.RoundTripper) (*Client, error) {
	u, err := url.Parse(strings.TrimSuffix(api, "/") + "/")
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, fmt.Errorf("%q is no address of an API: https://api.github.com is GitHub's", api)
	}
	if token == "" {
		return nil, errors.New("there is no token")
	}
	h := &http.Client{
		Transport: transport, Timeout: timeout,
		// An API does not send a token elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	c := github.NewClient(h).WithAuthToken(token)
	c.BaseURL = u
	c.UserAgent = "sprawl"
	return &Client{c}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Publish brings comments and check run up to date. What could be done is done: the error joins what could not, and says which
// permission was missing.
func (c *Client) Publish(ctx context.Context, t Target, r *Report) (Outcome, error) {
	var out Outcome
	var open []*Finding
	for i := range r.Findings {
		if r.Findings[i].Decision == nil {
			open = append(open, &r.Findings[i])
		}
	}
	var err error
	if t.Number > 0 {
		if err = c.comments(ctx, t, r, open, &out); err != nil {
			err = fmt.Errorf("comment on the pull request (pull-requests: write): %w", refused(err))
		}
	}
	if cerr := c.check(ctx, t, r, open, &out); cerr != nil {
		err = errors.Join(err, fmt.Errorf("write the check run (checks: write): %w", refused(cerr)))
	}
	return out, err
}

// refused says in few words what GitHub answered.
func refused(err error) error {
	var limited *github.RateLimitError
	var slowed *github.AbuseRateLimitError
	var answer *github.ErrorResponse
	switch {
	case errors.As(err, &limited), errors.As(err, &slowed):
		return errors.New("GitHub's rate limit is used up")
	case errors.As(err, &answer) && answer.Response != nil && answer.Response.StatusCode == http.StatusTooManyRequests:
		return errors.New("GitHub's rate limit is used up")
	case errors.As(err, &answer) && answer.Response != nil:
		return fmt.Errorf("GitHub answered %d: %s", answer.Response.StatusCode, strings.Join(strings.Fields(answer.Message), " "))
	}
	return err
}

func (c *Client) comments(ctx context.Context, t Target, r *Report, open []*Finding, out *Outcome) error {
	ours, err := c.ours(ctx, t)
	if err != nil {
		return err
	}
	files, err := c.files(ctx, t)
	if err != nil {
		return err
	}
	nth := map[string]int{}
	wanted := map[string]bool{}
	for _, f := range open {
		k := key(r, f, nth)
		wanted[k] = true
		here, line := spot(f, files)
		text := body(r, f, k, here)
		switch old := ours[k]; {
		case old != nil && old.GetBody() == text:
			out.Kept++
		case old != nil:
			if _, _, err := c.gh.PullRequests.EditComment(ctx, t.Owner, t.Repository, old.GetID(), &github.PullRequestComment{Body: &text}); err != nil {
				return err
			}
			out.Updated++
		case here == nil || out.Created == maxComments:
			out.Uncommented++
		default:
			done, err := c.create(ctx, t, here, line, text)
			if err != nil {
				return err
			}
			if done {
				out.Created++
			} else {
				out.Uncommented++
			}
		}
	}
	return c.resolve(ctx, t, r, ours, wanted, out)
}

// create writes a comment: where GitHub does not take it on its line, on the file, and where not there either, nowhere.
func (c *Client) create(ctx context.Context, t Target, here *Location, line bool, text string) (done bool, err error) {
	for {
		_, res, err := c.gh.PullRequests.CreateComment(ctx, t.Owner, t.Repository, t.Number, fresh(t, here, line, text))
		switch {
		case err == nil:
			return true, nil
		case res == nil || res.StatusCode != http.StatusUnprocessableEntity:
			return false, err
		case !line:
			return false, nil
		}
		line = false
	}
}

// resolve marks the comments whose credential is no longer open. Of an incomplete report nothing is concluded but what it says.
func (c *Client) resolve(ctx context.Context, t Target, r *Report, ours map[string]*github.PullRequestComment, wanted map[string]bool, out *Outcome) error {
	texts := map[string]string{}
	for k := range ours {
		if !wanted[k] && r.Complete {
			texts[k] = gone(k, t.Head)
		}
	}
	for i := range r.Findings {
		// Its place among the file's others is not known once it is decided, so that only lasting ids are looked for.
		if f := &r.Findings[i]; f.Decision != nil && ours[f.ID] != nil && !wanted[f.ID] {
			texts[f.ID] = decided(f, f.ID)
		}
	}
	for _, k := range sortedKeys(texts) {
		text, old := texts[k], ours[k]
		if strings.HasPrefix(old.GetBody(), "**Resolved**") {
			continue // whatever resolved it first
		}
		if _, _, err := c.gh.PullRequests.EditComment(ctx, t.Owner, t.Repository, old.GetID(), &github.PullRequestComment{Body: &text}); err != nil {
			return err
		}
		out.Resolved++
	}
	return nil
}

func sortedKeys(m map[string]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// fresh is a new comment: on the line if it is part of the change, else on the file.
func fresh(t Target, here *Location, line bool, text string) *github.PullRequestComment {
	n := &github.PullRequestComment{Body: &text, Path: &here.Path, CommitID: &t.Head}
	if !line {
		n.SubjectType = github.String("file")
		return n
	}
	n.Line, n.Side = github.Int(max(here.EndLine, here.Line)), github.String("RIGHT")
	if here.EndLine > here.Line {
		n.StartLine, n.StartSide = &here.Line, n.Side
	}
	return n
}

// spot is where a comment about a credential belongs: at a place whose lines are part of the change, else in a file that is; nil
// if there is neither.
func spot(f *Finding, files map[string]lines) (here *Location, line bool) {
	for i := range f.Locations {
		l := &f.Locations[i]
		shown, ok := files[l.Path]
		if !ok || len(l.Layer) > 0 && string(l.Layer) != "null" {
			continue
		}
		if l.State == finding.StateHead && shown.all(l.Line, l.EndLine) {
			return l, true
		}
		if here == nil {
			here = l
		}
	}
	return here, false
}

// ours are the comments that an earlier run wrote, by key; the first of each.
func (c *Client) ours(ctx context.Context, t Target) (map[string]*github.PullRequestComment, error) {
	me, err := c.me(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]*github.PullRequestComment{}
	o := &github.PullRequestListCommentsOptions{Sort: "created", Direction: "asc", ListOptions: github.ListOptions{PerPage: 100}}
	for range maxPages {
		list, res, err := c.gh.PullRequests.ListComments(ctx, t.Owner, t.Repository, t.Number, o)
		if err != nil {
			return nil, err
		}
		for _, m := range list {
			k := keyOf(m.GetBody())
			if k != "" && out[k] == nil && m.GetInReplyTo() == 0 && (me != "" && m.GetUser().GetLogin() == me || me == "" && m.GetUser().GetType() == "Bot") {
				out[k] = m
			}
		}
		if o.Page = res.NextPage; o.Page == 0 {
			break
		}
	}
	return out, nil
}

// me is the login behind the token, "" for a workflow's own, which is a bot's and may not ask. Anybody can write a marker into a
// comment, and only bots are bots.
func (c *Client) me(ctx context.Context) (string, error) {
	u, res, err := c.gh.Users.Get(ctx, "")
	if res != nil && res.StatusCode == http.StatusForbidden {
		var limited *github.RateLimitError
		var slowed *github.AbuseRateLimitError
		if !errors.As(err, &limited) && !errors.As(err, &slowed) {
			return "", nil
		}
	}
	if err != nil {
		return "", err
	}
	return u.GetLogin(), nil
}

// files are those that the pull request still touches, with the lines that a comment can stand on.
func (c *Client) files(ctx context.Context, t Target) (map[string]lines, error) {
	out := map[string]lines{}
	o := &github.ListOptions{PerPage: 100}
	for range maxPages {
		list, res, err := c.gh.PullRequests.ListFiles(ctx, t.Owner, t.Repository, t.Number, o)
		if err != nil {
			return nil, err
		}
		for _, f := range list {
			out[f.GetFilename()] = patchLines(f.GetPatch())
		}
		if o.Page = res.NextPage; o.Page == 0 {
			break
		}
	}
	return out, nil
}

// check writes the commit's check run, or brings the one that is there up to date. It has no annotations: they could only be
// added to, never replaced, and the lines have comments.
func (c *Client) check(ctx context.Context, t Target, r *Report, open []*Finding, out *Outcome) error {
	conclusion, title, summary := verdict(r, open, out.Uncommented)
	list, _, err := c.gh.Checks.ListCheckRunsForRef(ctx, t.Owner, t.Repository, t.Head, &github.ListCheckRunsOptions{
		CheckName: github.String(checkName), Filter: github.String("latest"),
	})
	if err != nil {
		return err
	}
	output := &github.CheckRunOutput{Title: &title, Summary: &summary}
	done := github.String("completed")
	for _, old := range list.CheckRuns {
		if old.GetName() != checkName || old.GetHeadSHA() != t.Head {
			continue
		}
		if _, _, err := c.gh.Checks.UpdateCheckRun(ctx, t.Owner, t.Repository, old.GetID(), github.UpdateCheckRunOptions{
			Name: checkName, Status: done, Conclusion: &conclusion, Output: output,
		}); err != nil {
			return err
		}
		out.Conclusion = conclusion
		return nil
	}
	if _, _, err := c.gh.Checks.CreateCheckRun(ctx, t.Owner, t.Repository, github.CreateCheckRunOptions{
		Name: checkName, HeadSHA: t.Head, Status: done, Conclusion: &conclusion, Output: output,
	}); err != nil {
		return err
	}
	out.Conclusion = conclusion
	return nil
}
