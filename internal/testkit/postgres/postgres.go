// Package postgres runs PostgreSQL on loopback for tests: one server for all of a package's tests, a fresh database for each, or a
// server of a test's own that can be stopped and started. It syncs nothing to disk: what was committed survives the end of the server and not that of the machine.
//
// It is for tests. Where PostgreSQL is missing the test is skipped, and fails with SPRAWL_REQUIRE=1. A server ends with the process
// that started it, even if that is killed.
package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"sprawl/internal/testkit/program"
)

const (
	owner    = "sprawl"
	patience = time.Minute
)

// Server is one cluster of databases.
type Server struct {
	bin, dir, address string
	mu                sync.Mutex
	run               *running // nil while it is stopped
	databases         int
}

var shared struct {
	sync.Mutex
	server *Server
	ending bool // Main ends it
}

// Main runs a package's tests, and ends the server that they shared. It is what TestMain hands to os.Exit.
func Main(m *testing.M) int {
	shared.ending = true
	code := m.Run()
	if shared.server != nil {
		if err := shared.server.end(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return max(code, 1)
		}
	}
	return code
}

// Database is the location of an empty database, "postgres://…", on a server that the package's tests share. The package's TestMain
// must call Main.
func Database(t testing.TB) string {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if !shared.ending {
		t.Fatal("TestMain does not call postgres.Main")
	}
	if shared.server == nil {
		shared.server = launch(t)
	}
	return shared.server.Database(t)
}

// Start runs a server of the test's own.
func Start(t testing.TB) *Server {
	t.Helper()
	s := launch(t)
	t.Cleanup(func() {
		if err := s.end(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Database makes an empty database and returns its location. It goes with the test, whoever still uses it.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	s.mu.Lock()
	s.databases++
	name := fmt.Sprintf("test%d", s.databases)
	s.mu.Unlock()
	if err := s.exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.mu.Lock()
		up := s.run != nil
		s.mu.Unlock()
		if !up {
			return
		}
		if err := s.exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return s.location(name)
}

// Stop ends the server as a crash would: connections break, what was committed is there again after Start.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
}

// Start runs it again at the same address.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

// Address is where it answers, HOST:PORT.
func (s *Server) Address() string { return s.address }

func (s *Server) location(database string) string {
	return "postgres://" + owner + "@" + s.address + "/" + database + "?sslmode=disable"
}

func (s *Server) exec(statement string) error {
	db, err := sql.Open("pgx", s.location("postgres"))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err = db.ExecContext(ctx, statement)
	if err == nil {
		return db.Close()
	}
	_ = db.Close()
	return fmt.Errorf("%s: %w", statement, err)
}

func launch(t testing.TB) *Server {
	t.Helper()
	address, _, _ := program.Address(t)
	s := &Server{bin: bin(t), address: address}
	var err error
	if s.dir, err = os.MkdirTemp("", "sprawl-postgres"); err != nil {
		t.Fatal(err)
	}
	if err = give(s.dir); err == nil {
		err = s.initialise()
	}
	if err == nil {
		err = s.start()
	}
	if err != nil {
		_ = s.end()
		t.Fatal(err)
	}
	return s
}

// bin is the folder of PostgreSQL's programs: Debian keeps each version in one of its own, out of PATH.
func bin(t testing.TB) string {
	t.Helper()
	dirs, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		t.Fatal(err)
	}
	if len(dirs) > 0 {
		return filepath.Dir(slices.Max(dirs))
	}
	return filepath.Dir(program.Find(t, "initdb"))
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) initialise() error {
	cmd := exec.Command(filepath.Join(s.bin, "initdb"), "-D", s.data(), "-U", owner, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
	lower(cmd)
	cmd.Dir, cmd.Env = s.dir, environment()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func environment() []string { return []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"} }

// running is a server's process: a shell that starts it, and ends it when the pipe to the shell's input closes, as it does when the
// process that holds the other end ends in whatever way.
type running struct {
	cmd  *exec.Cmd
	hold interface{ Close() error }
	gone chan struct{} // closed once the process has ended
}

const keeper = `"$@" & p=$!; while read -r _; do :; done; kill -QUIT "$p"; wait "$p"`

func (s *Server) start() error {
	_, port, err := net.SplitHostPort(s.address)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	args := []string{"-c", keeper, "sh", filepath.Join(s.bin, "postgres"), "-D", s.data(), "-p", port}
	for _, c := range []string{"listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "full_page_writes=off", "shared_buffers=32MB"} {
		args = append(args, "-c", c)
	}
	r := &running{cmd: exec.Command("/bin/sh", args...), gone: make(chan struct{})}
	lower(r.cmd)
	r.cmd.Dir, r.cmd.Env, r.cmd.Stdout, r.cmd.Stderr = s.dir, environment(), log, log
	if r.hold, err = r.cmd.StdinPipe(); err != nil {
		return err
	}
	if err := r.cmd.Start(); err != nil {
		return err
	}
	go func() { _ = r.cmd.Wait(); close(r.gone) }() // a QUIT is no error here
	s.run = r
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if err = s.exec("SELECT 1"); err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			said, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			return fmt.Errorf("postgres does not answer: %w\n%s", err, strings.TrimSpace(string(said)))
		}
	}
}

func (s *Server) stop() error {
	if s.run == nil {
		return nil
	}
	r := s.run
	s.run = nil
	_ = r.hold.Close() // the shell reads its end
	select {
	case <-r.gone:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("postgres (process %d) does not end", r.cmd.Process.Pid)
	}
}

func (s *Server) end() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.stop(); err != nil {
		return err
	}
	return os.RemoveAll(s.dir)
}
