package main

import (
	"errors"
	"io/fs"

	"github.com/spf13/cobra"

	"sprawl/sources/image"
)

// imageFlags are about container images alone.
type imageFlags struct {
	platforms []string
	base      string
	insecure  bool
	referrers bool
}

func (f *imageFlags) add(c *cobra.Command) {
	p := c.Flags()
	p.StringArrayVar(&f.platforms, "platform", nil, "platform of images to scan, such as linux/amd64; all where it is not given (may be repeated)")
	p.StringVar(&f.base, "base-image", "", "image that the scanned ones are built on: what they share with it is marked as the base's")
	p.BoolVar(&f.insecure, "insecure-registry", false, "speak plain HTTP with registries that are not on this machine")
	p.BoolVar(&f.referrers, "referrers", false, "ask registries for attestations and SBOMs too")
}

// openImage opens an image target. Registries are asked with the logins of docker and podman, and nothing else is.
func openImage(scheme, rest string, f imageFlags) (*image.Source, error) {
	src, err := image.Open(scheme, rest, image.Options{
		Platforms: f.platforms, Base: f.base, Insecure: f.insecure, Referrers: f.referrers, Keychain: image.Logins(),
	})
	return src, imageFailure(err)
}

// imageFailure gives the typed errors of sources/image their exit code, as gitFailure does.
func imageFailure(err error) error {
	var e *image.Error
	if !errors.As(err, &e) {
		return err
	}
	next := e.Next
	short := *e
	short.Next = ""
	if errors.Is(err, image.ErrReference) || errors.Is(err, image.ErrPlatform) || errors.Is(err, image.ErrNotFound) || errors.Is(err, image.ErrFormat) ||
		errors.Is(err, fs.ErrNotExist) {
		return &failure{exitUsage, &short, next}
	}
	return &failure{exitIncomplete, &short, next}
}
