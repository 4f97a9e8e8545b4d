package mirror

import (
	"context"
	"errors"
	"strings"

	"sprawl/internal/gitexec"
)

// gitSaid gives what git said its kind. Git's exit status says nothing, so its messages are read, in their English form, which
// gitexec asks for: from git's remote-curl.c, http.c, fetch-pack.c and connect.c, and from curl's and OpenSSH's messages in them.
var phrases = []struct {
	kind  Kind
	texts []string
}{
	{Disk, []string{"No space left on device", "Out of diskspace", "Disk quota exceeded", "Read-only file system", "insufficient permission for adding an object", "There is not enough space on the disk"}},
	{Limited, []string{"returned error: 429", "HTTP 429"}},
	{Denied, []string{"Authentication failed", "could not read Username", "could not read Password", "returned error: 401", "returned error: 403",
		"Permission denied (", "Host key verification failed", "detected dubious ownership"}},
	{NotFound, []string{"returned error: 404", "returned error: 410", "' not found", "Repository not found", "does not appear to be a git repository",
		"repository not exported", "does not exist"}},
	{Refused, []string{"returned error: 30", "not allowed", "unable to update url base"}},
	{Corrupt, []string{"corruption on the remote side", "bad object", "pack is corrupted", "pack has bad object", "inflate", "did not send all necessary objects",
		"does not match", "unresolved deltas", "not our ref", "missing "}},
	{Network, []string{"Could not resolve", "Failed to connect", "Couldn't connect", "Connection refused", "Connection reset", "Connection closed", "timed out",
		"No route to host", "unreachable", "Operation too slow", "RPC failed", "early EOF", "unexpected disconnect", "hung up unexpectedly", "transfer closed",
		"returned error: 5", "SSL", "gnutls", "certificate", "Could not read from remote repository", "unable to access"}},
}

func gitSaid(url string, a Auth, err error) *Error {
	var e *gitexec.Error
	if !errors.As(err, &e) {
		return &Error{Kind: Refused, URL: url, Detail: said(a, []byte(err.Error())), Err: err}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &Error{Kind: Network, URL: url, Detail: "it took too long", Err: err}
	}
	out := &Error{Kind: Corrupt, URL: url, Detail: said(a, []byte(e.Stderr)), Err: err}
	all := strings.Join(e.Lines, "\n")
	for _, row := range phrases {
		for _, text := range row.texts {
			if strings.Contains(all, text) {
				out.Kind = row.kind
				return out
			}
		}
	}
	return out
}
