package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
)

// ErrMore says that a listing ends at its limit.
var ErrMore = errors.New("more than are listed")

// Repositories lists the repositories that a reference or a pattern of them names, as HOST/PATH: the one of a plain reference, those
// of a registry's catalogue that match. With ErrMore it returns those up to the limit. Nothing of an image is read.
func Repositories(ctx context.Context, ref string, o Options) ([]string, error) {
	t, err := parseReference(ref, o)
	switch {
	case err != nil:
		return nil, err
	case t.ref != nil:
		return []string{t.ref.Context().Name()}, nil
	case t.repos == "":
		return []string{t.repo.Name()}, nil
	}
	c, err := newClient(t.given, o)
	if err != nil {
		return nil, err
	}
	paths, more, err := c.catalogue(ctx, t.reg, t.repos)
	for i, p := range paths {
		paths[i] = t.reg.Repo(p).Name()
	}
	if more {
		err = fmt.Errorf("%s: %w (%d)", t.given, ErrMore, maxRepos)
	}
	return paths, err
}

// Print names what a registry holds under a reference: the digest of each tag. Where it is the same as before, nothing is new there.
// It costs a request a tag.
func Print(ctx context.Context, ref string, o Options) (string, error) {
	t, err := parseReference(ref, o)
	if err != nil {
		return "", err
	}
	c, err := newClient(t.given, o)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	add := func(ref name.Reference) error {
		d, err := c.puller.Head(ctx, ref)
		if err == nil {
			_, _ = fmt.Fprintf(h, "%s %s\n", ref.Name(), d.Digest)
			return nil
		}
		// A registry may leave the digest out of what it answers to HEAD.
		whole, err := c.get(ctx, ref)
		if err == nil {
			_, _ = fmt.Fprintf(h, "%s %s\n", ref.Name(), whole.Digest)
		}
		return err
	}
	switch {
	case t.ref != nil:
		err = add(t.ref)
	case t.repos != "":
		err = &Error{Target: t.given, Kind: ErrReference, Next: "name one repository"}
	default:
		var tags []string
		if tags, _, err = c.tags(ctx, t.repo, t.tags); err == nil && len(tags) == 0 {
			err = &Error{Target: t.given, Kind: ErrEmpty, What: "no tag matches " + t.tags, Next: "list them with :*"}
		}
		for i := 0; i < len(tags) && err == nil; i++ {
			err = add(t.repo.Tag(tags[i]))
		}
	}
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
