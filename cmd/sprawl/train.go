package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"sprawl/internal/match"
	"sprawl/internal/train"
)

// trainCommand is for those who work on the classifier: docs/classifier.md says how.
func (a *app) trainCommand() *cobra.Command {
	o := train.Options{}
	generate := 0
	c := &cobra.Command{
		Use:    "train FILE.jsonl",
		Short:  "Fit the weights of the generic classifier to labelled texts",
		Hidden: true,
		Args:   cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case generate > 0 && len(args) == 0:
				return train.Generate(a.stdout, o.Seed, generate)
			case generate > 0 || len(args) != 1:
				return usage("--generate N writes generated ones", "name one file of labelled texts")
			}
			return a.train(args[0], o)
		},
	}
	p := c.Flags()
	p.Uint64Var(&o.Seed, "seed", 1, "which texts are held back, and what is generated")
	p.Float64Var(&o.Hold, "hold", 0.3, "share of texts held back")
	p.Float64Var(&o.Pull, "pull", 5, "pull to the weights in use: what a weight off by one costs, in assignments")
	p.IntVar(&generate, "generate", 0, "write so many generated labelled texts instead")
	return c
}

func (a *app) train(file string, o train.Options) error {
	set, err := match.Compile(a.table())
	if err != nil {
		return fmt.Errorf("detectors: %w", err)
	}
	f, err := os.Open(file) //nolint:gosec // the file the operator named
	if err != nil {
		return usage("name a file that can be read", "%w", err)
	}
	defer func() { _ = f.Close() }()
	samples, hash, err := train.Read(f, set)
	if err != nil {
		return usage("docs/classifier.md says what a record is", "%s: %w", file, err)
	}
	o.Start = match.Weights()
	r, err := train.Fit(samples, o)
	if err != nil {
		return usage("label more texts", "%s: %w", file, err)
	}
	if err := train.Write(a.stdout, r, hash, o); err != nil {
		return err
	}
	list, err := train.Ablate(samples, o)
	if err != nil {
		return err
	}
	for _, x := range list {
		name := "all features"
		if x.Without != "" {
			name = "without the features of the " + string(x.Without)
		}
		if _, err := fmt.Fprintf(a.stderr, "%s: %s\n", name, x.Held); err != nil {
			return err
		}
	}
	return nil
}
