package serve

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"testing"

	"sprawl/internal/testkit/browser"
	"sprawl/internal/testkit/organisation"
)

// served answers on loopback for the length of a test, and gives the origin.
func served(t testing.TB, h http.Handler) (origin string) {
	t.Helper()
	l, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, l, h, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}

type seen struct {
	Axe, Requests, Trouble []string
	PDF                    int
}

// browse runs steps against a server over n credentials.
func browse(t *testing.T, steps string, n, places int) (got seen) {
	t.Helper()
	origin := served(t, newHandler(t, filled(t, n, places, nil)))
	browser.Run(t, steps, map[string]any{
		"origin": origin, "enter": origin + "/?token=" + testToken, "run": len(nights), "day": organisation.AsOf.AddDate(0, 0, -50).Format("2006-01-02"),
		"shots": os.Getenv("SPRAWL_SCREENSHOTS"),
	}, &got)
	for _, s := range got.Trouble {
		t.Error(s)
	}
	for _, s := range got.Requests {
		t.Errorf("asked for %s", s)
	}
	return got
}

// TestInBrowser does what a reader does, in a real browser.
func TestInBrowser(t *testing.T) { browse(t, "testdata/serve.mjs", 150, 900) }

// TestLooks takes pictures too, where SPRAWL_SCREENSHOTS names a folder.
func TestLooks(t *testing.T) {
	got := browse(t, "testdata/looks.mjs", 24, 80)
	for _, s := range got.Axe {
		t.Errorf("axe: %s", s)
	}
	if got.PDF < 5_000 {
		t.Errorf("a PDF of %d bytes", got.PDF)
	}
}
