//go:build unix

package process

import (
	"strings"
	"sync"
)

// Trap springs once: the Nth time that something comes to pass, in whichever process.
type Trap struct {
	Text   string // of a log line that counts; "" for none
	N      int    // from 1
	Spring func(*Process)

	mu     sync.Mutex
	seen   int
	sprung bool
}

// Line counts a line of a log. It is for Start.
func (t *Trap) Line(p *Process, line string) {
	if t.Text != "" && strings.Contains(line, t.Text) {
		t.Count(p)
	}
}

// Count counts what comes to pass elsewhere. p is handed to Spring.
func (t *Trap) Count(p *Process) {
	t.mu.Lock()
	t.seen++
	now := t.seen == t.N
	t.sprung = t.sprung || now
	t.mu.Unlock()
	if now {
		t.Spring(p)
	}
}

// Sprung is whether it has.
func (t *Trap) Sprung() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sprung
}
