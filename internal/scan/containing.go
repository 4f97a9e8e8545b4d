package scan

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"

	"sprawl/finding"
	"sprawl/sources"
)

// ErrBudget ends a walk over Containing that has read as many bytes as it may.
var ErrBudget = errors.New("the budget for reading is used up")

// Containing is src without the blobs in which none of the values stands as it is. Searching for known values costs a
// fraction of matching, so that a whole tree can be asked whether it knows them; where they stand encoded is not seen. budget
// is how many bytes are read before the walk ends with ErrBudget.
func Containing(src sources.Source, values []finding.Secret, budget int64) sources.Source {
	c := &containing{Source: src, budget: budget}
	for _, v := range values {
		if b := v.Reveal(); len(b) > 0 {
			c.values = append(c.values, b)
		}
	}
	return c
}

type containing struct {
	sources.Source
	values [][]byte
	budget int64
}

func (c *containing) Walk(ctx context.Context, workers int, led *sources.Ledger, visit func(int, sources.Blob) error) error {
	var read atomic.Int64
	return c.Source.Walk(ctx, workers, led, func(w int, b sources.Blob) error {
		if read.Add(int64(len(b.Bytes))) > c.budget {
			return ErrBudget
		}
		for _, v := range c.values {
			if bytes.Contains(b.Bytes, v) {
				return visit(w, b)
			}
		}
		return nil
	})
}
