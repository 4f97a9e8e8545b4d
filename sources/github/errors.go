package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	gh "github.com/google/go-github/v60/github"
)

// ErrNotFound says that the server knows no such organisation, user or repository, or does not show it to this identity.
var ErrNotFound = errors.New("not there, or not to be seen by this token")

// Limited says that the server asks to come again later than Options.Patience allows to wait for.
type Limited struct {
	Host      string
	Until     time.Time     // by the caller's clock
	After     time.Duration // from now until then
	Secondary bool          // a limit on the pace of calls; else the hourly one
}

func (e *Limited) Error() string {
	which := "the hourly rate limit"
	if e.Secondary {
		which = "a secondary rate limit"
	}
	return fmt.Sprintf("%s: %s lasts another %s", e.Host, which, e.After.Round(time.Second))
}

// Unauthorized says that the token, or the App's key, is not accepted.
type Unauthorized struct {
	Host string
	Next string // what to do
}

func (e *Unauthorized) Error() string {
	return fmt.Sprintf("%s does not accept the credentials (401): %s", e.Host, e.Next)
}

// Refused says that the server knows who asks and does not answer, or answers in part: asking again does not help.
type Refused struct {
	Host      string
	Why, Next string // what to do
}

func (e *Refused) Error() string { return fmt.Sprintf("%s refuses: %s; %s", e.Host, e.Why, e.Next) }

// Unreachable says that no answer came, or only errors of the server, as often as was tried.
type Unreachable struct {
	Host  string
	Why   string
	Tries int
	final bool // trying again makes no difference
}

func (e *Unreachable) Error() string {
	return fmt.Sprintf("%s does not answer (%d tried): %s", e.Host, e.Tries, e.Why)
}

// told is an error in words of our own: those of libraries repeat addresses and what a server wrote.
func (c *Client) told(ctx context.Context, what string, err error) error {
	return fmt.Errorf("%s: %w", what, reason(ctx, c.base.Host, c.who.next(), err))
}

func reason(ctx context.Context, host, next string, err error) error {
	var (
		limited      *Limited
		unauthorized *Unauthorized
		refused      *Refused
		unreachable  *Unreachable
		answer       *gh.ErrorResponse
		link         *url.Error
	)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &limited):
		return limited
	case errors.As(err, &unauthorized):
		return unauthorized
	case errors.As(err, &refused):
		return refused
	case errors.As(err, &unreachable):
		return unreachable
	case errors.Is(err, ErrNotFound):
		return ErrNotFound
	case errors.As(err, &answer) && answer.Response != nil:
		return status(host, next, answer.Response.StatusCode, answer.Response.Header, answer.Message)
	case errors.As(err, &link), errors.Is(err, errInstallation):
		return fmt.Errorf("%s: the request failed", host)
	}
	return fmt.Errorf("the answer of %s is not what its documentation says", host)
}

// status is the error of an answer that is none.
func status(host, next string, code int, head http.Header, message string) error {
	switch code {
	case http.StatusUnauthorized:
		return &Unauthorized{host, next}
	case http.StatusNotFound, http.StatusGone:
		return ErrNotFound
	case http.StatusForbidden:
		return refusal(host, head, message)
	}
	return &Refused{host, fmt.Sprintf("it answers %d", code), "ask again later or with another address"}
}

// refusals are what a 403 says, by a part of its message in lower case
// (https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api).
var refusals = []struct{ says, why, next string }{
	{"saml", "the organisation demands single sign-on", "authorise the token for it under Settings, Developer settings, Configure SSO"},
	{"ip allow list", "the organisation allows certain addresses only", "add this machine's to its IP allow list"},
	{"personal access token (classic)", "the organisation takes no classic tokens", "use a fine-grained token or an App"},
	{"lifetime", "the organisation takes no tokens of such a lifetime", "make one that expires sooner"},
	{"suspended", "the App's installation is suspended", "resume it in the organisation's settings"},
	{"not accessible by", "the token lacks a permission", "give it read access to metadata and contents, and to packages for images"},
	{"scope", "the token lacks a scope", "give it repo and read:org, and read:packages for images"},
}

func refusal(host string, head http.Header, message string) error {
	message = strings.ToLower(message)
	if strings.HasPrefix(head.Get("X-GitHub-SSO"), "required") {
		message = "saml"
	}
	for _, r := range refusals {
		if strings.Contains(message, r.says) {
			return &Refused{host, r.why, r.next}
		}
	}
	return &Refused{host, "the token does not suffice (403)", "check its permissions and the organisation's policy for tokens"}
}
