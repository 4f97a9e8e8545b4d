package exports

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/correlate"
	"sprawl/internal/decode"
	"sprawl/internal/identity"
	"sprawl/internal/match"
	"sprawl/internal/scan"
	"sprawl/internal/unpack"
	"sprawl/internal/vectors"
	"sprawl/sources"
)

// Code is a file in which the n-th credential of a kind is found, with its public half where it has one. The public half of
// "aws-access-key ACCOUNT" is AccessKey(ACCOUNT, n).
func (s *Set) Code(kind string, n int) (string, error) {
	if kind == "private-key" {
		s.values[fmt.Sprintf("%s %d", kind, n)] = PrivateKey(n)
		return PrivateKey(n), nil
	}
	if account, ok := strings.CutPrefix(kind, "aws-access-key "); ok {
		id, err := s.AccessKey(account, n)
		s.values[fmt.Sprintf("%s %d", kind, n)] = awsSecret(account, n)
		return "aws_access_key_id = " + id + "\naws_secret_access_key = " + awsSecret(account, n) + "\n", err
	}
	v, err := vectorOf(kind, n)
	if err != nil {
		return "", err
	}
	s.values[fmt.Sprintf("%s %d", kind, n)] = secret(v.Text)
	return code(v, idOf(kind, n)), nil
}

func code(v vectors.Vector, id string) string {
	if v.Whole {
		return v.Text + "\n"
	}
	text := ""
	if v.Near != "" {
		text += "# " + v.Near + "\n"
	}
	name := "token"
	if v.Name != "" {
		name = v.Name
	}
	if id != "" {
		text += "# " + name + "\nkey_id = " + id + "\n"
	}
	return text + name + " = " + v.Text + "\n"
}

// Ident is what the n-th credential of a kind says of itself in clear once it's found.
func (s *Set) Ident(kind string, n int) (string, error) {
	text, err := s.Code(kind, n)
	if err != nil {
		return "", err
	}
	cs, err := s.Find(map[string]string{"code": text})
	if err != nil {
		return "", err
	}
	for _, c := range cs {
		if c.Kind != kind && !slices.Contains(c.Aliases, kind) {
			continue
		}
		id := c.Ident
		for _, f := range c.Facts {
			if f.Field == "key_id" && id == "" {
				id = f.Value
			}
		}
		if id != "" {
			return s.made(fmt.Sprintf("ident %q %d", kind, n), id), nil
		}
	}
	return "", fmt.Errorf("a credential of the kind %q was not found, or says nothing of itself in clear", kind)
}

var table = sync.OnceValues(func() (*match.Set, error) { return match.Compile(detectors.All()) })

// Day is when the code was written, and Now the day on which it is judged.
var (
	Day = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	Now = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
)

// Find scans files, by path, and correlates what they hold. A file whose path begins with "later/" was committed after Now.
func (s *Set) Find(files map[string]string) ([]finding.Credential, error) {
	set, err := table()
	if err != nil {
		return nil, err
	}
	ss, err := scan.Run(context.Background(), memory(files), &sources.Ledger{}, scan.Options{
		Set: set, Workers: 1, DecodeDepth: 2, ArchiveDepth: 1, Decode: decode.Default(), Unpack: unpack.Default(),
	})
	if err != nil {
		return nil, err
	}
	return correlate.Correlate(correlate.Input{Sightings: ss, Keys: s.keys, Kind: set.Detector, AsOf: Now}).Credentials, nil
}

// Keys are those that New was given.
func (s *Set) Keys() *identity.Keys { return s.keys }

// memory is a source of files by path.
type memory map[string]string

func (memory) Name() string { return "memory" }

func (m memory) Walk(_ context.Context, _ int, led *sources.Ledger, visit func(int, sources.Blob) error) error {
	paths := make([]string, 0, len(m))
	for p := range m {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	for _, p := range paths {
		when := Day
		if strings.HasPrefix(p, "later/") {
			when = Now.AddDate(0, 1, 0)
		}
		b := sources.Blob{ID: p, Bytes: []byte(m[p]), Size: int64(len(m[p])), Where: []finding.Location{{Source: "git", Target: "acme/code", Path: p, State: finding.StateHead, Added: &finding.Change{When: when}}}}
		if err := visit(0, b); err != nil {
			return err
		}
	}
	return nil
}
