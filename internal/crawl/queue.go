package crawl

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"sprawl/internal/store"
)

// job is what River keeps of one target in one run. A run has one for each target, whatever happens to it.
type job struct {
	Run    int64 `json:"run" river:"unique"`
	Target int64 `json:"target" river:"unique"`
	Tries  int   `json:"tries,omitempty"` // attempts that failed under an earlier number of the job
	Lost   int   `json:"lost,omitempty"`  // attempts whose process died or stalled
}

const kind = "scan"

// Kind names the jobs in River's table.
func (job) Kind() string { return kind }

// once says when a second job for the same target is one too many. A job that was cancelled is none: see rescue.
var once = river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateScheduled,
	rivertype.JobStateRetryable, rivertype.JobStateCompleted,
}}

// manyAttempts is more than any job gets: who has had enough is decided here, not by River.
const manyAttempts = 30_000

func insertion(j job, queue string, priority int) river.InsertManyParams {
	return river.InsertManyParams{Args: j, InsertOpts: &river.InsertOpts{
		Queue: queue, Priority: priority, MaxAttempts: manyAttempts, UniqueOpts: once,
	}}
}

// enqueue adds the jobs of targets to the transaction, but for those that have one in the run already.
func (e *engine) enqueue(ctx context.Context, tx *store.Tx, run int64, ts []store.Target) error {
	if len(ts) == 0 {
		return nil
	}
	scanned, err := tx.ScannedAt(ts)
	if err != nil {
		return err
	}
	jobs := make([]river.InsertManyParams, len(ts))
	for i, t := range ts {
		jobs[i] = insertion(job{Run: run, Target: t.ID}, queueOf(t.Host), priority(t, scanned[t.ID]))
	}
	_, err = e.client.InsertManyFastTx(ctx, tx.SQL(), jobs)
	return err
}

// Priorities of River run from 1, the first, to 4. What was never scanned goes first, since it is what nothing is known of, small
// before large, so that there is something to show soon; nobody changes what is archived.
func priority(t store.Target, scanned time.Time) int {
	const large = 64 << 20
	switch {
	case t.Archived:
		return last
	case !scanned.IsZero():
		return 3
	case t.Size > large:
		return 2
	}
	return 1
}

const last = 4

// queueOf names the queue of a host. River's names are at most 64 bytes of lower case, digits and single marks between them.
func queueOf(host string) string {
	const most = 64 - len("host_") - len("_") - 8
	var b strings.Builder
	for _, word := range strings.FieldsFunc(strings.ToLower(host), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}) {
		b.WriteString(word)
		b.WriteByte('_')
	}
	name := strings.Trim(b.String()[:min(b.Len(), most)], "_")
	sum := sha256.Sum256([]byte(host))
	if name != "" {
		name += "_"
	}
	return "host_" + name + hex.EncodeToString(sum[:4])
}
