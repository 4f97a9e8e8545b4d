//go:build unix

package main

import (
	"context"
	"database/sql"
	"net/url"
	"strings"
	"testing"
	"time"

	"sprawl/internal/testkit/githttp"
	"sprawl/internal/testkit/process"
)

// slow makes every pack take so long, until Heal: what fetches is in the middle of it then.
func (o *acme) slow(d time.Duration) {
	o.forge.Git.Inject(githttp.Fault{Kind: githttp.Pack, Latency: d})
}

// export is the whole store.
func (o *acme) export(t *testing.T, p storage) string {
	t.Helper()
	x := o.program.Start(t, nil, nil, "store", "export", "--db", p.db)
	if code := x.Wait(); code != 0 {
		t.Fatalf("export: exit %d\n%s", code, x.Log())
	}
	return x.Stdout()
}

// stopped starts a process and stops it while it fetches, and not in the middle of a transaction: that would keep the others from the
// store until the database ends it (postgres after a minute; sqlite never).
func (o *acme) stopped(t *testing.T, at storage, args ...string) *process.Process {
	t.Helper()
	o.slow(400 * time.Millisecond)
	stopped := make(chan struct{})
	trap := &process.Trap{Text: "msg=fetch", N: 1, Spring: func(p *process.Process) { p.Stop(); close(stopped) }}
	p := o.program.Start(t, trap.Line, nil, args...)
	select {
	case <-stopped:
	case <-time.After(time.Minute):
		t.Fatalf("it fetches nothing\n%s", p.Log())
	}
	for !free(t, at.db) {
		p.Continue()
		time.Sleep(5 * time.Millisecond)
		p.Stop()
	}
	return p
}

// told waits until a process that was stopped knows of every target that was taken from it: it is told so when it ends one, and where
// an attempt fails of itself it has nothing to be told of.
func told(t *testing.T, zombie *process.Process, taken int) {
	t.Helper()
	fenced := func() int { return zombie.Logs("msg=\"fenced") }
	knows := func() bool { return fenced()+zombie.Logs("msg=\"an attempt failed") >= taken }
	for end := time.Now().Add(time.Minute); !knows() && !zombie.Ended() && time.Now().Before(end); {
		time.Sleep(2 * time.Millisecond)
	}
	if taken == 0 || !knows() || fenced() == 0 || fenced() > taken {
		t.Errorf("%d targets were taken from it, and it was told of %d\n%s", taken, fenced(), zombie.Log())
	}
}

// TestZombieProcess stops a process that has targets in hand until they are given to another, and lets it go on: it is told so, and
// what it has brings nothing into the store.
func TestZombieProcess(t *testing.T) {
	t.Parallel()
	o := newAcme(t, 8, 2, 7)
	calm := o.file(t)
	o.crawl(t, calm)
	want := o.report(t, calm)

	// A worker, and a head that ends the run while the worker is stopped, or wakes it as soon as its targets are taken from it.
	for _, early := range []bool{false, true} {
		t.Run(map[bool]string{false: "worker", true: "worker that wakes early"}[early], func(t *testing.T) {
			at := o.database(t)
			o.slow(time.Second) // so that the head leaves something to do
			head := o.program.Start(t, nil, nil, o.head(at)...)
			head.Until(`msg="job started"`, 1)
			zombie := o.stopped(t, at, o.worker(at, "zombie")...)
			head.Until("msg=rescued", 1)
			if early {
				zombie.Continue()
				zombie.Until("fenced", 1)
			}
			o.forge.Git.Heal()
			if code := head.Wait(); code != exitFindings {
				t.Fatalf("the head: exit %d\n%s", code, head.Log())
			}
			same(t, want, o.report(t, at))
			o.sound(t, at, 1)
			before := o.export(t, at)
			zombie.Continue()
			told(t, zombie, head.Logs("msg=rescued"))
			zombie.Ask()
			if code := zombie.Wait(); code != 0 {
				t.Errorf("the worker that was stopped: exit %d\n%s", code, zombie.Log())
			}
			if o.export(t, at) != before {
				t.Error("what it brought stands in the store")
			}
			o.sound(t, at, 1)
		})
	}

	// A head, and another that takes the run over.
	for name, make := range map[string]func(*testing.T) storage{"sqlite": o.file, "postgres": o.database} {
		t.Run("head on "+name, func(t *testing.T) {
			at := make(t)
			zombie := o.stopped(t, at, o.head(at)...)
			busy := o.program.Start(t, nil, nil, o.head(storage{at.db, at.mirrors + "2"})...)
			if code := busy.Wait(); code != exitUsage || !strings.Contains(busy.Log(), "in the hands of") {
				t.Errorf("while there is a head, another one ends with %d\n%s", code, busy.Log())
			}
			o.forge.Git.Heal()
			time.Sleep(2100 * time.Millisecond) // --rescue-after
			next := o.crawl(t, storage{at.db, at.mirrors + "2"})
			if next.Logs("msg=rescued") == 0 || !strings.Contains(next.Log(), "resumed=true") {
				t.Errorf("nothing was taken over\n%s", next.Log())
			}
			same(t, want, o.report(t, at))
			before := o.export(t, at)
			zombie.Continue()
			if code := zombie.Wait(); code == 0 || code == exitFindings || !strings.Contains(zombie.Log(), "another process has taken over the run") {
				t.Errorf("a head that was replaced ends with %d\n%s\n%s", code, zombie.Stdout(), zombie.Log())
			}
			told(t, zombie, next.Logs("msg=rescued"))
			if o.export(t, at) != before {
				t.Error("what it brought stands in the store")
			}
			o.sound(t, at, 1)
		})
	}
}

