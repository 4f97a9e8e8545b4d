package report

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sprawl/internal/testkit/browser"
	"sprawl/internal/testkit/organisation"
)

func made(r organisation.Report) run { return run{r.Header, r.Items, r.Summary} }

// page writes a report to a file and returns its address.
func page(t testing.TB, format string, r run) (path, address string, size int) {
	t.Helper()
	b := rendered(t, format, Options{}, r)
	path, address = pageOf(t, b)
	return path, address, len(b)
}

func pageOf(t testing.TB, b []byte) (path, address string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, "file://" + filepath.ToSlash(path)
}

// shots is where a test leaves pictures for people; "" means nowhere.
func shots() string { return os.Getenv("SPRAWL_SCREENSHOTS") }

// TestHTMLInBrowser does what a reader does: sorts, filters, opens a credential, prints, and does it by keyboard alone.
func TestHTMLInBrowser(t *testing.T) {
	_, address, _ := page(t, "html", made(organisation.New(1, 150, 900)))
	var got struct {
		Axe      []string
		Requests []string
		Trouble  []string
		PDF      int
	}
	browser.Run(t, "testdata/html.mjs", map[string]any{"address": address, "shots": shots()}, &got)
	for _, s := range got.Trouble {
		t.Error(s)
	}
	for _, s := range got.Axe {
		t.Errorf("axe: %s", s)
	}
	for _, s := range got.Requests {
		t.Errorf("asked for %s", s)
	}
	if got.PDF < 10_000 {
		t.Errorf("a PDF of %d bytes", got.PDF)
	}
}

// TestHTMLOfManyCredentials holds the page to its bounds: 8 MB, and interactive within 2 s of a machine with time to spare.
func TestHTMLOfManyCredentials(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a page of 10,000 credentials")
	}
	start := time.Now()
	_, address, size := page(t, "html", made(organisation.New(2, 10_000, 60_000)))
	t.Logf("%d bytes, made in %v", size, time.Since(start).Round(time.Millisecond))
	if size > 8<<20 {
		t.Errorf("%d bytes", size)
	}
	var got struct {
		Ready, Filter, Sort, Open int // ms
		Rows                      string
	}
	browser.Run(t, "testdata/many.mjs", map[string]any{"address": address}, &got)
	t.Logf("ms: ready %d, filter %d, sort %d, open %d; %s", got.Ready, got.Filter, got.Sort, got.Open, got.Rows)
	// Twice the bound: the machine that runs the tests runs others beside them.
	if got.Ready > 4000 {
		t.Errorf("ready after %d ms", got.Ready)
	}
}

// TestHTMLHostile shows that what repositories call things is text on the page and nothing else.
func TestHTMLHostile(t *testing.T) {
	_, address, _ := page(t, "html", sampleHostile())
	var got struct {
		Elements []string // of the page and of an opened credential that no page of ours has
		Links    []string
		Text     bool
	}
	browser.Run(t, "testdata/hostile.mjs", map[string]any{"address": address}, &got)
	if len(got.Elements) > 0 {
		t.Errorf("elements %q", got.Elements)
	}
	for _, l := range got.Links {
		if !strings.HasPrefix(l, "#") && !strings.HasPrefix(l, "https://docs.example/") {
			t.Errorf("link to %s", l)
		}
	}
	if !got.Text {
		t.Error("the hostile text is not shown")
	}
}

// What stands outside the packed blocks and our own assets holds no markup of a repository's.
func TestHTMLEscapes(t *testing.T) {
	for _, format := range []string{"html", "compliance-html"} {
		b := rendered(t, format, Options{}, sampleHostile())
		for _, s := range []string{"<script>alert", "\x1b", "http://evil.example\"", "href=\"javascript"} {
			if bytes.Contains(b, []byte(s)) {
				t.Errorf("%s holds %q", format, s)
			}
		}
	}
}

// The compliance page has no script at all.
func TestComplianceInBrowser(t *testing.T) {
	_, address, _ := page(t, "compliance-html", made(organisation.New(1, 150, 900)))
	var got struct {
		Axe, Requests []string
		Scripts, Over int
	}
	browser.Run(t, "testdata/compliance.mjs", map[string]any{"address": address, "shots": shots()}, &got)
	for _, s := range append(got.Axe, got.Requests...) {
		t.Error(s)
	}
	if got.Scripts > 0 || got.Over > 0 {
		t.Errorf("%d scripts, %d px too wide", got.Scripts, got.Over)
	}
}

func BenchmarkHTML(b *testing.B) {
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := made(organisation.New(3, n, 6*n))
			for b.Loop() {
				b.SetBytes(int64(len(rendered(b, "html", Options{}, r))))
			}
		})
	}
}

// TestScreenshots takes the pictures of the README from the report that stands in docs/examples, where it is asked to write
// them, or to the folder that SPRAWL_SCREENSHOTS names.
func TestScreenshots(t *testing.T) {
	to := shots()
	switch {
	case to == "" && !*update:
		t.Skip("neither -update nor SPRAWL_SCREENSHOTS asks for pictures")
	case to == "":
		to = exampleFolder
	}
	dir, err := filepath.Abs(to)
	if err != nil {
		t.Fatal(err)
	}
	file, err := filepath.Abs(filepath.Join(exampleFolder, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	var done any
	browser.Run(t, "testdata/screenshots.mjs", map[string]any{"address": "file://" + filepath.ToSlash(file), "shots": dir}, &done)
}
