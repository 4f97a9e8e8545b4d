package serve

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"sprawl/internal/store"
)

// TestManyRequests asks for 1,000 pages over 10,000 credentials in 60,000 places, eight at a time, and gets each of them whole.
func TestManyRequests(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a store of 10,000 credentials")
	}
	path := filepath.Join(t.TempDir(), "sprawl.db")
	start := time.Now()
	fill(t, path, []int{1}, 10_000, 60_000, nil)
	t.Logf("a night stored in %v", time.Since(start).Round(time.Millisecond))
	s, err := store.Open(t.Context(), path, store.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	origin := served(t, newHandler(t, s))
	ask := func(ctx context.Context, address string) (int, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, origin+address, nil)
		if err != nil {
			return 0, err
		}
		r.Header.Set("Authorization", "Bearer "+testToken)
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0, err
		}
		defer got.Body.Close()
		b, err := io.ReadAll(got.Body)
		if err == nil && (got.StatusCode != http.StatusOK || !strings.HasSuffix(string(b), "</html>\n")) {
			err = fmt.Errorf("%s: %s, %d bytes", address, got.Status, len(b))
		}
		return len(b), err
	}
	start = time.Now()
	if _, err := ask(t.Context(), "/"); err != nil {
		t.Fatal(err)
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	t.Logf("first page after %v, %d MB kept", time.Since(start).Round(time.Millisecond), m.HeapAlloc>>20)
	pages := []string{
		"/", "/credentials", "/credentials?severity=high&owner=nobody", "/credentials?q=payments+terraform", "/credentials?sort=-age&page=40",
		"/credentials?status=any&sort=places", "/runs", "/runs/1", "/trends", "/exceptions", "/ledger",
	}
	for _, address := range pages {
		start := time.Now()
		n, err := ask(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%-42s %v, %d kB", address, time.Since(start).Round(100*time.Microsecond), n/1000)
	}
	start = time.Now()
	g, ctx := errgroup.WithContext(t.Context())
	g.SetLimit(8)
	for i := range 1000 {
		g.Go(func() error {
			_, err := ask(ctx, pages[i%len(pages)])
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("1,000 requests in %v", time.Since(start).Round(time.Millisecond))
}
