package crawl

import (
	"os"
	"path/filepath"
	"testing"

	"sprawl/internal/store"
	"sprawl/internal/testkit/postgres"
)

func TestMain(m *testing.M) { os.Exit(postgres.Main(m)) }

// onEach runs a test with a fresh store on each engine. again opens the same store once more, as another process would.
func onEach(t *testing.T, test func(t *testing.T, s *store.Store, again func() *store.Store)) {
	t.Helper()
	for engine, location := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "store.db") },
		"postgres": func(t *testing.T) string { return postgres.Database(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			at := location(t)
			test(t, open(t, at), func() *store.Store { return open(t, at) })
		})
	}
}
