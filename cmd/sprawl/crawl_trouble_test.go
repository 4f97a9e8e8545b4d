//go:build unix

package main

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sprawl/internal/testkit/forge"
	"sprawl/internal/testkit/githttp"
	"sprawl/internal/testkit/postgres"
	"sprawl/internal/testkit/process"
)

// TestTrouble crawls while something goes wrong. The run ends complete, or says what is incomplete, and the next one is complete: then
// the report is that of a crawl that nothing disturbed.
func TestTrouble(t *testing.T) {
	t.Parallel()
	t.Run("database locked", func(t *testing.T) {
		t.Parallel()
		w := newTroubled(t, 1)
		release := func() {}
		away := 2 * time.Second
		if soaks() {
			away = 15 * time.Second // longer than a statement waits for a lock
		}
		p := w.started(`msg="commit begins"`, 2, func(*process.Process) {
			var err error
			if release, err = held(t.Context(), w.at.db); err != nil {
				t.Error(err)
				return
			}
			time.Sleep(away)
			release()
		})
		w.ends(p, exitFindings, "state=complete")
		w.calm(1)
	})
	t.Run("database gone", func(t *testing.T) {
		t.Parallel()
		w := newTroubled(t, 2)
		server := postgres.Start(t)
		w.at = storage{server.Database(t), w.at.mirrors}
		away := 2 * time.Second
		if soaks() {
			away = 30 * time.Second
		}
		p := w.started(`msg=committed`, 3, func(*process.Process) {
			server.Stop(t)
			time.Sleep(away)
			server.Start(t)
		})
		w.ends(p, exitFindings, "state=complete")
		w.calm(1)
	})
	t.Run("database gone for good", func(t *testing.T) {
		t.Parallel()
		w := newTroubled(t, 3)
		server := postgres.Start(t)
		w.at = storage{server.Database(t), w.at.mirrors}
		p := w.started(`msg=committed`, 3, func(*process.Process) { server.Stop(t) })
		p.Until("trying again", 1)
		p.Ask()
		if code := p.Wait(); code != exitInterrupted && code != exitIncomplete {
			t.Errorf("exit %d\n%s", code, p.Log())
		}
		server.Start(t)
		w.ends(w.start(nil), exitFindings, "resumed=true")
		w.calm(1)
	})
	for name, what := range map[string]struct {
		next func(*process.Process) // once it is full
		code int
		says string
	}{
		"disk full for a while":              {func(*process.Process) { time.Sleep(time.Second) }, exitFindings, "state=complete"},
		"disk full until it is asked to end": {(*process.Process).Ask, exitInterrupted, "is not finished"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTroubled(t, 4)
			disk := smallDisk(t)
			w.at = storage{filepath.Join(disk, "sprawl.db"), w.at.mirrors}
			p := w.started(`msg="commit begins"`, 4, func(p *process.Process) {
				fillUp(t, disk)
				p.Until("no space is left", 1)
				what.next(p)
				if what.code == exitFindings {
					makeRoom(t, disk)
				}
			})
			w.ends(p, what.code, what.says)
			if what.code != exitFindings {
				makeRoom(t, disk)
				w.ends(w.start(nil), exitFindings, "resumed=true")
			}
			w.calm(1)
		})
	}
	t.Run("disk of the mirrors full", func(t *testing.T) {
		if !soaks() {
			t.Skip("three attempts take half a minute: SPRAWL_SOAK=1")
		}
		t.Parallel()
		w := newTroubled(t, 5)
		disk := smallDisk(t)
		w.at.mirrors = disk
		p := w.started("msg=fetch", 4, func(*process.Process) { fillUp(t, disk) }, "--fail-on", "none")
		w.ends(p, exitIncomplete, "state=incomplete")
		if !strings.Contains(w.status(), ": disk ") {
			t.Errorf("what is incomplete is not said\n%s", w.status())
		}
		makeRoom(t, disk)
		w.ends(w.start(nil), exitFindings, "state=complete")
		w.calm(2)
	})
	t.Run("cut while cloning", func(t *testing.T) {
		t.Parallel()
		w := newTroubled(t, 6)
		w.forge.Git.Inject(githttp.Fault{Kind: githttp.Pack, Times: 1, Cut: 700})
		w.forge.Inject(forge.Fault{At: "GET /orgs/*/repos", Times: 1, Cut: 500})
		w.ends(w.start(nil), exitFindings, "state=complete")
		w.calm(1)
	})
	t.Run("storms", func(t *testing.T) {
		t.Parallel()
		w := newTroubled(t, 7)
		for _, f := range []forge.Fault{forge.Secondary(http.StatusForbidden, time.Second, 1), forge.Secondary(http.StatusTooManyRequests, time.Second, 1), forge.Storm(http.StatusBadGateway, 2)} {
			w.forge.Inject(f)
		}
		for _, f := range []githttp.Fault{
			{Kind: githttp.LsRefs, Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"1"}}, Times: 2},
			{Kind: githttp.LsRefs, Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"1"}}, Times: 1},
			{Kind: githttp.Pack, Status: http.StatusBadGateway, Times: 1},
		} {
			w.forge.Git.Inject(f)
		}
		p := w.start(nil)
		w.ends(p, exitFindings, "state=complete")
		if p.Logs("job put off") == 0 {
			t.Errorf("nothing was put off\n%s", p.Log())
		}
		w.calm(1)
	})
	t.Run("token expired", func(t *testing.T) {
		t.Parallel()
		w := newTroubled(t, 8)
		p := w.started(`msg=committed`, 4, func(*process.Process) { w.forge.Revoke("another") }, "--fail-on", "none")
		w.ends(p, exitIncomplete, "state=incomplete")
		if !strings.Contains(w.status(), "auth") {
			t.Errorf("what is incomplete is not said\n%s", w.status())
		}
		w.forge.Revoke(acmeToken)
		w.ends(w.start(nil), exitFindings, "state=complete")
		w.calm(2)
	})
	t.Run("token expired while listing", func(t *testing.T) {
		t.Parallel()
		w := newTroubled(t, 9)
		w.forge.Inject(forge.Unauthorized(0))
		p := w.start(nil, "--fail-on", "none")
		w.ends(p, exitIncomplete, "state=incomplete")
		if !strings.Contains(p.Stdout(), "not read to its end: github:") {
			t.Errorf("it is not said that the list was not read\n%s", p.Stdout())
		}
		w.forge.Heal()
		w.ends(w.start(nil), exitFindings, "state=complete")
		w.calm(2)
	})
}

