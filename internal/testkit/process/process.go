//go:build unix

package process

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait.
const patience = 2 * time.Minute

// Program is an executable and what each of its processes is given.
type Program struct {
	Exe string
	Dir string   // where it runs
	Env []string // the whole environment
}

// Process is one that was started. Its methods may be called from any goroutine.
type Process struct {
	t    testing.TB
	cmd  *exec.Cmd
	out  writer
	log  writer
	done chan struct{} // closed once it has ended
}

// Start runs the program. line is called with each line that it logs, without the line break, before the next one is read, and said
// when it first writes to its standard output; either may be nil.
func (p Program) Start(t testing.TB, line func(*Process, string), said func(*Process), args ...string) *Process {
	t.Helper()
	x := &Process{t: t, cmd: exec.Command(p.Exe, args...), done: make(chan struct{})}
	x.cmd.Dir, x.cmd.Env, x.cmd.WaitDelay = p.Dir, p.Env, time.Second // children of a killed one may hold its outputs
	x.cmd.Stdout, x.cmd.Stderr = &x.out, &x.log
	if line != nil {
		x.log.line = func(l string) { line(x, l) }
	}
	if said != nil {
		x.out.first = func() { said(x) }
	}
	started := make(chan struct{})
	x.out.ready, x.log.ready = started, started
	if err := x.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	close(started)
	go func() { _ = x.cmd.Wait(); close(x.done) }()
	t.Cleanup(func() {
		select {
		case <-x.done:
		default:
			x.signal(syscall.SIGKILL)
			<-x.done
		}
	})
	return x
}

// Kill ends it as kill -9 does.
func (p *Process) Kill() { p.signal(syscall.SIGKILL) }

// Stop stops it until Continue.
func (p *Process) Stop() { p.signal(syscall.SIGSTOP) }

// Continue lets it go on after Stop.
func (p *Process) Continue() { p.signal(syscall.SIGCONT) }

// Ask asks it to end, as a service manager does.
func (p *Process) Ask() { p.signal(syscall.SIGTERM) }

func (p *Process) signal(s os.Signal) {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Errorf("signal %v: %v", s, err)
	}
}

// Wait waits for its end and returns its exit code, -1 where a signal ended it. One that does not end fails the test.
func (p *Process) Wait() int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Fatalf("process %d does not end\n%s", p.cmd.Process.Pid, p.Log())
	}
	return p.cmd.ProcessState.ExitCode()
}

// Ended is whether it has.
func (p *Process) Ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Stdout is what it has written so far.
func (p *Process) Stdout() string { return p.out.String() }

// Log is what it has logged so far.
func (p *Process) Log() string { return p.log.String() }

// Logs is how many lines that it has logged so far hold a text.
func (p *Process) Logs(text string) int {
	n := 0
	for l := range strings.Lines(p.Log()) {
		if strings.Contains(l, text) {
			n++
		}
	}
	return n
}

// Until waits until so many lines hold a text. A process that ends without them fails the test.
func (p *Process) Until(text string, n int) {
	p.t.Helper()
	for end := time.Now().Add(patience); p.Logs(text) < n; time.Sleep(2 * time.Millisecond) {
		if ended := p.Ended(); ended && p.Logs(text) < n || time.Now().After(end) {
			p.t.Fatalf("%q is not logged %d times (ended: %t)\n%s", text, n, ended, p.Log())
		}
	}
}

// writer keeps what is written and hands out each line. It has no ReadFrom, which would keep lines until the end.
type writer struct {
	ready <-chan struct{}
	line  func(string)
	first func()

	mu   sync.Mutex
	all  bytes.Buffer
	rest []byte
}

func (w *writer) Write(b []byte) (int, error) {
	<-w.ready
	w.mu.Lock()
	first := w.all.Len() == 0
	w.all.Write(b)
	w.mu.Unlock()
	if first && w.first != nil {
		w.first()
	}
	w.rest = append(w.rest, b...)
	for {
		l, rest, ok := bytes.Cut(w.rest, []byte("\n"))
		if !ok {
			return len(b), nil
		}
		w.rest = rest
		if w.line != nil {
			w.line(string(l))
		}
	}
}

func (w *writer) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.String()
}