// free is whether nobody is in the middle of a transaction.
func free(t *testing.T, file string) bool {
	t.Helper()
	if strings.Contains(file, "://") {
		return storage{db: file}.count(t, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'`) == 0
	}
	lock, err := held(t.Context(), file)
	if err != nil {
		return false
	}
	lock()
	return true
}

// held locks a file of SQLite against all other writers until release is called.
func held(ctx context.Context, file string) (release func(), err error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?_txlock=immediate&_pragma=busy_timeout(50)")
	if err != nil {
		return nil, err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return func() { _ = tx.Rollback(); _ = db.Close() }, nil
}

// TestAskedToEnd asks processes to end: targets in hand are ended or given back, as time allows, and the run goes on from there.
func TestAskedToEnd(t *testing.T) {
	t.Parallel()
	o := newAcme(t, 8, 2, 8)
	calm := o.file(t)
	o.crawl(t, calm)
	want := o.report(t, calm)
	for _, x := range []struct {
		name   string
		place  func(*testing.T) storage
		packs  time.Duration // that one takes
		grace  string
		ended  int // targets that are to have ended at least, of those in hand
		back   bool
		signal func(*process.Process)
	}{
		{"time enough on sqlite", o.file, 300 * time.Millisecond, "20s", 1, false, (*process.Process).Ask},
		{"time enough on postgres", o.database, 300 * time.Millisecond, "20s", 1, false, (*process.Process).Ask},
		{"too little time on sqlite", o.file, time.Hour, "200ms", 0, true, (*process.Process).Ask},
		{"too little time on postgres", o.database, time.Hour, "200ms", 0, true, (*process.Process).Ask},
	} {
		t.Run(x.name, func(t *testing.T) {
			at := x.place(t)
			o.slow(x.packs)
			trap := &process.Trap{Text: "msg=fetch", N: 1, Spring: x.signal}
			p := o.program.Start(t, trap.Line, nil, append(o.head(at), "--grace", x.grace)...)
			if code := p.Wait(); code != exitInterrupted || !strings.Contains(p.Log(), "is not finished") {
				t.Errorf("exit %d\n%s", code, p.Log())
			}
			o.forge.Git.Heal()
			if n := p.Logs("msg=committed"); n < x.ended || n >= o.targets {
				t.Errorf("%d targets have ended\n%s", n, p.Log())
			}
			if back := p.Logs("job returned") > 0; back != x.back {
				t.Errorf("targets were given back: %t\n%s", back, p.Log())
			}
			if n := at.count(t, `SELECT count(*) FROM river_job WHERE CAST(state AS TEXT) = 'running'`); n != 0 {
				t.Errorf("%d targets are still in its hands", n)
			}
			again := o.crawl(t, at)
			if !strings.Contains(again.Log(), "resumed=true") || again.Logs("rescued") > 0 || again.Logs("committed")+p.Logs("committed") != o.targets {
				t.Errorf("the run does not go on where it was\n%s\n%s", p.Log(), again.Log())
			}
			same(t, want, o.report(t, at))
			o.sound(t, at, 1)
		})
	}
	t.Run("worker", func(t *testing.T) {
		at := o.database(t)
		o.slow(time.Hour)
		head := o.program.Start(t, nil, nil, o.head(at)...)
		head.Until("msg=fetch", 1)
		p := o.program.Start(t, nil, nil, append(o.worker(at, "w"), "--grace", "200ms")...)
		p.Until("msg=fetch", 1)
		p.Ask()
		if code := p.Wait(); code != 0 || p.Logs("job returned") == 0 {
			t.Errorf("exit %d\n%s", code, p.Log())
		}
		o.forge.Git.Heal()
		head.Kill()
		_ = head.Wait()
		o.crawl(t, at)
		same(t, want, o.report(t, at))
		o.sound(t, at, 1)
	})
}
