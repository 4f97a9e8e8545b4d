package pipeline

import (
	"context"
	"iter"

	"sprawl/finding"
)

// Inventory is what the pipelines of one repository use.
type Inventory struct {
	References []finding.Reference // merged by system, scope and name; sorted
	Models     []*Model            // by path
	Files      map[string]int      // files read, by system
}

// Collect reads every file that a reader recognises and resolves what they say of each other. place is copied to each
// location: its source, target, state and refs. Paths are slash paths from the top of the repository.
func Collect(ctx context.Context, place finding.Location, files iter.Seq2[string, []byte]) (*Inventory, error) {
	return &Inventory{}, nil
}