// troubled is an organisation, what a crawl of it reports that nothing disturbs, and where another one is kept.
type troubled struct {
	*acme
	at   storage
	want []map[string]any
}

func newTroubled(t *testing.T, seed uint64) *troubled {
	t.Helper()
	o := newAcme(t, 6, 2, seed)
	calm := o.file(t)
	o.crawl(t, calm)
	return &troubled{acme: o, at: o.file(t), want: o.report(t, calm)}
}

func (w *troubled) start(line func(*process.Process, string), more ...string) *process.Process {
	w.t.Helper()
	return w.program.Start(w.t, line, nil, w.head(w.at, more...)...)
}

// started starts a crawl that runs into trouble when it logs a text for the nth time. It goes on meanwhile.
func (w *troubled) started(text string, n int, trouble func(*process.Process), more ...string) *process.Process {
	w.t.Helper()
	var over sync.WaitGroup
	trap := &process.Trap{Text: text, N: n, Spring: func(p *process.Process) {
		over.Add(1)
		go func() { defer over.Done(); trouble(p) }()
	}}
	p := w.start(trap.Line, more...)
	w.t.Cleanup(func() {
		over.Wait()
		if !trap.Sprung() {
			w.t.Errorf("there was no trouble\n%s", p.Log())
		}
	})
	return p
}

// ends waits for the end of a crawl and what it has to say of it.
func (w *troubled) ends(p *process.Process, code int, says string) {
	w.t.Helper()
	if got := p.Wait(); got != code || !strings.Contains(p.Log(), says) {
		w.t.Fatalf("exit %d, want %d and %q\n%s\n%s", got, code, says, p.Stdout(), p.Log())
	}
}

func (w *troubled) status() string {
	w.t.Helper()
	p := w.program.Start(w.t, nil, nil, "crawl", "--status", "--db", w.at.db)
	if code := p.Wait(); code != 0 {
		w.t.Fatalf("status: exit %d\n%s", code, p.Log())
	}
	return p.Stdout()
}

// calm holds the store against what nothing disturbed, after so many runs of which the last is complete.
func (w *troubled) calm(runs int) {
	w.t.Helper()
	same(w.t, w.want, w.report(w.t, w.at))
	if runs == 1 {
		w.sound(w.t, w.at, 1)
	}
}

// smallDisk is a disk of a few megabytes. It takes root and a system that has them.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	mount, err := exec.LookPath("mount")
	if err != nil || os.Geteuid() != 0 {
		t.Skip("only root can make a small disk")
	}
	if out, err := exec.Command(mount, "-t", "tmpfs", "-o", "size=12m", "sprawl-test", dir).CombinedOutput(); err != nil {
		t.Skipf("no small disk: %v %s", err, out)
	}
	t.Cleanup(func() {
		if err := exec.Command("umount", "-l", dir).Run(); err != nil {
			t.Error(err)
		}
	})
	return dir
}

const ballast = "ballast"

// fillUp takes all the room that is left on a disk, again and again as others give some back.
func fillUp(t *testing.T, disk string) {
	f, err := os.OpenFile(filepath.Join(disk, ballast), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = f.Close() }()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			t.Error(err)
			return
		}
	}
}

func makeRoom(t *testing.T, disk string) {
	t.Helper()
	if err := os.Remove(filepath.Join(disk, ballast)); err != nil {
		t.Fatal(err)
	}
}
