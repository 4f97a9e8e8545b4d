package crawl

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// process names a crawler in the database: River keeps it with every job that it claims.
type process struct {
	space string // the machine, and what of it shares numbers of processes
	pid   int
	nonce string // of all that had that number in that space
	name  string // of the crawler in it
}

func thisProcess(nonce, name string) (process, error) {
	host, err := os.Hostname()
	if err != nil {
		return process{}, fmt.Errorf("name this machine: %w", err)
	}
	// Containers may share a name and not the numbers. Both files are Linux's; elsewhere the name has to do.
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	space, _ := os.Readlink("/proc/self/ns/pid")
	sum := sha256.Sum256([]byte(host + "\x00" + string(boot) + "\x00" + space))
	p := process{space: host[:min(len(host), 40)] + "-" + hex.EncodeToString(sum[:4]), pid: os.Getpid(), nonce: nonce, name: name}
	if strings.Contains(nonce+name, "/") || len(p.String()) > 100 { // River's bound
		return process{}, errors.New("the names of a process and its crawler are short and hold no slash")
	}
	return p, nil
}

func (p process) String() string {
	return p.space + "/" + strconv.Itoa(p.pid) + "/" + p.nonce + "/" + p.name
}

func parseProcess(s string) (process, bool) {
	f := strings.Split(s, "/")
	if len(f) != 4 {
		return process{}, false
	}
	pid, err := strconv.Atoi(f[1])
	return process{space: f[0], pid: pid, nonce: f[2], name: f[3]}, err == nil
}

// ended says that the process named s is known to have ended, as far as p can see.
func (p process) ended(s string) bool {
	o, ok := parseProcess(s)
	switch {
	case !ok, o.space != p.space:
		return false
	case o.pid == p.pid:
		return o.nonce != p.nonce
	}
	return !alive(o.pid)
}

func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer func() { _ = p.Release() }()
	return !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
