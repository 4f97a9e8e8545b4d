//go:build unix

package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"sprawl/internal/testkit/githttp"
	"sprawl/internal/testkit/process"
)

// soaks is whether tests take the time to try everything.
func soaks() bool { return os.Getenv("SPRAWL_SOAK") == "1" }

// point is where a process is killed.
type point struct {
	phase string
	at    string        // what is waited for
	n     int           // the nth time
	bytes int64         // of a pack, before it
	repo  string        // whose pack
	after time.Duration // a moment later
}

func (p point) String() string {
	s := fmt.Sprintf("%s at %s %d", p.phase, p.at, p.n)
	if p.bytes > 0 {
		s = fmt.Sprintf("%s, after %d bytes", s, p.bytes)
	}
	return fmt.Sprintf("%s and %s", s, p.after)
}

// What is waited for on the side of the servers; anything else is a line of a log.
const (
	atPage = "a page of the list"
	atRefs = "a list of refs"
	atPack = "a request for a pack"
	inPack = "a pack"
	atLine = "a line of the report"
)

// points are four for each phase, drawn by a seed. The first of each phase is tried wherever these tests run.
func (o *acme) points(seed uint64) []point {
	r := rand.New(rand.NewPCG(seed, 0xdead))
	var all []point
	for _, phase := range []struct {
		name  string
		kinds []string
		most  int // times that each is seen at least
	}{
		{"enumeration", []string{atPage, `msg="run started"`, `msg=listed`, `msg=listed`}, 1},
		{"fetch", []string{inPack, `msg="job started"`, atRefs, atPack}, o.targets - 1}, // an empty repository has no pack
		{"scan", []string{`msg=scan`, `msg=scan`, `msg=scan`, `msg=scan`}, o.targets - 2},
		{"commit", []string{`msg="commit begins"`, `msg="commit begins"`, `msg=committed`, `msg="commit begins"`}, o.targets},
		{"report", []string{`msg=judged`, `msg=swept`, `msg="run ended"`, atLine}, 1},
	} {
		for i, at := range phase.kinds {
			p := point{phase: phase.name, at: at, n: 1 + r.IntN(phase.most), after: time.Duration(r.IntN(4)) * time.Millisecond}
			if at == `msg=listed` {
				p.n = i - 1 // after the first list, after the second
			}
			if at == atRefs || at == atPack {
				p.n = 1 + r.IntN(len(o.made.Repositories)-4) // of the forge alone
			}
			if at == inPack {
				p.n, p.bytes, p.repo = 1, int64(1+r.IntN(2000)), o.made.Repositories[r.IntN(len(o.made.Repositories)-5)].Dir
			}
			all = append(all, p)
		}
	}
	return all
}

// TestKill kills a process of a crawl at points from its start to its report, and starts it again: what the crawl reports then, and
// what its store holds, is what a crawl that nobody disturbed leaves. SPRAWL_SOAK=1 tries every point with each engine and number of
// processes.
func TestKill(t *testing.T) {
	t.Parallel()
	const seed = 20261126
	o := newAcme(t, 10, 3, seed)
	calm := o.file(t)
	o.crawl(t, calm)
	want := o.report(t, calm)
	o.sound(t, calm, 1)
	setups := []struct {
		name    string
		workers int
		place   func(*testing.T) storage
	}{{"sqlite", 0, o.file}, {"postgres", 0, o.database}, {"postgres with two workers", 2, o.database}}
	for i, p := range o.points(seed) {
		for k, s := range setups {
			if !soaks() && (i%4 != 0 || (i/4)%len(setups) != k) {
				continue
			}
			t.Run(s.name+"/"+p.String(), func(t *testing.T) {
				at := s.place(t)
				c := &killed{acme: o, t: t, place: at, point: p, victim: (i + 1) % (s.workers + 1)}
				again := c.run(s.workers)
				same(t, want, o.report(t, at))
				o.sound(t, at, again)
				swept(t, at)
			})
		}
	}
}

// killed is a crawl of which one process is killed.
type killed struct {
	*acme
	t      *testing.T
	place  storage
	point  point
	victim int // 0 for the head, where the point does not say which
	procs  []*process.Process
}

// run crawls, kills, crawls on, and returns how many runs there are to be in the store.
func (k *killed) run(workers int) (runs int) {
	sprung := make(chan int, 1)
	trap := &process.Trap{N: k.point.n, Spring: func(p *process.Process) {
		time.Sleep(k.point.after)
		p.Kill()
		for i, x := range k.procs {
			if x == p {
				sprung <- i
			}
		}
	}}
	ready := make(chan struct{}) // procs are known
	tell := func(p *process.Process) { <-ready; trap.Count(p) }
	server := func() { tell(k.procs[k.victim%len(k.procs)]) }
	line := func(p *process.Process, l string) { <-ready; trap.Line(p, l) }
	var said func(*process.Process)
	var format []string
	switch k.point.at {
	case atPage:
		server = func() { tell(k.procs[0]) } // it alone reads lists
		k.on(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/orgs/acme/repos") }, &server)
	case atRefs:
		k.on(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/info/refs") }, &server)
	case atPack:
		k.on(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/git-upload-pack") }, &server)
	case inPack:
		k.forge.Git.Inject(githttp.Fault{Repo: k.point.repo, Kind: githttp.Pack, Times: 1, Cut: k.point.bytes, Broken: func() { server() }})
	case atLine:
		format, said = []string{"--format", "jsonl"}, tell
	default:
		trap.Text = k.point.at
	}
	k.procs = append(k.procs, k.program.Start(k.t, line, said, k.head(k.place, format...)...))
	for i := range workers {
		k.procs = append(k.procs, k.program.Start(k.t, line, nil, k.worker(k.place, fmt.Sprint("worker", i))...))
	}
	close(ready)
	victim := -1
	select {
	case victim = <-sprung:
	case <-time.After(time.Minute):
		k.t.Fatalf("it never comes to this\n%s", k.procs[0].Log())
	}
	k.asked.Store(nil)
	k.forge.Git.Heal()
	if code := k.procs[victim].Wait(); code != -1 && k.point.at != atLine { // then it may be quicker
		k.t.Fatalf("it ended by itself: exit %d\n%s", code, k.procs[victim].Log())
	}
	if victim == 0 {
		runs = 1 + k.place.count(k.t, `SELECT count(*) FROM runs WHERE state = 'complete'`)
		again := k.crawl(k.t, k.place)
		if resumed := strings.Contains(again.Log(), "resumed=true"); resumed != (runs == 1) {
			k.t.Errorf("the run that was killed is not gone on with, or the one that had ended is\n%s", again.Log())
		}
	} else {
		k.procs = append(k.procs, k.program.Start(k.t, nil, nil, k.worker(k.place, fmt.Sprint("worker", victim-1))...))
		if code := k.procs[0].Wait(); code != exitFindings {
			k.t.Fatalf("the head: exit %d\n%s", code, k.procs[0].Log())
		}
		runs = 1
	}
	for _, p := range k.procs[1:] {
		p.Ask()
		if code := p.Wait(); code != 0 && code != -1 && code != exitInterrupted { // 130 while it was still starting
			k.t.Errorf("a worker: exit %d\n%s", code, p.Log())
		}
	}
	return runs
}

// on has do called for each request of the forge that is such a one, before it is answered.
func (k *killed) on(such func(*http.Request) bool, do *func()) {
	f := func(r *http.Request) {
		if such(r) {
			(*do)()
		}
	}
	k.asked.Store(&f)
	k.t.Cleanup(func() { k.asked.Store(nil) })
}
