package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// What the constructors and Walk can fail with, wrapped in an *Error. None of them may be read as "clean".
var (
	ErrReference   = errors.New("not a reference to an image")
	ErrCredentials = errors.New("the registry wants other credentials")
	ErrNotFound    = errors.New("not in the registry")
	ErrRateLimited = errors.New("the registry asks to slow down")
	ErrPlainHTTP   = errors.New("the registry does not speak TLS")
	ErrUnreachable = errors.New("cannot be reached")
	ErrFormat      = errors.New("not an image of this kind")
	ErrUnsupported = errors.New("a manifest that cannot be read here")
	ErrCorrupt     = errors.New("is damaged")
	ErrPlatform    = errors.New("has no such platform")
	ErrEmpty       = errors.New("holds no image")
)

// Error says what could not be done with an image and what to do next. It holds no credential, and of what a registry answered
// nothing but the status and the error code.
type Error struct {
	Target string // as the user named it
	What   string // a digest, a platform, a file; "" if there is nothing to add
	Next   string // what to do, a sentence without its full stop; "" if there is no advice
	Kind   error  // one of the errors above
	Err    error  // the cause, nil if Kind says it all
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Target + ": " + e.Kind.Error())
	if e.What != "" {
		b.WriteString(": " + e.What)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	if e.Next != "" {
		b.WriteString(" (" + e.Next + ")")
	}
	return b.String()
}

func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// slowDown is a 429 whose wait is longer than this run is ready to wait.
type slowDown struct{ after string }

func (e *slowDown) Error() string { return "HTTP 429" }

// plainHTTP is a registry that answers without TLS.
type plainHTTP struct{ host string }

func (e *plainHTTP) Error() string { return e.host + " answers in plain HTTP" }

// registryError tells the errors of a registry apart. had says whether a credential was sent.
func registryError(target, host string, had bool, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: %w", target, err)
	}
	var own *Error
	if errors.As(err, &own) {
		return err
	}
	e := &Error{Target: target, Kind: ErrUnreachable}
	var (
		slow  *slowDown
		plain *plainHTTP
		resp  *transport.Error
	)
	switch {
	case errors.As(err, &slow):
		e.Kind, e.Err = ErrRateLimited, slow
		e.Next = "try again later, or log in: limits for known users are higher"
		if slow.after != "" {
			e.Next = "try again in " + slow.after + ", or log in: limits for known users are higher"
		}
	case errors.As(err, &plain):
		e.Kind, e.Err = ErrPlainHTTP, plain
		e.Next = "use --insecure-registry if the network in between can be trusted"
	case errors.Is(err, remote.ErrSchema1):
		e.Kind, e.What, e.Next = ErrUnsupported, "schema 1", "push it again with a client of this decade"
	case errors.As(err, &resp):
		e.Err = status(resp)
		switch resp.StatusCode {
		case http.StatusUnauthorized, http.StatusForbidden:
			e.Kind = ErrCredentials
			if e.Next = "docker login " + host + ", or podman login " + host + "; registries answer so for names that do not exist, too"; had {
				e.Next = "the credentials stored for " + host + " were refused: log in again, as someone who may pull"
			}
		case http.StatusNotFound:
			e.Kind, e.Next = ErrNotFound, "check the name and the tag"
		case http.StatusTooManyRequests:
			e.Kind, e.Next = ErrRateLimited, "try again later, or log in: limits for known users are higher"
		}
	default:
		e.Err = network(err)
		e.Next = "check the name of the registry and the way to it"
	}
	return e
}

// status is a registry's answer without its words, which are its own and may be anything.
func status(e *transport.Error) error {
	code := ""
	if len(e.Errors) > 0 {
		code = " " + clean(string(e.Errors[0].Code), 40)
	}
	return fmt.Errorf("HTTP %d%s", e.StatusCode, code)
}

// network is a failed request without its URL, which may be a signed one.
func network(err error) error {
	var (
		u *url.Error
		o *net.OpError
		d *net.DNSError
	)
	switch {
	case errors.As(err, &d):
		return errors.New("no address for " + clean(d.Name, 100))
	case errors.As(err, &o):
		return o
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	case errors.As(err, &u):
		return errors.New(clean(u.Err.Error(), 200))
	}
	return errors.New("unreadable answer")
}
