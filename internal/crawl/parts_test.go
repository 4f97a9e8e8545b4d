package crawl

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"sprawl/internal/store"
)

func TestQueueOf(t *testing.T) {
	valid := regexp.MustCompile(`^[a-z0-9]+(?:[_-]?[a-z0-9]+)*$`) // River's own rule, of at most 64 bytes
	seen := map[string]string{}
	for _, host := range []string{
		"", "github.com", "GitHub.com", "git.example:8443", "git.example.8443", "[::1]:80", "...", "ünïcode.example",
		strings.Repeat("long.", 50), strings.Repeat("long.", 51), "a--b", "_", "registry.example/x",
	} {
		q := queueOf(host)
		if !valid.MatchString(q) || len(q) > 64 {
			t.Errorf("%q: %q is no name of a queue", host, q)
		}
		if other, ok := seen[q]; ok {
			t.Errorf("%q and %q share %q", host, other, q)
		}
		seen[q] = host
	}
}

func TestPriority(t *testing.T) {
	now := time.Now()
	order := []struct {
		t       store.Target
		scanned time.Time
	}{
		{store.Target{Size: 1 << 20}, time.Time{}},
		{store.Target{Size: 1 << 30}, time.Time{}},
		{store.Target{Size: 1 << 20}, now},
		{store.Target{Archived: true}, time.Time{}},
	}
	for i, o := range order {
		if p := priority(o.t, o.scanned); p != i+1 {
			t.Errorf("%+v has priority %d, want %d", o, p, i+1)
		}
	}
}

func TestProcess(t *testing.T) {
	me, err := thisProcess("nonce", "a")
	if err != nil {
		t.Fatal(err)
	}
	if back, ok := parseProcess(me.String()); !ok || back != me {
		t.Errorf("%s is read back as %+v", me, back)
	}
	child := exec.Command(os.Args[0], "-test.run=^$")
	if err := child.Run(); err != nil {
		t.Fatal(err)
	}
	with := func(change func(*process)) string {
		p := me
		change(&p)
		return p.String()
	}
	for _, tt := range []struct {
		name string
		of   string
		want bool
	}{
		{"itself", me.String(), false},
		{"another crawler in it", with(func(p *process) { p.name = "b" }), false},
		{"one that had its number before", with(func(p *process) { p.nonce = "old" }), true},
		{"its parent", with(func(p *process) { p.pid = os.Getppid() }), false},
		{"a child that has ended", with(func(p *process) { p.pid = child.Process.Pid }), true},
		{"one on another machine", with(func(p *process) { p.space, p.pid = "other", child.Process.Pid }), false},
		{"no process", "somebody", false},
	} {
		if got := me.ended(tt.of); got != tt.want {
			t.Errorf("%s: ended %v, want %v", tt.name, got, tt.want)
		}
	}
	for _, name := range []string{"a/b", strings.Repeat("x", 100)} {
		if _, err := thisProcess("nonce", name); err == nil {
			t.Errorf("%q names a crawler", name)
		}
	}
}

func TestBackoff(t *testing.T) {
	want := []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, 320 * time.Second, 10 * time.Minute}
	for i, w := range want {
		if got := backoff(i + 1); got != w {
			t.Errorf("after %d attempts %v, want %v", i+1, got, w)
		}
	}
	if got := backoff(1000); got != 10*time.Minute {
		t.Errorf("after 1000 attempts %v", got)
	}
}

func TestNew(t *testing.T) {
	w := newWorld(t, opened(t), 0)
	for name, change := range map[string]func(*Options){
		"no store":              func(o *Options) { o.Store = nil },
		"no scanner":            func(o *Options) { o.Scanner = nil },
		"no clock":              func(o *Options) { o.Now = nil },
		"no process":            func(o *Options) { o.Process = "" },
		"rescued between beats": func(o *Options) { o.RescueAfter = o.Heartbeat },
	} {
		if _, err := New(w.options(change)); err == nil {
			t.Errorf("%s: a crawler is made", name)
		}
	}
}
