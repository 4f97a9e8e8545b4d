package crawl

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sprawl/internal/store"
	"sprawl/internal/testkit/postgres"
)

// This test binary is also the processes that TestKilled kills.
var (
	childAt   = flag.String("crawl.at", "", "crawl the store at this location")
	childName = flag.String("crawl.process", "", "as this process")
)

const crowd = 40

func crowded(t testing.TB, s *store.Store) *world {
	w := newWorld(t, s, crowd)
	w.scan = func(_ context.Context, target store.Target, was store.Scanned) (Result, error) {
		time.Sleep(15 * time.Millisecond)
		return scanned(target, was), nil
	}
	return w
}

func TestChild(t *testing.T) {
	if *childAt == "" {
		t.Skip("it is for TestKilled")
	}
	w := crowded(t, open(t, *childAt))
	run := w.run(func(o *Options) {
		o.Process, o.MaxLost = *childName, 10
		o.Events = func(e Event) { fmt.Println("event", e.What) }
	})
	w.expect(run, store.Complete, map[store.State]int{store.Done: crowd})
}

// However often and wherever a process is killed, the next ones end with what an undisturbed run finds.
func TestKilled(t *testing.T) {
	for engine, location := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "store.db") },
		"postgres": func(t *testing.T) string { return postgres.Database(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			at := location(t)
			s := open(t, at)
			r := rand.New(rand.NewPCG(1, 2))
			for life := range 5 {
				die(t, at, fmt.Sprint("life", life), r.IntN(24))
			}
			w := crowded(t, s)
			run := w.run(func(o *Options) { o.MaxLost = 10 })
			w.expect(run, store.Complete, map[store.State]int{store.Done: crowd})
			if run.ID != 1 {
				t.Errorf("it took %d runs", run.ID)
			}
			w.unmarked(crowd)
			left(t, s)
		})
	}
}

// die runs a process and kills it after some events.
func die(t *testing.T, at, name string, after int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.v", "-crawl.at="+at, "-crawl.process="+name)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for lines := bufio.NewScanner(out); seen <= after && lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "event ") {
			seen++
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Errorf("%s was not killed after %d events: it came to its end", name, seen)
	}
}
